//! Kustomize: what is found in a base counts where an overlay leaves it so, and what a patch brings counts too.
//!
//! The rules that judge a pod by its own objects run on what each overlay comes to that no other takes in. An overlay that is not built
//! changes nothing: what it takes in is checked as it stands.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use rayon::prelude::*;
use seaworthy_charts::helm::{Cause, Rendered};
use seaworthy_charts::kustomize::Built;
use seaworthy_charts::{How, Origin};
use seaworthy_syntax::yaml::Yaml;
use seaworthy_syntax::{Edit, Kind, Source, SourceId, Span};

use super::{Config, Rules};
use crate::diagnostic::{Diagnostic, Fix};
use crate::parse::{Document, Files, Parse};
use crate::project::Project;
use crate::rule::Rule;

/// The rules that need nothing but the objects of an overlay, sorted.
const LOCAL: [&str; 75] = [
    "added-capability",
    "control-plane-toleration",
    "cpu-limit",
    "cron-job-deadline",
    "crowded-pod",
    "dangerous-capability",
    "debugging-container",
    "default-ndots",
    "default-service-account",
    "delay-behind-startup-probe",
    "duplicate-container-name",
    "duplicate-container-port",
    "duplicate-env",
    "host-aliases",
    "host-device",
    "host-namespace",
    "host-path-volume",
    "host-port",
    "host-process",
    "identical-probes",
    "invalid-value",
    "kept-job",
    "long-pre-stop",
    "missing-fs-group",
    "missing-key",
    "missing-label",
    "missing-volume",
    "mounted-service-account-token",
    "moving-image-tag",
    "moving-tag-not-pulled",
    "no-apparmor-profile",
    "no-cpu-limit",
    "no-linux-hardening",
    "no-liveness-probe",
    "no-memory-headroom",
    "no-memory-limit",
    "no-pre-stop",
    "no-priority-class",
    "no-readiness-probe",
    "no-resource-requests",
    "no-rolling-update",
    "no-seccomp-profile",
    "no-security-context",
    "no-stop-grace",
    "no-storage-request",
    "old-service-account-field",
    "privilege-escalation",
    "privileged-container",
    "probe-of-other-host",
    "probe-on-unknown-port",
    "root-container",
    "root-group",
    "runtime-socket",
    "secret-as-variable",
    "secret-in-env",
    "selector-mismatch",
    "selinux-options",
    "sensitive-host-mount",
    "service-links",
    "shallow-probe",
    "shared-propagation",
    "single-replica",
    "storage-limit-as-request",
    "sub-path-mount",
    "unconfined-profile",
    "undropped-capabilities",
    "unequal-requests",
    "unlimited-job",
    "unmasked-proc",
    "unpinned-image",
    "unsafe-sysctl",
    "unsized-scratch",
    "unspread-replicas",
    "writable-host-mount",
    "writable-root",
];

/// Those of them that know more where the image is built in the same repository.
const BY_IMAGE: [&str; 5] =
    ["no-stop-grace", "root-container", "root-group", "undropped-capabilities", "writable-root"];

/// A finding in what an overlay came to, and the places that its text was written at.
struct Found {
    diagnostic: Diagnostic,
    places: Vec<Span>,
}

