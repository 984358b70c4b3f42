use std::fmt::Write as _;
use std::sync::Arc;

use super::*;
use crate::SourceId;
use crate::dockerfile::{Arguments, Command as DockerCommand, Dockerfile};

fn script(file: &str) -> (Shell, Arc<str>) {
    let text: Arc<str> = file.into();
    let tree = Dockerfile::parse(SourceId(0), &text);
    let Some(Arguments::Run(DockerCommand::Shell(script))) = tree.instructions.last().map(|i| &i.arguments)
    else {
        panic!("no RUN in {file}")
    };
    (parse(script), text)
}

/// One line a command: connector, flags of its context, then its words; `?` for what is not known.
fn told(file: &str) -> String {
    let (shell, _) = script(file);
    let mut out = String::new();
    for command in &shell.commands {
        let c = command.context;
        let flags: String = [
            (c.subshell, 's'),
            (c.substitution, '$'),
            (c.in_loop, 'l'),
            (c.conditional, 'c'),
            (c.tested, 't'),
            (c.function, 'f'),
        ]
        .iter()
        .filter(|(on, _)| *on)
        .map(|(_, flag)| *flag)
        .collect();
        let connector = match command.before {
            Connector::None => "",
            Connector::And => "&& ",
            Connector::Or => "|| ",
            Connector::Semicolon => "; ",
            Connector::Newline => "\\n ",
            Connector::Pipe => "| ",
            Connector::Background => "& ",
        };
        write!(out, "{connector}[{flags}]").unwrap();
        for a in &command.assignments {
            let value = a.value.as_ref().map_or("-", |v| v.value.as_deref().unwrap_or("?"));
            write!(out, " {}={value}", a.name).unwrap();
        }
        for word in command.name.iter().chain(&command.args) {
            write!(out, " {}", word.value.as_deref().unwrap_or("?")).unwrap();
        }
        for r in &command.redirects {
            let target = r.target.as_ref().and_then(|t| t.value.as_deref()).unwrap_or("?");
            let fd = r.descriptor.map(|d| d.to_string()).unwrap_or_default();
            write!(out, " {fd}{}{target}", r.operator).unwrap();
        }
        out.push('\n');
    }
    for error in &shell.errors {
        writeln!(out, "error {}", error.value).unwrap();
    }
    out
}

#[test]
fn commands_are_flat_and_know_their_place() {
    let cases = [
        (
            "RUN apt-get update && apt-get install -y curl",
            "[t] apt-get update\n&& [] apt-get install -y curl\n",
        ),
        ("RUN a | b && c || d; e", "[st] a\n| [st] b\n&& [t] c\n|| [c] d\n; [] e\n"),
        ("RUN cd /x; (cd /y && make)", "[] cd /x\n[st] cd /y\n&& [s] make\n"),
        ("RUN if [ -f x ]; then rm x; else touch x; fi", "[t] [ -f x ]\n[c] rm x\n[c] touch x\n"),
        ("RUN for i in $(ls); do echo \"$i\" >> /f; done", "[s$] ls\n[l] echo ? >>/f\n"),
        ("RUN ! grep -q x y", "[t] grep -q x y\n"),
        ("RUN A=1 B=\"x y\" cmd 'q r' \\'s", "[] A=1 B=x y cmd q r 's\n"),
        ("RUN export PATH=/x:$PATH FOO; exit 1", "[] PATH=? FOO=- export\n; [] exit 1\n"),
        ("RUN x=`date`", "[] x=?\n[s$] date\n"),
        (
            "RUN set -eux; \\\n    # c\n    rm -rf /var/lib/apt/lists/*",
            "[] set -eux\n; [] rm -rf /var/lib/apt/lists/*\n",
        ),
        ("RUN f() { a; }; f", "[cf] a\n; [] f\n"),
        ("RUN cat <<EOF > /f\nhi $(who)\nEOF", "[] cat <<EOF >/f\n[s$] who\n"),
        ("RUN <<EOF\nset -e\na\nb # c\nEOF", "[] set -e\n\\n [] a\n\\n [] b\n"),
        ("RUN while read l; do x; done < f 2>&1", "[lt] read l\n[l] x\n"),
        ("RUN case $x in a) b;; *) c;; esac", "[c] b\n[c] c\n"),
        ("RUN [[ -n $A ]] && b", "[t] [[ ?\n&& [] b\n"),
        ("RUN curl -s x | sh -", "[s] curl -s x\n| [s] sh -\n"),
        ("RUN sleep 1 & wait", "[] sleep 1\n& [] wait\n"),
    ];
    for (file, expected) in cases {
        assert_eq!(told(file), expected, "{file}");
    }
}

#[test]
fn spans_lead_through_continuations() {
    let (shell, text) = script(
        "FROM a\nRUN apt-get update && \\\n    # why\n    apt-get \\\n      install -y 'cu rl' \"$X\"\n",
    );
    let install = &shell.commands[1];
    assert_eq!(install.span.of(&text), "apt-get \\\n      install -y 'cu rl' \"$X\"");
    assert_eq!(install.args[2].span.of(&text), "'cu rl'");
    assert_eq!(install.args[2].value.as_deref(), Some("cu rl"));
    assert_eq!(install.args[3].value, None);
    assert_eq!(install.args[3].variables[0].span.of(&text), "$X");
    assert_eq!(&*install.args[3].variables[0].value, "X");
    assert_eq!(shell.commands[0].after.map(|a| a.span.of(&text)), Some("&&"));
    assert!(install.has_option(&["-y"]) && !install.has_option(&["--yes"]));
    assert_eq!(install.subcommand().map(|w| w.span.of(&text)), Some("install"));
}

#[test]
fn errors_have_a_place_and_deep_nesting_is_one() {
    let (shell, _) = script("RUN if true; then echo");
    assert!(!shell.errors.is_empty());
    for open in ["(", "$(", "{ ", "`", "\"$(", "${a:-", "if a; then ", "a && ", "[[ ( ", "$(("] {
        let (shell, _) = script(&format!("RUN {}", open.repeat(20_001)));
        assert!(!shell.errors.is_empty(), "{open}");
    }
}

#[test]
fn interpreters_are_told_by_name() {
    assert_eq!(Interpreter::of("/bin/bash"), Interpreter::Posix);
    assert_eq!(Interpreter::of(r"C:\Windows\PowerShell.exe"), Interpreter::PowerShell);
    assert_eq!(Interpreter::of("cmd"), Interpreter::Cmd);
    assert_eq!(Interpreter::of("/usr/bin/python3"), Interpreter::Other);
}
