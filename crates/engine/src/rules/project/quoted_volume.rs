use seaworthy_syntax::Edit;
use seaworthy_syntax::yaml::{Node, Style};

use crate::project::Project;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "quoted-volume",
    summary: "a short mount in quotes",
    since: "0.1.0",
    docs: include_str!("quoted_volume.md"),
    aliases: &["no-quotes-in-volumes"],
    category: Category::Style,
    severity: Severity::Low,
    default: false,
    fix: FixKind::Always,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for source in project.compositions.iter().flat_map(|c| c.files.iter().chain(&c.used)) {
        let Some(yaml) = project.parse(*source).and_then(|parse| parse.yaml()) else { continue };
        let services = yaml.documents().flatten().filter_map(|root| root.get("services"));
        for item in
            services.flat_map(Node::entries).filter_map(|s| s.value.get("volumes")).flat_map(Node::items)
        {
            let quoted = matches!(item.style(), Style::DoubleQuoted | Style::SingleQuoted);
            let Some(text) = item.scalar().filter(|_| quoted) else { continue };
            // Where YAML would read something else without them, they stay.
            let plain = !text.contains(": ")
                && !text.contains(" #")
                && !text.ends_with(':')
                && text
                    .starts_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '$' | '_'))
                && text.chars().all(|c| {
                    !c.is_control() && !matches!(c, '"' | '\'' | '\\' | ',' | '[' | ']' | '{' | '}')
                });
            let plain = plain || text.starts_with("${") && !text.contains([',', '#', '"', '\'']);
            if plain {
                let edit = Edit { span: item.span(), text: text.into_owned() };
                ctx.report(item.span(), "needs no quotes").fix(
                    Safety::Safe,
                    "Leave the quotes out",
                    vec![edit],
                );
            }
        }
    }
}
