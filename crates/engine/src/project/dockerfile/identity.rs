//! Who the program of an image can run as instead of root.

use seaworthy_syntax::dockerfile::edit::{self, New};
use seaworthy_syntax::dockerfile::{Arguments, Instruction, Keyword, Value, Word};
use seaworthy_syntax::{Edit, Span};

use super::accounts::{self, Id, Made, Primary};
use super::owned::is_root;
use super::{Base, Call, Project, Stage, State};
use crate::images::{self, Account, Facts, PackageManager, UserTools};
use crate::project::Origin;
use crate::project::container::{ImageName, User};
use crate::project::listen::WebServer;

/// A user that is not root and that the program of an image can run as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The name; `None` for one that exists only as a number.
    pub name: Option<String>,
    /// The id.
    pub uid: u32,
    /// The id of the group; `None` where that of the user counts, which is not known.
    pub gid: Option<u32>,
    /// The home, where there is one that exists.
    pub home: Option<String>,
    /// What has to be done for it.
    pub need: Need,
}

/// What has to be done so that an image runs as a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Need {
    /// Nothing: it does, by number.
    Nothing,
    /// `USER` has to name it by this number.
    Number(String),
    /// The command that makes it has to give it its id.
    Id(Vec<Edit>),
    /// This command has to make it.
    Making(String),
}

/// Why an image goes on as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obstacle {
    /// In a sentence without a final stop.
    pub why: String,
    /// Where it shows.
    pub span: Span,
}

/// Users that are not meant to run a program of ours.
const NOT_OURS: [&str; 9] =
    ["root", "nobody", "guest", "_apt", "www-data", "daemon", "games", "messagebus", "systemd-network"];

/// Programs of images that have `www-data` for their work.
const WEB_SERVERS: [&str; 5] =
    ["php-fpm", "apache2-foreground", "httpd-foreground", "apache2ctl", "apachectl"];

/// The name of a user that is made.
const NAME: &str = "appuser";

/// The id of a user that is made; the first of those that are free.
const FIRST_ID: u32 = 1001;

impl Identity {
    fn of(account: &Account, need: Need) -> Self {
        let home = account.home.clone().filter(|home| home.len() > 1 && exists(home));
        Self { name: Some(account.name.clone()), uid: account.uid, gid: account.gid, home, need }
    }

    /// It as `USER`, `--chown` and `chown` take it.
    pub fn owner(&self) -> String {
        match self.gid {
            Some(gid) => format!("{}:{gid}", self.uid),
            None => self.uid.to_string(),
        }
    }

    /// Its home, and where it has none a directory that could be.
    pub fn home_or_new(&self) -> &str {
        self.home.as_deref().unwrap_or("/home/appuser")
    }
}

fn exists(home: &str) -> bool {
    !matches!(home, "/nonexistent" | "/dev/null" | "/bin" | "/usr/sbin")
}

impl Stage {
    /// Who its program runs as, or could; `Ok(None)` for Windows.
    ///
    /// # Errors
    /// Where it has to go on as root, or nothing tells who it runs as.
    pub fn identity(&self, project: &Project) -> Result<Option<Identity>, Obstacle> {
        self.memo(|memo| &mut memo.identity, || self.find_identity(project))
    }

