use seaworthy_syntax::yaml::edit::New;

use crate::project::Workload;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "missing-label",
    summary: "a workload without the labels that tools tell programs apart by",
    since: "0.1.0",
    docs: include_str!("missing_label.md"),
    aliases: &[
        "C-0076",
        "C-0077",
        "label-usage-for-resources",
        "k8s-common-labels-usage",
        "metadataAndInstanceMismatched",
        "require-labels",
        "required-label-owner",
        "required-annotation-email",
        "require-annotations",
    ],
    category: Category::Style,
    severity: Severity::Low,
    default: false,
    fix: FixKind::Sometimes,
    check: Check::Workload(check),
};

const NAME: &str = "app.kubernetes.io/name";
const LABELS: [&str; 5] =
    ["C-0076", "C-0077", "label-usage-for-resources", "k8s-common-labels-usage", "require-labels"];
const OWNER: [&str; 1] = ["required-label-owner"];
const MAIL: [&str; 2] = ["required-annotation-email", "require-annotations"];

fn check(workload: &Workload, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    let object = workload.object(project);
    if object.label(NAME).is_none() {
        // The name stands there already, under the label of old.
        let old = object.label("app").map(|label| New::Str(label.value.clone()));
        let edits = || object.set(project, &["metadata", "labels", NAME], &old?);
        ctx.report(
            workload.headline,
            format!("no tool can tell what program it is: it has no label `{NAME}`"),
        )
        .ids(&LABELS)
        .fix(Safety::Safe, "Say what program it is", edits);
    }
    if object.label("owner").is_none() {
        ctx.report(workload.headline, "nothing says whose it is: it has no label `owner`")
            .aside(true)
            .ids(&OWNER);
    }
    if object.annotation("email").is_none() {
        ctx.report(workload.headline, "nothing says whom to write to: it has no annotation `email`")
            .aside(true)
            .ids(&MAIL);
    }
}
