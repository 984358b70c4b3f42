use crate::project::{Base, Stage};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};
use crate::{Edit, Safety};

pub(crate) static RULE: Rule = Rule {
    name: "moving-base-tag",
    summary: "a base image with the tag `latest`",
    since: "0.1.0",
    docs: include_str!("moving_base_tag.md"),
    aliases: &["DL3007", "DS-0001", "DF024"],
    category: Category::Reliability,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Stage(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let Some(span) = stage.image_span(ctx.project) else { return };
    let written = ctx.project.text(span);
    let latest = written.ends_with(":latest");
    let Base::Image(image) = &stage.base else {
        if latest {
            ctx.report(span, format!("`{written}` moves")).severity(Severity::Low).aside(true);
        }
        return;
    };
    if image.tag.as_deref() == Some("latest") && image.digest.is_none() {
        // Who builds it chooses; what stands here is only where nobody does.
        let chosen = written.contains('$');
        // hadolint looks at what is written, not at what it comes to.
        let ids = if latest { RULE.aliases } else { &RULE.aliases[1..] };
        let project = ctx.project;
        ctx.report(span, format!("`{image}` moves: the same commit builds another image tomorrow"))
            .ids(ids)
            .severity(if chosen { Severity::Low } else { Severity::Medium })
            .fix(Safety::Unsafe, "Use the tag that the project has of it elsewhere", || {
                let tag = project.tag_elsewhere(image)?;
                let name = written.strip_suffix(":latest").filter(|_| !chosen)?;
                Some(Edit { span, text: format!("{name}:{tag}") })
            });
    }
}
