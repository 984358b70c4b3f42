//! Pods and their containers.

use seaworthy_syntax::yaml::{Node, NodeKind};
use seaworthy_syntax::{Span, Spanned};

use super::read::{
    Labels, boolean, entry_span, integer, is_placeholder, labels, lookup, number, port, setting,
    spanned_number, spanned_string, string, strings,
};
use super::{PortRef, Selector, quantity, text_at};
use crate::project::container::{
    Action, Container, EnvValue, EnvVar, ImageName, Mount, Namespace, Port, Probe, Resources, Role, User,
    Volume,
};
use crate::project::{ContainerId, Origin, Place, Setting, WorkloadId};
use crate::rule::Target;

/// What a pod says besides its containers.
#[derive(Clone, Debug)]
pub struct Pod {
    /// Its `spec`; of an Argo template or a Tekton task what stands for it.
    pub place: Place,
    /// The group that owns its volumes.
    pub fs_group: Setting<u32>,
    /// Further groups its processes are in.
    pub supplemental_groups: Vec<Spanned<u32>>,
    /// Kernel parameters it sets.
    pub sysctls: Labels,
    /// Namespaces of the host it shares.
    pub host_namespaces: Vec<Spanned<Namespace>>,
    /// Its containers see each other's processes.
    pub share_processes: Setting<bool>,
    /// The service account it runs as; unset means `default`.
    pub service_account: Setting<String>,
    /// Where it names its service account by the old key `serviceAccount`.
    pub old_service_account: Option<Span>,
    /// It gets a token of the service account.
    pub automount_token: Setting<bool>,
    /// It gets a variable for every Service of its namespace.
    pub service_links: Setting<bool>,
    /// `Always`, `OnFailure` or `Never`.
    pub restart: Setting<String>,
    /// Seconds between the stop signal and the kill; 30 where it does not say.
    pub stop_grace: Setting<u64>,
    /// Seconds after which it is stopped whatever it does.
    pub deadline: Setting<u64>,
    /// The name of its priority class.
    pub priority_class: Setting<String>,
    /// The name of its runtime class.
    pub runtime_class: Setting<String>,
    /// How names are looked up.
    pub dns_policy: Setting<String>,
    /// The Secrets that hold credentials of registries.
    pub pull_secrets: Vec<Spanned<String>>,
    /// The labels a node must have.
    pub node_selector: Labels,
    /// Where it asks for nodes by affinity.
    pub node_affinity: Option<Span>,
    /// Where it asks to be near other pods.
    pub pod_affinity: Option<Span>,
    /// Where it asks to be away from other pods.
    pub pod_anti_affinity: Option<Span>,
    /// How its replicas spread.
    pub spread: Vec<Spread>,
    /// Where it writes lines into `/etc/hosts`.
    pub host_aliases: Option<Span>,
    /// It runs on Windows.
    pub windows: bool,
    /// Its volumes.
    pub volumes: Vec<PodVolume>,
}

/// How the replicas of a pod spread over parts of the cluster.
#[derive(Clone, Debug)]
pub struct Spread {
    /// The label of nodes that tells the parts apart.
    pub topology: Option<Spanned<String>>,
    /// By how many pods the parts may differ.
    pub max_skew: Option<Spanned<i64>>,
    /// `DoNotSchedule` or `ScheduleAnyway`.
    pub unsatisfiable: Option<Spanned<String>>,
    /// The pods that count.
    pub selector: Option<Selector>,
}

/// A volume of a pod.
#[derive(Clone, Debug)]
pub struct PodVolume {
    /// Its name.
    pub name: Spanned<String>,
    /// What it is, as a container sees it.
    pub volume: Volume,
    /// Where its kind is written: the key, `emptyDir` for example.
    pub at: Span,
    /// The ConfigMaps, Secrets and claims it takes its content from; a projected volume may have several.
    pub sources: Vec<VolumeSource>,
    /// Its mapping.
    pub place: Place,
}

