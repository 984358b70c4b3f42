//! From logical lines to instructions.

use std::ops::Range;

use super::build;
use super::flags;
use super::heredoc;
use super::json::{self, Json};
use super::lines::{Line, Lines};
use super::{
    ArgDefinition, Arguments, Command, CopySource, Dockerfile, Flag, Healthcheck, Heredoc, Instruction,
    Keyword, Pair, Script, Transfer, Word,
};
use crate::spelling::nearest;
use crate::text::Builder;
use crate::{Span, Spanned, Text};

/// The characters that separate arguments.
const SEPARATORS: [char; 5] = ['\t', '\u{b}', '\u{c}', '\r', ' '];

/// How many errors of a kind are kept: a binary file has one in every line.
const MOST_ERRORS: usize = 1000;

/// How long a message may be in bytes: a word of the file may be the whole file.
const LONGEST_MESSAGE: usize = 400;

/// Parses a whole file into its tree.
pub(super) fn file(tree: &mut Dockerfile) {
    let text = tree.text.clone();
    let mut lines = Lines::new(&text, tree);
    let preview = has_preview_flags(tree);
    let mut staged = false;
    let mut misplaced = false;
    while let Some(line) = lines.logical(tree) {
        let instruction = instruction(line, &mut lines, tree, preview);
        let keyword = instruction.keyword;
        let from = keyword.value == Keyword::From && instruction.onbuild.is_none();
        if !staged && !from && !misplaced && (keyword.value != Keyword::Arg || instruction.onbuild.is_some())
        {
            misplaced = true;
            let place = instruction.onbuild.unwrap_or(keyword.span);
            let message = format!(
                "{} stands before the first FROM, where only ARG may stand: begin the file with `FROM image`",
                place.of(&text).to_uppercase()
            );
            if keyword.value != Keyword::Unknown || instruction.onbuild.is_some() {
                tree.errors.push(Spanned::new(message, place));
            }
        }
        staged |= from;
        if instruction.onbuild.is_none() {
            build::check(&instruction, &mut tree.build_errors);
        }
        tree.instructions.push(instruction);
        for errors in [&mut tree.errors, &mut tree.deferred_errors, &mut tree.build_errors] {
            errors.truncate(MOST_ERRORS);
        }
    }
    let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let place = Span::new(tree.source, start, start);
    if tree.instructions.is_empty() {
        tree.errors.push(Spanned::new("the file has no instructions: begin with `FROM image`".into(), place));
    } else if !staged && !misplaced {
        let place = tree.instructions.last().map_or(place, |i| i.span);
        tree.errors.push(Spanned::new("the file has no stage to build: add `FROM image`".into(), place));
    }
    if tree.is_foreign() {
        for errors in [&mut tree.errors, &mut tree.deferred_errors, &mut tree.build_errors] {
            errors.clear();
        }
    }
    tree.errors.sort_by_key(|e| e.span.start);
    // Lines behind a heredoc without an end are read twice.
    tree.errors.dedup();
    for error in [&mut tree.errors, &mut tree.deferred_errors, &mut tree.build_errors].into_iter().flatten() {
        if error.value.len() > LONGEST_MESSAGE {
            error.value.truncate(error.value.floor_char_boundary(LONGEST_MESSAGE));
            error.value.push('…');
        }
    }
}

/// Whether the frontend that the file asks for has the flags that `BuildKit` 0.24 itself has only in its preview:
/// those of the labs channel, and any release from 1.20 on, as `docker/dockerfile:1` is.
fn has_preview_flags(tree: &Dockerfile) -> bool {
    let Some(directive) = tree.directive("syntax") else { return false };
    let image = directive.value.split(' ').next().unwrap_or_default();
    let image = image.split('@').next().unwrap_or_default();
    let tag = image.rsplit_once(':').map_or("", |(_, tag)| tag);
    let (version, _) = tag.split_once('-').unwrap_or((tag, ""));
    let mut numbers = version.split('.').map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        _ if tag.contains("labs") => true,
        (Some(Ok(1)), Some(Ok(minor))) => minor >= 20,
        _ => true,
    }
}

