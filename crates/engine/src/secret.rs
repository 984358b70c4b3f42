//! Tells secrets from other values by their names and their shape. No value ever leaves this module.

pub(crate) mod flags;
mod places;

use crate::Severity;

pub(crate) use places::{Syntax, places};

/// The ends of names whose values are secrets, in lower case.
const NAMES: [&str; 17] = [
    "password",
    "passwd",
    "pwd",
    "pass",
    "passphrase",
    "secret",
    "secret_key",
    "secret_key_base",
    "secretkey",
    "token",
    "api_key",
    "apikey",
    "private_key",
    "access_key",
    "encryption_key",
    "signing_key",
    "credentials",
];

/// The beginnings of names that build tools for the browser hand on to it.
const PUBLIC: [&str; 7] =
    ["vite_", "next_public_", "react_app_", "expo_public_", "nuxt_public_", "vue_app_", "gatsby_"];

/// Words that stand where a secret is to come.
const PLACEHOLDERS: [&str; 18] = [
    "changeme",
    "change_me",
    "change-me",
    "password",
    "passwd",
    "secret",
    "example",
    "admin",
    "root",
    "test",
    "postgres",
    "mysql",
    "guest",
    "user",
    "pass",
    "default",
    "minioadmin",
    "foobar",
];

/// Whether a variable of this name holds a secret, going by its name alone.
pub(crate) fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace(['-', '.'], "_");
    // What these begin is compiled into pages that every visitor gets; a `no` says that there is none.
    if PUBLIC.iter().any(|start| name.starts_with(start)) || name.contains("_no_") {
        return false;
    }
    NAMES.iter().any(|end| name.strip_suffix(end).is_some_and(|rest| rest.is_empty() || rest.ends_with('_')))
        || name
            .strip_suffix("password")
            .is_some_and(|rest| !rest.split('_').any(|word| matches!(word, "min" | "max")))
}

/// Whether a variable written out with this value gives a secret away.
pub(crate) fn is_secret(name: &str, value: &str) -> bool {
    let value = value.trim();
    let by_name = is_secret_name(name) && !is_reference(value);
    by_name || has_credentials(value)
}

/// How much it matters that a secret of this value is given away: one that everybody knows gives little away.
pub(crate) fn severity(value: &str) -> Severity {
    if is_placeholder(value) { Severity::Medium } else { Severity::High }
}

/// Whether a value only stands where a secret is to come, or is one that everybody knows.
pub(crate) fn is_placeholder(value: &str) -> bool {
    let value = value.trim().to_ascii_lowercase();
    // Of an address, the password is what counts.
    let value = password_of(&value).unwrap_or(&value);
    let plain = value.trim_end_matches(|c: char| c.is_ascii_digit() || c == '!');
    PLACEHOLDERS.contains(&plain)
        || PLACEHOLDERS[..3].iter().any(|word| value.contains(word))
        || [
            "your",
            "xxx",
            "replace",
            "insert",
            "todo",
            "dummy",
            "fake",
            "example",
            "super_secret",
            "supersecret",
        ]
        .iter()
        .any(|word| value.starts_with(word))
        || value.starts_with('<') && value.ends_with('>')
        // Plain words are guessed, or name something.
        || value
            .split(['-', '_'])
            .all(|word| (1..=12).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_lowercase()))
}

/// Whether a value says where a secret is, or that there is none, rather than being it.
pub(crate) fn is_reference(value: &str) -> bool {
    value.len() < 3
        || value.starts_with('/')
        || value.contains("$(")
        || value.contains("${")
        || value.contains("{{")
        || value.starts_with("vault:")
        || value.starts_with("arn:")
        || value.starts_with("ENC[")
        || ["-cert", "-certs", "-secret", "-tls", "-credentials"].iter().any(|end| value.ends_with(end))
        || value.starts_with('*') && value.ends_with('*')
        || matches!(
            value.to_ascii_lowercase().as_str(),
            "true"
                | "false"
                | "yes"
                | "no"
                | "null"
                | "none"
                | "optional"
                | "required"
                | "disabled"
                | "enabled"
        )
        || value.bytes().all(|b| b.is_ascii_digit()) && value.len() < 6
}

/// Whether an address carries a password that is written out.
pub(crate) fn has_credentials(value: &str) -> bool {
    password_of(value).is_some_and(|p| !p.is_empty() && !is_reference(p) && !p.starts_with('$'))
}

/// The password of an address: `scheme://user:password@host`.
pub(crate) fn password_of(value: &str) -> Option<&str> {
    let (_, rest) = value.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (user, _) = authority.rsplit_once('@')?;
    Some(user.split_once(':')?.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_told_by_name_and_shape() {
        for (name, value, secret) in [
            ("POSTGRES_PASSWORD", "hunter22", true),
            ("DB_PASS", "hunter22", true),
            ("SECRET_KEY_BASE", "0a1b2c3d4e5f", true),
            ("spring.datasource.password", "hunter22", true),
            ("PGPASSWORD", "hunter22", true),
            ("MONGODB_ADMINPASSWORD", "hunter22", true),
            ("DATABASE_URL", "postgres://app:hunter2@db/app", true),
            ("DATABASE_URL", "postgres://app@db/app", false),
            ("DATABASE_URL", "postgres://app:${PW}@db/app", false),
            ("POSTGRES_PASSWORD_FILE", "/run/secrets/pw", false),
            ("POSTGRES_PASSWORD", "${PASSWORD}", false),
            ("MYSQL_ALLOW_EMPTY_PASSWORD", "yes", false),
            ("PASSWORD_MIN_LENGTH", "12", false),
            ("TOKEN_TTL", "3600", false),
            ("MAX_TOKENS", "4096", false),
            ("COMPASS", "northwest", false),
            ("VITE_MAPS_API_KEY", "AIzaSyA1b2c3", false),
            ("S3_NO_CREDENTIALS", "anything", false),
            ("WEBHOOK_SECRET", "webhook-server-cert", false),
            ("KEYBOARD", "qwerty", false),
        ] {
            assert_eq!(is_secret(name, value), secret, "{name}={value}");
        }
        for (value, placeholder) in [
            ("changeme123", true),
            ("<your key>", true),
            ("my-api-key", true),
            ("app_password", true),
            ("postgres://app:secret@db/app", true),
            ("postgres://app:hunter2@db/app", false),
            ("zipkin", true),
            ("hunter22", false),
            ("7f3c9a1e-key", false),
            ("qwzxkvbnmplkjhgfdsa", false),
        ] {
            assert_eq!(is_placeholder(value), placeholder, "{value}");
        }
    }
}
