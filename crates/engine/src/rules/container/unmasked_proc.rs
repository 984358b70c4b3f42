use crate::project::Container;
use crate::project::compose::Item;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "unmasked-proc",
    summary: "a container that sees parts of `/proc` and `/sys` which runtimes hide",
    since: "0.1.0",
    docs: include_str!("unmasked_proc.md"),
    aliases: &[
        "unsafe-proc-mount",
        "procMount",
        "KSV-0027",
        "set-procmount-default",
        "disallow-proc-mount",
        "baseline:Proc-Mount-Type",
        "CL-0009",
    ],
    category: Category::Security,
    severity: Severity::High,
    default: true,
    fix: FixKind::Always,
    check: Check::Container(check),
};

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    let what = "sees and changes parts of the kernel that runtimes hide";
    let name = &container.name.value;
    if !container.is_in_pod() {
        let options = container.item(project, &["security_opt"]);
        let unmasked = |text: &str| matches!(text, "systempaths=unconfined" | "systempaths:unconfined");
        let item = options.into_iter().flat_map(Item::items).find(|i| i.as_str().is_some_and(unmasked));
        if let Some(at) = item.and_then(Item::span) {
            ctx.report(at, format!("`{name}` {what}")).fix(Safety::Unsafe, "Hide them again", || {
                container.remove_items(project, "security_opt", unmasked)
            });
        }
    } else if let Some(kind) = container.proc_mount.value().filter(|kind| *kind != "Default") {
        let at = container.proc_mount.at.unwrap_or(container.name.span);
        let path = ["securityContext", "procMount"];
        ctx.report(at, format!("`{name}` {what}: `procMount` is `{kind}`")).fix(
            Safety::Unsafe,
            "Hide them again",
            || container.remove_below(project, &path),
        );
    }
}
