use seaworthy_syntax::yaml::edit::New;

use crate::project::Container;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "no-healthcheck",
    summary: "a service that nothing asks whether it works",
    since: "0.1.0",
    docs: include_str!("no_healthcheck.md"),
    aliases: &[],
    category: Category::Reliability,
    severity: Severity::Low,
    default: false,
    fix: FixKind::Sometimes,
    check: Check::Container(check),
};

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    let ends = container.restart.value().is_some_and(|policy| policy == "no");
    if container.is_in_pod() || container.healthcheck.is_some() || ends {
        return;
    }
    let message = format!("`{}` counts as working as long as its process is there", container.name.value);
    let known = container.facts().and_then(|facts| facts.health.clone());
    ctx.report(container.name.span, message).fix(
        Safety::Unsafe,
        "Ask what its image is known to answer",
        || {
            let test = New::Seq(vec![New::Str("CMD-SHELL".to_owned()), New::Str(known?.replace('$', "$$"))]);
            container.set_below(project, &["healthcheck", "test"], &test)
        },
    );
}
