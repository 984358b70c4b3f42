use camino::Utf8Path;

use crate::Target;
use crate::project::compose::Service;
use crate::project::{Container, Project, Stage, Volume};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "unshipped-mount",
    summary: "files that Compose mounts and the image for Kubernetes does not have",
    since: "0.1.0",
    docs: include_str!("unshipped_mount.md"),
    aliases: &[],
    category: Category::Correctness,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::None,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    if project.workloads.is_empty() {
        return;
    }
    for service in project.compositions.iter().flat_map(|c| &c.services) {
        let Some(twin) = twin(project, service) else { continue };
        let Some(stage) = twin.stage(project) else { continue };
        for mount in &project.container(service.container).mounts {
            let Volume::Bind(source) = &mount.volume else { continue };
            let source = Utf8Path::new(source);
            if project.files.exists(source) != Some(true) || is_aside(source, &mount.target) {
                continue;
            }
            if is_shipped(project, stage, source, &mount.target) || mounts(twin, &mount.target) {
                continue;
            }
            let shown = project.text(mount.span);
            let message = format!(
                "Kubernetes runs this image without `{source}`: nothing is copied to `{}`",
                mount.target
            );
            if !shown.contains('$') {
                ctx.report(mount.span, message).related(twin.name.span, "the container that lacks it");
            }
        }
    }
}

/// The container in Kubernetes that runs what the service runs: the same stage, or that of a Dockerfile for Kubernetes
/// beside it.
fn twin<'p>(project: &'p Project, service: &Service) -> Option<&'p Container> {
    let own = project.container(service.container).stage(project)?;
    let path =
        |stage: &Stage| project.parse(stage.source).map(|p| p.source.path.as_str().replace(".k8s", ""));
    let same = path(own)?;
    project.containers.iter().filter(|c| c.platform == Target::Kubernetes).find(|c| {
        c.stage(project).is_some_and(|stage| {
            (stage.source, stage.index) == (own.source, own.index)
                || stage.source != own.source && path(stage).as_ref() == Some(&same)
        })
    })
}

/// Whether it is only for development, data, or no file of the program.
fn is_aside(source: &Utf8Path, target: &str) -> bool {
    const WORDS: [&str; 16] = [
        "test",
        "data",
        "log",
        "cache",
        "tmp",
        "node_modules",
        ".git",
        ".env",
        "secret",
        "cert",
        "docker.sock",
        "backup",
        "upload",
        "coverage",
        ".venv",
        "docs",
    ];
    let (source, target) = (source.as_str().to_ascii_lowercase(), target.to_ascii_lowercase());
    source.is_empty() || WORDS.iter().any(|word| source.contains(word) || target.contains(word))
}

/// Whether the image has something of it.
fn is_shipped(project: &Project, stage: &Stage, source: &Utf8Path, target: &str) -> bool {
    let made = stage.instructions(project).iter().any(|i| project.text(i.span).contains(target));
    if made || project.in_image(stage, target).is_some() {
        return true;
    }
    let mut files = project.files.below(source).take(32).peekable();
    // What is empty is for data.
    files.peek().is_none()
        || files.any(|file| {
            let within = file.strip_prefix(source).unwrap_or(&file);
            project.in_image(stage, &format!("{target}/{within}")).is_some()
        })
}

fn mounts(container: &Container, target: &str) -> bool {
    container.mounts.iter().any(|m| target.starts_with(m.target.trim_end_matches('/')))
}
