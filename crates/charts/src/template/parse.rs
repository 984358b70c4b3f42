//! From parts to nodes.

use std::rc::Rc;

use super::lex::{Kind, Part, Token, parts};
use super::{Branch, Node, Operand, Parsed, Pipe, Place};
use crate::error::Failure;
use crate::funcs;
use crate::text::{How, Text};

/// How deep blocks and parentheses may lie in each other.
const DEPTH: u32 = 96;

/// Parses a template, of which `file` is the name in messages.
pub(crate) fn parse(source: &Text, file: &str) -> Result<Parsed, Failure> {
    let at = |(failure, line): (Failure, u32)| failure.at(|| (file.to_owned(), line));
    let parts = parts(source).map_err(at)?;
    let mut parser = Parser { source, parts: parts.into_iter(), defined: Vec::new(), line: 1, depth: 0 };
    let outcome = parser.top();
    match outcome {
        Ok(body) => Ok(Parsed { body, defined: parser.defined }),
        Err(failure) => Err(failure.at(|| (file.to_owned(), parser.line))),
    }
}

struct Parser<'t> {
    source: &'t Text,
    parts: std::vec::IntoIter<Part>,
    defined: Vec<(Rc<str>, Vec<Node>)>,
    line: u32,
    depth: u32,
}

/// What ended a list of nodes.
enum End {
    File,
    Closed,
    /// `{{ else }}`, with what stands behind it.
    Else(Vec<Token>, Place),
}

impl Parser<'_> {
    fn top(&mut self) -> Result<Vec<Node>, Failure> {
        let (nodes, end) = self.list(true)?;
        match end {
            End::File => Ok(nodes),
            End::Closed => Err(Failure::new("unexpected {{end}}")),
            End::Else(..) => Err(Failure::new("unexpected {{else}}")),
        }
    }

    fn place(&self, start: usize, end: usize) -> Place {
        let origin = self.source.slice(start..end).origin();
        Place { origin, line: self.line }
    }

    fn list(&mut self, top: bool) -> Result<(Vec<Node>, End), Failure> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(Failure::bounded("blocks lie too deep in each other"));
        }
        let mut nodes = Vec::new();
        let end = loop {
            let Some(part) = self.parts.next() else { break End::File };
            let (tokens, start, end) = match part {
                Part::Text(text) => {
                    nodes.push(Node::Text(text));
                    continue;
                }
                Part::Action { tokens, start, end, line } => {
                    self.line = line;
                    (tokens, start, end)
                }
            };
            let place = self.place(start, end);
            let keyword = match tokens.first().map(|t| &t.kind) {
                Some(Kind::Word(word)) => word.clone(),
                _ => String::new(),
            };
            match keyword.as_str() {
                "end" => break End::Closed,
                "else" => break End::Else(tokens, place),
                "if" | "with" | "range" => {
                    let branch = self.branch(&keyword, &tokens[1..], place)?;
                    nodes.push(match keyword.as_str() {
                        "if" => Node::If(branch),
                        "with" => Node::With(branch),
                        _ => Node::Range(branch),
                    });
                }
                "define" | "block" => {
                    if keyword == "define" && !top {
                        return Err(Failure::new("unexpected {{define}}"));
                    }
                    let name = name_of(tokens.get(1))?;
                    let pipe = (keyword == "block").then(|| self.pipe_of(&tokens[2..], place)).transpose()?;
                    let (body, end) = self.list(false)?;
                    if !matches!(end, End::Closed) {
                        return Err(Failure::new(format!("unexpected end of {{{{{keyword}}}}}")));
                    }
                    self.defined.push((Rc::clone(&name), body));
                    if pipe.is_some() {
                        nodes.push(Node::Template { name, pipe, at: place });
                    }
                }
                "template" => {
                    let name = name_of(tokens.get(1))?;
                    let rest = &tokens[2..];
                    let pipe = (!rest.is_empty()).then(|| self.pipe_of(rest, place)).transpose()?;
                    nodes.push(Node::Template { name, pipe, at: place });
                }
                "break" => nodes.push(Node::Break),
                "continue" => nodes.push(Node::Continue),
                _ if tokens.is_empty() => return Err(Failure::new("missing value for command")),
                _ => nodes.push(Node::Action(self.pipe_of(&tokens, place)?)),
            }
        };
        self.depth -= 1;
        Ok((nodes, end))
    }

    fn branch(&mut self, keyword: &str, tokens: &[Token], place: Place) -> Result<Branch, Failure> {
        let pipe = self.pipe_of(tokens, place)?;
        let (then, end) = self.list(false)?;
        let otherwise = match end {
            End::Closed => Vec::new(),
            End::File => return Err(Failure::new("unexpected EOF")),
            End::Else(tokens, place) => self.otherwise(keyword, &tokens[1..], place)?,
        };
        Ok(Branch { pipe, then, otherwise })
    }

    fn otherwise(&mut self, keyword: &str, tokens: &[Token], place: Place) -> Result<Vec<Node>, Failure> {
        match tokens.first().map(|t| &t.kind) {
            None => {
                let (nodes, end) = self.list(false)?;
                match end {
                    End::Closed => Ok(nodes),
                    End::File => Err(Failure::new("unexpected EOF")),
                    End::Else(..) => Err(Failure::new("expected end; found {{else}}")),
                }
            }
            Some(Kind::Word(word)) if (word == "if" || word == "with") && keyword != "range" => {
                self.depth += 1;
                if self.depth > DEPTH {
                    return Err(Failure::bounded("blocks lie too deep in each other"));
                }
                // The `end` of the inner one ends both.
                let branch = self.branch(word, &tokens[1..], place)?;
                self.depth -= 1;
                Ok(vec![if word == "if" { Node::If(branch) } else { Node::With(branch) }])
            }
            Some(_) => Err(Failure::new("unexpected token in {{else}}")),
        }
    }

    fn pipe_of(&self, tokens: &[Token], place: Place) -> Result<Pipe, Failure> {
        let mut tokens = Tokens { all: tokens, at: 0, source: self.source, place, depth: 0 };
        let pipe = tokens.pipe(None)?;
        match tokens.next() {
            None => Ok(pipe),
            Some(token) => Err(Failure::new(format!("unexpected {:?} in command", token.kind))),
        }
    }
}

