//! Programs that need root, as far as what an image starts tells.

use seaworthy_syntax::dockerfile::Script;
use seaworthy_syntax::shell;
use seaworthy_syntax::{SourceId, Span, Text};

use super::identity::Obstacle;
use super::writable::absolute;
use super::{ImageCommand, Project, Stage};
use crate::project::Origin;

/// Programs that need root, and what for.
const ROOTS: [(&[&str], &str); 14] = [
    (
        &["sshd", "sshd.pam", "dropbear", "in.telnetd", "telnetd", "login", "xrdp"],
        "becomes the user that logs in",
    ),
    (&["cron", "crond", "anacron", "fcron", "atd"], "becomes the user of each job"),
    (
        &["dockerd", "containerd", "buildkitd", "podman", "dockerd-entrypoint.sh", "k3s", "kubelet"],
        "starts containers",
    ),
    (
        &[
            "systemd",
            "init",
            "s6-svscan",
            "s6-overlay",
            "runsvdir",
            "runsvdir-start",
            "runit",
            "runit-init",
            "my_init",
            "supervisord",
            "monit",
            "tini-init",
            "openrc-init",
        ],
        "starts other programs, each as its own user",
    ),
    (
        &[
            "openvpn",
            "wg",
            "wg-quick",
            "wireguard-go",
            "ipsec",
            "charon",
            "starter",
            "pppd",
            "pptpd",
            "xl2tpd",
            "tailscaled",
            "zerotier-one",
            "ocserv",
            "iptables",
            "ip6tables",
            "nft",
            "ip",
            "ifconfig",
            "route",
            "tc",
            "ethtool",
            "brctl",
            "hostapd",
            "keepalived",
            "dhcpd",
            "dhclient",
            "udhcpd",
            "avahi-daemon",
            "radvd",
            "bird",
            "zebra",
            "bgpd",
            "ospfd",
            "frrinit.sh",
            "ovs-vswitchd",
            "ovsdb-server",
            "ovs-ctl",
        ],
        "changes the network",
    ),
    (&["tcpdump", "suricata", "snort", "zeek", "bro", "arpwatch", "ntopng"], "reads all traffic"),
    (
        &[
            "mount",
            "umount",
            "losetup",
            "mknod",
            "modprobe",
            "insmod",
            "sysctl",
            "swapon",
            "chroot",
            "nfsd",
            "rpc.nfsd",
            "rpcbind",
            "rpc.mountd",
        ],
        "changes the host or its mounts",
    ),
    (
        &["vsftpd", "proftpd", "pure-ftpd", "smbd", "nmbd", "samba", "afpd", "netatalk"],
        "becomes the user whose files it serves",
    ),
    (
        &[
            "postfix",
            "dovecot",
            "exim",
            "exim4",
            "sendmail",
            "master",
            "amavisd",
            "rsyslogd",
            "syslog-ng",
            "slapd",
            "named",
            "dnsmasq",
            "ntpd",
            "chronyd",
            "cupsd",
            "xinetd",
            "inetd",
            "fail2ban-server",
            "snmpd",
            "saslauthd",
            "nscd",
            "sssd",
            "asterisk",
            "nagios",
            "zabbix_server",
            "zabbix_agentd",
            "ossec-control",
            "bareos-dir",
            "bareos-sd",
        ],
        "starts as root and gives up its rights on its own",
    ),
    (
        &["service", "systemctl", "rc-service", "invoke-rc.d", "openrc", "init.d", "start-stop-daemon"],
        "starts services of the system",
    ),
    (
        &["su", "sudo", "gosu", "su-exec", "setpriv", "runuser", "setuser", "chpst", "s6-setuidgid", "doas"],
        "becomes another user",
    ),
    (
        &[
            "chown",
            "useradd",
            "usermod",
            "adduser",
            "addgroup",
            "groupadd",
            "groupmod",
            "deluser",
            "userdel",
            "chpasswd",
            "passwd",
            "setcap",
            "ldconfig",
            "update-ca-certificates",
            "dpkg-reconfigure",
            "locale-gen",
        ],
        "changes the system when the container starts",
    ),
    (
        &["apt-get", "apt", "apk", "yum", "dnf", "microdnf", "zypper", "pacman", "dpkg", "rpm"],
        "installs packages when the container starts",
    ),
    (
        &[
            "mysqld",
            "mysqld_safe",
            "mariadbd",
            "mariadbd-safe",
            "pg_ctlcluster",
            "rabbitmq-server",
            "varnishd",
            "tor",
        ],
        "comes from a package that has a user of its own for it",
    ),
];

