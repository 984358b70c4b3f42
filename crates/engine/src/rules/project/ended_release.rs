use std::collections::BTreeSet;

use crate::images::{Day, Lifetime, lifetimes_of};
use crate::project::{Base, ImageName, Project, StageRole};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity, Span};

pub(crate) static RULE: Rule = Rule {
    name: "ended-release",
    summary: "an image of a release that gets no fixes any more",
    since: "0.1.0",
    docs: include_str!("ended_release.md"),
    aliases: &[],
    category: Category::Security,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::None,
    check: Check::Project(check),
};

/// How many days before its end a release is worth a word.
const SOON: u32 = 60;

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    let Some(today) = ctx.today() else { return };
    for stage in project.builds.iter().flat_map(|b| &b.stages) {
        if let (Base::Image(image), Some(at), true) =
            (&stage.base, stage.image_span(project), stage.role != StageRole::Aside)
        {
            // What only builds is not there where the image runs.
            report(ctx, image, at, today, stage.role == StageRole::Final);
        }
    }
    let mut seen = BTreeSet::new();
    for container in project.containers.iter().filter(|c| c.build.is_none()) {
        if let (Some(image), Some(at)) = (container.image.value(), container.image.at)
            && seen.insert(at)
        {
            report(ctx, image, at, today, true);
        }
    }
}

fn report(ctx: &mut Ctx<'_>, image: &ImageName, at: Span, today: Day, runs: bool) {
    for Lifetime { product, release, end } in lifetimes_of(image) {
        let (message, severity) = match end {
            None => (format!("{product} {release} gets no fixes any more"), Severity::Medium),
            Some(end) if end < today => {
                (format!("{product} {release} gets no fixes since {end}"), Severity::Medium)
            }
            Some(end) if end.0 <= today.0 + SOON => {
                (format!("{product} {release} gets no fixes after {end}"), Severity::Low)
            }
            Some(_) => continue,
        };
        ctx.report(at, message).severity(if runs { severity } else { Severity::Low });
    }
}
