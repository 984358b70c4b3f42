use crate::project::Project;
use crate::project::kubernetes::Detail;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "no-storage-class",
    summary: "a claim that takes whatever storage the cluster has",
    since: "0.1.0",
    docs: include_str!("no_storage_class.md"),
    aliases: &["require-storageclass", "restrict-storageclass"],
    category: Category::Style,
    severity: Severity::Low,
    default: false,
    fix: FixKind::None,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for object in project.objects.iter().filter(|o| !o.patch) {
        let Detail::Claim(claim) = &object.detail else { continue };
        if claim.class.is_none() && claim.volume.is_none() {
            ctx.report(object.headline(), "lies on whatever the cluster's default class is");
        }
    }
}
