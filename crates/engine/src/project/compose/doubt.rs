//! What Compose would refuse, without what only looks so because the rest of a project is not here.
//!
//! Many files are never given to Compose alone: they are merged after others on the command line, or a platform such as an
//! app store adds what they lack. What such a file leaves out is no mistake.

use std::collections::{HashMap, HashSet};

use camino::Utf8Path;
use seaworthy_syntax::yaml::NodeKind;

use super::{Composition, Problem, ProblemKind, chain};
use crate::project::Project;

/// How many projects must say the same thing before it is taken for a convention of the repository.
const CONVENTION: usize = 5;

impl Project {
    /// What Compose refuses or warns of in the projects of this repository, of some kinds, in the order of the projects.
    pub fn compose_problems(&self, kinds: &[ProblemKind]) -> Vec<&Problem> {
        let wanted = |c: &Composition| c.problems.iter().any(|p| kinds.contains(&p.kind));
        // How many projects each directory has, and how many of them are faulty; one below another counts for both.
        let mut counts: HashMap<&Utf8Path, (usize, usize)> = HashMap::new();
        for composition in &self.compositions {
            for directory in composition.directory.ancestors().take(2) {
                let count = counts.entry(directory).or_default();
                count.0 += usize::from(wanted(composition));
                count.1 += 1;
            }
        }
        let mut same: HashMap<&str, HashSet<u32>> = HashMap::new();
        for problem in self.compositions.iter().flat_map(|c| &c.problems).filter(|p| kinds.contains(&p.kind))
        {
            same.entry(self.named(problem)).or_default().insert(problem.span.source.0);
        }
        let mut found = Vec::new();
        for composition in self.compositions.iter().filter(|c| wanted(c)) {
            let whole = composition.files.first().is_some_and(|source| {
                self.parse(*source)
                    .and_then(|p| p.source.path.file_name())
                    .is_some_and(|name| chain::DEFAULTS.contains(&name))
            });
            // A development container is merged after the project's own file.
            let workbench = composition.directory.components().any(|c| c.as_str() == ".devcontainer");
            let whole = whole && !workbench;
            // Where a quarter of all projects have it, some other program reads them.
            let foreign = composition.directory.ancestors().take(2).any(|directory| {
                let (faulty, all) = counts.get(directory).copied().unwrap_or_default();
                faulty >= if whole { 4 * CONVENTION } else { CONVENTION } && faulty * 4 >= all
            });
            if foreign {
                continue;
            }
            for problem in composition.problems.iter().filter(|p| kinds.contains(&p.kind)) {
                let name = self.named(problem);
                let usual = same.get(name).is_some_and(|sources| sources.len() >= CONVENTION);
                let lacking = matches!(
                    problem.kind,
                    ProblemKind::Undefined | ProblemKind::NoImage | ProblemKind::Disabled
                );
                // Which files an editor merges stands in its own settings.
                let elsewhere =
                    lacking && (workbench || self.is_elsewhere(composition, problem.kind, name, whole));
                let convention = usual && (lacking || problem.kind == ProblemKind::UnknownKey);
                if elsewhere || convention || !self.is_compose(problem) {
                    continue;
                }
                found.push(problem);
            }
        }
        found
    }

    /// What a problem is about, as it is written.
    fn named(&self, problem: &Problem) -> &str {
        let text = self.text(problem.span).trim_matches(['"', '\'']);
        text.split(':').next().unwrap_or(text)
    }

    /// Whether another file of the repository defines what this project lacks, so that both may be meant to be merged.
    fn is_elsewhere(&self, composition: &Composition, kind: ProblemKind, name: &str, whole: bool) -> bool {
        if kind != ProblemKind::NoImage {
            if composition.problems.iter().any(|p| p.kind == ProblemKind::NoImage) {
                return true;
            }
            if whole {
                return false;
            }
        }
        self.compositions.iter().any(|other| {
            let sections: &[&str] = match kind {
                ProblemKind::Undefined => {
                    &["services", "networks", "volumes", "configs", "secrets", "models"]
                }
                _ => &["services"],
            };
            !std::ptr::eq(other, composition)
                && sections.iter().any(|section| {
                    other.model.get(section).and_then(|s| s.as_map()?.get(name)).is_some_and(|item| {
                        *section != "services" || item.get("image").or_else(|| item.get("build")).is_some()
                    })
                })
        })
    }

    /// Whether the file is one of Compose at all: another format may have a list of services.
    fn is_compose(&self, problem: &Problem) -> bool {
        let Some(yaml) = self.parse(problem.span.source).and_then(|p| p.yaml()) else { return true };
        // An unknown variable in a value is no wrong value.
        let unknown = problem.kind == ProblemKind::InvalidValue && self.text(problem.span).contains('$');
        let listed = |node: seaworthy_syntax::yaml::Node<'_>| node.resolve().kind() == NodeKind::Sequence;
        // What has no services is there to be merged with what has.
        let part = problem.kind == ProblemKind::MissingKey
            && !yaml.documents().flatten().any(|root| root.get("services").is_some());
        !unknown && !part && !yaml.documents().flatten().any(|root| root.get("services").is_some_and(listed))
    }
}
