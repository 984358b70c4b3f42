//! Which of `ShellCheck`'s codes a script can have at all, by the texts it holds. The library looks at everything for every rule
//! that it is asked for, so what is impossible is better not asked.

use seaworthy_syntax::shell::{Command, Connector, Redirect, Shell};

/// Texts that a script must hold, all of one row, for the row's codes to be possible. A code that stands nowhere here is
/// possible in every script.
pub(super) const POSSIBLE: &[(&[&str], &[u32])] = &[
    (&["#"], &[1114, 1115, 1126, 1128, 1143, 2096, 2148, 2239]),
    (&["$"], &[1037, 1087, 1102, 2070, 2086, 2090, 2091, 2153, 2154, 2195, 3028, 3058]),
    (&["$'"], &[3003]),
    (&["$("], &[2005, 2046, 2116, 2155, 2327, 2328, 3034]),
    (&["$*"], &[2048, 2145]),
    (&["$?"], &[2181, 2319]),
    (&["$@"], &[2068, 2145]),
    (&["$["], &[2004, 2007, 3007]),
    (&["$\""], &[3004]),
    (
        &["${"],
        &[2048, 2068, 2082, 2145, 2264, 2295, 2296, 2298, 2300, 2301, 3054, 3055, 3057, 3059, 3060, 3083],
    ),
    (&["${!"], &[3053]),
    (&["%q"], &[3050]),
    (&["&"], &[1045, 1070, 1133, 2210, 3073]),
    (&["&>"], &[3020]),
    (&["'"], &[1003, 1004, 1011, 1112, 2026]),
    (&["'", "$"], &[2016]),
    (&["'", "`"], &[2016]),
    (
        &["("],
        &[
            1064, 1065, 1074, 1102, 1132, 2030, 2031, 2112, 2218, 2233, 2235, 2265, 2277, 2321, 2329, 2336,
            2399, 3002, 3033, 3051,
        ],
    ),
    (&["(", "$"], &[2119, 2120]),
    (&["(("], &[1105, 2004, 2080, 2290, 2323, 3005, 3006, 3018, 3052]),
    (&["*"], &[1036, 2035, 2053, 2081, 2125, 2144, 2211, 2221, 2222, 3002]),
    (&["+"], &[2100, 2276]),
    (&["+="], &[3024]),
    (&[". "], &[1090, 1091, 2240, 3051]),
    (&["/*"], &[1127]),
    (&["//"], &[1127]),
    (&[": "], &[2223]),
    (&[":="], &[2223]),
    (&["<"], &[1070, 2094, 2217, 2238, 2261]),
    (&["<", "(("], &[2257]),
    (&["<("], &[2339, 3001]),
    (&["<<"], &[1039, 1040, 1041, 1042, 1044, 1118, 2370]),
    (&["<<<"], &[3011]),
    (&["="], &[2123, 1007, 2034, 2100, 2125, 2209, 2270, 2276, 2280, 2282, 2316, 2318, 2336, 2387, 2399]),
    (&["=", "$"], &[2097, 2098]),
    (&["=", "\""], &[2089]),
    (&["=", "\\"], &[2089]),
    (&["=("], &[2054, 2128, 2178, 2206, 2207, 3030]),
    (&["=="], &[3014]),
    (&[">"], &[1070, 2071, 2094, 2129, 2210, 2238, 2261]),
    (&[">", "(("], &[2257]),
    (&[">", "|"], &[2260]),
    (&[">&"], &[3021]),
    (&[">", "&"], &[2069]),
    (&[">("], &[3001]),
    (&["?"], &[2035, 2053, 2081, 2125, 2144, 2211, 2221, 2222]),
    (&["IFS"], &[1097, 2141]),
    (
        &["["],
        &[
            2077, 2079, 2193, 1019, 1020, 1035, 1036, 1069, 1080, 1087, 2050, 2053, 2057, 2070, 2071, 2072,
            2078, 2081, 2102, 2128, 2144, 2157, 2166, 2184, 2195, 2198, 2199, 2202, 2212, 2233, 2235, 2252,
            2268, 2308, 2309, 2321, 2399, 3015, 3016, 3017, 3026, 3062, 3065, 3067,
        ],
    ),
    (&["[["], &[2076, 2331, 3010, 3012]),
    (&["\""], &[1078, 1079, 1110, 2026, 2140]),
    (&["\"", "$"], &[2027]),
    (&["\"", "["], &[2124]),
    (&["\\"], &[1001, 1003, 1004, 1011, 1012, 1143]),
    (&["`"], &[1101, 2005, 2006, 2046, 2092, 2116, 2155, 2327, 2328]),
    (&["alias"], &[2139, 2142]),
    (&["alias "], &[3045]),
    (&["array"], &[2034]),
    (&["break"], &[2104, 2105]),
    (&["builtin"], &[3044]),
    (&["caller"], &[3044]),
    (&["case"], &[1074, 2127, 2194, 2195, 2221, 2222, 2277]),
    (&["case", "$"], &[2254]),
    (&["cd"], &[2164]),
    (&["cd", "("], &[2103]),
    (&["cd", "function"], &[2103]),
    (&["cd -"], &[3045]),
    (&["cd \""], &[3045]),
    (&["command "], &[3045]),
    (&["compgen"], &[3044]),
    (&["complete"], &[3044]),
    (&["continue"], &[2104, 2105]),
    (&["coproc"], &[3032]),
    (&["declare"], &[2034, 2316, 2318, 3044]),
    (&["dirs"], &[3044]),
    (&["disown"], &[3044]),
    (&["do"], &[1010, 1058, 2043, 2104, 2105, 2389, 2390, 2396, 3008]),
    (&["echo"], &[2291]),
    (&["echo", "\\"], &[2028]),
    (&["echo", "sed"], &[2001]),
    (&["echo  "], &[3037]),
    (&["echo '"], &[3037]),
    (&["echo -"], &[3037]),
    (&["echo \""], &[3037]),
    (&["else"], &[1075, 2271, 2391]),
    (&["enable"], &[3044]),
    (&["esac"], &[1010, 1074, 2127, 2195, 2221, 2222, 2277]),
    (&["eval", "$"], &[2294]),
    (&["exec"], &[2317]),
    (&["exec "], &[3045]),
    (&["exit"], &[2242, 2317, 3047]),
    (&["export", "$"], &[2163]),
    (&["export "], &[3045]),
    (&["expr"], &[2003, 2308]),
    (&["find"], &[2014, 2146, 2156]),
    (&["find", "*"], &[2061]),
    (&["find", "?"], &[2061]),
    (&["find", "for"], &[2044]),
    (&["find", "xargs"], &[2038]),
    (&["for"], &[1058, 2034, 2389, 2390]),
    (&["for", "$"], &[2231]),
    (&["for", "$("], &[2013, 2045]),
    (&["for", "\""], &[2066]),
    (&["for", "`"], &[2013, 2045]),
    (&["function"], &[1064, 1065, 2112, 2113, 2218, 2265, 2329, 3033, 3051]),
    (&["function", "$"], &[2119, 2120]),
    (&["getopts"], &[2034, 2213, 2214, 2220]),
    (&["grep"], &[2196, 2197]),
    (&["grep", "*"], &[2022, 2062, 2063]),
    (&["grep", "?"], &[2062]),
    (&["grep", "["], &[2062, 2143]),
    (&["grep", "|"], &[2126]),
    (&["hash "], &[3045]),
    (&["if"], &[1010, 1046, 1047, 1049, 1075, 2091, 2271, 2391]),
    (&["if ", "{"], &[1140]),
    (&["jobs"], &[3045]),
    (&["kill"], &[3045]),
    (&["let"], &[2034]),
    (&["let "], &[2219, 3042]),
    (&["local"], &[2034, 2316, 2318, 3043]),
    (&["local "], &[2168]),
    (&["logout"], &[3044]),
    (&["ls", "$("], &[2012]),
    (&["ls", "`"], &[2012]),
    (&["ls", "xargs"], &[2011]),
    (&["ls", "|"], &[2010]),
    (&["mapfile"], &[2034, 3044]),
    (&["popd"], &[2164, 3044]),
    (&["printf"], &[2034]),
    (&["printf", "$"], &[2059]),
    (&["printf -"], &[3045]),
    (&["ps", "grep"], &[2009]),
    (&["pushd"], &[2164, 3044]),
    (&["read"], &[2034, 2162, 3061]),
    (&["read "], &[3045]),
    (&["readarray"], &[3044]),
    (&["readonly "], &[3045]),
    (&["return"], &[2242, 2265, 2317]),
    (&["rm ", "$"], &[2115]),
    (&["select"], &[3008]),
    (&["set"], &[3041]),
    (&["set "], &[2121]),
    (&["set +"], &[3040]),
    (&["set -"], &[3040, 3045]),
    (&["shopt"], &[3044]),
    (&["source"], &[1090, 1091, 2240, 3046, 3051]),
    (&["ssh", "$"], &[2029]),
    (&["su "], &[2117]),
    (&["sudo", ">"], &[2024]),
    (&["suspend"], &[3044]),
    (&["tempfile"], &[2186]),
    (
        &["test"],
        &[
            2077, 2079, 2193, 2050, 2057, 2070, 2071, 2072, 2078, 2081, 2144, 2157, 2166, 2198, 2212, 2233,
            2235, 2252, 2268, 2308, 2309, 3016, 3017, 3062, 3065, 3067,
        ],
    ),
    (&["times"], &[3045]),
    (&["tr "], &[2018, 2019, 2021]),
    (&["tr ", "["], &[2060]),
    (&["trap"], &[2172, 3041, 3047, 3048]),
    (&["trap", "$"], &[2064]),
    (&["trap", "`"], &[2064]),
    (&["trap "], &[3045]),
    (&["type "], &[3045]),
    (&["typeset"], &[2034, 2316, 2318, 3044]),
    (&["ulimit"], &[3045]),
    (&["umask"], &[3045]),
    (&["unset"], &[2184]),
    (&["unset "], &[3045, 3079]),
    (&["wait "], &[3045]),
    (&["xargs"], &[2267]),
    (&["{"], &[1083, 1141, 2272, 2273, 2288, 3009, 3022]),
    (&["|"], &[2030, 2031, 2094, 2216, 3073]),
    (&["||", "&&"], &[2015]),
    (&["}"], &[1083, 2274, 2288]),
    (&["~", "'"], &[2088]),
    (&["~", "\""], &[2088]),
];

