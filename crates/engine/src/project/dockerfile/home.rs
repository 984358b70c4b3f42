//! What a stage keeps in the home of root, where nobody else can look.

use seaworthy_syntax::Edit;
use seaworthy_syntax::dockerfile::edit::{self, New};
use seaworthy_syntax::dockerfile::{Arguments, CopySource, Instruction, Keyword, Value};
use seaworthy_syntax::{Span, dockerfile::Dockerfile};

use super::owned::{is_root, is_within};
use super::{Base, Call, Identity, Project, Run, Stage};

/// What is installed into a home unless a variable says where.
#[derive(Debug)]
pub struct Tool {
    /// What it is, for messages.
    pub what: &'static str,
    /// The variables, and the directories they name instead.
    pub variables: &'static [(&'static str, &'static str)],
    /// Whether the program writes there too.
    pub written: bool,
    /// Whether the directory has to be there before.
    pub made_before: bool,
    installs: fn(&Stage, &Project, &Run<'_>, Call<'_>) -> bool,
}

/// All such tools.
static TOOLS: [Tool; 11] = [
    Tool {
        what: "Playwright's browsers",
        variables: &[("PLAYWRIGHT_BROWSERS_PATH", "/opt/ms-playwright")],
        written: false,
        made_before: false,
        installs: |_, _, _, call| {
            named(
                call,
                &["playwright", "playwright-core", "patchright", "rebrowser-playwright"],
                &["install"],
            ) || matches!(call.program, "crawl4ai-setup")
                || code(call, &["playwright install"])
        },
    },
    Tool {
        what: "Puppeteer's browser",
        variables: &[("PUPPETEER_CACHE_DIR", "/opt/puppeteer")],
        written: false,
        made_before: false,
        installs: |stage, project, _, call| {
            named(call, &["puppeteer", "@puppeteer/browsers"], &["browsers", "install"])
                || matches!(call.program, "npm" | "yarn" | "pnpm")
                    && call.verb().is_none_or(|v| ["ci", "install", "i", "add"].iter().any(|w| v.is(w)))
                    && depends_on_puppeteer(stage, project, call)
        },
    },
    Tool {
        what: "models of Hugging Face",
        variables: &[("HF_HOME", "/opt/huggingface")],
        written: true,
        made_before: false,
        installs: |_, _, _, call| {
            named(call, &["huggingface-cli", "hf"], &["download"])
                || code(
                    call,
                    &[
                        "from_pretrained(",
                        "SentenceTransformer(",
                        "snapshot_download(",
                        "hf_hub_download(",
                        "CrossEncoder(",
                        "WhisperModel(",
                    ],
                )
        },
    },
    Tool {
        what: "NLTK's data",
        variables: &[("NLTK_DATA", "/usr/local/share/nltk_data")],
        written: false,
        made_before: true,
        installs: |_, _, _, call| code(call, &["nltk.download"]) && !call.has_option(&["-d"]),
    },
    Tool {
        what: "models of PyTorch",
        variables: &[("TORCH_HOME", "/opt/torch")],
        written: true,
        made_before: false,
        installs: |_, _, _, call| code(call, &["torch.hub.", "torchvision.models", "open_clip.create"]),
    },
    Tool {
        what: "uv's Python",
        variables: &[("UV_PYTHON_INSTALL_DIR", "/opt/uv/python")],
        written: false,
        made_before: false,
        installs: |stage, project, _, call| {
            let verb = call.verb().and_then(|v| v.value.as_deref()).unwrap_or_default();
            let image = stage.image(project).map(ToString::to_string).unwrap_or_default();
            call.program == "uv"
                && (verb == "python" && call.args.iter().any(|w| w.is("install"))
                    || matches!(verb, "sync" | "venv" | "run") && !image.contains("python"))
        },
    },
    Tool {
        what: "tools that uv installs",
        variables: &[("UV_TOOL_DIR", "/opt/uv/tools"), ("UV_TOOL_BIN_DIR", "/usr/local/bin")],
        written: false,
        made_before: false,
        installs: |_, _, _, call| named(call, &["uv"], &["tool"]) && named(call, &["uv"], &["install"]),
    },
    Tool {
        what: "tools that pipx installs",
        variables: &[("PIPX_HOME", "/opt/pipx"), ("PIPX_BIN_DIR", "/usr/local/bin")],
        written: false,
        made_before: false,
        installs: |_, _, _, call| named(call, &["pipx"], &["install"]),
    },
    Tool {
        what: "Poetry's environments",
        variables: &[("POETRY_VIRTUALENVS_PATH", "/opt/poetry/virtualenvs")],
        written: false,
        made_before: false,
        installs: |stage, project, _, call| {
            named(call, &["poetry"], &["install", "sync"]) && !has_own_environments(stage, project)
        },
    },
    Tool {
        what: "the package manager that Corepack keeps",
        variables: &[("COREPACK_HOME", "/opt/corepack")],
        written: false,
        made_before: false,
        installs: |stage, project, _, call| {
            call.program == "corepack"
                && stage.programs(project).iter().any(|p| matches!(p.as_str(), "pnpm" | "yarn" | "corepack"))
        },
    },
    Tool {
        what: "Cypress",
        variables: &[("CYPRESS_CACHE_FOLDER", "/opt/cypress")],
        written: false,
        made_before: false,
        installs: |_, _, _, call| named(call, &["cypress"], &["install"]),
    },
];

