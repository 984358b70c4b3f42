//! Small Compose projects against what docker-compose 5.0.2 makes of them; `compose_config bless` stores its answers.
#![allow(clippy::disallowed_methods, reason = "the projects and answers are files of the tests")]

#[path = "../examples/compose_config/host.rs"]
mod host;

use camino::{Utf8Path, Utf8PathBuf};
use seaworthy_engine::project::compose::{self, ProblemKind};
use serde_json::Value as Json;

/// What each project that docker-compose refuses is refused for, and for nothing else; the one missing is no YAML.
const REFUSED: &[(&str, ProblemKind)] = &[
    ("env-file-missing", ProblemKind::MissingFile),
    ("extends-cycle", ProblemKind::Cycle),
    ("extends-nobody", ProblemKind::Undefined),
    ("include-cycle", ProblemKind::Cycle),
    ("profiles-needed", ProblemKind::Disabled),
    ("refused-bad-duration", ProblemKind::InvalidValue),
    ("refused-bad-port", ProblemKind::InvalidValue),
    ("refused-container-name-twice", ProblemKind::Duplicate),
    ("refused-dependency-cycle", ProblemKind::Cycle),
    ("refused-limits-differ", ProblemKind::Conflict),
    ("refused-listed-twice", ProblemKind::Duplicate),
    ("refused-mode-and-networks", ProblemKind::Conflict),
    ("refused-mounted-twice", ProblemKind::Duplicate),
    ("refused-no-image", ProblemKind::NoImage),
    ("refused-override-of-type", ProblemKind::InvalidValue),
    ("refused-scale-of-named", ProblemKind::Conflict),
    ("refused-secret-without-source", ProblemKind::MissingKey),
    ("refused-undefined-config", ProblemKind::Undefined),
    ("refused-undefined-dependency", ProblemKind::Undefined),
    ("refused-undefined-network", ProblemKind::Undefined),
    ("refused-undefined-secret", ProblemKind::Undefined),
    ("refused-undefined-volume", ProblemKind::Undefined),
    ("refused-unknown-key", ProblemKind::UnknownKey),
    ("variables-broken", ProblemKind::InvalidVariable),
    ("variables-required", ProblemKind::RequiredVariable),
];

#[test]
fn projects_come_to_what_docker_compose_makes_of_them() {
    let root = Utf8PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/compose");
    let mut names: Vec<String> =
        root.read_dir_utf8().unwrap().flatten().map(|entry| entry.file_name().to_owned()).collect();
    names.sort();
    assert!(names.len() >= 25, "the projects are not where they were");
    let mut wrong = Vec::new();
    for name in &names {
        let machine = Utf8PathBuf::from("/projects").join(name);
        let real = |path: &Utf8Path| match path.strip_prefix("/projects") {
            Ok(path) => root.join(path),
            Err(_) => Utf8PathBuf::from("/nonexistent"),
        };
        let arguments = std::fs::read_to_string(root.join(name).join("arguments")).unwrap_or_default();
        let mut arguments = arguments.split_whitespace();
        let (mut chain, mut profiles) = (Vec::new(), Vec::new());
        while let Some(argument) = arguments.next() {
            let value = arguments.next().expect("a value");
            match argument {
                "-f" => chain.push(machine.join(value)),
                "--profile" => profiles.push(value.to_owned()),
                other => panic!("{name}: what is {other}?"),
            }
        }
        if chain.is_empty() {
            chain = host::default_chain(&root.join(name))
                .iter()
                .map(|path| machine.join(path.file_name().unwrap_or_default()))
                .collect();
        }
        let host = host::host(&machine, "/nonexistent", profiles);
        let (composition, broken) = host::read(&chain, &host, real);
        let refused: Vec<_> =
            composition.problems.iter().filter(|p| p.kind.is_refused()).map(|p| p.message.as_str()).collect();
        let expected = std::fs::read_to_string(root.join(name).join("expected.json")).expect("an answer");
        let expected: Json = serde_json::from_str(&expected).expect("JSON");
        if let Some(why) = expected.as_str() {
            let kind = REFUSED.iter().find(|(refused, _)| refused == name).map(|(_, kind)| kind);
            let kinds: Vec<_> =
                composition.problems.iter().map(|p| p.kind).filter(|k| k.is_refused()).collect();
            let right = match kind {
                Some(kind) => kinds == [*kind],
                None => broken,
            };
            if !right {
                wrong.push(format!("{name}: {kinds:?}, but {why}"));
            }
            continue;
        }
        wrong.extend(refused.iter().map(|why| format!("{name}: refused: {why}")));
        let mut differences = Vec::new();
        host::differ(&host::json(&compose::config(&composition)), &expected, "", &mut differences);
        wrong.extend(differences.iter().map(|difference| format!("{name}: {difference}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
