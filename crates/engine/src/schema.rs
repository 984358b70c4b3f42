//! What the API server of Kubernetes accepts: the schemas of its releases, and what it checks beyond them.
//!
//! The schemas are packed in the program and unpacked when the first object asks for them.

mod lower;
mod minor;
mod store;
mod validate;

use std::sync::OnceLock;

use rayon::prelude::*;
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

/// How many objects are looked at in one go.
const BATCH: usize = 64;

/// The kinds of Kubernetes itself.
fn kubernetes() -> &'static Store {
    static STORE: OnceLock<Store> = OnceLock::new();
    STORE.get_or_init(|| Store::unpack(include_str!("../schemas/kubernetes.json")))
}

/// What the API server would refuse in the objects of a project.
pub(crate) fn check(project: &Project, config: &Config) -> Vec<Problem> {
    let objects = project.objects.par_chunks(BATCH);
    objects.flat_map_iter(|some| some.iter().filter(|o| !o.patch).flat_map(|o| of_object(project, config, o))).collect()
}

fn of_object(project: &Project, config: &Config, object: &Object) -> Vec<Problem> {
    let minor = config.kubernetes_of(object.source);
    let Some(root) = project.node(object.place) else { return Vec::new() };
    let store = kubernetes();
    let kinds = store.kinds(&object.kind);
    let of = kinds.iter().filter(|kind| *kind.api_version == *object.api_version);
    let Some(of) = of.filter_map(|kind| store.at(kind.named, minor)).next() else { return Vec::new() };
    let mut validator = Validator::new(store, minor, true);
    validator.object(of, root);
    validator.found
}
