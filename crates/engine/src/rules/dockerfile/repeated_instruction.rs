use crate::Safety;
use crate::project::Stage;
use crate::syntax::dockerfile::{Instruction, Keyword, edit};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "repeated-instruction",
    summary: "a `CMD`, `ENTRYPOINT` or `HEALTHCHECK` that a later one takes back",
    since: "0.1.0",
    docs: include_str!("repeated_instruction.md"),
    aliases: &[
        "DL4003",
        "DL4004",
        "DL3012",
        "MultipleInstructionsDisallowed",
        "DS-0007",
        "DS-0016",
        "DS-0023",
        "DF038",
        "DF039",
        "DF041",
    ],
    category: Category::Correctness,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::Always,
    check: Check::Stage(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let Some(file) = ctx.project.dockerfile(stage.source) else { return };
    let instructions = stage.instructions(ctx.project);
    for (at, instruction) in instructions.iter().enumerate() {
        let keyword = instruction.keyword.value;
        if !matches!(keyword, Keyword::Cmd | Keyword::Entrypoint | Keyword::Healthcheck)
            || instruction.onbuild.is_some()
        {
            continue;
        }
        let same = |i: &&Instruction| i.keyword.value == keyword && i.onbuild.is_none();
        // hadolint's place for it: every one behind the first.
        if let Some(first) = instructions[..at].iter().find(same) {
            let ids: &[&str] = match keyword {
                Keyword::Cmd => &["DL4003"],
                Keyword::Entrypoint => &["DL4004"],
                _ => &["DL3012"],
            };
            ctx.report(
                instruction.keyword.span,
                format!("another `{}` stands above, without effect", keyword.as_str()),
            )
            .ids(ids)
            .aside(true)
            .related(first.keyword.span, "this one")
            .fix(Safety::Safe, "Remove the one above", edit::remove(file, first));
        }
        if let Some(last) = instructions[at + 1..].iter().rfind(same) {
            let message = format!("this `{}` has no effect: another follows", keyword.as_str());
            let ids: &[&str] = match keyword {
                Keyword::Cmd => &["MultipleInstructionsDisallowed", "DS-0016", "DF038"],
                Keyword::Entrypoint => &["MultipleInstructionsDisallowed", "DS-0007", "DF039"],
                _ => &["MultipleInstructionsDisallowed", "DS-0023", "DF041"],
            };
            ctx.report(instruction.keyword.span, message)
                .ids(ids)
                .related(last.keyword.span, "this one counts")
                .fix(Safety::Safe, "Remove it", edit::remove(file, instruction));
        }
    }
}
