//! What refers to what in small projects of several files.

use seaworthy_engine::project::kubernetes::Detail;
use seaworthy_engine::project::links::{Callee, ConfigSource, PortTarget, SelectionKind};
use seaworthy_engine::project::{Container, Origin};
use seaworthy_engine::{Files, Kind, Project, Source, SourceId, parse};

fn project(sources: &[(&str, &str)]) -> Project {
    let kind = |path: &str| match path {
        _ if path.contains("Dockerfile") => Kind::Dockerfile,
        _ if path.contains("compose") => Kind::Compose,
        _ if path.contains("workflows") => Kind::Workflow,
        _ => Kind::Manifest,
    };
    let parses = sources
        .iter()
        .enumerate()
        .map(|(id, (path, text))| parse(SourceId(id as u32), Source::new(*path, kind(path), *text)))
        .collect();
    Project::of(parses, Files::default())
}

fn container<'p>(project: &'p Project, name: &str) -> &'p Container {
    project.containers.iter().find(|c| c.name.value == name).unwrap_or_else(|| panic!("no {name}"))
}

/// A Deployment whose pods have the label `app: NAME`.
fn deployment(name: &str, image: &str, rest: &str) -> String {
    let rest: String = rest.lines().map(|l| format!("          {l}\n")).collect();
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\nspec:\n  template:\n    metadata:\n      \
         labels: {{app: {name}}}\n    spec:\n      containers:\n        - name: {name}\n          image: {image}\n{rest}"
    )
}

fn service(name: &str, app: &str, port: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\nspec:\n  selector: {{app: {app}}}\n  ports: [{port}]\n"
    )
}

#[test]
fn public_images_decide_what_nobody_else_does() {
    let pod = deployment("cache", "redis:7-alpine", "");
    let project = project(&[("k8s/cache.yaml", &pod)]);
    let cache = container(&project, "cache");
    assert_eq!(cache.user.origin, Origin::Image);
    assert_eq!(cache.user.value().and_then(|u| u.uid), Some(0));
    assert_eq!(
        cache.facts().and_then(seaworthy_engine::images::Facts::working_user).and_then(|u| u.uid),
        Some(999)
    );
    assert_eq!(cache.ports.iter().map(|p| p.container).collect::<Vec<_>>(), [6379]);
    assert_eq!(cache.entrypoint.value().map(Vec::as_slice), Some(&["docker-entrypoint.sh".to_owned()][..]));
}

#[test]
fn what_a_pod_says_counts_before_its_image() {
    let rest = "command: [sh]\nsecurityContext: {runAsUser: 999}\nports: [{containerPort: 1}]";
    let project = project(&[("k8s/cache.yaml", &deployment("cache", "redis:7", rest))]);
    let cache = container(&project, "cache");
    assert_eq!(cache.user.origin, Origin::Own);
    assert_eq!(cache.command.value(), None);
    assert_eq!(cache.ports.iter().map(|p| p.container).collect::<Vec<_>>(), [1]);
}

#[test]
fn services_lead_to_ports() {
    let rest = "ports:\n- {name: http, containerPort: 8080}\n- {containerPort: 9090}";
    let sources = [
        ("k8s/web.yaml", deployment("web", "example.com/web:1", rest)),
        (
            "k8s/svc.yaml",
            service(
                "web",
                "web",
                "{port: 80, targetPort: http}, {port: 9090}, {port: 1}, {port: 2, targetPort: x}",
            ),
        ),
        ("k8s/other.yaml", service("other", "nobody", "{port: 80}")),
    ];
    let sources: Vec<(&str, &str)> = sources.iter().map(|(p, t)| (*p, t.as_str())).collect();
    let project = project(&sources);
    let services: Vec<_> =
        project.objects.iter().filter(|o| matches!(o.detail, Detail::Service(_))).map(|o| o.id).collect();
    let web = container(&project, "web");
    let targets: Vec<_> = project.links.ports_of(services[0]).iter().map(|p| p.target).collect();
    assert_eq!(
        targets,
        [
            PortTarget::Port(web.id, 0),
            PortTarget::Port(web.id, 1),
            PortTarget::Undeclared,
            PortTarget::Missing
        ]
    );
    assert!(project.links.selected_by(services[1]).is_empty());
    let selecting: Vec<_> = project.selecting(web.workload.unwrap(), SelectionKind::Service).collect();
    assert_eq!(selecting.len(), 1);
    assert_eq!(selecting[0].id, services[0]);
    assert_eq!(web.port("http").map(|p| p.container), Some(8080));
    assert_eq!(web.port("9090").map(|p| p.container), Some(9090));
}

