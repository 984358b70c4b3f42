use seaworthy_syntax::Edit;
use seaworthy_syntax::yaml::{Node, NodeKind, Style};

use crate::project::Project;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "unquoted-port",
    summary: "a short port without quotes",
    since: "0.1.0",
    docs: include_str!("unquoted_port.md"),
    aliases: &["require-quotes-in-ports"],
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
        for entry in services.flat_map(Node::entries) {
            let lists = ["ports", "expose"].into_iter().filter_map(|key| entry.value.get(key));
            for item in lists.flat_map(Node::items) {
                let plain = item.kind() == NodeKind::Scalar
                    && item.style() == Style::Plain
                    && item.anchor().is_none();
                if item.style() == Style::DoubleQuoted && item.anchor().is_none() {
                    // dclint wants single ones.
                    ctx.report(item.span(), "the quotes are double ones").aside(true);
                    continue;
                }
                let Some(text) = item.scalar().filter(|text| plain && !text.contains('"')) else { continue };
                let edit = Edit { span: item.span(), text: format!("\"{text}\"") };
                ctx.report(item.span(), "a reader of YAML 1.1 takes some ports for numbers to the base 60")
                    .fix(Safety::Safe, "Quote it", vec![edit]);
            }
        }
    }
}
