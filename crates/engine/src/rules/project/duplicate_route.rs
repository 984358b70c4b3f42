use std::collections::HashMap;

use seaworthy_syntax::Spanned;

use crate::project::DirectoryId;
use crate::project::Project;
use crate::project::kubernetes::{Detail, Object};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "duplicate-route",
    summary: "a host and path that two Ingresses claim",
    since: "0.1.0",
    docs: include_str!("duplicate_route.md"),
    aliases: &[
        "unique-ingress-host",
        "unique-ingress-host-and-path",
        "unique-ingress-path",
        "unique-routes",
        "unique-external-dns",
    ],
    category: Category::Correctness,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::None,
    check: Check::Project(check),
};

const ROUTE: [&str; 4] =
    ["unique-ingress-host", "unique-ingress-host-and-path", "unique-ingress-path", "unique-routes"];
const NAME: [&str; 1] = ["unique-external-dns"];

/// Where what was claimed is claimed first.
type First<'p> = HashMap<(Option<DirectoryId>, &'p str, &'p str), (&'p Object, &'p Spanned<String>)>;

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    let (mut routes, mut names) = (First::new(), First::new());
    for object in project.objects.iter().filter(|o| !o.patch) {
        let directory = project.directory(object.source);
        if let Detail::Ingress(ingress) = &object.detail {
            for path in &ingress.paths {
                let Some(host) = path.host.as_ref().filter(|host| !host.value.is_empty()) else { continue };
                let below = path.path.as_ref().map_or("/", |path| path.value.as_str());
                let (other, at) = *routes.entry((directory, &host.value, below)).or_insert((object, host));
                if is_other(other, object) && class(other) == class(object) {
                    let message = format!(
                        "`{}{below}` leads to two places, and the controller takes one of them",
                        host.value
                    );
                    ctx.report(host.span, message).ids(&ROUTE).related(at.span, "the other one");
                }
            }
        }
        if let Some(name) = object.annotation("external-dns.alpha.kubernetes.io/hostname") {
            let (other, at) = *names.entry((directory, &name.value, "")).or_insert((object, name));
            if is_other(other, object) && other.kind.value == object.kind.value {
                let message = format!("`{}` is the name of two objects in DNS", name.value);
                ctx.report(name.span, message).ids(&NAME).related(at.span, "the other one");
            }
        }
    }
}

fn class(object: &Object) -> Option<&str> {
    let Detail::Ingress(ingress) = &object.detail else { return None };
    ingress.class.as_ref().map(|class| class.value.as_str())
}

/// Whether both are there at once: variants of one object have one name.
fn is_other(a: &Object, b: &Object) -> bool {
    let canary = |o: &Object| o.annotation("nginx.ingress.kubernetes.io/canary").is_some();
    let same = |a: &Option<Spanned<String>>, b: &Option<Spanned<String>>| {
        a.as_ref().map(|a| &a.value) == b.as_ref().map(|b| &b.value)
    };
    a.id != b.id && !same(&a.name, &b.name) && a.source == b.source && !canary(a) && !canary(b)
}
