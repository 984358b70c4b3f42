use crate::project::Stage;
use crate::project::dockerfile::Step;
use crate::syntax::dockerfile::{
    Arguments, CopySource, Dockerfile, Instruction, Keyword, Value, VariableOperator, Word, edit,
};
use crate::syntax::spelling::nearest;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};
use crate::{Edit, Safety, Span};

pub(crate) static RULE: Rule = Rule {
    name: "undefined-variable",
    summary: "a variable that nothing defines",
    since: "0.1.0",
    docs: include_str!("undefined_variable.md"),
    aliases: &["UndefinedVar", "DL3044", "DF062", "DF087"],
    category: Category::Correctness,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Stage(check),
};

/// What others call a variable that an instruction uses and only then sets, and one that nothing sets.
const SELF: &[&str] = &["UndefinedVar", "DL3044", "DF062"];
const UNSET: &[&str] = &["UndefinedVar", "DF087"];

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let Some(file) = ctx.project.dockerfile(stage.source) else { return };
    for step in stage.walk(ctx.project) {
        let exposes = matches!(step.instruction.arguments, Arguments::Expose(_));
        // BuildKit's check leaves ports alone.
        let unset = if exposes { &UNSET[1..] } else { UNSET };
        for word in words(&step.instruction.arguments).into_iter().chain(flags(step.instruction)) {
            for variable in word.variables() {
                // A default or an alternative says that it may be unset.
                let meant = !matches!(variable.operator, VariableOperator::None | VariableOperator::Edit);
                if step.instruction.onbuild.is_some() {
                    continue;
                }
                let name = &*variable.name;
                if meant {
                    // BuildKit warns of these too.
                    let set = matches!(step.before.env(name), Value::Set(_)) || step.before.declares(name);
                    if !set && step.before.set_at(name).is_none() && !exposes && name != "PATH" {
                        ctx.report(variable.span, format!("nothing here sets `{name}`"))
                            .ids(&["UndefinedVar"])
                            .aside(true);
                    }
                    continue;
                }
                let own = !matches!(step.after.env(name), Value::Unset | Value::Unknown);
                match step.before.env(name) {
                    Value::Set(_) => {}
                    // Whoever builds it may say.
                    Value::Unset if !own && step.before.declares(name) => {}
                    Value::Unset if own => {
                        ctx.report(
                            variable.span,
                            format!(
                                "`{name}` is not set before this instruction, so it comes to nothing in it"
                            ),
                        )
                        .ids(SELF)
                        .fix(
                            Safety::Unsafe,
                            "Set it in an instruction before",
                            || split(&step, name, variable.span, file),
                        );
                    }
                    Value::Unset => {
                        ctx.report(
                            variable.span,
                            format!("nothing sets `{name}`, so it comes to nothing here"),
                        )
                        .ids(unset);
                    }
                    Value::Unknown if step.before.declares(name) || step.before.set_at(name).is_some() => {}
                    // Set by the same instruction, and not out of itself: then nobody expects the base image to set it.
                    Value::Unknown if defines_anew(&step.instruction.arguments, name) => {
                        ctx.report(
                            variable.span,
                            format!("`{name}` is set by this very instruction, and so not yet in it"),
                        )
                        .ids(SELF)
                        .fix(
                            Safety::Unsafe,
                            "Set it in an instruction before",
                            || split(&step, name, variable.span, file),
                        );
                    }
                    // The base image may set it; a name that is nearly a declared one is a slip all the same.
                    Value::Unknown => {
                        let declared = step.before.variables();
                        if let Some(close) =
                            nearest(name, declared.iter().map(|v| v.name)).filter(|near| is_slip(name, near))
                        {
                            ctx.report(
                                variable.span,
                                format!("nothing here sets `{name}`; did you mean `{close}`?"),
                            )
                            .ids(unset)
                            .fix(
                                Safety::Unsafe,
                                format!("Use `{close}`"),
                                Edit { span: variable.name.span(), text: close.to_owned() },
                            );
                        } else if name != "PATH" && !exposes {
                            ctx.report(
                                variable.span,
                                format!("nothing here sets `{name}`, unless the base image does"),
                            )
                            .ids(&["UndefinedVar"])
                            .aside(true);
                        }
                    }
                }
            }
        }
    }
}

/// An `ENV` in two: what sets a variable, then what uses it.
fn split(step: &Step<'_>, name: &str, used: Span, file: &Dockerfile) -> Option<Edit> {
    let Arguments::Env(pairs) = &step.instruction.arguments else { return None };
    let at = pairs.iter().position(|p| p.span.start <= used.start && used.end <= p.span.end)?;
    let before = pairs[..at].iter().any(|p| &*p.name.text == name);
    let last = pairs[..at].last().filter(|_| before)?;
    let span = Span { start: last.span.end, end: pairs[at].span.start, ..used };
    let text = format!("{}{} ", edit::line_end(file), edit::keyword(file, Keyword::Env));
    (!edit::has_comment(file, span)).then_some(Edit { span, text })
}

/// Whether an `ENV` sets a variable without using its old value.
fn defines_anew(arguments: &Arguments, name: &str) -> bool {
    let Arguments::Env(pairs) = arguments else { return false };
    let mut own = pairs.iter().filter(|p| &*p.name.text == name).peekable();
    own.peek().is_some() && own.all(|p| p.value.variables().iter().all(|v| &*v.name != name))
}

/// Whether a name differs from a known one as a slip of the fingers does: by a letter, not by a word.
fn is_slip(name: &str, near: &str) -> bool {
    name.len() > 4
        && name != near
        && name.len().abs_diff(near.len()) <= 1
        && name.split('_').count() == near.split('_').count()
        && name.split('_').zip(near.split('_')).filter(|(a, b)| a != b).all(|(a, b)| {
            let alike = a.bytes().zip(b.bytes()).filter(|(x, y)| x != y).count();
            a.len().min(b.len()) > 3 && (alike <= 2 || a.len() != b.len())
        })
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

/// The values of flags in which `BuildKit` expands variables too.
fn flags(instruction: &Instruction) -> impl Iterator<Item = &Word> {
    let expanded = |name: &str| match instruction.keyword.value {
        Keyword::Copy => matches!(name, "chown" | "chmod"),
        Keyword::Add => matches!(name, "chown" | "chmod" | "checksum"),
        _ => false,
    };
    let values =
        instruction.flags.iter().filter(move |flag| expanded(&flag.name)).filter_map(|f| f.value.as_ref());
    let mounts = instruction.flags("mount").filter(|_| instruction.keyword.value == Keyword::Run);
    values.chain(mounts.flat_map(|m| &m.fields).filter_map(|field| field.value.as_ref()))
}
