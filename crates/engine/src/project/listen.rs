//! Where the settings of web servers say which ports they listen on.

use std::borrow::Cow;

use seaworthy_syntax::dockerfile::{Arguments, Command};

use super::Project;
use super::dockerfile::{Call, Run, Stage};
use super::layout::What;
use crate::images::PackageManager;

/// A web server with settings of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WebServer {
    /// nginx.
    Nginx,
    /// Apache httpd as its own image has it.
    Httpd,
    /// Apache httpd as Debian has it, the PHP images too.
    Apache,
    /// Caddy.
    Caddy,
    /// `HAProxy`.
    Haproxy,
}

/// A file of settings in an image.
#[derive(Clone, Debug)]
pub struct Settings<'p> {
    /// Its path in the image.
    pub path: String,
    /// What it says; of a public image as far as that concerns ports.
    pub text: Cow<'p, str>,
    /// The instruction that brings it, as an index into the Dockerfile's instructions; `None` for what its image has.
    pub instruction: Option<usize>,
}

impl WebServer {
    /// The web server that an image starts.
    pub fn of(stage: &Stage, project: &Project) -> Option<Self> {
        let launch = stage.launch(project);
        let name = launch.program().map(|p| p.name);
        let of_image = launch.written().next().is_none();
        let words = stage.facts.and_then(|f| f.command.as_deref()).unwrap_or_default();
        let image_runs = |program: &str| of_image && words.first().is_some_and(|w| w == program);
        match name.as_deref() {
            Some("nginx" | "nginx-debug") => Some(Self::Nginx),
            Some("httpd-foreground" | "httpd") => Some(Self::Httpd),
            Some("apache2-foreground" | "apache2ctl" | "apachectl" | "apache2") => Some(Self::Apache),
            Some("caddy") => Some(Self::Caddy),
            Some("haproxy") => Some(Self::Haproxy),
            // A script that is the entry point of a PHP image ends in what its command names.
            Some(_) | None => [
                ("nginx", Self::Nginx),
                ("httpd-foreground", Self::Httpd),
                ("apache2-foreground", Self::Apache),
                ("caddy", Self::Caddy),
                ("haproxy", Self::Haproxy),
            ]
            .into_iter()
            .find_map(|(program, server)| image_runs(program).then_some(server)),
        }
    }

