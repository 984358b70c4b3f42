use crate::measured::Subject;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "silent-port",
    summary: "a port that nothing listens on",
    since: "0.1.0",
    docs: include_str!("silent_port.md"),
    aliases: &[],
    category: Category::Correctness,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::None,
    check: Check::Measured(check),
};

fn check(subject: &Subject<'_>, ctx: &mut Ctx<'_>) {
    let Some(listens) = &subject.measured.listens else { return };
    let is_open =
        |port: u16, protocol: &str| listens.iter().any(|l| l.port == port && l.protocol == protocol);
    let own = subject.container.into_iter().flat_map(|c| &c.ports).filter(|p| p.published);
    let published: Vec<_> = own.cloned().collect();
    let exposed = subject.stage.into_iter().flat_map(|s| s.end().ports()).cloned();
    for port in published.iter().cloned().chain(exposed) {
        let is_exposed_only = !port.published;
        let said = is_exposed_only && published.iter().any(|p| p.container == port.container);
        // Of a range some ports are for later.
        if said || port.container != port.container_end || is_open(port.container, &port.protocol) {
            continue;
        }
        let (number, protocol) = (port.container, &port.protocol);
        let what = if is_exposed_only { "exposed" } else { "published" };
        let open: Vec<String> = listens.iter().map(|l| l.port.to_string()).collect();
        let others = if open.is_empty() { String::new() } else { format!(", only on {}", open.join(", ")) };
        let message = format!(
            "nothing listens on port {number}/{protocol} of `{}`, which is {what}{others}",
            subject.name()
        );
        let mut finding = ctx.report(port.span, message);
        finding.severity(if is_exposed_only { Severity::Low } else { Severity::High });
    }
}
