use crate::project::container::{Action, Probe};
use crate::project::{Project, Stage};
use crate::syntax::Edit;
use crate::syntax::dockerfile::{Arguments, Dockerfile, Healthcheck, Instruction, edit};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "healthcheck-moved",
    summary: "takes out the `HEALTHCHECK`, whose probe belongs into the manifest",
    since: "0.1.0",
    docs: include_str!("healthcheck_moved.md"),
    aliases: &[],
    category: Category::Efficiency,
    severity: Severity::Low,
    default: true,
    fix: FixKind::Always,
    check: Check::Variant(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    let Some(file) = project.dockerfile(stage.source) else { return };
    let end = stage.end();
    for instruction in checks(stage, project) {
        let counts = end.healthcheck().at == Some(instruction.span);
        let probe = end.healthcheck().value().filter(|_| counts).map(|probe| probe.understood(end));
        let asks = probe.as_ref().map(shown);
        let low = probe.as_ref().and_then(Probe::port).is_some_and(|port| port < 1024);
        let message = match &asks {
            Some(asks) if low => format!(
                "Kubernetes never runs a `HEALTHCHECK`; kept for the manifest: {asks}; where the server moves to another port, the probe follows"
            ),
            Some(asks) => format!("Kubernetes never runs a `HEALTHCHECK`; kept for the manifest: {asks}"),
            None => {
                "Kubernetes never runs a `HEALTHCHECK`, and a later one takes this one's place".to_owned()
            }
        };
        ctx.report(instruction.keyword.span, message).fix(
            Safety::Safe,
            "Take out the `HEALTHCHECK`; its probe belongs into the manifest",
            match asks.filter(|_| !low && is_explained(file, instruction)) {
                Some(asks) => {
                    let text = format!("# In Kubernetes the probes of the manifest do this: {asks}");
                    Edit { span: instruction.span, text }
                }
                None => edit::remove(file, instruction),
            },
        );
    }
}

/// Whether a comment right above tells what it is for, and would be left with nothing to tell of.
fn is_explained(file: &Dockerfile, instruction: &Instruction) -> bool {
    let above = file.text[..instruction.lines.start as usize].lines().next_back();
    above.is_some_and(|line| line.trim_start().starts_with('#')) && !edit::has_comment(file, instruction.span)
}

/// The health checks of a stage and of those it stands on.
fn checks<'p>(stage: &'p Stage, project: &'p Project) -> impl Iterator<Item = &'p Instruction> {
    stage
        .and_below(project)
        .flat_map(|stage| stage.instructions(project))
        .filter(|i| i.onbuild.is_none() && matches!(i.arguments, Arguments::Healthcheck(Healthcheck::Cmd(_))))
}

/// A probe in words, with the numbers that Docker takes where none is written.
fn shown(probe: &Probe) -> String {
    let asks = match &probe.action {
        Action::Http { path, port } => format!("`GET {path}` on port {port}"),
        Action::Tcp(port) => format!("a connection to port {port}"),
        Action::Exec(words) => format!("the command `{}`", words.join(" ")),
        Action::Shell(line) => {
            format!("the command `{}`", line.split_whitespace().collect::<Vec<_>>().join(" "))
        }
        Action::Grpc(_) | Action::None => "nothing".to_owned(),
    };
    let mut asks = format!(
        "{asks} every {} s, {} s for an answer, {} failures in a row",
        probe.interval.unwrap_or(30),
        probe.timeout.unwrap_or(30),
        probe.failures(),
    );
    if let Some(start) = probe.start_period.filter(|s| *s > 0) {
        asks += &format!(", {start} s to start");
    }
    asks
}
