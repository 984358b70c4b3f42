use crate::project::Container;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "build-and-image",
    summary: "a service that is both built and named as an image",
    since: "0.1.0",
    docs: include_str!("build_and_image.md"),
    aliases: &["no-build-and-image"],
    category: Category::Style,
    severity: Severity::Low,
    default: false,
    fix: FixKind::None,
    check: Check::Container(check),
};

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    let (build, image) = (container.item(project, &["build"]), container.item(project, &["image"]));
    // With a policy it is said which of the two is meant.
    let said = container.item(project, &["pull_policy"]).is_some();
    if let Some(at) = build.and(image).and_then(crate::project::compose::item::Item::span).filter(|_| !said) {
        ctx.report(
            at,
            format!("whether `{}` is built or pulled depends on what the machine has", container.name.value),
        );
    }
}
