use crate::Safety;
use crate::project::Stage;
use crate::syntax::Edit;
use crate::syntax::dockerfile::{Arguments, Value};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "current-directory-in-path",
    summary: "a search path with an empty part, which stands for the current directory",
    since: "0.1.0",
    docs: include_str!("current_directory_in_path.md"),
    aliases: &[],
    category: Category::Security,
    severity: Severity::Low,
    default: true,
    fix: FixKind::Always,
    check: Check::Stage(check),
};

/// Search paths that no official image sets.
const PATHS: [&str; 5] = ["PYTHONPATH", "LD_LIBRARY_PATH", "NODE_PATH", "CLASSPATH", "PERL5LIB"];

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    // An image that is not known may set them.
    if stage.facts.is_none() || stage.windows {
        return;
    }
    for step in stage.walk(ctx.project) {
        let Arguments::Env(pairs) = &step.instruction.arguments else { continue };
        for pair in pairs {
            let name = &*pair.name.text;
            let set = matches!(step.before.env(name), Value::Set(_)) || step.before.set_at(name).is_some();
            if !PATHS.contains(&name) || set || step.before.declares(name) {
                continue;
            }
            let text = pair.value.text.trim_matches(['"', '\'']);
            for variable in [format!("${name}"), format!("${{{name}}}")] {
                let (behind, before) = (format!(":{variable}"), format!("{variable}:"));
                let (found, braced) = if text.ends_with(&behind) {
                    (behind, format!("${{{name}:+:${name}}}"))
                } else if text.starts_with(&before) {
                    (before, format!("${{{name}:+${name}:}}"))
                } else {
                    continue;
                };
                let written = ctx.project.text(pair.value.span);
                let Some(at) = written.find(&found) else { continue };
                let start = pair.value.span.start as usize + at;
                let span = crate::Span::new(pair.value.span.source, start, start + found.len());
                ctx.report(
                    span,
                    format!("`{name}` is not set before: what is left is an empty part, which means the current directory"),
                )
                .fix(Safety::Unsafe, "Add the separator only where the variable is set", Edit { span, text: braced });
            }
        }
    }
}
