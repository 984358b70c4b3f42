use crate::project::Project;
use crate::project::kubernetes::Detail;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "catch-all-ingress",
    summary: "an Ingress that answers for hosts which nobody named",
    since: "0.1.0",
    docs: include_str!("catch_all_ingress.md"),
    aliases: &["disallow-empty-ingress-host", "restrict-ingress-wildcard", "restrict-ingress-defaultbackend"],
    category: Category::Security,
    severity: Severity::Low,
    default: false,
    fix: FixKind::None,
    check: Check::Project(check),
};

const EMPTY: [&str; 1] = ["disallow-empty-ingress-host"];
const WILDCARD: [&str; 1] = ["restrict-ingress-wildcard"];
const DEFAULT: [&str; 1] = ["restrict-ingress-defaultbackend"];

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for object in project.objects.iter().filter(|o| !o.patch) {
        let Detail::Ingress(ingress) = &object.detail else { continue };
        if let Some(backend) = &ingress.default {
            let message = "answers for every host that no other Ingress names";
            ctx.report(backend.service.span, message).ids(&DEFAULT);
        }
        let mut seen = Vec::new();
        for path in &ingress.paths {
            match &path.host {
                None => {
                    let at = path.path.as_ref().map_or(object.headline(), |p| p.span);
                    ctx.report(at, "answers on every host: the rule names none").ids(&EMPTY);
                }
                Some(host) if host.value.contains('*') && !seen.contains(&host.span) => {
                    seen.push(host.span);
                    ctx.report(host.span, "answers for hosts that are made later").ids(&WILDCARD);
                }
                Some(_) => {}
            }
        }
    }
}
