//! Which images are built from what, and how their two families differ.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::{Sources, counted, lines, said};
use crate::variant::Variant;
use crate::workflow::{Family, Image};

pub(super) fn write(sources: Sources<'_>, out: &mut dyn Write) -> io::Result<()> {
    let made = sources.made;
    let project = &made.project;
    let places = sources.places();
    writeln!(out, "# Two families of images\n")?;
    writeln!(
        out,
        "Each Dockerfile that ships is built twice: as it is, for Docker Compose, and as its Kubernetes variant, which \
         `seaworthy variant` makes and keeps in step. The Dockerfile stays as it is.\n"
    )?;
    writeln!(out, "## Files\n\n| Dockerfile | variant | state |\n|---|---|---|")?;
    for variant in &made.variants {
        let Some(output) = variant.output() else { continue };
        writeln!(
            out,
            "| `{}` | `{}` | {} |",
            project.path(variant.source),
            output.source.path,
            output.status.as_str()
        )?;
    }
    for left in &made.left_out {
        writeln!(
            out,
            "| `{}` | none | {} |",
            project.path(left.span.source),
            said(&places, &left.reason, left.span)
        )?;
    }
    if let Some(workflow) = sources.workflow {
        let (docker, kubernetes): (Vec<&Image>, Vec<&Image>) =
            workflow.images.iter().partition(|image| image.family == Family::Docker);
        writeln!(
            out,
            "\n## Tags\n\n`{}` builds {}: {} for Docker and {} for Kubernetes, none waiting for another.\n",
            workflow.source.path,
            counted(workflow.images.len(), "image"),
            docker.len(),
            kubernetes.len(),
        )?;
        writeln!(out, "| image | Docker Compose | Kubernetes |\n|---|---|---|")?;
        for image in &docker {
            let twin = kubernetes.iter().any(|other| other.name == image.name);
            let tags = if twin { "`k8s-latest`, `k8s-<commit>`" } else { "not made yet" };
            writeln!(out, "| `{}` | `latest`, `docker-latest`, `docker-<commit>` | {tags} |", image.name)?;
        }
        writeln!(out, "\nA deployment names a commit's tag or a digest; the other tags move.")?;
    }
    writeln!(out, "\n## What the variants do otherwise\n")?;
    let mut titles: BTreeMap<&str, Vec<(&Variant, String)>> = BTreeMap::new();
    for variant in &made.variants {
        for change in &variant.changes {
            titles.entry(&change.title).or_default().push((variant, lines(&places, change.span)));
        }
    }
    if titles.is_empty() {
        writeln!(out, "Nothing: the Dockerfiles are fit for Kubernetes as they are.")?;
    }
    for (title, places) in titles {
        let places: Vec<String> =
            places.iter().map(|(v, line)| format!("`{}:{line}`", project.path(v.source))).collect();
        writeln!(out, "- {}: {}", super::cell(title), places.join(", "))?;
    }
    let omissions: Vec<_> = made.variants.iter().flat_map(|v| &v.omissions).collect();
    if !omissions.is_empty() {
        writeln!(out, "\n## What is left to people\n")?;
        for omission in omissions {
            let at = format!("{}:{}", project.path(omission.span.source), lines(&places, omission.span));
            writeln!(out, "- `{at}`: {}", said(&places, &omission.message, omission.span))?;
        }
    }
    writeln!(
        out,
        "\n## Keeping both in step\n\nChange the Dockerfile, never its variant, and run `seaworthy variant`. In CI, \
         `seaworthy variant --check` ends with 1 where a variant is missing or out of step.\n\n\
         ## Trying it\n\n```\ndocker run --rm IMAGE:k8s-latest id        # a user other than 0\n\
         time docker stop CONTAINER                 # well within the grace period, exit status other than 137\n\
         docker run --rm --read-only --cap-drop ALL IMAGE:k8s-latest\n```"
    )
}
