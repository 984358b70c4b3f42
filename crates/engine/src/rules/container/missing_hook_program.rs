use crate::images::Sh;
use crate::project::container::{Action, Probe};
use crate::project::{Container, Project};
use crate::syntax::dockerfile::Arguments;
use crate::syntax::yaml::Node;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity, Span};

pub(crate) static RULE: Rule = Rule {
    name: "missing-hook-program",
    summary: "a probe or hook that runs a program which the image does not have",
    since: "0.1.0",
    docs: include_str!("missing_hook_program.md"),
    aliases: &[],
    category: Category::Correctness,
    severity: Severity::High,
    default: true,
    fix: FixKind::None,
    check: Check::Container(check),
};

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    let probes = [&container.readiness, &container.liveness, &container.startup, &container.healthcheck];
    let mut hooks: Vec<(String, Span)> = probes.into_iter().flatten().filter_map(program).collect();
    let hook = project.node(container.place).and_then(|n| n.at(&["lifecycle", "preStop", "exec", "command"]));
    if let Some(first) = hook.into_iter().flat_map(Node::items).next()
        && let Some(word) = first.scalar()
    {
        hooks.push((word.into_owned(), first.span()));
    }
    hooks.sort();
    hooks.dedup();
    for (word, at) in hooks {
        let name = word.rsplit('/').next().unwrap_or(&word);
        if lacks(project, container, name) && !is_mounted(container, &word) {
            let own = project.parse(at.source).is_some_and(|p| p.dockerfile().is_none());
            let message = format!("the image has no `{name}`, so this fails each time");
            if own {
                ctx.report(at, message);
            }
        }
    }
}

/// The program that a check runs in the container.
fn program(probe: &Probe) -> Option<(String, Span)> {
    let word = match &probe.action {
        Action::Exec(words) => words.first()?.clone(),
        Action::Shell(line) => {
            let first = line.split_whitespace().next()?;
            // Behind anything but a plain command the first word says little.
            if first.contains(['=', '$', '(', '!', '[', '{'])
                || matches!(first, "if" | "for" | "while" | "test")
            {
                return None;
            }
            first.to_owned()
        }
        _ => return None,
    };
    Some((word, probe.span))
}

/// Whether an image is known to have no program of a name.
fn lacks(project: &Project, container: &Container, name: &str) -> bool {
    let shell = matches!(name, "sh" | "bash" | "ash" | "dash");
    let missing = |facts: &crate::images::Facts| {
        !facts.has.iter().any(|h| h == name)
            && (facts.lacks.iter().any(|l| l == name) || shell && facts.shell == Some(Sh::None))
    };
    // A command that installs something may install this.
    let mut words =
        [&container.entrypoint, &container.command].into_iter().filter_map(|s| s.value()).flatten();
    if words.any(|word| word.contains("install") || word.contains("apk add") || word.contains(name)) {
        return false;
    }
    let Some(stage) = container.stage(project) else { return container.facts().is_some_and(missing) };
    // Anything that is installed or copied may bring it.
    let brings = stage.instructions(project).iter().any(|instruction| match &instruction.arguments {
        Arguments::Run(_) => {
            let text = project.text(instruction.span);
            text.contains(name) || text.contains("playwright") || text.contains(".sh")
        }
        Arguments::Copy(_) | Arguments::Add(_) => {
            instruction.flag("from").is_some() || project.text(instruction.span).contains(name)
        }
        _ => false,
    });
    let plain = matches!(stage.base, crate::project::Base::Image(_));
    plain && !brings && stage.facts.is_some_and(missing)
}

fn is_mounted(container: &Container, word: &str) -> bool {
    word.starts_with('/') && container.mounts.iter().any(|m| word.starts_with(m.target.trim_end_matches('/')))
}