/// What a volume takes its content from.
#[derive(Clone, Debug)]
pub struct VolumeSource {
    /// The object, as [`Volume::Config`], [`Volume::Secret`] or [`Volume::Named`]; a projected token is
    /// [`Volume::Other`].
    pub volume: Volume,
    /// Where it is named.
    pub at: Span,
    /// It may be missing.
    pub optional: bool,
    /// The keys that are taken; all of them where this is empty.
    pub keys: Vec<Spanned<String>>,
}

/// Where the parts of a pod stand.
pub(super) struct Form<'t> {
    /// What holds the volumes and the pod's settings.
    pub(super) spec: Node<'t>,
    /// Where to look for what `spec` does not say.
    fallback: Option<Node<'t>>,
    /// What every container starts from (Tekton's `stepTemplate`).
    base: Option<Node<'t>>,
    /// The keys of lists of containers, or of one container.
    lists: &'static [(&'static str, Role)],
    /// What to call containers without a name.
    unnamed: Option<Spanned<String>>,
    /// The names of volumes that the workload makes for each pod from a claim.
    claims: Vec<String>,
    /// Whether volumes may come from elsewhere.
    brings_volumes: bool,
}

impl<'t> Form<'t> {
    /// A pod's `spec`.
    pub(super) fn pod(spec: Node<'t>) -> Self {
        const LISTS: &[(&str, Role)] = &[
            ("initContainers", Role::Init),
            ("containers", Role::Main),
            ("ephemeralContainers", Role::Ephemeral),
        ];
        Self {
            spec,
            fallback: None,
            base: None,
            lists: LISTS,
            unnamed: None,
            claims: Vec::new(),
            brings_volumes: false,
        }
    }

    /// A Tekton task.
    pub(super) fn tekton(spec: Node<'t>) -> Self {
        const LISTS: &[(&str, Role)] = &[("steps", Role::Main), ("sidecars", Role::Sidecar)];
        Self {
            spec,
            fallback: None,
            base: spec.get("stepTemplate"),
            lists: LISTS,
            unnamed: None,
            claims: Vec::new(),
            brings_volumes: true,
        }
    }

    /// A template of an Argo workflow.
    pub(super) fn argo(template: Node<'t>, workflow: Node<'t>) -> Self {
        const LISTS: &[(&str, Role)] = &[
            ("initContainers", Role::Init),
            ("container", Role::Main),
            ("script", Role::Main),
            ("containerSet", Role::Main),
            ("sidecars", Role::Sidecar),
        ];
        let unnamed = template.get("name").and_then(spanned_string);
        Self {
            spec: template,
            fallback: Some(workflow),
            base: None,
            lists: LISTS,
            unnamed,
            claims: Vec::new(),
            brings_volumes: true,
        }
    }

    /// The same pod with volumes from claim templates, or from the claims of an Argo workflow.
    pub(super) fn with_claims(mut self, templates: Option<Node<'t>>) -> Self {
        self.claims = templates
            .into_iter()
            .flat_map(Node::items)
            .filter_map(|claim| text_at(claim, &["metadata", "name"]))
            .collect();
        self
    }

    /// Whether it has no container.
    pub(super) fn is_empty(&self) -> bool {
        self.containers().next().is_none()
    }

    /// A setting of the pod.
    fn get(&self, path: &[&str]) -> Option<Node<'t>> {
        self.spec.at(path).or_else(|| self.fallback?.at(path))
    }

    /// The mapping that holds a key of the pod.
    fn holding(&self, key: &str) -> Node<'t> {
        match self.fallback {
            Some(fallback) if self.spec.get(key).is_none() => fallback,
            _ => self.spec,
        }
    }

    fn containers(&self) -> impl Iterator<Item = (Node<'t>, Role)> {
        self.lists.iter().flat_map(|&(key, role)| {
            let node = self.spec.get(key).map(Node::resolve);
            let list = node.map(|n| if key == "containerSet" { n.get("containers").unwrap_or(n) } else { n });
            let single = list.filter(|n| n.resolve().kind() == NodeKind::Mapping);
            list.into_iter()
                .flat_map(Node::items)
                .chain(single)
                .map(Node::resolve)
                // A step of Tekton may name a StepAction instead of being a container.
                .filter(move |n| n.kind() == NodeKind::Mapping && (key != "steps" || n.get("ref").is_none()))
                .map(move |n| (n, role))
        })
    }
}

