//! What the manifests that `SutazAI`'s 28 services become have to be, assertion by assertion: on our own picture of it, or on
//! the repository in the directory that `SUTAZAI` names (`cargo xtask sutazai DIR`).
//!
//! What is expected is read from the Compose file, so that it holds for both. The ids are those of `docs/known-mistakes.md`.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its files has failed")]

#[path = "whole/objects.rs"]
mod objects;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use objects::{conforms, containers, documents, edges, pod, variables, violations};

const WORKLOADS: [&str; 5] = ["Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob"];

/// What keeps data that programs ask for, and nobody from outside.
const STORES: [&str; 6] = ["postgres", "redis", "neo4j", "chromadb", "qdrant", "rabbitmq"];

struct SutazAi {
    directory: PathBuf,
    scratch: tempfile::TempDir,
    /// The services of the Compose file.
    services: BTreeMap<String, Value>,
    /// What they became, as YAML.
    text: String,
    objects: Vec<Value>,
    /// What was said of it.
    report: Value,
    lines: Vec<(String, Option<bool>, String)>,
}

#[test]
fn the_assertions_on_sutazai() {
    let named = std::env::var_os("SUTAZAI").map(PathBuf::from);
    let own = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/repositories/sutazai"));
    let mut sutazai = SutazAi::of(named.as_deref().unwrap_or(own));
    sutazai.names();
    sutazai.rights();
    sutazai.storage();
    sutazai.probes();
    sutazai.network();
    sutazai.settings();
    sutazai.scale();
    sutazai.whole();
    let mut screen = String::new();
    let mut counts = [0; 3];
    for (name, holds, why) in &sutazai.lines {
        let (word, n) = match holds {
            Some(true) => ("holds", 0),
            Some(false) => ("FAILS", 1),
            None => ("later", 2),
        };
        counts[n] += 1;
        writeln!(screen, "{name:24} {word}: {why}").unwrap();
    }
    let [holds, fails, later] = counts;
    println!("{screen}{holds} hold, {fails} fail, {later} later");
    assert_eq!(fails, 0, "\n{screen}");
}

impl SutazAi {
    fn of(directory: &Path) -> Self {
        let text = std::fs::read_to_string(directory.join("docker-compose.yml")).unwrap();
        let root = documents(&text).into_iter().next().unwrap();
        let services = root["services"].as_object().unwrap();
        let mut sutazai = Self {
            directory: directory.to_owned(),
            scratch: tempfile::TempDir::new().unwrap(),
            services: services.iter().map(|(name, service)| (name.clone(), service.clone())).collect(),
            text: String::new(),
            objects: Vec::new(),
            report: Value::Null,
            lines: Vec::new(),
        };
        let (_, text) = sutazai.convert(&["--quiet"]);
        sutazai.objects = documents(&text);
        sutazai.text = text;
        let made = sutazai.made();
        let (_, report) = sutazai.convert(&["--format", "json", "--out", &made]);
        sutazai.report = serde_json::from_str(&report).unwrap();
        sutazai
    }

    fn made(&self) -> String {
        self.scratch.path().join("made").display().to_string()
    }

    fn convert(&self, arguments: &[&str]) -> (i32, String) {
        let fixed =
            ["convert", "--profile", "*", "--platform", "k3s", "--registry", "registry.example/sutazai"];
        self.run(&[&fixed[..], &["--tag", "k8s-76"], arguments, &["docker-compose.yml"]].concat())
    }

