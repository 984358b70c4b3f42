//! Who reaches whom through `NetworkPolicies`. What is not known is let through.

use crate::project::Project;
use crate::project::container::Role;
use crate::project::kubernetes::{
    Detail, NetworkPolicy, NetworkRule, Object, Peer, PeerPort, PortRef, Workload,
};
use crate::project::links::SelectionKind;

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Caller<'p> {
    /// Something outside of the namespace, such as an ingress controller.
    Outside,
    /// A workload of the project.
    Workload(&'p Workload),
}

impl Project {
    /// The NetworkPolicy that keeps a caller from a port of a workload's pods; `None` where one lets it in, or none is about
    /// them.
    pub(crate) fn keeps_out(&self, workload: &Workload, caller: Caller<'_>, port: u16) -> Option<&Object> {
        let lets = |policy: &NetworkPolicy, object: &Object| {
            policy.ingress.iter().any(|rule| {
                self.opens(rule, workload, port)
                    && rule
                        .peers
                        .as_ref()
                        .is_none_or(|peers| peers.iter().any(|peer| self.covers(peer, object, caller)))
            })
        };
        self.walled(workload, |policy| policy.isolates_ingress, lets)
    }

    /// The NetworkPolicy that keeps a workload's pods from calling a port of another's.
    pub(crate) fn keeps_in(&self, workload: &Workload, callee: &Workload, port: u16) -> Option<&Object> {
        let lets = |policy: &NetworkPolicy, object: &Object| {
            policy.egress.iter().any(|rule| {
                self.opens(rule, callee, port)
                    && rule.peers.as_ref().is_none_or(|peers| {
                        peers.iter().any(|peer| self.covers(peer, object, Caller::Workload(callee)))
                    })
            })
        };
        self.walled(workload, |policy| policy.isolates_egress, lets)
    }

    /// The first policy of those that isolate a workload, where none of them lets something through.
    fn walled(
        &self,
        workload: &Workload,
        isolates: impl Fn(&NetworkPolicy) -> bool,
        lets: impl Fn(&NetworkPolicy, &Object) -> bool,
    ) -> Option<&Object> {
        let mut first = None;
        for object in self.selecting(workload.id, SelectionKind::NetworkPolicy) {
            let Detail::NetworkPolicy(policy) = &object.detail else { continue };
            if !isolates(policy) {
                continue;
            }
            if lets(policy, object) {
                return None;
            }
            first = first.or(Some(object));
        }
        first
    }

    fn opens(&self, rule: &NetworkRule, workload: &Workload, port: u16) -> bool {
        rule.ports.as_ref().is_none_or(|ports| ports.iter().any(|p| self.is_port(p, workload, port)))
    }

    fn is_port(&self, written: &PeerPort, workload: &Workload, port: u16) -> bool {
        if written.protocol.as_ref().is_some_and(|p| p.value != "TCP") {
            return false;
        }
        match written.port.as_ref().map(|p| &p.value) {
            None => true,
            Some(PortRef::Number(number)) => {
                let end = written.end.as_ref().map_or(*number, |end| end.value);
                (*number..=end).contains(&port)
            }
            Some(PortRef::Name(name)) => {
                let mut containers = workload.containers.iter().map(|id| self.container(*id));
                let main = |role| matches!(role, Role::Main | Role::Sidecar);
                containers.any(|c| main(c.role) && c.port(name).is_none_or(|p| p.container == port))
            }
        }
    }

    /// Whether somebody is among those that a policy names.
    fn covers(&self, peer: &Peer, policy: &Object, caller: Caller<'_>) -> bool {
        // Whether a block of addresses has the pods in it depends on the network.
        if peer.block.is_some() || peer.namespaces.is_some() && peer.pods.is_none() {
            return true;
        }
        match (&peer.pods, caller) {
            (Some(pods), Caller::Workload(workload)) => pods.matches(&workload.pod_labels),
            (Some(_), Caller::Outside) if peer.namespaces.is_some() => true,
            // A controller may run beside what it leads to: only pods that are here are known to be none.
            (Some(pods), Caller::Outside) => {
                let own = policy.namespace.as_ref();
                !pods.is_empty()
                    && !self.workloads.iter().any(|w| {
                        let object = w.object(self);
                        let beside =
                            own.zip(object.namespace.as_ref()).is_none_or(|(a, b)| a.value == b.value);
                        beside && pods.matches(&w.pod_labels)
                    })
            }
            (None, _) => true,
        }
    }
}