impl Pod {
    pub(super) fn read(form: &Form<'_>) -> Self {
        let security = form.get(&["securityContext"]);
        let of = |key: &str| Some(form.holding(key));
        let span = |path: &[&str], key: &str| form.get(path).and_then(|map| entry_span(map, key));
        let name = text_at(form.spec, &["os", "name"]);
        let node_selector = labels(form.get(&["nodeSelector"]));
        let windows = name.as_deref() == Some("windows")
            || ["kubernetes.io/os", "beta.kubernetes.io/os"]
                .iter()
                .any(|key| lookup(&node_selector, key).is_some_and(|os| os.value == "windows"));
        Self {
            place: Place::of(form.spec),
            fs_group: setting(security, "fsGroup", Origin::Own, number),
            supplemental_groups: security
                .and_then(|s| s.get("supplementalGroups"))
                .into_iter()
                .flat_map(Node::items)
                .filter_map(spanned_number)
                .collect(),
            sysctls: security
                .and_then(|s| s.get("sysctls"))
                .into_iter()
                .flat_map(Node::items)
                .filter_map(|item| {
                    Some((spanned_string(item.get("name")?)?, spanned_string(item.get("value")?)?))
                })
                .collect(),
            host_namespaces: host_namespaces(form),
            share_processes: setting(
                of("shareProcessNamespace"),
                "shareProcessNamespace",
                Origin::Own,
                boolean,
            ),
            service_account: setting(of("serviceAccountName"), "serviceAccountName", Origin::Own, name_of)
                .or(setting(of("serviceAccount"), "serviceAccount", Origin::Own, name_of)),
            old_service_account: entry_span(form.spec, "serviceAccount"),
            automount_token: setting(
                of("automountServiceAccountToken"),
                "automountServiceAccountToken",
                Origin::Own,
                boolean,
            ),
            service_links: setting(of("enableServiceLinks"), "enableServiceLinks", Origin::Own, boolean),
            restart: setting(of("restartPolicy"), "restartPolicy", Origin::Own, string),
            stop_grace: setting(
                of("terminationGracePeriodSeconds"),
                "terminationGracePeriodSeconds",
                Origin::Own,
                number,
            )
            .or(Setting::known(30, Origin::Platform, None)),
            deadline: setting(of("activeDeadlineSeconds"), "activeDeadlineSeconds", Origin::Own, number),
            priority_class: setting(of("priorityClassName"), "priorityClassName", Origin::Own, name_of),
            runtime_class: setting(of("runtimeClassName"), "runtimeClassName", Origin::Own, name_of),
            dns_policy: setting(of("dnsPolicy"), "dnsPolicy", Origin::Own, string),
            pull_secrets: form
                .get(&["imagePullSecrets"])
                .into_iter()
                .flat_map(Node::items)
                .filter_map(|item| spanned_string(item.get("name")?))
                .collect(),
            node_selector,
            node_affinity: span(&["affinity"], "nodeAffinity"),
            pod_affinity: span(&["affinity"], "podAffinity"),
            pod_anti_affinity: span(&["affinity"], "podAntiAffinity"),
            spread: form
                .get(&["topologySpreadConstraints"])
                .into_iter()
                .flat_map(Node::items)
                .map(|item| Spread {
                    topology: item.get("topologyKey").and_then(spanned_string),
                    max_skew: item.get("maxSkew").and_then(spanned_number),
                    unsatisfiable: item.get("whenUnsatisfiable").and_then(spanned_string),
                    selector: item.get("labelSelector").map(Selector::read),
                })
                .collect(),
            host_aliases: entry_span(form.spec, "hostAliases"),
            windows,
            volumes: [Some(form.spec), form.fallback]
                .into_iter()
                .flatten()
                .filter_map(|spec| spec.get("volumes"))
                .flat_map(Node::items)
                .filter_map(volume)
                .collect(),
        }
    }
}

/// A name that is not empty.
fn name_of(node: Node<'_>) -> Option<String> {
    string(node).filter(|name| !name.is_empty())
}

