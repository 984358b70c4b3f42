//! Values of a merged Compose project that know where they are written.

use seaworthy_syntax::Span;

pub(super) use super::map::Map;
use crate::project::{Origin, Place};

/// A value of a merged project.
#[derive(Clone, Debug, Default)]
pub struct Item {
    /// What it comes to after interpolation.
    pub value: Value,
    /// Its key, where it is the value of one.
    pub key: Option<Span>,
    /// Where it is written; for a value of a text that is no source, what brought that text in.
    pub at: Option<Span>,
    /// Its node, where it is written in a source.
    pub place: Option<Place>,
    /// Who decided it: [`Origin::Own`], [`Origin::Anchor`] or [`Origin::Extends`]. What an override file decided shows
    /// in the source of `at`.
    pub origin: Origin,
    /// Its text before interpolation, where that is another one.
    pub raw: Option<Box<str>>,
    /// Where in the text a variable without value and without default left nothing.
    pub unknown: Vec<u32>,
}

/// What a value comes to.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// `null`, or nothing.
    #[default]
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// A string.
    Str(String),
    /// A list.
    List(Vec<Item>),
    /// A mapping; its order in the file is that of the keys' spans.
    Map(Map),
}

impl PartialEq for Item {
    /// Whether both come to the same, wherever they are written.
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl Item {
    /// A value that is written nowhere.
    pub fn implied(value: Value) -> Self {
        Self { value, ..Self::default() }
    }

    /// A text that is written nowhere.
    pub fn text(text: impl Into<String>) -> Self {
        Self::implied(Value::Str(text.into()))
    }

    /// Another value that stands where this one does.
    #[must_use]
    pub fn with(&self, value: Value) -> Self {
        Self { value, raw: None, unknown: Vec::new(), ..self.clone_place() }
    }

    /// A part of this text, bytes `from..to`, as a value of its own.
    #[must_use]
    pub fn part(&self, from: usize, to: usize) -> Self {
        let text = self.as_str().and_then(|t| t.get(from..to)).unwrap_or_default().to_owned();
        let mut part = self.with(Value::Str(text));
        let (start, end) = (from as u32, to as u32);
        part.unknown = self.unknown.iter().filter(|p| (start..=end).contains(p)).map(|p| p - start).collect();
        // What stands before the part is no variable, so the part's own text is known too: `A=${B}`.
        if let (Some(raw), Some(text)) = (&self.raw, self.as_str())
            && to == text.len()
            && let (Some(before), Some(rest)) = (raw.get(..from), raw.get(from..))
            && text.get(..from) == Some(before)
            && !before.contains('$')
            && rest != part.as_str().unwrap_or_default()
        {
            part.raw = Some(rest.into());
        }
        part
    }

    fn clone_place(&self) -> Self {
        Self { key: self.key, at: self.at, place: self.place, origin: self.origin, ..Self::default() }
    }

    /// Gives back the room for more that is in it: a project that is loaded changes no more.
    pub(super) fn shrink(&mut self) {
        self.unknown.shrink_to_fit();
        match &mut self.value {
            Value::Str(text) => text.shrink_to_fit(),
            Value::List(list) => {
                list.shrink_to_fit();
                list.iter_mut().for_each(Self::shrink);
            }
            Value::Map(map) => map.shrink(),
            Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) => {}
        }
    }

    /// Whether a variable without value and without default decides it, in whole or in part.
    pub fn is_unknown(&self) -> bool {
        !self.unknown.is_empty()
    }

    /// Whether it is `null`.
    pub fn is_null(&self) -> bool {
        self.value == Value::Null
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::Str(text) => Some(text),
            _ => None,
        }
    }

    /// The value of a boolean.
    pub fn as_bool(&self) -> Option<bool> {
        match self.value {
            Value::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// The value of an integer.
    pub fn as_int(&self) -> Option<i64> {
        match self.value {
            Value::Int(value) => Some(value),
            _ => None,
        }
    }

    /// The entries of a mapping.
    pub fn as_map(&self) -> Option<&Map> {
        match &self.value {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    pub(super) fn as_map_mut(&mut self) -> Option<&mut Map> {
        match &mut self.value {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The items of a list.
    pub fn as_list(&self) -> Option<&[Self]> {
        match &self.value {
            Value::List(list) => Some(list),
            _ => None,
        }
    }

    /// The items of a list; none for anything else.
    pub fn items(&self) -> &[Self] {
        self.as_list().unwrap_or_default()
    }

    /// The entries of a mapping in the order of the files; none for anything else.
    pub fn entries(&self) -> Vec<(&str, &Self)> {
        let mut entries: Vec<_> =
            self.as_map().into_iter().flatten().map(|(name, item)| (name.as_str(), item)).collect();
        entries.sort_by_key(|(_, item)| item.key.or(item.at));
        entries
    }

    /// The value of a key; `None` where there is none or it is null.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.as_map()?.get(key).filter(|item| !item.is_null())
    }

    /// The value below several keys.
    pub fn at_path(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |item, key| item.get(key))
    }

    /// What is underlined for it: its value, or its key where the value is empty.
    pub fn span(&self) -> Option<Span> {
        self.at.filter(|at| at.start < at.end).or(self.key).or(self.at)
    }

    /// The text that Compose makes of a scalar where it wants a string; `None` for a collection or null.
    pub fn to_text(&self) -> Option<String> {
        match &self.value {
            Value::Str(text) => Some(text.clone()),
            Value::Bool(value) => Some(value.to_string()),
            Value::Int(value) => Some(value.to_string()),
            Value::Float(value) => Some(float_text(*value)),
            Value::Null | Value::List(_) | Value::Map(_) => None,
        }
    }
}

/// A float as Go's `%v` writes it: the shortest digits, with an exponent from 1e6 on and below 1e-4.
fn float_text(value: f64) -> String {
    if value == 0.0 {
        return if value.is_sign_negative() { "-0".to_owned() } else { "0".to_owned() };
    }
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf".to_owned() } else { "-Inf".to_owned() };
    }
    let scientific = format!("{value:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else { return scientific };
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..6).contains(&exponent) {
        return value.to_string();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_written_as_go_writes_them() {
        for (value, text) in [
            (0.5, "0.5"),
            (1.0, "1"),
            (-0.0, "-0"),
            (0.000_012_5, "1.25e-05"),
            (1e6, "1e+06"),
            (123_456.5, "123456.5"),
            (1.5e300, "1.5e+300"),
        ] {
            assert_eq!(float_text(value), text, "{value}");
        }
    }

    #[test]
    fn a_part_keeps_what_is_unknown_of_it() {
        let mut item = Item::text(":80");
        item.unknown = vec![0];
        assert!(item.part(0, 0).is_unknown());
        assert!(!item.part(1, 3).is_unknown());
    }
}
