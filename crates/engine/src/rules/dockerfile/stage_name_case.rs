use crate::project::Stage;
use crate::syntax::dockerfile::Arguments;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};
use crate::{Edit, Safety};

pub(crate) static RULE: Rule = Rule {
    name: "stage-name-case",
    summary: "a stage name with capitals",
    since: "0.1.0",
    docs: include_str!("stage_name_case.md"),
    aliases: &["StageNameCasing", "stage-name-casing", "DF085"],
    category: Category::Style,
    severity: Severity::Low,
    default: false,
    fix: FixKind::Always,
    check: Check::Stage(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let Some(from) = stage.from_instruction(ctx.project) else { return };
    let Arguments::From { name: Some(name), .. } = &from.arguments else { return };
    let written = name.text.as_str();
    let lower = written.to_ascii_lowercase();
    if written != lower {
        // Names are compared in any case, so what uses the stage goes on to.
        let edit = (name.span.of(ctx.project.source_text(stage.source)) == written)
            .then(|| Edit { span: name.span, text: lower.clone() });
        ctx.report(name.span, format!("stages are named in lower case: `{lower}`")).fix(
            Safety::Safe,
            "Write it in lower case",
            edit,
        );
    }
}