fn host_namespaces(form: &Form<'_>) -> Vec<Spanned<Namespace>> {
    [
        ("hostNetwork", Namespace::Network),
        ("hostPID", Namespace::Pid),
        ("hostIPC", Namespace::Ipc),
        ("hostUsers", Namespace::User),
    ]
    .into_iter()
    .filter_map(|(key, namespace)| {
        let map = form.holding(key);
        (boolean(map.get(key)?) == Some(true))
            .then(|| entry_span(map, key))
            .flatten()
            .map(|s| Spanned::new(namespace, s))
    })
    .collect()
}

fn volume(node: Node<'_>) -> Option<PodVolume> {
    let name = spanned_string(node.get("name")?)?;
    // A volume says its kind by the one other key it has; without one it is an emptyDir.
    let kind = node.merged().into_iter().find(|e| e.key.scalar().is_some_and(|key| key != "name"));
    let mut sources = Vec::new();
    let (volume, at) = match kind {
        None => (Volume::Scratch { memory: false, sized: false }, name.span),
        Some(entry) => {
            let kind = entry.key.scalar().unwrap_or_default();
            let value = entry.value;
            let volume = match kind.as_ref() {
                "emptyDir" => Volume::Scratch {
                    memory: text_at(value, &["medium"]).as_deref() == Some("Memory"),
                    sized: value.get("sizeLimit").is_some_and(|n| !n.is_null()),
                },
                "hostPath" => Volume::Bind(text_at(value, &["path"]).unwrap_or_default()),
                "projected" => {
                    sources.extend(value.get("sources").into_iter().flat_map(Node::items).flat_map(|item| {
                        item.merged()
                            .into_iter()
                            .filter_map(|e| source(&e.key.scalar()?, e.value, e.key.span()))
                            .collect::<Vec<_>>()
                    }));
                    Volume::Other(kind.into_owned())
                }
                _ => match source(&kind, value, entry.key.span()) {
                    Some(found) => {
                        let volume = found.volume.clone();
                        sources.push(found);
                        volume
                    }
                    None => Volume::Other(kind.into_owned()),
                },
            };
            (volume, entry.key.span())
        }
    };
    Some(PodVolume { name, volume, at, sources, place: Place::of(node.resolve()) })
}

/// What a volume of a kind takes its content from; `key` is where the kind is written.
fn source(kind: &str, node: Node<'_>, key: Span) -> Option<VolumeSource> {
    let named = |field: &str| node.get(field).and_then(spanned_string);
    let (name, volume): (_, fn(String) -> Volume) = match kind {
        "configMap" => (named("name"), Volume::Config),
        "secret" => (named("secretName").or_else(|| named("name")), Volume::Secret),
        "persistentVolumeClaim" => (named("claimName"), Volume::Named),
        "serviceAccountToken" | "downwardAPI" | "clusterTrustBundle" | "podCertificate" => {
            return Some(VolumeSource {
                volume: Volume::Other(kind.to_owned()),
                at: key,
                optional: false,
                keys: Vec::new(),
            });
        }
        _ => return None,
    };
    let name = name?;
    Some(VolumeSource {
        volume: volume(name.value),
        at: name.span,
        optional: node.get("optional").and_then(boolean).unwrap_or(false),
        keys: node
            .get("items")
            .into_iter()
            .flat_map(Node::items)
            .filter_map(|item| spanned_string(item.get("key")?))
            .collect(),
    })
}

/// Lowers the containers of a pod.
pub(super) fn containers(
    form: &Form<'_>,
    pod: &Pod,
    annotations: &Labels,
    workload: WorkloadId,
    out: &mut Vec<Container>,
) -> Vec<ContainerId> {
    let mut ids = Vec::new();
    for (index, (node, role)) in form.containers().enumerate() {
        let id = ContainerId(out.len() as u32);
        let name = node.get("name").and_then(spanned_string).unwrap_or_else(|| match &form.unnamed {
            Some(name) => name.clone(),
            None => Spanned::new(format!("unnamed-{index}"), node.span()),
        });
        let mut container = Container::new(id, name, Target::Kubernetes, Place::of(node));
        container.workload = Some(workload);
        container.pod = Some(pod.place);
        container.role = match role {
            Role::Init if text_at(node, &["restartPolicy"]).as_deref() == Some("Always") => Role::Sidecar,
            role => role,
        };
        fill(&mut container, node, form, pod, annotations);
        ids.push(id);
        out.push(container);
    }
    ids
}

