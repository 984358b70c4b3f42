//! Dockerfiles become stages, as `BuildKit` 0.24 understands them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use camino::Utf8Path;
use seaworthy_syntax::dockerfile::{
    Arguments, Command, CopySource, Dockerfile, Env, Healthcheck, Instruction, Value, Word,
};
use seaworthy_syntax::duration;
use seaworthy_syntax::{SourceId, Span, Spanned};

use super::state::{Label, Scope, VariableKind};
use super::{Base, Build, BuildId, ImageCommand, Stage, StageRole, Use, UseKind, accounts};
use crate::images;
use crate::parse::Parse;
use crate::project::container::{Action, ImageName, Port, Probe, User};
use crate::project::{Origin, Setting};

/// Arguments that every build has: a `FROM` sees them, a stage does once it declares them.
const PLATFORM_ARGS: [&str; 11] = [
    "BUILDPLATFORM",
    "BUILDOS",
    "BUILDOSVERSION",
    "BUILDARCH",
    "BUILDVARIANT",
    "TARGETPLATFORM",
    "TARGETOS",
    "TARGETOSVERSION",
    "TARGETARCH",
    "TARGETVARIANT",
    "TARGETSTAGE",
];

/// The arguments before the first stage.
#[derive(Default)]
struct Globals(HashMap<Box<str>, Option<String>>);

impl Env for Globals {
    fn get(&self, name: &str) -> Value<'_> {
        match self.0.get(name) {
            Some(Some(value)) => Value::Set(value),
            Some(None) => Value::Unknown,
            None if PLATFORM_ARGS.contains(&name) => Value::Unknown,
            None => Value::Unset,
        }
    }
}

/// What a Dockerfile builds; `None` for a file that is none or has no stage.
pub(super) fn build(id: BuildId, parse: &Parse) -> Option<Build> {
    let tree = parse.dockerfile()?;
    let mut globals = Globals::default();
    for instruction in tree.globals() {
        if let Arguments::Arg(definitions) = &instruction.arguments {
            for definition in definitions {
                let name = text(&definition.name, &globals).unwrap_or_default();
                let value = definition.default.as_ref().and_then(|word| text(word, &globals));
                globals.0.insert(name.into(), value);
            }
        }
    }
    let mut stages = Vec::new();
    let mut names = BTreeMap::new();
    let mut from = tree.globals().len();
    for written in tree.stages() {
        let end = from + 1 + written.instructions.len();
        let name = written.name.map(|word| Spanned::new(word.text.to_ascii_lowercase(), word.span));
        let mut stage =
            Lowering { tree, globals: &globals, stages: &stages, names: &names, source: parse.id }.stage(
                written.from,
                written.image,
                id,
                from,
                end,
            );
        stage.index = written.index;
        stage.name.clone_from(&name);
        stages.push(stage);
        if let Some(name) = name {
            names.insert(name.value, written.index);
        }
        from = end;
    }
    let count = stages.len();
    for stage in &mut stages {
        stage.uses = uses(tree, stage, &names, count);
    }
    let directory = parse.source.path.parent().unwrap_or(Utf8Path::new("")).to_owned();
    let mut build = Build {
        id,
        source: parse.id,
        stages,
        contexts: vec![directory],
        contexts_are_named: false,
        context: None,
    };
    build.assign_roles(&[]);
    (!build.stages.is_empty()).then_some(build)
}

struct Lowering<'a> {
    tree: &'a Dockerfile,
    globals: &'a Globals,
    stages: &'a [Stage],
    names: &'a BTreeMap<String, usize>,
    source: SourceId,
}

