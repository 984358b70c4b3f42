use std::collections::HashMap;
use std::sync::Arc;

use super::*;

fn parse(text: &str) -> Dockerfile {
    Dockerfile::parse(SourceId(0), &Arc::from(text))
}

fn words(instruction: &Instruction) -> Vec<&str> {
    instruction.words().into_iter().map(|w| &*w.text).collect()
}

#[test]
fn directives_stand_only_at_the_top() {
    let tree = parse(
        "\u{feff}#Syntax = docker/dockerfile:1 \n# escape=`\n# check=skip=all\n#x=y\n# escape=\\\nFROM a\n",
    );
    let told: Vec<_> = tree.directives.iter().map(|d| (d.name.to_lowercase(), d.value.to_string())).collect();
    let expected = [("syntax", "docker/dockerfile:1"), ("escape", "`"), ("check", "skip=all")]
        .map(|(n, v)| (n.into(), v.into()));
    assert_eq!(told, expected);
    assert_eq!(tree.escape, '`');
    assert_eq!(tree.directives[0].span.of(&tree.text), "#Syntax = docker/dockerfile:1");
    let comments: Vec<_> = tree.comments.iter().map(|c| c.of(&tree.text)).collect();
    assert_eq!(comments, ["#x=y", "# escape=\\"]);
    assert_eq!(tree.errors, []);
    assert_eq!(parse("# escape=x\nFROM a").errors.len(), 1);
    assert_eq!(parse("# escape=\\\n# escape=`\nFROM a").errors.len(), 1);
    assert_eq!(parse("FROM a\n# escape=`\nRUN a `\n  b").errors.len(), 1);
}

#[test]
fn continuations_join_over_comments_and_blank_lines() {
    let tree =
        parse("FROM a\r\nRUN a \\ \t\r\n  # one\r\n\r\n\t# two\r\n  b \\\r\n  && c\r\nUSER d\\\n\n# three\n");
    let Arguments::Run(Command::Shell(script)) = &tree.instructions[1].arguments else { panic!() };
    assert_eq!(&*script.text, "a   b   && c");
    let at = script.text.find('b').unwrap();
    assert_eq!(script.text.span_of(at..at + 1).of(&tree.text), "b");
    assert_eq!(script.text.span_of(0..at + 1).of(&tree.text), "a \\ \t\r\n  # one\r\n\r\n\t# two\r\n  b");
    let comments: Vec<_> = tree.comments.iter().map(|c| c.of(&tree.text)).collect();
    assert_eq!(comments, ["# one", "# two", "# three"]);
    assert_eq!(tree.empty_continuations.len(), 2);
    assert_eq!(words(&tree.instructions[2]), ["d"]);
    assert_eq!(tree.instructions[2].lines.of(&tree.text), "USER d\\\n\n# three\n");
    assert_eq!(tree.errors, []);
}