    /// The directory of its settings.
    pub fn directory(self) -> &'static str {
        match self {
            Self::Nginx => "/etc/nginx",
            Self::Httpd => "/usr/local/apache2/conf",
            Self::Apache => "/etc/apache2",
            Self::Caddy => "/etc/caddy",
            Self::Haproxy => "/usr/local/etc/haproxy",
        }
    }

    /// The files of its image that say where it listens, where the Dockerfile leaves them as they are.
    fn own_files(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Nginx => &[("/etc/nginx/conf.d/default.conf", "listen       80;")],
            Self::Httpd => &[("/usr/local/apache2/conf/httpd.conf", "Listen 80")],
            Self::Apache => &[
                ("/etc/apache2/ports.conf", "Listen 80"),
                ("/etc/apache2/sites-available/000-default.conf", "<VirtualHost *:80>"),
            ],
            Self::Caddy => &[("/etc/caddy/Caddyfile", ":80 {")],
            Self::Haproxy => &[],
        }
    }

    /// Whether it is an official image's own, so that what its files say is known.
    fn is_of_image(self, stage: &Stage) -> bool {
        let program = match self {
            Self::Nginx => "nginx",
            Self::Httpd => "httpd-foreground",
            Self::Apache => "apache2-foreground",
            Self::Caddy => "caddy",
            Self::Haproxy => "haproxy",
        };
        // The unprivileged image has settings of its own.
        let listens_low =
            stage.facts.is_some_and(|f| f.ports.iter().any(|p| p.port < 1024)) || self == Self::Haproxy;
        listens_low && stage.facts.and_then(|f| f.command.as_ref()?.first()).is_some_and(|w| w == program)
    }

    /// Whether it is nginx as Debian and Ubuntu package it, and nothing runs beside it: its user is `www-data`.
    pub fn is_of_debian(self, stage: &Stage, project: &Project) -> bool {
        let packages = ["nginx", "nginx-light", "nginx-full", "nginx-extras", "nginx-core"];
        let is_nginx = |word: &str| packages.contains(&word.split('=').next().unwrap_or_default());
        let installed = |run: &Run<'_>| {
            run.installs().any(|i| i.call.args.iter().filter_map(|w| w.value.as_deref()).any(is_nginx))
        };
        self == Self::Nginx
            && stage.distribution(project).is_some_and(|d| d.packages == PackageManager::Apt)
            && stage.programs(project).iter().all(|p| matches!(p.as_str(), "nginx" | "sh" | "bash" | "dash"))
            && stage.and_below(project).any(|s| s.runs(project).iter().any(installed))
            // The packages of nginx.org make a user of their own.
            && !stage.and_below(project).any(|s| {
                s.instructions(project).iter().any(|i| project.text(i.span).contains("nginx.org"))
            })
    }

    /// The files that say where it listens.
    ///
    /// # Errors
    /// Where one of them is not known, and why: "`path` …".
    pub fn settings<'p>(self, stage: &'p Stage, project: &'p Project) -> Result<Vec<Settings<'p>>, String> {
        let directory = self.directory();
        let within = |path: &str| {
            path == directory || path.strip_prefix(directory).is_some_and(|p| p.starts_with('/'))
        };
        let file = project.dockerfile(stage.source);
        let mut found: Vec<Settings<'p>> = Vec::new();
        let mut add = |settings: Settings<'p>| {
            found.retain(|f: &Settings<'_>| f.path != settings.path);
            found.push(settings);
        };
        let context = project.build(stage.build).context();
        for copied in stage.copied() {
            let mut take = |path: String, source: &camino::Utf8Path| {
                if !within(&path) || !self.reads(&path) {
                    return Ok(());
                }
                let text =
                    project.files.text(source).ok_or_else(|| format!("`{path}` cannot be read here"))?;
                add(Settings { path, text: Cow::Borrowed(text), instruction: Some(copied.instruction) });
                Ok::<(), String>(())
            };
            match &copied.what {
                What::File(source) => take(copied.target.clone(), source)?,
                What::Directory(source) if within(&copied.target) => {
                    for path in project.files.below(source) {
                        let Ok(below) = path.strip_prefix(source) else { continue };
                        if !context.is_some_and(|c| c.ignores(&path)) {
                            take(format!("{}/{below}", copied.target), &path)?;
                        }
                    }
                }
                What::Heredoc(index) if within(&copied.target) => {
                    let heredoc = file
                        .and_then(|f| f.instructions.get(copied.instruction))
                        .and_then(|i| i.heredocs.get(*index));
                    if let Some(heredoc) = heredoc {
                        let text = Cow::Borrowed(heredoc.body.as_str());
                        add(Settings {
                            path: copied.target.clone(),
                            text,
                            instruction: Some(copied.instruction),
                        });
                    }
                }
                _ => {}
            }
        }
        self.refuse_unknown(stage, project, &found)?;
        let own: &[(&str, &str)] = if self.is_of_image(stage) {
            self.own_files()
        } else if self.is_of_debian(stage, project) {
            &[(
                "/etc/nginx/sites-enabled/default",
                "listen 80 default_server;\nlisten [::]:80 default_server;",
            )]
        } else {
            &[]
        };
        for (path, text) in own {
            let kept = !found.iter().any(|f| f.path == *path) && !removes(stage, project, path);
            let included = self != Self::Nginx
                || found
                    .iter()
                    .find(|f| f.path == "/etc/nginx/nginx.conf")
                    .is_none_or(|f| f.text.contains("conf.d/") || f.text.contains("sites-enabled"));
            if kept && included {
                found.push(Settings {
                    path: (*path).to_owned(),
                    text: Cow::Borrowed(*text),
                    instruction: None,
                });
            }
        }
        Ok(found)
    }

    /// Whether it may read a file of its directory as settings with ports in it.
    fn reads(self, path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or_default();
        match self {
            Self::Nginx => {
                !matches!(name, "mime.types" | "fastcgi_params" | "uwsgi_params" | "scgi_params")
                    && is_settings(name)
            }
            Self::Caddy => name == "Caddyfile",
            Self::Haproxy => is_settings(name),
            Self::Httpd | Self::Apache => is_settings(name),
        }
    }

    /// Whether a command or another stage writes settings that are not known here.
    fn refuse_unknown(self, stage: &Stage, project: &Project, found: &[Settings<'_>]) -> Result<(), String> {
        let directory = self.directory();
        for stage in stage.and_below(project) {
            for step in stage.walk(project) {
                match &step.instruction.arguments {
                    Arguments::Copy(transfer) | Arguments::Add(transfer)
                        if step.instruction.onbuild.is_none() =>
                    {
                        let target = transfer.destination.expand(&step.before).ok().and_then(|e| e.value);
                        let target = target.unwrap_or_default();
                        let target = target.trim_end_matches('/');
                        let below = |path: &str| {
                            path.strip_prefix(target).is_some_and(|p| p.is_empty() || p.starts_with('/'))
                        };
                        let known = found.iter().any(|f| below(&f.path))
                            || stage.copied().iter().any(|c| below(&c.target));
                        let plain = target.rsplit_once('.').is_some_and(|(_, end)| {
                            matches!(
                                end,
                                "crt"
                                    | "key"
                                    | "pem"
                                    | "cer"
                                    | "csr"
                                    | "htpasswd"
                                    | "html"
                                    | "htm"
                                    | "ico"
                                    | "json"
                                    | "types"
                            )
                        });
                        if target.starts_with(directory) && !known && !plain {
                            return Err(format!("what is copied to `{target}` is not known here"));
                        }
                    }
                    _ => {}
                }
            }
            for run in stage.runs(project) {
                let writes = run.shell.commands.iter().flat_map(|c| &c.redirects).any(|r| {
                    r.operator.starts_with('>')
                        && r.target.as_ref().is_some_and(|t| t.text.contains(directory))
                });
                if writes {
                    return Err(format!("a `RUN` writes to `{directory}`"));
                }
            }
        }
        Ok(())
    }

    /// Whether a text says this port as one to listen on.
    pub fn listens_on(self, text: &str, port: u16) -> bool {
        self.addresses(text).iter().any(|a| a.rsplit(':').next().is_some_and(|p| p.parse() == Ok(port)))
    }

    /// The ports under 1024 that a text says, each once, and the names of the variables that say others.
    pub fn low_ports(self, text: &str) -> (Vec<u16>, Vec<String>) {
        let (mut ports, mut variables) = (Vec::new(), Vec::new());
        for address in self.addresses(text) {
            let port = address.rsplit(':').next().unwrap_or(address);
            if let Some((_, name)) = address.split_once("${") {
                variables.extend(name.split(['}', ':']).next().map(str::to_owned));
            } else if let Ok(port) = port.parse::<u16>()
                && port < 1024
                && port > 0
                && !ports.contains(&port)
            {
                ports.push(port);
            }
        }
        (ports, variables)
    }

    fn addresses(self, text: &str) -> Vec<&str> {
        let mut found = Vec::new();
        for line in text.lines().map(str::trim) {
            if line.starts_with('#') {
                continue;
            }
            match self {
                Self::Nginx => {
                    for (at, _) in line.match_indices("listen") {
                        let before = line[..at].chars().next_back();
                        let rest = &line[at + 6..];
                        if before.is_none_or(|c| c.is_whitespace() || "{;".contains(c))
                            && rest.starts_with(char::is_whitespace)
                        {
                            found.extend(rest.split([';', ' ', '\t']).find(|w| !w.is_empty()));
                        }
                    }
                }
                Self::Httpd | Self::Apache => {
                    let rest = line.strip_prefix("Listen ").or_else(|| line.strip_prefix("<VirtualHost "));
                    found.extend(
                        rest.map(|r| r.trim_end_matches('>').split_whitespace().next().unwrap_or_default()),
                    );
                }
                Self::Caddy => {
                    let site = line.strip_suffix('{').unwrap_or_default();
                    found.extend(
                        site.split([',', ' ']).filter(|s| s.contains(':') || s.starts_with("http://")).map(
                            |s| {
                                s.strip_prefix("http://")
                                    .map_or(s, |h| if h.contains(':') { h } else { "80" })
                            },
                        ),
                    );
                }
                Self::Haproxy => {
                    let rest = line.strip_prefix("bind ");
                    found.extend(
                        rest.and_then(|r| r.split_whitespace().next()).into_iter().flat_map(|a| a.split(',')),
                    );
                }
            }
        }
        found
    }

    /// The expression for `sed -E` that moves a port in its settings.
    pub fn sed(self, from: u16, to: u16) -> String {
        match self {
            Self::Nginx => format!(r"s/(listen\s+(\S*:)?){from}([; ])/\1{to}\3/g"),
            Self::Httpd | Self::Apache => {
                format!(r"s/^(\s*(Listen|<VirtualHost)\s+(\S*:)?){from}(\s*>?)$/\1{to}\4/")
            }
            Self::Caddy => format!(r"s/^(\S*:){from}(\s|\{{|$)/\1{to}\2/"),
            Self::Haproxy => format!(r"s/^(\s*bind\s+\S*:){from}(\s|$)/\1{to}\2/"),
        }
    }
}

