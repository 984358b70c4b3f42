//! Workflows of GitHub, Gitea and Forgejo.

use camino::{Utf8Path, Utf8PathBuf};
use seaworthy_syntax::Spanned;
use seaworthy_syntax::yaml::{Dialect, Node, Value};

use super::command::{Runner, Scripts, build_arg, image_name, may_build, platforms, tag, unnamed_file};
use super::scope::{Scope, UNKNOWN, known, known_text};
use super::{ImageJob, Job, Step, System, Tool, Uses, Workflow};
use crate::parse::{Files, normalise};
use crate::project::Place;

/// How many combinations a matrix may have; GitHub takes no more.
const COMBINATIONS: usize = 256;

/// How deep a workflow may be called by another.
const CALLS: u8 = 4;

/// Reads what a workflow says, without what it builds.
pub(super) fn read(root: Node<'_>, path: &Utf8Path) -> Workflow {
    let mut ancestors = path.ancestors().skip(1);
    let home = ancestors.find(|dir| matches!(dir.file_name(), Some(".github" | ".gitea" | ".forgejo")));
    let system = match home.and_then(Utf8Path::file_name) {
        Some(".gitea" | ".forgejo") => System::Gitea,
        _ => System::GitHub,
    };
    let top = home.and_then(Utf8Path::parent).or_else(|| path.parent()).unwrap_or(Utf8Path::new(""));
    Workflow {
        source: root.tree().source(),
        place: Place::of(root),
        system,
        root: top.to_owned(),
        triggers: root.get("on").map(triggers).unwrap_or_default(),
        permissions: root.get("permissions").map(Place::of),
        jobs: root
            .get("jobs")
            .into_iter()
            .flat_map(Node::merged)
            .filter_map(|entry| {
                let name = spanned(entry.key)?;
                let job = entry.value.resolve();
                let strategy = job.get("strategy");
                Some(Job {
                    name,
                    place: Place::of(job),
                    runner: job.get("runs-on").and_then(Node::scalar).map(std::borrow::Cow::into_owned),
                    strategy: strategy.map(|s| Place::of(s.resolve())),
                    needs: job.get("needs").map(names).unwrap_or_default(),
                    permissions: job.get("permissions").map(Place::of),
                    matrix: strategy.and_then(|s| s.get("matrix")).map(matrix).unwrap_or_default(),
                    max_parallel: strategy.and_then(|s| s.get("max-parallel")).and_then(|node| {
                        match node.value(Dialect::Core)? {
                            Value::Int(value) => Some(Spanned::new(u64::try_from(value).ok()?, node.span())),
                            _ => None,
                        }
                    }),
                    fail_fast: strategy.and_then(|s| s.get("fail-fast")).and_then(|node| {
                        match node.value(Dialect::Core)? {
                            Value::Bool(value) => Some(Spanned::new(value, node.span())),
                            _ => None,
                        }
                    }),
                    calls: job.get("uses").and_then(Uses::read),
                    steps: job
                        .get("steps")
                        .into_iter()
                        .flat_map(Node::items)
                        .map(|step| Step {
                            place: Place::of(step.resolve()),
                            uses: step.get("uses").and_then(Uses::read),
                            run: step.get("run").map(|run| Place::of(run.resolve())),
                        })
                        .collect(),
                })
            })
            .collect(),
    }
}

fn spanned(node: Node<'_>) -> Option<Spanned<String>> {
    node.scalar().map(|text| Spanned::new(text.into_owned(), node.span()))
}

/// A name, or a list of them.
fn names(node: Node<'_>) -> Vec<Spanned<String>> {
    node.items().filter_map(spanned).chain(spanned(node)).collect()
}

fn triggers(node: Node<'_>) -> Vec<Spanned<String>> {
    let keys = node.entries().filter_map(|entry| spanned(entry.key));
    names(node).into_iter().chain(keys).collect()
}

