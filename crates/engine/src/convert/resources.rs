//! What a container may use and what is set aside for it.

use super::plan::Out;
use super::unit::Unit;
use super::{Fate, Map, Tree};
use crate::project::compose::Item;
use crate::project::kubernetes::quantity;

/// Memory of a service of which nothing is said, in bytes: what is set aside is half of it.
const MEMORY: u64 = 512 << 20;
/// The same for one that keeps data, whose caches want room.
const MEMORY_OF_DATA: u64 = 1 << 30;
/// The same for a program on a Java virtual machine, which starts with a quarter of it as heap.
const MEMORY_OF_JVM: u64 = 2 << 30;
/// CPU that is set aside where nothing is said, in thousandths.
const CPU: u64 = 100;
/// Local disk for logs and what is written beside volumes, in bytes.
const DISK: u64 = 256 << 20;

/// `resources` of a service; `scratch` is what its volumes on local disk may hold, in bytes.
pub(super) fn resources(unit: &Unit<'_>, scratch: u64, out: &mut Out<'_>) -> Tree {
    let own = &unit.container.resources;
    let (cpu_limit, memory_limit) = (own.cpu_limit.value().copied(), own.memory_limit.value().copied());
    let shares = unit.get(&["cpu_shares"]).and_then(Item::as_int).and_then(|s| u64::try_from(s).ok());
    // 1,024 shares are one processor's worth beside others.
    let shares = shares.filter(|s| *s > 0).map(|shares| shares * 1000 / 1024);
    let said =
        |of, name, scale| unit.says(&[of, name]).and_then(|item| quantity::parse(&item.to_text()?, scale));
    let cpu_limit = said("limits", "cpu", 3).or(cpu_limit);
    let memory_limit = said("limits", "memory", 0).or(memory_limit);
    let cpu = said("requests", "cpu", 3).or(own.cpu_request.value().copied()).or(shares);
    let cpu = cpu.or(cpu_limit.map(|limit| limit.min(CPU))).unwrap_or(CPU);
    let cpu = cpu_limit.map_or(cpu, |limit| cpu.min(limit));
    let usual = usual_memory(unit);
    let reserved = said("requests", "memory", 0).or(own.memory_request.value().copied());
    let limit = memory_limit.unwrap_or_else(|| usual.max(reserved.unwrap_or_default()));
    let memory = reserved.unwrap_or(limit / 2).min(limit).max(1 << 20);
    let disk = own.storage_limit.value().copied().unwrap_or(DISK).max(DISK) + scratch;
    let disk = said("limits", "ephemeral-storage", 0).unwrap_or(disk);
    let disk_request = said("requests", "ephemeral-storage", 0).unwrap_or(DISK).min(disk);
    if memory_limit.is_none() {
        out.carried.add(
            Fate::Approximated,
            unit.key("deploy.resources.limits.memory"),
            None,
            format!(
                "Compose gives no limit; {} is a guess to be replaced by what is measured",
                quantity::bytes(limit)
            ),
        );
    }
    let requests = Map::new()
        .with("cpu", quantity::thousandths(cpu.max(1)))
        .with("memory", quantity::bytes(memory))
        .with("ephemeral-storage", quantity::bytes(disk_request));
    let mut limits = Map::new();
    if let Some(cpu) = cpu_limit {
        limits.set("cpu", quantity::thousandths(cpu.max(1)));
    }
    limits.set("memory", quantity::bytes(limit));
    limits.set("ephemeral-storage", quantity::bytes(disk));
    let (mut requests, mut limits) = (requests, limits);
    for (name, count) in devices(unit, out) {
        requests.set(name.clone(), count.to_string());
        limits.set(name, count.to_string());
    }
    Tree::settable("resources", Map::new().with("requests", requests).with("limits", limits))
}

/// The memory that a service like this one gets where nothing is said.
fn usual_memory(unit: &Unit<'_>) -> u64 {
    let of_jvm = |image: &str| {
        [
            "java",
            "jre",
            "jdk",
            "temurin",
            "corretto",
            "tomcat",
            "jetty",
            "elasticsearch",
            "opensearch",
            "kafka",
            "keycloak",
            "cassandra",
            "zookeeper",
            "sonarqube",
            "jenkins",
            "neo4j",
            "logstash",
            "solr",
            "nexus",
            "wildfly",
        ]
        .iter()
        .any(|word| {
            image.split(['/', '-', '_', '.', ':']).any(|part| {
                part == *word
                    || part.strip_prefix(word).is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()))
            })
        })
    };
    let base = unit.stage.and_then(|stage| stage.image(unit.project));
    let images = [unit.container.image.value(), base];
    if images.into_iter().flatten().any(|image| of_jvm(&image.repository)) {
        return MEMORY_OF_JVM;
    }
    if unit.facts.is_some_and(|facts| facts.stateful == Some(true)) { MEMORY_OF_DATA } else { MEMORY }
}

/// The devices that Compose asks for and that plugins of a cluster give: GPUs, by the names of their vendors.
fn devices(unit: &Unit<'_>, out: &mut Out<'_>) -> Vec<(String, i64)> {
    let listed = unit
        .get(&["deploy", "resources", "reservations", "devices"])
        .map(|i| (i, "deploy.resources.reservations.devices"));
    let listed = listed.or_else(|| unit.get(&["gpus"]).map(|i| (i, "gpus")));
    let Some((list, key)) = listed else { return Vec::new() };
    let mut found: Vec<(String, i64)> = Vec::new();
    for (at, item) in list.items().iter().enumerate() {
        let row = format!("{}[{at}]", unit.key(key));
        let capabilities = item.get("capabilities").map(Item::items).unwrap_or_default();
        let gpu = key == "gpus"
            || capabilities.iter().any(|c| matches!(c.as_str(), Some("gpu" | "nvidia" | "compute")));
        let vendor = match item.get("driver").and_then(Item::as_str) {
            None | Some("nvidia" | "cdi" | "") => "nvidia.com/gpu",
            Some("amd" | "rocm") => "amd.com/gpu",
            Some("intel") => "gpu.intel.com/i915",
            Some(_) => "",
        };
        if !gpu || vendor.is_empty() {
            out.carried.refused(
                row,
                item.span(),
                "no common device plugin of Kubernetes gives this device; name its resource by a patch",
            );
            continue;
        }
        let count = item.get("count").and_then(Item::as_int).filter(|count| *count > 0);
        let ids = item.get("device_ids").map(|ids| ids.items().len() as i64).filter(|n| *n > 0);
        match (count, ids) {
            (Some(count), _) => {
                out.carried.mapped(row, item.span(), format!("`{vendor}: {count}` in the limits"));
            }
            (None, Some(count)) => out.carried.approximated(
                row,
                item.span(),
                format!("`{vendor}: {count}` in the limits; which of them is the cluster's choice"),
            ),
            (None, None) => out.carried.approximated(
                row,
                item.span(),
                format!("`{vendor}: 1` in the limits; a pod cannot ask for all GPUs of a node"),
            ),
        }
        let count = count.or(ids).unwrap_or(1);
        match found.iter_mut().find(|(name, _)| name == vendor) {
            Some((_, sum)) => *sum += count,
            None => found.push((vendor.to_owned(), count)),
        }
    }
    found
}