#[test]
fn heredocs_stand_wherever_they_may() {
    let tree = parse(
        "FROM a\nCOPY <<'a' --x <<-b /d\n$1\na\n\t\t2\n\tb\nRUN cat <<EOF > /f && x 3<<\"Q q\"\nhi\nEOF\nQ q\nRUN <<EOF\n#!/usr/bin/env python3\nprint()\nEOF\nONBUILD RUN <<EOF\na\nEOF\nRUN echo $((1<<2)) <<<x\n",
    );
    assert_eq!(tree.errors, []);
    let Arguments::Copy(copy) = &tree.instructions[1].arguments else { panic!() };
    assert!(matches!(
        copy.sources[..],
        [
            CopySource::Heredoc { index: Some(0), .. },
            CopySource::Path(_),
            CopySource::Heredoc { index: Some(1), .. }
        ]
    ));
    let [a, b] = &tree.instructions[1].heredocs[..] else { panic!() };
    assert_eq!((&*a.name, a.expands, a.strip_tabs, &*a.body), ("a", false, false, "$1\n"));
    assert_eq!((&*b.name, b.expands, b.strip_tabs, &*b.body), ("b", true, true, "2\n"));
    assert_eq!((b.start.of(&tree.text), b.terminator.of(&tree.text)), ("<<-b", "\tb"));
    assert_eq!(b.body.span().of(&tree.text), "2\n");
    let Arguments::Run(Command::Shell(script)) = &tree.instructions[2].arguments else { panic!() };
    assert_eq!(&*script.text, "cat <<EOF > /f && x 3<<\"Q q\"\nhi\nEOF\nQ q");
    assert_eq!(script.span.of(&tree.text), "cat <<EOF > /f && x 3<<\"Q q\"");
    assert_eq!(tree.instructions[2].heredocs[1].descriptor, 3);
    let Arguments::Run(Command::Shell(script)) = &tree.instructions[3].arguments else { panic!() };
    assert!(script.heredoc && script.text.starts_with("#!/usr/bin/env python3\n"));
    assert_eq!(
        crate::shell::Interpreter::of_script(script, crate::shell::Interpreter::Posix),
        crate::shell::Interpreter::Other
    );
    assert_eq!(tree.instructions[4].span.of(&tree.text), "ONBUILD RUN <<EOF\na\nEOF");
    assert_eq!(tree.instructions[4].onbuild.map(|s| s.of(&tree.text)), Some("ONBUILD"));
    assert_eq!(tree.instructions[5].heredocs.len(), 0);
}

#[test]
fn exec_forms_decode_and_broken_ones_are_told() {
    let tree = parse("FROM a\nCMD [ \"a\\u00e9\\n\", \\\n  \"b\" ]\n");
    let Arguments::Cmd(Command::Exec { words, span }) = &tree.instructions[1].arguments else { panic!() };
    assert_eq!(words.iter().map(|w| &*w.text).collect::<Vec<_>>(), ["aé\n", "b"]);
    assert_eq!(words[1].span.of(&tree.text), "\"b\"");
    assert_eq!(span.of(&tree.text), "[ \"a\\u00e9\\n\", \\\n  \"b\" ]");
    let broken = |text: &str| match &parse(&format!("FROM a\nCMD {text}")).instructions[1].arguments {
        Arguments::Cmd(Command::Shell(script)) => script.broken_json.as_ref().map(|b| b.value.clone()),
        _ => panic!("{text}"),
    };
    for text in [
        "['a', 'b']",
        "[\"a\", \"b\"",
        "[\"a\" \"b\"]",
        "[\"a\",]",
        "[a, b]",
        "[\"\\d\"]",
        "[ npm, start ]",
        "[“a”]",
    ] {
        assert!(broken(text).is_some(), "{text}");
    }
    for text in ["[ -f x ] && y", "[ \"$a\" = b ]", "[[ -f x ]]", "[ ! -d x ] || y", "a [\"b\"]", "[ $x, ]"] {
        assert!(broken(text).is_none() || text == "[ $x, ]", "{text}");
    }
}

#[test]
fn flags_and_mounts_have_parts() {
    let tree = parse(
        "FROM --platform=$BUILDPLATFORM a AS b\nRUN --mount=type=cache,target=/x --mount=\"type=secret,id=a b\" \\\n  --network=none -- --x y\n",
    );
    assert_eq!(tree.errors, []);
    let run = &tree.instructions[1];
    let told: Vec<_> = run.flags("mount").map(|f| f.span.of(&tree.text)).collect();
    assert_eq!(told, ["--mount=type=cache,target=/x", "--mount=\"type=secret,id=a b\""]);
    let mount = run.flag("mount").unwrap();
    let target = mount.field(&["target", "dst", "destination"]).unwrap();
    assert_eq!(target.value.as_ref().map(|v| v.span.of(&tree.text)), Some("/x"));
    assert_eq!(target.span.of(&tree.text), "target=/x");
    let Arguments::Run(Command::Shell(script)) = &run.arguments else { panic!() };
    assert_eq!(&*script.text, "--x y");
    let stage = tree.stages().next().unwrap();
    assert_eq!((&*stage.image.text, stage.name.map(|n| &*n.text)), ("a", Some("b")));
    assert_eq!(
        stage.from.flags[0].value.as_ref().unwrap().variables()[0].span.of(&tree.text),
        "$BUILDPLATFORM"
    );
}

