//! Users and groups that the commands of a Dockerfile make.

use seaworthy_syntax::dockerfile::{Command, expand};
use seaworthy_syntax::shell::{self, Word};

use super::State;

/// A user or group that a command makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Made {
    /// Whether it is a group.
    pub(super) is_group: bool,
    /// Its name.
    pub(super) name: String,
    /// Its id.
    pub(super) id: Id,
    /// A user's group.
    pub(super) primary: Primary,
    /// A user's home, where it is written.
    pub(super) home: Option<String>,
    /// Whether it gets an id that the system's own users have.
    pub(super) system: bool,
    /// Whether it is in other groups too.
    pub(super) in_more_groups: bool,
}

/// The id of a user or group that is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Id {
    /// It is written out.
    Written(u32),
    /// It is written, and a variable decides that is not known.
    Unknown,
    /// The tool takes the next one that is free.
    Chosen,
}

/// The group of a user that is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Primary {
    /// One of this id.
    Gid(u32),
    /// One of this name.
    Named(String),
    /// One of its own, with the user's name and id.
    Own,
    /// The tool's settings decide.
    Unknown,
}

/// What a command makes.
pub(super) fn made_by(command: &Command, state: State<'_>) -> Vec<Made> {
    match command {
        Command::Shell(script) if ["useradd", "adduser", "group"].iter().any(|w| script.text.contains(w)) => {
            let commands = shell::parse(script).commands;
            let words = commands.iter().filter_map(|c| {
                let name = c.name.as_ref()?.value.as_deref()?;
                made(name, &values(&c.args, state))
            });
            words.collect()
        }
        Command::Exec { words, .. } => {
            let Some((name, args)) = words.split_first() else { return Vec::new() };
            let args: Vec<_> = args.iter().map(|w| Some(w.text.to_string())).collect();
            made(&name.text, &args).into_iter().collect()
        }
        Command::Shell(_) => Vec::new(),
    }
}

/// What the words of a command come to with the variables that are known; `None` for each that is not known.
pub(super) fn values(words: &[Word], state: State<'_>) -> Vec<Option<String>> {
    let value = |word: &Word| match &word.value {
        Some(value) => Some(value.to_string()),
        None if word.variables.is_empty() || word.text.contains(['(', '`']) => None,
        None => expand(&word.text, '\\', &state).ok()?.value,
    };
    words.iter().map(value).collect()
}

/// The user of a `useradd` or `adduser`, the group of a `groupadd` or `addgroup`.
///
/// A user's id is given by `-u` and `--uid`, its group by `-g`, `--gid`, `--ingroup` and, for `BusyBox`, `-G`.
pub(super) fn made(program: &str, args: &[Option<String>]) -> Option<Made> {
    let program = program.rsplit('/').next()?;
    let is_group = match program {
        "useradd" | "adduser" => false,
        "groupadd" | "addgroup" => true,
        _ => return None,
    };
    let useradd = program == "useradd";
    let mut made = Made {
        is_group,
        name: String::new(),
        id: Id::Chosen,
        primary: if useradd { Primary::Own } else { Primary::Unknown },
        home: None,
        system: false,
        in_more_groups: false,
    };
    let id = |value: Option<String>| match value {
        Some(value) => value.parse().map_or(Id::Unknown, Id::Written),
        None => Id::Unknown,
    };
    let group = |value: Option<String>| match value {
        Some(value) => value.parse().map_or(Primary::Named(value), Primary::Gid),
        None => Primary::Unknown,
    };
    let mut names = Vec::new();
    let (mut given, mut small) = (false, false);
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let Some(arg) = arg.as_deref() else {
            names.push(String::new());
            continue;
        };
        let Some(rest) = arg.strip_prefix('-').filter(|rest| !rest.is_empty()) else {
            names.push(arg.to_owned());
            continue;
        };
        let (option, inline) = if let Some(long) = rest.strip_prefix('-') {
            match long.split_once('=') {
                Some((option, value)) => (option, Some(value.to_owned())),
                None => (long, None),
            }
        } else {
            // Of several short options in one word the last may take a value, and that may stick to it: `-u1000`.
            let at = rest.find(|c| takes_value(program, c)).unwrap_or(rest.len());
            made.system |= rest[..at].contains(['r', 'S']);
            small |= rest[..at].contains(['D', 'S']);
            if useradd && rest[..at].contains('N') {
                made.primary = Primary::Unknown;
            }
            let Some(letter) = rest[at..].chars().next() else { continue };
            let glued = &rest[at + letter.len_utf8()..];
            (&rest[at..at + letter.len_utf8()], (!glued.is_empty()).then(|| glued.to_owned()))
        };
        let mut value = || inline.clone().or_else(|| args.next().cloned().flatten());
        match option {
            "u" | "uid" if !is_group => made.id = id(value()),
            "g" | "gid" if is_group => made.id = id(value()),
            "g" if program == "adduser" => drop(value()),
            "g" | "gid" | "ingroup" => (made.primary, given) = (group(value()), true),
            "G" if program == "adduser" => (made.primary, given) = (group(value()), true),
            "G" | "groups" | "add-extra-groups" => {
                value();
                made.in_more_groups = true;
            }
            "d" | "home" | "home-dir" => made.home = value(),
            "h" if program == "adduser" => made.home = value(),
            "system" => made.system = true,
            "no-user-group" => made.primary = Primary::Unknown,
            // Short ones got here because they take a value.
            _ if option.len() == 1 || !is_switch(option) => drop(value()),
            _ => {}
        }
    }
    if program == "adduser" && small && !given {
        // BusyBox: a system's user is in `nogroup`, another one in a group of its own.
        made.primary = if made.system { Primary::Gid(65533) } else { Primary::Own };
    }
    // `adduser USER GROUP` adds to a group.
    let [name] = names.as_slice() else { return None };
    made.name.clone_from(name);
    (!name.is_empty()).then_some(made)
}