/// Packages of services that start as root and become a user of their own.
const SERVICES: [&str; 34] = [
    "postgresql",
    "mysql-server",
    "mariadb-server",
    "mariadb",
    "mysql",
    "redis-server",
    "mongodb",
    "mongodb-org",
    "rabbitmq-server",
    "nginx",
    "apache2",
    "httpd",
    "lighttpd",
    "squid",
    "openssh-server",
    "openssh",
    "cron",
    "cronie",
    "dcron",
    "supervisor",
    "runit",
    "rsyslog",
    "postfix",
    "dovecot",
    "bind9",
    "bind",
    "dnsmasq",
    "openvpn",
    "wireguard-tools",
    "iptables",
    "vsftpd",
    "samba",
    "ceph",
    "slapd",
];

/// What only starts another program, which follows its options.
const WRAPPERS: [&str; 13] = [
    "tini",
    "dumb-init",
    "catatonit",
    "env",
    "exec",
    "nohup",
    "nice",
    "stdbuf",
    "time",
    "ionice",
    "taskset",
    "chrt",
    "command",
];

/// Capabilities that a container is given for what only root can do.
const CAPABILITIES: [&str; 8] =
    ["ALL", "SYS_ADMIN", "NET_ADMIN", "NET_RAW", "SYS_MODULE", "SYS_PTRACE", "SYS_RAWIO", "DAC_READ_SEARCH"];

impl Stage {
    /// Why its program has to run as root, where that shows.
    pub(super) fn needs_root(&self, project: &Project) -> Option<Obstacle> {
        for container in project.containers_of(self) {
            let name = &container.name.value;
            if container.privileged.is(&true) {
                let why = format!("`{name}` runs this image as a privileged container");
                let span = container.privileged.at.unwrap_or(container.name.span);
                return Some(Obstacle { why, span: self.nearest(project, span)? });
            }
            let given =
                container.added_capabilities.iter().find(|c| CAPABILITIES.contains(&c.value.as_str()));
            if let Some(capability) = given {
                let why =
                    format!("`{name}` runs this image with `{}`, which only root gets", capability.value);
                return Some(Obstacle { why, span: self.nearest(project, capability.span)? });
            }
        }
        let launch = self.launch(project);
        let at = launch.written().next().and_then(|start| start.value.at);
        let at = self.nearest(project, at.or_else(|| self.from_span(project))?)?;
        for words in self.started(project) {
            if let Some((program, why)) = needs_root(&words) {
                return Some(Obstacle { why: format!("`{program}` {why}"), span: at });
            }
        }
        self.of_package(project, at).or_else(|| self.drops_rights(project, at))
    }

    /// A daemon that it starts from a package that has a user of its own for it.
    fn of_package(&self, project: &Project, span: Span) -> Option<Obstacle> {
        self.services(project)?;
        let daemons = [
            "nginx",
            "apache2",
            "apache2ctl",
            "apachectl",
            "httpd",
            "lighttpd",
            "mongod",
            "redis-server",
            "postgres",
            "squid",
        ];
        let own = self.programs(project).into_iter().find(|p| daemons.contains(&p.as_str()))?;
        // That of the image itself is not that of the package.
        let of_image = self
            .facts
            .and_then(|f| f.command.as_ref())
            .is_some_and(|c| c.iter().any(|w| base(w).starts_with(&*own)));
        (!of_image).then(|| Obstacle {
            why: format!("`{own}` comes from a package that has a user of its own for it"),
            span,
        })
    }