    fn find_identity(&self, project: &Project) -> Result<Option<Identity>, Obstacle> {
        if self.windows {
            return Ok(None);
        }
        let at = self.image_span(project).or_else(|| self.from_span(project));
        let Some(at) = at else { return Ok(None) };
        let obstacle = |why: String, span| Err(Obstacle { why, span });
        let end = self.end();
        let user = end.user();
        let (written, span) = match self.last_user(project) {
            Some((state, word)) => match word.expand(&state).ok().and_then(|e| e.value) {
                Some(text) => (text, word.span),
                None => return obstacle("a variable without a value decides the user".into(), word.span),
            },
            None if user.origin == Origin::Image
                && user.is_unknown()
                && !self.is_root_at_first(project)
                && self.likely_facts(project).is_none_or(|f| f.user.as_deref() != Some("")) =>
            {
                let image =
                    self.image(project).map_or_else(|| project.text(at).to_owned(), ToString::to_string);
                return obstacle(format!("nothing tells which user `{image}` runs as"), at);
            }
            None => {
                let of_image = || self.facts.and_then(|f| f.user.clone()).unwrap_or_default();
                (if user.origin == Origin::Image { of_image() } else { String::new() }, at)
            }
        };
        let as_written = User::parse(&written);
        if written.is_empty() || as_written.is_root() == Some(true) {
            return self.instead_of_root(project, at).map(Some);
        }
        if let Some(uid) = as_written.uid {
            let gid = user.value().and_then(|u| u.gid);
            let account = end.accounts().find(|a| a.uid == uid);
            let mut identity = Identity { name: None, uid, gid, home: None, need: Need::Nothing };
            if let Some(account) = account {
                identity = Identity { gid, ..Identity::of(account, Need::Nothing) };
            }
            return Ok(Some(identity));
        }
        let name = as_written.name.unwrap_or_default();
        if let Some(account) = end.accounts().find(|a| a.name == name).cloned() {
            let mut identity = Identity::of(&account, Need::Nothing);
            let group = as_written.group.as_deref();
            let gid = user.value().and_then(|u| u.gid);
            let gid = gid.or_else(|| self.group_of_distribution(project, group?));
            let number = match (group, gid) {
                _ if self.id_word(project, &name).is_some() => {
                    self.id_word(project, &name).unwrap_or_default()
                }
                (Some(group), None) => format!("{}:{group}", account.uid),
                // The other groups that a user is in count only where no group is named.
                (None, _) if self.is_in_more_groups(project, &name) => account.uid.to_string(),
                (_, Some(gid)) => format!("{}:{gid}", account.uid),
                (None, None) => account.uid.to_string(),
            };
            identity.gid = gid;
            identity.need = Need::Number(number);
            return Ok(Some(identity));
        }
        if let Some(identity) = self.unnumbered(project, &name) {
            return Ok(Some(identity));
        }
        if let Some(mut account) = self.of_distribution(project, &name) {
            let number = match as_written.group.as_deref() {
                None => Identity::of(&account, Need::Nothing).owner(),
                Some(group) => {
                    account.gid = as_written.gid.or_else(|| self.group_of_distribution(project, group));
                    account.gid.map_or_else(
                        || format!("{}:{group}", account.uid),
                        |gid| format!("{}:{gid}", account.uid),
                    )
                }
            };
            return Ok(Some(Identity::of(&account, Need::Number(number))));
        }
        obstacle(format!("nothing tells the id of the user `{name}`"), span)
    }

