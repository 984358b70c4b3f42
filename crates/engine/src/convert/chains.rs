//! Which chains of Compose files are converted.

use camino::{Utf8Path, Utf8PathBuf};

use super::names::dns_label;
use crate::project::{Composition, Project};

/// What somebody wants converted.
#[derive(Clone, Copy, Debug)]
pub enum Asked<'a> {
    /// What Compose takes in a directory unasked, or what lies below it where it is the only project there.
    Directory(&'a Utf8Path),
    /// These files, each over those before it.
    Chain(&'a [Utf8PathBuf]),
}

/// Chains of Compose files, each of at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chains {
    /// The files that are converted.
    pub whole: Vec<Utf8PathBuf>,
    /// The first of them, which a Kustomize base is made of.
    pub base: Vec<Utf8PathBuf>,
    /// The chains that begin like the base, each under the name of its overlay.
    pub overlays: Vec<(String, Vec<Utf8PathBuf>)>,
}

impl Chains {
    /// Every chain that has to be a project.
    pub fn all(&self) -> impl Iterator<Item = &Vec<Utf8PathBuf>> {
        [&self.whole, &self.base].into_iter().chain(self.overlays.iter().map(|(_, chain)| chain))
    }

    /// Whether each is a project already.
    pub fn are_in(&self, project: &Project) -> bool {
        self.all().all(|chain| position(project, chain).is_some())
    }
}

/// The chains that are asked for.
///
/// # Errors
/// There is no such project, or there are several; the message says what to name.
pub fn chains(project: &Project, asked: Asked<'_>) -> Result<Chains, String> {
    let whole = match asked {
        Asked::Chain(files) => {
            for path in files {
                if !project.compositions.iter().flat_map(|c| &c.files).any(|id| project.path(*id) == path)
                    && !project.parses().iter().any(|p| p.source.path == *path && p.yaml().is_some())
                {
                    return Err(format!("{path} is no Compose file"));
                }
            }
            files.to_vec()
        }
        Asked::Directory(directory) => {
            let composition = find(project, directory)?;
            paths(project, composition)
        }
    };
    let base: Vec<Utf8PathBuf> = whole.iter().take(1).cloned().collect();
    let mut further: Vec<Vec<Utf8PathBuf>> = Vec::new();
    if whole.len() > 1 {
        further.push(whole.clone());
    }
    if let Asked::Directory(_) = asked {
        let others = project.compositions.iter().map(|c| paths(project, c));
        further.extend(others.filter(|chain| chain.len() > 1 && chain.starts_with(&base) && *chain != whole));
    }
    let mut overlays: Vec<(String, Vec<Utf8PathBuf>)> = Vec::new();
    for chain in further {
        let name = overlay_name(&chain);
        let mut unique = name.clone();
        let mut number = 2;
        while overlays.iter().any(|(taken, _)| *taken == unique) {
            unique = format!("{name}-{number}");
            number += 1;
        }
        overlays.push((unique, chain));
    }
    Ok(Chains { whole, base, overlays })
}

/// The project whose files are these.
pub(super) fn position(project: &Project, chain: &[Utf8PathBuf]) -> Option<usize> {
    project.compositions.iter().position(|c| paths(project, c) == chain)
}

fn paths(project: &Project, composition: &Composition) -> Vec<Utf8PathBuf> {
    composition.files.iter().map(|id| project.path(*id).to_owned()).collect()
}

/// The project of a directory.
fn find<'p>(project: &'p Project, directory: &Utf8Path) -> Result<&'p Composition, String> {
    let below = |c: &&Composition| match directory.as_str() {
        "" => c.directory.is_relative() && !c.directory.starts_with(".."),
        _ => c.directory.starts_with(directory),
    };
    let all: Vec<&Composition> = project.compositions.iter().filter(below).collect();
    let shown = match directory.as_str() {
        "" => "the current directory",
        path => path,
    };
    let here = || all.iter().filter(|c| c.directory == directory);
    let unasked = || all.iter().filter(|c| c.unasked);
    if let Some(composition) = here().find(|c| c.unasked) {
        return Ok(composition);
    }
    for candidates in [&mut here() as &mut dyn Iterator<Item = _>, &mut unasked(), &mut all.iter()] {
        if let (Some(only), None) = (candidates.next(), candidates.next()) {
            return Ok(only);
        }
    }
    if all.is_empty() {
        return Err(format!("there is no Compose file in {shown}; name one"));
    }
    let most = 8;
    let names: Vec<String> = all
        .iter()
        .take(most)
        .map(|c| paths(project, c).iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
        .collect();
    let more = if all.len() > most { format!("\n  and {} more", all.len() - most) } else { String::new() };
    Err(format!(
        "there are several Compose projects in {shown}; name the files of one:\n  {}{more}",
        names.join("\n  ")
    ))
}

/// What an overlay is called: `prod` for `docker-compose.prod.yml`.
fn overlay_name(chain: &[Utf8PathBuf]) -> String {
    let stem = chain.last().and_then(|path| path.file_stem()).unwrap_or_default();
    let rest =
        ["docker-compose", "docker_compose", "compose"].iter().find_map(|word| stem.strip_prefix(word));
    match dns_label(rest.unwrap_or(stem)).as_str() {
        "" => "override".to_owned(),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlays_are_called_as_their_files() {
        for (file, name) in [
            ("docker-compose.prod.yml", "prod"),
            ("a/compose.override.yaml", "override"),
            ("docker-compose-dev.yml", "dev"),
            ("stack.yml", "stack"),
            ("compose.yaml", "override"),
        ] {
            assert_eq!(overlay_name(&["compose.yaml".into(), file.into()]), name);
        }
    }
}
