//! Texts of Compose files whose variables stay variables.

use crate::project::compose::{Item, Reference, references, split_words};

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
    /// A variable whose value is a secret: it is nowhere but in a Secret.
    Secret(Secret),
}

/// A use of a variable whose value is a secret.
#[derive(Clone, Debug, PartialEq)]
pub struct Secret {
    /// The variable's name.
    pub name: String,
    /// Whether Compose does without it: it has a default that is empty, or a text that takes its place.
    pub optional: bool,
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

    /// With variables of which that is true made secrets: nothing shows their values or their defaults.
    #[must_use]
    pub fn hiding(self, is_secret: &dyn Fn(&str) -> bool) -> Self {
        let pieces = self.pieces.into_iter().map(|piece| match piece {
            Piece::Variable(variable) => {
                // Who gives a path where nothing is set says where the secret lies.
                let is_path = variable.set.is_none() && is_path(&variable.value);
                let own = is_secret(&variable.name) && !is_path;
                let inner = match &variable.operator {
                    Operator::Default(word) | Operator::Replaced(word) | Operator::Required(word) => {
                        word.variables().iter().any(|v| is_secret(&v.name))
                    }
                    Operator::Plain => false,
                };
                if !own && !inner {
                    return Piece::Variable(variable);
                }
                let optional = match &variable.operator {
                    Operator::Default(word) => word.pieces.is_empty(),
                    Operator::Replaced(_) => true,
                    Operator::Plain | Operator::Required(_) => false,
                };
                Piece::Secret(Secret { name: variable.name, optional })
            }
            piece => piece,
        });
        Self { pieces: pieces.collect() }
    }

    /// The secrets in it.
    pub fn secrets(&self) -> impl Iterator<Item = &Secret> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Secret(secret) => Some(secret),
            _ => None,
        })
    }

    /// The words of a command: of a list one each, of a line as Compose splits it.
    pub fn words(item: &Item, lookup: &dyn Fn(&str) -> Option<String>) -> Vec<Self> {
        let Some(raw) = &item.raw else {
            return item.items().iter().filter_map(|word| Self::of(word, lookup)).collect();
        };
        // Variables are marked while the line is split. A value with blanks is split itself, so it stands as it is.
        let line = Self::read(raw, lookup);
        let mut marked = String::new();
        for (at, piece) in line.pieces.iter().enumerate() {
            match piece {
                Piece::Variable(variable) if !variable.value.contains(char::is_whitespace) => {
                    marked.extend(mark(at));
                }
                Piece::Variable(variable) => marked.push_str(&variable.value),
                Piece::Literal(text) => marked.push_str(text),
                Piece::Secret(_) => {}
            }
        }
        let words = split_words(&marked).unwrap_or_default();
        words.iter().map(|word| line.unmarked(word)).collect()
    }

    fn unmarked(&self, word: &str) -> Self {
        let mut text = Self::default();
        for c in word.chars() {
            let marked = (c as usize).checked_sub(MARKS).and_then(|at| self.pieces.get(at));
            match marked {
                Some(piece @ Piece::Variable(_)) => text.pieces.push(piece.clone()),
                _ => text.push_str(c.encode_utf8(&mut [0; 4])),
            }
        }
        text
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
            piece => piece.clone(),
        });
        Self { pieces: pieces.collect() }
    }
}

fn is_path(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-');
    text.starts_with('/') && text[1..].contains(['/', '.']) && text.chars().all(is_part)
}

/// The first of the private-use characters that stand for variables while a line is split.
const MARKS: usize = 0x10_0000;

fn mark(at: usize) -> Option<char> {
    char::from_u32(u32::try_from(MARKS + at).ok()?)
}

impl std::fmt::Display for Text {
    /// What it comes to where nobody sets a variable; nothing for a secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.pieces.iter().try_for_each(|piece| match piece {
            Piece::Literal(text) => f.write_str(text),
            Piece::Variable(variable) => f.write_str(&variable.value),
            Piece::Secret(_) => Ok(()),
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

    #[test]
    fn a_line_is_split_around_its_variables() {
        let item = Item { raw: Some("run --port=${PORT:-80} '$A b' ${MANY:-x y}".into()), ..Item::default() };
        let words = Text::words(&item, &|name| (name == "A").then(|| "a".to_owned()));
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        assert_eq!(words, ["run", "--port=80", "a b", "x", "y"]);
    }

    #[test]
    fn secrets_are_not_shown() {
        let text = Text::read("redis://:${PW:-hunter2}@${HOST:-cache}", &|_| None);
        let text = text.hiding(&|name| name == "PW");
        assert_eq!(text.to_string(), "redis://:@cache");
        assert_eq!(text.secrets().map(|s| s.name.as_str()).collect::<Vec<_>>(), ["PW"]);
        assert!(!format!("{text:?}").contains("hunter2"));
    }
}