/// The leaves of a value of a matrix, each below its key: `image`, or `image.name` and `image.path`.
fn flatten(key: &str, node: Node<'_>, depth: u8, out: &mut Vec<(String, String)>) {
    match node.scalar() {
        Some(text) => out.push((key.to_owned(), text.into_owned())),
        None if depth > 0 => {
            for entry in node.entries() {
                if let Some(name) = entry.key.scalar() {
                    flatten(&format!("{key}.{name}"), entry.value, depth - 1, out);
                }
            }
        }
        None => {}
    }
}

/// The leaves of a combination that `include` or `exclude` writes.
fn leaves(node: Node<'_>) -> Vec<(String, String)> {
    let mut out = Vec::new();
    for entry in node.merged() {
        if let Some(key) = entry.key.scalar() {
            flatten(&key, entry.value, 4, &mut out);
        }
    }
    out
}

/// The combinations of a matrix: all axes multiplied, `exclude` taken away, `include` added.
pub(super) fn matrix(node: Node<'_>) -> Vec<Vec<(String, String)>> {
    let mut rows: Vec<Vec<(String, String)>> = Vec::new();
    let mut axes = 0;
    for entry in node.merged() {
        let Some(key) = entry.key.scalar() else { continue };
        if matches!(key.as_ref(), "include" | "exclude") {
            continue;
        }
        // An expression in place of a list stays as it is: one value that is not known.
        let list = entry.value.items().chain(Some(entry.value).filter(|n| n.scalar().is_some()));
        let values: Vec<Vec<(String, String)>> = list
            .map(|item| {
                let mut leaves = Vec::new();
                flatten(&key, item.resolve(), 4, &mut leaves);
                leaves
            })
            .collect();
        if axes == 0 {
            rows = values;
        } else {
            rows = rows
                .iter()
                .flat_map(|row| values.iter().map(move |value| [row.as_slice(), value.as_slice()].concat()))
                .take(COMBINATIONS)
                .collect();
        }
        axes += 1;
    }
    for exclude in node.get("exclude").into_iter().flat_map(Node::items).map(leaves) {
        rows.retain(|row| exclude.is_empty() || !exclude.iter().all(|pair| row.contains(pair)));
    }
    let original: Vec<usize> = rows.iter().map(Vec::len).collect();
    for include in node.get("include").into_iter().flat_map(Node::items).map(leaves) {
        let mut added = false;
        for (row, &own) in rows.iter_mut().zip(&original) {
            // What is included may not change a value of an axis; what an earlier one included it may.
            let fits =
                include.iter().all(|(key, value)| row[..own].iter().all(|(k, v)| k != key || v == value));
            if fits {
                added = true;
                for pair in &include {
                    if !row.contains(pair) {
                        row.push(pair.clone());
                    }
                }
            }
        }
        if !added && rows.len() < COMBINATIONS {
            rows.push(include);
        }
    }
    rows
}

/// All workflows of the project, with their paths and their trees.
pub(super) struct Workflows<'w> {
    pub(super) all: &'w [Workflow],
    pub(super) paths: &'w [&'w Utf8Path],
    pub(super) roots: &'w [Node<'w>],
    pub(super) files: &'w Files,
}

/// Adds what a workflow builds.
pub(super) fn builds(index: usize, project: &Workflows<'_>, out: &mut Vec<ImageJob>) {
    for inputs in inputs(index, project, CALLS) {
        let (workflow, root) = (&project.all[index], project.roots[index]);
        let mut scope = Scope { inputs, ..Scope::default() };
        scope.set("GITHUB_WORKSPACE".to_owned(), ".".to_owned());
        add_env(root, &mut scope);
        for job in &workflow.jobs {
            let node = root.tree().node(job.place.node);
            let no_matrix = [Vec::new()];
            let rows = if job.matrix.is_empty() { &no_matrix[..] } else { &job.matrix[..] };
            // Most jobs build no image.
            let builds = |step: &Step| {
                step.uses.is_some() || step.run.is_some_and(|run| may_build(root.tree().node(run.node)))
            };
            if !job.steps.iter().any(builds) {
                continue;
            }
            let mut scripts = Scripts::new();
            for row in rows {
                let mut scope = Scope { matrix: row.clone(), ..scope.clone() };
                add_env(node, &mut scope);
                steps(index, project, job, scope, &mut scripts, out);
            }
        }
    }
}

