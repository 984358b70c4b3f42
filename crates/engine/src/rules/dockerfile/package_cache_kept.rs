use crate::project::dockerfile::{Call, Install, Manager, Run};
use crate::project::{Base, Stage, StageRole};
use crate::syntax::dockerfile::{Dockerfile, Value, edit};
use crate::syntax::shell::Word;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};
use crate::{Safety, Span};

pub(crate) static RULE: Rule = Rule {
    name: "package-cache-kept",
    summary: "a layer that keeps what the package manager downloaded",
    since: "0.1.0",
    docs: include_str!("package_cache_kept.md"),
    aliases: &[
        "DL3009",
        "DL3019",
        "DL3032",
        "DL3036",
        "DL3040",
        "DL3042",
        "DL3060",
        "DS-0015",
        "DS-0019",
        "DS-0020",
        "DS-0025",
        "DS-0027",
        "DKL-DI-0004",
        "DKL-DI-0005",
        "DF004",
        "DF029",
        "DF030",
        "DF045",
        "DF046",
        "DF047",
        "DF055",
    ],
    category: Category::Efficiency,
    severity: Severity::Low,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Stage(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let Some(file) = ctx.project.dockerfile(stage.source) else { return };
    for run in stage.all_runs(ctx.project) {
        let forgotten = forgotten(&run, stage, ctx);
        let mut told = Vec::new();
        for install in run.installs().filter(|i| !i.call.command.context.function) {
            // Within `if` or a loop, what is appended would run in other cases too.
            let plain = install.call.command.context.depth == 0;
            let manager = install.manager;
            if told.contains(&manager)
                || kept(manager).iter().all(|path| run.mounts_cache(path))
                || is_clean(&run, install, stage, file)
            {
                continue;
            }
            told.push(manager);
            let append =
                |command: &str| Some(vec![edit::append_command(file, run.instruction, &run.shell, command)?]);
            let option = |option: &str| {
                let unclean = run.installs().filter(|i| {
                    i.manager == manager
                        && !i.call.command.context.function
                        && !is_clean(&run, *i, stage, file)
                });
                Some(unclean.map(|i| edit::insert_behind(i.verb.span, option)).collect::<Vec<_>>())
            };
            let edits = match manager {
                Manager::Apk => option("--no-cache"),
                Manager::Pip => option("--no-cache-dir"),
                Manager::Uv => option("--no-cache"),
                _ if !plain => None,
                Manager::Apt => append("rm -rf /var/lib/apt/lists/*"),
                Manager::Dnf => append("dnf clean all"),
                Manager::Microdnf => append("microdnf clean all"),
                Manager::Yum => append("yum clean all"),
                Manager::Zypper => append("zypper clean --all"),
            };
            // Behind a command that may fail, or one that a loop or `||` holds, nothing can be appended safely.
            let message = format!("this layer keeps `{}`", kept(manager)[0]);
            ctx.report(install.verb.span, message)
                .ids(if forgotten.iter().any(|(id, _)| *id == ids(manager)) {
                    ids(manager)
                } else {
                    ids(manager).get(1..).unwrap_or_default()
                })
                // What lies in a build stage does not ship.
                .aside(stage.role != StageRole::Final)
                .fix(Safety::Safe, "Leave it out of the layer", run.script(edits).flatten());
        }
        for (ids, at) in forgotten.iter().filter(|(id, _)| !told.iter().any(|m| ids(*m) == *id)) {
            let command = (*ids == YARN).then_some("yarn cache clean");
            let edit = || edit::append_command(file, run.instruction, &run.shell, command?);
            ctx.report(*at, "no command of this instruction cleans up behind it")
                .ids(&ids[..1])
                .aside(true)
                .fix(Safety::Safe, "Clean up behind it", edit);
        }
    }
}

/// The installations that hadolint finds no cleanup for, by what others call them: it looks for one of a few commands,
/// whatever else keeps the cache out of the layer.
fn forgotten(run: &Run<'_>, stage: &Stage, ctx: &Ctx<'_>) -> Vec<(&'static [&'static str], Span)> {
    let calls: Vec<Call<'_>> = run.calls().filter(|c| c.is_bare()).collect();
    let verb = |c: &Call<'_>, verbs: &[&str]| c.args.iter().any(|w| verbs.iter().any(|v| w.is(v)));
    let last = |programs: &[&str], verbs: &[&str]| {
        calls.iter().rev().find(|c| programs.contains(&c.program) && verb(c, verbs)).map(|c| c.command.span)
    };
    // It takes any `rm -rf` for the right one.
    let removes = |path: &str, after: u32| {
        let paths = |c: &Call<'_>| c.args.iter().any(|w| w.is(path) || w.is("-rf"));
        calls.iter().any(|c| c.command.span.start > after && c.program == "rm" && paths(c))
    };
    let cleans = |programs: &[&str], after: u32| {
        calls
            .iter()
            .any(|c| c.command.span.start > after && programs.contains(&c.program) && verb(c, &["clean"]))
    };
    let mounts = |paths: &[&str]| paths.iter().any(|path| run.mounts_cache(path));
    let mut found: Vec<(&'static [&'static str], Option<Span>)> = Vec::new();
    let apt = mounts(&["/var/lib/apt/lists"]) && mounts(&["/var/cache/apt"]);
    if is_kept(stage, ctx) && !apt && !removes("/var/lib/apt/lists/*", 0) {
        found.push((ids(Manager::Apt), last(&["apt-get", "apt", "aptitude"], &["update"])));
    }
    if !mounts(&["/var/cache/apk", "/etc/apk/cache"]) {
        let add =
            calls.iter().find(|c| c.program == "apk" && verb(c, &["add"]) && !c.has_option(&["--no-cache"]));
        found.push((ids(Manager::Apk), add.map(|c| c.command.span)));
    }
    let short_clean = |after: u32| {
        let cc = |c: &&Call<'_>| c.program == "zypper" && c.command.span.start > after && verb(c, &["cc"]);
        calls.iter().any(|c| cc(&c))
    };
    let dnf: &[&str] = &["install", "in", "reinstall", "upgrade", "up"];
    for (manager, program, caches, verbs) in [
        (Manager::Dnf, "dnf", ["/var/cache/libdnf5", "/var/cache/dnf"], dnf),
        (Manager::Microdnf, "microdnf", ["/var/cache/libdnf5", "/var/cache/dnf"], dnf),
        (Manager::Yum, "yum", ["/var/cache/yum", "/var/cache/yum"], &["install"]),
        (Manager::Zypper, "zypper", ["/var/cache/zypp", "/var/cache/zypp"], &["install", "in"]),
    ] {
        let Some(at) = last(&[program], verbs) else { continue };
        let clean = cleans(&[program], at.start)
            || program == "zypper" && short_clean(at.start)
            || caches.iter().any(|cache| removes(cache, at.start));
        if !clean && !mounts(&caches) {
            found.push((ids(manager), Some(at)));
        }
    }
    let yarn = ["/usr/local/share/.cache/yarn", "/root/.cache/yarn", "/root/.yarn"];
    if is_kept(stage, ctx)
        && !calls.iter().any(|c| c.program == "yarn" && verb(c, &["clean"]))
        && !mounts(&yarn)
    {
        found.push((YARN, last(&["yarn"], &["install"])));
    }
    let state = stage.state_at(run.index);
    let off = |value: &str| matches!(value.to_ascii_lowercase().as_str(), "1" | "true" | "on" | "yes");
    let told = matches!(state.env("PIP_NO_CACHE_DIR"), Value::Set(value) if off(value));
    let mut assigned = run.shell.commands.iter().flat_map(|c| &c.assignments);
    let sets = |value: &Word| value.value.as_deref().is_some_and(off);
    let told =
        told || assigned.any(|a| a.name.as_str() == "PIP_NO_CACHE_DIR" && a.value.as_ref().is_some_and(sets));
    if !told && !mounts(&["/root/.cache/pip", "/root/.cache"]) {
        let keeps = |c: &&Call<'_>| c.pip_install().is_some() && !c.has_option(&["--no-cache-dir"]);
        found.push((ids(Manager::Pip), calls.iter().find(keeps).map(|c| c.command.span)));
    }
    found.into_iter().filter_map(|(ids, at)| Some((ids, at?))).collect()
}