    /// A script of its own that starts it and cannot be read here, where the image installs what gives up root.
    fn drops_rights(&self, project: &Project, span: Span) -> Option<Obstacle> {
        let end = self.end();
        let own = [end.entrypoint(), end.command()].into_iter().filter(|s| s.origin == Origin::Dockerfile);
        let argv: Vec<String> = own.filter_map(|s| s.value()).flat_map(ImageCommand::argv).collect();
        let script = argv.iter().find(|w| w.ends_with(".sh") || w.contains("entrypoint"))?;
        if self.script(project, script).is_some() {
            return None;
        }
        if let Some(service) = self.services(project) {
            let why = format!(
                "`{service}` is installed with a user of its own, and the script that starts it cannot be read here"
            );
            return Some(Obstacle { why, span });
        }
        let tools = ["gosu", "su-exec", "setpriv"];
        let is_tool = |word: &str| {
            let name = word.split('=').next().unwrap_or_default();
            tools.contains(&base(name))
        };
        let installs = self.and_below(project).any(|stage| {
            let in_runs = stage
                .runs(project)
                .iter()
                .any(|run| run.shell.commands.iter().flat_map(|c| &c.args).any(|w| is_tool(w.text.as_str())));
            in_runs || stage.transfers(project).iter().any(|(_, _, to)| is_tool(to))
        });
        let why = "its entry point starts as root and gives up its rights on its own";
        installs.then(|| Obstacle { why: why.into(), span })
    }

    /// A package it installs that brings a service with a user of its own.
    fn services(&self, project: &Project) -> Option<String> {
        let apart = ["client", "clients", "dev", "doc", "common", "libs", "tools", "contrib", "utils"];
        let is_service = |package: &str| {
            let name = package.split('=').next().unwrap_or_default();
            let service = SERVICES
                .iter()
                .find(|s| name.strip_prefix(**s).is_some_and(|r| r.is_empty() || r.starts_with('-')));
            service.is_some() && !name.split('-').any(|part| apart.contains(&part))
        };
        self.and_below(project).find_map(|stage| {
            stage.runs(project).iter().find_map(|run| {
                let mut words =
                    run.installs().flat_map(|i| i.call.args.iter().filter_map(|w| w.value.as_deref()));
                words.find(|package| is_service(package)).map(str::to_owned)
            })
        })
    }

    /// The text of a script in the image, by its path from where the image starts, or its name in `PATH`.
    fn script<'p>(&self, project: &'p Project, path: &str) -> Option<&'p str> {
        let text = |path: &str| project.in_image(self, path)?.text(project);
        let text = if path.contains('/') {
            text(&absolute(path, self.end())?)
        } else {
            ["/usr/local/bin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/sbin"]
                .iter()
                .find_map(|directory| text(&format!("{directory}/{path}")))
                .or_else(|| text(&absolute(path, self.end())?))
        };
        text.filter(|text| {
            let first = text.lines().next().unwrap_or_default();
            !first.starts_with("#!") || first.contains("sh")
        })
    }

    /// A place in this Dockerfile: the one that is meant, or the stage itself.
    fn nearest(&self, project: &Project, at: Span) -> Option<Span> {
        if at.source == self.source { Some(at) } else { self.from_span(project) }
    }

    /// The names of the programs that it starts, without their directories.
    pub(super) fn programs(&self, project: &Project) -> Vec<String> {
        self.started(project).iter().filter_map(|words| Some(base(words.first()?).to_owned())).collect()
    }

    /// The commands that it starts, each the program and its arguments; those of scripts of its own are among them, but for
    /// scripts that look who runs them.
    pub fn started(&self, project: &Project) -> Vec<Vec<String>> {
        let end = self.end();
        let line_only = matches!(end.entrypoint().value(), Some(ImageCommand::Shell { .. }));
        let mut argv = end.entrypoint().value().map(ImageCommand::argv).unwrap_or_default();
        if !line_only {
            argv.extend(end.command().value().map(ImageCommand::argv).unwrap_or_default());
        }
        let mut started = Vec::new();
        let mut open = of_words(&argv);
        // An entry point that is a script starts what follows it.
        if let (Some(entrypoint), Some(command)) = (end.entrypoint().value(), end.command().value())
            && !line_only
            && !matches!(entrypoint, ImageCommand::Exec(words) if words.is_empty())
        {
            open.extend(of_words(&command.argv()));
        }
        for _ in 0..DEPTH {
            let mut next = Vec::new();
            for words in open.drain(..) {
                let at = usize::from(words.len() > 1 && is_shell(base(&words[0])));
                let script = words.get(at).and_then(|path| self.script(project, path));
                if let Some(text) = script.filter(|text| !looks_who_runs(text)) {
                    next.extend(of_line(text));
                }
                started.push(words);
            }
            open = next;
        }
        started.extend(open);
        started
    }
}

