//! Variables and labels from files.

use std::collections::HashMap;

use super::{Found, Loader, Run};
use crate::project::compose::dotenv;
use crate::project::compose::interpolate::{Environment, Known};
use crate::project::compose::item::{Item, Map, Value};
use crate::project::compose::problem::ProblemKind;

impl Loader<'_> {
    /// Gives each service the variables of its `env_file`s and the labels of its `label_file`s.
    pub(super) fn environments(
        &mut self,
        model: &mut Item,
        env: &Environment,
        looked_at: &dyn Fn(&Item) -> bool,
        run: &mut Run<'_>,
    ) {
        let Some(services) =
            model.as_map_mut().and_then(|m| m.get_mut("services")).and_then(Item::as_map_mut)
        else {
            return;
        };
        for service in services.values_mut().filter(|service| looked_at(service)).filter_map(Item::as_map_mut)
        {
            if let Some(args) = service
                .get_mut("build")
                .and_then(Item::as_map_mut)
                .and_then(|build| build.get_mut("args"))
                .and_then(Item::as_map_mut)
            {
                resolve(args, env);
            }
            let mut own = match service.remove("environment") {
                Some(mut item) => {
                    if let Some(map) = item.as_map_mut() {
                        resolve(map, env);
                    }
                    item
                }
                None => Item::default(),
            };
            self.env_files(service, &mut own, env, run);
            if !own.is_null() {
                service.insert("environment".to_owned(), own);
            }
            self.label_files(service, run);
        }
    }

    pub(super) fn env_files(&mut self, service: &Map, own: &mut Item, env: &Environment, run: &mut Run<'_>) {
        let Some(files) = service.get("env_file") else { return };
        let known = |item: &Item| {
            item.as_str().map(|text| Known { text: text.to_owned(), unknown: item.is_unknown() })
        };
        let written: HashMap<String, Known> = own
            .as_map()
            .into_iter()
            .flatten()
            .filter_map(|(name, item)| Some((name.clone(), known(item)?)))
            .collect();
        let mut variables = written.clone();
        let mut from: HashMap<String, Item> = HashMap::new();
        for entry in files.items() {
            let Some(path) = entry.get("path") else { continue };
            let at = path.span().unwrap_or(run.at);
            let Some(text) = path.as_str().filter(|_| !path.is_unknown()) else { continue };
            if let Some(format) = entry.get("format").and_then(Item::as_str)
                && format != ".env"
            {
                run.say(ProblemKind::InvalidValue, at, format!("unsupported env_file format {format:?}"));
                continue;
            }
            let label = Run::label(text);
            match self.text(&label) {
                Found::Here(text) => {
                    let read = dotenv::read(&text, variables.clone(), &|name| {
                        env.get(name).or_else(|| written.get(name))
                    });
                    for (name, value) in &read.variables {
                        if variables.get(name) != Some(value) {
                            from.insert(name.clone(), path.clone());
                        }
                    }
                    variables = read.variables;
                    if let Some(error) = read.error {
                        run.say(ProblemKind::InvalidEnvFile, at, format!("{label}: {error}"));
                    }
                }
                Found::Missing => {
                    if entry.get("required").and_then(Item::as_bool) != Some(false) {
                        run.say(ProblemKind::MissingFile, at, format!("there is no env file {label}"));
                    }
                }
                Found::Outside => {
                    let message = format!("{label} lies outside of the repository and is not read");
                    run.say(ProblemKind::OutsideFile, at, message);
                }
                Found::Unasked => {}
            }
        }
        if variables.is_empty() {
            return;
        }
        if own.is_null() {
            own.value = Value::Map(Map::new());
        }
        let Some(own) = own.as_map_mut() else { return };
        own.fill(variables.into_iter().map(|(name, value)| {
            let mut item = from.get(&name).map_or_else(Item::default, |path| path.with(Value::Null));
            item.unknown = if value.unknown { vec![0] } else { Vec::new() };
            item.value = Value::Str(value.text);
            (name, item)
        }));
    }

    pub(super) fn label_files(&mut self, service: &mut Map, run: &mut Run<'_>) {
        let Some(files) = service.get("label_file").cloned() else { return };
        let mut labels: HashMap<String, Known> = HashMap::new();
        for file in files.items() {
            let (Some(text), Some(at)) = (file.as_str(), file.span()) else { continue };
            let label = Run::label(text);
            match self.text(&label) {
                Found::Here(text) => {
                    let read = dotenv::read(&text, HashMap::new(), &|name| labels.get(name));
                    labels.extend(read.variables);
                }
                Found::Missing => {
                    run.say(ProblemKind::MissingFile, at, format!("there is no label file {label}"));
                }
                Found::Unasked | Found::Outside => {}
            }
        }
        if labels.is_empty() {
            return;
        }
        let own = service.or_insert_with("labels", || files.with(Value::Map(Map::new())));
        let Some(own) = own.as_map_mut() else { return };
        own.fill(labels.into_iter().map(|(name, value)| (name, files.with(Value::Str(value.text)))));
    }
}

/// Gives variables without value the value they have in the environment.
fn resolve(map: &mut Map, env: &Environment) {
    for (name, item) in map {
        if item.is_null()
            && let Some(known) = env.get(name)
        {
            let unknown = if known.unknown { vec![0] } else { Vec::new() };
            *item = Item { unknown, ..item.with(Value::Str(known.text.clone())) };
        }
    }
}
