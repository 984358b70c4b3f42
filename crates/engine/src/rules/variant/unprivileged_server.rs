use crate::project::dockerfile::{StageRole, Step};
use crate::project::listen::{Settings, WebServer};
use crate::project::{Project, Stage};
use crate::syntax::dockerfile::edit::{self, New};
use crate::syntax::dockerfile::{Arguments, Command, Keyword};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "unprivileged-server",
    summary: "prepares the image of a web server for running without root",
    since: "0.1.0",
    docs: include_str!("unprivileged_server.md"),
    aliases: &[],
    category: Category::Security,
    severity: Severity::High,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Variant(check),
};

/// What has to be done before a server runs without root.
#[derive(Default)]
struct Needs {
    /// Files that have to be there, and belong to its user.
    files: Vec<String>,
    /// Directories that have to belong to its user, with what is in them.
    trees: Vec<String>,
    /// Directories that have to be made for its user.
    made: Vec<String>,
    /// Logs that go to the container's own output: the path, and what it becomes.
    logs: Vec<(String, &'static str)>,
    /// Other commands.
    commands: Vec<String>,
}

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    let Some(server) = WebServer::of(stage, project).filter(|_| !stage.windows) else { return };
    let Some(facts) = stage.facts else { return };
    let Some(at) = stage.image_span(project) else { return };
    // An image that does not start as root is prepared.
    if facts.user.as_deref().is_none_or(|user| !user.is_empty()) {
        return;
    }
    let Ok(Some(identity)) = stage.identity(project) else { return };
    // What ships and this stage stands on is prepared itself.
    if stage
        .and_below(project)
        .skip(1)
        .any(|s| s.role == StageRole::Final && WebServer::of(s, project).is_some())
    {
        return;
    }
    let settings = match server.settings(stage, project) {
        Ok(settings) => settings,
        Err(why) => {
            ctx.report(at, format!("what the server writes to is not known: {why}"));
            Vec::new()
        }
    };
    let needs = match server {
        // Distributions keep nginx's files elsewhere, and give them to users of their own.
        WebServer::Nginx if server.is_of_debian(stage, project) => {
            let mut needs = nginx(stage, project, &settings);
            needs.trees = vec!["/var/lib/nginx".to_owned(), "/var/log/nginx".to_owned()];
            needs
        }
        WebServer::Nginx if !facts.users.iter().any(|user| user.name == "nginx") => return,
        WebServer::Nginx => nginx(stage, project, &settings),
        WebServer::Caddy => {
            // With a capability of its own it cannot even be started where all are dropped.
            let commands = vec!["setcap -r /usr/bin/caddy".to_owned()];
            Needs { commands, ..Needs::default() }
        }
        // BusyBox has a program of this name, too.
        WebServer::Httpd if stage.image(project).is_some_and(|image| image.short() == "httpd") => {
            Needs { trees: vec!["/usr/local/apache2/logs".to_owned()], ..Needs::default() }
        }
        WebServer::Httpd | WebServer::Apache | WebServer::Haproxy => return,
    };
    let Some(command) = needs.without(&written(stage, ctx)).command(&identity.owner()) else { return };
    let Some(file) = project.dockerfile(stage.source) else { return };
    let new = [New::new(Keyword::Run, command)];
    let Some(step) = last_as_root(stage, ctx) else {
        ctx.report(at, "the server is not prepared: every instruction runs as a user that is not root");
        return;
    };
    let after = step.map(|step| step.instruction).or_else(|| stage.from_instruction(project));
    let Some(after) = after else { return };
    let edit = edit::insert_after(file, after, &new);
    let why = match server {
        WebServer::Caddy => "a program with a capability of its own cannot be started where all are dropped",
        _ => "without root the server cannot write where it does as root",
    };
    ctx.report(at, why).fix(
        Safety::Unsafe,
        match server {
            WebServer::Caddy => "Take the capability off the program".to_owned(),
            _ => format!("Let {} write what the server writes", identity.owner()),
        },
        edit,
    );
}

