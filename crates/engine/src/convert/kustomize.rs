//! A Kustomize base, overlays from override files and components from profiles.
//!
//! An overlay is the difference between what is made of the base's files and of all files. ConfigMaps with digests are
//! generated, so that Kustomize gives them the digest of what an overlay makes of them.

mod patch;

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8PathBuf;
use seaworthy_syntax::{Kind, Source};

use super::manifests::{shared, source};
use super::node::{Field, Node, Settled, field, object};
use super::tree::{Map, Tree};
use super::yaml::{Style, comment};
use super::{Object, Options, Plan, Ready};

/// The files of a base, its overlays and its components.
pub(super) fn files(ready: &Ready, options: &Options, explain: bool) -> Vec<Source> {
    let style = Style { explain, template: false };
    let Some(base) = ready.plan(&ready.chains.base, options) else { return Vec::new() };
    let mut files = base_files(&base, style);
    for (name, chain) in &ready.chains.overlays {
        let Some(plan) = ready.plan(chain, options) else { continue };
        let directory = format!("overlays/{name}");
        let chain: Vec<&str> = chain.iter().map(|path| path.as_str()).collect();
        let title = format!("What {} make of the base.", chain.join(" and "));
        files.extend(difference(&base, &plan, &directory, &title, false, style));
    }
    for profile in profiles(&base) {
        let profiles = options.profiles.iter().cloned().chain([profile.clone()]).collect();
        let Some(plan) = ready.plan(&ready.chains.base, &Options { profiles, ..options.clone() }) else {
            continue;
        };
        let directory = format!("components/{}", super::names::dns_label(&profile));
        let title = format!("What the profile {profile} adds; name it under `components` of an overlay.");
        files.extend(difference(&base, &plan, &directory, &title, true, style));
    }
    let mut seen = BTreeSet::new();
    files.retain(|file| seen.insert(file.path.clone()));
    files
}

/// The profiles that start services which do not run yet.
fn profiles(plan: &Plan) -> BTreeSet<String> {
    let resting = plan.services.iter().filter(|service| !service.enabled);
    resting.flat_map(|service| service.profiles.iter().cloned()).collect()
}

/// What runs, by the names of files.
fn grouped(plan: &Plan) -> Vec<(String, Vec<&Object>)> {
    let mut files = shared(plan, ["namespace", "network", "storage", "shared"]);
    let running = plan.services.iter().filter(|service| service.enabled);
    files.extend(running.map(|service| (service.name.clone(), service.objects.iter().collect())));
    files
}

/// An object as it is before Kustomize gives it its namespace, and its ConfigMaps their digests.
fn bare(of: &Object) -> Node {
    object(of, None, &mut Settled::default())
}

fn base_files(plan: &Plan, style: Style) -> Vec<Source> {
    let mut files = Vec::new();
    let (mut resources, mut generated) = (Vec::new(), Vec::new());
    for (name, objects) in grouped(plan) {
        let (configs, objects): (Vec<&Object>, Vec<&Object>) = objects.into_iter().partition(|o| o.hashed);
        generated.extend(configs.into_iter().map(|config| generator(config, "base", &mut files)));
        if objects.is_empty() {
            continue;
        }
        let texts: Vec<String> = objects.iter().map(|object| style.document(&bare(object))).collect();
        let name = format!("{name}.yaml");
        files.push(source(format!("base/{name}"), texts.join("---\n")));
        resources.push(Node::from(name));
    }
    let mut whole = head("kustomize.config.k8s.io/v1beta1", "Kustomization");
    whole.push(field("namespace", plan.name.as_str()));
    whole.push(field("resources", resources));
    if !generated.is_empty() {
        whole.push(field("configMapGenerator", generated));
    }
    let images = images(plan);
    if !images.is_empty() {
        let why = "The images that are built here: `kustomize edit set image` changes their tags.";
        whole.push(Field { key: "images".into(), value: images.into(), why: Some(why.into()) });
    }
    let text = Style { explain: true, template: false }.document(&Node::Map(whole));
    files.push(source("base/kustomization.yaml", text));
    files
}

