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

/// Directories that hold them, the root among them; `sensitive-host-mount` speaks of what else is there.
const DIRECTORIES: [&str; 5] = ["/run", "/var/run", "/var", "/run/containerd", "/var/run/containerd"];

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    let given = container.item(ctx.project, &["use_api_socket"]).filter(|item| item.as_bool() == Some(true));
    if let Some(at) = given.and_then(crate::project::compose::item::Item::span) {
        let message = format!(
            "`{}` gets the engine's socket and the logins of registries: whoever breaks in starts what they like on the host",
            container.name.value
        );
        ctx.report(at, message);
    }
    for mount in &container.mounts {
        let Volume::Bind(path) = &mount.volume else { continue };
        let Some(socket) = SOCKETS.iter().find(|s| path.rsplit('/').next() == Some(s)) else {
            if path == "/" || DIRECTORIES.contains(&path.trim_end_matches('/')) {
                let message =
                    format!("`{}` gets `{path}`, and the runtime's socket in it", container.name.value);
                ctx.report(mount.span, message).aside(true).ids(&["CL-0001"]);
            }
            continue;
        };
        // Read-only keeps the file from being replaced; what is sent through it is the same.
        let message = format!(
            "`{}` gets `{socket}`: whoever breaks in starts what they like on the host",
            container.name.value
        );
        ctx.report(mount.span, message);
    }
}