/// Whether a script holds a text, in a place where it may mean what it means to the shell.
pub(super) fn holds(script: &str, text: &str) -> bool {
    let after = |at: usize| script.as_bytes().get(at).copied();
    match text {
        // `2>&1` is no file, and `${A}` neither a group nor a list.
        ">&" => script
            .match_indices(text)
            .any(|(at, _)| !after(at + 2).is_some_and(|b| b.is_ascii_digit() || b == b'-')),
        "{" => script.match_indices(text).any(|(at, _)| at == 0 || after(at - 1) != Some(b'$')),
        _ => script.contains(text),
    }
}

/// Programs that read nothing of what is piped to them.
const DEAF: [&str; 14] = [
    "basename", "chmod", "chown", "cp", "date", "dirname", "echo", "kill", "ln", "ls", "mkdir", "mv",
    "printf", "rm",
];

/// Codes that a script's text does not rule out, but its commands do. Each errs on the side of looking.
pub(super) fn ruled_out(script: &str, shell: &Shell) -> Vec<u32> {
    if !shell.errors.is_empty() {
        return Vec::new();
    }
    let commands = &shell.commands;
    let redirects = || commands.iter().flat_map(|c| &c.redirects);
    let several = commands.iter().any(|c| c.redirects.len() > 1);
    let chained = |c: &Command| {
        c.after.as_ref().is_none_or(|after| matches!(after.value, Connector::And | Connector::Or))
            || c.context.tested
    };
    let possible: [(u32, bool); 9] = [
        (2034, has_unread(script, commands)),
        (2069, several),
        (2094, redirects().any(|r| is_named_again(script, r))),
        (2123, commands.iter().flat_map(|c| &c.assignments).any(|a| a.name.as_str() == "PATH")),
        (2164, commands.iter().any(|c| matches!(c.name(), Some("cd" | "pushd" | "popd")) && !chained(c))),
        (
            2216,
            commands
                .iter()
                .any(|c| c.before == Connector::Pipe && c.name().is_none_or(|name| DEAF.contains(&name))),
        ),
        (2238, redirects().any(is_into_word)),
        (
            2260,
            commands.iter().any(|c| {
                !c.redirects.is_empty()
                    && c.after.as_ref().is_some_and(|after| after.value == Connector::Pipe)
            }),
        ),
        (2261, several),
    ];
    possible.into_iter().filter(|(_, possible)| !possible).map(|(code, _)| code).collect()
}

