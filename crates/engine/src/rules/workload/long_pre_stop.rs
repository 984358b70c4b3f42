use seaworthy_syntax::yaml::edit::New;

use crate::project::Workload;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "long-pre-stop",
    summary: "a hook before the stop that takes all the time there is",
    since: "0.1.0",
    docs: include_str!("long_pre_stop.md"),
    aliases: &[],
    category: Category::Reliability,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::Always,
    check: Check::Workload(check),
};

fn check(workload: &Workload, ctx: &mut Ctx<'_>) {
    if workload.pod.stop_grace.is_unknown() {
        return;
    }
    let grace = workload.pod.stop_grace.value().copied().unwrap_or(30);
    let project = ctx.project;
    for container in workload.containers.iter().map(|id| ctx.project.container(*id)) {
        let Some(hook) = ctx.project.node(container.place).and_then(|n| n.at(&["lifecycle", "preStop"]))
        else {
            continue;
        };
        let sleep = hook.at(&["sleep", "seconds"]).and_then(|n| n.scalar()?.parse::<u64>().ok());
        let words: Vec<String> = hook
            .at(&["exec", "command"])
            .into_iter()
            .flat_map(seaworthy_syntax::yaml::Node::items)
            .filter_map(|word| Some(word.scalar()?.into_owned()))
            .collect();
        let Some(seconds) = sleep.or_else(|| slept(&words.join(" "))) else { continue };
        if seconds >= grace && grace > 0 {
            let message = format!("waits {seconds} s of {grace} s: nothing is left for the program to stop");
            let at = container.pre_stop.unwrap_or(container.name.span);
            let mut finding = ctx.report(at, message);
            finding.fix(Safety::Unsafe, format!("Give the program its {grace} s after the hook"), || {
                let all = New::Int(i64::try_from(grace.checked_add(seconds)?).ok()?);
                workload.set_pod(project, &["terminationGracePeriodSeconds"], &all)
            });
            if let Some(grace) = workload.pod.stop_grace.at {
                finding.related(grace, "the time there is");
            }
        }
    }
}

/// The seconds that a command sleeps for.
fn slept(command: &str) -> Option<u64> {
    let (_, rest) = command.split_once("sleep ")?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}