    /// The user it can run as that runs as root now.
    fn instead_of_root(&self, project: &Project, at: Span) -> Result<Identity, Obstacle> {
        if !self.serves() {
            let why = "nothing here says what runs: what is built on this image may need root";
            return Err(Obstacle { why: why.into(), span: at });
        }
        let only_shell = |words: &Vec<String>| {
            let program = words.first().map_or("", |w| w.rsplit('/').next().unwrap_or(w));
            matches!(program, "sh" | "bash" | "ash" | "zsh" | "fish")
                && words[1..].iter().all(|w| w.starts_with('-'))
        };
        let started = self.started(project);
        let no_program = started.iter().all(|words| words.first().is_none_or(String::is_empty));
        if !started.is_empty() && (no_program || started.iter().all(only_shell)) {
            let why = "nothing but a shell runs: what is done in it, or built on it, may need root";
            return Err(Obstacle { why: why.into(), span: at });
        }
        if let Some(obstacle) = self.needs_root(project) {
            return Err(obstacle);
        }
        let end = self.end();
        let numbered = |account: &Account| {
            let identity = Identity::of(account, Need::Nothing);
            let number = identity.owner();
            Identity { need: Need::Number(number), ..identity }
        };
        let of_image = self.facts.filter(|f| f.uid.is_some_and(|uid| uid != 0));
        let is_web_server = self.programs(project).iter().any(|p| WEB_SERVERS.contains(&p.as_str()));
        let ours = |account: &&Account| {
            account.uid != 0
                && (!NOT_OURS.contains(&account.name.as_str()) || account.name == "www-data" && is_web_server)
        };
        let guessed = self.likely_facts(project).map(|f| f.users.iter()).into_iter().flatten();
        if let Some(account) = end.accounts().chain(guessed).find(ours) {
            return Ok(numbered(account));
        }
        if let Some(identity) = self.made_without_id(project).and_then(|n| self.unnumbered(project, &n)) {
            return Ok(identity);
        }
        if let Some(facts) = of_image {
            let uid = facts.uid.unwrap_or_default();
            let home = facts.home.clone().filter(|home| exists(home));
            let identity =
                Identity { name: facts.runs_as.clone(), uid, gid: facts.gid, home, need: Need::Nothing };
            let number = identity.owner();
            return Ok(Identity { need: Need::Number(number), ..identity });
        }
        if WebServer::of(self, project).is_some_and(|server| server.is_of_debian(self, project))
            && let Some(account) = self.of_distribution(project, "www-data")
        {
            return Ok(numbered(&account));
        }
        if self.programs(project).iter().any(|p| p == "nginx") {
            let why = "nothing tells the id of the user that nginx has in this image";
            return Err(Obstacle { why: why.into(), span: at });
        }
        let is_free = |id: &u32| !end.accounts().any(|a| a.uid == *id);
        let id = (FIRST_ID..FIRST_ID + 64).find(is_free).unwrap_or(FIRST_ID);
        let command = match self.distribution(project).map(|d| d.users) {
            Some(UserTools::Shadow) => format!(
                "groupadd --gid {id} {NAME}\n&& useradd --uid {id} --gid {id} --create-home --shell /usr/sbin/nologin {NAME}"
            ),
            Some(UserTools::Busybox) => {
                format!("addgroup -g {id} {NAME}\n&& adduser -D -u {id} -G {NAME} -s /sbin/nologin {NAME}")
            }
            Some(UserTools::None) | None => String::new(),
        };
        if command.is_empty() {
            let need = Need::Number(format!("{id}:{id}"));
            return Ok(Identity { name: None, uid: id, gid: Some(id), home: None, need });
        }
        Ok(Identity {
            name: Some(NAME.into()),
            uid: id,
            gid: Some(id),
            home: Some(format!("/home/{NAME}")),
            need: Need::Making(command),
        })
    }

    /// Whether something runs in it: the stage itself says what, or its image does, and that is no shell.
    pub fn serves(&self) -> bool {
        let state = self.end();
        let own = |origin| matches!(origin, Origin::Own | Origin::Dockerfile);
        own(state.command().origin)
            || own(state.entrypoint().origin)
            // A base whose own command is a shell is a base, no program.
            || self.facts.and_then(|f| f.command.as_ref()?.last()).is_some_and(|last| !last.ends_with("sh"))
    }

