use crate::project::Project;
use crate::project::workflow::releases::Release;
use crate::project::workflow::{System, Uses};
use crate::{Category, Check, Ctx, Edit, FixKind, Rule, Safety, Severity, Span};

pub(crate) static RULE: Rule = Rule {
    name: "unpinned-action",
    summary: "an action of somebody else at a version that can be moved",
    since: "0.1.0",
    docs: include_str!("unpinned_action.md"),
    aliases: &[],
    category: Category::Security,
    severity: Severity::Low,
    default: false,
    fix: FixKind::Sometimes,
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
                let message = format!(
                    "`{}` runs whatever its version is moved to, with the secrets of the job",
                    uses.action
                );
                ctx.report(uses.span, message).fix(Safety::Unsafe, "Name the commit", pin(project, uses));
            }
        }
    }
}

/// The commit of a release that is known, with its version in a comment behind; a line that has one keeps its own.
fn pin(project: &Project, uses: &Uses) -> Option<Vec<Edit>> {
    let version = uses.version.as_deref()?;
    let release = Release::of(&uses.action, version)?;
    let text = &*project.parse(uses.span.source)?.source.text;
    let (start, end) = (uses.span.start as usize, uses.span.end as usize);
    let at = start + text[start..end].rfind(version)?;
    let replace = |from, to, text: String| Edit { span: Span::new(uses.span.source, from, to), text };
    let rest = text[end..].split(['\r', '\n']).next().unwrap_or_default();
    let mut edits = vec![replace(at, at + version.len(), release.commit.to_owned())];
    if rest.trim().is_empty() {
        edits.push(replace(end, end, format!(" # v{}", release.version)));
    }
    Some(edits)
}
