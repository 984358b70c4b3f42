use crate::project::Container;
use crate::project::container::EnvValue;
use crate::secret;
use crate::syntax::Span;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "secret-in-env",
    summary: "a secret written out in the environment",
    since: "0.1.0",
    docs: include_str!("secret_in_env.md"),
    aliases: &[
        "CL-0020",
        "CL-0021",
        "env-var-secret",
        "sensitiveContainerEnvVar",
        "C-0012",
        "check-env-vars",
        "C-0259",
        "rule-credentials-in-env-var",
    ],
    category: Category::Security,
    severity: Severity::High,
    default: true,
    fix: FixKind::None,
    check: Check::Container(check),
};

const WORDS: [&str; 7] = [
    "CL-0020",
    "env-var-secret",
    "sensitiveContainerEnvVar",
    "C-0012",
    "check-env-vars",
    "C-0259",
    "rule-credentials-in-env-var",
];

/// Whether it is an address with a password in it.
fn has_login(value: &str) -> bool {
    let Some((_, rest)) = value.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    // A password may hold what ends an address.
    authority.rsplit_once('@').or_else(|| rest.rsplit_once('@')).is_some_and(|(login, _)| login.contains(':'))
}

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    for variable in &container.env {
        let Some(EnvValue::Literal(value)) = variable.value.value() else { continue };
        let Some(span) = variable.value.at.filter(|_| secret::is_secret(&variable.name.value, value)) else {
            continue;
        };
        let name = variable.name.value.as_str();
        // What a variable of the composition gives, or another file, does not stand here.
        let text = ctx.project.text(span);
        if !ctx.project.text(variable.name.span).contains(name)
            || !text.contains(value.trim())
                && !text.contains(":-")
                && !value.contains(['\'', '"', '\\', '\n', '$'])
        {
            continue;
        }
        let (at, hidden) = places(text, name, variable.name.span, span);
        // A word that stands beside it as something else, such as the user's name, is no better than a well-known one.
        let repeated = container.env.iter().any(|other| {
            let Some(EnvValue::Literal(text)) = other.value.value() else { return false };
            text == value && !secret::is_secret(&other.name.value, text)
        });
        let severity = if repeated { Severity::Medium } else { secret::severity(value) };
        let message =
            format!("`{name}` is a secret, and stands here for everyone who can read the repository");
        // compose-lint tells what is in an address from what the name of the variable gives away.
        let ids: &'static [&'static str] = if has_login(value) { &RULE.aliases[1..] } else { &WORDS };
        ctx.report(at, message).severity(severity).hide(hidden).ids(ids);
    }
}

/// Where the name stands, and where the value: both may be one scalar, `NAME=value`.
fn places(text: &str, name: &str, at: Span, value: Span) -> (Span, Span) {
    let quote = usize::from(text.starts_with(['"', '\'']));
    let begins = |rest: &str| rest.strip_prefix(name).is_some_and(|rest| rest.starts_with('='));
    if at != value || !text.get(quote..).is_some_and(begins) {
        return (at, value);
    }
    let start = value.start as usize + quote;
    let end = start + name.len();
    (Span::new(value.source, start, end), Span::new(value.source, end + 1, value.end as usize - quote))
}
