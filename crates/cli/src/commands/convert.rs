//! `seaworthy convert`.

use std::io::Write;

use camino::{Utf8Path, Utf8PathBuf};
use seaworthy_engine::convert::{self, Asked, Chains, Fate, Options, Plan, Ready, To, manifests};
use seaworthy_engine::render::convert::{Conversion, render};
use seaworthy_engine::{Project, Source};

use super::load::{Loaded, Variants, cwd, load};
use crate::args::{Convert, Global, Input, Selection, VariantFormat};
use crate::discover::{self, label};
use crate::error::Error;
use crate::folder::Target;
use crate::output::{colored, complain, diff, stdout};
use crate::progress::Progress;
use crate::{CLEAN, FAILED, FOUND};

/// Converts a Compose project, writes what comes of it, prints what became of its keys, and tells the exit status.
pub(crate) fn run(args: &Convert, global: &Global) -> Result<u8, Error> {
    let to: To = args.to.into();
    let out = args.out.as_deref().filter(|out| *out != "-");
    if out.is_none() && to != To::Manifests {
        return Err(Error::message("a chart and a Kustomize base are folders; name one with --out"));
    }
    if out.is_none() && (args.diff || args.check) {
        return Err(Error::message("--diff and --check compare with a folder; name it with --out"));
    }
    let cwd = cwd()?;
    let progress = Progress::new(global.quiet);
    let (ready, failed) = ready(args, global, &cwd, &progress)?;
    progress.doing("converting");
    let options = Options {
        platform: args.platform.into(),
        profiles: args.profiles.clone(),
        registry: args.registry.clone(),
        tag: args.tag.clone(),
        domain: args.domain.clone(),
    };
    let whole = &ready.chains.whole;
    let plan = ready.plan(whole, &options).filter(|plan| !plan.services.is_empty());
    let Some(plan) = plan else {
        if ready.is_of_compose_1(whole) {
            return Err(Error::message(format!(
                "{} is in the format of Compose 1, with services at the top, which Compose 2 refuses too: put them below `services:` and convert again",
                named(whole)
            )));
        }
        return Err(Error::message(format!(
            "{} has no services, so there is nothing to convert",
            named(whole)
        )));
    };
    complain_of_profiles(&plan, args, global);
    let refused = args.strict && plan.carried.rows.iter().any(|row| row.fate == Fate::Refused);
    let problems = ready.problems(whole);
    let conversion = |folder, done| Conversion {
        project: &ready.project,
        plan: &plan,
        problems,
        to,
        platform: options.platform,
        folder,
        done,
        verbose: global.verbose,
    };
    let Some(out) = out else {
        drop(progress);
        print(&conversion(None, true), args.format, global, true)?;
        if !refused {
            let mut stream = stdout();
            stream.write_all(manifests::stream(&plan, args.explain).as_bytes())?;
            stream.flush()?;
        }
        return Ok(status(failed, refused));
    };
    let made = ready.files(&plan, &options, to, args.explain);
    let target = Target::new(out);
    let folder = target.compare(made)?;
    drop(progress);
    let conflicts: Vec<_> = target.changes(folder.refused());
    let dry = args.diff || args.check || refused || !conflicts.is_empty();
    if !dry {
        target.write(&folder)?;
    }
    print(&conversion(Some(&folder), !dry), args.format, global, args.diff)?;
    let no_secrets = |_: &Source| Default::default();
    if args.diff {
        let written = folder.files.iter().filter(|file| file.status.is_written());
        let changes = target.changes(written);
        diff::print(&pairs(&changes), &no_secrets)?;
    }
    // What is refused is shown, so that it can be taken over by hand.
    if args.diff || args.format == VariantFormat::Text && !global.quiet {
        diff::print(&pairs(&conflicts), &no_secrets)?;
    }
    if !conflicts.is_empty() {
        complain(
            "error",
            &format!(
                "{out} holds what somebody edited or wrote, so nothing is written there: take over what you want, or remove it, and run again"
            ),
        );
    }
    let open = (args.diff || args.check) && folder.changes();
    Ok(status(failed, refused || open || !conflicts.is_empty() || !folder.kept.is_empty()))
}

