use crate::project::Project;
use crate::secret;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "secret-build-argument",
    summary: "a secret that CI gives to a build as an argument",
    since: "0.1.0",
    docs: include_str!("secret_build_argument.md"),
    aliases: &[],
    category: Category::Security,
    severity: Severity::High,
    default: true,
    fix: FixKind::None,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for job in &project.image_jobs {
        let names: Vec<&str> = job
            .args
            .iter()
            // An argument without value takes one of the environment.
            .filter(|(name, value)| {
                value.as_ref().is_none_or(|value| !secret::is_placeholder(value) && !value.is_empty())
                    && secret::is_secret_name(name)
                    && !is_public(name)
            })
            .map(|(name, _)| name.as_str())
            .collect();
        if !names.is_empty() {
            let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
            ctx.report(
                job.span,
                format!("the build argument {} stays in the history of the image", names.join(", ")),
            );
        }
    }
}

/// Whether a bundler writes it into what every browser gets: then it is no secret.
fn is_public(name: &str) -> bool {
    ["VITE_", "NEXT_PUBLIC_", "REACT_APP_", "PUBLIC_", "NUXT_PUBLIC_", "EXPO_PUBLIC_", "GATSBY_"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
}
