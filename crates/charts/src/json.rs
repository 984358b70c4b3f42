//! JSON as Go reads and writes it.

use crate::number;
use crate::text::{Origin, Text};
use crate::value::{Data, Entries, Entry, Value};

/// The text of a value; `escapes` what HTML would mind; `pretty` by two spaces.
pub(crate) fn write(value: &Value, escapes: bool, pretty: bool) -> Text {
    let mut writer = Writer { out: Text::default(), escapes, pretty };
    writer.value(value, 0);
    writer.out
}

struct Writer {
    out: Text,
    escapes: bool,
    pretty: bool,
}

impl Writer {
    fn line(&mut self, depth: usize) {
        if self.pretty {
            self.out.push_made("\n");
            self.out.push_made(&"  ".repeat(depth));
        }
    }

    fn value(&mut self, value: &Value, depth: usize) {
        match &value.data {
            Data::Nil | Data::Null => self.out.push_str("null", value.at.derived()),
            Data::Bool(b) => self.out.push_str(&b.to_string(), value.at.derived()),
            Data::Int(n) | Data::Int64(n) => self.out.push_str(&n.to_string(), value.at.derived()),
            Data::Float(n) => self.out.push_str(&number::json(*n), value.at.derived()),
            Data::Str(text) => self.string(text),
            Data::List(items) if items.is_empty() => self.out.push_made("[]"),
            Data::List(items) => {
                self.out.push_made("[");
                for (n, item) in items.iter().enumerate() {
                    if n > 0 {
                        self.out.push_made(",");
                    }
                    self.line(depth + 1);
                    self.value(item, depth + 1);
                }
                self.line(depth);
                self.out.push_made("]");
            }
            Data::Map(map) => {
                let entries = map.entries.borrow();
                if entries.is_empty() {
                    self.out.push_made("{}");
                    return;
                }
                self.out.push_made("{");
                for (n, (key, entry)) in entries.iter().enumerate() {
                    if n > 0 {
                        self.out.push_made(",");
                    }
                    self.line(depth + 1);
                    self.string(&Text::new(&**key, entry.key));
                    self.out.push_made(if self.pretty { ": " } else { ":" });
                    self.value(&entry.value, depth + 1);
                }
                self.line(depth);
                self.out.push_made("}");
            }
            Data::Object(object) => self.value(&object.exported(), depth),
        }
    }

    fn string(&mut self, text: &Text) {
        self.out.push_made("\"");
        let mut at = 0;
        for (n, c) in text.as_str().char_indices() {
            let escaped = match c {
                '"' => "\\\"".to_owned(),
                '\\' => "\\\\".to_owned(),
                '\n' => "\\n".to_owned(),
                '\r' => "\\r".to_owned(),
                '\t' => "\\t".to_owned(),
                '\x08' => "\\b".to_owned(),
                '\x0c' => "\\f".to_owned(),
                '<' | '>' | '&' if self.escapes => format!("\\u{:04x}", c as u32),
                '\u{2028}' | '\u{2029}' => format!("\\u{:04x}", c as u32),
                c if (c as u32) < 0x20 => format!("\\u{:04x}", c as u32),
                _ => continue,
            };
            self.out.push_range(text, at..n);
            self.out.push_str(&escaped, text.origin_at(n).derived());
            at = n + c.len_utf8();
        }
        self.out.push_range(text, at..text.len());
        self.out.push_made("\"");
    }
}

/// Reads a text.
pub(crate) fn read(text: &Text) -> Result<Value, String> {
    let parsed: serde_json::Value = serde_json::from_str(text.as_str()).map_err(|e| e.to_string())?;
    Ok(of_json(&parsed, text.origin().derived()))
}

/// A value of JSON.
pub(crate) fn of_json(json: &serde_json::Value, at: Origin) -> Value {
    let data = match json {
        serde_json::Value::Null => Data::Nil,
        serde_json::Value::Bool(value) => Data::Bool(*value),
        serde_json::Value::Number(number) => Data::Float(number.as_f64().unwrap_or(0.0)),
        serde_json::Value::String(text) => Data::Str(std::rc::Rc::new(Text::new(text.as_str(), at))),
        serde_json::Value::Array(items) => {
            Data::List(std::rc::Rc::new(items.iter().map(|item| of_json(item, at)).collect()))
        }
        serde_json::Value::Object(map) => {
            let entries: Entries = map
                .iter()
                .map(|(key, value)| (key.as_str().into(), Entry { key: at, value: of_json(value, at) }))
                .collect();
            return Value::map(entries).with_origin(at);
        }
    };
    Value { data, at }
}
