use crate::project::Stage;
use crate::project::dockerfile::Handover;
use crate::syntax::dockerfile::Command;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "exec-command",
    summary: "lets the program take the place of the shell that starts it",
    since: "0.1.0",
    docs: include_str!("exec_command.md"),
    aliases: &[],
    category: Category::Reliability,
    severity: Severity::High,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Variant(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let Some(file) = ctx.project.dockerfile(stage.source).filter(|_| !stage.windows) else { return };
    let launch = stage.launch(ctx.project);
    for half in launch.written() {
        let Some(instruction) = half.instruction else { continue };
        let keyword = instruction.keyword;
        let name = keyword.value.as_str();
        match launch.hand_over(stage, file, half) {
            Handover::Done => {}
            Handover::Edits { edits, .. } => {
                let array = matches!(instruction.command(), Some(Command::Exec { .. }));
                let form = if array { "starts a shell" } else { "is in shell form" };
                ctx.report(
                    keyword.span,
                    format!(
                        "`{name}` {form}: the shell is the first process and keeps SIGTERM from the program"
                    ),
                )
                .fix(Safety::Unsafe, "Let the program take the place of the shell", edits);
            }
            Handover::Stays(why) => {
                ctx.report(
                    keyword.span,
                    format!("the shell of `{name}` stays the first process and gets SIGTERM: {why}"),
                );
            }
        }
    }
}
