//! Decides what is made of a Compose project.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8PathBuf;

use super::images::Variants;
use super::names::Names;
use super::secrets::Secrets;
use super::unit::Unit;
use super::{
    Carried, KeyToFill, Object, Options, Plan, Planned, Setting, Text, attributes, network, overrides, steps,
    storage, unit, workload,
};
use crate::project::compose::Item;
use crate::project::{Composition, Project};

/// What is gathered while objects are made.
pub(super) struct Out<'p> {
    pub(super) project: &'p Project,
    pub(super) carried: Carried,
    pub(super) to_fill: Vec<KeyToFill>,
    /// The values that the project's `.env` gives variables.
    pub(super) env: BTreeMap<String, String>,
    pub(super) variables: BTreeMap<String, Setting>,
    /// What is a secret.
    pub(super) known: Secrets,
    /// Who calls whom, and what is reached from outside.
    pub(super) network: network::Network,
    /// What services mount.
    pub(super) claims: storage::Claims,
    /// Files that somebody fills in, and the key of each.
    pub(super) files_to_fill: Vec<(Utf8PathBuf, String)>,
    /// Jobs that other services wait for.
    pub(super) awaited: BTreeSet<String>,
}

impl Out<'_> {
    /// The text of a scalar, its variables kept and taken down, its secrets hidden; empty for a collection or null.
    pub(super) fn text(&mut self, item: &Item) -> Text {
        let env = &self.env;
        let text = Text::of(item, &|name| env.get(name).cloned()).unwrap_or_default();
        self.hidden(text)
    }

    /// The words of a command, as [`Out::text`] reads each.
    pub(super) fn words(&mut self, item: &Item) -> Vec<Text> {
        let env = &self.env;
        let words = Text::words(item, &|name| env.get(name).cloned());
        let hidden = words.into_iter().map(|word| word.hiding(&|name| self.known.is_variable(name)));
        let words = self.known.cut_words(&hidden.collect::<Vec<_>>());
        words.iter().for_each(|word| self.note_variables(word));
        words
    }

    /// The text without its secrets, its variables taken down.
    pub(super) fn hidden(&mut self, text: Text) -> Text {
        let text = self.known.cut(text.hiding(&|name| self.known.is_variable(name)));
        self.note_variables(&text);
        text
    }

    /// Takes down the variables that a text uses.
    pub(super) fn note_variables(&mut self, text: &Text) {
        for variable in text.variables() {
            let setting = self.variables.entry(variable.name.clone()).or_insert_with(|| Setting {
                name: variable.name.clone(),
                default: variable.set.clone(),
                required: None,
            });
            match &variable.operator {
                super::text::Operator::Default(word) if setting.default.is_none() => {
                    setting.default = Some(word.to_string());
                }
                super::text::Operator::Required(message) => setting.required = Some(message.to_string()),
                _ => {}
            }
        }
    }

    /// The object that holds a key which somebody fills: a Secret, or a ConfigMap for what is none. The key is taken down
    /// once; it has to be there where one of its uses says so.
    pub(super) fn key_to_fill(
        &mut self,
        names: &Names,
        key: &str,
        secret: bool,
        purpose: String,
        optional: bool,
    ) -> String {
        let object = if secret { names.secret() } else { names.settings() };
        match self.to_fill.iter_mut().find(|k| k.object == object && k.key == key) {
            Some(known) => known.optional &= optional,
            None => self.to_fill.push(KeyToFill {
                object: object.clone(),
                secret,
                key: key.to_owned(),
                purpose,
                optional,
            }),
        }
        object
    }
}

/// What is made of a Compose project. The project's Dockerfiles are judged as they are.
pub(super) fn plan_of(
    project: &Project,
    composition: &Composition,
    variants: &Variants,
    options: &Options,
    fallback: &str,
) -> Plan {
    let names = Names::of(composition, fallback);
    let env = composition.dotenv(&project.files);
    let mut out = Out {
        project,
        carried: Carried::default(),
        to_fill: Vec::new(),
        variables: BTreeMap::new(),
        known: Secrets::of(composition, &env),
        env,
        network: network::Network::default(),
        claims: storage::Claims::default(),
        files_to_fill: Vec::new(),
        awaited: BTreeSet::new(),
    };
    let units: Vec<Unit<'_>> = unit::units(project, composition, variants, &names, options, &mut out);
    let mut services = Vec::new();
    for (at, unit) in units.iter().enumerate() {
        let mut objects: Vec<Object> = Vec::new();
        if unit.inside.is_none() {
            objects.extend(workload::objects(&units, at, &names, options, &mut out));
            objects.extend(network::objects(&units, at, &names, options, &mut out));
        }
        services.push(Planned {
            service: unit.service.name.clone(),
            name: unit.name.clone(),
            profiles: unit.service.profiles.clone(),
            enabled: unit.enabled,
            objects,
        });
    }
    let mut shared = network::shared(&units, &names, options, &mut out);
    shared.extend(storage::shared(&names, &units, options, &mut out));
    overrides::check(composition, &mut out);
    attributes::complete(composition, &mut out);
    out.carried.rows.sort_by_key(|row| (row.span.is_none(), row.span));
    let steps = steps::steps(&services, &names.project, &out.awaited);
    Plan {
        name: names.project,
        services,
        shared,
        to_fill: out.to_fill,
        steps,
        variables: out.variables.into_values().collect(),
        carried: out.carried,
        profiles: options.profiles.clone(),
        hidden: Vec::new(),
    }
}
