use crate::project::entry::{Entry, MissingAttribute, Place, entries};
use crate::project::{ImageCommand, Stage};
use crate::{Category, Check, Ctx, Edit, FixKind, Rule, Safety, Severity, Span};

pub(crate) static RULE: Rule = Rule {
    name: "existing-application",
    summary: "starts the application that the module has, where the one that is named is not there",
    since: "0.1.0",
    docs: include_str!("existing_application.md"),
    aliases: &[],
    category: Category::Correctness,
    severity: Severity::High,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Variant(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    let end = stage.end();
    for setting in [end.entrypoint(), end.command()] {
        let (Some(argv), Some(at)) = (setting.value().map(ImageCommand::argv), setting.at) else { continue };
        for entry in entries(&argv) {
            let Entry::Attribute { written, module, attribute, directory } = entry else { continue };
            let missing =
                Place::Image(stage).missing_attribute(project, &module, &attribute, directory.as_deref());
            let Some(MissingAttribute { file, application, started }) = missing else { continue };
            let text = project.text(at);
            let mut places = text.match_indices(&written).map(|(offset, _)| offset);
            let (Some(offset), None) = (places.next(), places.next()) else { continue };
            let start = at.start as usize + offset;
            let span = Span::new(at.source, start, start + written.len());
            // Two that agree: the only application there is, and what the project starts elsewhere.
            let Some(name) = application.as_ref().filter(|_| application == started) else {
                let hint = application.map(|name| format!("; that it is `{name}`, nothing else says"));
                ctx.report(span, format!("`{file}` defines no `{attribute}`{}", hint.unwrap_or_default()));
                continue;
            };
            let place = Span::new(at.source, start + written.len() - attribute.len(), start + written.len());
            ctx.report(
                span,
                format!("`{file}` defines no `{attribute}`: the server ends as soon as it starts"),
            )
            .fix(
                Safety::Unsafe,
                format!("Start `{name}`, which the module has and Compose starts"),
                Edit { span: place, text: name.clone() },
            );
        }
    }
}
