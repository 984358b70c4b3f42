use crate::project::{Base, ImageCommand, Stage, StageRole};
use crate::syntax::dockerfile::Arguments;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "misplaced-uv-setting",
    summary: "a setting of uv in a stage that does not run it",
    since: "0.1.0",
    docs: include_str!("misplaced_uv_setting.md"),
    aliases: &[],
    category: Category::Correctness,
    severity: Severity::Low,
    default: true,
    fix: FixKind::None,
    check: Check::Stage(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    if stage.role != StageRole::Final || matches!(stage.base, Base::Stage(_) | Base::Unknown) {
        return;
    }
    let name = stage.image(project).map_or("", |i| i.repository.as_str());
    let end = stage.end();
    let commands = [end.entrypoint().value(), end.command().value()].into_iter().flatten();
    let starts = commands.flat_map(ImageCommand::argv).any(|word| word.contains("uv"));
    // Whoever has uv in the image may run it there.
    let text: String = stage
        .instructions(project)
        .iter()
        .filter(|i| !matches!(i.arguments, Arguments::Env(_)))
        .map(|i| project.text(i.span).to_owned() + "\n")
        .collect();
    let has = text.split(|c: char| !c.is_alphanumeric() && c != '-').any(|word| matches!(word, "uv" | "uvx"));
    // Others build on an image that starts nothing of its own.
    let known = stage.launch(project).written().next().is_none();
    if name.contains("uv") || starts || has || known || stage.facts.is_none() {
        return;
    }
    // The stage that it belongs to.
    let installs = project.build(stage.build).stages.iter().filter(|s| s.index != stage.index);
    if !installs.flat_map(|s| s.runs(project)).any(|run| run.calls().any(|c| c.program == "uv")) {
        return;
    }
    for instruction in stage.instructions(project) {
        let Arguments::Env(pairs) = &instruction.arguments else { continue };
        for pair in pairs.iter().filter(|p| p.name.text.starts_with("UV_")) {
            ctx.report(
                pair.name.span,
                format!(
                    "`{}` does nothing in this stage, where uv is not: it belongs to the one that installs",
                    pair.name.text
                ),
            );
        }
    }
}
