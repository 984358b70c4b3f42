//! Makes the CI workflow that builds both families of images: those of the Dockerfiles for Docker Compose, and those of
//! their variants for Kubernetes.
//!
//! What a workflow of today builds, how it calls it and where it pushes it is kept as far as it is written out.

mod images;

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use minijinja::context;
use seaworthy_syntax::{Kind, Source};

pub use images::{Family, Image};

use crate::parse::normalise;
use crate::project::workflow::System;
use crate::project::{ImageJob, Project};
use crate::variant::{Status, stamp};
use crate::{secret, template};

/// What a workflow is made for.
#[derive(Clone, Debug)]
pub struct Options {
    /// What runs it.
    pub system: System,
    /// The top of the repository, as the paths of sources are; empty for where the run started.
    pub root: Utf8PathBuf,
    /// The branch whose images are `latest`; for GitLab the platform knows it.
    pub branch: String,
    /// One image at a time.
    pub serial: bool,
    /// The registry's host, where another than the platform's own is wanted.
    pub registry: Option<String>,
    /// The platforms to build for, where others than the usual two are wanted: `linux/amd64`.
    pub platforms: Vec<String>,
}

/// A workflow that was made.
#[derive(Clone, Debug)]
pub struct Made {
    /// The file, with the text that it should have.
    pub source: Source,
    /// The file as it is; `None` where there is none.
    pub existing: Option<Source>,
    /// What is to be done with it: one that somebody edited or wrote is left alone.
    pub status: Status,
    /// What it builds.
    pub images: Vec<Image>,
    /// What it does not do, or needs from somebody, in sentences without a final stop.
    pub notes: Vec<String>,
}

/// The actions that the workflow uses, each at a commit.
struct Actions;

impl Actions {
    const CHECKOUT: &str = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1";
    const QEMU: &str = "docker/setup-qemu-action@96fe6ef7f33517b61c61be40b68a1882f3264fb8 # v4.2.0";
    const BUILDX: &str = "docker/setup-buildx-action@bb05f3f5519dd87d3ba754cc423b652a5edd6d2c # v4.2.0";
    const LOGIN: &str = "docker/login-action@dbcb813823bdd20940b903addbd779551569679f # v4.6.0";
    const METADATA: &str = "docker/metadata-action@dc802804100637a589fabce1cb79ff13a1411302 # v6.2.0";
    const BUILD: &str = "docker/build-push-action@53b7df96c91f9c12dcc8a07bcb9ccacbed38856a # v7.3.0";
}

/// Makes the workflow; `None` where no Dockerfile ships.
pub fn workflow(project: &Project, options: &Options) -> Option<Made> {
    let mut notes = Vec::new();
    let found: Vec<Image> = images::images(project, &mut notes)
        .into_iter()
        .filter_map(|image| inside(image, options, &mut notes))
        .collect();
    if found.is_empty() {
        return None;
    }
    let today: Vec<&ImageJob> = project.image_jobs.iter().filter(|job| !job.tags.is_empty()).collect();
    let path = path(project, options);
    let setting = Setting::of(project, options, &today);
    let platforms = platforms(options, &today);
    let has_twin =
        |image: &Image| found.iter().any(|i| i.family == Family::Kubernetes && i.name == image.name);
    let without = found.iter().filter(|image| image.family == Family::Docker && !has_twin(image)).count();
    if without > 0 {
        let (some, have) = if without == 1 { ("image has", "it") } else { ("images have", "them") };
        notes.push(format!(
            "{without} {some} no Kubernetes variant yet: run `seaworthy variant`, then this again to build {have}"
        ));
    }
    // https://docs.github.com/en/actions/reference/limits and GitLab's `parallel:matrix`.
    let most = if options.system == System::GitLab { 200 } else { 256 };
    if found.len() > most {
        notes.push(format!("{} entries are more than the {most} that a matrix may have", found.len()));
    }
    for job in replaced(project, &today, &path) {
        notes.push(format!("{job} builds the same images: remove it once this one runs"));
    }
    let body = render(&found, &path, &platforms, &setting, options)?;
    let path = options.root.join(path);
    let digest = |text: &str| stamp::digest(&Source::new("", Kind::Workflow, text));
    let source = Source::new(path.clone(), Kind::Workflow, format!("{MARK}{}\n{body}", digest(&body)));
    let existing = project.parses().iter().find(|p| p.source.path == path).map(|p| p.source.clone());
    let status = match &existing {
        None => Status::New,
        Some(existing) if existing.text == source.text => Status::Current,
        Some(existing) => match made(&existing.text) {
            Some((made, body)) if made == digest(body) => Status::Stale,
            Some(_) => Status::Conflict,
            None => Status::Foreign,
        },
    };
    Some(Made { source, existing, status, images: found, notes })
}

