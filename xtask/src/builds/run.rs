//! Containers of `runc`: started, asked, and stopped.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::image::{Builder, Mounted, command};
use super::{Case, Needs};
use crate::program;

/// How long it may take until it answers.
const READY: Duration = Duration::from_mins(1);
/// How long it has to stop, as Docker has it.
const GRACE: Duration = Duration::from_secs(10);
/// What Docker leaves root.
const DOCKER: [&str; 14] = [
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_FSETID",
    "CAP_FOWNER",
    "CAP_MKNOD",
    "CAP_NET_RAW",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETFCAP",
    "CAP_SETPCAP",
    "CAP_NET_BIND_SERVICE",
    "CAP_SYS_CHROOT",
    "CAP_KILL",
    "CAP_AUDIT_WRITE",
];

/// Which image of a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Of the Dockerfile as it is: with what Docker gives it.
    Original,
    /// Of its variant: without capabilities, with a root that cannot be written.
    Variant,
    /// Of a Dockerfile that `init` makes: as its Compose file runs it, which is as strict.
    Made,
}

/// What came of a container.
pub(super) struct Outcome {
    /// From its start until it answered.
    pub(super) ready: Duration,
    /// From the signal to its end.
    pub(super) stop: Duration,
    pub(super) code: Option<i32>,
}

impl Kind {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Original => "original",
            Self::Variant => "variant",
            Self::Made => "made",
        }
    }

    pub(super) fn file(self) -> &'static str {
        match self {
            Self::Original | Self::Made => "Dockerfile",
            Self::Variant => "Dockerfile.k8s",
        }
    }
}

/// A container that is gone in the end.
struct Container<'b> {
    builder: &'b Builder,
    id: String,
    child: Child,
}

