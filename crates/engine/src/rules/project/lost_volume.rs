use crate::drift::platforms::{Twin, families, is_aside};
use crate::project::{Mount, Project, Stage, Volume};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "lost-volume",
    summary: "something that Compose mounts and the manifests do not",
    since: "0.1.0",
    docs: include_str!("lost_volume.md"),
    aliases: &[],
    category: Category::Correctness,
    severity: Severity::Medium,
    default: false,
    fix: FixKind::None,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for family in families(project) {
        for twin in family.twins.iter().filter(|twin| !is_aside(twin.here)) {
            for mount in &twin.here.mounts {
                let there = covering(twin, &mount.target);
                let message = match (&mount.volume, there.map(|m| &m.volume)) {
                    (Volume::Named(name), None) => data(twin, name, mount, "no volume"),
                    (Volume::Named(name), Some(Volume::Scratch { .. })) => {
                        data(twin, name, mount, "a volume that goes with the pod")
                    }
                    (Volume::Bind(source), None) => file(project, twin, source, mount),
                    (Volume::Config(name) | Volume::Secret(name), None) => Some(format!(
                        "Compose gives `{}` `{name}` at `{}`, and here nothing is mounted there",
                        twin.here.name.value, mount.target
                    )),
                    _ => None,
                };
                let Some(message) = message else { continue };
                let stateful = twin.here.facts().is_some_and(|f| f.stateful == Some(true));
                let severity = match mount.volume {
                    Volume::Named(_) if stateful => Severity::High,
                    _ => Severity::Medium,
                };
                let at = there.map_or(twin.there.name.span, |m| m.span);
                ctx.report(at, message).severity(severity).related(mount.span, "Compose mounts it here");
            }
        }
    }
}

/// What the pod's container has at a path, or above or below it.
fn covering<'p>(twin: &Twin<'p>, target: &str) -> Option<&'p Mount> {
    let within = |path: &str, top: &str| {
        path.strip_prefix(top.trim_end_matches('/'))
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let target = target.trim_end_matches('/');
    twin.there
        .mounts
        .iter()
        .find(|m| within(target, &m.target) || within(m.target.trim_end_matches('/'), target))
}

fn data(twin: &Twin<'_>, name: &str, mount: &Mount, instead: &str) -> Option<String> {
    // What is installed for a developer is in the image.
    let aside =
        ["node_modules", "/.venv", "/venv", "/vendor", "cache", "/tmp", "/target", ".next", "/.cargo"];
    let kept = !aside.iter().any(|word| mount.target.contains(word));
    (kept && !mount.read_only).then(|| {
        format!(
            "`{}` keeps `{}` in the volume `{name}`, and here it has {instead}",
            twin.here.name.value, mount.target
        )
    })
}

/// A file or directory of the repository that Compose mounts, unless the image has it.
fn file(project: &Project, twin: &Twin<'_>, source: &str, mount: &Mount) -> Option<String> {
    let of_host = source.starts_with(['/', '~', '$']) || source.contains("${");
    if of_host
        || twin
            .here
            .workdir
            .value()
            .is_some_and(|w| mount.target.trim_end_matches('/') == w.trim_end_matches('/'))
    {
        return None;
    }
    let stage = twin.here.stage(project).or_else(|| twin.there.stage(project));
    let shipped = match stage {
        Some(stage) => brings(stage, &mount.target),
        None => project.is_built(twin.here),
    };
    let name = source.rsplit('/').next().unwrap_or(source);
    (!shipped && is_setting(project, source)).then(|| {
        format!(
            "Compose gives `{}` `{name}` at `{}`, and here nothing is mounted there",
            twin.here.name.value, mount.target
        )
    })
}

/// Whether an image has something at a path, below it, or a directory around it.
fn brings(stage: &Stage, target: &str) -> bool {
    let target = target.trim_end_matches('/');
    let within = |path: &str, top: &str| {
        path.strip_prefix(top).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    stage.copied().iter().any(|copied| {
        let to = copied.target.trim_end_matches('/');
        within(target, to) || within(to, target)
    })
}

/// Whether it is there and says how a program works: data that a program writes is not in a repository.
fn is_setting(project: &Project, source: &str) -> bool {
    let path = camino::Utf8Path::new(source);
    let aside =
        ["data", "logs", "log", "tmp", "uploads", "backups", "tests", "test", "docs", "src", "node_modules"];
    let settings = [
        "cert",
        "conf",
        "dashboard",
        "etc",
        "init",
        "migration",
        "provisioning",
        "rules",
        "script",
        "template",
    ];
    let directory = || path.file_name().is_some_and(|name| settings.iter().any(|word| name.contains(word)));
    !path.components().any(|part| aside.contains(&part.as_str()))
        && (project.files.is_file(path) || project.files.exists(path) == Some(true) && directory())
}
