//! The cluster that is meant: a context of a kubeconfig, and a namespace.

use std::time::Duration;

use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};

use super::Options;
use super::probe::one_line;
use crate::error::{Error, innermost as innermost_of};

/// The cause at the bottom, in one line.
fn innermost(error: &dyn std::error::Error) -> String {
    one_line(&innermost_of(error))
}

/// How long a connection, and an answer, may take. Logs that are followed say something each second.
const CONNECT: Duration = Duration::from_secs(10);
const ANSWER: Duration = Duration::from_secs(30);

/// A cluster, and where on it is worked.
pub(super) struct Cluster {
    pub(super) client: Client,
    pub(super) context: String,
    pub(super) server: String,
    pub(super) namespace: String,
    pub(super) version: String,
}

/// Connects with what `kubectl` would. Nothing is made, and nothing asked but the version. `manifests` are the namespaces that
/// the manifests name.
pub(super) async fn connect(options: &Options, manifests: &[&str]) -> Result<Cluster, Error> {
    let unreadable = |error: &dyn std::error::Error| {
        Error::NoCluster(format!("no kubeconfig: {}; name one with --kubeconfig", innermost(error)))
    };
    let kubeconfig = match &options.kubeconfig {
        Some(path) => Kubeconfig::read_from(path).map_err(|e| {
            Error::NoCluster(format!("cannot read the kubeconfig {}: {}", path.display(), innermost(&e)))
        }),
        None => Kubeconfig::read().map_err(|e| unreadable(&e)),
    };
    let (mut config, context) = match kubeconfig {
        Ok(kubeconfig) => {
            let context = options.context.clone().or_else(|| kubeconfig.current_context.clone());
            let Some(context) = context.filter(|c| !c.is_empty()) else {
                return Err(Error::NoCluster(
                    "the kubeconfig has no current context; name one with --context".to_owned(),
                ));
            };
            let known: Vec<&str> = kubeconfig.contexts.iter().map(|c| c.name.as_str()).collect();
            if !known.contains(&context.as_str()) {
                return Err(Error::NoCluster(format!(
                    "the kubeconfig has no context `{context}`; it has {}",
                    if known.is_empty() { "none".to_owned() } else { known.join(", ") }
                )));
            }
            let wanted = KubeConfigOptions { context: Some(context.clone()), ..KubeConfigOptions::default() };
            let config = Config::from_custom_kubeconfig(kubeconfig, &wanted).await.map_err(|e| {
                Error::NoCluster(format!("the context `{context}` cannot be used: {}", innermost(&e)))
            })?;
            (config, context)
        }
        // In a pod there is none, and the pod's own account counts.
        Err(error) if options.kubeconfig.is_none() && options.context.is_none() => {
            (Config::incluster().map_err(|_| error)?, "this pod's service account".to_owned())
        }
        Err(error) => return Err(error),
    };
    config.connect_timeout = Some(CONNECT);
    config.read_timeout = Some(ANSWER);
    config.write_timeout = Some(ANSWER);
    config.reset_reader_on_write = true;
    let namespace = match (&options.namespace, manifests) {
        (Some(namespace), _) => namespace.clone(),
        (None, [namespace]) => (*namespace).to_owned(),
        (None, []) => config.default_namespace.clone(),
        (None, several) => {
            let several = several.join(", ");
            return Err(Error::Message(format!(
                "the manifests are of several namespaces ({several}); name one with --namespace"
            )));
        }
    };
    let server = config.cluster_url.to_string().trim_end_matches('/').to_owned();
    let client = Client::try_from(config).map_err(|e| {
        Error::NoCluster(format!("the context `{context}` cannot be used: {}", innermost(&e)))
    })?;
    let version = client.apiserver_version().await.map_err(|error| match Error::from(error) {
        Error::Lost(why) => Error::NoCluster(format!(
            "the API server of the context `{context}`, {server}, does not answer: {why}"
        )),
        other => other,
    })?;
    Ok(Cluster { client, context, server, namespace, version: version.git_version })
}
