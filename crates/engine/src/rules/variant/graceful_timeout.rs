use crate::pins;
use crate::project::Stage;
use crate::project::dockerfile::Program;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "graceful-timeout",
    summary: "bounds how long a server waits for open connections when it is stopped",
    since: "0.1.0",
    docs: include_str!("graceful_timeout.md"),
    aliases: &[],
    category: Category::Reliability,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Variant(check),
};

/// A server that waits without a limit, and what gives it one.
struct Server {
    name: &'static str,
    option: &'static str,
    variable: &'static str,
    /// The first version that has the option.
    since: pins::Version,
}

const SERVERS: [Server; 2] = [
    Server {
        name: "uvicorn",
        option: "--timeout-graceful-shutdown",
        variable: "UVICORN_TIMEOUT_GRACEFUL_SHUTDOWN",
        since: (0, 22),
    },
    Server {
        name: "granian",
        option: "--workers-kill-timeout",
        variable: "GRANIAN_WORKERS_KILL_TIMEOUT",
        since: (2, 3),
    },
];

/// Less than the grace period of 30 seconds, with time left for what the server does behind it.
const SECONDS: &str = "20";

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    let Some(program) = stage.launch(project).program() else { return };
    let at = program.words.first().and_then(|w| w.span).unwrap_or(program.instruction.keyword.span);
    let Some(server) = SERVERS.iter().find(|s| s.name == program.name) else {
        if let Some(why) = without_option(&program) {
            ctx.report(at, why);
        }
        return;
    };
    if stage.end().set_at(server.variable).is_some()
        || program.has_option(&[server.option])
        || program.has_option(&["--version", "--help"])
    {
        return;
    }
    let Server { name, option, since, .. } = server;
    if let Some(found) = newest(stage, ctx, name).filter(|found| found < since) {
        let (found, since) = (shown(found), shown(*since));
        ctx.report(
            at,
            format!("`{name}` {found} has no `{option}`, which came with {since}: one open connection keeps it until it is killed"),
        );
        return;
    }
    ctx.report(at, format!("`{name}` waits for open connections without a limit, until it is killed")).fix(
        Safety::Unsafe,
        format!("Let `{name}` wait {SECONDS} seconds at most"),
        program.append(&[option, SECONDS]),
    );
}

fn shown((major, minor): pins::Version) -> String {
    if minor == u32::MAX { major.to_string() } else { format!("{major}.{minor}") }
}

/// The newest version that the build may install. For Python 3.6 there is none of today.
fn newest(stage: &Stage, ctx: &Ctx<'_>, package: &str) -> Option<pins::Version> {
    let image = stage.image(ctx.project).filter(|i| i.repository == "python");
    let tag = image.and_then(|i| i.tag.as_deref()).unwrap_or_default();
    let old = tag.starts_with('2') || ["3.4", "3.5", "3.6"].iter().any(|v| tag.starts_with(v));
    if old { Some((0, 16)) } else { pins::newest(ctx.project, stage, package) }
}

/// Why a server that waits without a limit gets none here.
fn without_option(program: &Program<'_>) -> Option<String> {
    let verb = |verbs: &[&str]| program.args().iter().any(|a| verbs.iter().any(|v| a.is(v)));
    Some(match program.name.as_str() {
        "fastapi" if verb(&["run", "dev"]) => {
            "`fastapi run` waits for open connections without a limit and has no option for one: start `uvicorn` itself".into()
        }
        "celery" if verb(&["worker"]) => {
            "`celery worker` waits for running tasks without a limit; only its settings can bound that: the grace period has to be longer than a task".into()
        }
        _ => return None,
    })
}
