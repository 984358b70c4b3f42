//! Wrong fixes do no harm: they are left out and told, and everything else is applied.

use camino::Utf8Path;
use seaworthy_engine::fix::{Fixed, fix};
use seaworthy_engine::project::compose::Item;
use seaworthy_engine::{
    Category, Check, Config, Ctx, Edit, Files, FixKind, Kind, Project, Rule, Safety, Severity, Source,
    SourceId, Span, parse,
};

const fn rule(name: &'static str, check: fn(&Project, &mut Ctx<'_>)) -> Rule {
    Rule {
        name,
        summary: "a fix of a test",
        since: "0.1.0",
        docs: "",
        aliases: &[],
        category: Category::Correctness,
        severity: Severity::Low,
        default: true,
        fix: FixKind::Always,
        check: Check::Project(check),
    }
}

/// Offers to replace each place of a text in each source by another text.
fn replace(project: &Project, ctx: &mut Ctx<'_>, old: &str, new: &str) {
    for source in project.parses() {
        for (at, _) in source.source.text.match_indices(old) {
            let span = Span::new(source.id, at, at + old.len());
            ctx.report(span, format!("{old} at {at}")).fix(
                Safety::Safe,
                "Replace it",
                Edit { span, text: new.to_owned() },
            );
        }
    }
}

static GOOD: Rule = rule("a-good", |p, ctx| replace(p, ctx, "old", "new"));
static BREAKS: Rule = rule("b-breaks", |p, ctx| replace(p, ctx, "fine", "\"fine"));
static IDLE: Rule = rule("c-idle", |p, ctx| replace(p, ctx, "same", "same"));
static GROWS: Rule = rule("d-grows", |p, ctx| replace(p, ctx, "grow", "grow grow"));
static THERE: Rule = rule("e-there", |p, ctx| replace(p, ctx, "ping", "pong"));
static BACK: Rule = rule("f-back", |p, ctx| replace(p, ctx, "pong", "ping"));
static OUTSIDE: Rule = rule("g-outside", |project, ctx| {
    let span = Span::new(project.parses()[0].id, 1_000_000, 1_000_001);
    let at = Span::new(project.parses()[0].id, 0, 1);
    ctx.report(at, "outside").fix(Safety::Safe, "Replace it", Edit { span, text: "x".to_owned() });
});
static TWICE: Rule = rule("h-twice", |project, ctx| {
    let at = Span::new(project.parses()[0].id, 0, 1);
    let edit = |text: &str| Edit { span: Span { end: 0, ..at }, text: text.to_owned() };
    ctx.report(at, "twice").fix(Safety::Safe, "Insert it", vec![edit("# b\n"), edit("# a\n")]);
});
static MEETS: Rule = rule("i-meets", |p, ctx| replace(p, ctx, "x", ""));