struct Parser<'a> {
    tree: &'a mut Dockerfile,
    line: &'a Text,
    keyword: Keyword,
    keyword_span: Span,
    /// Within `ONBUILD`, where most of what is wrong only shows in a later build.
    deferred: bool,
}

fn instruction(line: Line, lines: &mut Lines<'_>, tree: &mut Dockerfile, preview: bool) -> Instruction {
    let text = line.text;
    let escape = tree.escape;
    let mut onbuild = None;
    let mut chained = false;
    let mut rest = 0..text.len();
    let (keyword_range, raw_flags, arguments) = loop {
        let (word, after) = split_keyword(&text, rest);
        let (raw, arguments) = flags::split(&text, after, escape);
        let arguments = trim(&text, arguments);
        if Keyword::of(&text[word.clone()]) != Keyword::Onbuild {
            break (word, raw, arguments);
        }
        let span = text.span_of(word.clone());
        if onbuild.is_some() && !chained {
            chained = true;
            let message = "ONBUILD cannot stand within ONBUILD: keep one of them".into();
            tree.errors.push(Spanned::new(message, span));
        }
        let mut wrong = Vec::new();
        flags::check(Keyword::Onbuild, raw, &text, escape, preview, &mut wrong);
        tree.errors.append(&mut wrong);
        onbuild.get_or_insert(span);
        if arguments.is_empty() {
            let message = "ONBUILD needs an instruction behind it: write `ONBUILD RUN …` for example".into();
            tree.errors.push(Spanned::new(message, span));
            break (word, Vec::new(), arguments);
        }
        rest = arguments;
    };
    let keyword = Keyword::of(&text[keyword_range.clone()]);
    let keyword_span = text.span_of(keyword_range.clone());
    let mut parser = Parser { tree, line: &text, keyword, keyword_span, deferred: onbuild.is_some() };
    if onbuild.is_some() && matches!(keyword, Keyword::From | Keyword::Maintainer) {
        let message = format!("{} cannot stand within ONBUILD: remove it", keyword.as_str());
        parser.hard(message, keyword_span);
    }
    if keyword == Keyword::Unknown {
        let word = &text[keyword_range];
        let message = match nearest(word, Keyword::ALL.into_iter().map(Keyword::as_str)) {
            _ if word.is_empty() => "an instruction is missing on this line: remove the line".into(),
            Some(near) => format!("`{word}` is no instruction; did you mean {near}?"),
            None => format!(
                "`{word}` is no instruction; if it belongs to the line above, end that with `{escape}`"
            ),
        };
        parser.wrong(message, keyword_span);
    }
    let mut wrong = Vec::new();
    let lenient = matches!(keyword, Keyword::Arg | Keyword::Stopsignal | Keyword::Unknown | Keyword::Onbuild)
        || (keyword == Keyword::Healthcheck && is_none(&text[arguments.clone()]));
    let flags = flags::check(keyword, raw_flags, &text, escape, preview, &mut wrong);
    if !lenient {
        for error in wrong {
            parser.wrong(error.value, error.span);
        }
    }

    let json = matches!(
        keyword,
        Keyword::Run
            | Keyword::Cmd
            | Keyword::Entrypoint
            | Keyword::Shell
            | Keyword::Copy
            | Keyword::Add
            | Keyword::Volume
    )
    .then(|| parser.json(arguments.clone()));
    let mut heredocs = Vec::new();
    let mut end = line.lines.end;
    if matches!(keyword, Keyword::Run | Keyword::Copy | Keyword::Add)
        && text.contains("<<")
        && !matches!(json, Some(Json::Strings(..)))
    {
        match heredoc::of_line(&text) {
            Ok(found) => {
                for start in found {
                    heredocs.push(heredoc::read(&text, start, lines, parser.tree));
                }
                end = lines.position();
            }
            Err((message, range)) => parser.hard(message, text.span_of(range)),
        }
    }
    let arguments = parser.arguments(arguments, json, &flags, &heredocs);

    let source = text.source();
    let start = onbuild.unwrap_or(keyword_span).start as usize;
    let written = parser.tree.text[start..end].trim_end().len();
    Instruction {
        keyword: Spanned::new(keyword, keyword_span),
        span: Span::new(source, start, start + written),
        lines: Span::new(source, line.lines.start, end),
        onbuild,
        flags,
        heredocs,
        arguments,
    }
}

