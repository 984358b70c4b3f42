use seaworthy_syntax::Span;

use crate::project::Project;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "no-project-name",
    summary: "a Compose project that is called after whatever directory it lies in",
    since: "0.1.0",
    docs: include_str!("no_project_name.md"),
    aliases: &["require-project-name-field"],
    category: Category::Style,
    severity: Severity::Low,
    default: false,
    fix: FixKind::Sometimes,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for composition in &project.compositions {
        // Somebody wrote the name into the variable that Compose reads.
        let set = composition.dotenv(&project.files).contains_key("COMPOSE_PROJECT_NAME");
        let first = composition.files.first().and_then(|source| project.parse(*source)?.yaml());
        let Some(root) = first.filter(|_| !set).and_then(|yaml| yaml.documents().flatten().next()) else {
            continue;
        };
        if root.get("name").is_some() {
            continue;
        }
        let at =
            root.entry("services").map_or(Span { end: root.span().start, ..root.span() }, |e| e.key.span());
        ctx.report(at, "its containers, networks and volumes are named after the directory it lies in").fix(
            // Another file may be the first where files are named, and lie elsewhere.
            if composition.unasked { Safety::Safe } else { Safety::Unsafe },
            "Write down the name it has",
            || composition.name_it(project),
        );
    }
}