    fn run(&self, arguments: &[&str]) -> (i32, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_seaworthy"))
            .args(arguments)
            .current_dir(&self.directory)
            .output()
            .unwrap();
        (output.status.code().unwrap_or(2), String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Says whether something holds, where what is wrong is listed.
    fn none(&mut self, name: &str, what: &str, wrong: &[String]) {
        let why =
            if wrong.is_empty() { what.to_owned() } else { format!("{what}; not so: {}", wrong.join(", ")) };
        self.lines.push((name.to_owned(), Some(wrong.is_empty()), why));
    }

    fn of_kind(&self, kind: &str) -> Vec<&Value> {
        self.objects.iter().filter(|o| o["kind"] == kind).collect()
    }

    fn workloads(&self) -> impl Iterator<Item = (&str, &Value)> {
        let workloads = self.objects.iter().filter(|o| WORKLOADS.iter().any(|kind| o["kind"] == *kind));
        workloads.map(|o| (name_of(o), o))
    }

    fn workload(&self, name: &str) -> &Value {
        self.workloads().find(|(known, _)| *known == name).map_or(&Value::Null, |(_, o)| o)
    }

    /// Whether the report has a row for a key that is not simply mapped.
    fn tells(&self, key: &str) -> bool {
        let rows = self.report["rows"].as_array().unwrap();
        rows.iter()
            .any(|row| row["key"].as_str().is_some_and(|k| k.starts_with(key)) && row["fate"] != "mapped")
    }

    /// The environment that Compose gives a service.
    fn environment(&self, service: &str) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        match &self.services[service]["environment"] {
            Value::Object(entries) => {
                entries.iter().map(|(name, value)| (name.clone(), text(value))).collect()
            }
            Value::Array(entries) => entries
                .iter()
                .filter_map(|entry| entry.as_str()?.split_once('='))
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            _ => Vec::new(),
        }
    }

    /// The service that a host is: by its name or its container's.
    fn called(&self, host: &str) -> Option<&str> {
        let is = |(name, service): &(&String, &Value)| *name == host || service["container_name"] == host;
        self.services.iter().find(is).map(|(name, _)| name.as_str())
    }

    /// The hosts that a service's environment names, but for those that may call it.
    fn hosts(&self, service: &str) -> BTreeSet<String> {
        let environment = self.environment(service);
        let calls = environment.iter().filter(|(name, _)| !name.contains("CORS") && !name.contains("ORIGIN"));
        let words = calls.flat_map(|(name, value)| {
            let split = value.split(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c)));
            // A plain word is a host under a name of one alone: `postgres` is a user too.
            let is_host = value.contains("://")
                || value.contains(':')
                || name.ends_with("HOST")
                || name.ends_with("ADDR");
            let after = |word: &&str| {
                value.contains(&format!("//{word}"))
                    || value.contains(&format!("@{word}"))
                    || value == *word
                    || value.starts_with(&format!("{word}:"))
            };
            split.filter(|_| is_host).filter(after).map(str::to_owned).collect::<Vec<_>>()
        });
        words.filter(|word| self.called(word).is_some()).collect()
    }

    fn names(&mut self) {
        let services = self.services.len();
        let without = |kind: &dyn Fn(&str) -> bool| -> Vec<String> {
            self.services.keys().filter(|s| !kind(s)).cloned().collect()
        };
        let lost = without(&|s| self.workloads().filter(|(name, _)| *name == s).count() == 1);
        let of_kind = |kind: &str, name: &str| self.of_kind(kind).into_iter().find(|o| name_of(o) == name);
        let unserved = without(&|s| {
            let ports = self.services[s]["ports"].as_array().into_iter().flatten();
            let wanted: Vec<i64> = ports.filter_map(container_port).collect();
            let listed = of_kind("Service", s)
                .map(|o| o["spec"]["ports"].as_array().into_iter().flatten())
                .into_iter()
                .flatten();
            let listed: Vec<i64> = listed.filter_map(|port| port["port"].as_i64()).collect();
            wanted.iter().all(|port| listed.contains(port)) || self.tells(&format!("services.{s}.ports"))
        });
        let unresolved: Vec<String> = self
            .services
            .keys()
            .flat_map(|s| {
                self.hosts(s)
                    .into_iter()
                    .filter(|host| of_kind("Service", host).is_none())
                    .map(move |host| format!("{s} calls {host}"))
            })
            .collect();
        self.none(
            "M106 services",
            &format!("each of {services} services has one workload of its name"),
            &lost,
        );
        self.none("M106 ports", "each has a Service on the ports that its container listens on", &unserved);
        self.none("M109 names", "each host that a variable names is a Service", &unresolved);
    }

    fn rights(&mut self) {
        let text = &self.text;
        let words =
            ["privileged: true", "hostPath", "docker.sock", "hostPID", "hostIPC", "hostNetwork", "nconfined"];
        let found: Vec<String> =
            words.iter().filter(|word| text.contains(**word)).map(ToString::to_string).collect();
        self.none("M90 M98 host", "nothing of the node, no filter turned off", &found);

        let mut added = Vec::new();
        let mut writable = Vec::new();
        for (name, object) in self.workloads() {
            for container in containers(object) {
                let context = &container["securityContext"];
                let is_root = pod(object)["securityContext"]["runAsUser"] == json!(0);
                let drops = context["capabilities"]["drop"] == json!(["ALL"]);
                if !drops || !is_root && !context["capabilities"]["add"].is_null() {
                    added.push(name.to_owned());
                }
                if context["readOnlyRootFilesystem"] != json!(true)
                    && !self.tells(&format!("services.{name}."))
                {
                    writable.push(name.to_owned());
                }
            }
        }
        self.none(
            "M91 M108 capabilities",
            "all are dropped, and none is added for a user who is not root",
            &added,
        );
        self.none("S4.6 roots", "a root that can be written only where the report says so", &writable);

        let users = [
            ("postgres:", "alpine", 70, 70),
            ("redis:", "alpine", 999, 1000),
            ("rabbitmq:", "alpine", 100, 101),
            ("neo4j:", "", 7474, 7474),
        ];
        let mut wrong = Vec::new();
        let mut known = 0;
        for (name, service) in &self.services {
            let image = service["image"].as_str().unwrap_or_default();
            for (head, flavour, user, group) in users {
                let context = &pod(self.workload(name))["securityContext"];
                if image.starts_with(head) && image.contains(flavour) {
                    known += 1;
                    if context["runAsUser"] != json!(user) || context["runAsGroup"] != json!(group) {
                        wrong.push(format!("{name}: {}", context["runAsUser"]));
                    }
                }
            }
        }
        self.none("M92 M93 users", &format!("{known} stores run as the user of their own flavour"), &wrong);

        let mut rooted: Vec<String> = Vec::new();
        let mut count = 0;
        for (name, object) in self.workloads() {
            let wrong = violations(&json!(name), pod(object));
            if wrong.iter().any(|w| w.contains("runAs")) {
                count += 1;
                if !self.tells(&format!("services.{name}.user"))
                    && !self.tells(&format!("services.{name}.build"))
                {
                    rooted.push(name.to_owned());
                }
            }
        }
        let strict = self.text.contains("pod-security.kubernetes.io/enforce: restricted");
        if strict != (count == 0) {
            rooted.push("the namespace's level does not fit".into());
        }
        self.none(
            "S4.72 root",
            &format!("{count} may be root, each said in the report; the namespace enforces what all keep to"),
            &rooted,
        );
        let open = self.workloads().filter(|(_, o)| {
            pod(o)["enableServiceLinks"] != json!(false)
                || pod(o)["automountServiceAccountToken"] != json!(false)
        });
        let open: Vec<String> = open.map(|(name, _)| name.to_owned()).collect();
        self.none("tokens", "no token and no variables of other Services in any pod", &open);
    }

    fn storage(&mut self) {
        let mut lost = Vec::new();
        let mut grouped = Vec::new();
        let mut shared: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        let mut doubled = Vec::new();
        for (name, object) in self.workloads() {
            let spec = pod(object);
            let volumes = spec["volumes"].as_array().into_iter().flatten();
            let scratch: Vec<&str> = volumes
                .clone()
                .filter(|v| !v["emptyDir"].is_null())
                .filter_map(|v| v["name"].as_str())
                .collect();
            let claims: Vec<&str> =
                volumes.filter_map(|v| v["persistentVolumeClaim"]["claimName"].as_str()).collect();
            let data = [
                "/prometheus",
                "/var/lib/postgresql/data",
                "/var/lib/rabbitmq",
                "/data",
                "/var/lib/grafana",
                "/loki",
            ];
            for mount in containers(object)
                .into_iter()
                .flat_map(|c| c["volumeMounts"].as_array().into_iter().flatten())
            {
                let path = mount["mountPath"].as_str().unwrap_or_default();
                let of_compose = self
                    .services
                    .get(name)
                    .is_some_and(|s| s["volumes"].to_string().contains(&format!(":{path}")));
                if data.contains(&path)
                    && of_compose
                    && scratch.contains(&mount["name"].as_str().unwrap_or_default())
                {
                    lost.push(format!("{name}: {path}"));
                }
            }
            let keeps = !claims.is_empty() || !object["spec"]["volumeClaimTemplates"].is_null();
            if keeps
                && spec["securityContext"]["fsGroup"].is_null()
                && !self.tells(&format!("services.{name}.user"))
            {
                grouped.push(name.to_owned());
            }
            for claim in claims {
                shared.entry(claim.to_owned()).or_default().push(name);
                if object["spec"]["replicas"].as_i64().is_some_and(|n| n > 1) {
                    doubled.push(format!("{name} has several pods on {claim}"));
                }
            }
        }
        for (claim, users) in shared.iter().filter(|(_, users)| users.len() > 1) {
            for user in users {
                if pod(self.workload(user))["affinity"]["podAffinity"].is_null() {
                    doubled.push(format!("{user} may be on another node than {claim}"));
                }
            }
        }
        let templates = self
            .workloads()
            .flat_map(|(_, o)| o["spec"]["volumeClaimTemplates"].as_array().into_iter().flatten());
        for claim in self.of_kind("PersistentVolumeClaim").into_iter().chain(templates) {
            let spec = &claim["spec"];
            if spec["accessModes"] != json!(["ReadWriteOnce"]) || spec["storageClassName"] != "local-path" {
                doubled.push(format!("{}: {}", name_of(claim), spec["accessModes"]));
            }
        }
        self.none("M94 data", "what Compose keeps in volumes is in claims", &lost);
        self.none("M104 claims", "claims as local-path has them, pods that share one on one node", &doubled);
        self.none("M123 groups", "what mounts a claim has a group that may write to it", &grouped);

        let chroma = self.environment("chromadb");
        let path =
            chroma.iter().find(|(name, _)| name == "PERSIST_DIRECTORY").map(|(_, value)| value.clone());
        let mounted = containers(self.workload("chromadb"))
            .into_iter()
            .flat_map(|c| c["volumeMounts"].as_array().into_iter().flatten());
        let mounted: Vec<&str> = mounted.filter_map(|m| m["mountPath"].as_str()).collect();
        let beside = path.filter(|path| !mounted.iter().any(|m| path.starts_with(m)));
        self.none(
            "M122 Chroma",
            "the directory that it is told to write to is mounted",
            &beside.into_iter().collect::<Vec<_>>(),
        );

        let mut absent = Vec::new();
        let to_fill = self.report["to_fill"].to_string();
        for (name, service) in &self.services {
            for volume in service["volumes"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                let mut parts = volume.split(':');
                let (source, target) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
                let is_file =
                    Path::new(source).extension().is_some() && Path::new(target).extension().is_some();
                if source.starts_with("./")
                    && is_file
                    && !self.directory.join(source).exists()
                    && !to_fill.contains(target)
                    && !self.tells(&format!("services.{name}.volumes"))
                {
                    absent.push(format!("{name}: {source}"));
                }
            }
        }
        self.none("M120 files", "a file that is not there is a key to fill, and no directory", &absent);
    }

    fn probes(&mut self) {
        let mut wrong = Vec::new();
        let mut tools = Vec::new();
        let mut others = Vec::new();
        let mut probed = 0;
        for (name, object) in self.workloads() {
            for container in pod(object)["containers"].as_array().into_iter().flatten() {
                let ports: Vec<&Value> = container["ports"].as_array().into_iter().flatten().collect();
                let is_own =
                    |port: &Value| ports.iter().any(|p| p["name"] == *port || p["containerPort"] == *port);
                if !ports.iter().any(|p| p["protocol"].is_null()) || object["kind"] == "Job" {
                    continue;
                }
                probed += 1;
                for kind in ["startupProbe", "readinessProbe", "livenessProbe"] {
                    let probe = &container[kind];
                    let port = ["httpGet", "tcpSocket"]
                        .iter()
                        .map(|of| &probe[*of]["port"])
                        .find(|port| !port.is_null());
                    if probe.is_null() || port.is_some_and(|port| !is_own(port)) {
                        wrong.push(format!("{name}: {kind}"));
                    }
                    let command = probe["exec"]["command"].to_string();
                    if ["${PORT}", "curl ", "\"curl\"", "wget "].iter().any(|word| command.contains(word)) {
                        tools.push(format!("{name}: {command}"));
                    }
                }
                let alive = &container["livenessProbe"];
                if alive["tcpSocket"].is_null() && alive["httpGet"].is_null() {
                    others.push(name.to_owned());
                }
            }
        }
        self.none(
            "M115 probes",
            &format!("{probed} containers have three probes each, on a port of their own"),
            &wrong,
        );
        self.none("M95 M114 tools", "no probe takes curl, or a variable that nobody expands", &tools);
        self.none("liveness", "asks only whether its own port opens", &others);

        let mut unordered = Vec::new();
        let mut waits = 0;
        for (name, service) in &self.services {
            for (other, how) in service["depends_on"].as_object().into_iter().flatten() {
                if how["condition"] == "service_healthy" {
                    waits += 1;
                    let wait = format!("wait-for-{other}");
                    let has = pod(self.workload(name))["initContainers"]
                        .as_array()
                        .into_iter()
                        .flatten()
                        .any(|c| c["name"] == wait.as_str());
                    if !has && !self.tells(&format!("services.{name}.depends_on.{other}")) {
                        unordered.push(format!("{name} for {other}"));
                    }
                }
            }
        }
        self.none("M99 order", &format!("{waits} services wait for one that has to be healthy"), &unordered);
    }

    fn network(&mut self) {
        let outside = self
            .of_kind("Service")
            .into_iter()
            .filter(|o| o["spec"]["type"] != "ClusterIP" && !o["spec"]["type"].is_null());
        let mut wrong: Vec<String> = outside.map(|o| name_of(o).to_owned()).collect();
        let mut hosts = BTreeSet::new();
        let mut published = 0;
        for ingress in self.of_kind("Ingress") {
            let name = name_of(ingress);
            if STORES.contains(&name) {
                wrong.push(format!("{name} is a store"));
            }
            if ingress["spec"]["ingressClassName"] != "traefik"
                || ingress["metadata"]["annotations"].to_string().contains("ingress.class")
            {
                wrong.push(format!("{name}: its class"));
            }
            for rule in ingress["spec"]["rules"].as_array().into_iter().flatten() {
                published += 1;
                if !hosts.insert(rule["host"].to_string()) {
                    wrong.push(format!("{name}: its host is another's"));
                }
            }
        }
        self.none(
            "S4.16 M111 outside",
            &format!("{published} hosts by Traefik, no store, no port of a node"),
            &wrong,
        );

        let policies = self.of_kind("NetworkPolicy");
        let everyone = |o: &&&Value| o["spec"]["podSelector"] == json!({});
        let denies = policies.iter().filter(everyone).any(|o| {
            o["spec"]["policyTypes"] == json!(["Ingress", "Egress"]) && o["spec"]["ingress"].is_null()
        });
        let dns = policies.iter().filter(everyone).any(|o| {
            let egress = o["spec"]["egress"].to_string();
            egress.contains("kubernetes.io/metadata.name") && egress.contains("UDP") && egress.contains("TCP")
        });
        let missing =
            [(denies, "nothing is denied"), (dns, "no DNS")].into_iter().filter(|(holds, _)| !holds);
        let missing: Vec<String> = missing.map(|(_, what)| what.to_owned()).collect();
        let found = edges(&policies);
        self.none("S4.18 default", "nothing goes in or out that is not said, but for DNS", &missing);

        let mut wanted: BTreeSet<(String, String)> = BTreeSet::new();
        for name in self.services.keys() {
            for host in self.hosts(name) {
                let other = self.called(&host).unwrap_or_default();
                wanted.insert((name.clone(), other.to_owned()));
            }
        }
        wanted.retain(|(from, to)| from != to);
        let lost: Vec<String> =
            wanted.difference(&found).map(|(from, to)| format!("{from} to {to}")).collect();
        self.none(
            "M102 edges",
            &format!("{} calls that variables name are let through", wanted.len()),
            &lost,
        );
        let false_edge = found.contains(&("chromadb".to_owned(), "backend".to_owned()));
        let false_edge = false_edge.then(|| "chromadb to backend".to_owned());
        self.none(
            "M121 origins",
            "who may call is not whom it calls",
            &false_edge.into_iter().collect::<Vec<_>>(),
        );
        // Who may call a store: what names it, what waits for it, and what scrapes or shows it.
        let mut loose = Vec::new();
        for (from, to) in found.iter().filter(|(_, to)| STORES.contains(&to.as_str())) {
            let depends =
                self.services.get(from).is_some_and(|s| s["depends_on"].to_string().contains(to.as_str()));
            let reads = self.services.get(from).is_some_and(|s| {
                s["volumes"].to_string().contains(".yml") || s["volumes"].to_string().contains(".yaml")
            });
            let in_source = self.names_in_source(from, to);
            if !wanted.contains(&(from.clone(), to.clone())) && !depends && !reads && !in_source {
                loose.push(format!("{from} to {to}"));
            }
        }
        self.none("S4.42 stores", "are called by what names them or waits for them alone", &loose);
    }

    /// Whether the sources that a service is built of name another.
    fn names_in_source(&self, from: &str, to: &str) -> bool {
        let build = &self.services.get(from).map_or(&Value::Null, |s| &s["build"]);
        let context = build["context"].as_str().or(build.as_str());
        let called = [Some(to), self.services[to]["container_name"].as_str()];
        let Some(folder) = context.map(|context| self.directory.join(context)) else { return false };
        let mut open = vec![folder];
        while let Some(folder) = open.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    open.push(path);
                } else if std::fs::read_to_string(&path)
                    .is_ok_and(|text| called.iter().flatten().any(|name| text.contains(name)))
                {
                    return true;
                }
            }
        }
        false
    }

    fn settings(&mut self) {
        let mut lost = Vec::new();
        let mut count = 0;
        for name in self.services.keys() {
            let kept = variables(name, &self.objects);
            for (variable, _) in self.environment(name) {
                count += 1;
                if !kept.contains(&variable)
                    && !self.tells(&format!("services.{name}.environment.{variable}"))
                {
                    lost.push(format!("{name}: {variable}"));
                }
            }
        }
        self.none("S4.22 variables", &format!("{count} variables are in their pods, or told of"), &lost);

        let mut shown: Vec<String> = self.of_kind("Secret").iter().map(|o| name_of(o).to_owned()).collect();
        let to_fill = self.report["to_fill"].to_string();
        let said = format!("{}{}", self.text, self.report);
        for name in self.services.keys() {
            for (variable, value) in self.environment(name) {
                let default =
                    value.split_once(":-").map_or(value.as_str(), |(_, rest)| rest.trim_end_matches('}'));
                let secret =
                    ["PASSWORD", "SECRET", "TOKEN", "_KEY"].iter().any(|end| variable.ends_with(end));
                let telling = default.len() > 7
                    && default.bytes().any(|b| b.is_ascii_digit())
                    && !default.contains('$');
                if secret && telling && said.contains(default) {
                    shown.push(format!("the value of {variable}"));
                }
            }
        }
        for container in self.objects.iter().flat_map(containers) {
            for entry in container["env"].as_array().into_iter().flatten() {
                for kind in ["secretKeyRef", "configMapKeyRef"] {
                    let key = entry["valueFrom"][kind]["key"].as_str();
                    shown.extend(
                        key.filter(|key| !to_fill.contains(key))
                            .map(|key| format!("{key} is filled by nobody")),
                    );
                }
            }
        }
        self.none("M110 secrets", "no Secret is made and no value shown; each key is told of", &shown);

        let mut images = Vec::new();
        for (name, service) in &self.services {
            let image =
                containers(self.workload(name)).last().and_then(|c| c["image"].as_str()).unwrap_or_default();
            let pushed = image.starts_with("registry.example/sutazai/") && image.ends_with(":k8s-76")
                || image.contains('/') && image.ends_with(":k8s-76");
            if !service["build"].is_null() && !pushed {
                images.push(format!("{name}: {image}"));
            }
        }
        self.none("M105 images", "what is built here comes from a registry, with a tag", &images);
        let placed: Vec<String> = self
            .workloads()
            .filter(|(_, o)| !pod(o)["nodeSelector"].is_null())
            .map(|(name, _)| name.to_owned())
            .collect();
        self.none("M103 nodes", "no pod asks for a label that nodes may lack", &placed);
    }

    fn scale(&mut self) {
        let mut limits = Vec::new();
        let mut given = 0;
        for (name, object) in self.workloads() {
            for container in pod(object)["containers"].as_array().into_iter().flatten() {
                let resources = &container["resources"];
                let has = |path: &[&str]| path.iter().fold(resources, |at, key| &at[*key]).is_string();
                if !has(&["limits", "memory"])
                    || !has(&["requests", "memory"])
                    || !has(&["requests", "cpu"])
                    || !has(&["limits", "ephemeral-storage"])
                {
                    limits.push(name.to_owned());
                }
            }
            let said =
                self.services.get(name).and_then(|s| s["deploy"]["resources"]["limits"]["memory"].as_str());
            let Some(said) = said.filter(|said| !said.contains('$')) else { continue };
            given += 1;
            let limit =
                containers(object).last().map_or(&Value::Null, |c| &c["resources"]["limits"]["memory"]);
            if bytes(said) != bytes(limit.as_str().unwrap_or_default()) {
                limits.push(format!("{name}: {said} became {limit}"));
            }
        }
        self.none(
            "S4.73 M118 limits",
            &format!("memory, CPU and disk for each; {given} limits as Compose gives them"),
            &limits,
        );

        let mut wrong = Vec::new();
        let mut scaled = 0;
        for (name, object) in self.workloads() {
            let has = |kind: &str| self.of_kind(kind).into_iter().any(|o| name_of(o) == name);
            let several = object["spec"]["replicas"].as_i64().is_some_and(|n| n > 1);
            let scales = has("HorizontalPodAutoscaler");
            scaled += usize::from(scales);
            if has("PodDisruptionBudget") != (several || scales)
                || scales && !object["spec"]["replicas"].is_null()
            {
                wrong.push(name.to_owned());
            }
            if scales && (object["kind"] != "Deployment" || STORES.contains(&name)) {
                wrong.push(format!("{name} keeps data"));
            }
            if pod(object)["restartPolicy"].is_string() && object["kind"] != "Job" {
                wrong.push(format!("{name} is not restarted"));
            }
        }
        self.none(
            "S4.23 M100 scale",
            &format!("{scaled} autoscalers, none on what keeps data; budgets from two pods on"),
            &wrong,
        );

        let mut silent = Vec::new();
        for (name, service) in &self.services {
            for (key, value) in [
                ("pids_limit", &service["pids_limit"]),
                ("memswap_limit", &service["memswap_limit"]),
                ("deploy.resources.limits.pids", &service["deploy"]["resources"]["limits"]["pids"]),
            ] {
                if !value.is_null() && !self.tells(&format!("services.{name}.{key}")) {
                    silent.push(format!("{name}: {key}"));
                }
            }
        }
        self.none("M101 swap", "what a pod cannot limit is told of", &silent);

        let (_, found) = self.run(&[
            "check",
            "--select",
            "no-memory-headroom,mismatched-user",
            "--format",
            "json",
            "docker-compose.yml",
        ]);
        let found: Value = serde_json::from_str(&found).unwrap_or_default();
        let said = found["findings"].to_string();
        let mut full = Vec::new();
        for (name, service) in &self.services {
            let command = service["command"].to_string();
            let limit = service["deploy"]["resources"]["limits"]["memory"].as_str().and_then(bytes);
            let asked = command
                .split_once("--maxmemory ")
                .and_then(|(_, rest)| bytes(rest.split([' ', '"']).next()?));
            if let (Some(limit), Some(asked)) = (limit, asked)
                && asked * 4 > limit * 3
                && !said.contains("maxmemory")
            {
                full.push(name.clone());
            }
        }
        self.none("M125 M126 headroom", "`check` says where a program may fill all of its limit", &full);
    }

    fn whole(&mut self) {
        let rows = self.report["rows"].as_array().unwrap().len();
        let unknown: Vec<String> = self.report["rows"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|row| row["note"].as_str().is_none_or(str::is_empty))
            .map(|row| row["key"].to_string())
            .collect();
        self.none("rows", &format!("{rows} keys, each with what became of it"), &unknown);
        let (status, _) = self.convert(&["--quiet", "--check", "--out", &self.made()]);
        let changed = (status != 0).then(|| "a second run would write".to_owned());
        self.none(
            "second run",
            "the same project gives the same bytes",
            &changed.into_iter().collect::<Vec<_>>(),
        );
        match conforms(&self.text) {
            Some((valid, said)) => {
                let wrong = if valid { Vec::new() } else { vec![said.clone()] };
                self.none("schemas", &said, &wrong);
            }
            None => self.lines.push(("schemas".into(), None, "KUBECONFORM_SCHEMAS names none".into())),
        }
    }
}

fn name_of(object: &Value) -> &str {
    object["metadata"]["name"].as_str().unwrap_or_default()
}

/// The port of the container in an entry of `ports`.
fn container_port(port: &Value) -> Option<i64> {
    let text = port.as_str().map_or_else(|| port.to_string(), str::to_owned);
    text.rsplit([':', '}']).next()?.split('/').next()?.parse().ok()
}

/// A size as Docker or Kubernetes writes it.
fn bytes(text: &str) -> Option<u64> {
    let lower = text.trim().to_ascii_lowercase();
    let digits = lower.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(lower.len());
    let number: f64 = lower[..digits].parse().ok()?;
    let shift = match lower[digits..].trim_end_matches(['b', 'i']) {
        "k" => 10,
        "m" => 20,
        "g" => 30,
        _ => 0,
    };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "sizes of memory")]
    Some((number * f64::from(1_u32 << shift)) as u64)
}