/// A path that is written when a container starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// A file.
    File(String),
    /// A file that is replaced, so that its directory is written too.
    Replaced(String),
    /// A directory that is made.
    Made(String),
    /// All below a directory.
    Tree(String),
}

impl Stage {
    /// The lines and scripts that start it, but for scripts that look who runs them.
    fn start_texts(&self, project: &Project) -> Vec<String> {
        let end = self.end();
        let mut texts: Vec<String> = Vec::new();
        for setting in [end.entrypoint(), end.command()] {
            match setting.value() {
                Some(ImageCommand::Shell { line, .. }) => texts.push(line.clone()),
                Some(ImageCommand::Exec(words)) => {
                    let shell = words.iter().any(|w| is_shell(base(w)));
                    texts.extend(words.iter().filter(|w| shell && w.contains(' ')).cloned());
                }
                None => {}
            }
        }
        for words in self.started(project) {
            for path in words.iter().take(2) {
                texts.extend(self.script(project, path).filter(|t| !looks_who_runs(t)).map(str::to_owned));
            }
        }
        texts
    }

    /// Whether what starts it looks first whether a file is there.
    pub(super) fn is_tested(&self, project: &Project, path: &str) -> bool {
        self.start_texts(project).iter().any(|text| {
            text.match_indices(path).any(|(at, _)| {
                let before = text[..at].trim_end_matches(['"', '\'', ' ']);
                ["-f", "-e", "-s", "-d", "-r", "-w"].iter().any(|test| before.ends_with(test))
            })
        })
    }

    /// What the line or the scripts that start it write, by absolute paths without variables.
    pub(super) fn written_at_start(&self, project: &Project) -> Vec<Written> {
        let texts = self.start_texts(project);
        let mut written: Vec<Written> = texts.iter().flat_map(|text| writes(text)).collect();
        written.dedup();
        written
    }
}

/// What a script writes.
fn writes(text: &str) -> Vec<Written> {
    let mut found = Vec::new();
    let absolute = |word: &shell::Word| {
        let path = word.value.as_deref()?.trim_end_matches('/');
        (path.starts_with('/') && !path.contains('$')).then(|| path.to_owned())
    };
    for command in parsed(text) {
        for redirect in command.redirects.iter().filter(|r| r.operator.starts_with('>') || r.operator == "&>")
        {
            found.extend(redirect.target.as_ref().and_then(absolute).map(Written::File));
        }
        let Some(name) = command.name() else { continue };
        let operands: Vec<&shell::Word> = command.args.iter().filter(|w| !w.text.starts_with('-')).collect();
        let last = operands.last().and_then(|w| absolute(w));
        match base(name) {
            "tee" | "touch" => found.extend(operands.iter().filter_map(|w| absolute(w)).map(Written::File)),
            "cp" | "mv" => found.extend(last.map(Written::Replaced)),
            "mkdir" => found.extend(operands.iter().filter_map(|w| absolute(w)).map(Written::Made)),
            "sed"
                if command.has_option(&["-i", "--in-place"])
                    || command.args.iter().any(|w| w.text.starts_with("-i")) =>
            {
                found.extend(operands.iter().skip(1).filter_map(|w| absolute(w)).map(|path| {
                    match path.split_once('*') {
                        Some((directory, _)) => {
                            Written::Tree(directory.rsplit_once('/').map_or("", |(d, _)| d).to_owned())
                        }
                        None => Written::Replaced(path),
                    }
                }));
            }
            "find" if command.args.iter().any(|w| w.is("sed")) => {
                found.extend(operands.first().and_then(|w| absolute(w)).map(Written::Tree));
            }
            _ => {}
        }
    }
    found
}

