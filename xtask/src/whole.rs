//! The assertions on whole repositories, which are tests: each says what it asserts as it goes.

use std::path::Path;
use std::process::Command;

/// Runs those on the repository of a name, in a directory or in our picture of it.
pub(crate) fn run(root: &Path, name: &str, directory: Option<&str>) -> Result<(), String> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root).args([
        "test",
        "--quiet",
        "--package",
        "seaworthy",
        "--test",
        name,
        "--",
        "--nocapture",
    ]);
    cargo.env("RUST_BACKTRACE", "0");
    let variable = name.to_ascii_uppercase();
    match directory.map(std::path::absolute) {
        Some(Ok(directory)) => cargo.env(variable, directory),
        Some(Err(error)) => return Err(error.to_string()),
        None => cargo.env_remove(variable),
    };
    let status = cargo.status().map_err(|e| format!("cargo: {e}"))?;
    if status.success() { Ok(()) } else { Err("some assertions do not hold".into()) }
}
