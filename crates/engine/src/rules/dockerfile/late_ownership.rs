use crate::project::{Stage, StageRole};
use crate::syntax::dockerfile::Arguments;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "late-ownership",
    summary: "a `chown -R` that copies every file into one more layer",
    since: "0.1.0",
    docs: include_str!("late_ownership.md"),
    aliases: &["chown-after-copy"],
    category: Category::Efficiency,
    severity: Severity::Low,
    default: true,
    fix: FixKind::None,
    check: Check::Stage(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    if stage.role != StageRole::Final {
        return;
    }
    let copied: Vec<(usize, String)> = stage
        .walk(ctx.project)
        .filter_map(|step| match &step.instruction.arguments {
            Arguments::Copy(t) | Arguments::Add(t) if step.instruction.flag("chown").is_none() => {
                let path = t.destination.literal()?.into_owned();
                let base = step.before.workdir().value().cloned().unwrap_or_default();
                let path = if path.starts_with('/') { path } else { format!("{base}/{path}") };
                Some((step.index, path.trim_end_matches(['/', '.']).to_owned()))
            }
            _ => None,
        })
        .collect();
    for run in stage.runs(ctx.project) {
        for call in run.calls().filter(|c| c.program == "chown" && c.has_option(&["-R", "--recursive"])) {
            let paths = call
                .args
                .iter()
                .filter(|w| !w.text.starts_with('-'))
                .skip(1)
                .filter_map(|w| w.value.as_deref());
            let target = paths.map(|p| p.trim_end_matches('/')).find(|path| {
                let within = |c: &str| {
                    c.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
                };
                !path.is_empty() && copied.iter().any(|(index, c)| *index < run.index && within(c))
            });
            if let Some(path) = target {
                let message = format!(
                    "this copies every file of `{path}` into one more layer: `COPY --chown` does not"
                );
                ctx.report(call.command.span, message);
            }
        }
    }
}