impl Lowering<'_> {
    fn stage(
        &self,
        instruction: &Instruction,
        image: &Word,
        build: BuildId,
        from: usize,
        end: usize,
    ) -> Stage {
        let base = self.base(image);
        let below = match base {
            Base::Stage(index) => self.stages.get(index),
            _ => None,
        };
        let facts = match &base {
            Base::Image(name) => images::facts(name),
            Base::Stage(_) => below.and_then(|s| s.facts),
            _ => None,
        };
        let mut scope = match (&base, below, facts) {
            (Base::Scratch, ..) => Scope::scratch(),
            (Base::Stage(_), Some(below), _) => Scope::on(below.scope.clone()),
            (Base::Image(_), _, Some(facts)) => Scope::of(facts, image.span),
            _ => Scope::unknown(),
        };
        let platform = instruction.flag("platform").and_then(|f| f.value.as_ref());
        let windows = below.is_some_and(|s| s.windows)
            || matches!(&base, Base::Image(name) if images::is_windows(name))
            || platform.is_some_and(|p| p.text.to_ascii_lowercase().starts_with("windows"))
            || self.tree.escape == '`' && facts.is_none() && below.is_none() && base != Base::Scratch;
        let instructions = self.tree.instructions.get(from + 1..end).unwrap_or_default();
        let windows = windows || instructions.iter().any(has_windows_shell);
        let mut own_command = false;
        for (index, instruction) in instructions.iter().enumerate() {
            if instruction.onbuild.is_none() {
                let at = (from + 1 + index) as u32;
                apply(&mut scope, at, instruction, self.globals, windows, &mut own_command);
                self.copy_accounts(&mut scope, at, instruction);
            }
        }
        Stage {
            build,
            source: self.source,
            index: 0,
            name: None,
            base,
            from,
            end,
            role: StageRole::Aside,
            windows,
            facts,
            uses: Vec::new(),
            copied: Vec::new(),
            scope: Arc::new(scope),
            shells: std::sync::Mutex::default(),
            memo: std::sync::Mutex::default(),
        }
    }

    fn base(&self, image: &Word) -> Base {
        let Some(name) = text(image, self.globals) else { return Base::Unknown };
        if let Some(index) = self.names.get(&name.to_ascii_lowercase()) {
            return Base::Stage(*index);
        }
        if name == "scratch" {
            return Base::Scratch;
        }
        ImageName::parse(&name).map_or(Base::Unknown, Base::Image)
    }

    /// `COPY --from=builder /etc/passwd` brings the users of that stage.
    fn copy_accounts(&self, scope: &mut Scope, at: u32, instruction: &Instruction) {
        let Arguments::Copy(transfer) = &instruction.arguments else { return };
        let passwd =
            |source: &CopySource| matches!(source, CopySource::Path(word) if &*word.text == "/etc/passwd");
        let Some(flag) = instruction.flag("from").and_then(|f| f.value.as_ref()) else { return };
        if !transfer.sources.iter().any(passwd) {
            return;
        }
        if let Base::Stage(index) = named(&flag.text, self.names, self.stages.len())
            && let Some(stage) = self.stages.get(index)
        {
            for account in stage.end().accounts() {
                scope.enrol(at, account.clone());
            }
        }
    }
}

/// What `--from` names: a stage by its number or name, or an image.
fn named(name: &str, names: &BTreeMap<String, usize>, stages: usize) -> Base {
    if let Ok(index) = name.parse::<usize>() {
        return if index < stages { Base::Stage(index) } else { Base::Unknown };
    }
    if let Some(index) = names.get(&name.to_ascii_lowercase()) {
        return Base::Stage(*index);
    }
    ImageName::parse(name).map_or(Base::Unknown, Base::Image)
}

/// What a stage takes from other stages and images besides its base.
fn uses(tree: &Dockerfile, stage: &Stage, names: &BTreeMap<String, usize>, stages: usize) -> Vec<Use> {
    let mut uses = Vec::new();
    for index in stage.from + 1..stage.end {
        let Some(instruction) = tree.instructions.get(index).filter(|i| i.onbuild.is_none()) else {
            continue;
        };
        let mut push = |word: &Word, kind| {
            let from = if kind == UseKind::Mount && word.text.contains('$') {
                Base::Unknown
            } else {
                named(&word.text, names, stages)
            };
            uses.push(Use { instruction: index, from, kind, span: word.span });
        };
        match &instruction.arguments {
            Arguments::Copy(_) => {
                instruction
                    .flag("from")
                    .and_then(|f| f.value.as_ref())
                    .into_iter()
                    .for_each(|w| push(w, UseKind::Copy));
            }
            Arguments::Run(_) => {
                let mounts = instruction.flags("mount").filter_map(|f| f.field(&["from"])?.value.as_ref());
                mounts.for_each(|w| push(w, UseKind::Mount));
            }
            _ => {}
        }
    }
    uses
}

