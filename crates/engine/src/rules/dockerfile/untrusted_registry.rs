use crate::project::container::ImageName;
use crate::project::{Base, Stage};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "untrusted-registry",
    summary: "an image from a registry that is not on the list",
    since: "0.1.0",
    docs: include_str!("untrusted_registry.md"),
    aliases: &["DL3026", "DF065", "DF073"],
    category: Category::Security,
    severity: Severity::High,
    default: true,
    fix: FixKind::None,
    check: Check::Stage(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    if ctx.trusted_registries().is_empty() {
        return;
    }
    let base = stage.image_span(ctx.project).map(|span| (&stage.base, span));
    let named = base.into_iter().chain(stage.uses.iter().map(|u| (&u.from, u.span)));
    // Where only the tag is a variable, the registry is certain.
    if stage.base == Base::Unknown
        && let Some(span) = stage.image_span(ctx.project)
        && let Some((host, _)) = ctx.project.text(span).split_once('/')
        && host.contains('.')
        && !host.contains('$')
        && !ctx.trusts(host)
    {
        ctx.report(span, format!("`{host}` is no trusted registry"));
    }
    for (from, span) in named {
        let Base::Image(image) = from else { continue };
        let registry = registry(image);
        if !ctx.trusts(registry) {
            // hadolint leaves variables alone.
            let ids = if ctx.project.text(span).starts_with('$') { &RULE.aliases[1..] } else { RULE.aliases };
            ctx.report(span, format!("`{image}` comes from `{registry}`, which is no trusted registry"))
                .ids(ids);
        }
    }
}

fn registry(image: &ImageName) -> &str {
    image.registry.as_deref().unwrap_or("docker.io")
}
