//! The configuration of an image at any instruction of the stage that makes it.

use std::collections::HashMap;
use std::sync::Arc;

use seaworthy_syntax::dockerfile::{Env, Value};
use seaworthy_syntax::{Span, Spanned};

use super::ImageCommand;
use super::accounts::{Id, Made, Primary};
use crate::images::{Account, Facts, Group};
use crate::project::container::{Port, Probe, User};
use crate::project::{Origin, Setting};

/// How many stages on top of each other are looked through for a variable; beyond it is not known.
const DEPTH: u16 = 64;

/// The configuration of the image at an instruction: a view, free to copy.
///
/// It is an [`Env`], with the variables that the instruction sees.
#[derive(Clone, Copy, Debug)]
pub struct State<'s> {
    scope: &'s Scope,
    /// What instructions before this one changed is seen.
    at: u32,
}

/// All that the instructions of a stage change, in order, on top of what its base says.
#[derive(Debug, Default)]
pub(super) struct Scope {
    /// The stage it starts from, as it ends.
    base: Option<Arc<Scope>>,
    depth: u16,
    /// Whether the base may set more than is known.
    open: bool,
    pub(super) user: Timeline<Setting<User>>,
    pub(super) workdir: Timeline<Setting<String>>,
    pub(super) shell: Timeline<Setting<Vec<String>>>,
    pub(super) entrypoint: Timeline<Setting<ImageCommand>>,
    pub(super) command: Timeline<Setting<ImageCommand>>,
    pub(super) healthcheck: Timeline<Setting<Probe>>,
    pub(super) stop_signal: Timeline<Setting<String>>,
    variables: HashMap<Box<str>, Vec<Binding>>,
    labels: Vec<(u32, Label)>,
    ports: Vec<(u32, Option<Port>)>,
    volumes: Vec<(u32, Spanned<String>)>,
    accounts: Vec<(u32, Account)>,
    groups: Vec<(u32, Group)>,
}

/// A value and what it becomes later.
#[derive(Debug, Default)]
pub(super) struct Timeline<T> {
    start: T,
    changes: Vec<(u32, T)>,
}

/// What an instruction says of a variable.
#[derive(Debug)]
struct Binding {
    at: u32,
    kind: VariableKind,
    value: Option<Box<str>>,
    span: Option<Span>,
}

/// What a variable is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VariableKind {
    /// `ENV`: it stays in the image.
    Env,
    /// `ARG`: it is there while the image is built.
    Arg,
}

/// A label of an image.
#[derive(Clone, Debug)]
pub struct Label {
    /// Its name.
    pub name: String,
    /// Its value, where it is known.
    pub value: Option<String>,
    /// Where it is written.
    pub span: Span,
}

/// A variable of an image.
#[derive(Clone, Copy, Debug)]
pub struct Variable<'s> {
    /// Its name.
    pub name: &'s str,
    /// Its value, where it is known.
    pub value: Option<&'s str>,
    /// Where it is written; `None` for one of a public image.
    pub span: Option<Span>,
}

impl<T> Timeline<T> {
    fn from(start: T) -> Self {
        Self { start, changes: Vec::new() }
    }

    pub(super) fn set(&mut self, at: u32, value: T) {
        self.changes.push((at, value));
    }

    fn get(&self, at: u32) -> &T {
        latest(&self.changes, at, |c| c.0).map_or(&self.start, |c| &c.1)
    }

    fn end(&self) -> &T {
        self.get(u32::MAX)
    }
}

/// The last of the entries before a place.
fn latest<T>(entries: &[T], at: u32, place: impl Fn(&T) -> u32) -> Option<&T> {
    entries[..entries.partition_point(|e| place(e) < at)].last()
}

impl Scope {
    /// That of a stage that starts from nothing.
    pub(super) fn scratch() -> Self {
        Self::default()
    }

