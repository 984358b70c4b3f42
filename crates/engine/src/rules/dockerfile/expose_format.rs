use crate::Safety;
use crate::project::Stage;
use crate::syntax::dockerfile::{Arguments, edit};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "expose-format",
    summary: "a port that `EXPOSE` does not take as it is written",
    since: "0.1.0",
    docs: include_str!("expose_format.md"),
    aliases: &[
        "ExposeInvalidFormat",
        "ExposeProtoCasing",
        "expose-invalid-format",
        "expose-proto-casing",
        "DF078",
    ],
    category: Category::Correctness,
    severity: Severity::Low,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Stage(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let Some(file) = ctx.project.dockerfile(stage.source) else { return };
    for step in stage.walk(ctx.project) {
        let Arguments::Expose(ports) = &step.instruction.arguments else { continue };
        for port in ports {
            let Ok(expanded) = port.expand(&step.before) else { continue };
            for word in &expanded.words {
                let protocol = word.rsplit_once('/').map_or("", |(_, protocol)| protocol);
                let lower = protocol.to_ascii_lowercase();
                if word.split_once(':').is_some_and(|(host, _)| !host.is_empty()) {
                    let message = format!(
                        "`{word}` publishes nothing: an image says its own port only, and later versions refuse the rest"
                    );
                    let own =
                        word.rsplit(':').next().filter(|own| own.starts_with(|c: char| c.is_ascii_digit()));
                    let edit = own.filter(|_| port.is_plain()).and_then(|own| edit::replace(file, port, own));
                    ctx.report(port.span, message)
                        .ids(&["ExposeInvalidFormat", "expose-invalid-format"])
                        .fix(Safety::Safe, "Name the image's own port", edit);
                }
                if protocol != lower {
                    let edits =
                        port.is_plain().then(|| edit::replace(file, port, &word.replace(protocol, &lower)));
                    ctx.report(port.span, format!("protocols are written in lower case: `{lower}`"))
                        .ids(&["ExposeProtoCasing", "expose-proto-casing", "DF078"])
                        .fix(Safety::Safe, "Write it in lower case", edits.flatten());
                }
            }
        }
    }
}
