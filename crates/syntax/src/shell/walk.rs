//! From `shuck`'s tree to flat commands.

use shuck_ast::{
    Assignment as AstAssignment, AssignmentValue, BackgroundOperator, BinaryOp, BourneParameterExpansion,
    BuiltinCommand, Command as Ast, CompoundCommand, ConditionalExpr, DeclOperand, HeredocBodyPart,
    ParameterExpansionSyntax, Redirect as AstRedirect, RedirectKind, RedirectTarget, Span as AstSpan, Stmt,
    StmtSeq, StmtTerminator, VarRef, Word as AstWord, WordPart, WordPartNode,
};
use shuck_parser::parser::Parser;

use super::{Assignment, Command, Connector, Context, Redirect, Shell, Word};
use crate::{Span, Spanned, Text};

/// How many braces may be open at once; `shuck` takes quadratic time for them.
const DEEPEST_BRACES: usize = 100;

/// How deep a script may stand in others that is still looked into.
const DEEPEST_SCRIPTS: u16 = 8;

/// Where more braces are open than may be.
fn too_deep(text: &str) -> Option<usize> {
    let mut open = 0_usize;
    memchr::memchr2_iter(b'{', b'}', text.as_bytes()).find(|&at| {
        open = if text.as_bytes()[at] == b'{' { open + 1 } else { open.saturating_sub(1) };
        open > DEEPEST_BRACES
    })
}

pub(super) fn parse(text: &Text) -> Shell {
    parse_within(text, 0)
}

/// Whether a command is a shell that reads its script from a heredoc.
fn reads_script(command: &Command) -> bool {
    let heredoc = |r: &Redirect| r.operator.starts_with("<<") && r.operator != "<<<";
    let shell = |name: &str| matches!(name.rsplit('/').next(), Some("sh" | "bash" | "dash" | "ash" | "ksh"));
    let option = |w: &Word| {
        w.value
            .as_deref()
            .is_some_and(|o| o.starts_with(['-', '+']) && !o.starts_with("-c") || o == "pipefail")
    };
    command.name().is_some_and(shell)
        && command.args.iter().all(option)
        && command.redirects.iter().any(heredoc)
}

/// Parses a script that stands so many levels deep in another.
fn parse_within(text: &Text, depth: u16) -> Shell {
    if let Some(at) = too_deep(text) {
        let error = Spanned::new("the braces nest too deep".into(), text.span_of(at..at + 1));
        return Shell { commands: Vec::new(), errors: vec![error] };
    }
    let result = Parser::new(text).parse();
    let mut walker = Walker { text, commands: Vec::new() };
    walker.sequence(&result.file.body, Context { depth, ..Context::default() });
    // A substitution is met before the rest of the command it stands in.
    walker.commands.sort_by_key(|(start, command)| (*start, command.context.depth));
    let mut errors: Vec<Spanned<String>> =
        result.diagnostics.iter().map(|d| Spanned::new(d.message.clone(), walker.span(d.span))).collect();
    if errors.is_empty()
        && let Some(error) = &result.terminal_error
    {
        errors.push(Spanned::new(error.to_string(), text.span()));
    }
    Shell { commands: walker.commands.into_iter().map(|(_, command)| command).collect(), errors }
}

struct Walker<'t> {
    text: &'t Text,
    /// Each with the offset in the text it begins at.
    commands: Vec<(usize, Command)>,
}

/// What stands before and after a command.
#[derive(Clone, Copy)]
struct Between {
    before: Connector,
    after: Option<Spanned<Connector>>,
}

const ALONE: Between = Between { before: Connector::None, after: None };

impl Context {
    fn deeper(self) -> Self {
        Self { depth: self.depth.saturating_add(1), ..self }
    }
}

