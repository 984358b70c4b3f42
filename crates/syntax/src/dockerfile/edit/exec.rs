//! Commands in shell form become arrays where they stand: continuations, comments and spaces between words stay.

use std::ops::Range;

use super::{has_comment, json_string};
use crate::dockerfile::{Dockerfile, Script};
use crate::{Edit, Span};

/// Turns shell form into an array of its words. Each word is a range of the script's text and its value; nothing but
/// space may stand around them.
///
/// `None` where something else does, where a comment stands within a word, or where words stand elsewhere than the text has
/// them, as the end that a heredoc lacks.
pub fn exec_words(file: &Dockerfile, script: &Script, words: &[(Range<usize>, String)]) -> Option<Vec<Edit>> {
    let text = script.text.as_str();
    let mut edits = Vec::with_capacity(words.len());
    let mut at = 0;
    for (index, (range, value)) in words.iter().enumerate() {
        if !text.get(at..range.start)?.trim().is_empty() {
            return None;
        }
        at = range.end;
        let span = script.text.span_of(range.clone());
        let before: Option<&Edit> = edits.last();
        if has_comment(file, span) || before.is_some_and(|before| before.span.end > span.start) {
            return None;
        }
        let open = if index == 0 { "[" } else { "" };
        let close = if index + 1 == words.len() { "]" } else { "," };
        edits.push(Edit { span, text: format!("{open}{}{close}", json_string(value)) });
    }
    (!words.is_empty() && text.get(at..)?.trim().is_empty()).then_some(edits)
}

/// Turns a range of shell form into the last element of an array that begins with the words of a shell, and inserts a
/// text at a place of it: `["sh", "-c", "a && exec b"]`. Nothing but space may stand around the range.
///
/// `None` where something else does.
pub fn exec_script(
    script: &Script,
    shell: &[String],
    range: &Range<usize>,
    insertion: (usize, &str),
) -> Option<Vec<Edit>> {
    let text = script.text.as_str();
    let around = [text.get(..range.start)?, text.get(range.end..)?];
    if range.is_empty() || around.iter().any(|t| !t.trim().is_empty()) {
        return None;
    }
    let mut edits = Vec::new();
    let mut pending = String::from("[");
    for word in shell {
        pending.push_str(&json_string(word));
        pending.push_str(", ");
    }
    pending.push('"');
    let mut quoted = None;
    for (offset, c) in text[range.clone()].char_indices() {
        let at = range.start + offset;
        if at == insertion.0 {
            pending.push_str(insertion.1);
        }
        match (quoted, c) {
            (None, '\'' | '"') => quoted = Some(c),
            (Some(quote), c) if c == quote => quoted = None,
            _ => {}
        }
        // No control character may stand in JSON, not even the tab that indents a continued line.
        let replaced = match c {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\t' if quoted.is_none() => " ",
            '\t' => "\\t",
            c if c < ' ' => return None,
            _ if pending.is_empty() => continue,
            _ => {
                let place = script.text.offset(at);
                let span = Span::new(script.text.source(), place, place);
                edits.push(Edit { span, text: std::mem::take(&mut pending) });
                continue;
            }
        };
        let span = script.text.span_of(at..at + 1);
        edits.push(Edit { span, text: std::mem::take(&mut pending) + replaced });
    }
    let end = script.text.span_of(range.clone()).end as usize;
    edits.push(Edit { span: Span::new(script.text.source(), end, end), text: pending + "\"]" });
    Some(edits)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::dockerfile::Command;
    use crate::{SourceId, apply};

    fn edited(text: &str, edit: impl Fn(&Dockerfile, &Script) -> Option<Vec<Edit>>) -> Option<String> {
        let text: Arc<str> = format!("FROM a\n{text}\n").into();
        let file = Dockerfile::parse(SourceId(0), &text);
        let Some(Command::Shell(script)) = file.instructions[1].command() else { panic!("{text}") };
        let out = apply(&text, &edit(&file, script)?).unwrap();
        let again = Dockerfile::parse(SourceId(0), &out.as_str().into());
        assert!(matches!(again.instructions[1].command(), Some(Command::Exec { .. })), "{out}");
        assert_eq!(again.comments.len(), file.comments.len(), "{out}");
        Some(out["FROM a\n".len()..out.len() - 1].to_owned())
    }

    #[test]
    fn words_become_elements_where_they_stand() {
        let words = |_: &Dockerfile, script: &Script| -> Vec<(Range<usize>, String)> {
            let shell = crate::shell::parse_text(&crate::Text::new(script.text.as_str(), SourceId(0), 0));
            let command = &shell.commands[0];
            let all = command.name.iter().chain(&command.args);
            all.map(|w| (w.span.range(), w.value.as_deref().unwrap().to_owned())).collect()
        };
        let exec = |f: &Dockerfile, s: &Script| exec_words(f, s, &words(f, s));
        for (before, after) in [
            ("CMD a 'b c'", Some("CMD [\"a\", \"b c\"]")),
            (
                "CMD a \\\n  # why\n  --b \"c\\\"d\"  e",
                Some("CMD [\"a\", \\\n  # why\n  \"--b\", \"c\\\"d\",  \"e\"]"),
            ),
            ("CMD a \\\r\n\tb", Some("CMD [\"a\", \\\r\n\t\"b\"]")),
            ("CMD a b\\\nc", Some("CMD [\"a\", \"bc\"]")),
            ("CMD a b\\\n# why\nc", None),
            ("CMD a # b", None),
        ] {
            assert_eq!(edited(before, exec).as_deref(), after, "{before}");
        }
    }

    #[test]
    fn the_end_that_a_heredoc_lacks_stands_nowhere() {
        let text: Arc<str> = "FROM a\nRUN a <<EOF && b\n\n".into();
        let file = Dockerfile::parse(SourceId(0), &text);
        let Some(Command::Shell(script)) = file.instructions[1].command() else { panic!("{text}") };
        let all = script.text.as_str();
        let place = |word: &str| word.as_ptr().addr() - all.as_ptr().addr();
        let words = all.split_whitespace().map(|w| (place(w)..place(w) + w.len(), w.to_owned()));
        assert_eq!(exec_words(&file, script, &words.collect::<Vec<_>>()), None);
    }

    #[test]
    fn scripts_become_the_last_element() {
        let shell = ["sh".to_owned(), "-c".to_owned()];
        let exec = |_: &Dockerfile, s: &Script| {
            exec_script(s, &shell, &(0..s.text.len()), (s.text.rfind("run").unwrap(), "exec "))
        };
        for (before, after) in [
            ("CMD a && run $B", "CMD [\"sh\", \"-c\", \"a && exec run $B\"]"),
            ("CMD run \"$B\"", "CMD [\"sh\", \"-c\", \"exec run \\\"$B\\\"\"]"),
            (
                "CMD \"$A\"/run \\\n\t# why\n\t--c",
                "CMD [\"sh\", \"-c\", \"\\\"$A\\\"/exec run \\\n\t# why\n --c\"]",
            ),
            ("CMD a '\\t\t' && run", "CMD [\"sh\", \"-c\", \"a '\\\\t\\t' && exec run\"]"),
        ] {
            assert_eq!(edited(before, exec).as_deref(), Some(after), "{before}");
        }
    }
}
