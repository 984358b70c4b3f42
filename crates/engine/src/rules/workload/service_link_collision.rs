use std::collections::BTreeSet;

use crate::project::kubernetes::{Detail, New};
use crate::project::{Container, Project, Workload, WorkloadKind};
use crate::syntax::yaml::edit;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "service-link-collision",
    summary: "a variable of the program that Kubernetes sets for a Service",
    since: "0.1.0",
    docs: include_str!("service_link_collision.md"),
    aliases: &[],
    category: Category::Correctness,
    severity: Severity::High,
    default: true,
    fix: FixKind::Always,
    check: Check::Workload(check),
};

fn check(workload: &Workload, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    if !workload.pod.service_links.lacks(&false) || workload.kind == WorkloadKind::Running {
        return;
    }
    let object = workload.object(project);
    if object.patch {
        return;
    }
    let containers = || workload.containers.iter().map(|id| project.container(*id));
    if !containers().any(|container| may_read(project, container)) {
        return;
    }
    let shared = |other: &crate::project::Object| {
        let same = |a: &str, b: &str| a == b;
        match (&object.namespace, &other.namespace) {
            (Some(a), Some(b)) => same(&a.value, &b.value),
            _ => project.directory(object.source) == project.directory(other.source),
        }
    };
    let services =
        project.objects.iter().filter(|o| !o.patch && matches!(&o.detail, Detail::Service(s) if !s.headless));
    let mut said = BTreeSet::new();
    for service in services.filter(|o| shared(o)) {
        let Some(name) = &service.name else { continue };
        let variable = format!("{}_PORT", name.to_ascii_uppercase().replace(['-', '.'], "_"));
        for container in containers() {
            let Some(reader) = reader(project, container, &variable) else { continue };
            let own = container.env.iter().any(|v| v.name.value == variable)
                || crate::drift::platforms::variables(project, container)
                    .is_none_or(|all| all.contains(variable.as_str()));
            if own || !said.insert(variable.clone()) {
                continue;
            }
            let pod = project.node(workload.pod.place);
            let edit = pod.and_then(|pod| edit::set(pod, "enableServiceLinks", &New::Bool(false)).ok());
            let message = format!(
                "{reader} reads `{variable}`, which Kubernetes sets to `tcp://…` for the Service `{}`",
                name.value
            );
            ctx.report(container.name.span, message).related(name.span, "the Service").fix(
                Safety::Unsafe,
                "Add no variables for Services",
                edit,
            );
        }
    }
}

/// Whether there is anything to see of what it reads: most images say nothing of that.
fn may_read(project: &Project, container: &Container) -> bool {
    let named = |words: &[String]| words.iter().any(|word| word.contains("_PORT"));
    [&container.entrypoint, &container.command].iter().any(|words| words.value().is_some_and(|w| named(w)))
        || container.facts().is_some_and(|facts| facts.env.keys().any(|name| name.ends_with("_PORT")))
        || container.stage(project).is_some()
}

/// What of a container's program reads a variable and takes it for the number of a port.
fn reader(project: &Project, container: &Container, variable: &str) -> Option<String> {
    let named = |words: &[String]| {
        words
            .iter()
            .any(|word| word.contains(&format!("${{{variable}")) || word.contains(&format!("${variable}")))
    };
    for words in [&container.entrypoint, &container.command] {
        if words.value().is_some_and(|words| named(words)) {
            return Some("the command".to_owned());
        }
    }
    if container.facts().is_some_and(|facts| facts.env.contains_key(variable)) {
        return Some("the image".to_owned());
    }
    let stage = container.stage(project)?;
    if let crate::syntax::dockerfile::Value::Set(value) = stage.end().env(variable)
        && value.parse::<u16>().is_ok()
    {
        return Some("the image".to_owned());
    }
    let quoted = [format!("\"{variable}\""), format!("'{variable}'"), format!("process.env.{variable}")];
    // Pydantic takes a setting from the variable of its name.
    let setting = format!("\n    {}: int", variable.to_ascii_lowercase());
    let reads = |text: &str| {
        quoted.iter().any(|q| text.contains(q.as_str()))
            || text.contains("BaseSettings") && text.contains(&setting)
    };
    project.code(stage).find(|code| reads(code.text)).map(|code| format!("`{}`", code.file))
}