    /// What is likely of an image of which only a part of the tag is not known: `nginx:${VERSION}-alpine`.
    fn likely_facts(&self, project: &Project) -> Option<&'static Facts> {
        let bottom = self.and_below(project).last()?;
        if bottom.facts.is_some() || bottom.base != Base::Unknown {
            return None;
        }
        let written = project.text(bottom.image_span(project)?);
        let (name, tag) = written.split_once(':').filter(|(name, _)| !name.contains('$'))?;
        let mut known = String::new();
        let mut inside = false;
        for c in tag.chars() {
            inside = c == '$' || inside && (c.is_ascii_alphanumeric() || matches!(c, '_' | '{' | '}' | ':'));
            if !inside {
                known.push(c);
            }
        }
        let tag = known.trim_matches(['-', '.', '_']);
        let image = if tag.is_empty() { name.to_owned() } else { format!("{name}:{tag}") };
        images::facts(&ImageName::parse(&image)?)
    }

    /// A user that its image, or every image of its distribution, has.
    fn of_distribution(&self, project: &Project, name: &str) -> Option<Account> {
        if let Some(facts) = self.facts.filter(|f| f.runs_as.as_deref() == Some(name))
            && let Some(uid) = facts.uid
        {
            let home = facts.home.clone();
            return Some(Account { name: name.to_owned(), uid, gid: facts.gid, home });
        }
        let (uid, home) = match (self.distribution(project)?.packages, name) {
            (PackageManager::Apt, "www-data") => (33, "/var/www"),
            (PackageManager::Apt | PackageManager::Apk, "nobody") => (65534, "/nonexistent"),
            _ => return None,
        };
        Some(Account { name: name.to_owned(), uid, gid: Some(uid), home: Some(home.to_owned()) })
    }

    /// The id of a group that every image of its distribution has.
    fn group_of_distribution(&self, project: &Project, name: &str) -> Option<u32> {
        match (self.distribution(project)?.packages, name) {
            (_, "root") => Some(0),
            (PackageManager::Apt | PackageManager::Apk, "users") => Some(100),
            (PackageManager::Apt, "nogroup") | (PackageManager::Apk, "nobody") => Some(65534),
            (PackageManager::Apk, "nogroup") => Some(65533),
            (PackageManager::Apt, "www-data") => Some(33),
            (PackageManager::Apk, "www-data") => Some(82),
            _ => None,
        }
    }

    /// The last `USER` of it and of the stages it starts from, with the variables it sees.
    fn last_user<'p>(&'p self, project: &'p Project) -> Option<(State<'p>, &'p Word)> {
        self.and_below(project).find_map(|stage| {
            let steps: Vec<_> = stage.walk(project).collect();
            steps.into_iter().rev().find_map(|step| match &step.instruction.arguments {
                Arguments::User(word) if step.instruction.onbuild.is_none() => Some((step.before, word)),
                _ => None,
            })
        })
    }

    /// The stages whose users it has: itself, those below, and those whose `/etc/passwd` it copies.
    fn sources_of_users<'p>(&'p self, project: &'p Project) -> Vec<&'p Self> {
        let mut stages: Vec<&Self> = self.and_below(project).collect();
        let copied = self.uses.iter().filter_map(|used| match used.from {
            Base::Stage(index) => project.builds.get(self.build.0 as usize)?.stages.get(index),
            _ => None,
        });
        let copies_users = self.instructions(project).iter().any(|i| {
            matches!(i.arguments, Arguments::Copy(_)) && project.text(i.span).contains("/etc/passwd")
        });
        if copies_users {
            stages.extend(copied.flat_map(|stage| stage.and_below(project)));
        }
        stages
    }

    /// Whether what it does before any `USER` shows that its unknown image is root.
    fn is_root_at_first(&self, project: &Project) -> bool {
        const ROOTS: [&str; 22] = [
            "apt-get",
            "apt",
            "apk",
            "yum",
            "dnf",
            "microdnf",
            "tdnf",
            "zypper",
            "pacman",
            "rpm",
            "dpkg",
            "useradd",
            "adduser",
            "groupadd",
            "addgroup",
            "usermod",
            "chown",
            "update-ca-certificates",
            "ldconfig",
            "locale-gen",
            "setcap",
            "chpasswd",
        ];
        self.and_below(project).any(|stage| {
            stage.runs(project).iter().any(|run| {
                run.calls().any(|call| {
                    ROOTS.contains(&call.program) && call.name.is(call.program) && {
                        // `sudo apt-get` shows the contrary.
                        call.command.name().is_none_or(|name| name != "sudo")
                    }
                })
            })
        })
    }

    /// The commands that make users and groups, with the stage they are in.
    fn makers<T>(&self, project: &Project, take: impl Fn(&Self, Call<'_>, Made) -> Option<T>) -> Vec<T> {
        let mut found = Vec::new();
        for stage in self.sources_of_users(project) {
            for run in stage.runs(project) {
                let state = stage.state_at(run.index);
                found.extend(run.calls().filter(|c| !c.command.context.function).filter_map(|call| {
                    let made = accounts::made(call.program, &accounts::values(call.args, state))?;
                    take(stage, call, made)
                }));
            }
        }
        found
    }

    /// The first user that its commands make without an id.
    fn made_without_id(&self, project: &Project) -> Option<String> {
        let names =
            self.makers(project, |_, _, made| (!made.is_group && made.id == Id::Chosen).then_some(made.name));
        names.into_iter().next()
    }

    /// The user of a name that its commands make without an id, with the edits that give it one.
    fn unnumbered(&self, project: &Project, name: &str) -> Option<Identity> {
        let of_name = self.makers(project, |stage, call, made| {
            let busybox = stage.distribution(project).map(|d| d.users) == Some(UserTools::Busybox);
            (!made.is_group && made.name == name && made.id == Id::Chosen).then_some((
                call.name.span,
                busybox,
                made,
            ))
        });
        let (_, _, made) = of_name.first()?.clone();
        let end = self.end();
        let is_free = |id: &u32| !end.accounts().any(|a| a.uid == *id) && end.group_of(*id).is_none();
        // What the tool would have chosen, where that is known: files and volumes go on being its own.
        let first = if !made.system && self.facts.is_some() { 1000 } else { FIRST_ID };
        let id = (first..FIRST_ID + 64).find(is_free).unwrap_or(FIRST_ID);
        let group = match &made.primary {
            Primary::Named(group) => Some(group.clone()),
            _ => None,
        };
        let flag = |busybox, short: &str, long: &str| format!("{} {id}", if busybox { short } else { long });
        let mut edits: Vec<Edit> = of_name
            .iter()
            .map(|(span, busybox, _)| edit::insert_behind(*span, &flag(*busybox, "-u", "--uid")))
            .collect();
        let groups = self.makers(project, |stage, call, made| {
            let busybox = stage.distribution(project).map(|d| d.users) == Some(UserTools::Busybox);
            (made.is_group && Some(&made.name) == group.as_ref() && made.id == Id::Chosen)
                .then(|| edit::insert_behind(call.name.span, &flag(busybox, "-g", "--gid")))
        });
        let gid = match &made.primary {
            Primary::Gid(gid) => Some(*gid),
            Primary::Own => Some(id),
            Primary::Named(_) if !groups.is_empty() => Some(id),
            Primary::Named(group) => end.group(group),
            Primary::Unknown => None,
        };
        edits.extend(groups);
        edits.sort();
        edits.dedup();
        let home = made.home.clone();
        Some(Identity { name: Some(name.to_owned()), uid: id, gid, home, need: Need::Id(edits) })
    }

    /// The id that a user is made with as it is written, where a variable decides it.
    fn id_word(&self, project: &Project, name: &str) -> Option<String> {
        let words = self.makers(project, |stage, call, made| {
            if made.is_group || made.name != name || stage.index != self.index {
                return None;
            }
            let at = call.args.iter().position(|w| matches!(&*w.text, "-u" | "--uid"));
            let word = match at {
                Some(at) => call.args.get(at + 1)?.text.as_str(),
                None => call.args.iter().find_map(|w| w.text.strip_prefix("--uid="))?,
            };
            let word = word.trim_matches('"');
            let plain = word.strip_prefix('$')?.trim_start_matches('{').trim_end_matches('}');
            let is_name = !plain.is_empty() && plain.chars().all(|c| c == '_' || c.is_ascii_alphanumeric());
            is_name.then(|| word.to_owned())
        });
        words.into_iter().next()
    }

    /// Whether a command puts a user into more groups than its own.
    fn is_in_more_groups(&self, project: &Project, name: &str) -> bool {
        let made =
            self.makers(project, |_, _, made| (made.name == name && made.in_more_groups).then_some(()));
        !made.is_empty()
            || self.and_below(project).any(|stage| {
                stage.runs(project).iter().any(|run| {
                    run.calls().any(|call| {
                        let names = call.args.iter().filter(|w| !w.text.starts_with('-')).count();
                        let named = call.args.iter().any(|w| w.is(name));
                        named
                            && match call.program {
                                "usermod" | "gpasswd" => true,
                                "adduser" | "addgroup" => names == 2 && call.args.len() == 2,
                                _ => false,
                            }
                    })
                })
            })
    }

    /// The edits after which the image runs as this user. `None` where it does.
    pub fn run_as(&self, project: &Project, identity: &Identity) -> Option<Vec<Edit>> {
        let file = project.dockerfile(self.source)?;
        let own = self.instructions(project);
        let first = own.len() - own.iter().rev().take_while(|i| says_only_what_runs(i)).count();
        let tail = &own[first..];
        let (number, make) = match &identity.need {
            Need::Nothing => return None,
            Need::Id(edits) => return Some(edits.clone()),
            Need::Number(number) => (number.clone(), None),
            Need::Making(command) => (identity.owner(), Some(New::new(Keyword::Run, command.clone()))),
        };
        let user = New::new(Keyword::User, number.clone());
        let last = own.iter().enumerate().rev().find_map(|(at, i)| match &i.arguments {
            Arguments::User(word) if i.onbuild.is_none() => Some((at, i, word)),
            _ => None,
        });
        let is_root = self.end().user().value().is_none_or(|u| u.is_root() == Some(true));
        // A number that takes the place of a name changes nothing for what is run there.
        let replaced = last.filter(|(at, ..)| !is_root || *at >= first);
        let mut edits = Vec::new();
        let home = identity.name.is_none() && self.base != Base::Scratch && self.needs_home(project);
        let home = home.then(|| New::new(Keyword::Env, "HOME=/tmp"));
        let runs = |i: &&Instruction| {
            i.onbuild.is_none() && matches!(i.arguments, Arguments::Cmd(_) | Arguments::Entrypoint(_))
        };
        let place = replaced.map(|(_, i, _)| i).or_else(|| tail.iter().find(runs));
        let maker = make.as_ref().and_then(|_| self.place_of_making(project));
        let joined = maker.is_none_or(|m| place.is_some_and(|p| std::ptr::eq(m, p)));
        let mut new: Vec<New> = Vec::new();
        match (make, maker) {
            (Some(make), Some(maker)) if !joined => edits.push(edit::insert_before(file, maker, &[make])),
            (make, _) => new.extend(make),
        }
        new.extend(home);
        if let Some((_, instruction, word)) = replaced {
            if !new.is_empty() {
                edits.push(edit::insert_before(file, instruction, &new));
            }
            edits.push(edit::replace(file, word, &number)?);
            return Some(edits);
        }
        new.push(user);
        edits.push(match place {
            Some(instruction) => edit::insert_before(file, instruction, &new),
            None => edit::insert_after(file, file.instructions.get(self.end.checked_sub(1)?)?, &new),
        });
        Some(edits)
    }

    /// The last place where root can do something: before this instruction, or behind this one. `None` where root never is.
    pub fn last_as_root<'p>(&self, project: &'p Project) -> Option<Result<&'p Instruction, &'p Instruction>> {
        let own = self.instructions(project);
        let at = |index: usize| self.state_at(self.from + 1 + index);
        if is_root(self.end()) {
            let first = own.len() - own.iter().rev().take_while(|i| says_only_what_runs(i)).count();
            let runs = own[first..].iter().find(|i| {
                let is_last_word = matches!(i.arguments, Arguments::Cmd(_) | Arguments::Entrypoint(_));
                i.onbuild.is_none() && (is_last_word || matches!(i.arguments, Arguments::Volume { .. }))
            });
            return match runs {
                Some(instruction) => Some(Ok(instruction)),
                None => {
                    Some(Err(project.dockerfile(self.source)?.instructions.get(self.end.checked_sub(1)?)?))
                }
            };
        }
        let last = (0..own.len()).rev().find(|index| {
            is_root(at(*index))
                && matches!(own[*index].arguments, Arguments::User(_))
                && own[*index].onbuild.is_none()
        })?;
        // A volume that is declared may no longer be changed.
        let volume = own[..last].iter().rev().take_while(|i| says_only_what_runs(i)).last();
        let volume = volume.filter(|i| matches!(i.arguments, Arguments::Volume { .. }));
        Some(Ok(volume.unwrap_or(&own[last])))
    }

    /// What a user has to be made before: the first that brings files of the application, or puts something into a home.
    fn place_of_making<'p>(&self, project: &'p Project) -> Option<&'p Instruction> {
        let own = self.instructions(project).iter().enumerate().find(|(_, i)| {
            i.onbuild.is_none()
                && (matches!(i.arguments, Arguments::Copy(_) | Arguments::Add(_))
                    || project.text(i.span).contains("/home/appuser")
                    || matches!(&i.arguments, Arguments::Env(pairs) if pairs.iter().any(|p| &*p.name.text == "HOME")))
        });
        own.filter(|(at, _)| is_root(self.state_at(self.from + 1 + at))).map(|(_, i)| i)
    }

    /// Whether its program may look for a home, and none is set.
    fn needs_home(&self, project: &Project) -> bool {
        let has_shell = self.facts.is_none_or(|f| f.shell != Some(crate::images::Sh::None));
        has_shell && !matches!(self.end().env("HOME"), Value::Set(_)) && self.distribution(project).is_some()
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
