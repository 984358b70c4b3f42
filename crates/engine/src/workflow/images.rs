//! The images that a repository ships, and what they are called.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};

use seaworthy_syntax::dockerfile::Arguments;

use crate::project::{Build, BuildId, ImageJob, ImageName, Project, Stage};
use crate::variant::{name as called, ships, step};

/// An image that a repository ships, in one of its families.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// What it is called among the images of the repository.
    pub name: String,
    /// The repository it is pushed to, without the registry, where a workflow of today writes it out.
    pub repository: Option<String>,
    /// What it is made for.
    pub family: Family,
    /// The Dockerfile.
    pub dockerfile: Utf8PathBuf,
    /// The directory it is built in.
    pub context: Utf8PathBuf,
    /// The stage that is built; `None` for the last.
    pub target: Option<String>,
    /// Build arguments that a workflow or a Compose file gives.
    pub args: Vec<(String, String)>,
}

/// What an image is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// Docker Engine and Docker Compose: the Dockerfile as it is.
    Docker,
    /// Kubernetes: its variant.
    Kubernetes,
}

impl Family {
    /// The word in tags: `docker`, `k8s`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Kubernetes => "k8s",
        }
    }
}

/// What of a Dockerfile is built, by whom.
#[derive(Default)]
struct Wanted {
    /// What workflows and Compose files call it, the best first.
    names: Vec<String>,
    repository: Option<String>,
    context: Option<Utf8PathBuf>,
    args: Vec<(String, String)>,
}

/// Directories of what shows or tests the program.
const EXAMPLES: [&str; 12] = [
    "e2e",
    "example",
    "examples",
    "fixtures",
    "integration",
    "sample",
    "samples",
    "spec",
    "test",
    "testdata",
    "testing",
    "tests",
];

/// The images of the Dockerfiles that ship, those of one Dockerfile together: the one of Docker, then its variant's.
///
/// What is left out is said.
pub(super) fn images(project: &Project, notes: &mut Vec<String>) -> Vec<Image> {
    let twins: BTreeMap<BuildId, &Utf8Path> = step::pairs(project)
        .into_iter()
        .map(|pair| (pair.source.id, project.path(pair.twin.source)))
        .collect();
    let (mut taken, mut pushed) = (BTreeSet::new(), BTreeSet::new());
    let mut images = Vec::new();
    for build in &project.builds {
        let path = project.path(build.source);
        if let Some((_, why)) = ships::left_out(project, build) {
            // A variant is built with the Dockerfile that it is made of.
            if !called::is_for_kubernetes(path) {
                notes.push(format!("{path} is not built: {why}"));
            }
            continue;
        }
        for (stage, mut wanted) in wanted(project, build) {
            // Two images under one name would take each other's tags.
            wanted.repository = wanted.repository.filter(|repository| pushed.insert(repository.clone()));
            if wanted.repository.is_none()
                && let Some(directory) = path.components().map(|c| c.as_str()).find(|d| EXAMPLES.contains(d))
            {
                notes.push(format!(
                    "{path} is not built: it lies in {directory}, and no workflow pushes its image"
                ));
                continue;
            }
            let target = (stage.index + 1 < build.stages.len())
                .then(|| stage.name.as_ref().map_or_else(|| stage.index.to_string(), |n| n.value.clone()));
            let context =
                wanted.context.clone().or_else(|| build.contexts.first().cloned()).unwrap_or_default();
            let image = Image {
                name: unique(
                    &mut taken,
                    &name(project, path, &context, target.as_deref(), &wanted),
                    &context,
                ),
                repository: wanted.repository,
                family: Family::Docker,
                dockerfile: path.to_owned(),
                context,
                target,
                args: declared(project, build, wanted.args),
            };
            let variant = twins.get(&build.id).map(|twin| Image {
                family: Family::Kubernetes,
                dockerfile: (*twin).to_owned(),
                ..image.clone()
            });
            images.push(image);
            images.extend(variant);
        }
    }
    images
}

/// The arguments that a Dockerfile declares: the others change nothing.
fn declared(project: &Project, build: &Build, args: Vec<(String, String)>) -> Vec<(String, String)> {
    let Some(file) = project.dockerfile(build.source) else { return args };
    let is_declared = |name: &str| {
        file.instructions.iter().any(|instruction| match &instruction.arguments {
            Arguments::Arg(declared) => declared.iter().any(|arg| arg.name.text.as_str() == name),
            _ => false,
        })
    };
    args.into_iter().filter(|(name, _)| is_declared(name)).collect()
}

