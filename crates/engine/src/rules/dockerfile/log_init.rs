use crate::Safety;
use crate::project::Stage;
use crate::syntax::dockerfile::edit;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "log-init",
    summary: "a user with a high id whose login log fills the image",
    since: "0.1.0",
    docs: include_str!("log_init.md"),
    aliases: &["DL3046", "DF064"],
    category: Category::Efficiency,
    severity: Severity::Low,
    default: true,
    fix: FixKind::Always,
    check: Check::Stage(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    for run in stage.all_runs(ctx.project) {
        for call in run.calls().filter(|c| c.program == "useradd") {
            let id = call.args.iter().enumerate().find_map(|(at, word)| match &*word.text {
                "--uid" => call.args.get(at + 1)?.value.as_deref()?.parse::<u64>().ok(),
                // `-mu 123456`
                text if text.starts_with('-') && !text.starts_with("--") && text.ends_with('u') => {
                    call.args.get(at + 1)?.value.as_deref()?.parse().ok()
                }
                text => text.strip_prefix("--uid=").or_else(|| text.strip_prefix("-u"))?.parse().ok(),
            });
            let chosen = call.args.windows(2).find(|pair| pair[0].is("-u") && pair[1].text.contains('$'));
            if chosen.is_some() && !call.has_option(&["-l", "--no-log-init"]) {
                ctx.report(
                    call.name.span,
                    "a variable decides the id; a high one makes `/var/log/lastlog` large",
                )
                .aside(true)
                .fix(
                    Safety::Safe,
                    "Leave the login log out",
                    run.script(edit::insert_behind(call.name.span, "--no-log-init")),
                );
            }
            // Below five digits the log stays small.
            if id.is_some_and(|id| id > 99_999) && !call.has_option(&["-l", "--no-log-init"]) {
                ctx.report(
                    call.name.span,
                    "a high id makes `/var/log/lastlog` a sparse file that the layer stores in full",
                )
                .fix(
                    Safety::Safe,
                    "Leave the login log out",
                    run.script(edit::insert_behind(call.name.span, "--no-log-init")),
                );
            }
        }
    }
}
