use seaworthy_syntax::yaml::edit::New;

use crate::project::Container;
use crate::project::container::Volume;
use crate::project::links::closest;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "missing-volume",
    summary: "a mount of a volume that the pod does not have",
    since: "0.1.0",
    docs: include_str!("missing_volume.md"),
    aliases: &["dangling-volume-mount"],
    category: Category::Correctness,
    severity: Severity::High,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Container(check),
};

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    // A patch leaves to what it patches whatever it does not change.
    let path =
        ctx.project.parse(container.name.span.source).map(|p| p.source.path.as_str()).unwrap_or_default();
    if path.contains("patch") {
        return;
    }
    let project = ctx.project;
    let workload = container.workload.map(|id| project.workload(id));
    for mount in &container.mounts {
        if let Volume::Missing(name) = &mount.volume {
            let span = mount.name.as_ref().map_or(mount.span, |name| name.span);
            let volumes = workload.into_iter().flat_map(|w| &w.pod.volumes).map(|v| v.name.value.as_str());
            let meant = closest(name, volumes);
            let hint = meant.map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default();
            ctx.report(span, format!("the pod has no volume `{name}`, so it is refused{hint}")).fix(
                Safety::Unsafe,
                "Mount the volume of almost this name",
                || project.write_at(span, &New::Str(meant?.to_owned())),
            );
        }
    }
}
