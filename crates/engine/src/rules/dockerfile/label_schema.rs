use crate::config::LabelForm;
use crate::project::{Base, Stage, StageRole};
use crate::syntax::dockerfile::{Arguments, Dockerfile, Instruction, Pair, edit};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};
use crate::{Edit, Safety};

pub(crate) static RULE: Rule = Rule {
    name: "label-schema",
    summary: "a label that is missing, or not what your settings say it is",
    since: "0.1.0",
    docs: include_str!("label_schema.md"),
    aliases: &[
        "DL3049", "DL3050", "DL3051", "DL3052", "DL3053", "DL3054", "DL3055", "DL3056", "DL3058", "DF074",
    ],
    category: Category::Correctness,
    severity: Severity::Low,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Stage(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let Some(schema) = ctx.labels().filter(|labels| !labels.required.is_empty()) else { return };
    let Some(file) = ctx.project.dockerfile(stage.source) else { return };
    let form =
        |name: &str| schema.required.iter().find(|(required, _)| required == name).map(|(_, form)| *form);
    for instruction in stage.instructions(ctx.project) {
        let Arguments::Label(pairs) = &instruction.arguments else { continue };
        for pair in pairs {
            let Some(name) = pair.name.literal() else { continue };
            let Some(form) = form(&name) else {
                if schema.strict {
                    ctx.report(pair.name.span, format!("your settings know no label `{name}`"))
                        .ids(&["DL3050", "DF074"])
                        .fix(Safety::Unsafe, "Remove it", || without(file, instruction, pair));
                }
                continue;
            };
            let value = pair.value.literal();
            let Some(value) = value.as_deref() else {
                // A variable decides; hadolint reads it as it stands.
                if let Some((ids, what)) = wrong(form, &pair.value.text) {
                    ctx.report(pair.value.span, format!("`{name}` has to be {what}, and a variable decides"))
                        .ids(ids)
                        .aside(true);
                }
                continue;
            };
            if value.is_empty() {
                ctx.report(pair.span, format!("`{name}` is empty")).ids(&["DL3051", "DF074"]).fix(
                    Safety::Unsafe,
                    "Remove it",
                    || without(file, instruction, pair),
                );
            } else if let Some((ids, what)) = wrong(form, value) {
                ctx.report(pair.value.span, format!("`{name}` has to be {what}")).ids(ids);
            }
        }
    }
    missing(stage, ctx);
}

/// An instruction without one of its labels.
fn without(file: &Dockerfile, instruction: &Instruction, pair: &Pair) -> Option<Edit> {
    match &instruction.arguments {
        Arguments::Label(pairs) if pairs.len() == 1 => Some(edit::remove(file, instruction)),
        _ => edit::remove_word(file, pair.span),
    }
}

/// Reports the labels that an image which ships does not have.
fn missing(stage: &Stage, ctx: &mut Ctx<'_>) {
    let Some(schema) = ctx.labels() else { return };
    let stages = &ctx.project.build(stage.build).stages;
    let below = stages.iter().any(|s| s.base == Base::Stage(stage.index));
    let Some(span) = stage.from_span(ctx.project) else { return };
    for (name, _) in &schema.required {
        if !stage.end().labels().any(|label| label.name == *name) {
            let ships = stage.role == StageRole::Final;
            if ships || stage.index + 1 == stages.len() || below {
                ctx.report(span, format!("the label `{name}` is missing"))
                    .ids(&["DL3049", "DF074"])
                    .aside(!ships);
            }
        }
    }
}

/// What is wrong with a value of a form, in hadolint's terms and in words.
fn wrong(form: LabelForm, value: &str) -> Option<(&'static [&'static str], &'static str)> {
    let (fits, ids, what): (_, &'static [&'static str], _) = match form {
        LabelForm::Text => (true, &[], ""),
        LabelForm::Url => (is_url(value), &["DL3052", "DF074"], "an address"),
        LabelForm::Rfc3339 => (is_time(value), &["DL3053", "DF074"], "a time as RFC 3339 writes it"),
        LabelForm::Spdx => {
            (spdx::Expression::parse(value).is_ok(), &["DL3054", "DF074"], "a licence by its SPDX identifier")
        }
        LabelForm::Hash => (is_commit(value), &["DL3055", "DF074"], "a commit of Git"),
        LabelForm::Semver => {
            (is_version(value), &["DL3056", "DF074"], "a version as semantic versioning writes it")
        }
        LabelForm::Email => (is_mail(value), &["DL3058", "DF074"], "a mail address"),
    };
    (!fits).then_some((ids, what))
}

fn is_url(value: &str) -> bool {
    let Some((scheme, rest)) = value.split_once("://") else { return false };
    let scheme_fits = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    scheme_fits
        && !rest.is_empty()
        && rest.chars().all(|c| c.is_ascii_graphic() && !"<>\"{}|\\^`".contains(c))
}

fn is_commit(value: &str) -> bool {
    matches!(value.len(), 7 | 40) && value.bytes().all(|b| b.is_ascii_hexdigit())
}

/// `2026-11-21T18:00:00Z`, with fractions of a second and an offset where they are.
fn is_time(value: &str) -> bool {
    let pattern = |text: &str, form: &str| {
        text.len() == form.len()
            && text
                .bytes()
                .zip(form.bytes())
                .all(|(t, f)| if f == b'0' { t.is_ascii_digit() } else { t.eq_ignore_ascii_case(&f) })
    };
    let Some((head, tail)) = value.split_at_checked(19) else { return false };
    let zone =
        tail.strip_prefix('.').map_or(tail, |rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()));
    let offset = zone.strip_prefix(['+', '-']).is_some_and(|offset| pattern(offset, "00:00"));
    (pattern(head, "0000-00-00T00:00:00") || pattern(head, "0000-00-00 00:00:00"))
        && (zone.eq_ignore_ascii_case("z") || offset)
}

/// `1.2.3-rc.1+build`.
fn is_version(value: &str) -> bool {
    let (rest, build) = value.split_once('+').map_or((value, None), |(rest, build)| (rest, Some(build)));
    let (core, pre) = rest.split_once('-').map_or((rest, None), |(core, pre)| (core, Some(pre)));
    let number = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|b| b.is_ascii_digit())
            && (part.len() == 1 || !part.starts_with('0'))
    };
    let word = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let pre_word = |part: &str| word(part) && (number(part) || !part.bytes().all(|b| b.is_ascii_digit()));
    core.split('.').count() == 3
        && core.split('.').all(number)
        && pre.is_none_or(|pre| pre.split('.').all(pre_word))
        && build.is_none_or(|build| build.split('.').all(word))
}

fn is_mail(value: &str) -> bool {
    let Some((local, domain)) = value.rsplit_once('@') else { return false };
    let atom = |part: &str| {
        !part.is_empty()
            && part.chars().all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+/=?^_`{|}~-".contains(c))
    };
    local.split('.').all(atom) && domain.split('.').all(atom)
}