fn status(failed: bool, found: bool) -> u8 {
    match (failed, found) {
        (true, _) => FAILED,
        (false, true) => FOUND,
        (false, false) => CLEAN,
    }
}

fn pairs(changes: &[(Option<Source>, Source)]) -> Vec<(Option<&Source>, &Source)> {
    changes.iter().map(|(old, new)| (old.as_ref(), new)).collect()
}

/// Reads the repository around what is asked for.
fn ready(
    args: &Convert,
    global: &Global,
    cwd: &Utf8Path,
    progress: &Progress,
) -> Result<(Ready, bool), Error> {
    if args.paths.iter().any(|path| path == "-") {
        return Err(Error::message(
            "a project is more than its Compose file, so standard input cannot be converted; name a file",
        ));
    }
    if let Some(path) = args.paths.iter().find(|path| !path.exists()) {
        return Err(Error::message(format!("{path}: no such file or directory")));
    }
    let directories = args.paths.iter().filter(|path| path.is_dir()).count();
    if directories > 0 && args.paths.len() > 1 {
        return Err(Error::message("name one directory, or the Compose files of one project"));
    }
    let here = [Utf8PathBuf::from(".")];
    let asked = discover::Asked::of(&args.paths, cwd);
    let input = Input { paths: asked.paths.clone(), config: args.config.clone(), ..Input::default() };
    let loaded = load(&input, &Selection::default(), global, progress, Variants::Beside)?;
    if loaded.misconfigured {
        return Err(Error::message(
            "nothing was converted, since the settings cannot be understood; mend them first",
        ));
    }
    let Loaded { project, config, tree, failed, .. } = loaded;
    let labels: Vec<Utf8PathBuf> = args.paths.iter().map(|path| label(path, cwd)).collect();
    let chains = if directories == 1 || labels.is_empty() {
        let directory = args.paths.first().unwrap_or(&here[0]);
        convert::chains(&project, Asked::Directory(&label(directory, cwd)))
    } else {
        convert::chains(&project, Asked::Chain(&labels))
    };
    let chains = chains.map_err(Error::message)?;
    let mut project = with_chains(project, &chains, &tree);
    discover::read_mounted(&mut project, &tree);
    let fallback = cwd.file_name().unwrap_or("app");
    Ok((Ready::new(project, &config, chains, fallback), failed))
}

/// The project in which each of the chains is a composition.
fn with_chains(project: Project, chains: &Chains, tree: &discover::Tree) -> Project {
    if chains.are_in(&project) {
        return project;
    }
    let (parses, mut files) = project.into_parts();
    files.chains = chains.all().cloned().collect();
    files.chains.dedup();
    loop {
        let wanted = Project::wanted(&parses, &files);
        if wanted.is_empty() {
            break;
        }
        discover::supply(&mut files, wanted, tree);
    }
    let mut project = Project::of(parses, files);
    discover::read_sources(&mut project, tree);
    discover::read_code(&mut project, tree);
    project
}

fn named(chain: &[Utf8PathBuf]) -> String {
    let names: Vec<&str> = chain.iter().map(|path| path.as_str()).collect();
    names.join(" ")
}

/// Says which profiles nobody has.
fn complain_of_profiles(plan: &Plan, args: &Convert, global: &Global) {
    let known = || plan.services.iter().flat_map(|service| &service.profiles);
    for profile in args.profiles.iter().filter(|p| *p != "*" && !known().any(|k| k == *p)) {
        if !global.quiet {
            complain("warning", &format!("no service has the profile {profile}"));
        }
    }
}

/// Prints what became of the keys: on standard error where standard output has something else.
fn print(
    conversion: &Conversion<'_>,
    format: VariantFormat,
    global: &Global,
    aside: bool,
) -> Result<(), Error> {
    if global.quiet && format == VariantFormat::Text {
        return Ok(());
    }
    if aside {
        let mut out = anstream::stderr().lock();
        return Ok(render(conversion, format.into(), true, &mut out)?);
    }
    let mut out = stdout();
    render(conversion, format.into(), colored(), &mut out)?;
    out.flush()?;
    Ok(())
}
