use seaworthy_syntax::yaml::Node;
use seaworthy_syntax::yaml::edit::New;

use crate::project::Container;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "windows-administrator",
    summary: "a Windows container that runs as its administrator",
    since: "0.1.0",
    docs: include_str!("windows_administrator.md"),
    aliases: &["require-run-as-containeruser", "set-runasusername-value", "set-gmsacredentialspecname-value"],
    category: Category::Security,
    severity: Severity::Low,
    default: false,
    fix: FixKind::Always,
    check: Check::Container(check),
};

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    if !container.is_in_pod() || !container.windows {
        return;
    }
    let options = ["securityContext", "windowsOptions"];
    let own = container.at(project, &options).or_else(|| container.pod_at(project, &options));
    let user = own.and_then(|node| node.get("runAsUserName"));
    let process = own.and_then(|node| node.get("hostProcess")).and_then(Node::scalar);
    let administrator = user.is_none_or(|user| {
        user.scalar().is_some_and(|name| name.to_ascii_lowercase().contains("administrator"))
    });
    if !administrator || process.is_some_and(|text| text == "true") {
        return;
    }
    let at = user.map_or(container.name.span, Node::span);
    let message = format!("`{}` may run as `ContainerAdministrator`", container.name.value);
    let path = ["securityContext", "windowsOptions", "runAsUserName"];
    ctx.report(at, message).fix(Safety::Unsafe, "Run as `ContainerUser`", || {
        container.set_below(project, &path, &New::Str("ContainerUser".to_owned()))
    });
}