fn has_windows_shell(instruction: &Instruction) -> bool {
    let Arguments::Shell(Command::Exec { words, .. }) = &instruction.arguments else { return false };
    words.first().is_some_and(|word| {
        let program = word.text.rsplit(['/', '\\']).next().unwrap_or_default().to_ascii_lowercase();
        matches!(program.trim_end_matches(".exe"), "cmd" | "powershell")
    })
}

/// What a word comes to; `None` where that is not known or an error.
fn text(word: &Word, env: &dyn Env) -> Option<String> {
    if word.is_plain() { Some(word.text.to_string()) } else { word.expand(env).ok()?.value }
}

fn setting<T>(value: Option<T>, at: Span) -> Setting<T> {
    match value {
        Some(value) => Setting::known(value, Origin::Dockerfile, Some(at)),
        None => Setting::unknown(Origin::Dockerfile, Some(at)),
    }
}

/// Applies an instruction to the configuration.
fn apply(
    scope: &mut Scope,
    at: u32,
    instruction: &Instruction,
    globals: &Globals,
    windows: bool,
    own_command: &mut bool,
) {
    let state = scope.at(at as usize);
    match &instruction.arguments {
        Arguments::User(word) => {
            let user = text(word, &state).map(|name| resolve(User::parse(&name), state));
            scope.user.set(at, setting(user, word.span));
        }
        Arguments::Workdir(word) => {
            let current = state.workdir();
            let path = text(word, &state).and_then(|path| {
                if is_absolute(&path, windows) {
                    return Some(clean(&path, windows));
                }
                if current.is_unknown() {
                    return None;
                }
                let current = current.value().map_or("/", String::as_str);
                Some(clean(&format!("{current}/{path}"), windows))
            });
            scope.workdir.set(at, setting(path, word.span));
        }
        Arguments::Env(pairs) => {
            let bound: Vec<_> =
                pairs.iter().map(|p| (text(&p.name, &state), text(&p.value, &state), p.span)).collect();
            for (name, value, span) in bound {
                if let Some(name) = name {
                    scope.bind(at, VariableKind::Env, &name, value, span);
                }
            }
        }
        Arguments::Arg(definitions) => {
            for definition in definitions {
                // Each sees those before it.
                let state = scope.at(at as usize + 1);
                let Some(name) = text(&definition.name, &state) else { continue };
                let value = match &definition.default {
                    Some(word) => text(word, &state),
                    None => match (globals.get(&name), state.get(&name)) {
                        (Value::Set(value), _) | (Value::Unset, Value::Set(value)) => Some(value.to_owned()),
                        _ => None,
                    },
                };
                scope.bind(at, VariableKind::Arg, &name, value, definition.span);
            }
        }
        Arguments::Label(pairs) => {
            let labels: Vec<_> = pairs
                .iter()
                .filter_map(|p| {
                    let name = text(&p.name, &state)?;
                    Some(Label { name, value: text(&p.value, &state), span: p.span })
                })
                .collect();
            for label in labels {
                scope.label(at, label);
            }
        }
        Arguments::Expose(words) => {
            let mut ports = Vec::new();
            for word in words {
                match word.expand(&state) {
                    Ok(expansion) if expansion.value.is_some() => {
                        ports.extend(expansion.words.iter().map(|v| exposed(v, word.span)));
                    }
                    _ => ports.push(None),
                }
            }
            for port in ports {
                scope.expose(at, port);
            }
        }
        Arguments::Volume { paths, .. } => {
            let volumes: Vec<_> =
                paths.iter().filter_map(|p| Some(Spanned::new(text(p, &state)?, p.span))).collect();
            for volume in volumes {
                scope.mount(at, volume);
            }
        }
        Arguments::Shell(Command::Exec { words, span }) => {
            let words = words.iter().map(|w| w.text.to_string()).collect();
            scope.shell.set(at, setting(Some(words), *span));
        }
        Arguments::Cmd(command) => {
            let value = image_command(command, state.shell().value());
            scope.command.set(at, setting(Some(value), command.span()));
            *own_command = true;
        }
        Arguments::Entrypoint(command) => {
            let value = image_command(command, state.shell().value());
            // `ENTRYPOINT []` takes away that of the base.
            let cleared = matches!(&value, ImageCommand::Exec(words) if words.is_empty());
            let value = if cleared { Setting::default() } else { setting(Some(value), command.span()) };
            scope.entrypoint.set(at, value);
            if !*own_command {
                scope.command.set(at, Setting::default());
            }
        }
        Arguments::Stopsignal(word) => {
            let signal = text(word, &state);
            scope.stop_signal.set(at, setting(signal, word.span));
        }
        Arguments::Healthcheck(check) => {
            let probe = probe(instruction, check);
            let span = probe.span;
            scope.healthcheck.set(at, setting(Some(probe), span));
        }
        Arguments::Run(command) => {
            for made in accounts::made_by(command, state) {
                scope.make(at, made);
            }
        }
        _ => {}
    }
}