/// What installs itself into a home.
const INSTALLERS: [&str; 18] = [
    "astral.sh/uv",
    "sh.rustup.rs",
    "bun.sh/install",
    "nvm-sh/nvm",
    "creationix/nvm",
    "deno.land/",
    "pyenv.run",
    "pyenv-installer",
    "install.python-poetry.org",
    "get-poetry.py",
    "get.sdkman.io",
    "fnm.vercel.app",
    "get.volta.sh",
    "foundry.paradigm.xyz",
    "claude.ai/install.sh",
    "get.pnpm.io",
    "yarnpkg.com/install.sh",
    "rbenv-installer",
];

/// Whether a command is one of these programs, also through what runs packages, with one of these words.
fn named(call: Call<'_>, programs: &[&str], verbs: &[&str]) -> bool {
    let is = |word: &str| {
        programs.iter().any(|p| word == *p || word.strip_prefix(p).is_some_and(|rest| rest.starts_with('@')))
    };
    let mut words = std::iter::once(call.program).chain(call.args.iter().filter_map(|w| w.value.as_deref()));
    words.any(is) && words.any(|word| verbs.contains(&word))
}

/// Whether a command is a program in Python that holds one of these.
fn code(call: Call<'_>, parts: &[&str]) -> bool {
    let runs =
        call.program.starts_with("python") || matches!(call.program, "uv" | "poetry" | "pipenv" | "nltk");
    runs && call.args.iter().any(|w| parts.iter().any(|p| w.text.contains(p)))
}

fn depends_on_puppeteer(stage: &Stage, project: &Project, call: Call<'_>) -> bool {
    if call.args.iter().any(|w| w.is("puppeteer")) {
        return true;
    }
    let Some(workdir) = stage.end().workdir().value() else { return false };
    let manifest = project.in_image(stage, &format!("{workdir}/package.json"));
    manifest.and_then(|m| m.text(project).map(|t| t.contains("\"puppeteer\":"))).unwrap_or_default()
}

fn has_own_environments(stage: &Stage, project: &Project) -> bool {
    let end = stage.end();
    let set = |name| matches!(end.env(name), Value::Set(_));
    set("POETRY_VIRTUALENVS_CREATE") || set("POETRY_VIRTUALENVS_IN_PROJECT") || set("VIRTUAL_ENV") || {
        stage.runs(project).iter().any(|run| {
            run.calls()
                .any(|c| c.program == "poetry" && c.args.iter().any(|w| w.text.starts_with("virtualenvs.")))
        })
    }
}

/// What `uv run` would change when a container starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsettled {
    /// What starts it.
    pub at: Span,
    /// The variables that keep it from that, each with its value.
    pub variables: Vec<&'static str>,
    /// The command that does while the image is built what would be left to do.
    pub completion: Option<String>,
}

