//! What was measured of a Kubernetes object on a cluster.

use serde::{Deserialize, Serialize};

/// What was measured of an object. `None` is "not measured".
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct InCluster {
    /// What the API server says where it refuses the object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusal: Option<String>,
    /// What it says where it refuses pods of its template.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod_refusal: Option<String>,
    /// What it warns of where it takes the object: a Pod Security level that its pods do not meet, a version that goes away.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// How many of its pods are ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pods: Option<Pods>,
    /// What its pods are, and the manifest does not say.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<Difference>,
    /// What its ports answer, of a Service.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<Answer>,
    /// Names that its containers ask for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<Name>,
    /// Where it is reached from outside of the cluster.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub outside: Vec<Outside>,
    /// How a rolling restart went.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollout: Option<Rollout>,
    /// Whether the cluster keeps to policies like it, of a NetworkPolicy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enforced: Option<bool>,
    /// Connections to its pods, as its `NetworkPolicies` want them and as they are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub edges: Vec<Edge>,
    /// How its health checks went.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checks: Option<Checks>,
}

/// How many pods there are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pods {
    /// How many there should be.
    pub wanted: u32,
    /// How many are ready.
    pub ready: u32,
}

/// Something that is not as the manifest says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Difference {
    /// The container; empty for the pod as a whole.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub container: String,
    /// What it is about.
    pub what: Aspect,
    /// What the manifest says: "1001".
    pub manifest: String,
    /// What runs: "0".
    pub pod: String,
}

/// What a pod is compared by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Aspect {
    /// The user it runs as.
    #[default]
    User,
    /// Whether its root file system can be written.
    ReadOnlyRoot,
    /// The capabilities it has.
    Capabilities,
    /// Whether its processes may gain rights.
    PrivilegeEscalation,
    /// Its seccomp profile.
    Seccomp,
    /// Whether it has a token of its service account.
    Token,
    /// Its image.
    Image,
}

impl Aspect {
    /// What it is called.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::ReadOnlyRoot => "read-only root",
            Self::Capabilities => "capabilities",
            Self::PrivilegeEscalation => "privilege escalation",
            Self::Seccomp => "seccomp profile",
            Self::Token => "service account token",
            Self::Image => "image",
        }
    }
}

/// What a port of a Service answers, asked from inside the cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Answer {
    /// The port.
    pub port: u16,
    /// Whether a connection is taken.
    pub open: bool,
    /// What went wrong, as half a sentence: "the connection is refused".
    #[serde(skip_serializing_if = "String::is_empty")]
    pub problem: String,
}

/// A name that was asked for from inside the cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Name {
    /// The name.
    pub name: String,
    /// Whether it has an address.
    pub resolves: bool,
}

/// A way in from outside of the cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Outside {
    /// What makes it: "node port", "load balancer", "host port", "external address", "Ingress `web`".
    pub way: String,
    /// The address that was asked.
    pub address: String,
    /// Whether a connection is taken.
    pub open: bool,
    /// Whether the manifests make this way.
    pub declared: bool,
    /// Whether what answers is meant for the inside alone: a database, a cache, a queue.
    pub internal: bool,
}

/// How a rolling restart under load went.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rollout {
    /// Whether all pods were replaced in time.
    pub complete: bool,
    /// Seconds it took.
    pub seconds: f64,
    /// Requests that were sent meanwhile.
    pub requests: u64,
    /// Those without an answer, or with an error of the server's.
    pub lost: u64,
    /// What became of those, and how often.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub said: Vec<Said>,
    /// How many of its pods had to be killed after their grace.
    pub killed: u32,
    /// Seconds from a pod's deletion to its end, at most.
    pub longest_stop: f64,
    /// Seconds that a pod may take to end.
    pub grace: u64,
}

/// Something that was said, and how often.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Said {
    /// What was said.
    pub text: String,
    /// How often.
    pub times: u64,
}

/// A connection from one workload to another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Edge {
    /// Who asks: `Deployment/web`, or "any other pod".
    pub from: String,
    /// The port.
    pub port: u16,
    /// Whether the policies of the namespace let it through.
    pub allowed: bool,
    /// Whether a connection is taken.
    pub open: bool,
    /// The policy that is in the way, or should be.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub policy: String,
}

/// How health checks went over a while.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Checks {
    /// How many were asked.
    pub asked: u64,
    /// How many passed.
    pub passed: u64,
    /// Over how many seconds.
    pub seconds: u64,
    /// What those said that did not pass.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub said: Vec<Said>,
    /// How often its containers were started again meanwhile.
    pub restarts: u32,
}
