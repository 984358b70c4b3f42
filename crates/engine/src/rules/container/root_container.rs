use crate::project::container::{Role, User};
use crate::project::{Container, Intent, Origin};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};
use crate::{Safety, Target};

pub(crate) static RULE: Rule = Rule {
    name: "root-container",
    summary: "a container that runs as root, or may",
    since: "0.1.0",
    docs: include_str!("root_container.md"),
    aliases: &[
        "CKV_K8S_23",
        "CKV_K8S_6",
        "KSV-0012",
        "run-as-non-root",
        "runAsRootAllowed",
        "C-0013",
        "require-run-as-nonroot",
        "RunAsNonRoot",
        "CL-0018",
        "psp-deny-root-container",
        "C-0218",
        "service-mesh-require-run-as-nonroot",
        "restricted:Running-as-Non-root",
        "service-runs-as-root",
        "KSV-0105",
        "require-run-as-non-root-user",
        "restricted:Running-as-Non-root-user",
    ],
    category: Category::Security,
    severity: Severity::High,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Container(check),
};

/// What others call a container that may run as root; and one that asks for the user 0.
const MAY: &[&str] = RULE.aliases.split_at(RULE.aliases.len() - 3).0;
const ZERO: &[&str] = RULE.aliases.split_at(RULE.aliases.len() - 3).1;

/// What others call a service that asks for it.
const ASKED: [&str; 2] = ["CL-0018", "service-runs-as-root"];

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    // A privileged container needs root for what it does; `privileged-container` speaks of it.
    let workbench = ctx.project.is_workbench(container.place.source);
    if container.windows || container.role == Role::Ephemeral || workbench {
        return;
    }
    match container.platform {
        Target::Docker => service(container, ctx),
        Target::Kubernetes => pod(container, ctx),
    }
}

/// A service runs as whoever the image says; only what is known to be root is reported.
fn service(container: &Container, ctx: &mut Ctx<'_>) {
    let root = container.user.value().and_then(User::is_root) == Some(true);
    // The Dockerfile is told by a rule of its own, and an entry point that gives up root needs it first.
    let elsewhere = container.user.origin == Origin::Dockerfile || container.build.is_some();
    let facts = container.facts();
    // Nothing here says who it runs as, and a trial did.
    if let Some((uid, gid)) = learned(container).filter(|_| container.user.value().is_none()) {
        let message = format!(
            "nothing says who `{}` runs as: it was found to be healthy as user {uid}",
            container.name.value
        );
        let mut finding = ctx.report(container.name.span, message);
        finding.severity(Severity::Medium);
        finding.set(Safety::Safe, format!("Run as user {uid}"), container, &Intent::User { uid, gid });
        return;
    }
    if !root
        || (elsewhere && container.user.origin != Origin::Own)
        || facts.is_some_and(|f| f.drops_with.is_some()) && learned(container).is_none()
    {
        return;
    }
    let at = container.user.at.unwrap_or(container.name.span);
    let development = ctx.project.is_for_development(container.place.source);
    let mut finding = ctx.report(at, format!("`{}` runs as root", container.name.value));
    // Most public images start as root; to ask for it is another matter.
    let asked = matches!(container.user.origin, Origin::Own | Origin::Anchor);
    finding.aside(container.privileged.is(&true)).ids(if asked { &ASKED } else { &[] });
    finding.severity(match (asked, development) {
        (true, false) => Severity::High,
        (false, true) => Severity::Low,
        _ => Severity::Medium,
    });
    if let Some((uid, gid)) = learned(container) {
        finding.set(Safety::Safe, format!("Run as user {uid}"), container, &Intent::User { uid, gid });
    } else if let Some((uid, gid)) = facts.and_then(|f| f.uid.zip(f.gid)) {
        finding.set(Safety::Unsafe, format!("Run as user {uid}"), container, &Intent::User { uid, gid });
    }
}

/// Who it was found to be healthy as.
fn learned(container: &Container) -> Option<(u32, u32)> {
    let learned = container.learned.as_ref()?;
    learned.uid.zip(learned.gid).filter(|(uid, _)| *uid != 0)
}

/// The kubelet starts a pod's container as root unless something says otherwise.
fn pod(container: &Container, ctx: &mut Ctx<'_>) {
    let zero = container.user.value().and_then(|user| user.uid) == Some(0)
        && matches!(container.user.origin, Origin::Own | Origin::Pod | Origin::Anchor);
    if container.run_as_non_root.is(&true) && zero {
        let at = container.user.at.unwrap_or(container.name.span);
        ctx.report(at, "asks for root and refuses it: it never starts").aside(true).ids(ZERO);
    }
    if container.run_as_non_root.is(&true)
        || container.run_as_non_root.is_unknown()
        || container.user.is_unknown()
    {
        return;
    }
    let user = container.user.value();
    let own = matches!(container.user.origin, Origin::Own | Origin::Pod | Origin::Anchor);
    let uid = user.and_then(|u| u.uid);
    if own && uid.is_some_and(|uid| uid != 0) {
        let at = container.run_as_non_root.at.unwrap_or(container.name.span);
        let message = "it runs as another user, and nothing refuses root: `runAsNonRoot: true` is not set";
        ctx.report(at, message).aside(true).ids(&["restricted:Running-as-Non-root", "RunAsNonRoot"]);
        return;
    }
    let at =
        container.run_as_non_root.at.or(container.user.at.filter(|_| own)).unwrap_or(container.name.span);
    let name = &container.name.value;
    let message = if own && uid == Some(0) {
        format!("`{name}` runs as root: `runAsUser` is 0")
    } else {
        format!("nothing keeps `{name}` from running as root: `runAsNonRoot: true` is not set")
    };
    let facts = container.facts();
    let mut finding = ctx.report(at, message);
    // An official image whose entry point gives up root does not stay root.
    let stays = uid == Some(0) && (own || facts.is_none_or(|f| f.drops_with.is_none()));
    finding.aside(container.privileged.is(&true));
    finding.ids(if own && uid == Some(0) { RULE.aliases } else { MAY });
    finding.severity(if stays { Severity::High } else { Severity::Medium });
    if own && uid == Some(0) {
        return;
    }
    if let Some((uid, gid)) = learned(container) {
        finding.set(Safety::Safe, format!("Run as user {uid}"), container, &Intent::User { uid, gid });
    } else if !own && uid.is_some_and(|uid| uid != 0) {
        finding.set(Safety::Safe, "Refuse to run as root", container, &Intent::RunAsNonRoot);
    } else if let Some((uid, gid)) = facts.and_then(|f| f.uid.zip(f.gid)) {
        finding.set(Safety::Unsafe, format!("Run as user {uid}"), container, &Intent::User { uid, gid });
    }
}
