use seaworthy_syntax::yaml::edit::New;

use crate::project::Project;
use crate::project::compose::Item;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "limited-restarts",
    summary: "a service that stays down after it has failed a few times",
    since: "0.1.0",
    docs: include_str!("limited_restarts.md"),
    aliases: &[],
    category: Category::Reliability,
    severity: Severity::Low,
    default: true,
    fix: FixKind::Always,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for composition in &project.compositions {
        for service in &composition.services {
            let Some(item) = composition.service(&service.name) else { continue };
            let container = project.container(service.container);
            // Only what others connect to is meant to run for ever.
            if container.ports.is_empty() && container.healthcheck.is_none() {
                continue;
            }
            let attempts = item.at_path(&["deploy", "restart_policy", "max_attempts"]);
            let policy = item.get("restart");
            let tries = attempts
                .and_then(Item::as_int)
                .or_else(|| policy.and_then(|p| p.as_str()?.strip_prefix("on-failure:")?.parse().ok()));
            let at = attempts.filter(|a| a.as_int().is_some()).or(policy).and_then(|i| i.at);
            if let (Some(tries), Some(at)) = (tries.filter(|tries| *tries > 0), at) {
                ctx.report(
                    at,
                    format!("after {tries} failures `{}` stays down until somebody starts it", service.name),
                )
                .fix(Safety::Unsafe, "Start it again however often it fails", || {
                    if attempts.is_some_and(|attempts| attempts.at == Some(at)) {
                        return project.take_out(at);
                    }
                    project.write_at(at, &New::Str("on-failure".to_owned()))
                });
            }
        }
    }
}
