//! What the model says of Compose projects, and how changes of it are written back.

use std::sync::{Arc, Mutex};

use camino::{Utf8Path, Utf8PathBuf};
use seaworthy_engine::project::compose::ProblemKind;
use seaworthy_engine::project::{Action, Container, EnvValue, Intent, Namespace, Origin, Volume};
use seaworthy_engine::{Files, Kind, Project, Source, SourceId, parse};

/// Files that are sources, and texts that are given when they are asked for.
fn project(sources: &[(&str, &str)], texts: &[(&str, &str)]) -> Project {
    let parses: Vec<_> = sources
        .iter()
        .enumerate()
        .map(|(n, (path, text))| parse(SourceId(n as u32), Source::new(*path, Kind::Compose, *text)))
        .collect();
    let text = |path: &Utf8Path| Some(Arc::from(texts.iter().find(|(name, _)| path == *name)?.1));
    Project::read(parses, Files::default(), text)
}

fn one(text: &str) -> Project {
    project(&[("compose.yaml", text)], &[])
}

fn service<'p>(project: &'p Project, name: &str) -> &'p Container {
    project.containers.iter().find(|c| c.name.value == name).expect("the service")
}

#[test]
fn a_service_is_a_container() {
    let project = one("\
services:
  web:
    image: ghcr.io/o/web:1.2
    user: '1001:1002'
    read_only: true
    privileged: false
    cap_drop: [all]
    cap_add: [CAP_NET_BIND_SERVICE]
    security_opt: [no-new-privileges:true, seccomp=unconfined]
    network_mode: host
    pid: host
    command: serve --port 80
    working_dir: /app
    environment: {A: a, B: , C: '${C}'}
    ports: ['8000-8002:9000-9002', '127.0.0.1:${PORT}:80/udp']
    expose: ['70']
    tmpfs: ['/tmp:size=1m', /run]
    volumes: ['./d:/d:ro', 'named:/n', /anonymous, '${DATA}/x:/x', {type: tmpfs, target: /t}]
    secrets: [s]
    configs: [{source: c, target: /etc/c}]
    healthcheck: {test: curl -f localhost, interval: 1m, timeout: 500ms, retries: 3}
    restart: on-failure:3
    stop_grace_period: 1m30s
    init: true
    deploy: {replicas: 2, resources: {limits: {memory: 1g, cpus: '0.25', pids: 50}, reservations: {memory: 64M}}}
volumes: {named: }
secrets: {s: {file: s}}
configs: {c: {file: c}}
");
    let web = service(&project, "web");
    assert_eq!(web.image.value().map(ToString::to_string).as_deref(), Some("ghcr.io/o/web:1.2"));
    assert_eq!(web.user.value().and_then(|u| u.uid), Some(1001));
    assert!(web.read_only_root.is(&true) && web.privileged.is(&false) && web.init.is(&true));
    assert!(web.privilege_escalation.is(&false));
    assert_eq!(web.seccomp.value().map(String::as_str), Some("Unconfined"));
    assert_eq!(web.dropped_capabilities[0].value, "ALL");
    assert_eq!(web.added_capabilities[0].value, "NET_BIND_SERVICE");
    let shared: Vec<_> = web.host_namespaces.iter().map(|n| n.value).collect();
    assert_eq!(shared, [Namespace::Network, Namespace::Pid]);
    assert_eq!(web.command.value().map(Vec::len), Some(3));
    let env: Vec<_> = web.env.iter().map(|v| (v.name.value.as_str(), v.value.value())).collect();
    assert_eq!(env[0], ("A", Some(&EnvValue::Literal("a".to_owned()))));
    assert_eq!(env[1], ("B", Some(&EnvValue::Host)));
    assert!(web.env[2].value.is_unknown());
    let ports: Vec<_> =
        web.ports.iter().map(|p| (p.container, p.container_end, p.host, p.published)).collect();
    assert_eq!(ports, [(9000, 9002, Some(8000), true), (80, 80, None, true), (70, 70, None, false)]);
    assert_eq!(web.ports[1].protocol, "udp");
    let mounts: Vec<_> = web.mounts.iter().map(|m| (m.target.as_str(), &m.volume, m.read_only)).collect();
    let bind = Volume::Bind("d".to_owned());
    assert_eq!(mounts[0], ("/d", &bind, true));
    assert_eq!(mounts[1], ("/n", &Volume::Named("named".to_owned()), false));
    assert_eq!(mounts[2].1, &Volume::Scratch { memory: false, sized: false });
    assert_eq!(mounts[3].0, "/x");
    assert_eq!(mounts[4].1, &Volume::Scratch { memory: true, sized: false });
    assert_eq!(mounts[5], ("/tmp", &Volume::Scratch { memory: true, sized: true }, false));
    assert!(mounts.iter().any(|m| m.0 == "/etc/c" && *m.1 == Volume::Config("c".to_owned())));
    assert!(mounts.iter().any(|m| m.0 == "/run/secrets/s"));
    let check = web.healthcheck.as_ref().expect("a health check");
    assert_eq!(check.action, Action::Shell("curl -f localhost".to_owned()));
    assert_eq!((check.interval, check.timeout, check.retries), (Some(60), Some(1), Some(3)));
    assert_eq!(web.restart.value().map(String::as_str), Some("on-failure"));
    assert!(web.stop_grace.is(&90) && web.pids_limit.is(&50));
    assert!(web.resources.memory_limit.is(&(1 << 30)) && web.resources.cpu_limit.is(&250));
    assert!(web.resources.memory_request.is(&(64 << 20)));
    let composition = &project.compositions[0];
    assert_eq!(composition.services[0].replicas.as_ref().map(|r| r.value), Some(2));
    assert!(composition.problems.iter().all(|p| !p.kind.is_refused()), "{:?}", composition.problems);
}

#[test]
fn the_unknown_is_unknown_and_refused_nowhere() {
    let project = one("\
services:
  web:
    image: nginx:${TAG}
    user: ${RUN_AS}
    privileged: ${PRIVILEGED}
    mem_limit: ${MEMORY}
    stop_grace_period: ${GRACE}
    ports: ['${PORT}:${PORT}']
    volumes: ['${DATA}:/data', 'a:/${X}']
    restart: ${RESTART:-always}
    environment: ['A=${A}', 'B=${B:-b}']
volumes: {a: }
");
    let web = service(&project, "web");
    assert!(web.image.is_unknown() && web.user.is_unknown() && web.privileged.is_unknown());
    assert!(web.resources.memory_limit.is_unknown() && web.stop_grace.is_unknown());
    assert_eq!(web.restart.value().map(String::as_str), Some("always"));
    assert_eq!(web.mounts[0].target, "/data");
    assert!(web.env[0].value.is_unknown() && !web.env[1].value.is_unknown());
    let refused: Vec<_> = project.compositions[0].problems.iter().filter(|p| p.kind.is_refused()).collect();
    assert!(refused.is_empty(), "{refused:?}");
    let unset = project.compositions[0].problems.iter().filter(|p| p.kind == ProblemKind::UnsetVariable);
    assert_eq!(unset.count(), 9);
}

#[test]
fn a_value_knows_who_decided_it_and_where() {
    let project = project(
        &[
            (
                "app/compose.yaml",
                "\
x-a: &a {read_only: true}
services:
  web: {<<: *a, image: x, extends: {service: base}, init: true}
  base: {image: y, user: '5', init: false}
",
            ),
            ("app/compose.override.yaml", "services: {web: {privileged: true}}\n"),
        ],
        &[],
    );
    assert_eq!(project.compositions.len(), 1);
    let web = service(&project, "web");
    for (origin, expected, at, text) in [
        (web.image.origin, Origin::Own, web.image.at, "x"),
        (web.read_only_root.origin, Origin::Anchor, web.read_only_root.at, "true"),
        (web.user.origin, Origin::Extends, web.user.at, "'5'"),
        (web.privileged.origin, Origin::Override, web.privileged.at, "true"),
        (web.init.origin, Origin::Own, web.init.at, "true"),
    ] {
        assert_eq!(origin, expected, "{text}");
        assert_eq!(at.map(|at| project.text(at)), Some(text));
    }
    assert_eq!(project.text(web.name.span), "web");
}

#[test]
fn files_make_projects() {
    let base = "services: {web: {image: x}, db: {image: y}}\n";
    let chains = |sources: &[(&str, &str)], texts: &[(&str, &str)]| -> Vec<Vec<String>> {
        let project = project(sources, texts);
        let name = |id: &SourceId| project.parse(*id).map(|p| p.source.path.to_string()).unwrap_or_default();
        project.compositions.iter().map(|c| c.files.iter().map(name).collect()).collect()
    };
    let over = "services: {web: {ports: ['1:1']}}\n";
    let alone = "services: {other: {image: z}}\n";
    assert_eq!(
        chains(
            &[
                ("docker-compose.yml", base),
                ("docker-compose.override.yml", over),
                ("docker-compose.prod.yml", over),
                ("monitoring.yml", alone),
                ("deploy/compose.ci.yml", over),
            ],
            &[],
        ),
        [
            vec!["docker-compose.yml", "docker-compose.override.yml"],
            vec!["docker-compose.yml", "docker-compose.prod.yml"],
            vec!["monitoring.yml"],
            vec!["docker-compose.yml", "deploy/compose.ci.yml"],
        ]
    );
    assert_eq!(
        chains(
            &[("a/compose.yml", base), ("a/extra.yml", over), ("a/compose.override.yml", over)],
            &[("a/.env", "COMPOSE_FILE=compose.yml:extra.yml\n")],
        ),
        [vec!["a/compose.yml", "a/extra.yml"], vec!["a/compose.yml", "a/compose.override.yml"]]
    );
    let including = "include: [part/services.yml]\nservices: {web: {image: x}}\n";
    assert_eq!(
        chains(&[("compose.yml", including), ("part/services.yml", alone)], &[]),
        [vec!["compose.yml"], vec!["part/services.yml"]],
        "what stands alone well is a project too"
    );
    let extending = "services: {web: {extends: {file: common.yml, service: base}}}\n";
    assert_eq!(
        chains(
            &[
                ("compose.yml", extending),
                ("common.yml", "services: {base: {user: '1'}, other: {image: x}}\n")
            ],
            &[],
        ),
        [vec!["compose.yml"]]
    );
}

#[test]
fn what_is_read_besides_the_sources_is_asked_for() {
    let parses = vec![parse(
        SourceId(0),
        Source::new(
            "app/compose.yaml",
            Kind::Compose,
            "\
include: [parts/a.yaml, ../../outside.yaml, oci://x/y]
services:
  web:
    extends: {file: ../common/base.yaml, service: base}
    env_file: [web.env]
",
        ),
    )];
    let wanted = Mutex::new(Vec::new());
    let project = Project::read(parses, Files::default(), |path| {
        wanted.lock().expect("nothing panics").push(path.to_owned());
        (path == "common/base.yaml").then(|| Arc::from("services: {base: {image: b}}\n"))
    });
    let mut wanted = wanted.into_inner().expect("nothing panics");
    wanted.sort();
    let expected = ["app/.env", "app/parts/.env", "app/parts/a.yaml", "app/web.env", "common/base.yaml"];
    assert_eq!(wanted, expected.map(Utf8PathBuf::from));
    let kinds: Vec<_> = project.compositions[0].problems.iter().map(|p| p.kind).collect();
    assert_eq!(kinds.iter().filter(|k| **k == ProblemKind::OutsideFile).count(), 2, "{kinds:?}");
    assert_eq!(kinds.iter().filter(|k| **k == ProblemKind::MissingFile).count(), 2, "{kinds:?}");
    let web = service(&project, "web");
    assert_eq!(web.image.origin, Origin::Extends);
    // What stands in a file that is no source is shown where that file is named.
    assert_eq!(web.image.at.map(|at| project.text(at)), Some("../common/base.yaml"));
}

/// The text of the first source after a change; `None` where the change is refused.
fn changed(project: &Project, name: &str, intent: &Intent) -> Option<Vec<String>> {
    let edits = project.set(service(project, name), intent)?;
    let texts = project.parses().iter().map(|parse| {
        let mut text = parse.source.text.to_string();
        for edit in edits.iter().rev().filter(|edit| edit.span.source == parse.id) {
            text.replace_range(edit.span.range(), &edit.text);
        }
        text
    });
    Some(texts.collect())
}

#[test]
fn changes_are_written_in_the_style_of_the_file() {
    let scratch = || Intent::ReadOnlyRoot { scratch: vec!["/tmp".to_owned(), "/run".to_owned()] };
    for (before, intent, after) in [
        (
            "    image: x\n",
            scratch(),
            "    image: x\n    read_only: true\n    tmpfs:\n      - /tmp\n      - /run\n",
        ),
        (
            "    image: x\n    tmpfs: /tmp\n",
            scratch(),
            "    image: x\n    tmpfs:\n      - /tmp\n      - /run\n    read_only: true\n",
        ),
        (
            "    read_only: false # why\n    tmpfs: [/tmp]\n",
            scratch(),
            "    read_only: true # why\n    tmpfs: [/tmp, /run]\n",
        ),
        ("    image: x\n", Intent::User { uid: 1001, gid: 1001 }, "    image: x\n    user: \"1001:1001\"\n"),
        ("    user: root\n", Intent::User { uid: 10, gid: 20 }, "    user: \"10:20\"\n"),
        (
            "    image: x\n",
            Intent::DropCapabilities { keep: vec!["CHOWN".to_owned()] },
            "    image: x\n    cap_drop:\n      - ALL\n    cap_add:\n      - CHOWN\n",
        ),
        (
            "    security_opt:\n      - seccomp=unconfined\n",
            Intent::NoPrivilegeEscalation,
            "    security_opt:\n      - seccomp=unconfined\n      - no-new-privileges:true\n",
        ),
        (
            "    image: x\n    security_opt:\n      - seccomp=unconfined\n",
            Intent::DefaultSeccomp,
            "    image: x\n",
        ),
        (
            "    image: x\n    privileged: true\n    tty: true\n",
            Intent::NotPrivileged,
            "    image: x\n    tty: true\n",
        ),
        (
            "    image: x\n    mem_limit: 1g\n",
            Intent::MemoryLimit(512 << 20),
            "    image: x\n    mem_limit: 512M\n",
        ),
        (
            "    image: x\n",
            Intent::MemoryLimit(512 << 20),
            "    image: x\n    deploy:\n      resources:\n        limits:\n          memory: 512M\n",
        ),
        (
            "    deploy:\n      resources:\n        limits:\n          cpus: '1'\n",
            Intent::MemoryLimit(1 << 30),
            "    deploy:\n      resources:\n        limits:\n          cpus: '1'\n          memory: '1G'\n",
        ),
        (
            "    image: x\n    cpus: 1\n",
            Intent::MemoryLimit(1 << 20),
            "    image: x\n    cpus: 1\n    mem_limit: 1M\n",
        ),
        ("    image: x\n", Intent::PidsLimit(100), "    image: x\n    pids_limit: 100\n"),
        (
            "    image: x\n    network_mode: host\n",
            Intent::OwnNamespace(Namespace::Network),
            "    image: x\n",
        ),
        ("    image: x\n", Intent::Restart("unless-stopped"), "    image: x\n    restart: unless-stopped\n"),
        ("    image: x\n", Intent::StopGrace(30), "    image: x\n    stop_grace_period: 30s\n"),
        ("    image: x\n", Intent::PullPolicy("Always"), "    image: x\n    pull_policy: always\n"),
    ] {
        let project = one(&format!("services:\n  web:\n{before}"));
        let text = changed(&project, "web", &intent).map(|texts| texts[0].clone());
        assert_eq!(text, Some(format!("services:\n  web:\n{after}")), "{intent:?} of\n{before}");
    }
}

#[test]
fn a_change_is_written_where_it_counts() {
    let over = project(
        &[
            ("compose.yaml", "services:\n  web:\n    image: x\n"),
            ("compose.override.yaml", "services:\n  web:\n    privileged: true\n    init: false\n"),
        ],
        &[],
    );
    assert_eq!(
        changed(&over, "web", &Intent::Init).map(|t| t[1].clone()).as_deref(),
        Some("services:\n  web:\n    privileged: true\n    init: true\n")
    );
    let lent = "\
x-a: &a
  read_only: false
  security_opt: [label:x]
services:
  web:
    <<: *a
    image: x
  api:
    <<: *a
    image: y
  leaf:
    extends: web
";
    let lent = one(lent);
    let text = changed(&lent, "web", &Intent::NoPrivilegeEscalation).expect("an edit").remove(0);
    assert!(
        text.contains("    image: x\n    security_opt:\n      - label:x\n      - no-new-privileges:true\n"),
        "{text}"
    );
    let text =
        changed(&lent, "leaf", &Intent::ReadOnlyRoot { scratch: Vec::new() }).expect("an edit").remove(0);
    assert!(text.contains("    extends: web\n    read_only: true\n"), "{text}");
    let alias = one("services:\n  web: &w\n    image: x\n  api: *w\n");
    assert_eq!(changed(&alias, "web", &Intent::Init), None, "an anchored service is two services");
}

#[test]
fn nothing_makes_it_stumble() {
    for text in [
        "",
        "[]",
        "services",
        "services: []",
        "services: {a: }",
        "services: {a: [1]}",
        "services: {a: {build: }}",
        "services: {a: {ports: {x: 1}, volumes: x, environment: 5, depends_on: 1, networks: 7, healthcheck: []}}",
        "services: {a: {extends: [], deploy: x, build: {args: 1, ssh: [x], secrets: x}, extra_hosts: [x], ulimits: [1]}}",
        "services: {a: &a {image: x, labels: {b: *a}}}",
        "include: {a: b}",
        "include: [{path: }]",
        "name: [x]",
        "services: !reset {}",
        "services: {a: !override [x]}",
        "networks: [x]\nvolumes: 5\nsecrets: {a: 1}\nconfigs: {a: [b]}",
        "<<: {services: {a: {image: x}}}",
        "services: {a: {ports: ['-1:2', '70000', '1-0:5', ':', '::']}}",
        "services: {a: {command: \"'\", mem_limit: -5, cpus: x, stop_grace_period: 9999999999999h}}",
        "1: 2",
        "? [a]\n: b",
        "services: {a: {image: '${'}}",
        "services: {a: {volumes: [':', 'a:b:c:d', '', {type: bind}]}}",
    ] {
        let project = one(text);
        for container in &project.containers {
            for intent in [Intent::Init, Intent::MemoryLimit(1), Intent::NoPrivilegeEscalation] {
                let _ = project.set(container, &intent);
            }
        }
    }
    let laughs: String = (0..40).fold("x-0: &a0 [1, 2]\n".to_owned(), |text, n| {
        format!("{text}x-{}: &a{} [*a{n}, *a{n}, *a{n}, *a{n}]\n", n + 1, n + 1)
    });
    let project = one(&format!("{laughs}services: {{a: {{image: x}}}}\n"));
    assert!(project.compositions[0].problems.iter().any(|p| p.kind == ProblemKind::TooLarge));
}

/// Compose joins the lists of both and refuses an item that then stands there twice.
#[test]
fn a_service_that_extends_another_gets_no_list_that_the_other_may_get() {
    let project = one("services:\n  base:\n    image: a:1\n  web:\n    extends: base\n");
    let intent = Intent::NoPrivilegeEscalation;
    assert!(changed(&project, "base", &intent).is_some());
    assert_eq!(changed(&project, "web", &intent), None);
}
