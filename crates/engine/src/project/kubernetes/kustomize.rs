//! Kustomizations, and which manifests are patches.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use seaworthy_syntax::yaml::{Node, NodeKind};
use seaworthy_syntax::{SourceId, Spanned};

use super::group;
use super::kinds::{Shape, holder};
use super::read::{Labels, labels, spanned_number, spanned_string, string};
use crate::parse::normalise;
use crate::project::Place;
use crate::project::container::ImageName;

/// A kustomization: what it puts together and how it changes that.
#[derive(Debug)]
pub struct Kustomization {
    /// The source.
    pub source: SourceId,
    /// Its mapping.
    pub place: Place,
    /// The directory it stands in.
    pub directory: Utf8PathBuf,
    /// Whether it is a component.
    pub component: bool,
    /// What it takes in: files, directories of other kustomizations and of components, all below the repository. What
    /// comes from elsewhere is not among them.
    pub resources: Vec<Spanned<Utf8PathBuf>>,
    /// Whether it takes in anything from outside of the repository, a chart for example.
    pub remote: bool,
    /// Its patches.
    pub patches: Vec<Patch>,
    /// The namespace that all objects get.
    pub namespace: Option<Spanned<String>>,
    /// What all names begin with.
    pub name_prefix: Option<Spanned<String>>,
    /// What all names end with.
    pub name_suffix: Option<Spanned<String>>,
    /// Labels that all objects get.
    pub labels: Labels,
    /// Images it replaces.
    pub images: Vec<ImageOverride>,
    /// Workloads whose replicas it sets.
    pub replicas: Vec<(Spanned<String>, Spanned<u64>)>,
    /// ConfigMaps and Secrets it makes.
    pub generated: Vec<Generated>,
}

/// A patch of a kustomization.
#[derive(Debug)]
pub struct Patch {
    /// The file; `None` where it is written in the kustomization.
    pub file: Option<Utf8PathBuf>,
    /// The kind it changes, where it names one.
    pub kind: Option<String>,
    /// The name, or a pattern of names, that it changes.
    pub name: Option<String>,
    /// Its entry: the file's name, or the whole of it.
    pub place: Place,
}

/// An image that a kustomization replaces.
#[derive(Debug)]
pub struct ImageOverride {
    /// The name without tag as the manifests have it.
    pub name: Spanned<String>,
    /// The new name.
    pub new_name: Option<Spanned<String>>,
    /// The new tag.
    pub new_tag: Option<Spanned<String>>,
    /// The new digest.
    pub digest: Option<Spanned<String>>,
}

/// A ConfigMap or a Secret that a kustomization makes.
#[derive(Debug)]
pub struct Generated {
    /// Whether it is a Secret.
    pub secret: bool,
    /// Its name, to which a hash is added unless `disableNameSuffixHash` says otherwise.
    pub name: Spanned<String>,
    /// Its keys, as far as they are written there.
    pub keys: Vec<Spanned<String>>,
    /// Whether these keys are all: a file of variables has more.
    pub complete: bool,
}

/// Whether a file is called as Kustomize's are.
pub(crate) fn is_kustomization(path: &Utf8Path) -> bool {
    matches!(path.file_name(), Some("kustomization.yaml" | "kustomization.yml" | "Kustomization"))
}

