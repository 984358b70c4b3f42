use crate::measured::Subject;
use crate::project::Intent;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "unneeded-writable-root",
    summary: "a root file system that could be read-only",
    since: "0.1.0",
    docs: include_str!("unneeded_writable_root.md"),
    aliases: &[],
    category: Category::Security,
    severity: Severity::Low,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Measured(check),
};

fn check(subject: &Subject<'_>, ctx: &mut Ctx<'_>) {
    let Some(read_only) = subject.measured.read_only.as_ref().filter(|r| r.healthy) else { return };
    let Some(container) = subject.container.filter(|c| c.read_only_root.lacks(&true)) else { return };
    let learned = subject.measured.strictest.as_ref().filter(|s| s.read_only);
    let (scratch, volumes) = match learned {
        Some(strictest) => (&strictest.scratch, &strictest.volumes),
        None => (&read_only.scratch, &read_only.volumes),
    };
    let mut needs = Vec::new();
    if !scratch.is_empty() {
        needs.push(format!("scratch space at {}", scratch.join(", ")));
    }
    if !volumes.is_empty() {
        needs.push(format!("volumes at {}", volumes.join(", ")));
    }
    let with = if needs.is_empty() { String::new() } else { format!(", with {}", needs.join(" and ")) };
    let message = format!("`{}` stays healthy with a read-only root{with}", subject.name());
    let at = container.read_only_root.at.unwrap_or(container.name.span);
    let mut finding = ctx.report(at, message);
    if volumes.is_empty() {
        let intent = Intent::ReadOnlyRoot { scratch: scratch.clone() };
        finding.set(Safety::Safe, "Make the root file system read-only", container, &intent);
    }
}
