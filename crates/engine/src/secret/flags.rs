//! Where commands hold passwords: behind flags that only their own programs give a meaning.

use std::ops::Range;

use super::is_reference;
use super::places::{is_name, is_template};

/// Programs whose flag of one letter takes a password.
const LETTERS: [(&str, &[&str]); 4] = [
    ("-w", &["ldapsearch", "ldapwhoami", "ldapadd", "ldapmodify", "ldapdelete", "ldappasswd", "ldapcompare"]),
    ("-a", &["redis-cli", "valkey-cli", "keydb-cli"]),
    (
        "-p",
        &[
            "mongo",
            "mongosh",
            "mongodump",
            "mongorestore",
            "mongoexport",
            "mongoimport",
            "sshpass",
            "cypher-shell",
            "cqlsh",
            "rabbitmqadmin",
            "arangosh",
            "couchbase-cli",
            "cbq",
            "nodetool",
        ],
    ),
    ("-P", &["sqlcmd", "osql", "bcp", "isql", "mosquitto_sub", "mosquitto_pub", "mosquitto_rr"]),
];

/// Programs whose `-p` has the password right behind it.
const ATTACHED: [&str; 9] = [
    "mysql",
    "mysqladmin",
    "mysqldump",
    "mysqlcheck",
    "mysqlsh",
    "mariadb",
    "mariadb-admin",
    "mariadb-dump",
    "sshpass",
];

/// Programs whose `-u` or `--user` takes a name and a password, with a colon between them.
const PAIRS: [&str; 5] = ["curl", "etcdctl", "consul", "http", "smbclient"];

/// Commands after whose words the last one, or the one after the next, is a password.
const WORDS: [(&[&str], usize); 9] = [
    (&["rabbitmqctl", "add_user"], 1),
    (&["rabbitmqctl", "change_password"], 1),
    (&["rabbitmqctl", "authenticate_user"], 1),
    (&["neo4j-admin", "set-initial-password"], 0),
    (&["mc", "alias", "set"], 3),
    (&["mc", "config", "host", "add"], 3),
    (&["htpasswd", "-b"], 2),
    (&["htpasswd", "-bc"], 2),
    (&["vault", "login"], 0),
];

/// The places of passwords in a line of a shell.
pub(super) fn in_line(line: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut command: Vec<Range<usize>> = Vec::new();
    for token in tokens(line) {
        if matches!(
            &line[token.clone()],
            ";" | "&" | "&&" | "|" | "||" | "(" | ")" | "do" | "then" | "until" | "if" | "while" | "!"
        ) {
            of_command(line, &command, &mut found);
            command.clear();
        } else {
            command.push(token);
        }
    }
    of_command(line, &command, &mut found);
    found
}

/// The places of passwords in the words of a command: by its place in the list, and where in the word.
pub(crate) fn in_words(words: &[&str]) -> Vec<(usize, Range<usize>)> {
    let (mut line, mut starts) = (String::new(), Vec::new());
    for word in words {
        starts.push(line.len());
        // A word with blanks is one word here, whatever stands in it.
        line.extend(word.chars().map(|c| if c.is_ascii_whitespace() { '_' } else { c }));
        line.push(' ');
    }
    let tokens: Vec<Range<usize>> =
        starts.iter().zip(words).map(|(start, word)| *start..start + word.len()).collect();
    let mut found = Vec::new();
    of_command(&line, &tokens, &mut found);
    let place = |range: Range<usize>| {
        let at = starts.partition_point(|start| *start <= range.start).checked_sub(1)?;
        let start = starts.get(at)?;
        Some((at, range.start - start..range.end - start))
    };
    found.into_iter().filter_map(place).collect()
}

/// The words of a line, without the quotes around them, and what stands between commands.
fn tokens(line: &str) -> Vec<Range<usize>> {
    let mut tokens = Vec::new();
    let mut chars = line.char_indices().peekable();
    while let Some((start, c)) = chars.next() {
        if c.is_whitespace() {
            continue;
        }
        if matches!(c, ';' | '|' | '&' | '(' | ')') {
            let mut end = start + 1;
            while chars.next_if(|(_, next)| *next == c && c != '(' && c != ')').is_some() {
                end += 1;
            }
            tokens.push(start..end.min(start + 2));
            continue;
        }
        if matches!(c, '"' | '\'')
            && let Some(end) = line[start + 1..].find(c).map(|n| start + 1 + n)
        {
            tokens.push(start + 1..end);
            while chars.next_if(|(at, _)| *at <= end).is_some() {}
            continue;
        }
        let end = line[start..]
            .find(|c: char| c.is_whitespace() || matches!(c, ';' | '|' | '&' | ')'))
            .map_or(line.len(), |n| start + n);
        tokens.push(start..end);
        while chars.next_if(|(at, _)| *at < end).is_some() {}
    }
    tokens
}

