//! Packs schemas, for `cargo xtask schemas`: `pack_schemas kubernetes|custom FOLDER FILE`.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "it reads and writes files; the engine does not"
)]

use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use seaworthy_engine::schema::{Builder, Minor};
use seaworthy_engine::syntax::SourceId;
use seaworthy_engine::syntax::yaml::Yaml;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [what, folder, file] = arguments.as_slice() else {
        eprintln!("usage: pack_schemas kubernetes|custom FOLDER FILE");
        return ExitCode::FAILURE;
    };
    let packed = if what == "kubernetes" { kubernetes(folder) } else { custom(Path::new(folder)) };
    match packed.and_then(|packed| fs::write(file, packed).map_err(|e| format!("{file}: {e}"))) {
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

/// The definitions of custom resources below a folder.
fn custom(folder: &Path) -> Result<String, String> {
    let mut builder = Builder::default();
    add(&mut builder, folder)?;
    Ok(builder.finish().pack() + "\n")
}

fn add(builder: &mut Builder, path: &Path) -> Result<(), String> {
    let say = |e: std::io::Error| format!("{}: {e}", path.display());
    if path.is_dir() {
        let mut paths: Vec<_> =
            fs::read_dir(path).map_err(say)?.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        return paths.iter().try_for_each(|path| add(builder, path));
    }
    let text = fs::read_to_string(path).map_err(say)?;
    builder.definitions(&Yaml::parse(SourceId(0), &Arc::from(text)));
    Ok(())
}
