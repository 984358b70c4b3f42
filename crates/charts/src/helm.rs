//! Renders charts as `helm template` does.

use std::rc::Rc;

use crate::chart::{Chart, File};
use crate::error::Failure;
use crate::exec::{Bounds, Site, State, Templates, define, without_no_value};
use crate::object::{Capabilities, Object};
use crate::read_yaml;
use crate::semver::{Version, matches};
use crate::template::parse;
use crate::text::{FileId, How, Origin, Text};
use crate::value::{Data, Entries, Value, put};
use crate::values;

/// What a chart is rendered with.
#[derive(Clone, Debug)]
pub struct Settings<'t> {
    /// The name of the release.
    pub release: &'t str,
    /// Its namespace.
    pub namespace: &'t str,
    /// The minor version of Kubernetes 1.
    pub kubernetes_minor: u32,
    /// Files of values, the last the loudest.
    pub values: Vec<File<'t>>,
    /// Values in the notation of `--set`, the last the loudest.
    pub set: &'t [String],
    /// How much the chart may ask for.
    pub bounds: Bounds,
}

impl Default for Settings<'_> {
    fn default() -> Self {
        Self {
            release: "release-name",
            namespace: "default",
            kubernetes_minor: 34,
            values: Vec::new(),
            set: &[],
            bounds: Bounds::default(),
        }
    }
}

/// What a template came to.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// The template as Helm calls it: `chart/templates/service.yaml`.
    pub name: String,
    /// Its file, if it is not in a packed chart.
    pub file: Option<FileId>,
    /// The text.
    pub text: Text,
    /// Which of the template's actions wrote what, sorted.
    pub sites: Vec<Site>,
}

/// The API versions that Helm takes a cluster to have where it asks none.
const API_VERSIONS: [&str; 57] = [
    "v1",
    "admissionregistration.k8s.io/v1",
    "admissionregistration.k8s.io/v1alpha1",
    "admissionregistration.k8s.io/v1beta1",
    "internal.apiserver.k8s.io/v1alpha1",
    "apps/v1",
    "apps/v1beta1",
    "apps/v1beta2",
    "authentication.k8s.io/v1",
    "authentication.k8s.io/v1alpha1",
    "authentication.k8s.io/v1beta1",
    "authorization.k8s.io/v1",
    "authorization.k8s.io/v1beta1",
    "autoscaling/v1",
    "autoscaling/v2",
    "batch/v1",
    "batch/v1beta1",
    "certificates.k8s.io/v1",
    "certificates.k8s.io/v1beta1",
    "certificates.k8s.io/v1alpha1",
    "coordination.k8s.io/v1alpha2",
    "coordination.k8s.io/v1beta1",
    "coordination.k8s.io/v1",
    "discovery.k8s.io/v1",
    "discovery.k8s.io/v1beta1",
    "events.k8s.io/v1",
    "events.k8s.io/v1beta1",
    "extensions/v1beta1",
    "flowcontrol.apiserver.k8s.io/v1",
    "flowcontrol.apiserver.k8s.io/v1beta1",
    "flowcontrol.apiserver.k8s.io/v1beta2",
    "flowcontrol.apiserver.k8s.io/v1beta3",
    "lifecycle.k8s.io/v1alpha1",
    "networking.k8s.io/v1",
    "networking.k8s.io/v1beta1",
    "node.k8s.io/v1",
    "node.k8s.io/v1alpha1",
    "node.k8s.io/v1beta1",
    "policy/v1",
    "policy/v1beta1",
    "rbac.authorization.k8s.io/v1",
    "rbac.authorization.k8s.io/v1beta1",
    "rbac.authorization.k8s.io/v1alpha1",
    "resource.k8s.io/v1",
    "resource.k8s.io/v1beta2",
    "resource.k8s.io/v1beta1",
    "resource.k8s.io/v1alpha3",
    "scheduling.k8s.io/v1alpha3",
    "scheduling.k8s.io/v1beta1",
    "scheduling.k8s.io/v1",
    "storage.k8s.io/v1beta1",
    "storage.k8s.io/v1",
    "storage.k8s.io/v1alpha1",
    "storagemigration.k8s.io/v1",
    "storagemigration.k8s.io/v1beta1",
    "apiextensions.k8s.io/v1beta1",
    "apiextensions.k8s.io/v1",
];

