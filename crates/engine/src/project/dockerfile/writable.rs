//! The paths that the program of an image writes to, as far as its Dockerfile and who runs it tell.

use std::collections::BTreeSet;

use seaworthy_syntax::Span;
use seaworthy_syntax::dockerfile::{Arguments, CopySource, Instruction, Transfer, Value};
use seaworthy_syntax::shell::Word;

use super::accounts::values;
use super::lower::clean;
use super::owned::{Owned, absolute, is_root, is_within, paths};
use super::start::Written;
use super::{Identity, Project, Run, Stage};
use crate::project::container::Volume;
use crate::project::layout::What;
use crate::project::listen::WebServer;

/// A path that a program writes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Writable {
    /// The path, absolute.
    pub path: String,
    /// What tells.
    pub reason: Reason,
    /// Where that stands, in the Dockerfile.
    pub span: Span,
}

/// What tells that a path is written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// It is a `VOLUME`.
    Volume,
    /// Compose mounts a volume there.
    Mounted,
    /// A directory that is made and that nothing is put into; by the `RUN` of this index.
    Made(usize),
    /// A variable says so.
    Variable,
    /// The program is one that writes there.
    Program,
    /// The program is one that writes to everything in it.
    Tree,
    /// It is a file that the program writes.
    File,
    /// The script that starts the program writes there.
    Start,
    /// The code of the program is seen to write there.
    Code,
    /// It is in a home that the Dockerfile sets.
    Home,
    /// It was seen to write there.
    Seen,
}

/// Directories of the system, which nobody gives away.
const SYSTEM: [&str; 23] = [
    "/bin",
    "/boot",
    "/dev",
    "/etc",
    "/lib",
    "/lib32",
    "/lib64",
    "/proc",
    "/root",
    "/sbin",
    "/sys",
    "/tmp",
    "/usr",
    "/var/tmp",
    "/var/lib/apt",
    "/var/lib/dpkg",
    "/var/cache/apt",
    "/var/cache/apk",
    "/var/run/sshd",
    "/run/sshd",
    "/var/run/dbus",
    "/var/spool/cron",
    "/var/lib/docker",
];

/// How many files of a directory that is copied are looked at.
const LIMIT: usize = 5_000;

/// Names of directories that programs write to, also where something lies in them.
pub(super) const DATA: [&str; 42] = [
    "data",
    "datas",
    "log",
    "logs",
    "upload",
    "uploads",
    "cache",
    "tmp",
    "temp",
    "storage",
    "media",
    "state",
    "db",
    "database",
    "databases",
    "output",
    "outputs",
    "out",
    "results",
    "reports",
    "downloads",
    "download",
    "backup",
    "backups",
    "sessions",
    "session",
    "run",
    "pids",
    "sockets",
    "instance",
    "exports",
    "export",
    "persist",
    "spool",
    "queue",
    "history",
    "captures",
    "screenshots",
    "recordings",
    "snapshots",
    "artifacts",
    "checkpoints",
];

impl Reason {
    /// As the end of "… ".
    pub fn text(self) -> &'static str {
        match self {
            Self::Volume => "is a `VOLUME`, for the program to write to",
            Self::Mounted => "is where a volume is mounted, for the program to write to",
            Self::Made(_) => "is made for the program to write to",
            Self::Variable => "is where a variable tells the program to write",
            Self::Home => "is where programs keep what is theirs in a home",
            Self::Seen => "was seen to be written by the program",
            Self::Program | Self::Tree | Self::File | Self::Start | Self::Code => {
                "is written by the program when it runs"
            }
        }
    }
}

