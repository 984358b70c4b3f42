//! The ports that a service listens on, and what is spoken there.

use super::Told;
use crate::convert::unit::Listening;
use crate::images::{Facts, ListedPort};
use crate::project::compose::Item;
use crate::project::entry::Place;
use crate::project::links::{Call, Callee};
use crate::project::{Action, Container, EnvValue, Port};

/// How many ports one range may have: a Service lists each.
pub(super) const RANGE: u16 = 64;

/// The names that IANA or their makers gave ports on which no HTTP is spoken.
const NAMES: [(u16, &str); 71] = [
    (21, "ftp"),
    (22, "ssh"),
    (23, "telnet"),
    (25, "smtp"),
    (53, "dns"),
    (110, "pop3"),
    (123, "ntp"),
    (139, "netbios-ssn"),
    (143, "imap"),
    (161, "snmp"),
    (389, "ldap"),
    (445, "smb"),
    (465, "submissions"),
    (514, "syslog"),
    (587, "submission"),
    (636, "ldaps"),
    (853, "dns-tls"),
    (873, "rsync"),
    (993, "imaps"),
    (995, "pop3s"),
    (1025, "smtp"),
    (1433, "mssql"),
    (1521, "oracle"),
    (1883, "mqtt"),
    (1935, "rtmp"),
    (2049, "nfs"),
    (2181, "zookeeper"),
    (2222, "ssh"),
    (2345, "debug"),
    (2375, "docker"),
    (2376, "docker-tls"),
    (2379, "etcd"),
    (2380, "etcd-peer"),
    (3306, "mysql"),
    (3389, "rdp"),
    (3478, "stun"),
    (4222, "nats"),
    (4317, "otlp-grpc"),
    (4369, "epmd"),
    (5005, "debug"),
    (5044, "beats"),
    (5060, "sip"),
    (5222, "xmpp-client"),
    (5432, "postgresql"),
    (5671, "amqps"),
    (5672, "amqp"),
    (5900, "vnc"),
    (6334, "qdrant-grpc"),
    (6379, "redis"),
    (6432, "pgbouncer"),
    (6650, "pulsar"),
    (7233, "temporal"),
    (7687, "bolt"),
    (8883, "mqtts"),
    (9042, "cql"),
    (9092, "kafka"),
    (9093, "kafka"),
    (9094, "kafka"),
    (9229, "debug"),
    (9300, "transport"),
    (9418, "git"),
    (11211, "memcached"),
    (19530, "milvus"),
    (25565, "minecraft"),
    (26257, "cockroach"),
    (26379, "redis-sentinel"),
    (27017, "mongodb"),
    (29092, "kafka"),
    (50051, "grpc"),
    (61616, "openwire"),
    (33060, "mysqlx"),
];

/// The ports on which programs let a debugger in.
pub(super) fn is_for_debuggers(number: u16) -> bool {
    NAMES.iter().any(|(known, name)| *known == number && *name == "debug")
}

/// The name of what is spoken on a port by its number, where that is not HTTP.
pub(super) fn known(number: u16) -> Option<&'static str> {
    NAMES.iter().find(|(known, _)| *known == number).map(|(_, name)| *name)
}

/// A port before it has its name.
struct Found {
    number: u16,
    protocol: &'static str,
    published: bool,
    span: Option<crate::Span>,
    name: Option<String>,
}

fn protocol(word: &str) -> &'static str {
    match word {
        "udp" => "UDP",
        "sctp" => "SCTP",
        _ => "TCP",
    }
}

/// Whether an address of the host is reached from it alone.
pub(super) fn is_loopback(address: &str) -> bool {
    let address = address.trim_matches(['[', ']']);
    address == "localhost" || address.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Whether a variable says who may call, what others are told, or what browsers call: it makes no call of its own.
pub(super) fn says_no_call(variable: &str) -> bool {
    let name = variable.to_ascii_uppercase();
    [
        "CORS",
        "ORIGIN",
        "ALLOWED",
        "TRUSTED",
        "CSRF",
        "ADVERTISED",
        "LISTENER",
        "SERVER_NAME",
        "VIRTUAL_HOST",
        "WHITELIST",
        "ALLOWLIST",
        "REDIRECT_UR",
        "CALLBACK",
        "NO_PROXY",
    ]
    .iter()
    .any(|word| name.contains(word))
}

/// The calls of others to a container of the same project.
fn calls<'p>(told: &Told<'p>) -> impl Iterator<Item = &'p Call> {
    let id = told.container.id;
    told.project.links.calls.iter().filter(move |call| {
        call.to == Callee::Container(id)
            && call.from != id
            && !call.variable.as_deref().is_some_and(says_no_call)
    })
}