/// How deep scripts that start scripts are followed.
const DEPTH: usize = 3;

/// Whether a script does something else where it does not run as root.
fn looks_who_runs(script: &str) -> bool {
    ["id -u", "$UID", "$EUID", "${UID", "${EUID", "whoami"].iter().any(|w| script.contains(w))
}

fn is_shell(program: &str) -> bool {
    matches!(program, "sh" | "bash" | "ash" | "dash" | "zsh")
}

/// Why a command needs root, and its program.
fn needs_root(words: &[String]) -> Option<(&str, &'static str)> {
    let path = words.first()?;
    let program = base(path);
    if path.contains("/init.d/") {
        return Some((path, "starts a service of the system"));
    }
    // `/init` is that of s6-overlay.
    let found = ROOTS.iter().find(|(programs, _)| programs.contains(&program));
    if let Some((_, why)) = found {
        // `ip` and `master` are also names of programs of one's own.
        let own = matches!(
            program,
            "master" | "init" | "login" | "samba" | "service" | "bird" | "starter" | "route"
        ) && !path.starts_with("/sbin")
            && !path.starts_with("/usr")
            && path != "/init"
            && program != "service";
        return (!own).then_some((program, *why));
    }
    let second = words.get(1).map_or("", String::as_str);
    let installs = match program {
        "pip" | "pip3" => second == "install",
        "npm" | "yarn" | "pnpm" => matches!(second, "install" | "i" | "ci" | "add"),
        "python" | "python3" => words.get(1..4).is_some_and(|w| w == ["-m", "pip", "install"]),
        "bundle" | "composer" | "gem" => second == "install",
        _ => false,
    };
    if installs {
        return Some((program, "installs packages when the container starts"));
    }
    let builds = match program {
        "mvn" | "mvnw" | "gradle" | "gradlew" => true,
        "cargo" | "go" => matches!(second, "run" | "build" | "test" | "watch"),
        "dotnet" => matches!(second, "run" | "watch" | "build" | "test"),
        _ => false,
    };
    if builds {
        return Some((program, "builds the program when the container starts, in directories of root"));
    }
    (program == "busybox").then(|| needs_root(&words[1..])).flatten()
}

fn base(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn of_words(words: &[String]) -> Vec<Vec<String>> {
    let mut words = words;
    while let Some(program) = words.first() {
        let program = base(program);
        if is_shell(program) {
            let at =
                words.iter().position(|w| w.starts_with('-') && !w.starts_with("--") && w.ends_with('c'));
            return match at.and_then(|at| words.get(at + 1)) {
                Some(line) => of_line(line),
                None => vec![words.to_vec()],
            };
        }
        if !WRAPPERS.contains(&program) {
            break;
        }
        let rest = &words[1..];
        let after = rest.iter().position(|w| w == "--").map(|at| at + 1);
        let first = rest.iter().position(|w| !w.starts_with('-') && !w.contains('='));
        words = &rest[after.or(first).unwrap_or(rest.len())..];
    }
    if words.is_empty() { Vec::new() } else { vec![words.to_vec()] }
}

fn parsed(line: &str) -> Vec<shell::Command> {
    let text = Text::new(line, SourceId(0), 0);
    let span = text.span();
    shell::parse(&Script { text, span, heredoc: false, broken_json: None }).commands
}

/// The commands of a line for the shell.
fn of_line(line: &str) -> Vec<Vec<String>> {
    let commands = parsed(line);
    let words = commands.iter().filter_map(|command| {
        let name = command.name.as_ref()?;
        let words = std::iter::once(name).chain(&command.args);
        Some(words.map(|w| w.value.as_deref().unwrap_or(&w.text).to_owned()).collect::<Vec<_>>())
    });
    words.flat_map(|words| of_words(&words)).collect()
}
