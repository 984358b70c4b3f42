//! What is wrong with a text that is not YAML, in words that help to mend it.

use std::ops::Range;

use granit_parser::ErrorKind;

/// The message for an error at a byte of the text, and the bytes to point at.
pub(super) fn of(kind: &ErrorKind, text: &str, at: usize, document: usize) -> (String, Range<usize>) {
    let at = floor(text, at.min(text.len()));
    let line_start = text[..at].rfind(['\n', '\r']).map_or(0, |n| n + 1);
    let line = &text[line_start..];
    let line = &line[..line.find(['\n', '\r']).unwrap_or(line.len())];
    let word = word(text, at);

    // A tab is what a person sees least, whatever else it leads to.
    let margin = line.len() - line.trim_start().len();
    let tab = match kind {
        ErrorKind::UnclosedQuotedScalar | ErrorKind::UnclosedFlowCollection { .. } => None,
        _ => line[..margin].find('\t').map(|tab| line_start + tab),
    };
    // The parser may point at what stands before the line with the tab.
    let tab = tab.or_else(|| match kind {
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabInPlainScalar => next_margin_tab(text, at),
        _ => None,
    });
    if let Some(tab) = tab {
        return ("a tab in the indentation; YAML is indented with spaces".into(), tab..tab + 1);
    }

    let say = |message: &str| (message.to_owned(), word.clone());
    match kind {
        // A scalar that is closed and not indented never comes here.
        ErrorKind::UnclosedQuotedScalar
        | ErrorKind::InvalidQuotedScalarIndent
        | ErrorKind::DocumentIndicatorInQuotedScalar => {
            let start = opening_quote(text, at, document);
            (format!("the quote {} is never closed", quoted(text, start)), start..start + 1)
        }
        ErrorKind::UnclosedFlowCollection { open } => {
            (format!("the bracket `{open}` is never closed"), at..(at + 1).min(text.len()))
        }
        ErrorKind::UnexpectedEofFlowSequence
        | ErrorKind::UnexpectedEofFlowMapping
        | ErrorKind::UnexpectedEofImplicitFlowMapping => say("the text ends within a bracket"),
        ErrorKind::MisplacedFlowCollectionEnd => say("this bracket closes none that is open"),
        ErrorKind::MismatchedFlowCollectionEnd { open, close } => {
            (format!("`{open}` is closed with `{close}`"), at..(at + 1).min(text.len()))
        }
        ErrorKind::ExpectedFlowMappingSeparator => say("expected `,` or `}` here"),
        ErrorKind::ExpectedFlowSequenceSeparator => say("expected `,` or `]` here"),
        ErrorKind::UnexpectedEofBlockSequence
        | ErrorKind::UnexpectedEofBlockMapping
        | ErrorKind::UnexpectedEof => say("the text ends too early"),
        ErrorKind::UnknownAnchor => say("unknown anchor"),
        ErrorKind::ExpectedBlockMappingKey | ErrorKind::ExpectedBlockSequenceEntry => {
            say("this line's indentation fits neither the lines above it nor a list or mapping inside them")
        }
        ErrorKind::InvalidIndentation => {
            say("bad indentation: this line belongs to no list or mapping above it")
        }
        ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => {
            (format!("expected `:` and a value after the key {}", excerpt(text, &word)), word)
        }
        ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement => {
            say("a mapping cannot begin here; quote a text that has `: ` in it, or check the indentation")
        }
        ErrorKind::MappingKeyNotAllowed => say("a key cannot stand here; check the indentation"),
        ErrorKind::BlockSequenceEntryNotAllowed => {
            say("a list item cannot begin here; put `- ` on a line of its own, indented as its siblings")
        }
        ErrorKind::BlockEntryInFlowCollection | ErrorKind::PlainScalarStartsWithDashFlowIndicator => {
            say("`-` cannot stand within brackets; separate items with commas or quote it")
        }
        ErrorKind::InvalidBlockEntryWhitespace => say("only spaces may follow `-`"),
        ErrorKind::InvalidMappingValueWhitespace => say("only spaces may follow `:` here"),
        ErrorKind::FlowMappingValueAdjacentCollection => say("a space is missing after `:`"),
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabInPlainScalar
        | ErrorKind::TabAtBlockScalarStart => say("a tab cannot stand here; YAML is indented with spaces"),
        ErrorKind::UnexpectedCharacter { character } => {
            let end = at + text[at..].chars().next().map_or(0, char::len_utf8);
            let message = match character {
                '%' if line_start == at => "`%` begins a directive only before `---`; quote the text".into(),
                '@' | '`' | '%' => format!("a text that begins with {} must be quoted", shown(*character)),
                _ => format!("unexpected {}", shown(*character)),
            };
            (message, at..end)
        }
        ErrorKind::BomInsideDocument => say("a byte order mark within the text; remove it"),
        ErrorKind::CommentInterceptedScalar => say("a comment cannot stand between the lines of a text"),
        ErrorKind::CommentNotSeparated => say("a space is missing before `#`"),
        ErrorKind::ExpectedWhitespace => say("a space is missing here"),
        ErrorKind::InvalidBlockScalarIndent | ErrorKind::InvalidFlowScalarIndent => {
            say("this line of the text is indented less than its first line")
        }
        ErrorKind::InvalidBlockScalarHeader => {
            say("only `+`, `-` or a digit may follow `|` or `>`; the text begins on the next line")
        }
        ErrorKind::ZeroBlockScalarIndent => say("the indentation of a block text is at least 1"),
        ErrorKind::InvalidTrailingSingleQuotedScalar | ErrorKind::InvalidTrailingDoubleQuotedScalar => {
            say("text behind the closing quote; quote the whole value or escape the quote")
        }
        ErrorKind::UnknownQuotedScalarEscape => {
            say("unknown escape in double quotes; write `\\\\` for a backslash or use single quotes")
        }
        ErrorKind::InvalidQuotedScalarHexEscape
        | ErrorKind::InvalidLowSurrogateHexEscape
        | ErrorKind::InvalidLowSurrogate
        | ErrorKind::MissingLowSurrogate
        | ErrorKind::UnpairedLowSurrogate
        | ErrorKind::InvalidUnicodeEscape => say("this escape stands for no character"),
        ErrorKind::RecursionLimitExceeded => say("nested too deeply"),
        ErrorKind::ExpectedNodeContent => say("a value is missing here"),
        ErrorKind::UnexpectedEndOfPlainScalar => say("a text is missing here"),
        ErrorKind::MissingAnchorOrAliasName => {
            say("a name is missing after `&` or `*`; quote a text that begins with one")
        }
        ErrorKind::UndeclaredTagHandle => say("this tag's handle is not declared by `%TAG`"),
        ErrorKind::ExpectedTagBang
        | ErrorKind::InvalidGlobalTagCharacter
        | ErrorKind::InvalidTagTerminator
        | ErrorKind::MissingTagUri
        | ErrorKind::UnclosedVerbatimTag
        | ErrorKind::InvalidTagEscape
        | ErrorKind::InvalidTagUtf8LeadingByte
        | ErrorKind::InvalidTagUtf8TrailingByte
        | ErrorKind::InvalidTagUtf8 => say("not a tag; quote a text that begins with `!`"),
        ErrorKind::ExpectedDocumentStart | ErrorKind::InvalidDocumentEnd => say(
            "this does not continue the document above; check the indentation, or begin a document with `---`",
        ),
        ErrorKind::MissingDocumentEndBeforeDirective => {
            say("a document must end with `...` before a directive")
        }
        ErrorKind::DuplicateVersionDirective
        | ErrorKind::UnsupportedYamlMajorVersion
        | ErrorKind::DuplicateTagDirective
        | ErrorKind::ExpectedTagDirectiveBang
        | ErrorKind::InvalidDirectiveTerminator
        | ErrorKind::MissingYamlVersionSeparator
        | ErrorKind::MissingDirectiveName
        | ErrorKind::InvalidDirectiveName
        | ErrorKind::DirectiveByteLimitExceeded { .. }
        | ErrorKind::TooManyReservedDirectiveParams { .. }
        | ErrorKind::YamlVersionTooLong
        | ErrorKind::MissingYamlVersion
        | ErrorKind::InvalidTagDirectiveTerminator => say("not a YAML directive"),
        _ => say("not YAML"),
    }
}

