//! What a Dockerfile gives to users besides root.

use seaworthy_syntax::dockerfile::Arguments;
use seaworthy_syntax::shell::Word;

use super::accounts::values;
use super::lower::clean;
use super::{Call, Origin, Project, Stage, State};

/// What a Dockerfile gives to somebody besides root.
pub(super) struct Owned {
    paths: Vec<(String, bool)>,
}

impl Owned {
    pub(super) fn of(stage: &Stage, project: &Project) -> Self {
        let mut paths = Vec::new();
        for stage in stage.and_below(project) {
            for run in stage.runs(project) {
                let state = stage.state_at(run.index);
                for call in run.calls() {
                    let recursive = call.has_option(&["-R", "--recursive"]);
                    let operands: Vec<Option<String>> = paths_of(call, state);
                    let (mode, rest) = match operands.split_first() {
                        Some((mode, rest)) => (mode.clone().unwrap_or_default(), rest),
                        None => continue,
                    };
                    let given = match call.program {
                        "chown" | "chgrp" => {
                            !mode.starts_with("root") && !mode.starts_with("0:") && mode != "0"
                        }
                        "chmod" => is_open(&mode),
                        _ => false,
                    };
                    let targets: Vec<&Option<String>> = match call.program {
                        "install" if call.has_option(&["-o", "--owner"]) => operands.iter().collect(),
                        "mkdir" if call.args.iter().any(|w| w.is("777") || w.is("0777") || w.is("1777")) => {
                            operands.iter().collect()
                        }
                        _ if given => rest.iter().collect(),
                        _ => continue,
                    };
                    for target in targets.into_iter().flatten() {
                        let all = target.ends_with("/*");
                        if let Some(path) = absolute(target.trim_end_matches('*'), state) {
                            paths.push((run_directory(&path), recursive || all));
                        }
                    }
                }
                if !is_root(state) {
                    let made = run.calls().filter(|c| c.program == "mkdir").flat_map(|c| paths_of(c, state));
                    paths.extend(made.flatten().filter_map(|p| Some((absolute(&p, state)?, false))));
                }
            }
            for (index, _, destination) in stage.transfers(project) {
                let instruction = project.dockerfile(stage.source).and_then(|d| d.instructions.get(index));
                if instruction.is_some_and(|i| i.flag("chown").is_some()) {
                    paths.push((destination, true));
                }
            }
            for step in stage.walk(project) {
                if let (Arguments::Workdir(_), false) = (&step.instruction.arguments, is_root(step.before)) {
                    paths.extend(step.after.workdir().value().map(|w| (w.clone(), false)));
                }
            }
        }
        Self { paths }
    }

    /// The paths that are named, but for those that look like files.
    pub(super) fn into_directories(self) -> impl Iterator<Item = String> {
        let is_file = |path: &String| path.rsplit('/').next().is_some_and(|name| name.contains('.'));
        self.paths.into_iter().map(|(path, _)| path).filter(move |path| !is_file(path))
    }

    pub(super) fn covers(&self, path: &str) -> bool {
        let path = &*run_directory(path);
        self.paths.iter().any(|(owned, below)| owned == path || *below && is_within(path, owned))
    }
}

/// A path with `/run` for `/var/run`, which is a link to it.
fn run_directory(path: &str) -> String {
    match path.strip_prefix("/var/run").filter(|rest| rest.is_empty() || rest.starts_with('/')) {
        Some(rest) => format!("/run{rest}"),
        None => path.to_owned(),
    }
}

/// Whether a mode lets everybody write.
fn is_open(mode: &str) -> bool {
    let digits = mode.trim_start_matches('0');
    if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) {
        return digits.ends_with(['2', '3', '6', '7']) && digits.len() >= 3;
    }
    mode.split(',').any(|part| {
        part.split_once(['+', '=']).is_some_and(|(who, what)| {
            what.contains('w') && (who.contains(['o', 'a']) || who.contains('g'))
                || who == "g" && what.contains('u')
        })
    })
}

/// The paths that a command names, each with its word.
pub(super) fn paths<'w>(call: Call<'w>, state: State<'_>) -> Vec<(&'w Word, Option<String>)> {
    let values = values(call.args, state);
    let mut words = call.args.iter().zip(values);
    let mut found = Vec::new();
    while let Some((word, value)) = words.next() {
        match word.text.as_str() {
            "-m" | "--mode" | "-o" | "--owner" | "-g" | "--group"
                if matches!(call.program, "mkdir" | "install") =>
            {
                drop(words.next());
            }
            text if text.starts_with('-') => {}
            _ => found.push((word, value)),
        }
    }
    found
}

fn paths_of(call: Call<'_>, state: State<'_>) -> Vec<Option<String>> {
    paths(call, state).into_iter().map(|(_, value)| value).collect()
}

/// A path from where an instruction stands.
pub(super) fn absolute(path: &str, state: State<'_>) -> Option<String> {
    if path.starts_with('/') {
        return Some(clean(path, false));
    }
    let workdir = match state.workdir().value() {
        Some(workdir) => workdir.as_str(),
        None if state.workdir().is_unset() => "/",
        None => return None,
    };
    Some(clean(&format!("{workdir}/{path}"), false))
}

/// Whether a path is a directory or lies in it.
pub(super) fn is_within(path: &str, directory: &str) -> bool {
    path.strip_prefix(directory)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || directory == "/")
}

/// Whether an instruction runs as root.
pub(super) fn is_root(state: State<'_>) -> bool {
    let user = state.user();
    user.value().map_or(user.is_unset() || user.origin == Origin::Image, |u| u.is_root() == Some(true))
}
