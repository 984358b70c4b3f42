use crate::Safety;
use crate::project::container::User;
use crate::project::dockerfile::Need;
use crate::project::{Base, Origin, Project, Stage, StageRole};
use crate::syntax::dockerfile::{Arguments, Keyword};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "root-user",
    summary: "an image whose program runs as root",
    since: "0.1.0",
    docs: include_str!("root_user.md"),
    aliases: &["DL3002", "CKV_DOCKER_3", "CKV_DOCKER_8", "DS-0002", "CIS-DI-0001", "DF002", "DF020"],
    category: Category::Security,
    severity: Severity::High,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Stage(check),
};

/// What others call a `USER` that is root, and a `USER` that is missing.
const NAMED: &[&str] = &["DL3002", "CKV_DOCKER_8", "DS-0002", "CIS-DI-0001", "DF002"];
const MISSING: &[&str] = &["CKV_DOCKER_3", "DS-0002", "CIS-DI-0001", "DF020"];

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    if !ships_root(stage, ctx) {
        named_root(stage, ctx);
    }
}

/// A last `USER` that is root where it does no harm: in a stage that does not ship for example.
fn named_root(stage: &Stage, ctx: &mut Ctx<'_>) {
    let last = stage.instructions(ctx.project).iter().rev().find_map(|i| match &i.arguments {
        Arguments::User(user) if i.onbuild.is_none() => Some(user),
        _ => None,
    });
    let Some(user) = last.filter(|user| {
        let name = user.text.trim_matches('"').split(':').next().unwrap_or_default();
        matches!(name, "root" | "0")
    }) else {
        return;
    };
    ctx.report(user.span, "the last `USER` is root").ids(NAMED).severity(Severity::Low).aside(true);
}

/// Reports an image whose program runs as root; whether it did.
fn ships_root(stage: &Stage, ctx: &mut Ctx<'_>) -> bool {
    // What serves no program has nobody to run as.
    if stage.role != StageRole::Final || stage.windows || !stage.serves() {
        return false;
    }
    let state = stage.end();
    let user = state.user();
    let named = user.origin == Origin::Own || user.origin == Origin::Dockerfile;
    let root = match user.value() {
        Some(user) => user.is_root() == Some(true),
        None => user.is_unset() && known_base(stage),
    };
    if !root {
        return false;
    }
    let at = user.at.filter(|at| named && at.source == stage.source);
    let last = stage
        .instructions(ctx.project)
        .iter()
        .rev()
        .find(|i| matches!(i.keyword.value, Keyword::Cmd | Keyword::Entrypoint));
    let Some(at) = at.or(last.map(|i| i.keyword.span)).or_else(|| stage.from_span(ctx.project)) else {
        return false;
    };
    // An official image whose entry point gives up root on its own has to start as root.
    if stage.facts.is_some_and(|f| f.drops_with.is_some()) && state.entrypoint().origin == Origin::Image {
        return false;
    }
    if steps_down(stage, ctx.project) {
        return false;
    }
    // Whoever runs it may name another user, which counts for more than what the image says.
    let mut runs = ctx.project.containers_of(stage).peekable();
    if runs.peek().is_some() && runs.all(|c| c.user.value().and_then(User::is_root) == Some(false)) {
        return false;
    }
    let project = ctx.project;
    let message = if named {
        "the last `USER` is root, so the program runs as root"
    } else {
        "no `USER` is set, so the program runs as root"
    };
    // Who deploys it may still say otherwise; where somebody does, `root-container` looks at what they say.
    let severity = match (named, ctx.project.is_for_development(stage.source)) {
        (true, false) => Severity::High,
        (false, true) => Severity::Low,
        _ => Severity::Medium,
    };
    let edits = || {
        // To make a user is more than a change of a line: that is for variants.
        let identity = stage.identity(project).ok()??;
        matches!(identity.need, Need::Number(_)).then(|| stage.run_as(project, &identity))?
    };
    ctx.report(at, message).severity(severity).ids(if named { NAMED } else { MISSING }).fix(
        Safety::Unsafe,
        "Run it as a user without rights: what it writes has to be that user's",
        edits,
    );
    true
}

/// Whether its own entry point can give up root: the image has what entry points do it with.
fn steps_down(stage: &Stage, project: &Project) -> bool {
    let own = matches!(stage.end().entrypoint().origin, Origin::Own | Origin::Dockerfile);
    own && stage
        .instructions(project)
        .iter()
        .filter(|i| matches!(i.keyword.value, Keyword::Run | Keyword::Copy | Keyword::Add))
        .any(|i| ["gosu", "su-exec", "s6-overlay"].iter().any(|tool| project.text(i.span).contains(tool)))
}

/// Whether the base is an image whose user is known to be unset, or nothing at all.
fn known_base(stage: &Stage) -> bool {
    stage.base == Base::Scratch || stage.facts.is_some_and(|f| f.user.as_deref().is_some_and(str::is_empty))
}
