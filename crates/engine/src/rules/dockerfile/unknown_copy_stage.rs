use crate::project::dockerfile::UseKind;
use crate::project::{Base, Stage};
use crate::syntax::spelling::nearest;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};
use crate::{Edit, Safety};

pub(crate) static RULE: Rule = Rule {
    name: "unknown-copy-stage",
    summary: "a copy from a stage that does not exist",
    since: "0.1.0",
    docs: include_str!("unknown_copy_stage.md"),
    aliases: &["DL3022", "DL3023", "DS-0006", "DF049", "DF050"],
    category: Category::Correctness,
    severity: Severity::High,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Stage(check),
};

const UNKNOWN: &[&str] = &["DL3022", "DF049"];

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let stages = &ctx.project.build(stage.build).stages;
    for from in &stage.uses {
        match &from.from {
            Base::Stage(index) if *index == stage.index => {
                ctx.report(from.span, "a stage cannot take files from itself")
                    .ids(&["DL3023", "DS-0006", "DF050"]);
            }
            Base::Stage(index) if *index > stage.index => {
                ctx.report(from.span, "the stage is defined below; only stages above can be used")
                    .ids(UNKNOWN);
            }
            // A name without registry, tag and path is an image only by accident.
            Base::Image(image)
                if image.registry.is_none() && image.tag.is_none() && image.digest.is_none() =>
            {
                let names =
                    stages[..stage.index].iter().filter_map(|s| s.name.as_ref()).map(|n| n.value.as_str());
                if let Some(meant) = nearest(&image.repository, names) {
                    let edit = Edit { span: from.span, text: meant.to_owned() };
                    let plain = ctx.project.text(from.span).eq_ignore_ascii_case(&image.repository);
                    ctx.report(from.span, format!("no stage is called `{}`; `{meant}` is", image.repository))
                        .ids(UNKNOWN)
                        .fix(Safety::Unsafe, format!("Take it from `{meant}`"), plain.then_some(edit));
                } else if from.kind == UseKind::Copy {
                    ctx.report(
                        from.span,
                        format!("no stage is called `{}`, so it is an image", image.repository),
                    )
                    .ids(UNKNOWN)
                    .aside(true);
                }
            }
            Base::Image(image)
                if from.kind == UseKind::Copy && image.tag.is_none() && image.digest.is_none() =>
            {
                ctx.report(from.span, format!("no stage is called `{image}`, so it is an image"))
                    .ids(UNKNOWN)
                    .aside(true);
            }
            _ => {}
        }
    }
}