/// The scheme of the address by which a call names its host.
fn scheme<'p>(told: &Told<'p>, call: &Call) -> Option<&'p str> {
    let from = told.project.containers.get(call.from.0 as usize)?;
    let texts: Vec<&str> = if let Some(name) = &call.variable {
        let variable = from.env.iter().rev().find(|v| v.name.value == *name)?;
        let EnvValue::Literal(text) = variable.value.value()? else { return None };
        vec![text]
    } else {
        let words = [from.entrypoint.value(), from.command.value()];
        words.into_iter().flatten().flatten().map(String::as_str).collect()
    };
    texts.into_iter().find_map(|text| {
        text.match_indices(call.host.as_str()).find_map(|(at, _)| {
            let before = &text[..at];
            // A user and a password may stand between.
            let before = match before.strip_suffix('@') {
                Some(before) => &before[..before.rfind("://")? + 3],
                None => before,
            };
            let before = before.strip_suffix("://")?;
            let start = before.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || c == '+').len();
            Some(&before[start..])
        })
    })
}

fn is_http(scheme: &str) -> bool {
    matches!(scheme, "http" | "https" | "ws" | "wss")
}

/// The ports that a service listens on: those it publishes or exposes, those its image declares, those that others call.
pub(in crate::convert) fn listening(told: &Told<'_>) -> Vec<Listening> {
    let container = told.container;
    let mut found: Vec<Found> = Vec::new();
    for port in container.ports.iter().filter(|p| p.container_end - p.container < RANGE) {
        for number in port.container..=port.container_end {
            add(&mut found, number, port);
        }
    }
    let written =
        ["ports", "expose"].iter().any(|key| told.item.get(key).is_some_and(|i| !i.items().is_empty()));
    let image_port = found.is_empty() || !written;
    if let Some(facts) = of_image(told).filter(|_| !image_port) {
        // Who calls a server by its name alone calls it on the port of its image.
        let main = facts.ports.iter().find(|p| !is_http_by_purpose(p)).filter(|p| p.protocol == "tcp");
        if let Some(main) = main
            && known(main.port).is_some()
            && calls(told).any(|call| call.port.is_none())
        {
            add_number(&mut found, main.port);
        }
    }
    for call in calls(told) {
        let number = match call.port {
            Some(port) => port,
            None if scheme(told, call).is_some_and(is_http) && found.is_empty() => 80,
            None => continue,
        };
        // Who calls a port of the host is wrong, and was so before.
        let of_host = container.ports.iter().any(|p| {
            p.host.is_some_and(|host| {
                (host..=host.saturating_add(p.container_end - p.container)).contains(&number)
            })
        });
        if !of_host && number > 0 {
            add_number(&mut found, number);
        }
    }
    if found.is_empty()
        && let Some(listening) = told.project.listening(Place::Container(container))
    {
        listening.ports.into_iter().for_each(|number| add_number(&mut found, number));
    }
    let asked = asked(told);
    if found.is_empty()
        && let Some(number) = asked.as_ref().and_then(|(number, _)| *number)
    {
        add_number(&mut found, number);
    }
    if found.is_empty()
        && let Some(number) = own_port(container)
    {
        add_number(&mut found, number);
    }
    // What is built here runs without the developer who would attach one.
    if told.stage.is_some() {
        found.retain(|port| !is_for_debuggers(port.number));
    }
    named(told, found, asked)
}

fn add(found: &mut Vec<Found>, number: u16, port: &Port) {
    let protocol = protocol(&port.protocol);
    let published = port.published && !port.host_ip.as_deref().is_some_and(is_loopback);
    if let Some(known) = found.iter_mut().find(|p| p.number == number && p.protocol == protocol) {
        known.published |= published;
        return;
    }
    let name = port.name.as_ref().map(|name| name.value.clone());
    found.push(Found { number, protocol, published, span: Some(port.span), name });
}

fn add_number(found: &mut Vec<Found>, number: u16) {
    if !found.iter().any(|p| p.number == number && p.protocol == "TCP") {
        found.push(Found { number, protocol: "TCP", published: false, span: None, name: None });
    }
}

/// What the health check asks by HTTP (true) or TCP, and on which port.
fn asked(told: &Told<'_>) -> Option<(Option<u16>, bool)> {
    let check = told.container.healthcheck.as_ref()?;
    let check = check.understood(told.stage.map(crate::project::Stage::end));
    match &check.action {
        Action::Http { .. } => Some((check.port(), true)),
        Action::Tcp(_) => Some((check.port(), false)),
        _ => None,
    }
}

