use seaworthy_syntax::Edit;

use crate::project::Container;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "executable-scratch",
    summary: "scratch space from which programs may be run",
    since: "0.1.0",
    docs: include_str!("executable_scratch.md"),
    aliases: &["CL-0022"],
    category: Category::Security,
    severity: Severity::Low,
    default: true,
    fix: FixKind::Always,
    check: Check::Container(check),
};

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    for item in
        container.item(project, &["tmpfs"]).into_iter().flat_map(crate::project::compose::item::Item::items)
    {
        let (Some(text), Some(at)) = (item.as_str(), item.span()) else { continue };
        let Some((path, options)) = text.split_once(':') else { continue };
        let weak = |option: &&str| matches!(*option, "exec" | "suid" | "dev");
        let Some(first) = options.split(',').find(weak) else { continue };
        let kept: Vec<&str> = options.split(',').filter(|option| !weak(option)).collect();
        let left = if kept.is_empty() { path.to_owned() } else { format!("{path}:{}", kept.join(",")) };
        let message = format!(
            "`{first}` undoes what Docker does for scratch space: `{path}` may hold what an attacker runs"
        );
        // Only where the text stands there as it counts.
        let written = project.text(at);
        let edit = written.find(text).map(|from| {
            let start = at.start as usize + from;
            let span = seaworthy_syntax::Span::new(at.source, start, start + text.len());
            vec![Edit { span, text: left }]
        });
        ctx.report(at, message).fix(Safety::Unsafe, "Mount it as Docker does", edit);
    }
}
