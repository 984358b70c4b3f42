//! The assertions on Archon's services, which are a test: it says what it asserts as it goes.

use std::path::Path;
use std::process::Command;

pub(crate) fn run(root: &Path, directory: Option<&str>) -> Result<(), String> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root).args([
        "test",
        "--quiet",
        "--package",
        "seaworthy",
        "--test",
        "archon",
        "--",
        "--nocapture",
    ]);
    cargo.env("RUST_BACKTRACE", "0");
    match directory.map(std::path::absolute) {
        Some(Ok(directory)) => cargo.env("ARCHON", directory),
        Some(Err(error)) => return Err(error.to_string()),
        None => cargo.env_remove("ARCHON"),
    };
    let status = cargo.status().map_err(|e| format!("cargo: {e}"))?;
    if status.success() { Ok(()) } else { Err("some assertions do not hold".into()) }
}