fn is_settings(name: &str) -> bool {
    [".conf", ".template", ".cfg", ".tmpl", ".nginx"].iter().any(|end| name.ends_with(end))
        || !name.contains('.')
}

/// Whether a `RUN` removes a file, or all that lie beside it.
fn removes(stage: &Stage, project: &Project, path: &str) -> bool {
    let beside = path.rsplit_once('/').map_or("", |(directory, _)| directory);
    let gone = |call: Call<'_>| {
        call.program == "rm"
            && call.args.iter().any(|w| {
                let word = w.text.trim_matches(['"', '\'']);
                word == path
                    || word.trim_end_matches(['*', '/']) == beside
                    || word == format!("{beside}/*.conf")
            })
    };
    stage.and_below(project).any(|s| s.runs(project).iter().any(|run| run.calls().any(gone)))
}

/// Whether a `RUN` of a stage changes a file of settings by `sed` or its like.
pub(crate) fn changes(stage: &Stage, project: &Project, path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    stage.instructions(project).iter().any(|i| match &i.arguments {
        Arguments::Run(Command::Shell(script)) => {
            ["sed ", "envsubst", "perl ", "awk "].iter().any(|p| script.text.contains(p))
                && script.text.contains(name)
        }
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_in_settings() {
        for (server, text, ports) in [
            (WebServer::Nginx, "server { listen 80; listen [::]:80 default_server; listen 8080; }", vec![80]),
            (
                WebServer::Nginx,
                "  listen\t*:443 ssl;\n# listen 81;\nlisten unix:/x;\nlisten ${PORT};",
                vec![443],
            ),
            (WebServer::Apache, "Listen 80\n<IfModule ssl_module>\n\tListen 443\n", vec![80, 443]),
            (WebServer::Apache, "<VirtualHost *:80>\n", vec![80]),
            (WebServer::Caddy, ":80 {\n  root * /srv\n}\n", vec![80]),
            (WebServer::Caddy, "http://example.com {\n}\nhttp://:8080 {\n}", vec![80]),
            (WebServer::Haproxy, "frontend a\n  bind *:80,*:443\n", vec![80, 443]),
        ] {
            assert_eq!(server.low_ports(text).0, ports, "{text}");
        }
    }
}
