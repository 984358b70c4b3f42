//! Which image a pod runs.

use std::collections::BTreeMap;

use seaworthy_syntax::SourceId;

use super::names::{Names, dns_label};
use super::plan::Out;
use super::workload::for_development;
use super::{Fate, Image, Options, Text};
use crate::Config;
use crate::parse::parse;
use crate::project::compose::Item;
use crate::project::{Build, Probe, Project, Service, Stage};
use crate::variant::{Needs, pairs, variant_of};

/// What became of a Dockerfile in its Kubernetes variant.
#[derive(Debug)]
pub(super) struct Variant {
    /// What its `HEALTHCHECK` asks.
    pub(super) probe: Option<Probe>,
    /// Whether it listens on 8080 instead of 80, and so on for every port under 1024.
    pub(super) moved: bool,
    /// What it writes to; `None` where it is not known whom it runs as.
    pub(super) needs: Option<Needs>,
}

/// The variants of the Dockerfiles of a project, by their sources.
pub(super) type Variants = BTreeMap<SourceId, Variant>;

/// The project with its Dockerfiles as their Kubernetes variants have them: those that the services of some compositions
/// are built from.
pub(super) fn with_variants(project: Project, config: &Config, of: &[usize]) -> (Project, Variants) {
    let services = of.iter().filter_map(|at| project.compositions.get(*at)).flat_map(|c| &c.services);
    let builds = services.filter_map(|service| {
        let container = project.containers.get(service.container.0 as usize)?;
        Some(project.path(for_production(&project, container.stage(&project)?).source).to_owned())
    });
    let paths: Vec<_> = builds.collect();
    if paths.is_empty() {
        return (project, Variants::new());
    }
    let made = variant_of(project, config, |path| paths.iter().any(|p| p == path));
    let mut project = made.project;
    let (mut variants, mut parses) = (Variants::new(), Vec::new());
    for variant in made.variants {
        let Some(old) = project.parse(variant.source) else { continue };
        parses.push(parse(variant.source, old.source.with_text(variant.body)));
        let moved = variant.changes.iter().any(|change| change.rule == "unprivileged-port");
        let stage = project.builds.iter().find(|build| build.source == variant.source).and_then(Build::last);
        let is_known = stage.is_some_and(|stage| matches!(stage.identity(&project), Ok(Some(_))));
        let needs = is_known.then_some(variant.needs);
        variants.insert(variant.source, Variant { probe: variant.probe, moved, needs });
    }
    project.replace_dockerfiles(parses);
    (project, variants)
}

/// The stage whose image a cluster runs: the one that Compose builds, or, where that starts a development server, the one
/// for production beside it, a stage or a Dockerfile that is named so.
pub(super) fn for_production<'p>(project: &'p Project, stage: &'p Stage) -> &'p Stage {
    if !stage.started(project).iter().any(|words| for_development(words).is_some()) {
        return stage;
    }
    let is_named = |name: &str| name.split(['.', '-', '_']).any(|part| matches!(part, "prod" | "production"));
    let serves = |other: &&Stage| {
        !other.started(project).is_empty()
            && !other.started(project).iter().any(|words| for_development(words).is_some())
    };
    let build = project.build(stage.build);
    let named = |s: &&Stage| s.name.as_ref().is_some_and(|name| is_named(&name.value));
    if let Some(other) = build.stages.iter().filter(named).find(serves) {
        return other;
    }
    let path = project.path(stage.source);
    let twins: Vec<_> = pairs(project).iter().map(|pair| pair.twin.id).collect();
    let beside = project.builds.iter().filter(|other| {
        let other_path = project.path(other.source);
        !twins.contains(&other.id)
            && other_path.parent() == path.parent()
            && other_path.file_name().is_some_and(|name| is_named(&name.to_ascii_lowercase()))
    });
    beside.filter_map(Build::last).find(serves).unwrap_or(stage)
}

