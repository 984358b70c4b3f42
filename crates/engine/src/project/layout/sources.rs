//! Which files of images are read: those that say how the program in it runs.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use rayon::prelude::*;

use super::{Found, What};
use crate::project::dockerfile::{Build, ImageCommand, Stage, StageRole};
use crate::project::entry::{Entry, Module, Place, entries};
use crate::project::{Container, Mount, Project, Volume};

/// How many files of settings are read of one stage.
const SETTINGS: usize = 64;

/// The directories of an image where servers have their settings.
const ETC: [&str; 6] = [
    "/etc/",
    "/usr/local/etc/",
    "/usr/local/apache2/conf/",
    "/opt/bitnami/",
    "/usr/local/openresty/",
    "/conf/",
];

/// The files at the top of a context, or named by a `COPY`, that say what a program is made of.
pub(crate) const MANIFESTS: [&str; 10] = [
    "pyproject.toml",
    "setup.py",
    "setup.cfg",
    "requirements.txt",
    "package.json",
    "Gemfile",
    "Procfile",
    "uwsgi.ini",
    "gunicorn.conf.py",
    ".gitignore",
];

/// Whether a file of this name says which packages a build installs.
fn says_what_is_installed(name: &str) -> bool {
    MANIFESTS.contains(&name)
        || matches!(name, "poetry.lock" | "uv.lock" | "Pipfile" | "Pipfile.lock")
        || name.starts_with("requirements") && name.ends_with(".txt")
}

impl Project {
    /// The files in images that rules read, besides what lowering needed: scripts and modules that are run, settings of
    /// servers, manifests of packages. Put their texts into [`Project::files`] and ask again until there is nothing more: a
    /// script may start another. None of them is needed; where one is missing less is known.
    pub fn reads(&self) -> Vec<Utf8PathBuf> {
        let of_builds = self.builds.par_iter().flat_map_iter(|build| {
            let mut wanted = BTreeSet::new();
            self.of_build(build, &mut wanted);
            wanted
        });
        let of_containers = self.containers.par_iter().flat_map_iter(|container| {
            let mut wanted = BTreeSet::new();
            self.started(container, &mut wanted);
            wanted
        });
        let wanted = of_builds.chain(of_containers).filter(|path| self.files.is_file(path));
        let mut wanted: BTreeSet<Utf8PathBuf> = wanted.collect();
        self.code_wanted(&mut wanted);
        wanted.into_iter().filter(|path| self.files.is_file(path) && !self.files.has_asked(path)).collect()
    }

    fn of_build(&self, build: &Build, wanted: &mut BTreeSet<Utf8PathBuf>) {
        for stage in build.stages.iter().filter(|stage| stage.role != StageRole::Aside) {
            Self::manifests(stage, wanted);
            if stage.role == StageRole::Final {
                self.settings(stage, wanted);
                let end = stage.end();
                let commands = [end.entrypoint().value(), end.command().value()];
                let argv = commands.into_iter().flatten().flat_map(ImageCommand::argv).collect::<Vec<_>>();
                let directory = end.workdir().value().map_or("/", String::as_str);
                for path in programs(&argv, directory) {
                    take(self.in_image(stage, &path), wanted);
                }
                for path in programs(&self.package_scripts(stage, &argv, directory), directory) {
                    take(self.in_image(stage, &path), wanted);
                }
                self.modules(Place::Image(stage), &argv, wanted);
            }
        }
        if let Some(context) = build.context() {
            wanted.extend(MANIFESTS.iter().map(|name| context.directory.join(name)));
        }
    }

    /// The scripts of a package, where one of them is what the image starts.
    fn package_scripts(&self, stage: &Stage, argv: &[String], directory: &str) -> Vec<String> {
        let starts = |word: &String| ["npm", "yarn", "pnpm"].iter().any(|p| word.split(' ').any(|w| w == *p));
        if !argv.iter().any(starts) {
            return Vec::new();
        }
        let Some(Found::File(package)) = self.in_image(stage, &format!("{directory}/package.json")) else {
            return Vec::new();
        };
        let text = self.files.text(&package).map_or("", |text| &**text);
        let package: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
        let scripts = package.get("scripts").and_then(serde_json::Value::as_object);
        scripts.into_iter().flat_map(|s| s.values()).filter_map(|v| v.as_str().map(str::to_owned)).collect()
    }

