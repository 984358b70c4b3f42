//! Who reaches whom in what Compose projects become.

use std::collections::BTreeMap;

use crate::plans::{get, map_text, objects, plan, plan_with, row, text};
use seaworthy_engine::convert::{Object, Options, Plan, Platform, Tree};

/// The Services, each with its ports: `web 80->http/TCP`.
fn services(plan: &Plan) -> Vec<String> {
    let of = |object: &&Object| {
        let Some(Tree::List(ports)) = get(object, &["spec", "ports"]) else {
            return format!("{} headless", object.name);
        };
        let ports: Vec<String> = ports
            .iter()
            .map(|port| {
                let Tree::Map(port) = port else { panic!("a port") };
                let of = |key: &str| port.get(key).map(text).unwrap_or_default();
                format!("{}->{}/{}", of("port"), of("targetPort"), of("protocol"))
            })
            .collect();
        format!("{} {}", object.name, ports.join(" "))
    };
    objects(plan, "Service").iter().map(of).collect()
}

/// The names under which something is reached from outside.
fn hosts(plan: &Plan) -> Vec<String> {
    let mut hosts = Vec::new();
    for object in objects(plan, "Ingress") {
        let Some(Tree::List(rules)) = get(object, &["spec", "rules"]) else { panic!("rules") };
        for rule in rules {
            let Tree::Map(rule) = rule else { panic!("a rule") };
            hosts.push(format!("{} {}", object.name, rule.get("host").map(text).unwrap_or_default()));
        }
    }
    hosts
}

/// Who is let to call whom, by the policies of callers and of the called; both have to say so.
fn edges(plan: &Plan) -> Vec<String> {
    let mut ways: BTreeMap<String, u8> = BTreeMap::new();
    for object in objects(plan, "NetworkPolicy") {
        for (direction, peers, bit) in [("egress", "to", 1), ("ingress", "from", 2)] {
            let Some(Tree::List(rules)) = get(object, &["spec", direction]) else { continue };
            for rule in rules {
                let Tree::Map(rule) = rule else { panic!("a rule") };
                let Some(Tree::List(list)) = rule.get(peers) else { continue };
                let ports = match rule.get("ports") {
                    Some(Tree::List(ports)) => {
                        let number = |port: &Tree| match port {
                            Tree::Map(port) => port.get("port").map(text).unwrap_or_default(),
                            _ => String::new(),
                        };
                        ports.iter().map(number).collect::<Vec<_>>().join(",")
                    }
                    _ => "*".to_owned(),
                };
                for peer in list {
                    let Tree::Map(peer) = peer else { panic!("a peer") };
                    if peer.get("namespaceSelector").is_some() || peer.get("ipBlock").is_some() {
                        continue;
                    }
                    let Some(Tree::Map(selector)) = peer.get("podSelector") else { continue };
                    let Some(Tree::Map(labels)) = selector.get("matchLabels") else { continue };
                    let name = labels.get("app.kubernetes.io/name").map(text).unwrap_or_default();
                    let way = if bit == 1 {
                        format!("{}->{name}:{ports}", object.name)
                    } else {
                        format!("{name}->{}:{ports}", object.name)
                    };
                    *ways.entry(way).or_default() |= bit;
                }
            }
        }
    }
    for (way, bits) in &ways {
        assert_eq!(*bits, 3, "{way} is let through on one side alone");
    }
    ways.into_keys().collect()
}

