use crate::project::Project;
use crate::project::kubernetes::{Detail, New};
use crate::syntax::yaml::edit;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "ingress-class-annotation",
    summary: "an Ingress that names its class by the annotation of old",
    since: "0.1.0",
    docs: include_str!("ingress_class_annotation.md"),
    aliases: &[],
    category: Category::Correctness,
    severity: Severity::Low,
    default: true,
    fix: FixKind::Always,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for object in project.objects.iter().filter(|o| !o.patch && matches!(o.detail, Detail::Ingress(_))) {
        let Some((key, class)) =
            object.annotations.iter().find(|(key, _)| key.value == "kubernetes.io/ingress.class")
        else {
            continue;
        };
        if object.api_version.value != "networking.k8s.io/v1" {
            continue;
        }
        let named = object.at(project, &["spec", "ingressClassName"]).is_some();
        let message = if named {
            "the API refuses a new Ingress that names its class twice".to_owned()
        } else {
            format!(
                "`ingressClassName: {}` says it since Kubernetes 1.18; controllers stop reading this",
                class.value
            )
        };
        let moved = || {
            let annotations = object.at(project, &["metadata", "annotations"])?;
            let remove = match annotations.entries().count() {
                1 => edit::remove(object.at(project, &["metadata"])?.entry("annotations")?),
                _ => edit::remove(annotations.entry(&key.value)?),
            };
            let spec = object.at(project, &["spec"])?;
            let mut edits = vec![remove.ok()?];
            if !named {
                let class = New::Str(class.value.clone());
                edits.push(edit::set(spec, "ingressClassName", &class).ok()?);
            }
            Some(edits)
        };
        ctx.report(key.span, message).severity(if named { Severity::High } else { Severity::Low }).fix(
            Safety::Unsafe,
            "Name the class in `spec`",
            moved(),
        );
    }
}
