use crate::project::Container;
use crate::project::container::EnvValue;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity, Span};

pub(crate) static RULE: Rule = Rule {
    name: "no-memory-headroom",
    summary: "a program allowed nearly all the memory of its container",
    since: "0.1.0",
    docs: include_str!("no_memory_headroom.md"),
    aliases: &[],
    category: Category::Reliability,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::None,
    check: Check::Container(check),
};

/// How much of the container's memory a program may plan with, in hundredths: what it needs besides is not counted there.
const SHARE: u64 = 75;

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    let Some(limit) = container.resources.memory_limit.value().copied().filter(|limit| *limit > 0) else {
        return;
    };
    for (what, bytes, at) in plans(container) {
        if bytes * 100 <= limit * SHARE {
            continue;
        }
        let share = bytes * 100 / limit;
        let message =
            format!("{what} is {share} % of the memory limit: the kernel kills it before it frees anything");
        let mut finding = ctx.report(at, message);
        finding.severity(if share >= 100 { Severity::High } else { Severity::Low });
        if let Some(limit) = container.resources.memory_limit.at {
            finding.related(limit, "the limit");
        }
    }
}

/// What a program plans to use, and where that is said.
fn plans(container: &Container) -> Vec<(String, u64, Span)> {
    let mut found = Vec::new();
    for words in [&container.entrypoint, &container.command] {
        let Some(at) = words.at else { continue };
        let all: Vec<&str> = words.value().into_iter().flatten().flat_map(|w| w.split_whitespace()).collect();
        for pair in all.windows(2) {
            if matches!(pair[0], "--maxmemory" | "maxmemory")
                && let Some(bytes) = redis_size(pair[1])
            {
                found.push(("`maxmemory`".to_owned(), bytes, at));
            }
        }
        found.extend(all.iter().filter_map(|word| flag(word)).map(|(what, bytes)| (what, bytes, at)));
    }
    let text = |name: &str| {
        let variable = container.env.iter().rev().find(|v| v.name.value == name)?;
        match variable.value.value()? {
            EnvValue::Literal(text) => Some((text.as_str(), variable.value.at.unwrap_or(variable.name.span))),
            _ => None,
        }
    };
    const OPTIONS: [&str; 7] = [
        "JAVA_OPTS",
        "JAVA_TOOL_OPTIONS",
        "_JAVA_OPTIONS",
        "JVM_OPTS",
        "ES_JAVA_OPTS",
        "OPENSEARCH_JAVA_OPTS",
        "NODE_OPTIONS",
    ];
    for name in OPTIONS {
        let Some((text, at)) = text(name) else { continue };
        found.extend(text.split_whitespace().filter_map(flag).map(|(what, bytes)| (what, bytes, at)));
    }
    // Neo4j adds the two up.
    let heap =
        text("NEO4J_server_memory_heap_max__size").or_else(|| text("NEO4J_dbms_memory_heap_max__size"));
    let cache =
        text("NEO4J_server_memory_pagecache_size").or_else(|| text("NEO4J_dbms_memory_pagecache_size"));
    if let Some((heap, at)) = heap {
        let sum = jvm_size(heap).unwrap_or(0) + cache.and_then(|(text, _)| jvm_size(text)).unwrap_or(0);
        let what = if cache.is_some() { "the heap and the page cache" } else { "the heap" };
        found.push((what.to_owned(), sum, at));
    }
    found
}

/// What one option of a virtual machine allows.
fn flag(word: &str) -> Option<(String, u64)> {
    let word = word.trim_matches(['"', '\'']);
    if let Some(size) = word.strip_prefix("-Xmx") {
        return Some(("`-Xmx`".to_owned(), jvm_size(size)?));
    }
    let megabytes =
        word.strip_prefix("--max-old-space-size=").or_else(|| word.strip_prefix("--max_old_space_size="))?;
    Some(("`--max-old-space-size`".to_owned(), megabytes.parse::<u64>().ok()?.checked_mul(1 << 20)?))
}

/// `512m`, `2G`: each step is 1024.
fn jvm_size(text: &str) -> Option<u64> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let number: u64 = text[..digits].parse().ok()?;
    let shift = match text[digits..].to_ascii_lowercase().as_str() {
        "" => 0,
        "k" | "kb" | "kib" => 10,
        "m" | "mb" | "mib" => 20,
        "g" | "gb" | "gib" => 30,
        _ => return None,
    };
    number.checked_mul(1 << shift)
}

/// Redis counts `mb` by 1024 and `m` by 1000.
fn redis_size(text: &str) -> Option<u64> {
    let text = text.trim_matches(['"', '\'']).to_ascii_lowercase();
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let number: u64 = text[..digits].parse().ok()?;
    let unit: u64 = match &text[digits..] {
        "" => 1,
        "k" => 1000,
        "kb" => 1 << 10,
        "m" => 1_000_000,
        "mb" => 1 << 20,
        "g" => 1_000_000_000,
        "gb" => 1 << 30,
        _ => return None,
    };
    // Nothing means no limit of its own.
    number.checked_mul(unit).filter(|bytes| *bytes > 0)
}