/// Whether a stage is the last, or another starts from it.
fn is_kept(stage: &Stage, ctx: &Ctx<'_>) -> bool {
    let stages = &ctx.project.build(stage.build).stages;
    stage.index + 1 == stages.len() || stages.iter().any(|s| s.base == Base::Stage(stage.index))
}

/// What others call the cache of yarn.
const YARN: &[&str] = &["DL3060", "DF055"];

/// What others call it.
fn ids(manager: Manager) -> &'static [&'static str] {
    match manager {
        Manager::Apt => &["DL3009", "DKL-DI-0005", "DF004"],
        Manager::Apk => &["DL3019", "DS-0025", "DKL-DI-0004", "DF029"],
        Manager::Dnf => &["DL3040", "DS-0019", "DF046"],
        Manager::Microdnf => &["DL3040", "DS-0027", "DF046"],
        Manager::Yum => &["DL3032", "DS-0015", "DF047"],
        Manager::Zypper => &["DL3036", "DS-0020", "DF045"],
        Manager::Pip => &["DL3042", "DF030"],
        Manager::Uv => &[],
    }
}

/// What an installation leaves behind.
fn kept(manager: Manager) -> &'static [&'static str] {
    match manager {
        // The downloaded archives themselves are deleted by the hook of Debian's images.
        Manager::Apt => &["/var/lib/apt/lists"],
        Manager::Apk => &["/var/cache/apk"],
        Manager::Dnf => &["/var/cache/dnf", "/var/cache/libdnf5"],
        Manager::Microdnf | Manager::Yum => &["/var/cache/yum", "/var/cache/dnf"],
        Manager::Zypper => &["/var/cache/zypp"],
        Manager::Pip => &["/root/.cache/pip", "/root/.cache"],
        Manager::Uv => &["/root/.cache/uv", "/root/.cache"],
    }
}

