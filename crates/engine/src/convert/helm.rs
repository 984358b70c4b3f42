//! A Helm chart: templates that come to the manifests where nobody sets a value, and the values that may be set.
//!
//! The Namespace is left out: a release is installed into one, which Helm cannot make part of it.

mod expression;
mod values;

use camino::Utf8PathBuf;
use minijinja::context;
use seaworthy_syntax::Source;

use self::expression::{Variables, quoted};
use self::values::Values;
use super::manifests::{self, source};
use super::node::{self, Node, Place, Settle, Settled, WORDLESS, fields};
use super::text::Text;
use super::tree::{Image, Tree};
use super::yaml::Style;
use super::{Object, Plan, Planned};
use crate::template;

/// The files of a chart.
pub(super) fn files(plan: &Plan, explain: bool) -> Vec<Source> {
    let style = Style { explain, template: true };
    let mut chart =
        Chart { name: &plan.name, variables: Variables::of(plan), values: Values::default(), service: None };
    let mut templates = Vec::new();
    let shared = manifests::shared(plan, ["namespace", "network", "storage", "shared"]);
    for (name, objects) in shared {
        let objects: Vec<&Object> = objects.into_iter().filter(|o| o.kind != "Namespace").collect();
        if !objects.is_empty() {
            let (contents, body) = chart.template(&objects, style);
            templates.push((name, format!("{contents}{body}")));
        }
    }
    for service in &plan.services {
        if !service.objects.is_empty() {
            templates.push((service.name.clone(), chart.service(service, style)));
        }
    }
    let mut files = vec![
        source("Chart.yaml", text(include_str!("helm/Chart.yaml"), plan)),
        source(
            ".helmignore",
            "# What belongs to the folder, not to the chart.\n.seaworthy.sha256\n".to_owned(),
        ),
        source("values.yaml", chart.values.yaml(plan, &chart.variables)),
        source("values.schema.json", chart.values.schema(&chart.variables)),
        source("templates/_helpers.tpl", text(include_str!("helm/helpers.tpl"), plan)),
        source("templates/NOTES.txt", text(include_str!("helm/NOTES.txt"), plan)),
    ];
    let path = |name: &str| Utf8PathBuf::from(format!("templates/{name}.yaml"));
    files.extend(templates.into_iter().map(|(name, text)| source(path(&name), text)));
    files
}

/// A file made from a template of ours.
fn text(template: &str, plan: &Plan) -> String {
    let mut objects: Vec<&str> = plan.to_fill.iter().map(|key| key.object.as_str()).collect();
    objects.sort_unstable();
    objects.dedup();
    let to_make = objects.into_iter().map(|object| {
        let keys = || plan.to_fill.iter().filter(move |key| key.object == object);
        let words = keys().map(|key| {
            context! { name => key.key, purpose => template_text(&key.purpose), optional => key.optional }
        });
        context! {
            name => object,
            kind => if keys().any(|key| key.secret) { "secret generic" } else { "configmap" },
            keys => words.collect::<Vec<_>>(),
        }
    });
    let namespace = plan.shared.iter().find(|object| object.kind == "Namespace");
    let labels = namespace.and_then(|object| match object.metadata.get("labels") {
        Some(Tree::Map(labels)) => Some(labels.entries.iter().filter_map(|entry| match &entry.value {
            Tree::Text(value) if entry.key.starts_with("pod-security") => {
                Some(format!("{}={value}", entry.key))
            }
            _ => None,
        })),
        _ => None,
    });
    let values = context! {
        name => plan.name,
        to_make => to_make.collect::<Vec<_>>(),
        labels => labels.into_iter().flatten().collect::<Vec<_>>(),
        steps => plan.steps.iter().map(|step| context! {
            what => template_text(&step.what),
            command => step.command.replace(&format!("--namespace {}", plan.name), "--namespace {{ .Release.Namespace }}"),
        }).collect::<Vec<_>>(),
        hosts => hosts(plan).iter().map(|host| template_text(host)).collect::<Vec<_>>(),
        wordless => WORDLESS.iter().map(|(from, to)| vec![from.to_string(), to.to_string()]).collect::<Vec<_>>(),
    };
    template::render(template, values).unwrap_or_default()
}

