use std::collections::BTreeSet;

use crate::project::dockerfile::{Program, Stage, StageRole};
use crate::project::listen::{self, Settings, WebServer};
use crate::syntax::dockerfile::edit::{self, New};
use crate::syntax::dockerfile::{Arguments, Command, Dockerfile, Instruction, Keyword, Word};
use crate::syntax::{Edit, Span};
use crate::variant::unprivileged as moved;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "unprivileged-port",
    summary: "moves a server from a port under 1024 to one that every user may listen on",
    since: "0.1.0",
    docs: include_str!("unprivileged_port.md"),
    aliases: &[],
    category: Category::Security,
    severity: Severity::High,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Variant(check),
};

/// Options that name a port, or an address with one.
const OPTIONS: [&str; 14] = [
    "--port",
    "-p",
    "--bind",
    "-b",
    "--listen",
    "-l",
    "-L",
    "--server.port",
    "--server-port",
    "--http-port",
    "--addr",
    "--address",
    "--http",
    "-P",
];

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let Some(file) = ctx.project.dockerfile(stage.source).filter(|_| !stage.windows) else { return };
    match WebServer::of(stage, ctx.project) {
        Some(server) => in_settings(server, stage, file, ctx),
        None => in_command(stage, file, ctx),
    }
}

/// A web server listens where its settings say.
fn in_settings(server: WebServer, stage: &Stage, file: &Dockerfile, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    let exposed = exposed(stage, ctx);
    let at = exposed.first().map(|(_, word)| word.span).or_else(|| stage.image_span(project));
    let Some(at) = at else { return };
    let settings = match server.settings(stage, project) {
        Ok(settings) => settings,
        Err(why) if !exposed.is_empty() => {
            ctx.report(at, format!("port {} stays: {why}", exposed[0].0));
            return;
        }
        Err(_) => return,
    };
    let (mut ports, mut variables) = (BTreeSet::new(), BTreeSet::new());
    let mut files: Vec<&Settings<'_>> = Vec::new();
    for settings in &settings {
        let (low, names) = server.low_ports(&settings.text);
        if !low.is_empty() {
            files.push(settings);
        }
        ports.extend(low);
        variables.extend(names);
    }
    let by_variable = variables.iter().flat_map(|name| set_to_port(stage, ctx, name)).collect::<Vec<_>>();
    let mut edits: Vec<Edit> =
        by_variable.iter().filter_map(|(port, word)| in_word(file, word, *port)).collect();
    if files.is_empty() && edits.is_empty() {
        return;
    }
    let all: BTreeSet<u16> = ports.iter().copied().chain(by_variable.iter().map(|(port, _)| *port)).collect();
    let Some(first) = all.first().copied() else { return };
    let taken = settings.iter().find(|s| all.iter().any(|p| server.listens_on(&s.text, moved(*p))));
    if let Some(taken) = taken {
        ctx.report(at, format!("port {first} stays: `{}` listens on {} already", taken.path, moved(first)));
        return;
    }
    let mut new = Vec::new();
    // What ships and this stage stands on is changed itself.
    let own = files.iter().any(|f| f.instruction.is_some_and(|at| at > stage.from && at < stage.end));
    if !own && stage.and_below(project).skip(1).any(|s| s.role == StageRole::Final) {
        return;
    }
    if !files.is_empty() {
        let script = ports.iter().map(|p| server.sed(*p, moved(*p))).collect::<Vec<_>>().join("; ");
        let paths: Vec<&str> = files.iter().map(|f| f.path.as_str()).collect();
        let command = format!("sed -i -E '{script}' {}", paths.join(" "));
        if has_run(stage, ctx, &command) {
            return;
        }
        if let Some(changed) = files.iter().find(|f| listen::changes(stage, project, &f.path)) {
            ctx.report(at, format!("port {first} stays: the Dockerfile itself changes `{}`", changed.path));
            return;
        }
        new.push(New::new(Keyword::Run, command));
    }
    let words: Vec<Edit> = exposed
        .iter()
        .filter(|(port, _)| all.contains(port))
        .filter_map(|(port, word)| in_word(file, word, *port))
        .collect();
    if words.is_empty() && !exposes_by_variable(stage, ctx, &variables) {
        let list: Vec<String> = all.iter().map(|p| moved(*p).to_string()).collect();
        new.push(New::new(Keyword::Expose, list.join(" ")));
    }
    edits.extend(words);
    if !new.is_empty() {
        let brought = files.iter().filter_map(|f| f.instruction).max();
        let Some(instruction) = place(stage, ctx, brought) else {
            ctx.report(
                at,
                format!("port {first} stays: the settings are brought by a user that is not root"),
            );
            return;
        };
        edits.push(edit::insert_after(file, instruction, &new));
    }
    finish(ctx, at, &all, edits);
}