    fn started(&self, container: &Container, wanted: &mut BTreeSet<Utf8PathBuf>) {
        // Files get into it by the build of its image and by mounts of the host.
        let mounted = |mount: &Mount| matches!(mount.volume, Volume::Bind(_));
        if container.build.is_none() && !container.mounts.iter().any(mounted) {
            return;
        }
        let argv: Vec<String> = [container.entrypoint.value(), container.command.value()]
            .into_iter()
            .flatten()
            .flatten()
            .cloned()
            .collect();
        let directory = container.workdir.value().map_or("/", String::as_str);
        for path in programs(&argv, directory) {
            take(self.in_container(container, &path), wanted);
        }
        self.modules(Place::Container(container), &argv, wanted);
        for mount in &container.mounts {
            if ETC.iter().any(|etc| mount.target.starts_with(etc)) {
                take(self.in_container(container, &mount.target), wanted);
            }
        }
    }

    /// The modules that a command names, also through a script that it starts.
    fn modules(&self, place: Place<'_>, argv: &[String], wanted: &mut BTreeSet<Utf8PathBuf>) {
        for entry in entries(argv) {
            let module = match &entry {
                Entry::Attribute { module, directory, .. } => {
                    place.module(self, module, directory.as_deref())
                }
                Entry::Module(module) => place.module(self, module, None),
                Entry::File(path) => {
                    let found = place.absolute(path).and_then(|path| place.at(self, &path));
                    let script = found.as_ref().filter(|_| path.ends_with("sh")).and_then(|f| f.text(self));
                    for line in script.into_iter().flat_map(str::lines) {
                        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
                        // One step is enough: a script that starts a script is its author's affair.
                        for entry in entries(&words) {
                            if let Entry::Attribute { module, directory, .. } = entry
                                && let Module::File(found) = place.module(self, &module, directory.as_deref())
                            {
                                take(Some(found), wanted);
                            }
                        }
                    }
                    take(found, wanted);
                    continue;
                }
            };
            if let Module::File(found) = module {
                take(Some(found), wanted);
            }
        }
    }

    fn manifests(stage: &Stage, wanted: &mut BTreeSet<Utf8PathBuf>) {
        for copied in stage.copied() {
            if let What::File(path) = &copied.what
                && path.file_name().is_some_and(says_what_is_installed)
            {
                wanted.insert(path.clone());
            }
        }
    }

    fn settings(&self, stage: &Stage, wanted: &mut BTreeSet<Utf8PathBuf>) {
        let mut left = SETTINGS;
        for copied in stage.copied() {
            let within =
                |path: &str| ETC.iter().any(|etc| path.starts_with(etc) || etc.trim_end_matches('/') == path);
            if !within(&copied.target) || left == 0 {
                continue;
            }
            match &copied.what {
                What::File(path) => {
                    left -= 1;
                    wanted.insert(path.clone());
                }
                What::Directory(directory) => {
                    for path in self.files.below(directory).take(left) {
                        left -= 1;
                        wanted.insert(path);
                    }
                }
                What::Heredoc(_) => {}
            }
        }
    }
}

fn take(found: Option<Found<'_>>, wanted: &mut BTreeSet<Utf8PathBuf>) {
    if let Some(Found::File(path)) = found {
        wanted.insert(path);
    }
}

/// The absolute paths that words of a command may name, also those within a line of shell.
fn programs(argv: &[String], directory: &str) -> Vec<String> {
    let words =
        argv.iter().flat_map(|word| word.split(|c: char| c.is_whitespace() || ";&|()\"'`=".contains(c)));
    let likely = |word: &&str| {
        !word.starts_with('-')
            && !word.contains("://")
            && (word.contains('/') || Utf8Path::new(word).extension().is_some())
    };
    let mut paths: Vec<String> = words
        .filter(likely)
        .flat_map(|word| match word.split_once('/') {
            Some(("", _)) => vec![word.to_owned()],
            Some(_) => vec![format!("{directory}/{word}")],
            None => vec![
                format!("{directory}/{word}"),
                format!("/usr/local/bin/{word}"),
                format!("/usr/bin/{word}"),
            ],
        })
        .collect();
    // The program itself may have no ending.
    let program = argv.first().filter(|w| !w.contains(['/', ' ', '.']));
    paths
        .extend(program.into_iter().flat_map(|p| ["/usr/local/bin", "/usr/bin"].map(|d| format!("{d}/{p}"))));
    paths
}
