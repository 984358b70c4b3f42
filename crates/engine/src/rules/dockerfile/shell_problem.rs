use std::sync::LazyLock;

use crate::images::PackageManager;
use crate::project::{Project, Stage};
use crate::shellcheck::{Codes, Interpreter, Problem};
use crate::syntax::dockerfile::{Arguments, Command, Instruction, Script};
use crate::syntax::shell::{Connector, Context, Shell, Word};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "shell-problem",
    summary: "what ShellCheck finds in a script",
    since: "0.1.0",
    docs: include_str!("shell_problem.md"),
    aliases: &IDS,
    category: Category::Correctness,
    severity: Severity::Low,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Stage(check),
};

/// The ids of all that is looked for.
static IDS: [&str; 304] = [
    "SC1001", "SC1003", "SC1004", "SC1007", "SC1010", "SC1011", "SC1012", "SC1019", "SC1020", "SC1035",
    "SC1036", "SC1037", "SC1039", "SC1040", "SC1041", "SC1042", "SC1044", "SC1045", "SC1046", "SC1047",
    "SC1049", "SC1058", "SC1064", "SC1065", "SC1069", "SC1070", "SC1072", "SC1073", "SC1074", "SC1075",
    "SC1076", "SC1078", "SC1079", "SC1080", "SC1083", "SC1087", "SC1088", "SC1089", "SC1090", "SC1091",
    "SC1097", "SC1101", "SC1102", "SC1105", "SC1110", "SC1112", "SC1114", "SC1115", "SC1118", "SC1126",
    "SC1127", "SC1128", "SC1132", "SC1133", "SC1140", "SC1141", "SC1143", "SC2001", "SC2003", "SC2004",
    "SC2005", "SC2006", "SC2007", "SC2009", "SC2010", "SC2011", "SC2012", "SC2013", "SC2014", "SC2015",
    "SC2016", "SC2018", "SC2019", "SC2021", "SC2022", "SC2024", "SC2026", "SC2027", "SC2028", "SC2029",
    "SC2030", "SC2031", "SC2034", "SC2035", "SC2038", "SC2043", "SC2044", "SC2045", "SC2046", "SC2048",
    "SC2050", "SC2053", "SC2054", "SC2057", "SC2059", "SC2060", "SC2061", "SC2062", "SC2063", "SC2064",
    "SC2066", "SC2068", "SC2069", "SC2070", "SC2071", "SC2072", "SC2076", "SC2078", "SC2080", "SC2081",
    "SC2082", "SC2086", "SC2088", "SC2089", "SC2090", "SC2091", "SC2092", "SC2094", "SC2096", "SC2097",
    "SC2098", "SC2100", "SC2102", "SC2103", "SC2104", "SC2105", "SC2112", "SC2113", "SC2115", "SC2116",
    "SC2117", "SC2119", "SC2120", "SC2121", "SC2124", "SC2125", "SC2126", "SC2127", "SC2128", "SC2129",
    "SC2139", "SC2140", "SC2141", "SC2142", "SC2143", "SC2144", "SC2145", "SC2146", "SC2148", "SC2153",
    "SC2154", "SC2155", "SC2156", "SC2157", "SC2162", "SC2163", "SC2164", "SC2166", "SC2168", "SC2172",
    "SC2178", "SC2181", "SC2184", "SC2186", "SC2194", "SC2195", "SC2196", "SC2197", "SC2198", "SC2199",
    "SC2202", "SC2206", "SC2207", "SC2209", "SC2210", "SC2211", "SC2212", "SC2213", "SC2214", "SC2215",
    "SC2216", "SC2217", "SC2218", "SC2219", "SC2220", "SC2221", "SC2222", "SC2223", "SC2230", "SC2231",
    "SC2233", "SC2235", "SC2238", "SC2239", "SC2240", "SC2242", "SC2243", "SC2248", "SC2249", "SC2250",
    "SC2252", "SC2254", "SC2257", "SC2260", "SC2261", "SC2264", "SC2265", "SC2267", "SC2268", "SC2270",
    "SC2271", "SC2272", "SC2273", "SC2274", "SC2276", "SC2277", "SC2280", "SC2282", "SC2288", "SC2290",
    "SC2291", "SC2292", "SC2294", "SC2295", "SC2296", "SC2298", "SC2300", "SC2301", "SC2308", "SC2309",
    "SC2312", "SC2316", "SC2317", "SC2318", "SC2319", "SC2321", "SC2323", "SC2327", "SC2328", "SC2329",
    "SC2331", "SC2333", "SC2336", "SC2339", "SC2370", "SC2387", "SC2389", "SC2390", "SC2391", "SC2396",
    "SC2399", "SC3001", "SC3002", "SC3003", "SC3004", "SC3005", "SC3006", "SC3007", "SC3008", "SC3009",
    "SC3010", "SC3011", "SC3012", "SC3014", "SC3015", "SC3016", "SC3017", "SC3018", "SC3020", "SC3021",
    "SC3022", "SC3024", "SC3026", "SC3030", "SC3032", "SC3033", "SC3034", "SC3037", "SC3040", "SC3041",
    "SC3042", "SC3043", "SC3044", "SC3045", "SC3046", "SC3047", "SC3048", "SC3050", "SC3051", "SC3052",
    "SC3053", "SC3054", "SC3055", "SC3057", "SC3058", "SC3059", "SC3060", "SC3061", "SC3062", "SC3065",
    "SC3067", "SC3073", "SC3079", "SC3083",
];

