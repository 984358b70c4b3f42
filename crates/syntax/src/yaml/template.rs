//! Files that are YAML only after a template engine ran.

use std::sync::Arc;

use super::{Node, NodeKind, Style, Yaml};
use crate::SourceId;

/// Whether a text is a template, as Helm's are, and no YAML yet.
///
/// Braces within texts, quoted or not, are data of a file that is YAML as it stands: alert texts, `host-{{ .Release.Name }}` in a
/// `HelmRelease`, Argo's and Ansible's variables, GitHub's `${{ }}`. Whether a file lies in a chart's `templates/` is for the
/// caller to ask: there even those are templates.
pub fn is_template(text: &str) -> bool {
    actions(text).next().is_some() && Yaml::parse(SourceId(0), &Arc::from(text)).is_template()
}

impl Yaml {
    /// Whether its text is a template; see [`is_template`].
    pub fn is_template(&self) -> bool {
        let text = &*self.text;
        if actions(text).next().is_none() {
            return false;
        }
        let by_error = self.errors().iter().any(|error| {
            let end = line_end(text, error.span.start as usize);
            // Most parsers stop on the line of the braces or behind it.
            let start = line_start(text, line_start(text, error.span.start as usize).saturating_sub(1));
            text[start..end].lines().any(has_bare_action)
        });
        by_error
            || (!self.errors().is_empty() && text.lines().any(is_control))
            || (0..self.nodes.len() as u32).filter_map(|id| self.at(id)).any(is_unquoted_action)
    }
}

/// Whether `{{` stands on a line outside of quotes and comments.
fn has_bare_action(line: &str) -> bool {
    let mut quote = None;
    let mut before = ' ';
    for (at, c) in line.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') if !before.is_alphanumeric() => quote = Some(c),
            (None, '#') if before.is_whitespace() => return false,
            (None, '{') if before != '$' && line[at..].starts_with("{{") => return true,
            (None, _) => {}
        }
        before = c;
    }
    false
}

/// Where `{{` stands without a `$` before it.
fn actions(text: &str) -> impl Iterator<Item = usize> {
    let braces = memchr::memmem::find_iter(text.as_bytes(), b"{{");
    braces.filter(|at| !text[..*at].ends_with('$'))
}

/// Whether a line is nothing but an action: `{{- if .Values.x }}`.
fn is_control(line: &str) -> bool {
    line.trim_start().strip_prefix("{{").is_some_and(is_go)
}

/// Whether what follows `{{` is in Go's template language: a field, a variable, a comment, or one of its words.
fn is_go(action: &str) -> bool {
    const WORDS: &[&str] = &[
        "if", "else", "end", "range", "with", "define", "template", "include", "block", "toYaml", "tpl",
        "printf", "default", "quote", "required", "lookup", "fail", "not", "and", "or", "eq", "ne",
    ];
    let action = action.strip_prefix('-').unwrap_or(action).trim_start();
    let word = &action[..action.bytes().take_while(u8::is_ascii_alphanumeric).count()];
    let behind = action[word.len()..].chars().next();
    action.starts_with(['.', '$', '/'])
        || (WORDS.contains(&word) && behind.is_none_or(|c| c.is_whitespace() || matches!(c, '(' | '-' | '}')))
}

/// Whether a node is braces within braces, which YAML takes for a mapping and nobody means so.
fn is_unquoted_action(node: Node<'_>) -> bool {
    node.kind() == NodeKind::Mapping
        && node.style() == Style::Flow
        && node.span().of(node.tree.text()).starts_with("{{")
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |n| n + 1)
}

fn line_end(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |n| at + n)
}

#[cfg(test)]
mod tests {
    use super::is_template;

    #[test]
    fn templates_are_told_from_data() {
        let templates = [
            "name: {{ .Release.Name }}\n",
            "{{- if .Values.enabled }}\nname: a\n{{- end }}\n",
            "metadata:\n  name: {{ include \"a.name\" . }}-web\n",
            "metadata:\n  labels:\n    {{- include \"a.labels\" . | nindent 4 }}\nspec: 1\n",
            "{{/* a comment */}}\nname: a\n",
            "replicas: {{ count }}\n",
            "a:\n{{ toYaml .Values.a | indent 2 }}\n",
        ];
        for text in templates {
            assert!(is_template(text), "{text}");
        }
        let data = [
            "name: a\n",
            "if: ${{ github.ref == 'x' }}\nrun: echo ${{ secrets.A }}\n",
            "summary: \"{{ $labels.instance }} down\"\n",
            "summary: '{{ .Values }}'\n",
            "data:\n  x.tmpl: |\n    {{ define \"x\" }}\n    {{ .Status }}\n    {{ end }}\n",
            "args: [\"{{workflow.name}}\"]\nname: hello-{{item}}\n",
            "# {{ .Values.x }}\nname: a\n",
            "name: a\nb: \"{{ $value }}\"\nc: [\n",
            "{a: {b: 1}}\n",
            "path: applications/{{.name}}\nurl: https://{{ .Release.Name }}.example.org\n",
        ];
        for text in data {
            assert!(!is_template(text), "{text}");
        }
    }
}
