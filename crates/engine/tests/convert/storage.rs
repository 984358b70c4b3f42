//! What services mount in what Compose projects become.

use std::collections::BTreeSet;

use crate::plans::{get, map_text, objects, plan, plan_with, row, text};
use seaworthy_engine::convert::{Map, Options, Plan, Platform, Tree};

/// The mounts of the only workload with this name: `/data data ro sub`.
fn mounts(plan: &Plan, name: &str) -> Vec<String> {
    let pod = pod(plan, name);
    let Some(Tree::List(containers)) = pod.get("containers") else { panic!("containers") };
    let Some(Tree::Map(container)) = containers.first() else { panic!("a container") };
    let Some(Tree::List(mounts)) = container.get("volumeMounts") else { return Vec::new() };
    let mount = |mount: &Tree| {
        let Tree::Map(mount) = mount else { panic!("a mount") };
        let of = |key: &str| mount.get(key).map(text);
        let path = of("mountPath").unwrap_or_default();
        let read_only = if of("readOnly").is_some() { " ro" } else { "" };
        let below = of("subPath").map(|path| format!(" {path}")).unwrap_or_default();
        format!("{path} {}{read_only}{below}", of("name").unwrap_or_default())
    };
    mounts.iter().map(mount).filter(|mount| !mount.starts_with("/tmp ")).collect()
}

/// `spec` of the pods of a service.
fn pod<'p>(plan: &'p Plan, name: &str) -> &'p Map {
    let kinds = ["Deployment", "StatefulSet", "DaemonSet", "Job"];
    let all = plan.services.iter().flat_map(|s| &s.objects);
    let object = all.filter(|o| kinds.contains(&o.kind)).find(|o| o.name == name);
    let object = object.unwrap_or_else(|| panic!("no workload {name}"));
    let path: &[&str] =
        if object.body.get("spec").is_some() { &["spec", "template", "spec"] } else { &["template", "spec"] };
    match get(object, path) {
        Some(Tree::Map(pod)) => pod,
        _ => panic!("no pod in {name}"),
    }
}

fn volumes(plan: &Plan, name: &str) -> String {
    pod(plan, name).get("volumes").map(text).unwrap_or_default()
}

/// The claims, each with its size: standalone ones, then those of `StatefulSets`.
fn claims(plan: &Plan) -> Vec<String> {
    let mut claims: Vec<String> = objects(plan, "PersistentVolumeClaim")
        .iter()
        .map(|claim| {
            let size =
                get(claim, &["spec", "resources", "requests", "storage"]).map(text).unwrap_or_default();
            let access = get(claim, &["spec", "accessModes"]).map(text).unwrap_or_default();
            format!("{} {size} {access}", claim.name)
        })
        .collect();
    for set in objects(plan, "StatefulSet") {
        let Some(Tree::List(templates)) =
            set.body.get("volumeClaimTemplates").or_else(|| get(set, &["spec", "volumeClaimTemplates"]))
        else {
            continue;
        };
        for template in templates {
            let Tree::Map(template) = template else { panic!("a template") };
            let name = template.get("metadata").map(text).unwrap_or_default();
            claims.push(format!("{} {name}", set.name));
        }
    }
    claims
}

#[test]
fn volumes_become_claims() {
    for (what, compose, expected) in [
        (
            "of one service",
            "services: {a: {image: acme/a, volumes: ['data:/data']}}\nvolumes: {data: {}}",
            vec!["data 1Gi [ReadWriteOnce]"],
        ),
        (
            "of a store",
            "services: {db: {image: 'postgres:16', volumes: ['pg_data:/var/lib/postgresql/data']}}\nvolumes: {pg_data: {}}",
            vec!["db {name: pg-data}"],
        ),
        ("of a store without a volume", "services: {db: {image: 'postgres:16'}}", vec!["db {name: db-data}"]),
        (
            "of a store in memory",
            "services: {db: {image: 'postgres:16', tmpfs: ['/var/lib/postgresql/data']}}",
            vec![],
        ),
        (
            "shared",
            "services: {a: {image: acme/a, volumes: ['data:/data']}, b: {image: acme/b, volumes: ['data:/in:ro']}}\nvolumes: {data: {}}",
            vec!["data 1Gi [ReadWriteOnce]"],
        ),
        (
            "told",
            "services: {a: {image: acme/a, volumes: ['data:/data']}}\nvolumes: {data: {x-seaworthy: {size: 5Gi, access: ReadWriteMany}}}",
            vec!["data 5Gi [ReadWriteMany]"],
        ),
        (
            "there already",
            "services: {a: {image: acme/a, volumes: ['data:/data']}}\nvolumes: {data: {external: true}}",
            vec![],
        ),
        (
            "names that are no names there, each its own",
            "services: {a: {image: acme/a, volumes: ['a_b:/x', 'a.b:/y']}}\nvolumes: {a_b: {}, a.b: {}}",
            vec!["a-b 1Gi [ReadWriteOnce]", "a-b-2 1Gi [ReadWriteOnce]"],
        ),
        (
            "a directory of the host with data in it",
            "services: {a: {image: acme/a, volumes: ['./data:/data', '/srv/media:/media']}}",
            vec!["a-data 1Gi [ReadWriteOnce]", "a-media 1Gi [ReadWriteOnce]"],
        ),
        ("without a name", "services: {a: {image: acme/a, volumes: ['/data']}}", vec![]),
        ("nobody mounts it", "services: {a: {image: acme/a}}\nvolumes: {data: {}}", vec![]),
    ] {
        assert_eq!(claims(&plan(compose)), expected, "{what}");
    }
}

