//! Packs the schemas of Kubernetes: `pack_schemas FOLDER FILE`, for `cargo xtask schemas`.
#![expect(clippy::disallowed_methods, reason = "it reads and writes files; the engine does not")]

use std::fs;
use std::process::ExitCode;
use std::sync::Arc;

use seaworthy_engine::schema::{Builder, Minor};
use seaworthy_engine::syntax::SourceId;
use seaworthy_engine::syntax::yaml::Yaml;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, file] = arguments.as_slice() else {
        eprintln!("usage: pack_schemas FOLDER FILE");
        return ExitCode::FAILURE;
    };
    match kubernetes(folder).and_then(|packed| fs::write(file, packed).map_err(|e| format!("{file}: {e}"))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The schemas of every release, as the wheel of kubernetes-validate has them.
fn kubernetes(folder: &str) -> Result<String, String> {
    let mut builder = Builder::default();
    for minor in Minor::all() {
        let path = format!("{folder}/v{minor}.0-local/_definitions.json");
        let text = fs::read_to_string(&path).map_err(|e| format!("{path}: {e}"))?;
        let yaml = Yaml::parse(SourceId(0), &Arc::from(text));
        let root = yaml.documents().flatten().next().ok_or_else(|| format!("{path}: no JSON"))?;
        let definitions = root.get("$defs").or_else(|| root.get("definitions"));
        builder.kubernetes(minor, definitions.ok_or_else(|| format!("{path}: no definitions"))?);
    }
    Ok(builder.finish().pack() + "\n")
}
