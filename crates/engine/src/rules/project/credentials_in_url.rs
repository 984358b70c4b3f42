use seaworthy_syntax::Span;
use seaworthy_syntax::yaml::Node;

use crate::project::workflow::System;
use crate::project::{Project, Workflow};
use crate::secret;
use crate::{Category, Check, Ctx, Edit, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "credentials-in-url",
    summary: "an address in a CI workflow that carries a password or a token",
    since: "0.1.0",
    docs: include_str!("credentials_in_url.md"),
    aliases: &[],
    category: Category::Security,
    severity: Severity::High,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for workflow in &project.workflows {
        let Some(text) = project.parse(workflow.source).map(|parse| &*parse.source.text) else { continue };
        let mut from = 0;
        while let Some(at) = text[from..].find("://") {
            let start = from + at + 3;
            let end = start
                + text[start..]
                    .find(|c: char| c.is_whitespace() || "/\"'`|)<>".contains(c))
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
                || written.contains(['$', '{', '<', '*'])
                || names_variable(written)
                || secret::is_placeholder(written)
            {
                continue;
            }
            let place = |from: usize, to: usize| Span::new(workflow.source, from, to);
            let password = place(start + user.len() - written.len(), start + user.len());
            ctx.report(
                place(start, end),
                "a password stands in this address for everybody who reads the repository",
            )
            .hide(place(start, start + user.len()))
            .fix(
                Safety::Unsafe,
                "Take the password from the secret `GIT_PASSWORD`",
                by_name(project, workflow, password),
            );
        }
    }
}

/// Whether `%` stands around a name, as on Windows, and not before the number of a character.
fn names_variable(text: &str) -> bool {
    text.split('%').skip(1).any(|rest| {
        let mut digits = rest.bytes();
        !(digits.next().is_some_and(|b| b.is_ascii_hexdigit())
            && digits.next().is_some_and(|b| b.is_ascii_hexdigit()))
    })
}

/// The password by the name of a secret, in a script, an input or a variable, which expand it.
fn by_name(project: &Project, workflow: &Workflow, password: Span) -> Option<Edit> {
    let holds = |node: Option<Node<'_>>| node.is_some_and(|node| node.full_span().contains(password));
    let root = project.node(workflow.place)?;
    let steps = workflow.jobs.iter().flat_map(|job| &job.steps);
    let expands = holds(root.get("env"))
        || workflow.jobs.iter().any(|job| holds(project.node(job.place).and_then(|job| job.get("env"))))
        || steps.into_iter().any(|step| {
            let step = project.node(step.place);
            workflow.system == System::GitLab && holds(step)
                || ["run", "with", "env"].iter().any(|key| holds(step.and_then(|step| step.get(key))))
        });
    let text = &*project.parse(password.source)?.source.text;
    let line = text[..password.start as usize].rsplit('\n').next().unwrap_or_default();
    // A shell expands nothing between single quotes, and a comment is none of its business.
    let quoted = workflow.system == System::GitLab && line.contains('\'');
    (expands && !quoted && !line.trim_start().starts_with('#')).then(|| Edit {
        span: password,
        text: if workflow.system == System::GitLab {
            "${GIT_PASSWORD}"
        } else {
            "${{ secrets.GIT_PASSWORD }}"
        }
        .to_owned(),
    })
}