fn fill(container: &mut Container, node: Node<'_>, form: &Form<'_>, pod: &Pod, annotations: &Labels) {
    let base = form.base;
    container.windows = pod.windows;
    container.image = image(Some(node), Origin::Own).or(image(base, Origin::Pod));
    security(container, node, form, annotations);
    container.host_namespaces.clone_from(&pod.host_namespaces);
    container.entrypoint = own_or(node, base, "command", words);
    container.command = own_or(node, base, "args", words);
    if let Some(script) = node.get("script").or_else(|| node.get("source")) {
        // Tekton and Argo write the script into a file and run that.
        container.entrypoint = Setting::unknown(Origin::Own, Some(script.span()));
    }
    container.workdir = own_or(node, base, "workingDir", string);
    container.env = [base, Some(node)].into_iter().flatten().flat_map(environment).collect();
    container.ports =
        node.get("ports").into_iter().flat_map(Node::items).filter_map(container_port).collect();
    container.mounts = [base, Some(node)]
        .into_iter()
        .flatten()
        .filter_map(|n| n.get("volumeMounts"))
        .flat_map(Node::items)
        .filter_map(|item| mount(item, form, pod))
        .collect();
    container.readiness = probe(node, "readinessProbe");
    container.liveness = probe(node, "livenessProbe");
    container.startup = probe(node, "startupProbe");
    container.resources = resources(node, base.or(Some(form.spec)));
    container.restart = if container.role == Role::Sidecar && node.get("restartPolicy").is_some() {
        setting(Some(node), "restartPolicy", Origin::Own, string)
    } else {
        inherited(pod.restart.clone())
    };
    if container.restart.is_unset() {
        container.restart = Setting::known("Always".to_owned(), Origin::Platform, None);
    }
    container.pull_policy = own_or(node, base, "imagePullPolicy", string);
    default_pull_policy(container);
    container.stop_grace = inherited(pod.stop_grace.clone());
    let lifecycle = node.get("lifecycle");
    container.stop_signal = setting(lifecycle, "stopSignal", Origin::Own, string);
    container.pre_stop = lifecycle.and_then(|l| entry_span(l, "preStop"));
}

/// Says when the image is pulled where nobody says it: always, if its tag may come to mean another image.
pub(super) fn default_pull_policy(container: &mut Container) {
    let written = !container.pull_policy.is_unset() && container.pull_policy.origin != Origin::Platform;
    let Some(image) = container.image.value().filter(|_| !written) else { return };
    let moving = image.digest.is_none() && image.tag.as_ref().is_none_or(|tag| tag == "latest");
    let policy = if moving { "Always" } else { "IfNotPresent" };
    container.pull_policy = Setting::known(policy.to_owned(), Origin::Platform, None);
}

/// What OpenShift makes of the containers of its own kind of workload: by its default constraints they run as a user of
/// the project's without any capability, and a trigger puts in the image that an image stream has.
pub(super) fn openshift(containers: &mut [Container], spec: Node<'_>) {
    let triggered: Vec<String> = spec
        .get("triggers")
        .into_iter()
        .flat_map(Node::items)
        .filter_map(|trigger| trigger.at(&["imageChangeParams", "containerNames"]))
        .flat_map(Node::items)
        .filter_map(string)
        .collect();
    for container in containers {
        if triggered.contains(&container.name.value) {
            container.image = Setting::unknown(container.image.origin, container.image.at);
        }
        implied(&mut container.run_as_non_root, true);
        implied(&mut container.privilege_escalation, false);
        implied(&mut container.seccomp, "RuntimeDefault".to_owned());
        if container.dropped_capabilities.is_empty() && container.added_capabilities.is_empty() {
            container.dropped_capabilities = vec![Spanned::new("ALL".to_owned(), container.name.span)];
        }
    }
}

/// Sets what nobody set.
fn implied<T>(setting: &mut Setting<T>, value: T) {
    *setting = std::mem::take(setting).or(Setting::known(value, Origin::Platform, None));
}

