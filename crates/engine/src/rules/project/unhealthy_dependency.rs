use seaworthy_syntax::yaml::edit::{self, New};

use crate::project::{Action, Base, Composition, Container, Project};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "unhealthy-dependency",
    summary: "a service that waits for the health of one without a health check",
    since: "0.1.0",
    docs: include_str!("unhealthy_dependency.md"),
    aliases: &[],
    category: Category::Correctness,
    severity: Severity::High,
    default: true,
    fix: FixKind::Always,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    // What else is refused may be what brings the health check.
    let read = |c: &&Composition| !c.is_incomplete() && !c.problems.iter().any(|p| p.kind.is_refused());
    for composition in project.compositions.iter().filter(read) {
        for service in &composition.services {
            for dependency in service.depends_on.iter().filter(|d| d.condition == "service_healthy") {
                let other = composition.services.iter().find(|s| s.name == dependency.service.value);
                let Some(other) = other.map(|s| project.container(s.container)) else { continue };
                // Which of several files an override is meant for is guessed, and it may turn off the check for another.
                let off = other.healthcheck.as_ref().map(|check| check.span.source);
                let guessed = off.is_some_and(|off| off != dependency.service.span.source)
                    && !is_merged_unasked(project, composition);
                if !guessed && has_none(project, other) {
                    let message = format!(
                        "`{}` has no health check, so `{}` never starts",
                        dependency.service.value, service.name
                    );
                    ctx.report(dependency.service.span, message)
                        .related(other.name.span, "the service without one")
                        .fix(Safety::Unsafe, "Wait until it is started", || {
                            let entry = project.node_at(dependency.service.span)?.as_entry()?;
                            let started = New::Str("service_started".to_owned());
                            edit::set(entry.value, "condition", &started).ok()
                        });
                }
            }
        }
    }
}

/// Whether Compose merges the files of a project without being told to.
fn is_merged_unasked(project: &Project, composition: &Composition) -> bool {
    let first = composition.files.first().and_then(|source| project.parse(*source));
    first.is_some_and(|p| matches!(p.source.path.file_stem(), Some("compose" | "docker-compose")))
}

/// Whether neither the service nor its image has a health check, as far as can be known.
fn has_none(project: &Project, container: &Container) -> bool {
    if let Some(check) = &container.healthcheck {
        return check.action == Action::None;
    }
    if container.image.is_unknown() {
        return false;
    }
    if let Some(stage) = container.stage(project) {
        // The base of the last stage may bring one, unless it is known.
        let known = stage.facts.is_some_and(|facts| !facts.healthcheck) || stage.base == Base::Scratch;
        return known && stage.end().healthcheck().is_unset();
    }
    container.build.is_none() && container.facts().is_some_and(|facts| !facts.healthcheck)
}
