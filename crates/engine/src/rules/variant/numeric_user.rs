use crate::Safety;
use crate::project::Stage;
use crate::project::dockerfile::{Identity, Need};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "numeric-user",
    summary: "runs the program as a user that is not root, named by its number",
    since: "0.1.0",
    docs: include_str!("numeric_user.md"),
    aliases: &[],
    category: Category::Security,
    severity: Severity::High,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Variant(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let identity = match stage.identity(ctx.project) {
        Ok(Some(identity)) => identity,
        Ok(None) => return,
        Err(obstacle) => {
            ctx.report(obstacle.span, format!("the user stays: {}", obstacle.why));
            return;
        }
    };
    let Some(edits) = stage.run_as(ctx.project, &identity) else { return };
    let user = stage.end().user();
    let at = user.at.filter(|at| at.source == stage.source).or_else(|| stage.image_span(ctx.project));
    let Some(at) = at else { return };
    let is_root = user.value().is_none_or(|u| u.is_root() == Some(true));
    let why = match (&identity.need, is_root) {
        (Need::Id(_), _) => "a user without an id of its own may get another one with every build",
        (_, true) => "the program runs as root, which `runAsNonRoot` refuses",
        (_, false) => "the kubelet cannot tell from a name that a user is not root",
    };
    ctx.report(at, why).fix(Safety::Unsafe, title(&identity, is_root), edits);
}

fn title(identity: &Identity, is_root: bool) -> String {
    let Identity { name, .. } = identity;
    let name = name.as_deref().unwrap_or_default();
    match &identity.need {
        Need::Id(_) => format!("Give `{name}` the id {}", identity.uid),
        Need::Making(_) => format!("Make the user `{name}` and run as {}", identity.owner()),
        Need::Number(number) if name.is_empty() || !is_root => format!("Run as {number}"),
        Need::Number(number) => format!("Run as `{name}`, which the image has, by its number {number}"),
        Need::Nothing => String::new(),
    }
}