/// Any other program listens where its arguments or variables say.
fn in_command(stage: &Stage, file: &Dockerfile, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    let exposed = exposed(stage, ctx);
    let launch = stage.launch(project);
    let program = launch.program();
    let mut ports: BTreeSet<u16> = exposed.iter().map(|(port, _)| *port).collect();
    ports.extend(program.iter().flat_map(|p| arguments(p)).map(|(port, _)| port));
    for port in ports {
        let words: Vec<&Word> = exposed.iter().filter(|(p, _)| *p == port).map(|(_, w)| *w).collect();
        let mut edits: Vec<Edit> = program
            .iter()
            .flat_map(|p| arguments(p))
            .filter(|(p, _)| *p == port)
            .filter_map(|(_, span)| in_text(project.text(span), port).map(|text| Edit { span, text }))
            .collect();
        let at = words.first().map(|w| w.span).or_else(|| edits.first().map(|e| e.span));
        let Some(at) = at else { continue };
        let set = variables(stage, ctx, port);
        edits.extend(set.iter().filter_map(|word| in_word(file, word, port)));
        let setting = || {
            if is_old_aspnet(stage, ctx) {
                Some(format!("ASPNETCORE_URLS=http://+:{}", moved(port)))
            } else {
                Some(format!("{}={}", project.port_variable(stage, port)?, moved(port)))
            }
        };
        if edits.is_empty()
            && let (Some(setting), Some(instruction)) = (setting(), place(stage, ctx, None))
        {
            edits.push(edit::insert_after(file, instruction, &[New::new(Keyword::Env, setting)]));
        }
        if edits.is_empty() {
            ctx.report(
                at,
                format!("port {port} stays: nothing in the Dockerfile says what listens on it; without root that takes the pod's sysctl `net.ipv4.ip_unprivileged_port_start=0`"),
            );
            continue;
        }
        edits.extend(words.iter().filter_map(|word| in_word(file, word, port)));
        finish(ctx, at, &BTreeSet::from([port]), edits);
    }
}

fn finish(ctx: &mut Ctx<'_>, at: Span, ports: &BTreeSet<u16>, mut edits: Vec<Edit>) {
    edits.sort();
    edits.dedup();
    let list =
        |of: &dyn Fn(u16) -> u16| ports.iter().map(|p| of(*p).to_string()).collect::<Vec<_>>().join(", ");
    let (from, to) = (list(&|p| p), list(&moved));
    ctx.report(
        at,
        format!(
            "without root nothing listens on a port under 1024: what sends to {from} has to send to {to}"
        ),
    )
    .fix(Safety::Unsafe, format!("Listen on {to} instead of {from}"), edits);
}

/// The ports under 1024 that the stage, or one that it stands on, writes out in `EXPOSE`.
fn exposed<'p>(stage: &'p Stage, ctx: &Ctx<'p>) -> Vec<(u16, &'p Word)> {
    let mut found = Vec::new();
    for stage in stage.and_below(ctx.project) {
        for step in stage.walk(ctx.project).filter(|s| s.instruction.onbuild.is_none()) {
            let Arguments::Expose(words) = &step.instruction.arguments else { continue };
            for word in words {
                let value = word.expand(&step.before).ok().and_then(|e| e.value).unwrap_or_default();
                let port = value.split('/').next().and_then(|p| p.parse::<u16>().ok());
                found.extend(port.filter(|p| (1..1024).contains(p)).map(|p| (p, word)));
            }
        }
    }
    found
}

/// The words of `ENV` and `ARG` that give a variable a port under 1024.
fn set_to_port<'p>(stage: &'p Stage, ctx: &Ctx<'p>, name: &str) -> Vec<(u16, &'p Word)> {
    assignments(stage, ctx)
        .filter(|(own, _)| own == name)
        .filter_map(|(_, word)| {
            let port = word.literal()?.parse::<u16>().ok()?;
            (1..1024).contains(&port).then_some((port, word))
        })
        .collect()
}

fn exposes_by_variable(stage: &Stage, ctx: &Ctx<'_>, names: &BTreeSet<String>) -> bool {
    stage.instructions(ctx.project).iter().any(|i| match &i.arguments {
        Arguments::Expose(words) => {
            words.iter().flat_map(Word::variables).any(|v| names.contains(&*v.name.as_str().to_owned()))
        }
        _ => false,
    })
}

fn assignments<'p>(stage: &'p Stage, ctx: &Ctx<'p>) -> impl Iterator<Item = (String, &'p Word)> {
    let instructions = stage.and_below(ctx.project).flat_map(|s| s.instructions(ctx.project));
    instructions.filter(|i| i.onbuild.is_none()).flat_map(|i| match &i.arguments {
        Arguments::Env(pairs) => {
            pairs.iter().map(|p| (p.name.text.to_string(), &p.value)).collect::<Vec<_>>()
        }
        Arguments::Arg(args) => {
            args.iter().filter_map(|a| Some((a.name.text.to_string(), a.default.as_ref()?))).collect()
        }
        _ => Vec::new(),
    })
}