impl Walker<'_> {
    /// A range that surely lies in the text and at character borders.
    fn range(&self, span: AstSpan) -> std::ops::Range<usize> {
        let length = self.text.len();
        let (start, end) = (span.start.offset().min(length), span.end.offset().min(length));
        let floor = |mut at: usize| {
            while !self.text.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let start = floor(start);
        start..floor(end).max(start)
    }

    fn span(&self, span: AstSpan) -> Span {
        self.text.span_of(self.range(span))
    }

    fn slice(&self, span: AstSpan) -> Text {
        self.text.slice(self.range(span))
    }

    fn sequence(&mut self, sequence: &StmtSeq, context: Context) {
        let mut before = Connector::None;
        let last = sequence.stmts.len().saturating_sub(1);
        for (index, statement) in sequence.stmts.iter().enumerate() {
            let connector = match statement.terminator {
                Some(StmtTerminator::Semicolon) => Connector::Semicolon,
                Some(StmtTerminator::Background(BackgroundOperator::Pipe)) => Connector::Pipe,
                Some(StmtTerminator::Background(_)) => Connector::Background,
                None if index < last => Connector::Newline,
                None => Connector::None,
            };
            let after = (connector != Connector::None).then(|| {
                let place = statement.terminator_span.map_or_else(
                    || {
                        let end = self.range(statement.span).end;
                        self.text.span_of(end..end)
                    },
                    |span| self.span(span),
                );
                Spanned::new(connector, place)
            });
            self.statement(statement, context, Between { before, after });
            before = connector;
        }
    }

    /// Walks a statement; chains of `&&`, `||` and `|`, which lean to the left, without recursion.
    fn statement(&mut self, statement: &Stmt, context: Context, between: Between) {
        let mut chain = Vec::new();
        let mut first = statement;
        let mut negated = statement.negated;
        while let Ast::Binary(binary) = &first.command {
            chain.push((binary, first.negated));
            first = &binary.left;
            negated |= first.negated;
        }
        if chain.is_empty() {
            let context = Context { tested: context.tested || negated, ..context };
            self.command(first, context, between);
            return;
        }
        chain.reverse();
        // An element stands in a pipe with what is piped to it, and is tested by any `&&` or `||` behind it.
        let connectors: Vec<Connector> = chain
            .iter()
            .map(|(binary, _)| match binary.op {
                BinaryOp::And => Connector::And,
                BinaryOp::Or => Connector::Or,
                BinaryOp::Pipe | BinaryOp::PipeAll => Connector::Pipe,
            })
            .collect();
        let logical = |c: &Connector| matches!(c, Connector::And | Connector::Or);
        let mut conditional = context.conditional;
        for index in 0..=chain.len() {
            let element = if index == 0 { first } else { &chain[index - 1].0.right };
            let before = if index == 0 { between.before } else { connectors[index - 1] };
            let after = match chain.get(index) {
                Some((binary, _)) => Some(Spanned::new(connectors[index], self.span(binary.op_span))),
                None => between.after,
            };
            conditional |= index > 0 && before == Connector::Or;
            let piped = (index > 0 && before == Connector::Pipe)
                || connectors.get(index).is_some_and(|c| *c == Connector::Pipe);
            let context = Context {
                subshell: context.subshell || piped,
                conditional,
                tested: context.tested || negated || connectors[index..].iter().any(logical),
                ..context
            };
            self.statement(element, context, Between { before, after });
        }
    }

    fn command(&mut self, statement: &Stmt, context: Context, between: Between) {
        let redirects = &statement.redirects[..];
        match &statement.command {
            Ast::Simple(simple) => {
                let name =
                    (!self.range(simple.name.span).is_empty()).then(|| self.word(&simple.name, context));
                let args = simple.args.iter().map(|w| self.word(w, context)).collect();
                self.push(
                    name,
                    args,
                    &simple.assignments,
                    Vec::new(),
                    redirects,
                    simple.span,
                    context,
                    between,
                );
            }
            Ast::Builtin(builtin) => {
                let (name, first, rest, assignments, span) = match builtin {
                    BuiltinCommand::Break(c) => ("break", &c.depth, &c.extra_args, &c.assignments, c.span),
                    BuiltinCommand::Continue(c) => {
                        ("continue", &c.depth, &c.extra_args, &c.assignments, c.span)
                    }
                    BuiltinCommand::Return(c) => ("return", &c.code, &c.extra_args, &c.assignments, c.span),
                    BuiltinCommand::Exit(c) => ("exit", &c.code, &c.extra_args, &c.assignments, c.span),
                };
                let args: Vec<_> = first.iter().chain(rest).map(|w| self.word(w, context)).collect();
                let name = self.keyword(name, span, assignments);
                self.push(name, args, assignments, Vec::new(), redirects, span, context, between);
            }
            Ast::Decl(clause) => {
                let mut args = Vec::new();
                let mut declared = Vec::new();
                for operand in &clause.operands {
                    match operand {
                        DeclOperand::Flag(word) | DeclOperand::Dynamic(word) => {
                            args.push(self.word(word, context));
                        }
                        DeclOperand::Name(variable) => declared.push(Assignment {
                            name: self.slice(variable.name_span),
                            value: None,
                            span: self.span(variable.span),
                        }),
                        DeclOperand::Assignment(assignment) => {
                            declared.push(self.assignment(assignment, context));
                        }
                    }
                }
                let text = self.slice(clause.variant_span);
                let name = Some(Self::bare(text));
                self.push(
                    name,
                    args,
                    &clause.assignments,
                    declared,
                    redirects,
                    clause.span,
                    context,
                    between,
                );
            }
            // Only reached through a statement of its own, which walks chains.
            Ast::Binary(_) => self.statement(statement, context, between),
            Ast::Compound(compound) => {
                self.redirects(redirects, context);
                self.compound(compound, context, between);
            }
            Ast::Function(function) => {
                let inner = Context { function: true, tested: false, conditional: true, ..context.deeper() };
                self.statement(&function.body, inner, ALONE);
            }
            Ast::AnonymousFunction(function) => {
                self.statement(&function.body, Context { function: true, ..context.deeper() }, ALONE);
            }
        }
    }

    fn compound(&mut self, compound: &CompoundCommand, context: Context, between: Between) {
        let inner = context.deeper();
        let branch = Context { conditional: true, ..inner };
        let looped = Context { in_loop: true, ..inner };
        let condition = Context { tested: true, ..inner };
        match compound {
            CompoundCommand::If(c) => {
                self.sequence(&c.condition, condition);
                self.sequence(&c.then_branch, branch);
                for (test, body) in &c.elif_branches {
                    self.sequence(test, Context { tested: true, ..branch });
                    self.sequence(body, branch);
                }
                if let Some(body) = &c.else_branch {
                    self.sequence(body, branch);
                }
            }
            CompoundCommand::For(c) => {
                self.words(c.words.iter().flatten(), context);
                self.sequence(&c.body, looped);
            }
            CompoundCommand::Repeat(c) => self.sequence(&c.body, looped),
            CompoundCommand::Foreach(c) => {
                self.words(&c.words, context);
                self.sequence(&c.body, looped);
            }
            CompoundCommand::ArithmeticFor(c) => self.sequence(&c.body, looped),
            CompoundCommand::While(c) => {
                self.sequence(&c.condition, Context { in_loop: true, ..condition });
                self.sequence(&c.body, looped);
            }
            CompoundCommand::Until(c) => {
                self.sequence(&c.condition, Context { in_loop: true, ..condition });
                self.sequence(&c.body, looped);
            }
            CompoundCommand::Case(c) => {
                self.words([&c.word], context);
                for item in &c.cases {
                    self.sequence(&item.body, branch);
                }
            }
            CompoundCommand::Select(c) => {
                self.words(&c.words, context);
                self.sequence(&c.body, looped);
            }
            CompoundCommand::Subshell(body) => self.sequence(body, Context { subshell: true, ..inner }),
            CompoundCommand::BraceGroup(body) => self.sequence(body, inner),
            CompoundCommand::Arithmetic(_) => {}
            CompoundCommand::Time(c) => {
                if let Some(command) = &c.command {
                    self.statement(command, context, between);
                }
            }
            CompoundCommand::Conditional(c) => {
                let mut words = Vec::new();
                operands(&c.expression, &mut words);
                let name = Some(Self::bare(self.slice(c.left_bracket_span)));
                let args = words.into_iter().map(|w| self.word(w, context)).collect();
                self.push(name, args, &[], Vec::new(), &[], c.span, context, between);
            }
            CompoundCommand::Coproc(c) => self.statement(&c.body, Context { subshell: true, ..inner }, ALONE),
            CompoundCommand::Always(c) => {
                self.sequence(&c.body, inner);
                self.sequence(&c.always_body, inner);
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "they are the fields of a command")]
    fn push(
        &mut self,
        name: Option<Word>,
        args: Vec<Word>,
        assignments: &[AstAssignment],
        declared: Vec<Assignment>,
        redirects: &[AstRedirect],
        span: AstSpan,
        context: Context,
        between: Between,
    ) {
        let assignments: Vec<_> =
            assignments.iter().map(|a| self.assignment(a, context)).chain(declared).collect();
        let redirects_of = redirects;
        let redirects = self.redirects(redirects, context);
        let mut range = self.range(span);
        // A span may take in the space before what follows, and what connects the two.
        range.end = range.start + self.text[range.clone()].trim_end().len();
        let whole = self.text.span_of(range.clone());
        let words = name.iter().chain(&args).map(|w| w.span).chain(assignments.iter().map(|a| a.span));
        let end = words.chain(redirects.iter().map(|r| r.span)).map(|span| span.end).max();
        let whole = Span { end: end.unwrap_or(whole.end), ..whole };
        let command = Command {
            name,
            args,
            assignments,
            redirects,
            span: whole,
            before: between.before,
            after: between.after,
            context,
        };
        let fed = reads_script(&command) && context.depth < DEEPEST_SCRIPTS;
        self.commands.push((range.start, command));
        if fed {
            self.script(redirects_of, context);
        }
    }

    /// The commands of a heredoc that a shell of its own runs.
    fn script(&mut self, redirects: &[AstRedirect], context: Context) {
        let mut bodies = redirects.iter().filter_map(|redirect| match &redirect.target {
            RedirectTarget::Heredoc(heredoc) => Some(self.range(heredoc.body.span)),
            RedirectTarget::Word(_) => None,
        });
        let Some(body) = bodies.next_back() else { return };
        let inner = parse_within(&self.text.slice(body.clone()), context.depth.saturating_add(1));
        // In the order of the text, behind what starts the shell.
        self.commands.extend(inner.commands.into_iter().enumerate().map(|(n, mut command)| {
            command.context.subshell = true;
            (body.start + n, command)
        }));
    }

    /// The name of a command that has a node of its own.
    fn keyword(&self, name: &str, span: AstSpan, assignments: &[AstAssignment]) -> Option<Word> {
        let mut range = self.range(span);
        if let Some(last) = assignments.last() {
            range.start = self.range(last.span).end.clamp(range.start, range.end);
        }
        let at = range.start + self.text[range].find(name)?;
        Some(Self::bare(self.text.slice(at..at + name.len())))
    }

    /// A word without quotes and expansions.
    fn bare(text: Text) -> Word {
        let span = text.span();
        Word { value: Some(text.as_str().into()), text, pattern: false, span, variables: Vec::new() }
    }

    fn words<'w>(&mut self, words: impl IntoIterator<Item = &'w AstWord>, context: Context) {
        for word in words {
            self.word(word, context);
        }
    }

    fn assignment(&mut self, assignment: &AstAssignment, context: Context) -> Assignment {
        let value = match &assignment.value {
            AssignmentValue::Scalar(word) => Some(self.word(word, context)),
            AssignmentValue::Compound(_) => None,
        };
        Assignment { name: self.slice(assignment.target.name_span), value, span: self.span(assignment.span) }
    }

    fn redirects(&mut self, redirects: &[AstRedirect], context: Context) -> Vec<Redirect> {
        let mut out = Vec::with_capacity(redirects.len());
        for redirect in redirects {
            let operator = match redirect.kind {
                RedirectKind::Output => ">",
                RedirectKind::Clobber => ">|",
                RedirectKind::Append => ">>",
                RedirectKind::Input => "<",
                RedirectKind::ReadWrite => "<>",
                RedirectKind::HereDoc => "<<",
                RedirectKind::HereDocStrip => "<<-",
                RedirectKind::HereString => "<<<",
                RedirectKind::DupOutput => ">&",
                RedirectKind::DupInput => "<&",
                RedirectKind::OutputBoth => "&>",
            };
            let target = match &redirect.target {
                RedirectTarget::Word(word) => Some(self.word(word, context)),
                RedirectTarget::Heredoc(heredoc) => {
                    for part in &heredoc.body.parts {
                        if let HeredocBodyPart::CommandSubstitution { body, .. } = &part.kind {
                            self.substitution(body, context);
                        }
                    }
                    Some(Self::bare(self.slice(heredoc.delimiter.span)))
                }
            };
            let range = self.range(redirect.span);
            let mut span = self.text.span_of(range.clone());
            if let Some(target) = &target {
                // The body of a heredoc does not belong to it.
                span.end = if matches!(redirect.target, RedirectTarget::Heredoc(_)) {
                    target.span.end.max(span.start)
                } else {
                    span.end.max(target.span.end)
                };
            }
            let descriptor = redirect.fd.and_then(|fd| u32::try_from(fd).ok());
            out.push(Redirect { operator, descriptor, target, span });
        }
        out
    }

    fn substitution(&mut self, body: &StmtSeq, context: Context) {
        let inner = Context { subshell: true, substitution: true, tested: false, ..context.deeper() };
        self.sequence(body, inner);
    }

    fn word(&mut self, word: &AstWord, context: Context) -> Word {
        let mut range = self.range(word.span);
        range.end = range.start + self.text[range.clone()].trim_end_matches(['\n', '\r']).len();
        let text = self.text.slice(range);
        let mut found = Found::default();
        self.parts(&word.parts, context, &mut found);
        let unquoted = (!found.dynamic && !word.has_active_brace_expansion()).then(|| unquote(&text));
        let (value, pattern) = match unquoted {
            Some((value, pattern)) => (Some(value), pattern),
            None => (None, unquote(&text).1),
        };
        Word { value, pattern, span: text.span(), text, variables: found.variables }
    }

    fn parts(&mut self, parts: &[WordPartNode], context: Context, found: &mut Found) {
        for part in parts {
            let place = self.span(part.span);
            match &part.kind {
                WordPart::Literal(_) => continue,
                WordPart::SingleQuoted { dollar, .. } => {
                    found.dynamic |= dollar;
                    continue;
                }
                WordPart::DoubleQuoted { parts, dollar } => {
                    found.dynamic |= dollar;
                    self.parts(parts, context, found);
                    continue;
                }
                WordPart::Variable(name) => found.variable(name.as_str(), place),
                WordPart::CommandSubstitution { body, .. } | WordPart::ProcessSubstitution { body, .. } => {
                    self.substitution(body, context);
                }
                WordPart::ArithmeticExpansion { expression_word_ast, .. } => {
                    self.parts(&expression_word_ast.parts, context, found);
                }
                WordPart::Parameter(parameter) => {
                    if let ParameterExpansionSyntax::Bourne(bourne) = &parameter.syntax {
                        if let Some(reference) = reference(bourne) {
                            found.variable(reference.name.as_str(), place);
                        }
                        if let Some(operand) = bourne.operand_word_ast() {
                            self.parts(&operand.parts, context, found);
                        }
                    }
                }
                WordPart::ParameterExpansion { reference, operand_word_ast, .. }
                | WordPart::IndirectExpansion { reference, operand_word_ast, .. } => {
                    found.variable(reference.name.as_str(), place);
                    if let Some(operand) = operand_word_ast {
                        self.parts(&operand.parts, context, found);
                    }
                }
                WordPart::Length(reference)
                | WordPart::ArrayAccess(reference)
                | WordPart::ArrayLength(reference)
                | WordPart::ArrayIndices(reference)
                | WordPart::Substring { reference, .. }
                | WordPart::ArraySlice { reference, .. }
                | WordPart::Transformation { reference, .. } => {
                    found.variable(reference.name.as_str(), place);
                }
                WordPart::PrefixMatch { .. } | WordPart::ZshQualifiedGlob(_) => {}
            }
            found.dynamic = true;
        }
    }
}