/// What a stage installs where only root can read it.
#[derive(Debug)]
pub struct Hidden {
    /// What.
    pub tool: &'static Tool,
    /// Where the command stands.
    pub span: Span,
    /// The edits that have it installed elsewhere.
    pub edits: Vec<Edit>,
}

impl Stage {
    /// What it installs into the home of root, or below `/tmp`.
    pub fn hidden_tools(&self, project: &Project, identity: &Identity) -> Vec<Hidden> {
        let mut found: Vec<Hidden> = Vec::new();
        for stage in self.and_below(project) {
            for run in stage.runs(project) {
                for call in run.calls() {
                    for tool in &TOOLS {
                        if found.iter().any(|h| std::ptr::eq(h.tool, tool))
                            || !(tool.installs)(self, project, &run, call)
                        {
                            continue;
                        }
                        if let Some(edits) = stage.elsewhere(project, tool, &run, identity) {
                            found.push(Hidden { tool, span: call.name.span, edits });
                        }
                    }
                }
            }
        }
        found
    }

    fn elsewhere(
        &self,
        project: &Project,
        tool: &Tool,
        run: &Run<'_>,
        identity: &Identity,
    ) -> Option<Vec<Edit>> {
        let file = project.dockerfile(self.source)?;
        let state = self.state_at(run.index);
        let in_run = |name: &str| {
            run.shell.commands.iter().flat_map(|c| &c.assignments).any(|a| a.name.as_str() == name)
        };
        let (first, path) = tool.variables.first()?;
        if in_run(first) {
            return None;
        }
        if let Value::Set(value) = state.env(first) {
            let hidden = ["/root", "/tmp", "/var/tmp"].iter().any(|top| is_within(value, top));
            if !hidden {
                return None;
            }
            return Some(self.relocate(project, file, value, path));
        }
        if state.set_at(first).is_some() {
            return None;
        }
        let user = state.user().value().map(|u| u.is_root() == Some(true));
        if user == Some(false) {
            return None;
        }
        let pairs: Vec<String> = tool.variables.iter().map(|(name, path)| format!("{name}={path}")).collect();
        let mut new = vec![New::new(Keyword::Env, pairs.join(" "))];
        if tool.made_before {
            new.push(New::new(Keyword::Run, format!("mkdir -p {path}")));
        }
        let mut edits = vec![edit::insert_before(file, run.instruction, &new)];
        if tool.written {
            edits.extend(edit::append_command(
                file,
                run.instruction,
                &run.shell,
                &format!("chown -R {} {path}", identity.owner()),
            ));
        }
        Some(edits)
    }

    /// What has to be settled before it starts a program by `uv run`, which first brings an environment up to date that
    /// root owns, and keeps a cache.
    pub fn synced_at_start(&self, project: &Project) -> Option<Unsettled> {
        let end = self.end();
        let is_set = |name: &str| matches!(end.env(name), Value::Set(_)) || end.set_at(name).is_some();
        let mut started = self.started(project).into_iter();
        let words = started.find(|words| {
            let program = words.first().map_or("", |w| w.rsplit('/').next().unwrap_or(w));
            program == "uv" && words.get(1).is_some_and(|w| w == "run")
        })?;
        let has = |options: &[&str]| {
            words.iter().any(|w| options.contains(&w.split('=').next().unwrap_or_default()))
        };
        let synced = !has(&["--no-sync", "--no-project"]) && !is_set("UV_NO_SYNC");
        let cached =
            !has(&["--no-cache", "-n", "--cache-dir"]) && !is_set("UV_NO_CACHE") && !is_set("UV_CACHE_DIR");
        // What is not installed while the image is built has to be when it starts.
        let mut calls: Vec<(bool, String)> = Vec::new();
        let below = self.and_below(project);
        let used = self.uses.iter().filter_map(|used| match used.from {
            Base::Stage(index) => project.builds.get(self.build.0 as usize)?.stages.get(index),
            _ => None,
        });
        for stage in below.chain(used) {
            for run in stage.runs(project).iter().filter(|run| is_root(stage.state_at(run.index))) {
                for call in
                    run.calls().filter(|c| c.program == "uv" && c.verb().is_some_and(|v| v.is("sync")))
                {
                    let kept = call.args.iter().filter(|w| !w.is("--no-install-project"));
                    let words: Vec<&str> = kept.map(|w| w.text.as_str()).collect();
                    let own = stage.index == self.index;
                    let whole = words.len() == call.args.len();
                    calls.push((whole, if own { format!("uv {}", words.join(" ")) } else { String::new() }));
                }
            }
        }
        let (whole, completion) = match calls.iter().find(|(whole, _)| *whole) {
            Some(_) => (true, None),
            None if calls.is_empty() => (false, None),
            None if !self.is_package(project) => (true, None),
            None => match calls.last().filter(|(_, call)| !call.is_empty() && is_root(end)) {
                Some((_, call)) => (true, Some(call.clone())),
                None => (false, None),
            },
        };
        let mut variables = Vec::new();
        if cached {
            variables.push("UV_NO_CACHE=1");
        }
        if synced && whole {
            variables.push("UV_NO_SYNC=1");
        }
        let at = self.launch(project).written().next()?.value.at?;
        let completion = completion.filter(|_| synced);
        (!variables.is_empty() && at.source == self.source).then_some(Unsettled { at, variables, completion })
    }

