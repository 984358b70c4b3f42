//! Builds Kustomize overlays as `kustomize build` does.
//!
//! What is not known how to build is refused: a remote base, a chart, a plugin, a path out of the folder. Objects are values that know
//! where they were written, so what an overlay comes to can be told at the patch or the base that caused it.

mod generate;
mod names;
mod patch;
mod replace;
mod transform;

use std::collections::BTreeSet;
use std::rc::Rc;

use crate::error::Failure;
use crate::helm::Rendered;
use crate::read_yaml;
use crate::text::{FileId, Text};
use crate::value::Value;
use crate::write_yaml;

/// How deep overlays may lie in each other.
const DEPTH: u32 = 24;

/// How many objects an overlay may come to.
const MOST: usize = 20_000;

/// What an overlay is built from: texts by their paths.
pub trait Files {
    /// The text of a file and the number that origins name it by; `None` where there is no such file.
    fn text(&self, path: &str) -> Option<(&str, Option<FileId>)>;

    /// The text of a file that a generator puts into an object as it is.
    fn content(&self, path: &str) -> Option<(&str, Option<FileId>)> {
        self.text(path)
    }

    /// Whether a folder is there, as far as that is known.
    fn is_directory(&self, path: &str) -> bool;
}

/// An object while an overlay is built.
#[derive(Clone, Debug)]
struct Resource {
    value: Value,
    /// The names and namespaces it had, the first that it was written with.
    before: Vec<(String, Option<String>)>,
    /// Whether its name gets a digest of its content.
    hashed: bool,
    /// How a generator of the same name above changes it.
    behavior: Behavior,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Behavior {
    Create,
    Merge,
    Replace,
}

impl Resource {
    fn new(value: Value) -> Self {
        let mut resource = Self { value, before: Vec::new(), hashed: false, behavior: Behavior::Create };
        resource.remember();
        resource
    }

    fn text(&self, path: &[&str]) -> Option<String> {
        let found = path.iter().try_fold(self.value.clone(), |value, key| value.get(key))?;
        (!found.is_nil()).then(|| found.display().as_str().to_owned())
    }

    fn kind(&self) -> String {
        self.text(&["kind"]).unwrap_or_default()
    }

    fn api_version(&self) -> String {
        self.text(&["apiVersion"]).unwrap_or_default()
    }

    fn group(&self) -> String {
        self.api_version().split_once('/').map(|(group, _)| group.to_owned()).unwrap_or_default()
    }

    fn name(&self) -> String {
        self.text(&["metadata", "name"]).unwrap_or_default()
    }

    fn namespace(&self) -> Option<String> {
        self.text(&["metadata", "namespace"])
    }

    fn remember(&mut self) {
        let now = (self.name(), self.namespace());
        if !self.before.contains(&now) {
            self.before.push(now);
        }
    }

    /// Whether it is, or was, called so.
    fn was(&self, name: &str, namespace: Option<&str>) -> bool {
        let same =
            |ns: &Option<String>| namespace.is_none_or(|wanted| ns.as_deref().unwrap_or("default") == wanted);
        self.before.iter().any(|(n, ns)| n == name && same(ns))
            || self.name() == name && same(&self.namespace())
    }
}

/// What an overlay came to.
#[derive(Debug)]
pub struct Built {
    /// The objects, as the text of one file.
    pub rendered: Rendered,
    /// The files that were taken in.
    pub files: BTreeSet<String>,
}

/// Builds the overlay of a folder.
///
/// # Errors
///
/// Kustomize would not build it either, or what it asks for is not done here.
pub fn build(files: &dyn Files, directory: &str) -> Result<Built, Failure> {
    let mut builder = Builder { files, used: BTreeSet::new(), stack: Vec::new() };
    let mut resources = builder.directory(directory, Vec::new(), false)?;
    for resource in &mut resources {
        if resource.hashed {
            resource.remember();
            let name = format!("{}-{}", resource.name(), generate::digest(resource));
            transform::set(&resource.value, &["metadata", "name"], Value::str(name));
        }
    }
    names::follow(&resources);
    let mut text = Text::default();
    for resource in &resources {
        transform::drop_internal(&resource.value);
        text.push_made("---\n");
        text.push(&write_yaml::to_yaml(&resource.value));
        text.push_made("\n");
    }
    let rendered = Rendered { name: directory.to_owned(), file: None, text, sites: Vec::new() };
    Ok(Built { rendered, files: builder.used })
}

struct Builder<'f> {
    files: &'f dyn Files,
    used: BTreeSet<String>,
    stack: Vec<String>,
}

/// What a kustomization may ask for that is not done here.
const REFUSED: [&str; 11] = [
    "generators",
    "transformers",
    "validators",
    "helmCharts",
    "helmChartInflationGenerator",
    "helmGlobals",
    "configurations",
    "crds",
    "openapi",
    "vars",
    "sortOptions",
];

