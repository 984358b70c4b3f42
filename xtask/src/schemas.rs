//! Packs the schemas that are part of the program.

use std::path::Path;
use std::process::Command;

use crate::program;

/// `cargo xtask schemas FOLDER`
pub(crate) fn run(root: &Path, folder: &str) -> Result<(), String> {
    let packer = program::development(
        root,
        &["--package", "seaworthy-engine", "--example", "pack_schemas"],
        "examples/pack_schemas",
    )?;
    let file = root.join("crates/engine/schemas/kubernetes.json");
    let mut pack = Command::new(packer);
    pack.arg(Path::new(folder).join("kubernetes_validate/kubernetes-json-schema")).arg(&file);
    let run = program::run(&mut pack)?;
    if run.code != Some(0) {
        return Err(format!("cannot pack the schemas: {}", run.stderr.trim()));
    }
    println!("wrote {}", file.display());
    Ok(())
}