/// What nginx writes: its pid, its caches, logs of its settings, and with templates its settings.
fn nginx(stage: &Stage, project: &Project, settings: &[Settings<'_>]) -> Needs {
    let launch = stage.launch(project);
    let mut needs = Needs { trees: vec!["/var/cache/nginx".to_owned()], ..Needs::default() };
    let main = settings.iter().find(|s| s.path == "/etc/nginx/nginx.conf");
    let pid = main.and_then(|s| directives(&s.text, &["pid"]).into_iter().next()).map(|(_, path)| path);
    let elsewhere = launch.arguments().iter().any(|line| line.text.contains("pid /tmp/"));
    let pid = pid.or(Some("/run/nginx.pid")).filter(|pid| !is_scratch(pid) && !elsewhere);
    if let Some((directory, name)) = pid.and_then(|pid| pid.rsplit_once('/')) {
        match directory {
            // One is a link to the other.
            "" | "/run" | "/var/run" => needs.files.push(format!("/run/{name}")),
            directory => needs.made.push(directory.to_owned()),
        }
    }
    for settings in settings {
        for (name, path) in directives(&settings.text, &["access_log", "error_log"]) {
            let usual = matches!(path, "/var/log/nginx/access.log" | "/var/log/nginx/error.log");
            if path.starts_with('/')
                && !usual
                && !is_scratch(path)
                && !path.contains('$')
                && !path.starts_with("/dev/")
            {
                let to = if name == "access_log" { "/dev/stdout" } else { "/dev/stderr" };
                needs.logs.push((path.to_owned(), to));
            }
        }
        let caches = [
            "proxy_cache_path",
            "fastcgi_cache_path",
            "proxy_temp_path",
            "client_body_temp_path",
            "fastcgi_temp_path",
        ];
        for (_, path) in directives(&settings.text, &caches) {
            if path.starts_with('/')
                && !path.starts_with("/var/cache/nginx")
                && !is_scratch(path)
                && !path.contains('$')
            {
                needs.made.push(path.to_owned());
            }
        }
    }
    // What is started may write its settings, and so does the entry point with templates.
    let lines = launch.arguments();
    let writes = lines.iter().any(|l| l.text.contains('>') && l.text.contains("/etc/nginx/conf.d/"));
    needs
        .trees
        .extend(stage.fills_settings(project).or_else(|| writes.then(|| "/etc/nginx/conf.d".to_owned())));
    needs
}

fn is_scratch(path: &str) -> bool {
    path.starts_with("/tmp/") || path.starts_with("/dev/shm/")
}

/// The first arguments of directives of nginx, outside of comments.
fn directives<'t>(text: &'t str, names: &[&str]) -> Vec<(&'t str, &'t str)> {
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default());
    let statements = lines.flat_map(|line| line.split([';', '{', '}']));
    statements
        .filter_map(|statement| {
            let mut words = statement.split_whitespace();
            let name = words.next().filter(|name| names.contains(name))?;
            Some((name, words.next()?.trim_matches(['"', '\''])))
        })
        .collect()
}

/// What the `RUN`s say.
fn written(stage: &Stage, ctx: &Ctx<'_>) -> String {
    let mut text = String::new();
    for instruction in stage.and_below(ctx.project).flat_map(|s| s.instructions(ctx.project)) {
        if let Arguments::Run(Command::Shell(script)) = &instruction.arguments {
            text.push_str(&script.text);
            text.push('\n');
        }
    }
    text
}

impl Needs {
    /// What is left of it where commands do some of it already.
    fn without(mut self, done: &str) -> Self {
        let given = |path: &String| {
            done.contains("chown") && (done.contains(path.as_str()) || done.contains(&format!("/var{path}")))
        };
        self.files.retain(|path| !given(path));
        self.trees.retain(|path| !given(path));
        self.made.retain(|path| !done.contains(path.as_str()));
        self.logs.retain(|(path, _)| !done.contains(path.as_str()));
        self.commands.retain(|command| !done.contains(command.as_str()));
        for list in [&mut self.made, &mut self.trees, &mut self.files] {
            list.sort();
            list.dedup();
        }
        self.logs.sort();
        self.logs.dedup();
        self
    }

    /// It as one command; `None` where there is nothing to do.
    fn command(self, owner: &str) -> Option<String> {
        let mut commands = Vec::new();
        if !self.files.is_empty() {
            commands.push(format!("touch {}", self.files.join(" ")));
        }
        if !self.made.is_empty() {
            commands.push(format!("mkdir -p {}", self.made.join(" ")));
        }
        for (path, to) in &self.logs {
            if let Some((directory, _)) =
                path.rsplit_once('/').filter(|(d, _)| *d != "/var/log/nginx" && !d.is_empty())
            {
                commands.push(format!("mkdir -p {directory}"));
            }
            commands.push(format!("ln -sf {to} {path}"));
        }
        let owned: Vec<String> = self.trees.into_iter().chain(self.made).chain(self.files).collect();
        if !owned.is_empty() {
            commands.push(format!("chown -R {owner} {}", owned.join(" ")));
        }
        commands.extend(self.commands);
        (!commands.is_empty()).then(|| commands.join(" \n&& ").replace(" \n", "\n"))
    }
}

/// The last step that does something as root, `Some(None)` where only `FROM` does; `None` where nothing does.
#[expect(clippy::option_option, reason = "each of the two says something else")]
fn last_as_root<'p>(stage: &'p Stage, ctx: &Ctx<'p>) -> Option<Option<Step<'p>>> {
    let is_root = |user: &crate::project::Setting<crate::project::User>| {
        user.value().map_or(!user.is_unknown(), |u| u.is_root() == Some(true))
    };
    let works = |step: &Step<'_>| {
        step.instruction.onbuild.is_none()
            && matches!(
                step.instruction.keyword.value,
                Keyword::Run | Keyword::Copy | Keyword::Add | Keyword::Workdir
            )
    };
    let steps = stage.walk(ctx.project).filter(|s| works(s) && is_root(s.after.user()));
    match steps.last() {
        Some(step) => Some(Some(step)),
        None => is_root(stage.start().user()).then_some(None),
    }
}
