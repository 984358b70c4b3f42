//! Label selectors.

use seaworthy_syntax::yaml::Node;
use seaworthy_syntax::{Span, Spanned};

use super::read::{Labels, labels, lookup, spanned_string, strings};

/// What selects objects by their labels; without any requirement it selects all of them.
#[derive(Clone, Debug)]
pub struct Selector {
    /// Labels an object must have with these values.
    pub labels: Labels,
    /// Further requirements.
    pub expressions: Vec<Expression>,
    /// Where it stands.
    pub span: Span,
}

/// A requirement on one label.
#[derive(Clone, Debug)]
pub struct Expression {
    /// The label.
    pub key: Spanned<String>,
    /// What is required of it.
    pub operator: Operator,
    /// The values the operator is about.
    pub values: Vec<Spanned<String>>,
}

/// What is required of a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// It has one of the values.
    In,
    /// It has none of the values, or is not there.
    NotIn,
    /// It is there.
    Exists,
    /// It is not there.
    DoesNotExist,
    /// Something that the API refuses: it selects nothing.
    Invalid,
}

impl Selector {
    /// Reads `matchLabels` and `matchExpressions`.
    pub fn read(node: Node<'_>) -> Self {
        let expressions = node
            .get("matchExpressions")
            .into_iter()
            .flat_map(Node::items)
            .filter_map(|item| {
                let operator = match item.get("operator")?.scalar()?.as_ref() {
                    "In" => Operator::In,
                    "NotIn" => Operator::NotIn,
                    "Exists" => Operator::Exists,
                    "DoesNotExist" => Operator::DoesNotExist,
                    _ => Operator::Invalid,
                };
                let key = spanned_string(item.get("key")?)?;
                Some(Expression { key, operator, values: strings(item.get("values")) })
            })
            .collect();
        Self { labels: labels(node.get("matchLabels")), expressions, span: node.span() }
    }

    /// Reads a plain mapping of labels, as Services and ReplicationControllers have.
    pub(super) fn read_plain(node: Node<'_>) -> Self {
        Self { labels: labels(Some(node)), expressions: Vec::new(), span: node.span() }
    }

    /// Whether it requires nothing.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.expressions.is_empty()
    }

    /// Whether it selects something with these labels.
    pub fn matches(&self, labels: &Labels) -> bool {
        self.labels.iter().all(|(key, value)| lookup(labels, key).is_some_and(|v| v.value == value.value))
            && self.expressions.iter().all(|e| {
                let value = lookup(labels, &e.key);
                let among = value.is_some_and(|v| e.values.iter().any(|one| one.value == v.value));
                match e.operator {
                    Operator::In => among,
                    Operator::NotIn => !among,
                    Operator::Exists => value.is_some(),
                    Operator::DoesNotExist => value.is_none(),
                    Operator::Invalid => false,
                }
            })
    }
}
