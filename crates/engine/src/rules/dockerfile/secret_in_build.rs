use crate::project::Stage;
use crate::secret;
use crate::syntax::dockerfile::{Arguments, Dockerfile};
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

/// What others call it, where hadolint and `BuildKit` do not agree.
const BOTH: &[&str] = &["DL3064", "SecretsUsedInArgOrEnv", "DS-0031", "CIS-DI-0010", "DF013", "DF014"];
const BUILDKIT: &[&str] = &["SecretsUsedInArgOrEnv", "DS-0031", "CIS-DI-0010", "DF013", "DF014"];
const HADOLINT: &[&str] = &["DL3064", "DS-0031", "CIS-DI-0010", "DF013", "DF014"];
const NEITHER: &[&str] = &["DS-0031", "CIS-DI-0010", "DF013", "DF014"];

/// The ids of a variable's name.
fn ids(name: &str) -> &'static [&'static str] {
    let lower = name.to_ascii_lowercase();
    let hadolint = ["password", "secret", "token", "private", "api_key", "username"];
    let words = [
        "apikey",
        "auth",
        "credential",
        "credentials",
        "key",
        "password",
        "pword",
        "passwd",
        "secret",
        "token",
    ];
    let has = |words: &[&str]| {
        words.iter().any(|word| {
            lower.match_indices(word).any(|(at, _)| {
                let end = at + word.len();
                (at == 0 || lower[..at].ends_with('_'))
                    && (end == lower.len() || lower[end..].starts_with('_'))
            })
        })
    };
    match (hadolint.iter().any(|word| lower.contains(word)), has(&words) && !has(&["public"])) {
        (true, true) => BOTH,
        (true, false) => HADOLINT,
        (false, true) => BUILDKIT,
        (false, false) => NEITHER,
    }
}

/// Arguments before the first `FROM` are in no image's history; whoever asks by hadolint's id hears of them.
fn globals(stage: &Stage, ctx: &mut Ctx<'_>) {
    let file = ctx.project.dockerfile(stage.source).filter(|_| stage.index == 0);
    for instruction in file.into_iter().flat_map(Dockerfile::globals) {
        let Arguments::Arg(definitions) = &instruction.arguments else { continue };
        for definition in definitions.iter().filter(|d| ids(&d.name.text).contains(&"DL3064")) {
            let message = format!("`{}` sounds like a secret", &*definition.name.text);
            let mut finding = ctx.report(definition.name.span, message);
            finding.severity(Severity::Low).ids(&["DL3064"]).aside(true);
            if let Some(default) = &definition.default {
                finding.hide(default.span);
            }
        }
    }
}

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    globals(stage, ctx);
    for instruction in stage.instructions(ctx.project) {
        match &instruction.arguments {
            Arguments::Arg(definitions) => {
                for definition in definitions {
                    let ids = ids(&definition.name.text);
                    let certain = secret::is_secret_name(&definition.name.text);
                    if !certain && ids == NEITHER {
                        continue;
                    }
                    let message = format!(
                        "the build argument `{}` can be read in the image's history",
                        &*definition.name.text
                    );
                    let mut finding = ctx.report(definition.name.span, message);
                    finding.severity(Severity::Medium).ids(ids).aside(!certain);
                    if let Some(default) = definition.default.as_ref().filter(|_| certain) {
                        finding.hide(default.span);
                    }
                }
            }
            Arguments::Env(pairs) => {
                for pair in pairs {
                    // A value that says where the secret lies, or nothing, gives nothing away.
                    let value = pair.value.literal();
                    let given = value.as_deref().is_none_or(|v| secret::is_secret(&pair.name.text, v));
                    let certain = secret::is_secret_name(&pair.name.text) && given;
                    let ids = ids(&pair.name.text);
                    if certain || ids != NEITHER {
                        let message =
                            format!("`{}` can be read by everyone who gets the image", &*pair.name.text);
                        let placeholder = value.as_deref().is_some_and(secret::is_placeholder);
                        let severity = if placeholder { Severity::Medium } else { Severity::High };
                        let mut finding = ctx.report(pair.name.span, message);
                        finding.severity(severity).ids(ids).aside(!certain);
                        if certain {
                            finding.hide(pair.value.span);
                        }
                    }
                }
            }
            _ => {}
        }
    }
}
