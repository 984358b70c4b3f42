//! Fixes of any project keep what parses, and fixing twice is fixing once.
//!
//! The input is the files of a project, cut at NUL bytes; the first character of each says what it is.

#![no_main]

use libfuzzer_sys::fuzz_target;
use seaworthy_engine::fix::{Fixed, fix};
use seaworthy_engine::{Config, Files, Kind, Parse, Project, Safety, Source, SourceId, parse, rules};

fuzz_target!(|text: &str| {
    let sources = sources(text);
    let broken: Vec<bool> = parses(&sources).iter().map(|p| !p.errors().is_empty()).collect();
    let config = Config { rules: rules::ALL.to_vec(), ..Config::default() };
    for safety in [Safety::Safe, Safety::Unsafe] {
        let once = run(&sources, &config, safety);
        assert!(once.dropped.is_empty(), "{:?}", once.dropped);
        for (n, parse) in parses(&once.sources).iter().enumerate() {
            assert!(broken[n] || parse.errors().is_empty(), "{:?}", parse.errors());
            assert!(!broken[n] || parse.source.text == sources[n].text, "a broken file was changed");
        }
        let twice = run(&once.sources, &config, safety);
        assert!(twice.applied.is_empty(), "{:?}", twice.applied);
        for (once, twice) in once.sources.iter().zip(&twice.sources) {
            assert_eq!(once.text, twice.text);
        }
    }
});

fn sources(text: &str) -> Vec<Source> {
    let file = |(n, text): (usize, &str)| {
        let (path, kind) = match text.chars().next()? {
            'd' => (format!("{n}/Dockerfile"), Kind::Dockerfile),
            'c' => (format!("{n}/compose.yaml"), Kind::Compose),
            'k' => (format!("{n}/deploy.yaml"), Kind::Manifest),
            'w' => (format!("{n}/.github/workflows/ci.yml"), Kind::Workflow),
            _ => return None,
        };
        Some(Source::new(path, kind, &text[1..]))
    };
    text.split('\0').take(4).enumerate().filter_map(file).collect()
}

fn parses(sources: &[Source]) -> Vec<Parse> {
    sources.iter().zip(0..).map(|(source, n)| parse(SourceId(n), source.clone())).collect()
}

fn run(sources: &[Source], config: &Config, safety: Safety) -> Fixed {
    fix(Project::of(parses(sources), Files::default()), config, safety)
}
