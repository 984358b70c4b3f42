use crate::exec::{self, Form};
use crate::project::Stage;
use crate::project::dockerfile::Argument;
use crate::project::layout::{Found, What};
use crate::syntax::dockerfile::{Arguments, Instruction};
use crate::syntax::shell::Interpreter;
use crate::syntax::{Edit, Span, Text};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "exec-script",
    summary: "lets the program take the place of the script that starts it",
    since: "0.1.0",
    docs: include_str!("exec_script.md"),
    aliases: &[],
    category: Category::Reliability,
    severity: Severity::High,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Variant(check),
};

/// Where a bare name is looked for.
const PATH: [&str; 6] = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    if stage.windows {
        return;
    }
    let project = ctx.project;
    let words = stage.launch(project).arguments();
    let Some((word, path)) = script(&words) else { return };
    let directory = stage.end().workdir().value().map_or("/", String::as_str);
    let paths = if path.starts_with('/') {
        vec![path.to_owned()]
    } else if path.contains('/') || word > 0 {
        vec![format!("{directory}/{path}")]
    } else {
        PATH.iter().map(|d| format!("{d}/{path}")).collect()
    };
    for path in paths {
        if let Some(body) = written(stage, ctx, &path) {
            in_dockerfile(&body, &path, ctx);
            return;
        }
        if let Some(Found::File(source)) = project.in_image(stage, &path) {
            let Some(text) = project.files.text(&source) else { return };
            let at = words.get(word).and_then(|w| w.span);
            if let Some((at, why)) = at.zip(waits(text, source.as_str())) {
                ctx.report(
                    at,
                    format!("`{source}` {why}; it is shared with the other image and stays as it is"),
                );
            }
            return;
        }
    }
}

/// The script that is started: the first word, or what a shell is given.
fn script(words: &[Argument]) -> Option<(usize, &str)> {
    let mut at = 0;
    while let Some(word) = words.get(at) {
        let value = word.value.as_deref()?;
        let name = value.rsplit('/').next().unwrap_or(value);
        let skipped = matches!(name, "tini" | "dumb-init" | "catatonit" | "exec") || value.starts_with('-');
        if skipped || at == 0 && exec::is_shell(name) {
            if value.ends_with('c') && value.starts_with('-') && at > 0 {
                return None;
            }
            at += 1;
            continue;
        }
        return Some((at, value));
    }
    None
}

/// A script that the Dockerfile itself holds, with its places there.
fn written(stage: &Stage, ctx: &Ctx<'_>, path: &str) -> Option<Text> {
    let file = ctx.project.dockerfile(stage.source)?;
    let heredoc =
        |instruction: &Instruction, index: usize| instruction.heredocs.get(index).map(|h| h.body.clone());
    for copied in stage.copied().iter().rev() {
        if let What::Heredoc(index) = copied.what
            && copied.target == path
        {
            return heredoc(file.instructions.get(copied.instruction)?, index);
        }
    }
    // `RUN cat > /start.sh <<EOF`
    for stage in stage.and_below(ctx.project) {
        for run in stage.runs(ctx.project) {
            let Arguments::Run(_) = run.instruction.arguments else { continue };
            let writes = run.shell.commands.iter().any(|c| {
                let to = |r: &crate::syntax::shell::Redirect| {
                    r.operator == ">" && r.target.as_ref().is_some_and(|t| t.is(path))
                };
                c.name() == Some("cat") && c.args.is_empty() && c.redirects.iter().any(to)
            });
            if writes && run.instruction.heredocs.len() == 1 {
                return heredoc(run.instruction, 0);
            }
        }
    }
    None
}

fn in_dockerfile(body: &Text, path: &str, ctx: &mut Ctx<'_>) {
    if !is_shell_script(body, path) {
        return;
    }
    let at = |offset: usize| {
        let place = body.offset(offset) as u32;
        Span { source: body.source(), start: place, end: place }
    };
    match exec::form(body) {
        Form::Exec(_) => {}
        Form::Words(words) => {
            let Some((range, word)) = words.first() else { return };
            if is_quiet(word) {
                return;
            }
            finish(body.span_of(range.clone()), at(range.start), path, ctx);
        }
        Form::Script { at: place, .. } => {
            let end = place + body[place..].find(char::is_whitespace).unwrap_or(body.len() - place);
            if !is_quiet(&body[place..end]) {
                finish(body.span_of(place..end), at(place), path, ctx);
            }
        }
        Form::Nested { .. } | Form::Stays(_) => {
            if let Some(why) = waits(body, path) {
                ctx.report(at(0), format!("`{path}` {why}"));
            }
        }
    }
}

fn finish(span: Span, at: Span, path: &str, ctx: &mut Ctx<'_>) {
    ctx.report(span, format!("`{path}` stays the first process and keeps SIGTERM from the program")).fix(
        Safety::Unsafe,
        "Let the program take the place of the script",
        Edit { span: at, text: "exec ".to_owned() },
    );
}

fn is_shell_script(text: &str, path: &str) -> bool {
    let first = text.lines().next().unwrap_or_default();
    let Some(interpreter) = first.strip_prefix("#!") else { return path.ends_with(".sh") };
    let mut words = interpreter.split_whitespace();
    let program = words.next().unwrap_or_default();
    let program = if program.ends_with("/env") { words.next().unwrap_or_default() } else { program };
    Interpreter::of(program) == Interpreter::Posix
}

/// Whether a program is done at once, so that nothing waits for it.
fn is_quiet(word: &str) -> bool {
    matches!(word, "echo" | "printf" | "true" | "test" | "[" | "[[" | "sleep" | "rm" | "mkdir" | "cat")
}

/// Why a script keeps the stop signal from what it starts; `None` where it does not, or that is not known.
fn waits(text: &str, path: &str) -> Option<String> {
    if !is_shell_script(text, path) {
        return None;
    }
    match exec::form(text) {
        Form::Exec(_) | Form::Nested { .. } => None,
        Form::Words(words) => words.first().filter(|(_, w)| !is_quiet(w)).map(|(_, word)| starts(word)),
        Form::Script { at, .. } => {
            let word = text[at..].split_whitespace().next().unwrap_or_default();
            (!is_quiet(word)).then(|| starts(word))
        }
        // A branch of it may do what is right.
        Form::Stays(why) => {
            let has_exec = text.split_whitespace().any(|w| matches!(w, "exec" | "trap"));
            let known = why.contains("background") || why.contains("loop");
            (!has_exec && known && !text.trim().is_empty())
                .then(|| format!("stays the first process and gets SIGTERM: {why}"))
        }
    }
}

fn starts(word: &str) -> String {
    format!(
        "starts `{}` without `exec`, stays the first process and keeps SIGTERM from it",
        word.trim_matches('"')
    )
}