    /// That of a stage that starts from an image of which nothing is known.
    pub(super) fn unknown() -> Self {
        Self {
            open: true,
            user: Timeline::from(Setting::unknown(Origin::Image, None)),
            workdir: Timeline::from(Setting::unknown(Origin::Image, None)),
            entrypoint: Timeline::from(Setting::unknown(Origin::Image, None)),
            command: Timeline::from(Setting::unknown(Origin::Image, None)),
            healthcheck: Timeline::from(Setting::unknown(Origin::Image, None)),
            stop_signal: Timeline::from(Setting::unknown(Origin::Image, None)),
            ..Self::default()
        }
    }

    /// That of a stage that starts from a public image; `at` is where that is named.
    pub(super) fn of(facts: &Facts, at: Span) -> Self {
        fn setting<T>(value: Option<T>) -> Setting<T> {
            value.map_or(Setting::unknown(Origin::Image, None), |v| Setting::known(v, Origin::Image, None))
        }
        fn command(words: Option<&Vec<String>>) -> Setting<ImageCommand> {
            match words {
                Some(words) if words.is_empty() => Setting::default(),
                words => setting(words.cloned().map(ImageCommand::Exec)),
            }
        }
        let bind = |(name, value): (&String, &String)| {
            let binding =
                Binding { at: 0, kind: VariableKind::Env, value: Some(value.as_str().into()), span: None };
            (name.as_str().into(), vec![binding])
        };
        Self {
            open: true,
            user: Timeline::from(setting(facts.configured_user())),
            workdir: Timeline::from(setting(facts.workdir.clone())),
            entrypoint: Timeline::from(command(facts.entrypoint.as_ref())),
            command: Timeline::from(command(facts.command.as_ref())),
            healthcheck: Timeline::from(match facts.probe(at) {
                Some(probe) => Setting::known(probe, Origin::Image, None),
                None if facts.healthcheck => Setting::unknown(Origin::Image, None),
                None => Setting::default(),
            }),
            // Where the build files of an image name no signal it is the platform's.
            stop_signal: Timeline::from(
                facts
                    .stop_signal
                    .clone()
                    .map_or_else(Setting::default, |s| Setting::known(s, Origin::Image, None)),
            ),
            variables: facts.env.iter().map(bind).collect(),
            ports: facts.ports.iter().map(|port| (0, Some(port.at(at)))).collect(),
            volumes: facts.volumes.iter().map(|v| (0, Spanned::new(v.clone(), at))).collect(),
            accounts: facts.users.iter().map(|a| (0, a.clone())).collect(),
            groups: facts.groups.iter().map(|g| (0, g.clone())).collect(),
            ..Self::default()
        }
    }

    /// That of a stage that starts from another one.
    pub(super) fn on(base: Arc<Self>) -> Self {
        Self {
            open: base.open,
            depth: base.depth + 1,
            user: Timeline::from(base.user.end().clone()),
            workdir: Timeline::from(base.workdir.end().clone()),
            shell: Timeline::from(base.shell.end().clone()),
            entrypoint: Timeline::from(base.entrypoint.end().clone()),
            command: Timeline::from(base.command.end().clone()),
            healthcheck: Timeline::from(base.healthcheck.end().clone()),
            stop_signal: Timeline::from(base.stop_signal.end().clone()),
            base: (base.depth < DEPTH).then_some(base),
            ..Self::default()
        }
    }

