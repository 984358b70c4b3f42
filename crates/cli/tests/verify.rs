//! `seaworthy verify docker` on a Docker Engine: what it measures, what it says when things go wrong, and what it leaves.
//!
//! Runs where an engine answers and has the image that `tests/engines/docker.sh up` makes; elsewhere it says that it is
//! skipped. `SEAWORTHY_ENGINE=required` makes that a failure.
#![cfg(unix)]

use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::Value;

const IMAGE: &str = "seaworthy-test/debian:bookworm";
const LABEL: &str = "label=dev.seaworthy.run";

/// What others make is counted, so one test runs at a time.
static ENGINE: Mutex<()> = Mutex::new(());

fn docker(words: &[&str]) -> Output {
    Command::new("docker").args(words).output().expect("docker is there")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn complaint(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The engine for this test alone; `None` where there is none.
#[expect(clippy::print_stdout, reason = "what is skipped is said")]
fn engine() -> Option<MutexGuard<'static, ()>> {
    let found = Command::new("docker").args(["image", "inspect", IMAGE]).output();
    if found.is_ok_and(|o| o.status.success()) {
        return Some(ENGINE.lock().unwrap_or_else(PoisonError::into_inner));
    }
    assert!(std::env::var_os("SEAWORTHY_ENGINE").is_none(), "no Docker Engine with the image {IMAGE}");
    println!("skipped: no Docker Engine");
    None
}

/// A project in a folder of its own.
struct Project(PathBuf);

impl Project {
    fn new(name: &str, compose: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("seaworthy-verify-{}-{name}", std::process::id()));
        fs::create_dir_all(&folder).expect("the folder can be made");
        fs::write(folder.join("compose.yaml"), compose.replace("IMAGE", IMAGE))
            .expect("the file can be written");
        Self(folder)
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_seaworthy"));
        command.args(["verify", "docker"]).args(words).current_dir(&self.0).env_remove("DOCKER_HOST");
        command
    }

    fn run(&self, words: &[&str]) -> Output {
        self.command(words).output().expect("the program runs")
    }

    fn spawn(&self) -> Child {
        let mut command = self.command(&["--quiet"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program runs")
    }

    /// What was measured, by service.
    fn measured(&self, words: &[&str]) -> (Value, Output) {
        let output = self.run(&[&["--format", "json", "--quiet"], words].concat());
        let report: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|e| panic!("{e}: {}{}", said(&output), complaint(&output)));
        (report, output)
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn service<'r>(report: &'r Value, name: &str) -> &'r Value {
    let measured = report["measured"].as_array().into_iter().flatten();
    measured.into_iter().find(|m| m["service"] == name).unwrap_or(&Value::Null)
}

fn rules(report: &Value) -> Vec<&str> {
    report["findings"].as_array().into_iter().flatten().filter_map(|f| f["rule"].as_str()).collect()
}

/// Everything with our label, of any run.
fn left() -> String {
    let containers = said(&docker(&["ps", "--all", "--quiet", "--filter", LABEL]));
    let networks = said(&docker(&["network", "ls", "--quiet", "--filter", LABEL]));
    let volumes = said(&docker(&["volume", "ls", "--quiet", "--filter", LABEL]));
    [containers, networks, volumes].join(" ").trim().to_owned()
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status();
    assert!(sent.is_ok_and(|s| s.success()), "the program is there to be told");
}

const SLEEPER: &str =
    "services:\n  sleeper:\n    image: IMAGE\n    command: [sleep, '1000']\n    init: true\n";

#[test]
fn signals_end_what_handles_them() {
    let Some(_engine) = engine() else { return };
    let cases = [
        ("exec-handler", "[bash, -c, \"trap 'exit 0' TERM; while :; do sleep 0.1; done\"]", false, 0),
        ("shell-and-child", "[sh, -c, 'sleep 1000; true']", false, 137),
        ("dash-and-one-command", "[sh, -c, 'sleep 1000']", false, 137),
        (
            "bash-and-one-command",
            "[bash, -c, \"python3 -c 'import signal,sys; signal.signal(15, lambda *a: sys.exit(0)); signal.pause()'\"]",
            false,
            0,
        ),
        (
            "shell-exec",
            "[sh, -c, \"exec python3 -c 'import signal,sys; signal.signal(15, lambda *a: sys.exit(0)); signal.pause()'\"]",
            false,
            0,
        ),
        ("no-handler", "[sleep, '1000']", false, 137),
        ("no-handler-init", "[sleep, '1000']", true, 143),
        ("shell-and-child-init", "[sh, -c, 'sleep 1000; true']", true, 143),
    ];
    let mut compose = String::from("services:\n");
    for (name, command, init, _) in &cases {
        compose += &format!(
            "  {name}:\n    image: IMAGE\n    command: {command}\n    init: {init}\n    stop_grace_period: 4s\n"
        );
    }
    let project = Project::new("signals", &compose);
    let (report, output) = project.measured(&[]);
    for (name, _, _, code) in &cases {
        let stop = &service(&report, name)["stop"];
        assert_eq!(stop["code"], *code, "{name}: {stop} {}", complaint(&output));
    }
    // On a machine that is busy one that ends on its own may be slow as well.
    let killed = |f: &&Value| f["rule"] == "slow-stop" && f["severity"] == "high";
    let slow = report["findings"].as_array().into_iter().flatten().filter(killed).count();
    assert_eq!((slow, output.status.code()), (3, Some(2)), "{}", complaint(&output));
    assert_eq!(left(), "");
}

#[test]
fn what_a_container_needs_is_found() {
    let Some(_engine) = engine() else { return };
    let server = "python3 -c 'import socket,signal,sys; signal.signal(15, lambda *a: sys.exit(0)); s=socket.socket(); s.setsockopt(1,2,1); s.bind((\"0.0.0.0\",8000)); s.listen();\n      [s.accept()[0].close() for _ in iter(int, 1)]'";
    let compose = format!(
        "services:
  writer:
    image: IMAGE
    expose: ['8000']
    command:
    - sh
    - -c
    - |
      touch /var/cache/it /srv/it || exit 1
      exec {server}
  owner:
    image: IMAGE
    expose: ['8000']
    command:
    - sh
    - -c
    - |
      touch /tmp/it && chown 1:1 /tmp/it || exit 1
      exec {server}
  local:
    image: IMAGE
    user: '1000'
    ports: ['127.0.0.1::8000']
    command:
    - sh
    - -c
    - |
      exec {}
",
        server.replace("0.0.0.0", "127.0.0.1")
    );
    let project = Project::new("needs", &compose);
    let (report, output) = project.measured(&[]);
    let writer = &service(&report, "writer")["read_only"];
    assert_eq!(writer["healthy"], true, "{report:#} {}", complaint(&output));
    assert_eq!(writer["scratch"], serde_json::json!(["/srv", "/var/cache"]));
    assert_eq!(service(&report, "owner")["capabilities"]["needs"], serde_json::json!(["CHOWN"]));
    assert_eq!(service(&report, "local")["user"]["uid"], 1000);
    assert!(rules(&report).contains(&"loopback-listener"), "{:?}", rules(&report));
    assert!(rules(&report).contains(&"root-process"));
    assert_eq!(left(), "");
}

#[test]
fn what_is_learned_is_fixed() {
    let Some(_engine) = engine() else { return };
    let project = Project::new(
        "learn",
        "services:\n  web:\n    image: IMAGE\n    init: true\n    command: [sh, -c, 'touch /srv/it && exec sleep 1000']\n",
    );
    let (report, output) = project.measured(&["--learn"]);
    let strictest = &service(&report, "web")["strictest"];
    assert_eq!(strictest["healthy"], strictest["starts"], "{}", complaint(&output));
    assert_eq!(strictest["scratch"], serde_json::json!(["/srv"]));
    assert!(strictest["breaks"].as_array().is_some_and(|b| b.len() >= 2), "{strictest}");
    let mut fix = Command::new(env!("CARGO_BIN_EXE_seaworthy"));
    let fixed = fix.args(["fix", "--quiet", "."]).current_dir(&project.0).output().expect("the program runs");
    let text = fs::read_to_string(project.0.join("compose.yaml")).expect("the file is there");
    for part in [
        "read_only: true",
        "- /srv:uid=10001,gid=10001",
        "user: '10001:10001'",
        "cap_drop:",
        "no-new-privileges",
    ] {
        assert!(text.contains(part), "no {part} in\n{text}\n{}", complaint(&fixed));
    }
    let (report, _) = project.measured(&[]);
    assert_eq!(service(&report, "web")["start"]["healthy"], true, "{report:#}");
    assert_eq!(left(), "");
}

#[test]
fn an_engine_that_is_not_there_is_said_in_one_line() {
    let project = Project::new("none", SLEEPER);
    for (name, value) in [("DOCKER_HOST", "unix:///nowhere/docker.sock"), ("DOCKER_CONTEXT", "nobody")] {
        let output = project.command(&[]).env(name, value).output().expect("the program runs");
        let complaint = complaint(&output);
        assert_eq!((output.status.code(), complaint.lines().count()), (Some(2), 1), "{complaint}");
        assert!(complaint.contains("https://docs.docker.com/engine/install"), "{complaint}");
    }
}

#[test]
fn faults_are_said_and_leave_nothing() {
    let Some(_engine) = engine() else { return };
    let cases = [
        ("missing", "image: seaworthy-test/nobody:1", "docker pull seaworthy-test/nobody:1"),
        ("unbuilt", "build: .", "docker compose build it"),
        ("ends", "image: IMAGE\n    command: [sh, -c, 'echo no database >&2; exit 3']", "ends with 3"),
        (
            "never-healthy",
            "image: IMAGE\n    command: [sleep, '1000']\n    healthcheck: {test: [CMD, 'false'], interval: 1s}",
            "not healthy after",
        ),
        (
            "forks",
            "image: IMAGE\n    command: [bash, -c, 'while :; do sleep 1000 & done']",
            "forks without end",
        ),
        (
            "ignores-its-signal",
            "image: IMAGE\n    command: [sleep, '1000']\n    stop_grace_period: 1s",
            "is killed after",
        ),
        ("no-program", "image: IMAGE\n    command: [nobody-has-it]", "cannot be started"),
    ];
    for (name, service, part) in cases {
        let project = Project::new(name, &format!("services:\n  it:\n    {service}\n"));
        let output = project.run(&["--quiet", "--timeout", "6"]);
        let all = said(&output) + &complaint(&output);
        assert_eq!(output.status.code(), Some(2), "{name}: {all}");
        assert!(all.contains(part), "{name}: {all}");
        assert_eq!(left(), "", "{name}");
    }
}

#[test]
fn an_interruption_at_any_moment_leaves_nothing() {
    let Some(_engine) = engine() else { return };
    let project = Project::new("interrupted", SLEEPER);
    for moment in 0..10 {
        let child = project.spawn();
        thread::sleep(Duration::from_millis(50 + moment * 400));
        signal(&child, if moment % 2 == 0 { "INT" } else { "TERM" });
        let output = child.wait_with_output().expect("it ends");
        let complaint = complaint(&output);
        assert_eq!(output.status.code(), Some(2), "{moment}: {complaint}");
        assert!(complaint.contains("interrupted"), "{moment}: {complaint}");
        assert_eq!(left(), "", "{moment}");
    }
}

#[test]
fn what_is_killed_is_cleaned_up_next_time_and_what_is_of_others_stays() {
    let Some(_engine) = engine() else { return };
    let project = Project::new("killed", SLEEPER);
    let others = [
        docker(&["run", "--detach", "--label", "dev.seaworthy=no", IMAGE, "sleep", "1000"]),
        // Of a run on another machine that may go on.
        docker(&[
            "run",
            "--detach",
            "--label",
            "dev.seaworthy.run=abc",
            "--label",
            "dev.seaworthy.machine=other",
            IMAGE,
            "sleep",
            "1000",
        ]),
    ];
    let others = others.map(|output| said(&output));
    let volume = said(&docker(&["volume", "create", "seaworthy-of-somebody-else"]));
    for moment in [700, 1_500, 3_000] {
        let mut child = project.spawn();
        thread::sleep(Duration::from_millis(moment));
        signal(&child, "KILL");
        child.wait().expect("it ends");
    }
    // A run that goes on is nobody's leftover.
    let beside = project.spawn();
    let output = project.run(&[]);
    let beside = beside.wait_with_output().expect("it ends");
    let (here, there) = (complaint(&output), complaint(&beside));
    let mine = |all: &str| all.replace(&others[1][..12], "").trim().to_owned();
    let after = mine(&left());
    for other in &others {
        assert_eq!(said(&docker(&["inspect", "--format", "{{.State.Running}}", other])), "true");
        docker(&["rm", "--force", other]);
    }
    assert_eq!(said(&docker(&["volume", "ls", "--quiet", "--filter", &format!("name={volume}")])), volume);
    docker(&["volume", "rm", &volume]);
    assert_eq!((output.status.code(), beside.status.code()), (Some(1), Some(1)), "{here}{there}");
    assert!(
        here.contains("of an earlier run") || there.contains("of an earlier run") || there.is_empty(),
        "{here}"
    );
    assert_eq!(after, "");
}

/// An engine behind a socket of ours, which stops at some moment, or has no room.
struct Between {
    path: PathBuf,
    gone: Arc<AtomicBool>,
}

impl Between {
    fn new(folder: &Path, full: bool) -> Self {
        let path = folder.join("between.sock");
        let gone = Arc::new(AtomicBool::new(false));
        let listener = UnixListener::bind(&path).expect("the socket can be made");
        let flag = Arc::clone(&gone);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if flag.load(Ordering::SeqCst) {
                    drop(stream);
                    continue;
                }
                let flag = Arc::clone(&flag);
                thread::spawn(move || pass(stream, &flag, full));
            }
        });
        Self { path, gone }
    }

    fn host(&self) -> String {
        format!("unix://{}", self.path.display())
    }
}

