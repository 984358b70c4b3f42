use crate::project::Workload;
use crate::project::container::Volume;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "uncommon-volume-type",
    summary: "a volume of a kind that hardened namespaces refuse",
    since: "0.1.0",
    docs: include_str!("uncommon_volume_type.md"),
    aliases: &["KSV-0028", "restrict-volume-types", "restricted:Volume-Types"],
    category: Category::Security,
    severity: Severity::Low,
    default: false,
    fix: FixKind::None,
    check: Check::Workload(check),
};

fn check(workload: &Workload, ctx: &mut Ctx<'_>) {
    for volume in &workload.pod.volumes {
        let kind = match &volume.volume {
            Volume::Bind(_) => "hostPath",
            Volume::Other(kind) => kind.as_str(),
            _ => continue,
        };
        if matches!(kind, "csi" | "downwardAPI" | "ephemeral" | "projected" | "image") {
            continue;
        }
        ctx.report(
            volume.at,
            format!("namespaces with the level `restricted` take no volume of the kind `{kind}`"),
        );
    }
}
