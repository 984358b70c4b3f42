use camino::Utf8Path;

use crate::project::dockerfile::Call;
use crate::project::{Found, Stage, StageRole};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "unused-lock-file",
    summary: "an installation that does not read the lock file beside its manifest",
    since: "0.1.0",
    docs: include_str!("unused_lock_file.md"),
    aliases: &[],
    category: Category::Reliability,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::None,
    check: Check::Stage(check),
};

/// A program that installs what a manifest names.
struct Installer {
    program: &'static str,
    /// The first words of it that install; one that is empty is the program alone.
    verbs: &'static [&'static str],
    manifest: &'static str,
    /// The files that say exactly what is installed.
    locks: &'static [&'static str],
    /// Whether it reads one that is there.
    reads: bool,
}

const INSTALLERS: [Installer; 8] = [
    Installer {
        program: "npm",
        verbs: &["install", "i"],
        manifest: "package.json",
        locks: &["package-lock.json", "npm-shrinkwrap.json"],
        reads: true,
    },
    Installer {
        program: "yarn",
        verbs: &["install", ""],
        manifest: "package.json",
        locks: &["yarn.lock"],
        reads: true,
    },
    Installer {
        program: "pnpm",
        verbs: &["install", "i"],
        manifest: "package.json",
        locks: &["pnpm-lock.yaml"],
        reads: true,
    },
    Installer {
        program: "uv",
        verbs: &["sync"],
        manifest: "pyproject.toml",
        locks: &["uv.lock"],
        reads: true,
    },
    Installer {
        program: "uv",
        verbs: &["pip"],
        manifest: "pyproject.toml",
        locks: &["uv.lock"],
        reads: false,
    },
    Installer {
        program: "poetry",
        verbs: &["install"],
        manifest: "pyproject.toml",
        locks: &["poetry.lock"],
        reads: true,
    },
    Installer {
        program: "bundle",
        verbs: &["install"],
        manifest: "Gemfile",
        locks: &["Gemfile.lock"],
        reads: true,
    },
    Installer {
        program: "composer",
        verbs: &["install"],
        manifest: "composer.json",
        locks: &["composer.lock"],
        reads: true,
    },
];

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    if stage.role == StageRole::Aside || stage.copied().is_empty() {
        return;
    }
    for run in stage.runs(project) {
        let mounts = project.text(run.instruction.span);
        let state = stage.state_at(run.index);
        if state.workdir().is_unknown() {
            continue;
        }
        let mut directory = state.workdir().value().cloned().unwrap_or_else(|| "/".to_owned());
        for call in run.calls() {
            if call.program == "cd" {
                match call.verb().and_then(|w| w.value.as_deref()) {
                    Some(to) if to.starts_with('/') => to.clone_into(&mut directory),
                    Some(to) => directory = format!("{directory}/{to}"),
                    None => break,
                }
                continue;
            }
            let Some(installer) = INSTALLERS.iter().find(|i| installs(i, call)) else { continue };
            let at = |name: &str| project.in_image_at(stage, run.index, &format!("{directory}/{name}"));
            let Some(Found::File(manifest)) = at(installer.manifest) else { continue };
            let beside = |lock: &&&str| project.files.is_file(&manifest.with_file_name(**lock));
            let Some(lock) = installer.locks.iter().find(beside) else { continue };
            let ignored = project
                .build(stage.build)
                .context()
                .is_some_and(|c| c.ignores(&manifest.with_file_name(lock)));
            let there = installer.locks.iter().any(|lock| at(lock).is_some());
            // It may be mounted, or made on the way.
            if installer.reads && (there || mounts.contains(lock) || mounts.contains("type=bind")) {
                continue;
            }
            let lock = Utf8Path::new(lock);
            let message = match (installer.reads, ignored) {
                (false, _) => format!(
                    "`{lock}` is there, but `uv pip` does not read it: every build may install other versions"
                ),
                (true, true) => {
                    format!("`{lock}` is left out by `.dockerignore`: every build may install other versions")
                }
                (true, false) => {
                    format!("`{lock}` is not copied before this: every build may install other versions")
                }
            };
            ctx.report(call.command.span, message);
        }
    }
}

fn installs(installer: &Installer, call: Call<'_>) -> bool {
    if call.program != installer.program
        || call.has_option(&["-g", "--global", "--frozen-lockfile", "--no-lockfile", "--no-package-lock"])
    {
        return false;
    }
    let mut words = call.args.iter().filter(|w| !w.text.starts_with('-'));
    let verb = words.next().map_or("", |w| &*w.text);
    if !installer.verbs.contains(&verb) {
        return false;
    }
    if installer.reads {
        // Packages by name are others than those of the manifest.
        return words.next().is_none();
    }
    let rest: Vec<&str> = words.map(|w| &*w.text).collect();
    // What a manifest names: its groups, extras or the project itself.
    rest.first() == Some(&"install")
        && (call.has_option(&["--group", "--all-groups", "--extra", "--all-extras"])
            || rest.iter().any(|w| matches!(*w, "." | "pyproject.toml") || w.starts_with(".[")))
}
