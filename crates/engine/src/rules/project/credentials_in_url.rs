use seaworthy_syntax::Span;

use crate::project::Project;
use crate::secret;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "credentials-in-url",
    summary: "an address in a CI script that carries a password or a token",
    since: "0.1.0",
    docs: include_str!("credentials_in_url.md"),
    aliases: &[],
    category: Category::Security,
    severity: Severity::High,
    default: true,
    fix: FixKind::None,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for step in project.workflows.iter().flat_map(|w| &w.jobs).flat_map(|j| &j.steps) {
        let Some(node) = step.run.and_then(|run| project.node(run)) else { continue };
        let span = node.full_span();
        let text = project.text(span);
        let mut from = 0;
        while let Some(at) = text[from..].find("://") {
            let start = from + at + 3;
            let end = start
                + text[start..]
                    .find(|c: char| c.is_whitespace() || "/\"'`|)".contains(c))
                    .unwrap_or(text.len() - start);
            from = end;
            let Some((user, host)) = text[start..end].rsplit_once('@') else { continue };
            let written = user.split_once(':').map_or("", |(_, password)| password);
            // What a variable holds stands in no file.
            // One on the runner itself is for its tests.
            let public =
                host.split([':', '/']).next().is_some_and(|h| h.contains('.') && !h.starts_with("127."));
            if !public
                || written.len() < 3
                || written.contains(['$', '{', '%', '<', '*'])
                || secret::is_placeholder(written)
            {
                continue;
            }
            let place = |from: usize, to: usize| Span {
                source: span.source,
                start: span.start + from as u32,
                end: span.start + to as u32,
            };
            ctx.report(
                place(start, end),
                "a password stands in this address for everybody who reads the repository",
            )
            .hide(place(start, start + user.len()));
        }
    }
}