/// Renders a chart from its files. Nothing else is read, and nothing fetched.
///
/// # Errors
///
/// Helm would not render it either, or it asks for more than the bounds give.
pub fn render(files: &[File<'_>], settings: &Settings<'_>) -> Result<Vec<Rendered>, Failure> {
    let mut chart = Chart::load(files)?;
    if chart.library {
        return Err(Failure::new("a library chart, which only others use"));
    }
    let minor = settings.kubernetes_minor;
    let version =
        Version { original: format!("v1.{minor}.0"), major: 1, minor: minor.into(), ..Version::default() };
    incompatible(&chart, &version)?;
    missing(&chart)?;
    let mut given = Entries::new();
    for file in &settings.values {
        let text = match file.id {
            Some(id) => Text::of_file(id, file.text),
            None => Text::made(file.text),
        };
        let read = read_yaml::document(&text)
            .map_err(|failure| Failure::new(format!("{}: {}", file.path, failure.message)))?;
        let Some(top) = read.as_map() else {
            if read.is_nil() {
                continue;
            }
            return Err(Failure::new(format!("{}: no mapping", file.path)));
        };
        let top = top.entries.borrow().clone();
        given = values::over(given, &top);
    }
    for text in settings.set {
        values::set(&mut given, text)?;
    }
    values::dependencies(&mut chart, &given)?;
    let values = values::coalesce(&chart, &given, false)?;

    let capabilities = Rc::new(Capabilities {
        minor,
        patch: 0,
        api_versions: API_VERSIONS.iter().map(|v| Rc::from(*v)).collect(),
    });
    let mut release = Entries::new();
    put(&mut release, "Name", Value::str(settings.release));
    put(&mut release, "Namespace", Value::str(settings.namespace));
    put(&mut release, "IsInstall", Value::bool(true));
    put(&mut release, "IsUpgrade", Value::bool(false));
    put(&mut release, "Revision", Value::new(Data::Int(1)));
    put(&mut release, "Service", Value::str("Helm"));
    let around = Around {
        release: Value::map(release),
        capabilities: Value::object(Object::Capabilities(capabilities)),
    };
    let mut pieces = Vec::new();
    collect(&chart, Value::values(values), "", true, &around, &mut pieces);
    // Files that lie deeper come first, so that definitions of the charts above win.
    pieces.sort_by(|a, b| {
        let depth = |piece: &Piece| piece.name.matches('/').count();
        (depth(b), &b.name).cmp(&(depth(a), &a.name))
    });
    let mut templates = Templates::new();
    for piece in &pieces {
        let file: Rc<str> = piece.name.as_str().into();
        let parsed = parse(&piece.text, &file)?;
        for (name, body) in parsed.defined {
            define(&mut templates, &file, name, body);
        }
        define(&mut templates, &file, Rc::clone(&file), parsed.body);
    }
    let mut state = State::new(templates, settings.bounds);
    let mut rendered = Vec::new();
    for piece in pieces {
        let base = piece.name.rsplit('/').next().unwrap_or_default();
        if base.starts_with('_') {
            continue;
        }
        if let Some(map) = piece.data.as_map() {
            let mut template = Entries::new();
            put(&mut template, "Name", Value::str(piece.name.as_str()));
            put(&mut template, "BasePath", Value::str(piece.base_path.as_str()));
            put(&mut map.entries.borrow_mut(), "Template", Value::values(template));
        }
        let (text, sites) = state.render(&piece.name, &piece.data)?;
        if base == "NOTES.txt" {
            continue;
        }
        let (text, sites) = if text.as_str().contains("<no value>") {
            let sites = moved(&sites, text.as_str());
            (without_no_value(text), sites)
        } else {
            (text, sites)
        };
        let (text, sites) = separated(text, sites);
        if !text.as_str().trim().is_empty() {
            rendered.push(Rendered { name: piece.name, file: piece.file, text, sites });
        }
    }
    rendered.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(rendered)
}

/// A line that begins with `---` ends a manifest for Helm, whatever follows; for YAML nothing may follow but white space.
fn separated(text: Text, mut sites: Vec<Site>) -> (Text, Vec<Site>) {
    let whole = text.as_str();
    let joined = |at: &usize| {
        (*at == 0 || whole[..*at].ends_with('\n'))
            && whole[at + 3..].chars().next().is_some_and(|c| !c.is_whitespace())
    };
    let places: Vec<usize> =
        whole.match_indices("---").map(|(at, _)| at).filter(joined).map(|at| at + 3).collect();
    if places.is_empty() {
        return (text, sites);
    }
    for site in &mut sites {
        site.start += places.partition_point(|at| *at <= site.start as usize) as u32;
    }
    let mut out = Text::default();
    let mut at = 0;
    for place in places {
        out.push_range(&text, at..place);
        out.push_made("\n");
        at = place;
    }
    out.push_range(&text, at..text.len());
    (out, sites)
}

/// Sites after what Go prints for no value is taken out.
fn moved(sites: &[Site], text: &str) -> Vec<Site> {
    let gone: Vec<usize> = text.match_indices("<no value>").map(|(at, _)| at).collect();
    let width = "<no value>".len() as u32;
    sites
        .iter()
        .map(|site| {
            let before = gone.partition_point(|at| *at < site.start as usize) as u32;
            Site { start: site.start.saturating_sub(before * width), ..*site }
        })
        .collect()
}

struct Around {
    release: Value,
    capabilities: Value,
}

/// A template of the chart or of one in it, with what it sees.
struct Piece {
    name: String,
    base_path: String,
    file: Option<FileId>,
    text: Rc<Text>,
    data: Value,
}

fn collect(
    chart: &Chart,
    values: Value,
    parent: &str,
    root: bool,
    around: &Around,
    pieces: &mut Vec<Piece>,
) -> Value {
    let path = if root { chart.name.clone() } else { format!("{parent}/charts/{}", chart.name) };
    let mut fields = chart.fields.clone();
    put(&mut fields, "IsRoot", Value::bool(root));
    let mut data = Entries::new();
    put(&mut data, "Chart", Value::object(Object::Chart(fields)));
    put(&mut data, "Files", Value::object(Object::Files(Rc::clone(&chart.files))));
    put(&mut data, "Release", around.release.clone());
    put(&mut data, "Capabilities", around.capabilities.clone());
    put(&mut data, "Values", values.clone());
    let data = Value::map(data);
    let mut below = Entries::new();
    for child in &chart.charts {
        let own = values.get(&child.name).filter(|v| v.as_map().is_some());
        let own = own.unwrap_or_else(|| Value::values(Entries::new()));
        let child_data = collect(child, own, &path, false, around, pieces);
        put(&mut below, &child.name, child_data);
    }
    if let Some(map) = data.as_map() {
        put(&mut map.entries.borrow_mut(), "Subcharts", Value::map(below));
    }
    for template in &chart.templates {
        let base = template.path.rsplit('/').next().unwrap_or_default();
        if chart.library && !base.starts_with('_') {
            continue;
        }
        pieces.push(Piece {
            name: format!("{path}/{}", template.path),
            base_path: format!("{path}/templates"),
            file: template.id,
            text: Rc::clone(&template.text),
            data: data.clone(),
        });
    }
    data
}

fn incompatible(chart: &Chart, version: &Version) -> Result<(), Failure> {
    if !chart.kube_version.is_empty() && !matches(&chart.kube_version, version).unwrap_or(false) {
        return Err(Failure::new(format!(
            "the chart requires kubeVersion {}, which is not {}",
            chart.kube_version, version.original
        )));
    }
    Ok(())
}

/// Refuses a chart whose dependencies are not all there: nothing is fetched.
fn missing(chart: &Chart) -> Result<(), Failure> {
    let missing: Vec<&str> = chart
        .requirements
        .iter()
        .filter(|r| !chart.charts.iter().any(|child| child.name == r.name))
        .map(|r| r.name.as_str())
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "Chart.yaml asks for {}, which charts/ does not hold; `helm dependency build` fetches what is missing",
        missing.join(", ")
    )))
}

