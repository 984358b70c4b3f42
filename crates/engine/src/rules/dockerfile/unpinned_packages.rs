use crate::project::dockerfile::Call;
use crate::project::{Project, Stage};
use crate::syntax::shell::Word;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};
use crate::{Edit, Safety};

pub(crate) static RULE: Rule = Rule {
    name: "unpinned-packages",
    summary: "packages in whatever version the day offers",
    since: "0.1.0",
    docs: include_str!("unpinned_packages.md"),
    aliases: &[
        "DL3008", "DL3013", "DL3016", "DL3018", "DL3028", "DL3033", "DL3037", "DL3041", "DL3062", "DF005",
        "DF031", "DF051", "DF052", "DF053", "DF054",
    ],
    category: Category::Reliability,
    severity: Severity::Low,
    default: false,
    fix: FixKind::Sometimes,
    check: Check::Stage(check),
};

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    for run in stage.all_runs(project) {
        let mut told: Vec<&str> = Vec::new();
        for call in run.calls() {
            let Some(Unpinned { ids, package }) = unpinned(call) else { continue };
            // One finding for each manager of an instruction: a list of packages is pinned as a whole.
            if told.contains(&ids[0]) {
                continue;
            }
            told.push(ids[0]);
            // hadolint knows neither `apt` and `npm i` nor what stands behind `sudo`.
            let short = call.verb().is_some_and(|v| v.is("i"));
            let known = call.is_bare() && call.program != "apt" && !short;
            let ids = if known { ids } else { &ids[1..] };
            let message = format!("`{}` names no version of `{}`", call.program, package.text.as_str());
            ctx.report(package.span, message).ids(ids).fix(
                Safety::Unsafe,
                "Use the version that this file has of it elsewhere",
                || run.script(pinned_elsewhere(stage, call, package, project)).flatten(),
            );
        }
    }
}

/// The package with the version that another instruction of the same file names, on the same base.
fn pinned_elsewhere(stage: &Stage, call: Call<'_>, package: &Word, project: &Project) -> Option<Edit> {
    let name = package.value.as_deref().filter(|name| *name == package.text.as_str())?;
    let marks: &[&str] = match call.program {
        "apt-get" | "apt" => &["="],
        "apk" => &["=", "~="],
        "npm" | "go" => &["@"],
        "gem" => &[":"],
        "yum" | "dnf" | "microdnf" => &["-"],
        "zypper" => &["="],
        _ => &["=="],
    };
    let name = name.strip_suffix("@latest").unwrap_or(name);
    let version = |word: &str| {
        let rest = word.strip_prefix(name)?;
        let version = marks.iter().find_map(|mark| rest.strip_prefix(mark))?;
        version.starts_with(|c: char| c.is_ascii_digit() || c == 'v').then(|| word.to_owned())
    };
    let mut found: Vec<String> = Vec::new();
    for other in project.build(stage.build).stages.iter().filter(|s| s.image(project) == stage.image(project))
    {
        for run in other.runs(project) {
            let same = run.calls().filter(|c| c.program == call.program);
            found.extend(same.flat_map(|c| c.args).filter_map(|w| version(w.value.as_deref()?)));
        }
    }
    found.dedup();
    let [version] = &found[..] else { return None };
    Some(Edit { span: package.span, text: version.clone() })
}

/// The first package that is not pinned.
struct Unpinned<'p> {
    ids: &'static [&'static str],
    package: &'p Word,
}

fn unpinned(call: Call<'_>) -> Option<Unpinned<'_>> {
    let first = |ids, verbs: &[&str], valued: &'static [&'static str], pinned: fn(&str) -> bool| {
        let mut words = call.operands(valued);
        words.next().filter(|w| verbs.iter().any(|v| w.is(v)))?;
        let package = words.find(|w| !pinned(&unquoted(&w.text)))?;
        Some(Unpinned { ids, package })
    };
    match call.program {
        "apt-get" | "apt" => {
            let valued: &[&str] = &["-c", "--config-file", "-o", "--option", "-t", "--target-release"];
            first(&["DL3008", "DF005"], &["install"], valued, |p| {
                p.contains(['=', '/']) || p.ends_with(".deb")
            })
        }
        "apk" => {
            let valued: &[&str] = &["-t", "--virtual", "-X", "--repository", "-p", "--root", "--arch"];
            first(&["DL3018", "DF052"], &["add"], valued, |p| {
                p.contains(['=', '<', '>', '~']) || p.ends_with(".apk")
            })
        }
        "yum" => first(&["DL3033"], &["install"], &[], rpm),
        "dnf" | "microdnf" => first(&["DL3041"], &["install"], &[], rpm),
        "zypper" => first(&["DL3037"], &["install", "in"], &[], |p| {
            p.contains(['=', '<', '>']) || p.ends_with(".rpm")
        }),
        "gem" => gem(call),
        "pipx" => first(&["DL3013", "DF051"], &["install"], &["--python", "--index-url", "-i"], |p| {
            p.contains(['=', '@', '<', '>', '/'])
        }),
        "npm" => npm(call),
        "go" => go(call),
        _ => pip(call),
    }
}

