//! What files hold and may be shown: no secret gets into a ConfigMap.

use camino::Utf8Path;

use crate::secret::{Syntax, places};

/// How much a ConfigMap holds, by [`weight`]. It may be four times that, but `kubectl apply` keeps a copy of the object in an
/// annotation, and of those an object has 256 KiB.
pub(super) const LIMIT: usize = 240_000;

/// The size of a text in an annotation: as JSON, in which some characters take two bytes.
pub(super) fn weight(text: &str) -> usize {
    text.len() + text.bytes().filter(|b| matches!(b, b'"' | b'\\' | b'\n' | b'\r' | b'\t')).count()
}

/// Whether a file is one that nobody may see, by its name.
pub(super) fn is_secret_file(path: &Utf8Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_ascii_lowercase();
    let end = path.extension().unwrap_or_default().to_ascii_lowercase();
    const ENDS: [&str; 12] =
        ["key", "pem", "p12", "pfx", "jks", "keystore", "truststore", "kdbx", "ppk", "asc", "gpg", "keytab"];
    const NAMES: [&str; 10] = [
        "id_rsa",
        "id_ed25519",
        "id_ecdsa",
        "htpasswd",
        "kubeconfig",
        "pgpass",
        "netrc",
        "git-credentials",
        "npmrc",
        "pypirc",
    ];
    let words = [
        "userlist",
        "secret",
        "password",
        "passwd",
        "credential",
        "token",
        "private",
        "serviceaccount",
        "service-account",
    ];
    let is_script = matches!(end.as_str(), "sh" | "py" | "js" | "ts" | "sql" | "md" | "go" | "rb" | "php");
    ENDS.contains(&end.as_str())
        || NAMES.iter().any(|known| name.trim_start_matches('.') == *known)
        || is_env(&name)
        || !is_script && words.iter().any(|word| name.contains(word))
        || !is_script
            && path.parent().and_then(Utf8Path::file_name).is_some_and(|d| d == "secrets" || d == ".secrets")
}

fn is_env(name: &str) -> bool {
    let example = ["example", "sample", "template", "dist"].iter().any(|word| name.ends_with(word));
    (name == ".env" || name.starts_with(".env.") || name.ends_with(".env")) && !example
}

/// Whether a file holds a secret.
pub(super) fn has_secret(path: &Utf8Path, text: &str) -> bool {
    !places(text, Syntax::of(path)).is_empty()
}

/// A text in the alphabet of RFC 4648.
pub(super) fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let at = |index: usize| u32::from(chunk.get(index).copied().unwrap_or_default());
        let number = at(0) << 16 | at(1) << 8 | at(2);
        for index in 0..4_usize {
            if index > chunk.len() {
                text.push('=');
            } else {
                text.push(char::from(ALPHABET[(number >> (18 - 6 * index)) as usize & 63]));
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_padded() {
        for (bytes, text) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")]
        {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
    }

    #[test]
    fn secret_files() {
        for (path, secret) in [
            ("certs/server.key", true),
            ("app/.env", true),
            ("app/.env.example", false),
            ("secrets/db.txt", true),
            ("config/nginx.conf", false),
            ("scripts/create-token.sh", false),
            (".htpasswd", true),
            ("certs/server.crt", false),
        ] {
            assert_eq!(is_secret_file(path.into()), secret, "{path}");
        }
    }
}
