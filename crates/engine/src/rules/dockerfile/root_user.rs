use crate::project::container::User;
use crate::project::{Base, Origin, Project, Stage, StageRole};
use crate::syntax::dockerfile::Keyword;
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
    fix: FixKind::None,
    check: Check::Stage(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    // What serves no program has nobody to run as.
    if stage.role != StageRole::Final || stage.windows || !stage.serves() {
        return;
    }
    let state = stage.end();
    let user = state.user();
    let named = user.origin == Origin::Own || user.origin == Origin::Dockerfile;
    let root = match user.value() {
        Some(user) => user.is_root() == Some(true),
        None => user.is_unset() && known_base(stage),
    };
    if !root {
        return;
    }
    let at = user.at.filter(|at| named && at.source == stage.source);
    let last = stage
        .instructions(ctx.project)
        .iter()
        .rev()
        .find(|i| matches!(i.keyword.value, Keyword::Cmd | Keyword::Entrypoint));
    let Some(at) = at.or(last.map(|i| i.keyword.span)).or_else(|| stage.from_span(ctx.project)) else {
        return;
    };
    // An official image whose entry point gives up root on its own has to start as root.
    if stage.facts.is_some_and(|f| f.drops_with.is_some()) && state.entrypoint().origin == Origin::Image {
        return;
    }
    if steps_down(stage, ctx.project) {
        return;
    }
    // Whoever runs it may name another user, which counts for more than what the image says.
    let mut runs = ctx.project.containers_of(stage).peekable();
    if runs.peek().is_some() && runs.all(|c| c.user.value().and_then(User::is_root) == Some(false)) {
        return;
    }
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
    ctx.report(at, message).severity(severity);
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
