//! A service with all that a pod needs to know of it.

use seaworthy_syntax::Span;

use super::images::{Variant, Variants};
use super::names::Names;
use super::network::Told;
use super::plan::Out;
use super::security::RunAs;
use super::{Image, Options, images, network, security, storage};
use crate::images::{self as known, Facts};
use crate::project::compose::Item;
use crate::project::links::Callee;
use crate::project::{Composition, Container, Mount, Project, Service, Stage};
use crate::variant::unprivileged;

/// What keeps a service running.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Deployment,
    StatefulSet,
    DaemonSet,
    Job,
    CronJob,
}

impl Kind {
    /// Whether it runs to its end.
    pub(super) fn ends(self) -> bool {
        matches!(self, Self::Job | Self::CronJob)
    }
}

/// A service with all that its pod needs to know of it, told before any object is made.
pub(super) struct Unit<'p> {
    pub(super) project: &'p Project,
    pub(super) composition: &'p Composition,
    pub(super) service: &'p Service,
    pub(super) container: &'p Container,
    /// All that Compose says of it, in long form.
    pub(super) item: &'p Item,
    /// The stage that builds its image, as its Kubernetes variant has it.
    pub(super) stage: Option<&'p Stage>,
    /// What is known of the public image that it runs, or that its own is built on.
    pub(super) facts: Option<&'static Facts>,
    /// The name of its objects and of its Service.
    pub(super) name: String,
    /// The other names that peers may call it by, each a Service of its own; names of services come first.
    pub(super) aliases: Vec<String>,
    pub(super) kind: Kind,
    pub(super) image: Image,
    /// What its Dockerfile becomes for Kubernetes.
    pub(super) variant: Option<&'p Variant>,
    /// Whom it runs as.
    pub(super) user: RunAs,
    /// Ports it listens on, by number and protocol.
    pub(super) ports: Vec<Listening>,
    /// Whether it runs with the profiles that were asked for.
    pub(super) enabled: bool,
    /// The service whose pod it runs in: `network_mode: service:web`.
    pub(super) inside: Option<String>,
}

/// A port that a service listens on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listening {
    /// Its name in Kubernetes: at most 15 characters.
    pub(super) name: String,
    /// The port that peers call.
    pub(super) number: u16,
    /// The port that the program listens on: another one where its Kubernetes variant had to move it.
    pub(super) target: u16,
    /// `TCP`, `UDP` or `SCTP`.
    pub(super) protocol: &'static str,
    /// Whether HTTP is spoken on it, as far as can be told.
    pub(super) http: bool,
    /// Whether Compose publishes it to more than the host itself.
    pub(super) published: bool,
    /// Where it is written; `None` where it was told from the image or from who calls it.
    pub(super) span: Option<Span>,
}

impl<'p> Unit<'p> {
    /// The key of the service, or of something below it, in reports: `services.web.ports[0]`.
    pub(super) fn key(&self, below: &str) -> String {
        if below.is_empty() {
            return format!("services.{}", self.service.name);
        }
        format!("services.{}.{below}", self.service.name)
    }

    /// What Compose says below some keys.
    pub(super) fn get(&self, path: &[&str]) -> Option<&'p Item> {
        self.item.at_path(path)
    }

    /// What is mounted in it, in the order of the files.
    pub(super) fn mounts(&self) -> &'p [Mount] {
        &self.container.mounts
    }

    /// Labels that select its pods, which never change.
    pub(super) fn selector(&self, names: &Names) -> super::Map {
        super::Map::new()
            .with("app.kubernetes.io/name", self.name.as_str())
            .with("app.kubernetes.io/part-of", names.project.as_str())
    }
}

