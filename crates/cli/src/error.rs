//! What cannot be done, in lower case and with the next step.

use std::fmt;
use std::io;

use camino::Utf8PathBuf;

/// A failure that ends the run.
#[derive(Debug)]
pub(crate) enum Error {
    /// A file could not be written.
    Write { path: Utf8PathBuf, error: io::Error, written: Vec<Utf8PathBuf> },
    /// The output could not be written.
    Output(io::Error),
    /// Anything else, said in full.
    Message(String),
}

impl Error {
    /// A failure said in full.
    pub(crate) fn message(message: impl Into<String>) -> Self {
        Self::Message(message.into())
    }

    /// Whether the reader of our output went away.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Write { path, error, written } => {
                write!(f, "cannot write {path}: {}", reason(error))?;
                if written.is_empty() {
                    write!(f, "; nothing was changed")
                } else {
                    write!(f, "; already written:")?;
                    written.iter().try_for_each(|path| write!(f, "\n  {path}"))
                }
            }
            Self::Output(error) => write!(f, "cannot write the output: {}", reason(error)),
            Self::Message(message) => f.write_str(message),
        }
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

/// The reason of an input or output error in lower case, without the number of the operating system.
pub(crate) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_lowercase().collect::<String>() + chars.as_str())
}
