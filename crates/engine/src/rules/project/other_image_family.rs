use crate::dockerignore::Glob;
use crate::project::workflow::ImageJob;
use crate::project::{Container, ImageName, Intent, Project};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity, Target};

pub(crate) static RULE: Rule = Rule {
    name: "other-image-family",
    summary: "a manifest that runs the image made for Docker, or a Compose file that runs the one made for Kubernetes",
    since: "0.1.0",
    docs: include_str!("other_image_family.md"),
    aliases: &[],
    category: Category::Correctness,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    // Images of one program for both platforms, by the Dockerfiles that lie beside each other.
    let pairs: Vec<(&ImageJob, &ImageJob)> = project
        .image_jobs
        .iter()
        .filter_map(|job| {
            let own = job.dockerfile.as_ref().filter(|path| is_for_kubernetes(path.as_str()))?;
            let twin = own.as_str().replace(".k8s", "");
            let twin = project
                .image_jobs
                .iter()
                .find(|j| j.dockerfile.as_ref().is_some_and(|path| *path == twin))?;
            Some((twin, job))
        })
        .collect();
    for container in project.containers.iter().filter(|c| !pairs.is_empty() && c.image.at.is_some()) {
        for (docker, kubernetes) in &pairs {
            let (wanted, other, whose) = match container.platform {
                Target::Kubernetes => (kubernetes, docker, "Kubernetes"),
                Target::Docker => (docker, kubernetes, "Docker"),
            };
            if look(ctx, container, wanted, other, whose) {
                break;
            }
        }
    }
}

fn is_for_kubernetes(path: &str) -> bool {
    path.rsplit('/').next().is_some_and(|name| name.contains(".k8s"))
}

/// Reports a container that runs what one job builds where another one builds it for its platform.
fn look(ctx: &mut Ctx<'_>, container: &Container, wanted: &ImageJob, other: &ImageJob, whose: &str) -> bool {
    let (Some(image), Some(at)) = (container.image.value(), container.image.at) else { return false };
    let same = |tag: &ImageName| tag.registry == image.registry && tag.repository == image.repository;
    let tag = image.tag.as_deref().unwrap_or("latest");
    let matches = |pattern: &ImageName| {
        same(pattern) && Glob::new(pattern.tag.as_deref().unwrap_or("latest")).matches(tag)
    };
    let of_other = other.tags.iter().find(|t| matches(&t.value)).map(|t| &t.value);
    // A name that both have and no tag that tells: nobody builds it any more.
    let neither = other.tags.iter().any(|t| same(&t.value)) && wanted.tags.iter().any(|t| same(&t.value));
    if image.digest.is_some()
        || wanted.tags.iter().any(|t| matches(&t.value))
        || of_other.is_none() && !neither
    {
        return false;
    }
    let file = wanted.dockerfile.as_deref().map_or("", camino::Utf8Path::as_str);
    let instead = replacement(image, tag, of_other, wanted);
    let message = match &instead {
        Some(name) => format!("`{file}` builds `{name}` for {whose}"),
        None => format!("`{file}` builds another image for {whose}"),
    };
    let mut finding = ctx.report(at, message);
    finding.related(wanted.span, "built here");
    if let Some(name) = instead {
        finding.set(Safety::Unsafe, format!("Run the image for {whose}"), container, &Intent::Image(name));
    }
    true
}

/// The image of the wanted job that was built with this one.
fn replacement(
    image: &ImageName,
    tag: &str,
    of_other: Option<&ImageName>,
    wanted: &ImageJob,
) -> Option<String> {
    // What a variable decided, a commit for example, is the same in both.
    let part = of_other.and_then(|pattern| {
        let (before, behind) = pattern.tag.as_deref()?.split_once('*')?;
        tag.strip_prefix(before)?.strip_suffix(behind)
    });
    let named = |of: &ImageName, tag: &str| {
        ImageName { tag: Some(tag.to_owned()), digest: None, ..of.clone() }.to_string()
    };
    let tags = || wanted.tags.iter().map(|t| &t.value);
    let by_part = part.and_then(|part| {
        tags().find_map(|t| {
            Some(named(t, &t.tag.as_deref().filter(|t| t.contains('*'))?.replacen('*', part, 1)))
        })
    });
    let suffix = tag.rsplit('-').next().unwrap_or(tag);
    let literal = || {
        let fixed = tags().filter(|t| t.repository == image.repository || of_other.is_some());
        fixed.into_iter().find_map(|t| {
            Some(named(
                t,
                t.tag
                    .as_deref()
                    .filter(|t| !t.contains('*') && (*t == suffix || t.ends_with(&format!("-{suffix}"))))?,
            ))
        })
    };
    by_part.or_else(literal)
}