/// What opens the line by which a workflow of ours is known, before the digest of what follows.
const MARK: &str = "# seaworthy-workflow made=";

/// The digest that a workflow says it was made with, and the text behind it; `None` for one that is not ours.
fn made(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix(MARK)?.split_once('\n').map(|(digest, body)| (digest.trim_end(), body))
}

/// An image with paths from the top of the repository; `None` for one that lies outside.
fn inside(image: Image, options: &Options, notes: &mut Vec<String>) -> Option<Image> {
    let strip = |path: &Utf8Path| {
        let path =
            if options.root.as_str().is_empty() { path } else { path.strip_prefix(&options.root).ok()? };
        (!path.starts_with("..") && !path.is_absolute()).then(|| path.to_owned())
    };
    let (dockerfile, context) = (strip(&image.dockerfile), strip(&normalise(&image.context)));
    let (Some(dockerfile), Some(context)) = (dockerfile, context) else {
        notes.push(format!(
            "{} is not built: it or its context lies outside of the repository",
            image.dockerfile
        ));
        return None;
    };
    let (args, kept): (Vec<_>, Vec<_>) =
        image.args.into_iter().partition(|(name, _)| !secret::is_secret_name(name));
    for (name, _) in kept {
        notes.push(format!(
            "{dockerfile}: the build argument {name} is left out: hand it over as a secret mount"
        ));
    }
    let context = if context.as_str().is_empty() { Utf8PathBuf::from(".") } else { context };
    Some(Image { dockerfile, context, args, ..image })
}

/// Where the workflow belongs: what others wrote is left alone.
fn path(project: &Project, options: &Options) -> Utf8PathBuf {
    let names = match options.system {
        System::GitHub => [".github/workflows/images.yml", ".github/workflows/container-images.yml"],
        System::Gitea => [".gitea/workflows/images.yml", ".gitea/workflows/container-images.yml"],
        System::GitLab => [".gitlab-ci.yml", ".gitlab/images.gitlab-ci.yml"],
    };
    let of_others = |name: &str| {
        let whole = options.root.join(name);
        project.parses().iter().any(|p| p.source.path == whole && made(&p.source.text).is_none())
    };
    names.into_iter().find(|name| !of_others(name)).unwrap_or(names[0]).into()
}

/// Where images go, and who may push them.
struct Setting {
    registry: String,
    /// It is the platform's own, which knows its users.
    own: bool,
    user: String,
    password: String,
}

impl Setting {
    fn of(project: &Project, options: &Options, today: &[&ImageJob]) -> Self {
        let platform = match options.system {
            System::GitHub => "ghcr.io",
            System::Gitea => "${{ vars.REGISTRY }}",
            System::GitLab => "$CI_REGISTRY",
        };
        let written = today.iter().flat_map(|job| &job.tags).map(|tag| &tag.value).find(|image| {
            !image.repository.contains(['*', '$'])
                && image.registry.as_ref().is_none_or(|r| !r.contains(['*', '$']))
        });
        let registry = options.registry.clone().or_else(|| {
            written.map(|image| image.registry.clone().unwrap_or_else(|| "docker.io".to_owned()))
        });
        let (user, password) =
            secrets(project).unwrap_or(("REGISTRY_USERNAME".into(), "REGISTRY_PASSWORD".into()));
        let registry = registry.unwrap_or_else(|| platform.to_owned());
        Self { own: registry == platform, registry, user, password }
    }
}

/// The names of the secrets that a workflow of today logs in with.
fn secrets(project: &Project) -> Option<(String, String)> {
    let name = |text: &str| {
        let inner = text.trim().strip_prefix("${{")?.strip_suffix("}}")?.trim();
        let name = inner.strip_prefix("secrets.")?;
        let valid = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        (valid && name != "GITHUB_TOKEN").then(|| name.to_owned())
    };
    project.workflows.iter().flat_map(|w| &w.jobs).flat_map(|j| &j.steps).find_map(|step| {
        step.uses.as_ref().filter(|uses| uses.action == "docker/login-action")?;
        let with = project.node(step.place)?.get("with")?;
        let value = |key: &str| name(&with.get(key)?.scalar()?);
        Some((value("username")?, value("password")?))
    })
}

