use seaworthy_syntax::yaml::{self, Node, NodeKind};

use crate::project::{Container, Project, Stage};
use crate::syntax::dockerfile::{Arguments, Command, Healthcheck, Word, edit};
use crate::{Category, Check, Ctx, Edit, FixKind, Rule, Safety, Severity, Span, Target};

pub(crate) static RULE: Rule = Rule {
    name: "line-as-program",
    summary: "an array whose first element is a whole line, which no program is called",
    since: "0.1.0",
    docs: include_str!("line_as_program.md"),
    aliases: &[],
    category: Category::Correctness,
    severity: Severity::High,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for stage in project.builds.iter().flat_map(|build| &build.stages).filter(|stage| !stage.windows) {
        of_stage(stage, project, ctx);
    }
    for container in project.containers.iter().filter(|container| !container.windows) {
        of_container(container, project, ctx);
    }
}

fn of_stage(stage: &Stage, project: &Project, ctx: &mut Ctx<'_>) {
    // What an entry point gets as its argument may be a line.
    let starts = stage.end().entrypoint().is_unset();
    for instruction in stage.instructions(project) {
        let command = match &instruction.arguments {
            Arguments::Run(command) | Arguments::Entrypoint(command) => command,
            Arguments::Healthcheck(Healthcheck::Cmd(command)) => command,
            Arguments::Cmd(command) if starts => command,
            _ => continue,
        };
        let Command::Exec { words, .. } = command else { continue };
        if let Some(Word { text, span, .. }) = words.first() {
            let edits = |words: Vec<&str>| {
                let text = words.into_iter().map(edit::json_string).collect::<Vec<_>>().join(", ");
                Some(vec![Edit { span: *span, text }])
            };
            report(text, *span, edits, ctx);
        }
    }
}

fn of_container(container: &Container, project: &Project, ctx: &mut Ctx<'_>) {
    let Some(node) = project.node(container.place) else { return };
    let (entrypoint, command) = match container.platform {
        Target::Docker => ("entrypoint", "command"),
        Target::Kubernetes => ("command", "args"),
    };
    let in_image = || match container.stage(project) {
        Some(stage) => !stage.end().entrypoint().is_unset(),
        None => container
            .facts()
            .is_none_or(|facts| facts.entrypoint.as_ref().is_none_or(|words| !words.is_empty())),
    };
    let starts = match container.entrypoint.value() {
        Some(words) if !words.is_empty() => node.get(entrypoint),
        _ if !container.entrypoint.is_unset() || in_image() => None,
        _ => node.get(command),
    };
    let Some(first) =
        starts.filter(|list| list.kind() == NodeKind::Sequence).and_then(|list| list.items().next())
    else {
        return;
    };
    let Some(text) = first.scalar() else { return };
    report(&text, first.span(), |words| items(project, first, &words), ctx);
}

/// An item of a list as several, one for each word.
fn items(project: &Project, first: Node<'_>, words: &[&str]) -> Option<Vec<Edit>> {
    let span = first.span();
    let source = project.source_text(span.source);
    let line = source[..span.start as usize].rfind('\n').map_or(0, |at| at + 1);
    let before = &source[line..span.start as usize];
    let between = match before.trim_start() {
        // An item in a line of its own.
        "- " => format!("\n{before}"),
        _ if before.trim_end().ends_with('[') => ", ".to_owned(),
        _ => return None,
    };
    let words: Vec<String> = words.iter().map(|word| yaml::edit::scalar(word)).collect();
    Some(vec![Edit { span, text: words.join(&between) }])
}

fn report(text: &str, span: Span, edits: impl FnOnce(Vec<&str>) -> Option<Vec<Edit>>, ctx: &mut Ctx<'_>) {
    if !is_line(text) {
        return;
    }
    // What a shell reads needs one: quotes, variables, operators.
    let plain = text.chars().all(|c| c.is_alphanumeric() || " \t._-/:=@,+%".contains(c));
    let message = format!("no program is called `{}`: an array has one element for each word", text.trim());
    ctx.report(span, message).fix(Safety::Safe, "Give each word its own element", || {
        if plain { edits(text.split_whitespace().collect()) } else { None }
    });
}

/// Whether the name of a program is a line: a plain first word, and something behind it that is no part of a path.
fn is_line(text: &str) -> bool {
    let mut words = text.split_whitespace();
    let (Some(first), Some(second)) = (words.next(), words.next()) else { return false };
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/+".contains(c);
    // `/opt/My App/run` is a path.
    let path = first.contains('/') && second.contains('/') && !second.starts_with(['/', '-', '.']);
    first.chars().all(plain) && !path && !text.contains('\n')
}
