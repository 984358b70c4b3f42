//! `seaworthy verify`.

mod cluster;

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use seaworthy_engine::check::check_measured;
use seaworthy_engine::measured::Measured;
use seaworthy_engine::project::compose::{self, Composition, Home, Host};
use seaworthy_engine::syntax::apply;
use seaworthy_engine::{Edit, Files, Kind, Project, Report, Safety, Source, SourceId, parse};
use seaworthy_live::docker::{Options, Plan, Verified, Wanted, verify};

use super::load::{Loaded, Variants, cwd, load};
use crate::args::{Global, Input, VerifyDocker};
use crate::error::{Error, reason};
use crate::output::{self, complain, trials};
use crate::progress::Progress;
use crate::write::write;
use crate::{CLEAN, FAILED, FOUND};
pub(crate) use cluster::cluster;

/// Runs services and images, measures them, prints what was found, and tells the exit status.
pub(crate) fn docker(args: &VerifyDocker, global: &Global) -> Result<u8, Error> {
    let cwd = cwd()?;
    let top = cwd.join(&args.project);
    let directory = if top.is_file() { top.parent().unwrap_or(&top).to_owned() } else { top.clone() };
    if !top.exists() {
        return Err(Error::message(format!("there is no {}", args.project)));
    }
    let progress = Progress::new(global.quiet);
    let paths =
        if top.is_file() { args.project.parent().unwrap_or(Utf8Path::new(".")) } else { &args.project };
    let paths = if paths.as_str().is_empty() { Utf8Path::new(".") } else { paths };
    let input = Input { paths: vec![paths.to_owned()], config: args.config.clone(), ..Input::default() };
    let quiet = Global { quiet: true, ..*global };
    let Loaded { project, mut config, failed, tree, .. } =
        load(&input, &args.selection, &quiet, &progress, Variants::AsFound)?;
    drop(progress);

    let plan = plan(args, &project, &cwd, &top, &directory)?;
    let mut options = Options::default();
    options.limit = Duration::from_secs(args.timeout.max(1));
    options.learn = args.learn;
    options.against.clone_from(&args.against);
    let watch = trials::Watch::new(global, plan.subjects());
    let verified = verify(&plan, &options, &|name, step| watch.hear(name, step));
    let verified = verified.map_err(|error| Error::message(error.to_string()))?;
    drop(watch);

    let project = with_images(project, &verified);
    config.fixes = true;
    let report = check_measured(&project, &config, &verified.measured);
    if verified.swept > 0 && !global.quiet {
        complain(
            "note",
            &format!(
                "removed {} of an earlier run that was cut short",
                output::count(verified.swept, "leftover")
            ),
        );
    }
    for (name, why) in &verified.left_out {
        complain("warning", &format!("`{name}` was not run: {why}"));
    }
    trials::print(&report, &project, &verified.measured, &args.output, global, || trials::table(&verified))?;
    if args.fix {
        let fixed = fixed(&report, &project);
        let changes: Vec<(Option<&Source>, &Source)> =
            fixed.iter().map(|(old, new)| (Some(*old), new)).collect();
        write(&changes, &tree)?;
        if !global.quiet {
            complain("note", &format!("fixed {}", output::count(changes.len(), "file")));
        }
    }
    if args.learn {
        write_down(&directory, &verified, global)?;
    }
    // Of what does not come up nothing could be proved; what has to be killed is as broken, where anybody asks.
    let down = |m: &Measured| m.start.as_ref().is_some_and(|start| !start.healthy);
    let killed = |m: &Measured| m.stop.as_ref().is_some_and(|stop| stop.code == 137);
    let asked = report.diagnostics.iter().any(|d| d.rule.name == "slow-stop");
    let broken = verified.measured.iter().any(|m| down(m) || asked && killed(m));
    Ok(match (failed || broken, report.diagnostics.is_empty()) {
        (true, _) => FAILED,
        (false, true) => CLEAN,
        (false, false) => FOUND,
    })
}