/// Where a part of what was rendered comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// What to point at: bytes of a template, or of a file of values; and the action that put them there, where that is elsewhere.
    At(Origin, Option<Origin>),
    /// It is another text each time.
    Generated,
    /// No file that is known.
    Unknown,
}

impl Rendered {
    /// Where a range of the text comes from. With `own` the template is named rather than the value that it shows: what is
    /// called so is wrong, not what it is called.
    pub fn cause(&self, range: std::ops::Range<usize>, own: bool) -> Cause {
        let whole = self.text.as_str();
        let range = if range.is_empty() { range.start.saturating_sub(1)..range.end.max(1) } else { range };
        let mut places: Vec<(std::ops::Range<usize>, Origin)> = Vec::new();
        for (piece, origin) in self.text.within(range.clone()) {
            let blank = whole[piece.clone()]
                .chars()
                .all(|c| c.is_whitespace() || matches!(c, '"' | '\'' | '-' | '|'));
            match origin.how {
                How::Generated => return Cause::Generated,
                How::Nowhere => {}
                // Quotes and white space around a value.
                _ if blank && piece.len() < range.len() => {}
                _ => places.push((piece, origin)),
            }
        }
        let here = self.site(range.start);
        let Some(((_, first), rest)) = places.split_first() else {
            return here.map_or(Cause::Unknown, |origin| Cause::At(origin, None));
        };
        let is_own = |origin: &Origin| Some(origin.file) == self.file;
        let one_file = rest.iter().all(|(_, o)| o.file == first.file);
        let in_order = places.windows(2).all(|w| w[0].1.end <= w[1].1.start);
        // Of values whole entries are copied, though not byte for byte.
        let copied = places.iter().all(|(_, o)| o.how == How::Verbatim) || !is_own(first);
        if one_file && (rest.is_empty() || copied && in_order) {
            let all = rest.iter().fold(*first, |all, (_, o)| Origin { end: o.end.max(all.end), ..all });
            return match here {
                Some(here) if own && !is_own(&all) => Cause::At(here, None),
                here => Cause::At(all, here.filter(|here| here.file != all.file)),
            };
        }
        // Of several makings: what of the template stands there, from the first to the last.
        let mut all: Option<Origin> = None;
        for (piece, origin) in &places {
            let place = if is_own(origin) { Some(*origin) } else { self.site(piece.start) };
            let Some(place) = place else { continue };
            all = Some(all.map_or(place, |all| Origin {
                start: all.start.min(place.start),
                end: all.end.max(place.end),
                ..all
            }));
        }
        let value = places.iter().map(|(_, o)| *o).find(|o| !is_own(o));
        all.map_or(Cause::At(*first, None), |all| Cause::At(all, value))
    }

    /// The bytes of a file that a range stands in as they are.
    pub fn verbatim(&self, range: std::ops::Range<usize>) -> Option<Origin> {
        if range.is_empty() {
            // Between two bytes that stand beside each other.
            let at = range.start;
            let before = self.verbatim(at.checked_sub(1)?..at)?;
            let after = self.verbatim(at..at + 1);
            let goes_on = after.is_none_or(|after| after.file == before.file && after.start == before.end);
            let ends = at == self.text.len() || self.text.as_str().as_bytes().get(at - 1) == Some(&b'\n');
            return (after.is_some() && goes_on || ends).then_some(Origin { start: before.end, ..before });
        }
        let mut pieces = self.text.within(range.clone());
        let (piece, origin) = pieces.next()?;
        (piece == range && origin.how == How::Verbatim).then_some(origin)
    }

    /// The action that wrote what stands at an offset.
    fn site(&self, offset: usize) -> Option<Origin> {
        let at = self.sites.partition_point(|site| site.start as usize <= offset).checked_sub(1)?;
        let site = self.sites.get(at)?.origin;
        (site.is_place() && Some(site.file) == self.file).then_some(site)
    }
}