/// What a kustomization may ask for.
const KNOWN: [&str; 26] = [
    "apiVersion",
    "kind",
    "metadata",
    "resources",
    "bases",
    "components",
    "patches",
    "patchesStrategicMerge",
    "patchesJson6902",
    "namePrefix",
    "nameSuffix",
    "namespace",
    "commonLabels",
    "labels",
    "commonAnnotations",
    "images",
    "imageTags",
    "replicas",
    "configMapGenerator",
    "secretGenerator",
    "generatorOptions",
    "replacements",
    "buildMetadata",
    "inventory",
    "commonAnnotation",
    "namePrefixes",
];

impl Builder<'_> {
    /// The kustomization of a folder.
    fn kustomization(&mut self, directory: &str) -> Result<(Value, String), Failure> {
        let mut found = None;
        for name in ["kustomization.yaml", "kustomization.yml", "Kustomization"] {
            let path = join(directory, name);
            if let Some((text, id)) = self.files.text(&path) {
                if found.is_some() {
                    return Err(Failure::new(format!("{directory}: several kustomization files")));
                }
                found = Some((of_file(text, id), path));
            }
        }
        let Some((text, path)) = found else {
            return Err(Failure::new(format!("{directory}: no kustomization file there")));
        };
        let value = read_yaml::document(&text).map_err(|f| Failure::new(format!("{path}: {}", f.message)))?;
        self.used.insert(path.clone());
        Ok((value, path))
    }

    /// What a folder adds to, or for a component makes of, these objects.
    fn directory(
        &mut self,
        directory: &str,
        given: Vec<Resource>,
        component: bool,
    ) -> Result<Vec<Resource>, Failure> {
        if self.stack.len() as u32 >= DEPTH || self.stack.iter().any(|d| d == directory) {
            return Err(Failure::new(format!("{directory}: overlays that take in each other")));
        }
        self.stack.push(directory.to_owned());
        let (value, path) = self.kustomization(directory)?;
        let about = |failure: Failure| {
            if failure.message.contains(": ") {
                return failure;
            }
            Failure { message: format!("{path}: {}", failure.message), ..failure }
        };
        let result = self.apply(directory, &value, given, component).map_err(about);
        self.stack.pop();
        result
    }

    fn apply(
        &mut self,
        directory: &str,
        value: &Value,
        given: Vec<Resource>,
        component: bool,
    ) -> Result<Vec<Resource>, Failure> {
        let Some(map) = value.as_map() else { return Err(Failure::new("no kustomization")) };
        for (key, entry) in map.entries.borrow().iter() {
            if REFUSED.contains(&&**key) && !entry.value.is_empty() {
                return Err(Failure::new(format!("{key} are not supported")));
            }
            if !KNOWN.contains(&&**key) && !REFUSED.contains(&&**key) {
                return Err(Failure::new(format!("unknown field {key}")));
            }
        }
        let kind = text_of(value, "kind").unwrap_or_default();
        if component != (kind == "Component") {
            return Err(Failure::new(format!("it is of kind {kind:?}, which cannot be taken in so")));
        }
        let mut resources = given;
        for key in ["resources", "bases"] {
            for item in list(value, key) {
                let Some(entry) = item.as_str() else {
                    return Err(Failure::new("a resource that is no path"));
                };
                let taken = self.resource(directory, entry)?;
                for resource in taken {
                    add(&mut resources, resource)?;
                }
            }
        }
        generate::run(self, directory, value, &mut resources)?;
        for item in list(value, "components") {
            let Some(entry) = item.as_str() else { return Err(Failure::new("a component that is no path")) };
            local(entry)?;
            resources = self.directory(&join(directory, entry), resources, true)?;
        }
        if resources.len() > MOST {
            return Err(Failure::bounded(format!("it comes to more than {MOST} objects")));
        }
        patch::strategic(self, directory, value, &mut resources)?;
        patch::run(self, directory, value, &mut resources)?;
        transform::run(value, &mut resources)?;
        patch::json6902(self, directory, value, &mut resources)?;
        transform::replicas(value, &resources)?;
        transform::images(value, &resources);
        replace::run(self, directory, value, &resources)?;
        names::follow(&resources);
        Ok(resources)
    }

    fn resource(&mut self, directory: &str, entry: &str) -> Result<Vec<Resource>, Failure> {
        local(entry)?;
        let path = join(directory, entry);
        if self.files.text(&path).is_some() {
            if entry.starts_with("..") || !path.starts_with(&prefix(directory)) {
                return Err(Failure::new(format!(
                    "{entry} lies outside of the folder, which Kustomize does not take"
                )));
            }
            return self.file(&path);
        }
        let folder = ["kustomization.yaml", "kustomization.yml", "Kustomization"]
            .iter()
            .any(|name| self.files.text(&join(&path, name)).is_some());
        if folder || self.files.is_directory(&path) {
            return self.directory(&path, Vec::new(), false);
        }
        Err(Failure::new(format!("{entry} is not there")))
    }

    fn file(&mut self, path: &str) -> Result<Vec<Resource>, Failure> {
        let mut resources = Vec::new();
        for document in self.documents(path)? {
            collect(document, path, &mut resources)?;
        }
        Ok(resources)
    }

    fn documents(&mut self, path: &str) -> Result<Vec<Value>, Failure> {
        let text = self.text(path)?;
        read_yaml::documents(&text).map_err(|f| Failure::new(format!("{path}: {}", f.message)))
    }

    /// The text of a file in the folder of an overlay.
    fn text(&mut self, path: &str) -> Result<Text, Failure> {
        let Some((text, id)) = self.files.text(path) else {
            return Err(Failure::new(format!("{path} is not there, or no text")));
        };
        self.used.insert(path.to_owned());
        Ok(of_file(text, id))
    }

    /// The text of a file that a generator takes in.
    fn content(&mut self, path: &str) -> Result<Text, Failure> {
        let Some((text, id)) = self.files.content(path) else {
            return Err(Failure::new(format!("{path} is not there, or no text")));
        };
        self.used.insert(path.to_owned());
        Ok(of_file(text, id))
    }

    /// The path of a file that a kustomization names; it has to lie in its folder.
    fn inside(directory: &str, entry: &str) -> Result<String, Failure> {
        let path = join(directory, entry);
        if path.starts_with(&prefix(directory)) && !entry.starts_with('/') {
            return Ok(path);
        }
        Err(Failure::new(format!("{entry} lies outside of the folder, which Kustomize does not take")))
    }
}

