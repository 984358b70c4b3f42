//! What the variables and expressions of a workflow come to, as far as the file tells.

/// Stands for what is not known.
pub(super) const UNKNOWN: char = '\u{1}';

/// How often the value of a variable may lead to others.
const DEPTH: u8 = 8;

/// The variables at one place of a workflow.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope {
    /// The environment; of several with one name the last counts.
    pub(super) env: Vec<(String, String)>,
    /// The combination of the matrix, with dots for values within values.
    pub(super) matrix: Vec<(String, String)>,
    /// The inputs of a workflow that is called.
    pub(super) inputs: Vec<(String, String)>,
    /// Outputs of steps, as `step.output`.
    pub(super) outputs: Vec<(String, String)>,
}

fn find<'a>(pairs: &'a [(String, String)], key: &str) -> Option<&'a str> {
    pairs.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
}

/// Whether a text is known in full.
pub(super) fn known(text: &str) -> bool {
    !text.contains(UNKNOWN)
}

/// A text, where it is known in full.
pub(super) fn known_text(text: String) -> Option<String> {
    known(&text).then_some(text)
}

impl Scope {
    /// A variable of the environment.
    pub(super) fn variable(&self, name: &str) -> Option<&str> {
        find(&self.env, name)
    }

    pub(super) fn set(&mut self, name: String, value: String) {
        self.env.push((name, value));
    }

    /// A text with its `${{ … }}` replaced by what they come to.
    pub(super) fn resolve(&self, text: &str) -> String {
        self.resolve_to(text, DEPTH)
    }

    fn resolve_to(&self, text: &str, depth: u8) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find("${{") {
            let Some(end) = rest[start..].find("}}") else { break };
            out.push_str(&rest[..start]);
            match self.evaluate(&rest[start + 3..start + end], depth) {
                Some(value) => out.push_str(&value),
                None => out.push(UNKNOWN),
            }
            rest = &rest[start + end + 2..];
        }
        out.push_str(rest);
        out
    }

    /// What an expression comes to: literals, contexts, `||` and `format`; `None` for all else.
    pub(super) fn evaluate(&self, expression: &str, depth: u8) -> Option<String> {
        let expression = expression.trim();
        if depth == 0 || expression.contains("&&") {
            return None;
        }
        if expression.contains("||") {
            let mut last = None;
            for part in expression.split("||") {
                let value = self.evaluate(part, depth - 1)?;
                let truthy = !matches!(value.as_str(), "" | "false" | "0");
                last = Some(value);
                if truthy {
                    break;
                }
            }
            return last;
        }
        if let Some(inner) = expression.strip_prefix('\'').and_then(|e| e.strip_suffix('\'')) {
            return (!inner.replace("''", "").contains('\'')).then(|| inner.replace("''", "'"));
        }
        if let Some(inner) = expression.strip_prefix("format(").and_then(|e| e.strip_suffix(')')) {
            let mut arguments = inner.split(',');
            let mut text = self.evaluate(arguments.next()?, depth - 1)?;
            for (index, argument) in arguments.enumerate() {
                let value = self.evaluate(argument, depth - 1).unwrap_or_else(|| UNKNOWN.to_string());
                text = text.replace(&format!("{{{index}}}"), &value);
            }
            return Some(text);
        }
        if expression.parse::<f64>().is_ok() || matches!(expression, "true" | "false") {
            return Some(expression.to_owned());
        }
        let path = expression.replace("['", ".").replace("[\"", ".").replace("']", "").replace("\"]", "");
        if !path.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b)) {
            return None;
        }
        let (context, name) = path.split_once('.')?;
        let value = match context {
            "env" => self.variable(name)?,
            "matrix" => self.matrix_value(name)?,
            "inputs" => find(&self.inputs, name)?,
            "github" | "gitea" | "forgejo" if name == "workspace" => ".",
            "github" | "gitea" | "forgejo" => find(&self.inputs, name.strip_prefix("event.inputs.")?)?,
            "steps" => {
                let (step, output) = name.split_once(".outputs.")?;
                find(&self.outputs, &format!("{step}.{output}"))?
            }
            _ => return None,
        };
        Some(self.resolve_to(value, depth - 1))
    }

    /// A value of the matrix: empty where its combination has no such key, `None` where that is not known.
    fn matrix_value(&self, name: &str) -> Option<&str> {
        let open = |(key, value): &(String, String)| value.contains("${{") && name.starts_with(key.as_str());
        match find(&self.matrix, name) {
            Some(value) => Some(value),
            None if self.matrix.is_empty() || self.matrix.iter().any(open) => None,
            None => Some(""),
        }
    }

    /// A word of a shell as written, with quotes undone and variables replaced. `expressions` are those that
    /// [`mask`] took out of the script.
    pub(super) fn expand(&self, word: &str, expressions: &[String]) -> String {
        let mut out = String::with_capacity(word.len());
        let bytes = word.as_bytes();
        let (mut at, mut quote) = (0, None);
        while let Some(&byte) = bytes.get(at) {
            match byte {
                b'\'' if quote != Some(b'"') => quote = if quote.is_none() { Some(b'\'') } else { None },
                b'"' if quote != Some(b'\'') => quote = if quote.is_none() { Some(b'"') } else { None },
                b'\\' if quote != Some(b'\'') && word[at + 1..].chars().next().is_some() => {
                    let next = word[at + 1..].chars().next().unwrap_or_default();
                    out.push(next);
                    at += next.len_utf8();
                }
                b'`' if quote != Some(b'\'') => {
                    out.push(UNKNOWN);
                    at = word[at + 1..].find('`').map_or(bytes.len(), |end| at + 1 + end);
                }
                b'$' if quote != Some(b'\'') => {
                    let (length, value) = self.dollar(&word[at..], expressions);
                    out.push_str(&value);
                    at += length - 1;
                }
                _ => {
                    let next = word[at..].chars().next().unwrap_or_default();
                    out.push(next);
                    at += next.len_utf8() - 1;
                }
            }
            at += 1;
        }
        out
    }

    /// The length of what a `$` begins, and what it comes to.
    fn dollar(&self, text: &str, expressions: &[String]) -> (usize, String) {
        let unknown = UNKNOWN.to_string();
        let rest = &text[1..];
        if rest.starts_with('(') {
            let mut depth = 0;
            let end = rest.bytes().position(|b| {
                depth += match b {
                    b'(' => 1,
                    b')' => -1,
                    _ => 0,
                };
                depth == 0
            });
            return (end.map_or(text.len(), |end| end + 2), unknown);
        }
        let braces = rest.strip_prefix('{');
        let name_of =
            |text: &str| text.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
        let Some(inner) = braces else {
            let length = name_of(rest);
            if length == 0 {
                return (1, "$".to_owned());
            }
            let value = self.variable(&rest[..length]).map_or(unknown, |value| self.resolve(value));
            return (1 + length, value);
        };
        let Some(end) = inner.find('}') else { return (text.len(), unknown) };
        let length = end + 3;
        let (name, operator) = inner[..end].split_at(name_of(&inner[..end]));
        if let Some(expression) = masked_number(name).and_then(|n| expressions.get(n)) {
            return (length, self.evaluate(expression, DEPTH).unwrap_or(unknown));
        }
        let value = self.variable(name).map(|value| self.resolve(value));
        let value = match (operator, value) {
            ("", value) => value.unwrap_or(unknown),
            (operator, Some(value)) if operator.starts_with(":-") || operator.starts_with('-') => value,
            // Whether the runner has the variable is not known.
            _ => unknown,
        };
        (length, value)
    }
}

