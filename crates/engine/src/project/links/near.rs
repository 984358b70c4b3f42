//! Which of several things of one name is meant: the nearest.
//!
//! A repository often holds the same objects several times: per environment, as examples, in a base and its overlays.

use seaworthy_syntax::SourceId;

use crate::project::Project;
use crate::project::kubernetes::Object;

/// How near two sources are: in one file, in one directory, or by how many directories their paths begin alike.
pub(super) fn nearness(project: &Project, a: SourceId, b: SourceId) -> usize {
    if a == b {
        return usize::MAX;
    }
    let directory = |id| project.parse(id).and_then(|p| p.source.path.parent());
    let (Some(a), Some(b)) = (directory(a), directory(b)) else { return 0 };
    if a == b {
        return usize::MAX - 1;
    }
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

/// The name that another one was meant to be: the nearest in spelling, if it is near enough.
pub(crate) fn closest<'c>(name: &str, candidates: impl Iterator<Item = &'c str>) -> Option<&'c str> {
    let limit = match name.len() {
        0..3 => 0,
        3..10 => 1,
        10..64 => 2,
        _ => return None,
    };
    // Names that only their numbers tell apart are different things, and a slip is seldom in the first letter.
    let stem = |name: &str| name.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    candidates
        // Names as unlike as their lengths need no look at their letters.
        .filter(|candidate| candidate.len().abs_diff(name.len()) <= limit)
        .filter(|candidate| candidate[..stem(candidate)] != name[..stem(name)])
        .filter(|candidate| candidate.chars().next() == name.chars().next())
        .map(|candidate| (strsim::osa_distance(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}
