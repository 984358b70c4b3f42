use crate::project::Stage;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "cd-in-run",
    summary: "a `cd` that lasts for one instruction only",
    since: "0.1.0",
    docs: include_str!("cd_in_run.md"),
    aliases: &["DL3003", "DS-0013", "DF008"],
    category: Category::Correctness,
    severity: Severity::Low,
    default: true,
    fix: FixKind::None,
    check: Check::Stage(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    for run in stage.runs(ctx.project) {
        let commands = &run.shell.commands;
        // With more behind it, it is how a script works; alone, it does nothing at all.
        if let Some(command) = commands.iter().find(|c| c.name() == Some("cd")) {
            ctx.report(command.span, "this `cd` ends with the instruction: `WORKDIR` lasts")
                .aside(commands.len() > 1);
        }
    }
}
