use crate::project::Stage;
use crate::syntax::dockerfile::{Arguments, CopySource, edit};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};
use crate::{Edit, Safety, Span};

pub(crate) static RULE: Rule = Rule {
    name: "copy-destination-without-slash",
    summary: "several files copied to what is no directory",
    since: "0.1.0",
    docs: include_str!("copy_destination_without_slash.md"),
    aliases: &["DL3021", "DS-0011", "DF048"],
    category: Category::Correctness,
    severity: Severity::High,
    default: true,
    fix: FixKind::Always,
    check: Check::Stage(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    for instruction in stage.instructions(ctx.project) {
        let (Arguments::Copy(transfer) | Arguments::Add(transfer)) = &instruction.arguments else { continue };
        let destination = &transfer.destination;
        let directory = destination.text.ends_with(['/', '\\'])
            || matches!(&*destination.text, "." | "..")
            || destination.text.ends_with("/.");
        // `COPY --from stage a b` and `{{ name }}` of a template are other mistakes, or none.
        let split =
            transfer.sources.iter().any(|s| matches!(s, CopySource::Path(p) if p.text.contains(['{', '}'])))
                || instruction.flags.iter().any(|f| f.value.is_none() && &*f.name == "from");
        if split {
            continue;
        }
        // The value of a variable may end in a slash, and so may one in quotes.
        if transfer.sources.len() < 2 || directory || destination.text.contains(['$', '"', '\'']) {
            continue;
        }
        let end = Span { start: destination.span.end, ..destination.span };
        let edit = if transfer.json {
            Edit { span: destination.span, text: edit::json_string(&format!("{}/", &*destination.text)) }
        } else {
            Edit { span: end, text: "/".to_owned() }
        };
        ctx.report(destination.span, "several files need a directory: the destination has to end with `/`")
            .fix(Safety::Safe, "End it with a slash", edit);
    }
}
