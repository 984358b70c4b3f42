use crate::images::Day;
use crate::project::Container;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "retired-software",
    summary: "a program that its makers gave up",
    since: "0.1.0",
    docs: include_str!("retired_software.md"),
    aliases: &[
        "KSV-0102",
        "CKV_K8S_34",
        "CKV_K8S_33",
        "C-0014",
        "C-0292",
        "disallow-helm-tiller",
        "detect-nginx-ingress-controller-eol",
        "rule-access-dashboard-wl-v1",
    ],
    category: Category::Security,
    severity: Severity::High,
    default: true,
    fix: FixKind::None,
    check: Check::Container(check),
};

const TILLER: [&str; 3] = ["KSV-0102", "CKV_K8S_34", "disallow-helm-tiller"];
const INGRESS: [&str; 2] = ["C-0292", "detect-nginx-ingress-controller-eol"];
const DASHBOARD: [&str; 3] = ["CKV_K8S_33", "C-0014", "rule-access-dashboard-wl-v1"];

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    let Some(image) = container.image.value() else { return };
    let at = container.image.at.unwrap_or(container.name.span);
    let official = matches!(image.registry.as_deref(), Some("registry.k8s.io" | "k8s.gcr.io" | "quay.io"));
    if image.short() == "tiller" {
        ctx.report(at, "Tiller ended in 2020: whoever reaches it in the cluster may do what it may")
            .ids(&TILLER);
    } else if image.repository.ends_with("ingress-nginx/controller") && official
        || image.repository == "kubernetes-ingress-controller/nginx-ingress-controller"
    {
        // The first of April 2026.
        let ended = Day(20_544);
        if ctx.today().is_some_and(|today| today >= ended) {
            let message = "Ingress NGINX ended in March 2026: holes that are found from now on stay open";
            ctx.report(at, message).severity(Severity::Medium).ids(&INGRESS);
        }
    } else if image.short().starts_with("kubernetes-dashboard")
        || image.repository == "kubernetesui/dashboard"
    {
        let message = "the dashboard acts for whoever reaches it: it must not be reachable without a login";
        ctx.report(at, message).severity(Severity::Low).aside(true).ids(&DASHBOARD);
    }
}
