use seaworthy_syntax::yaml::edit::New;

use crate::project::kubernetes::Detail;
use crate::project::{Project, Workload};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "no-pull-secret",
    summary: "an image of a private registry, and no credentials for it",
    since: "0.1.0",
    docs: include_str!("no_pull_secret.md"),
    aliases: &[
        "require-imagepullsecrets",
        "add-imagepullsecrets",
        "add-imagepullsecrets-for-containers-and-initcontainers",
    ],
    category: Category::Reliability,
    severity: Severity::Low,
    default: false,
    fix: FixKind::Sometimes,
    check: Check::Workload(check),
};

/// Registries that anybody may pull from, and those that nodes of their cloud have credentials for.
const OPEN: [&str; 12] = [
    "docker.io",
    "ghcr.io",
    "quay.io",
    "gcr.io",
    "registry.k8s.io",
    "k8s.gcr.io",
    "mcr.microsoft.com",
    "public.ecr.aws",
    "docker.elastic.co",
    "cgr.dev",
    "nvcr.io",
    "registry.access.redhat.com",
];

fn check(workload: &Workload, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    if !workload.pod.pull_secrets.is_empty() || account_has_one(workload, ctx) {
        return;
    }
    for container in workload.containers.iter().map(|id| project.container(*id)) {
        let Some(registry) = container.image.value().and_then(|image| image.registry.as_deref()) else {
            continue;
        };
        let cloud = [".amazonaws.com", ".azurecr.io", ".pkg.dev", ".gcr.io"]
            .iter()
            .any(|end| registry.ends_with(end));
        let at = container.image.at.unwrap_or(container.name.span);
        if !OPEN.contains(&registry) && !cloud {
            let message =
                format!("nothing here lets the node pull from `{registry}`: `imagePullSecrets` is not set");
            ctx.report(at, message).fix(Safety::Unsafe, "Pull with the Secret beside it", || {
                let name = vec![("name".to_owned(), New::Str(credentials(workload, project)?.to_owned()))];
                workload.set_pod(project, &["imagePullSecrets"], &New::Seq(vec![New::Map(name)]))
            });
        }
    }
}

/// The one Secret beside a workload that holds credentials of registries.
fn credentials<'p>(workload: &Workload, project: &'p Project) -> Option<&'p str> {
    let own = workload.object(project);
    let mut found = project.objects.iter().filter(|object| {
        let pulls = |kind: &str| matches!(kind, "kubernetes.io/dockerconfigjson" | "kubernetes.io/dockercfg");
        matches!(&object.detail, Detail::Secret(data) if data.kind.as_ref().is_some_and(|k| pulls(&k.value)))
            && project.directory(object.source) == project.directory(own.source)
            && object.namespace.as_ref().map(|n| &n.value) == own.namespace.as_ref().map(|n| &n.value)
    });
    let name = found.next()?.name.as_ref()?;
    found.next().is_none().then_some(name.value.as_str())
}

/// Whether the service account brings credentials, as far as it is made here.
fn account_has_one(workload: &Workload, ctx: &Ctx<'_>) -> bool {
    let name = workload.pod.service_account.value().map_or("default", String::as_str);
    ctx.project.objects.iter().any(|object| {
        matches!(&object.detail, Detail::ServiceAccount(account) if !account.pull_secrets.is_empty())
            && object.name.as_ref().is_some_and(|own| own.value == name)
    })
}
