use crate::project::Project;
use crate::project::kubernetes::Detail;
use std::collections::BTreeSet;

use crate::project::kubernetes::New;
use crate::syntax::yaml::edit;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "double-exposure",
    summary: "a Service with a load balancer of its own behind an Ingress",
    since: "0.1.0",
    docs: include_str!("double_exposure.md"),
    aliases: &[],
    category: Category::Security,
    severity: Severity::Low,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    let mut said = BTreeSet::new();
    for link in &project.links.services {
        let from = project.object(link.from);
        let Some(object) = link.service.map(|id| project.object(id)) else { continue };
        let (Detail::Ingress(_), Detail::Service(service)) = (&from.detail, &object.detail) else { continue };
        // One that lies apart is another way to run the same.
        let beside = project.directory(from.source) == project.directory(object.source);
        if !beside || !service.kind.is(&"LoadBalancer".to_owned()) || !said.insert(object.id) {
            continue;
        }
        // An address that only some may come from, or of an inner network, is meant.
        let inner = object.annotations.iter().any(|(key, _)| key.value.contains("internal"));
        if inner || !service.source_ranges.is_empty() {
            continue;
        }
        let spec = object.at(project, &["spec"]);
        let plain = service.ports.iter().all(|p| p.node_port.is_none());
        let edit = spec
            .filter(|_| plain)
            .and_then(|spec| edit::set(spec, "type", &New::Str("ClusterIP".to_owned())).ok());
        ctx.report(
            service.kind.at.unwrap_or(object.headline()),
            "it has an address of its own too: who uses that passes by the Ingress, its TLS and its rules",
        )
        .related(link.at, "the Ingress leads here")
        .fix(Safety::Unsafe, "Leave it to the Ingress", edit);
    }
}
