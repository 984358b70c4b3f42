//! Parses, models and checks a Dockerfile of a thousand lines as an editor does after each key, and prints the median and the longest
//! time in microseconds: with the rules that are on by default, then with all.
#![allow(
    clippy::print_stdout,
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "a tool for developers"
)]

use std::time::Instant;

use seaworthy_engine::check::{Config, check};
use seaworthy_engine::config::{Layer, Selector, Settings, resolve};
use seaworthy_engine::{Files, Kind, Project, Source, SourceId, parse};

/// What a stage looks like; eleven lines.
const STAGE: &str = "\
# Stage N of many.
FROM debian:trixie-slim AS stageN
ARG VERSION=1.2.N
ENV APP_HOME=/srv/appN LANG=C.UTF-8
WORKDIR $APP_HOME
RUN apt-get update \\
    && apt-get install -y --no-install-recommends curl ca-certificates \\
    && rm -rf /var/lib/apt/lists/*
COPY --chown=1000:1000 package.json *.lock ./
RUN set -eux; for part in a b c; do curl -fsSL \"https://example.com/$VERSION/$part.tar.gz\" -o \"$part.tgz\"; tar xf \"$part.tgz\"; done
USER 1000:1000
";

fn main() {
    let mut text: String = (0..91).map(|n| STAGE.replace('N', &n.to_string())).collect();
    text.push_str("CMD [\"/srv/app90/run\"]\n");
    let all = Layer { select: Some(vec![Selector::All]), ..Layer::default() };
    for (name, asked) in [("by default", Layer::default()), ("all rules", all)] {
        let scope = Settings::default().scope(&asked, &[]);
        let config = Config { rules: resolve(&[&asked]), scopes: vec![scope.into()], ..Config::default() };
        let mut times: Vec<u128> = (0..60)
            .map(|key| {
                let typed = format!("{text}# {key}\n");
                let started = Instant::now();
                let source = Source::new("Dockerfile", Kind::Dockerfile, typed);
                let project = Project::of(vec![parse(SourceId(0), source)], Files::default());
                let found = check(&project, &config).diagnostics.len();
                assert!(found > 0);
                started.elapsed().as_micros()
            })
            .skip(5)
            .collect();
        times.sort_unstable();
        println!("{name}\t{}\t{}", times[times.len() / 2], times[times.len() - 1]);
    }
}
