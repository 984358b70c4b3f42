use seaworthy_syntax::Span;
use seaworthy_syntax::yaml::Node;

use crate::project::Container;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "selinux-options",
    summary: "a container with an SELinux context of its own",
    since: "0.1.0",
    docs: include_str!("selinux_options.md"),
    aliases: &[
        "KSV-0025",
        "set-seLinuxOptions",
        "disallow-selinux",
        "baseline:SELinux",
        "selinux-separation-disabled",
        "CL-0009",
    ],
    category: Category::Security,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::Always,
    check: Check::Container(check),
};

/// The types that keep a container apart as the default does.
const KEPT_APART: [&str; 4] = ["container_t", "container_init_t", "container_kvm_t", "container_engine_t"];

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    let Some(at) = turned_off(container, ctx).or_else(|| other_context(container, ctx)) else { return };
    let message =
        format!("`{}` leaves the SELinux context that keeps containers apart", container.name.value);
    ctx.report(at, message).fix(Safety::Unsafe, "Use the runtime's context", || {
        if container.works_on_node(project) {
            return None;
        }
        if container.is_in_pod() {
            container.remove_below(project, &["securityContext", "seLinuxOptions"])
        } else {
            container.remove_items(project, "security_opt", is_off)
        }
    });
}

fn is_off(option: &str) -> bool {
    matches!(option, "label:disable" | "label=disable" | "label:type:spc_t" | "label=type:spc_t")
}

fn turned_off(container: &Container, ctx: &Ctx<'_>) -> Option<Span> {
    let options = container.item(ctx.project, &["security_opt"])?;
    options.items().iter().find(|item| item.as_str().is_some_and(is_off))?.span()
}

/// Where a pod names a user, a role, or a type that is not for containers.
fn other_context(container: &Container, ctx: &Ctx<'_>) -> Option<Span> {
    let path = ["securityContext", "seLinuxOptions"];
    let options = container.at(ctx.project, &path).or_else(|| container.pod_at(ctx.project, &path))?;
    let value = |key| options.get(key).filter(|node| node.scalar().is_some_and(|text| !text.is_empty()));
    let kind = value("type").filter(|n| n.scalar().is_some_and(|t| !KEPT_APART.contains(&t.as_ref())));
    kind.or_else(|| value("user")).or_else(|| value("role")).map(Node::span)
}
