use crate::project::entry::{Entry, MissingAttribute, Module, Place, entries};
use crate::project::links::BuiltHow;
use crate::project::{Container, ImageCommand, Origin, Project, Setting, Stage, StageRole, What};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity, Span};

pub(crate) static RULE: Rule = Rule {
    name: "unresolved-entry-point",
    summary: "a command that names code which is not there",
    since: "0.1.0",
    docs: include_str!("unresolved_entry_point.md"),
    aliases: &[],
    category: Category::Correctness,
    severity: Severity::High,
    default: true,
    fix: FixKind::None,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for stage in project.builds.iter().flat_map(|b| &b.stages).filter(|s| s.role == StageRole::Final) {
        let end = stage.end();
        for setting in [end.entrypoint(), end.command()] {
            let (Some(command), Some(at)) = (setting.value(), setting.at) else { continue };
            // What another stage says is reported there.
            let own =
                stage.instructions(project).iter().any(|i| i.span.start <= at.start && at.end <= i.span.end);
            if own && at.source == stage.source {
                look(ctx, Place::Image(stage), &ImageCommand::argv(command), at);
            }
        }
    }
    for container in &project.containers {
        let certain = |container: &Container| {
            let mut built = project.links.built_by.iter().filter(|b| b.container == container.id);
            built.all(|b| b.how != BuiltHow::Likeness)
        };
        for setting in [&container.entrypoint, &container.command] {
            let own = |s: &Setting<_>| !matches!(s.origin, Origin::Dockerfile | Origin::Image);
            if let (Some(argv), Some(at), true) = (setting.value(), setting.at, own(setting))
                && certain(container)
            {
                look(ctx, Place::Container(container), argv, at);
            }
        }
    }
}

/// Reports what a command names and what is not there.
fn look(ctx: &mut Ctx<'_>, place: Place<'_>, argv: &[String], at: Span) {
    let project = ctx.project;
    for entry in entries(argv) {
        match entry {
            Entry::Attribute { written, module, attribute, directory } => {
                let missing = place.missing_attribute(project, &module, &attribute, directory.as_deref());
                if let Some(MissingAttribute { file, application, started }) = missing {
                    let mut message = format!("`{file}` defines no `{attribute}`");
                    if let Some(name) = &application {
                        message.push_str(&format!("; it has `{name}`"));
                        message.push_str(if started == application { ", which Compose starts" } else { "" });
                    }
                    ctx.report(find(project, at, &written), message);
                    continue;
                }
                if !matches!(place.module(project, &module, directory.as_deref()), Module::Missing) {
                    continue;
                }
                let (message, span) =
                    (format!("there is no module `{module}` in the image"), find(project, at, &module));
                ctx.report(span, message);
            }
            Entry::Module(module) => {
                if matches!(place.module(project, &module, None), Module::Missing)
                    && !is_mounted_later(project, place)
                {
                    ctx.report(
                        find(project, at, &module),
                        format!("there is no module `{module}` in the image"),
                    );
                }
            }
            Entry::File(path) => {
                if is_absent(project, place, &path) {
                    ctx.report(find(project, at, &path), format!("there is no `{path}` in the image"));
                }
            }
        }
    }
}

/// Where a word stands within a command.
fn find(project: &Project, at: Span, word: &str) -> Span {
    project.text(at).find(word).map_or(at, |offset| {
        let start = at.start as usize + offset;
        Span::new(at.source, start, start + word.len())
    })
}

/// Whether a script is known not to be in the image: its directory was copied whole from the repository, or nothing but
/// copies could have put it there.
fn is_absent(project: &Project, place: Place<'_>, path: &str) -> bool {
    let Some(path) = place.absolute(path) else { return false };
    let Some(stage) = place.stage(project) else { return false };
    let known = stage.facts.is_some() && !stage.windows && !stage.copied().is_empty();
    if !known
        || place.at(project, &path).is_some()
        || matches!(place, Place::Container(c) if !c.mounts.is_empty())
    {
        return false;
    }
    let name = path.rsplit('/').next().unwrap_or_default();
    // Its directory is copied whole, or it is copied to another place: nobody meant to mount it.
    let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
    let meant = stage.copied().iter().any(|c| match &c.what {
        What::Directory(_) => {
            !parent.is_empty() && (c.target == parent || parent.starts_with(&format!("{}/", c.target)))
        }
        _ => c.target.rsplit('/').next() == Some(name),
    });
    if !meant {
        return false;
    }
    // A public image brings scripts of its own, and a command may make this one.
    !["/usr/", "/docker-entrypoint", "/opt/", "/bin/", "/sbin/", "/init"].iter().any(|d| path.starts_with(d))
        && is_of_copies_alone(project, stage, name)
}

/// Whether code may come from a mount: of the container, or of one that runs the image.
fn is_mounted_later(project: &Project, place: Place<'_>) -> bool {
    match place {
        Place::Container(container) => !container.mounts.is_empty(),
        Place::Image(stage) => project.containers_of(stage).any(|c| !c.mounts.is_empty()),
    }
}

/// Whether nothing but copies of what is known makes files in an image.
fn is_of_copies_alone(project: &Project, stage: &Stage, name: &str) -> bool {
    use crate::project::Base;
    use crate::syntax::dockerfile::Arguments;
    let build = project.build(stage.build);
    if !build.context().is_some_and(|c| c.certain) || !build.contexts_are_named {
        return false;
    }
    let mut stage = stage;
    loop {
        for instruction in stage.instructions(project) {
            let text = project.text(instruction.span);
            let makes = match &instruction.arguments {
                // Installing packages puts nothing beside the program's own files.
                Arguments::Run(_) => {
                    text.contains(name) || ["git ", "curl", "wget", "build", "make", "mv ", "cp ", "tar ", "unzip", "tsc", "ln "].iter().any(|p| text.contains(p))
                }
                Arguments::Add(_) => true,
                Arguments::Copy(transfer) => {
                    instruction.flag("from").is_some() || transfer.sources.iter().any(|s| matches!(s, crate::syntax::dockerfile::CopySource::Path(w) if w.text.contains('$')))
                }
                _ => false,
            };
            if makes || instruction.onbuild.is_some() {
                return false;
            }
        }
        match stage.base {
            Base::Stage(below) => match build.stages.get(below) {
                Some(below) => stage = below,
                None => return false,
            },
            Base::Image(_) => return true,
            Base::Scratch | Base::Unknown => return false,
        }
    }
}
