//! Users that the commands of a Dockerfile make.

use seaworthy_syntax::dockerfile::Command;
use seaworthy_syntax::shell;

use crate::images::Account;

/// The users that a command makes with an id that is written out.
pub(super) fn made_by(command: &Command) -> Vec<Account> {
    match command {
        Command::Shell(script) if script.text.contains("useradd") || script.text.contains("adduser") => {
            let commands = shell::parse(script).commands;
            let words = commands.iter().filter_map(|c| {
                let name = c.name.as_ref()?.value.as_deref()?;
                let args = c.args.iter().map(|a| a.value.as_deref().unwrap_or_default()).collect();
                account(name, args)
            });
            words.collect()
        }
        Command::Exec { words, .. } => {
            let Some((name, args)) = words.split_first() else { return Vec::new() };
            account(&name.text, args.iter().map(|w| &*w.text).collect()).into_iter().collect()
        }
        Command::Shell(_) => Vec::new(),
    }
}

/// The user of a `useradd` or `adduser`. Both take the id by `-u` and `--uid`; the group by `-g` or `-G`, by name or id.
fn account(program: &str, args: Vec<&str>) -> Option<Account> {
    let program = program.rsplit('/').next()?;
    if !matches!(program, "useradd" | "adduser") {
        return None;
    }
    let (mut uid, mut gid, mut home, mut name) = (None, None, None, None);
    let mut args = args.into_iter();
    while let Some(arg) = args.next() {
        let (option, inline) = match arg.split_once('=') {
            Some((option, value)) if option.starts_with("--") => (option, Some(value)),
            _ => (arg, None),
        };
        if !option.starts_with('-') {
            // BusyBox: `adduser USER GROUP` adds to a group.
            name.get_or_insert(option);
            continue;
        }
        let takes_value = match option.strip_prefix("--") {
            Some(long) => !matches!(
                long,
                "system"
                    | "create-home"
                    | "no-create-home"
                    | "disabled-password"
                    | "disabled-login"
                    | "no-log-init"
                    | "user-group"
                    | "no-user-group"
                    | "group"
                    | "non-unique"
                    | "quiet"
                    | "force-badname"
                    | "allow-bad-names"
                    | "allow-all-names"
                    | "comment-only"
            ),
            // Of several short options in one word the last may take a value.
            None => option.ends_with(match program {
                "useradd" => &['b', 'c', 'd', 'e', 'f', 'g', 'G', 'k', 'K', 'p', 's', 'u', 'Z', 'R'][..],
                _ => &['h', 'g', 's', 'G', 'u', 'k'][..],
            }),
        };
        // `-u1000`
        let glued =
            option.strip_prefix("-u").filter(|v| !v.is_empty() && v.bytes().all(|b| b.is_ascii_digit()));
        let value = match (inline, glued) {
            (Some(value), _) | (None, Some(value)) => Some(value),
            (None, None) if takes_value => args.next(),
            (None, None) => None,
        };
        match option {
            "-u" | "--uid" => uid = value.and_then(|v| v.parse().ok()),
            "-g" | "--gid" if program == "useradd" || option == "--gid" => {
                gid = value.and_then(|v| v.parse().ok());
            }
            "-d" | "--home" | "--home-dir" | "-h" => home = value.map(str::to_owned),
            _ if glued.is_some() => uid = value.and_then(|v| v.parse().ok()),
            _ if !option.starts_with("--") && option.ends_with('u') => {
                uid = value.and_then(|v| v.parse().ok());
            }
            _ => {}
        }
    }
    let name = name.filter(|n| !n.is_empty())?.to_owned();
    Some(Account { name, uid: uid?, gid, home })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_are_written_out() {
        for (line, expected) in [
            ("useradd -u 1001 app", Some(("app", 1001, None))),
            ("useradd -r -u 10001 -g 0 -d /app -s /sbin/nologin app", Some(("app", 10001, Some(0)))),
            ("useradd --uid=1001 --gid=1002 --create-home app", Some(("app", 1001, Some(1002)))),
            ("useradd -m -u1001 app", Some(("app", 1001, None))),
            ("useradd -mu 1001 -s /bin/bash app", Some(("app", 1001, None))),
            ("/usr/sbin/useradd --system --uid 999 --shell /bin/sh app", Some(("app", 999, None))),
            ("adduser -D -u 1000 -G app app", Some(("app", 1000, None))),
            ("adduser -S -u 1001 -G nodejs -h /home/n nextjs", Some(("nextjs", 1001, None))),
            ("adduser --system --uid 1001 nextjs", Some(("nextjs", 1001, None))),
            ("adduser --disabled-password --gecos '' --uid 10001 appuser", Some(("appuser", 10001, None))),
            ("adduser app", None),
            ("useradd -u $UID app", None),
            ("groupadd -g 1001 app", None),
        ] {
            let words: Vec<&str> =
                line.split(' ').map(|w| if w == "''" || w.starts_with('$') { "" } else { w }).collect();
            let made = account(words[0], words[1..].to_vec());
            assert_eq!(made.as_ref().map(|a| (a.name.as_str(), a.uid, a.gid)), expected, "{line}");
        }
    }
}
