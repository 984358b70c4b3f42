use seaworthy_syntax::yaml::edit::New;

use crate::project::Container;
use crate::project::container::Role;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "no-apparmor-profile",
    summary: "a container that names no AppArmor profile",
    since: "0.1.0",
    docs: include_str!("no_apparmor_profile.md"),
    aliases: &["KSV-0002", "ApparmorAny"],
    category: Category::Security,
    severity: Severity::Low,
    default: false,
    fix: FixKind::Always,
    check: Check::Container(check),
};

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    if !container.is_in_pod()
        || container.windows
        || container.role == Role::Ephemeral
        || !container.apparmor.is_unset()
    {
        return;
    }
    let message = format!("`{}` names no AppArmor profile, so each node decides", container.name.value);
    let profile = New::Map(vec![("type".to_owned(), New::Str("RuntimeDefault".to_owned()))]);
    ctx.report(container.name.span, message).fix(Safety::Unsafe, "Ask for the runtime's profile", || {
        container.set_below(project, &["securityContext", "appArmorProfile"], &profile)
    });
}
