//! Images and the Dockerfiles that build them.

use std::collections::{BTreeSet, HashMap};

use camino::{Utf8Path, Utf8PathBuf};
use seaworthy_syntax::{Span, Spanned};

use super::Links;
use crate::images;
use crate::parse::normalise;
use crate::project::container::ImageName;
use crate::project::dockerfile::{Build, BuildId};
use crate::project::{ContainerId, Project};

/// A container and the stage that builds its image.
#[derive(Clone, Copy, Debug)]
pub struct Built {
    /// The container.
    pub container: ContainerId,
    /// The Dockerfile.
    pub build: BuildId,
    /// The stage.
    pub stage: usize,
    /// What says so.
    pub how: BuiltHow,
    /// Where it is said: the build section, or the image's name.
    pub at: Option<Span>,
}

/// What says which Dockerfile builds an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum BuiltHow {
    /// The container's own build section.
    Section,
    /// A Compose file or workflow that gives the image this name.
    Name,
    /// Nothing but that the Dockerfile's directory is called like the image: likely, not certain.
    Likeness,
}

/// The stages that may make an image.
type Stages = BTreeSet<(BuildId, usize)>;

pub(super) fn find(project: &Project, links: &mut Links) {
    let by_path: HashMap<&Utf8Path, &Build> = project
        .builds
        .iter()
        .filter_map(|b| Some((project.parse(b.source)?.source.path.as_path(), b)))
        .collect();
    let mut names: HashMap<(Option<&str>, &str), Vec<(Option<&str>, (BuildId, usize))>> = HashMap::new();
    for section in sections(project) {
        let path = normalise(Utf8Path::new(section.dockerfile));
        let Some(build) = by_path.get(path.as_path()) else { continue };
        let Some(stage) = stage_of(build, section.target) else { continue };
        links.built_by.push(Built {
            container: section.container,
            build: build.id,
            stage,
            how: BuiltHow::Section,
            at: Some(section.context.span),
        });
        let image = project.containers.get(section.container.0 as usize).and_then(|c| c.image.value());
        if let Some(image) = image {
            names.entry(key(image)).or_default().push((image.tag.as_deref(), (build.id, stage)));
        }
    }
    for (index, job) in project.image_jobs.iter().enumerate() {
        let Some(path) = job.dockerfile.as_deref().map(normalise) else { continue };
        let Some(build) = by_path.get(path.as_path()) else { continue };
        let Some(stage) = stage_of(build, job.target.as_deref()) else { continue };
        links.jobs.push((index, build.id, stage));
        for tag in &job.tags {
            names.entry(key(&tag.value)).or_default().push((tag.value.tag.as_deref(), (build.id, stage)));
        }
    }
    let sections: BTreeSet<ContainerId> = links.built_by.iter().map(|b| b.container).collect();
    let replaced = replacements(project);
    let likenesses = likenesses(project);
    for container in &project.containers {
        if sections.contains(&container.id) {
            continue;
        }
        let Some(image) = container.image.value() else { continue };
        let written = [image];
        let other = replaced.get(image.repository.as_str()).into_iter().flatten();
        let named = written.into_iter().chain(other).find_map(|image| {
            let found = names.get(&key(image))?;
            one(found
                .iter()
                .filter(|(tag, _)| *tag == image.tag.as_deref())
                .map(|(_, stage)| *stage)
                .collect())
            .or_else(|| one(found.iter().map(|(_, stage)| *stage).collect()))
        });
        let likely = || {
            if images::facts(image).is_some() || container.windows {
                return None;
            }
            one(likenesses.get(image.short())?.clone())
        };
        let (stage, how) = match (named, likely()) {
            (Some(stage), _) => (stage, BuiltHow::Name),
            (None, Some(stage)) => (stage, BuiltHow::Likeness),
            (None, None) => continue,
        };
        let (build, stage) = stage;
        links.built_by.push(Built { container: container.id, build, stage, how, at: container.image.at });
    }
    links.built_by.sort_by_key(|b| b.container);
}