/// A text that stands as it is in a template.
fn template_text(text: &str) -> String {
    text.replace("{{", "{{ \"{{\" }}")
}

/// The hosts of Ingresses.
fn hosts(plan: &Plan) -> Vec<String> {
    let running = plan.services.iter().filter(|service| service.enabled);
    let objects = plan.shared.iter().chain(running.flat_map(|service| &service.objects));
    let mut hosts = Vec::new();
    for object in objects.filter(|object| object.kind == "Ingress") {
        let body = node::fields(&object.body, &Place::default(), &mut Settled::default());
        let body = Node::Map(body);
        let rules = match body.get("spec").and_then(|spec| spec.get("rules")) {
            Some(Node::List(rules)) => rules.as_slice(),
            _ => &[],
        };
        hosts.extend(rules.iter().filter_map(|rule| rule.get("host")?.as_str()).map(str::to_owned));
    }
    hosts.sort();
    hosts.dedup();
    hosts
}

/// A chart while it is made.
struct Chart<'p> {
    name: &'p str,
    variables: Variables,
    values: Values,
    /// The service whose objects are written, by its name in the chart's values.
    service: Option<&'p str>,
}

impl<'p> Chart<'p> {
    fn service(&mut self, service: &'p Planned, style: Style) -> String {
        self.values.add(service);
        self.service = Some(&service.name);
        let objects: Vec<&Object> = service.objects.iter().collect();
        let (contents, body) = self.template(&objects, style);
        self.service = None;
        format!(
            "{contents}{{{{- $service := index .Values.services {} }}}}\n\
             {{{{- if $service.enabled -}}}}\n{body}{{{{ end }}}}\n",
            quoted(&service.name)
        )
    }

    /// Objects as a template, and the contents of their ConfigMaps as templates of their own.
    fn template(&mut self, objects: &[&Object], style: Style) -> (String, String) {
        let mut contents = String::new();
        let mut documents = Vec::new();
        for object in objects {
            let namespace = Node::Scalar(".Release.Namespace".to_owned());
            if !object.hashed {
                documents.push(style.document(&node::object(object, Some(namespace), self)));
                continue;
            }
            let name = self.content_name(&object.name);
            let at = Place { kind: object.kind, object: object.name.clone(), item: None };
            let body = style.document(&Node::Map(fields(&object.body, &at, self)));
            contents.push_str(&format!("{{{{- define {name} -}}}}\n{body}{{{{ end }}}}\n"));
            let head = Object { body: super::Map::new(), ..(*object).clone() };
            let head = style.document(&node::object(&head, Some(namespace), self));
            documents.push(format!("{head}{{{{ include {name} . -}}}}\n"));
        }
        (contents, documents.join("---\n"))
    }

    fn content_name(&self, config: &str) -> String {
        quoted(&format!("{}.config.{config}", self.name))
    }

    /// The name of a value, under which it is new or says the same at first.
    fn path(&mut self, key: &str, at: &Place, first: &Node) -> Vec<String> {
        let list = |name: &str| match name {
            "containers" | "initContainers" => "containers",
            _ => "volumes",
        };
        let near = match &at.item {
            Some((of, name)) if self.service != Some(name) || list(of) == "volumes" => {
                vec![list(of).to_owned(), name.clone()]
            }
            None if at.kind == "PersistentVolumeClaim" => vec!["volumes".to_owned(), at.object.clone()],
            _ => Vec::new(),
        };
        let key = key.to_owned();
        let path = |near: &[String]| near.iter().cloned().chain([key.clone()]).collect::<Vec<_>>();
        let candidates = [path(&near), path(&[at.kind.to_owned(), at.object.clone()])];
        let free =
            |path: &&Vec<String>| self.values.get(self.service, path).is_none_or(|value| value == first);
        candidates.iter().find(free).unwrap_or(&candidates[0]).clone()
    }

