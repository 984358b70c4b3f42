use crate::Safety;
use crate::project::Stage;
use crate::syntax::dockerfile::{Arguments, edit};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "fixed-platform",
    summary: "a `FROM` that names a platform for good",
    since: "0.1.0",
    docs: include_str!("fixed_platform.md"),
    aliases: &[
        "DL3029",
        "DL3065",
        "FromPlatformFlagConstDisallowed",
        "RedundantTargetPlatform",
        "DF061",
        "DF083",
    ],
    category: Category::Reliability,
    severity: Severity::Low,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Stage(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let Some(from) = stage.from_instruction(ctx.project) else { return };
    let Some(file) = ctx.project.dockerfile(stage.source) else { return };
    let Some(flag) = from.flag("platform") else { return };
    let Some(value) = &flag.value else { return };
    let Arguments::From { name, .. } = &from.arguments else { return };
    if matches!(&*value.text, "$TARGETPLATFORM" | "${TARGETPLATFORM}") {
        ctx.report(flag.span, "`$TARGETPLATFORM` is the platform of every `FROM` that names none")
            .ids(&["DL3065", "RedundantTargetPlatform", "DF083"])
            .fix(Safety::Safe, "Leave the platform out", edit::remove_word(file, flag.span));
        return;
    }
    let text = value.text.as_str();
    if text.starts_with("${TARGETPLATFORM:-") {
        ctx.report(
            flag.span,
            "BuildKit always sets `TARGETPLATFORM`, the platform of every `FROM` that names none",
        )
        .ids(&["RedundantTargetPlatform"])
        .aside(true);
        return;
    }
    if text.contains("BUILDPLATFORM") || text.contains("TARGETPLATFORM") {
        return;
    }
    let named = name.as_ref().is_some_and(|name| {
        let (os, architecture) = text.split_once('/').unwrap_or((text, ""));
        let name = name.text.as_str();
        !text.contains('$') && (!architecture.is_empty() && name.contains(architecture) || name.contains(os))
    });
    let constant = !text.contains('$');
    let ids: &[&str] = match (constant, named) {
        (true, false) => &["DL3029", "FromPlatformFlagConstDisallowed", "DF061"],
        (true, true) | (false, _) => &["DL3029", "DF061"],
    };
    ctx.report(flag.span, format!("the platform is always `{text}`, whatever the image is built for"))
        .ids(ids)
        .aside(!constant || named || stage.windows);
}