fn prefix(directory: &str) -> String {
    if directory.is_empty() { String::new() } else { format!("{directory}/") }
}

fn of_file(text: &str, id: Option<FileId>) -> Text {
    match id {
        Some(id) => Text::of_file(id, text),
        None => Text::made(text),
    }
}

/// Takes the items of lists out of them.
fn collect(document: Value, path: &str, out: &mut Vec<Resource>) -> Result<(), Failure> {
    if document.is_nil() {
        return Ok(());
    }
    let kind = text_of(&document, "kind").unwrap_or_default();
    if kind.ends_with("List")
        && let Some(items) = document.get("items").and_then(|items| items.as_list().cloned())
    {
        for item in items.iter() {
            collect(item.clone(), path, out)?;
        }
        return Ok(());
    }
    let named = document.get("metadata").and_then(|m| m.get("name")).is_some_and(|name| !name.is_empty());
    let generated = document.get("metadata").and_then(|m| m.get("generateName")).is_some();
    if kind.is_empty() || !named && !generated {
        return Err(Failure::new(format!("{path}: an object without a kind or a name")));
    }
    out.push(Resource::new(document));
    Ok(())
}

fn add(resources: &mut Vec<Resource>, resource: Resource) -> Result<(), Failure> {
    let same = |r: &Resource| {
        r.kind() == resource.kind()
            && r.group() == resource.group()
            && r.name() == resource.name()
            && r.namespace() == resource.namespace()
    };
    if resources.iter().any(same) {
        return Err(Failure::new(format!("{} {} is taken in twice", resource.kind(), resource.name())));
    }
    resources.push(resource);
    Ok(())
}

/// Refuses what comes from elsewhere.
fn local(entry: &str) -> Result<(), Failure> {
    let remote = entry.contains("://")
        || entry.starts_with("git@")
        || entry.contains("?ref=")
        || entry.contains("?timeout=")
        || entry.contains(".git/")
        || entry.starts_with("github.com/")
        || entry.starts_with("gitlab.com/");
    if remote {
        return Err(Failure::new(format!("{entry} is a remote base, and nothing is fetched")));
    }
    if entry.starts_with('/') {
        return Err(Failure::new(format!("{entry} is no path in the repository")));
    }
    Ok(())
}

/// A path from a folder, without `.` and with `..` taken back.
fn join(directory: &str, entry: &str) -> String {
    let mut parts: Vec<&str> = directory.split('/').filter(|p| !p.is_empty() && *p != ".").collect();
    for part in entry.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|p| *p != "..") => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    parts.join("/")
}

fn text_of(value: &Value, key: &str) -> Option<String> {
    value.get(key).filter(|v| !v.is_nil()).map(|v| v.display().as_str().to_owned())
}

fn list(value: &Value, key: &str) -> Vec<Value> {
    value.get(key).and_then(|v| v.as_list().map(|items| items.to_vec())).unwrap_or_default()
}

/// An empty map that others can be put into.
fn empty() -> Value {
    Value::map(crate::value::Entries::new())
}

/// A key of a map.
fn key(text: &str) -> Rc<str> {
    text.into()
}
