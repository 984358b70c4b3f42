use crate::project::container::EnvValue;
use crate::project::{Container, Volume};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "unmounted-data-path",
    summary: "a program told to keep its data where nothing is mounted",
    since: "0.1.0",
    docs: include_str!("unmounted_data_path.md"),
    aliases: &[],
    category: Category::Reliability,
    severity: Severity::High,
    default: true,
    fix: FixKind::None,
    check: Check::Container(check),
};

/// Variables that tell public images where to keep their data.
const PATHS: [&str; 13] = [
    "PGDATA",
    "PERSIST_DIRECTORY",
    "CHROMA_DB_PATH",
    "QDRANT__STORAGE__STORAGE_PATH",
    "OLLAMA_MODELS",
    "GF_PATHS_DATA",
    "RABBITMQ_MNESIA_BASE",
    "RABBITMQ_MNESIA_DIR",
    "PERSISTENCE_DATA_PATH",
    "MINIO_VOLUMES",
    "NEO4J_server_directories_data",
    "INFLUXD_BOLT_PATH",
    "ETCD_DATA_DIR",
];

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    for variable in container.env.iter().filter(|v| PATHS.contains(&v.name.value.as_str())) {
        let Some(EnvValue::Literal(path)) = variable.value.value() else { continue };
        if !path.starts_with('/') || path.contains([' ', '{', '$']) {
            continue;
        }
        let covers = |target: &str| {
            path.strip_prefix(target.trim_end_matches('/'))
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let below =
            |target: &str| target.strip_prefix(path.as_str()).is_some_and(|rest| rest.starts_with('/'));
        if container.mounts.iter().any(|m| covers(&m.target) || below(&m.target)) {
            continue;
        }
        // A volume elsewhere shows that the data was to be kept.
        let meant = container
            .mounts
            .iter()
            .find(|m| matches!(m.volume, Volume::Named(_)) && !m.read_only && is_alike(&m.target, path));
        let Some(mount) = meant else { continue };
        let message =
            format!("the data goes to `{path}`, and the volume is at `{}`: nothing is kept", mount.target);
        let at = variable.value.at.unwrap_or(variable.name.span);
        ctx.report(at, message).related(mount.span, "the volume");
    }
}

/// Whether two paths lie in one directory below the top.
fn is_alike(a: &str, b: &str) -> bool {
    let top = |path: &str| path.trim_start_matches('/').split('/').next().unwrap_or_default().to_owned();
    top(a) == top(b) && (top(a) != "var" || a.split('/').take(4).eq(b.split('/').take(4)))
}
