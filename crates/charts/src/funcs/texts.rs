//! Texts in other formats: YAML, JSON, TOML, Base64, digests, URLs, and what is random.

use super::{Args, Outcome};
use crate::error::Failure;
use crate::exec::State;
use crate::object::Object;
use crate::text::{Origin, Text};
use crate::value::{Data, Entries, Value, put};
use crate::{encode, json, read_yaml, write_yaml};

pub(super) fn call(state: &mut State, args: &Args<'_>) -> Option<Outcome> {
    let all = &args.all;
    let map = |change: &dyn Fn(&str) -> String| args.remade(change);
    let random = |length: &dyn Fn() -> Result<i64, Failure>, filler: &str| {
        let length = usize::try_from(length()?).unwrap_or(0);
        if length > 1 << 20 {
            return Err(Failure::bounded("a random text of more than a mebibyte"));
        }
        Ok(Value::text(Text::new(filler.repeat(length), Origin::GENERATED)))
    };
    let certificate = || Ok(Value::object(Object::Certificate));
    Some(match args.name {
        "toYaml" | "toYamlPretty" => args.exactly(1).map(|()| Value::text(write_yaml::to_yaml(&all[0]))),
        "fromYaml" => args.exactly(1).and_then(|()| {
            Ok(match read_yaml::read(args.text(0)?, state) {
                Ok(value) if value.as_map().is_some() => value,
                Ok(value) if value.is_nil() => Value::map(Entries::new()),
                Ok(value) => error(format!(
                    "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {} into Go value of type map[string]interface {{}}",
                    value.kind_name()
                )),
                Err(failure) if failure.bounded => return Err(failure),
                Err(failure) => error(failure.message),
            })
        }),
        "fromYamlArray" => args.exactly(1).and_then(|()| {
            Ok(match read_yaml::read(args.text(0)?, state) {
                Ok(value) if value.as_list().is_some() => value,
                Ok(value) if value.is_nil() => Value::list(Vec::new()),
                Ok(_) => Value::list(vec![Value::str("error unmarshaling JSON: no array")]),
                Err(failure) => Value::list(vec![Value::str(failure.message)]),
            })
        }),
        "toJson" | "mustToJson" => args.exactly(1).map(|()| Value::text(json::write(&all[0], true, false))),
        "toRawJson" | "mustToRawJson" => {
            args.exactly(1).map(|()| Value::text(json::write(&all[0], false, false)))
        }
        "toPrettyJson" | "mustToPrettyJson" => {
            args.exactly(1).map(|()| Value::text(json::write(&all[0], true, true)))
        }
        "fromJson" => args.exactly(1).and_then(|()| {
            let text = args.text(0)?;
            Ok(match json::read(text) {
                Ok(value) if value.as_map().is_some() => value,
                Ok(_) => error("json: cannot unmarshal into Go value of type map[string]interface {}".to_owned()),
                Err(message) => error(message),
            })
        }),
        "mustFromJson" => args.exactly(1).and_then(|()| json::read(args.text(0)?).map_err(Failure::new)),
        "fromJsonArray" => args.exactly(1).and_then(|()| {
            Ok(match json::read(args.text(0)?) {
                Ok(value) if value.as_list().is_some() => value,
                Ok(_) => Value::list(vec![Value::str("json: no array")]),
                Err(message) => Value::list(vec![Value::str(message)]),
            })
        }),
        "toToml" => args.exactly(1).map(|()| Value::text(crate::toml::write(&all[0]))),
        "b64enc" => map(&encode::base64),
        "b64dec" => map(&|text| encode::unbase64(text)),
        "b32enc" => map(&encode::base32),
        "sha256sum" => map(&encode::sha256),
        "sha512sum" => map(&encode::sha512),
        "sha1sum" => map(&encode::sha1),
        "adler32sum" => map(&encode::adler32),
        "urlquery" => Ok(Value::text({
            let text: String = all.iter().map(|v| v.display().as_str().to_owned()).collect();
            Text::made(encode::url_query(&text))
        })),
        "js" => map(&|text| text.replace('\\', "\\\\").replace('\'', "\\'").replace('"', "\\\"").replace('\n', "\\u000A")),
        "urlParse" => args.exactly(1).and_then(|()| Ok(url(args.str(0)?))),
        "urlJoin" => args.exactly(1).and_then(|()| {
            let part = |key: &str| {
                all[0].get(key).map(|v| v.display().as_str().to_owned()).unwrap_or_default()
            };
            args.map(0)?;
            let mut out = String::new();
            if !part("scheme").is_empty() {
                out = part("scheme") + ":";
            }
            if part("opaque").is_empty() {
                if !part("host").is_empty() || !part("userinfo").is_empty() {
                    out += "//";
                    if !part("userinfo").is_empty() {
                        out = out + &part("userinfo") + "@";
                    }
                    out += &part("host");
                }
                let path = part("path");
                if !path.is_empty() && !path.starts_with('/') && !part("host").is_empty() {
                    out.push('/');
                }
                out += &path;
            } else {
                out += &part("opaque");
            }
            if !part("query").is_empty() {
                out = out + "?" + &part("query");
            }
            if !part("fragment").is_empty() {
                out = out + "#" + &part("fragment");
            }
            Ok(Value::str(out))
        }),
        "randAlphaNum" | "randAlpha" | "randAscii" => random(&|| args.int(0), "x"),
        "randNumeric" => random(&|| args.int(0), "1"),
        "randBytes" => random(&|| args.int(0), "x"),
        "uuidv4" => Ok(Value::text(Text::new("00000000-0000-4000-8000-000000000000", Origin::GENERATED))),
        "bcrypt" | "htpasswd" | "genPrivateKey" | "derivePassword" | "encryptAES" => {
            Ok(Value::text(Text::new("generated", Origin::GENERATED)))
        }
        "genCA" | "genCAWithKey" | "genSelfSignedCert" | "genSelfSignedCertWithKey" | "genSignedCert"
        | "genSignedCertWithKey" | "buildCustomCert" => certificate(),
        _ => return None,
    })
}