/// What is run: services where a word names one, or there is none; else images.
fn plan(
    args: &VerifyDocker,
    project: &Project,
    cwd: &Utf8Path,
    top: &Utf8Path,
    directory: &Utf8Path,
) -> Result<Plan, Error> {
    let composition = composition(project, cwd, top, directory, &args.subjects);
    let is_service = |name: &String| composition.is_some_and(|c| c.services.iter().any(|s| s.name == *name));
    let (services, images): (Vec<String>, Vec<String>) = args.subjects.iter().cloned().partition(is_service);
    let wanted =
        images.into_iter().map(|image| Wanted { dockerfile: dockerfile_of(args, project, &image), image });
    let mut plan = Plan::of_images(wanted.collect());
    let Some(composition) = composition.filter(|_| args.subjects.is_empty() || !services.is_empty()) else {
        if args.subjects.is_empty() {
            return Err(Error::message(format!(
                "there is no Compose project in {}; name an image, or another directory with --project",
                args.project
            )));
        }
        return Ok(plan);
    };
    let chain: Vec<Utf8PathBuf> = composition.files.iter().map(|id| cwd.join(project.path(*id))).collect();
    let composed = compose_here(&chain, directory, !services.is_empty());
    plan.add_services(&composed, &services).map_err(|error| Error::message(error.to_string()))?;
    Ok(plan)
}

/// The Compose project that is meant: that of the file, or the one Compose takes in the directory, or the one that has what
/// is asked for.
fn composition<'p>(
    project: &'p Project,
    cwd: &Utf8Path,
    top: &Utf8Path,
    directory: &Utf8Path,
    names: &[String],
) -> Option<&'p Composition> {
    const DEFAULTS: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];
    let first = |c: &Composition| c.files.first().map(|id| clean(&cwd.join(project.path(*id))));
    let holds = |c: &&Composition, path: &Utf8Path| {
        c.files.iter().any(|id| clean(&cwd.join(project.path(*id))) == clean(path))
    };
    if top.is_file() {
        return project.compositions.iter().find(|c| holds(c, top));
    }
    let all = || project.compositions.iter();
    let default = DEFAULTS
        .iter()
        .find_map(|name| all().find(|c| first(c).as_deref() == Some(&clean(&directory.join(name)))));
    let has = |c: &&Composition| names.iter().any(|name| c.services.iter().any(|s| s.name == *name));
    let named = default.filter(|c| names.is_empty() || has(c)).or_else(|| all().find(has));
    named.or(default).or_else(|| all().next().filter(|_| project.compositions.len() == 1))
}

fn clean(path: &Utf8Path) -> Utf8PathBuf {
    seaworthy_engine::parse::normalise(path)
}

/// A Compose project as Compose itself reads it on this machine.
fn compose_here(chain: &[Utf8PathBuf], directory: &Utf8Path, all_profiles: bool) -> Composition {
    let host = Host {
        directory: Some(clean(directory).to_string()),
        home: env::var("HOME").ok().map(Home::At),
        variables: Some(
            env::vars_os()
                .filter_map(|(n, v)| Some((n.into_string().ok()?, v.into_string().ok()?)))
                .collect(),
        ),
        // A service that is asked for by name starts whatever its profiles are.
        profiles: if all_profiles { vec!["*".to_owned()] } else { Vec::new() },
    };
    let sources = chain.iter().enumerate().filter_map(|(number, path)| {
        let source = Source::from_bytes(path.clone(), Kind::Compose, fs::read(path).ok()?);
        Some(parse(SourceId(number as u32), source))
    });
    let parses: Vec<_> = sources.collect();
    let mut files = Files::default();
    loop {
        let (composition, wanted) = compose::load(&parses, &files, chain, &host);
        if wanted.is_empty() {
            return composition;
        }
        for path in wanted {
            let text = fs::read(&path).ok().map(|bytes| Arc::from(String::from_utf8_lossy(&bytes)));
            files.add_text(path, text);
        }
    }
}

