//! Where a text holds secrets, by what stands around them: a name before a value, an address, a flag of a command.

use std::ops::Range;

use camino::Utf8Path;

use super::flags;
use super::{is_reference, is_secret_name};

/// What a text is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Syntax {
    /// A single value, such as a variable has: nothing in it is a comment.
    Value,
    /// Settings of any kind: YAML, JSON, TOML, INI, properties, XML, directives.
    Settings,
    /// A program, in which only what stands in quotes is a value.
    Code,
    /// Commands.
    Shell,
    /// SQL, in which passwords follow words of its own.
    Sql,
    /// Prose, in which nothing is a setting.
    Prose,
}

impl Syntax {
    /// What a file is written in, by its name.
    pub(crate) fn of(path: &Utf8Path) -> Self {
        match path.extension().unwrap_or_default().to_ascii_lowercase().as_str() {
            "sh" | "bash" | "zsh" | "ash" | "bat" | "cmd" | "ps1" => Self::Shell,
            "py" | "js" | "mjs" | "cjs" | "ts" | "tsx" | "jsx" | "go" | "rb" | "php" | "java" | "kt"
            | "rs" | "cs" | "lua" | "pl" | "vue" | "svelte" | "html" | "css" => Self::Code,
            "sql" => Self::Sql,
            "md" | "rst" | "adoc" => Self::Prose,
            _ => Self::Settings,
        }
    }

    fn is_comment(self, line: &str) -> bool {
        let heads: &[&str] = match self {
            Self::Value => &[],
            Self::Settings => &["#", "//", ";", "<!--"],
            Self::Code => &["//", "*", "/*", "#"],
            Self::Shell => &["#"],
            Self::Sql => &["--"],
            Self::Prose => &["<!--"],
        };
        heads.iter().any(|head| line.starts_with(head))
    }
}

/// Lines that are longer are no settings that somebody wrote.
const LONGEST: usize = 200_000;

/// What tokens of well-known services begin with.
const TOKENS: [&str; 19] = [
    "ghp_",
    "gho_",
    "ghs_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "xapp-",
    "sk_live_",
    "sk-proj-",
    "sk-ant-",
    "hf_",
    "GOCSPX-",
    "dop_v1_",
    "npm_",
    "eyJhbGciOi",
    "hooks.slack.com/services/T",
    "discord.com/api/webhooks/",
    "api.telegram.org/bot",
];

/// What passwords begin with that are kept as digests: they can be tried out by whoever has them.
const DIGESTS: [&str; 11] = [
    "$2a$",
    "$2b$",
    "$2y$",
    "$apr1$",
    "$argon2",
    "$5$",
    "$6$",
    "$pbkdf2",
    "{SSHA}",
    "{SHA}",
    "SCRAM-SHA-256$",
];

/// The places of secrets in a text, in order; they do not overlap.
pub(crate) fn places(text: &str, syntax: Syntax) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    if let Some(at) = text.find("PRIVATE KEY-----") {
        let start = text[..at].rfind("-----BEGIN").unwrap_or(at);
        found.push(start..text.len());
    }
    let (mut start, mut name_above) = (0, false);
    for line in text.split_inclusive('\n') {
        let body = line.trim_end();
        let offset = start + body.len() - body.trim_start().len();
        if line.len() <= LONGEST && !syntax.is_comment(body.trim_start()) {
            in_line(text, offset..start + body.len(), syntax, &mut found);
            let trimmed = body.trim_start().trim_start_matches("- ");
            // `- name: PASSWORD` over `value: …`.
            if name_above && let Some(value) = after_word(trimmed, "value") {
                push(text, start + body.len() - value.len(), syntax, &mut found);
            }
            name_above = after_word(trimmed, "name")
                .is_some_and(|name| is_name(name.trim().trim_matches(['"', '\'', ','])));
        }
        start += line.len();
    }
    found.sort_by_key(|range| (range.start, std::cmp::Reverse(range.end)));
    let mut end = 0;
    found.retain(|range| {
        let keeps = range.start >= end && !range.is_empty();
        end = if keeps { range.end } else { end };
        keeps
    });
    found
}

/// What follows `word:` or `word=`, the word in quotes or not, at the beginning of a line.
fn after_word<'t>(line: &'t str, word: &str) -> Option<&'t str> {
    let rest = line.trim_start_matches(['"', '\'']).strip_prefix(word)?;
    rest.trim_start_matches(['"', '\'', ' ']).strip_prefix([':', '=']).map(str::trim_start)
}

