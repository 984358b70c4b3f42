use crate::config::nearest;
use crate::project::Stage;
use crate::syntax::dockerfile::{Arguments, CopySource, Value, VariableOperator, Word};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "undefined-variable",
    summary: "a variable that nothing defines",
    since: "0.1.0",
    docs: include_str!("undefined_variable.md"),
    aliases: &["UndefinedVar", "DL3044", "DF062", "DF087"],
    category: Category::Correctness,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::None,
    check: Check::Stage(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    for step in stage.walk(ctx.project) {
        for word in words(&step.instruction.arguments) {
            for variable in word.variables() {
                // A default or an alternative says that it may be unset.
                let meant = !matches!(variable.operator, VariableOperator::None | VariableOperator::Edit);
                if meant || step.instruction.onbuild.is_some() {
                    continue;
                }
                let name = &*variable.name;
                let own = !matches!(step.after.env(name), Value::Unset | Value::Unknown);
                match step.before.env(name) {
                    Value::Set(_) => {}
                    Value::Unset if own => {
                        ctx.report(
                            variable.span,
                            format!(
                                "`{name}` is not set before this instruction, so it comes to nothing in it"
                            ),
                        );
                    }
                    Value::Unset => {
                        ctx.report(
                            variable.span,
                            format!("nothing sets `{name}`, so it comes to nothing here"),
                        );
                    }
                    // The base image may set it; a name that is nearly a declared one is a slip all the same.
                    Value::Unknown if step.before.declares(name) => {}
                    Value::Unknown => {
                        let declared = step.before.variables();
                        if let Some(close) =
                            nearest(name, declared.iter().map(|v| v.name)).filter(|_| name.len() > 4)
                        {
                            ctx.report(
                                variable.span,
                                format!("nothing here sets `{name}`; did you mean `{close}`?"),
                            );
                        }
                    }
                }
            }
        }
    }
}

/// The words in which `BuildKit` expands variables itself.
fn words(arguments: &Arguments) -> Vec<&Word> {
    match arguments {
        Arguments::Env(pairs) | Arguments::Label(pairs) => pairs.iter().map(|p| &p.value).collect(),
        Arguments::Copy(transfer) | Arguments::Add(transfer) => {
            let paths = transfer.sources.iter().filter_map(|s| match s {
                CopySource::Path(path) => Some(path),
                CopySource::Heredoc { .. } => None,
            });
            paths.chain([&transfer.destination]).collect()
        }
        Arguments::Arg(definitions) => definitions.iter().filter_map(|d| d.default.as_ref()).collect(),
        Arguments::Expose(ports) => ports.iter().collect(),
        Arguments::Volume { paths, .. } => paths.iter().collect(),
        Arguments::User(word) | Arguments::Workdir(word) | Arguments::Stopsignal(word) => vec![word],
        _ => Vec::new(),
    }
}
