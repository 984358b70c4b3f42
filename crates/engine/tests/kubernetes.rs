//! Kubernetes manifests as the model has them, and changes written back.

use seaworthy_engine::project::container::{Action, EnvValue, Intent, Namespace, Role, Volume};
use seaworthy_engine::project::kubernetes::{Detail, New, PortRef, WorkloadKind};
use seaworthy_engine::project::{Container, Origin};
use seaworthy_engine::syntax::apply;
use seaworthy_engine::{Config, check};
use seaworthy_engine::{Files, Kind, Project, Source, SourceId, parse};

fn project_of(files: &[(&str, &str)]) -> Project {
    let parses = files
        .iter()
        .enumerate()
        .map(|(i, (path, text))| parse(SourceId(i as u32), Source::new(*path, Kind::Manifest, *text)))
        .collect();
    Project::of(parses, Files::default())
}

fn project(text: &str) -> Project {
    project_of(&[("manifest.yaml", text)])
}

/// A Deployment with these lines in its pod's `spec`.
fn deployment(pod: &str) -> String {
    let indented = pod.replace('\n', "\n      ");
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  template:\n    spec:\n      {indented}\n"
    )
}

fn only(project: &Project) -> &Container {
    assert_eq!(project.containers.len(), 1);
    &project.containers[0]
}

#[test]
fn every_kind_that_holds_pods() {
    let template = "template: {metadata: {labels: {app: a}}, spec: {containers: [{name: c, image: a}]}}";
    let cases: &[(&str, &str, String, WorkloadKind, usize)] = &[
        ("apps/v1", "Deployment", format!("spec: {{{template}}}"), WorkloadKind::Deployment, 1),
        ("extensions/v1beta1", "Deployment", format!("spec: {{{template}}}"), WorkloadKind::Deployment, 1),
        ("apps/v1", "StatefulSet", format!("spec: {{{template}}}"), WorkloadKind::StatefulSet, 1),
        ("apps/v1", "DaemonSet", format!("spec: {{{template}}}"), WorkloadKind::DaemonSet, 1),
        ("apps/v1", "ReplicaSet", format!("spec: {{{template}}}"), WorkloadKind::ReplicaSet, 1),
        ("v1", "ReplicationController", format!("spec: {{{template}}}"), WorkloadKind::ReplicationController, 1),
        ("v1", "Pod", "spec: {containers: [{name: c}], initContainers: [{name: i}]}".into(), WorkloadKind::Pod, 2),
        ("v1", "PodTemplate", template.into(), WorkloadKind::PodTemplate, 1),
        ("batch/v1", "Job", format!("spec: {{{template}}}"), WorkloadKind::Job, 1),
        ("batch/v1beta1", "CronJob", format!("spec: {{jobTemplate: {{spec: {{{template}}}}}}}"), WorkloadKind::CronJob, 1),
        ("argoproj.io/v1alpha1", "Rollout", format!("spec: {{{template}}}"), WorkloadKind::Serving, 1),
        ("serving.knative.dev/v1", "Service", format!("spec: {{{template}}}"), WorkloadKind::Serving, 1),
        ("apps.openshift.io/v1", "DeploymentConfig", format!("spec: {{{template}}}"), WorkloadKind::Serving, 1),
        ("keda.sh/v1alpha1", "ScaledJob", format!("spec: {{jobTargetRef: {{{template}}}}}"), WorkloadKind::Running, 1),
        (
            "kubeflow.org/v1",
            "TFJob",
            format!("spec: {{tfReplicaSpecs: {{PS: {{{template}}}, Worker: {{{template}}}}}}}"),
            WorkloadKind::Running,
            2,
        ),
        (
            "argoproj.io/v1alpha1",
            "CronWorkflow",
            "spec: {workflowSpec: {templates: [{name: a, container: {image: x}}, {name: b, script: {image: y, source: z}}, {name: c, dag: {}}]}}".into(),
            WorkloadKind::Running,
            2,
        ),
        (
            "tekton.dev/v1",
            "Task",
            "spec: {steps: [{name: a, image: x}, {ref: {name: y}}], sidecars: [{name: s, image: z}]}".into(),
            WorkloadKind::Running,
            2,
        ),
    ];
    for (version, kind, body, expected, containers) in cases {
        let project =
            project(&format!("apiVersion: {version}\nkind: {kind}\nmetadata: {{name: n}}\n{body}\n"));
        assert_eq!(project.objects.len(), 1, "{kind}");
        assert_eq!(project.workloads.first().map(|w| w.kind), Some(*expected), "{kind}");
        assert_eq!(project.containers.len(), *containers, "{kind}");
        assert_eq!(
            project.workloads.iter().map(|w| w.containers.len()).sum::<usize>(),
            *containers,
            "{kind}"
        );
    }
}