/// A package of yum or dnf with a version, an architecture aside, or a file.
fn rpm(package: &str) -> bool {
    package.ends_with(".rpm")
        || package.split('-').skip(1).any(|part| part.starts_with(|c: char| c.is_ascii_digit()))
}

/// Options of pip that take a value.
const PIP_VALUED: [&str; 36] = [
    "--abi",
    "-b",
    "--build",
    "--cache-dir",
    "--cert",
    "--client-cert",
    "-d",
    "--download",
    "--exists-action",
    "--extra-index-url",
    "-f",
    "--find-links",
    "--config-settings",
    "--global-option",
    "-i",
    "--implementation",
    "--index-url",
    "--install-option",
    "--log",
    "--no-binary",
    "--only-binary",
    "--platform",
    "--prefix",
    "--progress-bar",
    "--proxy",
    "--python-version",
    "--retries",
    "--report",
    "--root",
    "--root-user-action",
    "--src",
    "-t",
    "--target",
    "--timeout",
    "--trusted-host",
    "--upgrade-strategy",
];

fn pip(call: Call<'_>) -> Option<Unpinned<'_>> {
    let install = call.pip_install()?;
    let listed = ["-r", "--requirement", "-c", "--constraint", "-e", "--editable"];
    if install
        .iter()
        .any(|w| listed.iter().any(|l| w.text.starts_with(l) && !w.text.starts_with("--e") || w.is(l)))
    {
        return None;
    }
    let pinned = |word: &Word| {
        let package = unquoted(&word.text);
        package == "."
            || ["==", "@", "<", ">", "!=", "~="].iter().any(|mark| package.contains(mark))
            || package.starts_with(['.', '/'])
            || [".whl", ".tar.gz", ".zip"].iter().any(|end| package.ends_with(end))
            || !package.starts_with("git+") && package.contains('/')
    };
    let package = crate::project::dockerfile::operands(install, &PIP_VALUED).find(|w| !pinned(w))?;
    Some(Unpinned { ids: &["DL3013", "DF051"], package })
}

fn gem(call: Call<'_>) -> Option<Unpinned<'_>> {
    let options = call.args.iter().take_while(|w| !w.is("--"));
    if options.map(|w| w.text.as_str()).any(|w| w.starts_with("-v") || w.starts_with("--version"))
        || call.has_option(&["-g", "--file"])
    {
        return None;
    }
    let mut words = call.operands(&["-i", "--install-dir", "-n", "--bindir", "-s", "--source", "-P"]);
    words.next().filter(|w| w.is("install") || w.is("i"))?;
    let package = words.take_while(|w| !w.is("--")).find(|w| !w.text.contains(':'))?;
    Some(Unpinned { ids: &["DL3028", "DF053"], package })
}

fn npm(call: Call<'_>) -> Option<Unpinned<'_>> {
    let mut words = call.operands(&["--loglevel", "--prefix", "--registry", "--cache", "--userconfig"]);
    words.next().filter(|w| ["install", "i", "add"].iter().any(|v| w.is(v)))?;
    let pinned = |w: &&Word| {
        let package = unquoted(&w.text);
        let package = package.as_str();
        // `@scope/name@version`: the first character is none that sets off a version.
        package.get(1..).is_some_and(|rest| rest.contains(['@', '#']))
            || package.starts_with(['.', '/', '~'])
            || package.contains("://") && !package.starts_with("git")
            || package.starts_with("file:")
            || package.ends_with(".tgz")
            || package.ends_with(".tar.gz")
            || package.ends_with(".tar")
    };
    let package = words.find(|w| !pinned(w))?;
    Some(Unpinned { ids: &["DL3016", "DF031"], package })
}

fn go(call: Call<'_>) -> Option<Unpinned<'_>> {
    let mut words = call.operands(&["-C", "-ldflags", "-tags", "-gcflags", "-mod", "-o"]);
    words.next().filter(|w| ["install", "get", "run"].iter().any(|v| w.is(v)))?;
    let moving = |w: &&Word| {
        let package = unquoted(&w.text);
        let module =
            package.split('/').next().is_some_and(|host| host.contains('.') && !host.starts_with('.'));
        match package.split_once('@') {
            Some((_, version)) => version == "latest",
            None => module && !package.ends_with(".go"),
        }
    };
    let package = words.find(moving)?;
    Some(Unpinned { ids: &["DL3062", "DF054"], package })
}

fn unquoted(word: &str) -> String {
    word.replace(['"', '\''], "")
}
