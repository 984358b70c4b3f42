use crate::project::Stage;
use crate::syntax::dockerfile::{Arguments, Keyword, edit};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};
use crate::{Edit, Safety};

pub(crate) static RULE: Rule = Rule {
    name: "maintainer-instruction",
    summary: "the deprecated `MAINTAINER`",
    since: "0.1.0",
    docs: include_str!("maintainer_instruction.md"),
    aliases: &["DL4000", "MaintainerDeprecated", "DS-0022", "CKV_DOCKER_6", "DF019"],
    category: Category::Correctness,
    severity: Severity::Low,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Stage(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let Some(file) = ctx.project.dockerfile(stage.source) else { return };
    for instruction in stage.instructions(ctx.project) {
        let Arguments::Maintainer(name) = &instruction.arguments else { continue };
        let whole = name.text.is_verbatim() && !edit::has_comment(file, instruction.span);
        let edit = (instruction.onbuild.is_none() && whole).then(|| {
            let label = format!(
                "{} org.opencontainers.image.authors={}",
                edit::keyword(file, Keyword::Label),
                edit::json_string(name.text.trim_matches('"'))
            );
            Edit { span: instruction.span, text: label }
        });
        ctx.report(instruction.keyword.span, "`MAINTAINER` is deprecated: labels have taken its place").fix(
            Safety::Safe,
            "Write it as a label",
            edit,
        );
    }
}