    pub(super) fn at(&self, at: usize) -> State<'_> {
        State { scope: self, at: u32::try_from(at).unwrap_or(u32::MAX) }
    }

    pub(super) fn bind(
        &mut self,
        at: u32,
        kind: VariableKind,
        name: &str,
        value: Option<String>,
        span: Span,
    ) {
        let binding = Binding { at, kind, value: value.map(String::into_boxed_str), span: Some(span) };
        match self.variables.get_mut(name) {
            Some(bindings) => bindings.push(binding),
            None => {
                self.variables.insert(name.into(), vec![binding]);
            }
        }
    }

    pub(super) fn expose(&mut self, at: u32, port: Option<Port>) {
        self.ports.push((at, port));
    }

    pub(super) fn mount(&mut self, at: u32, volume: Spanned<String>) {
        self.volumes.push((at, volume));
    }

    pub(super) fn label(&mut self, at: u32, label: Label) {
        self.labels.push((at, label));
    }

    pub(super) fn enrol(&mut self, at: u32, account: Account) {
        self.accounts.push((at, account));
    }

    /// Adds a user or a group that a command makes, where its id is known.
    pub(super) fn make(&mut self, at: u32, made: Made) {
        let Id::Written(id) = made.id else { return };
        if made.is_group {
            self.groups.push((at, Group { name: made.name, gid: id }));
            return;
        }
        let gid = match made.primary {
            Primary::Gid(gid) => Some(gid),
            Primary::Named(name) => self.at(at as usize + 1).group(&name),
            Primary::Own => Some(id),
            Primary::Unknown => None,
        };
        self.enrol(at, Account { name: made.name, uid: id, gid, home: made.home });
    }

    /// Itself and those it stands on, the nearest first, with the place up to which each counts.
    fn chain(&self, at: u32) -> impl Iterator<Item = (&Self, u32)> {
        std::iter::successors(Some((self, at)), |(scope, _)| Some((scope.base.as_deref()?, u32::MAX)))
    }

    fn env(&self, name: &str, at: u32) -> Option<&Binding> {
        self.chain(at).find_map(|(scope, at)| {
            let bindings = scope.variables.get(name)?;
            bindings[..bindings.partition_point(|b| b.at < at)]
                .iter()
                .rev()
                .find(|b| b.kind == VariableKind::Env)
        })
    }

    /// What an instruction sees: the last `ENV` or `ARG` of the stage, or else what the base ends with, where each `ENV`
    /// hides every `ARG` of its name.
    fn variable(&self, name: &str, at: u32) -> Option<&Binding> {
        self.chain(at).find_map(|(scope, at)| {
            let own = scope.variables.get(name).and_then(|bindings| latest(bindings, at, |b| b.at));
            own.or_else(|| scope.base.as_deref()?.env(name, u32::MAX))
        })
    }

    fn is_cut(&self) -> bool {
        self.depth > DEPTH
    }
}

