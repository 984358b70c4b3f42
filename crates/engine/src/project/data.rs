//! Where programs are told to keep their data.

use super::container::{Container, EnvValue, EnvVar, Mount, Volume};

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

impl Container {
    /// The variables that lead data past a volume which is meant for it: each with the path that it names, and the volume.
    pub fn data_beside_volumes(&self) -> impl Iterator<Item = (&EnvVar, &str, &Mount)> {
        self.env.iter().filter(|v| PATHS.contains(&v.name.value.as_str())).filter_map(|variable| {
            let Some(EnvValue::Literal(path)) = variable.value.value() else { return None };
            if !path.starts_with('/') || path.contains([' ', '{', '$']) {
                return None;
            }
            let covers = |target: &str| {
                path.strip_prefix(target.trim_end_matches('/'))
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            };
            let below =
                |target: &str| target.strip_prefix(path.as_str()).is_some_and(|rest| rest.starts_with('/'));
            if self.mounts.iter().any(|m| covers(&m.target) || below(&m.target)) {
                return None;
            }
            // A volume elsewhere shows that the data was to be kept.
            let meant = self
                .mounts
                .iter()
                .find(|m| matches!(m.volume, Volume::Named(_)) && !m.read_only && is_alike(&m.target, path));
            Some((variable, path.as_str(), meant?))
        })
    }
}

/// Whether two paths lie in one directory below the top.
fn is_alike(a: &str, b: &str) -> bool {
    let top = |path: &str| path.trim_start_matches('/').split('/').next().unwrap_or_default().to_owned();
    top(a) == top(b) && (top(a) != "var" || a.split('/').take(4).eq(b.split('/').take(4)))
}
