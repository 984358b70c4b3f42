use crate::measured::Subject;
use crate::project::Intent;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "root-process",
    summary: "a container whose processes are root's",
    since: "0.1.0",
    docs: include_str!("root_process.md"),
    aliases: &[],
    category: Category::Security,
    severity: Severity::High,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Measured(check),
};

fn check(subject: &Subject<'_>, ctx: &mut Ctx<'_>) {
    let Some(user) = subject.measured.user.as_ref().filter(|user| user.uid == 0) else { return };
    let Some(at) = subject.at_user(ctx.project) else { return };
    let name = subject.name();
    let gives_up = user.others.iter().find(|uid| **uid != 0);
    let message = match gives_up {
        Some(uid) => format!(
            "the first process of `{name}` is root's, and others are user {uid}'s: it starts as root to give it up"
        ),
        None => format!("`{name}` runs as root: its first process has the user id 0"),
    };
    let learned = subject.measured.strictest.as_ref().and_then(|s| s.uid.zip(s.gid));
    let mut finding = ctx.report(at, message);
    if gives_up.is_some() {
        finding.severity(Severity::Medium);
    }
    if let (Some(container), Some((uid, gid))) = (subject.container, learned.filter(|(uid, _)| *uid != 0)) {
        finding.set(Safety::Safe, format!("Run as user {uid}"), container, &Intent::User { uid, gid });
    }
}