/// A user with the ids that are known of it here.
fn resolve(mut user: User, state: super::State<'_>) -> User {
    let account = state.accounts().find(|account| match (&user.name, user.uid) {
        (Some(name), _) => *name == account.name,
        (None, uid) => uid == Some(account.uid),
    });
    if let Some(account) = account {
        user.name.get_or_insert_with(|| account.name.clone());
        user.uid.get_or_insert(account.uid);
        if user.group.is_none() {
            user.gid = user.gid.or(account.gid);
        }
    }
    if let (None, Some(group)) = (user.gid, &user.group) {
        user.gid = state.group(group);
    }
    user
}

fn image_command(command: &Command, shell: Option<&Vec<String>>) -> ImageCommand {
    match command {
        Command::Exec { words, .. } => ImageCommand::Exec(words.iter().map(|w| w.text.to_string()).collect()),
        Command::Shell(script) => {
            ImageCommand::Shell { shell: shell.cloned().unwrap_or_default(), line: script.text.to_string() }
        }
    }
}

fn probe(instruction: &Instruction, check: &Healthcheck) -> Probe {
    let seconds = |name: &str| {
        let nanoseconds = duration::nanoseconds(&instruction.flag(name)?.value.as_ref()?.text)?;
        u64::try_from(nanoseconds / 1_000_000_000).ok()
    };
    let action = match check {
        Healthcheck::None(_) => Action::None,
        Healthcheck::Cmd(Command::Exec { words, .. }) => {
            Action::Exec(words.iter().map(|w| w.text.to_string()).collect())
        }
        Healthcheck::Cmd(Command::Shell(script)) => Action::Shell(script.text.to_string()),
    };
    let retries = instruction.flag("retries").and_then(|f| f.value.as_ref()?.text.parse().ok());
    Probe {
        interval: seconds("interval"),
        timeout: seconds("timeout"),
        start_period: seconds("start-period"),
        retries,
        ..Probe::new(action, instruction.span)
    }
}

/// A port of `EXPOSE`: `80`, `80/udp`, `8000-8010/tcp`.
fn exposed(text: &str, span: Span) -> Option<Port> {
    let (range, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    let (first, last) = range.split_once('-').unwrap_or((range, range));
    let (container, container_end) = (first.parse().ok()?, last.parse().ok()?);
    Some(Port {
        name: None,
        container,
        container_end,
        host: None,
        host_ip: None,
        published: false,
        protocol: protocol.to_ascii_lowercase(),
        span,
    })
}

fn is_absolute(path: &str, windows: bool) -> bool {
    path.starts_with('/')
        || windows
            && (path.starts_with('\\') || path.as_bytes().get(1) == Some(&b':') && path.is_char_boundary(1))
}

/// A path without `.`, `..` and slashes that mean nothing.
pub(super) fn clean(path: &str, windows: bool) -> String {
    let separators: &[char] = if windows { &['/', '\\'] } else { &['/'] };
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split(separators) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    if windows && joined.as_bytes().get(1) == Some(&b':') { joined } else { format!("/{joined}") }
}
