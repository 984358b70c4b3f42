use crate::Safety;
use crate::project::{Origin, Stage};
use crate::syntax::dockerfile::{Arguments, edit};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "relative-workdir",
    summary: "a `WORKDIR` that depends on what the base image says",
    since: "0.1.0",
    docs: include_str!("relative_workdir.md"),
    aliases: &["DL3000", "WorkdirRelativePath", "DS-0009", "CKV_DOCKER_10", "DF009"],
    category: Category::Correctness,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Stage(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let Some(file) = ctx.project.dockerfile(stage.source) else { return };
    for step in stage.walk(ctx.project) {
        let Arguments::Workdir(path) = &step.instruction.arguments else { continue };
        // Relative to a directory that this file names, it is as certain as an absolute one.
        // What a variable of this file comes to is as certain.
        let Some(text) = path.expand(&step.before).ok().and_then(|expanded| expanded.value) else { continue };
        let relative = !text.starts_with('/') && !text.is_empty();
        let drive = text.contains(':');
        let named = matches!(step.before.workdir().origin, Origin::Own | Origin::Dockerfile);
        if relative {
            let message = if named {
                format!("`{text}` is relative to the directory of an earlier `WORKDIR`")
            } else {
                format!("`{text}` is relative to whatever directory the base image ends in")
            };
            // BuildKit says it once for a stage, hadolint knows the drives of Windows.
            let ids: &[&str] = match (named, drive) {
                (true, true) => continue,
                (true, false) => &["DL3000", "DS-0009", "CKV_DOCKER_10", "DF009"],
                (false, true) => &["WorkdirRelativePath"],
                (false, false) => RULE.aliases,
            };
            let known = step.after.workdir().value().filter(|to| to.starts_with('/') && !stage.windows);
            ctx.report(path.span, message).ids(ids).aside(named || drive || stage.windows).fix(
                Safety::Safe,
                "Write all of the path",
                || known.and_then(|to| edit::replace(file, path, to)),
            );
        }
    }
}