#[test]
fn pods_that_share_a_volume_are_on_one_node() {
    let plan = plan(
        "services: {a: {image: acme/a, volumes: ['data:/data']}, b: {image: acme/b, volumes: ['data:/in:ro']}}\nvolumes: {data: {}}",
    );
    for name in ["a", "b"] {
        let affinity = pod(&plan, name).get("affinity").map(text).unwrap_or_default();
        assert!(affinity.contains("operator: In, values: [a, b]"), "{affinity}");
        assert!(affinity.contains("topologyKey: kubernetes.io/hostname"), "{affinity}");
    }
    assert_eq!(mounts(&plan, "b"), ["/in data ro"]);
    let strategy = |name: &str| {
        let object = objects(&plan, "Deployment").into_iter().find(|o| o.name == name).unwrap();
        object
            .body
            .get("strategy")
            .or_else(|| get(object, &["spec", "strategy"]))
            .map(text)
            .unwrap_or_default()
    };
    assert_eq!(strategy("a"), "{type: Recreate}");
}

#[test]
fn shares_of_servers_stay_shares() {
    let plan = plan(
        "services: {a: {image: acme/a, volumes: ['data:/data']}}\nvolumes: {data: {driver: local, driver_opts: {type: nfs, o: 'addr=10.0.0.9,rw,nfsvers=4.1', device: ':/export'}}}",
    );
    let volume = objects(&plan, "PersistentVolume");
    let volume = map_text(&volume[0].body);
    assert!(volume.contains("nfs: {server: 10.0.0.9, path: /export}"), "{volume}");
    assert!(volume.contains("mountOptions: [nfsvers=4.1]"), "{volume}");
    assert_eq!(claims(&plan), ["data 1Gi [ReadWriteMany]"]);
    assert_eq!(row(&plan, "volumes.data.driver_opts").0, "mapped");
}

#[test]
fn what_no_pod_may_have_is_refused() {
    for (volume, fate) in [
        ("/var/run/docker.sock:/var/run/docker.sock", "refused"),
        ("/:/host:ro", "refused"),
        ("/proc:/host/proc:ro", "refused"),
        ("/sys:/sys", "refused"),
        ("/dev/snd:/dev/snd", "refused"),
        ("/lib/modules:/lib/modules", "refused"),
        ("/var/log:/var/log:ro", "refused"),
        ("/etc/localtime:/etc/localtime:ro", "approximated"),
        ("/etc/passwd:/etc/passwd:ro", "refused"),
        ("~/.ssh:/root/.ssh:ro", "approximated"),
        ("${DATA}:/data", "approximated"),
        ("./app.db:/app/app.db", "refused"),
        ("./logs:/logs", "approximated"),
    ] {
        let plan = plan(&format!("services: {{a: {{image: acme/a, volumes: ['{volume}']}}}}"));
        assert_eq!(
            row(&plan, "services.a.volumes[0]").0,
            fate,
            "{volume}: {}",
            row(&plan, "services.a.volumes[0]").1
        );
        for object in plan.services.iter().flat_map(|s| &s.objects) {
            assert!(!map_text(&object.body).contains("hostPath"), "{volume}");
        }
    }
}

const DOCKERFILE: &str = "FROM node:22\nWORKDIR /app\nCOPY package.json .\nRUN npm ci\nCOPY src src\nCMD [\"node\", \"src/main.js\"]\n";