/// The stages of a Dockerfile that somebody builds to run them; the last where nobody does.
fn wanted<'p>(project: &'p Project, build: &'p Build) -> Vec<(&'p Stage, Wanted)> {
    let mut all: BTreeMap<usize, Wanted> = BTreeMap::new();
    for (job, id, stage) in &project.links.jobs {
        if *id == build.id {
            all.entry(*stage).or_default().take_job(&project.image_jobs[*job]);
        }
    }
    for composition in &project.compositions {
        for service in &composition.services {
            let container = project.container(service.container);
            let Some((id, stage)) = container.build.filter(|(id, _)| *id == build.id) else { continue };
            debug_assert_eq!(id, build.id);
            let wanted = all.entry(stage).or_default();
            if let Some(image) = container.image.value() {
                wanted.names.push(image.short().to_owned());
            }
            wanted.names.push(service.name.clone());
            if let Some(built) = &service.build {
                wanted.context.get_or_insert_with(|| built.context.value.clone().into());
                let known = built.args.iter().filter_map(|(k, v)| Some((k.value.clone(), v.clone()?)));
                if wanted.args.is_empty() {
                    wanted.args.extend(known);
                }
            }
        }
    }
    let aside = |stage: &Stage| {
        let named = stage.name.as_ref().map(|name| name.value.as_str());
        matches!(named, Some("dev" | "development" | "test" | "tests" | "builder"))
            || ships::stays(project, stage).is_some()
    };
    let mut found: Vec<_> = all
        .into_iter()
        .filter_map(|(index, wanted)| Some((build.stages.get(index)?, wanted)))
        .filter(|(stage, _)| !aside(stage))
        .collect();
    if found.is_empty() {
        found.extend(build.last().map(|stage| (stage, Wanted::default())));
    }
    found
}

impl Wanted {
    fn take_job(&mut self, job: &ImageJob) {
        let pushed = job.push != Some(false);
        for ImageName { registry, repository, .. } in job.tags.iter().map(|tag| &tag.value) {
            // A tag without a registry may be for this job alone.
            if pushed && !repository.contains(['*', '$']) && (registry.is_some() || job.push == Some(true)) {
                self.repository.get_or_insert_with(|| repository.clone());
            }
        }
        if let Some(context) = &job.context {
            self.context.get_or_insert_with(|| context.clone());
        }
        if self.args.is_empty() {
            let known = job.args.iter().filter_map(|(k, v)| Some((k.clone(), v.clone()?)));
            self.args.extend(known);
        }
    }
}

/// What an image is called: as a workflow or a Compose file calls it, as its Dockerfile is called, as its directory is.
fn name(
    project: &Project,
    path: &Utf8Path,
    context: &Utf8Path,
    target: Option<&str>,
    wanted: &Wanted,
) -> String {
    let pushed = wanted.repository.as_deref().and_then(|r| r.rsplit('/').next());
    let written = pushed.into_iter().chain(wanted.names.iter().map(String::as_str));
    let suffix = path.file_name().and_then(suffix).filter(|s| !is_plain(s));
    // Compose may run the Dockerfile of development that lies beside it.
    let sibling = project.compositions.iter().flat_map(|c| &c.services).find_map(|service| {
        let built = service.build.as_ref()?;
        (!context.as_str().is_empty() && built.context.value == *context).then_some(service.name.as_str())
    });
    let directory = [context, path.parent().unwrap_or(Utf8Path::new(""))]
        .into_iter()
        .find_map(|d| d.file_name().filter(|name| *name != ".."));
    let mut found =
        written.chain(suffix).chain(sibling).chain(directory).map(clean).filter(|name| !name.is_empty());
    match (found.next(), target) {
        (Some(name), _) => name,
        (None, Some(target)) => clean(target),
        (None, None) => "app".to_owned(),
    }
}

/// What a Dockerfile's name says besides that it is one: `server` of `Dockerfile.server` and `server.Dockerfile`.
fn suffix(file: &str) -> Option<&str> {
    let of = |word: &str| {
        let (before, after) = (file.strip_suffix(word), file.strip_prefix(word));
        let after = after.map(|rest| rest.trim_start_matches(['.', '-', '_']));
        after.or(before.map(|rest| rest.trim_end_matches(['.', '-', '_']))).filter(|rest| !rest.is_empty())
    };
    of("Dockerfile").or_else(|| of("dockerfile")).or_else(|| of("Containerfile"))
}

/// Whether a suffix says what an image is for, not what it is.
fn is_plain(suffix: &str) -> bool {
    matches!(
        suffix.to_ascii_lowercase().as_str(),
        "prod"
            | "production"
            | "release"
            | "docker"
            | "deploy"
            | "ci"
            | "multi"
            | "multistage"
            | "final"
            | "k8s"
    )
}

/// A text as part of an image's name.
fn clean(text: &str) -> String {
    let valid = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let text: String = text.chars().map(valid).collect();
    text.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}

/// A name that no other image has.
fn unique(taken: &mut BTreeSet<String>, name: &str, context: &Utf8Path) -> String {
    let directory = context.file_name().map(clean).filter(|d| !d.is_empty() && d != name);
    let mut candidates = [name.to_owned()]
        .into_iter()
        .chain(directory.map(|d| format!("{d}-{name}")))
        .chain((2u32..).map(|n| format!("{name}-{n}")));
    let found = candidates.find(|candidate| !taken.contains(candidate)).unwrap_or_default();
    taken.insert(found.clone());
    found
}
