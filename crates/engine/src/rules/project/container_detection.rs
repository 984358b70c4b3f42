use std::collections::BTreeMap;

use camino::Utf8PathBuf;

use crate::project::{Project, Stage, StageRole};
use crate::syntax::dockerfile::CopySource;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity, Span};

pub(crate) static RULE: Rule = Rule {
    name: "container-detection",
    summary: "a program that looks for Docker to know where it runs",
    since: "0.1.0",
    docs: include_str!("container_detection.md"),
    aliases: &[],
    category: Category::Correctness,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::None,
    check: Check::Project(check),
};

/// What only Docker has, or looks different elsewhere.
const SIGNS: [&str; 2] = ["/.dockerenv", "/proc/1/cgroup"];

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    // Of one file that is in several images one is told: that which runs in Kubernetes.
    let mut found: BTreeMap<(Utf8PathBuf, usize), (&Stage, Span, String)> = BTreeMap::new();
    for stage in project.builds.iter().flat_map(|b| &b.stages).filter(|s| s.role == StageRole::Final) {
        let runs = project.deployed_on(stage);
        if !runs.kubernetes && (runs.docker || project.workloads.is_empty()) {
            continue;
        }
        for code in project.code(stage) {
            for sign in SIGNS {
                let Some(at) = memchr::memmem::find(code.text.as_bytes(), sign.as_bytes()) else { continue };
                let Some(span) = source(project, stage, code.instruction) else { continue };
                let line = memchr::memchr_iter(b'\n', &code.text.as_bytes()[..at]).count() + 1;
                let switch = switch(code.text, at)
                    .map_or(String::new(), |name| format!("; it also asks `{name}`, which can be set"));
                let message = format!(
                    "`{}` looks for `{sign}` in line {line}, which is not there in Kubernetes{switch}",
                    code.file
                );
                let better = |old: &(&Stage, _, _)| runs.kubernetes && !project.deployed_on(old.0).kubernetes;
                let key = (code.file.clone(), line);
                if found.get(&key).is_none_or(better) {
                    found.insert(key, (stage, span, message));
                }
            }
        }
    }
    for (_, span, message) in found.into_values() {
        ctx.report(span, message);
    }
}

/// The first source of an instruction that copies.
fn source(project: &Project, stage: &Stage, instruction: usize) -> Option<Span> {
    let instruction = project.dockerfile(stage.source)?.instructions.get(instruction)?;
    let transfer = crate::project::layout::local(instruction)?;
    transfer.sources.iter().find_map(|source| match source {
        CopySource::Path(word) => Some(word.span),
        CopySource::Heredoc { .. } => None,
    })
}

/// A variable of the environment that is asked near a place.
fn switch(text: &str, at: usize) -> Option<&str> {
    let start = text[..at].rmatch_indices('\n').nth(2).map_or(0, |(at, _)| at);
    let end = text[at..].match_indices('\n').nth(2).map_or(text.len(), |(offset, _)| at + offset);
    let near = &text[start..end];
    ["getenv(", "environ.get(", "environ[", "process.env."].iter().find_map(|call| {
        let rest = near.split_once(call)?.1.trim_start_matches(['"', '\'']);
        let name = rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next()?;
        (name.len() > 2).then_some(name)
    })
}