/// A key of the container, or of what containers start from.
fn own_or<'t, T>(
    node: Node<'t>,
    base: Option<Node<'t>>,
    key: &str,
    read: impl Fn(Node<'t>) -> Option<T>,
) -> Setting<T> {
    setting(Some(node), key, Origin::Own, &read).or(setting(base, key, Origin::Pod, &read))
}

/// A setting of the pod as a container has it.
fn inherited<T>(mut setting: Setting<T>) -> Setting<T> {
    if matches!(setting.origin, Origin::Own | Origin::Anchor) {
        setting.origin = Origin::Pod;
    }
    setting
}

/// The image; what is no name of one is unknown, since something else puts the name in (`ko://…` for example).
fn image(container: Option<Node<'_>>, origin: Origin) -> Setting<ImageName> {
    let image = setting(container, "image", origin, |node| {
        let text = string(node)?;
        let filled_in = text.contains("://") || text.contains(['$', '<', '{', '#']);
        Some(ImageName::parse(text.trim()).filter(|_| !filled_in).ok_or(text))
    });
    match image.value() {
        Some(Ok(name)) => Setting::known(name.clone(), image.origin, image.at),
        Some(Err(text)) if text.trim().is_empty() => Setting::default(),
        Some(Err(_)) => Setting::unknown(image.origin, image.at),
        None if image.is_unknown() => Setting::unknown(image.origin, image.at),
        None => Setting::default(),
    }
}

fn words(node: Node<'_>) -> Option<Vec<String>> {
    (node.resolve().kind() == NodeKind::Sequence).then(|| node.items().filter_map(string).collect())
}

/// A key of the container's security context, or else of the pod's.
fn both<'t, T>(
    own: Option<Node<'t>>,
    pod: Option<Node<'t>>,
    key: &str,
    read: impl Fn(Node<'t>) -> Option<T>,
) -> Setting<T> {
    setting(own, key, Origin::Own, &read).or(setting(pod, key, Origin::Pod, &read))
}

fn security(container: &mut Container, node: Node<'_>, form: &Form<'_>, annotations: &Labels) {
    let own = node.get("securityContext");
    let base = form.base.and_then(|b| b.get("securityContext"));
    // An Argo workflow's pods have no securityContext but that of the template or else the workflow.
    let pod = form.get(&["securityContext"]).or(base);
    let uid: Setting<u32> = both(own, pod, "runAsUser", number);
    container.group = both(own, pod, "runAsGroup", number);
    container.user = match uid.value() {
        Some(&value) => {
            let gid = container.group.value().copied();
            let user = User { name: None, uid: Some(value), group: gid.map(|g| g.to_string()), gid };
            Setting::known(user, uid.origin, uid.at)
        }
        None if uid.is_unknown() => Setting::unknown(uid.origin, uid.at),
        None => Setting::default(),
    };
    container.run_as_non_root = both(own, pod, "runAsNonRoot", boolean);
    let own_base =
        |key: &str| setting(own, key, Origin::Own, boolean).or(setting(base, key, Origin::Pod, boolean));
    container.read_only_root = own_base("readOnlyRootFilesystem");
    container.privileged = own_base("privileged");
    container.privilege_escalation = own_base("allowPrivilegeEscalation");
    container.proc_mount = setting(own, "procMount", Origin::Own, string);
    let capabilities = own.or(base).and_then(|s| s.get("capabilities"));
    container.added_capabilities = capability_names(capabilities, "add");
    container.dropped_capabilities = capability_names(capabilities, "drop");

    let name = container.name.value.as_str();
    let annotated = |key: &str, origin| {
        lookup(annotations, key).map_or_else(Setting::default, |value| {
            Setting::known(legacy_profile(&value.value), origin, Some(value.span))
        })
    };
    container.seccomp = both(own, pod, "seccompProfile", profile)
        .or(annotated(&format!("container.seccomp.security.alpha.kubernetes.io/{name}"), Origin::Own))
        .or(annotated("seccomp.security.alpha.kubernetes.io/pod", Origin::Pod));
    container.apparmor = both(own, pod, "appArmorProfile", profile)
        .or(annotated(&format!("container.apparmor.security.beta.kubernetes.io/{name}"), Origin::Own));
}

