//! What services get from those they extend.

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use seaworthy_syntax::Span;

use super::{Found, Frame, Loader, MAX_CHAIN, Run, Tree, relative};
use crate::project::Origin;
use crate::project::compose::build::{Path, Resets, build, reset};
use crate::project::compose::canonical::{self, Base};
use crate::project::compose::item::{Item, Map, Value};
use crate::project::compose::merge::{merge_maps, unique};
use crate::project::compose::problem::ProblemKind;

impl Loader<'_> {
    pub(super) fn extends(
        &mut self,
        file: &mut Map,
        resets: &Resets,
        path: &Utf8Path,
        frame: &Frame<'_>,
        run: &mut Run<'_>,
    ) {
        let Some(Value::Map(services)) = file.get_mut("services").map(|item| &mut item.value) else { return };
        let names: Vec<String> = services
            .iter()
            .filter(|(_, service)| service.as_map().is_some_and(|map| map.contains_key("extends")))
            .map(|(name, _)| name.clone())
            .collect();
        for name in names {
            if let Some(merged) = self.extend(&name, services, resets, path, frame, &mut Vec::new(), run) {
                services.insert(name, merged);
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "what a chain of extends carries along")]
    pub(super) fn extend(
        &mut self,
        name: &str,
        services: &mut Map,
        resets: &Resets,
        path: &Utf8Path,
        frame: &Frame<'_>,
        chain: &mut Vec<(Utf8PathBuf, String)>,
        run: &mut Run<'_>,
    ) -> Option<Item> {
        let service = services.get(name)?.clone();
        let Some(extends) = service.as_map().and_then(|map| map.get("extends")) else {
            return Some(service).filter(|s| !s.is_null());
        };
        let span = extends.span().unwrap_or(run.at);
        let (reference, file) = match &extends.value {
            Value::Str(reference) => (reference.clone(), None),
            Value::Map(map) => {
                if let Some(reference) = map.get("service").and_then(Item::as_str) {
                    (reference.to_owned(), extends.get("file").filter(|file| file.as_str().is_some()))
                } else {
                    run.say(ProblemKind::MissingKey, span, "extends needs a service".to_owned());
                    return Some(service);
                }
            }
            _ => return Some(service),
        };
        let step = (path.to_owned(), name.to_owned());
        if chain.contains(&step) || chain.len() >= MAX_CHAIN {
            run.say(ProblemKind::Cycle, span, format!("{name} extends itself by way of {reference}"));
            return Some(service);
        }
        chain.push(step);
        let base = if let Some(file) = file {
            let at = file.span().unwrap_or(span);
            let extended = self.extended_file(file.as_str().unwrap_or_default(), at, frame, run)?;
            if !extended.services.contains_key(&reference) {
                let message = format!("cannot extend {reference}: {} has no such service", extended.path);
                run.say(ProblemKind::Undefined, span, message);
                chain.pop();
                return Some(service);
            }
            let mut services = extended.services.clone();
            self.extend(&reference, &mut services, &extended.resets, &extended.path, frame, chain, run)
        } else if services.contains_key(&reference) {
            let merged = self.extend(&reference, services, resets, path, frame, chain, run);
            if let Some(merged) = &merged {
                services.insert(reference.clone(), merged.clone());
            }
            merged
        } else {
            run.say(
                ProblemKind::Undefined,
                span,
                format!("cannot extend {reference}: there is no such service in {path}"),
            );
            None
        };
        chain.pop();
        let Some(Value::Map(mut base)) = base.map(|mut base| {
            mark_extended(&mut base);
            base.value
        }) else {
            return Some(service);
        };
        reset(&mut base, &["services", name], resets);
        let mut merged = service;
        let Value::Map(own) = std::mem::take(&mut merged.value) else { return None };
        let services = Path::ROOT.key("services");
        merge_maps(&mut base, own, &services.key("x"), &mut run.problems);
        base.remove("extends");
        merged.value = Value::Map(base);
        Some(merged)
    }

    /// The services of a file that is extended, in their long forms.
    pub(super) fn extended_file(
        &mut self,
        name: &str,
        at: Span,
        frame: &Frame<'_>,
        run: &mut Run<'_>,
    ) -> Option<Arc<Extended>> {
        let path = frame.locate(name);
        if let Some(extended) = run.extended_files.get(&(frame.id, path.clone())) {
            return extended.clone();
        }
        let tree = match self.tree(&path) {
            Found::Here(tree) => Some(tree),
            Found::Missing => {
                run.say(ProblemKind::MissingFile, at, format!("there is no file {path}"));
                None
            }
            Found::Outside => {
                let message = format!("{path} lies outside of the repository and is not read");
                run.say(ProblemKind::OutsideFile, at, message);
                run.incomplete = true;
                None
            }
            Found::Unasked => {
                run.incomplete = true;
                None
            }
        };
        let extended = tree.map(|tree| {
            if let Tree::Source(id, _) = tree {
                run.extended.insert(id);
            }
            let via = tree.via(Some(at), run);
            let mut map = Map::new();
            let mut resets = Resets::new();
            for root in tree.yaml().documents().flatten() {
                let built = build(root, frame.env, via, &mut run.problems);
                let Value::Map(file) = built.root.value else { continue };
                reset(&mut map, &[], &built.resets);
                merge_maps(&mut map, file, &Path::ROOT, &mut run.problems);
                unique(&mut map, &Path::ROOT, &mut run.problems);
                canonical::canonical(&mut map, &mut run.problems);
                unique(&mut map, &Path::ROOT, &mut run.problems);
                resets = built.resets;
            }
            let directory = relative(frame.directory, path.parent().unwrap_or(Utf8Path::new("")));
            let base = Base { directory: &directory, home: run.home };
            canonical::resolve_paths(&mut map, &base, &mut run.problems);
            let services = match map.remove("services").map(|item| item.value) {
                Some(Value::Map(services)) => services,
                _ => Map::new(),
            };
            Arc::new(Extended { path: path.clone(), services, resets })
        });
        run.extended_files.insert((frame.id, path), extended.clone());
        extended
    }
}

/// A file that is extended.
#[derive(Debug)]
pub(super) struct Extended {
    path: Utf8PathBuf,
    services: Map,
    resets: Resets,
}

fn mark_extended(item: &mut Item) {
    item.origin = Origin::Extends;
    match &mut item.value {
        Value::List(list) => list.iter_mut().for_each(mark_extended),
        Value::Map(map) => map.values_mut().for_each(mark_extended),
        _ => {}
    }
}
