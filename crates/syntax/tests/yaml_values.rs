//! Scalars come to what the engines' own libraries make of them: `tests/engines/yaml-oracle` writes the table.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use seaworthy_syntax::SourceId;
use seaworthy_syntax::yaml::{Dialect, Value, Yaml};

/// Text, kubectl's value, Compose's value.
const TABLE: &str = include_str!("../../../tests/engines/yaml-oracle/values.tsv");

fn agrees(value: &Value<'_>, expected: &str) -> bool {
    let (kind, text) = expected.split_once(' ').unwrap_or((expected, ""));
    match (value, kind) {
        // kubectl has no JSON for these, and refuses tags that do not fit.
        (_, "error") | (Value::Null, "null") => true,
        (Value::Bool(b), "bool") => b.to_string() == text,
        (Value::Int(n), "int") => n.to_string() == text || (*n == 0 && text == "-0"),
        // Beyond 64 bits only the size counts.
        (Value::Float(f), "int" | "float") => {
            let expected = match text {
                "nan" => return f.is_nan(),
                "+Inf" => f64::INFINITY,
                "-Inf" => f64::NEG_INFINITY,
                text => text.parse::<f64>().unwrap(),
            };
            (f - expected).abs() <= expected.abs() * 1e-9 || *f == expected
        }
        (Value::Str(s), "str") => text == format!("{s:?}"),
        // A date stays a text to us.
        (Value::Str(_), "time") => true,
        _ => false,
    }
}

#[test]
fn values_are_those_of_the_engines() {
    let mut rows = 0;
    for row in TABLE.lines() {
        let mut cells = row.split('\t');
        let (text, kubernetes, compose) =
            (cells.next().unwrap(), cells.next().unwrap(), cells.next().unwrap());
        let file: Arc<str> = format!("k: {text}\n").into();
        let tree = Yaml::parse(SourceId(0), &file);
        if kubernetes == "error" && compose == "error" {
            continue;
        }
        let node = tree.documents().next().flatten().and_then(|root| root.get("k")).unwrap();
        for (dialect, expected) in [(Dialect::Kubernetes, kubernetes), (Dialect::Compose, compose)] {
            let value = node.value(dialect).unwrap();
            assert!(agrees(&value, expected), "{text:?} is {value:?} in {dialect:?}, but {expected}");
        }
        rows += 1;
    }
    assert!(rows > 100, "{rows}");
}

#[test]
fn values_of_the_core_schema() {
    let cases: [(&str, Value<'_>); 14] = [
        ("", Value::Null),
        ("~", Value::Null),
        ("yes", Value::Str("yes".into())),
        ("on", Value::Str("on".into())),
        ("True", Value::Bool(true)),
        ("0644", Value::Int(644)),
        ("0o644", Value::Int(420)),
        ("0x1f", Value::Int(31)),
        ("-0x1f", Value::Str("-0x1f".into())),
        ("1_000", Value::Str("1_000".into())),
        ("0b1", Value::Str("0b1".into())),
        ("1e3", Value::Float(1000.0)),
        ("+12", Value::Int(12)),
        ("1.", Value::Float(1.0)),
    ];
    for (text, expected) in cases {
        let file: Arc<str> = format!("k: {text}\n").into();
        let tree = Yaml::parse(SourceId(0), &file);
        let node = tree.documents().next().flatten().and_then(|root| root.get("k")).unwrap();
        assert_eq!(node.value(Dialect::Core), Some(expected), "{text:?}");
    }
}