/// What is known of the public image, at least of its newest version: ports hardly change.
fn of_image(told: &Told<'_>) -> Option<&'static Facts> {
    let image = || told.facts.or_else(|| crate::convert::storage::nature(told.container));
    if told.stage.is_none() { image() } else { None }
}

/// The variable that many programs read their port from.
fn own_port(container: &Container) -> Option<u16> {
    let variable = container.env.iter().rev().find(|v| v.name.value == "PORT")?;
    match variable.value.value()? {
        EnvValue::Literal(text) => text.parse().ok().filter(|port| *port > 0),
        _ => None,
    }
}

fn is_http_by_purpose(port: &ListedPort) -> bool {
    let purpose = port.purpose.as_deref().unwrap_or_default();
    purpose.contains("http")
        || purpose.contains(" ui")
        || purpose == "s3 api"
        || purpose.starts_with("prometheus")
}

/// Gives ports their names and says where HTTP is spoken.
fn named(told: &Told<'_>, found: Vec<Found>, asked: Option<(Option<u16>, bool)>) -> Vec<Listening> {
    let spoken = Spoken::of(told, asked);
    let http: Vec<bool> = found.iter().map(|p| p.protocol == "TCP" && spoken.http(told, p.number)).collect();
    let mut taken: Vec<String> = Vec::new();
    let ports = found.into_iter().zip(http).map(|(port, http)| {
        let number = port.number;
        let lower = port.protocol.to_ascii_lowercase();
        let plain = if http { format!("http-{number}") } else { format!("{lower}-{number}") };
        let own = port.name.as_deref().and_then(port_name);
        let usual = match known(number) {
            _ if http && super::exposure::is_encrypted(number) => Some("https".to_owned()),
            _ if http => Some("http".to_owned()),
            Some(name) if port.protocol == "TCP" || name == "dns" => port_name(name),
            _ => None,
        };
        let names = [own, usual, Some(plain)];
        let name = names.into_iter().flatten().find(|name| !taken.contains(name));
        let name = name.unwrap_or_else(|| format!("{lower}{number}"));
        taken.push(name.clone());
        Listening {
            name,
            number,
            target: number,
            protocol: port.protocol,
            http,
            published: port.published,
            span: port.span,
        }
    });
    ports.collect()
}

/// A text as the name of a port: at most 15 of `a-z`, `0-9` and single `-`, with a letter; `None` where none is left.
fn port_name(text: &str) -> Option<String> {
    let label = crate::convert::names::dns_label(text);
    let name = crate::convert::names::cut(&label, 15).to_owned();
    (!name.is_empty()).then_some(name)
}

/// What tells where HTTP is spoken.
struct Spoken {
    /// Ports on which something shows that it is.
    yes: Vec<u16>,
    /// Ports on which something shows that it is not.
    no: Vec<u16>,
}

impl Spoken {
    fn of(told: &Told<'_>, asked: Option<(Option<u16>, bool)>) -> Self {
        let (mut yes, mut no) = (Vec::new(), Vec::new());
        for item in told.item.get("ports").map(Item::items).unwrap_or_default() {
            let target = item.get("target").and_then(Item::as_int).and_then(|port| u16::try_from(port).ok());
            let spoken = item.get("app_protocol").and_then(Item::as_str);
            if let (Some(target), Some(spoken)) = (target, spoken) {
                if spoken.starts_with("http") || spoken.ends_with("ws") { &mut yes } else { &mut no }
                    .push(target);
            }
        }
        if let Some((Some(port), true)) = asked {
            yes.push(port);
        }
        if let Some(facts) = of_image(told) {
            for port in &facts.ports {
                match &port.purpose {
                    _ if is_http_by_purpose(port) => yes.push(port.port),
                    Some(_) => no.push(port.port),
                    None => {}
                }
            }
            let health =
                facts.http_health.as_deref().and_then(|text| text.rsplit(':').next()?.parse::<u16>().ok());
            yes.extend(health);
        }
        for call in calls(told) {
            if let (Some(port), Some(scheme)) = (call.port, scheme(told, call)) {
                if is_http(scheme) { &mut yes } else { &mut no }.push(port);
            }
        }
        yes.extend(by_labels(told));
        if let Some(listening) = told.project.listening(Place::Container(told.container)) {
            yes.extend(listening.ports);
        }
        Self { yes, no }
    }

    fn http(&self, told: &Told<'_>, number: u16) -> bool {
        if self.yes.contains(&number) {
            return true;
        }
        if self.no.contains(&number) || known(number).is_some() {
            return false;
        }
        match of_image(told) {
            // Images whose ports are listed without a purpose serve what their makers are known for.
            Some(facts) if facts.ports.iter().any(|p| p.port == number && p.purpose.is_none()) => {
                matches!(number, 80 | 443 | 3000..=3999 | 4444 | 8000..=8999 | 9000 | 9090)
            }
            Some(facts) if facts.stateful == Some(true) => matches!(number, 80 | 8000..=8999),
            // Most of what people build, and of what they publish, is for browsers and their like.
            _ => true,
        }
    }
}

/// The ports that Traefik, nginx-proxy and Caddy are told by labels or variables to send HTTP to.
fn by_labels(told: &Told<'_>) -> Vec<u16> {
    let labels = told.item.get("labels").map(Item::entries).unwrap_or_default();
    let mut ports = Vec::new();
    for (name, item) in labels {
        let text = item.to_text().unwrap_or_default();
        if name.starts_with("traefik.http.services.") && name.ends_with(".server.port") {
            ports.extend(text.parse::<u16>());
        } else if name.starts_with("caddy") && name.ends_with("reverse_proxy") {
            let digits: String = text.chars().filter(char::is_ascii_digit).collect();
            ports.extend(digits.parse::<u16>());
        }
    }
    let variable = told.container.env.iter().find(|v| v.name.value == "VIRTUAL_PORT");
    if let Some(EnvValue::Literal(text)) = variable.and_then(|v| v.value.value()) {
        ports.extend(text.parse::<u16>());
    }
    ports
}
