use crate::project::Stage;
use crate::project::dockerfile::Call;
use crate::syntax::shell::Connector;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "existing-account",
    summary: "a user or group that the base image has already",
    since: "0.1.0",
    docs: include_str!("existing_account.md"),
    aliases: &[],
    category: Category::Correctness,
    severity: Severity::High,
    default: true,
    fix: FixKind::None,
    check: Check::Stage(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let Some(facts) = stage.facts.filter(|_| !stage.windows) else { return };
    // What a command removed first may be made again.
    let removes = |call: &Call<'_>| {
        matches!(call.program, "userdel" | "deluser" | "groupdel" | "delgroup" | "usermod" | "groupmod")
    };
    let runs = stage.runs(ctx.project);
    if runs.iter().any(|run| run.calls().any(|call| removes(&call))) {
        return;
    }
    for run in &runs {
        for call in run.calls() {
            let context = call.command.context;
            let forgiven = call.command.after.as_ref().is_some_and(|after| after.value == Connector::Or);
            if context.conditional || forgiven || call.has_option(&["-f", "--force"]) {
                continue;
            }
            let Some(name) = made(call) else { continue };
            let user = facts.users.iter().any(|u| u.name == name);
            let group = user || facts.groups.iter().any(|g| g.name == name);
            let (there, what) = match call.program {
                "useradd" | "adduser" => (user, "user"),
                _ => (group, "group"),
            };
            if there {
                ctx.report(
                    call.command.span,
                    format!("the base image has a {what} `{name}` already, so this fails: use that one"),
                );
            }
        }
    }
}

/// The name that a command makes; `None` where it makes none, or a variable decides.
fn made(call: Call<'_>) -> Option<&str> {
    if !matches!(call.program, "useradd" | "adduser" | "groupadd" | "addgroup") {
        return None;
    }
    let last = call.args.last()?.value.as_deref().filter(|w| !w.starts_with('-'))?;
    let before = call.args.len().checked_sub(2).and_then(|at| call.args.get(at));
    // `adduser USER GROUP` and `addgroup USER GROUP` add one to the other.
    let pair = matches!(call.program, "adduser" | "addgroup")
        && before.is_some_and(|w| !w.text.starts_with('-') && !is_value(call));
    (!pair).then_some(last)
}

/// Whether the word before the last is the value of an option.
fn is_value(call: Call<'_>) -> bool {
    let option = call.args.len().checked_sub(3).and_then(|at| call.args.get(at));
    option.is_some_and(|w| w.text.starts_with('-') && !w.text.contains('='))
}
