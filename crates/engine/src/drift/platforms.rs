//! Which Kubernetes workload runs which Compose service, in manifests that were written of a Compose file.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use camino::Utf8Path;
use seaworthy_syntax::{SourceId, Span};

use crate::project::compose::{Composition, Service};
use crate::project::container::{EnvValue, Role};
use crate::project::kubernetes::{Detail, Object};
use crate::project::links::{BuiltHow, SelectionKind};
use crate::project::{Container, ContainerId, Project, Volume, Workload, WorkloadId, WorkloadKind};

/// A Compose project and the manifests that seem to run the same.
#[derive(Debug)]
pub(crate) struct Family<'p> {
    /// The Compose project.
    pub(crate) composition: &'p Composition,
    /// The objects that belong together, in the order of their sources.
    pub(crate) objects: Vec<&'p Object>,
    /// Services and what runs them, in the order of the services.
    pub(crate) twins: Vec<Twin<'p>>,
    /// Services that no workload runs.
    pub(crate) lost: Vec<&'p Service>,
}

/// A service and the container that runs the same in Kubernetes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Twin<'p> {
    /// The service.
    pub(crate) service: &'p Service,
    /// The service's container.
    pub(crate) here: &'p Container,
    /// The workload.
    pub(crate) workload: &'p Workload,
    /// The container in its pods.
    pub(crate) there: &'p Container,
}

impl<'p> Family<'p> {
    /// What runs a service.
    pub(crate) fn twin(&self, service: ContainerId) -> Option<&Twin<'p>> {
        self.twins.iter().find(|twin| twin.here.id == service)
    }

    /// The Services that lead to a workload.
    pub(crate) fn services(&self, project: &'p Project, workload: WorkloadId) -> Vec<&'p Object> {
        let own = |service: &&Object| self.objects.iter().any(|o| o.id == service.id);
        project.selecting(workload, SelectionKind::Service).filter(own).collect()
    }

    /// The Service of a name.
    pub(crate) fn service_named(&self, name: &str) -> Option<&'p Object> {
        let mut services = self.objects.iter().filter(|o| matches!(o.detail, Detail::Service(_)));
        services.find(|o| o.name.as_ref().is_some_and(|n| n.value == name)).copied()
    }
}

/// Every family of manifests that runs the services of a Compose project, with the project that it is nearest to.
pub(crate) fn families(project: &Project) -> Vec<Family<'_>> {
    if project.compositions.is_empty() {
        return Vec::new();
    }
    let sides: Vec<Side<'_>> = project.compositions.iter().map(|c| Side::of(project, c)).collect();
    let groups: Vec<Group<'_>> = groups(project).into_iter().map(|ids| Group::of(project, ids)).collect();
    let only = groups.len() == 1 && sides.iter().filter(|side| !side.rank.0).count() == 1;
    let mut found = Vec::new();
    for group in &groups {
        let candidates = Candidates::of(project, &group.workloads);
        let matched =
            sides.iter().map(|side| (side, group.is_beside(side), candidates.twins(project, side, only)));
        let best = matched
            .filter(|(_, beside, twins)| is_sure(twins, *beside))
            .max_by_key(|(side, beside, twins)| (twins.len(), *beside, group.near(side), Reverse(side.rank)));
        let Some((side, _, twins)) = best else { continue };
        let twins: Vec<Twin<'_>> = twins.into_iter().map(|(twin, _)| twin).collect();
        let has = |service: &&Service| twins.iter().any(|t| t.service.container == service.container);
        let lost = side.composition.services.iter().filter(|s| !has(s)).collect();
        let objects = group.objects(project, &groups);
        found.push(Family { composition: side.composition, objects, twins, lost });
    }
    found
}

/// What tells that two things are the same, the surest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Sign {
    /// The name of the workload, of a container or of a Service.
    Name,
    /// One Dockerfile builds both.
    Build,
    /// Both run one public image, and nothing else here does.
    Image,
    /// Each is the only program of its side that is left, and there are no other sides.
    Rest,
}

