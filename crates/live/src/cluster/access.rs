//! What the user of the context may do, asked before anything is tried.

use std::collections::BTreeSet;

use futures_util::{StreamExt, TryStreamExt, stream};
use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec,
};
use kube::Client;
use kube::api::{Api, PostParams};

use crate::error::Error;

/// Something to be allowed: a verb, an API group, a resource with its subresource, and whether it is of the whole cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Need {
    verb: &'static str,
    group: String,
    resource: String,
    whole: bool,
}

impl Need {
    /// In the namespace.
    pub(super) fn new(verb: &'static str, group: &str, resource: &str) -> Self {
        Self { verb, group: group.to_owned(), resource: resource.to_owned(), whole: false }
    }

    /// Of the whole cluster.
    pub(super) fn whole(self) -> Self {
        Self { whole: true, ..self }
    }
}

impl std::fmt::Display for Need {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.verb, self.resource)?;
        if !self.group.is_empty() {
            write!(f, ".{}", self.group)?;
        }
        if self.whole { f.write_str(" of the cluster") } else { Ok(()) }
    }
}

/// Which of these are not allowed.
pub(super) async fn missing(
    client: &Client,
    namespace: &str,
    needs: BTreeSet<Need>,
) -> Result<Vec<Need>, Error> {
    let api: Api<SelfSubjectAccessReview> = Api::all(client.clone());
    let asked = stream::iter(needs).map(|need| {
        let api = api.clone();
        async move {
            let (resource, subresource) = match need.resource.split_once('/') {
                Some((resource, sub)) => (resource, Some(sub.to_owned())),
                None => (need.resource.as_str(), None),
            };
            let attributes = ResourceAttributes {
                namespace: (!need.whole).then(|| namespace.to_owned()),
                verb: Some(need.verb.to_owned()),
                group: Some(need.group.clone()),
                resource: Some(resource.to_owned()),
                subresource,
                ..ResourceAttributes::default()
            };
            let review = SelfSubjectAccessReview {
                spec: SelfSubjectAccessReviewSpec {
                    resource_attributes: Some(attributes),
                    non_resource_attributes: None,
                },
                ..SelfSubjectAccessReview::default()
            };
            let answer = api.create(&PostParams::default(), &review).await?;
            Ok::<_, Error>((!answer.status.is_some_and(|s| s.allowed)).then_some(need))
        }
    });
    let answers: Vec<Option<Need>> = asked.buffered(8).try_collect().await?;
    Ok(answers.into_iter().flatten().collect())
}
