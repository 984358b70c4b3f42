use crate::project::Stage;
use crate::syntax::shell::Word;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "unverified-download",
    summary: "a download that trusts anyone",
    since: "0.1.0",
    docs: include_str!("unverified_download.md"),
    aliases: &[
        "CKV2_DOCKER_2",
        "CKV2_DOCKER_3",
        "CKV2_DOCKER_4",
        "CKV2_DOCKER_7",
        "CKV2_DOCKER_8",
        "CKV2_DOCKER_9",
    ],
    category: Category::Security,
    severity: Severity::High,
    default: true,
    fix: FixKind::None,
    check: Check::Stage(check),
};

/// Programs and their options that turn verification off.
const TRUSTING: [(&[&str], &[&str]); 9] = [
    (&["curl"], &["-k", "--insecure"]),
    (&["wget"], &["--no-check-certificate"]),
    (&["pip", "pip3"], &["--trusted-host"]),
    (&["apt-get", "apt"], &["--allow-unauthenticated", "--force-yes", "--allow-insecure-repositories"]),
    (&["apk"], &["--allow-untrusted"]),
    (&["yum", "dnf", "tdnf"], &["--nogpgcheck", "--no-gpgcheck", "--no-gpg-checks"]),
    (&["zypper"], &["--no-gpg-checks"]),
    (&["rpm"], &["--nosignature", "--nodigest"]),
    (&["npm", "yarn"], &["--strict-ssl=false", "--no-strict-ssl"]),
];

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    for run in stage.runs(ctx.project) {
        for call in run.calls() {
            let options = TRUSTING
                .iter()
                .find(|(programs, _)| programs.contains(&call.program))
                .map(|(_, options)| *options);
            let Some(options) = options.filter(|options| call.has_option(options)) else { continue };
            // A package that lies in a file comes from wherever it was fetched before.
            let files = [".apk", ".rpm", ".deb"];
            let mut packages = call.args.iter().filter(|w| !w.text.starts_with('-')).skip(1).peekable();
            let local = |w: &Word| files.iter().any(|e| w.text.ends_with(e)) && !w.text.contains("://");
            let local = packages.peek().is_some() && packages.all(local);
            let severity = if local { Severity::Low } else { Severity::High };
            // Inside a cluster or on the machine itself there is nobody in between.
            if call.args.iter().any(|w| w.text.contains("://localhost") || w.text.contains("://127.0.0.1")) {
                continue;
            }
            let word = call.args.iter().find(|w| {
                options.iter().any(|o| {
                    w.text.starts_with(o)
                        || o.len() == 2
                            && w.text.starts_with('-')
                            && !w.text.starts_with("--")
                            && w.text.contains(&o[1..])
                })
            });
            let at = word.map_or(call.command.span, |w| w.span);
            ctx.report(at, format!("`{}` is told to trust anyone who answers", call.program))
                .severity(severity);
        }
    }
}
