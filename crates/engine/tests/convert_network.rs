//! Who reaches whom in what Compose projects become.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use seaworthy_engine::convert::{self, Asked, Map, Object, Options, Plan, Platform, Ready, Tree};
use seaworthy_engine::{Config, Files, Kind, Project, Source, SourceId, parse};

fn plan_with(files: &[(&str, &str)], options: &Options) -> Plan {
    let kind = |path: &str| match path {
        _ if path.contains("Dockerfile") => Some(Kind::Dockerfile),
        _ if path.contains("compose") => Some(Kind::Compose),
        _ => None,
    };
    let sources = files.iter().filter_map(|(path, text)| Some(Source::new(*path, kind(path)?, *text)));
    let parses: Vec<_> = sources.enumerate().map(|(id, source)| parse(SourceId(id as u32), source)).collect();
    let names = files.iter().map(|(path, _)| Utf8PathBuf::from(path)).collect();
    let mut known = Files::new(vec![Utf8PathBuf::new()], names);
    for (path, text) in files {
        known.add_text(path.into(), Some((*text).into()));
    }
    let project = Project::of(parses, known);
    let chains = convert::chains(&project, Asked::Directory(Utf8Path::new(""))).unwrap();
    let ready = Ready::new(project, &Config::default(), chains, "app");
    ready.plan(&ready.chains.whole, options).unwrap()
}

fn plan(compose: &str) -> Plan {
    plan_with(&[("compose.yaml", compose)], &Options::default())
}

fn objects<'p>(plan: &'p Plan, kind: &str) -> Vec<&'p Object> {
    let all = plan.services.iter().flat_map(|s| &s.objects).chain(&plan.shared);
    all.filter(|o| o.kind == kind).collect()
}

/// A value in one line.
fn text(tree: &Tree) -> String {
    match tree {
        Tree::Bool(value) => value.to_string(),
        Tree::Int(value) => value.to_string(),
        Tree::Text(value) => value.to_string(),
        Tree::List(list) => format!("[{}]", list.iter().map(text).collect::<Vec<_>>().join(", ")),
        Tree::Map(map) => map_text(map),
        Tree::Value(_, value) => text(value),
        Tree::Image(image) => image.repository.to_string(),
        Tree::Config(name) => name.clone(),
        #[allow(unreachable_patterns)]
        _ => "?".to_owned(),
    }
}

fn map_text(map: &Map) -> String {
    let entries: Vec<String> = map.entries.iter().map(|e| format!("{}: {}", e.key, text(&e.value))).collect();
    format!("{{{}}}", entries.join(", "))
}

fn get<'t>(object: &'t Object, path: &[&str]) -> Option<&'t Tree> {
    let (first, rest) = path.split_first()?;
    let mut tree = object.body.get(first)?;
    for key in rest {
        tree = match tree {
            Tree::Map(map) => map.get(key)?,
            Tree::List(list) => list.get(key.parse::<usize>().ok()?)?,
            _ => return None,
        };
    }
    Some(tree)
}

/// The Services, each with its ports: `web 80->http/TCP`.
fn services(plan: &Plan) -> Vec<String> {
    let of = |object: &&Object| {
        let Some(Tree::List(ports)) = get(object, &["spec", "ports"]) else {
            return format!("{} headless", object.name);
        };
        let ports: Vec<String> = ports
            .iter()
            .map(|port| {
                let Tree::Map(port) = port else { panic!("a port") };
                let of = |key: &str| port.get(key).map(text).unwrap_or_default();
                format!("{}->{}/{}", of("port"), of("targetPort"), of("protocol"))
            })
            .collect();
        format!("{} {}", object.name, ports.join(" "))
    };
    objects(plan, "Service").iter().map(of).collect()
}

/// The names under which something is reached from outside.
fn hosts(plan: &Plan) -> Vec<String> {
    let mut hosts = Vec::new();
    for object in objects(plan, "Ingress") {
        let Some(Tree::List(rules)) = get(object, &["spec", "rules"]) else { panic!("rules") };
        for rule in rules {
            let Tree::Map(rule) = rule else { panic!("a rule") };
            hosts.push(format!("{} {}", object.name, rule.get("host").map(text).unwrap_or_default()));
        }
    }
    hosts
}

/// Who is let to call whom, by the policies of callers and of the called; both have to say so.
fn edges(plan: &Plan) -> Vec<String> {
    let mut ways: BTreeMap<String, u8> = BTreeMap::new();
    for object in objects(plan, "NetworkPolicy") {
        for (direction, peers, bit) in [("egress", "to", 1), ("ingress", "from", 2)] {
            let Some(Tree::List(rules)) = get(object, &["spec", direction]) else { continue };
            for rule in rules {
                let Tree::Map(rule) = rule else { panic!("a rule") };
                let Some(Tree::List(list)) = rule.get(peers) else { continue };
                let ports = match rule.get("ports") {
                    Some(Tree::List(ports)) => {
                        let number = |port: &Tree| match port {
                            Tree::Map(port) => port.get("port").map(text).unwrap_or_default(),
                            _ => String::new(),
                        };
                        ports.iter().map(number).collect::<Vec<_>>().join(",")
                    }
                    _ => "*".to_owned(),
                };
                for peer in list {
                    let Tree::Map(peer) = peer else { panic!("a peer") };
                    if peer.get("namespaceSelector").is_some() || peer.get("ipBlock").is_some() {
                        continue;
                    }
                    let Some(Tree::Map(selector)) = peer.get("podSelector") else { continue };
                    let Some(Tree::Map(labels)) = selector.get("matchLabels") else { continue };
                    let name = labels.get("app.kubernetes.io/name").map(text).unwrap_or_default();
                    let way = if bit == 1 {
                        format!("{}->{name}:{ports}", object.name)
                    } else {
                        format!("{name}->{}:{ports}", object.name)
                    };
                    *ways.entry(way).or_default() |= bit;
                }
            }
        }
    }
    for (way, bits) in &ways {
        assert_eq!(*bits, 3, "{way} is let through on one side alone");
    }
    ways.into_keys().collect()
}

fn row<'p>(plan: &'p Plan, key: &str) -> (&'static str, &'p str) {
    let row = plan.carried.rows.iter().find(|row| row.key == key);
    let row = row.unwrap_or_else(|| panic!("no row for {key}: {:#?}", plan.carried.rows));
    (row.fate.as_str(), &row.note)
}

#[test]
fn dump() {
    let path = std::env::var("COMPOSE").unwrap_or_default();
    if path.is_empty() {
        return;
    }
    let text_of = std::fs::read_to_string(&path).unwrap();
    let plan =
        plan_with(&[("compose.yaml", &text_of)], &Options { platform: Platform::K3s, ..Options::default() });
    for object in plan.services.iter().flat_map(|s| &s.objects).chain(&plan.shared) {
        println!("{} {} {}", object.kind, object.name, map_text(&object.body));
    }
    for row in &plan.carried.rows {
        println!("{:<14}{}: {}", row.fate.as_str(), row.key, row.note);
    }
}
