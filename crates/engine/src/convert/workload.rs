//! What keeps a service running: its workload, with the pod and its containers.

use super::environment::Environment;
use super::names::Names;
use super::plan::Out;
use super::security::RunAs;
use super::storage::{Stored, store};
use super::unit::{Kind, Unit};
use super::{Map, Object, Options, Tree, network, probes, resources, security};
use crate::project::compose::Item;
use crate::project::{Mount, Volume};
use crate::secret::{Syntax, is_secret, places};

/// Seconds that a pod goes on serving once it is to end: until every node knows that it is no longer called.
const FAREWELL: u64 = 5;

/// The objects that run a service: its workload and what that needs.
pub(super) fn objects(
    units: &[Unit<'_>],
    at: usize,
    names: &Names,
    options: &Options,
    out: &mut Out<'_>,
) -> Vec<Object> {
    let Some(unit) = units.get(at) else { return Vec::new() };
    let metadata = || Map::new().with("labels", unit.labels(names));
    let mut objects = vec![service_account(unit, metadata())];
    let mut pod = Pod::default();
    let guests = units.iter().enumerate().filter(|(_, u)| u.inside.as_ref() == Some(&unit.service.name));
    let guests: Vec<usize> = guests.map(|(at, _)| at).collect();
    for member in std::iter::once(at).chain(guests) {
        pod.add(units, member, names, options, &mut objects, out);
    }
    let replicas = replicas(unit, &pod, out);
    objects.push(workload(unit, units, replicas, pod, metadata(), names, out));
    objects.extend(scaling(unit, replicas, metadata(), names));
    objects
}

/// A ServiceAccount of its own, so that rights given to one service are not another's.
fn service_account(unit: &Unit<'_>, metadata: Map) -> Object {
    let mut account = Object::new("v1", "ServiceAccount", &*unit.name, metadata);
    account.body.explain("automountServiceAccountToken", false, "it does not call the Kubernetes API");
    account
}

/// A pod while it is made.
#[derive(Default)]
struct Pod {
    containers: Vec<Map>,
    init: Vec<Map>,
    volumes: Vec<Map>,
    templates: Vec<Map>,
    writable: bool,
    exclusive: bool,
    beside: Vec<Map>,
    /// Seconds between the signal and the kill.
    grace: u64,
}

impl Pod {
    /// Adds the container of a service, and the objects that it needs.
    fn add(
        &mut self,
        units: &[Unit<'_>],
        at: usize,
        names: &Names,
        options: &Options,
        objects: &mut Vec<Object>,
        out: &mut Out<'_>,
    ) {
        let Some(unit) = units.get(at) else { return };
        let mut stored = store(units, at, &security::scratch(unit), names, options, out);
        let mut environment = Environment::of(unit, units, names, out);
        let command = command(unit, &mut environment, out);
        let probes = probes::probes(unit, &mut environment, out);
        let metadata = Map::new().with("labels", unit.labels(names));
        let written = environment.written(metadata);
        let mut container = Map::new()
            .with("name", unit.name.as_str())
            .with("image", Tree::Image(unit.image.clone()))
            .with("imagePullPolicy", pull_policy(unit, out));
        container.entries.extend(command.entries);
        if let Some(item) = unit.get(&["working_dir"]) {
            container.set("workingDir", out.text(item));
            out.carried.mapped(unit.key("working_dir"), item.span(), "`workingDir`");
        }
        let ports: Vec<Map> = unit
            .ports
            .iter()
            .map(|port| {
                let entry = Map::new().with("name", port.name.as_str()).with("containerPort", port.target);
                if port.protocol == "TCP" { entry } else { entry.with("protocol", port.protocol) }
            })
            .collect();
        container = container.filled("ports", ports);
        if let Some(config) = &written.config {
            let reference = Map::new().with("name", Tree::Config(config.name.clone()));
            container.set("envFrom", vec![Map::new().with("configMapRef", reference)]);
        }
        container = container.filled("env", written.env);
        objects.extend(written.config);
        container.set("resources", resources::resources(unit, stored.scratch, out));
        container.entries.extend(probes.entries);
        if !unit.ports.is_empty() && !unit.kind.ends() {
            let sleep = Map::new().with("sleep", Map::new().with("seconds", FAREWELL));
            container.explain(
                "lifecycle",
                Map::new().with("preStop", sleep),
                "it serves on until no node sends it traffic any more",
            );
        }
        container.set("securityContext", security::container(unit, security::is_read_only(unit), out));
        container = container.filled("volumeMounts", std::mem::take(&mut stored.mounts));
        self.take(stored, objects);
        self.grace = self.grace.max(grace(unit, out));
        self.containers.push(container);
    }

    /// Takes the volumes of a container over; one that the pod has already is shared.
    fn take(&mut self, stored: Stored, objects: &mut Vec<Object>) {
        for volume in stored.volumes {
            if !self.volumes.contains(&volume) {
                self.volumes.push(volume);
            }
        }
        self.templates.extend(stored.templates);
        self.init.extend(stored.init);
        objects.extend(stored.objects);
        self.writable |= stored.writable;
        self.exclusive |= stored.exclusive;
        self.beside.extend(stored.beside);
    }
}

/// `command` and `args`.
fn command(unit: &Unit<'_>, environment: &mut Environment<'_, '_>, out: &mut Out<'_>) -> Map {
    let mut entries = Map::new();
    let entrypoint = unit.get(&["entrypoint"]).map(|item| (item, out.words(item)));
    let command = unit.get(&["command"]).map(|item| (item, out.words(item)));
    let started = [&entrypoint, &command].into_iter().flatten().flat_map(|(_, words)| words);
    let started: Vec<String> = started.map(ToString::to_string).collect();
    if unit.stage.is_some()
        && let Some(why) = for_development(&started)
    {
        for (key, given) in [("entrypoint", &entrypoint), ("command", &command)] {
            let Some((item, _)) = given else { continue };
            let note = format!("{why}; the image's own command runs instead");
            out.carried.approximated(unit.key(key), item.span(), note);
        }
        return entries;
    }
    if let Some((item, words)) = entrypoint {
        if words.is_empty() {
            out.carried.approximated(
                unit.key("entrypoint"),
                item.span(),
                "a pod cannot take an entry point away; the command takes its place",
            );
            if let Some((item, words)) = command {
                entries.set("command", environment.words(words, out));
                out.carried.mapped(unit.key("command"), item.span(), "`command` of the container");
            }
            return entries;
        }
        entries.set("command", environment.words(words, out));
        out.carried.mapped(unit.key("entrypoint"), item.span(), "`command` of the container");
    }
    if let Some((item, words)) = command
        && !words.is_empty()
    {
        entries.set("args", environment.words(words, out));
        out.carried.mapped(unit.key("command"), item.span(), "`args` of the container");
    }
    entries
}

/// Why a command is for a developer's machine, if it is, in a clause.
pub(super) fn for_development(words: &[String]) -> Option<&'static str> {
    let words: Vec<&str> = words.iter().flat_map(|word| word.split_whitespace()).collect();
    let has = |wanted: &str| words.contains(&wanted);
    let pair = |first: &str, second: &str| words.windows(2).any(|w| w == [first, second]);
    if ["--reload", "--hot", "--debugger"].iter().any(|flag| has(flag)) || has("nodemon") || has("watchexec")
    {
        return Some("it watches files for a developer");
    }
    let scripts = ["dev", "start:dev", "serve:dev", "watch", "start:debug"];
    let runs_script =
        ["npm", "pnpm", "yarn", "bun"].iter().any(|tool| has(tool)) && scripts.iter().any(|s| has(s));
    if runs_script || pair("next", "dev") || pair("flask", "run") || has("runserver") || pair("ng", "serve") {
        return Some("it starts a development server");
    }
    let sleeps = pair("sleep", "infinity") || pair("tail", "-f") && has("/dev/null");
    sleeps.then_some("it keeps an empty container open for a developer")
}

fn pull_policy(unit: &Unit<'_>, out: &mut Out<'_>) -> &'static str {
    let tag = unit.image.tag.as_ref().map(ToString::to_string);
    let moves = unit.image.digest.is_none()
        && tag.as_deref().is_none_or(|tag| tag == "latest" || tag.ends_with("-latest"));
    let usual = if moves { "Always" } else { "IfNotPresent" };
    let Some(item) = unit.get(&["pull_policy"]) else { return usual };
    let (key, text) = (unit.key("pull_policy"), out.text(item).to_string());
    match text.as_str() {
        "always" => {
            out.carried.mapped(key, item.span(), "`imagePullPolicy: Always`");
            "Always"
        }
        "missing" | "if_not_present" => {
            out.carried.mapped(key, item.span(), "`imagePullPolicy: IfNotPresent`");
            "IfNotPresent"
        }
        "never" | "build" => {
            out.carried.approximated(
                key,
                item.span(),
                format!("`imagePullPolicy: {usual}`: a node builds no images"),
            );
            usual
        }
        _ => {
            out.carried.approximated(
                key,
                item.span(),
                "`imagePullPolicy: Always`: a node looks at each start",
            );
            "Always"
        }
    }
}