/// What the inputs of a workflow come to for each job that calls it; its defaults alone where nobody here calls it.
fn inputs(index: usize, project: &Workflows<'_>, depth: u8) -> Vec<Vec<(String, String)>> {
    let Workflows { all: workflows, paths, roots, .. } = *project;
    let defaults: Vec<(String, String)> = ["workflow_call", "workflow_dispatch"]
        .iter()
        .filter_map(|trigger| roots[index].at(&["on", trigger, "inputs"]))
        .flat_map(Node::merged)
        .filter_map(|entry| {
            let default = entry.value.get("default")?.scalar()?;
            Some((entry.key.scalar()?.into_owned(), default.into_owned()))
        })
        .collect();
    let mut found = Vec::new();
    if depth > 0 && roots[index].at(&["on", "workflow_call"]).is_some() {
        for (caller, workflow) in workflows.iter().enumerate() {
            let calls = |job: &&Job| {
                job.calls.as_ref().is_some_and(|uses| {
                    uses.is_local() && normalise(&workflow.root.join(&uses.action)) == paths[index]
                })
            };
            let jobs: Vec<&Job> = workflow.jobs.iter().filter(calls).collect();
            if jobs.is_empty() || caller == index {
                continue;
            }
            for outer in inputs(caller, project, depth - 1) {
                for job in &jobs {
                    let node = roots[caller].tree().node(job.place.node);
                    let no_matrix = [Vec::new()];
                    let rows = if job.matrix.is_empty() { &no_matrix[..] } else { &job.matrix[..] };
                    for row in rows {
                        let mut scope =
                            Scope { inputs: outer.clone(), matrix: row.clone(), ..Scope::default() };
                        add_env(roots[caller], &mut scope);
                        let given = node.get("with").into_iter().flat_map(Node::merged).filter_map(|entry| {
                            Some((entry.key.scalar()?.into_owned(), scope.resolve(&entry.value.scalar()?)))
                        });
                        found.push(defaults.iter().cloned().chain(given).collect());
                    }
                }
                if found.len() >= COMBINATIONS {
                    return found;
                }
            }
        }
    }
    if found.is_empty() { vec![defaults] } else { found }
}

/// Adds the `env` of a workflow, a job or a step.
fn add_env(node: Node<'_>, scope: &mut Scope) {
    for entry in node.get("env").into_iter().flat_map(Node::merged) {
        if let (Some(name), Some(value)) = (entry.key.scalar(), entry.value.scalar()) {
            // A variable may be made of another of the same name further out.
            let value = scope.resolve(&value);
            scope.set(name.into_owned(), value);
        }
    }
}

