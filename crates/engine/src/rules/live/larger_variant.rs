use crate::measured::Subject;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "larger-variant",
    summary: "an image for Kubernetes that is larger than the original",
    since: "0.1.0",
    docs: include_str!("larger_variant.md"),
    aliases: &[],
    category: Category::Efficiency,
    severity: Severity::Low,
    default: true,
    fix: FixKind::None,
    check: Check::Measured(check),
};

fn check(subject: &Subject<'_>, ctx: &mut Ctx<'_>) {
    let Some(size) = subject.measured.size.as_ref().filter(|s| s.other_bytes > 0) else { return };
    let is_variant = subject.measured.image.contains("k8s");
    if is_variant == size.other.contains("k8s") {
        return;
    }
    let (variant, original) =
        if is_variant { (size.bytes, size.other_bytes) } else { (size.other_bytes, size.bytes) };
    // A file or two is no matter.
    if variant <= original.saturating_add(original / 50) {
        return;
    }
    let Some(at) = subject.at(ctx.project) else { return };
    let more = (variant - original) * 100 / original.max(1);
    let message =
        format!("the image for Kubernetes of `{}` is {more} % larger than the original", subject.name());
    ctx.report(at, message);
}