fn capability_names(capabilities: Option<Node<'_>>, key: &str) -> Vec<Spanned<String>> {
    let mut names = strings(capabilities.and_then(|c| c.get(key)));
    for name in &mut names {
        let upper = name.value.to_ascii_uppercase();
        name.value = upper.strip_prefix("CAP_").map_or_else(|| upper.clone(), str::to_owned);
    }
    names
}

/// A seccomp or AppArmor profile: its type, or the name of a local one.
fn profile(node: Node<'_>) -> Option<String> {
    let kind = text_at(node, &["type"])?;
    Some(match kind.as_str() {
        "Localhost" => text_at(node, &["localhostProfile"]).unwrap_or(kind),
        _ => kind,
    })
}

/// A profile as the annotations of old wrote it.
fn legacy_profile(text: &str) -> String {
    match text {
        "runtime/default" | "docker/default" => "RuntimeDefault".to_owned(),
        "unconfined" => "Unconfined".to_owned(),
        _ => text.strip_prefix("localhost/").unwrap_or(text).to_owned(),
    }
}

fn environment(node: Node<'_>) -> Vec<EnvVar> {
    let from = node.get("envFrom").into_iter().flat_map(Node::items).filter_map(|item| {
        let prefix = text_at(item, &["prefix"]).unwrap_or_default();
        let secret = item.get("secretRef");
        let reference = secret.or_else(|| item.get("configMapRef"))?;
        let name = spanned_string(reference.get("name")?)?;
        let optional = reference.get("optional").and_then(boolean).unwrap_or(false);
        let span = name.span;
        let value = if secret.is_some() {
            EnvValue::Secret { name: name.value, key: None, optional }
        } else {
            EnvValue::ConfigMap { name: name.value, key: None, optional }
        };
        Some(EnvVar {
            name: Spanned::new(prefix, span),
            value: Setting::known(value, Origin::Own, Some(span)),
        })
    });
    let own =
        node.get("env").into_iter().flat_map(Node::items).filter_map(|item| {
            Some(EnvVar { name: spanned_string(item.get("name")?)?, value: env_value(item) })
        });
    from.chain(own).collect()
}

fn env_value(item: Node<'_>) -> Setting<EnvValue> {
    if let Some(from) = item.get("valueFrom").filter(|n| !n.is_null()) {
        let key_of = |reference: Node<'_>| -> Option<(String, Option<String>, bool)> {
            let optional = reference.get("optional").and_then(boolean).unwrap_or(false);
            Some((text_at(reference, &["name"])?, text_at(reference, &["key"]), optional))
        };
        let (value, at) = if let Some(node) = from.get("secretKeyRef") {
            let Some((name, key, optional)) = key_of(node) else { return Setting::default() };
            (EnvValue::Secret { name, key, optional }, node.get("name").map(Node::span))
        } else if let Some(node) = from.get("configMapKeyRef") {
            let Some((name, key, optional)) = key_of(node) else { return Setting::default() };
            (EnvValue::ConfigMap { name, key, optional }, node.get("name").map(Node::span))
        } else {
            (EnvValue::Field, Some(from.span()))
        };
        return Setting::known(value, Origin::Own, at);
    }
    let Some(node) = item.get("value") else {
        return Setting::known(EnvValue::Literal(String::new()), Origin::Own, None);
    };
    let text = node.scalar().filter(|_| !node.is_null()).unwrap_or_default();
    // `$(NAME)` names another variable of the container: that is Kubernetes' own and known.
    if is_placeholder(&text) && !text.contains("$(") {
        return Setting::unknown(Origin::Own, Some(node.span()));
    }
    Setting::known(EnvValue::Literal(text.into_owned()), Origin::Own, Some(node.span()))
}

fn container_port(item: Node<'_>) -> Option<Port> {
    let node = item.get("containerPort")?;
    let container: u16 = number(node)?;
    let host = item.get("hostPort").and_then(number::<u16>).filter(|port| *port != 0);
    Some(Port {
        name: item.get("name").and_then(spanned_string),
        container,
        container_end: container,
        host,
        host_ip: text_at(item, &["hostIP"]),
        published: host.is_some(),
        protocol: text_at(item, &["protocol"]).map_or_else(|| "tcp".to_owned(), |p| p.to_ascii_lowercase()),
        span: node.span(),
    })
}

