//! The ports that a program listens on, where its command or its settings say so.

use std::collections::BTreeSet;

use super::entry::Place;
use super::layout::{Found, What};
use super::{EnvValue, ImageCommand, Project, Stage, Volume};
use crate::Span;
use crate::syntax::dockerfile::{Arguments, Value};

/// What a program listens on.
#[derive(Clone, Debug)]
pub(crate) struct Listening {
    /// The program.
    pub(crate) program: &'static str,
    /// All its ports.
    pub(crate) ports: BTreeSet<u16>,
    /// The command that says so; `None` where settings do.
    pub(crate) at: Option<Span>,
}

/// A server whose command says on which port it listens.
struct Server {
    name: &'static str,
    /// The word behind its name that makes it serve; empty for none.
    verb: &'static str,
    options: &'static [&'static str],
    variables: &'static [&'static str],
    default: u16,
    /// Options that name a file of settings, which may say something else.
    settings: &'static [&'static str],
}

const SERVERS: [Server; 5] = [
    Server {
        name: "uvicorn",
        verb: "",
        options: &["--port"],
        variables: &["UVICORN_PORT"],
        default: 8000,
        settings: &["--uds", "--fd"],
    },
    Server {
        name: "gunicorn",
        verb: "",
        options: &["-b", "--bind"],
        variables: &["PORT", "GUNICORN_CMD_ARGS"],
        default: 8000,
        settings: &["-c", "--config"],
    },
    Server {
        name: "hypercorn",
        verb: "",
        options: &["-b", "--bind"],
        variables: &[],
        default: 8000,
        settings: &["-c", "--config"],
    },
    Server {
        name: "flask",
        verb: "run",
        options: &["-p", "--port"],
        variables: &["FLASK_RUN_PORT"],
        default: 5000,
        settings: &[],
    },
    Server {
        name: "next",
        verb: "start",
        options: &["-p", "--port"],
        variables: &["PORT"],
        default: 3000,
        settings: &[],
    },
];

impl Project {
    /// What the program of an image or a container listens on; `None` where that is not known.
    pub(crate) fn listening(&self, place: Place<'_>) -> Option<Listening> {
        let (entrypoint, command) = match place {
            Place::Image(stage) => {
                let end = stage.end();
                let argv = |setting: &super::Setting<ImageCommand>| setting.value().map(ImageCommand::argv);
                if end.entrypoint().is_unknown() || end.command().is_unknown() {
                    return None;
                }
                ((argv(end.entrypoint()), end.entrypoint().at), (argv(end.command()), end.command().at))
            }
            Place::Container(container) => {
                if container.entrypoint.is_unknown() || container.command.is_unknown() {
                    return None;
                }
                let of = |setting: &super::Setting<Vec<String>>| (setting.value().cloned(), setting.at);
                (of(&container.entrypoint), of(&container.command))
            }
        };
        for (argv, at) in [&command, &entrypoint] {
            let Some(argv) = argv else { continue };
            let words: Vec<&str> = argv
                .iter()
                .flat_map(|w| w.split(|c: char| c.is_whitespace() || "\"';&|".contains(c)))
                .filter(|w| !w.is_empty())
                .collect();
            if let Some((server, rest)) = server_of(&words) {
                let shell = argv.len() == 1 || argv.iter().any(|w| w == "-c" || w == "-lc");
                let ports = self.ports_of(place, server, rest, shell)?;
                return Some(Listening { program: server.name, ports, at: *at });
            }
        }
        let all = [&command.0, &entrypoint.0].into_iter().flatten().flatten();
        // A script of one's own, or a line that does more, may write the settings first.
        let writes = |word: &&String| {
            word.contains(['>', '$'])
                || word.contains("envsubst")
                || word.contains("sed ")
                || word.contains("cp ")
        };
        let script =
            entrypoint.0.iter().flatten().any(|w| w.ends_with(".sh") && w != "/docker-entrypoint.sh");
        if script || all.clone().any(|word| writes(&word)) {
            return None;
        }
        let nginx = all.clone().any(|word| word == "nginx")
            || all.clone().any(|w| w.starts_with("nginx ") || w.contains("exec nginx"));
        if nginx { self.of_nginx(place) } else { None }
    }

