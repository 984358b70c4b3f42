//! A plan made by hand, with all that outputs differ in.

use super::{Image, Map, Object, Plan, Planned, Text, Tree};

/// A project of two services and one that only a profile starts.
pub(super) fn plan() -> Plan {
    let lookup = |name: &str| (name == "TAG").then(|| "1.0".to_owned());
    let text = |raw: &str| Tree::Text(Text::read(raw, &lookup));
    let config = |name: &str, data: Map| Object {
        hashed: true,
        ..Object::new("v1", "ConfigMap", name, Map::new()).with("data", data)
    };
    let odd = super::yaml::tests::ODD.iter().enumerate();
    let data = odd.fold(Map::new(), |map, (n, text)| map.with(format!("K{n}"), *text));
    let data = data
        .with("URL", text("http://${HOST:-web}:${PORT:-80}/{$NONE}"))
        .with("OTHER", text("${HOST:-else}${DEEP:-${HOST}-{{x}}-\"%s\"}"))
        .with("SWITCH", text("${HOST:+on}${TAG:+off}"));
    let deployment = |name: &str, image: Image, config: &str| {
        let container = Map::new()
            .with("name", name)
            .with("image", Tree::Image(image))
            .with(
                "envFrom",
                vec![Tree::Map(
                    Map::new().with("configMapRef", Map::new().with("name", Tree::Config(config.to_owned()))),
                )],
            )
            .because(
                "resources",
                Tree::settable("resources", Map::new().with("limits", Map::new().with("memory", "1Gi"))),
                "it shares the node with others",
            );
        let selector = Map::new().with("app.kubernetes.io/name", name);
        let template = Map::new()
            .with("metadata", Map::new().with("labels", selector.clone()))
            .with("spec", Map::new().with("containers", vec![container]));
        Object::new("apps/v1", "Deployment", name, Map::new().with("labels", selector.clone())).with(
            "spec",
            Map::new()
                .with("replicas", Tree::settable("replicas", 2_i64))
                .with("selector", Map::new().with("matchLabels", selector))
                .with("template", template),
        )
    };
    let image = |repository: &str, tag: Option<&str>| Image {
        repository: Text::read(repository, &lookup),
        tag: tag.map(|tag| Text::read(tag, &lookup)),
        digest: None,
        built: tag.is_some_and(|tag| tag.contains('$')),
    };
    let planned = |name: &str, profiles: &[&str], objects: Vec<Object>| Planned {
        service: name.to_owned(),
        name: name.to_owned(),
        profiles: profiles.iter().map(ToString::to_string).collect(),
        enabled: profiles.is_empty(),
        objects,
    };
    let web = vec![config("web", data), deployment("web", image("ghcr.io/acme/web", Some("${TAG}")), "web")];
    let same = config("same", Map::new().with("A", "1"));
    let other = vec![same, deployment("00-namespace", image("redis", Some("7")), "same")];
    let tools = vec![config("tools", Map::new()), deployment("tools", image("busybox", None), "tools")];
    let namespace = Object::new(
        "v1",
        "Namespace",
        "shop",
        Map::new().with("labels", Map::new().with("pod-security.kubernetes.io/enforce", "restricted")),
    );
    let policy = Object::new("networking.k8s.io/v1", "NetworkPolicy", "default-deny", Map::new())
        .with("spec", Map::new().with("podSelector", Map::new()));
    Plan {
        name: "shop".to_owned(),
        services: vec![
            planned("web", &[], web),
            planned("00-namespace", &[], other),
            planned("tools", &["dev"], tools),
        ],
        shared: vec![namespace, policy],
        to_fill: Vec::new(),
        steps: Vec::new(),
        variables: Vec::new(),
        carried: super::Carried::default(),
        profiles: Vec::new(),
        hidden: Vec::new(),
    }
}
