use crate::project::Project;
use crate::project::kubernetes::Detail;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "ingress-without-tls",
    summary: "a route that is served without encryption",
    since: "0.1.0",
    docs: include_str!("ingress_without_tls.md"),
    aliases: &[
        "tlsSettingsMissing",
        "C-0263",
        "ingress-no-tls",
        "require-ingress-https",
        "ingress-host-match-tls",
    ],
    category: Category::Security,
    severity: Severity::Low,
    default: false,
    fix: FixKind::None,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for object in project.objects.iter().filter(|o| !o.patch) {
        let Detail::Ingress(ingress) = &object.detail else { continue };
        if ingress.tls.is_empty() {
            ctx.report(object.headline(), "passwords and cookies pass in plain text: it has no `tls`");
            continue;
        }
        // A certificate without hosts is for all of them.
        if ingress.tls.iter().any(|tls| tls.hosts.is_empty()) {
            continue;
        }
        let covered = |host: &str| {
            ingress.tls.iter().flat_map(|tls| &tls.hosts).any(|of| {
                of.value == host
                    || of
                        .value
                        .strip_prefix("*.")
                        .is_some_and(|domain| host.split_once('.').is_some_and(|(_, rest)| rest == domain))
            })
        };
        let mut seen: Vec<&str> = Vec::new();
        for host in ingress.paths.iter().filter_map(|path| path.host.as_ref()) {
            if !covered(&host.value) && !seen.contains(&host.value.as_str()) {
                seen.push(&host.value);
                ctx.report(host.span, format!("no certificate is for `{}`", host.value))
                    .severity(Severity::Medium);
            }
        }
    }
}
