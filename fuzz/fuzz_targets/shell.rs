//! Scripts of any bytes: nothing panics, spans lie in the text, commands come in its order.
#![no_main]

use libfuzzer_sys::fuzz_target;
use seaworthy_syntax::dockerfile::{Command, Dockerfile};
use seaworthy_syntax::{SourceId, Span, shell};

fuzz_target!(|bytes: &[u8]| {
    let script = String::from_utf8_lossy(bytes);
    let text: std::sync::Arc<str> = format!("FROM a\nRUN {script}\nRUN <<-'EOF'\n{script}\nEOF\n").into();
    let tree = Dockerfile::parse(SourceId(0), &text);
    let inside = |span: Span| assert!(text.get(span.range()).is_some(), "{span:?}");
    for instruction in &tree.instructions {
        let Some(Command::Shell(script)) = instruction.command() else { continue };
        let shell = shell::parse(script);
        shell.errors.iter().for_each(|e| inside(e.span));
        for command in &shell.commands {
            inside(command.span);
            for word in command.name.iter().chain(&command.args) {
                inside(word.span);
                assert_eq!(word.span, word.text.span());
                word.variables.iter().for_each(|v| inside(v.span));
            }
            command.assignments.iter().for_each(|a| inside(a.span));
            command.redirects.iter().for_each(|r| inside(r.span));
            command.after.iter().for_each(|a| inside(a.span));
        }
    }
});
