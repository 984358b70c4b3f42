//! A chart as Helm loads it.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::error::Failure;
use crate::object::Files;
use crate::semver::{Version, matches};
use crate::text::{FileId, Text};
use crate::value::{Data, Entries, Value, put};
use crate::{archive, read_yaml};

/// How deep charts may lie in each other.
const DEPTH: u32 = 16;

/// A file of a chart.
#[derive(Clone, Debug)]
pub struct File<'t> {
    /// Its path in the chart, with `/`.
    pub path: &'t str,
    /// The number that origins name it by; `None` for a file that nobody can be sent to.
    pub id: Option<FileId>,
    /// Its text.
    pub text: &'t str,
}

/// A chart and those that lie in it.
#[derive(Clone, Debug)]
pub(crate) struct Chart {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) kube_version: String,
    pub(crate) library: bool,
    /// The fields of `.Chart`.
    pub(crate) fields: Entries,
    pub(crate) values: Value,
    pub(crate) templates: Vec<Source>,
    pub(crate) files: Rc<Files>,
    pub(crate) requirements: Vec<Requirement>,
    pub(crate) charts: Vec<Chart>,
}

/// A template's source.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// Its path in the chart.
    pub(crate) path: String,
    pub(crate) id: Option<FileId>,
    pub(crate) text: Rc<Text>,
}

/// A chart that another asks for.
#[derive(Clone, Debug)]
pub(crate) struct Requirement {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) alias: String,
    pub(crate) condition: String,
    pub(crate) tags: Vec<String>,
    pub(crate) import_values: Vec<Value>,
}

impl Requirement {
    /// The name by which the parent calls it.
    pub(crate) fn called(&self) -> &str {
        if self.alias.is_empty() { &self.name } else { &self.alias }
    }

    pub(crate) fn is(&self, chart: &Chart) -> bool {
        self.name == chart.name && self.takes(&chart.version)
    }

    fn takes(&self, version: &str) -> bool {
        match Version::parse(version) {
            Some(version) => matches(&self.version, &version).unwrap_or(false),
            None => false,
        }
    }
}

/// A file while a chart is put together.
struct Loose {
    path: String,
    id: Option<FileId>,
    text: Rc<Text>,
}

