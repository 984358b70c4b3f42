use crate::project::{Stage, StageRole};
use crate::syntax::dockerfile::Value;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "never-compiled",
    summary: "packages of Python that are compiled anew at every start",
    since: "0.1.0",
    docs: include_str!("never_compiled.md"),
    aliases: &[],
    category: Category::Efficiency,
    severity: Severity::Low,
    default: true,
    fix: FixKind::None,
    check: Check::Stage(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    if stage.role == StageRole::Aside {
        return;
    }
    // Whoever runs what this stage installs.
    let mut stages = project.build(stage.build).stages.iter().filter(|s| s.role == StageRole::Final);
    let Some(last) = stages.find(|s| on(s.end().env("PYTHONDONTWRITEBYTECODE"))) else { return };
    for run in stage.runs(project) {
        let state = stage.state_at(run.index);
        if on(crate::syntax::dockerfile::Env::get(&state, "UV_COMPILE_BYTECODE")) {
            continue;
        }
        let text = project.text(run.instruction.span);
        if text.contains("compileall") || text.contains("compile-bytecode") {
            continue;
        }
        for call in run.calls().filter(|c| c.program == "uv") {
            let words: Vec<&str> =
                call.args.iter().filter(|w| !w.text.starts_with('-')).map(|w| &*w.text).collect();
            let installs = matches!(words.as_slice(), ["sync", ..] | ["pip", "install" | "sync", ..]);
            if installs && !call.has_option(&["--compile-bytecode", "--compile"]) {
                let mut finding = ctx.report(
                    call.command.span,
                    "uv compiles nothing unless told to, and `PYTHONDONTWRITEBYTECODE` keeps it from ever being kept",
                );
                if let Some(at) = last.end().set_at("PYTHONDONTWRITEBYTECODE") {
                    finding.related(at, "set here");
                }
            }
        }
    }
}

fn on(value: Value<'_>) -> bool {
    matches!(value, Value::Set(set) if !set.is_empty() && set != "0" && set != "false")
}