/// Seconds between the signal and the kill: Docker's 10, or what Compose says, and the farewell before.
fn grace(unit: &Unit<'_>, out: &mut Out<'_>) -> u64 {
    let own = unit.container.stop_grace.value().copied();
    if let Some(item) = unit.get(&["stop_grace_period"]) {
        out.carried.mapped(
            unit.key("stop_grace_period"),
            item.span(),
            "`terminationGracePeriodSeconds`, with the time of `preStop`",
        );
    }
    let farewell = if unit.ports.is_empty() || unit.kind.ends() { 0 } else { FAREWELL };
    (own.unwrap_or(10) + farewell).max(30)
}

/// The workload itself.
fn workload(
    unit: &Unit<'_>,
    units: &[Unit<'_>],
    replicas: u64,
    pod: Pod,
    mut metadata: Map,
    names: &Names,
    out: &mut Out<'_>,
) -> Object {
    let mut spec = Map::new();
    spec.set("serviceAccountName", unit.name.as_str());
    spec.explain("automountServiceAccountToken", false, "it does not call the Kubernetes API");
    spec.explain(
        "enableServiceLinks",
        false,
        "variables of other Services would overwrite settings of the same names",
    );
    if unit.kind.ends() {
        let policy = if unit.container.restart.is(&"on-failure".to_owned()) { "OnFailure" } else { "Never" };
        spec.set("restartPolicy", policy);
    }
    spec.set("terminationGracePeriodSeconds", pod.grace);
    spec.set("securityContext", security::pod(unit, pod.writable, out));
    for entry in network::pod(unit, out).entries {
        spec.set(entry.key, entry.value);
    }
    placement(unit, replicas, &mut spec, names, out);
    if !pod.beside.is_empty() {
        let terms = Map::new().with("requiredDuringSchedulingIgnoredDuringExecution", pod.beside);
        let affinity = Map::new().with("podAffinity", terms);
        spec.explain("affinity", affinity, "pods that share a volume of one node run on that node");
    }
    let mut init = pod.init;
    init.extend(waits(unit, units, out));
    spec =
        spec.filled("initContainers", init).with("containers", pod.containers).filled("volumes", pod.volumes);
    let template =
        Map::new().with("metadata", Map::new().with("labels", unit.labels(names))).with("spec", spec);
    let selector = || Map::new().with("matchLabels", unit.selector(names));
    annotate(unit, &mut metadata, out);
    let (api_version, kind, spec) = match unit.kind {
        Kind::Deployment => {
            let strategy = if pod.exclusive {
                Map::new().because("type", "Recreate", "its volume can be mounted by one pod alone")
            } else {
                let rolling = Map::new().with("maxSurge", 1_i64).with("maxUnavailable", 0_i64);
                Map::new().with("type", "RollingUpdate").because(
                    "rollingUpdate",
                    rolling,
                    "a new pod serves before an old one ends",
                )
            };
            let mut spec = Map::new();
            // Where an autoscaler sets it, an apply would set it back.
            if !scales(unit) {
                spec.set("replicas", Tree::settable("replicas", replicas));
            }
            let spec = spec
                .with("revisionHistoryLimit", 5_i64)
                .with("selector", selector())
                .with("strategy", strategy)
                .with("template", template);
            ("apps/v1", "Deployment", spec)
        }
        Kind::StatefulSet => {
            let spec = Map::new()
                .with("replicas", Tree::settable("replicas", replicas))
                .with("revisionHistoryLimit", 5_i64)
                .with("serviceName", network::governing_service(unit))
                .with("selector", selector())
                .with("template", template)
                .filled("volumeClaimTemplates", pod.templates);
            ("apps/v1", "StatefulSet", spec)
        }
        Kind::DaemonSet => {
            let spec = Map::new()
                .with("revisionHistoryLimit", 5_i64)
                .with("selector", selector())
                .with("template", template);
            ("apps/v1", "DaemonSet", spec)
        }
        Kind::Job => ("batch/v1", "Job", job(template)),
        Kind::CronJob => {
            let schedule = unit.says(&["schedule"]).map(|item| out.text(item)).unwrap_or_default();
            let spec = Map::new()
                .with("schedule", schedule)
                .with("concurrencyPolicy", "Forbid")
                .with("jobTemplate", Map::new().with("spec", job(template)));
            ("batch/v1", "CronJob", spec)
        }
    };
    Object::new(api_version, kind, &*unit.name, metadata).with("spec", spec)
}

fn job(template: Map) -> Map {
    Map::new().with("backoffLimit", 6_i64).with("template", template)
}

/// How many pods run a service.
fn replicas(unit: &Unit<'_>, pod: &Pod, out: &mut Out<'_>) -> u64 {
    if let Some(replicas) = unit.says_count(&["replicas"]) {
        return replicas;
    }
    let Some(asked) = &unit.service.replicas else {
        return if unit.keeps_nothing() && !pod.exclusive { 2 } else { 1 };
    };
    let key = if unit.get(&["scale"]).is_some() { "scale" } else { "deploy.replicas" };
    let wanted = u64::try_from(asked.value).unwrap_or(1);
    let alone = unit.kind == Kind::StatefulSet && unit.facts.is_some_and(|f| f.single_writer == Some(true));
    if wanted > 1 && alone {
        let note =
            "one pod: two would each have data of their own; a cluster of them is set up by an operator";
        out.carried.approximated(unit.key(key), Some(asked.span), note);
        return 1;
    }
    if wanted > 1 && pod.exclusive {
        out.carried.approximated(
            unit.key(key),
            Some(asked.span),
            "one pod: its volume can be mounted by one alone",
        );
        return 1;
    }
    out.carried.mapped(unit.key(key), Some(asked.span), "`replicas`");
    wanted
}

/// Whether an autoscaler says how many pods run.
fn scales(unit: &Unit<'_>) -> bool {
    let fixed = unit.service.replicas.is_some() || unit.says(&["replicas"]).is_some();
    let asked = unit.says(&["autoscale"]).is_some();
    unit.kind == Kind::Deployment && (asked || unit.keeps_nothing() && !fixed)
}

/// What keeps enough pods running: a budget from two on, and an autoscaler for what is known to keep nothing.
fn scaling(unit: &Unit<'_>, replicas: u64, metadata: Map, names: &Names) -> Vec<Object> {
    let mut objects = Vec::new();
    let several = replicas > 1 || scales(unit);
    if several && matches!(unit.kind, Kind::Deployment | Kind::StatefulSet) {
        let selector = Map::new().with("matchLabels", unit.selector(names));
        let spec = Map::new()
            .because("maxUnavailable", 1_i64, "a drained node takes one pod at a time")
            .with("selector", selector);
        let budget = Object::new("policy/v1", "PodDisruptionBudget", &*unit.name, metadata.clone());
        objects.push(budget.with("spec", spec));
    }
    if scales(unit) {
        let said = |name| unit.says_count(&["autoscale", name]);
        let least = said("min").unwrap_or(2).max(1);
        let most = said("max").unwrap_or(5).max(least);
        let share = said("cpu").unwrap_or(80).clamp(1, 100);
        let target = Map::new()
            .with("apiVersion", "apps/v1")
            .with("kind", "Deployment")
            .with("name", unit.name.as_str());
        let use_of = Map::new().with("type", "Utilization").with("averageUtilization", share);
        let metric = Map::new()
            .with("type", "Resource")
            .with("resource", Map::new().with("name", "cpu").with("target", use_of));
        let spec = Map::new()
            .with("scaleTargetRef", target)
            .with("minReplicas", Tree::settable("minReplicas", least))
            .with("maxReplicas", Tree::settable("maxReplicas", most))
            .with("metrics", vec![metric]);
        let scaler = Object::new("autoscaling/v2", "HorizontalPodAutoscaler", &*unit.name, metadata);
        objects.push(scaler.with("spec", spec));
    }
    objects
}

/// Where pods run.
fn placement(unit: &Unit<'_>, replicas: u64, spec: &mut Map, names: &Names, out: &mut Out<'_>) {
    if replicas > 1 && unit.kind != Kind::DaemonSet {
        let spread = Map::new()
            .with("maxSkew", 1_i64)
            .with("topologyKey", "kubernetes.io/hostname")
            .with("whenUnsatisfiable", "ScheduleAnyway")
            .with("labelSelector", Map::new().with("matchLabels", unit.selector(names)));
        spec.explain("topologySpreadConstraints", vec![spread], "its pods do not all go with one node");
    }
    if let Some(item) = unit.get(&["platform"]) {
        let text = out.text(item).to_string();
        let mut parts = text.split('/');
        let mut selector = Map::new();
        if let Some(os) = parts.next().filter(|os| !os.is_empty()) {
            selector.set("kubernetes.io/os", os);
        }
        if let Some(arch) = parts.next() {
            selector.set("kubernetes.io/arch", arch);
        }
        spec.set("nodeSelector", selector);
        out.carried.mapped(unit.key("platform"), item.span(), "`nodeSelector`");
    }
}

/// Containers that wait until what a service depends on serves.
fn waits(unit: &Unit<'_>, units: &[Unit<'_>], out: &mut Out<'_>) -> Vec<Map> {
    let mut waits = Vec::new();
    for dependency in &unit.service.depends_on {
        let name = dependency.service.value.as_str();
        let (key, span) = (unit.key(&format!("depends_on.{name}")), Some(dependency.service.span));
        let at = |name: &str| units.iter().position(|other| other.service.name == name);
        let (Some(from), Some(to)) = (at(&unit.service.name), at(name)) else { continue };
        let Some(other) = units.get(to) else { continue };
        let port = other.ports.iter().find(|port| port.protocol == "TCP");
        match (dependency.condition.as_str(), port) {
            ("service_completed_successfully", _) => {
                out.awaited.insert(other.name.clone());
                let note = format!(
                    "pods do not wait for the Job `{}`: what starts before it has ended is started again until it holds; a pipeline waits for it by `kubectl wait`",
                    other.name
                );
                out.carried.approximated(key, span, note);
            }
            (_, _) if !other.enabled && unit.enabled => {
                out.carried.approximated(
                    key,
                    span,
                    format!("`{name}` is in a profile that does not run, so nothing waits for it"),
                );
            }
            ("service_healthy", Some(_)) if !network::calls(units, from, to, out) => {
                out.carried.approximated(
                    key,
                    span,
                    format!("it gives out files alone and never calls `{name}`, so nothing waits for it"),
                );
            }
            ("service_healthy", Some(port)) => {
                let host = other.name.as_str();
                let line = format!("until nc -z -w 2 {host} {}; do sleep 2; done", port.number);
                let small = |cpu: &str, memory: &str| Map::new().with("cpu", cpu).with("memory", memory);
                let limits = Map::new().with("memory", "32Mi").with("ephemeral-storage", "16Mi");
                let requests = small("10m", "16Mi").with("ephemeral-storage", "16Mi");
                let context = Map::new()
                    .with("allowPrivilegeEscalation", false)
                    .with("readOnlyRootFilesystem", true)
                    .with("runAsNonRoot", true)
                    .with("runAsUser", 65534_u32)
                    .with("capabilities", Map::new().with("drop", vec!["ALL"]));
                waits.push(
                    Map::new()
                        .with("name", super::names::cut(&format!("wait-for-{host}"), 63))
                        .with("image", "busybox:1.37.0")
                        .with("imagePullPolicy", "IfNotPresent")
                        .with("command", vec!["sh", "-c", &line])
                        .with("resources", Map::new().with("requests", requests).with("limits", limits))
                        .with("securityContext", context),
                );
                out.carried.mapped(key, span, format!("an init container waits until `{host}` accepts connections, which it does once it is ready"));
            }
            _ => out.carried.mapped(key, span, "pods start in any order and wait for each other's names"),
        }
    }
    waits
}

