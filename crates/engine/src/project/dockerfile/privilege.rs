//! Programs that need root, as far as what an image starts tells.

use seaworthy_syntax::Span;

use super::identity::Obstacle;
use super::start::base;
use super::{ImageCommand, Project, Stage};
use crate::project::Origin;
use crate::project::listen::WebServer;

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
        let prepared = WebServer::of(self, project).is_some_and(|server| server.is_of_debian(self, project));
        (!of_image && !prepared).then(|| Obstacle {
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

    /// A place in this Dockerfile: the one that is meant, or the stage itself.
    fn nearest(&self, project: &Project, at: Span) -> Option<Span> {
        if at.source == self.source { Some(at) } else { self.from_span(project) }
    }
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
