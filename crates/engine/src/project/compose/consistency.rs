//! What a merged project must be: every name defined, nothing said twice or against itself.

use std::collections::{HashMap, HashSet};

use seaworthy_syntax::Span;

use super::item::{Item, Map, Value};
use super::normal::is_enabled;
use super::problem::{Problem, ProblemKind};

/// Finds what Compose refuses in a project whose values have their types.
///
/// Services that are not `looked_at` are let be; `incomplete` says that a file was not read which may define more.
pub(super) fn check(
    model: &Item,
    profiles: &[String],
    looked_at: &dyn Fn(&Item) -> bool,
    incomplete: bool,
    at: Span,
    problems: &mut Vec<Problem>,
) {
    let Some(services) = model.get("services").and_then(Item::as_map) else { return };
    let mut check = Check { model, services, profiles, incomplete, at, problems };
    for (name, service) in services.iter().filter(|(_, service)| looked_at(service)) {
        check.service(name, service);
    }
    check.container_names();
    check.cycles();
}

struct Check<'c> {
    model: &'c Item,
    services: &'c Map,
    profiles: &'c [String],
    incomplete: bool,
    at: Span,
    problems: &'c mut Vec<Problem>,
}

impl Check<'_> {
    fn say(&mut self, kind: ProblemKind, item: &Item, message: String) {
        let span = item.span().unwrap_or(self.at);
        self.problems.push(Problem { kind, span, message });
    }

    fn defined(&self, kind: &str, name: &str) -> bool {
        self.incomplete
            || self.model.get(kind).and_then(Item::as_map).is_some_and(|map| map.contains_key(name))
    }

    /// Says that a service which is needed is not defined, or not started.
    fn needs(&mut self, name: &str, service: &Item, needed: &str, item: &Item, required: bool) {
        match self.services.get(needed) {
            Some(other) => {
                if required && is_enabled(service, self.profiles) && !is_enabled(other, self.profiles) {
                    let message = format!("the service {name} needs {needed}, which only a profile starts");
                    self.say(ProblemKind::Disabled, item, message);
                }
            }
            None if self.incomplete => {}
            None => {
                let message = format!("the service {name} needs {needed}, which is not defined");
                self.say(ProblemKind::Undefined, item, message);
            }
        }
    }

    fn service(&mut self, name: &str, service: &Item) {
        let Some(map) = service.as_map() else { return };
        let has = |key: &str| service.get(key).is_some_and(|i| i.as_str() != Some("") || i.is_unknown());
        if !self.incomplete && !has("image") && !has("build") && !has("provider") {
            let message = format!("the service {name} has neither an image nor a build");
            let item = Item { at: service.key.or(service.at), key: None, ..Item::default() };
            self.say(ProblemKind::NoImage, &item, message);
        }
        if let Some(build) = service.get("build") {
            self.build(name, service, build);
        }
        let networks = service.get("networks").and_then(Item::as_map);
        if let Some(mode) = service.get("network_mode") {
            if networks.is_some_and(|networks| !networks.is_empty()) && mode.as_str() != Some("") {
                let message =
                    format!("the service {name} has network_mode and networks, which exclude each other");
                self.say(ProblemKind::Conflict, mode, message);
            }
            if let Some(other) = mode.as_str().and_then(|mode| mode.strip_prefix("service:")) {
                self.needs(name, service, other, mode, true);
            }
        }
        for (network, item) in networks.into_iter().flatten() {
            if !self.defined("networks", network) {
                let item = Item { at: item.key.or(item.at), key: None, ..Item::default() };
                let message = format!("the service {name} uses the network {network}, which is not defined");
                self.say(ProblemKind::Undefined, &item, message);
            }
        }
        if let Some(first) = service.at_path(&["healthcheck", "test"]).and_then(|test| test.items().first())
            && !first.is_unknown()
            && !matches!(first.as_str(), Some("CMD" | "CMD-SHELL" | "NONE"))
        {
            let message = "a health check begins with CMD, CMD-SHELL or NONE".to_owned();
            self.say(ProblemKind::InvalidValue, first, message);
        }
        for (other, item) in service.get("depends_on").and_then(Item::as_map).into_iter().flatten() {
            let required = item.get("required").and_then(Item::as_bool) != Some(false);
            let key = Item { at: item.key.or(item.at), key: None, ..Item::default() };
            self.needs(name, service, other, &key, required);
        }
        for (key, kind, what) in [
            ("configs", "configs", "config"),
            ("secrets", "secrets", "secret"),
            ("volumes", "volumes", "volume"),
        ] {
            for mount in map.get(key).map(Item::items).unwrap_or_default() {
                if kind == "volumes" && mount.get("type").and_then(Item::as_str) != Some("volume") {
                    continue;
                }
                let Some(source) = mount.get("source").filter(|source| !source.is_unknown()) else {
                    continue;
                };
                let Some(text) = source.as_str().filter(|text| !text.is_empty()) else { continue };
                if !self.defined(kind, text) {
                    let message = format!("the service {name} uses the {what} {text}, which is not defined");
                    self.say(ProblemKind::Undefined, source, message);
                }
            }
        }
        for (model, item) in service.get("models").and_then(Item::as_map).into_iter().flatten() {
            if !self.defined("models", model) {
                let message = format!("the service {name} uses the model {model}, which is not defined");
                self.say(ProblemKind::Undefined, item, message);
            }
        }
        self.resources(name, service);
        self.mounts(name, service);
        for trigger in service.at_path(&["develop", "watch"]).map(Item::items).unwrap_or_default() {
            let action = trigger.get("action").and_then(Item::as_str);
            if trigger.get("target").is_none_or(|t| t.as_str() == Some(""))
                && !matches!(action, Some("rebuild" | "restart"))
            {
                self.say(ProblemKind::MissingKey, trigger, "target is missing".to_owned());
            }
        }
    }

    fn build(&mut self, name: &str, service: &Item, build: &Item) {
        let inline =
            build.get("dockerfile_inline").and_then(Item::as_str).is_some_and(|text| !text.is_empty());
        if inline && let Some(dockerfile) = build.get("dockerfile") {
            let message = "dockerfile and dockerfile_inline exclude each other".to_owned();
            self.say(ProblemKind::Conflict, dockerfile, message);
        }
        for secret in build.get("secrets").map(Item::items).unwrap_or_default() {
            let Some(source) = secret.get("source") else { continue };
            let text = source.as_str().unwrap_or_default();
            if !self.defined("secrets", text) && !source.is_unknown() {
                let message = format!("the service {name} uses the secret {text}, which is not defined");
                self.say(ProblemKind::Undefined, source, message);
            }
        }
        for context in build.get("additional_contexts").and_then(Item::as_map).into_iter().flatten() {
            let Some(other) = context.1.as_str().and_then(|text| text.strip_prefix("service:")) else {
                continue;
            };
            self.needs(name, service, other, context.1, true);
            if self.services.get(other).is_some_and(|other| other.get("build").is_none()) {
                let message = format!("the service {other} is not built and so is no context");
                self.say(ProblemKind::Conflict, context.1, message);
            }
        }
        if let Some(platform) = service.get("platform").filter(|p| !p.is_unknown())
            && let Some(platforms) = build.get("platforms").map(Item::items).filter(|p| !p.is_empty())
            && platform.as_str().is_some_and(|text| !text.is_empty())
            && !platforms.iter().any(|p| p == platform || p.is_unknown())
        {
            let message = "the platforms of the build lack the platform of the service".to_owned();
            self.say(ProblemKind::Conflict, platform, message);
        }
    }

    /// Old keys and those of `deploy` that say the same must agree.
    fn resources(&mut self, name: &str, service: &Item) {
        let scale = service.get("scale");
        let replicas = service.at_path(&["deploy", "replicas"]);
        if let (Some(scale), Some(replicas)) = (scale, replicas)
            && scale != replicas
            && !scale.is_unknown()
            && !replicas.is_unknown()
        {
            self.say(ProblemKind::Conflict, scale, "scale and deploy.replicas differ".to_owned());
        }
        for item in [scale, replicas].into_iter().flatten() {
            if item.as_int().is_some_and(|n| n < 0) {
                self.say(ProblemKind::InvalidValue, item, "it must be 0 or more".to_owned());
            }
        }
        if let Some(container_name) = service.get("container_name")
            && scale.or(replicas).and_then(Item::as_int).is_some_and(|n| n > 1)
        {
            let message = format!("the service {name} has a container_name and so cannot run more than once");
            self.say(ProblemKind::Conflict, container_name, message);
        }
        for (old, kind, new) in [
            ("cpus", "limits", "cpus"),
            ("mem_limit", "limits", "memory"),
            ("mem_reservation", "reservations", "memory"),
            ("pids_limit", "limits", "pids"),
        ] {
            let Some(item) = service.get(old).filter(|item| !is_nothing(item) && !item.is_unknown()) else {
                continue;
            };
            let Some(resources) = service.at_path(&["deploy", "resources", kind]) else { continue };
            let other = resources.get(new);
            let same = match (other, &item.value) {
                (Some(other), Value::Float(value)) => match other.value {
                    #[expect(
                        clippy::cast_possible_truncation,
                        reason = "Compose compares in single precision"
                    )]
                    Value::Float(other) => other as f32 == *value as f32,
                    _ => false,
                },
                (Some(other), _) => other == item || other.is_unknown(),
                (None, _) => false,
            };
            if !same {
                let message = format!("{old} and deploy.resources.{kind}.{new} differ");
                self.say(ProblemKind::Conflict, item, message);
            }
        }
    }

    fn mounts(&mut self, name: &str, service: &Item) {
        let mut seen: HashSet<&str> = HashSet::new();
        let tmpfs = service.get("tmpfs").map(Item::items).unwrap_or_default();
        let volumes = service.get("volumes").map(Item::items).unwrap_or_default();
        let mut twice = Vec::new();
        for item in tmpfs {
            let Some(text) = item.as_str().filter(|_| !item.is_unknown()) else { continue };
            let path = text.split(':').next().unwrap_or(text);
            if !seen.insert(path) {
                twice.push((item, path));
            }
        }
        for item in volumes {
            let Some(target) = item.get("target").filter(|target| !target.is_unknown()) else { continue };
            if let Some(path) = target.as_str()
                && !seen.insert(path)
            {
                twice.push((item, path));
            }
        }
        for (item, path) in twice {
            let message = format!("the service {name} mounts {path} twice");
            self.say(ProblemKind::Duplicate, item, message);
        }
    }

    fn container_names(&mut self) {
        let mut seen: HashMap<&str, &str> = HashMap::new();
        let mut twice = Vec::new();
        for (name, service) in self.services {
            if !is_enabled(service, self.profiles) {
                continue;
            }
            let Some(item) = service.get("container_name").filter(|item| !item.is_unknown()) else {
                continue;
            };
            let Some(text) = item.as_str().filter(|text| !text.is_empty()) else { continue };
            if let Some(other) = seen.insert(text, name) {
                twice.push((item, format!("the services {other} and {name} have the container name {text}")));
            }
        }
        for (item, message) in twice {
            self.say(ProblemKind::Duplicate, item, message);
        }
    }

    fn cycles(&mut self) {
        #[derive(Clone, Copy, PartialEq)]
        enum State {
            Open,
            Done,
        }
        let mut states: HashMap<&str, State> = HashMap::new();
        let mut found: Vec<(&Item, String)> = Vec::new();
        for start in self.services.keys() {
            // A stack of services and what is left of their dependencies.
            let mut stack: Vec<(&str, Vec<(&str, &Item)>)> = Vec::new();
            let mut next = Some(start.as_str());
            loop {
                if let Some(name) = next.take()
                    && !states.contains_key(name)
                {
                    states.insert(name, State::Open);
                    let needs =
                        self.services.get(name).and_then(|s| s.get("depends_on")).and_then(Item::as_map);
                    let needs =
                        needs.into_iter().flatten().map(|(name, item)| (name.as_str(), item)).collect();
                    stack.push((name, needs));
                }
                let Some((name, needs)) = stack.last_mut() else { break };
                match needs.pop() {
                    Some((needed, item)) if states.get(needed) == Some(&State::Open) => {
                        found.push((item, format!("the services {name} and {needed} wait for each other")));
                    }
                    Some((needed, _)) => next = Some(needed),
                    None => {
                        states.insert(name, State::Done);
                        stack.pop();
                    }
                }
            }
        }
        for (item, message) in found {
            let key = Item { at: item.key.or(item.at), key: None, ..Item::default() };
            self.say(ProblemKind::Cycle, &key, message);
        }
    }
}

fn is_nothing(item: &Item) -> bool {
    match &item.value {
        Value::Int(value) => *value == 0,
        Value::Float(value) => *value == 0.0,
        Value::Str(text) => text == "0",
        _ => false,
    }
}
