use crate::Safety;
use crate::project::Stage;
use crate::project::dockerfile::{Call, Run};
use crate::syntax::dockerfile::{Dockerfile, Value, edit};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "language-caches",
    summary: "leaves what npm, Yarn, Composer, Poetry and conda downloaded out of the layer",
    since: "0.1.0",
    docs: include_str!("language_caches.md"),
    aliases: &[],
    category: Category::Efficiency,
    severity: Severity::Low,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Variant(check),
};

/// A package manager of a language, and how its cache is left out.
struct Manager {
    programs: &'static [&'static str],
    verbs: &'static [&'static str],
    /// Where it keeps its cache, below a home.
    cache: &'static str,
    /// What is appended to clean up.
    clean: &'static str,
    /// Variables that say where the cache is, or that there is none.
    variables: &'static [&'static str],
}

const MANAGERS: [Manager; 5] = [
    Manager {
        programs: &["npm"],
        verbs: &["ci", "install", "i"],
        cache: ".npm",
        clean: "npm cache clean --force",
        variables: &["npm_config_cache", "NPM_CONFIG_CACHE"],
    },
    Manager {
        programs: &["yarn"],
        verbs: &["install", "add", "global", ""],
        cache: "yarn",
        clean: "yarn cache clean",
        variables: &["YARN_CACHE_FOLDER"],
    },
    Manager {
        programs: &["composer"],
        verbs: &["install", "update", "require", "create-project"],
        cache: "composer",
        clean: "composer clear-cache",
        variables: &["COMPOSER_CACHE_DIR"],
    },
    Manager {
        programs: &["poetry"],
        verbs: &["install", "add", "sync"],
        cache: "pypoetry",
        clean: "rm -rf \"$HOME/.cache/pypoetry/cache\" \"$HOME/.cache/pypoetry/artifacts\"",
        variables: &["POETRY_CACHE_DIR", "POETRY_NO_CACHE"],
    },
    Manager {
        programs: &["conda", "mamba", "micromamba"],
        verbs: &["install", "create", "update", "env"],
        cache: "pkgs",
        clean: "--all --yes",
        variables: &["CONDA_PKGS_DIRS"],
    },
];

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let Some(file) = ctx.project.dockerfile(stage.source) else { return };
    for run in stage.runs(ctx.project) {
        for manager in &MANAGERS {
            let Some(call) = run.calls().find(|c| manager.installs(*c)) else { continue };
            if manager.is_clean(&run, stage) {
                continue;
            }
            let clean = match manager.clean.strip_prefix("--") {
                Some(_) => format!("{} clean {}", call.program, manager.clean),
                None => manager.clean.to_owned(),
            };
            // Where it installs only in some cases, what is appended would run in the others too.
            let edit = append(file, &run, call, &clean);
            let why = format!("this layer keeps what `{}` downloaded", call.program);
            ctx.report(call.name.span, why).fix(
                Safety::Safe,
                "Leave it out of the layer",
                edit.map(|e| vec![e]),
            );
        }
    }
}

fn append(file: &Dockerfile, run: &Run<'_>, call: Call<'_>, clean: &str) -> Option<crate::syntax::Edit> {
    let plain = call.command.context.depth == 0 && !call.command.context.conditional;
    if plain { edit::append_command(file, run.instruction, &run.shell, clean) } else { None }
}

impl Manager {
    fn installs(&self, call: Call<'_>) -> bool {
        let verb = call.verb().and_then(|w| w.value.as_deref()).unwrap_or_default();
        self.programs.contains(&call.program)
            && self.verbs.contains(&verb)
            && !call.has_option(&["--version", "--help"])
    }

    fn is_clean(&self, run: &Run<'_>, stage: &Stage) -> bool {
        let state = stage.state_at(run.index);
        let set = |name: &&str| matches!(state.env(name), Value::Set(_)) || state.set_at(name).is_some();
        let mounted = run.instruction.flags("mount").any(|m| {
            m.field(&["target", "dst", "destination"]).and_then(|f| f.value.as_ref()).is_some_and(|w| {
                w.text.contains(self.cache) || w.text.contains(".cache") || w.text.contains("cache")
            })
        });
        let cleans = |call: Call<'_>| {
            let word = |part: &str| call.args.iter().any(|w| w.text.contains(part));
            match call.program {
                "rm" | "find" => word(self.cache) || word(".cache"),
                program if self.programs.contains(&program) => {
                    word("cache")
                        || word("clean")
                        || word("clear-cache")
                        || word("clearcache")
                        || word("--cache")
                }
                _ => false,
            }
        };
        mounted || self.variables.iter().any(set) || run.calls().any(cleans)
    }
}
