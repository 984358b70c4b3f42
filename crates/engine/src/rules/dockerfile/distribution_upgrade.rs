use crate::Safety;
use crate::project::Stage;
use crate::syntax::dockerfile::edit;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "distribution-upgrade",
    summary: "an upgrade of everything the base image brings",
    since: "0.1.0",
    docs: include_str!("distribution_upgrade.md"),
    aliases: &["DL3035", "DS-0024", "DKL-DI-0003", "DF044", "DF069"],
    category: Category::Reliability,
    severity: Severity::Low,
    default: false,
    fix: FixKind::Sometimes,
    check: Check::Stage(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let file = ctx.project.dockerfile(stage.source);
    for run in stage.runs(ctx.project) {
        for call in run.calls() {
            let Some(verb) = call.verb() else { continue };
            let word = verb.text.as_str();
            let ids: &[&str] = match (call.program, word) {
                ("zypper", "dist-upgrade" | "dup") => &["DL3035", "DF044"],
                ("apt-get" | "apt", "dist-upgrade" | "full-upgrade") => &["DS-0024", "DKL-DI-0003", "DF069"],
                ("apt-get" | "apt" | "apk", "upgrade") => &["DKL-DI-0003", "DF069"],
                _ => continue,
            };
            let edit = file.and_then(|file| edit::remove_command(file, &run.shell, call.command));
            ctx.report(verb.span, format!("`{} {word}` makes each build another image", call.program))
                .ids(ids)
                .fix(Safety::Unsafe, "Leave the packages of the base image to the base image", edit);
        }
    }
}
