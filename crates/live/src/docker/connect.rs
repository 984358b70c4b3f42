//! Finds the engine as the docker client does, and agrees with it on a version.

use std::env;
use std::fs;
use std::path::PathBuf;

use bollard::errors::Error as Bollard;
use bollard::{API_DEFAULT_VERSION, Docker};
use serde::Deserialize;

use crate::error::{Error, innermost};

/// Seconds that a single answer may take.
const TIMEOUT: u64 = 60;

/// An engine that answers.
pub(super) struct Engine {
    pub(super) docker: Docker,
    /// Whether it is reached by a socket of this machine, so that its containers' addresses may be too.
    pub(super) local: bool,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Settings {
    #[serde(rename = "currentContext")]
    current: String,
}

#[derive(Deserialize)]
struct Context {
    #[serde(rename = "Name")]
    name: String,
    #[serde(rename = "Endpoints")]
    endpoints: Endpoints,
}

#[derive(Deserialize)]
struct Endpoints {
    docker: Option<Endpoint>,
}

#[derive(Deserialize)]
struct Endpoint {
    #[serde(rename = "Host", default)]
    host: String,
}

/// The engine that the docker client would speak to.
pub(super) async fn connect() -> Result<Engine, Error> {
    let host = host()?;
    let address = host.as_deref().unwrap_or(DEFAULT);
    let none = |why: String| Error::NoEngine(format!("no Docker Engine at {address}: {why}"));
    let docker = match address.split_once("://") {
        #[cfg(unix)]
        Some(("unix", _)) => Docker::connect_with_unix(address, TIMEOUT, API_DEFAULT_VERSION),
        #[cfg(windows)]
        Some(("npipe", _)) => Docker::connect_with_named_pipe(address, TIMEOUT, API_DEFAULT_VERSION),
        Some(("tcp" | "http", _)) if !env::var("DOCKER_TLS_VERIFY").unwrap_or_default().is_empty() => {
            return Err(none("TLS is not spoken here; forward its socket by ssh -L".to_owned()));
        }
        Some(("tcp" | "http", _)) => Docker::connect_with_http(address, TIMEOUT, API_DEFAULT_VERSION),
        Some(("ssh", _)) => {
            return Err(none(
                "ssh is not spoken here; forward its socket by ssh -L and name that in DOCKER_HOST"
                    .to_owned(),
            ));
        }
        _ => return Err(none("this is no address of an engine".to_owned())),
    };
    let docker = docker.map_err(|error| none(why(&error)))?;
    let docker = docker.negotiate_version().await.map_err(|error| none(why(&error)))?;
    Ok(Engine { docker, local: address.starts_with("unix://") && cfg!(target_os = "linux") })
}

#[cfg(unix)]
const DEFAULT: &str = "unix:///var/run/docker.sock";
#[cfg(windows)]
const DEFAULT: &str = "npipe:////./pipe/docker_engine";

fn why(error: &Bollard) -> String {
    match error {
        Bollard::SocketNotFoundError(_) => "there is no such socket".to_owned(),
        error => match innermost(error) {
            denied if denied.contains("permission denied") => {
                format!("{denied} (be root, or a member of the group that owns it)")
            }
            other => other,
        },
    }
}

/// The address that the environment, or a context, names; `None` for the platform's default.
fn host() -> Result<Option<String>, Error> {
    let set = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    if let Some(host) = set("DOCKER_HOST") {
        return Ok(Some(if host.contains("://") { host } else { format!("tcp://{host}") }));
    }
    let home = env::home_dir().unwrap_or_default();
    let folder = set("DOCKER_CONFIG").map_or_else(|| home.join(".docker"), PathBuf::from);
    let settings = fs::read(folder.join("config.json")).ok();
    let settings: Settings = settings.and_then(|s| serde_json::from_slice(&s).ok()).unwrap_or_default();
    let name = set("DOCKER_CONTEXT").unwrap_or(settings.current);
    if name.is_empty() || name == "default" {
        return Ok(None);
    }
    let metas = fs::read_dir(folder.join("contexts/meta")).into_iter().flatten().flatten();
    let contexts = metas.filter_map(|meta| {
        serde_json::from_slice::<Context>(&fs::read(meta.path().join("meta.json")).ok()?).ok()
    });
    let found = contexts.filter(|context| context.name == name).find_map(|context| context.endpoints.docker);
    match found {
        Some(endpoint) => Ok(Some(endpoint.host).filter(|host| !host.is_empty())),
        None => Err(Error::NoEngine(format!("no Docker Engine: there is no context `{name}`"))),
    }
}
