//! What of the host Compose mounts, told apart: code, settings, secrets, data, and what no pod may have.

use camino::{Utf8Path, Utf8PathBuf};

use super::content::{LIMIT, has_secret, is_secret_file, weight};
use super::within;
use crate::convert::unit::Unit;
use crate::parse::normalise;
use crate::project::layout::What as Laid;

/// What a path of the host is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Bind {
    /// It is not mounted, and means the same without.
    Dropped(String),
    /// It is not mounted, and why that is, and what to do.
    Refused(String),
    /// Files of settings, and secrets between them.
    Files(Vec<Filed>),
    /// A file that nobody may see, or that is not here: somebody fills it in.
    ToFill { path: Utf8PathBuf, secret: bool },
    /// A directory that the program writes to, or reads what others write: its path, normalised.
    Data(Utf8PathBuf),
    /// A directory whose content nobody misses.
    Scratch,
}

/// A file that becomes a key of a ConfigMap or a Secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Filed {
    /// Its path below the mount; empty for a file that is mounted itself.
    pub(super) below: String,
    /// Its path in the repository.
    pub(super) path: Utf8PathBuf,
    /// Whether nobody may see it, so that somebody fills it in.
    pub(super) secret: bool,
}

/// How many files of a directory become keys of a ConfigMap.
const FILES: usize = 64;

/// Directories of programs' own data.
const DATA: [&str; 18] = [
    "data",
    "db",
    "database",
    "storage",
    "uploads",
    "upload",
    "media",
    "files",
    "backup",
    "backups",
    "volumes",
    "volume",
    "models",
    "output",
    "outputs",
    "downloads",
    "state",
    "persist",
];

/// Directories that may be empty each time.
const SCRATCH: [&str; 8] = ["log", "logs", "tmp", "temp", "cache", ".cache", "run", "__pycache__"];

/// Directories of developers and their tests.
const WORK: [&str; 12] = [
    "test",
    "tests",
    "spec",
    "e2e",
    "docs",
    ".git",
    ".github",
    ".vscode",
    "coverage",
    "examples",
    "node_modules",
    ".venv",
];

/// What ends the names of code.
const CODE: [&str; 22] = [
    "py", "js", "mjs", "cjs", "ts", "tsx", "jsx", "vue", "svelte", "go", "rs", "rb", "php", "java", "kt",
    "cs", "ex", "exs", "html", "css", "scss", "jar",
];

/// What ends the names of files that programs write.
const WRITTEN: [&str; 8] = ["db", "sqlite", "sqlite3", "rdb", "aof", "log", "pid", "mdb"];

/// What a path of the host is that is mounted at `target`.
pub(super) fn classify(unit: &Unit<'_>, source: &str, target: &str, unknown: bool, read_only: bool) -> Bind {
    if let Some(bind) = of_host(source) {
        return bind;
    }
    let files = &unit.project.files;
    let path = normalise(Utf8Path::new(source));
    let path = in_repository(unit, &path).unwrap_or(path);
    let name = path.file_name().unwrap_or_default().to_ascii_lowercase();
    if !unknown && files.is_file(&path) {
        return file(unit, path, target);
    }
    let is_here =
        !unknown && (files.exists(&path) == Some(true) || path.as_str().is_empty() && source == ".");
    if is_here {
        return directory(unit, path, target, read_only);
    }
    let looks_like_file = |path: &Utf8Path| {
        path.extension().is_some_and(|end| !end.is_empty() && end.len() <= 10 && !end.ends_with('d'))
            || path.file_name().is_some_and(|name| name.starts_with(".env"))
    };
    let target_path = Utf8Path::new(target);
    if looks_like_file(target_path) && (unknown || looks_like_file(&path)) {
        let end = target_path.extension().unwrap_or_default();
        if WRITTEN.contains(&end) || name == "acme.json" {
            return Bind::Refused(written_file());
        }
        let of_name = if unknown || path.file_name().is_none() { target_path } else { &path };
        let secret = is_secret_file(of_name) || is_secret_file(target_path);
        return Bind::ToFill { path: of_name.to_owned(), secret };
    }
    if SCRATCH.contains(&name.as_str()) {
        return Bind::Scratch;
    }
    Bind::Data(path)
}

fn written_file() -> String {
    "a claim holds directories: let the program write the file into a directory, and mount that".to_owned()
}

