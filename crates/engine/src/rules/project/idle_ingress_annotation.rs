use crate::project::Project;
use crate::project::kubernetes::Detail;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "idle-ingress-annotation",
    summary: "an annotation of an Ingress that its controller does not read",
    since: "0.1.0",
    docs: include_str!("idle_ingress_annotation.md"),
    aliases: &[],
    category: Category::Correctness,
    severity: Severity::Low,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Project(check),
};

/// The beginnings of annotations that one kind of controller reads, and words in the names of its classes.
const OWNERS: [(&str, &[&str]); 5] = [
    ("nginx.ingress.kubernetes.io/", &["nginx"]),
    ("nginx.org/", &["nginx"]),
    ("traefik.ingress.kubernetes.io/", &["traefik"]),
    ("alb.ingress.kubernetes.io/", &["alb"]),
    ("haproxy.org/", &["haproxy"]),
];

/// What is often written for ingress-nginx, and what it is of.
const FOREIGN: [(&str, &str); 3] = [
    (
        "nginx.ingress.kubernetes.io/websocket-services",
        "another controller reads `nginx.org/websocket-services`; WebSockets need nothing here",
    ),
    ("nginx.ingress.kubernetes.io/proxy-websocket", "WebSockets need nothing here"),
    ("nginx.ingress.kubernetes.io/secure-backends", "it is `backend-protocol` since 0.20"),
];

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for object in project.objects.iter().filter(|o| !o.patch) {
        let Detail::Ingress(ingress) = &object.detail else { continue };
        for (key, _) in &object.annotations {
            if let Some((_, instead)) = FOREIGN.iter().find(|(name, _)| *name == key.value) {
                let remove = || object.remove(project, &["metadata", "annotations", &key.value]);
                // What means something by another name is for a person to say again.
                let nothing = instead.ends_with("nothing here").then_some(remove);
                ctx.report(key.span, format!("ingress-nginx has no such annotation: {instead}")).fix(
                    Safety::Safe,
                    "Leave out what nothing reads",
                    || nothing.and_then(|remove| remove()),
                );
                continue;
            }
            let Some(class) = &ingress.class else { continue };
            let known = OWNERS.iter().flat_map(|(_, words)| *words).any(|word| class.value.contains(word));
            let owner = OWNERS.iter().find(|(start, _)| key.value.starts_with(start));
            if known && owner.is_some_and(|(_, words)| !words.iter().any(|word| class.value.contains(word))) {
                ctx.report(
                    key.span,
                    format!("the controller of the class `{}` does not read this", class.value),
                )
                .related(class.span, "the class")
                .fix(Safety::Unsafe, "Leave out what nothing reads", || {
                    object.remove(project, &["metadata", "annotations", &key.value])
                });
            }
        }
    }
}
