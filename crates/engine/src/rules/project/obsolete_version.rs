use seaworthy_syntax::yaml::edit;

use crate::project::Project;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "obsolete-version",
    summary: "a Compose file with a `version`",
    since: "0.1.0",
    docs: include_str!("obsolete_version.md"),
    aliases: &["no-version-field"],
    category: Category::Style,
    severity: Severity::Low,
    default: false,
    fix: FixKind::Always,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for source in project.compositions.iter().flat_map(|c| c.files.iter().chain(&c.used)) {
        let Some(yaml) = project.parse(*source).and_then(|parse| parse.yaml()) else { continue };
        for root in yaml.documents().flatten() {
            let Some(entry) = root.entry("version").filter(|_| root.get("services").is_some()) else {
                continue;
            };
            ctx.report(
                entry.key.span(),
                "`version` means nothing to Compose, which warns of it at each start",
            )
            .fix(Safety::Safe, "Remove `version`", edit::remove(entry));
        }
    }
}