/// What is wrong in any shell, whatever its authors meant.
const WRONG: [u32; 25] = [
    2034, 2050, 2057, 2069, 2070, 2071, 2072, 2077, 2079, 2081, 2088, 2094, 2115, 2123, 2144, 2157, 2164,
    2168, 2193, 2199, 2216, 2217, 2238, 2260, 2261,
];

/// What the `sh` of Debian and Ubuntu, dash, does not know. That of Alpine knows most of it, and elsewhere it is bash.
const NOT_IN_DASH: [u32; 28] = [
    3001, 3003, 3005, 3006, 3009, 3010, 3011, 3014, 3020, 3021, 3024, 3030, 3037, 3040, 3042, 3044, 3045,
    3046, 3047, 3050, 3051, 3053, 3054, 3055, 3057, 3059, 3060, 3073,
];

static ALL_CODES: LazyLock<Codes> = LazyLock::new(|| Codes::of(|code| position(code).is_some()));
static WRONG_CODES: LazyLock<Codes> = LazyLock::new(|| Codes::of(|code| WRONG.contains(&code)));
static DASH_CODES: LazyLock<Codes> =
    LazyLock::new(|| Codes::of(|code| WRONG.contains(&code) || NOT_IN_DASH.contains(&code)));

/// Where the id with this number stands among all.
fn position(code: u32) -> Option<usize> {
    IDS.binary_search_by_key(&Some(code), |id| id[2..].parse().ok()).ok()
}

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    if stage.windows {
        return;
    }
    let all = ctx.asks_for_asides();
    let mut dash = None;
    let runs = stage.all_runs(ctx.project);
    for step in stage.walk(ctx.project) {
        let Arguments::Run(Command::Shell(script)) = &step.instruction.arguments else { continue };
        let shell = runs.iter().find(|run| run.index == step.index).map(|run| &run.shell);
        if shell.is_some_and(|shell| is_plain(shell)) {
            continue;
        }
        let pragma = || named_by_comment(stage, step.instruction, ctx.project);
        let Some(interpreter) = interpreter(script, step.before.shell().value(), pragma) else { continue };
        let dash = interpreter.is_sh() && *dash.get_or_insert_with(|| has_dash(stage, ctx.project));
        let kept = |code: u32| WRONG.contains(&code) || dash && NOT_IN_DASH.contains(&code);
        let names = step.before.names();
        let codes = match (all, dash) {
            (true, _) => *ALL_CODES,
            (false, true) => *DASH_CODES,
            (false, false) => *WRONG_CODES,
        };
        let codes = match shell.filter(|_| !all) {
            Some(shell) => codes.likely_in(&script.text, shell),
            None => codes,
        };
        let problems = interpreter.problems(&script.text, names.iter().copied(), codes);
        for Problem { code, message, span, fix } in problems {
            let Some(id) = position(code) else { continue };
            let command = shell.and_then(|shell| shell.commands.iter().rfind(|c| c.span.contains(span)));
            let name = command.and_then(|c| c.name.as_ref()).map(|name| name.text.as_str());
            let text = ctx.project.text(span);
            let known = match code {
                // Every `echo` knows `-n`, and a program of that name knows more.
                3037 => !text.contains('e') || name != Some("echo"),
                3045 => name == Some("ulimit"),
                // A directory that this file names is not empty.
                2115 => names.iter().any(|name| text.contains(name)),
                // Nothing runs there: that is `cd-in-run`'s.
                2164 => shell.and_then(|s| s.commands.last()).is_some_and(|last| last.span.contains(span)),
                _ => false,
            };
            let severity = if code >= 3000 { Severity::Medium } else { Severity::Low };
            let mut finding = ctx.report(span, message);
            finding.ids(&IDS[id..=id]).severity(severity).aside(known || !kept(code));
            if let Some((safety, title, edits)) = fix {
                finding.fix(safety, title, edits);
            }
        }
    }
}