#[test]
fn the_nearest_of_several_environments_is_meant() {
    let pod = deployment("web", "example.com/web:1", "");
    let svc = service("web", "web", "{port: 80}");
    let project = project(&[
        ("dev/web.yaml", &pod),
        ("dev/svc.yaml", &svc),
        ("prod/web.yaml", &pod),
        ("prod/svc.yaml", &svc),
        ("all/svc.yaml", &svc),
    ]);
    let selected: Vec<_> = project
        .objects
        .iter()
        .filter(|o| matches!(o.detail, Detail::Service(_)))
        .map(|o| project.links.selected_by(o.id).iter().map(|s| s.workload.0).collect::<Vec<_>>())
        .collect();
    assert_eq!(selected, [vec![0], vec![1], vec![0, 1]]);
}

#[test]
fn policies_budgets_and_autoscalers_find_their_workloads() {
    let pod = deployment("web", "example.com/web:1", "");
    let around = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: all}\nspec: {podSelector: {}}\n---\n\
        apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: web}\nspec: {selector: {matchLabels: {app: web}}}\n---\n\
        apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: web}\nspec:\n  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}\n---\n\
        apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: web}\nspec:\n  rules:\n  - http:\n      paths:\n      - {path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}\n      - {path: /x, pathType: Prefix, backend: {service: {name: web, port: {name: x}}}}\n      - {path: /y, pathType: Prefix, backend: {service: {name: none, port: {number: 80}}}}\n";
    let svc = service("web", "web", "{port: 80, name: http}");
    let project = project(&[("k8s/web.yaml", &pod), ("k8s/around.yaml", around), ("k8s/svc.yaml", &svc)]);
    let web = container(&project, "web").workload.unwrap();
    for kind in [
        SelectionKind::NetworkPolicy,
        SelectionKind::Budget,
        SelectionKind::Autoscaler,
        SelectionKind::Service,
    ] {
        assert_eq!(project.selecting(web, kind).count(), 1, "{kind:?}");
    }
    let backends: Vec<_> = project.links.services.iter().map(|s| (s.service.is_some(), s.has_port)).collect();
    assert_eq!(backends, [(true, Some(true)), (true, Some(false)), (false, None)]);
}

#[test]
fn config_is_found_by_name_and_key() {
    let rest = "envFrom: [{configMapRef: {name: web}}]\nenv:\n\
        - {name: A, valueFrom: {configMapKeyRef: {name: web, key: a}}}\n\
        - {name: B, valueFrom: {configMapKeyRef: {name: web, key: b}}}\n\
        - {name: C, valueFrom: {secretKeyRef: {name: web, key: c, optional: true}}}\n";
    let config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata: {a: x}\n";
    let project = project(&[
        ("k8s/web.yaml", &deployment("web", "example.com/web:1", rest)),
        ("k8s/config.yaml", config),
    ]);
    let web = container(&project, "web");
    let uses: Vec<_> = project
        .links
        .configs_of(web.id)
        .iter()
        .map(|u| {
            (
                u.secret,
                u.key.as_ref().map(|k| k.value.as_str()),
                u.source != ConfigSource::Elsewhere,
                u.has_key,
            )
        })
        .collect();
    assert_eq!(
        uses,
        [
            (false, None, true, None),
            (false, Some("a"), true, Some(true)),
            (false, Some("b"), true, Some(false)),
            (true, Some("c"), false, None),
        ]
    );
}

#[test]
fn hosts_are_services() {
    let rest = "env:\n- {name: DATABASE_URL, value: 'postgres://u:p@db.prod:5432/x'}\n- {name: API, value: 'http://api:80'}\n";
    let project = project(&[
        ("k8s/web.yaml", &deployment("web", "example.com/web:1", rest)),
        ("k8s/db.yaml", &service("db", "db", "{port: 5432}")),
    ]);
    let calls = project.links.calls_of(container(&project, "web").id);
    let calls: Vec<_> = calls.iter().map(|c| (c.host.as_str(), c.port, c.to != Callee::Nobody)).collect();
    assert_eq!(calls, [("db.prod", Some(5432), true), ("api", Some(80), false)]);
}

