//! The structs that Helm hands to templates.

use std::rc::Rc;

use crate::error::Failure;
use crate::semver::Version;
use crate::text::{How, Origin, Text};
use crate::value::{Data, Entries, Value, put};

/// A struct of Helm's.
#[derive(Debug)]
pub(crate) enum Object {
    /// `.Chart`: its fields by the names Go gives them.
    Chart(Entries),
    /// `.Files`.
    Files(Rc<Files>),
    /// `.Capabilities`.
    Capabilities(Rc<Capabilities>),
    /// `.Capabilities.APIVersions`.
    ApiVersions(Rc<Capabilities>),
    /// `.Capabilities.KubeVersion`.
    KubeVersion(Rc<Capabilities>),
    /// `.Capabilities.HelmVersion`.
    HelmVersion,
    /// What sprig's `semver` gives.
    Version(Version),
    /// A certificate: its texts are others each time.
    Certificate,
    /// A point in time, in seconds since 1970.
    Time(i64),
}

/// The files of a chart that are no templates, by their path in it.
#[derive(Debug, Default)]
pub(crate) struct Files(pub(crate) Vec<(Rc<str>, Rc<Text>)>);

/// What the cluster can do.
#[derive(Debug)]
pub(crate) struct Capabilities {
    /// The minor version of Kubernetes 1.
    pub(crate) minor: u32,
    /// The patch.
    pub(crate) patch: u32,
    /// `apps/v1` and `apps/v1/Deployment`, sorted.
    pub(crate) api_versions: Vec<Rc<str>>,
}

impl Capabilities {
    /// `v1.34.0`.
    pub(crate) fn version(&self) -> String {
        format!("v1.{}.{}", self.minor, self.patch)
    }
}

impl Object {
    pub(crate) fn kind_name(&self) -> &'static str {
        match self {
            Self::Files(_) => "map",
            Self::ApiVersions(_) => "slice",
            Self::Capabilities(_) | Self::Version(_) => "ptr",
            _ => "struct",
        }
    }

    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Self::Chart(_) => "struct { chart.Metadata; IsRoot bool }",
            Self::Files(_) => "engine.files",
            Self::Capabilities(_) => "*chartutil.Capabilities",
            Self::ApiVersions(_) => "chartutil.VersionSet",
            Self::KubeVersion(_) => "chartutil.KubeVersion",
            Self::HelmVersion => "version.BuildInfo",
            Self::Version(_) => "*semver.Version",
            Self::Certificate => "sprig.certificate",
            Self::Time(_) => "time.Time",
        }
    }

    pub(crate) fn display(&self) -> String {
        match self {
            Self::KubeVersion(capabilities) => capabilities.version(),
            Self::Version(version) => version.to_string(),
            Self::ApiVersions(c) => {
                format!("[{}]", c.api_versions.iter().map(|v| &**v).collect::<Vec<_>>().join(" "))
            }
            Self::Time(seconds) => crate::date::format(*seconds, "2006-01-02 15:04:05 -0700 MST"),
            _ => "{}".to_owned(),
        }
    }

    /// Whether what it says is another thing each time.
    pub(crate) fn is_generated(&self) -> bool {
        matches!(self, Self::Certificate | Self::Time(_))
    }

    /// A field; `None` where there is none of this name.
    pub(crate) fn field(&self, name: &str) -> Option<Value> {
        let int = |n: u64| Value::new(Data::Int64(n as i64));
        Some(match (self, name) {
            (Self::Chart(fields), _) => return fields.get(name).map(|entry| entry.value.clone()),
            (Self::Capabilities(c), "KubeVersion") => Value::object(Self::KubeVersion(Rc::clone(c))),
            (Self::Capabilities(c), "APIVersions") => Value::object(Self::ApiVersions(Rc::clone(c))),
            (Self::Capabilities(_), "HelmVersion") => Value::object(Self::HelmVersion),
            (Self::KubeVersion(c), "Version" | "GitVersion" | "String") => Value::str(c.version()),
            (Self::KubeVersion(_), "Major") => Value::str("1"),
            (Self::KubeVersion(c), "Minor") => Value::str(c.minor.to_string()),
            (Self::HelmVersion, "Version") => Value::str("v3.22.0"),
            (Self::HelmVersion, "GitCommit") => Value::str(""),
            (Self::HelmVersion, "GitTreeState") => Value::str("clean"),
            (Self::HelmVersion, "GoVersion") => Value::str("go1.26"),
            (Self::Version(v), "Major") => int(v.major),
            (Self::Version(v), "Minor") => int(v.minor),
            (Self::Version(v), "Patch") => int(v.patch),
            (Self::Version(v), "Prerelease") => Value::str(v.pre.clone()),
            (Self::Version(v), "Metadata") => Value::str(v.build.clone()),
            (Self::Version(v), "Original" | "String") => Value::str(v.original.clone()),
            (Self::Certificate, "Cert" | "Key") => {
                let text = Text::new("generated when the chart is installed", Origin::GENERATED);
                Value::text(text).with_origin(Origin::GENERATED)
            }
            (Self::Time(seconds), "Unix") => Value::new(Data::Int64(*seconds)).with_origin(Origin::GENERATED),
            (Self::Files(files), _) => files.get(name).map_or(Value::NULL, Value::text),
            _ => return None,
        })
    }

    /// A method called with arguments; `None` where there is none of this name.
    pub(crate) fn call(&self, name: &str, args: &[Value]) -> Option<Result<Value, Failure>> {
        let text = |n: usize| {
            args.get(n).and_then(Value::as_str).ok_or_else(|| Failure::new(format!("{name} wants a string")))
        };
        match (self, name) {
            (Self::Files(files), _) => files.call(name, text(0)),
            (Self::ApiVersions(c), "Has") => {
                Some(text(0).map(|v| Value::bool(c.api_versions.iter().any(|a| **a == *v))))
            }
            (Self::Version(version), "Compare" | "GreaterThan" | "LessThan" | "Equal") => {
                let Some(Value { data: Data::Object(other), .. }) = args.first() else {
                    return Some(Err(Failure::new(format!("{name} wants a version"))));
                };
                let Self::Version(other) = &**other else { return None };
                let order = version.cmp_version(other);
                Some(Ok(match name {
                    "Compare" => Value::new(Data::Int(order as i64)),
                    "GreaterThan" => Value::bool(order.is_gt()),
                    "LessThan" => Value::bool(order.is_lt()),
                    _ => Value::bool(order.is_eq()),
                }))
            }
            (Self::Time(seconds), "Format") => Some(text(0).map(|layout| {
                Value::text(Text::new(crate::date::format(*seconds, layout), Origin::GENERATED))
            })),
            _ => self.field(name).filter(|_| args.is_empty()).map(Ok),
        }
    }

    /// What `toYaml` and `toJson` write of it.
    pub(crate) fn exported(&self) -> Value {
        let mut entries = Entries::new();
        match self {
            Self::Chart(fields) => {
                for (name, entry) in fields {
                    if entry.value.is_true() || name.as_ref() == "IsRoot" {
                        let mut lower = name.to_string();
                        match name.as_ref() {
                            "IsRoot" => {}
                            "APIVersion" => "apiVersion".clone_into(&mut lower),
                            _ => lower[..1].make_ascii_lowercase(),
                        }
                        put(&mut entries, &lower, entry.value.clone());
                    }
                }
            }
            Self::KubeVersion(c) => {
                put(&mut entries, "Version", Value::str(c.version()));
                put(&mut entries, "Major", Value::str("1"));
                put(&mut entries, "Minor", Value::str(c.minor.to_string()));
            }
            Self::Capabilities(c) => {
                put(&mut entries, "KubeVersion", Self::KubeVersion(Rc::clone(c)).exported());
                put(&mut entries, "APIVersions", Self::ApiVersions(Rc::clone(c)).exported());
            }
            Self::ApiVersions(c) => {
                return Value::list(c.api_versions.iter().map(|v| Value::str(&**v)).collect());
            }
            Self::Files(files) => {
                for (path, text) in &files.0 {
                    let encoded = crate::encode::base64(text.as_str());
                    put(&mut entries, path, Value::text(text.remade(encoded)));
                }
            }
            Self::Version(version) => return Value::str(version.to_string()),
            Self::Time(_) => return Value::text(Text::new(self.display(), Origin::GENERATED)),
            Self::HelmVersion | Self::Certificate => {}
        }
        Value::map(entries)
    }
}

