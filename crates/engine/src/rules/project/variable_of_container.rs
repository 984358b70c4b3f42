use crate::project::Project;
use crate::project::compose::ProblemKind;
use crate::project::container::{EnvValue, EnvVar};
use crate::{Category, Check, Ctx, Edit, FixKind, Rule, Safety, Severity, Span};

pub(crate) static RULE: Rule = Rule {
    name: "variable-of-container",
    summary: "a variable of the container that Compose replaces before it starts",
    since: "0.1.0",
    docs: include_str!("variable_of_container.md"),
    aliases: &[],
    category: Category::Correctness,
    severity: Severity::High,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for composition in &project.compositions {
        for problem in composition.problems_of(ProblemKind::UnsetVariable) {
            let text = project.text(problem.span);
            let Some((start, name)) = plain_variable(text) else { continue };
            let inside =
                |item: &crate::project::compose::Item| item.at.is_some_and(|at| at.contains(problem.span));
            for service in &composition.services {
                let Some(item) = composition.service(&service.name) else { continue };
                let lines =
                    [item.at_path(&["healthcheck", "test"]), item.get("command"), item.get("entrypoint")];
                let Some(line) =
                    lines.into_iter().flatten().find(|l| inside(l) || l.items().iter().any(inside))
                else {
                    continue;
                };
                let container = project.container(service.container);
                let own = container.env.iter().find(|v| v.name.value == name && is_given(project, v));
                let stage = container.env.iter().all(|v| v.name.value != name)
                    && container.stage(project).is_some_and(|s| s.end().declares(name));
                if own.is_none() && !stage {
                    continue;
                }
                // Without a shell nobody puts it in later either.
                let exec = line.items().first().and_then(|i| i.as_str()).is_some_and(|word| word == "CMD")
                    && !line.items().iter().any(|i| i.as_str() == Some("-c"));
                let message = format!(
                    "Compose puts nothing in the place of `{name}`: it looks in its own environment, and only the container has it"
                );
                let begins = problem.span.start as usize + start;
                let at = Span::new(problem.span.source, begins, begins);
                let edit = (!exec).then(|| Edit { span: at, text: "$".to_owned() });
                let mut finding = ctx.report(problem.span, message);
                if let Some(own) = own {
                    finding.related(own.name.span, "the container gets it here");
                }
                finding.fix(Safety::Unsafe, "Leave it to the container", edit);
            }
        }
    }
}

/// Whether the file itself says its value, and not the environment that Compose runs in.
fn is_given(project: &Project, variable: &EnvVar) -> bool {
    // One that takes its value from there has one wherever somebody gives it.
    let text = project.text(variable.value.at.unwrap_or(variable.name.span));
    if text.contains('$') {
        return false;
    }
    matches!(variable.value.value(), Some(EnvValue::Literal(text)) if !text.is_empty())
}

/// Where in a text the variable stands, and its name, where there is one and it has no default.
fn plain_variable(text: &str) -> Option<(usize, &str)> {
    let start = text.find('$')?;
    let rest = &text[start + 1..];
    let name = match rest.strip_prefix('{') {
        Some(rest) => rest.split_once('}')?.0,
        None => &rest[..rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len())],
    };
    let whole = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    whole.then_some((start, name))
}
