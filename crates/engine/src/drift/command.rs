//! What a command starts, however it is written.

use seaworthy_syntax::{SourceId, Text, shell};

use super::facts::plain;
use crate::exec;
use crate::project::ImageCommand;

/// Options that say how long a server waits for its requests when it stops; a variant may set them.
const GRACE: [&str; 3] = ["--timeout-graceful-shutdown", "--graceful-timeout", "--shutdown-timeout"];

/// How many shells may stand around a program.
const DEPTH: usize = 8;

/// The program and its arguments, without shells, `exec` and programs that only pass signals on or change the user.
pub(super) fn normal(command: &ImageCommand) -> Vec<String> {
    let mut words = command.argv();
    for _ in 0..DEPTH {
        let Some(inner) = inner(&words) else { break };
        words = inner;
    }
    let mut kept = Vec::with_capacity(words.len());
    let mut skip = false;
    for word in words {
        if std::mem::take(&mut skip) {
            continue;
        }
        if GRACE.contains(&word.as_str()) {
            skip = true;
        } else if !GRACE.iter().any(|option| word.strip_prefix(option).is_some_and(|r| r.starts_with('='))) {
            kept.push(plain(&word));
        }
    }
    kept
}

/// What a program that only starts another starts; `None` where it is the program itself.
fn inner(words: &[String]) -> Option<Vec<String>> {
    let (first, rest) = words.split_first()?;
    let program = first.rsplit('/').next().unwrap_or(first);
    match program {
        "exec" => Some(rest.to_vec()),
        "gosu" | "su-exec" => Some(rest.get(1..)?.to_vec()),
        "tini" | "dumb-init" | "catatonit" => {
            let start = rest.iter().position(|w| !w.starts_with('-')).unwrap_or(rest.len());
            Some(rest[start..].to_vec())
        }
        "sh" | "bash" | "dash" | "ash" => {
            let (options, line) = match rest {
                [options @ .., line] if !options.is_empty() => (options, line),
                _ => return None,
            };
            let runs_line =
                options.iter().all(|o| o.starts_with('-')) && options.iter().any(|o| o.ends_with('c'));
            runs_line.then(|| line_words(line))
        }
        _ => None,
    }
}

/// The words of a line of shell. Of a line of several commands its text counts, but for `exec`.
fn line_words(line: &str) -> Vec<String> {
    let line = exec::minded(line).unwrap_or(line);
    let parsed = shell::parse_text(&Text::new(line, SourceId(0), 0));
    match parsed.commands.as_slice() {
        [command]
            if command.redirects.is_empty() && command.assignments.is_empty() && parsed.errors.is_empty() =>
        {
            let words = command.name.iter().chain(&command.args);
            words.map(|w| w.value.as_deref().map_or_else(|| unquoted(&w.text), str::to_owned)).collect()
        }
        _ => line.split_whitespace().filter(|word| *word != "exec").map(str::to_owned).collect(),
    }
}

fn unquoted(word: &str) -> String {
    let inner = word.strip_prefix('"').and_then(|w| w.strip_suffix('"'));
    inner.filter(|inner| !inner.contains('"')).unwrap_or(word).to_owned()
}

/// Whether two commands start the same. A port below 1024 may have moved, and what lay in root's home.
pub(super) fn same(source: &[String], twin: &[String]) -> bool {
    let agree = |(a, b): (&String, &String)| a == b || has_moved(a, b) || has_left_home(a, b);
    source.len() == twin.len() && source.iter().zip(twin).all(agree)
}

/// Whether two words are the same but for a path in root's home that is elsewhere now.
fn has_left_home(source: &str, twin: &str) -> bool {
    source.split_once("/root/").is_some_and(|(before, after)| {
        twin.strip_prefix(before)
            .is_some_and(|rest| rest.starts_with('/') && rest.ends_with(&format!("/{after}")))
    })
}

/// Whether two words are the same but for a port below 1024 that moved above.
pub(super) fn has_moved(source: &str, twin: &str) -> bool {
    let digits = |word: &str| {
        let numbers: Vec<u32> =
            word.split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse().ok()).collect();
        let text: Vec<String> = word
            .split(|c: char| c.is_ascii_digit())
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect();
        (numbers, text)
    };
    let ((before, text), (after, other)) = (digits(source), digits(twin));
    text == other
        && before.len() == after.len()
        && before.iter().zip(&after).all(|(a, b)| a == b || *a < 1024 && (1024..=65535).contains(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exec(words: &[&str]) -> ImageCommand {
        ImageCommand::Exec(words.iter().map(|w| (*w).to_owned()).collect())
    }

    #[test]
    fn how_a_command_is_written_does_not_count() {
        let line = "sh -c \"python -m uvicorn a:app --port ${PORT}\"";
        let all = [
            ImageCommand::Shell { shell: Vec::new(), line: line.into() },
            exec(&["sh", "-c", "exec python -m uvicorn a:app --port $PORT"]),
            exec(&[
                "tini",
                "-g",
                "--",
                "sh",
                "-c",
                "exec python -m uvicorn a:app --port ${PORT} --timeout-graceful-shutdown 20",
            ]),
            exec(&["sh", "-c", &exec::mind(&["python", "-m", "uvicorn", "a:app", "--port", "$PORT"])]),
        ];
        for command in &all {
            let words = normal(command);
            assert_eq!(words, ["python", "-m", "uvicorn", "a:app", "--port", "$PORT"], "{command:?}");
        }
        let moved = |a: &str, b: &str| same(&[a.to_owned()], &[b.to_owned()]);
        assert!(moved("--bind=0.0.0.0:80", "--bind=0.0.0.0:8080"));
        assert!(!moved("--bind=0.0.0.0:8000", "--bind=0.0.0.0:8080"));
        assert!(!moved("a:app", "a:other"));
        assert!(moved("/root/bin/run.sh", "/app/bin/run.sh"));
        assert!(!moved("/root/bin/run.sh", "/app/bin/walk.sh"));
    }
}
