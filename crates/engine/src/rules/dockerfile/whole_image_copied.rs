use crate::project::Stage;
use crate::syntax::dockerfile::{Arguments, CopySource};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "whole-image-copied",
    summary: "a copy of everything that another stage holds",
    since: "0.1.0",
    docs: include_str!("whole_image_copied.md"),
    aliases: &["DL3067", "DF026"],
    category: Category::Efficiency,
    severity: Severity::Low,
    default: false,
    fix: FixKind::None,
    check: Check::Stage(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    for instruction in stage.instructions(ctx.project) {
        let Arguments::Copy(transfer) = &instruction.arguments else { continue };
        let root = |source: &CopySource| matches!(source, CopySource::Path(path) if path.text.trim_matches('"') == "/");
        if let Some(from) = instruction.flag("from")
            && transfer.destination.text.trim_matches('"') == "/"
            && transfer.sources.iter().any(root)
        {
            ctx.report(from.span, "everything of that stage is copied over this one, its leftovers too");
        }
    }
}
