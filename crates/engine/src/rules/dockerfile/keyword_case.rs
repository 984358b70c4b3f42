use crate::project::Stage;
use crate::syntax::dockerfile::{Arguments, Instruction, Keyword, edit};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};
use crate::{Edit, Safety, Span};

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
    as_of_from(stage, ctx);
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
            ctx.report(span, format!("most keywords of this file are written like `{usual}`"))
                .ids(&["ConsistentInstructionCasing", "DF076"])
                .fix(Safety::Safe, "Write it like the others", Edit { span, text: usual });
        }
    }
}

/// Reports an `AS` that is not written like its `FROM`.
fn as_of_from(stage: &Stage, ctx: &mut Ctx<'_>) {
    let Some(from) = stage.from_instruction(ctx.project) else { return };
    let Arguments::From { image, name: Some(name) } = &from.arguments else { return };
    let text = ctx.project.source_text(stage.source);
    let gap = Span { start: image.span.end, end: name.span.start, ..image.span };
    let Some(at) = gap.of(text).to_ascii_lowercase().find("as") else { return };
    let start = gap.start + at as u32;
    let span = Span { start, end: start + 2, ..gap };
    let keyword = from.keyword.span.of(text);
    let usual = match keyword {
        "from" => "as",
        "FROM" => "AS",
        _ => return,
    };
    if span.of(text) != usual {
        ctx.report(span, format!("`{keyword}` goes with `{usual}`")).ids(&["FromAsCasing", "DF079"]).fix(
            Safety::Safe,
            "Write both alike",
            Edit { span, text: usual.to_owned() },
        );
    }
}
