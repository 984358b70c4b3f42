use crate::project::Container;
use crate::project::container::EnvValue;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "weak-credentials",
    summary: "a server that lets everybody in, by setting or by a password that everybody knows",
    since: "0.1.0",
    docs: include_str!("weak_credentials.md"),
    aliases: &[],
    category: Category::Security,
    severity: Severity::High,
    default: true,
    fix: FixKind::None,
    check: Check::Container(check),
};

/// Variables of public images that turn the login off: name, values, what they mean.
const OPEN: [(&str, &[&str], &str); 10] = [
    ("POSTGRES_HOST_AUTH_METHOD", &["trust"], "lets everybody in without a password"),
    ("MYSQL_ALLOW_EMPTY_PASSWORD", &["yes", "true", "1"], "lets root in without a password"),
    ("MARIADB_ALLOW_EMPTY_ROOT_PASSWORD", &["yes", "true", "1"], "lets root in without a password"),
    ("MARIADB_ALLOW_EMPTY_PASSWORD", &["yes", "true", "1"], "lets root in without a password"),
    ("ALLOW_EMPTY_PASSWORD", &["yes"], "lets everybody in without a password"),
    ("ALLOW_ANONYMOUS_LOGIN", &["yes"], "lets everybody in without a login"),
    ("ALLOW_PLAINTEXT_LISTENER", &["yes"], "takes passwords in plain text"),
    ("xpack.security.enabled", &["false"], "lets everybody in without a login"),
    ("DISABLE_SECURITY_PLUGIN", &["true"], "lets everybody in without a login"),
    ("plugins.security.disabled", &["true"], "lets everybody in without a login"),
];

/// Passwords that an image has, or that its documentation shows.
const KNOWN: [(&str, &[&str]); 7] = [
    ("GF_SECURITY_ADMIN_PASSWORD", &["admin"]),
    ("MINIO_ROOT_PASSWORD", &["minioadmin", "minio123"]),
    ("RABBITMQ_DEFAULT_PASS", &["guest"]),
    ("PGADMIN_DEFAULT_PASSWORD", &["admin", "password", "root"]),
    ("KEYCLOAK_ADMIN_PASSWORD", &["admin"]),
    ("KC_BOOTSTRAP_ADMIN_PASSWORD", &["admin"]),
    ("NEO4J_AUTH", &["none", "neo4j/neo4j"]),
];

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    let development = project.is_for_development(container.place.source);
    let severity = if development { Severity::Low } else { Severity::High };
    let published = container.ports.iter().any(|port| port.published);
    for variable in &container.env {
        let Some(EnvValue::Literal(value)) = variable.value.value() else { continue };
        let name = variable.name.value.as_str();
        let means = |list: &[&str]| list.iter().any(|known| known.eq_ignore_ascii_case(value));
        let at = variable.value.at.unwrap_or(variable.name.span);
        if let Some((_, _, what)) = OPEN.iter().find(|(known, values, _)| *known == name && means(values)) {
            // Within a network of its own it is reached by its neighbours alone.
            let severity =
                if published || container.is_in_pod() { severity } else { severity.min(Severity::Medium) };
            ctx.report(at, format!("`{}` {what}", container.name.value)).severity(severity);
        } else if KNOWN.iter().any(|(known, values)| *known == name && means(values)) {
            ctx.report(at, format!("`{name}` is what everybody tries first")).severity(severity).hide(at);
        }
    }
}
