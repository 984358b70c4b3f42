//! What a run makes on a cluster: labelled, and gone when it ends, however it ends. Nothing without the labels of [`Hold`] is
//! ever removed.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::api::networking::v1::NetworkPolicy;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::api::{Api, DeleteParams, ListParams, PostParams};
use kube::{Client, Resource, ResourceExt};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::Error;
use crate::hold::{Hold, RUN};

/// How long the end of a run may take.
const CLEANING: Duration = Duration::from_secs(45);

/// A run and what it made.
pub(super) struct Run {
    pub(super) client: Client,
    pub(super) namespace: String,
    hold: Hold,
    /// Requests to make something whose answer is not there yet.
    pending: Arc<AtomicUsize>,
    made: AtomicUsize,
}

impl Run {
    pub(super) fn begin(client: Client, namespace: &str) -> Result<Self, Error> {
        let (pending, made) = (Arc::default(), AtomicUsize::new(0));
        Ok(Self { client, namespace: namespace.to_owned(), hold: Hold::begin()?, pending, made })
    }

    /// The API of a kind in the namespace.
    pub(super) fn api<K>(&self) -> Api<K>
    where
        K: Resource<Scope = NamespaceResourceScope>,
        K::DynamicType: Default,
    {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    /// The label that all it makes has, and nothing else.
    pub(super) fn label(&self) -> (String, String) {
        (RUN.to_owned(), self.hold.id.clone())
    }

    /// Makes something under a name that nobody else has.
    pub(super) async fn make<K>(&self, what: &str, mut object: K) -> Result<K, kube::Error>
    where
        K: Resource<Scope = NamespaceResourceScope>
            + Serialize
            + DeserializeOwned
            + Clone
            + Debug
            + Send
            + Sync
            + 'static,
        K::DynamicType: Default,
    {
        let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
        let what: String = what.chars().map(plain).take(24).collect();
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        object.meta_mut().name =
            Some(format!("seaworthy-{}-{number}-{}", self.hold.id, what.trim_matches('-')));
        let labels = object.meta_mut().labels.get_or_insert_default();
        labels.extend(self.hold.labels().map(|(key, value)| (key.to_owned(), value.to_owned())));
        let (api, pending) = (self.api::<K>(), Arc::clone(&self.pending));
        pending.fetch_add(1, Ordering::SeqCst);
        // Waited for also where nobody waits for the answer any longer: what it makes must be known to be removed.
        let task = tokio::spawn(async move {
            let answer = api.create(&PostParams::default(), &object).await;
            pending.fetch_sub(1, Ordering::SeqCst);
            answer
        });
        task.await.map_err(|error| kube::Error::Service(Box::new(error)))?
    }

    /// Removes one of its pods. One that is gone already is fine.
    pub(super) async fn remove(&self, pod: &str) -> Result<(), Error> {
        absent_is_fine(self.api::<Pod>().delete(pod, &gone_at_once()).await)
    }

    /// Removes what runs of this machine left that nobody owns any longer, and what is too old to be anybody's. Returns how
    /// many things there were.
    pub(super) async fn sweep(&self) -> Result<usize, Error> {
        let swept = self.remove_all(RUN, |labels, created| {
            self.hold.is_left(|key| labels.get(key).map(String::as_str), created)
        });
        let swept = swept.await?;
        self.hold.sweep();
        Ok(swept)
    }

    /// Removes everything it made.
    pub(super) async fn end(&self) -> Result<(), Error> {
        let clean = async {
            // What is still being made appears a moment later.
            while self.pending.load(Ordering::SeqCst) > 0 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            let ours = format!("{RUN}={}", self.hold.id);
            while self.remove_all(&ours, |_, _| true).await? > 0 {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            Ok::<(), Error>(())
        };
        tokio::time::timeout(CLEANING, clean)
            .await
            .map_err(|_| Error::Lost("it removes nothing".to_owned()))?
    }

    async fn remove_all(
        &self,
        labels: &str,
        gone: impl Fn(&BTreeMap<String, String>, Option<i64>) -> bool,
    ) -> Result<usize, Error> {
        // Pods first: they are owned by a policy, and its end would be theirs too, but later.
        Ok(self.remove_kind::<Pod>(labels, &gone).await?
            + self.remove_kind::<NetworkPolicy>(labels, &gone).await?)
    }

    async fn remove_kind<K>(
        &self,
        labels: &str,
        gone: &impl Fn(&BTreeMap<String, String>, Option<i64>) -> bool,
    ) -> Result<usize, Error>
    where
        K: Resource<Scope = NamespaceResourceScope> + DeserializeOwned + Clone + Debug,
        K::DynamicType: Default,
    {
        let api = self.api::<K>();
        let mut removed = 0;
        for object in api.list(&ListParams::default().labels(labels)).await? {
            let created = object.creation_timestamp().map(|time| time.0.as_second());
            if gone(object.labels(), created) {
                removed += 1;
                absent_is_fine(api.delete(&object.name_any(), &gone_at_once()).await)?;
            }
        }
        Ok(removed)
    }
}

/// Who owns the pods of a run: with an owner that is a controller no other controller takes them for its own, whatever labels
/// they have.
pub(super) fn owner(policy: &NetworkPolicy) -> Option<Vec<OwnerReference>> {
    let owner = policy.controller_owner_ref(&())?;
    Some(vec![OwnerReference { block_owner_deletion: None, ..owner }])
}

fn gone_at_once() -> DeleteParams {
    DeleteParams { grace_period_seconds: Some(0), ..DeleteParams::background() }
}

/// What is gone, or going, is as good as removed.
fn absent_is_fine<T>(result: Result<T, kube::Error>) -> Result<(), Error> {
    match result {
        Ok(_) => Ok(()),
        Err(kube::Error::Api(status)) if matches!(status.code, 404 | 409) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
