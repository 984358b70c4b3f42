use crate::project::Project;
use crate::project::workflow::System;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "unpinned-action",
    summary: "an action of somebody else at a version that can be moved",
    since: "0.1.0",
    docs: include_str!("unpinned_action.md"),
    aliases: &[],
    category: Category::Security,
    severity: Severity::Low,
    default: false,
    fix: FixKind::None,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for workflow in project.workflows.iter().filter(|w| w.system != System::GitLab) {
        let steps = workflow
            .jobs
            .iter()
            .flat_map(|job| job.steps.iter().filter_map(|s| s.uses.as_ref()).chain(&job.calls));
        for uses in steps {
            let own =
                ["actions/", "github/", "docker://"].iter().any(|prefix| uses.action.starts_with(prefix));
            if !uses.is_local() && !own && !uses.is_pinned() {
                ctx.report(
                    uses.span,
                    format!(
                        "`{}` runs whatever its version is moved to, with the secrets of the job",
                        uses.action
                    ),
                );
            }
        }
    }
}
