//! Checklists whose boxes are ticked by what was found.

use std::io::{self, Write};

use seaworthy_syntax::Kind;

use super::{Sources, counted, place};

/// A thing that should be so.
pub(super) struct Item {
    /// What should be so.
    pub(super) text: &'static str,
    /// What kind of file it is about: without one there is nothing to tick.
    pub(super) of: Kind,
    /// The rules that say where it is not so.
    pub(super) rules: &'static [&'static str],
}

/// What an image should be.
pub(super) const IMAGES: [Item; 9] = [
    item("No program runs as root", Kind::Dockerfile, &["root-user"]),
    item(
        "The stop signal reaches every program",
        Kind::Dockerfile,
        &["shell-form-command", "shell-wrapped-command", "unhandled-stop"],
    ),
    item(
        "No layer keeps caches of package managers",
        Kind::Dockerfile,
        &["package-cache-kept", "stale-package-index"],
    ),
    item("No layer is written twice for its ownership", Kind::Dockerfile, &["late-ownership"]),
    item("Tests stay out of images", Kind::Dockerfile, &["copied-tests"]),
    item(
        "Every base image has a version and is supported",
        Kind::Dockerfile,
        &["untagged-base", "moving-base-tag", "ended-release"],
    ),
    item("No secret is in an image", Kind::Dockerfile, &["secret-in-build", "secret-build-argument"]),
    item(
        "Everything that a program starts with is in its image",
        Kind::Dockerfile,
        &["unresolved-entry-point", "copied-source-missing", "ignored-copy"],
    ),
    item("Nothing unneeded gets into a build", Kind::Dockerfile, &["no-dockerignore"]),
];

/// What containers should be.
pub(super) const SECURITY: [Item; 7] = [
    item("No container runs as root", Kind::Manifest, &["root-container"]),
    item(
        "No container has more rights than its program uses",
        Kind::Manifest,
        &[
            "undropped-capabilities",
            "privilege-escalation",
            "privileged-container",
            "dangerous-capability",
            "no-seccomp-profile",
            "unconfined-profile",
        ],
    ),
    item(
        "No service has more rights than its program uses",
        Kind::Compose,
        &[
            "undropped-capabilities",
            "privilege-escalation",
            "privileged-container",
            "dangerous-capability",
            "unconfined-profile",
        ],
    ),
    item("Root file systems cannot be written", Kind::Manifest, &["writable-root"]),
    item("Root file systems of services cannot be written", Kind::Compose, &["writable-root"]),
    item(
        "Nothing of the host is mounted that gives it away",
        Kind::Compose,
        &["runtime-socket", "sensitive-host-mount"],
    ),
    item("No secret is written in a file", Kind::Compose, &["secret-in-env", "secret-in-env-file"]),
];

pub(super) const RESOURCES: [Item; 3] = [
    item("Memory has a limit", Kind::Manifest, &["no-memory-limit"]),
    item("Memory of services has a limit", Kind::Compose, &["no-memory-limit"]),
    item("Every container asks for what it needs", Kind::Manifest, &["no-resource-requests"]),
];

pub(super) const HEALTH: [Item; 4] = [
    item(
        "What serves says when it can",
        Kind::Manifest,
        &["no-readiness-probe", "identical-probes", "probe-on-unknown-port"],
    ),
    item(
        "Services wait until what they need is healthy",
        Kind::Compose,
        &["started-not-ready", "unhealthy-dependency"],
    ),
    item("What serves on one machine has a health check", Kind::Compose, &["missing-healthcheck"]),
    item(
        "Programs have the time to stop",
        Kind::Manifest,
        &["no-stop-grace", "short-stop-grace", "long-pre-stop"],
    ),
];

pub(super) const NETWORK: [Item; 4] = [
    item("Databases are published to nobody", Kind::Compose, &["published-database"]),
    item("No namespace of the host is shared", Kind::Compose, &["host-namespace"]),
    item(
        "Traffic between pods is limited to what is needed",
        Kind::Manifest,
        &["no-network-policy", "dangling-selector"],
    ),
    item(
        "Names and ports that are called are there",
        Kind::Compose,
        &["unresolvable-service", "unmatched-published-port", "unmatched-target-port"],
    ),
];

const fn item(text: &'static str, of: Kind, rules: &'static [&'static str]) -> Item {
    Item { text, of, rules }
}

pub(super) fn write(items: &[Item], sources: Sources<'_>, out: &mut dyn Write) -> io::Result<()> {
    let project = &sources.made.project;
    let places = sources.places();
    for item in items {
        if !project.parses().iter().any(|p| p.source.kind == item.of) {
            continue;
        }
        let mut found = sources
            .strict
            .diagnostics
            .iter()
            .filter(|d| item.rules.contains(&d.rule.name) && super::is(project, d.span.source, item.of));
        match found.next() {
            None => writeln!(out, "- [x] {}", item.text)?,
            Some(first) => {
                let all = counted(1 + found.count(), "place");
                writeln!(out, "- [ ] {}: {all}, the first at `{}`", item.text, place(&places, first.span))?;
            }
        }
    }
    Ok(())
}