fn run(rules: &[&'static Rule], texts: &[&str]) -> (Vec<String>, Fixed) {
    let parses = texts
        .iter()
        .enumerate()
        .map(|(n, text)| parse(SourceId(n as u32), Source::new(format!("{n}.yaml"), Kind::Manifest, *text)))
        .collect();
    let project = Project::of(parses, Files::default());
    let config = Config { rules: rules.to_vec(), severity: Severity::Low, ..Config::default() };
    let fixed = fix(project, &config, Safety::Safe);
    (fixed.sources.iter().map(|s| s.text.to_string()).collect(), fixed)
}

fn dropped(fixed: &Fixed) -> Vec<(&str, u32)> {
    fixed.dropped.iter().map(|d| (d.rule, d.source.0)).collect()
}

#[test]
fn a_fix_that_breaks_a_file_is_left_out_there() {
    let (texts, fixed) = run(&[&GOOD, &BREAKS], &["a: old\nb: fine\n", "a: old\n"]);
    assert_eq!(texts, ["a: new\nb: fine\n", "a: new\n"]);
    assert_eq!(dropped(&fixed), [("b-breaks", 0)]);
    assert!(fixed.dropped[0].error.starts_with("would break the file ("), "{}", fixed.dropped[0].error);
    assert_eq!(fixed.applied.get("a-good"), Some(&2));
    assert_eq!(fixed.report.diagnostics.len(), 1, "what was not mended is still reported");
}

#[test]
fn a_fix_that_mends_nothing_ends() {
    let (texts, fixed) = run(&[&GOOD, &IDLE], &["a: old\nb: same\n"]);
    assert_eq!((texts[0].as_str(), dropped(&fixed)), ("a: new\nb: same\n", vec![("c-idle", 0)]));
    let (texts, fixed) = run(&[&GOOD, &GROWS], &["a: old\nb: grow\n"]);
    assert!(texts[0].len() < 200, "{}", texts[0]);
    assert_eq!(dropped(&fixed), [("d-grows", 0)]);
}

#[test]
fn fixes_at_odds_end() {
    let (texts, fixed) = run(&[&THERE, &BACK], &["b: ping\n"]);
    assert_eq!(texts, ["b: pong\n"]);
    assert_eq!(dropped(&fixed), [("f-back", 0)]);
    // Where something else changes too, the second to be told is a matter of rounds; that it ends is not.
    let (texts, fixed) = run(&[&GOOD, &THERE, &BACK], &["a: old\nb: ping\n"]);
    assert!(texts[0].starts_with("a: new\n"), "{}", texts[0]);
    assert_eq!(fixed.dropped.len(), 1);
}

#[test]
fn edits_that_make_no_sense_are_left_out() {
    let (texts, fixed) = run(&[&GOOD, &OUTSIDE, &TWICE], &["a: old\n"]);
    assert_eq!(texts, ["a: new\n"]);
    assert_eq!(dropped(&fixed), [("g-outside", 0), ("h-twice", 0)]);
}

#[test]
fn fixes_that_meet_take_turns() {
    let (texts, fixed) = run(&[&MEETS], &["a: bxxxxb\n"]);
    assert_eq!(texts, ["a: bb\n"]);
    assert_eq!((dropped(&fixed), fixed.applied.get("i-meets")), (vec![], Some(&4)));
}

/// The project of files by name.
fn project(files: &[(&str, Kind, &str)], texts: &[(&str, &str)]) -> Project {
    let parses: Vec<_> = files
        .iter()
        .enumerate()
        .map(|(n, (path, kind, text))| parse(SourceId(n as u32), Source::new(*path, *kind, *text)))
        .collect();
    let text = |path: &Utf8Path| Some(texts.iter().find(|(name, _)| path == *name)?.1.into());
    Project::read(parses, Files::default(), text)
}

#[test]
fn a_list_that_two_projects_share_gets_an_item_once() {
    let base = "services:\n  api:\n    image: ghcr.io/acme/api:1.4.2\n";
    let listed = format!("{base}    security_opt:\n      - label:disable\n    cap_drop:\n      - MKNOD\n");
    let part = "services:\n  api:\n    environment:\n      A: 1\n";
    let list = "services:\n  api:\n    security_opt:\n      - label:disable\n    cap_drop:\n      - MKNOD\n";
    let variables = "COMPOSE_FILE=compose.yaml:../shared.yaml\n";
    for (a, b, shared) in
        [(base, base, list), (&listed, base, part), (&listed, base, list), (&listed, &listed, part)]
    {
        let files = [
            ("a/compose.yaml", Kind::Compose, a),
            ("b/compose.yaml", Kind::Compose, b),
            ("shared.yaml", Kind::Compose, shared),
        ];
        let texts = [("a/.env", variables), ("b/.env", variables)];
        let before = project(&files, &texts);
        assert_eq!(before.compositions.iter().filter(|c| c.files.len() == 2).count(), 2);
        let fixed = fix(before, &Config::default(), Safety::Unsafe);
        assert_eq!(dropped(&fixed), []);
        for composition in fixed.project.compositions.iter().filter(|c| c.files.len() == 2) {
            let api = composition.service("api").expect("it is there");
            for (key, item) in [("security_opt", "no-new-privileges:true"), ("cap_drop", "ALL")] {
                let items = api.get(key).map(Item::items).unwrap_or_default();
                let count = items.iter().filter(|i| i.as_str() == Some(item)).count();
                let texts: Vec<_> = fixed.sources.iter().map(|s| &*s.text).collect();
                assert_eq!(count, 1, "{key} of {}: {}", composition.directory, texts.join("---\n"));
            }
        }
    }
}

#[test]
fn an_item_is_not_added_where_another_file_brings_it() {
    let hard = "    security_opt:\n      - no-new-privileges:true\n";
    let base = "services:\n  api:\n    image: ghcr.io/acme/api:1.4.2\n";
    let over = format!("services:\n  api:\n    restart: always\n{hard}");
    let child = format!("services:\n  worker:\n    extends: {{file: compose.yaml, service: api}}\n{hard}");
    for (name, other) in [("compose.override.yaml", &over), ("worker.yaml", &child)] {
        let files = [
            ("compose.yaml", Kind::Compose, base),
            (name, Kind::Compose, other.as_str()),
            ("compose.dev.yaml", Kind::Compose, "services:\n  api:\n    tty: true\n"),
        ];
        let fixed = fix(project(&files, &[]), &Config::default(), Safety::Unsafe);
        for composition in &fixed.project.compositions {
            let services = composition.model.get("services").map(Item::entries).unwrap_or_default();
            for (service, item) in services {
                let list = item.get("security_opt").map(Item::items).unwrap_or_default();
                assert!(list.len() < 2, "{name} {service}: {}", fixed.sources[0].text);
            }
        }
    }
}
