//! CI workflows, and what they build: which job builds which Dockerfile in which context, to which tags and platforms.

mod command;
mod github;
mod gitlab;
pub(crate) mod releases;
mod scope;

use camino::{Utf8Path, Utf8PathBuf};
use seaworthy_syntax::yaml::{Node, NodeKind};
use seaworthy_syntax::{Kind, SourceId, Span, Spanned};

use super::Place;
use super::container::ImageName;
use crate::parse::{Files, Parse, normalise};

/// A workflow.
#[derive(Debug)]
pub struct Workflow {
    /// The source.
    pub source: SourceId,
    /// Its mapping.
    pub place: Place,
    /// What runs it.
    pub system: System,
    /// The directory that its paths start from.
    pub root: Utf8PathBuf,
    /// What starts it: `push`, `pull_request`, `schedule` and so on; none for GitLab.
    pub triggers: Vec<Spanned<String>>,
    /// What its token may do, where it says so.
    pub permissions: Option<Place>,
    /// Its jobs, in order.
    pub jobs: Vec<Job>,
}

/// What runs a workflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is the system of its name")]
pub enum System {
    GitHub,
    /// Gitea and Forgejo.
    Gitea,
    GitLab,
}

/// A job.
#[derive(Debug)]
pub struct Job {
    /// Its key.
    pub name: Spanned<String>,
    /// Its mapping.
    pub place: Place,
    /// What it runs on, as far as it is written out: `ubuntu-24.04`.
    pub runner: Option<String>,
    /// The jobs it waits for.
    pub needs: Vec<Spanned<String>>,
    /// What its token may do, where it says so.
    pub permissions: Option<Place>,
    /// The combinations of its matrix that are written out, each as keys and values; empty without a matrix, and where
    /// an expression makes it.
    pub matrix: Vec<Vec<(String, String)>>,
    /// How many of them run at a time.
    pub max_parallel: Option<Spanned<u64>>,
    /// Whether one that fails stops the others; unset means it does.
    pub fail_fast: Option<Spanned<bool>>,
    /// The workflow it calls instead of having steps.
    pub calls: Option<Uses>,
    /// The place of its strategy's mapping, where it has one.
    pub strategy: Option<Place>,
    /// Its steps; a script of GitLab is one step.
    pub steps: Vec<Step>,
}

/// A step of a job.
#[derive(Debug)]
pub struct Step {
    /// Its mapping; for GitLab the script.
    pub place: Place,
    /// The action it uses.
    pub uses: Option<Uses>,
    /// The script it runs.
    pub run: Option<Place>,
}

/// An action or a workflow that is used.
#[derive(Clone, Debug)]
pub struct Uses {
    /// Without the version: `docker/login-action`, `./.github/actions/x`, `docker://alpine`.
    pub action: String,
    /// The version behind `@`.
    pub version: Option<String>,
    /// Where it stands.
    pub span: Span,
}

/// An image that a CI job builds.
#[derive(Debug)]
pub struct ImageJob {
    /// The source of the workflow.
    pub source: SourceId,
    /// The workflow, as an index into [`Project::workflows`](super::Project::workflows).
    pub workflow: usize,
    /// The job.
    pub job: Spanned<String>,
    /// The step or the line of the script that builds.
    pub span: Span,
    /// The step's mapping, where it is a step.
    pub place: Option<Place>,
    /// What builds.
    pub tool: Tool,
    /// The Dockerfile, from the top of the run as the paths of sources are; `None` where a variable decides.
    pub dockerfile: Option<Utf8PathBuf>,
    /// The build context; `None` where a variable decides, and where it is no directory of the repository.
    pub context: Option<Utf8PathBuf>,
    /// The stage it names.
    pub target: Option<String>,
    /// Tags, as far as they are written out: a tag that a variable decides has a `*` in its place.
    pub tags: Vec<Spanned<ImageName>>,
    /// Build arguments; `None` for a value that a variable decides.
    pub args: Vec<(String, Option<String>)>,
    /// Platforms.
    pub platforms: Vec<String>,
    /// Whether it pushes; `None` where a variable decides.
    pub push: Option<bool>,
    /// Whether it takes layers from a cache of an earlier run.
    pub cached: bool,
}

/// What builds an image in CI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tool {
    /// `docker/build-push-action` and those that take the same inputs.
    BuildPushAction,
    /// `docker buildx bake`, or its action: what it builds stands in a file of its own.
    Bake,
    /// Another action.
    Action,
    /// `docker build` and `docker buildx build`.
    Docker,
    /// `podman build`.
    Podman,
    /// `buildah build`.
    Buildah,
    /// Kaniko.
    Kaniko,
}

