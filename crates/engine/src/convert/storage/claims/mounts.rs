//! How a container mounts claims.

use super::super::{Store, clean};
use super::{Behind, Claim, Mounted, What};
use crate::convert::Map;
use crate::convert::names::cut;
use crate::convert::plan::Out;
use crate::convert::unit::Kind;

impl Store<'_, '_> {
    /// Mounts volumes and directories with data.
    pub(in crate::convert::storage) fn claims(&mut self, out: &mut Out<'_>) {
        let mounts = out.claims.mounts.get(self.at).cloned().unwrap_or_default();
        for mounted in &mounts {
            match &mounted.what {
                What::Claim(place) | What::Data(place) => self.claim(mounted, *place, out),
                What::Aside => out.carried.mapped(
                    mounted.key.clone(),
                    mounted.span,
                    "left out: it keeps what the image has visible below code that is mounted, and none is here",
                ),
                What::Refused(why) => out.carried.refused(mounted.key.clone(), mounted.span, *why),
                What::Scratch { .. } | What::Bind(_) => {}
            }
        }
    }

    fn claim(&mut self, mounted: &Mounted, place: usize, out: &mut Out<'_>) {
        let claims = std::mem::take(&mut out.claims.claims);
        if let Some(claim) = claims.get(place) {
            self.mount_claim(mounted, claim, &claims, out);
        }
        out.claims.claims = claims;
    }

    fn mount_claim(&mut self, mounted: &Mounted, claim: &Claim, claims: &[Claim], out: &mut Out<'_>) {
        if let Behind::Memory(size) = claim.behind {
            self.empty(&claim.name.clone(), &mounted.target, true, size, mounted.read_only);
            out.carried.approximated(
                mounted.key.clone(),
                mounted.span,
                "an `emptyDir` in memory, of this pod alone",
            );
            return;
        }
        let name = cut(&claim.name, 63).to_owned();
        let mut mount = Map::new().with("name", name.as_str()).with("mountPath", mounted.target.as_str());
        if mounted.read_only {
            mount.set("readOnly", true);
        }
        let sub_path = mounted.sub_path.clone().or_else(|| self.below_root(mounted));
        if let Some(path) = &sub_path {
            match &mounted.sub_path {
                Some(_) => mount.set("subPath", path.as_str()),
                None => mount.explain(
                    "subPath",
                    path.as_str(),
                    "the root of a new volume may hold `lost+found`, and the data has to start empty",
                ),
            }
        }
        if !self.mount(&mounted.target, mount) {
            return;
        }
        let template = claim.is_template(self.units);
        let own = claims.iter().filter(|c| c.users == [self.at]).count() == 1;
        if template {
            let listed = Map::new()
                .with("metadata", Map::new().with("name", name.as_str()))
                .with("spec", claim.spec(self.unit, self.options, own, self.names));
            if !self.stored.templates.contains(&listed) {
                self.stored.templates.push(listed);
            }
        } else {
            let source = Map::new().with("claimName", claim.name.as_str());
            self.volume(Map::new().with("name", name.as_str()).with("persistentVolumeClaim", source));
            let first = claim.users == [self.at];
            if first {
                for object in claim.objects(self.unit, self.options, own, self.names) {
                    if !self.stored.objects.contains(&object) {
                        self.stored.objects.push(object);
                    }
                }
            }
        }
        self.stored.writable |= !mounted.read_only;
        if !template && claim.is_of_one_node(self.unit) {
            self.stored.exclusive |= !mounted.read_only;
            self.beside(claim);
        }
        self.copied_up(mounted, &name, out);
        self.row(mounted, claim, template, out);
    }

    /// A directory below the root of the volume for what refuses to start in one that is not empty.
    fn below_root(&self, mounted: &Mounted) -> Option<String> {
        let facts = self.unit.facts.filter(|facts| facts.single_writer == Some(true))?;
        let data = facts.data.as_deref()?;
        let strict = data.ends_with("/mysql");
        (strict && clean(data) == mounted.target && !mounted.read_only).then(|| "data".to_owned())
    }

    /// Pods that mount a volume of one node are on that node.
    fn beside(&mut self, claim: &Claim) {
        let mut names: Vec<&str> = Vec::new();
        for user in &claim.users {
            let Some(unit) = self.units.get(*user) else { continue };
            let host =
                unit.inside.as_ref().and_then(|host| self.units.iter().find(|u| u.service.name == *host));
            let pod = host.unwrap_or(unit);
            if pod.kind != Kind::DaemonSet && !names.contains(&pod.name.as_str()) {
                names.push(&pod.name);
            }
        }
        if names.len() < 2 || self.unit.kind == Kind::DaemonSet {
            return;
        }
        let named =
            Map::new().with("key", "app.kubernetes.io/name").with("operator", "In").with("values", names);
        let part = Map::new().with("app.kubernetes.io/part-of", self.names.project.as_str());
        let selector = Map::new().with("matchLabels", part).with("matchExpressions", vec![named]);
        let term = Map::new().with("labelSelector", selector).with("topologyKey", "kubernetes.io/hostname");
        if !self.stored.beside.contains(&term) {
            self.stored.beside.push(term);
        }
    }

    fn row(&mut self, mounted: &Mounted, claim: &Claim, template: bool, out: &mut Out<'_>) {
        let key = mounted.key.clone();
        let name = &claim.name;
        let what = if template {
            format!("claim `{name}` of the StatefulSet")
        } else {
            format!("PersistentVolumeClaim `{name}`")
        };
        if let Some((from, variable)) = &mounted.moved {
            let note = format!(
                "{what} at `{}`, where `{variable}` leads the data; Compose mounts it at `{from}`, and keeps nothing",
                mounted.target
            );
            return out.carried.approximated(key, mounted.span, note);
        }
        match &mounted.what {
            What::Data(_) => out.carried.approximated(
                key,
                mounted.span,
                format!("{what} instead of a directory of the host: copy what is in it once, by `kubectl cp`"),
            ),
            _ if mounted.span.is_none() => out.carried.approximated(
                key,
                None,
                format!("{what} at `{}`, where the image keeps its data and Compose mounts nothing", mounted.target),
            ),
            _ if self.unit.kind == Kind::DaemonSet && claim.is_of_one_node(self.unit) => out.carried.approximated(
                key,
                mounted.span,
                format!("{what}, which one node can mount: pods of other nodes wait without end; give each a directory of its own, or a volume that all may mount"),
            ),
            _ => out.carried.mapped(key, mounted.span, what),
        }
    }
}
