//! What the commands of a stage install.

use seaworthy_syntax::Span;
use seaworthy_syntax::shell::Word;

use crate::project::dockerfile::{Call, Run};

/// Something that a command installs.
pub(super) struct Installed<'r> {
    pub(super) tool: &'static str,
    pub(super) what: What,
    /// Without its version.
    pub(super) name: &'r str,
    /// The version as it is asked for.
    pub(super) version: &'r str,
    pub(super) span: Span,
}

/// What is installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Package,
    /// An option that says which groups of dependencies.
    Group,
    /// A file that lists packages.
    Requirements,
    /// What the project itself says.
    Project,
}

/// Programs that install, the words that make them do so, and what the tool is called here.
const TOOLS: [(&str, &[&str], &str); 40] = [
    ("apt-get", &["install"], "apt"),
    ("apt", &["install"], "apt"),
    ("aptitude", &["install"], "apt"),
    ("apk", &["add"], "apk"),
    ("dnf", &["install"], "dnf"),
    ("microdnf", &["install"], "dnf"),
    ("yum", &["install"], "dnf"),
    ("tdnf", &["install"], "dnf"),
    ("zypper", &["install"], "zypper"),
    ("zypper", &["in"], "zypper"),
    ("pip", &["install"], "pip"),
    ("pip3", &["install"], "pip"),
    ("uv", &["pip", "install"], "uv"),
    ("uv", &["pip", "sync"], "uv"),
    ("uv", &["sync"], "uv"),
    ("uv", &["add"], "uv"),
    ("uv", &["tool", "install"], "uv tool"),
    ("poetry", &["install"], "poetry"),
    ("pdm", &["install"], "pdm"),
    ("pdm", &["sync"], "pdm"),
    ("pipenv", &["install"], "pipenv"),
    ("pipenv", &["sync"], "pipenv"),
    ("conda", &["install"], "conda"),
    ("mamba", &["install"], "conda"),
    ("npm", &["ci"], "npm"),
    ("npm", &["install"], "npm"),
    ("npm", &["i"], "npm"),
    ("yarn", &["install"], "yarn"),
    ("yarn", &["add"], "yarn"),
    ("pnpm", &["install"], "pnpm"),
    ("pnpm", &["i"], "pnpm"),
    ("pnpm", &["add"], "pnpm"),
    ("bun", &["install"], "bun"),
    ("gem", &["install"], "gem"),
    ("bundle", &["install"], "bundle"),
    ("composer", &["install"], "composer"),
    ("cargo", &["install"], "cargo"),
    ("go", &["install"], "go"),
    ("go", &["mod", "download"], "go"),
    ("playwright", &["install"], "playwright"),
];

/// Options that say which groups of dependencies are installed, with a value and without.
const GROUPS: [&str; 15] = [
    "--group",
    "--only-group",
    "--no-group",
    "--extra",
    "--extras",
    "-E",
    "-G",
    "--with",
    "--without",
    "--only",
    "--omit",
    "--include",
    "--features",
    "--no-extra",
    "--groups",
];
const GROUP_FLAGS: [&str; 12] = [
    "--all-extras",
    "--all-groups",
    "--no-dev",
    "--dev",
    "--production",
    "--prod",
    "--all-features",
    "--no-default-features",
    "--with-deps",
    "--no-default-groups",
    "--only-shell",
    "--development",
];

/// Options whose value is no package.
const VALUES: [&str; 34] = [
    "-c",
    "--constraint",
    "--constraints",
    "-t",
    "--target",
    "--target-release",
    "--index-url",
    "-i",
    "--extra-index-url",
    "--find-links",
    "-f",
    "--python",
    "-p",
    "--prefix",
    "--root",
    "--cache-dir",
    "--cache",
    "-o",
    "--virtual",
    "-X",
    "--repository",
    "--registry",
    "-n",
    "--name",
    "-C",
    "--directory",
    "--manifest-path",
    "--version",
    "--path",
    "--index",
    "--default-index",
    "--trusted-host",
    "-j",
    "--jobs",
];

/// What a run installs.
pub(super) fn of<'r>(run: &'r Run<'_>) -> Vec<Installed<'r>> {
    let mut found = Vec::new();
    for call in run.calls() {
        let Some((tool, at, rest)) = tool_of(call) else { continue };
        let before = found.len();
        arguments(tool, rest, &mut found);
        if found.len() == before {
            let name = tool;
            found.push(Installed { tool, what: What::Project, name, version: "", span: at });
        }
    }
    found
}