fn mount(item: Node<'_>, form: &Form<'_>, pod: &Pod) -> Option<Mount> {
    let target = item.get("mountPath")?;
    let name = item.get("name").and_then(spanned_string);
    let volume = name.as_ref().map_or_else(
        || Volume::Missing(String::new()),
        |name| match pod.volumes.iter().find(|v| v.name.value == name.value) {
            Some(volume) => volume.volume.clone(),
            None if form.claims.contains(&name.value) => Volume::Named(name.value.clone()),
            // Tekton's workspaces and Argo's artifacts bring volumes of their own.
            None if form.brings_volumes => Volume::Other(name.value.clone()),
            None => Volume::Missing(name.value.clone()),
        },
    );
    Some(Mount {
        target: string(target)?,
        volume,
        read_only: item.get("readOnly").and_then(boolean).unwrap_or(false),
        sub_path: text_at(item, &["subPath"]).or_else(|| text_at(item, &["subPathExpr"])),
        name,
        span: target.span(),
    })
}

fn probe(container: Node<'_>, key: &str) -> Option<Probe> {
    let entry = container.entry(key)?;
    let node = entry.value.resolve();
    if node.kind() != NodeKind::Mapping {
        return None;
    }
    let mut port_at = None;
    let mut port_of = |map: Node<'_>| {
        let found = map.get("port").and_then(port);
        port_at = found.as_ref().map(|p| p.span);
        found.map_or_else(String::new, |p: Spanned<PortRef>| p.value.to_string())
    };
    let action = if let Some(exec) = node.get("exec") {
        Action::Exec(exec.get("command").and_then(words).unwrap_or_default())
    } else if let Some(http) = node.get("httpGet") {
        Action::Http { path: text_at(http, &["path"]).unwrap_or_else(|| "/".to_owned()), port: port_of(http) }
    } else if let Some(tcp) = node.get("tcpSocket") {
        Action::Tcp(port_of(tcp))
    } else if let Some(grpc) = node.get("grpc") {
        Action::Grpc(port_of(grpc))
    } else {
        Action::None
    };
    let seconds = |key: &str| node.get(key).and_then(number::<u64>);
    Some(Probe {
        interval: seconds("periodSeconds"),
        timeout: seconds("timeoutSeconds"),
        retries: seconds("failureThreshold"),
        start_period: seconds("initialDelaySeconds"),
        port_at,
        ..Probe::new(action, entry.key.span())
    })
}

fn resources(node: Node<'_>, around: Option<Node<'_>>) -> Resources {
    let lists = |list: &str| (node.at(&["resources", list]), around.and_then(|a| a.at(&["resources", list])));
    let (limits, requests) = (lists("limits"), lists("requests"));
    let of = |(own, around): (Option<Node<'_>>, Option<Node<'_>>), key: &str, scale: u32| -> Setting<u64> {
        let read = |n: Node<'_>| match integer(n) {
            Some(value) => u64::try_from(value).ok()?.checked_mul(10u64.pow(scale)),
            None => quantity::parse(n.scalar()?.trim(), scale),
        };
        setting(own, key, Origin::Own, read).or(setting(around, key, Origin::Pod, read))
    };
    // What is set aside is at least what is allowed, where only that is said.
    let request = |key: &str, scale: u32, limit: &Setting<u64>| {
        of(requests, key, scale).or(limit
            .value()
            .map_or_else(Setting::default, |value| Setting::known(*value, Origin::Platform, limit.at)))
    };
    let cpu_limit = of(limits, "cpu", 3);
    let memory_limit = of(limits, "memory", 0);
    let storage_limit = of(limits, "ephemeral-storage", 0);
    Resources {
        cpu_request: request("cpu", 3, &cpu_limit),
        memory_request: request("memory", 0, &memory_limit),
        storage_request: request("ephemeral-storage", 0, &storage_limit),
        cpu_limit,
        memory_limit,
        storage_limit,
    }
}
