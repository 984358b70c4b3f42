//! Who calls whom, as far as the project shows.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::Ipv4Addr;

use camino::Utf8Path;

use super::mentions::{By, mentions};
use super::{members, network, networks, pod_of, pod_ports, ports};
use crate::convert::plan::Out;
use crate::convert::unit::Unit;
use crate::project::compose::Item;
use crate::project::layout::What;
use crate::project::links::Callee;
use crate::project::listen::WebServer;
use crate::project::{EnvValue, ImageName, Volume};

/// The services of one pod call those of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Edge {
    /// Who calls.
    pub(super) from: usize,
    /// Who is called.
    pub(super) to: usize,
    /// The ports that are called, as peers call them; none for all.
    pub(super) ports: BTreeSet<u16>,
}

/// An address in a private network that a service calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Address {
    pub(super) ip: Ipv4Addr,
    pub(super) port: Option<u16>,
}

/// How many files of a directory that is mounted are looked at.
const FILES: usize = 64;

/// The calls between the pods of a project, and those to addresses of private networks, by service.
pub(super) fn find(
    units: &[Unit<'_>],
    named: &[Vec<Named<'_>>],
    out: &mut Out<'_>,
) -> (Vec<Edge>, Vec<Vec<Address>>) {
    let hosts = hosts(units);
    let fixed = fixed_addresses(units);
    let mut edges: Vec<Edge> = Vec::new();
    let mut addresses = Vec::new();
    for (at, unit) in units.iter().enumerate() {
        let mut called = Called::default();
        by_name(unit, units, &mut called);
        by_files(named.get(at).map(Vec::as_slice).unwrap_or_default(), units, &hosts, &mut called);
        by_labels(units, at, &mut called);
        told(unit, units, &hosts, &mut called, out);
        let (private, known) = by_address(unit, &fixed);
        addresses.push(private);
        known.into_iter().for_each(|(to, port)| called.add(to, port));
        for dependency in &unit.service.depends_on {
            let ends = dependency.condition == "service_completed_successfully";
            let to = units.iter().position(|u| u.service.name == dependency.service.value);
            if let Some(to) = to.filter(|to| !ends && !units[*to].kind.ends())
                && !called.0.contains_key(&to)
                && !serves_files_alone(unit)
            {
                called.add(to, None);
            }
        }
        for (to, ports) in called.0 {
            connect(&mut edges, units, (at, to), &ports);
        }
    }
    by_registry(units, &mut edges);
    edges.sort_by_key(|edge| (edge.from, edge.to));
    (edges, addresses)
}

/// Who asks a registry of services where others are may call all that do: nothing else names them.
fn by_registry(units: &[Unit<'_>], edges: &mut Vec<Edge>) {
    let is_registry = |unit: &Unit<'_>| {
        let image = unit.container.image.value().map(ImageName::short).unwrap_or_default();
        let names = [unit.service.name.as_str(), image];
        let known =
            ["eureka", "nacos", "consul", "discovery-server", "discovery-service", "service-registry"];
        names.iter().any(|name| known.iter().any(|known| name.contains(known)))
    };
    for registry in (0..units.len()).filter(|at| is_registry(&units[*at])) {
        let clients: Vec<usize> =
            edges.iter().filter(|edge| edge.to == registry).map(|edge| edge.from).collect();
        for from in &clients {
            for to in clients.iter().filter(|to| pod_ports(units, **to).next().is_some()) {
                if !edges.iter().any(|edge| edge.from == *from && edge.to == *to) {
                    connect(edges, units, (*from, *to), &BTreeSet::from([None]));
                }
            }
        }
    }
}

/// Whom a service calls, and on which ports; `None` for one that is not known.
#[derive(Default)]
struct Called(BTreeMap<usize, BTreeSet<Option<u16>>>);

impl Called {
    fn add(&mut self, to: usize, port: Option<u16>) {
        self.0.entry(to).or_default().insert(port);
    }
}

/// Adds a call, where both are in one network and in two pods.
fn connect(
    edges: &mut Vec<Edge>,
    units: &[Unit<'_>],
    (from, to): (usize, usize),
    called: &BTreeSet<Option<u16>>,
) {
    let meet = match (networks(units, from), networks(units, to)) {
        (Some(own), Some(other)) => own.iter().any(|name| other.contains(name)),
        _ => true,
    };
    let (from, to) = (pod_of(units, from), pod_of(units, to));
    if from == to || !meet {
        return;
    }
    let listens = |port: &u16| pod_ports(units, to).any(|p| p.number == *port && p.protocol == "TCP");
    let known: BTreeSet<u16> = called.iter().copied().flatten().filter(listens).collect();
    // Who calls a port that is not known may call any.
    let all = called.contains(&None) || known.is_empty();
    match edges.iter_mut().find(|edge| edge.from == from && edge.to == to) {
        Some(edge) if all || edge.ports.is_empty() => edge.ports.clear(),
        Some(edge) => edge.ports.extend(known),
        None => edges.push(Edge { from, to, ports: if all { BTreeSet::new() } else { known } }),
    }
}

/// The services by the names that all of their peers may call them by; the name of a service counts before the alias of
/// another.
fn hosts<'p>(units: &[Unit<'p>]) -> HashMap<&'p str, usize> {
    let mut hosts = HashMap::new();
    for (at, unit) in units.iter().enumerate() {
        let aliases = unit.service.networks.iter().flat_map(|network| &network.aliases);
        let others = [&unit.service.container_name, &unit.service.hostname].into_iter().flatten();
        for name in aliases.chain(others) {
            hosts.entry(name.value.as_str()).or_insert(at);
        }
    }
    for (at, unit) in units.iter().enumerate() {
        hosts.insert(unit.service.name.as_str(), at);
    }
    hosts
}

