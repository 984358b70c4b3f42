use crate::project::Stage;
use crate::secret;
use crate::syntax::dockerfile::Arguments;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "secret-in-build",
    summary: "a secret in a build argument or in the image's environment",
    since: "0.1.0",
    docs: include_str!("secret_in_build.md"),
    aliases: &["DL3064", "SecretsUsedInArgOrEnv", "DS-0031", "CIS-DI-0010", "DF013", "DF014"],
    category: Category::Security,
    severity: Severity::High,
    default: true,
    fix: FixKind::None,
    check: Check::Stage(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    for instruction in stage.instructions(ctx.project) {
        match &instruction.arguments {
            Arguments::Arg(definitions) => {
                for definition in definitions.iter().filter(|d| secret::is_secret_name(&d.name.text)) {
                    let message = format!(
                        "the build argument `{}` can be read in the image's history",
                        &*definition.name.text
                    );
                    let mut finding = ctx.report(definition.name.span, message);
                    finding.severity(Severity::Medium);
                    if let Some(default) = &definition.default {
                        finding.hide(default.span);
                    }
                }
            }
            Arguments::Env(pairs) => {
                for pair in pairs {
                    // A value that says where the secret lies, or nothing, gives nothing away.
                    let value = pair.value.literal();
                    let given = value.as_deref().is_none_or(|v| secret::is_secret(&pair.name.text, v));
                    if secret::is_secret_name(&pair.name.text) && given {
                        let message =
                            format!("`{}` can be read by everyone who gets the image", &*pair.name.text);
                        let placeholder = value.as_deref().is_some_and(secret::is_placeholder);
                        let severity = if placeholder { Severity::Medium } else { Severity::High };
                        ctx.report(pair.name.span, message).severity(severity).hide(pair.value.span);
                    }
                }
            }
            _ => {}
        }
    }
}
