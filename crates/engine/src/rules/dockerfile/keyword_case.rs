use crate::project::Stage;
use crate::syntax::dockerfile::{Instruction, Keyword, edit};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};
use crate::{Edit, Safety};

pub(crate) static RULE: Rule = Rule {
    name: "keyword-case",
    summary: "keywords in different cases",
    since: "0.1.0",
    docs: include_str!("keyword_case.md"),
    aliases: &["ConsistentInstructionCasing", "FromAsCasing", "DF076", "DF079"],
    category: Category::Style,
    severity: Severity::Low,
    default: false,
    fix: FixKind::Always,
    check: Check::Stage(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let Some(file) = ctx.project.dockerfile(stage.source) else { return };
    let text = ctx.project.source_text(stage.source);
    let mut instructions: Vec<&Instruction> = stage.from_instruction(ctx.project).into_iter().collect();
    instructions.extend(stage.instructions(ctx.project));
    let lower = edit::has_lower_keywords(file);
    for instruction in instructions {
        let span = instruction.keyword.span;
        let word = instruction.keyword.value.as_str();
        let usual = if lower { word.to_ascii_lowercase() } else { word.to_owned() };
        if span.of(text) != usual && instruction.keyword.value != Keyword::Unknown {
            ctx.report(span, format!("most keywords of this file are written like `{usual}`")).fix(
                Safety::Safe,
                "Write it like the others",
                Edit { span, text: usual },
            );
        }
    }
}
