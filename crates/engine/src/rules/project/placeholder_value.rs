use crate::project::Project;
use crate::project::kubernetes::Detail;
use crate::secret;
use crate::syntax::yaml::Node;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "placeholder-value",
    summary: "a value of a manifest that somebody was to replace",
    since: "0.1.0",
    docs: include_str!("placeholder_value.md"),
    aliases: &[],
    category: Category::Correctness,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::None,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for object in project.objects.iter().filter(|o| !o.patch) {
        let fields: &[&str] = match &object.detail {
            Detail::Secret(_) => &["stringData"],
            Detail::ConfigMap(_) => &["data"],
            _ => continue,
        };
        if is_template(project.path(object.source).as_str()) {
            continue;
        }
        for entry in fields.iter().filter_map(|f| object.at(project, &[f])).flat_map(Node::entries) {
            let (Some(key), Some(value)) = (entry.key.scalar(), entry.value.scalar()) else { continue };
            let message = if is_stand_in(&value) {
                format!("`{key}` still holds what stands for the real value, and each apply puts it back")
            } else if is_public(&key) && is_local(&value) {
                format!("`{key}` is an address for others, and `localhost` is each one's own machine")
            } else {
                continue;
            };
            let mut finding = ctx.report(entry.value.span(), message);
            if secret::is_secret_name(&key) {
                finding.hide(entry.value.span());
            }
        }
    }
}

/// Whether a file is there to be copied and filled in.
fn is_template(path: &str) -> bool {
    ["example", "sample", "template", "demo", "test", "tutorial", "docs/"]
        .iter()
        .any(|word| path.contains(word))
}

/// Whether a value says of itself that it is none.
fn is_stand_in(value: &str) -> bool {
    let value = value.trim().to_ascii_lowercase();
    const WHOLE: [&str; 8] = [
        "changeme",
        "change-me",
        "change_me",
        "replaceme",
        "replace-me",
        "replace_me",
        "todo",
        "placeholder",
    ];
    const STARTS: [&str; 8] =
        ["your-", "your_", "changeme", "change-me", "change_me", "replace-with", "replace_with", "<your"];
    // The languages that guides of this kind were seen in.
    const ELSEWHERE: [&str; 4] = ["seu-", "sua-", "tu-", "votre-"];
    let host = value.split_once("://").map_or(value.as_str(), |(_, rest)| rest);
    let begins = |words: &[&str]| words.iter().any(|w| host.starts_with(w));
    WHOLE.contains(&value.as_str())
        || begins(&STARTS)
        || begins(&ELSEWHERE) && (host.contains("aqui") || host.contains("ici") || host.contains("projeto"))
        || value.starts_with('<')
            && value.ends_with('>')
            && value.len() > 2
            && !value.contains('\n')
            && !value.contains("path:")
}

fn is_public(key: &str) -> bool {
    let key = key.to_ascii_uppercase();
    ["PUBLIC_URL", "PUBLIC_HOST", "EXTERNAL_URL", "EXTERNAL_HOST", "PUBLIC_ADDRESS", "PUBLIC_BASE_URL"]
        .iter()
        .any(|end| key.ends_with(end))
}

fn is_local(value: &str) -> bool {
    let host = value.split_once("://").map_or(value, |(_, rest)| rest);
    let host = host.split(['/', ':']).next().unwrap_or_default();
    matches!(host, "localhost" | "127.0.0.1")
}