#[test]
fn images_of_like_named_dockerfiles_are_likely_ours_but_decide_nothing() {
    let project = project(&[
        ("services/api/Dockerfile", "FROM debian\nUSER 1001\n"),
        ("k8s/api.yaml", &deployment("api", "ghcr.io/example/api:1", "")),
        ("k8s/redis.yaml", &deployment("redis", "redis:7", "")),
        ("redis/Dockerfile", "FROM redis:7\n"),
    ]);
    let api = container(&project, "api");
    assert!(api.stage(&project).is_some() && api.user.is_unset());
    assert!(project.deployed_on(api.stage(&project).unwrap()).kubernetes);
    assert!(container(&project, "redis").stage(&project).is_none());
}

#[test]
fn compose_services_get_what_their_dockerfile_decides() {
    let compose = "services:\n  api:\n    build: {context: ./api, target: run}\n    image: example/api:1\n    environment: {DB: 'postgres://db:5432/x'}\n  \
        db:\n    image: postgres:16-alpine\n    user: '70'\n  other:\n    image: example/api:1\n";
    let dockerfile = "FROM node:20 AS run\nUSER node\nWORKDIR /srv\nEXPOSE 3000\nHEALTHCHECK CMD a\nSTOPSIGNAL SIGINT\nCMD [\"node\", \"a\"]\n\
        FROM run AS test\nRUN test\n";
    let project = project(&[("compose.yaml", compose), ("api/Dockerfile", dockerfile)]);
    let api = container(&project, "api");
    let stage = api.stage(&project).unwrap();
    assert_eq!(stage.index, 0);
    assert_eq!(stage.role, seaworthy_engine::project::StageRole::Final);
    assert_eq!(project.builds[0].contexts, ["api"]);
    assert!(project.builds[0].contexts_are_named);
    assert_eq!((api.user.origin, api.user.value().and_then(|u| u.uid)), (Origin::Dockerfile, Some(1000)));
    assert_eq!(api.workdir.value().map(String::as_str), Some("/srv"));
    assert_eq!(api.stop_signal.value().map(String::as_str), Some("SIGINT"));
    assert_eq!(api.command.value().map(|c| c.join(" ")).as_deref(), Some("node a"));
    assert_eq!(api.entrypoint.value().map(|c| c.join(" ")).as_deref(), Some("docker-entrypoint.sh"));
    assert_eq!(project.text(api.user.at.unwrap()), "node");
    assert!(api.healthcheck.is_some());
    assert_eq!(api.ports.iter().map(|p| (p.container, p.published)).collect::<Vec<_>>(), [(3000, false)]);
    // Another service that runs the image by its name.
    assert_eq!(container(&project, "other").build, api.build);
    assert!(project.deployed_on(stage).docker && !project.deployed_on(stage).kubernetes);
    assert!(project.deployed_on(&project.builds[0].stages[1]).is_unknown());
    let db = container(&project, "db");
    assert_eq!((db.user.origin, db.user.value().and_then(|u| u.uid)), (Origin::Own, Some(70)));
    let calls: Vec<_> = project.links.calls_of(api.id).iter().map(|c| (c.to, c.port)).collect();
    assert_eq!(calls, [(Callee::Container(db.id), Some(5432))]);
}

#[test]
fn workflows_say_what_images_are_made_of() {
    let workflow = "on: push\njobs:\n  image:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: docker/build-push-action@v6\n        \
        with: {context: api, file: api/Dockerfile.prod, tags: 'ghcr.io/example/backend:1', push: true}\n";
    let project = project(&[
        (".github/workflows/image.yml", workflow),
        ("api/Dockerfile.prod", "FROM debian\nUSER 1001\n"),
        ("k8s/web.yaml", &deployment("web", "ghcr.io/example/backend:2", "")),
    ]);
    let web = container(&project, "web");
    assert_eq!((web.user.origin, web.user.value().and_then(|u| u.uid)), (Origin::Dockerfile, Some(1001)));
    assert_eq!(project.builds[0].contexts, ["api"]);
}
