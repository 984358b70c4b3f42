use crate::project::Project;
use crate::project::kubernetes::Detail;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "claimed-address",
    summary: "a Service that takes connections meant for others",
    since: "0.1.0",
    docs: include_str!("claimed_address.md"),
    aliases: &["KSV-0108", "restrict-external-ips", "no-localhost-service"],
    category: Category::Security,
    severity: Severity::High,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Project(check),
};

const ADDRESSES: [&str; 2] = ["KSV-0108", "restrict-external-ips"];
const LOCAL: [&str; 1] = ["no-localhost-service"];

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for object in project.objects.iter().filter(|o| !o.patch) {
        let Detail::Service(service) = &object.detail else { continue };
        if let Some(first) = service.external_ips.first() {
            let message = format!(
                "what anybody in the cluster sends to {} comes here instead (CVE-2020-8554)",
                first.value
            );
            ctx.report(first.span, message).ids(&ADDRESSES).severity(Severity::Medium).fix(
                Safety::Unsafe,
                "Claim no addresses",
                object.remove(project, &["spec", "externalIPs"]),
            );
        }
        let own = |name: &str| matches!(name, "localhost" | "127.0.0.1") || name.starts_with("localhost.");
        if let Some(name) = service.external_name.as_ref().filter(|name| own(&name.value)) {
            let message =
                "stands for the machine of whoever asks, which an Ingress controller takes for its own";
            ctx.report(name.span, message).ids(&LOCAL);
        }
    }
}