/// Reads a document as a kustomization; `None` where it is none.
pub(super) fn read(root: Node<'_>, path: &Utf8Path) -> Option<Kustomization> {
    let named = is_kustomization(path);
    // Asked of every document.
    let text_of = |key| root.get(key).and_then(Node::scalar);
    let api_version = text_of("apiVersion").filter(|text| !matches!(&**text, "" | "~" | "null"));
    let kind = text_of("kind");
    let ours = match api_version.as_deref().map(group) {
        Some("kustomize.config.k8s.io") => matches!(kind.as_deref(), Some("Kustomization" | "Component")),
        Some(_) => false,
        None => named && kind.as_deref().is_none_or(str::is_empty),
    };
    if !ours || root.resolve().kind() != NodeKind::Mapping {
        return None;
    }
    let directory = path.parent().unwrap_or(Utf8Path::new("")).to_owned();
    let mut kustomization = Kustomization {
        source: root.tree().source(),
        place: Place::of(root),
        component: kind.as_deref() == Some("Component"),
        resources: Vec::new(),
        remote: ["helmCharts", "helmChartInflationGenerator", "generators"]
            .iter()
            .any(|k| root.get(k).is_some()),
        patches: Vec::new(),
        namespace: root.get("namespace").and_then(spanned_string),
        name_prefix: root.get("namePrefix").and_then(spanned_string),
        name_suffix: root.get("nameSuffix").and_then(spanned_string),
        labels: labels(root.get("commonLabels")),
        images: Vec::new(),
        replicas: Vec::new(),
        generated: Vec::new(),
        directory,
    };
    let items = |key: &str| root.get(key).into_iter().flat_map(Node::items);
    for entry in
        ["resources", "bases", "components"].iter().flat_map(|key| items(key)).filter_map(spanned_string)
    {
        if is_remote(&entry.value) {
            kustomization.remote = true;
        } else {
            let path = normalise(&kustomization.directory.join(&entry.value));
            kustomization.resources.push(Spanned::new(path, entry.span));
        }
    }
    kustomization.labels.extend(items("labels").flat_map(|item| labels(item.get("pairs"))));
    for item in ["patches", "patchesStrategicMerge", "patchesJson6902"].iter().flat_map(|key| items(key)) {
        kustomization.patches.push(read_patch(item, &kustomization.directory));
    }
    kustomization.images = items("images")
        .filter_map(|item| {
            Some(ImageOverride {
                name: spanned_string(item.get("name")?)?,
                new_name: item.get("newName").and_then(spanned_string),
                new_tag: item.get("newTag").and_then(spanned_string),
                digest: item.get("digest").and_then(spanned_string),
            })
        })
        .collect();
    kustomization.replicas = items("replicas")
        .filter_map(|item| Some((spanned_string(item.get("name")?)?, spanned_number(item.get("count")?)?)))
        .collect();
    kustomization.generated = [("configMapGenerator", false), ("secretGenerator", true)]
        .iter()
        .flat_map(|&(key, secret)| items(key).filter_map(move |item| generated(item, secret)))
        .collect();
    Some(kustomization)
}

fn read_patch(item: Node<'_>, directory: &Utf8Path) -> Patch {
    let text_of = |path: &[&str]| item.at(path).and_then(string);
    // An entry of `patchesStrategicMerge` is a path, or the patch itself as a block scalar.
    let file = match item.scalar() {
        Some(text) if !text.contains('\n') => Some(text.into_owned()),
        Some(_) => None,
        None => text_of(&["path"]),
    };
    Patch {
        file: file.map(|file| normalise(&directory.join(file))),
        kind: text_of(&["target", "kind"]),
        name: text_of(&["target", "name"]),
        place: Place::of(item),
    }
}

fn generated(item: Node<'_>, secret: bool) -> Option<Generated> {
    let mut keys = Vec::new();
    for literal in item.get("literals").into_iter().flat_map(Node::items).filter_map(spanned_string) {
        if let Some((key, _)) = literal.value.split_once('=') {
            keys.push(Spanned::new(key.to_owned(), literal.span));
        }
    }
    for file in item.get("files").into_iter().flat_map(Node::items).filter_map(spanned_string) {
        let key = match file.value.split_once('=') {
            Some((key, _)) => key,
            None => file.value.rsplit('/').next().unwrap_or(&file.value),
        };
        keys.push(Spanned::new(key.to_owned(), file.span));
    }
    Some(Generated {
        secret,
        name: spanned_string(item.get("name")?)?,
        keys,
        complete: item.get("envs").is_none()
            && item.get("env").is_none()
            && item.get("behavior").and_then(string).is_none_or(|b| b == "create"),
    })
}

/// The files that each kustomization takes in, those of other kustomizations among them.
pub(crate) fn files_of(kustomizations: &[Kustomization]) -> Vec<BTreeSet<&Utf8Path>> {
    let by_directory: BTreeMap<&Utf8Path, usize> =
        kustomizations.iter().enumerate().map(|(index, k)| (k.directory.as_path(), index)).collect();
    (0..kustomizations.len())
        .map(|start| {
            let mut files = BTreeSet::new();
            let mut seen = BTreeSet::from([start]);
            let mut open = vec![start];
            while let Some(index) = open.pop() {
                for resource in kustomizations[index].resources.iter().map(|r| r.value.as_path()) {
                    match by_directory.get(resource) {
                        Some(&next) if seen.insert(next) => open.push(next),
                        Some(_) => {}
                        None => {
                            files.insert(resource);
                        }
                    }
                }
            }
            files
        })
        .collect()
}

