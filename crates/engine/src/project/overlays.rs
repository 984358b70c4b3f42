//! Kustomize overlays: what each that no other takes in comes to.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use rayon::prelude::*;
use seaworthy_charts::kustomize::{self, Built};
use seaworthy_charts::{Failure, FileId};

use super::Project;
use super::kubernetes::is_kustomization;
use seaworthy_syntax::yaml::Node;

use crate::parse::{Files, Parse, normalise};

/// How many overlays are built.
const MOST: usize = 1000;

/// An overlay that no other takes in, so that somebody may apply it.
#[derive(Debug)]
pub struct Overlay {
    /// Its directory.
    pub directory: Utf8PathBuf,
    /// The files that it takes in, as far as they are known without building it.
    pub takes: BTreeSet<Utf8PathBuf>,
    /// What it comes to, or why that is not known.
    pub outcome: Result<Built, Failure>,
}

/// The files that overlays need besides the sources: patches that are no objects of their own.
pub(super) fn wanted(parses: &[Parse], files: &Files) -> Vec<Utf8PathBuf> {
    let known: BTreeSet<&Utf8Path> = parses.iter().map(|p| p.source.path.as_path()).collect();
    let mut wanted = Vec::new();
    for parse in parses.iter().filter(|p| is_kustomization(&p.source.path)) {
        let (Some(yaml), Some(directory)) = (parse.yaml(), parse.source.path.parent()) else { continue };
        let Some(root) = yaml.documents().flatten().next() else { continue };
        let keys = ["resources", "patchesStrategicMerge", "patchesJson6902", "patches", "replacements"];
        for item in keys.iter().filter_map(|key| root.get(key)).flat_map(Node::items) {
            let Some(entry) = item.scalar().or_else(|| item.get("path")?.scalar()) else { continue };
            let path = normalise(&directory.join(&*entry));
            let is_text = path.extension().is_some_and(|e| matches!(e, "yaml" | "yml" | "json"));
            if is_text && !entry.contains('\n') && !known.contains(path.as_path()) && files.is_file(&path) {
                wanted.push(path);
            }
        }
    }
    wanted
}

impl Project {
    /// The overlays that no other takes in, built when somebody first asks.
    pub fn overlays(&self) -> &[Overlay] {
        self.overlays.get_or_init(|| self.build_overlays())
    }

    fn build_overlays(&self) -> Vec<Overlay> {
        let taken: BTreeSet<&Utf8Path> =
            self.kustomizations.iter().flat_map(|k| k.resources.iter().map(|r| r.value.as_path())).collect();
        let takes = super::kubernetes::files_of(&self.kustomizations);
        let roots: Vec<_> = self
            .kustomizations
            .iter()
            .zip(takes)
            .filter(|(k, _)| !k.component && !taken.contains(k.directory.as_path()))
            .collect();
        if roots.is_empty() {
            return Vec::new();
        }
        let texts = Texts::of(self);
        let build = |(at, (root, takes)): (usize, (&super::Kustomization, BTreeSet<&Utf8Path>))| {
            let outcome = if at < MOST {
                kustomize::build(&texts, root.directory.as_str())
            } else {
                Err(Failure::bounded(format!("there are more than {MOST} overlays")))
            };
            let takes = takes.into_iter().map(Utf8Path::to_owned).collect();
            Overlay { directory: root.directory.clone(), takes, outcome }
        };
        roots.into_par_iter().enumerate().map(build).collect()
    }
}

/// The texts of a project by their paths.
struct Texts<'p> {
    by_path: BTreeMap<&'p str, (&'p str, FileId)>,
    files: &'p Files,
}

impl<'p> Texts<'p> {
    fn of(project: &'p Project) -> Self {
        let sources = project.parses().iter();
        let texts = sources.map(|p| (p.source.path.as_str(), (&*p.source.text, FileId(p.id.0))));
        Self { by_path: texts.collect(), files: &project.files }
    }
}

impl kustomize::Files for Texts<'_> {
    fn text(&self, path: &str) -> Option<(&str, Option<FileId>)> {
        if let Some((text, id)) = self.by_path.get(path) {
            return Some((text, Some(*id)));
        }
        Some((self.files.text(Utf8Path::new(path))?, None))
    }

    /// What a generator puts in decides nothing but the end of a name. It is often a secret, and often not there.
    fn content(&self, path: &str) -> Option<(&str, Option<FileId>)> {
        self.text(path).or(Some(("", None)))
    }

    fn is_directory(&self, path: &str) -> bool {
        let below = format!("{path}/");
        self.by_path.range(&*below..).next().is_some_and(|(found, _)| found.starts_with(&below))
    }
}