#[test]
fn services_have_the_ports_that_peers_call() {
    for (what, compose, expected) in [
        (
            "the container's port, not the host's",
            "services: {web: {image: acme/web, ports: ['8080:80']}}",
            vec!["web 80->http/TCP"],
        ),
        (
            "ranges, and protocols by themselves",
            "services: {dns: {image: acme/dns, ports: ['53:53/udp', '53:53', '7000-7001:7000-7001']}}",
            vec!["dns 53->dns/UDP 53->tcp-53/TCP 7000->http/TCP 7001->http-7001/TCP"],
        ),
        (
            "what is exposed, and what variables come to",
            "services: {web: {image: acme/web, expose: ['3000'], ports: ['${P:-81}:${Q:-8081}']}}",
            vec!["web 8081->http/TCP 3000->http-3000/TCP"],
        ),
        (
            "what the image is known to listen on",
            "services: {db: {image: 'postgres:16'}}",
            vec!["db 5432->postgresql/TCP", "db-pods 5432->postgresql/TCP"],
        ),
        (
            "what others call",
            "services: {a: {image: acme/a, environment: {B: 'http://b:9000'}}, b: {image: acme/b}}",
            vec!["b 9000->http/TCP"],
        ),
        (
            "the image's own protocol beside what is published",
            "services: {app: {image: acme/a, environment: {RABBITMQ_HOST: mq}}, mq: {image: 'rabbitmq:4-management', ports: ['15672:15672']}}",
            vec!["mq 15672->http/TCP 5672->amqp/TCP", "mq-pods 15672->http/TCP 5672->amqp/TCP"],
        ),
        (
            "a name without a port that is known",
            "services: {a: {image: acme/a, depends_on: [b]}, b: {image: acme/b}}",
            vec!["b headless"],
        ),
        ("nobody calls it", "services: {worker: {image: acme/worker}}", vec![]),
        (
            "names that peers call, aliases, links",
            "services:\n  a: {image: acme/a, links: ['b:data'], environment: {X: 'http://b-1:80', Y: 'http://other:80'}}\n  b: {image: acme/b, container_name: b-1, hostname: unused, expose: [80], networks: {default: {aliases: [other]}}}",
            vec!["b 80->http/TCP", "other 80->http/TCP", "b-1 80->http/TCP", "data 80->http/TCP"],
        ),
        (
            "hosts of ports are not called",
            "services: {a: {image: acme/a, environment: {DB: 'postgres://db:5433/x'}}, db: {image: 'postgres:16', ports: ['5433:5432']}}",
            vec!["db 5432->postgresql/TCP", "db-pods 5432->postgresql/TCP"],
        ),
        (
            "one by one",
            "services: {a: {image: acme/a, expose: [80], deploy: {endpoint_mode: dnsrr}}}",
            vec!["a 80->http/TCP"],
        ),
        (
            "who runs in the pod of another is called by its name",
            "services: {vpn: {image: acme/vpn, ports: ['8080:8080']}, app: {image: acme/app, network_mode: 'service:vpn', expose: [9000]}}",
            vec!["vpn 8080->http/TCP 9000->http-9000/TCP"],
        ),
        (
            "outside by a Service of its own, on the port of the host",
            "services: {mc: {image: acme/mc, ports: ['25570:25565'], x-seaworthy: {publish: load-balancer}}}",
            vec!["mc 25565->minecraft/TCP", "mc-public 25570->minecraft/TCP"],
        ),
    ] {
        assert_eq!(services(&plan(compose)), expected, "{what}");
    }
}

#[test]
fn ports_are_named_as_kubernetes_wants_it() {
    let compose = "services:\n  a:\n    image: acme/a\n    ports:\n      - {target: 80, name: a-very-long-name-of-a-port}\n      - {target: 81, name: a-very-long-name-of-another}\n      - {target: 82, name: '_'}\n      - 8443:8443\n      - 443:443\n      - 5432:5432\n      - 5432:5432/udp\n";
    let plan = plan(compose);
    let list = services(&plan).join(" ");
    let names: Vec<&str> =
        list.split(' ').filter_map(|port| port.split_once("->")?.1.split('/').next()).collect();
    assert_eq!(names.len(), 7);
    for (at, name) in names.iter().enumerate() {
        assert!(name.len() <= 15 && !names[..at].contains(name), "{names:?}");
        assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'), "{name}");
        assert!(!name.starts_with('-') && !name.ends_with('-') && !name.contains("--"), "{name}");
        assert!(name.bytes().any(|b| b.is_ascii_lowercase()), "{name}");
    }
}

