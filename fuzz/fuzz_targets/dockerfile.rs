//! Dockerfiles of any bytes: spans lie in the text, instructions follow each other, edits apply.
#![no_main]

use libfuzzer_sys::fuzz_target;
use seaworthy_syntax::dockerfile::edit::{self, New};
use seaworthy_syntax::dockerfile::{Command, Dockerfile, Keyword};
use seaworthy_syntax::shell::parse;
use seaworthy_syntax::{Edit, Kind, Source, SourceId, Span, apply};

fuzz_target!(|bytes: &[u8]| {
    let source = Source::from_bytes("Dockerfile", Kind::Dockerfile, bytes.to_vec());
    assert_eq!(source.to_bytes(), bytes);
    let tree = Dockerfile::parse(SourceId(0), &source.text);
    let text = &*source.text;
    let inside = |span: Span| assert!(text.get(span.range()).is_some(), "{span:?}");
    let messages = tree.errors.iter().chain(&tree.deferred_errors).chain(&tree.build_errors);
    messages.for_each(|e| inside(e.span));
    tree.comments.iter().for_each(|c| assert!(c.of(text).starts_with('#')));
    tree.directives.iter().for_each(|d| inside(d.span));
    let mut end = 0;
    for instruction in &tree.instructions {
        assert!(instruction.lines.start >= end && instruction.lines.contains(instruction.span));
        end = instruction.lines.end;
        inside(instruction.lines);
        inside(instruction.keyword.span);
        for word in instruction.words() {
            inside(word.span);
            inside(word.text.span());
            for variable in word.variables() {
                inside(variable.span);
            }
        }
        for flag in &instruction.flags {
            inside(flag.span);
            flag.fields.iter().for_each(|f| inside(f.span));
        }
        for heredoc in &instruction.heredocs {
            inside(heredoc.start);
            inside(heredoc.terminator);
            assert!(instruction.lines.contains(heredoc.body_span));
        }
        if let Some(Command::Shell(script)) = instruction.command() {
            inside(script.span);
            inside(script.text.span());
        }
    }
    let Some(instruction) = tree.instructions.get(bytes.len() % tree.instructions.len().max(1)) else { return };
    let new = [New::new(Keyword::User, "app")];
    let script = match instruction.command() {
        Some(Command::Shell(script)) => Some(script),
        _ => None,
    };
    // The words between blanks, as they stand.
    let words: Vec<(std::ops::Range<usize>, String)> = script.map_or_else(Vec::new, |script| {
        let all = script.text.as_str();
        let place = |word: &str| word.as_ptr().addr() - all.as_ptr().addr();
        all.split_whitespace().map(|w| (place(w)..place(w) + w.len(), w.to_owned())).collect()
    });
    let edits = [
        Some(edit::insert_after(&tree, instruction, &new)),
        Some(edit::insert_before(&tree, instruction, &new)),
        Some(edit::remove(&tree, instruction)),
        edit::set_flag(&tree, instruction, "from", Some("a b")),
        instruction.words().first().and_then(|w| edit::replace(&tree, w, "x")),
        script.and_then(|script| edit::append_command(&tree, instruction, &parse(script), "true")),
    ];
    let count = |edit: &Edit| {
        let text = apply(text, std::slice::from_ref(edit)).expect("an edit applies");
        Dockerfile::parse(SourceId(0), &text.as_str().into())
    };
    let [after, before, ..] = &edits;
    for edit in [after, before].into_iter().flatten() {
        let again = count(edit);
        if tree.errors.is_empty() {
            assert_eq!(again.instructions.len(), tree.instructions.len() + 1, "{edit:?}");
            assert!(again.comments.len() >= tree.comments.len());
        }
    }
    edits[2..].iter().flatten().for_each(|edit| drop(count(edit)));
    if let Some(edits) = script.and_then(|script| edit::exec_words(&tree, script, &words)) {
        let text = apply(text, &edits).expect("edits apply");
        drop(Dockerfile::parse(SourceId(0), &text.as_str().into()));
    }
});
