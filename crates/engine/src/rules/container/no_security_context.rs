use crate::project::container::Role;
use crate::project::{Container, Intent};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "no-security-context",
    summary: "a container of which nothing says what it may do",
    since: "0.1.0",
    docs: include_str!("no_security_context.md"),
    aliases: &["KSV-0118", "CKV_K8S_30", "CKV_K8S_29"],
    category: Category::Security,
    severity: Severity::Low,
    default: false,
    fix: FixKind::Always,
    check: Check::Container(check),
};

const OWN: [&str; 1] = ["CKV_K8S_30"];
const PODS: [&str; 1] = ["CKV_K8S_29"];

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    if !container.is_in_pod() || container.role == Role::Ephemeral {
        service(container, ctx);
        return;
    }
    let context = ["securityContext"];
    let said = |node: Option<seaworthy_syntax::yaml::Node<'_>>| {
        node.is_some_and(|node| node.resolve().entries().next().is_some())
    };
    let pods = said(container.pod_at(project, &context));
    if said(container.at(project, &context)) {
        // Checkov asks for both.
        if !pods && container.pod_at(project, &context).is_none() {
            ctx.report(container.name.span, "nothing says what all containers of its pod may do")
                .aside(true)
                .ids(&PODS);
        }
        return;
    }
    let message = format!("nothing says what `{}` may do: it has no `securityContext`", container.name.value);
    // What the pod says holds for all of its containers.
    let ids: &'static [&'static str] = match (pods, container.pod_at(project, &context)) {
        (true, _) => &OWN,
        (false, Some(_)) => &RULE.aliases[..2],
        (false, None) => RULE.aliases,
    };
    ctx.report(container.name.span, message).aside(pods).ids(ids).set(
        if container.added_capabilities.is_empty() { Safety::Safe } else { Safety::Unsafe },
        "Use the runtime's seccomp profile",
        container,
        &Intent::DefaultSeccomp,
    );
}

fn service(container: &Container, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    let said = |key: &str| container.item(project, &[key]).is_some();
    let keys = ["security_opt", "cap_drop", "cap_add", "read_only", "user", "privileged", "userns_mode"];
    if container.is_in_pod() || keys.iter().any(|key| said(key)) {
        return;
    }
    let message = format!("nothing says what `{}` may do", container.name.value);
    ctx.report(container.name.span, message).set(
        Safety::Unsafe,
        "Forbid processes to gain rights",
        container,
        &Intent::NoPrivilegeEscalation,
    );
}