fn takes_value(program: &str, option: char) -> bool {
    match program {
        "useradd" => "bcdefgGkKpsuZR".contains(option),
        "adduser" => "hgsGuk".contains(option),
        "groupadd" => "gKpRPU".contains(option),
        _ => option == 'g',
    }
}

fn is_switch(long: &str) -> bool {
    matches!(
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
            | "force"
            | "quiet"
            | "force-badname"
            | "allow-bad-names"
            | "allow-all-names"
            | "badname"
            | "debug"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_are_written_out() {
        use Id::{Chosen, Unknown, Written};
        use Primary::{Gid, Own};
        let named = |name: &str| Primary::Named(name.into());
        for (line, expected) in [
            ("useradd -u 1001 app", Some(("app", Written(1001), Own))),
            ("useradd -r -u 10001 -g 0 -d /app -s /sbin/nologin app", Some(("app", Written(10001), Gid(0)))),
            ("useradd --uid=1001 --gid=1002 --create-home app", Some(("app", Written(1001), Gid(1002)))),
            ("useradd -m -u1001 app", Some(("app", Written(1001), Own))),
            ("useradd -mu 1001 -s /bin/bash app", Some(("app", Written(1001), Own))),
            ("/usr/sbin/useradd --system --uid 999 --shell /bin/sh app", Some(("app", Written(999), Own))),
            ("useradd -rm -g app app", Some(("app", Chosen, named("app")))),
            ("useradd -lmN -G sudo app", Some(("app", Chosen, Primary::Unknown))),
            ("adduser -D -u 1000 -G app app", Some(("app", Written(1000), named("app")))),
            ("adduser -D app", Some(("app", Chosen, Own))),
            (
                "adduser -S -u 1001 -G nodejs -h /home/n nextjs",
                Some(("nextjs", Written(1001), named("nodejs"))),
            ),
            ("adduser -S app -g x", Some(("app", Chosen, Gid(65533)))),
            ("adduser --system --uid 1001 nextjs", Some(("nextjs", Written(1001), Primary::Unknown))),
            (
                "adduser --disabled-password --gecos '' --uid 10001 appuser",
                Some(("appuser", Written(10001), Primary::Unknown)),
            ),
            ("adduser --system --ingroup app app", Some(("app", Chosen, named("app")))),
            ("adduser app", Some(("app", Chosen, Primary::Unknown))),
            ("adduser app docker", None),
            ("useradd -u $UID app", Some(("app", Unknown, Own))),
            ("groupadd -g 1001 app", Some(("app", Written(1001), Primary::Unknown))),
            ("groupadd -r app", Some(("app", Chosen, Primary::Unknown))),
            ("addgroup -S -g 1001 app", Some(("app", Written(1001), Primary::Unknown))),
            ("addgroup --system --gid 1001 nodejs", Some(("nodejs", Written(1001), Primary::Unknown))),
            ("usermod -aG docker app", None),
        ] {
            let word = |w: &str| (!w.starts_with('$')).then(|| if w == "''" { "" } else { w }.to_owned());
            let words: Vec<_> = line.split(' ').map(word).collect();
            let made = made(words[0].as_deref().unwrap(), &words[1..]);
            let got = made.as_ref().map(|m| (m.name.as_str(), m.id, m.primary.clone()));
            assert_eq!(got, expected, "{line}");
            assert!(made.is_none_or(|m| m.is_group == words[0].as_deref().unwrap().contains("group")));
        }
    }
}