/// The tool of a call that installs, where that is said, and the arguments behind.
fn tool_of(call: Call<'_>) -> Option<(&'static str, Span, &[Word])> {
    let mut program = call.program;
    let mut args = call.args;
    if program.starts_with("python") {
        let at = args.iter().position(|w| w.is("-m"))?;
        program = args.get(at + 1)?.value.as_deref()?;
        args = &args[at + 2..];
    }
    TOOLS.iter().filter(|(name, _, _)| *name == program).find_map(|(_, verbs, tool)| {
        // `apt-get -o x=y install`: options may stand before the verb.
        let first = args.iter().position(|w| verbs.first().is_some_and(|verb| w.is(verb)))?;
        let plain = |w: &Word| !w.text.starts_with('-') && !w.text.contains([':', '=', '/']);
        let before = args[..first].iter().filter(|w| plain(w)).count();
        let valued =
            args[..first].iter().filter(|w| w.text.starts_with('-') && !w.text.contains('=')).count();
        let rest = args.get(first..first + verbs.len())?;
        let says = rest.iter().zip(*verbs).all(|(word, verb)| word.is(verb)) && before <= valued;
        says.then(|| (*tool, call.name.span, &args[first + verbs.len()..]))
    })
}

fn arguments<'r>(tool: &'static str, args: &'r [Word], found: &mut Vec<Installed<'r>>) {
    let mut words = args.iter();
    let mut packages_only = false;
    while let Some(word) = words.next() {
        let text = shown(word);
        let mut push = |what, name, version, span| found.push(Installed { tool, what, name, version, span });
        if packages_only || !text.starts_with('-') || text == "-" {
            if !text.is_empty() {
                let (name, version) = split(tool, text);
                push(What::Package, name, version, word.span);
            }
            continue;
        }
        if text == "--" {
            packages_only = true;
            continue;
        }
        let (option, value) = match text.split_once('=') {
            Some((option, value)) => (option, Some(value)),
            None => (text, None),
        };
        if GROUP_FLAGS.contains(&option) && value.is_none() {
            push(What::Group, option, "", word.span);
        } else if GROUPS.contains(&option) || matches!(option, "-r" | "--requirement" | "--requirements") {
            let what = if GROUPS.contains(&option) { What::Group } else { What::Requirements };
            let (value, span) = match value {
                Some(value) => (value, word.span),
                None => match words.next() {
                    Some(next) => (shown(next), next.span),
                    None => break,
                },
            };
            for part in value.split([',', ' ']).filter(|part| !part.is_empty()) {
                push(what, part, if what == What::Group { option } else { "" }, span);
            }
        } else if let Some(file) =
            option.strip_prefix("-r").filter(|_| tool == "pip" && !option.starts_with("--"))
        {
            push(What::Requirements, file, "", word.span);
        } else if VALUES.contains(&option) && value.is_none() && !is_flag_of(tool, option) {
            words.next();
        }
    }
}

/// Whether a short option that takes a value elsewhere takes none in this tool.
fn is_flag_of(tool: &str, option: &str) -> bool {
    match tool {
        "npm" | "yarn" | "pnpm" | "bun" => !option.starts_with("--"),
        "apt" => matches!(option, "-f" | "-n" | "-p" | "-i"),
        "apk" => matches!(option, "-f" | "-i" | "-c"),
        "dnf" | "zypper" => matches!(option, "-f" | "-n" | "-C" | "-i" | "-t"),
        "go" => matches!(option, "-n" | "-i" | "-x"),
        _ => false,
    }
}

fn shown(word: &Word) -> &str {
    word.value.as_deref().unwrap_or(&word.text)
}

/// A package and its version.
fn split<'w>(tool: &str, word: &'w str) -> (&'w str, &'w str) {
    let at = match tool {
        "npm" | "yarn" | "pnpm" | "bun" | "go" => word.rfind('@').filter(|at| *at > 0),
        // Paths and addresses have no version.
        _ if word.contains('/') => None,
        "apt" => word.find('='),
        _ => word.find(['=', '<', '>', '~', '!']),
    };
    at.map_or((word, ""), |at| word.split_at(at))
}
