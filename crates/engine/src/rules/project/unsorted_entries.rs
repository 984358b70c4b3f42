use seaworthy_syntax::yaml::Node;
use seaworthy_syntax::yaml::edit;

use crate::project::Project;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "unsorted-entries",
    summary: "a Compose file whose entries are in no order",
    since: "0.1.0",
    docs: include_str!("unsorted_entries.md"),
    aliases: &[
        "services-alphabetical-order",
        "service-dependencies-alphabetical-order",
        "service-ports-alphabetical-order",
        "service-keys-order",
        "top-level-properties-order",
    ],
    category: Category::Style,
    severity: Severity::Low,
    default: false,
    fix: FixKind::Sometimes,
    check: Check::Project(check),
};

const SERVICES: [&str; 1] = ["services-alphabetical-order"];
const DEPENDENCIES: [&str; 1] = ["service-dependencies-alphabetical-order"];
const PORTS: [&str; 1] = ["service-ports-alphabetical-order"];
const KEYS: [&str; 1] = ["service-keys-order"];
const TOP: [&str; 1] = ["top-level-properties-order"];

/// From what a file is to what it uses.
const TOP_ORDER: [&str; 8] =
    ["version", "name", "include", "services", "networks", "volumes", "secrets", "configs"];
/// From what a service is, over what it needs, to how it runs.
const KEY_ORDER: [&str; 41] = [
    "image",
    "build",
    "container_name",
    "depends_on",
    "volumes",
    "volumes_from",
    "configs",
    "secrets",
    "environment",
    "env_file",
    "ports",
    "networks",
    "network_mode",
    "extra_hosts",
    "command",
    "entrypoint",
    "working_dir",
    "restart",
    "healthcheck",
    "logging",
    "labels",
    "user",
    "isolation",
    "deploy",
    "expose",
    "dns",
    "dns_search",
    "hostname",
    "domainname",
    "links",
    "external_links",
    "privileged",
    "read_only",
    "stdin_open",
    "tty",
    "cap_add",
    "cap_drop",
    "security_opt",
    "tmpfs",
    "sysctls",
    "ulimits",
];

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for source in project.compositions.iter().flat_map(|c| c.files.iter().chain(&c.used)) {
        let Some(yaml) = project.parse(*source).and_then(|parse| parse.yaml()) else { continue };
        for root in yaml.documents().flatten().filter(|root| root.get("services").is_some()) {
            keys(root, &TOP_ORDER, "the file", &TOP, ctx);
            let Some(services) = root.get("services") else { continue };
            let names = services.entries().map(|e| (e.key, text(e.key))).collect();
            sorted(names, "services", &SERVICES, ctx);
            for service in services.entries().map(|e| e.value) {
                keys(service, &KEY_ORDER, "the service", &KEYS, ctx);
                let items = |key| -> Vec<(Node<'_>, String)> {
                    let list = service.get(key).into_iter();
                    let listed = list.clone().flat_map(Node::items).map(|item| (item, text(item)));
                    listed.chain(list.flat_map(Node::entries).map(|e| (e.key, text(e.key)))).collect()
                };
                sorted(items("depends_on"), "dependencies", &DEPENDENCIES, ctx);
                let mut ports = items("ports");
                ports.iter_mut().for_each(|(_, text)| *text = by_number(text));
                sorted(ports, "ports", &PORTS, ctx);
            }
        }
    }
}

/// A port as it is sorted by: its numbers of one length, and the address of the host left out.
fn by_number(port: &str) -> String {
    let port = match port.rsplitn(3, ':').collect::<Vec<_>>()[..] {
        [target, published, address] if address.contains('.') => format!("{published}:{target}"),
        _ => port.to_owned(),
    };
    let mut key = String::new();
    let mut digits = String::new();
    for c in port.chars().chain(std::iter::once('\0')) {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        if !digits.is_empty() {
            key += &format!("{digits:0>6}");
            digits.clear();
        }
        key.push(c);
    }
    key
}

fn text(node: Node<'_>) -> String {
    node.scalar().unwrap_or_default().into_owned()
}

/// Reports the first of some texts that stands behind one it belongs before.
fn sorted(found: Vec<(Node<'_>, String)>, what: &str, ids: &'static [&'static str], ctx: &mut Ctx<'_>) {
    let late = found.windows(2).find(|pair| pair[0].1 > pair[1].1);
    if let Some([(before, _), (node, _)]) = late {
        let message =
            format!("`{}` stands behind `{}`: the {what} are in no order", text(*node), text(*before));
        let mut order: Vec<usize> = (0..found.len()).collect();
        order.sort_by(|a, b| found[*a].1.cmp(&found[*b].1));
        let parent = before.parent();
        let edits = || parent.and_then(|parent| edit::reorder(parent, &order).ok()).map(|edit| vec![edit]);
        ctx.report(node.span(), message).ids(ids).fix(Safety::Safe, format!("Sort the {what}"), edits);
    }
}

/// Reports the first key of a mapping that stands behind one it belongs before; keys of no order stand last.
fn keys(map: Node<'_>, order: &[&str], what: &str, ids: &'static [&'static str], ctx: &mut Ctx<'_>) {
    let rank = |node: Node<'_>| {
        let key = text(node);
        let own = key.starts_with("x-") && what == "the file";
        order.iter().position(|k| *k == key).map_or(if own { 0 } else { order.len() + 1 }, |at| at + 1)
    };
    let ranks: Vec<(Node<'_>, usize)> = map.entries().map(|e| (e.key, rank(e.key))).collect();
    let late = ranks.windows(2).find(|pair| pair[0].1 > pair[1].1);
    if let Some([(before, _), (node, _)]) = late {
        let message = format!("`{}` belongs before `{}` in {what}", text(*node), text(*before));
        let mut wanted: Vec<usize> = (0..ranks.len()).collect();
        wanted.sort_by_key(|at| ranks[*at].1);
        let edits = || edit::reorder(map, &wanted).ok().map(|edit| vec![edit]);
        ctx.report(node.span(), message).ids(ids).fix(Safety::Safe, format!("Put {what} in order"), edits);
    }
}
