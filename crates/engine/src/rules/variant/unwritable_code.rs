use crate::Safety;
use crate::project::Stage;
use crate::project::dockerfile::Outcome;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "unwritable-code",
    summary: "leaves code to root, and gives the user only what the program writes",
    since: "0.1.0",
    docs: include_str!("unwritable_code.md"),
    aliases: &[],
    category: Category::Security,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Variant(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let Ok(Some(identity)) = stage.identity(ctx.project) else { return };
    for given in stage.given_code(ctx.project, &identity) {
        let owner = identity.name.clone().unwrap_or_else(|| identity.owner());
        let why = format!("`{owner}` owns `{}`, so that the program could change its own code", given.path);
        match given.outcome {
            Outcome::Kept(kept, edits) => {
                let title = match kept.as_slice() {
                    [] => "Leave the code to root".to_owned(),
                    kept => {
                        let kept: Vec<String> = kept.iter().map(|path| format!("`{path}`")).collect();
                        format!("Leave the code to root, but for {}", kept.join(", "))
                    }
                };
                ctx.report(given.span, why).fix(Safety::Unsafe, title, edits);
            }
            Outcome::Stays(reason, Some(edits)) => {
                let title = "Say whose the files are where they are copied";
                ctx.report(given.span, format!("{why}; it stays: {reason}")).fix(
                    Safety::Unsafe,
                    title,
                    edits,
                );
            }
            Outcome::Stays(reason, None) => {
                ctx.report(given.span, format!("{why}; it stays: {reason}"));
            }
        }
    }
}