fn in_line(text: &str, line: Range<usize>, syntax: Syntax, found: &mut Vec<Range<usize>>) {
    let Some(body) = text.get(line.clone()) else { return };
    in_addresses(body, line.start, found);
    for head in TOKENS.iter().chain(&DIGESTS) {
        for (at, _) in body.match_indices(head) {
            let is_part = body[..at].ends_with(|c: char| c.is_ascii_alphanumeric());
            let end = end_of_word(body, at);
            if !is_part && end - at >= head.len() + 16 {
                found.push(line.start + at..line.start + end);
            }
        }
    }
    if syntax == Syntax::Prose {
        return;
    }
    for word in ["Bearer ", "Basic "] {
        for (at, _) in body.match_indices(word) {
            let start = at + word.len();
            let end = end_of_word(body, start);
            let value = &body[start..end];
            let is_word = value.bytes().all(|b| b.is_ascii_lowercase());
            if end - start >= 8 && !is_template(value) && !is_word {
                found.push(line.start + start..line.start + end);
            }
        }
    }
    if syntax == Syntax::Sql || syntax == Syntax::Shell {
        in_sql(body, line.start, found);
    }
    if matches!(syntax, Syntax::Shell | Syntax::Value | Syntax::Settings) {
        found.extend(
            flags::in_line(body).into_iter().map(|range| line.start + range.start..line.start + range.end),
        );
    }
    // `user app on >secret` of Redis.
    if body.starts_with("user ") {
        for (at, _) in body.match_indices(" >") {
            found.push(line.start + at + 2..line.start + end_of_word(body, at + 2));
        }
    }
    if syntax == Syntax::Sql {
        return;
    }
    let mut at = 0;
    while let Some(start) = body[at..].find(|c: char| c.is_ascii_alphabetic()).map(|n| at + n) {
        let end = body[start..]
            .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')))
            .map_or(body.len(), |n| start + n);
        if is_name(&body[start..end]) && !body[..start].ends_with(['$', '{', '/', '@', '%']) {
            after_name(text, line.start, body, start, end, syntax, found);
        }
        at = end;
    }
}

/// The passwords of the addresses in a line.
fn in_addresses(body: &str, offset: usize, found: &mut Vec<Range<usize>>) {
    for (at, mark) in body.match_indices("://") {
        let start = at + mark.len();
        let is_end =
            |c: char| c.is_whitespace() || matches!(c, '/' | '?' | '#' | '"' | '\'' | '<' | '>' | '`' | ',');
        // A password may hold any of these but a blank and a quote; the last `@` before the path ends it.
        let end = body[start..].find(is_end).map_or(body.len(), |n| start + n);
        let Some(host) = body[start..end].rfind('@').map(|n| start + n) else { continue };
        let Some(colon) = body[start..host].find(':').map(|n| start + n) else { continue };
        let password = &body[colon + 1..host];
        if !password.is_empty() && !is_template(password) && !is_reference(password) {
            found.push(offset + colon + 1..offset + host);
        }
    }
}

/// `IDENTIFIED BY '…'` and `PASSWORD '…'`.
fn in_sql(body: &str, offset: usize, found: &mut Vec<Range<usize>>) {
    let lower = body.to_ascii_lowercase();
    for word in ["identified by", "identified with mysql_native_password by", "password"] {
        for (at, _) in lower.match_indices(word) {
            let rest = body[at + word.len()..].trim_start_matches([' ', '=']);
            let Some(quote @ ('\'' | '"')) = rest.chars().next() else { continue };
            let start = body.len() - rest.len() + 1;
            let Some(end) = body[start..].find(quote).map(|n| start + n) else { continue };
            let value = &body[start..end];
            if !value.is_empty() && !is_template(value) && !value.contains('$') && !value.starts_with(':') {
                found.push(offset + start..offset + end);
            }
        }
    }
}

