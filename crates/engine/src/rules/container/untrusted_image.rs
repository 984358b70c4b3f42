use crate::project::Container;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "untrusted-image",
    summary: "an image of a registry that is not on the list",
    since: "0.1.0",
    docs: include_str!("untrusted_image.md"),
    aliases: &[
        "KSV-0125",
        "KSV-0032",
        "KSV-0033",
        "KSV-0034",
        "KSV-0035",
        "C-0078",
        "container-image-repository",
        "C-0001",
        "rule-identify-blocklisted-image-registries",
        "C-0304",
        "restrict-image-registries",
        "advanced-restrict-image-registries",
        "allowed-image-repos",
    ],
    category: Category::Security,
    severity: Severity::High,
    default: true,
    fix: FixKind::None,
    check: Check::Container(check),
};

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    let Some(image) = container.image.value() else { return };
    let registry = image.registry.as_deref().unwrap_or("docker.io");
    if project.is_built(container) || ctx.trusts(registry) {
        return;
    }
    let at = container.image.at.unwrap_or(container.name.span);
    ctx.report(
        at,
        format!("`{image}` comes from `{registry}`, which is not on the list of trusted registries"),
    );
}
