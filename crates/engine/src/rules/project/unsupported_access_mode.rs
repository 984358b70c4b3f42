use seaworthy_syntax::yaml::edit::New;

use crate::project::Project;
use crate::project::kubernetes::{Claim, Detail};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "unsupported-access-mode",
    summary: "a claim that its storage class cannot give to many nodes",
    since: "0.1.0",
    docs: include_str!("unsupported_access_mode.md"),
    aliases: &[],
    category: Category::Correctness,
    severity: Severity::High,
    default: true,
    fix: FixKind::Always,
    check: Check::Project(check),
};

/// Provisioners of disks that one node at a time can mount.
const ONE_NODE: [&str; 5] = [
    "rancher.io/local-path",
    "kubernetes.io/aws-ebs",
    "ebs.csi.aws.com",
    "kubernetes.io/gce-pd",
    "dobs.csi.digitalocean.com",
];

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    let own = project.objects.iter().filter(|o| !o.patch).filter_map(|o| match &o.detail {
        Detail::Claim(claim) => Some(claim),
        _ => None,
    });
    for claim in own.chain(project.workloads.iter().flat_map(|w| &w.claims)) {
        look_at(project, claim, ctx);
    }
}

fn look_at(project: &Project, claim: &Claim, ctx: &mut Ctx<'_>) {
    let Some(class) = &claim.class else { return };
    let defined = project.objects_named(&class.value).find_map(|o| match &o.detail {
        Detail::StorageClass(class) => Some(class),
        _ => None,
    });
    let provisioner = match defined {
        Some(defined) => defined.provisioner.as_ref().map(|p| p.value.as_str()),
        // K3s and kind bring this one.
        None => (class.value == "local-path").then_some("rancher.io/local-path"),
    };
    let Some(provisioner) = provisioner.filter(|p| ONE_NODE.contains(p)) else {
        return;
    };
    for mode in claim.access.iter().filter(|m| m.value == "ReadWriteMany") {
        let message = format!(
            "`{}` comes from `{provisioner}`, which has no `{}`: the claim stays pending",
            class.value, mode.value
        );
        ctx.report(mode.span, message).related(class.span, "the storage class").fix(
            Safety::Unsafe,
            "Ask for what it has: one node at a time",
            || {
                const ONE: &str = "ReadWriteOnce";
                if claim.access.iter().any(|mode| mode.value == ONE) {
                    return project.take_out(mode.span);
                }
                project.write_at(mode.span, &New::Str(ONE.to_owned()))
            },
        );
    }
}