/// What a word has in it.
#[derive(Default)]
struct Found {
    dynamic: bool,
    variables: Vec<Spanned<Box<str>>>,
}

impl Found {
    fn variable(&mut self, name: &str, place: Span) {
        self.variables.push(Spanned::new(name.into(), place));
    }
}

fn reference(expansion: &BourneParameterExpansion) -> Option<&VarRef> {
    match expansion {
        BourneParameterExpansion::Access { reference }
        | BourneParameterExpansion::Length { reference }
        | BourneParameterExpansion::Indices { reference }
        | BourneParameterExpansion::Indirect { reference, .. }
        | BourneParameterExpansion::Slice { reference, .. }
        | BourneParameterExpansion::Operation { reference, .. }
        | BourneParameterExpansion::Transformation { reference, .. } => Some(reference),
        BourneParameterExpansion::PrefixMatch { .. } => None,
    }
}

/// The words in a `[[ … ]]`.
fn operands<'e>(expression: &'e ConditionalExpr, words: &mut Vec<&'e AstWord>) {
    match expression {
        ConditionalExpr::Binary(binary) => {
            operands(&binary.left, words);
            operands(&binary.right, words);
        }
        ConditionalExpr::Unary(unary) => operands(&unary.expr, words),
        ConditionalExpr::Parenthesized(inner) => operands(&inner.expr, words),
        ConditionalExpr::Word(word) | ConditionalExpr::Regex(word) => words.push(word),
        ConditionalExpr::Pattern(_) | ConditionalExpr::VarRef(_) => {}
    }
}

/// A word without its quotes and escapes, and whether a pattern stands outside them.
fn unquote(text: &str) -> (Box<str>, bool) {
    let mut value = String::with_capacity(text.len());
    let mut pattern = false;
    let mut quote = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (None, '\'' | '"') => quote = Some(c),
            (Some(q), c) if c == q => quote = None,
            (None, '\\') => match chars.next() {
                Some('\n') | None => {}
                Some(c) => value.push(c),
            },
            (Some('"'), '\\') => match chars.next_if(|c| matches!(c, '$' | '`' | '"' | '\\' | '\n')) {
                Some('\n') => {}
                Some(c) => value.push(c),
                None => value.push('\\'),
            },
            (None, '*' | '?' | '[') => {
                pattern = true;
                value.push(c);
            }
            _ => value.push(c),
        }
    }
    (value.into(), pattern)
}