    /// The expression of a value.
    fn value(&self, path: &[String]) -> String {
        let start = if self.service.is_some() { "$service" } else { ".Values.shared" };
        path.iter().fold(start.to_owned(), |so_far, key| {
            if is_identifier(key) {
                format!("{so_far}.{key}")
            } else {
                format!("(index {so_far} {})", quoted(key))
            }
        })
    }
}

impl Settle for Chart<'_> {
    fn text(&mut self, text: &Text) -> Node {
        if !text.has_variables() {
            return Node::Text(text.to_string());
        }
        Node::Scalar(format!("{} | quote", self.variables.expression(text)))
    }

    fn settable(&mut self, key: &'static str, first: &Tree, at: &Place) -> Node {
        let settled = node::node(first, at, &mut Settled::default());
        let path = self.path(key, at, &settled);
        let value = self.value(&path);
        let node = match (&settled, first) {
            (Node::Int(_), _) => Node::Scalar(format!("{value} | int64")),
            (Node::List(_) | Node::Map(_), _) => Node::Collection(value),
            (Node::Text(_), Tree::Text(text)) if text.has_variables() => {
                let otherwise = self.variables.expression(text);
                self.values.set(self.service, &path, Node::from(""));
                return Node::Scalar(format!("{value} | default {otherwise} | quote"));
            }
            (Node::Text(_), _) => Node::Scalar(format!("{value} | quote")),
            _ => Node::Scalar(value),
        };
        self.values.set(self.service, &path, settled);
        node
    }

    fn image(&mut self, image: &Image, at: &Place) -> Node {
        let of = |text: &Text| if text.has_variables() { String::new() } else { text.to_string() };
        let settled = Node::Map(vec![
            node::field("repository", of(&image.repository)),
            node::field("tag", image.tag.as_ref().map(of).unwrap_or_default()),
            node::field("digest", image.digest.clone().unwrap_or_default()),
        ]);
        let path = self.path("image", at, &settled);
        let value = self.value(&path);
        self.values.set(self.service, &path, settled);
        let variable = |text: Option<&Text>| {
            text.filter(|text| text.has_variables()).map(|text| self.variables.expression(text))
        };
        let helper = quoted(&format!("{}.image", self.name));
        let (mut repository, tag) = (variable(Some(&image.repository)), variable(image.tag.as_ref()));
        if image.repository.to_string().is_empty() {
            let names: Vec<&str> = image.repository.variables().iter().map(|v| v.name.as_str()).collect();
            let message = quoted(&format!("{}: it names the image of {}", names.join(" or "), at.object));
            repository = Some(format!("(required {message} {})", repository.unwrap_or_else(|| quoted(""))));
        }
        if repository.is_none() && tag.is_none() {
            return Node::Scalar(format!("include {helper} {value} | quote"));
        }
        let part = |key: &str, otherwise: Option<String>| match otherwise {
            Some(otherwise) => format!("\"{key}\" ({value}.{key} | default {otherwise})"),
            None => format!("\"{key}\" {value}.{key}"),
        };
        let (repository, tag) = (part("repository", repository), part("tag", tag));
        Node::Scalar(format!("include {helper} (dict {repository} {tag} \"digest\" {value}.digest) | quote"))
    }

    fn config(&mut self, name: &str) -> Node {
        let (helper, content) = (quoted(&format!("{}.hashed", self.name)), self.content_name(name));
        Node::Scalar(format!(
            "include {helper} (dict \"name\" {} \"content\" (include {content} .))",
            quoted(name)
        ))
    }
}

/// Whether templates take a key behind a point.
fn is_identifier(key: &str) -> bool {
    !key.is_empty()
        && !key.starts_with(|c: char| c.is_ascii_digit())
        && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::super::tests::plan;
    use super::*;

    /// The whole chart of the plan made by hand.
    #[test]
    fn a_chart_of_odd_values() {
        let made: String =
            files(&plan(), true).iter().map(|f| format!("==> {}\n{}", f.path, f.text)).collect();
        assert_eq!(include_str!("helm/tests.txt"), made);
    }
}
