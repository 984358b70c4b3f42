use crate::Safety;
use crate::project::Stage;
use crate::syntax::dockerfile::{Arguments, edit};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "label-key",
    summary: "a label whose name is not in the form that Docker recommends",
    since: "0.1.0",
    docs: include_str!("label_key.md"),
    aliases: &["DL3048", "labels/valid-key"],
    category: Category::Style,
    severity: Severity::Low,
    default: false,
    fix: FixKind::Sometimes,
    check: Check::Stage(check),
};

/// Namespaces that Docker keeps to itself.
const RESERVED: [&str; 3] = ["com.docker.", "io.docker.", "org.dockerproject."];

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let Some(file) = ctx.project.dockerfile(stage.source) else { return };
    for instruction in stage.instructions(ctx.project) {
        // What is deferred is a label of other images.
        let Arguments::Label(pairs) = &instruction.arguments else { continue };
        if instruction.onbuild.is_some() {
            continue;
        }
        for pair in pairs {
            let Some(key) = pair.name.literal() else { continue };
            let wrong = if let Some(space) = RESERVED.iter().find(|space| key.starts_with(**space)) {
                format!("`{space}` is Docker's own namespace")
            } else if !is_well_formed(&key) {
                format!(
                    "`{key}`: labels are named in lower case, with single points, dashes and underscores between letters and digits"
                )
            } else {
                continue;
            };
            let mut better = key.to_ascii_lowercase().replace([' ', ':'], "-");
            for (twice, once) in [("..", "."), ("--", "-")] {
                while better.contains(twice) {
                    better = better.replace(twice, once);
                }
            }
            let better = better.trim_matches(|c: char| !c.is_ascii_alphanumeric());
            let edit =
                (is_well_formed(better) && better != key).then(|| edit::replace(file, &pair.name, better));
            ctx.report(pair.name.span, wrong).fix(
                Safety::Unsafe,
                format!("Call it `{better}`, as whoever reads it has to as well"),
                edit.flatten(),
            );
        }
    }
}

fn is_well_formed(key: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    // `app.kubernetes.io/name` is in order on an image too.
    let between = |c: char| matches!(c, '.' | '-' | '_' | '/');
    key.chars().all(|c| plain(c) || between(c))
        && key.starts_with(|c: char| c.is_ascii_lowercase())
        && key.ends_with(plain)
        && !key.contains("..")
        && !key.contains("--")
}
