//! What becomes of the volumes of a project, for the report.

use super::{Behind, Claim};
use crate::Span;
use crate::convert::plan::Out;
use crate::convert::unit::Unit;
use crate::project::compose::Item;
use crate::project::kubernetes::quantity;

/// What became of a volume of the project.
pub(super) fn of_project(
    unit: &Unit<'_>,
    name: &str,
    item: &Item,
    claim: Option<&Claim>,
    units: &[Unit<'_>],
    out: &mut Out<'_>,
) {
    let key = format!("volumes.{name}");
    let Some(span) = item.key.or(item.at) else { return };
    let Some(claim) = claim else {
        out.carried.mapped(key, Some(span), "no service mounts it: left out");
        return;
    };
    let size =
        claim.says(unit, "size").and_then(Item::to_text).unwrap_or_else(|| quantity::bytes(claim.size));
    let (name, access) = (&claim.name, claim.access(unit));
    let users = claim.users.len();
    match &claim.behind {
        Behind::New if claim.is_template(units) => {
            out.carried.mapped(key.clone(), Some(span), format!("a claim of {size} for each pod of the StatefulSet; `x-seaworthy.size` names another size"));
        }
        Behind::New if users > 1 && claim.is_of_one_node(unit) => out.carried.approximated(
            key.clone(),
            Some(span),
            format!("PersistentVolumeClaim `{name}`, {size}, {access}: the {users} services that share it run on one node; with a class for it, `x-seaworthy.access: ReadWriteMany` frees them"),
        ),
        Behind::New => {
            out.carried.mapped(key.clone(), Some(span), format!("PersistentVolumeClaim `{name}`, {size}, {access}; `x-seaworthy.size` names another size"));
        }
        Behind::External => {
            out.carried.approximated(key.clone(), Some(span), format!("PersistentVolumeClaim `{name}` has to be there already"));
        }
        Behind::Nfs { server, .. } => {
            out.carried.mapped(key.clone(), Some(span), format!("PersistentVolume and PersistentVolumeClaim `{name}` on the share of `{server}`"));
        }
        Behind::Memory(_) => out.carried.approximated(
            key.clone(),
            Some(span),
            "an `emptyDir` in memory for each pod: it is not shared, and counts to the memory of the pod",
        ),
    }
    for (below, item) in item.entries() {
        let Some(span) = item.key.or(item.at) else { continue };
        let path = format!("{key}.{below}");
        match below {
            "driver" if item.as_str() != Some("local") => out.carried.approximated(
                path,
                Some(span),
                "a storage class of the cluster makes the volume: name it in `x-seaworthy.class`",
            ),
            "driver_opts" => of_options(&path, span, item, claim, out),
            "labels" => {
                out.carried.refused(path, Some(span), "labels of a Docker volume mean nothing to a cluster");
            }
            "name" if claim.behind != Behind::External => {
                out.carried.approximated(
                    path,
                    Some(span),
                    format!("the claim is called `{name}` in its namespace"),
                );
            }
            _ => {}
        }
    }
}

fn of_options(path: &str, span: Span, item: &Item, claim: &Claim, out: &mut Out<'_>) {
    let kind = item.get("type").and_then(Item::to_text).unwrap_or_default();
    let options = item.get("o").and_then(Item::to_text).unwrap_or_default();
    let (path, span) = (path.to_owned(), Some(span));
    match &claim.behind {
        Behind::Nfs { .. } => {
            out.carried.mapped(path, span, "`nfs` and `mountOptions` of the PersistentVolume");
        }
        Behind::Memory(_) => out.carried.mapped(path, span, "`sizeLimit` of the `emptyDir`"),
        _ if options.split(',').any(|o| o == "bind") => out.carried.approximated(
            path,
            span,
            "a new claim instead of a directory of a node: copy what is in it once, by `kubectl cp`",
        ),
        _ if kind == "cifs" => out.carried.refused(
            path,
            span,
            "a new claim instead: the CSI driver for SMB mounts such a share, with its password in a Secret",
        ),
        _ => out.carried.refused(
            path,
            span,
            "a storage class has such options: name it in `x-seaworthy.class`",
        ),
    }
}
