use crate::project::{Container, Intent};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};
use crate::{Safety, Target};

pub(crate) static RULE: Rule = Rule {
    name: "moving-tag-not-pulled",
    summary: "a moving tag that is pulled once and never again",
    since: "0.1.0",
    docs: include_str!("moving_tag_not_pulled.md"),
    aliases: &[
        "CKV_K8S_15",
        "container-image-pull-policy",
        "pullPolicyNotAlways",
        "C-0075",
        "imagepullpolicy-always",
        "always-pull-images",
        "image-pull-policy-is-not-set-to-always",
    ],
    category: Category::Correctness,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Container(check),
};

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    let Some(image) = container.image.value() else {
        unnamed(container, ctx);
        return;
    };
    let moving = image.tag.as_deref().is_none_or(|tag| tag == "latest");
    let cached =
        container.pull_policy.value().is_some_and(|p| matches!(p.as_str(), "IfNotPresent" | "missing"));
    let at = container.pull_policy.at.unwrap_or(container.name.span);
    let always = container.pull_policy.value().is_some_and(|p| p == "Always");
    if image.digest.is_some() || !moving || !cached || ctx.project.is_built(container) {
        if container.is_in_pod() && !always && !container.pull_policy.is_unknown() {
            let message = format!("`{image}` is not pulled again by a node that has it");
            // Checkov takes a digest for as good.
            let ids: &'static [&'static str] =
                if image.digest.is_some() { &RULE.aliases[1..] } else { RULE.aliases };
            ctx.report(at, message).aside(true).ids(ids);
        }
        return;
    }
    let message = format!("`{image}` moves, but a node that has it never pulls it again");
    let policy = if container.platform == Target::Docker { "always" } else { "Always" };
    ctx.report(at, message).set(Safety::Unsafe, "Pull it each time", container, &Intent::PullPolicy(policy));
}

/// An image that something else names is pulled by the same rule.
fn unnamed(container: &Container, ctx: &mut Ctx<'_>) {
    let policy = &container.pull_policy;
    let written = container.image_as_written(ctx.project);
    // Without a policy, what has no tag or `latest` is pulled each time.
    let pulled =
        policy.is_unset() && written.as_ref().is_some_and(|i| i.tag.as_deref().is_none_or(|t| t == "latest"));
    let digest = written.as_ref().is_some_and(|image| image.digest);
    let missing = container.image.is_unset() && policy.is_unset();
    if !container.is_in_pod()
        || policy.is_unknown()
        || policy.is(&"Always".to_owned())
        || pulled
        || written.is_none() && !missing
    {
        return;
    }
    let at = policy.at.unwrap_or(container.name.span);
    let message =
        format!("the image of `{}` is not pulled again by a node that has it", container.name.value);
    let ids = match (missing, digest) {
        (true, _) => &RULE.aliases[..1],
        (false, true) => &RULE.aliases[1..],
        (false, false) => RULE.aliases,
    };
    ctx.report(at, message).aside(true).ids(ids);
}