/// Whether a script is nothing but commands and words in a chain of `&&`, of which nothing is found.
fn is_plain(shell: &Shell) -> bool {
    const SPECIAL: [&str; 22] = [
        "cd", "echo", "egrep", "export", "fgrep", "find", "grep", "let", "local", "ls", "popd", "printf",
        "pushd", "read", "rm", "set", "shopt", "source", "ssh", "tr", "trap", "which",
    ];
    let plain = |word: &Word| {
        word.value.is_some()
            && !word.pattern
            && !word.text.contains(['\'', '"', '\\', '{', '[', '~', '^', '=', '$'])
    };
    shell.errors.is_empty()
        && shell.commands.iter().all(|command| {
            command.assignments.is_empty()
                && command.redirects.is_empty()
                && command.context == Context { tested: command.context.tested, ..Context::default() }
                && command.after.as_ref().is_none_or(|after| after.value == Connector::And)
                && command.name().is_some_and(|name| !SPECIAL.contains(&name))
                && command.name.iter().chain(&command.args).all(plain)
        })
}

/// Whether `/bin/sh` is dash: it is on Debian and Ubuntu, unless something puts another shell there.
fn has_dash(stage: &Stage, project: &Project) -> bool {
    let replaced = |stage: &Stage| {
        stage.runs(project).iter().any(|run| {
            run.calls().any(|call| {
                matches!(call.program, "ln" | "mv" | "cp")
                    && call.args.iter().any(|w| w.is("/bin/sh") || w.is("sh"))
                    || call.args.iter().any(|w| w.is("dash"))
            })
        })
    };
    let apt = stage.distribution(project).is_some_and(|d| d.packages == PackageManager::Apt);
    apt && !stage.and_below(project).any(replaced)
}

/// The shell of the base image, as hadolint is told: `# hadolint shell=/bin/bash` above an instruction of the stage.
fn named_by_comment<'p>(stage: &Stage, instruction: &Instruction, project: &'p Project) -> Option<&'p str> {
    let file = project.dockerfile(stage.source)?;
    let from = file.instructions.get(stage.from)?.span.start;
    let own = file.comments.iter().rev().filter(|c| c.end <= instruction.span.start);
    own.take_while(|c| c.start >= from).find_map(|comment| {
        let text = comment.of(&file.text).trim_start_matches('#').trim_start().strip_prefix("hadolint")?;
        text.split_whitespace().find_map(|word| word.strip_prefix("shell="))
    })
}

/// What runs a script: its own `#!` line says, or else `SHELL`, or else a comment for hadolint.
fn interpreter<'p>(
    script: &Script,
    shell: Option<&Vec<String>>,
    pragma: impl FnOnce() -> Option<&'p str>,
) -> Option<Interpreter> {
    match script.text.strip_prefix("#!").filter(|_| script.heredoc) {
        Some(line) => {
            let words: Vec<&str> = line.lines().next()?.split_whitespace().collect();
            let env = usize::from(words.first().is_some_and(|w| w.ends_with("/env")));
            Interpreter::of(words.get(env..)?)
        }
        None => match shell {
            Some(words) if !words.is_empty() => Interpreter::of(words),
            _ => pragma().map_or(Some(Interpreter::sh()), |program| Interpreter::of(&[program])),
        },
    }
}