impl ImageOverride {
    /// What an image comes to; `None` where this is about another. Only the version is taken: the name in the manifest
    /// is what its readers look for.
    pub(super) fn apply(&self, image: &ImageName) -> Option<ImageName> {
        let name = ImageName::parse(&self.name.value)?;
        if name.registry != image.registry || name.repository != image.repository {
            return None;
        }
        let (tag, digest) = match (&self.new_tag, &self.digest) {
            (_, Some(digest)) => (image.tag.clone(), Some(digest.value.clone())),
            (Some(tag), None) => (Some(tag.value.clone()), None),
            (None, None) => return None,
        };
        Some(ImageName { tag, digest, ..image.clone() })
    }
}

/// Whether a resource comes from outside: a URL, or a repository as `github.com/owner/name`.
fn is_remote(entry: &str) -> bool {
    entry.contains("://")
        || entry.starts_with("git@")
        || entry.contains("?ref=")
        || entry.contains(".git//")
        || entry.starts_with("github.com/")
        || entry.starts_with("gitlab.com/")
}

/// Whether a text can have directives: almost none has, and to search its nodes takes longer.
pub(super) fn may_have_directives(text: &str) -> bool {
    memchr::memchr_iter(b'$', text.as_bytes())
        .any(|at| DIRECTIVES.iter().any(|key| text[at..].starts_with(key)))
}

/// What the keys of directives begin with.
const DIRECTIVES: [&str; 4] = ["$patch", "$retainKeys", "$setElementOrder/", "$deleteFromPrimitiveList/"];

/// Whether a document has directives that only a strategic merge patch has.
pub(super) fn has_directives(root: Node<'_>) -> bool {
    fn search(node: Node<'_>, depth: u8) -> bool {
        // An alias leads to a node that is searched where it stands.
        depth > 0
            && (node.items().any(|item| item.kind() != NodeKind::Alias && search(item, depth - 1))
                || node.entries().any(|entry| {
                    entry.key.scalar().is_some_and(|key| {
                        matches!(key.as_ref(), "$patch" | "$retainKeys")
                            || key.starts_with("$setElementOrder/")
                            || key.starts_with("$deleteFromPrimitiveList/")
                    }) || entry.value.kind() != NodeKind::Alias && search(entry.value, depth - 1)
                }))
    }
    search(root, 16)
}

/// Whether an object lacks what the API requires of its kind, so that it can only be a patch.
pub(super) fn is_partial(root: Node<'_>, api_version: &str, kind: &str) -> bool {
    let Some(holder) = holder(api_version, kind) else {
        let required: &[&str] = match (group(api_version), kind) {
            ("", "Service") if root.at(&["spec", "externalName"]).is_none() => &["spec", "ports"],
            ("autoscaling", "HorizontalPodAutoscaler") => &["spec", "scaleTargetRef"],
            ("networking.k8s.io", "NetworkPolicy") => &["spec", "podSelector"],
            ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => &["roleRef"],
            _ => return false,
        };
        return root.at(required).is_none();
    };
    if holder.shape != Shape::Template {
        return false;
    }
    let mut templates = Vec::new();
    for path in holder.paths {
        follow(root, path, &mut templates);
    }
    templates.iter().all(|template| {
        let containers: Vec<_> =
            template.at(&["spec", "containers"]).into_iter().flat_map(Node::items).collect();
        containers.is_empty() || containers.iter().any(|c| c.get("image").is_none())
    })
}

fn follow<'t>(node: Node<'t>, path: &[&str], found: &mut Vec<Node<'t>>) {
    match path {
        [] => found.push(node),
        ["*", rest @ ..] => {
            for child in node.items().chain(node.entries().map(|e| e.value)) {
                follow(child, rest, found);
            }
        }
        [key, rest @ ..] => {
            if let Some(child) = node.get(key) {
                follow(child, rest, found);
            }
        }
    }
}
