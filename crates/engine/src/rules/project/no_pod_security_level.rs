use seaworthy_syntax::yaml::edit::New;

use crate::project::Project;
use crate::project::kubernetes::Detail;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "no-pod-security-level",
    summary: "a namespace that lets every pod in",
    since: "0.1.0",
    docs: include_str!("no_pod_security_level.md"),
    aliases: &[
        "C-0192",
        "C-0193",
        "C-0194",
        "C-0195",
        "C-0196",
        "C-0197",
        "C-0198",
        "C-0199",
        "C-0200",
        "C-0201",
        "C-0202",
        "C-0203",
        "C-0204",
        "pod-security-admission-applied-1",
        "pod-security-admission-baseline-applied-1",
        "pod-security-admission-restricted-applied-1",
        "add-psa-namespace-reporting",
        "deny-privileged-profile",
        "add-psa-labels",
    ],
    category: Category::Security,
    severity: Severity::Low,
    default: false,
    fix: FixKind::Sometimes,
    check: Check::Project(check),
};

const ENFORCE: &str = "pod-security.kubernetes.io/enforce";
/// What others ask for is that there is a level, and that it is one of the two that keep something out.
const PRIVILEGED: [&str; 2] = ["deny-privileged-profile", "C-0193"];

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for object in project.objects.iter().filter(|o| !o.patch && matches!(o.detail, Detail::Namespace)) {
        match object.label(ENFORCE) {
            Some(level) if level.value == "privileged" => {
                ctx.report(level.span, "lets every pod in, privileged ones too").ids(&PRIVILEGED);
            }
            Some(_) => {}
            None => {
                let value = New::Str("baseline".to_owned());
                let message = format!("lets every pod in, privileged ones too: it has no label `{ENFORCE}`");
                ctx.report(object.headline(), message).fix(
                    Safety::Unsafe,
                    "Keep out pods that reach for the host",
                    object.set(project, &["metadata", "labels", ENFORCE], &value),
                );
            }
        }
    }
}
