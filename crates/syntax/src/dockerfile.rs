//! Dockerfiles as lossless trees, read exactly as `BuildKit` 0.24 reads them.
//!
//! Text becomes lines ([`lines`](self)), lines become instructions with flags, heredocs and arguments, and every
//! word knows its span. A file `BuildKit` refuses still gives a tree; what is wrong with it is in
//! [`Dockerfile::errors`].

mod build;
pub mod edit;
mod flags;
mod heredoc;
mod json;
mod lex;
mod lines;
mod parse;
mod pattern;
mod word;

use std::sync::Arc;

pub use word::{Env, Expansion, ExpansionError, Value, Variable, VariableOperator, Word, expand};

use crate::{SourceId, Span, Spanned, Text};

/// A parsed Dockerfile.
#[derive(Debug)]
pub struct Dockerfile {
    /// The source it was parsed from.
    pub source: SourceId,
    /// The whole text.
    pub text: Arc<str>,
    /// The parser directives at the top, in order.
    pub directives: Vec<Directive>,
    /// The character that escapes and continues lines: a backslash, or a backtick by the `escape` directive.
    pub escape: char,
    /// All comments in order, also those within continuations, each from its `#` to the end of its line. Directives
    /// are not among them.
    pub comments: Vec<Span>,
    /// Blank lines within continuations, which `BuildKit` skips and warns of.
    pub empty_continuations: Vec<Span>,
    /// The instructions in order.
    pub instructions: Vec<Instruction>,
    /// What `BuildKit` refuses, in the order of the file.
    pub errors: Vec<Spanned<String>>,
    /// What is wrong within `ONBUILD`: the build itself succeeds, a build on top of its image fails.
    pub deferred_errors: Vec<Spanned<String>>,
    /// What is read but makes every build fail there: a word that never expands, as `${a.b}`, an unknown type of mount, a
    /// port that is none.
    pub build_errors: Vec<Spanned<String>>,
}

/// A parser directive: `# syntax=docker/dockerfile:1`.
#[derive(Clone, Debug)]
pub struct Directive {
    /// `syntax`, `escape` or `check`, in any case.
    pub name: Text,
    /// The value without the space around it.
    pub value: Text,
    /// From the `#` to the end of the value.
    pub span: Span,
}

/// What an instruction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each is the instruction of its name")]
pub enum Keyword {
    Add,
    Arg,
    Cmd,
    Copy,
    Entrypoint,
    Env,
    Expose,
    From,
    Healthcheck,
    Label,
    Maintainer,
    Onbuild,
    Run,
    Shell,
    Stopsignal,
    User,
    Volume,
    Workdir,
    /// A word that is no instruction.
    Unknown,
}

/// An instruction.
#[derive(Debug)]
pub struct Instruction {
    /// What it is; within `ONBUILD` the instruction that is deferred.
    pub keyword: Spanned<Keyword>,
    /// From the keyword (or `ONBUILD`) to the end of the last line, heredocs included, without the final line end.
    pub span: Span,
    /// All lines it takes, with the last line end.
    pub lines: Span,
    /// The `ONBUILD` before the keyword.
    pub onbuild: Option<Span>,
    /// `--name` and `--name=value` before the arguments, in order.
    pub flags: Vec<Flag>,
    /// The heredocs in the order of their bodies.
    pub heredocs: Vec<Heredoc>,
    /// What follows.
    pub arguments: Arguments,
}

/// A flag of an instruction.
#[derive(Clone, Debug)]
pub struct Flag {
    /// The name without `--`.
    pub name: Text,
    /// What follows the `=`, without quotes.
    pub value: Option<Word>,
    /// The whole flag.
    pub span: Span,
    /// The comma-separated fields of `--mount` and `--device`.
    pub fields: Vec<Field>,
}

/// A field of a `--mount` or `--device` flag.
#[derive(Clone, Debug)]
pub struct Field {
    /// The key as written.
    pub key: Text,
    /// What follows the `=`.
    pub value: Option<Word>,
    /// The field without the commas around it.
    pub span: Span,
}

