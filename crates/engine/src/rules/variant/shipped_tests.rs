use crate::project::dockerfile::{Stage, Step};
use crate::project::layout::local;
use crate::syntax::dockerfile::edit;
use crate::syntax::dockerfile::{CopySource, Instruction, Transfer};
use crate::variant::aside::{self, is_for_tests, is_settings};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "shipped-tests",
    summary: "leaves tests and files of development out of what ships",
    since: "0.1.0",
    docs: include_str!("shipped_tests.md"),
    aliases: &[],
    category: Category::Efficiency,
    severity: Severity::Low,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Variant(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    let Some(file) = project.dockerfile(stage.source) else { return };
    let steps: Vec<Step<'_>> = stage.walk(project).collect();
    for (index, step) in steps.iter().enumerate() {
        let Some(transfer) = local(step.instruction) else { continue };
        let later = &steps[index + 1..];
        for source in &transfer.sources {
            let CopySource::Path(word) = source else { continue };
            let Some(path) = word.expand(&step.before).ok().and_then(|e| e.value) else { continue };
            if path.trim_matches(['.', '/']).is_empty() {
                whole_context(stage, step.instruction, ctx);
                continue;
            }
            let name =
                path.trim_end_matches(['/', '*', '.']).rsplit('/').next().unwrap_or_default().to_owned();
            if !(is_for_tests(&name) && keeps_its_name(step, transfer, &name)) {
                continue;
            }
            if let Some(user) = aside::reader(project, stage, later, &name) {
                ctx.report(word.span, format!("`{path}` stays: {user}"));
                continue;
            }
            let edit = if transfer.sources.len() == 1 {
                Some(edit::remove(file, step.instruction))
            } else {
                edit::remove_word(file, word.span).filter(|_| !transfer.json)
            };
            ctx.report(
                word.span,
                format!("`{path}` is for development: nothing that runs in the image needs it"),
            )
            .fix(Safety::Unsafe, format!("Leave `{path}` out"), edit);
        }
    }
}

/// Whether it lies in the image under the name that it has in the context: `COPY test /app` may be an application.
fn keeps_its_name(step: &Step<'_>, transfer: &Transfer, name: &str) -> bool {
    let destination =
        transfer.destination.expand(&step.before).ok().and_then(|e| e.value).unwrap_or_default();
    let last = destination.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    last == name || is_settings(name)
}

/// `COPY . .` ships what the `.dockerignore` does not leave out, and the variant's own cannot leave out either.
fn whole_context(stage: &Stage, instruction: &Instruction, ctx: &mut Ctx<'_>) {
    let Some(aside) = aside::of(ctx.project, ctx.project.build(stage.build)) else { return };
    let list = |names: &[&str]| names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ");
    for (name, reader) in &aside.needed {
        ctx.report(
            instruction.keyword.span,
            format!("{} of the context is shipped as well: {reader}", list(&[name])),
        );
    }
}