#[test]
fn what_is_no_workload() {
    let cases = [
        "",
        "---\n---\nnull\n",
        "image:\n  repository: nginx\ncontainers: []\n",
        "apiVersion: v2\nname: chart\nversion: 1.0.0\n",
        "apiVersion: apps/v1\nkind: Deployment\nspec: 3\n",
        "apiVersion: apps/v1\nkind: Deployment\nspec: {template: {spec: {containers: {name: 3}}}}\n",
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec: {template: {spec: {containers: [{name: a}]}}}\n",
        "&a {apiVersion: v1, kind: List, items: [*a, *a]}\n",
        "- apiVersion: v1\n",
    ];
    for text in cases {
        assert_eq!(project(text).workloads.len(), usize::from(text.contains("{name: 3}")), "{text}");
    }
}

#[test]
fn lists_and_json() {
    let project = project(
        r#"{"apiVersion": "v1", "kind": "List", "items": [
            {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {"containers": [{"name": "c", "image": "x:1"}]}},
            {"apiVersion": "apps/v1", "kind": "DeploymentList", "items": [
                {"metadata": {"name": "b"}, "spec": {"template": {"spec": {"containers": [{"name": "d"}]}}}}]}]}"#,
    );
    let names: Vec<_> =
        project.objects.iter().filter_map(|o| o.name.as_ref()).map(|n| n.value.as_str()).collect();
    assert_eq!(names, ["a", "b"]);
    assert_eq!(project.objects[1].kind.value, "Deployment");
    assert_eq!(project.containers.len(), 2);
}