fn of_command(line: &str, tokens: &[Range<usize>], found: &mut Vec<Range<usize>>) {
    let word = |at: usize| tokens.get(at).and_then(|range| line.get(range.clone())).unwrap_or_default();
    let is_before = |word: &str| {
        matches!(word, "exec" | "sudo" | "env" | "command" | "CMD" | "CMD-SHELL" | "test")
            || word.contains('=') && !word.starts_with('-')
    };
    let Some(first) = (0..tokens.len()).find(|at| !is_before(word(*at))) else { return };
    // What begins with a flag goes to the image's own program.
    let (program, begin) = match word(first) {
        flag if flag.starts_with('-') => ("", first),
        program => (program.rsplit('/').next().unwrap_or_default(), first + 1),
    };
    let mut add = |at: usize, from: usize| {
        let Some(range) = tokens.get(at) else { return };
        let value = line.get(range.start + from..range.end).unwrap_or_default();
        let unquoted = value.trim_matches(['"', '\'']);
        let start = range.start + from + value.find(unquoted).unwrap_or(0);
        if !unquoted.is_empty() && !is_template(unquoted) && !is_reference(unquoted) {
            found.push(start..start + unquoted.len());
        }
    };
    for (names, after) in WORDS {
        let mut rest = names.iter();
        if rest.next().is_some_and(|name| *name == program) {
            let mut at = first;
            let all = rest.all(|name| {
                let next = (at + 1..tokens.len()).find(|at| word(*at) == *name);
                at = next.unwrap_or(at);
                next.is_some()
            });
            if all {
                add(at + 1 + after, 0);
            }
        }
    }
    for at in begin..tokens.len() {
        let flag = word(at);
        if program == "redis-cli" && flag.eq_ignore_ascii_case("auth") {
            add(at + 1, 0);
        }
        if !flag.starts_with('-') {
            continue;
        }
        if LETTERS.iter().any(|(letter, programs)| flag == *letter && programs.contains(&program)) {
            if !word(at + 1).starts_with('-') {
                add(at + 1, 0);
            }
        } else if flag.starts_with("-p")
            && flag.len() > 2
            && !flag.starts_with("-port")
            && ATTACHED.contains(&program)
        {
            add(at, 2);
        } else if matches!(flag, "-u" | "--user") && PAIRS.contains(&program) {
            if let Some(colon) = word(at + 1).find(':') {
                add(at + 1, colon + 1);
            }
        } else if let Some((name, _)) = flag.split_once('=') {
            // Of `-Dname=value` the name says it.
            if is_name(name.trim_start_matches('-')) {
                add(at, name.len() + 1);
            }
        } else if is_name(flag) && flag.len() > 2 && !word(at + 1).starts_with('-') {
            add(at + 1, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_of_commands() {
        for (line, found) in [
            ("ldapsearch -x -D cn=admin -w hunter22 -b dc=x", &["hunter22"][..]),
            ("mysqladmin ping -h db -u root -phunter22", &["hunter22"]),
            ("mysqladmin ping -h db -P 3306", &[]),
            ("redis-cli -a 'hunter22' ping | grep PONG", &["hunter22"]),
            ("redis-cli -h cache AUTH hunter22", &["hunter22"]),
            ("redis-server --requirepass hunter22 --appendonly yes", &["hunter22"]),
            ("mongosh -u root -p hunter22 --eval \"db.adminCommand('ping')\"", &["hunter22"]),
            ("/opt/mssql-tools/bin/sqlcmd -S localhost -U sa -P hunter22 -Q 'SELECT 1'", &["hunter22"]),
            ("curl -fs -u elastic:hunter22 http://localhost:9200", &["hunter22"]),
            ("cd /x && PGPASSWORD=x exec rabbitmqctl add_user app hunter22", &["hunter22"]),
            ("mc alias set minio http://minio:9000 admin hunter22", &["hunter22"]),
            ("java -Djavax.net.ssl.trustStorePassword=hunter22 -jar app.jar", &["hunter22"]),
            ("start --db-password=hunter22 --db-url=x", &["hunter22"]),
            ("start --api-token hunter22 --verbose", &["hunter22"]),
            ("pg_dump --no-password -w -p 5432", &[]),
            ("psql -w -p 5432", &[]),
            ("start --password-file /run/secrets/pw --password $PW", &[]),
            ("docker run -p 8080:80 nginx", &[]),
        ] {
            let shown: Vec<&str> = in_line(line).into_iter().map(|range| &line[range]).collect();
            assert_eq!(shown, found, "{line}");
        }
        assert_eq!(in_words(&["--requirepass", "hunter22"]), [(1, 0..8)]);
        assert_eq!(in_words(&["mysqladmin", "ping", "-phunter 22"]), [(2, 2..11)]);
        assert_eq!(in_words(&["redis-cli", "-a", "hunter22", "ping"]), [(2, 0..8)]);
    }
}