    /// Whether uv installs what is in its directory as a package; so it is taken to be where that is not known.
    fn is_package(&self, project: &Project) -> bool {
        let directory = self.end().workdir().value().map_or("/", String::as_str);
        let text =
            project.in_image(self, &format!("{directory}/pyproject.toml")).and_then(|f| f.text(project));
        let Some(Ok(table)) = text.map(str::parse::<toml::Table>) else { return true };
        let said = table.get("tool").and_then(|t| t.get("uv")?.get("package")?.as_bool());
        said.unwrap_or_else(|| table.contains_key("build-system"))
    }

    /// What shows that something it needs lies in the home of root.
    pub fn root_home(&self, project: &Project) -> Option<Span> {
        let in_root = |path: &str| is_within(path, "/root");
        let mentions = |span: Span| occurrences(project.text(span), "/root").next().is_some();
        for step in self.walk(project).filter(|s| s.instruction.onbuild.is_none()) {
            let found = match &step.instruction.arguments {
                Arguments::Workdir(word) => {
                    step.after.workdir().value().is_some_and(|w| in_root(w)).then_some(word.span)
                }
                Arguments::Copy(t) | Arguments::Add(t) => {
                    mentions(t.destination.span).then_some(t.destination.span)
                }
                Arguments::Env(pairs) => {
                    let used = |p: &&seaworthy_syntax::dockerfile::Pair| {
                        mentions(p.value.span)
                            && &*p.value.text != "/root"
                            && TOOLS.iter().all(|t| t.variables[0].0 != &*p.name.text)
                    };
                    pairs.iter().find(used).map(|p| p.value.span)
                }
                Arguments::Cmd(c) | Arguments::Entrypoint(c) => mentions(c.span()).then_some(c.span()),
                _ => None,
            };
            if found.is_some() {
                return found;
            }
        }
        let home = matches!(self.end().env("HOME"), Value::Set(home) if home != "/root");
        self.runs(project).iter().filter(|_| !home).find_map(|run| {
            let text = project.text(run.instruction.span);
            let installer = INSTALLERS.iter().any(|i| text.contains(i));
            let elsewhere = [
                "UV_INSTALL_DIR",
                "UV_UNMANAGED_INSTALL",
                "CARGO_HOME",
                "BUN_INSTALL",
                "NVM_DIR",
                "DENO_INSTALL",
                "POETRY_HOME",
                "PYENV_ROOT",
                "SDKMAN_DIR",
                "INSTALLER_NO_MODIFY_PATH",
                "--install-dir",
                "PNPM_HOME",
                "XDG_BIN_HOME",
            ];
            let moved = elsewhere.iter().any(|v| {
                text.contains(v)
                    || self.state_at(run.index).set_at(v).is_some()
                    || matches!(self.state_at(run.index).env(v), Value::Set(_))
            });
            let taken = ["mv ", "cp ", "install "].iter().any(|c| text.contains(c))
                && (text.contains("/usr/local/bin") || text.contains("/usr/bin"));
            let user = run.installs().find(|i| i.call.has_option(&["--user"]));
            let calls = run.calls().next().map(|c| c.command.span);
            let root = self.state_at(run.index).user().value().is_none_or(|u| u.is_root() == Some(true));
            (root && (installer && !moved && !taken || user.is_some())).then_some(calls)?
        })
    }