/// Whether instructions speak of a name more than once.
fn is_named(project: &Project, runs: &[Run<'_>], name: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let times: usize = runs
        .iter()
        .map(|run| project.text(run.instruction.span).split(|c| !word(c)).filter(|w| *w == name).count())
        .sum();
    times > 1
}

impl Stage {
    /// What its program writes to and a user does not own, each path once, in order.
    pub fn writable(&self, project: &Project, identity: &Identity) -> Vec<Writable> {
        let mut found = self.written(project, identity);
        let owned = Owned::of(self, project);
        found.retain(|w| !owned.covers(&w.path));
        found
    }

    /// What its program writes to, each path once, in order.
    pub fn written(&self, project: &Project, identity: &Identity) -> Vec<Writable> {
        self.memo(|memo| &mut memo.written, || self.find_written(project, identity))
    }

    fn find_written(&self, project: &Project, identity: &Identity) -> Vec<Writable> {
        let mut found = Vec::new();
        self.volumes_written(project, &mut found);
        self.made_empty(project, &mut found);
        self.named_by_variables(project, &mut found);
        self.written_by_program(project, &mut found);
        self.in_home(identity, &mut found);
        self.at_start(project, &mut found);
        self.by_code(project, &mut found);
        self.seen(project, &mut found);
        let mut seen = BTreeSet::new();
        found.retain(|w| seen.insert(w.path.clone()));
        let home = identity.home.as_deref();
        found.retain(|w| {
            // What is certain is given away wherever it is.
            let certain = matches!(w.reason, Reason::Home | Reason::File | Reason::Start | Reason::Tree);
            certain || !is_system(&w.path) && home.is_none_or(|home| !is_within(&w.path, home))
        });
        found
    }

    /// The directories that its program writes to besides `/tmp`, also those that its user owns already and those that are
    /// known of its image; what lies in another one is left out.
    pub fn written_directories(&self, project: &Project, identity: &Identity) -> Vec<String> {
        let written = self.written(project, identity).into_iter();
        let mut paths: Vec<String> = written
            .filter_map(|w| match w.reason {
                Reason::File => {
                    Some(w.path.rsplit_once('/')?.0.to_owned()).filter(|directory| !directory.is_empty())
                }
                _ => Some(w.path),
            })
            .collect();
        let workdir = self.end().workdir().value();
        let given = Owned::of(self, project).into_directories();
        // What is given away with the code in it is no sign that the program writes to it.
        paths.extend(given.filter(|path| {
            !is_system(path)
                && workdir != Some(path)
                && identity.home.as_deref() != Some(path)
                && !self.holds_content(project, path)
        }));
        if let Some(facts) = self.facts {
            paths.extend(facts.writable.iter().chain(&facts.data).cloned());
        }
        paths.extend(self.fills_settings(project));
        if WebServer::of(self, project).is_some_and(|server| server.is_of_debian(self, project)) {
            paths.push("/run".to_owned());
        }
        paths.retain(|path| !is_within(path, "/tmp"));
        paths.sort();
        // What lies in another one is mounted with it; paths come before those within them.
        paths.dedup_by(|path, before| is_within(path, before));
        paths
    }

    /// Where the entry point of nginx's images puts the settings that it makes of templates, if there are any.
    pub fn fills_settings(&self, project: &Project) -> Option<String> {
        let of = |name: &str, usual: &str| match self.end().env(name) {
            Value::Set(path) => path.trim_end_matches('/').to_owned(),
            _ => usual.to_owned(),
        };
        let templates = of("NGINX_ENVSUBST_TEMPLATE_DIR", "/etc/nginx/templates");
        let nginx = WebServer::of(self, project) == Some(WebServer::Nginx) && self.facts.is_some();
        let has = self.copied().iter().any(|copied| is_within(&copied.target, &templates));
        (nginx && has).then(|| of("NGINX_ENVSUBST_OUTPUT_DIR", "/etc/nginx/conf.d"))
    }

    /// Whether something of the context lies in a path of the image, besides what only keeps a directory in Git; or the
    /// program starts in it.
    pub fn holds_content(&self, project: &Project, path: &str) -> bool {
        if self.end().workdir().value().is_some_and(|w| w != "/" && is_within(w, path)) {
            return true;
        }
        let context = project.build(self.build).context();
        self.copied().iter().any(|copied| {
            if is_within(&copied.target, path) {
                return true;
            }
            let What::Directory(directory) = &copied.what else { return false };
            if !is_within(path, &copied.target) {
                return false;
            }
            let rest = path.strip_prefix(copied.target.trim_end_matches('/')).unwrap_or_default();
            let directory = directory.join(rest.trim_start_matches('/'));
            let keeps = |name: &str| matches!(name, ".gitkeep" | ".keep" | ".gitignore" | ".placeholder");
            let mut files = project.files.below(&directory).take(LIMIT);
            files.any(|file| {
                !file.file_name().is_some_and(keeps) && !context.is_some_and(|c| c.ignores(&file))
            })
        })
    }

    fn volumes_written(&self, project: &Project, found: &mut Vec<Writable>) {
        let end = self.end();
        for volume in end.volumes().filter(|v| self.declares(project, v.span)) {
            found.push(Writable { path: clean(volume, false), reason: Reason::Volume, span: volume.span });
        }
        let Some(span) = self.from_span(project) else { return };
        for container in project.containers_of(self) {
            for mount in &container.mounts {
                let dependencies =
                    ["node_modules", ".venv", "venv", "vendor", "bundle", "target", "site-packages"];
                let name = mount.target.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
                let path = clean(&mount.target, false);
                // Over the program itself lies what develops it.
                let code = end.workdir().value().is_some_and(|w| is_within(w, &path))
                    || self.transfers(project).iter().any(|(_, _, to)| *to == path);
                let kept = matches!(mount.volume, Volume::Named(_)) && !mount.read_only;
                if kept && !code && !dependencies.contains(&name) {
                    found.push(Writable { path, reason: Reason::Mounted, span });
                }
            }
        }
    }

    /// What the script that starts it writes.
    fn at_start(&self, project: &Project, found: &mut Vec<Writable>) {
        let Some(from) = self.from_span(project) else { return };
        let at = self.launch(project).written().next().and_then(|start| start.value.at);
        let span = at.filter(|at| at.source == self.source).unwrap_or(from);
        let scratch = ["/dev", "/proc", "/sys", "/tmp", "/var/tmp", "/run/secrets"];
        for written in self.written_at_start(project) {
            let mut push = |path: &str, reason| {
                let free = scratch.iter().any(|s| is_within(path, s))
                    || matches!(path, "" | "/" | "/etc" | "/usr" | "/root" | "/etc/passwd" | "/etc/group");
                if !free {
                    found.push(Writable { path: path.to_owned(), reason, span });
                }
            };
            match written {
                Written::File(path) | Written::Replaced(path) if self.is_tested(project, &path) => {
                    push(path.rsplit_once('/').map_or("", |(directory, _)| directory), Reason::Start);
                }
                Written::File(path) => {
                    let directory = path.rsplit_once('/').map_or("", |(directory, _)| directory);
                    let there = project.in_image(self, &path).is_some();
                    let system = directory.is_empty() || is_system(directory);
                    if !system {
                        push(directory, Reason::Start);
                    }
                    if there || system {
                        push(&path, Reason::File);
                    }
                }
                Written::Replaced(path) => {
                    push(path.rsplit_once('/').map_or("", |(directory, _)| directory), Reason::Start);
                    if project.in_image(self, &path).is_some() {
                        push(&path, Reason::File);
                    }
                }
                Written::Made(path) => push(&path, Reason::Start),
                Written::Tree(path) => push(&path, Reason::Tree),
            }
        }
    }

    /// What its code is seen to write.
    fn by_code(&self, project: &Project, found: &mut Vec<Writable>) {
        let Some(span) = self.from_span(project) else { return };
        let workdir = self.end().workdir();
        let directory = workdir.value().map(String::as_str).or_else(|| workdir.is_unset().then_some("/"));
        for write in project.writes_of(self, directory) {
            let parent = write.path.rsplit_once('/').map_or("", |(parent, _)| parent);
            let path = if write.directory { write.path.as_str() } else { parent };
            if path.len() > 1 && !is_system(path) {
                found.push(Writable { path: path.to_owned(), reason: Reason::Code, span });
            }
            if !write.directory && project.in_image(self, &write.path).is_some() {
                found.push(Writable { path: write.path, reason: Reason::File, span });
            }
        }
    }

    /// What it was seen to write when it ran.
    fn seen(&self, project: &Project, found: &mut Vec<Writable>) {
        let Some(span) = self.from_span(project) else { return };
        for learned in project.containers_of(self).filter_map(|c| c.learned.as_ref()) {
            let paths = learned.scratch.iter().chain(&learned.volumes).filter(|path| !is_system(path));
            found.extend(paths.map(|path| Writable { path: path.clone(), reason: Reason::Seen, span }));
        }
    }

    /// Directories of the home it sets, which programs that are installed make as root.
    fn in_home(&self, identity: &Identity, found: &mut Vec<Writable>) {
        let end = self.end();
        let (Value::Set(home), Some(span)) = (end.env("HOME"), end.set_at("HOME")) else { return };
        if identity.home.as_deref() == Some(home) && span.source == self.source {
            for below in ["", "/.cache", "/.config"] {
                found.push(Writable { path: format!("{home}{below}"), reason: Reason::Home, span });
            }
        }
    }

    /// Whether a place is one of its `VOLUME`s, or of a stage it starts from.
    fn declares(&self, project: &Project, at: Span) -> bool {
        self.and_below(project).any(|stage| {
            let holds =
                |i: &Instruction| matches!(i.arguments, Arguments::Volume { .. }) && i.span.contains(at);
            stage.instructions(project).iter().any(holds)
        })
    }

    /// Directories that its `RUN`s make and that nothing is put into.
    fn made_empty(&self, project: &Project, found: &mut Vec<Writable>) {
        let runs = self.runs(project);
        for run in &runs {
            let state = self.state_at(run.index);
            if !is_root(state) {
                continue;
            }
            let mut moved = false;
            for call in run.calls() {
                moved |= matches!(call.program, "cd" | "pushd");
                let context = call.command.context;
                if call.program != "mkdir" || context.function || context.in_loop || context.substitution {
                    continue;
                }
                for (word, value) in paths(call, state) {
                    let Some(value) = value.filter(|v| !moved || v.starts_with('/')) else { continue };
                    let path = absolute(&value, state);
                    let Some(path) = path.filter(|p| p.len() > 1 && !p.contains(['{', '*', '$', '~'])) else {
                        continue;
                    };
                    let name = path.rsplit('/').next().unwrap_or_default();
                    // A variable may hide what it is used for.
                    let told = value.starts_with(word.text.as_str()) || word.value.is_some();
                    let data = DATA.contains(&name.trim_start_matches('.'));
                    if self.is_filled(project, &path, data)
                        || !data
                            && (!told || self.is_used(&runs, word, &path) || is_named(project, &runs, name))
                    {
                        continue;
                    }
                    found.push(Writable { path, reason: Reason::Made(run.index), span: word.span });
                }
            }
        }
    }

    /// Whether something is copied to a directory, or to a directory in it; or it is where the program starts.
    fn is_filled(&self, project: &Project, path: &str, data: bool) -> bool {
        let workdir = self.end().workdir().value();
        if workdir.is_some_and(|w| is_within(w, path)) {
            return true;
        }
        let in_context = || {
            self.copied().iter().any(|copied| {
                match (&copied.what, path.strip_prefix(copied.target.trim_end_matches('/'))) {
                    (What::Directory(directory), Some(rest)) => {
                        project.files.exists(&directory.join(rest.trim_start_matches('/'))) == Some(true)
                    }
                    _ => false,
                }
            })
        };
        let copied = || {
            self.transfers(project).into_iter().any(|(_, _, to)| {
                is_within(&to, path) || to != "/" && Some(&to) != workdir && is_within(path, &to)
            })
        };
        !data && (copied() || in_context())
    }

    /// Whether a command besides those that make it and say whose it is has to do with a path.
    fn is_used(&self, runs: &[Run<'_>], made: &Word, path: &str) -> bool {
        runs.iter().any(|run| {
            let state = self.state_at(run.index);
            run.shell.commands.iter().any(|command| {
                let makes = matches!(
                    command.name().map(|n| n.rsplit('/').next().unwrap_or(n)),
                    Some("mkdir" | "chown" | "chmod" | "chgrp" | "ls" | "rm" | "sudo")
                );
                let mut words = values(&command.args, state);
                words.extend(
                    command
                        .redirects
                        .iter()
                        .filter_map(|r| Some(r.target.as_ref()?.value.as_deref().map(str::to_owned))),
                );
                let same = command.args.iter().any(|w| std::ptr::eq(w, made));
                !same
                    && !makes
                    && words.iter().flatten().any(|word| {
                        // `-C /opt`, `--prefix=/opt` and `-o/opt/x` alike.
                        let tail = word.find('/').map_or(word.as_str(), |at| &word[at..]);
                        absolute(word, state).is_some_and(|w| is_within(&w, path))
                            || tail.starts_with('/') && is_within(tail, path)
                    })
            })
        })
    }

    /// Paths that variables of the image name.
    fn named_by_variables(&self, project: &Project, found: &mut Vec<Writable>) {
        let Some(from) = self.from_span(project) else { return };
        for variable in self.end().variables() {
            let (Some(value), Some(span)) = (variable.value, variable.span) else { continue };
            let span = if span.source == self.source { span } else { from };
            let name = variable.name.to_ascii_uppercase();
            if let Some((_, file)) = value.split_once("sqlite").and_then(|(_, rest)| rest.split_once("://")) {
                // `sqlite:////data/app.db` is absolute, `sqlite:///app.db` is not.
                let path = file.strip_prefix('/').unwrap_or(file).split('?').next().unwrap_or_default();
                let Some(path) = absolute(path, self.end()) else { continue };
                if let Some((directory, _)) = path.rsplit_once('/').filter(|(d, _)| !d.is_empty()) {
                    found.push(Writable { path: directory.to_owned(), reason: Reason::Variable, span });
                }
                continue;
            }
            let words: Vec<&str> = name.split('_').collect();
            let about = [
                "DATA",
                "UPLOAD",
                "UPLOADS",
                "LOG",
                "LOGS",
                "CACHE",
                "STORAGE",
                "STATE",
                "DB",
                "DATABASE",
                "SQLITE",
                "OUTPUT",
                "MULTIPROC",
                "TMPDIR",
                "BACKUP",
                "SESSION",
                "DOWNLOAD",
                "DOWNLOADS",
                "MEDIA",
                "TEMP",
            ];
            let (is_directory, is_file) = match words.last().copied() {
                Some("DIR" | "DIRECTORY" | "FOLDER" | "ROOT" | "HOME" | "TMPDIR") => (true, false),
                Some("PATH" | "FILE" | "FILENAME" | "LOCATION") => (true, true),
                _ => (false, false),
            };
            let is_about = is_directory && words.iter().any(|w| about.contains(w));
            if !is_about || !value.starts_with('/') || value.contains([':', '$', ' ', ',']) {
                continue;
            }
            let path = clean(value, false);
            let last = path.rsplit('/').next().unwrap_or_default();
            let path = if is_file && last.contains('.') {
                path.rsplit_once('/').map_or("", |(directory, _)| directory).to_owned()
            } else {
                path
            };
            // What is copied there is read: models, fixtures.
            let copied = self.transfers(project).iter().any(|(_, _, d)| is_within(d, &path) || *d == path);
            let workdir = self.end().workdir().value().is_some_and(|w| is_within(w, &path));
            if path.len() > 1 && !copied && !workdir {
                found.push(Writable { path, reason: Reason::Variable, span });
            }
        }
    }

    /// What programs of a kind write in the directory they start in.
    fn written_by_program(&self, project: &Project, found: &mut Vec<Writable>) {
        let end = self.end();
        let Some(workdir) = end.workdir().value().filter(|w| w.len() > 1) else { return };
        let Some(span) = end.command().at.or(end.entrypoint().at).or_else(|| self.from_span(project)) else {
            return;
        };
        let span = if span.source == self.source { span } else { self.from_span(project).unwrap_or(span) };
        let rails = |program: &str| {
            let has = |file: &str| project.in_image(self, &format!("{workdir}/{file}")).is_some();
            program == "rails" || has("bin/rails") || has("config/application.rb")
        };
        let mut push = |below: &str| {
            let path = clean(&format!("{workdir}/{below}"), false);
            found.push(Writable { path, reason: Reason::Program, span });
        };
        for words in self.started(project) {
            let mut words = words.iter().map(|w| w.rsplit('/').next().unwrap_or(w)).peekable();
            let mut program = words.next().unwrap_or_default();
            while matches!(
                program,
                "bundle"
                    | "npx"
                    | "exec"
                    | "run"
                    | "poetry"
                    | "uv"
                    | "pipenv"
                    | "bunx"
                    | "yarn"
                    | "pnpm"
                    | "npm"
            ) {
                let Some(next) = words.find(|w| !w.starts_with('-')) else { break };
                if next == "run" || next == "exec" {
                    continue;
                }
                program = next;
            }
            let rest: Vec<&str> = words.collect();
            let has = |word: &str| rest.contains(&word);
            match program {
                "rails" | "puma" | "unicorn" | "thrust" | "sidekiq" if rails(program) => {
                    ["log", "storage", "tmp", "tmp/cache", "tmp/pids", "tmp/sockets"]
                        .into_iter()
                        .for_each(&mut push);
                }
                // Its schedule is a file in the directory it starts in.
                "celery"
                    if (has("beat") || has("-B"))
                        && !rest.iter().any(|w| w.starts_with("-s") || w.starts_with("--schedule")) =>
                {
                    push("");
                }
                // Development servers keep caches beside the sources.
                "dev" | "vite" | "nodemon" | "react-scripts" | "ng" | "start:dev" | "next"
                    if program != "next" || has("dev") =>
                {
                    push("");
                    push("node_modules");
                }
                "next" => push(".next/cache"),
                // It refuses to run where it could not keep its engines.
                "prisma" => {
                    ["node_modules/prisma", "node_modules/@prisma/engines"].into_iter().for_each(&mut push);
                }
                _ => {}
            }
        }
        // The server that Next.js builds keeps images that it scaled.
        let standalone = self.transfers(project).iter().any(|(_, t, _)| {
            t.sources.iter().any(|s| matches!(s, CopySource::Path(w) if w.text.ends_with(".next/standalone") || w.text.ends_with(".next/standalone/")))
        });
        if standalone {
            push(".next/cache");
        }
        if self.programs(project).iter().any(|p| p.starts_with("php") || p.starts_with("apache2")) {
            let laravel = project.in_image(self, &format!("{workdir}/artisan")).is_some();
            for below in ["storage", "bootstrap/cache"].into_iter().filter(|_| laravel) {
                let path = clean(&format!("{workdir}/{below}"), false);
                found.push(Writable { path, reason: Reason::Tree, span });
            }
        }
        self.databases(project, found);
    }

    /// Files of `SQLite` that it copies: the program writes to them, and to their directory.
    fn databases(&self, project: &Project, found: &mut Vec<Writable>) {
        let is_database = |name: &str| {
            [".sqlite3", ".sqlite", ".db"].iter().any(|end| name.ends_with(end))
                && !name.ends_with("Thumbs.db")
        };
        for copied in self.copied() {
            let Some(instruction) =
                project.dockerfile(self.source).and_then(|d| d.instructions.get(copied.instruction))
            else {
                continue;
            };
            let files = match &copied.what {
                What::File(file) => vec![(copied.target.clone(), file.clone())],
                What::Directory(directory) => {
                    let files = project.files.below(directory).take(LIMIT);
                    let context = project.build(self.build).context();
                    files
                        .filter(|file| {
                            is_database(file.as_str()) && !context.is_some_and(|c| c.ignores(file))
                        })
                        .filter_map(|file| {
                            let below = file.strip_prefix(directory).ok()?;
                            Some((format!("{}/{below}", copied.target.trim_end_matches('/')), file.clone()))
                        })
                        .collect()
                }
                What::Heredoc(_) => Vec::new(),
            };
            for (path, _) in files.into_iter().filter(|(path, _)| is_database(path)) {
                let Some((directory, _)) = path.rsplit_once('/').filter(|(d, _)| !d.is_empty()) else {
                    continue;
                };
                let span = instruction.keyword.span;
                found.push(Writable { path: directory.to_owned(), reason: Reason::Program, span });
                found.push(Writable { path, reason: Reason::File, span });
            }
        }
    }

    /// What it copies: the instruction's index, what, and the absolute destination.
    pub(super) fn transfers<'p>(&self, project: &'p Project) -> Vec<(usize, &'p Transfer, String)> {
        let steps = self.instructions(project).iter().enumerate();
        steps
            .filter_map(|(offset, instruction)| match &instruction.arguments {
                Arguments::Copy(t) | Arguments::Add(t) if instruction.onbuild.is_none() => {
                    let index = self.from + 1 + offset;
                    let state = self.state_at(index);
                    let destination = t.destination.expand(&state).ok()?.value?;
                    Some((index, t, absolute(&destination, state)?))
                }
                _ => None,
            })
            .collect()
    }
}

fn is_system(path: &str) -> bool {
    let apart = [
        "/usr/src",
        "/usr/app",
        "/usr/local/app",
        "/usr/local/tomcat",
        "/usr/share/app",
        "/usr/local/share/app",
    ];
    path == "/"
        || SYSTEM.iter().any(|s| is_within(path, s))
            && !apart.iter().any(|a| is_within(path, a) && path != *a)
        || matches!(
            path,
            "/var"
                | "/var/lib"
                | "/var/log"
                | "/var/cache"
                | "/var/run"
                | "/run"
                | "/opt"
                | "/srv"
                | "/home"
                | "/mnt"
                | "/media"
                | "/var/www"
        )
}