fn head(api_version: &str, kind: &str) -> Vec<Field> {
    vec![field("apiVersion", api_version), field("kind", kind)]
}

/// The images that are built here and have one tag.
fn images(plan: &Plan) -> Vec<Node> {
    fn collect(tree: &Tree, found: &mut BTreeMap<String, BTreeSet<(bool, String)>>) {
        match tree {
            Tree::Image(image) => {
                let tag = image.tag.as_ref().map(ToString::to_string).unwrap_or_default();
                let usable = image.built && image.digest.is_none() && !tag.is_empty();
                found.entry(image.repository.to_string()).or_default().insert((usable, tag));
            }
            Tree::List(items) => items.iter().for_each(|item| collect(item, found)),
            Tree::Map(Map { entries }) => entries.iter().for_each(|entry| collect(&entry.value, found)),
            Tree::Value(_, first) => collect(first, found),
            _ => {}
        }
    }
    let mut found = BTreeMap::new();
    for object in plan.services.iter().filter(|s| s.enabled).flat_map(|service| &service.objects) {
        object.body.entries.iter().for_each(|entry| collect(&entry.value, &mut found));
    }
    let single = found.into_iter().filter_map(|(repository, tags)| match tags.into_iter().next_back() {
        Some((true, tag)) => Some((repository, tag)),
        _ => None,
    });
    single.map(|(name, tag)| Node::Map(vec![field("name", name), field("newTag", tag)])).collect()
}

/// What generates a ConfigMap. What no line of a generator can say is a file beside it.
fn generator(config: &Object, directory: &str, files: &mut Vec<Source>) -> Node {
    let bare = bare(config);
    let mut whole = vec![field("name", config.name.as_str())];
    let entries = |key: &str| match bare.get(key) {
        Some(Node::Map(fields)) => fields.clone(),
        _ => Vec::new(),
    };
    let (mut literals, mut named) = (Vec::new(), Vec::new());
    let mut add_file = |key: &str, bytes: Vec<u8>| {
        let path = format!("files/{}/{key}", config.name);
        let whole = Utf8PathBuf::from(directory).join(&path);
        files.push(Source::from_bytes(whole, Kind::Ignore, bytes));
        named.push(Node::from(format!("{key}={path}")));
    };
    for Field { key, value, .. } in entries("data") {
        let text = value.as_str().unwrap_or_default();
        // The generator takes quotes off the ends of what it is told.
        if text.contains('\n') || text.starts_with(['"', '\'']) || text.ends_with(['"', '\'']) {
            add_file(&key, text.as_bytes().to_vec());
        } else {
            literals.push(Node::from(format!("{key}={text}")));
        }
    }
    for Field { key, value, .. } in entries("binaryData") {
        if let Some(bytes) = value.as_str().and_then(decoded) {
            add_file(&key, bytes);
        }
    }
    if !literals.is_empty() {
        whole.push(field("literals", literals));
    }
    if !named.is_empty() {
        whole.push(field("files", named));
    }
    let metadata = bare.get("metadata");
    let mut generator_options: Vec<Field> = ["labels", "annotations"]
        .into_iter()
        .filter_map(|key| Some(field(key, metadata?.get(key)?.clone())))
        .collect();
    if let Some(immutable) = bare.get("immutable") {
        generator_options.push(field("immutable", immutable.clone()));
    }
    if !generator_options.is_empty() {
        whole.push(field("options", generator_options));
    }
    Node::Map(whole)
}

/// The bytes of a text in base 64; `None` where it is none.
fn decoded(text: &str) -> Option<Vec<u8>> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0_u32, 0);
    for digit in text.trim_end_matches('=').bytes() {
        let value = DIGITS.iter().position(|known| *known == digit)?;
        bits = bits << 6 | value as u32;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xff) as u8);
        }
    }
    Some(bytes)
}

