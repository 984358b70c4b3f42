use crate::project::Project;
use crate::project::compose::dotenv;
use crate::secret;
use crate::syntax::{Kind, Span};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "secret-in-env-file",
    summary: "a secret in a `.env` of the repository",
    since: "0.1.0",
    docs: include_str!("secret_in_env_file.md"),
    aliases: &[],
    category: Category::Security,
    severity: Severity::High,
    default: true,
    fix: FixKind::None,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for parse in project.parses().iter().filter(|p| p.source.kind == Kind::Env) {
        let text = &*parse.source.text;
        for variable in dotenv::written(text) {
            let name = &text[variable.name.clone()];
            let Some(value) = variable.value.filter(|value| secret::is_secret(name, value)) else { continue };
            let place = |at: std::ops::Range<usize>| Span::new(parse.id, at.start, at.end);
            let message =
                format!("`{name}` is a secret, and stands here for everyone who can read the repository");
            ctx.report(place(variable.name), message)
                .severity(secret::severity(&value))
                .hide(place(variable.at));
        }
    }
}