/// The first word of a range, and what follows the space behind it.
fn split_keyword(text: &Text, range: Range<usize>) -> (Range<usize>, Range<usize>) {
    let source = &text[range.clone()];
    let end = range.start + source.find(SEPARATORS).unwrap_or(source.len());
    let rest = text[end..range.end].trim_start_matches(SEPARATORS);
    (range.start..end, range.end - rest.len()..range.end)
}

/// A range without the space around it.
fn trim(text: &Text, range: Range<usize>) -> Range<usize> {
    let source = &text[range.clone()];
    let start = range.start + source.len() - source.trim_start().len();
    start..start + source.trim().len()
}

fn is_none(arguments: &str) -> bool {
    arguments.split(char::is_whitespace).next().is_some_and(|w| w.eq_ignore_ascii_case("none"))
}

impl Parser<'_> {
    /// Something that `BuildKit` refuses wherever it stands.
    fn hard(&mut self, message: impl Into<String>, span: Span) {
        self.tree.errors.push(Spanned::new(message.into(), span));
    }

    /// Something that `BuildKit` refuses when it runs the instruction.
    fn wrong(&mut self, message: impl Into<String>, span: Span) {
        let list = if self.deferred { &mut self.tree.deferred_errors } else { &mut self.tree.errors };
        list.push(Spanned::new(message.into(), span));
    }

    fn word(&self, range: Range<usize>) -> Word {
        let text = self.line.slice(range);
        let span = text.span();
        Word { text, span, escape: Some(self.tree.escape) }
    }

    /// A word that is taken as it is.
    fn verbatim(&self, range: Range<usize>) -> Word {
        Word { escape: None, ..self.word(range) }
    }

    fn json(&mut self, range: Range<usize>) -> Json {
        let expands = matches!(self.keyword, Keyword::Copy | Keyword::Add | Keyword::Volume);
        let json = json::parse(self.line, range, expands.then_some(self.tree.escape));
        if let Json::OtherElement(other) = &json {
            let message = format!(
                "`{}` is no string: the elements of the array have to stand in double quotes",
                &self.line[other.clone()]
            );
            self.hard(message, self.line.span_of(other.clone()));
        }
        json
    }

    fn invalid(&self, range: Range<usize>) -> Arguments {
        Arguments::Invalid(self.line.slice(range))
    }

    fn arguments(
        &mut self,
        range: Range<usize>,
        json: Option<Json>,
        flags: &[Flag],
        heredocs: &[Heredoc],
    ) -> Arguments {
        let keyword = self.keyword.as_str();
        match self.keyword {
            Keyword::Unknown | Keyword::Onbuild => self.invalid(range),
            Keyword::From => self.from(range),
            Keyword::Run => {
                self.command(range, json, heredocs).map_or_else(|r| self.invalid(r), Arguments::Run)
            }
            Keyword::Cmd => {
                self.command(range, json, heredocs).map_or_else(|r| self.invalid(r), Arguments::Cmd)
            }
            Keyword::Entrypoint => {
                self.command(range, json, heredocs).map_or_else(|r| self.invalid(r), Arguments::Entrypoint)
            }
            Keyword::Shell => self.shell(range, json),
            Keyword::Copy => {
                self.transfer(range, json, heredocs).map_or_else(|r| self.invalid(r), Arguments::Copy)
            }
            Keyword::Add => {
                self.transfer(range, json, heredocs).map_or_else(|r| self.invalid(r), Arguments::Add)
            }
            Keyword::Env => self.pairs(range).map_or_else(|r| self.invalid(r), Arguments::Env),
            Keyword::Label => self.pairs(range).map_or_else(|r| self.invalid(r), Arguments::Label),
            Keyword::Arg => self.definitions(range),
            Keyword::Expose => {
                let words: Vec<_> = self.split(range.clone()).into_iter().map(|r| self.word(r)).collect();
                if words.is_empty() {
                    self.wrong("EXPOSE needs a port: write `EXPOSE 8080` for example", self.keyword_span);
                    return self.invalid(range);
                }
                Arguments::Expose(words)
            }
            Keyword::Volume => self.volume(range, json),
            Keyword::User | Keyword::Workdir | Keyword::Stopsignal | Keyword::Maintainer => {
                if range.is_empty() {
                    let what = match self.keyword {
                        Keyword::User => "a user: write `USER 1000` for example",
                        Keyword::Workdir => "a directory: write `WORKDIR /app` for example",
                        Keyword::Stopsignal => "a signal: write `STOPSIGNAL SIGTERM` for example",
                        _ => "a name",
                    };
                    self.wrong(format!("{keyword} needs {what}"), self.keyword_span);
                    return self.invalid(range);
                }
                match self.keyword {
                    Keyword::User => Arguments::User(self.word(range)),
                    Keyword::Workdir => Arguments::Workdir(self.word(range)),
                    Keyword::Stopsignal => Arguments::Stopsignal(self.word(range)),
                    _ => Arguments::Maintainer(self.verbatim(range)),
                }
            }
            Keyword::Healthcheck => self.healthcheck(range, flags),
        }
    }

    /// The ranges between spaces.
    fn split(&self, range: Range<usize>) -> Vec<Range<usize>> {
        let mut words = Vec::new();
        let mut at = range.start;
        for part in self.line[range].split(SEPARATORS) {
            if !part.is_empty() {
                words.push(at..at + part.len());
            }
            // A separator takes one byte.
            at += part.len() + 1;
        }
        words
    }

    /// The ranges between spaces that neither quotes nor escapes protect.
    fn quoted_words(&self, range: Range<usize>) -> Vec<Range<usize>> {
        let escape = self.tree.escape;
        let mut words = Vec::new();
        let mut start = None;
        let mut quote = None;
        let mut chars = self.line[range.clone()].char_indices().map(|(i, c)| (range.start + i, c)).peekable();
        let mut end = range.end;
        while let Some((at, c)) = chars.next() {
            if quote.is_none() && c.is_whitespace() {
                words.extend(start.take().map(|s| s..at));
                continue;
            }
            start.get_or_insert(at);
            match quote {
                None if c == '\'' || c == '"' => quote = Some(c),
                Some(q) if c == q => quote = None,
                _ => {}
            }
            if c == escape && quote != Some('\'') && chars.next().is_none() {
                // An escape at the very end is dropped.
                end = at;
            }
        }
        words.extend(start.filter(|s| *s < end).map(|s| s..end));
        words
    }

    fn from(&mut self, range: Range<usize>) -> Arguments {
        let words = self.split(range.clone());
        match &words[..] {
            [image] => Arguments::From { image: self.word(image.clone()), name: None },
            [image, as_, name] if self.line[as_.clone()].eq_ignore_ascii_case("as") => {
                let lower = self.line[name.clone()].to_lowercase();
                let valid = lower.starts_with(|c: char| c.is_ascii_lowercase())
                    && lower
                        .bytes()
                        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(&b));
                let name = self.verbatim(name.clone());
                if !valid {
                    let message = format!(
                        "`{}` is no name for a stage: it has to begin with a letter, and letters, digits, `-`, `_` and `.` may follow",
                        name.text
                    );
                    self.wrong(message, name.span);
                }
                Arguments::From { image: self.word(image.clone()), name: Some(name) }
            }
            [] => {
                self.wrong(
                    "FROM needs an image: write `FROM image` or `FROM image AS name`",
                    self.keyword_span,
                );
                self.invalid(range)
            }
            [image, rest @ ..] => {
                let place = match rest {
                    [word, _, ..] if self.line[word.clone()].eq_ignore_ascii_case("as") && rest.len() > 2 => {
                        rest[2].start..range.end
                    }
                    _ => rest[0].start..range.end,
                };
                let message = "FROM takes an image, or an image, AS and a name: write `FROM image AS name`";
                self.wrong(message, self.line.span_of(place));
                let name = match rest {
                    [word, name, ..] if self.line[word.clone()].eq_ignore_ascii_case("as") => {
                        Some(self.verbatim(name.clone()))
                    }
                    _ => None,
                };
                Arguments::From { image: self.word(image.clone()), name }
            }
        }
    }

    fn command(
        &mut self,
        range: Range<usize>,
        json: Option<Json>,
        heredocs: &[Heredoc],
    ) -> Result<Command, Range<usize>> {
        match json {
            Some(Json::Strings(words, array)) => Ok(Command::Exec { words, span: self.line.span_of(array) }),
            Some(Json::OtherElement(_)) => Err(range),
            Some(Json::Not(broken)) => Ok(Command::Shell(self.script(range, broken, heredocs))),
            None => Ok(Command::Shell(self.script(range, None, heredocs))),
        }
    }

    fn script(
        &self,
        range: Range<usize>,
        broken: Option<(String, Range<usize>)>,
        heredocs: &[Heredoc],
    ) -> Script {
        let span = self.line.span_of(range.clone());
        let broken_json = broken.map(|(message, at)| Spanned::new(message, self.line.span_of(at)));
        let heredoc = heredoc::start(&self.line[range.clone()], range.start).ok().flatten();
        if let (Some(_), Some(first)) = (heredoc, heredocs.first()) {
            return Script { text: first.body.clone(), span, heredoc: true, broken_json };
        }
        if heredocs.is_empty() {
            return Script { text: self.line.slice(range), span, heredoc: false, broken_json };
        }
        let mut builder = Builder::new(self.line.source(), self.line.offset(range.start));
        builder.push_text(self.line, range);
        let file = &self.tree.text;
        for heredoc in heredocs {
            let body = heredoc.body_span.range();
            // The line end before the body.
            builder.push("\n", body.start.saturating_sub(1));
            builder.push(&file[body.clone()], body.start);
            let name = &*heredoc.name;
            builder.push(name, (heredoc.terminator.end as usize).saturating_sub(name.len()));
        }
        Script { text: builder.finish(), span, heredoc: false, broken_json }
    }

    fn shell(&mut self, range: Range<usize>, json: Option<Json>) -> Arguments {
        match json {
            Some(Json::Strings(words, array)) => {
                let span = self.line.span_of(array);
                if words.is_empty() {
                    self.wrong("SHELL needs a program: write `SHELL [\"/bin/sh\", \"-c\"]`", span);
                }
                Arguments::Shell(Command::Exec { words, span })
            }
            Some(Json::OtherElement(_)) | None => self.invalid(range),
            Some(Json::Not(broken)) => {
                let (message, place) = match broken {
                    _ if range.is_empty() => (
                        "SHELL needs an array: write `SHELL [\"/bin/sh\", \"-c\"]`".into(),
                        self.keyword_span,
                    ),
                    Some((message, at)) => {
                        (format!("SHELL needs a JSON array: {message}"), self.line.span_of(at))
                    }
                    None => (
                        "SHELL needs a JSON array: write `SHELL [\"/bin/sh\", \"-c\"]`".into(),
                        self.line.span_of(range.clone()),
                    ),
                };
                self.wrong(message, place);
                self.invalid(range)
            }
        }
    }

    fn transfer(
        &mut self,
        range: Range<usize>,
        json: Option<Json>,
        heredocs: &[Heredoc],
    ) -> Result<Transfer, Range<usize>> {
        let (mut words, json) = match json {
            Some(Json::Strings(words, _)) => (words, true),
            Some(Json::OtherElement(_)) => return Err(range),
            Some(Json::Not(_)) | None => {
                (self.split(range.clone()).into_iter().map(|r| self.word(r)).collect::<Vec<_>>(), false)
            }
        };
        let keyword = self.keyword.as_str();
        let Some(destination) = words.pop().filter(|_| !words.is_empty()) else {
            let place = if range.is_empty() { self.keyword_span } else { self.line.span_of(range.clone()) };
            let message =
                format!("{keyword} needs a source and a destination: write `{keyword} source destination`");
            self.wrong(message, place);
            return Err(range);
        };
        if matches!(heredoc::start(&destination.text, 0), Ok(Some(_))) {
            let message = format!("a heredoc cannot be the destination of {keyword}: put a path behind it");
            self.wrong(message, destination.span);
        }
        let source = |word: Word| match heredoc::start(&word.text, 0) {
            Ok(Some(start)) => {
                let index = heredocs.iter().rposition(|h| *h.name == *start.name);
                CopySource::Heredoc { word, index }
            }
            _ => CopySource::Path(word),
        };
        Ok(Transfer { sources: words.into_iter().map(source).collect(), destination, json })
    }

    fn pairs(&mut self, range: Range<usize>) -> Result<Vec<Pair>, Range<usize>> {
        let keyword = self.keyword.as_str();
        let words = self.quoted_words(range.clone());
        let Some(first) = words.first() else {
            self.wrong(
                format!("{keyword} needs a name and a value: write `{keyword} name=value`"),
                self.keyword_span,
            );
            return Err(range);
        };
        if !self.line[first.clone()].contains('=') {
            let (name, value) = split_keyword(self.line, range.clone());
            if value.is_empty() {
                let message =
                    format!("a value is missing: write `{keyword} {}=value`", &self.line[name.clone()]);
                self.hard(message, self.line.span_of(name));
                return Err(range);
            }
            let span = self.line.span_of(range);
            return Ok(vec![Pair { name: self.word(name), value: self.word(value), span, legacy: true }]);
        }
        let mut pairs = Vec::with_capacity(words.len());
        for word in words {
            let span = self.line.span_of(word.clone());
            let Some(equals) = self.line[word.clone()].find('=') else {
                let message = format!(
                    "`{}` has no `=`: write `name=value`, with quotes around a value that has spaces",
                    &self.line[word]
                );
                self.hard(message, span);
                continue;
            };
            let (name, value) = (word.start..word.start + equals, word.start + equals + 1..word.end);
            if name.is_empty() {
                self.wrong(format!("a name is missing before `=`: write `{keyword} name=value`"), span);
            }
            pairs.push(Pair { name: self.word(name), value: self.word(value), span, legacy: false });
        }
        Ok(pairs)
    }

    fn definitions(&mut self, range: Range<usize>) -> Arguments {
        let words = self.quoted_words(range.clone());
        if words.is_empty() {
            self.wrong("ARG needs a name: write `ARG name` or `ARG name=default`", self.keyword_span);
            return self.invalid(range);
        }
        let mut definitions = Vec::with_capacity(words.len());
        for word in words {
            let span = self.line.span_of(word.clone());
            let equals = self.line[word.clone()].find('=').map(|e| word.start + e);
            if equals == Some(word.start) {
                self.wrong("a name is missing before `=`: write `ARG name=default`", span);
            }
            definitions.push(ArgDefinition {
                name: self.word(word.start..equals.unwrap_or(word.end)),
                default: equals.map(|e| self.word(e + 1..word.end)),
                span,
            });
        }
        Arguments::Arg(definitions)
    }

    fn volume(&mut self, range: Range<usize>, json: Option<Json>) -> Arguments {
        let (paths, json) = match json {
            Some(Json::Strings(words, _)) => (words, true),
            Some(Json::OtherElement(_)) => return self.invalid(range),
            Some(Json::Not(_)) | None => {
                (self.split(range.clone()).into_iter().map(|r| self.word(r)).collect::<Vec<_>>(), false)
            }
        };
        if paths.is_empty() {
            self.wrong("VOLUME needs a path: write `VOLUME /data` for example", self.keyword_span);
            return self.invalid(range);
        }
        for path in &paths {
            if path.text.trim().is_empty() {
                self.wrong("the path of a volume cannot be empty", path.span);
            }
        }
        Arguments::Volume { paths, json }
    }

    fn healthcheck(&mut self, range: Range<usize>, flags: &[Flag]) -> Arguments {
        let source = &self.line[range.clone()];
        let space = |c: char| matches!(c, '\t'..='\r' | ' ');
        let end = range.start + source.find(space).unwrap_or(source.len());
        let kind = range.start..end;
        let rest = range.end - self.line[end..range.end].trim_start_matches(space).len()..range.end;
        let word = self.line[kind.clone()].to_uppercase();
        let kind_span = self.line.span_of(kind);
        match &*word {
            "NONE" => {
                if !rest.is_empty() {
                    self.wrong("nothing may follow HEALTHCHECK NONE: remove it", self.line.span_of(rest));
                }
                return Arguments::Healthcheck(Healthcheck::None(kind_span));
            }
            "CMD" => {}
            "" => {
                let message =
                    "HEALTHCHECK needs a command: write `HEALTHCHECK CMD command` or `HEALTHCHECK NONE`";
                self.wrong(message, self.keyword_span);
                return self.invalid(range);
            }
            _ => {
                let message =
                    format!("HEALTHCHECK takes CMD or NONE, not `{word}`: write `HEALTHCHECK CMD command`");
                self.wrong(message, kind_span);
            }
        }
        self.healthcheck_times(flags);
        let json = self.json(rest.clone());
        let empty = rest.is_empty() || matches!(&json, Json::Strings(words, _) if words.is_empty());
        if &*word == "CMD" && empty {
            self.wrong("a command is missing behind HEALTHCHECK CMD", kind_span);
        }
        if &*word != "CMD" {
            return self.invalid(range);
        }
        let command = self.command(rest, Some(json), &[]);
        command.map_or_else(|r| self.invalid(r), |c| Arguments::Healthcheck(Healthcheck::Cmd(c)))
    }

    fn healthcheck_times(&mut self, flags: &[Flag]) {
        for flag in flags {
            let Some(value) = flag.value.as_ref().filter(|v| !v.text.is_empty()) else { continue };
            match &*flag.name {
                "interval" | "timeout" | "start-period" | "start-interval" => {
                    let message = match crate::duration::nanoseconds(&value.text) {
                        None => format!(
                            "`{}` is no time: write a number and a unit, as in `30s`, `1m30s` or `500ms`",
                            value.text
                        ),
                        Some(n) if n != 0 && n < 1_000_000 => {
                            format!(
                                "`--{}` has to be at least one millisecond, or 0 for the default",
                                flag.name
                            )
                        }
                        Some(_) => continue,
                    };
                    self.wrong(message, value.span);
                }
                "retries" => {
                    // `0x` and the like are no numbers for Go here, a sign is.
                    let digits = value.text.strip_prefix(['+', '-']).unwrap_or(&value.text);
                    let number =
                        value.text.parse::<i32>().ok().filter(|_| digits.bytes().all(|b| b.is_ascii_digit()));
                    if number.is_none_or(|n| n < 0) {
                        let message =
                            format!("`--retries` takes a whole number from 0 on, not `{}`", value.text);
                        self.wrong(message, value.span);
                    }
                }
                _ => {}
            }
        }
    }
}
