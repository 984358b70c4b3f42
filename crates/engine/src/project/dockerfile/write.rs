//! Changes of a stage that rules ask for.

use seaworthy_syntax::Edit;
use seaworthy_syntax::dockerfile::edit::{self, New};
use seaworthy_syntax::dockerfile::{Arguments, Instruction, Keyword};

use super::{Project, Stage};
use crate::images::UserTools;
use crate::parse::Parse;

/// A user that a stage can run as instead of root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NonRoot {
    /// The name; `None` for one that exists only as a number.
    pub name: Option<String>,
    /// The id.
    pub uid: u32,
    /// The id of the group.
    pub gid: u32,
    /// The command that makes it; `None` for one that is there, or that needs no name.
    pub make: Option<String>,
}

/// Users that are not meant to run a program of ours.
const NOT_OURS: [&str; 8] = ["root", "nobody", "guest", "_apt", "www-data", "daemon", "ubuntu", "games"];

/// The id of a user that is made; the first of those that are free.
const FIRST_ID: u32 = 1001;

impl Stage {
    /// The user it can run as instead of root: one that its commands make, one that its image has for that, or a new one,
    /// made with the tools of its distribution, or just a number where it has none. `None` for Windows.
    pub fn non_root(&self, project: &Project) -> Option<NonRoot> {
        if self.windows {
            return None;
        }
        let end = self.end();
        let ours = end.accounts().find(|a| a.uid != 0 && !NOT_OURS.contains(&a.name.as_str()));
        if let Some(account) = ours {
            let gid = account.gid.unwrap_or(account.uid);
            return Some(NonRoot { name: Some(account.name.clone()), uid: account.uid, gid, make: None });
        }
        let works = self.facts.filter(|f| f.drops_with.is_some() || f.uid.is_some());
        if let Some((facts, uid)) = works.and_then(|f| Some((f, f.uid.filter(|uid| *uid != 0)?))) {
            return Some(NonRoot {
                name: facts.runs_as.clone(),
                uid,
                gid: facts.gid.unwrap_or(uid),
                make: None,
            });
        }
        let id = (FIRST_ID..=u32::MAX).find(|id| !end.accounts().any(|a| a.uid == *id))?;
        let make = match self.distribution(project).map(|d| d.users) {
            Some(UserTools::Shadow) => Some(format!(
                "groupadd --system --gid {id} app && useradd --system --uid {id} --gid {id} --create-home \
                 --shell /usr/sbin/nologin app"
            )),
            Some(UserTools::Busybox) => {
                Some(format!("addgroup -S -g {id} app && adduser -S -u {id} -G app app"))
            }
            Some(UserTools::None) | None => None,
        };
        let name = make.is_some().then(|| "app".to_owned());
        Some(NonRoot { name, uid: id, gid: id, make })
    }

    /// The edits after which the image runs as this user: `USER` stands before the instructions that say what runs, or
    /// takes the place of a `USER` there. Nothing that is run or copied while the image is built changes hands. `None`
    /// where the user would have to be made by someone else than root.
    pub fn run_as(&self, project: &Project, user: &NonRoot) -> Option<Vec<Edit>> {
        let file = project.parse(self.source).and_then(Parse::dockerfile)?;
        let own = self.instructions(project);
        let first = own.len() - own.iter().rev().take_while(|i| says_only_what_runs(i)).count();
        let tail = &own[first..];
        let make = user.make.as_ref().map(|command| New::new(Keyword::Run, command.clone()));
        if make.is_some() {
            let before = self.state_at(self.from + 1 + first);
            let root = before.user().value().map_or(before.user().is_unset(), |u| u.is_root() == Some(true));
            if !root {
                return None;
            }
        }
        // The number is what a cluster can check for not being root.
        let name = format!("{}:{}", user.uid, user.gid);
        let written = tail.iter().rev().find_map(|i| match &i.arguments {
            Arguments::User(word) => Some((i, word)),
            _ => None,
        });
        if let Some((instruction, word)) = written {
            let mut edits: Vec<Edit> =
                make.map(|new| edit::insert_before(file, instruction, &[new])).into_iter().collect();
            edits.push(edit::replace(file, word, &name)?);
            return Some(edits);
        }
        let new: Vec<New> = make.into_iter().chain([New::new(Keyword::User, name)]).collect();
        let runs = |i: &&Instruction| {
            i.onbuild.is_none() && matches!(i.arguments, Arguments::Cmd(_) | Arguments::Entrypoint(_))
        };
        let edit = if let Some(instruction) = tail.iter().find(runs) {
            edit::insert_before(file, instruction, &new)
        } else {
            let last = file.instructions.get(self.end.checked_sub(1)?)?;
            edit::insert_after(file, last, &new)
        };
        Some(vec![edit])
    }
}

/// Whether an instruction does nothing as the user it runs under.
fn says_only_what_runs(instruction: &Instruction) -> bool {
    instruction.onbuild.is_some()
        || !matches!(
            instruction.keyword.value,
            Keyword::Run | Keyword::Copy | Keyword::Add | Keyword::Workdir | Keyword::Unknown | Keyword::From
        )
}