#[test]
fn directories_of_the_repository_are_told_apart() {
    let files = |volumes: &str| {
        let compose = format!(
            "services:\n  a:\n    build: .\n    volumes: [{volumes}]\n  n: {{image: nginx, volumes: ['./site:/usr/share/nginx/html:ro', './conf.d:/etc/nginx/conf.d:ro']}}"
        );
        plan_with(
            &[
                ("compose.yaml", &compose),
                ("Dockerfile", DOCKERFILE),
                ("package.json", "{}"),
                ("src/main.js", "1"),
                ("tests/a.test.js", "1"),
                ("conf.d/default.conf", "server { listen 80; }"),
                ("conf.d/more.conf", "server { listen 81; }"),
                ("site/index.html", "<p>"),
                ("settings.yaml", "a: 1\n"),
                ("start.sh", "#!/bin/sh\n"),
                ("login.ini", "password = hunter22\n"),
                ("server.key", "x"),
            ],
            &Options::default(),
        )
    };
    let plan = files(
        "'./src:/app/src', '/app/node_modules', './tests:/app/tests', './settings.yaml:/etc/a/settings.yaml:ro', './start.sh:/start.sh:ro', './login.ini:/etc/login.ini', './server.key:/etc/server.key:ro', './gone.yaml:/etc/gone.yaml'",
    );
    for (index, fate, part) in [
        (0, "approximated", "left out"),
        (1, "mapped", "left out"),
        (2, "approximated", "left out"),
        (3, "mapped", "a ConfigMap"),
        (4, "mapped", "a ConfigMap"),
        (5, "approximated", "of Secret"),
        (6, "approximated", "of Secret"),
        (7, "approximated", "of ConfigMap"),
    ] {
        let (found, note) = row(&plan, &format!("services.a.volumes[{index}]"));
        assert_eq!(found, fate, "{index}: {note}");
        assert!(note.contains(part), "{index}: {note}");
    }
    assert_eq!(
        mounts(&plan, "a"),
        [
            "/etc/a/settings.yaml files ro settings.yaml",
            "/start.sh files ro start.sh",
            "/etc/login.ini secret-files ro login.ini",
            "/etc/server.key secret-files ro server.key",
            "/etc/gone.yaml settings-files ro gone.yaml",
        ]
    );
    assert!(volumes(&plan, "a").contains("defaultMode: 365"), "{}", volumes(&plan, "a"));
    let config = objects(&plan, "ConfigMap").into_iter().find(|o| o.name == "a-files").unwrap();
    assert!(config.hashed);
    assert_eq!(map_text(&config.body), "{data: {settings.yaml: a: 1\n, start.sh: #!/bin/sh\n}}");
    let everything: String =
        plan.services.iter().flat_map(|s| &s.objects).map(|o| map_text(&o.body)).collect();
    assert!(!everything.contains("hunter22"));
    let keys: Vec<&str> = plan.to_fill.iter().map(|key| key.key.as_str()).collect();
    assert_eq!(keys, ["login.ini", "server.key", "gone.yaml"]);
    // Settings keep their directory; code that no image has is refused.
    assert_eq!(row(&plan, "services.n.volumes[0]").0, "refused");
    let of_nginx = mounts(&plan, "n");
    assert!(of_nginx.contains(&"/etc/nginx/conf.d files-1 ro".to_owned()), "{of_nginx:?}");
    assert!(
        volumes(&plan, "n")
            .contains("items: [{key: default.conf, path: default.conf}, {key: more.conf, path: more.conf}]")
    );
}

#[test]
fn a_directory_keeps_its_settings_where_secrets_lie_between_them() {
    let compose = "services:\n  n: {image: acme/n, volumes: ['./proxy:/etc/proxy:ro', './tls:/etc/tls:ro']}";
    let plan = plan_with(
        &[
            ("compose.yaml", compose),
            ("proxy/proxy.conf", "listen = 80\n"),
            ("proxy/certs/server.key", "x"),
            ("proxy/users.ini", "password = hunter22\n"),
            ("tls/tls.key", "y"),
        ],
        &Options::default(),
    );
    assert_eq!(mounts(&plan, "n"), ["/etc/proxy files-1 ro", "/etc/tls files-2 ro"]);
    let volumes = volumes(&plan, "n");
    let projected = "{name: files-1, projected: {sources: [{configMap: {name: n-files, items: [{key: proxy.conf, path: proxy.conf}]}}, \
        {secret: {name: app-secrets, items: [{key: server.key, path: certs/server.key}, {key: users.ini, path: users.ini}]}}]}}";
    assert!(volumes.contains(projected), "{volumes}");
    let secret = "{name: files-2, secret: {secretName: app-secrets, items: [{key: tls.key, path: tls.key}]}}";
    assert!(volumes.contains(secret), "{volumes}");
    for (index, note) in [
        (0, "a ConfigMap with its 1 file, and keys `server.key`, `users.ini` of Secret `app-secrets`"),
        (1, "key `tls.key` of Secret `app-secrets`"),
    ] {
        let (fate, found) = row(&plan, &format!("services.n.volumes[{index}]"));
        assert_eq!(fate, "approximated");
        assert!(found.starts_with(note), "{found}");
    }
    let purposes: Vec<&str> = plan.to_fill.iter().map(|key| key.purpose.as_str()).collect();
    assert_eq!(
        purposes,
        [
            "the file `/etc/proxy/certs/server.key` of `n`",
            "the file `/etc/proxy/users.ini` of `n`",
            "the file `/etc/tls/tls.key` of `n`"
        ]
    );
    let everything: String =
        plan.services.iter().flat_map(|s| &s.objects).map(|o| map_text(&o.body)).collect();
    assert!(!everything.contains("hunter22"));
}

