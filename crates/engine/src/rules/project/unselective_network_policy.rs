use crate::project::Project;
use crate::project::kubernetes::Detail;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "unselective-network-policy",
    summary: "a NetworkPolicy about every pod of its namespace",
    since: "0.1.0",
    docs: include_str!("unselective_network_policy.md"),
    aliases: &["KSV-0038", "restrict-networkpolicy-empty-podselector"],
    category: Category::Style,
    severity: Severity::Low,
    default: false,
    fix: FixKind::None,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for object in project.objects.iter().filter(|o| !o.patch) {
        let Detail::NetworkPolicy(policy) = &object.detail else { continue };
        let allows = !policy.ingress.is_empty() || !policy.egress.is_empty();
        if policy.selector.is_empty() && allows {
            ctx.report(
                policy.selector.span,
                "what it lets through, it lets through for every pod of the namespace",
            );
        }
    }
}