/// Whether more than a public image speaks for it, which many programs have, and, where the two lie apart, more than one
/// name.
fn is_sure(twins: &[(Twin<'_>, Sign)], beside: bool) -> bool {
    let own = |twin: &Twin<'_>| twin.here.facts().is_none() && twin.there.facts().is_none();
    let named = twins.iter().filter(|(twin, sign)| *sign == Sign::Name && own(twin));
    let (all, alike) = named.fold((0, 0), |(all, alike), (twin, _)| {
        (all + 1, alike + usize::from(is_alike(twin.here, twin.there) || twin.service.build.is_some()))
    });
    twins.iter().any(|(_, sign)| *sign == Sign::Build)
        || all > 1
        || beside && (alike > 0 || twins.iter().any(|(_, sign)| *sign == Sign::Rest))
}

/// A Compose project as one side.
struct Side<'p> {
    composition: &'p Composition,
    services: Vec<(&'p Service, &'p Container, BTreeSet<String>)>,
    /// How unlikely it is to be what ships.
    rank: (bool, usize, usize),
}

impl<'p> Side<'p> {
    fn of(project: &'p Project, composition: &'p Composition) -> Self {
        let services = composition.services.iter().map(|service| {
            let own = [Some(&service.name), service.container_name.as_ref().map(|n| &n.value)];
            let names = own.into_iter().flatten().flat_map(|name| {
                let plain = plain(name);
                let short = plain.strip_prefix(&format!("{}-", composition.name)).map(str::to_owned);
                [Some(plain.clone()), short]
            });
            (service, project.container(service.container), names.flatten().collect())
        });
        let aside = composition.files.iter().any(|source| project.is_for_development(*source));
        let name = composition.files.first().map_or("", |s| project.path(*s).file_name().unwrap_or_default());
        let rank = (aside, name.len(), composition.files.len());
        Self { composition, services: services.collect(), rank }
    }
}

/// The containers that a family offers.
struct Candidates<'p> {
    all: Vec<(&'p Workload, &'p Container)>,
    by_name: HashMap<String, Vec<usize>>,
}

impl<'p> Candidates<'p> {
    fn of(project: &'p Project, group: &[WorkloadId]) -> Self {
        let mut candidates = Self { all: Vec::new(), by_name: HashMap::new() };
        let prefix = common_prefix(project, group);
        for workload in group.iter().map(|id| project.workload(*id)) {
            let object = workload.object(project);
            let containers: Vec<_> = workload
                .containers
                .iter()
                .map(|id| project.container(*id))
                .filter(|c| matches!(c.role, Role::Main | Role::Sidecar))
                .collect();
            let mut names = BTreeSet::new();
            names.extend(object.name.as_ref().map(|n| plain(&n.value)));
            let services = project.selecting(workload.id, SelectionKind::Service);
            names.extend(services.filter_map(|s| Some(plain(&s.name.as_ref()?.value))));
            for key in ["app", "app.kubernetes.io/name", "app.kubernetes.io/component", "io.kompose.service"]
            {
                names.extend(workload.pod_label(key).map(|l| plain(&l.value)));
            }
            for (index, container) in containers.iter().enumerate() {
                let at = candidates.all.len();
                candidates.all.push((workload, *container));
                let own = plain(&container.name.value);
                // Of several containers only one is what the workload is called after.
                let named =
                    containers.iter().position(|c| names.contains(&plain(&c.name.value))).unwrap_or(0);
                let mut all = BTreeSet::from([own]);
                if index == named {
                    all.extend(names.iter().cloned());
                }
                let shorter: Vec<_> =
                    all.iter().filter_map(|n| n.strip_prefix(&prefix)).map(str::to_owned).collect();
                all.extend(shorter);
                for name in all {
                    candidates.by_name.entry(name).or_default().push(at);
                }
            }
        }
        candidates
    }