#[test]
fn containers_inherit_from_the_pod() {
    let text = deployment(
        "hostNetwork: true
hostPID: false
restartPolicy: Always
terminationGracePeriodSeconds: 7
securityContext:
  runAsUser: 1000
  runAsGroup: 2000
  runAsNonRoot: true
  seccompProfile: {type: RuntimeDefault}
  fsGroup: 3000
containers:
- name: a
  image: ghcr.io/o/a:1
- name: b
  image: b
  securityContext:
    runAsUser: 0
    privileged: true
    capabilities: {add: [CAP_NET_ADMIN, sys_time], drop: [all]}
    seccompProfile: {type: Unconfined}
- name: c
  image: ${IMAGE}
  securityContext: {runAsUser: \"1000\", readOnlyRootFilesystem: \"${RO}\"}
initContainers:
- {name: i, image: busybox@sha256:00}
- {name: s, image: envoy:latest, restartPolicy: Always}",
    );
    let project = project(&text);
    let by = |name: &str| project.containers.iter().find(|c| c.name.value == name).unwrap();
    let (a, b, c) = (by("a"), by("b"), by("c"));
    let user = a.user.value().unwrap();
    assert_eq!((user.uid, user.gid, a.user.origin), (Some(1000), Some(2000), Origin::Pod));
    assert!(a.run_as_non_root.is(&true) && a.seccomp.is(&"RuntimeDefault".to_owned()));
    assert_eq!((b.user.value().and_then(|u| u.uid), b.user.origin), (Some(0), Origin::Own));
    assert!(b.privileged.is(&true) && b.seccomp.is(&"Unconfined".to_owned()));
    let names =
        |list: &[seaworthy_engine::Spanned<String>]| list.iter().map(|c| c.value.clone()).collect::<Vec<_>>();
    assert_eq!(names(&b.added_capabilities), ["NET_ADMIN", "SYS_TIME"]);
    assert_eq!(names(&b.dropped_capabilities), ["ALL"]);
    assert!(c.image.is_unknown() && c.read_only_root.is_unknown());
    // A string is no user id: the pod's counts.
    assert_eq!(c.user.value().and_then(|u| u.uid), Some(1000));
    assert!(a.host_namespaces.iter().map(|n| n.value).eq([Namespace::Network]));
    assert!(a.stop_grace.is(&7));
    let policies: Vec<_> =
        project.containers.iter().map(|c| c.pull_policy.value().map(String::as_str)).collect();
    assert_eq!(policies, [Some("IfNotPresent"), Some("Always"), Some("IfNotPresent"), Some("Always"), None]);
    assert_eq!((by("i").role, by("s").role), (Role::Init, Role::Sidecar));
    assert!(project.workloads[0].pod.fs_group.is(&3000));
}

#[test]
fn what_a_container_says() {
    let text = deployment(
        "containers:
- name: a
  image: a:1
  command: [sh, -c]
  args: [\"run\", 80]
  env:
  - {name: A, value: text}
  - {name: B, valueFrom: {secretKeyRef: {name: s, key: k, optional: true}}}
  - {name: C, valueFrom: {fieldRef: {fieldPath: status.podIP}}}
  - {name: D, value: $(A)}
  - {name: E, value: \"${E}\"}
  envFrom:
  - {prefix: P_, configMapRef: {name: cm}}
  ports:
  - {name: http, containerPort: 8080}
  - {containerPort: 53, protocol: UDP, hostPort: 5353}
  - {containerPort: 70000}
  livenessProbe: {httpGet: {path: /live, port: http}, periodSeconds: 3}
  readinessProbe: {tcpSocket: {port: 8080}}
  startupProbe: {grpc: {port: 9000}, failureThreshold: 30}
  lifecycle: {preStop: {exec: {command: [sleep, \"5\"]}}}
  resources: {limits: {cpu: 1500m, memory: 1Gi}, requests: {cpu: 0.5}}
  volumeMounts:
  - {name: tmp, mountPath: /tmp}
  - {name: cfg, mountPath: /etc/a, readOnly: true, subPath: x}
  - {name: sock, mountPath: /var/run/docker.sock}
  - {name: data, mountPath: /data}
  - {name: gone, mountPath: /gone}
volumes:
- {name: tmp, emptyDir: {medium: Memory, sizeLimit: 1Mi}}
- {name: cfg, configMap: {name: cm, items: [{key: k, path: p}]}}
- {name: sock, hostPath: {path: /var/run/docker.sock}}
- {name: data, persistentVolumeClaim: {claimName: claim}}
- {name: all, projected: {sources: [{secret: {name: s2}}, {serviceAccountToken: {path: t}}]}}",
    );
    let project = project(&text);
    let c = only(&project);
    assert_eq!(c.command.value().unwrap(), &["run", "80"]);
    let env: Vec<_> = c.env.iter().map(|v| (v.name.value.as_str(), v.value.value().cloned())).collect();
    assert_eq!(
        env,
        [
            ("P_", Some(EnvValue::ConfigMap { name: "cm".into(), key: None, optional: false })),
            ("A", Some(EnvValue::Literal("text".into()))),
            ("B", Some(EnvValue::Secret { name: "s".into(), key: Some("k".into()), optional: true })),
            ("C", Some(EnvValue::Field)),
            ("D", Some(EnvValue::Literal("$(A)".into()))),
            ("E", None),
        ]
    );
    let ports: Vec<_> = c.ports.iter().map(|p| (p.container, p.protocol.as_str(), p.host)).collect();
    assert_eq!(ports, [(8080, "tcp", None), (53, "udp", Some(5353))]);
    let live = c.liveness.as_ref().unwrap();
    assert_eq!(live.action, Action::Http { path: "/live".into(), port: "http".into() });
    assert_eq!((project.text(live.span), project.text(live.port_at.unwrap())), ("livenessProbe", "http"));
    assert_eq!(c.readiness.as_ref().unwrap().action, Action::Tcp("8080".into()));
    assert_eq!(c.startup.as_ref().unwrap().action, Action::Grpc("9000".into()));
    assert!(c.pre_stop.is_some());
    assert!(c.resources.cpu_limit.is(&1500) && c.resources.cpu_request.is(&500));
    assert!(c.resources.memory_limit.is(&(1 << 30)));
    assert_eq!(c.resources.memory_request.origin, Origin::Platform);
    let volumes: Vec<_> = c.mounts.iter().map(|m| m.volume.clone()).collect();
    assert_eq!(
        volumes,
        [
            Volume::Scratch { memory: true, sized: true },
            Volume::Config("cm".into()),
            Volume::Bind("/var/run/docker.sock".into()),
            Volume::Named("claim".into()),
            Volume::Missing("gone".into()),
        ]
    );
    let pod = &project.workloads[0].pod;
    assert_eq!(pod.volumes[4].sources.len(), 2);
    assert!(pod.volumes[4].sources[0].volume == Volume::Secret("s2".into()));
}

#[test]
fn claims_of_a_stateful_set_are_volumes() {
    let project = project(
        "apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      containers: [{name: db, image: a, volumeMounts: [{name: data, mountPath: /d}]}]
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
",
    );
    let workload = &project.workloads[0];
    assert_eq!(only(&project).mounts[0].volume, Volume::Named("data".into()));
    assert_eq!(workload.claims[0].size.as_ref().map(|s| s.value), Some(1 << 30));
    assert_eq!(workload.service_name.as_ref().unwrap().value, "db");
    assert!(workload.selector.as_ref().unwrap().matches(&workload.pod_labels));
}

#[test]
fn legacy_annotations_count_where_no_field_says_it() {
    let project = project(
        "apiVersion: v1
kind: Pod
metadata:
  name: p
  annotations:
    seccomp.security.alpha.kubernetes.io/pod: docker/default
    container.apparmor.security.beta.kubernetes.io/a: localhost/mine
spec:
  containers: [{name: a, image: x}]
  nodeSelector: {kubernetes.io/os: windows}
",
    );
    // The annotations of a bare pod are those of its own metadata.
    let c = only(&project);
    assert!(c.seccomp.is(&"RuntimeDefault".to_owned()));
    assert!(c.apparmor.is(&"mine".to_owned()));
    assert!(c.windows);
}

#[test]
fn objects_around_workloads() {
    let project = project(
        r#"apiVersion: v1
kind: Service
metadata: {name: s, namespace: n, labels: {a: b}}
spec:
  clusterIP: None
  selector: {app: a}
  ports: [{port: 80, targetPort: http}, {port: 81, targetPort: 8081, name: x}]
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: i, annotations: {kubernetes.io/ingress.class: nginx}}
spec:
  tls: [{hosts: [h], secretName: t}]
  rules:
  - host: h
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: s, port: {number: 80}}}}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: np}
spec:
  podSelector: {matchExpressions: [{key: app, operator: In, values: [a, b]}]}
  policyTypes: [Egress]
  egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}], ports: [{port: 53, protocol: UDP}]}, {}]
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: h}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: d}, minReplicas: 2, maxReplicas: 9, metrics: [{type: Resource, resource: {name: cpu}}]}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: b}
spec: {minAvailable: 50%, selector: {matchLabels: {app: a}}}
---
apiVersion: v1
kind: Secret
metadata: {name: sec}
stringData: {user: u}
data: {password: cA==}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: r}
rules: [{apiGroups: [""], resources: [pods/exec], verbs: ["*"]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: rb}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: r}
subjects: [{kind: ServiceAccount, name: sa, namespace: n}]
---
apiVersion: v1
kind: Namespace
metadata: {name: n, labels: {pod-security.kubernetes.io/enforce: restricted}}
"#,
    );
    let labels = |value: &str| {
        let span = project.objects[0].kind.span;
        let spanned = |text: &str| seaworthy_engine::Spanned::new(text.to_owned(), span);
        vec![(spanned("app"), spanned(value))]
    };
    let mut seen = 0;
    for object in &project.objects {
        seen += 1;
        match &object.detail {
            Detail::Service(service) => {
                assert!(service.headless && service.selector.as_ref().unwrap().matches(&labels("a")));
                let targets: Vec<_> =
                    service.ports.iter().map(|p| p.target.as_ref().unwrap().value.clone()).collect();
                assert_eq!(targets, [PortRef::Name("http".into()), PortRef::Number(8081)]);
            }
            Detail::Ingress(ingress) => {
                assert_eq!(ingress.class.as_ref().unwrap().value, "nginx");
                let backend = ingress.paths[0].backend.as_ref().unwrap();
                assert_eq!(backend.service.value, "s");
                assert_eq!(backend.port.as_ref().unwrap().value, PortRef::Number(80));
            }
            Detail::NetworkPolicy(policy) => {
                assert!(policy.isolates_egress && !policy.isolates_ingress);
                assert!(policy.selector.matches(&labels("b")) && !policy.selector.matches(&labels("c")));
                assert!(policy.egress[0].peers.is_some() && policy.egress[1].peers.is_none());
            }
            Detail::Autoscaler(scaler) => {
                assert_eq!(scaler.target.as_ref().map(|t| t.name.value.as_str()), Some("d"));
                assert_eq!((scaler.min.as_ref().map(|m| m.value), scaler.metrics), (Some(2), 1));
            }
            Detail::Budget(budget) => assert_eq!(budget.min_available.as_ref().unwrap().value, "50%"),
            Detail::Secret(data) => {
                assert!(data.has("user") && data.has("password") && data.complete);
                assert!(!format!("{data:?}").contains("cA=="));
            }
            Detail::Role(role) => assert!(role.cluster && role.grants[0].verbs[0].value == "*"),
            Detail::Binding(binding) => assert_eq!(binding.subjects[0].0.name.value, "sa"),
            Detail::Namespace => {
                assert_eq!(object.label("pod-security.kubernetes.io/enforce").unwrap().value, "restricted");
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(seen, 9);
}

#[test]
fn patches_of_kustomize_are_told_from_objects() {
    let whole = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: a, image: x}]}}}\n";
    let partial = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {template: {spec: {containers: [{name: a, resources: {}}]}}}\n";
    let project = project_of(&[
        ("k8s/base/kustomization.yaml", "resources: [d.yaml]\n"),
        ("k8s/base/d.yaml", whole),
        (
            "k8s/prod/kustomization.yaml",
            "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nnamespace: prod\nresources: [../base, https://example.com/x.yaml]\npatches: [{path: p.yaml}]\nimages: [{name: x, newTag: v2}]\nconfigMapGenerator: [{name: c, literals: [A=1], files: [x/b.txt]}]\n",
        ),
        ("k8s/prod/p.yaml", whole),
        ("k8s/prod/other.yaml", partial),
        ("plain/d.yaml", partial),
        ("k8s/prod/delete.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: n}\n$patch: delete\n"),
    ]);
    let patches: Vec<_> = project.objects.iter().map(|o| o.patch).collect();
    assert_eq!(patches, [false, true, true, false, true]);
    // The version comes from the kustomization that takes the file in.
    assert_eq!(project.containers[0].image.value().unwrap().tag.as_deref(), Some("v2"));
    assert!(project.containers[0].pull_policy.is(&"IfNotPresent".to_owned()));
    assert_eq!(project.containers[1].image.value().unwrap().tag, None);
    let prod = &project.kustomizations[1];
    assert_eq!(prod.resources[0].value, "k8s/base");
    assert!(prod.remote && prod.namespace.as_ref().unwrap().value == "prod");
    let keys: Vec<_> = prod.generated[0].keys.iter().map(|k| k.value.as_str()).collect();
    assert_eq!(keys, ["A", "b.txt"]);
}

