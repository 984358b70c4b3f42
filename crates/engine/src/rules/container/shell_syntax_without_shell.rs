use seaworthy_syntax::yaml::edit::New;

use crate::project::Container;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "shell-syntax-without-shell",
    summary: "a command with the signs of a shell and no shell to read them",
    since: "0.1.0",
    docs: include_str!("shell_syntax_without_shell.md"),
    aliases: &[],
    category: Category::Correctness,
    severity: Severity::High,
    default: true,
    fix: FixKind::Always,
    check: Check::Container(check),
};

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    for key in ["command", "entrypoint"] {
        let Some(at) = container.item(project, &[key]).and_then(crate::project::compose::item::Item::span)
        else {
            continue;
        };
        let written = project.text(at).trim();
        // A list says its words itself, and block scalars are mostly scripts for a shell.
        if written.starts_with(['[', '-', '|', '>', '"', '\'', '$']) {
            continue;
        }
        if let Some(sign) = first_sign(written) {
            let message = format!(
                "Compose runs no shell and reads nothing from `{sign}` on: only what stands before it runs"
            );
            ctx.report(at, message).fix(Safety::Unsafe, "Let a shell read it", || {
                let line = project.node_at(at)?.scalar()?.into_owned();
                let words = ["sh", "-c", &line].map(|word| New::Str(word.to_owned()));
                project.write_at(at, &New::Seq(words.to_vec()))
            });
        }
    }
}

/// The first sign of a shell that stands for itself, in no quotes.
fn first_sign(text: &str) -> Option<&str> {
    let mut quoted = None;
    for word in text.split_whitespace() {
        if quoted.is_none() && matches!(word, "&&" | "||" | "|" | ";" | ">" | ">>" | "<" | "2>&1") {
            return Some(word);
        }
        for c in word.chars() {
            match quoted {
                None if matches!(c, '"' | '\'') => quoted = Some(c),
                Some(quote) if quote == c => quoted = None,
                _ => {}
            }
        }
    }
    None
}