#[test]
fn what_is_published_by_http_has_a_route() {
    for (what, compose, expected) in [
        ("alone", "services: {web: {image: acme/web, ports: ['80:80']}}", vec!["web app.example"]),
        (
            "several",
            "services: {web: {image: acme/web, ports: ['80:80']}, api: {image: acme/api, ports: ['81:8000', '82:8001']}}",
            vec!["web web.app.example", "api api.app.example", "api api-8001.app.example"],
        ),
        (
            "to the host alone",
            "services: {web: {image: acme/web, ports: ['127.0.0.1:80:80', '[::1]:80:80']}}",
            vec![],
        ),
        ("no HTTP", "services: {db: {image: 'postgres:16', ports: ['5432:5432']}}", vec![]),
        ("programs ask it", "services: {s: {image: 'qdrant/qdrant', ports: ['6333:6333']}}", vec![]),
        (
            "a debugger",
            "services: {web: {image: acme/web, ports: ['80:80', '9229:9229']}}",
            vec!["web app.example"],
        ),
        (
            "encryption ends at the Ingress",
            "services: {web: {image: acme/web, ports: ['80:80', '443:443']}}",
            vec!["web app.example"],
        ),
        (
            "a proxy leads to it",
            "services:\n  proxy: {image: nginx, ports: ['80:80'], depends_on: [api]}\n  api: {image: acme/api, ports: ['8000:8000']}",
            vec!["proxy app.example"],
        ),
        (
            "a profile starts it",
            "services: {web: {image: acme/web, ports: ['80:80']}, adminer: {image: adminer, ports: ['8080:8080'], profiles: [tools]}}",
            vec!["web app.example"],
        ),
        (
            "internal networks alone",
            "services: {web: {image: acme/web, ports: ['80:80'], networks: [inside]}}\nnetworks: {inside: {internal: true}}",
            vec![],
        ),
        (
            "labels of Traefik",
            "services: {web: {image: acme/web, expose: [80], labels: ['traefik.http.routers.web.rule=Host(`a.example.com`) || Host(`b.example.com`)', 'traefik.http.services.web.loadbalancer.server.port=80']}}",
            vec!["web a.example.com", "web b.example.com"],
        ),
        (
            "a host by a variable",
            "services: {web: {image: acme/web, expose: [80], labels: {traefik.http.routers.web.rule: 'Host(`${DOMAIN:-shop.example.com}`)'}}}",
            vec!["web shop.example.com"],
        ),
        (
            "told",
            "services: {web: {image: acme/web, expose: [80], x-seaworthy: {host: shop.example.com}}, api: {image: acme/api, ports: ['81:81'], x-seaworthy: {publish: none}}}",
            vec!["web shop.example.com"],
        ),
        (
            "a controller takes the proxy's place",
            "services: {proxy: {image: traefik, ports: ['80:80'], volumes: ['/var/run/docker.sock:/var/run/docker.sock']}}",
            vec![],
        ),
    ] {
        assert_eq!(hosts(&plan(compose)), expected, "{what}");
    }
    let options = Options { domain: Some("shop.example.org".to_owned()), ..Options::default() };
    let plan =
        plan_with(&[("compose.yaml", "services: {web: {image: acme/web, ports: ['80:80']}}")], &options);
    assert_eq!(hosts(&plan), ["web shop.example.org"]);
}

