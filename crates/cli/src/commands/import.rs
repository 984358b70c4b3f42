//! `seaworthy import`.

use std::fs;
use std::io::Write as _;

use camino::{Utf8Path, Utf8PathBuf};
use seaworthy_engine::config::Settings;

use crate::error::{Error, reason};
use crate::output::stdout;
use crate::{CLEAN, settings};

/// Prints another tool's settings as a `seaworthy.toml`.
pub(crate) fn hadolint(path: Option<&Utf8Path>) -> Result<u8, Error> {
    let found = || settings::HADOLINT.iter().map(Utf8PathBuf::from).find(|path| path.exists());
    let Some(path) = path.map(Utf8Path::to_owned).or_else(found) else {
        return Err(Error::message("there is no .hadolint.yaml here: name the file".to_owned()));
    };
    let text = fs::read_to_string(&path)
        .map_err(|e| Error::message(format!("cannot read the settings in {path}: {}", reason(&e))))?;
    write!(stdout(), "{}", Settings::hadolint(&text).to_toml())?;
    Ok(CLEAN)
}