/// Sets an intent and gives the text after it; `None` where it is refused.
/// What some rules find: the rule and the file and line it names.
fn found(project: &Project, rules: &[&str]) -> Vec<String> {
    let report = check(project, &Config::default());
    let found = report.diagnostics.iter().filter(|d| rules.contains(&d.rule.name)).map(|d| {
        let before = &project.source_text(d.span.source)[..d.span.start as usize];
        let line = before.lines().count() + usize::from(before.is_empty() || before.ends_with('\n'));
        format!("{} {}:{line}", d.rule.name, project.path(d.span.source))
    });
    found.collect()
}

#[test]
fn bases_are_judged_by_what_overlays_make_of_them() {
    const LIMIT: &str = "no-memory-limit";
    const SIDECAR: &str = "privileged-container";
    let base = deployment("containers:\n- name: web\n  image: registry.example.com/web:1.2\n");
    let patch = |lines: &str| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n  template:\n    spec:\n      containers:\n{lines}"
        )
    };
    let limits = patch("      - name: web\n        resources: {limits: {memory: 64Mi}}\n");
    let sidecar = patch(
        "      - name: helper\n        image: registry.example.com/helper:1\n        resources: {limits: {memory: 64Mi}}\n        securityContext:\n          privileged: true\n",
    );
    let of = |overlays: &[(&str, &str)]| {
        let mut files = vec![
            ("base/kustomization.yaml", "resources: [d.yaml]\n"),
            ("base/d.yaml", base.as_str()),
            ("prod/limits.yaml", limits.as_str()),
        ];
        files.extend_from_slice(overlays);
        found(&project_of(&files), &[LIMIT, SIDECAR])
    };
    let mended = "resources: [../base]\npatches: [{path: limits.yaml}]\n";
    assert_eq!(of(&[("prod/kustomization.yaml", mended)]), Vec::<String>::new());
    // The other overlay leaves it as it is.
    let plain = ("dev/kustomization.yaml", "resources: [../base]\n");
    assert_eq!(of(&[("prod/kustomization.yaml", mended), plain]), ["no-memory-limit base/d.yaml:9"]);
    // What is not built may or may not mend it.
    let unknown = "resources: [../base]\npatches: [{path: limits.yaml}]\nhelmCharts: [{name: x}]\n";
    assert_eq!(of(&[("prod/kustomization.yaml", unknown)]), ["no-memory-limit base/d.yaml:9"]);
    // What a patch brings is found in the patch, and what it lacks is the base's where it only repeats the name.
    let both = "resources: [../base]\npatches: [{path: sidecar.yaml}]\n";
    assert_eq!(
        of(&[("prod/kustomization.yaml", both), ("prod/sidecar.yaml", &sidecar)]),
        ["no-memory-limit base/d.yaml:9", "privileged-container prod/sidecar.yaml:12"]
    );
    let inline = "resources: [../base]\npatches:\n- target: {kind: Deployment}\n  patch: |-\n    - op: add\n      path: /spec/template/spec/containers/0/securityContext\n      value: {privileged: true}\n";
    assert_eq!(
        of(&[("prod/kustomization.yaml", inline)]),
        ["no-memory-limit base/d.yaml:9", "privileged-container prod/kustomization.yaml:7"]
    );
}

