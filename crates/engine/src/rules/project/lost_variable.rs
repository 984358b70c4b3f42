use std::collections::BTreeSet;

use crate::drift::platforms::{Family, Twin, families, variables};
use crate::project::Project;
use crate::project::container::{EnvValue, EnvVar};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "lost-variable",
    summary: "a variable that Compose sets and the manifests do not",
    since: "0.1.0",
    docs: include_str!("lost_variable.md"),
    aliases: &[],
    category: Category::Correctness,
    severity: Severity::Medium,
    default: false,
    fix: FixKind::None,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for family in families(project) {
        for twin in &family.twins {
            let Some(there) = variables(project, twin.there) else { continue };
            let linked = |variable: &EnvVar| is_linked(&family, twin, &variable.name.value);
            let missing = twin.here.env.iter().filter(|v| is_missing(project, twin, v, &there) && !linked(v));
            let missing: Vec<&EnvVar> = missing.collect();
            let needed: Vec<&EnvVar> =
                missing.iter().copied().filter(|v| !is_empty(v) && !is_minor(v)).collect();
            let (all, severity) =
                if needed.is_empty() { (missing, Severity::Low) } else { (needed, Severity::Medium) };
            let Some(first) = all.first() else { continue };
            let names: Vec<String> = all.iter().map(|v| format!("`{}`", v.name.value)).collect();
            let message = format!("`{}` lacks {}, which Compose sets", twin.there.name.value, list(&names));
            let mut finding = ctx.report(twin.there.name.span, message);
            finding
                .severity(severity)
                .related(first.name.span, format!("`{}` is set here", first.name.value));
        }
    }
}

/// Whether Kubernetes itself sets it, for a Service of the namespace.
fn is_linked(family: &Family<'_>, twin: &Twin<'_>, name: &str) -> bool {
    let service = ["_SERVICE_HOST", "_SERVICE_PORT"].iter().find_map(|end| name.strip_suffix(end));
    !twin.workload.pod.service_links.is(&false)
        && service.is_some_and(|s| family.service_named(&s.to_ascii_lowercase().replace('_', "-")).is_some())
}

/// Whether a program does its work without it all the same.
fn is_minor(variable: &EnvVar) -> bool {
    matches!(
        variable.name.value.as_str(),
        "TZ" | "LANG" | "LC_ALL" | "LOG_LEVEL" | "PYTHONUNBUFFERED" | "PUID" | "PGID"
    )
}

fn list(names: &[String]) -> String {
    match names {
        [rest @ .., last] if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        names => names.join(", "),
    }
}

fn is_missing(project: &Project, twin: &Twin<'_>, variable: &EnvVar, there: &BTreeSet<&str>) -> bool {
    let name = variable.name.value.as_str();
    // Images read a secret from a file that a variable names, or from the variable itself.
    let file = name.strip_suffix("_FILE").unwrap_or(name);
    if there.contains(name) || there.contains(file) || there.contains(format!("{name}_FILE").as_str()) {
        return false;
    }
    // What build tools write into pages counts when the image is built.
    const BUILT: [&str; 6] = ["VITE_", "REACT_APP_", "VUE_APP_", "GATSBY_", "NG_APP_", "NEXT_PUBLIC_"];
    const OURS: [&str; 5] =
        ["COMPOSE_", "CHOKIDAR_", "WATCHPACK_", "WATCHFILES_", "DOTNET_USE_POLLING_FILE_WATCHER"];
    let value = literal(variable).unwrap_or_default().to_ascii_lowercase();
    let develops = matches!(value.as_str(), "development" | "dev" | "debug" | "local" | "develop")
        || name.contains("DEBUG")
        || name.contains("RELOAD");
    let set_by_image = twin.there.stage(project).is_some_and(|stage| stage.end().declares(name))
        || twin
            .here
            .stage(project)
            .is_some_and(|stage| stage.end().declares(name) && is_same(stage, name, &value))
        || twin
            .there
            .facts()
            .is_some_and(|f| f.env.get(name).is_some_and(|v| v.eq_ignore_ascii_case(&value)));
    !develops && !set_by_image && !BUILT.iter().chain(&OURS).any(|start| name.starts_with(start))
}

fn is_same(stage: &crate::project::Stage, name: &str, value: &str) -> bool {
    match stage.end().env(name) {
        crate::syntax::dockerfile::Value::Set(own) => own.eq_ignore_ascii_case(value),
        _ => false,
    }
}

fn literal(variable: &EnvVar) -> Option<&str> {
    match variable.value.value()? {
        EnvValue::Literal(text) => Some(text),
        _ => None,
    }
}

/// Whether Compose sets it to nothing where nobody gives it a value.
fn is_empty(variable: &EnvVar) -> bool {
    literal(variable).is_some_and(str::is_empty)
}
