use crate::project::Container;
use crate::project::container::Volume;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "runtime-socket",
    summary: "a container that controls the container runtime of the host",
    since: "0.1.0",
    docs: include_str!("runtime_socket.md"),
    aliases: &[
        "CKV_K8S_27",
        "KSV-0006",
        "docker-sock",
        "C-0074",
        "DockerSock",
        "disallow-container-sock-mounts",
        "CL-0001",
        "exposing-docker-socket-volume",
        "docker-socket-check",
    ],
    category: Category::Security,
    severity: Severity::Critical,
    default: true,
    fix: FixKind::None,
    check: Check::Container(check),
};

const SOCKETS: [&str; 6] =
    ["docker.sock", "containerd.sock", "crio.sock", "podman.sock", "buildkitd.sock", "dockershim.sock"];

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    for mount in &container.mounts {
        let Volume::Bind(path) = &mount.volume else { continue };
        let Some(socket) = SOCKETS.iter().find(|s| path.rsplit('/').next() == Some(s)) else { continue };
        // Read-only keeps the file from being replaced; what is sent through it is the same.
        let message = format!(
            "`{}` gets `{socket}`: whoever breaks in starts what they like on the host",
            container.name.value
        );
        ctx.report(mount.span, message);
    }
}