/// What lowering gives.
#[derive(Default)]
pub(super) struct Lowered {
    pub(super) workflows: Vec<Workflow>,
    pub(super) image_jobs: Vec<ImageJob>,
}

/// Lowers every workflow.
pub(super) fn lower(parses: &[Parse], files: &Files) -> Lowered {
    let mut lowered = Lowered::default();
    let mut roots = Vec::new();
    for parse in parses.iter().filter(|p| p.source.kind == Kind::Workflow) {
        let Some(root) = parse.yaml().and_then(|yaml| {
            yaml.documents().flatten().map(Node::resolve).filter(|n| n.kind() == NodeKind::Mapping).last()
        }) else {
            continue;
        };
        let path = parse.source.path.as_path();
        let workflow =
            if root.get("jobs").is_some() { github::read(root, path) } else { gitlab::read(root, path) };
        roots.push(root);
        lowered.workflows.push(workflow);
    }
    let paths: Vec<&Utf8Path> = lowered
        .workflows
        .iter()
        .map(|w| parses.get(w.source.0 as usize).map_or(Utf8Path::new(""), |p| p.source.path.as_path()))
        .collect();
    let mut image_jobs = Vec::new();
    let project = github::Workflows { all: &lowered.workflows, paths: &paths, roots: &roots, files };
    for (index, (workflow, root)) in lowered.workflows.iter().zip(&roots).enumerate() {
        match workflow.system {
            System::GitLab => gitlab::builds(index, workflow, *root, files, &mut image_jobs),
            System::GitHub | System::Gitea => github::builds(index, &project, &mut image_jobs),
        }
    }
    for job in &mut image_jobs {
        find_dockerfile(job, files);
    }
    let mut seen = std::collections::BTreeSet::new();
    image_jobs.retain(|job| {
        let tags: Vec<_> = job.tags.iter().map(|t| t.value.to_string()).collect();
        let (dockerfile, context) = (job.dockerfile.clone(), job.context.clone());
        seen.insert((job.span, dockerfile, context, job.target.clone(), tags, job.platforms.clone()))
    });
    lowered.image_jobs = image_jobs;
    lowered
}

/// Names the Dockerfile where the job leaves it to the builder: `Dockerfile`, for Podman and Buildah `Containerfile` first.
fn find_dockerfile(job: &mut ImageJob, files: &Files) {
    if let Some(path) = &mut job.dockerfile {
        // `/` at the end stands for the file of the usual name in this directory.
        if let Some(directory) = path.as_str().strip_suffix('/') {
            let directory = Utf8PathBuf::from(directory);
            let containerfile = normalise(&directory.join("Containerfile"));
            let takes_it = matches!(job.tool, Tool::Podman | Tool::Buildah)
                && files.exists(&containerfile) == Some(true);
            *path = if takes_it { containerfile } else { normalise(&directory.join("Dockerfile")) };
        }
    }
}

impl Workflow {
    /// Whether it runs for each change: for pushes to branches or for pull requests.
    pub fn runs_for_changes(&self, project: &super::Project) -> bool {
        let pushes = |trigger: &Spanned<String>| match trigger.value.as_str() {
            "pull_request" | "merge_group" => true,
            "push" => {
                // Tags alone are for releases.
                let push = project.node(self.place).and_then(|node| node.at(&["on", "push"]));
                push.is_none_or(|push| push.get("tags").is_none() || push.get("branches").is_some())
            }
            _ => false,
        };
        self.triggers.iter().any(pushes)
    }
}

impl Uses {
    /// Reads `owner/name@version`.
    fn read(node: Node<'_>) -> Option<Self> {
        let text = node.scalar()?;
        let (action, version) = match text.split_once('@') {
            Some((action, version)) => (action, Some(version.to_owned())),
            None => (text.as_ref(), None),
        };
        Some(Self { action: action.to_owned(), version, span: node.span() })
    }

    /// Whether it is code of this repository.
    pub fn is_local(&self) -> bool {
        self.action.starts_with("./")
    }

    /// Whether its version is a commit, which nobody can move.
    pub fn is_pinned(&self) -> bool {
        self.version.as_ref().is_some_and(|v| v.len() == 40 && v.bytes().all(|b| b.is_ascii_hexdigit()))
    }
}
