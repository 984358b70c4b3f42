use crate::project::Stage;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "sudo-in-run",
    summary: "`sudo` in a build",
    since: "0.1.0",
    docs: include_str!("sudo_in_run.md"),
    aliases: &["DL3004", "DS-0010", "CKV2_DOCKER_1", "DKL-DI-0001", "DF010"],
    category: Category::Security,
    severity: Severity::Low,
    default: true,
    fix: FixKind::None,
    check: Check::Stage(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    for run in stage.runs(ctx.project) {
        for command in run.shell.commands.iter().filter(|c| c.name() == Some("sudo")) {
            let Some(name) = &command.name else { continue };
            ctx.report(name.span, "`sudo` in a build: switch with `USER`, and leave `sudo` out of the image");
        }
    }
}