/// The first tab in the indentation of the lines below `at`, up to one that is indented with spaces and has none.
fn next_margin_tab(text: &str, at: usize) -> Option<usize> {
    let line = at + text[at..].find(['\n', '\r'])?;
    let start = line + text[line..].find(|c: char| !matches!(c, '\n' | '\r' | ' '))?;
    text[start..].starts_with('\t').then_some(start)
}

/// The quote that opens the text which is not closed: the parser points at it or behind it.
fn opening_quote(text: &str, at: usize, document: usize) -> usize {
    if text[at..].starts_with(['"', '\'']) {
        return at;
    }
    text.get(document..at).and_then(|t| t.rfind(['"', '\''])).map_or(at.min(text.len()), |n| document + n)
}

fn quoted(text: &str, at: usize) -> &'static str {
    if text[at..].starts_with('\'') { "`'`" } else { "`\"`" }
}

fn shown(c: char) -> String {
    match c {
        '`' => "a backtick".into(),
        c if c.is_control() => format!("control character U+{:04X}", u32::from(c)),
        c => format!("`{c}`"),
    }
}

fn excerpt(text: &str, range: &Range<usize>) -> String {
    let word: String = text[range.clone()].chars().take(40).collect();
    format!("`{word}`")
}

/// The bytes from `at` to the next white space, and at least one character where there is one.
fn word(text: &str, at: usize) -> Range<usize> {
    let rest = &text[at..];
    let end = rest.find(|c: char| c.is_whitespace()).unwrap_or(rest.len());
    let least = rest.chars().next().map_or(0, char::len_utf8);
    at..at + end.max(least)
}

fn floor(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
