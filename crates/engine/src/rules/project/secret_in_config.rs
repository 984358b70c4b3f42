use seaworthy_syntax::yaml::Node;

use crate::project::Project;
use crate::project::kubernetes::Detail;
use crate::secret;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "secret-in-config",
    summary: "a secret in a ConfigMap",
    since: "0.1.0",
    docs: include_str!("secret_in_config.md"),
    aliases: &["sensitiveConfigmapContent", "KSV-0109", "KSV-01010", "rule-credentials-configmap"],
    category: Category::Security,
    severity: Severity::High,
    default: true,
    fix: FixKind::None,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for object in project.objects.iter().filter(|o| matches!(o.detail, Detail::ConfigMap(_))) {
        let data = object.at(project, &["data"]);
        for entry in data.into_iter().flat_map(Node::entries) {
            let (Some(key), Some(value)) = (entry.key.scalar(), entry.value.scalar()) else { continue };
            // A whole file has many words, and its format says which of them are values.
            if value.contains('\n') || !secret::is_secret(&key, &value) {
                continue;
            }
            let message = format!(
                "`{key}` is a secret, and everyone who may read ConfigMaps or the repository reads it"
            );
            ctx.report(entry.key.span(), message).severity(secret::severity(&value)).hide(entry.value.span());
        }
    }
}