fn name_of(token: Option<&Token>) -> Result<Rc<str>, Failure> {
    match token.map(|t| &t.kind) {
        Some(Kind::Str(name, _)) => Ok(name.as_str().into()),
        _ => Err(Failure::new("a template's name has to be a string")),
    }
}

fn check_command(operands: &[Operand], piped: bool) -> Result<(), Failure> {
    match operands.first() {
        Some(Operand::Bool(_) | Operand::Nil | Operand::Int(..) | Operand::Float(..) | Operand::Str(_))
            if piped =>
        {
            Err(Failure::new("non executable command in pipeline"))
        }
        _ => Ok(()),
    }
}

struct Tokens<'t> {
    all: &'t [Token],
    at: usize,
    source: &'t Text,
    place: Place,
    depth: u32,
}

impl<'t> Tokens<'t> {
    fn peek(&self) -> Option<&'t Kind> {
        self.all.get(self.at).map(|t| &t.kind)
    }

    fn next(&mut self) -> Option<&'t Token> {
        let token = self.all.get(self.at);
        self.at += 1;
        token
    }

    /// A pipeline up to the end or to `)`.
    fn pipe(&mut self, opened: Option<&Token>) -> Result<Pipe, Failure> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(Failure::bounded("parentheses lie too deep in each other"));
        }
        let mut place = self.place;
        if let Some(open) = opened {
            place.origin = self.source.slice(open.start..open.end).origin();
        }
        let mut pipe = Pipe { variables: Vec::new(), assigns: false, commands: Vec::new(), at: place };
        self.variables(&mut pipe);
        loop {
            let mut operands = Vec::new();
            while let Some(kind) = self.peek() {
                if matches!(kind, Kind::Pipe | Kind::Close) {
                    break;
                }
                operands.push(self.operand()?);
            }
            if operands.is_empty() {
                return Err(Failure::new("missing value for command"));
            }
            if operands.len() > 1 || !pipe.commands.is_empty() {
                check_command(&operands, !pipe.commands.is_empty())?;
            }
            pipe.commands.push(operands);
            match self.peek() {
                Some(Kind::Pipe) => self.at += 1,
                Some(Kind::Close) if opened.is_some() => {
                    self.at += 1;
                    break;
                }
                Some(Kind::Close) => return Err(Failure::new("unexpected right paren")),
                _ if opened.is_some() => return Err(Failure::new("unclosed left paren")),
                _ => break,
            }
        }
        self.depth -= 1;
        Ok(pipe)
    }

    fn variables(&mut self, pipe: &mut Pipe) {
        let from = self.at;
        let mut names: Vec<Rc<str>> = Vec::new();
        while let Some(Kind::Variable(name)) = self.peek() {
            names.push(name.as_str().into());
            self.at += 1;
            match self.peek() {
                Some(Kind::Comma) if names.len() < 2 => self.at += 1,
                Some(kind @ (Kind::Declare | Kind::Assign)) => {
                    pipe.assigns = *kind == Kind::Assign;
                    pipe.variables = names;
                    self.at += 1;
                    return;
                }
                _ => break,
            }
        }
        self.at = from;
    }

    fn operand(&mut self) -> Result<Operand, Failure> {
        let Some(token) = self.next() else { return Err(Failure::new("missing operand")) };
        let origin = || {
            let origin = self.source.slice(token.start..token.end).origin();
            if origin.how == How::Verbatim { origin } else { origin.derived() }
        };
        let operand = match &token.kind {
            Kind::Dot => Operand::Dot,
            Kind::Field(name) => Operand::Field(vec![name.as_str().into()]),
            Kind::Variable(name) => Operand::Variable(name.as_str().into(), Vec::new()),
            Kind::Word(word) => match word.as_str() {
                "true" => Operand::Bool(true),
                "false" => Operand::Bool(false),
                "nil" => Operand::Nil,
                name if funcs::is_known(name) => Operand::Function(name.into()),
                name => return Err(Failure::new(format!("function {name:?} not defined"))),
            },
            Kind::Str(value, plain) => {
                let text = if *plain {
                    self.source.slice(token.start + 1..token.end - 1)
                } else {
                    Text::new(value.as_str(), origin().derived())
                };
                Operand::Str(Rc::new(text))
            }
            Kind::Int(value) => Operand::Int(*value, origin()),
            Kind::Float(value) => Operand::Float(*value, origin()),
            Kind::Open => Operand::Pipe(Box::new(self.pipe(Some(token))?)),
            other => return Err(Failure::new(format!("unexpected {other:?} in operand"))),
        };
        Ok(self.fields(operand))
    }

    /// The fields that follow an operand without white space.
    fn fields(&mut self, operand: Operand) -> Operand {
        let mut names: Vec<Rc<str>> = Vec::new();
        while let Some(Token { kind: Kind::Field(name), spaced: false, .. }) = self.all.get(self.at) {
            names.push(name.as_str().into());
            self.at += 1;
        }
        if names.is_empty() {
            return operand;
        }
        match operand {
            Operand::Field(mut all) => {
                all.append(&mut names);
                Operand::Field(all)
            }
            Operand::Variable(name, _) => Operand::Variable(name, names),
            other => Operand::Chain(Box::new(other), names),
        }
    }
}
