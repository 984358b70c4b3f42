use crate::project::Project;
use crate::project::kubernetes::{Detail, New, Object};
use crate::syntax::yaml::edit;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "misplaced-pod-security-label",
    summary: "a label for Pod Security where nobody reads it",
    since: "0.1.0",
    docs: include_str!("misplaced_pod_security_label.md"),
    aliases: &[],
    category: Category::Security,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::Always,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for object in project.objects.iter().filter(|o| !o.patch && !matches!(o.detail, Detail::Namespace)) {
        let kind = object.kind.as_str();
        // What others make of it is their matter: a template of namespaces may carry labels for them.
        if object.workloads.is_empty() || kind.contains("Namespace") {
            continue;
        }
        let of_pods = object.workloads.iter().flat_map(|id| &project.workload(*id).pod_labels);
        for (key, _) in object.labels.iter().chain(of_pods) {
            let Some(mode) = key.value.strip_prefix("pod-security.kubernetes.io/") else { continue };
            let message =
                format!("nobody reads `{mode}` here: Pod Security asks the labels of the Namespace alone");
            ctx.report(key.span, message).fix(
                Safety::Unsafe,
                "Set it on the Namespace instead",
                moved(project, object, &key.value),
            );
        }
    }
}

/// The edits that take the label from the pods and set it on the Namespace, where both are here.
fn moved(project: &Project, object: &Object, key: &str) -> Option<Vec<crate::Edit>> {
    let wanted = object.namespace.as_ref()?;
    let mut namespaces =
        project.objects_named(&wanted.value).filter(|o| matches!(o.detail, Detail::Namespace));
    let (namespace, None) = (namespaces.next()?, namespaces.next()) else { return None };
    let paths: [&[&str]; 2] = [&["metadata", "labels"], &["spec", "template", "metadata", "labels"]];
    let entry = paths.iter().find_map(|path| object.at(project, path)?.entry(key))?;
    let value = New::Str(entry.value.scalar()?.into_owned());
    let root = project.node(namespace.place)?;
    let set = edit::set_path(root, &["metadata", "labels", key], &value).ok()?;
    Some(vec![edit::remove(entry).ok()?, set])
}
