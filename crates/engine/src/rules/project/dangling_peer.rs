use seaworthy_syntax::yaml::edit::New;

use crate::project::Project;
use crate::project::kubernetes::{Detail, Peer};
use crate::project::links::closest;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "dangling-peer",
    summary: "a rule of a NetworkPolicy for pods that are not there",
    since: "0.1.0",
    docs: include_str!("dangling_peer.md"),
    aliases: &["dangling-networkpolicypeer-podselector"],
    category: Category::Correctness,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for object in project.objects.iter().filter(|o| !o.patch) {
        let Detail::NetworkPolicy(policy) = &object.detail else { continue };
        let rules = policy.ingress.iter().chain(&policy.egress).filter_map(|rule| rule.peers.as_ref());
        // Pods of other namespaces may be made elsewhere.
        let near = |peer: &&Peer| peer.namespaces.is_none();
        for selector in rules.flatten().filter(near).filter_map(|peer| peer.pods.as_ref()) {
            if selector.labels.is_empty() && selector.expressions.is_empty()
                || project.workloads.iter().any(|w| selector.matches(&w.pod_labels))
            {
                continue;
            }
            let beside = || {
                project.workloads.iter().filter(|w| {
                    project.directory(w.object(project).source) == project.directory(object.source)
                })
            };
            let meant = selector.labels.iter().find_map(|(key, value)| {
                let names = beside().filter_map(|w| w.pod_label(key)).map(|label| label.value.as_str());
                Some((key, value, closest(&value.value, names)?.to_owned()))
            });
            match meant {
                Some((key, value, near)) => {
                    let message =
                        format!("no pod has `{}: {}`; did you mean `{near}`?", key.value, value.value);
                    ctx.report(value.span, message).fix(Safety::Unsafe, format!("Mean `{near}`"), || {
                        project.write_at(value.span, &New::Str(near.clone()))
                    });
                }
                None => {
                    ctx.report(selector.span, "no pod here has these labels").aside(true);
                }
            }
        }
    }
}