/// The Dockerfile that an image is built from: the one that is named, or else that of the service that names the image.
fn dockerfile_of(args: &VerifyDocker, project: &Project, image: &str) -> String {
    if let Some(path) = &args.dockerfile {
        let label = clean(path);
        return label.to_string();
    }
    let named = |c: &&seaworthy_engine::project::Container| {
        c.image.value().is_some_and(|i| i.to_string() == image || format!("{i}:latest") == image)
    };
    let stage = project.containers.iter().filter(named).find_map(|c| c.stage(project));
    stage.map_or_else(String::new, |stage| project.path(stage.source).to_string())
}

/// The project with a Dockerfile for each image of which nothing here says how it is built: as the engine describes it.
fn with_images(project: Project, verified: &Verified) -> Project {
    if verified.described.is_empty() {
        return project;
    }
    let (mut parses, files) = project.into_parts();
    for (path, text) in &verified.described {
        if !parses.iter().any(|p| p.source.path == *path) {
            let id = SourceId(parses.len() as u32);
            parses.push(parse(id, Source::new(path.as_str(), Kind::Dockerfile, text.as_str())));
        }
    }
    Project::of(parses, files)
}

/// The sources that safe fixes change, each as it was and as it becomes. A fix that meets another one is left out.
fn fixed<'p>(report: &Report, project: &'p Project) -> Vec<(&'p Source, Source)> {
    let mut taken: Vec<Edit> = Vec::new();
    for fix in report.diagnostics.iter().filter_map(|d| d.fix.as_ref()).filter(|f| f.safety == Safety::Safe) {
        let meets = |a: &Edit, b: &Edit| {
            let (a, b) = (a.span, b.span);
            a.source == b.source && a.start < b.end && b.start < a.end
        };
        if !fix.edits.iter().any(|edit| taken.iter().any(|other| meets(edit, other))) {
            taken.extend(fix.edits.iter().filter(|e| !taken.contains(e)).cloned().collect::<Vec<_>>());
        }
    }
    taken.sort();
    let changed = project.parses().iter().filter_map(|old| {
        let edits: Vec<Edit> = taken.iter().filter(|e| e.span.source == old.id).cloned().collect();
        let text = apply(&old.source.text, &edits).filter(|text| *text != *old.source.text)?;
        let new = old.source.with_text(text);
        let again = parse(old.id, new.clone());
        (again.errors().len() <= old.errors().len()).then_some((&old.source, new))
    });
    changed.collect()
}

/// The file that `fix` reads what was learned from.
const LEARNED: &str = seaworthy_engine::measured::FILE;

/// Writes down what was learned, beside what was learned before of others.
fn write_down(directory: &Utf8Path, verified: &Verified, global: &Global) -> Result<(), Error> {
    let path = directory.join(LEARNED);
    let mut known: BTreeMap<(String, String), Measured> = BTreeMap::new();
    let before = fs::read_to_string(&path).unwrap_or_default();
    let before = seaworthy_engine::measured::read(&before).unwrap_or_default();
    let is_described = |path: &str| verified.described.iter().any(|(described, _)| described == path);
    let learned = verified.measured.iter().filter(|m| m.strictest.is_some()).map(|measured| {
        let mut learned = measured.learned();
        if is_described(&learned.dockerfile) {
            learned.dockerfile.clear();
        }
        learned
    });
    for one in before.into_iter().chain(learned) {
        known.insert((one.service.clone(), one.image.clone()), one);
    }
    if known.is_empty() {
        return Ok(());
    }
    let text = seaworthy_engine::measured::write(known.into_values().collect());
    let mut file = tempfile::NamedTempFile::new_in(directory).map_err(Error::from)?;
    file.write_all(text.as_bytes())?;
    file.persist(&path).map_err(|e| Error::message(format!("cannot write {path}: {}", reason(&e.error))))?;
    if !global.quiet {
        complain("note", &format!("wrote {path}; `seaworthy fix` goes by it"));
    }
    Ok(())
}