    /// The edits that have all that lies in the home of root lie in another directory.
    pub fn leave_root_home(&self, project: &Project, identity: &Identity) -> Option<(String, Vec<Edit>)> {
        let file = project.dockerfile(self.source)?;
        let own = || self.instructions(project).iter().map(|i| (i, project.text(i.span)));
        let is_run = |i: &Instruction| matches!(i.arguments, Arguments::Run(_));
        let dotted = |text: &str| occurrences(text, "/root").any(|at| text[at + 5..].starts_with("/."));
        // What is done while the image is built goes where `HOME` says.
        let installs = own().any(|(i, text)| {
            let words = ["--user", "~/.", "$HOME", "${HOME", "--global"];
            is_run(i) && (INSTALLERS.iter().chain(&words).any(|p| text.contains(p)) || dotted(text))
        });
        let hidden_names = installs || own().any(|(_, text)| dotted(text));
        let taken =
            |directory: &str| self.transfers(project).iter().any(|(_, _, to)| is_within(to, directory));
        if !hidden_names {
            let to = ["/app", "/srv/app", "/opt/app"].into_iter().find(|d| !taken(d))?;
            return Some((to.to_owned(), self.relocate(project, file, "/root", to)));
        }
        let home = identity.home_or_new().to_owned();
        let mut edits = self.relocate(project, file, "/root", &home);
        let first = self.walk(project).find(|step| {
            let text = project.text(step.instruction.span);
            let in_home = occurrences(text, "/root").next().is_some();
            matches!(step.instruction.keyword.value, Keyword::Run | Keyword::Copy | Keyword::Add) || in_home
        })?;
        let home_set = self.walk(project).any(|step| step.after.set_at("HOME").is_some());
        if (installs || identity.name.is_none()) && !home_set {
            edits.push(edit::insert_before(
                file,
                first.instruction,
                &[New::new(Keyword::Env, format!("HOME={home}"))],
            ));
        }
        Some((home, edits))
    }

    /// The edits that replace a path, and all paths below it, by another; not where it is the path of another stage.
    fn relocate(&self, project: &Project, file: &Dockerfile, from: &str, to: &str) -> Vec<Edit> {
        let mut edits = Vec::new();
        for instruction in self.instructions(project).iter().filter(|i| i.onbuild.is_none()) {
            let text = instruction.span.of(&file.text);
            for at in occurrences(text, from) {
                let start = instruction.span.start as usize + at;
                let span = Span::new(file.source, start, start + from.len());
                let comment = file.comments.iter().any(|c| c.contains(span));
                if !comment && !is_source(instruction, span) {
                    edits.push(Edit { span, text: to.to_owned() });
                }
            }
        }
        edits
    }
}

/// Whether a place is in what is copied from elsewhere.
fn is_source(instruction: &Instruction, span: Span) -> bool {
    match &instruction.arguments {
        Arguments::Copy(t) | Arguments::Add(t) => t.sources.iter().any(|s| match s {
            CopySource::Path(word) | CopySource::Heredoc { word, .. } => word.span.contains(span),
        }),
        _ => false,
    }
}

/// Where a path stands in a text as a whole, or as the beginning of a longer one.
fn occurrences<'t>(text: &'t str, path: &'t str) -> impl Iterator<Item = usize> + 't {
    let inside = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '}' | '~');
    text.match_indices(path).map(|(at, _)| at).filter(move |at| {
        let before = text[..*at].chars().next_back();
        let after = text[at + path.len()..].chars().next();
        !before.is_some_and(inside) && !after.is_some_and(|c| inside(c) && c != '/')
    })
}
