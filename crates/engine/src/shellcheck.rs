//! What `ShellCheck` finds in shell scripts, as `shuck-linter` finds it, with places in the file a script came from.

mod possible;

use std::collections::HashMap;
use std::sync::LazyLock;

use seaworthy_syntax::shell::Shell;
use seaworthy_syntax::{Edit, Text};
use shuck_linter::{
    AmbientShellOptions, AnalysisRequest, Applicability, LinterSettings, RuleSet, ShellCheckCodeMap,
    ShellDialect,
};
use shuck_parser::parser::Parser;

use crate::Span;
use crate::diagnostic::Safety;

/// What runs a script.
#[derive(Clone, Debug)]
pub(crate) struct Interpreter {
    dialect: ShellDialect,
    options: AmbientShellOptions,
}

/// What is wrong with a place of a script.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    /// The number that `ShellCheck` has for it.
    pub(crate) code: u32,
    /// What is wrong.
    pub(crate) message: String,
    /// Where.
    pub(crate) span: Span,
    /// What mends it.
    pub(crate) fix: Option<(Safety, String, Vec<Edit>)>,
}

/// Which numbers of `ShellCheck` are looked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Codes(RuleSet);

/// The rules that have a number of `ShellCheck`, and their numbers.
static NUMBERS: LazyLock<ShellCheckCodeMap> = LazyLock::new(ShellCheckCodeMap::default);

/// What is the same for every script; made once, since it holds a list of all rules.
static SETTINGS: LazyLock<LinterSettings> =
    LazyLock::new(|| LinterSettings::default().with_resolve_source_closure(false));

/// The codes that are possible everywhere, and those that need some texts.
static POSSIBLE: LazyLock<(Codes, Vec<(&[&str], Codes)>)> = LazyLock::new(|| {
    let named = |code| possible::POSSIBLE.iter().any(|(_, codes)| codes.contains(&code));
    let rows =
        possible::POSSIBLE.iter().map(|(texts, codes)| (*texts, Codes::of(|code| codes.contains(&code))));
    (Codes::of(|code| !named(code)), rows.collect())
});

/// The library's rules by their numbers.
static RULES: LazyLock<HashMap<u32, shuck_linter::Rule>> = LazyLock::new(|| NUMBERS.mappings().collect());

impl Codes {
    /// Those that a script can have, going by the texts it holds.
    fn possible_in(self, script: &str) -> Self {
        let (everywhere, rows) = &*POSSIBLE;
        let held = rows.iter().filter(|(texts, _)| texts.iter().all(|text| possible::holds(script, text)));
        let possible = held.fold(everywhere.0, |all, (_, codes)| all.union(&codes.0));
        Self(self.0.subtract(&self.0.subtract(&possible)))
    }

    /// Those that the commands of a script do not rule out.
    pub(crate) fn likely_in(mut self, script: &str, shell: &Shell) -> Self {
        for rule in possible::ruled_out(script, shell).iter().filter_map(|code| RULES.get(code)) {
            self.0.remove(*rule);
        }
        self
    }

    /// Those of the library's rules that this is true of.
    pub(crate) fn of(wanted: impl Fn(u32) -> bool) -> Self {
        Self(NUMBERS.mappings().filter(|(code, _)| wanted(*code)).map(|(_, rule)| rule).collect())
    }
}

impl Interpreter {
    /// The interpreter that the words of a `SHELL` or of a `#!` line name; `None` where its scripts are not looked at.
    pub(crate) fn of(words: &[impl AsRef<str>]) -> Option<Self> {
        let mut words = words.iter().map(AsRef::as_ref);
        let program = words.next()?;
        let dialect = match program.rsplit('/').next().unwrap_or(program) {
            "sh" | "dash" | "ash" | "busybox" => ShellDialect::Sh,
            "bash" => ShellDialect::Bash,
            "ksh" => ShellDialect::Ksh,
            "mksh" => ShellDialect::Mksh,
            _ => return None,
        };
        let mut options = AmbientShellOptions::default();
        for word in words {
            options.pipefail |= word == "pipefail";
            options.errexit |=
                word == "errexit" || word.starts_with('-') && !word.starts_with("--") && word.contains('e');
        }
        Some(Self { dialect, options })
    }

    /// `/bin/sh`.
    pub(crate) fn sh() -> Self {
        Self { dialect: ShellDialect::Sh, options: AmbientShellOptions::default() }
    }

    /// Whether it is whatever the image calls `sh`.
    pub(crate) fn is_sh(&self) -> bool {
        self.dialect == ShellDialect::Sh
    }

    /// What is wrong with a script that sees these variables besides its own.
    pub(crate) fn problems<'n>(
        &self,
        script: &Text,
        names: impl IntoIterator<Item = &'n str>,
        codes: Codes,
    ) -> Vec<Problem> {
        let codes = codes.possible_in(script);
        if codes.0.is_empty() {
            return Vec::new();
        }
        // The variables that are there when it starts. A value without blanks and patterns: what is in them is their authors' affair.
        let mut text = String::with_capacity(script.len() + 64);
        for name in names.into_iter().filter(|name| is_name(name) && script.contains(*name)) {
            text.push_str("export ");
            text.push_str(name);
            text.push_str("=1\n");
        }
        let begin = text.len();
        text.push_str(script);
        let mut settings = SETTINGS.clone().with_shell(self.dialect).with_ambient_shell_options(self.options);
        settings.rules = codes.0;
        let parsed = Parser::with_dialect(&text, self.dialect.parser_dialect()).parse();
        let request = AnalysisRequest::from_parse_result(&parsed, &text, &settings);
        // Without a map the library makes one, which takes longer than all else.
        let has_directives =
            script.contains('#') && (script.contains("shellcheck") || script.contains("shuck"));
        let request = if has_directives {
            request.with_shellcheck_map(&NUMBERS)
        } else {
            request.without_suppressions()
        };
        let found = request.lint();
        let range = |start: usize, end: usize| {
            let range = start.checked_sub(begin)?..end.checked_sub(begin)?;
            script.get(range.clone()).map(|_| range)
        };
        found
            .into_iter()
            .filter_map(|problem| {
                let code = NUMBERS.code_for_rule(problem.rule)?;
                let at = range(problem.span.start.offset(), problem.span.end.offset())?;
                let fix = problem.fix.as_ref().and_then(|fix| {
                    let safety = match fix.applicability() {
                        Applicability::Safe => Safety::Safe,
                        Applicability::Unsafe => Safety::Unsafe,
                    };
                    let edit = |edit: &shuck_linter::Edit| {
                        let range = range(edit.range().start().into(), edit.range().end().into())?;
                        let part = script.slice(range.clone());
                        // A new line would end the instruction, and what is not in one piece in the file cannot be replaced.
                        let plain = part.is_verbatim() && !edit.content().contains(['\n', '\\']);
                        plain.then(|| Edit { span: script.span_of(range), text: edit.content().to_owned() })
                    };
                    let edits: Option<Vec<Edit>> = fix.edits().iter().map(edit).collect();
                    Some((safety, problem.fix_title.clone().unwrap_or_default(), edits?))
                });
                Some(Problem { code, message: problem.message, span: script.span_of(at), fix })
            })
            .collect()
    }
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}
