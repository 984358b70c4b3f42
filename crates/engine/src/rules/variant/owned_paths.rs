use crate::Safety;
use crate::images::Sh;
use crate::project::dockerfile::{Identity, Reason, Writable};
use crate::project::{Base, Project, Stage};
use crate::syntax::Edit;
use crate::syntax::dockerfile::Keyword;
use crate::syntax::dockerfile::edit::{self, New};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "owned-paths",
    summary: "gives the user what the program writes to, and nothing else",
    since: "0.1.0",
    docs: include_str!("owned_paths.md"),
    aliases: &[],
    category: Category::Reliability,
    severity: Severity::High,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Variant(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let Ok(Some(identity)) = stage.identity(ctx.project) else { return };
    // What an image gives to its own users is its own affair.
    if stage.facts.is_some_and(|f| f.drops_with.is_some() || f.user.as_deref().is_some_and(|u| !u.is_empty()))
    {
        return;
    }
    let Some(file) = ctx.project.dockerfile(stage.source) else { return };
    let writable = stage.writable(ctx.project, &identity);
    let (made, others): (Vec<_>, Vec<_>) =
        writable.into_iter().partition(|w| matches!(w.reason, Reason::Made(_)));
    let mut left: Vec<Writable> = Vec::new();
    for group in made.chunk_by(|a, b| a.reason == b.reason) {
        match in_its_run(stage, ctx.project, group, &identity) {
            Some(edit) => report(group, &identity, Some(vec![edit]), ctx),
            None => left.extend_from_slice(group),
        }
    }
    left.extend(others);
    let Some(first) = left.first() else { return };
    if stage.base == Base::Scratch || stage.facts.is_some_and(|f| f.shell == Some(Sh::None)) {
        let why = format!(
            "`{}` {}, but the image has no shell that could give it to {}: mount a volume there",
            first.path,
            first.reason.text(),
            identity.owner()
        );
        ctx.report(first.span, why);
        return;
    }
    let Some(place) = stage.last_as_root(ctx.project) else { return };
    let command = command(&left, &identity.owner());
    let run = [New::new(Keyword::Run, command)];
    let edit = match place {
        Ok(before) => edit::insert_before(file, before, &run),
        Err(after) => edit::insert_after(file, after, &run),
    };
    report(&left, &identity, Some(vec![edit]), ctx);
}

/// The command that made them, joined by one that gives them away.
fn in_its_run(stage: &Stage, project: &Project, made: &[Writable], identity: &Identity) -> Option<Edit> {
    let Reason::Made(index) = made.first()?.reason else { return None };
    let paths: Vec<&str> = made.iter().map(|w| w.path.as_str()).collect();
    let command = format!("chown {} {}", identity.owner(), paths.join(" "));
    let run = stage.runs(project).into_iter().find(|run| run.index == index)?;
    edit::append_command(project.dockerfile(stage.source)?, run.instruction, &run.shell, &command)
}

fn command(paths: &[Writable], owner: &str) -> String {
    let (user, group) = owner.split_once(':').unwrap_or((owner, ""));
    let of = |wanted: &dyn Fn(&Writable) -> bool| {
        let paths: Vec<&str> = paths.iter().filter(|w| wanted(w)).map(|w| w.path.as_str()).collect();
        paths.join(" ")
    };
    let there = |w: &Writable| w.reason == Reason::File;
    let tree = |w: &Writable| w.reason == Reason::Tree;
    let new = of(&|w| !there(w) && !tree(w));
    let mut commands = Vec::new();
    if !new.is_empty() {
        let group = if group.is_empty() { String::new() } else { format!(" -g {group}") };
        commands.push(format!("install -d -o {user}{group} {new}"));
    }
    let given = of(&there);
    if !given.is_empty() {
        let mut parents: Vec<&str> = paths
            .iter()
            .filter(|w| there(w))
            .filter_map(|w| Some(w.path.rsplit_once('/')?.0).filter(|parent| !matches!(*parent, "" | "/etc")))
            .collect();
        parents.retain(|parent| !paths.iter().any(|w| !there(w) && w.path == *parent));
        parents.dedup();
        if !parents.is_empty() {
            commands.push(format!("mkdir -p {}", parents.join(" ")));
        }
        commands.push(format!("touch {given}\n&& chown {owner} {given}"));
    }
    let trees = of(&tree);
    if !trees.is_empty() {
        commands.push(format!("mkdir -p {trees}\n&& chown -R {owner} {trees}"));
    }
    commands.join("\n&& ")
}

fn report(paths: &[Writable], identity: &Identity, edits: Option<Vec<Edit>>, ctx: &mut Ctx<'_>) {
    let Some(first) = paths.first() else { return };
    let names: Vec<String> = paths.iter().map(|w| format!("`{}`", w.path)).collect();
    let why = format!("`{}` {}", first.path, first.reason.text());
    let title = format!("Give {} to {}", names.join(", "), identity.owner());
    ctx.report(first.span, why).fix(Safety::Unsafe, title, edits);
}