/// What is wrong is said once, at the narrowest place, and the rest is still read.
#[test]
fn errors_are_narrow_and_parsing_goes_on() {
    let cases = [
        ("", "", "no instructions"),
        ("# a\n\n", "", "no instructions"),
        ("ARG a", "ARG a", "no stage"),
        ("RUN a\nRUN b", "RUN", "before the first FROM"),
        ("FROM a\nRUNN b\nUSER c", "RUNN", "did you mean RUN?"),
        ("FROM a\nand b", "and", "no instruction"),
        ("FROM a\nCOPY b", "b", "needs a source and a destination"),
        ("FROM a b", "b", "FROM image AS name"),
        ("FROM a AS 1b", "1b", "no name for a stage"),
        ("FROM a\nCOPY --form=x b c", "--form", "did you mean `--from`?"),
        ("FROM a\nCOPY --from b c", "--from", "needs a value"),
        ("FROM a\nCOPY --link=x b c", "x", "`true` or `false`"),
        ("FROM a\nCOPY --from=x --from=y b c", "--from=y", "stands twice"),
        ("FROM a\nCOPY --parents b c", "--parents", "syntax=docker/dockerfile:1"),
        ("FROM a\nRUN --network=x y", "x", "no network mode"),
        ("FROM a\nRUN --mount=from=$x y", "$x", "no variable"),
        ("FROM a\nRUN <<EOF\nb\n EOF\nUSER c", "<<EOF", "without space around it"),
        ("FROM a\nRUN <<EOF\nb\nUSER c", "<<EOF", "does not end"),
        ("FROM a\nENV a=b c", "c", "has no `=`"),
        ("FROM a\nENV a", "a", "a value is missing"),
        ("FROM a\nLABEL =a", "=a", "a name is missing"),
        ("FROM a\nCMD [\"a\", 1]", "1", "no string"),
        ("FROM a\nSHELL sh", "sh", "JSON array"),
        ("FROM a\nSHELL [\"sh\"", "", "closing `]`"),
        ("FROM a\nHEALTHCHECK curl", "curl", "takes CMD or NONE"),
        ("FROM a\nHEALTHCHECK --interval=5 CMD a", "5", "is no time"),
        ("FROM a\nHEALTHCHECK --retries=-1 CMD a", "-1", "whole number"),
        ("FROM a\nHEALTHCHECK NONE a", "a", "nothing may follow"),
        ("FROM a\nONBUILD FROM b", "FROM", "cannot stand within ONBUILD"),
        ("FROM a\nONBUILD ONBUILD RUN b", "ONBUILD", "within ONBUILD"),
        ("FROM a\nVOLUME [\"\"]", "\"\"", "cannot be empty"),
        ("FROM a\nEXPOSE", "EXPOSE", "needs a port"),
    ];
    for (text, place, message) in cases {
        let tree = parse(text);
        let told: Vec<_> = tree.errors.iter().map(|e| (e.span.of(text), &*e.value)).collect();
        let [(at, said)] = told[..] else { panic!("{text}: {told:?}") };
        assert!(at == place && said.contains(message), "{text}: {told:?}");
        let last = text.rsplit('\n').next().unwrap_or_default();
        if last.starts_with("USER") {
            assert_eq!(tree.instructions.last().map(|i| i.keyword.value), Some(Keyword::User), "{text}");
        }
    }
}

