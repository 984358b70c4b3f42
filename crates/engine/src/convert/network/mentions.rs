//! Hosts that files name: settings that are mounted or built in, and code.

/// A host that a file names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mention<'t> {
    /// The name.
    pub(super) host: &'t str,
    /// The port behind it.
    pub(super) port: Option<u16>,
    /// What makes it a host.
    pub(super) by: By,
}

/// What makes a word a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// It stands in an address: `http://web`.
    Address,
    /// A port follows: `web:8000`.
    Port,
    /// The word before it says so: `host: web`.
    Key,
    /// It is all of a string: `"archon-server"`.
    Quotes,
}

/// The ends of words behind which a host stands.
const KEYS: [&str; 17] = [
    "host",
    "hosts",
    "hostname",
    "server",
    "servers",
    "address",
    "addr",
    "endpoint",
    "url",
    "uri",
    "broker",
    "brokers",
    "backend",
    "upstream",
    "proxy_pass",
    "fastcgi_pass",
    "reverse_proxy",
];

/// The hosts that a text names, of those that `known` knows. Comments of one line are skipped.
pub(super) fn mentions<'t>(text: &'t str, known: &dyn Fn(&str) -> bool) -> Vec<Mention<'t>> {
    let mut found = Vec::new();
    for line in text.lines() {
        let start = line.trim_start();
        if start.starts_with('#') || start.starts_with("//") || start.starts_with("* ") || line.len() > 4096 {
            continue;
        }
        let mut rest = 0;
        while let Some(from) = line[rest..].find(is_part).map(|at| rest + at) {
            let to = line[from..].find(|c| !is_part(c)).map_or(line.len(), |at| from + at);
            rest = to;
            let host = line[from..to].trim_end_matches('.');
            if known(host)
                && let Some(mention) = read(line, from, host)
            {
                found.push(mention);
            }
        }
    }
    found
}

fn is_part(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
}

fn read<'t>(line: &'t str, from: usize, host: &'t str) -> Option<Mention<'t>> {
    let (before, after) = (&line[..from], &line[from + host.len()..]);
    let digits =
        after.strip_prefix(':').map(|rest| &rest[..rest.find(|c: char| !is_part(c)).unwrap_or(rest.len())]);
    let port = digits.and_then(|digits| digits.parse::<u16>().ok()).filter(|port| *port > 0);
    let by = if before.ends_with("://") || before.ends_with('@') && before.contains("://") {
        By::Address
    } else if port.is_some() && !before.ends_with(['/', ':']) {
        By::Port
    } else if says_host(before) && !after.starts_with(is_part) {
        By::Key
    } else if let Some(quote) = before.chars().next_back().filter(|c| matches!(c, '"' | '\'' | '`'))
        && after.starts_with(quote)
    {
        By::Quotes
    } else {
        return None;
    };
    Some(Mention { host, port, by })
}

/// Whether the word before a place says that a host follows.
fn says_host(before: &str) -> bool {
    let before = before.trim_end_matches([' ', '\t', '"', '\'', ':', '=', '>', '[', '`']);
    let start = before.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || c == '_').len();
    let word = before[start..].to_ascii_lowercase();
    KEYS.iter().any(|key| {
        word.strip_suffix(key).is_some_and(|head| head.is_empty() || head.ends_with('_')) && !word.is_empty()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_in_files() {
        let known = |host: &str| matches!(host, "web" | "db" | "archon-server");
        for (text, expected) in [
            ("proxy_pass http://web:8000/;", vec![("web", Some(8000), By::Address)]),
            ("proxy_pass http://web;", vec![("web", None, By::Address)]),
            ("upstream x { server web:8000; }", vec![("web", Some(8000), By::Port)]),
            ("  server web;", vec![("web", None, By::Key)]),
            ("server_name web;", vec![]),
            (
                "- targets: ['web:9100', 'db:9187']",
                vec![("web", Some(9100), By::Port), ("db", Some(9187), By::Port)],
            ),
            ("url: postgres://u:p@db:5432/x", vec![("db", Some(5432), By::Address)]),
            ("database:\n  host: db\n", vec![("db", None, By::Key)]),
            ("name = \"archon-server\"", vec![("archon-server", None, By::Quotes)]),
            ("# http://web", vec![]),
            ("the web and its db", vec![]),
            ("https://web.example.com/db", vec![]),
            ("image: db:16-alpine", vec![]),
            ("ᚖᚗᚋ web", vec![]),
        ] {
            let found: Vec<_> = mentions(text, &known).iter().map(|m| (m.host, m.port, m.by)).collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
