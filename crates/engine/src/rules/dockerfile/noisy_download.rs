use crate::Safety;
use crate::project::Stage;
use crate::syntax::dockerfile::edit;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "noisy-download",
    summary: "a `wget` that draws its progress into the log",
    since: "0.1.0",
    docs: include_str!("noisy_download.md"),
    aliases: &["DL3047", "DF056"],
    category: Category::Style,
    severity: Severity::Low,
    default: false,
    fix: FixKind::Always,
    check: Check::Stage(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    for run in stage.all_runs(ctx.project) {
        for call in run.calls().filter(|c| c.program == "wget") {
            let long = ["--progress", "--quiet", "--output-file", "--append-output", "--no-verbose"];
            let quiet = call.args.iter().any(|w| {
                let word = w.text.as_str();
                long.iter().any(|o| word == *o || word.strip_prefix(o).is_some_and(|r| r.starts_with('=')))
                    || word.starts_with('-')
                        && !word.starts_with("--")
                        && (word.contains('q')
                            || word.contains("nv")
                            || word.contains('o')
                            || word.contains('a'))
            });
            if !quiet {
                ctx.report(call.name.span, "`wget` writes a line of progress for every few kilobytes").fix(
                    Safety::Safe,
                    "Write a dot for each megabyte",
                    run.script(edit::insert_behind(call.name.span, "--progress=dot:giga")),
                );
            }
        }
    }
}