#[test]
fn what_fails_in_every_build_is_told_apart() {
    let cases = [
        ("RUN --mount=type=cach,target=/x y", "cach", "did you mean `cache`?"),
        ("RUN --mount=type=cache,taget=/x y", "taget=/x", "did you mean `target`?"),
        ("RUN --mount=type=secret y", "--mount=type=secret", "no name"),
        ("RUN --mount=type=secret,id=a,from=b y", "b", "no `from`"),
        ("RUN --mount=type=tmpfs,size=x y", "x", "is no size"),
        ("RUN --mount=type=cache,sharing=all y", "all", "no sharing mode"),
        ("RUN --mount=type=bind,uid=0 y", "uid=0", "no uid and gid"),
        ("RUN --mount=required y", "required", "only for mounts"),
        ("RUN --mount=type=cache,ro=x y", "x", "`true` or `false`"),
        ("COPY --from=$X y z", "$X", "takes no variable"),
        ("EXPOSE 80 99999", "99999", "is no port"),
        ("EXPOSE 80/tpc", "80/tpc", "is no protocol"),
        ("EXPOSE 80:8080 [::1]:1:2 1-2:3-4 1-1:5", "", ""),
        ("EXPOSE $P ${P:-x}", "", ""),
        ("STOPSIGNAL SIGTREM", "SIGTREM", "did you mean `SIGTERM`?"),
        ("STOPSIGNAL sigrtmin+3", "", ""),
        ("RUN --mount=type=$T,size=3,sharing=$S,uid=$U,ro y", "", ""),
        ("RUN --mount=type=secret,id=a,required,env=B --mount=type=tmpfs,target=/x,size=64mb y", "", ""),
    ];
    for (line, place, message) in cases {
        let tree = parse(&format!("FROM a\n{line}\n"));
        assert_eq!(tree.errors, [], "{line}");
        let told: Vec<_> = tree.build_errors.iter().map(|e| (e.span.of(&tree.text), &*e.value)).collect();
        match told[..] {
            [] => assert_eq!(message, "", "{line}"),
            [(at, said)] => {
                assert!(at == place && said.contains(message) && !message.is_empty(), "{line}: {told:?}");
            }
            _ => panic!("{line}: {told:?}"),
        }
    }
}

#[test]
fn onbuild_errors_are_deferred() {
    let tree = parse("FROM a\nONBUILD COPY b\nONBUILD FOO\n");
    assert_eq!(tree.errors, []);
    assert_eq!(tree.deferred_errors.len(), 2);
}

#[test]
fn frontends_with_more_flags_are_known() {
    let accepts =
        |syntax: &str| parse(&format!("# syntax={syntax}\nFROM a\nCOPY --parents b c")).errors.is_empty();
    for syntax in
        ["docker/dockerfile:1", "docker/dockerfile:1.7-labs", "docker/dockerfile:1.20", "docker/dockerfile"]
    {
        assert!(accepts(syntax), "{syntax}");
    }
    for syntax in ["docker/dockerfile:1.4", "docker.io/docker/dockerfile:1.7.1"] {
        assert!(!accepts(syntax), "{syntax}");
    }
    let tree = parse("# syntax=ghcr.io/azure/dalec/frontend:latest\nname: x\n");
    assert!(tree.is_foreign() && tree.errors.is_empty());
}

struct Scope;

impl Env for Scope {
    fn get(&self, name: &str) -> Value<'_> {
        match name {
            "A" => Value::Set("a"),
            "E" => Value::Set(""),
            "X" => Value::Unknown,
            _ => Value::Unset,
        }
    }
}

#[test]
fn the_unknown_stays_unknown_only_where_it_decides() {
    let cases = [
        ("$A", Some("a")),
        ("$X", None),
        ("${X:-a}", None),
        ("${A:-$X}", Some("a")),
        ("${E:-$X}", None),
        ("${U:-b}$A", Some("ba")),
        ("${X:+b}", None),
        ("${X:+}", Some("")),
        ("${U:+$X}", Some("")),
        ("${X?no}", None),
        ("${A?$X}", Some("a")),
        ("${X#a}", None),
        ("${A/$X/b}", None),
        ("'$X'", Some("$X")),
        ("\\$X", Some("$X")),
    ];
    for (word, expected) in cases {
        assert_eq!(expand(word, '\\', &Scope).unwrap().value.as_deref(), expected, "{word}");
    }
    assert!(expand("${U?no}", '\\', &Scope).unwrap_err().contains("no"));
    assert_eq!(expand("$U ${V} $U", '\\', &Scope).unwrap().unset, ["U", "V"]);
}

