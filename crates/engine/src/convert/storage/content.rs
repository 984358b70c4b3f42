//! What files hold and may be shown: no secret gets into a ConfigMap.

use camino::Utf8Path;

use crate::secret::is_secret;

/// How much fits into a ConfigMap, with room for its names.
pub(super) const LIMIT: usize = 1_000_000;

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

/// Whether a text holds a secret: a private key, or a setting whose name and value say so.
pub(super) fn has_secret(text: &str) -> bool {
    text.contains("PRIVATE KEY-----") || text.lines().any(line_has_secret)
}

fn line_has_secret(line: &str) -> bool {
    let line = line.trim().trim_start_matches("- ");
    if line.starts_with('#') || line.starts_with("//") || line.starts_with("--") || line.len() > 2000 {
        return false;
    }
    let lower = line.to_ascii_lowercase();
    // SQL, and commands in scripts.
    for word in ["identified by '", "password '", "password = '", "password='", "requirepass ", "masterauth "]
    {
        if let Some(at) = lower.find(word) {
            let value = line[at + word.len()..].split(['\'', ' ', ';']).next().unwrap_or_default();
            if value.len() > 2
                && !value.contains('$')
                && !value.contains(":'")
                && !value.starts_with(['<', '{'])
            {
                return true;
            }
        }
    }
    let pair = |part: &str, marks: &[&str]| {
        marks.iter().any(|mark| part.split_once(mark).is_some_and(|(name, value)| shows(name, value)))
    };
    const MARKS: [&str; 4] = [": ", " = ", "=", ":"];
    pair(line, &MARKS)
        || line.split([',', '{', ';']).any(|part| pair(part.trim(), &MARKS))
        || line.split_whitespace().any(|word| pair(word, &["="]))
}

fn shows(name: &str, value: &str) -> bool {
    let trim = |text: &str| text.trim().trim_matches(['"', '\'', '`', ',', ';', ' ', '}']).to_owned();
    let (name, value) = (trim(name), trim(value));
    let is_name = !name.is_empty()
        && name.len() < 100
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.[]".contains(&b));
    let template = value.starts_with(['$', '%', '<', '{', '@', '[', '(', '|', '>', '&', '*', '!']);
    let is_code = value.contains('(') || value.contains("process.env") || value.contains("os.environ");
    // An address with a password in it needs no name.
    is_name && !value.is_empty() && !template && !is_code && is_secret(&name, &value)
        || value.contains("://") && is_secret("", value.split_whitespace().next().unwrap_or_default())
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
    fn secrets_in_files() {
        for (text, secret) in [
            ("password: hunter22", true),
            ("  basic_auth: {username: x, password: hunter22}", true),
            ("DB_PASSWORD=hunter22", true),
            ("url: postgres://app:hunter22@db/app", true),
            ("CREATE USER app WITH PASSWORD 'hunter22';", true),
            ("requirepass hunter22", true),
            ("-----BEGIN RSA PRIVATE KEY-----", true),
            ("password: ${DB_PASSWORD}", false),
            ("password_file: /run/secrets/db", false),
            ("# password: hunter22", false),
            ("proxy_set_header X-Token $token;", false),
            ("auth_token: \"{{ .Token }}\"", false),
            ("server_name password.example.com;", false),
            ("scrape_interval: 15s", false),
        ] {
            assert_eq!(has_secret(text), secret, "{text}");
        }
    }

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
