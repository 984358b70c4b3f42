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