/// Made with `BuildKit`'s own lexer; see `tests/engines/dockerfile-oracle`.
#[test]
fn expansion_has_buildkits_operators() {
    let env: HashMap<String, String> =
        [("B", "foo.bar.baz"), ("P", "/usr/bin:/x"), ("E", "")].map(|(k, v)| (k.into(), v.into())).into();
    let cases = [
        ("${B#*.}", "bar.baz"),
        ("${B##*.}", "baz"),
        ("${B%.*}", "foo.bar"),
        ("${B%%.*}", "foo"),
        ("${B/./_}", "foo_bar.baz"),
        ("${B//./_}", "foo_bar_baz"),
        ("${B//o/}", "f.bar.baz"),
        ("${P//\\//-}", "-usr-bin:-x"),
        ("${P%%:*}", "/usr/bin"),
        ("${B//\\./_}", "!"),
        ("${E-x}${E:-y}${E+z}${E:+q}", "yz"),
        ("\"$B\"'$B'\\$B", "foo.bar.baz$B$B"),
        ("\"a\\b\\\"\"", "a\\b\""),
        ("${B?}", "foo.bar.baz"),
        ("${E:?}", "!"),
        ("${B:1}", "!"),
        ("${", "!"),
        ("'a", "!"),
        ("$1x$", "x$"),
    ];
    for (word, expected) in cases {
        let told = expand(word, '\\', &env).map_or("!".into(), |e| e.value.unwrap());
        assert_eq!(told, expected, "{word}");
    }
    assert_eq!(expand("$B \"a b\" c", '\\', &env).unwrap().words, ["foo.bar.baz", "a b", "c"]);
}

#[test]
fn words_know_what_they_come_to() {
    let tree = parse("FROM a\nENV A=\"b c\" D=e\\ f G=$H\n");
    let Arguments::Env(pairs) = &tree.instructions[1].arguments else { panic!() };
    let told: Vec<_> = pairs.iter().map(|p| p.value.literal()).collect();
    assert_eq!(told, [Some("b c".into()), Some("e f".into()), None]);
    assert_eq!(pairs[0].value.span.of(&tree.text), "\"b c\"");
    assert_eq!(pairs[2].value.variables()[0].name.span().of(&tree.text), "H");
    let tree = parse("FROM a\nENV A b  c\nLABEL x=${a.b}\nCOPY <<E /x\n${a.b}\nE\nRUN ${a.b}\n");
    let Arguments::Env(pairs) = &tree.instructions[1].arguments else { panic!() };
    assert!(pairs[0].legacy && &*pairs[0].value.text == "b  c");
    assert_eq!(tree.errors, []);
    let told: Vec<_> = tree.build_errors.iter().map(|e| e.span.of(&tree.text)).collect();
    assert_eq!(told, ["${a.", "${a."]);
}

#[test]
fn times_are_gos() {
    let cases = [
        ("1h2m3.5s", Some(3_723_500_000_000)),
        ("0", Some(0)),
        ("-1s", Some(-1_000_000_000)),
        ("1.s", Some(1_000_000_000)),
        (".5ms", Some(500_000)),
        ("1µs", Some(1_000)),
        ("5", None),
        ("", None),
        ("s", None),
        (".", None),
        ("1d", None),
        ("9999999999h", None),
    ];
    for (text, expected) in cases {
        assert_eq!(crate::duration::nanoseconds(text), expected, "{text}");
    }
}
