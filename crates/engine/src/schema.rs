//! What the API server of Kubernetes accepts: the schemas of its releases, and what it checks beyond them.
//!
//! The schemas are packed in the program and unpacked when the first object asks for them.

mod limits;
mod lower;
mod minor;
mod server;
mod store;
mod validate;

use std::sync::OnceLock;

use rayon::prelude::*;
use seaworthy_syntax::yaml::Node;
use seaworthy_syntax::{Edit, Span};

pub use lower::Builder;
pub use minor::Minor;
pub use store::Store;
use validate::Validator;

use crate::config::Config;
use crate::diagnostic::Safety;
use crate::project::{Object, Project};

/// Something that the API server refuses.
#[derive(Clone, Debug)]
pub struct Problem {
    /// What kind of thing.
    pub kind: ProblemKind,
    /// Where.
    pub span: Span,
    /// What is wrong, in lower case and without a full stop.
    pub message: String,
    /// What to write instead, and what doing so does.
    pub fix: Option<(String, Edit)>,
    /// Whether that is what was meant for certain.
    pub safety: Safety,
    /// Whether the schema alone does not tell.
    pub beyond: bool,
}

/// What kind of thing is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProblemKind {
    /// A key that the schema does not have there.
    UnknownKey,
    /// A key that must be there.
    MissingKey,
    /// A value of the wrong type, or one that its key cannot have.
    InvalidValue,
}

impl Problem {
    /// A value that its schema does not allow.
    fn invalid(span: Span, message: String) -> Self {
        Self {
            kind: ProblemKind::InvalidValue,
            span,
            message,
            fix: None,
            safety: Safety::Unsafe,
            beyond: false,
        }
    }
}

/// How many objects are looked at in one go.
const BATCH: usize = 64;

/// The kinds of Kubernetes itself.
fn kubernetes() -> &'static Store {
    static STORE: OnceLock<Store> = OnceLock::new();
    STORE.get_or_init(|| Store::unpack(include_str!("../schemas/kubernetes.json")))
}

/// The custom resources that many clusters have.
fn packed() -> &'static Store {
    static STORE: OnceLock<Store> = OnceLock::new();
    STORE.get_or_init(|| Store::unpack(include_str!("../schemas/custom.json")))
}

/// What the API server would refuse in the objects of a project.
pub(crate) fn check(project: &Project, config: &Config) -> Vec<Problem> {
    let schemas = Schemas { own: own(project), given: config.schemas.as_deref() };
    let objects = project.objects.par_chunks(BATCH);
    let of = |object: &Object| schemas.of_object(project, object, config.kubernetes_of(object.source));
    objects.flat_map_iter(|some| some.iter().flat_map(of)).collect()
}

/// The custom resources that the project defines.
fn own(project: &Project) -> Option<Store> {
    let mut definitions =
        project.objects.iter().filter(|o| o.kind.value == "CustomResourceDefinition" && !o.patch).peekable();
    definitions.peek()?;
    let mut builder = Builder::default();
    for definition in definitions {
        builder.custom(project.node(definition.place)?);
    }
    Some(builder.finish())
}

/// Why a release does not serve an API version of one of its own kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unserved {
    /// It comes with this release.
    From(Minor),
    /// It went with this release; what serves the kind since, if something does.
    Until(Minor, Option<&'static str>),
}

/// Why a release does not serve an object; `None` where it does, and where no release that is known serves it.
pub(crate) fn unserved(object: &Object, minor: Minor) -> Option<Unserved> {
    let store = kubernetes();
    let kinds = store.kinds(&object.kind);
    let mut same = kinds.iter().filter(|kind| *kind.api_version == *object.api_version).peekable();
    same.peek()?;
    if same.clone().any(|kind| store.at(kind.named, minor).is_some()) {
        return None;
    }
    let versions = || same.clone().filter_map(|kind| store.named.get(kind.named as usize)).flatten();
    let gone =
        versions().filter(|(since, of)| of.is_none() && *since <= minor).map(|(since, _)| *since).max();
    if let Some(gone) = gone {
        let group = object.group();
        let next = kinds.iter().filter(|kind| crate::project::kubernetes::group(&kind.api_version) == group);
        let next = next.filter(|kind| store.at(kind.named, minor).is_some()).map(|kind| &*kind.api_version);
        // A version without a word is later than one with `beta`.
        return Some(Unserved::Until(gone, next.min_by_key(|version| version.len())));
    }
    versions().filter(|(_, of)| of.is_some()).map(|(since, _)| *since).min().map(Unserved::From)
}

/// Where schemas are looked for.
struct Schemas<'a> {
    /// What the project defines.
    own: Option<Store>,
    /// What the user gave.
    given: Option<&'a Store>,
}

impl Schemas<'_> {
    fn of_object(&self, project: &Project, object: &Object, minor: Minor) -> Vec<Problem> {
        let Some(root) = project.node(object.place) else { return Vec::new() };
        if is_of_kubernetes(object.group()) {
            let Some(mut found) = held(kubernetes(), object, minor, root) else { return Vec::new() };
            if !object.patch {
                found.append(&mut server::check(project, object, root));
            }
            return found;
        }
        // Of several definitions of a kind the one counts that the object fits best: a cluster has one of them, and which
        // is not known.
        let places = [self.own.as_ref(), self.given, Some(packed())];
        let found = places.into_iter().flatten().filter_map(|store| held(store, object, minor, root));
        let Some(mut found) = found.min_by_key(Vec::len) else { return Vec::new() };
        if let Some(metadata) = root.get("metadata") {
            let mut validator = Validator::new(kubernetes(), minor, object.patch);
            validator.metadata(metadata);
            found.append(&mut validator.found);
        }
        found
    }
}

/// Whether a group is one of Kubernetes itself. Custom resources have a domain of their owner, also those of its projects.
fn is_of_kubernetes(group: &str) -> bool {
    !group.contains('.') || group.ends_with(".k8s.io") && kubernetes().has_group(group)
}

/// What is wrong with an object by the schemas that a store has of its kind; `None` where it has none.
fn held(store: &Store, object: &Object, minor: Minor, root: Node<'_>) -> Option<Vec<Problem>> {
    let kinds = store.kinds(&object.kind).iter().filter(|kind| *kind.api_version == *object.api_version);
    let found = kinds.filter_map(|kind| store.at(kind.named, minor)).map(|of| {
        let mut validator = Validator::new(store, minor, object.patch);
        validator.object(of, root);
        validator.found
    });
    found.min_by_key(Vec::len)
}
