use crate::project::Stage;
use crate::project::dockerfile::Call;
use crate::syntax::shell::{Command, Connector};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "hidden-failure",
    summary: "a command whose failure is neither shown nor heeded",
    since: "0.1.0",
    docs: include_str!("hidden_failure.md"),
    aliases: &[],
    category: Category::Reliability,
    severity: Severity::Low,
    default: true,
    fix: FixKind::None,
    check: Check::Stage(check),
};

/// Programs whose failure leaves an image that is not what its Dockerfile says.
const MATTER: [&str; 21] = [
    "chown",
    "chmod",
    "curl",
    "wget",
    "pip",
    "pip3",
    "uv",
    "poetry",
    "npm",
    "npx",
    "yarn",
    "pnpm",
    "go",
    "cargo",
    "apt-get",
    "apt",
    "apk",
    "dnf",
    "yum",
    "playwright",
    "bundle",
];

/// What may well have nothing to do.
const CLEANS: [&str; 8] = ["remove", "purge", "autoremove", "clean", "cache", "uninstall", "del", "store"];

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    for run in stage.runs(ctx.project) {
        let commands = &run.shell.commands;
        for call in run.calls() {
            let at = commands.iter().position(|c| std::ptr::eq(c, call.command));
            let next = at.and_then(|at| commands.get(at + 1));
            let forgiven = next.is_some_and(|next| {
                next.before == Connector::Or
                    && next.context.depth == call.command.context.depth
                    && next.name().is_some_and(|name| matches!(name, "true" | ":"))
            });
            if forgiven && is_silenced(call.command) && matters(call) {
                let name = call.program;
                ctx.report(
                    call.command.span,
                    format!("a failure of `{name}` is thrown away, with what it says: nobody learns that it did nothing"),
                );
            }
        }
    }
}

fn matters(call: Call<'_>) -> bool {
    let verb = call.verb().and_then(|w| w.value.as_deref()).unwrap_or_default();
    MATTER.contains(&call.program) && !CLEANS.contains(&verb)
}

/// Whether what it says of errors goes nowhere.
fn is_silenced(command: &Command) -> bool {
    command.redirects.iter().any(|r| {
        let nowhere = r.target.as_ref().is_some_and(|t| t.is("/dev/null"));
        let both = r.operator.starts_with("&>") || r.operator == ">&" && r.descriptor.is_none();
        nowhere && (both || r.descriptor == Some(2))
            || r.descriptor == Some(2)
                && r.operator == ">&"
                && command.redirects.iter().any(|o| {
                    o.descriptor.is_none_or(|d| d == 1)
                        && o.target.as_ref().is_some_and(|t| t.is("/dev/null"))
                })
    })
}