    /// Which of them runs which service of a Compose project.
    fn twins(&self, project: &'p Project, side: &Side<'p>, only: bool) -> Vec<(Twin<'p>, Sign)> {
        let mut taken = BTreeSet::new();
        let mut found: BTreeMap<usize, (usize, Sign)> = BTreeMap::new();
        for sign in [Sign::Name, Sign::Build, Sign::Image] {
            for (at, (_, here, names)) in side.services.iter().enumerate() {
                if found.contains_key(&at) {
                    continue;
                }
                let mut same: Vec<usize> = match sign {
                    Sign::Name => {
                        names.iter().filter_map(|n| self.by_name.get(n)).flatten().copied().collect()
                    }
                    Sign::Build => {
                        self.places(|c| c.build.is_some() && c.build == here.build && is_built(project, c))
                    }
                    Sign::Rest => Vec::new(),
                    Sign::Image => {
                        let alone = |repository: &str| {
                            side.services.iter().filter(|(_, c, _)| runs(c, repository)).count() == 1
                        };
                        match here.image.value().filter(|i| alone(&i.repository)) {
                            Some(image) => self.places(|c| runs(c, &image.repository)),
                            None => Vec::new(),
                        }
                    }
                };
                same.sort_unstable();
                same.dedup();
                same.retain(|place| !taken.contains(place));
                // A name may be that of a workload of another image: then the image decides.
                if sign == Sign::Name && same.len() > 1 {
                    let alike: Vec<_> =
                        same.iter().copied().filter(|p| is_alike(here, self.all[*p].1)).collect();
                    if !alike.is_empty() {
                        same = alike;
                    }
                }
                match same.as_slice() {
                    [] => {}
                    [one] => _ = found.insert(at, (*one, sign)),
                    [first, ..] if sign == Sign::Name => _ = found.insert(at, (*first, sign)),
                    _ => {}
                }
            }
            taken.extend(found.values().map(|(place, _)| *place));
        }
        let twin = |(at, (place, sign)): (usize, (usize, Sign))| {
            let (service, here, _) = &side.services[at];
            let (workload, there) = self.all[place];
            (Twin { service, here, workload, there }, sign)
        };
        // Where there are several of either, nothing says which is meant.
        if !only {
            return found.into_iter().map(twin).collect();
        }
        let left = |at: &usize| !found.contains_key(at) && side.services[*at].0.build.is_some();
        let services: Vec<usize> = (0..side.services.len()).filter(left).collect();
        let own = self.places(|c| c.role == Role::Main && c.facts().is_none() && c.image.value().is_some());
        let places: Vec<usize> = own.into_iter().filter(|place| !taken.contains(place)).collect();
        if let ([service], [place]) = (services.as_slice(), places.as_slice()) {
            found.insert(*service, (*place, Sign::Rest));
        }
        found.into_iter().map(twin).collect()
    }

    fn places(&self, wanted: impl Fn(&Container) -> bool) -> Vec<usize> {
        (0..self.all.len()).filter(|at| wanted(self.all[*at].1)).collect()
    }
}

fn runs(container: &Container, repository: &str) -> bool {
    container.build.is_none() && container.image.value().is_some_and(|i| i.repository == repository)
}

fn is_built(project: &Project, container: &Container) -> bool {
    project.links.built_by.iter().any(|b| b.container == container.id && b.how != BuiltHow::Likeness)
}

fn is_alike(here: &Container, there: &Container) -> bool {
    here.build.is_some() && here.build == there.build
        || here.image.value().zip(there.image.value()).is_some_and(|(a, b)| a.short() == b.short())
}

/// A name without what only says what kind of thing it is.
fn plain(name: &str) -> String {
    let name = name.to_ascii_lowercase().replace(['_', '.'], "-");
    const KINDS: [&str; 9] = [
        "-deployment",
        "-deploy",
        "-statefulset",
        "-sts",
        "-pod",
        "-container",
        "-service",
        "-svc",
        "-workload",
    ];
    let shorter = KINDS.iter().find_map(|kind| name.strip_suffix(kind)).map(str::to_owned);
    shorter.filter(|rest| !rest.is_empty()).unwrap_or(name)
}

/// What the names of all workloads of a family begin with, with its hyphen; empty for a single one.
fn common_prefix(project: &Project, group: &[WorkloadId]) -> String {
    let name = |id: &WorkloadId| project.workload(*id).object(project).name.as_ref().map(|n| plain(&n.value));
    let mut names = group.iter().filter_map(name);
    let Some(first) = names.next().filter(|_| group.len() > 1) else { return String::new() };
    let Some((head, _)) = first.split_once('-') else { return String::new() };
    let prefix = format!("{head}-");
    if names.all(|name| name.starts_with(&prefix)) { prefix } else { String::new() }
}

/// Workloads that belong together.
struct Group<'p> {
    workloads: Vec<WorkloadId>,
    sources: BTreeSet<SourceId>,
    /// The directory that all of them lie in.
    directory: &'p Utf8Path,
}

impl<'p> Group<'p> {
    fn of(project: &'p Project, workloads: Vec<WorkloadId>) -> Self {
        let sources: BTreeSet<_> =
            workloads.iter().map(|id| project.workload(*id).object(project).source).collect();
        let directories = sources.iter().map(|s| project.path(*s).parent().unwrap_or(Utf8Path::new("")));
        let shared = directories
            .reduce(|a, b| a.ancestors().find(|top| b.starts_with(top)).unwrap_or(Utf8Path::new("")));
        Self { workloads, sources, directory: shared.unwrap_or(Utf8Path::new("")) }
    }

