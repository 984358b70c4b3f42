//! Plans of small projects, and what is in them.
#![expect(clippy::unwrap_used, reason = "a project that makes no plan has failed")]

use camino::{Utf8Path, Utf8PathBuf};
use seaworthy_engine::convert::{self, Asked, Map, Object, Options, Plan, Ready, Tree};
use seaworthy_engine::{Config, Files, Kind, Project, Source, SourceId, parse};

/// A project of files, whose Compose files are read together as `chains` says.
pub(crate) fn project(files: &[(&str, &str)], chains: Vec<Vec<Utf8PathBuf>>) -> Project {
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
    known.chains = chains;
    Project::of(parses, known)
}

pub(crate) fn plan_with(files: &[(&str, &str)], options: &Options) -> Plan {
    let project = project(files, Vec::new());
    let chains = convert::chains(&project, Asked::Directory(Utf8Path::new(""))).unwrap();
    let ready = Ready::new(project, &Config::default(), chains, "app");
    ready.plan(&ready.chains.whole, options).unwrap()
}

pub(crate) fn plan(compose: &str) -> Plan {
    plan_with(&[("compose.yaml", compose)], &Options::default())
}

pub(crate) fn objects<'p>(plan: &'p Plan, kind: &str) -> Vec<&'p Object> {
    let all = plan.services.iter().flat_map(|s| &s.objects).chain(&plan.shared);
    all.filter(|o| o.kind == kind).collect()
}

/// A value in one line.
pub(crate) fn text(tree: &Tree) -> String {
    match tree {
        Tree::Bool(value) => value.to_string(),
        Tree::Int(value) => value.to_string(),
        Tree::Text(value) => value.to_string(),
        Tree::List(list) => format!("[{}]", list.iter().map(text).collect::<Vec<_>>().join(", ")),
        Tree::Map(map) => map_text(map),
        Tree::Value(_, value) => text(value),
        Tree::Image(image) => image.repository.to_string(),
        Tree::Config(name) => name.clone(),
    }
}

pub(crate) fn map_text(map: &Map) -> String {
    let entries: Vec<String> = map.entries.iter().map(|e| format!("{}: {}", e.key, text(&e.value))).collect();
    format!("{{{}}}", entries.join(", "))
}

pub(crate) fn get<'t>(object: &'t Object, path: &[&str]) -> Option<&'t Tree> {
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

pub(crate) fn row<'p>(plan: &'p Plan, key: &str) -> (&'static str, &'p str) {
    let row = plan.carried.rows.iter().find(|row| row.key == key);
    let row = row.unwrap_or_else(|| panic!("no row for {key}: {:#?}", plan.carried.rows));
    (row.fate.as_str(), &row.note)
}
