use crate::project::Container;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "privileged-port",
    summary: "a port below 1024, which only root may listen on in many places",
    since: "0.1.0",
    docs: include_str!("privileged_port.md"),
    aliases: &["privileged-ports", "KSV-0117"],
    category: Category::Security,
    severity: Severity::Low,
    default: false,
    fix: FixKind::None,
    check: Check::Container(check),
};

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    for port in container.ports.iter().filter(|port| port.container > 0 && port.container < 1024) {
        let message = format!(
            "`{}` listens on port {}, which needs a right that programs can do without",
            container.name.value, port.container
        );
        ctx.report(port.span, message);
    }
}