impl<'s> State<'s> {
    /// Who runs what follows. Unset is root; unknown with [`Origin::Image`] where the base image decides.
    pub fn user(self) -> &'s Setting<User> {
        self.scope.user.get(self.at)
    }

    /// The directory, absolute. Unset is `/`.
    pub fn workdir(self) -> &'s Setting<String> {
        self.scope.workdir.get(self.at)
    }

    /// The shell of shell forms as `SHELL` says; unset is `/bin/sh -c`.
    pub fn shell(self) -> &'s Setting<Vec<String>> {
        self.scope.shell.get(self.at)
    }

    /// The entry point.
    pub fn entrypoint(self) -> &'s Setting<ImageCommand> {
        self.scope.entrypoint.get(self.at)
    }

    /// The command; unset too where an `ENTRYPOINT` took away the one of the base.
    pub fn command(self) -> &'s Setting<ImageCommand> {
        self.scope.command.get(self.at)
    }

    /// The health check; known as [`Action::None`](crate::project::container::Action::None) where it is turned off.
    pub fn healthcheck(self) -> &'s Setting<Probe> {
        self.scope.healthcheck.get(self.at)
    }

    /// The signal that stops it; unset is `SIGTERM`.
    pub fn stop_signal(self) -> &'s Setting<String> {
        self.scope.stop_signal.get(self.at)
    }

    /// What the image itself sets a variable to, without build arguments.
    pub fn env(self, name: &str) -> Value<'s> {
        self.value(self.scope.env(name, self.at), name)
    }

    /// Whether a build argument of this name is declared, here or in a stage below.
    pub fn declares(self, name: &str) -> bool {
        self.scope.chain(self.at).any(|(scope, at)| {
            let bindings = scope.variables.get(name);
            bindings.is_some_and(|b| b.iter().any(|b| b.kind == VariableKind::Arg && b.at < at))
        })
    }

    /// Where the variable that is seen was last set.
    pub fn set_at(self, name: &str) -> Option<Span> {
        self.scope.variable(name, self.at)?.span
    }

    /// The names of all variables that an instruction sees, as far as they are known, in their order.
    pub fn names(self) -> Vec<&'s str> {
        let mut names: Vec<&str> = self
            .scope
            .chain(self.at)
            .flat_map(|(scope, at)| {
                let bound = move |bindings: &Vec<Binding>| bindings.first().is_some_and(|b| b.at < at);
                scope.variables.iter().filter(move |(_, b)| bound(b)).map(|(name, _)| &**name)
            })
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The variables that stay in the image, in the order of their names, as far as they are known.
    pub fn variables(self) -> Vec<Variable<'s>> {
        let mut names: Vec<&str> =
            self.scope.chain(self.at).flat_map(|(scope, _)| scope.variables.keys().map(|k| &**k)).collect();
        names.sort_unstable();
        names.dedup();
        let variable = |name| {
            let binding = self.scope.env(name, self.at)?;
            Some(Variable { name, value: binding.value.as_deref(), span: binding.span })
        };
        names.into_iter().filter_map(variable).collect()
    }

    /// The labels, as far as they are known; of several with one name the first counts.
    pub fn labels(self) -> impl Iterator<Item = &'s Label> {
        let State { scope, at } = self;
        scope.chain(at).flat_map(|(scope, at)| {
            scope.labels.iter().rev().filter(move |(place, _)| *place < at).map(|(_, label)| label)
        })
    }

    /// The ports it says it listens on, as far as they are known.
    pub fn ports(self) -> impl Iterator<Item = &'s Port> {
        self.exposed().flatten()
    }

    /// Whether [`State::ports`] are all there are.
    pub fn ports_are_complete(self) -> bool {
        !matches!(self.scope.user.start.origin, Origin::Image if self.scope.user.start.is_unknown())
            && !self.scope.is_cut()
            && self.exposed().all(|port| port.is_some())
    }

    fn exposed(self) -> impl Iterator<Item = Option<&'s Port>> {
        let State { scope, at } = self;
        scope.chain(at).flat_map(|(scope, at)| {
            scope.ports.iter().filter(move |(place, _)| *place < at).map(|(_, port)| port.as_ref())
        })
    }

    /// The paths that are volumes, as far as they are known.
    pub fn volumes(self) -> impl Iterator<Item = &'s Spanned<String>> {
        let State { scope, at } = self;
        scope.chain(at).flat_map(|(scope, at)| {
            scope.volumes.iter().filter(move |(place, _)| *place < at).map(|(_, volume)| volume)
        })
    }

    /// The users that are known to exist: of the public image, and those made with an id that is written out.
    pub fn accounts(self) -> impl Iterator<Item = &'s Account> {
        let State { scope, at } = self;
        scope.chain(at).flat_map(|(scope, at)| {
            scope.accounts.iter().rev().filter(move |(place, _)| *place < at).map(|(_, account)| account)
        })
    }

    /// The id of a group by its name: one that is known to exist, or that of the user of the same name.
    pub fn group(self, name: &str) -> Option<u32> {
        let State { scope, at } = self;
        let mut groups = scope.chain(at).flat_map(|(scope, at)| {
            scope.groups.iter().rev().filter(move |(place, _)| *place < at).map(|(_, group)| group)
        });
        let named = groups.find(|g| g.name == name).map(|g| g.gid);
        named.or_else(|| self.accounts().find(|a| a.name == name)?.gid)
    }

    /// The name of a group by its id, where it is known to exist.
    pub fn group_of(self, gid: u32) -> Option<&'s str> {
        let State { scope, at } = self;
        let mut groups = scope.chain(at).flat_map(|(scope, at)| {
            scope.groups.iter().filter(move |(place, _)| *place < at).map(|(_, group)| group)
        });
        groups.find(|g| g.gid == gid).map(|g| g.name.as_str())
    }

    fn value(self, binding: Option<&'s Binding>, name: &str) -> Value<'s> {
        match binding {
            Some(Binding { value: Some(value), .. }) => Value::Set(value),
            Some(_) => Value::Unknown,
            None if self.scope.open || self.scope.is_cut() => Value::Unknown,
            // BuildKit sets it where the base does not.
            None if name == "PATH" => {
                Value::Set("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
            }
            None => Value::Unset,
        }
    }
}

impl Env for State<'_> {
    fn get(&self, name: &str) -> Value<'_> {
        self.value(self.scope.variable(name, self.at), name)
    }
}
