use crate::project::Stage;
use crate::syntax::Spanned;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "build-error",
    summary: "what every build fails at, although the file reads well",
    since: "0.1.0",
    docs: include_str!("build_error.md"),
    aliases: &["DL3011", "DL3043", "DS-0008", "DF040", "DF068"],
    category: Category::Correctness,
    severity: Severity::Critical,
    default: true,
    fix: FixKind::None,
    check: Check::Stage(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let Some(file) = ctx.project.dockerfile(stage.source) else { return };
    let instructions = stage.instructions(ctx.project);
    // What stands before the first stage is reported with it.
    let start = match stage.index {
        0 => 0,
        _ => stage.from_span(ctx.project).map_or(u32::MAX, |s| s.start),
    };
    let end = instructions.last().map(|i| i.lines.end).or(stage.from_span(ctx.project).map(|s| s.end));
    let within = |e: &&Spanned<String>| e.span.start >= start && end.is_some_and(|end| e.span.start < end);
    for error in file.build_errors.iter().filter(within) {
        // `${project.version}` is for a program that writes the Dockerfile.
        let text = ctx.project.text(error.span);
        let template = text.starts_with("${") && text.contains('.');
        let severity = if template { Severity::Low } else { Severity::Critical };
        // Which of the many errors others have a name for.
        let ids: &[&str] = if error.value.contains("port") { &["DL3011", "DS-0008", "DF040"] } else { &[] };
        ctx.report(error.span, error.value.as_str()).severity(severity).ids(ids);
    }
    for error in file.deferred_errors.iter().filter(within) {
        ctx.report(error.span, format!("a build on this image fails: {}", error.value))
            .severity(Severity::High)
            .ids(&["DL3043", "DF068"]);
    }
}
