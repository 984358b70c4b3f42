use std::collections::HashMap;

use crate::Span;
use crate::project::Container;
use crate::project::container::{EnvValue, EnvVar};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "duplicate-env",
    summary: "a variable that is set twice",
    since: "0.1.0",
    docs: include_str!("duplicate_env.md"),
    aliases: &["duplicate-env-var", "environment-variable-key-duplication", "C-0295"],
    category: Category::Correctness,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Container(check),
};

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    let mut seen: HashMap<&str, Span> = HashMap::new();
    for variable in &container.env {
        // `envFrom` has no names of its own: what it gives is meant to be overridden.
        if matches!(
            variable.value.value(),
            Some(EnvValue::Secret { key: None, .. } | EnvValue::ConfigMap { key: None, .. })
        ) {
            continue;
        }
        if let Some(first) = seen.insert(&variable.name.value, variable.name.span) {
            ctx.report(
                variable.name.span,
                format!("`{}` is set twice; only this one counts", variable.name.value),
            )
            .related(first, "set here first")
            .fix(Safety::Safe, "Leave out what does not count", || {
                // What stands between the two may have taken the first value.
                let used = format!("$({})", variable.name.value);
                let takes = |v: &EnvVar| matches!(v.value.value(), Some(EnvValue::Literal(text)) if text.contains(&used));
                let item = project.node_at(first).filter(|_| !container.env.iter().any(takes))?.parent()?;
                project.take_out(item.span())
            });
        }
    }
}
