use std::collections::BTreeSet;

use camino::Utf8Path;
use seaworthy_syntax::yaml::edit;

use crate::project::compose::{Composition, Item};
use crate::project::{Place, Project};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "unused-definition",
    summary: "a network, volume, config or secret that no service uses",
    since: "0.1.0",
    docs: include_str!("unused_definition.md"),
    aliases: &[],
    category: Category::Correctness,
    severity: Severity::Low,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Project(check),
};

const KINDS: [&str; 4] = ["networks", "volumes", "configs", "secrets"];

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    // A file may be part of several projects, of which one is enough to use what it defines.
    let used: BTreeSet<_> = project.compositions.iter().flat_map(used).collect();
    for composition in project.compositions.iter().filter(|c| !c.is_incomplete()) {
        for kind in KINDS {
            for (name, item) in composition.model.get(kind).map(Item::entries).unwrap_or_default() {
                let Some((key, place)) = item.key.zip(item.place) else { continue };
                let here = composition.files.contains(&key.source) && has_services(project, place);
                // Compose joins every service to this network, or nobody does because one says `network_mode`.
                let refers = |(of, named, from): &Reference<'_>| {
                    *of == kind
                        && named.is_none_or(|named| named == name)
                        && near(from, &composition.directory)
                };
                let used = used.iter().any(refers);
                if !here || used || kind == "networks" && name == "default" {
                    continue;
                }
                let message = format!("no service uses `{name}` of `{kind}`");
                let entry = project.node(place).and_then(seaworthy_syntax::yaml::Node::as_entry);
                ctx.report(key, message).fix(
                    Safety::Unsafe,
                    "Remove it",
                    entry.filter(|e| e.key.span() == key).map(edit::remove),
                );
            }
        }
    }
}

fn near(a: &Utf8Path, b: &Utf8Path) -> bool {
    a.starts_with(b) || b.starts_with(a)
}

/// A reference to a definition of a kind by its name, which may be any, and the directory of who refers.
type Reference<'p> = (&'static str, Option<&'p str>, &'p Utf8Path);

/// All that a project refers to, whether or not it defines it itself: its files may be laid over one that does.
fn used(composition: &Composition) -> BTreeSet<Reference<'_>> {
    let mut used = BTreeSet::new();
    let directory = composition.directory.as_path();
    let services = composition.model.get("services").map(Item::entries).unwrap_or_default();
    for (_, service) in services {
        for kind in KINDS {
            let Some(list) = service.get(kind) else { continue };
            used.extend(
                list.as_map().into_iter().flatten().map(|(name, _)| (kind, Some(name.as_str()), directory)),
            );
            for item in list.items() {
                let source = item.get("source").unwrap_or(item);
                // A variable without value may name any.
                let name = source.as_str().filter(|_| !source.is_unknown());
                if name.is_some() || source.is_unknown() {
                    used.insert((kind, name, directory));
                }
            }
        }
        let build = service.at_path(&["build", "secrets"]).map(Item::items).unwrap_or_default();
        let names = build.iter().filter_map(|item| item.get("source").unwrap_or(item).as_str());
        used.extend(names.map(|name| ("secrets", Some(name), directory)));
        if let Some(network) = service.at_path(&["build", "network"]).and_then(Item::as_str) {
            used.insert(("networks", Some(network), directory));
        }
    }
    if composition.is_incomplete() {
        used.extend(KINDS.map(|kind| (kind, None, directory)));
    }
    used
}

/// Whether services stand in the same file: one of definitions alone is for others to include.
fn has_services(project: &Project, place: Place) -> bool {
    let roots = project.parse(place.source).and_then(|parse| parse.yaml());
    roots
        .into_iter()
        .flat_map(|yaml| yaml.documents().flatten())
        .any(|root| root.get("services").is_some_and(|services| services.entries().next().is_some()))
}
