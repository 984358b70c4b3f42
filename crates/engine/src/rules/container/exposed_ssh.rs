use crate::project::Container;
use crate::project::container::ImageName;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "exposed-ssh",
    summary: "a container that offers SSH",
    since: "0.1.0",
    docs: include_str!("exposed_ssh.md"),
    aliases: &["ssh-port", "C-0042", "DS-0004", "CKV_DOCKER_1"],
    category: Category::Security,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::None,
    check: Check::Container(check),
};

/// Parts of the names of images whose work is done over SSH.
const SERVERS: [&str; 8] = ["gitea", "gitlab", "forgejo", "gogs", "gerrit", "bitbucket", "sftp", "onedev"];

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    let served = |i: &ImageName| SERVERS.iter().any(|s| i.repository.contains(s));
    let meant = container.image.value().is_some_and(served);
    for port in container.ports.iter().filter(|p| p.container == 22 && p.protocol.eq_ignore_ascii_case("tcp"))
    {
        ctx.report(
            port.span,
            format!("`{}` offers SSH: one more way in, with keys of its own", container.name.value),
        )
        .aside(meant);
    }
}
