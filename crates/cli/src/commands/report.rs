//! `seaworthy report`.

use std::fs;
use std::io::Write;

use seaworthy_engine::config::{Layer, Selector, resolve};
use seaworthy_engine::fix::fix;
use seaworthy_engine::render::documents::{self, Counts, Sources};
use seaworthy_engine::variant::{variant, wanted};
use seaworthy_engine::workflow::{Options, workflow};
use seaworthy_engine::{Config, Project, Safety, check, parse};

use super::load::{Loaded, Variants, cwd, load};
use super::workflow::{checked_out, used};
use crate::args::{Document, Global, Report};
use crate::discover::{self, label};
use crate::error::{Error, reason};
use crate::output::stdout;
use crate::progress::Progress;
use crate::{CLEAN, FAILED};

/// Writes a document and tells the exit status: what it says is no failure.
pub(crate) fn run(args: &Report, global: &Global) -> Result<u8, Error> {
    let progress = Progress::new(global.quiet);
    let Loaded { mut project, config, tree, failed, .. } =
        load(&args.input, &args.selection, global, &progress, Variants::Beside)?;
    let asked = wanted(&project);
    discover::supply(&mut project.files, asked, &tree);
    progress.doing("making variants");
    let report = check(&project, &config);
    let strict = Config {
        rules: resolve(&[&Layer { select: Some(vec![Selector::All]), ..Layer::default() }]),
        ..Config::default()
    };
    let strict = check(
        &project,
        &Config { target: config.target, kubernetes: config.kubernetes, today: config.today, ..strict },
    );
    let made = variant(project, &config);
    let top = args.input.paths.first().filter(|path| path.is_dir()).cloned().unwrap_or_else(|| ".".into());
    let options = Options {
        system: used(&made.project, &top),
        root: label(&top, &cwd()?),
        branch: checked_out(&top).unwrap_or_else(|| "main".into()),
        serial: false,
        registry: None,
        platforms: Vec::new(),
    };
    let workflow = workflow(&made.project, &options);
    let mut text = Vec::new();
    let sources = Sources { report: &report, strict: &strict, made: &made, workflow: workflow.as_ref() };
    match args.document {
        Document::Audit => documents::audit(sources, &mut text)?,
        Document::Strategy => documents::strategy(sources, &mut text)?,
        Document::Plan => {
            progress.doing("trying fixes");
            let parses = made.project.parses().iter().map(|p| parse(p.id, p.source.clone())).collect();
            let safe = fix(Project::of(parses, made.project.files.clone()), &config, Safety::Safe);
            let after_safe = Counts::of(&safe.report);
            let all = fix(safe.project, &config, Safety::Unsafe);
            let counts = Counts { now: Counts::of(&report), safe: after_safe, all: Counts::of(&all.report) };
            documents::plan(sources, &counts, &mut text)?;
        }
    }
    drop(progress);
    if let Some(path) = &args.output {
        fs::write(path, &text).map_err(|e| Error::message(format!("cannot write {path}: {}", reason(&e))))?;
    } else {
        let mut out = stdout();
        out.write_all(&text)?;
        out.flush()?;
    }
    Ok(if failed { FAILED } else { CLEAN })
}
