//! The images under `seaworthy verify docker`: what it measures of each original and of its variant.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::image::{Builder, Mounted, command};
use super::run::Kind;
use super::{Case, STOP};
use crate::program;

/// What was measured of an image, as far as it is promised.
pub(super) struct Proof {
    /// What is not so, each in some words; empty where everything is.
    pub(super) wrong: Vec<String>,
    /// Seconds until it was healthy, its user, the seconds until it stopped with its exit code.
    pub(super) said: String,
}

/// Runs the images of a project on the Docker Engine, the original beside the variant.
pub(super) fn verify(
    program: &Path,
    builder: &Builder,
    name: &str,
    case: &Case,
    images: &[(Kind, &Mounted)],
) -> Result<Vec<(Kind, Proof)>, String> {
    let project = builder.scratch(&format!("verify/{name}"))?;
    fs::create_dir_all(project.join(".git")).map_err(|e| e.to_string())?;
    let mut services = BTreeMap::new();
    for (kind, mounted) in images {
        let tag = format!("seaworthy-builds/{name}:{}", kind.word());
        builder.load(&mounted.image, &tag)?;
        let mut service = json!({ "image": tag, "environment": case.env });
        if let Some(port) = super::run::port(mounted, case, *kind) {
            service["expose"] = json!([port.to_string()]);
        }
        services.insert(kind.word(), service);
    }
    let compose = json!({ "services": services }).to_string();
    fs::write(project.join("compose.yaml"), compose).map_err(|e| e.to_string())?;
    let mut verify = Command::new(program);
    verify.args(["verify", "docker", "--quiet", "--format", "json", "--timeout", "60"]).current_dir(&project);
    let verified = program::run(&mut verify)?;
    for (kind, _) in images {
        command("docker", |c| {
            c.args(["rmi", "--force", &format!("seaworthy-builds/{name}:{}", kind.word())])
        })?;
    }
    let report: Value = serde_json::from_slice(&verified.stdout)
        .map_err(|e| format!("`seaworthy verify docker` says no JSON ({e}): {}", verified.stderr.trim()))?;
    let measured = |kind: Kind| {
        let all = report["measured"].as_array().into_iter().flatten();
        all.into_iter().find(|m| m["service"] == kind.word()).unwrap_or(&Value::Null)
    };
    Ok(images.iter().map(|(kind, _)| (*kind, proof(measured(*kind)))).collect())
}

fn proof(measured: &Value) -> Proof {
    let mut wrong = Vec::new();
    let mut said = String::new();
    let start = &measured["start"];
    if start["healthy"] != true {
        wrong.push(format!("does not come up: {}", start["problem"].as_str().unwrap_or("it was not run")));
        return Proof { wrong, said };
    }
    let uid = measured["user"]["uid"].as_u64();
    if uid == Some(0) {
        wrong.push("runs as root".to_owned());
    }
    let stop = &measured["stop"];
    let (seconds, code) = (stop["seconds"].as_f64().unwrap_or_default(), stop["code"].as_i64().unwrap_or(-1));
    if seconds > STOP.as_secs_f64() || code == 137 {
        wrong.push(format!("stops after {seconds:.1} s with {code}"));
    }
    if measured["read_only"]["healthy"] != true {
        wrong.push("is not healthy with a read-only root".to_owned());
    }
    let capabilities = &measured["capabilities"];
    let needed = capabilities["needs"].as_array().map_or(0, Vec::len);
    if capabilities["healthy"] != true || needed > 0 {
        wrong.push(format!("is not healthy without capabilities: {}", capabilities["needs"]));
    }
    // A text is always written to.
    let _ = write!(
        said,
        "healthy after {:.1} s, user {}, stops after {seconds:.1} s with {code}, scratch {}",
        start["seconds"].as_f64().unwrap_or_default(),
        uid.map_or_else(|| "?".to_owned(), |uid| uid.to_string()),
        measured["read_only"]["scratch"]
    );
    Proof { wrong, said }
}
