use crate::project::Project;
use crate::project::kubernetes::Detail;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "load-balancer-without-tls",
    summary: "a load balancer that takes everything in plain text",
    since: "0.1.0",
    docs: include_str!("load_balancer_without_tls.md"),
    aliases: &[
        "C-0231",
        "C-0245",
        "ensure-https-loadbalancers-encrypted-with-tls-aws",
        "encrypt-traffic-to-https-load-balancers-with-tls-certificates",
        "require-encryption-aws-loadbalancers",
    ],
    category: Category::Security,
    severity: Severity::Low,
    default: false,
    fix: FixKind::None,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for object in project.objects.iter().filter(|o| !o.patch) {
        let Detail::Service(service) = &object.detail else { continue };
        let plain = service.ports.iter().any(|port| matches!(port.port.value, 80 | 8080));
        let certificate = object.annotations.iter().any(|(key, _)| {
            ["ssl-cert", "ssl-certificate", "tls-cert", "app-protocols", "ssl-ports", "certificate-id"]
                .iter()
                .any(|word| key.value.contains(word))
        });
        let private = object
            .annotations
            .iter()
            .any(|(key, value)| key.value.contains("internal") && value.value != "false");
        if let Some(at) = service.kind.at.filter(|_| service.kind.is(&"LoadBalancer".to_owned()))
            && plain
            && !certificate
            && !private
        {
            ctx.report(at, "what comes from outside passes in plain text: no annotation names a certificate");
        }
    }
}