/// The calls that variables and commands name, and links.
fn by_name(unit: &Unit<'_>, units: &[Unit<'_>], called: &mut Called) {
    for call in unit.project.links.calls_of(unit.container.id) {
        if call.variable.as_deref().is_some_and(ports::says_no_call) {
            continue;
        }
        let Callee::Container(container) = call.to else { continue };
        if let Some(to) = units.iter().position(|u| u.container.id == container) {
            called.add(to, call.port);
        }
    }
    for link in unit.get(&["links"]).map(Item::items).unwrap_or_default() {
        let text = link.to_text().unwrap_or_default();
        let name = text.split(':').next().unwrap_or_default();
        if let Some(to) = units.iter().position(|u| u.service.name == name) {
            called.add(to, None);
        }
    }
}

/// The calls that `x-seaworthy` names.
fn told(
    unit: &Unit<'_>,
    units: &[Unit<'_>],
    hosts: &HashMap<&str, usize>,
    called: &mut Called,
    out: &mut Out<'_>,
) {
    let Some(list) = unit.says(&["calls"]) else { return };
    for (index, item) in list.items().iter().enumerate() {
        let text = item.to_text().unwrap_or_default();
        let (name, port) = text.split_once(':').unwrap_or((&text, ""));
        let key = unit.key(&format!("x-seaworthy.calls[{index}]"));
        match hosts.get(name) {
            Some(to) => {
                called.add(*to, port.parse().ok());
                let note = format!("a NetworkPolicy lets it call `{}`", units[*to].name);
                out.carried.mapped(key, item.span(), note);
            }
            None => out.carried.refused(key, item.span(), format!("no service is called `{name}`")),
        }
    }
}

/// A host that a file of a service names.
pub(super) struct Named<'p> {
    pub(super) host: &'p str,
    port: Option<u16>,
    by: By,
    /// Whether the file is code.
    code: bool,
}

impl Named<'_> {
    /// Whether it is a host for certain, and not a word that is called so.
    pub(super) fn is_certain(&self) -> bool {
        !self.code || matches!(self.by, By::Address | By::Port)
    }
}

/// The hosts that the files of services name, by service: settings that are mounted, settings and code in the image.
pub(super) fn named<'p>(units: &[Unit<'p>]) -> Vec<Vec<Named<'p>>> {
    let hosts = hosts(units);
    let known = |host: &str| hosts.contains_key(host);
    let of = |unit: &Unit<'p>| {
        let mut named = Vec::new();
        each_file(unit, &mut |text, code| {
            named.extend(mentions(text, &known).into_iter().filter_map(|mention| {
                let (host, _) = hosts.get_key_value(mention.host)?;
                Some(Named { host, port: mention.port, by: mention.by, code })
            }));
        });
        named
    };
    units.iter().map(of).collect()
}