/// What of the host no pod may have, or needs not.
fn of_host(source: &str) -> Option<Bind> {
    let refused = |why: &str| Some(Bind::Refused(why.to_owned()));
    let path = source.trim_end_matches('/');
    if path.ends_with(".sock") {
        return if ["docker", "containerd", "podman", "crio"].iter().any(|engine| path.contains(engine)) {
            refused(
                "who has the engine's socket is root on the node: let the program call the Kubernetes API by a ServiceAccount with a Role, or leave it out",
            )
        } else {
            refused("a socket of a node leads to another program on each node: call that by the network")
        };
    }
    if ["/etc/localtime", "/etc/timezone"].contains(&path) || path.starts_with("/usr/share/zoneinfo") {
        return Some(Bind::Dropped(
            "the time zone of a node says nothing of where its pods run: the variable `TZ` sets it, where the image has the zones".to_owned(),
        ));
    }
    let is = |paths: &[&str]| paths.contains(&path);
    let below = |paths: &[&str]| paths.iter().any(|above| within(path, above));
    if source == "/" || path.is_empty() && source.starts_with('/') {
        return refused("it is all of the node: whoever writes there is root on it");
    }
    if below(&["/proc", "/sys", "/dev"]) {
        return refused(
            "it shows the node's kernel, which the Pod Security Standards refuse: an agent of the cluster (node-exporter's own chart, a device plugin) reads it",
        );
    }
    if below(&[
        "/boot",
        "/lib/modules",
        "/usr/src",
        "/lib/firmware",
        "/var/lib/docker",
        "/var/lib/containerd",
        "/var/lib/kubelet",
        "/run/udev",
    ]) || is(&[
        "/run", "/var/run", "/etc", "/usr", "/bin", "/sbin", "/lib", "/var", "/var/lib", "/root", "/home",
    ]) {
        return refused("it belongs to the node, which the Pod Security Standards keep from pods");
    }
    if below(&["/var/log"]) {
        return refused(
            "logs of pods are collected on each node by an agent of the cluster, as a DaemonSet of its own chart",
        );
    }
    if is(&["/etc/hosts", "/etc/resolv.conf", "/etc/hostname"]) {
        return refused("the kubelet writes it for each pod: `extra_hosts` and `dns` add to it");
    }
    if is(&["/etc/passwd", "/etc/group", "/etc/shadow", "/etc/machine-id", "/etc/sudoers"]) {
        return refused("users of a node are not those of a pod: name users in the image, or by number");
    }
    if below(&[
        "/etc/ssl",
        "/etc/pki",
        "/etc/ca-certificates",
        "/usr/share/ca-certificates",
        "/usr/local/share/ca-certificates",
    ]) {
        return refused(
            "certificates of a node are not the pod's: build them into the image, or mount them from a ConfigMap",
        );
    }
    if path.starts_with("/tmp/.X11-unix") || path.contains("/.Xauthority") {
        return refused("no screen is attached to a node");
    }
    None
}

/// An absolute path of somebody's machine as one of the repository, where it ends in one that is there.
fn in_repository(unit: &Unit<'_>, path: &Utf8Path) -> Option<Utf8PathBuf> {
    if !path.is_absolute() {
        return None;
    }
    let parts: Vec<&str> = path.components().map(|part| part.as_str()).collect();
    (2..parts.len().saturating_sub(1)).find_map(|from| {
        let rest = Utf8PathBuf::from(parts[from..].join("/"));
        (unit.project.files.exists(&rest) == Some(true)).then_some(rest)
    })
}

/// A file of the repository.
fn file(unit: &Unit<'_>, path: Utf8PathBuf, target: &str) -> Bind {
    let end = path.extension().unwrap_or_default().to_ascii_lowercase();
    if WRITTEN.contains(&end.as_str()) || path.file_name() == Some("acme.json") {
        return Bind::Refused(written_file());
    }
    if let Some(stage) = unit.stage {
        let same = |copied: &crate::project::Copied| match &copied.what {
            Laid::File(file) => *file == path && copied.target == target,
            Laid::Directory(directory) => path.strip_prefix(directory).is_ok_and(|rest| {
                target.strip_prefix(&*copied.target).is_some_and(|t| t.trim_start_matches('/') == rest)
            }),
            Laid::Heredoc(_) => false,
        };
        if stage.copied().iter().any(same) && !is_secret_file(&path) {
            return Bind::Dropped(
                "the image has the same file: mounting it lets a developer change it".to_owned(),
            );
        }
    }
    if is_secret_file(&path) {
        return Bind::ToFill { path, secret: true };
    }
    match unit.project.files.text(&path) {
        Some(text) if has_secret(&path, text) => Bind::ToFill { path, secret: true },
        Some(text) if weight(text) > LIMIT => {
            Bind::Refused("it is larger than a ConfigMap may be: build it into the image".to_owned())
        }
        Some(_) => Bind::Files(vec![Filed { below: String::new(), path, secret: false }]),
        // It was not read, so it is no small text.
        None => Bind::ToFill { path, secret: false },
    }
}

