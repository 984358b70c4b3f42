use crate::project::Stage;
use crate::project::dockerfile::{Install, Manager};
use crate::syntax::dockerfile::edit;
use crate::syntax::shell::Word;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};
use crate::{Edit, Safety, Span};

pub(crate) static RULE: Rule = Rule {
    name: "sorted-packages",
    summary: "packages to install in no order",
    since: "0.1.0",
    docs: include_str!("sorted_packages.md"),
    aliases: &["sort-packages"],
    category: Category::Style,
    severity: Severity::Low,
    default: false,
    fix: FixKind::Sometimes,
    check: Check::Stage(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let Some(file) = ctx.project.dockerfile(stage.source) else { return };
    for run in stage.all_runs(ctx.project) {
        for install in run.installs() {
            let Some(packages) = packages(install) else { continue };
            let mut sorted = packages.clone();
            sorted.sort_by_key(|word| key(&word.text));
            let Some(at) = packages.iter().zip(&sorted).position(|(is, ought)| is.text != ought.text) else {
                continue;
            };
            let all = Span { end: packages[packages.len() - 1].span.end, ..install.verb.span };
            // A comment stands with the package below it.
            let plain = !edit::has_comment(file, all) && packages.iter().all(|word| word.text.is_verbatim());
            let moved = || {
                packages
                    .iter()
                    .zip(&sorted)
                    .filter(|(is, ought)| is.text != ought.text)
                    .map(|(is, ought)| Edit { span: is.span, text: ought.text.to_string() })
                    .collect::<Vec<_>>()
            };
            let edits = plain.then(moved);
            ctx.report(packages[at].span, format!("`{}` comes before it in order", sorted[at].text.as_str()))
                .fix(Safety::Safe, "Sort the packages", run.script(edits).flatten());
        }
    }
}

/// The packages of an installation, where nothing but their order could be another.
fn packages(install: Install<'_>) -> Option<Vec<&Word>> {
    let valued: &'static [&'static str] = match install.manager {
        Manager::Apt => {
            &["-c", "--config-file", "-o", "--option", "-t", "--target-release", "--default-release"]
        }
        Manager::Apk => &["-t", "--virtual", "-X", "--repository", "-p", "--root", "--arch"],
        Manager::Dnf | Manager::Microdnf | Manager::Yum => {
            &["-c", "--enablerepo", "--disablerepo", "--setopt"]
        }
        Manager::Zypper => &["-t", "--type", "-r", "--repo", "--from"],
        // The first of several that do not agree decides.
        Manager::Pip | Manager::Uv => return None,
    };
    let after = install.verb.span.end;
    let packages: Vec<&Word> =
        install.call.operands(valued).filter(|word| word.span.start >= after).collect();
    // `name-` is removed, and a variable may be anything.
    let plain = |word: &&Word| {
        word.value.as_deref() == Some(word.text.as_str()) && !word.pattern && !word.text.ends_with(['-', '+'])
    };
    (packages.len() > 1 && packages.iter().all(plain)).then_some(packages)
}

/// What decides the place: the name without its version, then all of it.
fn key(package: &str) -> (String, String) {
    let name = package.split(['=', '<', '>', '~']).next().unwrap_or(package);
    (name.to_ascii_lowercase(), package.to_owned())
}
