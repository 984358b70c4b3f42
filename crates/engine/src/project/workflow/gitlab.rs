//! Pipelines of GitLab CI.

use camino::{Utf8Path, Utf8PathBuf};
use seaworthy_syntax::Spanned;
use seaworthy_syntax::yaml::{Node, NodeKind};

use super::command::{Runner, Scripts, may_build};
use super::scope::Scope;
use super::{ImageJob, Job, Step, System, Workflow};
use crate::parse::Files;
use crate::project::Place;

/// Keys of a pipeline that are no jobs.
const RESERVED: &[&str] = &[
    "default",
    "include",
    "stages",
    "variables",
    "workflow",
    "image",
    "services",
    "cache",
    "before_script",
    "after_script",
    "spec",
];

/// How often `extends` may lead on, and how deep lists of scripts may lie in each other; GitLab's own limits.
const DEPTH: u8 = 11;

/// How many lines the scripts of a job may have.
const LINES: u32 = 4096;

/// Reads what a pipeline says, without what it builds.
pub(super) fn read(root: Node<'_>, path: &Utf8Path) -> Workflow {
    let jobs = root
        .merged()
        .into_iter()
        .filter_map(|entry| {
            let name = entry.key.scalar()?;
            let job = entry.value.resolve();
            // Names with a dot are templates that others extend.
            if name.starts_with('.') || RESERVED.contains(&name.as_ref()) || job.kind() != NodeKind::Mapping {
                return None;
            }
            let job_needs = lookup(root, job, "needs").into_iter().flat_map(Node::items).filter_map(|item| {
                let node = item.get("job").unwrap_or(item);
                node.scalar().map(|text| Spanned::new(text.into_owned(), node.span()))
            });
            Some(Job {
                name: Spanned::new(name.into_owned(), entry.key.span()),
                place: Place::of(job),
                runner: None,
                strategy: None,
                needs: job_needs.collect(),
                permissions: None,
                matrix: lookup(root, job, "parallel")
                    .and_then(|node| node.get("matrix"))
                    .map(matrix)
                    .unwrap_or_default(),
                max_parallel: None,
                fail_fast: None,
                calls: None,
                steps: ["before_script", "script", "after_script"]
                    .iter()
                    .filter_map(|key| script(root, job, key))
                    .map(|node| Step { place: Place::of(node), uses: None, run: Some(Place::of(node)) })
                    .collect(),
            })
        })
        .collect();
    Workflow {
        source: root.tree().source(),
        place: Place::of(root),
        system: System::GitLab,
        root: path.parent().unwrap_or(Utf8Path::new("")).to_owned(),
        triggers: Vec::new(),
        permissions: None,
        jobs,
    }
}

/// A key of a job, or of the templates that it extends: the last one named counts first.
fn lookup<'t>(root: Node<'t>, job: Node<'t>, key: &str) -> Option<Node<'t>> {
    fn find<'t>(root: Node<'t>, job: Node<'t>, key: &str, depth: u8) -> Option<Node<'t>> {
        if let Some(own) = job.get(key) {
            return Some(own);
        }
        let extends = job.get("extends").filter(|_| depth > 0)?;
        let mut names: Vec<_> = extends.items().filter_map(Node::scalar).chain(extends.scalar()).collect();
        names.reverse();
        names.into_iter().find_map(|name| find(root, root.get(&name)?, key, depth - 1))
    }
    find(root, job, key, DEPTH)
}

/// A script of a job, or the one that all jobs have.
fn script<'t>(root: Node<'t>, job: Node<'t>, key: &str) -> Option<Node<'t>> {
    lookup(root, job, key)
        .or_else(|| root.get("default")?.get(key))
        .or_else(|| root.get(key).filter(|_| key != "script"))
        .map(Node::resolve)
}

/// The combinations of `parallel: matrix`: a list of maps, each multiplied for itself.
fn matrix(node: Node<'_>) -> Vec<Vec<(String, String)>> {
    node.items()
        .flat_map(|item| {
            let mut rows: Vec<Vec<(String, String)>> = vec![Vec::new()];
            for entry in item.merged() {
                let Some(key) = entry.key.scalar() else { continue };
                let values: Vec<_> =
                    entry.value.items().filter_map(Node::scalar).chain(entry.value.scalar()).collect();
                rows = rows
                    .iter()
                    .flat_map(|row| {
                        let key = &key;
                        values.iter().map(move |value| {
                            let pair = (key.clone().into_owned(), value.clone().into_owned());
                            row.iter().cloned().chain(std::iter::once(pair)).collect()
                        })
                    })
                    .take(200)
                    .collect();
            }
            rows
        })
        .collect()
}

fn add_variables(node: Option<Node<'_>>, scope: &mut Scope) {
    for entry in node.into_iter().flat_map(Node::merged) {
        let value = entry.value.get("value").unwrap_or(entry.value);
        if let (Some(name), Some(value)) = (entry.key.scalar(), value.scalar()) {
            let value = scope.expand(&value, &[]);
            scope.set(name.into_owned(), value);
        }
    }
}

/// Adds what a pipeline builds.
pub(super) fn builds(
    index: usize,
    workflow: &Workflow,
    root: Node<'_>,
    files: &Files,
    out: &mut Vec<ImageJob>,
) {
    let tree = root.tree();
    let mut global = Scope::default();
    global.set("CI_PROJECT_DIR".to_owned(), ".".to_owned());
    add_variables(root.get("variables"), &mut global);
    for job in &workflow.jobs {
        let node = tree.node(job.place.node);
        let no_matrix = [Vec::new()];
        let rows = if job.matrix.is_empty() { &no_matrix[..] } else { &job.matrix[..] };
        if !job.steps.iter().any(|step| may_build(tree.node(step.place.node))) {
            continue;
        }
        let mut scripts = Scripts::new();
        for row in rows {
            let mut scope = global.clone();
            add_variables(lookup(root, node, "variables"), &mut scope);
            scope.env.extend(row.iter().cloned());
            let mut runner = Runner {
                workflow,
                index,
                job: &job.name,
                directory: Some(Utf8PathBuf::new()),
                checkout: Utf8PathBuf::new(),
                named_checkouts: Vec::new(),
                files,
                scripts: &mut scripts,
                built: Vec::new(),
            };
            let mut lines = LINES;
            for step in &job.steps {
                run(&mut runner, tree.node(step.place.node), &mut scope, DEPTH, &mut lines);
            }
            out.append(&mut runner.built);
        }
    }
}

/// Runs the lines of a script one after the other in one shell, as many as `lines` says: lists that hold themselves by
/// aliases would never end.
fn run(runner: &mut Runner<'_>, node: Node<'_>, scope: &mut Scope, depth: u8, lines: &mut u32) {
    if depth == 0 || *lines == 0 {
        return;
    }
    *lines -= 1;
    if node.scalar().is_some() {
        runner.script(node, None, scope);
    }
    for item in node.items().take_while(|_| depth > 1) {
        if *lines == 0 {
            return;
        }
        run(runner, item, scope, depth - 1, lines);
    }
}
