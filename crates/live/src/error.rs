//! What cannot be done, in lower case and with the next step.

use std::fmt;

use bollard::errors::Error as Bollard;

/// A failure that ends the run.
#[derive(Debug)]
pub enum Error {
    /// There is no engine, or none that may be spoken to.
    NoEngine(String),
    /// The engine stopped answering.
    Gone(String),
    /// An image is not on the engine.
    NoImage {
        /// The image.
        image: String,
        /// How it gets there.
        remedy: String,
    },
    /// The engine has no room left.
    Full(String),
    /// There is no cluster, or none that may be spoken to.
    NoCluster(String),
    /// The API server stopped answering.
    Lost(String),
    /// The user of the context may not do what is needed: what, and in which namespace.
    Forbidden {
        /// The context.
        context: String,
        /// The namespace.
        namespace: String,
        /// What is missing: "create pods".
        missing: Vec<String>,
    },
    /// A pod that asks from inside the cluster does not come up.
    NoProbe {
        /// The image that it should run.
        image: String,
        /// Why it does not.
        why: String,
    },
    /// The user wants no more of it.
    Interrupted,
    /// Anything else, said in full.
    Message(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoEngine(why) => write!(
                f,
                "{why}; start one (`systemctl start docker`, or Docker Desktop), install one \
                 (https://docs.docker.com/engine/install), or point DOCKER_HOST or a context at one"
            ),
            Self::Gone(why) => write!(
                f,
                "the Docker Engine stopped answering: {why}; start it and run again, which also removes what this run left"
            ),
            Self::NoImage { image, remedy } => write!(f, "the engine has no image `{image}`; {remedy}"),
            Self::Full(why) => write!(
                f,
                "the engine's disk is full: {why}; make room (`docker system df` shows where it went) and run again"
            ),
            Self::NoCluster(why) => f.write_str(why),
            Self::Lost(why) => write!(
                f,
                "the API server stopped answering: {why}; run again once it does, which also removes what this run left"
            ),
            Self::Forbidden { context, namespace, missing } => write!(
                f,
                "the user of the context `{context}` lacks permissions in the namespace `{namespace}`: {}; grant them (docs/verify-cluster.md has a Role), or name another context with --context",
                missing.join(", ")
            ),
            Self::NoProbe { image, why } => write!(
                f,
                "no pod of the image `{image}` comes up to ask from: {why}; name one that the cluster has, with sh, nc and wget \
                 in it, with --probe-image"
            ),
            Self::Interrupted => f.write_str("interrupted"),
            Self::Message(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for Error {}

impl From<Bollard> for Error {
    fn from(error: Bollard) -> Self {
        match error {
            Bollard::DockerResponseServerError { status_code, message } => {
                let message = message.trim().to_owned();
                if is_full(&message) {
                    return Self::Full(message);
                }
                Self::Message(format!("the Docker Engine refuses ({status_code}): {message}"))
            }
            Bollard::DockerStreamError { error } => Self::Message(error),
            Bollard::JsonDataError { message, .. } => {
                Self::Message(format!("the Docker Engine answers what is not understood: {message}"))
            }
            other => Self::Gone(innermost(&other)),
        }
    }
}

impl From<kube::Error> for Error {
    fn from(error: kube::Error) -> Self {
        match error {
            kube::Error::Api(status) if status.code == 401 => Self::NoCluster(format!(
                "the API server does not know the user of the context ({}): log in again, or name another context with --context",
                if status.message.is_empty() { "401" } else { &status.message }
            )),
            kube::Error::Api(status) => {
                Self::Message(format!("the API server refuses ({}): {}", status.code, status.message.trim()))
            }
            kube::Error::SerdeError(error) => {
                Self::Message(format!("the API server answers what is not understood: {error}"))
            }
            kube::Error::Auth(error) => Self::NoCluster(format!(
                "the context's credentials cannot be had: {}; log in again, or name another context with --context",
                innermost(&error)
            )),
            other => Self::Lost(innermost(&other)),
        }
    }
}

/// Whether an engine's message says that its disk is full.
pub(crate) fn is_full(message: &str) -> bool {
    message.contains("no space left on device") || message.contains("disk quota exceeded")
}

/// The cause at the bottom, in which alone there is something to read.
pub(crate) fn innermost(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_lowercase().collect::<String>() + chars.as_str())
}
