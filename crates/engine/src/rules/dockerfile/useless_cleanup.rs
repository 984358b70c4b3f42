use crate::Safety;
use crate::project::dockerfile::Call;
use crate::project::{Stage, StageRole};
use crate::syntax::dockerfile::edit;
use crate::syntax::shell::Word;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "useless-cleanup",
    summary: "a clean-up that makes nothing smaller",
    since: "0.1.0",
    docs: include_str!("useless_cleanup.md"),
    aliases: &["cleanup-in-later-layer"],
    category: Category::Efficiency,
    severity: Severity::Low,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Stage(check),
};

/// Where installations leave what they downloaded.
const CACHES: [&str; 8] = [
    "/var/lib/apt/lists",
    "/var/cache/apt",
    "/var/cache/apk",
    "/var/cache/yum",
    "/var/cache/dnf",
    "/root/.cache",
    "~/.cache",
    "/root/.npm",
];

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let file = ctx.project.dockerfile(stage.source);
    for run in stage.runs(ctx.project) {
        // Only a `RUN` that does nothing else is useless as a whole.
        let mut calls = run.calls().peekable();
        let Some(first) = calls.peek().copied() else { continue };
        let cleans = |call: Call<'_>| {
            let caches = |w: &Word| CACHES.iter().any(|c| w.text.starts_with(c));
            let mut paths = call.args.iter().filter(|w| !w.text.starts_with('-')).peekable();
            call.program == "rm" && paths.peek().is_some() && paths.all(caches)
                || matches!(call.program, "apt-get" | "yum" | "dnf")
                    && call.verb().is_some_and(|v| v.is("clean"))
        };
        if calls.all(cleans) && run.shell.errors.is_empty() {
            let ships = stage.role == StageRole::Final;
            let edit = file.filter(|_| ships).map(|file| vec![edit::remove(file, run.instruction)]);
            ctx.report(
                first.command.span,
                "the layers below keep these files: this hides them and frees nothing",
            )
            .fix(Safety::Unsafe, "Take the clean-up out", edit);
        }
    }
}
