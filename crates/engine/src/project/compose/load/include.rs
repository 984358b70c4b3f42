//! What other projects bring that are included.

use std::collections::HashMap;

use camino::{Utf8Path, Utf8PathBuf};
use seaworthy_syntax::Span;

use super::{Found, Frame, Loader, MAX_CHAIN, Run, relative};
use crate::project::compose::build::{Path, Resets, reset};
use crate::project::compose::dotenv;
use crate::project::compose::interpolate::Environment;
use crate::project::compose::item::{Item, Map, Value};
use crate::project::compose::merge::merge;
use crate::project::compose::problem::ProblemKind;
use crate::project::compose::validate;

impl Loader<'_> {
    pub(super) fn includes(
        &mut self,
        file: &mut Map,
        resets: &Resets,
        path: &Utf8Path,
        frame: &Frame<'_>,
        run: &mut Run<'_>,
    ) {
        let Some(include) = file.remove("include") else { return };
        validate::include(&include, &mut run.problems);
        for entry in include.items() {
            let at = entry.span().unwrap_or(run.at);
            let (paths, directory, env_files) = match &entry.value {
                Value::Str(_) => (vec![entry], None, Vec::new()),
                Value::Map(_) => (
                    texts(entry.get("path")),
                    entry.get("project_directory").and_then(Item::as_str),
                    texts(entry.get("env_file")),
                ),
                _ => continue,
            };
            let remote =
                |text: &str| text.contains("://") || text.starts_with("git@") || text.starts_with("oci:");
            if paths.iter().filter_map(|p| p.as_str()).any(remote) {
                run.say(ProblemKind::OutsideFile, at, "what is fetched is not read".to_owned());
                run.incomplete = true;
                continue;
            }
            let files: Vec<Utf8PathBuf> =
                paths.iter().filter_map(|p| p.as_str()).map(|p| frame.locate(p)).collect();
            let Some(main) = files.first() else { continue };
            let mut included = frame.included.clone();
            included.push(path.to_owned());
            if included.contains(main) || included.len() >= MAX_CHAIN {
                run.say(ProblemKind::Cycle, at, format!("{main} is included by itself"));
                continue;
            }
            let directory = match directory {
                Some(directory) => frame.locate(directory),
                None => main.parent().unwrap_or(Utf8Path::new("")).to_owned(),
            };
            let env = self.included_environment(&directory, &env_files, frame, run);
            run.frames += 1;
            let inner = Frame {
                id: run.frames,
                env: &env,
                directory: &directory,
                relative: &relative(frame.directory, &directory),
                included,
            };
            let imported = self.files(&files, &inner, Some(at), run);
            for kind in ["services", "volumes", "networks", "secrets", "configs", "models"] {
                import(kind, &imported, file, resets, run);
            }
        }
    }

    /// The variables of an included project: the outer ones count first.
    pub(super) fn included_environment(
        &mut self,
        directory: &Utf8Path,
        env_files: &[&Item],
        frame: &Frame<'_>,
        run: &mut Run<'_>,
    ) -> Environment {
        let mut env = frame.env.clone();
        let mut paths: Vec<(Utf8PathBuf, Option<Span>)> = Vec::new();
        for file in env_files {
            match file.as_str() {
                None | Some("/dev/null") => {}
                Some(name) => paths.push((frame.locate(name), file.span())),
            }
        }
        if env_files.is_empty() {
            paths.push((directory.join(".env"), None));
        }
        let mut variables = HashMap::new();
        for (path, at) in paths {
            match self.text(&path) {
                Found::Here(text) => {
                    let read = dotenv::read(&text, variables, &|name| env.get(name));
                    variables = read.variables;
                    if let Some(error) = read.error {
                        run.say(
                            ProblemKind::InvalidEnvFile,
                            at.unwrap_or(run.at),
                            format!("{path}: {error}"),
                        );
                    }
                }
                Found::Missing => {
                    if let Some(at) = at {
                        run.say(ProblemKind::MissingFile, at, format!("there is no file {path}"));
                    }
                }
                Found::Unasked => {}
                Found::Outside => {
                    if let Some(at) = at {
                        let message = format!("{path} lies outside of the repository and is not read");
                        run.say(ProblemKind::OutsideFile, at, message);
                    }
                }
            }
        }
        env.add(variables);
        env
    }
}

fn texts(item: Option<&Item>) -> Vec<&Item> {
    match item {
        Some(item) if item.as_str().is_some() => vec![item],
        Some(item) => item.items().iter().filter(|i| i.as_str().is_some()).collect(),
        None => Vec::new(),
    }
}

/// Brings what an included project defines into the file that includes it, which counts first.
fn import(kind: &str, imported: &Map, file: &mut Map, resets: &Resets, run: &mut Run<'_>) {
    let Some(from) = imported.get(kind).and_then(Item::as_map) else { return };
    let to = file.or_insert_with(kind, || Item::implied(Value::Map(Map::new())));
    if to.is_null() {
        to.value = Value::Map(Map::new());
    }
    let Some(to) = to.as_map_mut() else { return };
    let mut new = Vec::new();
    for (name, item) in from {
        let mut item = item.clone();
        let Some(own) = to.get_mut(name) else {
            new.push((name.clone(), item));
            continue;
        };
        if let Some(map) = item.as_map_mut() {
            reset(map, &[kind, name], resets);
        }
        let root = Path::ROOT.key(kind);
        *own = merge(item, std::mem::take(own), &root.key(name), &mut run.problems);
    }
    to.fill(new);
}
