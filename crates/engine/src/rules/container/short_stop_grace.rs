use crate::Target;
use crate::project::{Container, Intent, Project};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity, Span};

pub(crate) static RULE: Rule = Rule {
    name: "short-stop-grace",
    summary: "less time to stop than the server is told to take",
    since: "0.1.0",
    docs: include_str!("short_stop_grace.md"),
    aliases: &[],
    category: Category::Reliability,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Container(check),
};

/// What tells a server how many seconds it may wait for open connections.
const OPTIONS: [(&str, &str); 4] = [
    ("uvicorn", "--timeout-graceful-shutdown"),
    ("gunicorn", "--graceful-timeout"),
    ("hypercorn", "--graceful-timeout"),
    ("granian", "--workers-kill-timeout"),
];

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    let Some((seconds, at)) = told(project, container) else { return };
    let (grace, place, hook) = match container.workload {
        Some(workload) => {
            let pod = &project.workload(workload).pod;
            if pod.stop_grace.is_unknown() {
                return;
            }
            (pod.stop_grace.value().copied().unwrap_or(30), pod.stop_grace.at, slept(project, container))
        }
        None if container.stop_grace.is_unknown() => return,
        None => (container.stop_grace.value().copied().unwrap_or(10), container.stop_grace.at, 0),
    };
    if seconds + hook < grace || grace == 0 {
        return;
    }
    let takes = if hook > 0 {
        format!("{hook} s before the signal and {seconds} s after it")
    } else {
        format!("{seconds} s")
    };
    let whose = if container.platform == Target::Docker { "Docker" } else { "Kubernetes" };
    let message = format!("may take {takes} to stop, and {whose} kills it after {grace} s");
    let (at, related) = match place {
        Some(place) => (place, Some(at)),
        None => (at, None),
    };
    let mut finding = ctx.report(at, message);
    // Some seconds more than it may take.
    let enough = Intent::StopGrace(seconds + hook + 5);
    finding.set(Safety::Unsafe, "Give it the time it may take", container, &enough);
    if let Some(related) = related {
        finding.related(related, "the time it is told to take");
    }
}

/// The seconds that the server is told to wait, and where.
fn told(project: &Project, container: &Container) -> Option<(u64, Span)> {
    [&container.entrypoint, &container.command].into_iter().find_map(|setting| {
        let words: Vec<&str> = setting.value()?.iter().flat_map(|w| w.split_whitespace()).collect();
        let (_, option) = OPTIONS
            .iter()
            .find(|(program, _)| words.iter().any(|w| w.rsplit('/').next() == Some(program)))?;
        let seconds = words.iter().enumerate().find_map(|(at, word)| match word.split_once('=') {
            Some((name, value)) => (name == *option).then(|| value.parse().ok())?,
            None => (word == option).then(|| words.get(at + 1)?.parse().ok())?,
        })?;
        let at = setting.at?;
        let span = project.text(at).find(option).map_or(at, |offset| {
            let start = at.start as usize + offset;
            Span::new(at.source, start, start + option.len())
        });
        Some((seconds, span))
    })
}

/// The seconds that its hook before the stop sleeps for; they count too.
fn slept(project: &Project, container: &Container) -> u64 {
    let hook = project.node(container.place).and_then(|n| n.at(&["lifecycle", "preStop"]));
    let Some(hook) = hook else { return 0 };
    let native = hook.at(&["sleep", "seconds"]).and_then(|n| n.scalar()?.parse().ok());
    let words = hook.at(&["exec", "command"]).map(|n| {
        let words: Vec<_> = n.items().filter_map(crate::syntax::yaml::Node::scalar).collect();
        words.join(" ")
    });
    let written = words
        .as_deref()
        .and_then(|w| w.split_once("sleep "))
        .and_then(|(_, rest)| rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok());
    native.or(written).unwrap_or(0)
}
