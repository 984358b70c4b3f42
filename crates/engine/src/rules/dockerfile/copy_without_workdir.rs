use crate::Safety;
use crate::project::{Origin, Stage};
use crate::syntax::dockerfile::{Arguments, Instruction, edit};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "copy-without-workdir",
    summary: "a relative destination in a directory that nobody named",
    since: "0.1.0",
    docs: include_str!("copy_without_workdir.md"),
    aliases: &["DL3045", "DF063"],
    category: Category::Reliability,
    severity: Severity::Low,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Stage(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let Some(file) = ctx.project.dockerfile(stage.source) else { return };
    for step in stage.walk(ctx.project) {
        let Arguments::Copy(transfer) = &step.instruction.arguments else { continue };
        let to = transfer.destination.text.trim_matches(['"', '\'']);
        let drive = to.as_bytes().get(1) == Some(&b':') && to.as_bytes()[0].is_ascii_alphabetic();
        if to.starts_with(['/', '$', '\\']) || drive {
            continue;
        }
        let workdir = step.before.workdir();
        // What an image that builds on it does first, it does in its own directory.
        let deferred = step.instruction.onbuild.is_some();
        let named = |i: &Instruction| i.onbuild.is_some() && matches!(i.arguments, Arguments::Workdir(_));
        if matches!(workdir.origin, Origin::Own | Origin::Dockerfile)
            || deferred && stage.instructions(ctx.project).iter().any(named)
        {
            continue;
        }
        // Where the base image is known to say so, it is certain enough.
        let certain = workdir.value().is_some();
        let written = &transfer.destination;
        let edit = || {
            let from = workdir.value().filter(|_| !stage.windows && written.literal().is_some())?;
            let inner = to.strip_prefix("./").unwrap_or(to);
            let inner = if inner == "." { "" } else { inner };
            let plain = !inner.split('/').any(|part| part == "." || part == "..");
            plain.then(|| edit::replace(file, written, &format!("{}/{inner}", from.trim_end_matches('/'))))?
        };
        ctx.report(
            transfer.destination.span,
            format!("`{to}` is relative to whatever directory the base image ends in"),
        )
        .aside(certain || stage.windows)
        .fix(Safety::Safe, "Write all of the path", edit);
    }
}
