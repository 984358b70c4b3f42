//! Texts of Compose files whose variables stay variables.

use crate::project::compose::{Item, Reference, references};

/// A text: what it comes to with the values that the project itself gives its variables, and how it is made of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Text {
    /// What it is made of.
    pub pieces: Vec<Piece>,
}

/// A part of a text.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    /// It stands as it is.
    Literal(String),
    /// A variable of the Compose files.
    Variable(Variable),
}

/// A use of a variable.
#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// What is done with it.
    pub operator: Operator,
    /// What it comes to where nobody sets it: its value in `.env`, or else its default.
    pub value: String,
    /// Its value in `.env`.
    pub set: Option<String>,
}

/// What is done with a variable.
#[derive(Clone, Debug, PartialEq)]
pub enum Operator {
    /// `${A}`: empty where it is not set.
    Plain,
    /// `${A:-b}` or `${A-b}`: a default.
    Default(Text),
    /// `${A:?b}` or `${A?b}`: it has to be set, or Compose ends with this message.
    Required(Text),
    /// `${A:+b}` or `${A+b}`: another text where it is set.
    Replaced(Text),
}

impl Text {
    /// A text without variables.
    pub fn literal(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { pieces: if text.is_empty() { Vec::new() } else { vec![Piece::Literal(text)] } }
    }

    /// The text of a scalar of a Compose project; `None` for a collection or null.
    ///
    /// `lookup` gives the values that the project itself gives variables.
    pub fn of(item: &Item, lookup: &dyn Fn(&str) -> Option<String>) -> Option<Self> {
        let text = item.to_text()?;
        Some(match &item.raw {
            Some(raw) => Self::read(raw, lookup),
            None => Self::literal(text),
        })
    }

    /// Reads a text before interpolation.
    pub fn read(raw: &str, lookup: &dyn Fn(&str) -> Option<String>) -> Self {
        let mut text = Self::default();
        for reference in references(raw) {
            match reference {
                Reference::Literal(literal) => text.push_str(&literal),
                Reference::Variable { name, mark, word, or_empty } => {
                    let set = lookup(name);
                    let usable = set.clone().filter(|set| !(or_empty && set.is_empty()));
                    let word = Self::read(word, lookup);
                    let (operator, value) = match mark {
                        Some(b'-') => {
                            let value = usable.unwrap_or_else(|| word.to_string());
                            (Operator::Default(word), value)
                        }
                        Some(b'?') => (Operator::Required(word), usable.unwrap_or_default()),
                        Some(b'+') => {
                            let value = usable.map(|_| word.to_string()).unwrap_or_default();
                            (Operator::Replaced(word), value)
                        }
                        _ => (Operator::Plain, usable.unwrap_or_default()),
                    };
                    let name = name.to_owned();
                    text.pieces.push(Piece::Variable(Variable { name, operator, value, set }));
                }
            }
        }
        text
    }

    /// Adds a text that stands as it is.
    pub fn push_str(&mut self, text: &str) {
        match self.pieces.last_mut() {
            Some(Piece::Literal(last)) => last.push_str(text),
            _ if text.is_empty() => {}
            _ => self.pieces.push(Piece::Literal(text.to_owned())),
        }
    }

    /// Whether it has a variable.
    pub fn has_variables(&self) -> bool {
        self.pieces.iter().any(|piece| matches!(piece, Piece::Variable(_)))
    }

    /// Its variables, those in defaults too, in order.
    pub fn variables(&self) -> Vec<&Variable> {
        let mut found = Vec::new();
        for piece in &self.pieces {
            let Piece::Variable(variable) = piece else { continue };
            found.push(variable);
            match &variable.operator {
                Operator::Default(word) | Operator::Replaced(word) => found.extend(word.variables()),
                Operator::Plain | Operator::Required(_) => {}
            }
        }
        found
    }

    /// With its literal parts changed.
    #[must_use]
    pub fn map_literals(&self, change: &dyn Fn(&str) -> String) -> Self {
        let pieces = self.pieces.iter().map(|piece| match piece {
            Piece::Literal(text) => Piece::Literal(change(text)),
            Piece::Variable(variable) => Piece::Variable(variable.clone()),
        });
        Self { pieces: pieces.collect() }
    }
}

impl std::fmt::Display for Text {
    /// What it comes to where nobody sets a variable.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.pieces.iter().try_for_each(|piece| match piece {
            Piece::Literal(text) => f.write_str(text),
            Piece::Variable(variable) => f.write_str(&variable.value),
        })
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::literal(text)
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::literal(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_stay_variables() {
        let lookup = |name: &str| (name == "SET").then(|| "here".to_owned());
        let text = Text::read("http://${HOST:-web}:${PORT-80}/$SET$$x${NO}", &lookup);
        assert_eq!(text.to_string(), "http://web:80/here$x");
        let names: Vec<&str> = text.variables().iter().map(|v| v.name.as_str()).collect();
        assert_eq!(names, ["HOST", "PORT", "SET", "NO"]);
    }
}