#[test]
fn policies_let_through_what_is_called() {
    for (what, compose, expected) in [
        (
            "variables, on the port that they name",
            "services: {a: {image: acme/a, environment: {B: 'http://b:81'}}, b: {image: acme/b, expose: [81, 82]}}",
            vec!["a->b:81"],
        ),
        (
            "who may call is no call",
            "services: {a: {image: acme/a, environment: {CORS_ORIGINS: 'http://b:81'}}, b: {image: acme/b, expose: [81]}}",
            vec![],
        ),
        (
            "who is waited for",
            "services: {a: {image: acme/a, depends_on: [b]}, b: {image: acme/b, expose: [81]}}",
            vec!["a->b:81"],
        ),
        (
            "not who has ended",
            "services: {a: {image: acme/a, depends_on: {b: {condition: service_completed_successfully}}}, b: {image: acme/b, expose: [81]}}",
            vec![],
        ),
        (
            "not who shares no network",
            "services: {a: {image: acme/a, networks: [x], environment: {B: 'http://b:81'}}, b: {image: acme/b, expose: [81], networks: [y]}}\nnetworks: {x: {}, y: {}}",
            vec![],
        ),
        (
            "an address that a network of the project gives",
            "services: {a: {image: acme/a, networks: [x], environment: {B: 'http://10.5.0.7:81'}}, b: {image: acme/b, expose: [81, 82], networks: {x: {ipv4_address: 10.5.0.7}}}}\nnetworks: {x: {}}",
            vec!["a->b:81"],
        ),
        (
            "what x-seaworthy names",
            "services: {a: {image: acme/a, x-seaworthy: {calls: ['b:81']}}, b: {image: acme/b, expose: [81, 82]}}",
            vec!["a->b:81"],
        ),
        (
            "settings that are written in a config",
            "services: {a: {image: acme/a, configs: [c]}, b: {image: acme/b, expose: [81]}}\nconfigs: {c: {content: 'proxy_pass http://b:81;'}}",
            vec!["a->b:81"],
        ),
    ] {
        assert_eq!(edges(&plan(compose)), expected, "{what}");
    }
}

#[test]
fn settings_and_code_show_calls() {
    let compose = "services:\n  proxy: {image: nginx, ports: ['80:80'], volumes: ['./nginx.conf:/etc/nginx/conf.d/default.conf:ro']}\n  api: {build: api}\n  my-store: {image: acme/store, expose: [9000]}";
    let plan = plan_with(
        &[
            ("compose.yaml", compose),
            ("nginx.conf", "server { listen 80; location / { proxy_pass http://api:8000; } }"),
            (
                "api/Dockerfile",
                "FROM python:3.13\nCOPY main.py /app/main.py\nEXPOSE 8000\nCMD [\"python\", \"/app/main.py\"]\n",
            ),
            ("api/main.py", "STORE = \"my-store\"\n"),
        ],
        &Options::default(),
    );
    assert_eq!(edges(&plan), ["api->my-store:9000", "proxy->api:8000"]);
}

#[test]
fn pods_are_closed_but_for_dns() {
    let plan = plan(
        "services: {a: {image: acme/a}, b: {image: acme/b, network_mode: none}, c: {image: acme/c, networks: [x], environment: {P: 'http://192.168.7.9:81'}}}\nnetworks: {x: {internal: true}}",
    );
    let of = |name: &str| {
        let policies = objects(&plan, "NetworkPolicy");
        policies.into_iter().find(|o| o.name == name).map(|o| map_text(&o.body))
    };
    assert_eq!(of("default-deny").unwrap(), "{spec: {podSelector: {}, policyTypes: [Ingress, Egress]}}");
    let dns = of("allow-dns").unwrap();
    assert!(dns.contains("kubernetes.io/metadata.name: kube-system"), "{dns}");
    assert!(dns.contains("{port: 53, protocol: UDP}, {port: 53, protocol: TCP}"), "{dns}");
    let internet = of("a").unwrap();
    assert!(internet.contains("cidr: 0.0.0.0/0, except: [10.0.0.0/8"), "{internet}");
    assert_eq!(of("b"), None);
    let inside = of("c").unwrap();
    assert!(inside.contains("cidr: 192.168.7.9/32") && !inside.contains("0.0.0.0/0"), "{inside}");
}

#[test]
fn the_ingress_controller_is_let_in() {
    let files = [("compose.yaml", "services: {web: {image: acme/web, ports: ['80:80']}}")];
    for (platform, expected) in [
        (
            Platform::K3s,
            "{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}, podSelector: {matchLabels: {app.kubernetes.io/name: traefik}}}",
        ),
        (
            Platform::Kubernetes,
            "key: kubernetes.io/metadata.name, operator: In, values: [ingress-nginx, traefik]",
        ),
    ] {
        let plan = plan_with(&files, &Options { platform, ..Options::default() });
        let policy = objects(&plan, "NetworkPolicy").into_iter().find(|o| o.name == "web").unwrap();
        let policy = map_text(&policy.body);
        assert!(policy.contains(expected), "{policy}");
    }
}