fn fixed(text: &str, intent: &Intent) -> Option<String> {
    let project = project(text);
    let edits = project.set(&project.containers[0], intent)?;
    let out = apply(text, &edits)?;
    let again = self::project(&out);
    assert!(again.parses()[0].errors().is_empty(), "{out}");
    if !matches!(intent, Intent::Image(_)) {
        assert_eq!(again.set(&again.containers[0], intent), None, "{out}");
    }
    Some(out)
}

#[test]
fn changes_are_written_where_they_belong() {
    let user = Intent::User { uid: 10001, gid: 10002 };
    let root =
        Intent::ReadOnlyRoot { scratch: vec!["/tmp".into(), "/var/cache/nginx/".into(), "/tmp/x".into()] };
    let cases: &[(&str, Intent, &str)] = &[
        // The container's own place where the pod says nothing.
        (
            "containers:\n- name: a\n  image: x # why",
            user.clone(),
            "containers:\n- name: a\n  image: x # why\n  securityContext:\n    runAsUser: 10001\n    runAsGroup: 10002\n    runAsNonRoot: true",
        ),
        // The pod's where it is there and speaks for this container alone.
        (
            "securityContext:\n  fsGroup: 1\ncontainers:\n- name: a\n  image: x",
            Intent::DefaultSeccomp,
            "securityContext:\n  fsGroup: 1\n  seccompProfile:\n    type: RuntimeDefault\ncontainers:\n- name: a\n  image: x",
        ),
        (
            "securityContext:\n  fsGroup: 1\ncontainers:\n- name: a\n  image: x\n- name: b\n  image: y",
            Intent::RunAsNonRoot,
            "securityContext:\n  fsGroup: 1\ncontainers:\n- name: a\n  image: x\n  securityContext:\n    runAsNonRoot: true\n- name: b\n  image: y",
        ),
        // Scratch space is mounted once, and its volume is new.
        (
            "volumes:\n- name: tmp\n  emptyDir: {}\ncontainers:\n- name: a\n  image: x",
            root.clone(),
            "volumes:\n- name: tmp\n  emptyDir: {}\n- name: a-tmp\n  emptyDir:\n    sizeLimit: 1Gi\n- name: var-cache-nginx\n  emptyDir:\n    sizeLimit: 1Gi\ncontainers:\n- name: a\n  image: x\n  securityContext:\n    readOnlyRootFilesystem: true\n  volumeMounts:\n  - name: a-tmp\n    mountPath: /tmp\n  - name: var-cache-nginx\n    mountPath: /var/cache/nginx",
        ),
        // Insertions at one place go in from the inside out.
        (
            "containers:\n- name: a\n  image: x\n  securityContext:\n    privileged: false",
            root,
            "containers:\n- name: a\n  image: x\n  securityContext:\n    privileged: false\n    readOnlyRootFilesystem: true\n  volumeMounts:\n  - name: tmp\n    mountPath: /tmp\n  - name: var-cache-nginx\n    mountPath: /var/cache/nginx\nvolumes:\n- name: tmp\n  emptyDir:\n    sizeLimit: 1Gi\n- name: var-cache-nginx\n  emptyDir:\n    sizeLimit: 1Gi",
        ),
        (
            "containers:\n- name: a\n  securityContext:\n    capabilities:\n      add: [NET_ADMIN]\n      drop:\n      - NET_RAW",
            Intent::DropCapabilities { keep: vec!["CHOWN".into()] },
            "containers:\n- name: a\n  securityContext:\n    capabilities:\n      add: [NET_ADMIN, CHOWN]\n      drop:\n      - ALL",
        ),
        (
            "containers:\n- name: a\n  securityContext:\n    capabilities:\n      add: [NET_ADMIN]\n  image: x",
            Intent::RemoveCapability("NET_ADMIN".into()),
            "containers:\n- name: a\n  image: x",
        ),
        (
            "containers:\n- name: a\n  resources:\n    limits: {cpu: 1}",
            Intent::MemoryLimit(256 << 20),
            "containers:\n- name: a\n  resources:\n    limits: {cpu: 1, memory: 256Mi}",
        ),
        (
            "containers:\n- name: a\n  image: \"x\"\n  ports: []",
            Intent::PullPolicy("Always"),
            "containers:\n- name: a\n  image: \"x\"\n  imagePullPolicy: Always\n  ports: []",
        ),
        (
            "hostNetwork: true\ncontainers:\n- name: a",
            Intent::OwnNamespace(Namespace::Network),
            "containers:\n- name: a",
        ),
    ];
    for (before, intent, after) in cases {
        let out = fixed(&deployment(before), intent);
        assert_eq!(out.as_deref().map(str::trim_end), Some(deployment(after).trim_end()), "{intent:?}");
    }
}

