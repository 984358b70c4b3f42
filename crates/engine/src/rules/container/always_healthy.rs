use crate::project::Container;
use crate::project::container::Action;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "always-healthy",
    summary: "a health check that never fails",
    since: "0.1.0",
    docs: include_str!("always_healthy.md"),
    aliases: &[],
    category: Category::Reliability,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::None,
    check: Check::Container(check),
};

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    let probes = [&container.healthcheck, &container.readiness, &container.liveness];
    let mut seen = Vec::new();
    for probe in probes
        .into_iter()
        .flatten()
        .filter(|_| container.is_in_pod() || container.item(project, &["healthcheck", "test"]).is_some())
    {
        let always = match &probe.action {
            Action::Shell(line) => is_always(line),
            Action::Exec(words) => match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
                [program] => is_true(program),
                ["echo" | "/bin/echo", ..] => true,
                ["sh" | "/bin/sh" | "bash" | "/bin/bash", "-c" | "-ec", line] => is_always(line),
                _ => false,
            },
            _ => false,
        };
        if always && !seen.contains(&probe.span) {
            seen.push(probe.span);
            ctx.report(
                probe.span,
                format!("never fails, so `{}` counts as healthy whatever it does", container.name.value),
            );
        }
    }
}

fn is_true(word: &str) -> bool {
    matches!(word, "true" | "/bin/true" | "/usr/bin/true" | ":")
}

fn is_always(line: &str) -> bool {
    let line = line.trim();
    let last = line.rsplit("||").next().map(str::trim).filter(|_| line.contains("||"));
    let ends = last.is_some_and(|last| {
        is_true(last) || last == "exit 0" || last.starts_with("echo ") && !last.contains("exit")
    });
    is_true(line) || matches!(line, "exit 0") || ends && !line.ends_with("exit 1")
}