/// A directory of the repository.
fn directory(unit: &Unit<'_>, path: Utf8PathBuf, target: &str, read_only: bool) -> Bind {
    let files = &unit.project.files;
    let name = path.file_name().unwrap_or_default().to_ascii_lowercase();
    if WORK.contains(&name.as_str()) {
        return Bind::Dropped(
            "it is for developers and their tests; nothing in production reads it".to_owned(),
        );
    }
    if let Some(why) = in_image(unit, &path, target) {
        return Bind::Dropped(why);
    }
    let hidden = |path: &Utf8Path| {
        path.file_name().is_some_and(|name| {
            matches!(name, ".gitkeep" | ".keep" | ".gitignore" | ".DS_Store" | "README.md")
        })
    };
    let aside = |file: &Utf8Path| {
        let rest = file.strip_prefix(&path).unwrap_or(file);
        rest.components()
            .any(|part| matches!(part.as_str(), "node_modules" | ".git" | "__pycache__" | ".venv" | "vendor"))
    };
    let mut found: Vec<Utf8PathBuf> =
        files.below(&path).filter(|file| !hidden(file) && !aside(file)).take(FILES + 1).collect();
    found.sort();
    if found.is_empty() {
        return if SCRATCH.contains(&name.as_str()) { Bind::Scratch } else { Bind::Data(path) };
    }
    let is_code = |file: &Utf8PathBuf| file.extension().is_some_and(|end| CODE.contains(&end));
    let code = found.iter().filter(|file| is_code(file)).count();
    let for_settings =
        ["/etc/", "/docker-entrypoint", "/config", "/conf"].iter().any(|head| target.starts_with(head))
            || ["conf.d", "provisioning", "dashboards", "initdb", "init", "scripts", "migrations"]
                .iter()
                .any(|word| target.contains(word));
    if !for_settings && code * 2 > found.len() || is_package(unit, &path) {
        let context = unit.stage.and_then(|stage| unit.project.build(stage.build).context());
        return if context.is_some_and(|context| path.starts_with(&context.directory)) {
            Bind::Refused(format!(
                "it is code, and the image has none of it at `{target}`: `COPY` it in the Dockerfile where production needs it"
            ))
        } else if unit.stage.is_some() {
            Bind::Refused(format!(
                "it is code that the image lacks: `COPY` it to `{target}` in the Dockerfile"
            ))
        } else {
            Bind::Refused(
                "it is code, and the image is somebody else's: build an image that has it".to_owned(),
            )
        };
    }
    if DATA.contains(&name.as_str()) && !read_only && !for_settings {
        return Bind::Data(path);
    }
    let filed = |file: Utf8PathBuf| Filed {
        below: file.strip_prefix(&path).map(ToString::to_string).unwrap_or_default(),
        secret: is_secret_file(&file) || files.text(&file).is_some_and(|text| has_secret(&file, text)),
        path: file,
    };
    let found: Vec<Filed> = found.into_iter().map(filed).collect();
    let texts = || found.iter().filter(|file| !file.secret).map(|file| files.text(&file.path));
    let size: usize = texts().flatten().map(|text| weight(text)).sum();
    if found.len() > FILES || size > LIMIT || texts().any(|text| text.is_none()) {
        return if read_only || for_settings {
            Bind::Refused("it holds more than a ConfigMap may: build it into the image".to_owned())
        } else {
            Bind::Data(path)
        };
    }
    Bind::Files(found)
}

/// Whether a directory is a package of code by what lies at its top.
fn is_package(unit: &Unit<'_>, path: &Utf8Path) -> bool {
    const MANIFESTS: [&str; 10] = [
        "package.json",
        "pyproject.toml",
        "requirements.txt",
        "go.mod",
        "Cargo.toml",
        "pom.xml",
        "build.gradle",
        "composer.json",
        "Gemfile",
        "Dockerfile",
    ];
    unit.project.files.names_in(path).any(|name| MANIFESTS.contains(&name))
}

/// Why the image has what lies in a directory already, if it has.
fn in_image(unit: &Unit<'_>, path: &Utf8Path, target: &str) -> Option<String> {
    let stage = unit.stage?;
    let same = |copied: &crate::project::Copied| match &copied.what {
        // The same directory, one above it or one below it, at the same place of the image.
        Laid::Directory(directory) => {
            let above = path
                .strip_prefix(directory)
                .ok()
                .map(|rest| super::clean(&format!("{}/{rest}", copied.target)));
            let below =
                directory.strip_prefix(path).ok().map(|rest| super::clean(&format!("{target}/{rest}")));
            above.is_some_and(|place| place == super::clean(target))
                || below.is_some_and(|place| place == copied.target)
        }
        Laid::File(file) => file
            .strip_prefix(path)
            .is_ok_and(|rest| super::clean(&format!("{target}/{rest}")) == copied.target),
        Laid::Heredoc(_) => false,
    };
    if stage.copied().iter().any(same) {
        return Some("the image has it: mounting it lets a developer change it while it runs".to_owned());
    }
    let built_of = |copied: &crate::project::Copied| match &copied.what {
        Laid::Directory(directory) => path.starts_with(directory) || directory.starts_with(path),
        Laid::File(file) => file.starts_with(path),
        Laid::Heredoc(_) => false,
    };
    let stages = &unit.project.build(stage.build).stages;
    let context = unit.project.build(stage.build).context()?;
    let ignored = context.ignores(path);
    (!ignored && stages.iter().any(|stage| stage.copied().iter().any(built_of)))
        .then(|| "the image is built of it: mounting it lets a developer change it while it runs".to_owned())
}