/// A script with its `${{ … }}` made variables of the same length, so that a shell can read it, and the expressions.
pub(super) fn mask(script: &str) -> (String, Vec<String>) {
    let mut expressions = Vec::new();
    let mut out = String::with_capacity(script.len());
    let mut rest = script;
    while let Some(start) = rest.find("${{") {
        let Some(end) = rest[start..].find("}}").map(|end| start + end + 2) else { break };
        out.push_str(&rest[..start]);
        let name = format!("z{}", expressions.len());
        // Nothing shorter than `${{a}}` is an expression; its three letters are enough for a hundred of them.
        let width = end - start - 3;
        out.push_str("${");
        out.push_str(&name[..name.len().min(width)]);
        out.extend(std::iter::repeat_n('_', width.saturating_sub(name.len())));
        out.push('}');
        expressions.push(rest[start + 3..end - 2].to_owned());
        rest = &rest[end..];
    }
    out.push_str(rest);
    (out, expressions)
}

/// The number of an expression that [`mask`] gave this name.
fn masked_number(name: &str) -> Option<usize> {
    let number = name.strip_prefix('z')?.trim_end_matches('_');
    if number.is_empty() { None } else { number.parse().ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope() -> Scope {
        let pair = |k: &str, v: &str| (k.to_owned(), v.to_owned());
        Scope {
            env: vec![
                pair("A", "a"),
                pair("B", "${{ env.A }}/${{ matrix.m.n }}"),
                pair("LOOP", "${{ env.LOOP }}"),
            ],
            matrix: vec![pair("m.n", "deep")],
            inputs: vec![pair("file", "F")],
            outputs: vec![pair("meta.tags", "x:1")],
        }
    }

    #[test]
    fn expressions() {
        let cases = [
            ("x", "x"),
            ("${{ env.A }}-${{env.B}}", "a-a/deep"),
            ("${{ matrix['m'].n }}", "deep"),
            ("${{ inputs.file || 'no' }}", "F"),
            ("${{ github.event.inputs.file }}", "F"),
            ("${{ format('{0}/{1}', env.A, github.sha) }}", "a/\u{1}"),
            ("${{ steps.meta.outputs.tags }}", "x:1"),
            ("${{ github.workspace }}/d", "./d"),
            ("${{ env.LOOP }}", "\u{1}"),
            ("${{ secrets.X }}:${{ a && b || c }}", "\u{1}:\u{1}"),
            ("${{ open", "${{ open"),
        ];
        for (text, expected) in cases {
            assert_eq!(scope().resolve(text), expected, "{text}");
        }
    }

    #[test]
    fn words_of_a_shell() {
        let (masked, expressions) = mask("a ${{ env.A }} ${{x}}$B");
        assert_eq!(masked.len(), "a ${{ env.A }} ${{x}}$B".len());
        let cases = [
            (masked.as_str(), "a a \u{1}a/deep"),
            ("'$A'\"$A\"\\$A", "$Aa$A"),
            ("${A}x${NO:-d}${A:-d}", "ax\u{1}a"),
            ("$(date +%s)`x`$", "\u{1}\u{1}$"),
            ("é$", "é$"),
            ("${A", "\u{1}"),
            ("$(a", "\u{1}"),
            ("\\", "\\"),
        ];
        for (word, expected) in cases {
            assert_eq!(scope().expand(word, &expressions), expected, "{word}");
        }
    }
}
