//! What the API server says of the manifests, without making anything of them.

use std::collections::{BTreeMap, BTreeSet};

use kube::Client;
use kube::client::Body;
use serde_json::{Value as Json, json};

use super::access::Need;
use super::plan::Manifest;
use super::probe::one_line;
use crate::error::Error;

/// Where objects of a kind live.
#[derive(Clone, Debug)]
pub(super) struct Resource {
    group: String,
    version: String,
    plural: String,
    pub(super) namespaced: bool,
}

impl Resource {
    fn path(&self, namespace: &str) -> String {
        let root = if self.group.is_empty() {
            format!("/api/{}", self.version)
        } else {
            format!("/apis/{}/{}", self.group, self.version)
        };
        if self.namespaced {
            format!("{root}/namespaces/{namespace}/{}", self.plural)
        } else {
            format!("{root}/{}", self.plural)
        }
    }

    /// What a dry run of one takes.
    pub(super) fn needs(&self) -> [Need; 2] {
        ["create", "patch"].map(|verb| {
            let need = Need::new(verb, &self.group, &self.plural);
            if self.namespaced { need } else { need.whole() }
        })
    }
}

/// The resources of the kinds that manifests are of, by API version and kind. What the cluster does not know is not there.
pub(super) async fn discover(
    client: &Client,
    manifests: &[Manifest],
) -> Result<BTreeMap<(String, String), Resource>, Error> {
    let mut known = BTreeMap::new();
    let versions: BTreeSet<&str> = manifests.iter().map(|m| m.api_version.as_str()).collect();
    for api_version in versions {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let list = if group.is_empty() {
            client.list_core_api_resources(version).await
        } else {
            client.list_api_group_resources(api_version).await
        };
        let list = match list {
            Ok(list) => list,
            Err(kube::Error::Api(status)) if status.code == 404 => continue,
            Err(error) => return Err(error.into()),
        };
        for resource in list.resources.into_iter().filter(|r| !r.name.contains('/')) {
            known.insert(
                (api_version.to_owned(), resource.kind),
                Resource {
                    group: group.to_owned(),
                    version: version.to_owned(),
                    plural: resource.name,
                    namespaced: resource.namespaced,
                },
            );
        }
    }
    Ok(known)
}

/// What the server answers.
#[derive(Debug, Default)]
pub(super) struct Answer {
    /// Why it refuses.
    pub(super) refusal: Option<String>,
    /// What it warns of where it does not.
    pub(super) warnings: Vec<String>,
}

/// Tries a manifest: as a change where there is such an object, else as a new one.
pub(super) async fn object(
    client: &Client,
    resource: &Resource,
    namespace: &str,
    manifest: &Manifest,
) -> Result<Answer, Error> {
    let mut body = manifest.json.clone();
    if resource.namespaced {
        body["metadata"]["namespace"] = json!(namespace);
    }
    let path = resource.path(namespace);
    // What built-in kinds say of the lists in them, those of others do not.
    let custom = resource.group.contains('.') && !resource.group.ends_with(".k8s.io");
    let patch =
        if custom { "application/merge-patch+json" } else { "application/strategic-merge-patch+json" };
    let at = format!("{path}/{}", manifest.name);
    let (code, answer) = send(client, "PATCH", &at, patch, &body).await?;
    if code != 404 {
        return Ok(answer);
    }
    Ok(send(client, "POST", &path, "application/json", &body).await?.1)
}

/// Tries a pod of a workload's template, with the volumes that a `StatefulSet` gives it from its claims.
pub(super) async fn pod(
    client: &Client,
    namespace: &str,
    workload: &Manifest,
    template: &Json,
) -> Result<Answer, Error> {
    let name = &workload.name;
    let mut metadata =
        template.get("metadata").filter(|m| m.is_object()).cloned().unwrap_or_else(|| json!({}));
    metadata["namespace"] = json!(namespace);
    // A name that is made up is not taken.
    metadata["generateName"] = json!(format!("{name}-"));
    if let Some(map) = metadata.as_object_mut() {
        map.remove("name");
    }
    let mut body =
        json!({ "apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template.get("spec") });
    let claims = workload.json.pointer("/spec/volumeClaimTemplates").and_then(Json::as_array);
    let claimed = claims.into_iter().flatten().filter_map(|claim| claim.pointer("/metadata/name")?.as_str());
    for claimed in claimed {
        let volume = json!({ "name": claimed, "persistentVolumeClaim": { "claimName": format!("{claimed}-{name}-0") } });
        match body["spec"]["volumes"].as_array_mut() {
            Some(volumes) => {
                volumes.retain(|other| other["name"] != claimed);
                volumes.push(volume);
            }
            None => body["spec"]["volumes"] = json!([volume]),
        }
    }
    Ok(send(client, "POST", &format!("/api/v1/namespaces/{namespace}/pods"), "application/json", &body)
        .await?
        .1)
}

async fn send(
    client: &Client,
    method: &str,
    path: &str,
    kind: &str,
    body: &Json,
) -> Result<(u16, Answer), Error> {
    let request = http::Request::builder()
        .method(method)
        .uri(format!("{path}?dryRun=All&fieldManager=seaworthy&fieldValidation=Strict"))
        .header("content-type", kind)
        .header("accept", "application/json")
        .body(Body::from(body.to_string().into_bytes()))
        .map_err(|error| Error::Message(format!("`{path}` cannot be asked for: {error}")))?;
    let response = client.send(request).await?;
    let code = response.status().as_u16();
    let warnings: Vec<String> = response
        .headers()
        .get_all("warning")
        .iter()
        .filter_map(|value| warning(value.to_str().ok()?))
        .collect();
    let text = response.into_body().collect_bytes().await?;
    if code < 300 {
        return Ok((code, Answer { refusal: None, warnings }));
    }
    let status: Json = serde_json::from_slice(&text).unwrap_or_default();
    let message = status["message"].as_str().unwrap_or("it does not say why");
    match code {
        401 => {
            return Err(kube::Error::Api(Box::new(serde_json::from_value(status).unwrap_or_default())).into());
        }
        // What the server cannot do says nothing of the manifest.
        500.. if !message.contains("webhook") => return Err(Error::Lost(one_line(message))),
        _ => {}
    }
    Ok((code, Answer { refusal: Some(one_line(message)), warnings }))
}

/// The text of a header `299 - "text"`.
fn warning(header: &str) -> Option<String> {
    let (_, text) = header.split_once('"')?;
    let text = text.strip_suffix('"').unwrap_or(text);
    Some(one_line(&text.replace("\\\"", "\"")))
}
