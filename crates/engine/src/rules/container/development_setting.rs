use seaworthy_syntax::yaml::edit::New;

use crate::Target;
use crate::project::Container;
use crate::project::container::EnvValue;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "development-setting",
    summary: "a setting that is for development only",
    since: "0.1.0",
    docs: include_str!("development_setting.md"),
    aliases: &["debug-mode"],
    category: Category::Security,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Container(check),
};

/// Variables and the values of them that turn on what only a developer needs.
const VARIABLES: [(&str, &[&str]); 8] = [
    ("DEBUG", &["1", "true"]),
    ("DJANGO_DEBUG", &["1", "true"]),
    ("FLASK_DEBUG", &["1", "true"]),
    ("FLASK_ENV", &["development"]),
    ("APP_DEBUG", &["1", "true"]),
    ("RAILS_ENV", &["development"]),
    ("ASPNETCORE_ENVIRONMENT", &["Development"]),
    ("WERKZEUG_DEBUG_PIN", &["off"]),
];

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    // A Compose file is where developers work; a manifest is what runs for others.
    if container.platform == Target::Docker {
        return;
    }
    let project = ctx.project;
    for variable in &container.env {
        let Some(EnvValue::Literal(value)) = variable.value.value() else { continue };
        let set = |(name, values): &&(&str, &[&str])| {
            *name == variable.name.value && values.iter().any(|v| v.eq_ignore_ascii_case(value))
        };
        if VARIABLES.iter().any(|entry| set(&entry)) {
            let at = variable.value.at.unwrap_or(variable.name.span);
            ctx.report(
                at,
                format!(
                    "`{}={value}` is for development: it shows the program's inside to its users",
                    variable.name.value
                ),
            )
            .fix(Safety::Unsafe, "Set it for production", || {
                let instead = match value.as_str() {
                    "1" => "0",
                    "true" => "false",
                    "True" => "False",
                    "TRUE" => "FALSE",
                    "development" => "production",
                    "Development" => "Production",
                    _ => return None,
                };
                project.write_at(variable.value.at?, &New::Str(instead.to_owned()))
            });
        }
    }
    let arguments = [&container.entrypoint, &container.command];
    for setting in arguments {
        let reload = setting
            .value()
            .is_some_and(|words| words.iter().flat_map(|w| w.split_whitespace()).any(|w| w == "--reload"));
        if let Some(at) = setting.at.filter(|_| reload) {
            ctx.report(
                at,
                "`--reload` watches files for a developer: it costs memory and restarts the program",
            )
            .fix(Safety::Unsafe, "Leave it out", || {
                let reload =
                    project.node_at(at)?.items().find(|n| n.scalar().as_deref() == Some("--reload"))?;
                project.take_out(reload.span())
            });
        }
    }
}