/// Whether a word names a secret, also in `camelCase`, and is no directive of a server that ends like one.
pub(super) fn is_name(word: &str) -> bool {
    let word = word.trim_matches(['-', '.', '_']);
    if word.is_empty() || word.len() > 100 {
        return false;
    }
    let mut snake = String::with_capacity(word.len() + 4);
    let mut last = '_';
    for c in word.chars() {
        if c.is_ascii_uppercase() && last.is_ascii_lowercase() {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
        last = c;
    }
    let snake = snake.replace(['-', '.'], "_");
    let is_directive =
        ["proxy_pass", "fastcgi_pass", "uwsgi_pass", "grpc_pass", "scgi_pass", "memcached_pass", "by_pass"]
            .iter()
            .any(|directive| snake.ends_with(directive));
    !is_directive
        && !snake.starts_with("no_")
        && !snake.starts_with("skip_")
        && (is_secret_name(&snake)
            || [
                "requirepass",
                "masterauth",
                "primaryauth",
                "auth_pass",
                "authkey",
                "auth_key",
                "password_hash",
            ]
            .contains(&snake.as_str())
            || snake.ends_with("secret_access_key")
            || snake.ends_with("connection_password"))
}

/// What stands behind the name of a secret, where that is a value.
fn after_name(
    text: &str,
    offset: usize,
    body: &str,
    start: usize,
    end: usize,
    syntax: Syntax,
    found: &mut Vec<Range<usize>>,
) {
    let rest = &body[end..];
    let closed = rest.trim_start_matches(['"', '\'', '`', ']']);
    let is_closed = closed.len() < rest.len();
    let spaced = closed.trim_start();
    let at = |rest: &str| offset + body.len() - rest.len();
    let value = if let Some(value) = spaced.strip_prefix("=>").or_else(|| spaced.strip_prefix(":=")) {
        value
    } else if let Some(value) = spaced.strip_prefix([':', '=']) {
        // `==` compares, and `::` names a part.
        if value.starts_with('=') || value.starts_with(':') && syntax == Syntax::Code {
            return;
        }
        value.trim_start_matches(':')
    } else if let Some(value) = spaced.strip_prefix('>').filter(|_| body[..start].contains('<')) {
        value
    } else if let Some(value) = spaced.strip_prefix(',').filter(|_| is_closed) {
        let value = value.trim_start();
        match after_word(value, "value") {
            Some(value) => value,
            // `define('DB_PASSWORD', '…')`.
            None if body[..start].contains('(') && value.starts_with(['"', '\'']) => value,
            None => return,
        }
    } else if let Some(value) = after_word(spaced, "value").filter(|_| is_closed) {
        // `<add key="Password" value="…"/>`.
        value
    } else if matches!(syntax, Syntax::Settings) && spaced.len() < closed.len() && !is_closed {
        // A directive: `requirepass …`.
        let words = spaced.trim_end_matches(';').trim_end();
        let before = body[..start].split_whitespace().count();
        let is_word = !words.is_empty() && !words.contains(char::is_whitespace);
        if !is_word || before > 3 || body[..start].contains([':', '=']) || words.starts_with("http") {
            return;
        }
        spaced
    } else {
        return;
    };
    push(text, at(value.trim_start()), syntax, found);
}

/// The value that begins at a place, where it is one.
fn push(text: &str, start: usize, syntax: Syntax, found: &mut Vec<Range<usize>>) {
    let rest = text.get(start..).unwrap_or_default();
    let rest = rest.lines().next().unwrap_or_default();
    let (range, quoted) = match rest.chars().next() {
        Some(quote @ ('"' | '\'' | '`')) => {
            let end = rest[1..].find(quote).map_or(rest.len(), |n| n + 1);
            (start + 1..start + end, true)
        }
        // Backslashes that escape quotes within quotes.
        Some('\\') if rest.starts_with("\\\"") => {
            let end = rest[2..].find("\\\"").map_or(rest.len(), |n| n + 2);
            (start + 2..start + end, true)
        }
        _ => {
            let is_end = |c: char| {
                c.is_whitespace()
                    || matches!(c, ';' | ',' | '&' | '"' | '\'' | '<' | '>' | '`' | '}' | ')' | ']' | '\\')
            };
            let end = rest.find(is_end).unwrap_or(rest.len());
            (start..start + end, false)
        }
    };
    let value = text.get(range.clone()).unwrap_or_default();
    let is_code = !quoted && (value.contains('(') || value.contains('[') || syntax == Syntax::Code);
    let is_kind = matches!(value, "string" | "str" | "String" | "text" | "required" | "password" | "secret")
        && !quoted
        && syntax == Syntax::Code;
    if value.is_empty() || is_template(value) || is_reference(value) || is_code || is_kind {
        return;
    }
    found.push(range);
}

/// Whether something else takes the place of a value.
pub(super) fn is_template(value: &str) -> bool {
    value.starts_with(['$', '%', '<', '{', '@', '[', '(', '|', '>', '&', '*', '!'])
        && !DIGESTS.iter().any(|digest| value.starts_with(digest))
        || value.contains("process.env")
        || value.contains("os.environ")
}

/// Where a word ends.
fn end_of_word(text: &str, start: usize) -> usize {
    let is_end =
        |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | ',' | ';' | '<' | ')' | '}' | ']');
    text[start..].find(is_end).map_or(text.len(), |n| start + n)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, syntax: Syntax) -> Vec<&str> {
        places(text, syntax).into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn in_settings() {
        for (text, found) in [
            ("password: hunter22", &["hunter22"][..]),
            ("  basic_auth: {username: x, password: hunter22}", &["hunter22"]),
            ("\"password\": \"hunter22\",", &["hunter22"]),
            ("{\"name\": \"DB_PASSWORD\", \"value\": \"hunter22\"}", &["hunter22"]),
            ("{\"type\": \"password\", \"label\": \"Enter\"}", &[]),
            ("- name: DB_PASSWORD\n  value: hunter22\n", &["hunter22"]),
            ("spring.datasource.password=hunter22", &["hunter22"]),
            ("db_password = \"hunter22\"", &["hunter22"]),
            ("clientSecret: hunter22", &["hunter22"]),
            ("<password>hunter22</password>", &["hunter22"]),
            ("<property name=\"connection.password\">hunter22</property>", &["hunter22"]),
            ("<add key=\"Password\" value=\"hunter22\"/>", &["hunter22"]),
            ("<user name=\"a\" password=\"hunter22\" roles=\"x\"/>", &["hunter22"]),
            ("requirepass hunter22", &["hunter22"]),
            ("  auth_pass hunter22", &["hunter22"]),
            ("user app on >hunter22 ~* +@all", &["hunter22"]),
            ("jdbc:mysql://db/app?user=app&password=hunter22&ssl=true", &["hunter22"]),
            ("url: postgres://app:hunter22@db/app", &["hunter22"]),
            ("nodes = [\"nats://app:hunter22@a\", \"nats://app:hunter23@b\"]", &["hunter22", "hunter23"]),
            ("Server=db;User Id=sa;Password=hunter22;Encrypt=no", &["hunter22"]),
            ("proxy_set_header Authorization \"Basic YWRtaW46aHVudGVy\";", &["YWRtaW46aHVudGVy"]),
            ("admin:$2y$10$abcdefghijklmnopqrstuv", &["$2y$10$abcdefghijklmnopqrstuv"]),
            ("password = >", &[]),
            ("password: ${DB_PASSWORD}", &[]),
            ("password: {{ .Password }}", &[]),
            ("password_file: /run/secrets/db", &[]),
            ("# password: hunter22", &[]),
            ("; password = hunter22", &[]),
            ("proxy_set_header X-Token $token;", &[]),
            ("proxy_pass http://backend;", &[]),
            ("fastcgi_pass php:9000;", &[]),
            ("server_name password.example.com;", &[]),
            ("scrape_interval: 15s", &[]),
            ("proxy_cache_bypass $http_pragma;", &[]),
            ("add_header X-Token-Required yes;", &[]),
            ("url: http://web:8080/a@b", &[]),
        ] {
            assert_eq!(shown(text, Syntax::Settings), found, "{text}");
        }
    }

    #[test]
    fn in_programs() {
        for (text, syntax, found) in [
            ("db.createUser({user: 'app', pwd: 'hunter22'})", Syntax::Code, &["hunter22"][..]),
            ("define('DB_PASSWORD', 'hunter22');", Syntax::Code, &["hunter22"]),
            ("'password' => 'hunter22',", Syntax::Code, &["hunter22"]),
            ("$cfg['password'] = 'hunter22';", Syntax::Code, &["hunter22"]),
            ("password = os.environ['PASSWORD']", Syntax::Code, &[]),
            ("password: string;", Syntax::Code, &[]),
            ("if (password == 'x') {", Syntax::Code, &[]),
            ("CREATE USER app WITH PASSWORD 'hunter22';", Syntax::Sql, &["hunter22"]),
            ("CREATE USER app IDENTIFIED BY 'hunter22';", Syntax::Sql, &["hunter22"]),
            ("password VARCHAR(255) NOT NULL,", Syntax::Sql, &[]),
            ("export DB_PASSWORD=hunter22", Syntax::Shell, &["hunter22"]),
            ("PASSWORD=$1", Syntax::Shell, &[]),
            ("redis-cli -a hunter22 ping", Syntax::Shell, &["hunter22"]),
            ("The password: hunter22 is wrong", Syntax::Prose, &[]),
        ] {
            assert_eq!(shown(text, syntax), found, "{text}");
        }
    }
}