/// A heredoc.
#[derive(Clone, Debug)]
pub struct Heredoc {
    /// The delimiter without quotes.
    pub name: Text,
    /// Whether variables in the body expand: the delimiter is not quoted.
    pub expands: bool,
    /// `<<-`: leading tabs of the lines are no part of the body.
    pub strip_tabs: bool,
    /// The number before `<<`.
    pub descriptor: u32,
    /// `<<EOF`.
    pub start: Span,
    /// The body's lines with their line ends, tabs already stripped by `<<-`.
    pub body: Text,
    /// The body as it stands in the file.
    pub body_span: Span,
    /// The line that ends it, without its line end; empty at the end of the file where it is missing.
    pub terminator: Span,
}

/// The arguments of an instruction.
#[derive(Debug)]
pub enum Arguments {
    /// `FROM image AS name`.
    From {
        /// The image or the stage it starts from.
        image: Word,
        /// The stage's name.
        name: Option<Word>,
    },
    /// `RUN`.
    Run(Command),
    /// `CMD`.
    Cmd(Command),
    /// `ENTRYPOINT`.
    Entrypoint(Command),
    /// `SHELL`, which must be in JSON form.
    Shell(Command),
    /// `COPY`.
    Copy(Transfer),
    /// `ADD`.
    Add(Transfer),
    /// `ENV`.
    Env(Vec<Pair>),
    /// `LABEL`.
    Label(Vec<Pair>),
    /// `ARG`; each with the default it may have.
    Arg(Vec<ArgDefinition>),
    /// `EXPOSE`.
    Expose(Vec<Word>),
    /// `VOLUME`.
    Volume {
        /// The paths.
        paths: Vec<Word>,
        /// Whether it is in JSON form.
        json: bool,
    },
    /// `USER`.
    User(Word),
    /// `WORKDIR`.
    Workdir(Word),
    /// `STOPSIGNAL`.
    Stopsignal(Word),
    /// `HEALTHCHECK`.
    Healthcheck(Healthcheck),
    /// `MAINTAINER`.
    Maintainer(Word),
    /// Arguments `BuildKit` refuses, or those of an unknown instruction, as they stand.
    Invalid(Text),
}

/// The command of `RUN`, `CMD`, `ENTRYPOINT`, `SHELL` or `HEALTHCHECK CMD`.
#[derive(Debug)]
pub enum Command {
    /// A script for the shell.
    Shell(Script),
    /// A JSON array: the program and its arguments, passed on as they are.
    Exec {
        /// The elements, unescaped.
        words: Vec<Word>,
        /// From `[` to `]`.
        span: Span,
    },
}

/// A script as the shell gets it.
#[derive(Clone, Debug)]
pub struct Script {
    /// Continuations joined and comments within them dropped. A `RUN` whose command is nothing but one heredoc has the
    /// heredoc's body here; any other `RUN` with heredocs has its line, then the bodies with their delimiters.
    pub text: Text,
    /// Where the command stands on the instruction's own lines, without heredoc bodies.
    pub span: Span,
    /// Whether the command is nothing but one heredoc.
    pub heredoc: bool,
    /// It begins with `[` but is no valid JSON array, so it is run by the shell as it stands; what is wrong with it.
    pub broken_json: Option<Spanned<String>>,
}

/// What `COPY` and `ADD` copy.
#[derive(Debug)]
pub struct Transfer {
    /// The sources in order.
    pub sources: Vec<CopySource>,
    /// The destination.
    pub destination: Word,
    /// Whether it is in JSON form.
    pub json: bool,
}

/// A source of `COPY` or `ADD`.
#[derive(Debug)]
pub enum CopySource {
    /// A path, pattern or address.
    Path(Word),
    /// `<<name`: the number of the heredoc in [`Instruction::heredocs`]. Its name is the name of the file.
    Heredoc {
        /// The `<<name`.
        word: Word,
        /// Its index in [`Instruction::heredocs`]; `None` where the word is no heredoc for the line, which then is empty.
        index: Option<usize>,
    },
}