#[test]
fn every_attribute_of_networks_is_told_of() {
    let plan = plan(
        "services:\n  a:\n    image: acme/a\n    hostname: host.example.com\n    container_name: A_1\n    dns: [1.1.1.1, x]\n    dns_search: [example.com, .]\n    dns_opt: ['ndots:2']\n    extra_hosts: ['host.docker.internal:host-gateway', 'db:10.0.0.7']\n    mac_address: 02:42:ac:11:65:43\n    external_links: [x]\n    networks: {n: {ipv4_address: 10.0.0.8, priority: 1}}\n  b: {image: acme/b, network_mode: host}\nnetworks: {n: {driver: overlay, ipam: {config: [{subnet: 10.0.0.0/24}]}, external: false, x-seaworthy: {namespace: other}}}",
    );
    for (key, fate) in [
        ("services.a.hostname", "approximated"),
        ("services.a.container_name", "approximated"),
        ("services.a.dns[0]", "approximated"),
        ("services.a.dns[1]", "refused"),
        ("services.a.dns_search[0]", "mapped"),
        ("services.a.dns_search[1]", "refused"),
        ("services.a.dns_opt[0]", "mapped"),
        ("services.a.extra_hosts[0]", "mapped"),
        ("services.a.extra_hosts[1]", "refused"),
        ("services.a.mac_address", "refused"),
        ("services.a.external_links", "refused"),
        ("services.a.networks.n", "mapped"),
        ("services.a.networks.n.ipv4_address", "refused"),
        ("services.a.networks.n.priority", "refused"),
        ("services.b.network_mode", "refused"),
        ("networks.n", "mapped"),
        ("networks.n.driver", "approximated"),
        ("networks.n.ipam", "refused"),
    ] {
        assert_eq!(row(&plan, key).0, fate, "{key}: {}", row(&plan, key).1);
    }
    let workload = map_text(&objects(&plan, "Deployment")[0].body);
    for part in [
        "hostname: host",
        "dnsConfig: {nameservers: [1.1.1.1], searches: [example.com], options: [{name: ndots, value: 2}]}",
        "hostAliases: [{ip: 10.0.0.7, hostnames: [db]}]",
    ] {
        assert!(workload.contains(part), "{part} in {workload}");
    }
}

#[test]
fn what_a_developer_starts_is_left_to_the_image() {
    let compose = "services:\n  web:\n    build: .\n    entrypoint: nodemon --inspect=0.0.0.0 server.js\n    \
                   ports: ['80:3000', '127.0.0.1:9229:9229']\n";
    let dockerfile = "FROM node:22\nCOPY . /app\nEXPOSE 3000\nCMD [\"node\", \"/app/server.js\"]\n";
    let plan = plan_with(&[("compose.yaml", compose), ("Dockerfile", dockerfile)], &Options::default());
    assert_eq!(row(&plan, "services.web.entrypoint").0, "approximated");
    assert_eq!(row(&plan, "services.web.ports[1]").0, "refused");
    let deployment = text(get(objects(&plan, "Deployment")[0], &["spec"]).unwrap());
    assert!(!deployment.contains("nodemon") && !deployment.contains("9229"), "{deployment}");
}

#[test]
fn hosts_beside_variables_without_a_value_are_called() {
    let compose = "services:\n  web:\n    image: acme/web:1\n    environment:\n      \
                   DATABASE_URL: postgres://app:${DB_PASSWORD}@db:5432/app\n  db:\n    image: postgres:16\n";
    let plan = plan(compose);
    let policies: Vec<String> =
        objects(&plan, "NetworkPolicy").into_iter().map(|o| text(get(o, &["spec"]).unwrap())).collect();
    assert!(
        policies.iter().any(|p| p.contains("ingress") && p.contains("app.kubernetes.io/name: web")),
        "{policies:?}"
    );
}