/// What Helm hands on where a text is not what it is read as.
fn error(message: String) -> Value {
    // Go's words for a text that ends too early.
    let ends = message.starts_with("EOF while parsing");
    let message = if ends { "unexpected end of JSON input".to_owned() } else { message };
    let mut entries = Entries::new();
    put(&mut entries, "Error", Value::str(message));
    Value::map(entries)
}

fn url(text: &str) -> Value {
    let (rest, fragment) = text.split_once('#').unwrap_or((text, ""));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let is_scheme = |s: &str| {
        s.starts_with(|c: char| c.is_ascii_alphabetic())
            && s.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
    };
    let (scheme, rest) = match rest.split_once(':') {
        Some((scheme, rest)) if is_scheme(scheme) => (scheme, rest),
        _ => ("", rest),
    };
    let mut opaque = "";
    let (authority, path) = match rest.strip_prefix("//") {
        Some(rest) => rest.find('/').map_or((rest, ""), |at| rest.split_at(at)),
        None if !scheme.is_empty() && !rest.starts_with('/') => {
            opaque = rest;
            ("", "")
        }
        None => ("", rest),
    };
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let name = match host.strip_prefix('[').and_then(|h| h.split_once(']')) {
        Some((name, _)) => name,
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    let mut entries = Entries::new();
    for (key, value) in [
        ("scheme", scheme),
        ("host", host),
        ("hostname", name),
        ("path", path),
        ("query", query),
        ("opaque", opaque),
        ("fragment", fragment),
        ("userinfo", user),
    ] {
        put(&mut entries, key, Value::str(value));
    }
    Value::map(entries)
}

/// Whether a value is a number.
pub(super) fn is_number(value: &Value) -> bool {
    matches!(value.data, Data::Int(_) | Data::Int64(_) | Data::Float(_))
}
