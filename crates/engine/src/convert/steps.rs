//! What is left to be done by somebody once the objects are there, besides keys to fill.

use std::collections::BTreeSet;

use super::{Map, Planned, Tree};

/// Something that no object does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What, and why, in a sentence without a final stop.
    pub what: String,
    /// The command that does it, with `…` for what only its reader knows.
    pub command: String,
}

/// The steps of a project; `awaited` are the Jobs that other services wait for in Compose.
pub(super) fn steps(services: &[Planned], project: &str, awaited: &BTreeSet<String>) -> Vec<Step> {
    let enabled = || services.iter().filter(|service| service.enabled);
    let of_kind = |kind: &'static str| enabled().flat_map(|s| &s.objects).filter(move |o| o.kind == kind);
    let mut steps = Vec::new();
    let certificates: Vec<String> = of_kind("Ingress").filter_map(|o| certificate(&o.body)).collect();
    if let Some(first) = certificates.first() {
        let what = format!(
            "nobody makes {} for TLS: cert-manager does, told by an annotation of the Ingress, or each by hand",
            listed("Secret", &certificates)
        );
        let command = format!("kubectl --namespace {project} create secret tls {first} --cert=… --key=…");
        steps.push(Step { what, command });
    }
    let jobs: Vec<String> = of_kind("Job").map(|o| o.name.clone()).collect();
    let awaited: Vec<String> = jobs.iter().filter(|name| awaited.contains(*name)).cloned().collect();
    if !awaited.is_empty() {
        let what = format!(
            "pods do not wait for {}: what starts too early ends and is started again; a pipeline waits before it goes on",
            listed("Job", &awaited)
        );
        let names: Vec<String> = awaited.iter().map(|name| format!("job/{name}")).collect();
        let command = format!(
            "kubectl --namespace {project} wait --for=condition=complete --timeout=15m {}",
            names.join(" ")
        );
        steps.push(Step { what, command });
    }
    if !jobs.is_empty() {
        let what = format!(
            "nothing changes {} once it is there: remove it before another image is applied, and it runs again, as `docker compose up` runs it again",
            listed("Job", &jobs)
        );
        let command =
            format!("kubectl --namespace {project} delete job --ignore-not-found {}", jobs.join(" "));
        steps.push(Step { what, command });
    }
    steps
}

/// The Secret with the certificate of an Ingress.
fn certificate(body: &Map) -> Option<String> {
    let Some(Tree::Map(spec)) = body.get("spec") else { return None };
    let Some(Tree::List(tls)) = spec.get("tls") else { return None };
    let Some(Tree::Map(first)) = tls.first() else { return None };
    match first.get("secretName")? {
        Tree::Text(name) => Some(name.to_string()),
        Tree::Value(_, value) => match &**value {
            Tree::Text(name) => Some(name.to_string()),
            _ => None,
        },
        _ => None,
    }
}

/// "Secret `a`", "the Secrets `a` and `b`".
fn listed(kind: &str, names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some((only, [])) => format!("{kind} {only}"),
        Some((last, rest)) => format!("the {kind}s {} and {last}", rest.join(", ")),
        None => String::new(),
    }
}