impl Files {
    /// The text of a file; `None` where there is none.
    pub(crate) fn get(&self, path: &str) -> Option<Text> {
        self.0.iter().find(|(name, _)| **name == *path).map(|(_, text)| {
            let mut text = (**text).clone();
            if text.origin().how == How::Nowhere {
                text = text.remade(text.as_str());
            }
            text
        })
    }

    fn call(&self, name: &str, path: Result<&str, Failure>) -> Option<Result<Value, Failure>> {
        let base = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
        Some(match name {
            "Get" | "GetBytes" => path.map(|path| Value::text(self.get(path).unwrap_or_default())),
            "Lines" => path.map(|path| {
                let Some(text) = self.get(path) else { return Value::list(Vec::new()) };
                let whole = text.as_str().strip_suffix('\n').unwrap_or(text.as_str());
                Value::list(whole.split('\n').map(|line| Value::text(text.part(line))).collect())
            }),
            "Glob" => path.map(|pattern| {
                let found = self.0.iter().filter(|(path, _)| crate::glob::matches(pattern, path));
                Value::object(Object::Files(Rc::new(Self(found.cloned().collect()))))
            }),
            "AsConfig" | "AsSecrets" => {
                if self.0.is_empty() {
                    return Some(Ok(Value::str("")));
                }
                let mut entries = Entries::new();
                for (path, text) in &self.0 {
                    let text = if name == "AsConfig" {
                        (**text).clone()
                    } else {
                        text.remade(crate::encode::base64(text.as_str()))
                    };
                    put(&mut entries, &base(path), Value::text(text));
                }
                Ok(Value::text(crate::write_yaml::to_yaml(&Value::map(entries))))
            }
            _ => return None,
        })
    }

    /// The paths and texts as Go ranges over them.
    pub(crate) fn items(&self) -> Vec<(Value, Value)> {
        let mut items: Vec<_> = self.0.iter().collect();
        items.sort_by(|a, b| a.0.cmp(&b.0));
        items.into_iter().map(|(path, text)| (Value::str(&**path), Value::text((**text).clone()))).collect()
    }
}
