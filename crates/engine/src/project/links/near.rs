//! Which of several things of one name is meant: the nearest.
//!
//! A repository often holds the same objects several times: per environment, as examples, in a base and its overlays.

use std::collections::HashMap;
use std::hash::Hash;

use seaworthy_syntax::SourceId;
use seaworthy_syntax::spelling::{closest, slips};

use crate::project::Project;
use crate::project::kubernetes::Object;

/// How near two sources are: in one file, in one directory, or by how many directories their paths begin alike.
pub(super) fn nearness(project: &Project, a: SourceId, b: SourceId) -> usize {
    if a == b {
        return usize::MAX;
    }
    if project.directory(a) == project.directory(b) {
        return usize::MAX - 1;
    }
    let directory = |id| project.parse(id).and_then(|p| p.source.path.parent());
    let (Some(a), Some(b)) = (directory(a), directory(b)) else { return 0 };
    a.components().zip(b.components()).take_while(|(a, b)| a == b).count()
}

/// Those of several things that are nearest to a source.
pub(super) fn nearest<T: Copy>(
    project: &Project,
    from: SourceId,
    things: impl Iterator<Item = (T, SourceId)>,
) -> Vec<T> {
    let mut best = 0;
    let mut found = Vec::new();
    for (thing, source) in things {
        let near = nearness(project, from, source);
        if near > best {
            best = near;
            found.clear();
        }
        if near == best {
            found.push(thing);
        }
    }
    found
}

/// Whether two objects may be in one namespace. One that names none goes where it is sent.
pub(super) fn may_share_namespace(a: &Object, b: &Object) -> bool {
    match (&a.namespace, &b.namespace) {
        (Some(a), Some(b)) => a.value == b.value,
        _ => true,
    }
}

/// Names of many things, to find those that were meant: [`closest`] looks at every one, this at those alike.
pub(crate) struct Names<'p, K>(HashMap<(K, Option<char>, usize), Vec<&'p str>>);

impl<'p, K: Copy + Eq + Hash> FromIterator<(K, &'p str)> for Names<'p, K> {
    /// Takes names, each with what it is a name of: only among those of one key one is meant.
    fn from_iter<I: IntoIterator<Item = (K, &'p str)>>(names: I) -> Self {
        let mut all: HashMap<_, Vec<&'p str>> = HashMap::new();
        for (key, name) in names {
            all.entry((key, name.chars().next(), name.len())).or_default().push(name);
        }
        Self(all)
    }
}

impl<'p, K: Copy + Eq + Hash> Names<'p, K> {
    /// The name of this key that another one was meant to be; see [`closest`].
    pub(crate) fn closest(&self, key: K, name: &str) -> Option<&'p str> {
        let (slips, first) = (slips(name)?, name.chars().next());
        let lengths = name.len().saturating_sub(slips)..=name.len() + slips;
        closest(name, lengths.filter_map(|length| self.0.get(&(key, first, length))).flatten().copied())
    }
}