/// Runs an image until it answers, and stops it.
pub(super) fn run(
    builder: &Builder,
    mounted: &Mounted,
    case: &Case,
    kind: Kind,
    needs: &Needs,
) -> Result<Outcome, String> {
    let id = mounted.image.name().to_owned();
    let bundle = builder.scratch(&format!("bundles/{id}"))?;
    let spec = spec(builder, mounted, case, kind, needs)?;
    fs::write(bundle.join("config.json"), spec.to_string()).map_err(|e| e.to_string())?;
    let log = bundle.join("log");
    let out = File::create(&log).map_err(|e| e.to_string())?;
    let started = Instant::now();
    let child = Command::new("runc")
        .arg("--root")
        .arg(builder.scratch("runc")?)
        .args(["run", "--bundle"])
        .arg(&bundle)
        .arg(&id)
        .stdin(Stdio::null())
        .stderr(out.try_clone().map_err(|e| e.to_string())?)
        .stdout(out)
        .spawn()
        .map_err(|e| format!("cannot run runc: {e}"))?;
    let mut container = Container { builder, id, child };
    let port = port(mounted, case, kind);
    while !container.answers(case, port, &log) {
        if let Ok(Some(status)) = container.child.try_wait() {
            return Err(format!(
                "ends with {} before it answers:\n{}",
                status.code().unwrap_or(-1),
                tail(&log)
            ));
        }
        if started.elapsed() > READY {
            let port = port.map(|port| format!(" on port {port}")).unwrap_or_default();
            return Err(format!("does not answer{port}:\n{}", tail(&log)));
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    let ready = started.elapsed();
    if kind == Kind::Made && !case.no_check {
        container.is_healthy(&mounted.image.config["Healthcheck"]["Test"])?;
    }
    let signal = mounted.image.config["StopSignal"].as_str().filter(|s| !s.is_empty()).unwrap_or("SIGTERM");
    let told = Instant::now();
    container.runc(&["kill"], &[signal])?;
    let mut killed = false;
    let code = loop {
        if let Ok(Some(status)) = container.child.try_wait() {
            break status.code();
        }
        if told.elapsed() > GRACE && !killed {
            killed = true;
            container.runc(&["kill"], &["SIGKILL"])?;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    Ok(Outcome { ready, stop: told.elapsed(), code })
}

/// The port that is asked: the case's, or where the image exposes the one that a variant moves it to, that.
pub(super) fn port(mounted: &Mounted, case: &Case, kind: Kind) -> Option<u16> {
    let wanted = case.port?;
    let moved = wanted.saturating_add(8000);
    let is_moved = kind == Kind::Variant && mounted.image.ports().contains(&format!("{moved}/tcp"));
    Some(if is_moved { moved } else { wanted })
}

fn tail(log: &Path) -> String {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(12)..].join("\n")
}

impl Container<'_> {
    fn runc(&self, before: &[&str], after: &[&str]) -> Result<Vec<u8>, String> {
        let root = self.builder.scratch("runc")?;
        command("runc", |c| c.arg("--root").arg(root).args(before).arg(&self.id).args(after))
    }

    /// Runs the image's own health check in it.
    fn is_healthy(&self, test: &Value) -> Result<(), String> {
        let words: Vec<&str> = test.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let Some((&"CMD", command)) = words.split_first() else { return Ok(()) };
        self.runc(&["exec"], command).map(drop).map_err(|error| format!("its health check fails: {error}"))
    }

    fn answers(&self, case: &Case, port: Option<u16>, log: &Path) -> bool {
        if let Some(wanted) = &case.log {
            return fs::read_to_string(log).is_ok_and(|text| text.contains(wanted));
        }
        let state = self.runc(&["state"], &[]).ok().and_then(|s| serde_json::from_slice::<Value>(&s).ok());
        let Some(pid) = state.and_then(|s| s["pid"].as_u64()).filter(|pid| *pid > 0) else { return false };
        let Some(port) = port else { return true };
        let ask = self.builder.scratch("asks").map(|folder| folder.join(&self.id));
        let Ok(ask) = ask else { return false };
        if fs::write(&ask, case.ask.as_deref().unwrap_or_default()).is_err() {
            return false;
        }
        let talk = format!(
            "exec 3<>/dev/tcp/127.0.0.1/{port} || exit 1; [ -s {0} ] || exit 0; cat {0} >&3; timeout 1 cat <&3",
            ask.display()
        );
        let mut nsenter = Command::new("nsenter");
        nsenter.arg(format!("--net=/proc/{pid}/ns/net")).args(["bash", "-c", &talk]);
        let Ok(said) = program::run(&mut nsenter) else { return false };
        match &case.answer {
            Some(answer) => String::from_utf8_lossy(&said.stdout).contains(answer.as_str()),
            None => said.code == Some(0),
        }
    }
}

impl Drop for Container<'_> {
    fn drop(&mut self) {
        // Where it is gone already there is nothing to delete.
        let _ = self.runc(&["delete", "--force"], &[]);
        let _ = self.child.wait();
    }
}

/// What `runc` is told, as a container engine tells it.
fn spec(
    builder: &Builder,
    mounted: &Mounted,
    case: &Case,
    kind: Kind,
    needs: &Needs,
) -> Result<Value, String> {
    let image = &mounted.image;
    let (uid, gid, home) = mounted.identity()?;
    let mut env = image.words("Env");
    if !env.iter().any(|e| e.starts_with("HOME=")) {
        env.push(format!("HOME={}", home.as_deref().unwrap_or("/")));
    }
    if !env.iter().any(|e| e.starts_with("PATH=")) {
        env.push("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned());
    }
    env.extend(case.env.iter().map(|(name, value)| format!("{name}={value}")));
    let strict = kind != Kind::Original;
    let mount = |destination: &str, kind: &str, options: &[&str]| json!({ "destination": destination, "type": kind, "source": kind, "options": options });
    let mut mounts = vec![
        mount("/proc", "proc", &[]),
        mount("/dev", "tmpfs", &["nosuid", "strictatime", "mode=755", "size=65536k"]),
        mount("/dev/pts", "devpts", &["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]),
        mount("/dev/shm", "tmpfs", &["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]),
        mount("/dev/mqueue", "mqueue", &["nosuid", "noexec", "nodev"]),
        mount("/sys", "sysfs", &["nosuid", "noexec", "nodev", "ro"]),
    ];
    let mut volumes: Vec<String> =
        image.config["Volumes"].as_object().into_iter().flat_map(|v| v.keys().cloned()).collect();
    if strict {
        mounts.push(mount("/tmp", "tmpfs", &["nosuid", "nodev", "mode=1777"]));
        volumes.extend(needs.writable.iter().chain(&needs.filled).cloned());
        volumes.retain(|volume| volume != "/tmp");
    }
    volumes.sort();
    volumes.dedup();
    for (n, volume) in volumes.iter().enumerate() {
        let source = builder.scratch(&format!("volumes/{}-{n}", image.name()))?;
        // A cluster gives an empty one whose group is the pod's; Docker one that is as the image's folder is.
        let (owner, group, mode) =
            if strict { (0, gid, 0o2775) } else { mounted.owner_of(volume).unwrap_or((0, 0, 0o755)) };
        if strict && needs.filled.contains(volume) {
            let from = mounted.at(volume).join(".");
            command("cp", |c| c.args(["-a", "--"]).arg(from).arg(&source))?;
        }
        command("chown", |c| c.arg(format!("{owner}:{group}")).arg(&source))?;
        command("chmod", |c| c.arg(format!("{:o}", mode & 0o7777)).arg(&source))?;
        mounts.push(
            json!({ "destination": volume, "type": "bind", "source": source, "options": ["rbind", "rw"] }),
        );
    }
    let hosts = builder.scratch("etc")?.join("hosts");
    fs::write(&hosts, "127.0.0.1 localhost test\n::1 localhost\n").map_err(|e| e.to_string())?;
    mounts.push(
        json!({ "destination": "/etc/hosts", "type": "bind", "source": hosts, "options": ["bind", "ro"] }),
    );
    let capabilities: &[&str] = if strict { &[] } else { &DOCKER };
    let effective: &[&str] = if uid == 0 { capabilities } else { &[] };
    let arguments = [image.words("Entrypoint"), image.words("Cmd")].concat();
    Ok(json!({
        "ociVersion": "1.0.2",
        "process": {
            "user": { "uid": uid, "gid": gid },
            "args": arguments,
            "env": env,
            "cwd": image.config["WorkingDir"].as_str().filter(|d| !d.is_empty()).unwrap_or("/"),
            "capabilities": { "bounding": capabilities, "effective": effective, "permitted": effective },
            "noNewPrivileges": strict,
        },
        "root": { "path": mounted.root, "readonly": strict },
        "hostname": "test",
        "mounts": mounts,
        "linux": {
            "sysctl": if case.low_port { json!({ "net.ipv4.ip_unprivileged_port_start": "0" }) } else { json!({}) },
            "resources": { "devices": [{ "allow": false, "access": "rwm" }] },
            "namespaces": [
                { "type": "pid" }, { "type": "network" }, { "type": "ipc" }, { "type": "uts" }, { "type": "mount" },
            ],
            "maskedPaths": ["/proc/kcore", "/proc/keys", "/sys/firmware"],
            "readonlyPaths": ["/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus"],
        },
    }))
}