fn steps(
    index: usize,
    project: &Workflows<'_>,
    job: &Job,
    mut scope: Scope,
    scripts: &mut Scripts,
    out: &mut Vec<ImageJob>,
) {
    let (workflow, root) = (&project.all[index], project.roots[index]);
    let tree = root.tree();
    let node = tree.node(job.place.node);
    let runs = job.steps.iter().filter_map(|step| step.run).any(|run| may_build(tree.node(run.node)));
    let default = [node, root]
        .iter()
        .find_map(|n| n.at(&["defaults", "run", "working-directory"])?.scalar())
        .map_or_else(|| ".".to_owned(), std::borrow::Cow::into_owned);
    let mut runner = Runner {
        workflow,
        index,
        job: &job.name,
        directory: None,
        checkout: Utf8PathBuf::new(),
        named_checkouts: Vec::new(),
        files: project.files,
        scripts,
        built: Vec::new(),
    };
    for step in &job.steps {
        let at = tree.node(step.place.node);
        let mut local = scope.clone();
        add_env(at, &mut local);
        if let Some(uses) = &step.uses {
            let with = Inputs { node: at.get("with"), scope: &local };
            if uses.action == "actions/checkout" {
                let path = with.text("path").and_then(known_text);
                let path = path.map(|path| normalise(Utf8Path::new(&path)));
                match (path, with.text("repository")) {
                    (Some(path), None) => runner.checkout = path,
                    (Some(path), Some(_)) => runner.named_checkouts.push(path),
                    (None, _) => {}
                }
                continue;
            }
            if let Some(tags) = (uses.action == "docker/metadata-action").then(|| metadata_tags(&with)) {
                if let Some(id) = at.get("id").and_then(Node::scalar) {
                    scope.outputs.push((format!("{id}.tags"), tags));
                }
                continue;
            }
            if let Some(built) = action(&runner, uses, step.place, &with) {
                runner.built.push(built);
            }
        } else if let Some(run) = step.run.filter(|_| runs) {
            let directory = at
                .get("working-directory")
                .and_then(Node::scalar)
                .map_or_else(|| default.clone(), std::borrow::Cow::into_owned);
            let directory = local.resolve(&directory);
            runner.directory = known(&directory).then(|| normalise(Utf8Path::new(&directory)));
            runner.script(tree.node(run.node), Some(step.place), &mut local);
        }
    }
    out.append(&mut runner.built);
}

/// The inputs of an action.
struct Inputs<'t> {
    node: Option<Node<'t>>,
    scope: &'t Scope,
}

impl Inputs<'_> {
    fn text(&self, key: &str) -> Option<String> {
        let text = self.node?.get(key)?.scalar()?;
        Some(self.scope.resolve(&text)).filter(|text| !text.trim().is_empty())
    }

    fn first(&self, keys: &[&str]) -> Option<String> {
        keys.iter().find_map(|key| self.text(key))
    }

    fn flag(&self, key: &str, default: bool) -> Option<bool> {
        match self.text(key).as_deref().map(str::trim) {
            None => Some(default),
            Some("true") => Some(true),
            Some("false") => Some(false),
            Some(_) => None,
        }
    }

    /// The lines or the items between commas of an input, with where it stands.
    fn list(&self, key: &str) -> Vec<String> {
        let text = self.text(key).unwrap_or_default();
        text.split(['\n', ',']).map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
    }
}

/// The tags that `docker/metadata-action` gives: each image with each tag, where the tag is written out.
fn metadata_tags(with: &Inputs<'_>) -> String {
    let lines = with.text("tags").unwrap_or_default();
    let mut tags: Vec<String> = Vec::new();
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let field = |name: &str| {
            line.split(',')
                .find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('=').map(str::to_owned))
        };
        let raw = !line.contains("type=") || field("type").as_deref() == Some("raw");
        let enabled = field("enable").is_none_or(|enable| enable != "false");
        let value = field("value").or_else(|| (!line.contains('=')).then(|| line.to_owned()));
        let affixed = field("prefix").is_some() || field("suffix").is_some();
        match value {
            _ if !enabled => {}
            Some(value) if raw && known(&value) && !value.contains("{{") && !affixed => tags.push(value),
            _ => tags.push(UNKNOWN.to_string()),
        }
    }
    if tags.is_empty() {
        tags.push(UNKNOWN.to_string());
    }
    tags.dedup();
    let mut out = Vec::new();
    for image in with.list("images") {
        // An image is a name, or `name=…` with `enable=…`.
        let image = image.strip_prefix("name=").unwrap_or(&image);
        out.extend(tags.iter().map(|tag| format!("{image}:{tag}")));
    }
    out.join("\n")
}

