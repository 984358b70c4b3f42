use crate::project::Project;
use crate::project::kubernetes::Detail;
use crate::secret;
use crate::syntax::yaml::Node;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "secret-in-manifest",
    summary: "a Secret whose values stand in the repository",
    since: "0.1.0",
    docs: include_str!("secret_in_manifest.md"),
    aliases: &["C-0234", "ensure-external-secrets-storage-is-in-use"],
    category: Category::Security,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::None,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for object in project.objects.iter().filter(|o| !o.patch) {
        let Detail::Secret(data) = &object.detail else { continue };
        let kind = data.kind.as_ref().map_or("Opaque", |k| k.value.as_str());
        // The cluster fills these in itself.
        let filled = matches!(kind, "kubernetes.io/service-account-token" | "bootstrap.kubernetes.io/token");
        let sealed = object.at(project, &["sops"]).is_some();
        if filled || sealed || object.kind.value != "Secret" || object.api_version.value != "v1" {
            continue;
        }
        let entries =
            ["data", "stringData"].iter().filter_map(|f| object.at(project, &[f])).flat_map(Node::entries);
        let held: Vec<_> = entries
            .filter(|e| {
                e.value.scalar().is_some_and(|v| is_held(&v)) && e.key.scalar().is_some_and(|k| is_secret(&k))
            })
            .collect();
        let Some(first) = held.first() else { continue };
        let more = if held.len() > 1 { " and others" } else { "" };
        let key = first.key.scalar().unwrap_or_default();
        let message = format!(
            "`{key}`{more} can be read by everyone who can read the repository: base64 hides nothing"
        );
        let path = project.path(object.source);
        const ASIDE: [&str; 8] =
            ["testdata", "test", "tests", "docs", "examples", "example", "samples", "e2e"];
        let own = project.is_for_development(object.source)
            || path.components().any(|part| ASIDE.contains(&part.as_str()));
        let mut finding = ctx.report(object.headline(), message);
        finding.severity(if own { Severity::Low } else { Severity::Medium });
        for entry in &held {
            finding.hide(entry.value.span());
        }
    }
}

/// Whether what has this name is kept from others: a Secret often holds names and addresses as well.
fn is_secret(key: &str) -> bool {
    let name = key.to_ascii_lowercase();
    const WORDS: [&str; 9] =
        ["passw", "passphrase", "token", "secret", "credential", "private", "apikey", "api_key", "api-key"];
    const ENDS: [&str; 7] = [".key", "_key", "-key", "dockerconfigjson", "kubeconfig", "id_rsa", "identity"];
    let address = ["url", "uri", "name", "_id", "host", "endpoint"].iter().any(|end| name.ends_with(end));
    secret::is_secret_name(key)
        || !address
            && (WORDS.iter().any(|word| name.contains(word)) || ENDS.iter().any(|end| name.ends_with(end)))
}

/// Whether a text is a value, and not a name for one that comes from elsewhere.
fn is_held(value: &str) -> bool {
    let value = value.trim();
    let elsewhere = ["${", "{{", "$(", "ENC[", "<path:", "ref+", "vault:", "%%"];
    let named =
        elsewhere.iter().any(|word| value.contains(word)) || value.starts_with('<') && value.ends_with('>');
    !named && !matches!(value, "" | "null" | "\"\"" | "Cg==" | "bnVsbA==")
}