#[test]
fn changes_that_are_refused() {
    let none = Intent::NoPrivilegeEscalation;
    let cases: &[(&str, Intent)] = &[
        ("containers:\n- name: a\n  securityContext: {privileged: true}", none.clone()),
        ("containers:\n- name: a\n  securityContext: {allowPrivilegeEscalation: false}", none.clone()),
        (
            "containers:\n- name: a\n  securityContext: &s {runAsUser: 1}\n- name: b\n  securityContext: *s",
            none.clone(),
        ),
        ("os: {name: windows}\ncontainers:\n- name: a", none),
        ("containers:\n- name: a\n  resources: {requests: {memory: 2Gi}}", Intent::MemoryLimit(1 << 30)),
        ("containers:\n- name: a", Intent::Init),
    ];
    for (pod, intent) in cases {
        assert_eq!(fixed(&deployment(pod), intent), None, "{pod}");
    }
}

#[test]
fn any_field_is_set_and_removed() {
    let text = deployment("enableServiceLinks: true\ncontainers:\n- name: a");
    let project = project(&text);
    let workload = &project.workloads[0];
    let edits = workload.set_pod(&project, &["automountServiceAccountToken"], &New::Bool(false)).unwrap();
    let out = apply(&text, &edits).unwrap();
    assert!(self::project(&out).workloads[0].pod.automount_token.is(&false));
    let edits = workload.remove_pod(&project, &["enableServiceLinks"]).unwrap();
    assert!(!apply(&text, &edits).unwrap().contains("enableServiceLinks"));
    let object = workload.object(&project);
    let edits = object.set(&project, &["spec", "replicas"], &New::Int(3)).unwrap();
    let out = self::project(&apply(&text, &edits).unwrap());
    assert_eq!(out.workloads[0].replicas.as_ref().map(|r| r.value), Some(3));
    assert_eq!(object.remove(&project, &["spec", "absent"]), None);
}