#[test]
fn configs_and_secrets_are_mounted_where_compose_mounts_them() {
    let plan = plan_with(
        &[
            (
                "compose.yaml",
                "services:\n  a:\n    image: acme/a\n    configs: [plain, {source: text, target: /etc/text.conf, mode: 0440}, there]\n    secrets: [db_password, {source: tls, target: /etc/tls.key, uid: '1000'}, {source: api, target: key}]\nconfigs: {plain: {file: ./plain.conf}, text: {content: 'level=${LEVEL:-info}'}, there: {external: true}}\nsecrets: {db_password: {file: ./pw.txt}, tls: {external: true, name: tls-key}, api: {environment: API_KEY}}",
            ),
            ("plain.conf", "a=1\n"),
            ("pw.txt", "hunter22"),
        ],
        &Options::default(),
    );
    assert_eq!(
        mounts(&plan, "a"),
        [
            "/plain files ro plain.conf",
            "/etc/text.conf files ro text",
            "/there settings-files ro there",
            "/run/secrets/db_password secret-files ro db_password",
            "/etc/tls.key secret-files ro tls-key",
            "/run/secrets/key secret-files ro api",
        ]
    );
    let config = objects(&plan, "ConfigMap").into_iter().find(|o| o.name == "a-files").unwrap();
    assert_eq!(map_text(&config.body), "{data: {plain.conf: a=1\n, text: level=info}}");
    for (key, fate) in [
        ("services.a.configs[1].mode", "approximated"),
        ("services.a.secrets[1].uid", "approximated"),
        ("configs.there", "approximated"),
        ("secrets.db_password", "mapped"),
    ] {
        assert_eq!(row(&plan, key).0, fate, "{key}");
    }
    let everything: String =
        plan.services.iter().flat_map(|s| &s.objects).map(|o| map_text(&o.body)).collect();
    assert!(!everything.contains("hunter22"));
}

#[test]
fn scratch_space_has_a_size() {
    let plan = plan(
        "services:\n  a:\n    image: acme/a\n    shm_size: 256m\n    tmpfs: ['/run:size=64m', /scratch]\n    volumes: [/cache, {type: tmpfs, target: /mem, tmpfs: {size: 1048576}}]\n  n: {image: nginx, volumes: ['/var/log/nginx']}",
    );
    let volumes = volumes(&plan, "a");
    for part in [
        "{name: shm, emptyDir: {medium: Memory, sizeLimit: 256Mi}}",
        "{name: run, emptyDir: {medium: Memory, sizeLimit: 64Mi}}",
        "{name: scratch, emptyDir: {medium: Memory, sizeLimit: 64Mi}}",
        "{name: cache, emptyDir: {sizeLimit: 1Gi}}",
        "{name: mem, emptyDir: {medium: Memory, sizeLimit: 1Mi}}",
    ] {
        assert!(volumes.contains(part), "{part} in {volumes}");
    }
    assert!(!mounts(&plan, "n").iter().any(|mount| mount.starts_with("/var/log/nginx")));
}

#[test]
fn volumes_start_with_what_the_image_has() {
    let plan = plan_with(
        &[
            (
                "compose.yaml",
                "services: {a: {build: ., volumes: ['static:/app/static']}, n: {image: nginx, volumes: ['static:/srv:ro']}}\nvolumes: {static: {}}",
            ),
            ("Dockerfile", "FROM python:3.13\nCOPY static /app/static\nCMD [\"python\"]\n"),
            ("static/a.css", "a"),
        ],
        &Options::default(),
    );
    let init = pod(&plan, "a").get("initContainers").map(text).unwrap_or_default();
    assert!(init.contains("name: fill-static"), "{init}");
    assert!(init.contains("cp -R '/app/static'/. /volume/"), "{init}");
    assert!(pod(&plan, "n").get("initContainers").is_none());
}

