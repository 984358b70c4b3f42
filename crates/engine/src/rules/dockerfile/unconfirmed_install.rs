use crate::Safety;
use crate::project::Stage;
use crate::project::dockerfile::Manager;
use crate::syntax::dockerfile::edit;
use crate::syntax::shell::Connector;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "unconfirmed-install",
    summary: "an installation that waits for an answer",
    since: "0.1.0",
    docs: include_str!("unconfirmed_install.md"),
    aliases: &["DL3014", "DL3030", "DL3034", "DL3038", "DS-0021", "DF015", "DF027", "DF043"],
    category: Category::Correctness,
    severity: Severity::High,
    default: true,
    fix: FixKind::Always,
    check: Check::Stage(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    for run in stage.all_runs(ctx.project) {
        for install in run.installs() {
            let call = install.call;
            let (answers, option): (&[&str], _) = match install.manager {
                Manager::Apt => (
                    &[
                        "-y",
                        "--yes",
                        "--assume-yes",
                        "--force-yes",
                        "-s",
                        "--download-only",
                        "-d",
                        "--print-uris",
                    ],
                    "-y",
                ),
                Manager::Dnf | Manager::Yum => (&["-y", "--assumeyes"], "-y"),
                Manager::Zypper => (&["-n", "--non-interactive", "-y", "--no-confirm"], "-y"),
                // `microdnf` never asks.
                Manager::Microdnf if !call.has_option(&["-y", "--assumeyes"]) => {
                    ctx.report(install.verb.span, "`microdnf` never asks; others want it to be told")
                        .ids(&["DL3038"])
                        .severity(Severity::Low)
                        .aside(true)
                        .fix(
                            Safety::Safe,
                            "Answer yes",
                            run.script(edit::insert_behind(install.verb.span, "-y")),
                        );
                    continue;
                }
                Manager::Apk | Manager::Pip | Manager::Uv | Manager::Microdnf => continue,
            };
            // Twice `-q` answers yes for apt; so does `yes |`, and a file of settings may.
            let quiet = call.args.iter().any(|w| {
                is_very_quiet(&w.text) || w.text.contains("Assume-Yes") || w.text.contains("assumeyes")
            }) || call.args.iter().filter(|w| w.is("-q") || w.is("--quiet")).count() > 1;
            let piped = call.command.before == Connector::Pipe;
            let unknown = call.args.iter().any(|w| w.value.is_none() && may_hold_options(&w.text));
            if quiet || piped || unknown || call.has_option(answers) {
                continue;
            }
            let message = format!(
                "`{} {}` asks for confirmation, and nobody answers in a build",
                call.program,
                install.verb.text.as_str()
            );
            let ids: &[&str] = match install.manager {
                Manager::Apt if !call.is_bare() || call.program == "apt" => &["DS-0021", "DF015"],
                Manager::Apt => &["DL3014", "DS-0021", "DF015"],
                Manager::Yum => &["DL3030", "DF027"],
                Manager::Zypper => &["DL3034", "DF043"],
                _ => &["DL3038"],
            };
            let configured = configured(stage, ctx);
            ctx.report(install.verb.span, message).ids(ids).aside(configured).fix(
                Safety::Safe,
                "Answer yes",
                run.script(edit::insert_behind(install.verb.span, option)),
            );
        }
    }
}

/// `-qq`, `-qqy`, `-q=2`: two levels of quiet answer yes.
fn is_very_quiet(word: &str) -> bool {
    let level = word.strip_prefix("-q=").or_else(|| word.strip_prefix("--quiet="));
    level.is_some_and(|level| level.parse().is_ok_and(|level: u8| level > 1))
        || word.starts_with('-') && !word.starts_with("--") && word.matches('q').count() > 1
}

/// Whether a variable may hold an option, going by its name.
fn may_hold_options(word: &str) -> bool {
    let name = word.trim_start_matches(['"', '$', '{']).to_ascii_lowercase();
    word.starts_with(['"', '$'])
        && (name.starts_with(['@', '*', '('])
            || ["opt", "flag", "arg", "yes", "param"].iter().any(|part| name.contains(part)))
}

/// Whether an earlier script sets the answer in a file.
fn configured(stage: &Stage, ctx: &Ctx<'_>) -> bool {
    let file = ctx.project.source_text(stage.source);
    file.contains("APT::Get::Assume-Yes") || file.contains("assumeyes=")
}