    /// The ports that the arguments of a server, or else its environment, name; `None` where that is not known.
    fn ports_of(
        &self,
        place: Place<'_>,
        server: &Server,
        rest: &[&str],
        shell: bool,
    ) -> Option<BTreeSet<u16>> {
        if rest.iter().any(|w| server.settings.iter().any(|s| w == s || w.starts_with(&format!("{s}=")))) {
            return None;
        }
        let mut ports = BTreeSet::new();
        for (index, word) in rest.iter().enumerate() {
            let value = match word.split_once('=') {
                Some((option, value)) if server.options.contains(&option) => value,
                _ if server.options.contains(word) => *rest.get(index + 1)?,
                _ => continue,
            };
            if value.starts_with("unix:") {
                continue;
            }
            // Only a shell puts values in the place of variables.
            let value = if value.contains('$') {
                self.expanded(place, value).filter(|_| shell)?
            } else {
                value.to_owned()
            };
            let port = value.rsplit(':').next()?;
            ports.insert(port.parse().ok()?);
        }
        if ports.is_empty() {
            for variable in server.variables {
                match self.variable(place, variable) {
                    Known::Set(value) => return Some(BTreeSet::from([value.parse().ok()?])),
                    Known::Unset => {}
                    Known::Unknown => return None,
                }
            }
            ports.insert(server.default);
        }
        Some(ports)
    }

    /// `$NAME`, `${NAME}` and `${NAME:-default}` at the end of a word.
    fn expanded(&self, place: Place<'_>, word: &str) -> Option<String> {
        let (before, variable) = word.split_once('$')?;
        let variable = variable.strip_prefix('{').map_or(Some(variable), |v| v.strip_suffix('}'))?;
        let (name, default) = variable.split_once(":-").unwrap_or((variable, ""));
        if !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return None;
        }
        match self.variable(place, name) {
            Known::Set(value) => Some(format!("{before}{value}")),
            Known::Unset if !default.is_empty() => Some(format!("{before}{default}")),
            _ => None,
        }
    }

    fn variable(&self, place: Place<'_>, name: &str) -> Known {
        if let Place::Container(container) = place {
            if let Some(variable) = container.env.iter().rev().find(|v| v.name.value == name) {
                return match variable.value.value() {
                    Some(EnvValue::Literal(value)) => Known::Set(value.clone()),
                    _ => Known::Unknown,
                };
            }
            // A whole ConfigMap may set it, and so may a file of variables.
            if container.env.iter().any(|v| {
                matches!(
                    v.value.value(),
                    Some(EnvValue::ConfigMap { key: None, .. } | EnvValue::Secret { key: None, .. })
                )
            }) {
                return Known::Unknown;
            }
        }
        match place.stage(self).map(|stage| stage.end().env(name)) {
            Some(Value::Set(value)) => Known::Set(value.to_owned()),
            // No official image sets a port for what is installed on top of it.
            Some(Value::Unknown)
                if place.stage(self).is_some_and(|s| s.facts.is_some() && s.end().set_at(name).is_none()) =>
            {
                Known::Unset
            }
            Some(Value::Unset) => Known::Unset,
            _ => Known::Unknown,
        }
    }

    /// What nginx listens on: all the files of its settings are known.
    fn of_nginx(&self, place: Place<'_>) -> Option<Listening> {
        let stage = place.stage(self);
        let image = match place {
            Place::Container(container) if stage.is_none() => container.image.value(),
            _ => stage?.image(self),
        }?;
        let default = match image.short() {
            "nginx" => 80,
            "nginx-unprivileged" => 8080,
            _ => return None,
        };
        if stage.is_some_and(|stage| has_unknown_settings(self, stage)) {
            return None;
        }
        let main = place.at(self, "/etc/nginx/nginx.conf");
        let mut texts = Vec::new();
        let mut includes = true;
        if let Some(main) = &main {
            let text = main.text(self)?;
            includes =
                text.lines().any(|line| line.trim_start().starts_with("include") && line.contains("conf.d"));
            texts.push(text.to_owned());
        }
        if includes {
            let found = self.sites(place)?;
            let replaced = found.iter().any(|(name, _)| name == "default.conf")
                || stage.is_some_and(|s| removes_default(self, s));
            if !replaced {
                texts.push(format!("listen {default};"));
            }
            for (_, found) in found {
                texts.push(found.text(self)?.to_owned());
            }
        }
        let mut ports = BTreeSet::new();
        for text in &texts {
            ports.extend(listens(text)?);
        }
        (!ports.is_empty()).then_some(Listening { program: "nginx", ports, at: None })
    }

    /// The files in `conf.d` that are copied or mounted there, by name; `None` where something unknown is.
    fn sites<'p>(&'p self, place: Place<'p>) -> Option<Vec<(String, Found<'p>)>> {
        const DIRECTORIES: [&str; 2] = ["/etc/nginx/conf.d", "/etc/nginx/templates"];
        let mut names = BTreeSet::new();
        for copied in place.stage(self).map(Stage::copied).unwrap_or_default() {
            for directory in DIRECTORIES {
                match &copied.what {
                    What::Directory(source) if copied.target == directory => {
                        names.extend(self.files.names_in(source).map(|name| format!("{directory}/{name}")));
                    }
                    What::Directory(_) if directory.starts_with(&format!("{}/", copied.target)) => {
                        return None;
                    }
                    _ if copied.target.starts_with(&format!("{directory}/")) => {
                        names.insert(copied.target.clone());
                    }
                    _ => {}
                }
            }
        }
        if let Place::Container(container) = place {
            for mount in &container.mounts {
                let target = mount.target.trim_end_matches('/');
                if !target.starts_with("/etc/nginx") || target == "/etc/nginx/nginx.conf" {
                    continue;
                }
                let Volume::Bind(source) = &mount.volume else { return None };
                if DIRECTORIES.contains(&target) {
                    let source = camino::Utf8Path::new(source);
                    names.extend(self.files.names_in(source).map(|name| format!("{target}/{name}")));
                } else {
                    names.insert(target.to_owned());
                }
            }
        }
        let mut sites = Vec::new();
        for path in names {
            let name = path.rsplit('/').next().unwrap_or_default();
            let name = if path.starts_with(DIRECTORIES[1]) { name.strip_suffix(".template")? } else { name };
            if name.ends_with(".conf") {
                sites.push((name.to_owned(), place.at(self, &path)?));
            }
        }
        Some(sites)
    }
}

