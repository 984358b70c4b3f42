//! Files that a stage closes to everybody but root.

use seaworthy_syntax::dockerfile::{Arguments, edit};
use seaworthy_syntax::{Edit, Span};

use super::owned::{Owned, absolute, is_root, paths};
use super::{Identity, Project, Stage};

/// Files that only root can read or run.
#[derive(Debug)]
pub struct Closed {
    /// The first of them.
    pub path: String,
    /// The mode they get.
    pub mode: String,
    /// Where the mode stands.
    pub span: Span,
    /// What is done about it, as a title.
    pub title: String,
    /// The edits that do it.
    pub edits: Vec<Edit>,
}

/// Where programs insist on files that are closed, or that are root's affair.
const APART: [&str; 7] = ["/root", "/etc/sudoers", "/etc/ssh", "/etc/cron", "/tmp", "/var/tmp", "/var/spool"];

/// What a name has in it of a file that nobody else may read.
const SECRETS: [&str; 7] = ["key", ".pem", "secret", "passw", ".pgpass", "credential", "token"];

impl Stage {
    /// The files that it closes to the user it runs as.
    pub fn closed(&self, project: &Project, identity: &Identity) -> Vec<Closed> {
        let Some(file) = project.dockerfile(self.source) else { return Vec::new() };
        let owned = Owned::of(self, project);
        let mut found = Vec::new();
        for run in self.runs(project) {
            let state = self.state_at(run.index);
            let calls = run.calls().filter(|c| c.program == "chmod" && !c.command.context.function);
            for call in calls {
                let words = paths(call, state);
                let Some(((word, Some(mode)), targets)) = words.split_first().map(|(m, t)| (m.clone(), t))
                else {
                    continue;
                };
                let mut targets = targets.iter().filter_map(|(_, path)| absolute(path.as_deref()?, state));
                let Some(path) = targets.next() else { continue };
                let all = std::iter::once(&path);
                if all
                    .chain(&targets.collect::<Vec<_>>())
                    .any(|p| APART.iter().any(|a| p.starts_with(a)) || owned.covers(p))
                {
                    continue;
                }
                let Some(open) = opened(&mode) else { continue };
                let secret = SECRETS.iter().any(|s| path.to_ascii_lowercase().contains(s));
                let (title, edits) = if secret {
                    let give = format!("chown {} {path}", identity.owner());
                    (
                        format!("Give it to {}", identity.owner()),
                        edit::append_command(file, run.instruction, &run.shell, &give),
                    )
                } else {
                    (format!("Let everybody read it: `{open}`"), Some(Edit { span: word.span, text: open }))
                };
                if let Some(edit) = edits {
                    found.push(Closed { path, mode, span: word.span, title, edits: vec![edit] });
                }
            }
        }
        self.keys(project, identity, &owned, &mut found);
        for (index, transfer, to) in self.transfers(project) {
            let Some(instruction) = file.instructions.get(index) else { continue };
            let Some(value) = instruction.flag("chmod").and_then(|f| f.value.as_ref()) else { continue };
            let mode = value.text.to_string();
            if instruction.flag("chown").is_some()
                || !matches!(instruction.arguments, Arguments::Copy(_) | Arguments::Add(_))
            {
                continue;
            }
            let Some(open) = opened(&mode) else { continue };
            let secret = SECRETS
                .iter()
                .any(|s| to.contains(s) || transfer.sources.iter().any(|w| format!("{w:?}").contains(s)));
            let (title, edit) = if secret {
                (
                    format!("Give it to {}", identity.owner()),
                    edit::set_flag(file, instruction, "chown", Some(&identity.owner())),
                )
            } else {
                (format!("Let everybody read it: `{open}`"), edit::replace(file, value, &open))
            };
            if let Some(edit) = edit {
                found.push(Closed { path: to, mode, span: value.span, title, edits: vec![edit] });
            }
        }
        found
    }

    /// Keys that its `RUN`s make, which their tools leave to whoever made them.
    fn keys(&self, project: &Project, identity: &Identity, owned: &Owned, found: &mut Vec<Closed>) {
        let Some(file) = project.dockerfile(self.source) else { return };
        for run in self.runs(project) {
            let state = self.state_at(run.index);
            for call in run.calls().filter(|c| c.program == "openssl" && is_root(state)) {
                let verb = call.verb().and_then(|w| w.value.as_deref()).unwrap_or_default();
                let option = match verb {
                    "req" => "-keyout",
                    "genrsa" | "genpkey" | "ecparam" => "-out",
                    _ => continue,
                };
                let at = call.args.iter().position(|w| w.is(option));
                let word = at.and_then(|at| call.args.get(at + 1));
                let path = word.and_then(|w| absolute(w.value.as_deref()?, state));
                let (Some(word), Some(path)) = (word, path.filter(|p| !owned.covers(p))) else { continue };
                let give = format!("chown {} {path}", identity.owner());
                if let Some(edit) = edit::append_command(file, run.instruction, &run.shell, &give) {
                    let title = format!("Give it to {}", identity.owner());
                    found.push(Closed {
                        path,
                        mode: "0600".into(),
                        span: word.span,
                        title,
                        edits: vec![edit],
                    });
                }
            }
        }
    }
}

/// A mode that lets everybody read, and run, what its owner can; `None` for one that does.
pub(super) fn opened(mode: &str) -> Option<String> {
    if mode.bytes().all(|b| b.is_ascii_digit()) && (3..=4).contains(&mode.len()) {
        let digits: Vec<u8> = mode.bytes().map(|b| b - b'0').collect();
        let (head, last) = digits.split_at(digits.len() - 3);
        let (user, group, other) = (last[0], last[1], last[2]);
        let wanted = user & 5;
        if other & wanted == wanted || user & 4 == 0 {
            return None;
        }
        let head: String = head.iter().map(|d| char::from(b'0' + d)).collect();
        return Some(format!("{head}{user}{}{}", group | wanted, other | wanted));
    }
    let (who, what) = mode.split_once(['+', '='])?;
    (who == "u" && what.contains('x')).then(|| "a+rx".to_owned())
}

#[cfg(test)]
mod tests {
    use super::opened;

    #[test]
    fn modes_are_opened_to_everybody() {
        for (mode, expected) in [
            ("700", Some("755")),
            ("0700", Some("0755")),
            ("744", Some("755")),
            ("600", Some("644")),
            ("750", Some("755")),
            ("500", Some("555")),
            ("u+x", Some("a+rx")),
            ("u=rwx", Some("a+rx")),
            ("755", None),
            ("765", None),
            ("644", None),
            ("+x", None),
            ("a+x", None),
            ("1777", None),
            ("go-w", None),
            ("x", None),
        ] {
            assert_eq!(opened(mode).as_deref(), expected, "{mode}");
        }
    }
}
