use crate::project::container::{Role, User};
use crate::project::{Container, Intent};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};
use crate::{Safety, Target};

pub(crate) static RULE: Rule = Rule {
    name: "undropped-capabilities",
    summary: "a container that keeps rights it does not use",
    since: "0.1.0",
    docs: include_str!("undropped_capabilities.md"),
    aliases: &[
        "CKV_K8S_37",
        "CKV_K8S_36",
        "KSV-0003",
        "KSV-0106",
        "insecureCapabilities",
        "C-0220",
        "drop-all-capabilities",
        "CapDropAll",
        "CL-0006",
        "disallow-capabilities-strict",
        "restricted:Capabilities",
        "CKV_K8S_28",
        "drop-net-raw-capability",
        "KSV-0119",
        "CKV_K8S_7",
        "drop-capability-netraw",
        "drop-cap-net-raw",
        "KSV-0004",
        "CapDropAny",
    ],
    category: Category::Security,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::Always,
    check: Check::Container(check),
};

/// How many ids, the last of all, mean that nothing is dropped; and before them, that `NET_RAW` is not.
const ANY: usize = 2;
const RAW: usize = 6;

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    let dropped = container.dropped_capabilities.iter().any(|c| c.value == "ALL");
    let workbench = ctx.project.is_workbench(container.place.source);
    if container.windows || container.role == Role::Ephemeral || dropped {
        return;
    }
    let setting = match container.platform {
        Target::Docker => "`cap_drop: [ALL]`",
        Target::Kubernetes => "`capabilities.drop: [ALL]`",
    };
    let at = container.dropped_capabilities.first().map_or(container.name.span, |c| c.span);
    let message = format!("`{}` keeps the default capabilities: {setting} is not set", container.name.value);
    // A process that is not root holds no capability to begin with; one that is may need those it is known to use.
    let root = container.user.value().and_then(User::is_root);
    let used = container.needed_capabilities(ctx.project);
    let learned = container.learned.as_ref().map(|learned| learned.capabilities.clone());
    let safety = if root == Some(false) || learned.is_some() { Safety::Safe } else { Safety::Unsafe };
    let keep = match learned {
        Some(keep) => keep,
        None if root == Some(false) => Vec::new(),
        None => used.unwrap_or_default(),
    };
    let privileged = container.privileged.is(&true);
    let raw = container.dropped_capabilities.iter().any(|c| c.value == "NET_RAW");
    let others = match (container.dropped_capabilities.is_empty(), raw) {
        (true, _) => 0,
        (false, false) => ANY,
        (false, true) => ANY + RAW,
    };
    let ids = &RULE.aliases[..RULE.aliases.len() - others];
    ctx.report(at, message)
        .ids(ids)
        .severity(container.platform.hardening())
        .aside(privileged || workbench)
        .set(safety, "Drop all capabilities", container, &Intent::DropCapabilities { keep });
}
