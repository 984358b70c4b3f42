use crate::project::{Container, Intent};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "unqualified-image",
    summary: "an image whose registry is left to the node",
    since: "0.1.0",
    docs: include_str!("unqualified_image.md"),
    aliases: &["KSV-0124"],
    category: Category::Security,
    severity: Severity::Low,
    default: false,
    fix: FixKind::Always,
    check: Check::Container(check),
};

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    let Some(image) = container.image.value() else { return };
    let Some(at) = container.image.at.filter(|_| image.registry.is_none()) else { return };
    // Docker Hub's own name is not kept, and a project's own image has none.
    let written = project.text(at).trim_matches(['"', '\'']);
    if project.is_built(container) || written.contains("docker.io/") || written.contains('$') {
        return;
    }
    let library = if image.repository.contains('/') { "" } else { "library/" };
    let named = format!("docker.io/{library}{image}");
    ctx.report(at, format!("nothing says which registry `{image}` comes from")).set(
        Safety::Unsafe,
        format!("Take it from Docker Hub by name: `{named}`"),
        container,
        &Intent::Image(named),
    );
}
