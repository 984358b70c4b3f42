use crate::project::Stage;
use crate::project::dockerfile::Call;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "two-downloaders",
    summary: "both `wget` and `curl`",
    since: "0.1.0",
    docs: include_str!("two_downloaders.md"),
    aliases: &["DL4001", "DS-0014", "DF058"],
    category: Category::Style,
    severity: Severity::Low,
    default: false,
    fix: FixKind::None,
    check: Check::Stage(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let runs = stage.runs(ctx.project);
    let mut first: Option<(&str, crate::Span)> = None;
    let mut both = false;
    for run in &runs {
        let mut told = false;
        let asks = |c: &Call<'_>| c.command.name() == Some("command");
        for call in run.calls().filter(|c| matches!(c.program, "curl" | "wget") && !asks(c)) {
            match first {
                None => first = Some((call.program, call.name.span)),
                Some((program, at)) if program != call.program && !told => {
                    told = true;
                    both = true;
                    ctx.report(call.name.span, format!("`{program}` is used as well: one of them is enough"))
                        .related(at, format!("`{program}` is used here"));
                }
                Some((program, _)) if both && !told => {
                    told = true;
                    ctx.report(call.name.span, format!("`{program}` is one of two programs that download"))
                        .aside(true);
                }
                Some(_) => {}
            }
        }
    }
}