/// The services of a project, in the order of the files.
pub(super) fn units<'p>(
    project: &'p Project,
    composition: &'p Composition,
    variants: &'p Variants,
    names: &Names,
    options: &Options,
    out: &mut Out<'p>,
) -> Vec<Unit<'p>> {
    let mut units: Vec<Unit<'p>> = Vec::new();
    for service in &composition.services {
        let Some(container) = project.containers.get(service.container.0 as usize) else { continue };
        let Some(item) = composition.service(&service.name) else { continue };
        let built = container.stage(project);
        let stage = built.map(|stage| images::for_production(project, stage));
        if let (Some(built), Some(stage)) = (built, stage)
            && (built.build, built.index) != (stage.build, stage.index)
        {
            let stage_name = stage.name.as_ref().map(|name| format!(", stage `{}`", name.value));
            out.carried.approximated(
                format!("services.{}.build", service.name),
                item.get("build").and_then(Item::span),
                format!(
                    "it starts a development server; the image of `{}`{} runs instead",
                    project.path(stage.source),
                    stage_name.unwrap_or_default()
                ),
            );
        }
        let facts = match stage {
            Some(stage) => stage.facts,
            None => container.image.value().and_then(known::likely),
        };
        if stage.is_none() && facts.is_some() && container.facts().is_none() {
            out.carried.approximated(
                format!("services.{}.image", service.name),
                item.get("image").and_then(Item::span),
                "nothing is known of this version; it is taken to be like the nearest one that is",
            );
        }
        let variant = stage.and_then(|stage| variants.get(&project.build(stage.build).source));
        let told = Told { project, container, item, stage, facts };
        let image = images::image(service, item, variant.is_some(), names, options, out);
        let enabled = service.profiles.is_empty()
            || service.profiles.iter().any(|own| options.profiles.iter().any(|p| p == "*" || p == own));
        let inside = service.network_mode.as_ref().and_then(|mode| mode.value.strip_prefix("service:"));
        let inside = inside.filter(|name| *name != service.name).map(str::to_owned);
        let mut ports = network::listening(&told);
        // What Compose says is the port of the development server.
        if let (Some(built), Some(stage), [port]) = (built, stage, ports.as_mut_slice())
            && built.source != stage.source
        {
            let mut exposed = stage.end().ports().filter(|p| p.protocol == "tcp").map(|p| p.container);
            if let (Some(target), None) = (exposed.next(), exposed.next()) {
                port.target = target;
            }
        }
        if variant.is_some_and(|variant| variant.moved) {
            for port in ports.iter_mut().filter(|port| port.number < 1024) {
                port.target = unprivileged(port.number);
            }
        }
        let mut unit = Unit {
            project,
            composition,
            service,
            container,
            item,
            stage,
            facts,
            name: names.service(&service.name).to_owned(),
            aliases: Vec::new(),
            kind: Kind::Deployment,
            image,
            variant,
            user: RunAs::Unknown,
            ports,
            enabled,
            inside,
        };
        unit.kind = kind(&unit);
        unit.user = security::user(&unit, out);
        units.push(unit);
    }
    // Who runs in a pod of somebody who does so himself, or who is not there, runs in one of his own.
    let hosts: Vec<String> =
        units.iter().filter(|u| u.inside.is_none()).map(|u| u.service.name.clone()).collect();
    for unit in &mut units {
        unit.inside = unit.inside.take().filter(|host| hosts.contains(host));
    }
    network::connect(&mut units, names, options, out);
    storage::gather(&units, out);
    units
}

/// What keeps a service running.
fn kind(unit: &Unit<'_>) -> Kind {
    let word = |path: &[&str]| unit.get(path).and_then(Item::as_str);
    if let Some(kind) = unit.says_kind() {
        return kind;
    }
    match word(&["deploy", "mode"]) {
        Some("global") => return Kind::DaemonSet,
        Some("replicated-job" | "global-job") => return Kind::Job,
        _ => {}
    }
    let waited_for = unit.composition.services.iter().flat_map(|s| &s.depends_on).any(|dependency| {
        dependency.service.value == unit.service.name
            && dependency.condition == "service_completed_successfully"
    });
    // Compose's default is `no` too, but who leaves it out rarely means a program that ends.
    let once = matches!(unit.container.restart.value().map(String::as_str), Some("no" | "on-failure"))
        && unit.get(&["restart"]).or_else(|| unit.get(&["deploy", "restart_policy"])).is_some();
    let serves = !unit.ports.is_empty() || unit.container.healthcheck.is_some();
    let called = unit.project.links.calls.iter().any(|c| c.to == Callee::Container(unit.container.id));
    if waited_for || once && !serves && !called {
        return Kind::Job;
    }
    if storage::keeps_state(unit.container, unit.facts) { Kind::StatefulSet } else { Kind::Deployment }
}