/// What an action builds; `None` for one that builds nothing.
fn action(runner: &Runner<'_>, uses: &Uses, place: Place, with: &Inputs<'_>) -> Option<ImageJob> {
    let tool = match uses.action.as_str() {
        "docker/build-push-action" | "depot/build-push-action" | "useblacksmith/build-push-action" => {
            Tool::BuildPushAction
        }
        "docker/bake-action" | "depot/bake-action" => Tool::Bake,
        "redhat-actions/buildah-build" => Tool::Buildah,
        "aevea/action-kaniko" | "int128/kaniko-action" => Tool::Kaniko,
        "mr-smithers-excellent/docker-build-push"
        | "whoan/docker-build-with-cache-action"
        | "elgohr/Publish-Docker-Github-Action" => Tool::Action,
        // The first version of docker's own action lived in the `docker/github-actions` repository.
        "docker/github-actions" => Tool::BuildPushAction,
        _ => return None,
    };
    let mut job = runner.job(uses.span, tool);
    job.place = Some(place);
    let root = Utf8Path::new("");
    if tool == Tool::Bake {
        job.push = with.flag("push", false);
        return Some(job);
    }
    let first_version = tool == Tool::BuildPushAction
        && uses.version.as_deref().is_some_and(|v| v == "v1" || v.starts_with("v1."));
    let context = with.first(&["context", "path", "directory", "workdir"]);
    let file = with.first(&["file", "dockerfile", "containerfiles", "dockerfiles", "build_file"]);
    job.context = match context.as_deref() {
        None => Some(normalise(&runner.workflow.root)),
        Some(text) => match text.strip_prefix("{{defaultContext}}") {
            // The commit itself, or a directory of it behind a colon.
            Some(rest) => known(rest).then(|| {
                normalise(&runner.workflow.root.join(rest.trim_start_matches(':').trim_start_matches('/')))
            }),
            None => runner.path(Some(root), text.trim_start_matches("./").trim_end_matches('/')),
        },
    };
    job.dockerfile = match file.as_deref().and_then(|text| text.lines().find(|line| !line.trim().is_empty()))
    {
        // With the default context the file is one of the commit.
        Some(file) if context.is_none() => {
            known(file).then(|| normalise(&runner.workflow.root.join(file.trim())))
        }
        Some(file) => runner.path(Some(root), file.trim()),
        None => job.context.as_ref().map(|context| unnamed_file(context)),
    };
    job.target = with.first(&["target", "stage"]).and_then(known_text);
    for key in ["platforms", "platform", "archs", "arch"] {
        platforms(&mut job, &with.text(key).unwrap_or_default());
    }
    for line in with.text("build-args").or_else(|| with.text("build_args")).unwrap_or_default().lines() {
        build_arg(&mut job, line);
    }
    job.cached = with.first(&["cache-from", "cache"]).is_some_and(|cache| cache != "false");
    let pushes = first_version || matches!(tool, Tool::Kaniko | Tool::Action);
    job.push = with.flag("push", pushes);
    if let Some(outputs) = with.text("outputs")
        && (outputs.contains("type=registry") || outputs.contains("push=true"))
    {
        job.push = Some(true);
    }
    let span = with.node.and_then(|node| node.get("tags")).map_or(uses.span, Node::span);
    let repository = with.first(&["repository", "image", "name", "image_name"]);
    if let Some(repository) = repository.filter(|_| tool != Tool::BuildPushAction || first_version) {
        let registry = with.first(&["registry"]).map_or_else(String::new, |registry| format!("{registry}/"));
        let tags = with.text("tags").or_else(|| with.first(&["tag", "image_tag"])).unwrap_or_default();
        let names: Vec<_> = tags.split([',', '\n', ' ']).map(str::trim).filter(|t| !t.is_empty()).collect();
        for name in &names {
            tag(&mut job, &format!("{registry}{repository}:{name}"), span);
        }
        if names.is_empty() {
            tag(&mut job, &format!("{registry}{repository}"), span);
        }
        return Some(job);
    }
    for name in with.list("tags") {
        tag(&mut job, &name, span);
    }
    // `outputs: type=image,name=…,push-by-digest=true` names the image without a tag.
    let outputs = with.text("outputs").unwrap_or_default();
    if job.tags.is_empty()
        && let Some(name) =
            outputs.split(',').find_map(|part| part.trim().strip_prefix("name=")).and_then(image_name)
    {
        job.tags.push(Spanned::new(name, span));
    }
    Some(job)
}
