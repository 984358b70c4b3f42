use crate::measured::Subject;
use crate::project::Project;
use crate::syntax::Span;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "unenforced-policy",
    summary: "a cluster that does not keep to its NetworkPolicies",
    since: "0.1.0",
    docs: include_str!("unenforced_policy.md"),
    aliases: &[],
    category: Category::Security,
    severity: Severity::High,
    default: true,
    fix: FixKind::None,
    check: Check::Measured(check),
};

fn check(subject: &Subject<'_>, ctx: &mut Ctx<'_>) {
    let (Some(false), Some(object)) = (subject.cluster().and_then(|c| c.enforced), subject.object) else {
        return;
    };
    // It is true of all of them, and said of the first.
    let earlier =
        policies(ctx.project).any(|o| o.source == object.source && o.headline() < object.headline());
    if !earlier {
        let message = format!(
            "the cluster does not keep to NetworkPolicies: what `{}` forbids gets through",
            subject.name()
        );
        ctx.report(object.headline(), message);
    }
}

fn policies(project: &Project) -> impl Iterator<Item = &crate::project::Object> {
    project.objects.iter().filter(|o| !o.patch && o.kind.value == "NetworkPolicy")
}

/// Where a NetworkPolicy stands.
pub(super) fn policy(project: &Project, name: &str) -> Option<Span> {
    let found = policies(project).find(|o| o.name.as_ref().is_some_and(|n| n.value == name))?;
    Some(found.headline())
}
