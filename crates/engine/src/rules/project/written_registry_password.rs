use seaworthy_syntax::yaml::{Node, edit};

use crate::project::Project;
use crate::project::workflow::{System, Workflow};
use crate::secret;
use crate::{Category, Check, Ctx, Edit, FixKind, Rule, Safety, Severity, Span};

pub(crate) static RULE: Rule = Rule {
    name: "written-registry-password",
    summary: "a CI job that logs in with a password that stands in the workflow",
    since: "0.1.0",
    docs: include_str!("written_registry_password.md"),
    aliases: &[],
    category: Category::Security,
    severity: Severity::High,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Project(check),
};

const MESSAGE: &str = "this password logs in to a registry, and everybody who reads the repository has it";
const TITLE: &str = "Take the password from the secret `REGISTRY_PASSWORD`";

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for workflow in &project.workflows {
        for step in workflow.jobs.iter().flat_map(|job| &job.steps) {
            let logs_in = step.uses.as_ref().is_some_and(|uses| {
                uses.action.ends_with("/login-action") || uses.action.contains("docker-login")
            });
            let input =
                project.node(step.place).and_then(|node| node.at(&["with", "password"])).filter(|_| logs_in);
            if let Some(node) = input
                && node.scalar().is_some_and(|text| is_written(&text))
            {
                ctx.report(node.span(), MESSAGE).hide(node.span()).fix(
                    Safety::Unsafe,
                    TITLE,
                    edit::replace(node, &edit::New::Str("${{ secrets.REGISTRY_PASSWORD }}".into())),
                );
            }
            let Some(script) = step.run.and_then(|run| project.node(run)) else { continue };
            for span in passwords(project, script) {
                ctx.report(span, MESSAGE).hide(span).fix(Safety::Unsafe, TITLE, by_name(workflow, span));
            }
        }
    }
}

/// Whether a password is one, and not the name of a place where it is.
fn is_written(text: &str) -> bool {
    text.len() > 2 && !text.contains(['$', '{', '%', '<', '*', '`']) && !secret::is_placeholder(text)
}

/// The passwords that the logins of a script are given.
fn passwords(project: &Project, script: Node<'_>) -> Vec<Span> {
    let span = script.full_span();
    let text = project.text(span);
    let mut found = Vec::new();
    let logins = ["docker login", "podman login", "buildah login", "helm registry login", "skopeo login"];
    let at = logins.iter().flat_map(|login| text.match_indices(login).map(|(at, login)| at + login.len()));
    for at in at {
        // The rest of the command, over lines that a backslash continues.
        let mut end = at;
        for line in text[at..].split_inclusive('\n') {
            end += line.len();
            if !line.trim_end().ends_with('\\') {
                break;
            }
        }
        let command = text[at..end].split(['|', ';', '&']).next().unwrap_or_default();
        let flag = ["--password=", "--password ", "-p=", " -p ", " -p"].iter().find_map(|flag| {
            let from = command.find(flag)? + flag.len();
            (!command[from..].starts_with('-')).then_some(from)
        });
        let Some(from) = flag else { continue };
        let value = command[from..].trim_start();
        let from = from + command[from..].len() - value.len();
        let bare = value.trim_start_matches(['"', '\'']);
        let from = at + from + value.len() - bare.len();
        let length = bare.find(|c: char| c.is_whitespace() || c == '"' || c == '\'').unwrap_or(bare.len());
        if is_written(&bare[..length]) {
            let start = span.start as usize + from;
            found.push(Span::new(span.source, start, start + length));
        }
    }
    found
}

fn by_name(workflow: &Workflow, span: Span) -> Option<Edit> {
    // What a shell does with it between quotes only the platform's own expressions do not care about.
    (workflow.system != System::GitLab)
        .then(|| Edit { span, text: "${{ secrets.REGISTRY_PASSWORD }}".to_owned() })
}