    /// How many directories the paths of both share.
    fn near(&self, side: &Side<'_>) -> usize {
        let (a, b) = (side.composition.directory.components(), self.directory.components());
        a.zip(b).take_while(|(a, b)| a == b).count()
    }

    /// Whether one of the two lies in or below the directory of the other, or both lie in one below the top.
    fn is_beside(&self, side: &Side<'_>) -> bool {
        let directory = side.composition.directory.as_path();
        self.near(side) > 0 || directory.as_str().is_empty() || self.directory.as_str().is_empty()
    }

    /// The objects that belong to the workloads: those of their files, and of the files without workloads that lie beside
    /// or below them and no nearer to others.
    fn objects(&self, project: &'p Project, all: &[Group<'_>]) -> Vec<&'p Object> {
        let belongs = |object: &&Object| {
            if self.sources.contains(&object.source) {
                return true;
            }
            let path = project.path(object.source);
            let inside = |group: &Group<'_>| path.starts_with(group.directory);
            let depth = |group: &Group<'_>| group.directory.components().count();
            inside(self)
                && !all.iter().any(|other| {
                    other.sources.contains(&object.source) || inside(other) && depth(other) > depth(self)
                })
        };
        project.objects.iter().filter(|o| !o.patch).filter(belongs).collect()
    }
}

/// Workloads that belong together: those of the highest directory below which no two have one name. Two of a name are the
/// same thing twice, for two places or in two states.
fn groups(project: &Project) -> Vec<Vec<WorkloadId>> {
    let mut items = Vec::new();
    for workload in &project.workloads {
        let object = workload.object(project);
        let Some(name) = object.name.as_ref().filter(|_| !object.patch) else { continue };
        if matches!(workload.kind, WorkloadKind::PodTemplate | WorkloadKind::Running) {
            continue;
        }
        let path = project.path(object.source);
        let parts: Vec<&str> = path.components().map(|c| c.as_str()).collect();
        items.push(Item { parts, key: (&object.kind.value, &name.value), id: workload.id });
    }
    let mut groups = Vec::new();
    split(items, 0, &mut groups);
    groups
}

struct Item<'p> {
    /// The directories and the file.
    parts: Vec<&'p str>,
    key: (&'p str, &'p str),
    id: WorkloadId,
}

fn split<'p>(items: Vec<Item<'p>>, depth: usize, groups: &mut Vec<Vec<WorkloadId>>) {
    let deeper = items.iter().any(|item| item.parts.len() > depth);
    if items.is_empty() {
        return;
    }
    if !says_twice(&items) || !deeper {
        groups.push(items.into_iter().map(|item| item.id).collect());
        return;
    }
    let mut below: BTreeMap<Option<&str>, Vec<Item<'p>>> = BTreeMap::new();
    for item in items {
        let file = item.parts.len() == depth + 1;
        let part = if file { None } else { item.parts.get(depth).copied() };
        below.entry(part).or_default().push(item);
    }
    for (part, items) in below {
        // Files of one directory belong together, unless they say the same things.
        if part.is_some() || !says_twice(&items) {
            split(items, depth + 1, groups);
            continue;
        }
        let mut files: BTreeMap<Option<&str>, Vec<WorkloadId>> = BTreeMap::new();
        for item in items {
            files.entry(item.parts.last().copied()).or_default().push(item.id);
        }
        groups.extend(files.into_values());
    }
}