/// Whether the same `RUN`, or a setting above it, keeps the cache out of the layer.
fn is_clean(run: &Run<'_>, install: Install<'_>, stage: &Stage, file: &Dockerfile) -> bool {
    let manager = install.manager;
    let state = stage.state_at(run.index);
    // What is cleaned before it is installed is there again afterwards.
    let after = install.call.command.span.start;
    let cleaned = |programs: &[&str]| {
        run.calls().any(|c| {
            c.command.span.start >= after
                && programs.contains(&c.program)
                && c.args.iter().any(|w| w.text.as_str() == "clean" || w.text.as_str() == "cc")
        })
    };
    let removed = |parts: &[&str]| {
        run.calls().any(|c| {
            matches!(c.program, "rm" | "find" | "rmdir")
                && c.args.iter().any(|w| parts.iter().any(|p| w.text.contains(p)))
        })
    };
    let mounts = |ends: &[&str]| {
        run.instruction.flags("mount").any(|m| {
            let target = m.field(&["target", "dst", "destination"]).and_then(|f| f.value.as_ref());
            target.is_some_and(|target| target.text.contains(ends[0]) || target.text.ends_with(ends[1]))
        })
    };
    match manager {
        Manager::Apt => {
            removed(&["/var/lib/apt", "/var/lib/{apt"])
                || run.calls().any(|c| {
                    matches!(c.program, "apt-get" | "apt")
                        && c.verb().is_some_and(|v| v.is("dist-clean") || v.is("distclean"))
                })
                || file.text.contains("/etc/apt/apt.conf.d/docker-clean-lists")
        }
        Manager::Apk => {
            install.call.has_option(&["--no-cache", "--no-network"])
                || removed(&["/var/cache/apk", "/var/cache/*", "/etc/apk/cache"])
                || run.mounts_cache("/etc/apk/cache")
        }
        Manager::Dnf | Manager::Yum | Manager::Microdnf => {
            cleaned(&["dnf", "yum", "microdnf", "dnf5"])
                || removed(&["/var/cache/yum", "/var/cache/dnf", "/var/cache/*", "/var/cache/libdnf5"])
        }
        Manager::Zypper => cleaned(&["zypper"]) || removed(&["/var/cache/zypp"]),
        Manager::Uv => {
            let set = |name| matches!(state.env(name), Value::Set(_)) || state.set_at(name).is_some();
            install.call.has_option(&["--no-cache", "-n"])
                || ["UV_NO_CACHE", "UV_CACHE_DIR"].into_iter().any(set)
                || removed(&[".cache"])
                || run.calls().any(|c| c.program == "uv" && c.args.iter().any(|w| w.is("cache")))
                || run
                    .shell
                    .commands
                    .iter()
                    .flat_map(|c| &c.assignments)
                    .any(|a| a.name.as_str().starts_with("UV_"))
                || mounts(&["uv", ".cache"])
        }
        Manager::Pip => {
            // Hardly any base image sets it; where this file says nothing of it, pip keeps its cache.
            let unset = |name: &str| match state.env(name) {
                Value::Unset => true,
                Value::Unknown => !state.declares(name) && state.set_at(name).is_none(),
                Value::Set(_) => false,
            };
            install.call.has_option(&["--no-cache-dir", "--no-cache"])
                || !unset("PIP_NO_CACHE_DIR")
                || !unset("PIP_NO_CACHE")
                || removed(&[".cache"])
                || run.calls().any(|c| {
                    c.program.starts_with("pip")
                        && c.args.iter().any(|w| w.is("cache"))
                        && c.args.iter().any(|w| w.is("purge"))
                })
                || run
                    .shell
                    .commands
                    .iter()
                    .flat_map(|c| &c.assignments)
                    .any(|a| a.name.as_str().starts_with("PIP_NO_CACHE"))
                || mounts(&["pip", ".cache"])
        }
    }
}