/// The calls that files show.
fn by_files(named: &[Named<'_>], units: &[Unit<'_>], hosts: &HashMap<&str, usize>, called: &mut Called) {
    for named in named {
        let Some(to) = hosts.get(named.host).copied() else { continue };
        let listens = || named.port.is_some_and(|port| units[to].ports.iter().any(|p| p.number == port));
        // In code a word is a host only where nothing else is called so.
        let distinct = named.host.contains(['-', '_']);
        let counts = match named.by {
            By::Address => true,
            By::Port => listens(),
            By::Key => !named.code || distinct,
            By::Quotes => named.code && distinct,
        };
        if counts {
            called.add(to, named.port);
        }
    }
}

/// Looks at the files that say whom a service calls, each with whether it is code.
fn each_file(unit: &Unit<'_>, read: &mut dyn FnMut(&str, bool)) {
    let files = &unit.project.files;
    for mount in unit.mounts() {
        match &mount.volume {
            Volume::Bind(source) => {
                let source = Utf8Path::new(source);
                if files.is_file(source) {
                    files.text(source).into_iter().for_each(|text| read(text, is_code(source)));
                } else if !source.as_str().is_empty() && source != "." {
                    for path in files.below(source).take(FILES).filter(|path| is_settings(path)) {
                        files.text(&path).into_iter().for_each(|text| read(text, false));
                    }
                }
            }
            Volume::Config(name) => {
                let config = unit.composition.model.get("configs").and_then(|configs| configs.get(name));
                let content = config.and_then(|config| config.get("content")).and_then(Item::as_str);
                content.into_iter().for_each(|text| read(text, false));
                let file = config.and_then(|config| config.get("file")).and_then(Item::as_str);
                let text = file.and_then(|file| files.text(Utf8Path::new(file)));
                text.into_iter().for_each(|text| read(text, false));
            }
            _ => {}
        }
    }
    let Some(stage) = unit.stage else { return };
    for copied in stage.copied() {
        match &copied.what {
            What::File(path) if is_settings(path) => {
                files.text(path).into_iter().for_each(|text| read(text, false));
            }
            What::Directory(directory)
                if ["/etc/", "/usr/local/etc", "/opt/bitnami/"]
                    .iter()
                    .any(|etc| copied.target.starts_with(etc)) =>
            {
                for path in files.below(directory).take(FILES).filter(|path| is_settings(path)) {
                    files.text(&path).into_iter().for_each(|text| read(text, false));
                }
            }
            _ => {}
        }
    }
    for code in unit.project.code(stage) {
        read(code.text, true);
    }
}

fn is_code(path: &Utf8Path) -> bool {
    path.extension()
        .is_some_and(|end| matches!(end, "py" | "js" | "mjs" | "cjs" | "ts" | "go" | "rb" | "php" | "sh"))
}

/// Whether a file is one of settings by its name; those of other programs than the one that runs say who calls whom too,
/// but not that this one does.
fn is_settings(path: &Utf8Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    let ends = [
        "conf",
        "cfg",
        "cnf",
        "ini",
        "toml",
        "yml",
        "yaml",
        "json",
        "properties",
        "xml",
        "hcl",
        "template",
        "tmpl",
    ];
    let of_others = name.contains("compose") || name.starts_with("package") || name.ends_with("-lock.json");
    !of_others && (path.extension().is_some_and(|end| ends.contains(&end)) || name == "Caddyfile")
}

/// Whether a service is a web server that serves files and hands nothing on.
pub(super) fn serves_files_alone(unit: &Unit<'_>) -> bool {
    const HANDS_ON: [&str; 8] = [
        "proxy_pass",
        "fastcgi_pass",
        "uwsgi_pass",
        "grpc_pass",
        "ProxyPass",
        "reverse_proxy",
        "php_fastcgi",
        "server ",
    ];
    let Some(stage) = unit.stage else { return false };
    let Some(server) = WebServer::of(stage, unit.project).filter(|s| *s != WebServer::Haproxy) else {
        return false;
    };
    let Ok(settings) = server.settings(stage, unit.project) else { return false };
    let code = |text: &str| {
        text.lines().filter(|line| !line.trim_start().starts_with('#')).any(|line| {
            HANDS_ON.iter().any(|word| {
                // `server {` begins a site; `server web:80;` is somebody else.
                line.contains(word) && (*word != "server " || line.contains(';') && !line.contains('{'))
            })
        })
    };
    !settings.iter().any(|settings| code(&settings.text))
}

