//! Packs the schemas that are part of the program.

use std::path::Path;
use std::process::Command;

use crate::program;

/// `cargo xtask schemas kubernetes|custom FOLDER`
pub(crate) fn run(root: &Path, what: &str, folder: &str) -> Result<(), String> {
    let (folder, name) = match what {
        "kubernetes" => {
            (Path::new(folder).join("kubernetes_validate/kubernetes-json-schema"), "kubernetes.json")
        }
        "custom" => (folder.into(), "custom.json"),
        _ => return Err(format!("there are schemas of kubernetes and of custom resources, not of {what}")),
    };
    let packer = program::development(
        root,
        &["--package", "seaworthy-engine", "--example", "pack_schemas"],
        "examples/pack_schemas",
    )?;
    let file = root.join("crates/engine/schemas").join(name);
    let run = program::run(Command::new(packer).arg(what).arg(folder).arg(&file))?;
    if run.code != Some(0) {
        return Err(format!("cannot pack the schemas: {}", run.stderr.trim()));
    }
    println!("wrote {}", file.display());
    Ok(())
}