/// Whether a variable is set that the script does not mention elsewhere.
fn has_unread(script: &str, commands: &[Command]) -> bool {
    let is_read = |name: &str| {
        script.match_indices('$').any(|(at, _)| {
            let rest = &script[at + 1..];
            rest.strip_prefix('{').unwrap_or(rest).trim_start_matches(['#', '!']).starts_with(name)
        })
    };
    let sets = |c: &Command| {
        matches!(c.name(), Some("read" | "getopts" | "printf" | "let" | "mapfile" | "readarray"))
    };
    let loops =
        || script.match_indices("for ").filter_map(|(at, _)| script[at + 4..].split_whitespace().next());
    commands.iter().any(sets)
        || commands
            .iter()
            .filter(|c| {
                c.name().is_none_or(|name| matches!(name, "local" | "declare" | "typeset" | "readonly"))
            })
            .flat_map(|c| &c.assignments)
            .any(|a| !is_read(a.name.trim_end_matches('+')))
        || loops().any(|name| !is_read(name))
}

/// Whether the file that something is written to has its name elsewhere in the script.
fn is_named_again(script: &str, redirect: &Redirect) -> bool {
    redirect.target.as_ref().is_some_and(|target| {
        let name = target.text.as_str();
        !name.starts_with("/dev/")
            && !name.bytes().all(|b| b.is_ascii_digit())
            && script.matches(name).count() > 1
    })
}

/// Whether what something is written to looks like the name of a command.
fn is_into_word(redirect: &Redirect) -> bool {
    redirect.target.as_ref().is_some_and(|target| {
        !target.text.contains(['/', '.']) && target.text.starts_with(|c: char| c.is_ascii_alphabetic())
    })
}