/// A proxy that is told by labels whom to send requests to calls all that have such labels.
fn by_labels(units: &[Unit<'_>], at: usize, called: &mut Called) {
    let Some(proxy) = super::exposure::label_proxy(&units[at]) else { return };
    for (to, unit) in units.iter().enumerate() {
        if to != at && super::exposure::is_labelled_for(unit, proxy) {
            called.add(to, None);
        }
    }
}

/// The addresses that networks of the project give services.
fn fixed_addresses(units: &[Unit<'_>]) -> HashMap<Ipv4Addr, usize> {
    let mut fixed = HashMap::new();
    for (at, unit) in units.iter().enumerate() {
        let networks = unit.get(&["networks"]).map(Item::entries).unwrap_or_default();
        for (_, network) in networks {
            let address = network.get("ipv4_address").and_then(Item::as_str);
            if let Some(address) = address.and_then(|text| text.parse().ok()) {
                fixed.insert(address, at);
            }
        }
    }
    fixed
}

/// The addresses of private networks that variables, commands and `extra_hosts` name: those outside of the project, and
/// services that have them.
fn by_address(
    unit: &Unit<'_>,
    fixed: &HashMap<Ipv4Addr, usize>,
) -> (Vec<Address>, Vec<(usize, Option<u16>)>) {
    let mut texts: Vec<String> = Vec::new();
    for variable in &unit.container.env {
        if let Some(EnvValue::Literal(text)) = variable.value.value()
            && !ports::says_no_call(&variable.name.value)
        {
            texts.push(text.clone());
        }
    }
    texts.extend(unit.container.command.value().into_iter().flatten().cloned());
    let hosts = unit.get(&["extra_hosts"]).map(Item::items).unwrap_or_default();
    texts.extend(hosts.iter().filter_map(Item::to_text));
    let (mut private, mut known) = (BTreeSet::new(), Vec::new());
    for text in &texts {
        for word in
            text.split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '.' | ':' | '/' | '-' | '_'))
        {
            let word = word.rsplit("://").next().unwrap_or(word);
            // A range of addresses is nobody to call.
            if word.split_once('/').is_some_and(|(_, rest)| rest.parse::<u8>().is_ok()) {
                continue;
            }
            let authority = word.split('/').next().unwrap_or(word);
            let (ip, port) = authority.split_once(':').unwrap_or((authority, ""));
            let Ok(ip) = ip.parse::<Ipv4Addr>() else { continue };
            let port = port.parse().ok();
            match fixed.get(&ip) {
                Some(to) => known.push((*to, port)),
                None if ip.is_private() && !in_own_network(unit, ip) => {
                    private.insert(Address { ip, port });
                }
                None => {}
            }
        }
    }
    (private.into_iter().collect(), known)
}

/// Whether an address lies in a network that the project makes: nobody has it in a cluster.
fn in_own_network(unit: &Unit<'_>, ip: Ipv4Addr) -> bool {
    let names = unit.service.networks.iter().map(|n| n.network.as_str()).chain(["default"]);
    names.filter_map(|name| network(unit, name)).any(|network| {
        let pools = network.at_path(&["ipam", "config"]).map(Item::items).unwrap_or_default();
        pools.iter().filter_map(|pool| pool.get("subnet")?.as_str()?.split_once('/')).any(|(base, bits)| {
            let (Ok(base), Ok(bits)) = (base.parse::<Ipv4Addr>(), bits.parse::<u32>()) else { return false };
            let shift = 32 - bits.min(32);
            shift < 32 && u32::from(base) >> shift == u32::from(ip) >> shift
        })
    })
}

/// Whether all networks of a pod keep it from the Internet.
pub(super) fn is_kept_inside(units: &[Unit<'_>], at: usize) -> bool {
    let Some(names) = networks(units, at) else { return false };
    let Some((_, unit)) = members(units, at).next() else { return false };
    names.iter().all(|name| {
        network(unit, name)
            .is_some_and(|network| network.get("internal").and_then(Item::as_bool) == Some(true))
    })
}