/// An overlay or a component: what leads from one plan to another.
fn difference(
    from: &Plan,
    to: &Plan,
    directory: &str,
    title: &str,
    component: bool,
    style: Style,
) -> Vec<Source> {
    let mut files = Vec::new();
    let objects =
        |plan| -> Vec<&Object> { grouped(plan).into_iter().flat_map(|(_, objects)| objects).collect() };
    // There is one Namespace, whatever it is called.
    let key = |object: &Object| match object.kind {
        "Namespace" => (object.kind, String::new()),
        kind => (kind, object.name.clone()),
    };
    let mut old: BTreeMap<_, &Object> =
        objects(from).into_iter().map(|object| (key(object), object)).collect();
    let (mut resources, mut generated, mut patches) = (Vec::new(), Vec::new(), Vec::new());
    let replacing = |config: &Object, behavior: &str, files: &mut Vec<Source>| {
        let Node::Map(mut fields) = generator(config, directory, files) else { return Node::Null };
        fields.insert(1, field("behavior", behavior));
        fields.insert(1, field("namespace", from.name.as_str()));
        Node::Map(fields)
    };
    for (name, group) in grouped(to) {
        let mut added = Vec::new();
        for object in group {
            let Some(before) = old.remove(&key(object)).filter(|before| before.hashed == object.hashed)
            else {
                if object.hashed {
                    generated.push(replacing(object, "create", &mut files));
                } else {
                    added.push(style.document(&bare(object)));
                }
                continue;
            };
            let (was, is) = (bare(before), bare(object));
            if was == is || object.kind == "Namespace" && patch::body(&was) == patch::body(&is) {
                continue;
            }
            if object.hashed {
                generated.push(replacing(object, "replace", &mut files));
                continue;
            }
            let file = format!("{}-{}.yaml", object.name, object.kind.to_ascii_lowercase());
            let mut entry = vec![field("path", file.as_str())];
            let text = if let Some(merged) = patch::merging(&was, &is) {
                style.document(&merged)
            } else {
                let target = vec![field("kind", before.kind), field("name", before.name.as_str())];
                entry.push(field("target", target));
                style.document(&Node::List(patch::operations(&was, &is)))
            };
            files.push(source(format!("{directory}/{file}"), text));
            patches.push(Node::Map(entry));
        }
        if !added.is_empty() {
            let name = format!("{name}.yaml");
            files.push(source(format!("{directory}/{name}"), added.join("---\n")));
            resources.push(Node::from(name));
        }
    }
    for object in old.into_values() {
        let file = format!("{}-{}.yaml", object.name, object.kind.to_ascii_lowercase());
        let mut whole = head(object.api_version, object.kind);
        whole.push(field("metadata", vec![field("name", object.name.as_str())]));
        whole.push(field("$patch", "delete"));
        files.push(source(format!("{directory}/{file}"), style.document(&Node::Map(whole))));
        patches.push(Node::Map(vec![field("path", file)]));
    }
    let mut whole = if component {
        head("kustomize.config.k8s.io/v1alpha1", "Component")
    } else {
        head("kustomize.config.k8s.io/v1beta1", "Kustomization")
    };
    whole.push(field("namespace", to.name.as_str()));
    if !component {
        resources.insert(0, Node::from("../../base"));
    }
    let images = if component { added_images(from, to) } else { Vec::new() };
    let parts = [
        ("resources", resources),
        ("configMapGenerator", generated),
        ("patches", patches),
        ("images", images),
    ];
    whole.extend(parts.into_iter().filter(|(_, list)| !list.is_empty()).map(|(key, list)| field(key, list)));
    let mut text = String::new();
    comment(title, 0, &mut text);
    text.push_str(&style.document(&Node::Map(whole)));
    files.push(source(format!("{directory}/kustomization.yaml"), text));
    files
}

/// The images that only the second plan has.
fn added_images(from: &Plan, to: &Plan) -> Vec<Node> {
    let known = images(from);
    images(to).into_iter().filter(|image| !known.contains(image)).collect()
}