fn platforms(options: &Options, today: &[&ImageJob]) -> Vec<String> {
    if !options.platforms.is_empty() {
        return options.platforms.clone();
    }
    let written: BTreeSet<&str> = today
        .iter()
        .flat_map(|job| &job.platforms)
        .map(String::as_str)
        .filter(|p| p.starts_with("linux/") && !p.contains(['*', '$']))
        .collect();
    if written.is_empty() {
        return vec!["linux/amd64".into(), "linux/arm64".into()];
    }
    written.into_iter().map(str::to_owned).collect()
}

/// The workflows that build the same images today.
fn replaced(project: &Project, today: &[&ImageJob], path: &Utf8Path) -> BTreeSet<Utf8PathBuf> {
    today
        .iter()
        .map(|job| project.path(job.source).to_owned())
        .filter(|other| !other.ends_with(path))
        .collect()
}

/// The files whose change asks for a build; `None` where any may.
fn watched(images: &[Image], path: &Utf8Path) -> Vec<String> {
    if images.iter().any(|image| image.context == ".") {
        return Vec::new();
    }
    let contexts: BTreeSet<&Utf8Path> = images.iter().map(|image| image.context.as_path()).collect();
    let covered = |file: &Utf8Path| contexts.iter().any(|context| file.starts_with(context));
    let files = images.iter().map(|image| image.dockerfile.as_path()).filter(|file| !covered(file));
    let files: BTreeSet<String> = files.chain([path]).map(ToString::to_string).collect();
    contexts.iter().map(|context| format!("{context}/**")).chain(files).collect()
}

fn render(
    images: &[Image],
    path: &Utf8Path,
    platforms: &[String],
    setting: &Setting,
    options: &Options,
) -> Option<String> {
    let gitlab = options.system == System::GitLab;
    let text = if gitlab { include_str!("workflow/gitlab.yml") } else { include_str!("workflow/github.yml") };
    let families: BTreeSet<&str> = images.iter().map(|image| image.family.as_str()).collect();
    let single = images.iter().all(|image| image.name == images[0].name);
    // Images that are new belong beside those that a workflow pushes today.
    let beside = images.iter().find_map(|image| image.repository.as_deref()?.rsplit_once('/'));
    let repository = |image: &Image| match (&image.repository, gitlab) {
        (Some(written), _) => written.clone(),
        (None, _) if beside.is_some_and(|_| !single) => {
            format!("{}/{}", beside.map_or("", |(above, _)| above), image.name)
        }
        (None, true) if single => "$CI_PROJECT_PATH".to_owned(),
        (None, true) => format!("$CI_PROJECT_PATH/{}", image.name),
        (None, false) if single => "${{ github.repository }}".to_owned(),
        (None, false) => format!("${{{{ github.repository }}}}/{}", image.name),
    };
    let entries: Vec<_> = images
        .iter()
        .map(|image| {
            let args: Vec<String> =
                image.args.iter().map(|(name, value)| format!("{name}={value}")).collect();
            context! {
                name => image.name,
                family => image.family.as_str(),
                repository => repository(image),
                context => image.context.as_str(),
                dockerfile => image.dockerfile.as_str(),
                target => image.target.as_deref().unwrap_or_default(),
                args => args,
                build_args => args.join("\n").replace('$', "$$"),
            }
        })
        .collect();
    // What the runner is itself needs no emulation.
    let foreign: Vec<&str> =
        platforms.iter().filter_map(|p| p.strip_prefix("linux/")).filter(|p| *p != "amd64").collect();
    let values = context! {
        gitea => options.system == System::Gitea,
        own_registry => setting.own,
        registry => setting.registry,
        user => setting.user,
        password => setting.password,
        branch => options.branch,
        runner => if options.system == System::Gitea { "ubuntu-latest" } else { "ubuntu-24.04" },
        serial => options.serial,
        stages => path == ".gitlab-ci.yml",
        stage => "build",
        paths => watched(images, path),
        platforms => platforms.join(","),
        emulated => foreign.join(","),
        images => entries,
        cached => families,
        families => families.len() > 1,
        targets => images.iter().any(|image| image.target.is_some()),
        args => images.iter().any(|image| !image.args.is_empty()),
        actions => context! {
            checkout => Actions::CHECKOUT,
            qemu => Actions::QEMU,
            buildx => Actions::BUILDX,
            login => Actions::LOGIN,
            metadata => Actions::METADATA,
            build => Actions::BUILD,
        },
    };
    template::render(text, values).ok()
}