/// The image of a service: as Compose names it, or, where it is built here, as it is to be pushed.
pub(super) fn image(
    service: &Service,
    item: &Item,
    variant: bool,
    names: &Names,
    options: &Options,
    out: &mut Out<'_>,
) -> Image {
    let key = |below: &str| format!("services.{}.{below}", service.name);
    let written = item.get("image");
    if let (Some(written), None) = (written, &service.build) {
        let mut image = split(out.text(written));
        if image.repository.to_string().is_empty() {
            out.carried.refused(
                key("image"),
                written.span(),
                "nothing gives its variable a value, and a pod has to name its image; write it into `.env`",
            );
            image.repository = format!("to-be-set/{}", dns_label(&service.name)).into();
        } else if image.tag.as_ref().is_some_and(|tag| tag.to_string().is_empty()) {
            out.carried.approximated(
                key("image"),
                written.span(),
                "nothing gives the variable of its tag a value, so it has none; write it into `.env`",
            );
        } else {
            out.carried.mapped(key("image"), written.span(), "`image` of the container");
        }
        return image;
    }
    let mut image = if let Some(written) = written {
        split(out.text(written))
    } else {
        let name = format!("{}-{}", names.project, dns_label(&service.name));
        Image { repository: name.into(), tag: None, digest: None, built: false }
    };
    let local = !image.repository.has_variables() && !has_registry(&image.repository.to_string());
    match &options.registry {
        Some(registry) if local => {
            let name = image.repository.to_string();
            image.repository = format!("{}/{name}", registry.trim_end_matches('/')).into();
        }
        None if local => out.carried.add(
            Fate::Approximated,
            key("build"),
            item.get("build").and_then(Item::span),
            "a cluster pulls images from a registry, and none is named; give `--registry`",
        ),
        _ => {}
    }
    image.digest = None;
    image.built = true;
    match &options.tag {
        Some(tag) => image.tag = Some(tag.as_str().into()),
        None if variant => {
            image.tag = Some("k8s-latest".into());
            out.carried.add(
                Fate::Approximated,
                key("build"),
                item.get("build").and_then(Item::span),
                "the image is that of the Kubernetes variant, and its tag `k8s-latest` moves; give `--tag k8s-<commit>`",
            );
        }
        None => {}
    }
    image
}

/// Whether the first part of an image's name is a registry, or an owner of Docker Hub.
fn has_registry(name: &str) -> bool {
    name.contains('/')
}

/// The parts of the name of an image. A variable belongs to the part that it stands in; one that is the whole name has no
/// parts.
fn split(text: Text) -> Image {
    use super::text::Piece;
    let mut image = Image { repository: Text::default(), tag: None, digest: None, built: false };
    let mut at_tag: Option<Text> = None;
    for piece in text.pieces {
        match (piece, &mut at_tag) {
            (piece, Some(tag)) => tag.pieces.push(piece),
            (piece @ (Piece::Variable(_) | Piece::Secret(_)), None) => image.repository.pieces.push(piece),
            (Piece::Literal(literal), None) => {
                let slash = literal.rfind('/').map_or(0, |at| at + 1);
                let (name, digest) = match literal.split_once('@') {
                    Some((name, digest)) => (name, Some(digest.to_owned())),
                    None => (literal.as_str(), None),
                };
                image.digest = digest;
                match name.get(slash..).and_then(|rest| rest.find(':')).map(|at| at + slash) {
                    Some(colon) => {
                        image.repository.push_str(&name[..colon]);
                        at_tag = Some(Text::literal(&name[colon + 1..]));
                    }
                    None => image.repository.push_str(name),
                }
            }
        }
    }
    // A whole name in a default, `${IMAGE:-acme/app:1.2}`, is set as one.
    image.tag = at_tag;
    image
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_apart() {
        for (raw, repository, tag) in [
            ("nginx", "nginx", None),
            ("nginx:1.27", "nginx", Some("1.27")),
            ("localhost:5000/app", "localhost:5000/app", None),
            ("ghcr.io/a/b:${TAG:-3}", "ghcr.io/a/b", Some("3")),
            ("${REG:-r.io}/a:1", "r.io/a", Some("1")),
        ] {
            let image = split(Text::read(raw, &|_| None));
            assert_eq!(image.repository.to_string(), repository, "{raw}");
            assert_eq!(image.tag.map(|t| t.to_string()).as_deref(), tag, "{raw}");
        }
    }
}