/// What Compose says in labels and annotations.
fn annotate(unit: &Unit<'_>, metadata: &mut Map, out: &mut Out<'_>) {
    let mut annotations = Map::new();
    for path in [&["labels"][..], &["deploy", "labels"], &["annotations"]] {
        for (name, item) in unit.get(path).map(Item::entries).unwrap_or_default() {
            let key = unit.key(&format!("{}.{name}", path.join(".")));
            let (text, span) = (out.text(item), item.key.or(item.at));
            let is_name = |part: &str| {
                !part.is_empty()
                    && part.len() <= 63
                    && part.starts_with(|c: char| c.is_ascii_alphanumeric())
                    && part.ends_with(|c: char| c.is_ascii_alphanumeric())
                    && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
            };
            if network::reads_label(name) {
                continue;
            }
            let shown = text.to_string();
            let is_secret = is_secret(name, &shown) || !places(&shown, Syntax::Value).is_empty();
            if is_secret || text.secrets().next().is_some() {
                out.carried.refused(
                    key,
                    span,
                    "it holds a secret, which everybody may read who may see the workload",
                );
            } else if is_name(name) {
                annotations.set(name, text);
                out.carried.mapped(key, span, "an annotation of the workload");
            } else {
                out.carried.refused(key, span, "Kubernetes takes no annotation of this name");
            }
        }
    }
    *metadata = std::mem::take(metadata).filled("annotations", annotations);
}

impl Unit<'_> {
    /// The labels of its objects.
    pub(super) fn labels(&self, names: &Names) -> Map {
        self.selector(names)
    }

    /// Whether it is known to keep nothing of its own: a web server that gives out files of its image.
    pub(super) fn keeps_nothing(&self) -> bool {
        let serves_files = self.stage.is_some_and(|stage| {
            let started = stage.started(self.project);
            let program =
                started.first().and_then(|words| words.first()).map(|p| p.rsplit('/').next().unwrap_or(p));
            matches!(program, Some("nginx" | "httpd" | "caddy" | "lighttpd" | "httpd-foreground"))
        });
        let keeps = |mount: &Mount| matches!(mount.volume, Volume::Named(_));
        serves_files
            && self.kind == Kind::Deployment
            && !self.mounts().iter().any(keeps)
            && !matches!(self.user, RunAs::Root(_))
    }
}