/// A `name=value` of `ENV` or `LABEL`.
#[derive(Debug)]
pub struct Pair {
    /// The name.
    pub name: Word,
    /// The value.
    pub value: Word,
    /// From the name to the end of the value.
    pub span: Span,
    /// Whether it is in the old form without `=`, where the rest of the line is the value.
    pub legacy: bool,
}

/// A name of `ARG`.
#[derive(Debug)]
pub struct ArgDefinition {
    /// The name.
    pub name: Word,
    /// The default.
    pub default: Option<Word>,
    /// From the name to the end of the default.
    pub span: Span,
}

/// What `HEALTHCHECK` says.
#[derive(Debug)]
pub enum Healthcheck {
    /// `HEALTHCHECK NONE`.
    None(Span),
    /// `HEALTHCHECK CMD`; the times are in [`Instruction::flags`].
    Cmd(Command),
}

/// A stage: a `FROM` and what follows up to the next.
#[derive(Clone, Copy, Debug)]
pub struct Stage<'d> {
    /// Its number from 0, as `COPY --from=0` counts.
    pub index: usize,
    /// Its `FROM`.
    pub from: &'d Instruction,
    /// The image or the stage it starts from.
    pub image: &'d Word,
    /// Its name.
    pub name: Option<&'d Word>,
    /// The instructions after `FROM`.
    pub instructions: &'d [Instruction],
}

impl Dockerfile {
    /// Parses a text.
    pub fn parse(source: SourceId, text: &Arc<str>) -> Self {
        let mut tree = Self {
            source,
            text: text.clone(),
            directives: Vec::new(),
            escape: '\\',
            comments: Vec::new(),
            empty_continuations: Vec::new(),
            instructions: Vec::new(),
            errors: Vec::new(),
            deferred_errors: Vec::new(),
            build_errors: Vec::new(),
        };
        parse::file(&mut tree);
        tree
    }

    /// The instructions before the first `FROM`; only `ARG` is allowed there.
    pub fn globals(&self) -> &[Instruction] {
        let end = self.instructions.iter().position(Instruction::is_from).unwrap_or(self.instructions.len());
        &self.instructions[..end]
    }

    /// The stages in order.
    pub fn stages(&self) -> impl Iterator<Item = Stage<'_>> {
        let mut rest = &self.instructions[self.globals().len()..];
        let mut index = 0;
        std::iter::from_fn(move || {
            let (from, after) = rest.split_first()?;
            let end = after.iter().position(Instruction::is_from).unwrap_or(after.len());
            rest = &after[end..];
            let Arguments::From { image, name } = &from.arguments else { return None };
            index += 1;
            Some(Stage { index: index - 1, from, image, name: name.as_ref(), instructions: &after[..end] })
        })
    }

    /// Whether its `syntax` directive names a frontend that is none for Dockerfiles: what it may hold is that frontend's
    /// affair, so it has no errors.
    pub fn is_foreign(&self) -> bool {
        self.directive("syntax").is_some_and(|d| {
            let image = d.value.split(' ').next().unwrap_or_default();
            !image.contains('$') && !image.to_ascii_lowercase().contains("dockerfile")
        })
    }

    /// The value of a directive, `syntax` for example.
    pub fn directive(&self, name: &str) -> Option<&Directive> {
        self.directives.iter().find(|d| d.name.eq_ignore_ascii_case(name))
    }
}

impl Instruction {
    fn is_from(&self) -> bool {
        matches!(self.arguments, Arguments::From { .. }) && self.onbuild.is_none()
    }

    /// The first flag of a name.
    pub fn flag(&self, name: &str) -> Option<&Flag> {
        self.flags.iter().find(|f| &*f.name == name)
    }

    /// All flags of a name, as `--mount` may stand several times.
    pub fn flags<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Flag> {
        self.flags.iter().filter(move |f| &*f.name == name)
    }