/// The server that a command starts, and its arguments.
fn server_of<'w>(words: &'w [&'w str]) -> Option<(&'static Server, &'w [&'w str])> {
    words.iter().enumerate().find_map(|(at, word)| {
        let name = word.rsplit('/').next().unwrap_or_default();
        let server = SERVERS.iter().find(|s| s.name == name)?;
        let rest = &words[at + 1..];
        (server.verb.is_empty() || rest.contains(&server.verb)).then_some((server, rest))
    })
}

/// What is known of a variable.
enum Known {
    Set(String),
    Unset,
    Unknown,
}

/// Whether a command removes the site that the image comes with.
fn removes_default(project: &Project, stage: &Stage) -> bool {
    stage.instructions(project).iter().any(|i| {
        matches!(i.arguments, Arguments::Run(_)) && {
            let text = project.text(i.span);
            text.contains("rm ") && (text.contains("conf.d") || text.contains("default.conf"))
        }
    })
}

/// Whether something puts settings into the image that are not known: a copy of what is not here, or a command.
fn has_unknown_settings(project: &Project, stage: &Stage) -> bool {
    let mut stage = stage;
    loop {
        let unknown = stage.walk(project).any(|step| {
            let text = project.text(step.instruction.span);
            match &step.instruction.arguments {
                Arguments::Copy(transfer) | Arguments::Add(transfer) => {
                    let target = &*transfer.destination.text;
                    let near = target.contains("nginx")
                        || matches!(target.trim_end_matches('/'), "" | "/etc" | "." | "..");
                    near && !target.contains("/html") && !stage.copied().iter().any(|c| c.since == step.index)
                }
                Arguments::Run(_) => {
                    let names = ["/etc/nginx", "nginx.conf", "conf.d", "default.conf"]
                        .iter()
                        .any(|n| text.contains(n));
                    names
                        && (!text.contains("rm ")
                            || ["sed ", "mv ", "cp ", ">", "ln ", "curl", "wget", "envsubst"]
                                .iter()
                                .any(|c| text.contains(c)))
                }
                _ => false,
            }
        });
        if unknown {
            return true;
        }
        let super::Base::Stage(below) = stage.base else { return false };
        match project.build(stage.build).stages.get(below) {
            Some(below) => stage = below,
            None => return true,
        }
    }
}

/// The ports of the `listen` directives of settings; `None` where a variable decides one.
fn listens(text: &str) -> Option<Vec<u16>> {
    let mut ports = Vec::new();
    let code: String =
        text.lines().map(|line| line.split('#').next().unwrap_or_default()).collect::<Vec<_>>().join("\n");
    for statement in code.split([';', '{', '}']) {
        let mut words = statement.split_whitespace();
        if words.next() != Some("listen") {
            continue;
        }
        let address = words.next()?;
        if address.starts_with("unix:") {
            continue;
        }
        if address.contains('$') {
            return None;
        }
        let port = match address.rsplit_once(':') {
            Some((_, port)) if !port.ends_with(']') => port,
            _ => address,
        };
        // An address alone is port 80.
        ports.push(port.parse().unwrap_or(80));
    }
    Some(ports)
}

#[cfg(test)]
mod tests {
    use super::listens;

    #[test]
    fn listen() {
        for (text, expected) in [
            ("server { listen 3737; listen [::]:3737; }", Some(vec![3737, 3737])),
            ("server {\n  # listen 81;\n  listen 0.0.0.0:8080 default_server;\n}", Some(vec![8080])),
            ("listen localhost; listen [::];", Some(vec![80, 80])),
            ("listen unix:/run/x.sock;", Some(vec![])),
            ("listen ${PORT};", None),
            ("events {}", Some(vec![])),
        ] {
            assert_eq!(listens(text), expected, "{text}");
        }
    }
}
