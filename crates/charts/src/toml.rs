//! TOML as Helm's `toToml` writes it.

use crate::number;
use crate::text::Text;
use crate::value::{Data, Value};

/// The text of a map; empty for what is none.
pub(crate) fn write(value: &Value) -> Text {
    let mut out = Text::default();
    if value.as_map().is_some() {
        table(value, "", 0, &mut out);
    }
    out
}

fn is_table(value: &Value) -> bool {
    value.as_map().is_some()
}

fn is_tables(value: &Value) -> bool {
    value.as_list().is_some_and(|items| !items.is_empty() && items.iter().all(is_table))
}

fn table(value: &Value, path: &str, depth: usize, out: &mut Text) {
    let Some(map) = value.as_map() else { return };
    let entries = map.entries.borrow();
    let pad = "  ".repeat(depth);
    for (key, entry) in entries.iter().filter(|(_, e)| !is_table(&e.value) && !is_tables(&e.value)) {
        if entry.value.is_nil() {
            continue;
        }
        out.push_made(&pad);
        out.push_str(&bare(key), entry.key.derived());
        out.push_made(" = ");
        scalar(&entry.value, out);
        out.push_made("\n");
    }
    for (key, entry) in entries.iter() {
        let below = if path.is_empty() { bare(key) } else { format!("{path}.{}", bare(key)) };
        let pad = "  ".repeat(depth);
        if is_table(&entry.value) {
            if !out.is_empty() && depth == 0 {
                out.push_made("\n");
            }
            out.push_made(&format!("{pad}[{below}]\n"));
            table(&entry.value, &below, depth + 1, out);
        } else if is_tables(&entry.value) {
            for item in entry.value.as_list().into_iter().flat_map(|items| items.iter()) {
                out.push_made(&format!("\n{pad}[[{below}]]\n"));
                table(item, &below, depth + 1, out);
            }
        }
    }
}

fn bare(key: &str) -> String {
    let plain = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    if plain { key.to_owned() } else { quoted(key) }
}

fn quoted(text: &str) -> String {
    let escaped = text
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
        .replace('\r', "\\r")
        .replace('\t', "\\t");
    format!("\"{escaped}\"")
}

fn scalar(value: &Value, out: &mut Text) {
    let at = value.at.derived();
    match &value.data {
        Data::Str(text) => out.push(&text.remade(quoted(text.as_str()))),
        Data::Float(n) => {
            let text = number::shortest(*n);
            let whole = n.fract() == 0.0 && !text.contains(['e', '.']);
            out.push_str(&if whole { format!("{text}.0") } else { text }, at);
        }
        Data::List(items) => {
            out.push_made("[");
            for (n, item) in items.iter().enumerate() {
                if n > 0 {
                    out.push_made(", ");
                }
                scalar(item, out);
            }
            out.push_made("]");
        }
        _ => out.push_str(value.display().as_str(), at),
    }
}