    /// Its words in order: values of flags, then arguments. Exec forms are among them, scripts and heredocs are not.
    pub fn words(&self) -> Vec<&Word> {
        let mut words: Vec<&Word> = Vec::new();
        for flag in &self.flags {
            if flag.fields.is_empty() {
                words.extend(&flag.value);
            }
            words.extend(flag.fields.iter().filter_map(|f| f.value.as_ref()));
        }
        match &self.arguments {
            Arguments::From { image, name } => {
                words.push(image);
                words.extend(name);
            }
            Arguments::Run(command)
            | Arguments::Cmd(command)
            | Arguments::Entrypoint(command)
            | Arguments::Shell(command)
            | Arguments::Healthcheck(Healthcheck::Cmd(command)) => {
                if let Command::Exec { words: exec, .. } = command {
                    words.extend(exec);
                }
            }
            Arguments::Copy(transfer) | Arguments::Add(transfer) => {
                words.extend(transfer.sources.iter().map(|s| match s {
                    CopySource::Path(word) | CopySource::Heredoc { word, .. } => word,
                }));
                words.push(&transfer.destination);
            }
            Arguments::Env(pairs) | Arguments::Label(pairs) => {
                words.extend(pairs.iter().flat_map(|p| [&p.name, &p.value]));
            }
            Arguments::Arg(definitions) => {
                words.extend(definitions.iter().flat_map(|d| std::iter::once(&d.name).chain(&d.default)));
            }
            Arguments::Expose(list) | Arguments::Volume { paths: list, .. } => words.extend(list),
            Arguments::User(word)
            | Arguments::Workdir(word)
            | Arguments::Stopsignal(word)
            | Arguments::Maintainer(word) => words.push(word),
            Arguments::Healthcheck(Healthcheck::None(_)) | Arguments::Invalid(_) => {}
        }
        words
    }

    /// Its command: that of `RUN`, `CMD`, `ENTRYPOINT`, `SHELL` and `HEALTHCHECK CMD`.
    pub fn command(&self) -> Option<&Command> {
        match &self.arguments {
            Arguments::Run(c)
            | Arguments::Cmd(c)
            | Arguments::Entrypoint(c)
            | Arguments::Shell(c)
            | Arguments::Healthcheck(Healthcheck::Cmd(c)) => Some(c),
            _ => None,
        }
    }
}

impl Flag {
    /// The first field of one of these keys, in any case.
    pub fn field(&self, keys: &[&str]) -> Option<&Field> {
        self.fields.iter().find(|f| keys.iter().any(|k| f.key.eq_ignore_ascii_case(k)))
    }
}

impl Command {
    /// Where it stands on the instruction's own lines.
    pub fn span(&self) -> Span {
        match self {
            Self::Shell(script) => script.span,
            Self::Exec { span, .. } => *span,
        }
    }
}

impl Keyword {
    /// Every instruction there is.
    pub const ALL: [Self; 18] = [
        Self::Add,
        Self::Arg,
        Self::Cmd,
        Self::Copy,
        Self::Entrypoint,
        Self::Env,
        Self::Expose,
        Self::From,
        Self::Healthcheck,
        Self::Label,
        Self::Maintainer,
        Self::Onbuild,
        Self::Run,
        Self::Shell,
        Self::Stopsignal,
        Self::User,
        Self::Volume,
        Self::Workdir,
    ];

    /// The keyword in capitals; empty for an unknown one.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Add => "ADD",
            Self::Arg => "ARG",
            Self::Cmd => "CMD",
            Self::Copy => "COPY",
            Self::Entrypoint => "ENTRYPOINT",
            Self::Env => "ENV",
            Self::Expose => "EXPOSE",
            Self::From => "FROM",
            Self::Healthcheck => "HEALTHCHECK",
            Self::Label => "LABEL",
            Self::Maintainer => "MAINTAINER",
            Self::Onbuild => "ONBUILD",
            Self::Run => "RUN",
            Self::Shell => "SHELL",
            Self::Stopsignal => "STOPSIGNAL",
            Self::User => "USER",
            Self::Volume => "VOLUME",
            Self::Workdir => "WORKDIR",
            Self::Unknown => "",
        }
    }

    /// The keyword of a word, in any case.
    pub fn of(word: &str) -> Self {
        Self::ALL.into_iter().find(|k| k.as_str().eq_ignore_ascii_case(word)).unwrap_or(Self::Unknown)
    }
}

#[cfg(test)]
mod tests;