fn says_twice(items: &[Item<'_>]) -> bool {
    let mut seen = BTreeSet::new();
    items.iter().any(|item| !seen.insert(item.key))
}

/// The variables of a pod's container; `None` where some come from what is not here.
pub(crate) fn variables<'p>(project: &'p Project, container: &'p Container) -> Option<BTreeSet<&'p str>> {
    let mut found = BTreeSet::new();
    for variable in &container.env {
        match variable.value.value() {
            Some(EnvValue::ConfigMap { key: None, name, .. }) => {
                keys(project, container, false, name, &mut found)?;
            }
            Some(EnvValue::Secret { key: None, name, .. }) => {
                keys(project, container, true, name, &mut found)?;
            }
            _ => _ = found.insert(variable.name.value.as_str()),
        }
    }
    let workload = container.workload.map(|id| project.workload(id))?;
    // A file of variables is read by the program itself, and what injects secrets writes one.
    let injected = workload.pod_annotations.iter().any(|(key, _)| key.value.contains("agent-inject"));
    let file = container.mounts.iter().any(|mount| {
        matches!(mount.volume, Volume::Config(_) | Volume::Secret(_) | Volume::Other(_))
            && (mount.target.contains("env") || mount.target.contains("secret"))
    });
    (!injected && !file).then_some(found)
}

/// The keys of a ConfigMap or Secret that a container takes as a whole.
fn keys<'p>(
    project: &'p Project,
    container: &Container,
    secret: bool,
    name: &str,
    found: &mut BTreeSet<&'p str>,
) -> Option<()> {
    let own = project.workload(container.workload?).object(project).source;
    let mut known = false;
    for object in project.objects_named(name).filter(|o| !o.patch) {
        let data = match &object.detail {
            Detail::ConfigMap(data) if !secret => data,
            Detail::Secret(data) if secret => data,
            _ => continue,
        };
        // One without any waits to be filled in.
        if !data.complete || data.keys.is_empty() {
            return None;
        }
        known = known || object.source == own || project.directory(object.source) == project.directory(own);
        found.extend(data.keys.iter().map(|k| k.value.as_str()));
    }
    for made in project.kustomizations.iter().flat_map(|k| &k.generated) {
        if made.secret == secret && made.name.value == name {
            if !made.complete {
                return None;
            }
            known = true;
            found.extend(made.keys.iter().map(|k| k.value.as_str()));
        }
    }
    known.then_some(())
}

/// The value of a variable of a pod's container, and where it stands: written out, or a key of a ConfigMap of the family.
pub(crate) fn value_of(
    project: &Project,
    family: &Family<'_>,
    container: &Container,
    name: &str,
) -> Option<(String, Span)> {
    let variable = container.env.iter().rev().find(|v| v.name.value == name);
    let (map, key) = match variable.map(|v| (v, v.value.value())) {
        Some((v, Some(EnvValue::Literal(text)))) => {
            return Some((text.clone(), v.value.at.unwrap_or(v.name.span)));
        }
        Some((_, Some(EnvValue::ConfigMap { name: map, key: Some(key), .. }))) => {
            (map.as_str(), key.as_str())
        }
        Some(_) => return None,
        None => {
            let whole = container.env.iter().find_map(|v| match v.value.value() {
                Some(EnvValue::ConfigMap { name, key: None, .. }) if v.name.value.is_empty() => Some(name),
                _ => None,
            });
            (whole?.as_str(), name)
        }
    };
    let named = |o: &&&Object| {
        matches!(o.detail, Detail::ConfigMap(_)) && o.name.as_ref().is_some_and(|n| n.value == map)
    };
    let value = family.objects.iter().find(named)?.at(project, &["data", key])?;
    Some((value.scalar()?.into_owned(), value.span()))
}

/// Whether a text has a host in an address: `//host:port`, `//host/`, or `@host` behind a user.
pub(crate) fn dialled(text: &str, host: &str) -> bool {
    memchr::memmem::find_iter(text.as_bytes(), host.as_bytes()).any(|at| {
        let before = text[..at].ends_with("//") || text[..at].ends_with('@') && text[..at].contains("//");
        let after = text[at + host.len()..].chars().next();
        before && !after.is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
    }) || text.trim().split(':').next() == Some(host)
        && text.trim().split_once(':').is_none_or(|(_, port)| port.parse::<u16>().is_ok())
}

/// Whether a service is there for whoever works on the program, or does what a cluster does by itself.
pub(crate) fn is_aside(container: &Container) -> bool {
    const TOOLS: [&str; 40] = [
        "adminer",
        "alpine",
        "busybox",
        "bash",
        "certbot",
        "chrome",
        "curl",
        "dockerize",
        "docker-socket-proxy",
        "dozzle",
        "kafka-ui",
        "kafdrop",
        "localstack",
        "maildev",
        "mailhog",
        "mailpit",
        "mc",
        "mongo-express",
        "mock-server",
        "mockserver",
        "ngrok",
        "acme-companion",
        "nginx-proxy",
        "nginx-proxy-manager",
        "pgadmin4",
        "phpmyadmin",
        "portainer",
        "portainer-ce",
        "redis-commander",
        "redisinsight",
        "redpanda-console",
        "selenium",
        "standalone-chrome",
        "swagger-ui",
        "traefik",
        "wait-for",
        "wait-for-it",
        "watchtower",
        "wiremock",
        "xhgui",
    ];
    container.build.is_none() && container.image.value().is_some_and(|image| TOOLS.contains(&image.short()))
}