#[test]
fn volumes_from_others_are_their_volumes() {
    let plan = plan(
        "services: {a: {image: acme/a, volumes: ['data:/data']}, b: {image: acme/b, volumes_from: ['a:ro']}}\nvolumes: {data: {}}",
    );
    assert_eq!(mounts(&plan, "b"), ["/data data ro"]);
}

#[test]
fn k3s_has_a_class_of_its_own() {
    let files =
        [("compose.yaml", "services: {a: {image: acme/a, volumes: ['data:/data']}}\nvolumes: {data: {}}")];
    let plan = plan_with(&files, &Options { platform: Platform::K3s, ..Options::default() });
    let claim = map_text(&objects(&plan, "PersistentVolumeClaim")[0].body);
    assert!(claim.contains("accessModes: [ReadWriteOnce], storageClassName: local-path"), "{claim}");
}

#[test]
fn nothing_is_mounted_twice() {
    let plan = plan(
        "services:\n  a:\n    image: nginx\n    read_only: true\n    tmpfs: [/tmp, /run, /tmp/]\n    volumes: ['x:/tmp', '/run', 'x:/data', 'y:/data']\n    configs: [{source: c, target: /data}]\n    shm_size: 64m\n  b: {image: acme/b, network_mode: 'service:a', tmpfs: [/tmp], volumes: ['x:/x', '/cache']}\nvolumes: {x: {}, y: {}}\nconfigs: {c: {content: a}}",
    );
    let pod = pod(&plan, "a");
    let Some(Tree::List(containers)) = pod.get("containers") else { panic!("containers") };
    let named = |list: &Tree, key: &str| match list {
        Tree::List(list) => {
            let of = |item: &Tree| match item {
                Tree::Map(item) => item.get(key).map(text).unwrap_or_default(),
                _ => String::new(),
            };
            list.iter().map(of).collect::<Vec<_>>()
        }
        _ => Vec::new(),
    };
    let volumes = named(pod.get("volumes").unwrap(), "name");
    assert_eq!(volumes.iter().collect::<BTreeSet<_>>().len(), volumes.len(), "{volumes:?}");
    for container in containers {
        let Tree::Map(container) = container else { panic!("a container") };
        let mounts = container.get("volumeMounts").unwrap();
        let paths = named(mounts, "mountPath");
        assert_eq!(paths.iter().collect::<BTreeSet<_>>().len(), paths.len(), "{paths:?}");
        for volume in named(mounts, "name") {
            assert!(volumes.contains(&volume), "{volume} in {volumes:?}");
            assert!(
                volume.len() <= 63
                    && volume.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            );
        }
    }
}

#[test]
fn passwords_of_any_syntax_are_in_no_object() {
    let compose = r#"services:
  app:
    image: acme/app:1
    environment:
      ConnectionStrings__Default: "Server=db;User Id=sa;Password=hunter-22;Encrypt=no"
      MIXED: "host=${DB_HOST:-db} password=hunter-33 port=1"
      USERS: "admin:$$2y$$05$$abcdefghijklmnopqrstuv"
    command: ["run", "--requirepass", "hunter-44"]
    volumes: ["./app.xml:/etc/app.xml:ro", "./app.properties:/etc/app.properties:ro"]
  ldap:
    image: acme/ldap:1
    ports: ["389:389"]
    healthcheck:
      test: ldapsearch -x -D cn=admin -w plainword -b dc=example
  db:
    image: acme/mysql:1
    healthcheck:
      test: ["CMD", "mysqladmin", "ping", "-uroot", "-phunter-55"]
"#;
    let files = [
        ("compose.yaml", compose),
        ("app.xml", "<settings><property name=\"connection.password\">hunter-66</property></settings>\n"),
        ("app.properties", "db.user=app\ndb.password=hunter-77\n"),
    ];
    let plan = plan_with(&files, &Options::default());
    let all: Vec<String> = plan.objects().map(|o| map_text(&o.body)).collect();
    let all = all.join("\n");
    for secret in ["hunter-", "plainword", "abcdefghijklmnop"] {
        assert!(!all.contains(secret), "{secret} in {all}");
        assert!(!format!("{:?}", plan.carried).contains(secret), "{secret} in the report");
    }
    assert_eq!(plan.to_fill.len(), 8, "{:#?}", plan.to_fill);
}
