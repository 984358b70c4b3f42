//! `seaworthy variant` as its users run it.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its files has failed")]

#[path = "program/sandbox.rs"]
#[expect(dead_code, reason = "another test needs more of it")]
mod sandbox;

use sandbox::Sandbox;

const SERVER: &str = "# syntax=docker/dockerfile:1\n# The server\nFROM python:3.13-slim\nCOPY . /app\nUSER 1001:1001\nHEALTHCHECK CMD curl -f http://localhost:8000/\nCMD python -m app\n";

fn text(sandbox: &Sandbox, path: &str) -> String {
    String::from_utf8(sandbox.read(path)).unwrap()
}

#[test]
fn a_second_run_is_a_no_op_and_the_source_stays() {
    let sandbox =
        Sandbox::new(&[("api/Dockerfile.server", SERVER), ("api/Dockerfile.server.dockerignore", "*\n")]);
    let check = sandbox.run(&["variant", "--check"]);
    assert_eq!(check.code, 1, "{}", check.stdout);
    assert!(!sandbox.path("api/Dockerfile.k8s.server").exists());
    assert_eq!(sandbox.run(&["variant", "--diff"]).code, 1);
    let first = sandbox.run(&["variant"]);
    assert_eq!(first.code, 0, "{}", first.stderr);
    let made = text(&sandbox, "api/Dockerfile.k8s.server");
    assert!(
        made.starts_with("# syntax=docker/dockerfile:1\n# The Kubernetes variant of Dockerfile.server"),
        "{made}"
    );
    assert!(made.contains("\nCMD [\"python\", \"-m\", \"app\"]\n"), "{made}");
    assert!(!made.contains("HEALTHCHECK"), "{made}");
    assert!(text(&sandbox, "api/Dockerfile.k8s.server.dockerignore").ends_with("\n*\n"));
    assert_eq!(text(&sandbox, "api/Dockerfile.server"), SERVER);
    assert_eq!(sandbox.run(&["variant"]).code, 0);
    assert_eq!(text(&sandbox, "api/Dockerfile.k8s.server"), made);
    assert_eq!(sandbox.run(&["variant", "--check"]).code, 0);
}

#[test]
fn a_changed_source_refreshes_and_an_edited_variant_is_kept() {
    let sandbox = Sandbox::new(&[("Dockerfile", SERVER)]);
    sandbox.run(&["variant"]);
    sandbox.write("Dockerfile", format!("{SERVER}EXPOSE 8000\n").as_bytes());
    assert_eq!(sandbox.run(&["variant", "--check"]).code, 1);
    assert_eq!(sandbox.run(&["variant"]).code, 0);
    let made = text(&sandbox, "Dockerfile.k8s");
    assert!(made.ends_with("EXPOSE 8000\n"));

    let edited = made.replace("EXPOSE 8000", "# mine\nEXPOSE 8000");
    sandbox.write("Dockerfile.k8s", edited.as_bytes());
    assert_eq!(sandbox.run(&["variant"]).code, 0, "nothing else changed");
    assert_eq!(text(&sandbox, "Dockerfile.k8s"), edited);
    sandbox.write("Dockerfile", format!("{SERVER}EXPOSE 9000\n").as_bytes());
    let refused = sandbox.run(&["variant"]);
    assert_eq!(refused.code, 1);
    assert!(refused.stdout.contains("-# mine\n"), "{}", refused.stdout);
    assert_eq!(text(&sandbox, "Dockerfile.k8s"), edited);
}

#[test]
fn a_file_of_others_is_never_overwritten() {
    let theirs = "FROM python:3.13-slim\nUSER 1001\nCMD [\"python\", \"-m\", \"app\"]\n";
    let sandbox = Sandbox::new(&[("Dockerfile", SERVER), ("Dockerfile.k8s", theirs)]);
    sandbox.run(&["variant"]);
    assert_eq!(text(&sandbox, "Dockerfile.k8s"), theirs);
}

