use crate::project::Container;
use crate::project::container::EnvValue;
use crate::secret;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "secret-in-env",
    summary: "a secret written out in the environment",
    since: "0.1.0",
    docs: include_str!("secret_in_env.md"),
    aliases: &[
        "CL-0020",
        "CL-0021",
        "read-secret-from-env-var",
        "env-var-secret",
        "sensitiveContainerEnvVar",
        "C-0012",
        "CKV_K8S_35",
        "secrets-not-from-env-vars",
    ],
    category: Category::Security,
    severity: Severity::High,
    default: true,
    fix: FixKind::None,
    check: Check::Container(check),
};

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    for variable in &container.env {
        let Some(EnvValue::Literal(value)) = variable.value.value() else { continue };
        let Some(span) = variable.value.at.filter(|_| secret::is_secret(&variable.name.value, value)) else {
            continue;
        };
        // What a variable of the composition gives, or another file, does not stand here.
        let text = ctx.project.text(span);
        if !text.contains(value.trim())
            && !text.contains(":-")
            && !value.contains(['\'', '"', '\\', '\n', '$'])
        {
            continue;
        }
        let name = &variable.name.value;
        let severity = if secret::is_placeholder(value) { Severity::Medium } else { Severity::High };
        ctx.report(
            variable.name.span,
            format!("`{name}` is a secret, and stands here for everyone who can read the repository"),
        )
        .severity(severity)
        .hide(span);
    }
}
