use crate::measured::Subject;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "loopback-listener",
    summary: "a server that only its own container reaches",
    since: "0.1.0",
    docs: include_str!("loopback_listener.md"),
    aliases: &[],
    category: Category::Correctness,
    severity: Severity::High,
    default: true,
    fix: FixKind::None,
    check: Check::Measured(check),
};

fn check(subject: &Subject<'_>, ctx: &mut Ctx<'_>) {
    let Some(listens) = &subject.measured.listens else { return };
    let own = subject.container.into_iter().flat_map(|c| &c.ports).filter(|p| p.published);
    let exposed = subject.stage.into_iter().flat_map(|s| s.end().ports());
    let mut said = Vec::new();
    for port in own.chain(exposed) {
        let on: Vec<_> =
            listens.iter().filter(|l| l.port == port.container && l.protocol == port.protocol).collect();
        let Some(first) = on.first().filter(|_| on.iter().all(|l| l.is_loopback())) else { continue };
        if said.contains(&port.container) {
            continue;
        }
        said.push(port.container);
        let message = format!(
            "`{}` listens on {}:{} alone, which nobody outside of its container reaches",
            subject.name(),
            first.address,
            first.port
        );
        let at = subject.at_command(ctx.project).unwrap_or(port.span);
        ctx.report(at, message).related(port.span, "the port that others are to reach");
    }
}