fn pass(mut from: UnixStream, gone: &Arc<AtomicBool>, full: bool) -> Option<()> {
    let mut to = UnixStream::connect("/var/run/docker.sock").ok()?;
    let (mut back_from, mut back_to) = (to.try_clone().ok()?, from.try_clone().ok()?);
    let flag = Arc::clone(gone);
    thread::spawn(move || {
        let mut buffer = [0; 8_192];
        while let Ok(n @ 1..) = back_from.read(&mut buffer) {
            if flag.load(Ordering::SeqCst) || back_to.write_all(&buffer[..n]).is_err() {
                break;
            }
        }
        let _ = back_to.shutdown(std::net::Shutdown::Both);
    });
    let mut buffer = [0; 8_192];
    while let Ok(n @ 1..) = from.read(&mut buffer) {
        if gone.load(Ordering::SeqCst) {
            break;
        }
        if full && String::from_utf8_lossy(&buffer[..n]).contains("/containers/create") {
            let body = r#"{"message":"mkdir /var/lib/docker/overlay2/x: no space left on device"}"#;
            let answer = format!(
                "HTTP/1.1 500 Internal Server Error\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
            let _ = from.write_all(answer.as_bytes());
            break;
        }
        to.write_all(&buffer[..n]).ok()?;
    }
    let _ = from.shutdown(std::net::Shutdown::Both);
    let _ = to.shutdown(std::net::Shutdown::Both);
    Some(())
}

#[test]
fn an_engine_that_stops_half_way_is_said_and_cleaned_up_next_time() {
    let Some(_engine) = engine() else { return };
    let project = Project::new("stopped", SLEEPER);
    let between = Between::new(&project.0, false);
    let mut command = project.command(&["--quiet"]);
    command.env("DOCKER_HOST", between.host()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().expect("the program runs");
    thread::sleep(Duration::from_secs(2));
    between.gone.store(true, Ordering::SeqCst);
    let output = child.wait_with_output().expect("it ends");
    let complaint = complaint(&output);
    assert_eq!(output.status.code(), Some(2), "{complaint}");
    assert!(complaint.contains("stopped answering"), "{complaint}");
    assert_eq!(project.run(&["--quiet"]).status.code(), Some(1));
    assert_eq!(left(), "");
}

#[test]
fn an_engine_without_room_is_said() {
    let Some(_engine) = engine() else { return };
    let project = Project::new("full", SLEEPER);
    let between = Between::new(&project.0, true);
    let output =
        project.command(&["--quiet"]).env("DOCKER_HOST", between.host()).output().expect("the program runs");
    let complaint = complaint(&output);
    assert_eq!(output.status.code(), Some(2), "{complaint}");
    assert!(complaint.contains("disk is full") && complaint.contains("docker system df"), "{complaint}");
    assert_eq!(left(), "");
}
