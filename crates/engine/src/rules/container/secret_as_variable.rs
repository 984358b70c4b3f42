use crate::project::Container;
use crate::project::container::EnvValue;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "secret-as-variable",
    summary: "a Secret that is given as a variable",
    since: "0.1.0",
    docs: include_str!("secret_as_variable.md"),
    aliases: &[
        "read-secret-from-env-var",
        "CKV_K8S_35",
        "C-0207",
        "rule-secrets-in-env-var",
        "SecretsAsEnvironmentVariables",
        "secrets-not-from-env-vars",
    ],
    category: Category::Security,
    severity: Severity::Low,
    default: false,
    fix: FixKind::None,
    check: Check::Container(check),
};

/// Checkov and kube-linter look at single keys alone.
const ALL_KEYS: [&str; 3] = ["CKV_K8S_35", "SecretsAsEnvironmentVariables", "secrets-not-from-env-vars"];

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    if !container.is_in_pod() {
        return;
    }
    for variable in &container.env {
        let Some(EnvValue::Secret { name, key, .. }) = variable.value.value() else { continue };
        let at = variable.value.at.unwrap_or(variable.name.span);
        let message = match key {
            Some(_) => format!(
                "`{}` holds a Secret, which every process and every crash report sees",
                variable.name.value
            ),
            None => format!(
                "all of the Secret `{name}` is in the environment, which every process and every crash report sees"
            ),
        };
        let ids: &'static [&'static str] = if key.is_some() { ctx.all_ids() } else { &ALL_KEYS };
        ctx.report(at, message).ids(ids);
    }
}
