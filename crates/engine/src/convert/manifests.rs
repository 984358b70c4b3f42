//! Plain manifests: a file for each service and for what belongs to all of them, or one stream.

use std::collections::BTreeSet;

use camino::Utf8PathBuf;
use seaworthy_syntax::{Kind, Source};

use super::node::{self, Node, Settle, Settled};
use super::yaml::Style;
use super::{Object, Plan};

/// The manifests of a project, in the order in which they are applied.
pub fn files(plan: &Plan, explain: bool) -> Vec<Source> {
    let style = Style { explain, template: false };
    let mut settled = Settled::of(plan);
    let mut files = Vec::new();
    for (name, objects) in grouped(plan) {
        let text = objects.iter().map(|object| style.document(&whole(object, plan, &mut settled)));
        let text: Vec<String> = text.collect();
        files.push(source(format!("{name}.yaml"), text.join("---\n")));
    }
    files
}

/// The manifests of a project as one stream.
pub fn stream(plan: &Plan, explain: bool) -> String {
    let files = files(plan, explain);
    let texts: Vec<&str> = files.iter().map(|file| &*file.text).collect();
    texts.join("---\n")
}

/// A file that is made.
pub(super) fn source(path: impl Into<Utf8PathBuf>, text: String) -> Source {
    Source::new(path, Kind::Manifest, text)
}

fn whole(object: &Object, plan: &Plan, settle: &mut dyn Settle) -> Node {
    node::object(object, Some(Node::from(plan.name.as_str())), settle)
}

/// The objects by the names of their files, without `.yaml`. What is shared comes first: `kubectl apply -f` takes files by
/// their names, and a namespace has to be there before what lies in it.
pub(super) fn grouped(plan: &Plan) -> Vec<(String, Vec<&Object>)> {
    let mut files = shared(plan, ["00-namespace", "01-network", "01-storage", "01-shared"]);
    let running = plan.services.iter().filter(|service| service.enabled && !service.objects.is_empty());
    files.extend(running.map(|service| (service.name.clone(), service.objects.iter().collect())));
    files
}

/// What belongs to all services: its namespace, who reaches whom, where data lies, and the rest; each in a file that is
/// called so, or somewhat longer where a service is.
pub(super) fn shared<'p>(plan: &'p Plan, names: [&str; 4]) -> Vec<(String, Vec<&'p Object>)> {
    let kinds: [fn(&str) -> bool; 4] = [
        |kind| kind == "Namespace",
        is_network,
        is_storage,
        |kind| kind != "Namespace" && !is_network(kind) && !is_storage(kind),
    ];
    let mut taken: BTreeSet<String> = plan.services.iter().map(|service| service.name.clone()).collect();
    let mut files = Vec::new();
    for (name, is_in) in names.into_iter().zip(kinds) {
        let objects: Vec<&Object> = plan.shared.iter().filter(|object| is_in(object.kind)).collect();
        if objects.is_empty() {
            continue;
        }
        let mut name = name.to_owned();
        while !taken.insert(name.clone()) {
            name.push_str("-shared");
        }
        files.push((name, objects));
    }
    files
}

fn is_network(kind: &str) -> bool {
    matches!(kind, "NetworkPolicy" | "Ingress" | "Service" | "Middleware" | "IngressRoute")
}

fn is_storage(kind: &str) -> bool {
    matches!(kind, "PersistentVolumeClaim" | "PersistentVolume" | "StorageClass")
}

#[cfg(test)]
mod tests {
    use super::super::tests::plan;
    use super::*;

    #[test]
    fn one_file_a_service_and_the_namespace_first() {
        let plan = plan();
        let files = files(&plan, true);
        let names: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(names, ["00-namespace-shared.yaml", "01-network.yaml", "web.yaml", "00-namespace.yaml"]);
    }
}
