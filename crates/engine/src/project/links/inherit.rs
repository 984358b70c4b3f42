//! What containers get from the Dockerfile that builds their image, or from what is known of their public image.

use super::BuiltHow;
use super::images::contexts_and_targets;
use crate::images::{self, Facts};
use crate::project::container::Container;
use crate::project::dockerfile::State;
use crate::project::{Origin, Project, Setting};
use crate::rule::Target;

/// Hands down to containers what their image decides, and to builds what is built of them and where.
pub(in crate::project) fn inherit(project: &mut Project) {
    for (build, (mut contexts, mut targets)) in contexts_and_targets(project) {
        let Some(build) = project.builds.get_mut(build.0 as usize) else { continue };
        if !contexts.is_empty() {
            contexts.sort();
            contexts.dedup();
            build.contexts = contexts;
            build.contexts_are_named = true;
        }
        targets.sort_unstable();
        targets.dedup();
        build.assign_roles(&targets);
    }
    let Project { containers, builds, links, .. } = project;
    for built in &links.built_by {
        if let Some(container) = containers.get_mut(built.container.0 as usize) {
            container.build = Some((built.build, built.stage));
        }
    }
    let likely: std::collections::HashSet<_> =
        links.built_by.iter().filter(|b| b.how == BuiltHow::Likeness).map(|b| b.container).collect();
    for container in containers.iter_mut().filter(|c| !c.windows) {
        let stage = container.build.and_then(|(b, s)| builds.get(b.0 as usize)?.stages.get(s));
        match stage {
            // What is only likely decides nothing.
            Some(_) if likely.contains(&container.id) => {}
            Some(stage) if stage.windows => container.windows = true,
            Some(stage) => from_stage(container, stage.end()),
            None => {
                let image = container.image.value();
                if image.is_some_and(images::is_windows) {
                    container.windows = true;
                } else if let Some(facts) = image.and_then(images::facts) {
                    from_facts(container, facts);
                }
            }
        }
    }
}

fn take<T: Clone>(own: &mut Setting<T>, image: Setting<T>) {
    if own.is_unset() {
        *own = image;
    }
}

/// The same setting of another type.
fn map<T, U>(setting: &Setting<T>, convert: impl FnOnce(&T) -> U) -> Setting<U> {
    match setting.value() {
        Some(value) => Setting::known(convert(value), setting.origin, setting.at),
        None if setting.is_unknown() => Setting::unknown(setting.origin, setting.at),
        None => Setting::default(),
    }
}

fn from_stage(container: &mut Container, end: State<'_>) {
    take(&mut container.user, end.user().clone());
    take(&mut container.workdir, end.workdir().clone());
    take(&mut container.stop_signal, end.stop_signal().clone());
    // Both platforms drop the image's command with its entry point.
    if container.entrypoint.is_unset() {
        take(&mut container.command, map(end.command(), crate::project::ImageCommand::argv));
        container.entrypoint = map(end.entrypoint(), crate::project::ImageCommand::argv);
    }
    if container.healthcheck.is_none() && container.platform == Target::Docker {
        container.healthcheck = end.healthcheck().value().cloned();
    }
    if container.ports.is_empty() {
        container.ports = end.ports().cloned().collect();
    }
}

fn from_facts(container: &mut Container, facts: &Facts) {
    fn setting<T>(value: Option<T>) -> Setting<T> {
        value.map_or(Setting::unknown(Origin::Image, None), |v| Setting::known(v, Origin::Image, None))
    }
    fn words(words: Option<&Vec<String>>) -> Setting<Vec<String>> {
        if words.is_some_and(Vec::is_empty) { Setting::default() } else { setting(words.cloned()) }
    }
    take(&mut container.user, setting(facts.configured_user()));
    take(&mut container.workdir, setting(facts.workdir.clone()));
    if let Some(signal) = &facts.stop_signal {
        take(&mut container.stop_signal, Setting::known(signal.clone(), Origin::Image, None));
    }
    if container.entrypoint.is_unset() {
        take(&mut container.command, words(facts.command.as_ref()));
        container.entrypoint = words(facts.entrypoint.as_ref());
    }
    let Some(at) = container.image.at else { return };
    if container.healthcheck.is_none() && container.platform == Target::Docker {
        container.healthcheck = facts.probe(at);
    }
    if container.ports.is_empty() {
        container.ports = facts.ports.iter().map(|port| port.at(at)).collect();
    }
}