impl Chart {
    /// Loads a chart from its files.
    pub(crate) fn load(files: &[File<'_>]) -> Result<Self, Failure> {
        let loose = files.iter().map(|file| Loose {
            path: file.path.to_owned(),
            id: file.id,
            text: Rc::new(match file.id {
                Some(id) => Text::of_file(id, file.text),
                None => Text::made(file.text),
            }),
        });
        Self::assemble(loose.collect(), DEPTH)
    }

    fn assemble(files: Vec<Loose>, depth: u32) -> Result<Self, Failure> {
        if depth == 0 {
            return Err(Failure::bounded("charts lie too deep in each other"));
        }
        let ignored = files
            .iter()
            .find(|file| file.path == ".helmignore")
            .map(|file| Ignore::read(file.text.as_str()))
            .unwrap_or_default();
        let mut metadata = None;
        let mut requirements_file = None;
        let mut values = Value::map(Entries::new());
        let mut templates = Vec::new();
        let mut others = Vec::new();
        let mut nested: BTreeMap<String, Vec<Loose>> = BTreeMap::new();
        let mut packed = Vec::new();
        for file in files {
            if ignored.has(&file.path) {
                continue;
            }
            let about = |failure: Failure| Failure::new(format!("{}: {}", file.path, failure.message));
            match file.path.as_str() {
                "Chart.yaml" => metadata = Some(read_yaml::document(&file.text).map_err(about)?),
                "values.yaml" => {
                    let read = read_yaml::document(&file.text).map_err(about)?;
                    if read.as_map().is_some() {
                        values = read;
                    } else if !read.is_nil() {
                        return Err(Failure::new("cannot load values.yaml: it is no mapping"));
                    }
                }
                "Chart.lock" | "values.schema.json" => {}
                "requirements.yaml" => {
                    requirements_file = Some(read_yaml::document(&file.text).map_err(about)?);
                    others.push((Rc::from(file.path.as_str()), file.text));
                }
                path => {
                    if path.starts_with("templates/") {
                        templates.push(Source { path: file.path, id: file.id, text: file.text });
                    } else if let Some(rest) = path.strip_prefix("charts/") {
                        if rest.starts_with(['_', '.']) {
                            continue;
                        }
                        match rest.split_once('/') {
                            Some((name, inner)) => nested.entry(name.to_owned()).or_default().push(Loose {
                                path: inner.to_owned(),
                                id: file.id,
                                text: Rc::clone(&file.text),
                            }),
                            None if rest.ends_with(".tgz") => packed.push(file.text),
                            None => {}
                        }
                    } else {
                        others.push((Rc::from(path), file.text));
                    }
                }
            }
        }
        let Some(metadata) = metadata else { return Err(Failure::new("Chart.yaml file is missing")) };
        let mut chart = Self::of_metadata(&metadata)?;
        let declared = metadata
            .get("dependencies")
            .filter(|d| !d.is_nil())
            .or_else(|| requirements_file.as_ref().and_then(|file| file.get("dependencies")));
        for item in declared.as_ref().and_then(Value::as_list).into_iter().flat_map(|items| items.iter()) {
            chart.requirements.push(requirement(item));
        }
        chart.values = values;
        chart.templates = templates;
        chart.files = Rc::new(Files(others));
        for (_, files) in nested {
            if files.iter().any(|f| f.path == "Chart.yaml") {
                chart.charts.push(Self::assemble(files, depth - 1)?);
            } else {
                return Err(Failure::new("a folder in charts/ has no Chart.yaml"));
            }
        }
        for archive in packed {
            let bytes = seaworthy_syntax::bytes_of(archive.as_str())
                .unwrap_or_else(|| archive.as_str().as_bytes().to_vec());
            let files = archive::unpack(&bytes)?.into_iter().map(|(path, bytes)| Loose {
                path,
                id: None,
                text: Rc::new(Text::made(String::from_utf8_lossy(&bytes))),
            });
            chart.charts.push(Self::assemble(files.collect(), depth - 1)?);
        }
        chart.charts.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(chart)
    }

    fn of_metadata(metadata: &Value) -> Result<Self, Failure> {
        let mut fields = Entries::new();
        let mut text = |key: &str, field: &str| {
            let value = metadata.get(key).unwrap_or(Value::NIL);
            let read = match &value.data {
                Data::Str(text) => text.as_str().to_owned(),
                Data::Nil | Data::Null => String::new(),
                _ => {
                    return Err(Failure::new(format!(
                        "Chart.yaml: {key} is a {}, and has to be a string; put it in quotes",
                        value.kind_name()
                    )));
                }
            };
            put(&mut fields, field, Value::text(Text::made(read.as_str())));
            Ok(read)
        };
        let name = text("name", "Name")?;
        let version = text("version", "Version")?;
        let kube_version = text("kubeVersion", "KubeVersion")?;
        let kind = text("type", "Type")?;
        let api_version = text("apiVersion", "APIVersion")?;
        for (key, field) in [
            ("home", "Home"),
            ("description", "Description"),
            ("icon", "Icon"),
            ("condition", "Condition"),
            ("tags", "Tags"),
            ("appVersion", "AppVersion"),
        ] {
            text(key, field)?;
        }
        if name.is_empty() || name.contains(['/', '\\']) {
            return Err(Failure::new("Chart.yaml: chart.metadata.name is required"));
        }
        if api_version.is_empty() {
            put(&mut fields, "APIVersion", Value::str("v1"));
        }
        if Version::parse(&version).is_none() {
            return Err(Failure::new(format!("Chart.yaml: chart.metadata.version {version:?} is invalid")));
        }
        let plain = |key: &str| metadata.get(key).filter(|v| !v.is_nil());
        put(&mut fields, "Deprecated", plain("deprecated").unwrap_or(Value::bool(false)));
        for (key, field) in [("sources", "Sources"), ("keywords", "Keywords")] {
            put(&mut fields, field, plain(key).unwrap_or_else(|| Value::list(Vec::new())));
        }
        let structs = |key: &str, names: &[(&str, &str)]| {
            let list = plain(key);
            let items = list.as_ref().and_then(Value::as_list).into_iter().flat_map(|items| items.iter());
            Value::list(
                items
                    .map(|item| {
                        let mut entries = Entries::new();
                        for (key, field) in names {
                            put(&mut entries, field, item.get(key).unwrap_or_else(|| Value::str("")));
                        }
                        Value::map(entries)
                    })
                    .collect(),
            )
        };
        put(
            &mut fields,
            "Maintainers",
            structs("maintainers", &[("name", "Name"), ("email", "Email"), ("url", "URL")]),
        );
        let dependency = [
            ("name", "Name"),
            ("version", "Version"),
            ("repository", "Repository"),
            ("condition", "Condition"),
            ("alias", "Alias"),
            ("enabled", "Enabled"),
        ];
        put(&mut fields, "Dependencies", structs("dependencies", &dependency));
        let annotations = plain("annotations").unwrap_or_else(|| Value::map(Entries::new()));
        let strings = annotations.as_map().map(|map| map.entries.borrow().clone()).unwrap_or_default();
        put(&mut fields, "Annotations", Value::strings(strings));
        Ok(Self {
            name,
            version,
            kube_version,
            library: kind.eq_ignore_ascii_case("library"),
            fields,
            values: Value::map(Entries::new()),
            templates: Vec::new(),
            files: Rc::default(),
            requirements: Vec::new(),
            charts: Vec::new(),
        })
    }

    /// The same chart by another name.
    pub(crate) fn called(&self, name: &str) -> Self {
        let mut chart = self.clone();
        name.clone_into(&mut chart.name);
        put(&mut chart.fields, "Name", Value::str(name));
        chart
    }
}

fn requirement(item: &Value) -> Requirement {
    let text = |key: &str| item.get(key).map(|v| v.display().as_str().to_owned()).unwrap_or_default();
    let list =
        |key: &str| item.get(key).and_then(|v| v.as_list().map(|items| items.to_vec())).unwrap_or_default();
    let or_empty = |text: String| if text == "<nil>" { String::new() } else { text };
    Requirement {
        name: or_empty(text("name")),
        version: or_empty(text("version")),
        alias: or_empty(text("alias")),
        condition: or_empty(text("condition")),
        tags: list("tags").iter().filter_map(|tag| tag.as_str().map(str::to_owned)).collect(),
        import_values: list("import-values"),
    }
}

/// What a `.helmignore` leaves out.
#[derive(Default)]
struct Ignore {
    rules: Vec<(bool, bool, bool, String)>,
}

impl Ignore {
    fn read(text: &str) -> Self {
        let mut rules = Vec::new();
        for line in text.lines().map(str::trim) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (negated, line) = line.strip_prefix('!').map_or((false, line), |rest| (true, rest));
            let (directory, line) = line.strip_suffix('/').map_or((false, line), |rest| (true, rest));
            let rooted = line.contains('/');
            rules.push((negated, directory, rooted, line.trim_start_matches('/').to_owned()));
        }
        Self { rules }
    }

    fn has(&self, path: &str) -> bool {
        let mut ends: Vec<usize> = path.match_indices('/').map(|(at, _)| at).collect();
        ends.push(path.len());
        // A folder that is left out takes along what is in it.
        ends.into_iter().any(|end| {
            let (part, is_directory) = (&path[..end], end < path.len());
            if matches!(part, "Chart.yaml" | "values.yaml" | "templates" | "charts") {
                return false;
            }
            let name = part.rsplit('/').next().unwrap_or(part);
            self.rules.iter().any(|(negated, directory, rooted, pattern)| {
                if *directory && !is_directory {
                    return false;
                }
                let matched = crate::glob::matches(pattern, if *rooted { part } else { name });
                matched != *negated && !(*negated)
            })
        })
    }
}
