use seaworthy_syntax::yaml::edit::{self, New};

use crate::project::Project;
use crate::project::kubernetes::Detail;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "low-autoscaler-minimum",
    summary: "an autoscaler that goes down to one pod, or never changes anything",
    since: "0.1.0",
    docs: include_str!("low_autoscaler_minimum.md"),
    aliases: &[
        "hpa-minimum-three-replicas",
        "horizontalpodautoscaler-replicas",
        "hpaMinAvailability",
        "hpaMaxAvailability",
    ],
    category: Category::Reliability,
    severity: Severity::Low,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Project(check),
};

const FEW: [&str; 3] =
    ["hpa-minimum-three-replicas", "horizontalpodautoscaler-replicas", "hpaMinAvailability"];
const FIXED: [&str; 1] = ["hpaMaxAvailability"];

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for object in project.objects.iter().filter(|o| !o.patch && o.kind.value == "HorizontalPodAutoscaler") {
        let Detail::Autoscaler(autoscaler) = &object.detail else { continue };
        let least = autoscaler.min.as_ref().map_or(1, |min| min.value);
        let at = autoscaler.min.as_ref().map_or(object.headline(), |min| min.span);
        if let Some(most) = autoscaler.max.as_ref().filter(|max| max.value <= least) {
            let message =
                format!("never changes anything: there are at least {least} pods and at most {}", most.value);
            ctx.report(most.span, message).ids(&FIXED);
        }
        if least < 3 {
            let message = match least {
                0 | 1 => "goes down to one pod, so each update or crash is an outage".to_owned(),
                _ => format!("goes down to {least} pods"),
            };
            let two = || {
                let most = autoscaler.max.as_ref().map_or(0, |max| max.value);
                let spec = object.at(project, &["spec"]).filter(|_| least < 2 && most > 2)?;
                edit::set_after(spec, "minReplicas", &New::Int(2), &["scaleTargetRef"]).ok()
            };
            ctx.report(at, message).aside(true).ids(if least < 2 { &FEW } else { &FEW[..1] }).fix(
                Safety::Unsafe,
                "Keep two",
                two,
            );
        }
    }
}
