use crate::project::Container;
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

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    for port in container.ports.iter().filter(|p| p.container == 22 && p.protocol.eq_ignore_ascii_case("tcp"))
    {
        ctx.report(
            port.span,
            format!("`{}` offers SSH: one more way in, with keys of its own", container.name.value),
        );
    }
}