fn key(image: &ImageName) -> (Option<&str>, &str) {
    (image.registry.as_deref(), &image.repository)
}

/// The build section of a Compose service.
struct Section<'p> {
    container: ContainerId,
    context: &'p Spanned<String>,
    dockerfile: &'p str,
    target: Option<&'p str>,
}

/// The build sections of all Compose services that name a Dockerfile.
fn sections(project: &Project) -> impl Iterator<Item = Section<'_>> {
    let services = project.compositions.iter().flat_map(|c| &c.services);
    services.filter_map(|service| {
        let build = service.build.as_ref()?;
        Some(Section {
            container: service.container,
            context: &build.context,
            dockerfile: &build.dockerfile.as_ref()?.value,
            target: build.target.as_ref().map(|t| t.value.as_str()),
        })
    })
}

/// The only one there is.
fn one(stages: Stages) -> Option<(BuildId, usize)> {
    (stages.len() == 1).then(|| stages.into_iter().next())?
}

/// The stage that a target names; the last without one.
fn stage_of(build: &Build, target: Option<&str>) -> Option<usize> {
    match target.filter(|t| !t.is_empty()) {
        Some(target) => build.stage(target).map(|s| s.index),
        None => build.last().map(|s| s.index),
    }
}

/// What kustomizations put in the place of an image, by its name in the manifests.
fn replacements(project: &Project) -> HashMap<&str, Vec<ImageName>> {
    let mut replaced: HashMap<&str, Vec<ImageName>> = HashMap::new();
    for image in project.kustomizations.iter().flat_map(|k| &k.images) {
        let new = image.new_name.as_ref().and_then(|name| ImageName::parse(&name.value));
        replaced.entry(image.name.value.as_str()).or_default().extend(new);
    }
    replaced
}

/// Dockerfiles by what their place is called: `api` for `services/api/Dockerfile` and for `Dockerfile.api`.
fn likenesses(project: &Project) -> HashMap<String, Stages> {
    let mut likenesses: HashMap<String, Stages> = HashMap::new();
    for build in &project.builds {
        let (Some(parse), Some(last)) = (project.parse(build.source), build.last()) else { continue };
        let path = &parse.source.path;
        let file = path.file_name().unwrap_or_default();
        let suffix = file.strip_prefix("Dockerfile.").or_else(|| file.strip_suffix(".Dockerfile"));
        let directory = path.parent().and_then(Utf8Path::file_name);
        let name = match suffix {
            Some(suffix) => Some(suffix),
            None => directory.filter(|name| !matches!(*name, "docker" | "build" | "src" | ".")),
        };
        if let Some(name) = name {
            likenesses.entry(name.to_ascii_lowercase()).or_default().insert((build.id, last.index));
        }
    }
    likenesses
}

/// The contexts and targets that Compose files and workflows give each build.
pub(super) fn contexts_and_targets(project: &Project) -> HashMap<BuildId, (Vec<Utf8PathBuf>, Vec<usize>)> {
    let mut found: HashMap<BuildId, (Vec<Utf8PathBuf>, Vec<usize>)> = HashMap::new();
    let sections: HashMap<ContainerId, _> = sections(project).map(|s| (s.container, s.context)).collect();
    for built in project.links.built_by.iter().filter(|b| b.how == BuiltHow::Section) {
        let Some(context) = sections.get(&built.container) else { continue };
        let entry = found.entry(built.build).or_default();
        if !context.value.contains("://") {
            entry.0.push(normalise(Utf8Path::new(&context.value)));
        }
        entry.1.push(built.stage);
    }
    for (job, build, stage) in &project.links.jobs {
        let entry = found.entry(*build).or_default();
        entry.0.extend(project.image_jobs.get(*job).and_then(|j| j.context.as_deref()).map(normalise));
        entry.1.push(*stage);
    }
    found
}