/// Takes out what overlays mend, and adds what their patches bring.
pub(super) fn apply(project: &Project, config: &Config, rules: &[&'static Rule], all: &mut Vec<Diagnostic>) {
    let local = |rule: &Rule| LOCAL.binary_search(&rule.name).is_ok();
    let rules: Vec<_> = rules.iter().copied().filter(|rule| local(rule)).collect();
    if rules.is_empty() || project.overlays().is_empty() {
        return;
    }
    let rules = Rules::of(rules.into_iter());
    // Which settings a file has is asked of the file that is to blame.
    let anywhere = Config { scopes: Vec::new(), ..config.clone() };
    let built: Vec<(&Built, Vec<Found>)> = project
        .overlays()
        .par_iter()
        .filter_map(|overlay| overlay.outcome.as_ref().ok())
        .map(|built| (built, findings(&built.rendered, &rules, &anywhere)))
        .collect();

    let mut by_file: BTreeMap<&str, Vec<&[Found]>> = BTreeMap::new();
    for (built, found) in &built {
        for file in &built.files {
            by_file.entry(file).or_default().push(found);
        }
    }
    let not_built = project.overlays().iter().filter(|overlay| overlay.outcome.is_err());
    let unknown: BTreeSet<&Utf8Path> =
        not_built.flat_map(|overlay| overlay.takes.iter().map(Utf8PathBuf::as_path)).collect();
    let of_builds = project.containers.iter().filter(|c| c.build.is_some()).map(|c| c.place.source);
    let of_builds: BTreeSet<SourceId> = of_builds.collect();
    all.retain(|diagnostic| {
        let source = diagnostic.span.source;
        let path = project.path(source);
        let Some(overlays) = by_file.get(path.as_str()) else { return true };
        if !local(diagnostic.rule)
            || unknown.contains(path)
            || BY_IMAGE.contains(&diagnostic.rule.name) && of_builds.contains(&source)
        {
            return true;
        }
        let same = |found: &Found| {
            found.diagnostic.rule.name == diagnostic.rule.name
                && found.places.iter().any(|place| meets(*place, diagnostic.span))
        };
        overlays.iter().any(|found| found.iter().any(same))
    });

    let patches: BTreeSet<&Utf8Path> = project
        .kustomizations
        .iter()
        .flat_map(|k| k.patches.iter().map(|p| p.file.as_deref().unwrap_or(project.path(k.source))))
        .collect();
    let builds = !project.builds.is_empty();
    let mut seen = BTreeSet::new();
    for (built, found) in built {
        for Found { mut diagnostic, .. } in found {
            // The keys and values of patches are held to the schema where they stand.
            if matches!(diagnostic.rule.name, "missing-key" | "invalid-value")
                || builds && BY_IMAGE.contains(&diagnostic.rule.name)
            {
                continue;
            }
            let Cause::At(origin, _) = built.rendered.cause(diagnostic.span.range(), false) else { continue };
            diagnostic.span = span_of(origin);
            let key = (diagnostic.rule.name, diagnostic.span);
            if !patches.contains(project.path(diagnostic.span.source)) || !seen.insert(key) {
                continue;
            }
            diagnostic.related = Vec::new();
            diagnostic.fix = diagnostic.fix.and_then(|fix| fix_in_patch(fix, &built.rendered));
            all.push(diagnostic);
        }
    }
}

fn findings(rendered: &Rendered, rules: &Rules, config: &Config) -> Vec<Found> {
    let id = SourceId(0);
    let source = Source::new("built.yaml", Kind::Manifest, rendered.text.as_str());
    let document = Document::Yaml(Yaml::parse(id, &source.text));
    let alone = Project::of(vec![Parse { id, source, document }], Files::default());
    let places = |span: Span| -> Vec<Span> {
        let pieces = rendered.text.within(span.range()).map(|(_, origin)| origin);
        pieces.filter(|o| matches!(o.how, How::Verbatim | How::Derived)).map(span_of).collect()
    };
    rules
        .run(&alone, config)
        .into_iter()
        .map(|mut diagnostic| {
            diagnostic.hidden = diagnostic.hidden.into_iter().flat_map(places).collect();
            Found { places: places(diagnostic.span), diagnostic }
        })
        .collect()
}

/// The same edits in a patch, where they are about single words that stand there as they are.
fn fix_in_patch(fix: Fix, rendered: &Rendered) -> Option<Fix> {
    let plain = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "._/:@-".contains(c));
    let edits: Option<Vec<Edit>> = fix
        .edits
        .iter()
        .map(|edit| {
            let origin = rendered.verbatim(edit.span.range())?;
            let is_word = !edit.span.range().is_empty() && !edit.text.is_empty() && plain(&edit.text);
            is_word.then(|| Edit { span: span_of(origin), text: edit.text.clone() })
        })
        .collect();
    Some(Fix { edits: edits?, ..fix })
}

fn span_of(origin: Origin) -> Span {
    Span { source: SourceId(origin.file.0), start: origin.start, end: origin.end }
}

fn meets(a: Span, b: Span) -> bool {
    a.source == b.source && a.start < b.end && b.start < a.end
}