#[test]
fn what_does_not_ship_is_left_out_with_its_reason() {
    let sandbox = Sandbox::new(&[
        ("web/Dockerfile", "FROM node:22\nCMD [\"npm\", \"run\", \"dev\"]\n"),
        ("web/Dockerfile.production", "FROM nginx:1.29\n"),
        ("a/Dockerfile", "FROM alpine:3.22\n"),
        ("a/Dockerfile.dev", "FROM alpine:3.22\n"),
        ("a/Dockerfile.one", "FROM alpine:3.22\n"),
        ("a/one.Dockerfile", "FROM alpine:3.22\n"),
        ("win/Dockerfile", "FROM mcr.microsoft.com/windows/servercore:ltsc2022\n"),
        (".devcontainer/Dockerfile", "FROM alpine:3.22\n"),
    ]);
    let run = sandbox.run(&["variant", "--check", "--format", "json", ".", ".devcontainer"]);
    let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let pairs = |key: &str, a: &str, b: &str| -> Vec<(String, String)> {
        let items = report[key].as_array().unwrap().iter();
        items.map(|i| (i[a].as_str().unwrap().into(), i[b].as_str().unwrap().into())).collect()
    };
    let made = pairs("variants", "source", "path");
    let expected = [
        ("a/Dockerfile", "a/Dockerfile.k8s"),
        ("web/Dockerfile.production", "web/Dockerfile.k8s.production"),
    ];
    assert_eq!(made, expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
    let reasons = pairs("left_out", "path", "reason");
    for (path, word) in [
        ("web/Dockerfile", "npm run dev"),
        ("a/Dockerfile.dev", "a/Dockerfile lies beside it"),
        ("a/Dockerfile.one", "a/one.Dockerfile"),
        ("a/one.Dockerfile", "a/Dockerfile.one"),
        ("win/Dockerfile", "Windows"),
        (".devcontainer/Dockerfile", ".devcontainer"),
    ] {
        assert!(reasons.iter().any(|(p, reason)| p == path && reason.contains(word)), "{path}: {reasons:?}");
    }
    assert_eq!(reasons.len(), 6);
}

#[test]
fn byte_order_marks_and_line_ends_stay() {
    let source =
        "\u{feff}# syntax=docker/dockerfile:1\r\nFROM alpine:3.22\r\nUSER 1001:1001\r\nCMD app --x\r\n";
    let sandbox = Sandbox::new(&[("Dockerfile", source)]);
    sandbox.run(&["variant"]);
    let made = text(&sandbox, "Dockerfile.k8s");
    assert!(made.starts_with("\u{feff}# syntax=docker/dockerfile:1\r\n# The Kubernetes variant"), "{made:?}");
    assert_eq!(made.matches('\n').count(), made.matches("\r\n").count());
    assert_eq!(sandbox.run(&["variant", "--check"]).code, 0);
}

#[test]
fn what_is_asked_for_changes_no_variant() {
    let sandbox = Sandbox::new(&[
        (
            "api/Dockerfile",
            "FROM python:3.13-slim\nWORKDIR /app\nCOPY src/ src/\nCMD [\"uvicorn\", \"src.main:other\"]\n",
        ),
        ("api/src/__init__.py", ""),
        ("api/src/main.py", "from fastapi import FastAPI\n\napp = FastAPI()\n"),
        ("web/Dockerfile", "FROM nginx:1.29\n"),
        ("compose.yaml", "services:\n  api:\n    build: api\n    command: uvicorn src.main:app --reload\n"),
    ]);
    assert_eq!(sandbox.run(&["variant", "api/Dockerfile"]).code, 0);
    assert!(text(&sandbox, "api/Dockerfile.k8s").contains("src.main:app"));
    assert!(!sandbox.path("web/Dockerfile.k8s").exists());
    for paths in [&["variant", "--check", "api"][..], &["variant", "--check", "./api/../api/Dockerfile"]] {
        let run = sandbox.run(paths);
        assert_eq!(run.code, 0, "{}", run.stdout);
    }
    assert_eq!(sandbox.run(&["variant", "--check"]).code, 1);
    assert_eq!(sandbox.run(&["variant", "-"]).code, 2);
}