/// The words of variables that name this port: `PORT=80`, `ASPNETCORE_URLS=http://+:80`.
fn variables<'p>(stage: &'p Stage, ctx: &Ctx<'p>, port: u16) -> Vec<&'p Word> {
    let about = |name: &str| {
        let parts: Vec<&str> = name.split('_').collect();
        parts.last().is_some_and(|l| matches!(*l, "PORT" | "PORTS" | "URLS" | "LISTEN" | "BIND" | "ADDR" | "ADDRESS"))
            // Where others listen.
            && !parts.iter().any(|p| {
                matches!(*p, "DB" | "REDIS" | "POSTGRES" | "MYSQL" | "SMTP" | "MAIL" | "REMOTE" | "UPSTREAM" | "BACKEND" | "API" | "PROXY")
            })
    };
    let names = |word: &&Word| word.literal().is_some_and(|v| in_text(&v, port).is_some());
    assignments(stage, ctx)
        .filter(|(name, _)| about(&name.to_ascii_uppercase()))
        .map(|(_, w)| w)
        .filter(names)
        .collect()
}

/// The arguments of a program that name a port under 1024.
fn arguments(program: &Program<'_>) -> Vec<(u16, Span)> {
    let mut found = Vec::new();
    let mut before = "";
    let module_server = matches!(program.name.as_str(), "http.server" | "SimpleHTTPServer" | "runserver");
    for word in program.args() {
        let text = word.value.as_deref().unwrap_or_default();
        let inline = text.split_once('=').filter(|(option, value)| {
            OPTIONS.contains(option) || option.starts_with("--") && value.starts_with(':')
        });
        let value = inline.map_or(text, |(_, value)| value);
        let named = inline.is_some() || OPTIONS.contains(&before);
        let port = value.rsplit(':').next().and_then(|p| p.parse::<u16>().ok());
        let address = value.contains(':')
            && value
                .split(':')
                .next()
                .is_some_and(|h| h.is_empty() || h == "*" || h.contains('.') || h.starts_with('['));
        if let Some(port) = port.filter(|p| (1..1024).contains(p))
            && (named || address || module_server)
            && let Some(span) = word.span
        {
            found.push((port, span));
        }
        before = text;
    }
    found
}

fn is_old_aspnet(stage: &Stage, ctx: &Ctx<'_>) -> bool {
    let Some(image) = stage.image(ctx.project) else { return false };
    let version = image.tag.as_deref().and_then(|t| t.split(['.', '-']).next()?.parse::<u32>().ok());
    matches!(image.repository.as_str(), "dotnet/aspnet" | "dotnet/core/aspnet")
        && version.is_some_and(|v| v < 8)
}

/// A word with a port in it moved.
fn in_word(file: &Dockerfile, word: &Word, port: u16) -> Option<Edit> {
    edit::replace(file, word, &in_text(&word.text, port)?)
}

/// A text that names a port once, as a number of its own, with the port moved.
fn in_text(text: &str, port: u16) -> Option<String> {
    let number = port.to_string();
    let mut places = text.match_indices(&number).filter(|(at, _)| {
        let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit() || c == '.');
        !digit(text[..*at].chars().next_back()) && !digit(text[at + number.len()..].chars().next())
    });
    let (at, _) = places.next()?;
    places.next().is_none().then(|| format!("{}{}{}", &text[..at], moved(port), &text[at + number.len()..]))
}

fn has_run(stage: &Stage, ctx: &Ctx<'_>, command: &str) -> bool {
    stage.and_below(ctx.project).flat_map(|s| s.instructions(ctx.project)).any(|i| match &i.arguments {
        Arguments::Run(Command::Shell(script)) => script.text.contains(command),
        _ => false,
    })
}

/// The instruction behind which root still works: what brings the settings, or else the last that does something.
fn place<'p>(stage: &'p Stage, ctx: &Ctx<'p>, brought: Option<usize>) -> Option<&'p Instruction> {
    let works = |i: &Instruction| {
        i.onbuild.is_none()
            && matches!(i.keyword.value, Keyword::Run | Keyword::Copy | Keyword::Add | Keyword::Workdir)
    };
    let is_root = |user: &crate::project::Setting<crate::project::User>| {
        user.value().map_or(!user.is_unknown(), |u| u.is_root() == Some(true))
    };
    let steps: Vec<_> = stage.walk(ctx.project).filter(|s| is_root(s.after.user())).collect();
    let brings = brought.filter(|at| *at > stage.from).and_then(|at| steps.iter().find(|s| s.index == at));
    let last = || steps.iter().rev().find(|s| works(s.instruction));
    match (brought.filter(|at| *at > stage.from), brings.or_else(last)) {
        (Some(_), _) if brings.is_none() => None,
        (_, Some(step)) => Some(step.instruction),
        (_, None) => stage.from_instruction(ctx.project).filter(|_| is_root(stage.start().user())),
    }
}
