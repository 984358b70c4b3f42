use seaworthy_syntax::yaml::edit;

use crate::project::Project;
use crate::project::workflow::{Step, System, Workflow};
use crate::{Category, Check, Ctx, Edit, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "default-token-permissions",
    summary: "a workflow that builds images with whatever its token may do by default",
    since: "0.1.0",
    docs: include_str!("default_token_permissions.md"),
    aliases: &["CKV2_GHA_1"],
    category: Category::Security,
    severity: Severity::Low,
    default: false,
    fix: FixKind::Sometimes,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for (index, workflow) in project.workflows.iter().enumerate() {
        let builds = project.image_jobs.iter().any(|image| image.workflow == index);
        let says =
            workflow.permissions.is_some() || workflow.jobs.iter().all(|job| job.permissions.is_some());
        if workflow.system != System::GitHub || !builds || says {
            continue;
        }
        let Some(root) = project.node(workflow.place) else { continue };
        let Some(at) = root.entry("jobs").map(|entry| entry.key.span()) else { continue };
        ctx.report(
            at,
            "the token of this workflow may do what the repository's settings say, which may be everything",
        )
        .fix(
            Safety::Unsafe,
            "Let the token do no more than the steps need",
            limit(project, workflow),
        );
    }
}

/// What the steps need, where all of them are known.
fn limit(project: &Project, workflow: &Workflow) -> Option<Edit> {
    let mut pushes = false;
    for job in &workflow.jobs {
        if job.calls.is_some() {
            return None;
        }
        for step in &job.steps {
            pushes |= needs(project, step)?;
        }
    }
    let level = |level: &str| edit::New::Str(level.to_owned());
    let mut rights = vec![("contents".to_owned(), level("read"))];
    if pushes {
        rights.push(("packages".to_owned(), level("write")));
    }
    let root = project.node(workflow.place)?;
    edit::set_after(root, "permissions", &edit::New::Map(rights), &["on", "name"]).ok()
}

/// Whether a step pushes packages with the token; `None` where it is not known what it does with it.
fn needs(project: &Project, step: &Step) -> Option<bool> {
    const KNOWN: [&str; 14] = [
        "actions/checkout",
        "actions/cache",
        "actions/upload-artifact",
        "actions/download-artifact",
        "docker/setup-buildx-action",
        "docker/setup-qemu-action",
        "docker/metadata-action",
        "docker/build-push-action",
        "docker/bake-action",
        "docker/login-action",
        "aws-actions/amazon-ecr-login",
        "pnpm/action-setup",
        "astral-sh/setup-uv",
        "jlumbroso/free-disk-space",
    ];
    let node = project.node(step.place)?;
    let text = project.text(node.full_span());
    let token = ["GITHUB_TOKEN", "github.token"].iter().any(|name| text.contains(name));
    if let Some(uses) = &step.uses {
        let known = KNOWN.contains(&uses.action.as_str()) || uses.action.starts_with("actions/setup-");
        if !known {
            return None;
        }
        // A login with the token is for pushing; what else it is handed to is not known.
        return match (token, uses.action.as_str()) {
            (true, "docker/login-action") => Some(true),
            (true, "docker/build-push-action") | (false, _) => Some(false),
            _ => None,
        };
    }
    let acts = ["git push", "git tag", "gh ", "make ", "./", "npm run", "bash "]
        .iter()
        .any(|word| text.contains(word));
    if acts {
        None
    } else if token {
        text.contains("ghcr.io").then_some(true)
    } else {
        Some(false)
    }
}
