//! What a Kubernetes variant of Archon's four services has to be, assertion by assertion: on our own picture of it, or on
//! the repository in the directory that `ARCHON` names (`cargo xtask archon DIR`).

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its files has failed")]

#[path = "archon/manifests.rs"]
mod manifests;
#[path = "whole/objects.rs"]
mod objects;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use seaworthy_engine::syntax::SourceId;
use seaworthy_engine::syntax::dockerfile::{Arguments, CopySource, Dockerfile, Instruction, Keyword};
use serde_json::Value;

/// What an assertion came to.
enum Outcome {
    Holds(String),
    Fails(String),
    /// It takes manifests, or a running container.
    Later(&'static str),
}

use Outcome::Later;

/// What does not hold yet.
const OPEN: [&str; 0] = [];

/// The directory that is looked at, in a copy.
struct Archon {
    copy: tempfile::TempDir,
    /// What `check` says of the Dockerfiles and the Compose file as they are, for Kubernetes.
    found: Value,
    lines: Vec<(String, Outcome)>,
}

/// A Dockerfile and its variant.
struct Pair {
    original: Dockerfile,
    variant: Dockerfile,
    /// The paths of both.
    paths: [String; 2],
}

#[test]
fn the_assertions_on_archon() {
    let named = std::env::var_os("ARCHON").map(PathBuf::from);
    let own = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/repositories/archon"));
    let mut archon = Archon::of(named.as_deref().unwrap_or(own));
    let before = archon.texts();
    archon.audit();
    let written = archon.run(&["variant"]);
    assert_ne!(written.0, 2, "{}", written.1);
    archon.server();
    archon.mcp();
    archon.agents();
    archon.frontend();
    archon.manifests();
    let after = archon.texts();
    let untouched = before.iter().all(|(path, text)| after.iter().any(|(p, t)| p == path && t == text));
    assert!(untouched, "an original was changed");
    let mut screen = String::new();
    let mut failed = 0;
    let mut counts = [0; 3];
    for (name, outcome) in &archon.lines {
        let (word, why, n) = match outcome {
            Outcome::Holds(why) => ("holds", why.as_str(), 0),
            Outcome::Fails(why) => ("FAILS", why.as_str(), 1),
            Later(why) => ("later", *why, 2),
        };
        counts[n] += 1;
        failed += usize::from(n == 1 && !OPEN.contains(&name.as_str()));
        writeln!(screen, "{name:14} {word}: {why}").unwrap();
    }
    let [holds, fails, later] = counts;
    println!("{screen}{holds} hold, {fails} fail, {later} later");
    assert_eq!(failed, 0, "\n{screen}");
}

/// Copies a directory without what is no part of the repository.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let (name, kind) = (entry.file_name(), entry.file_type().unwrap());
        if kind.is_dir() && name != ".git" && name != "node_modules" {
            copy(&entry.path(), &to.join(&name));
        } else if kind.is_file() {
            fs::copy(entry.path(), to.join(&name)).unwrap();
        }
    }
}

impl Archon {
    fn of(directory: &Path) -> Self {
        let folder = tempfile::TempDir::new().unwrap();
        copy(directory, folder.path());
        fs::create_dir_all(folder.path().join(".git")).unwrap();
        let mut archon = Self { copy: folder, found: Value::Null, lines: Vec::new() };
        let (_, found) = archon.run(&["check", "--target", "kubernetes", "--format", "json"]);
        archon.found = serde_json::from_str(&found).unwrap();
        archon
    }

    fn run(&self, arguments: &[&str]) -> (i32, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_seaworthy"))
            .args(arguments)
            .current_dir(self.copy.path())
            .output()
            .unwrap();
        let said = if output.stdout.is_empty() { output.stderr } else { output.stdout };
        (output.status.code().unwrap_or(2), String::from_utf8_lossy(&said).into_owned())
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.copy.path().join(path)).unwrap_or_default()
    }

    fn write(&self, path: &str, text: &str) {
        fs::write(self.copy.path().join(path), text).unwrap();
    }

    /// The originals with their texts.
    fn texts(&self) -> Vec<(String, String)> {
        let names = ["server", "mcp", "agents"].map(|n| format!("python/Dockerfile.{n}"));
        let names = names.into_iter().chain([format!("{}/Dockerfile.production", self.pages())]);
        names.map(|path| (path.clone(), self.read(&path))).collect()
    }

    /// The directory of the pages.
    fn pages(&self) -> &'static str {
        let real = self.copy.path().join("archon-ui-main").exists();
        if real { "archon-ui-main" } else { "web" }
    }

    fn pair(&self, directory: &str, name: &str) -> Pair {
        let paths = [format!("{directory}/Dockerfile.{name}"), format!("{directory}/Dockerfile.k8s.{name}")];
        let parse = |path: &String| Dockerfile::parse(SourceId(0), &self.read(path).into());
        Pair { original: parse(&paths[0]), variant: parse(&paths[1]), paths }
    }

    /// The findings in a file: rule, line, message.
    fn findings(&self, path: &str) -> Vec<(String, u64, String)> {
        let all = self.found["findings"].as_array().unwrap().iter().filter(|f| f["path"] == path);
        let text = |f: &Value, key: &str| f[key].as_str().unwrap_or_default().to_owned();
        all.map(|f| (text(f, "rule"), f["start"]["line"].as_u64().unwrap_or(0), text(f, "message"))).collect()
    }

    fn say(&mut self, name: &str, outcome: Outcome) {
        self.lines.push((name.to_owned(), outcome));
    }

    fn hold(&mut self, name: &str, holds: bool, why: impl Into<String>) {
        let why = why.into();
        self.say(name, if holds { Outcome::Holds(why) } else { Outcome::Fails(why) });
    }

    /// How many differences `check` sees between a Dockerfile and its variant when one of the two is changed.
    fn drift(&self, pair: &Pair, changed: usize, from: &str, to: &str) -> Option<usize> {
        let path = &pair.paths[changed];
        let before = self.read(path);
        if !before.contains(from) {
            return None;
        }
        self.write(path, &before.replacen(from, to, 1));
        let (_, out) = self.run(&["check", "--select", "variant-drift", "--format", "json"]);
        self.write(path, &before);
        let found: Value = serde_json::from_str(&out).ok()?;
        Some(found["findings"].as_array()?.iter().filter(|f| f["rule"] == "variant-drift").count())
    }

    fn user(&mut self, name: &str, pair: &Pair, expected: &str) {
        let last = pair.last_stage();
        let users: Vec<&&Instruction> = last.iter().filter(|i| i.keyword.value == Keyword::User).collect();
        let written = users.last().map(|i| pair.variant_text(i)).unwrap_or_default();
        let at = |keyword| last.iter().rposition(|i| i.keyword.value == keyword);
        let user = at(Keyword::User);
        let order = user > at(Keyword::Run) && user < at(Keyword::Cmd);
        self.hold(
            name,
            written == format!("USER {expected}") && order,
            format!("`{written}`, behind every `RUN`, before `CMD`"),
        );
    }

    fn no_healthcheck(&mut self, name: &str, pair: &Pair) {
        let none = pair.variant.instructions.iter().all(|i| i.keyword.value != Keyword::Healthcheck);
        self.hold(name, none, "the variant has no `HEALTHCHECK`");
        self.say(name, Later("the probe's numbers in the manifest"));
    }

    fn exec(&mut self, name: &str, pair: &Pair, variable: &str) {
        let command = pair.last_of(Keyword::Cmd);
        let holds = command.starts_with("CMD [\"sh\", \"-c\", \"exec ")
            && (command.contains(&format!("${{{variable}}}")) || command.contains(&format!("${variable}")))
            && !command.contains("&&")
            && !command.contains(';');
        self.hold(name, holds, command);
    }

    /// What `report` says of the Dockerfiles before anything is done: which class of mistake stands in which lines.
    fn audit(&mut self) {
        let (_, audit) = self.run(&["report", "--document", "audit"]);
        let pages = format!("{}/Dockerfile.production", self.pages());
        // The lines of the command and of the health check, in files of so many lines.
        let known = [
            ("server", "python/Dockerfile.server", 78, "78", Some("74–75")),
            ("mcp", "python/Dockerfile.mcp", 42, "42", None),
            ("agents", "python/Dockerfile.agents", 34, "34", Some("30–31")),
            ("frontend", pages.as_str(), 45, "45", Some("41–42")),
        ];
        for (name, path, length, command, health) in known {
            let text = self.read(path);
            let is_known = text.lines().count() == length;
            let tree = Dockerfile::parse(SourceId(0), &text.as_str().into());
            let lines = |keyword: Keyword| {
                let instruction = tree.instructions.iter().rfind(|i| i.keyword.value == keyword)?;
                let line = |at: u32| text[..at as usize].matches('\n').count() + 1;
                let (first, last) =
                    (line(instruction.span.start), line(instruction.span.end.saturating_sub(1)));
                Some(if first == last { first.to_string() } else { format!("{first}–{last}") })
            };
            let command = if is_known { command.to_owned() } else { lines(Keyword::Cmd).unwrap_or_default() };
            let health = if is_known { health.map(str::to_owned) } else { lines(Keyword::Healthcheck) };
            let section =
                audit.split("\n## ").find_map(|section| section.strip_prefix(path)?.strip_prefix('\n'));
            let rows: Vec<(&str, &str)> = section
                .unwrap_or_default()
                .lines()
                .filter_map(|row| {
                    let mut cells = row.split('|').map(str::trim).skip(1);
                    Some((cells.next()?, cells.next()?))
                })
                .collect();
            let says = |line: &str, class: &str| rows.contains(&(line, class));
            self.hold(
                &format!("{name} report"),
                says(&command, "security"),
                format!("line {command}: security"),
            );
            if text.lines().any(|line| line.starts_with("CMD sh -c") || line.starts_with("CMD python")) {
                self.hold(
                    &format!("{name} report"),
                    says(&command, "graceful stop"),
                    format!("line {command}: graceful stop"),
                );
            }
            if let Some(health) = health {
                self.hold(
                    &format!("{name} report"),
                    says(&health, "redundancy"),
                    format!("lines {health}: redundancy"),
                );
            }
            if name != "frontend" {
                let layers = rows.iter().any(|(_, class)| *class == "layers");
                self.hold(&format!("{name} report"), layers, "it has a class for layers");
            }
        }
    }

    fn server(&mut self) {
        let pair = self.pair("python", "server");
        self.user("server A1", &pair, "1001:1001");
        self.no_healthcheck("server A2", &pair);
        self.exec("server A3", &pair, "ARCHON_SERVER_PORT");
        let copies_tests = |tree: &Dockerfile| copied(tree).iter().any(|path| path.starts_with("tests"));
        let holds = !copies_tests(&pair.variant) && copies_tests(&pair.original);
        self.hold("server A4", holds, "the variant copies no tests, the original does");
        self.browsers(&pair);
        self.home(&pair);
        self.in_step(&pair);
        self.twice(&pair);
        let entry: Vec<_> = self
            .findings("python/Dockerfile.server")
            .into_iter()
            .filter(|f| f.0 == "unresolved-entry-point")
            .collect();
        let said = entry.first().map(|f| f.2.clone()).unwrap_or_default();
        self.hold("server A9", entry.len() == 1 && said.contains("socket_app") && said.contains("app"), said);
        let command = pair.last_of(Keyword::Cmd);
        self.hold(
            "server A9",
            !command.contains("socket_app"),
            format!("the variant starts what exists: {command}"),
        );
        self.say("server A10", Later("stopping a running container"));
    }

    fn browsers(&mut self, pair: &Pair) {
        let last = pair.last_stage();
        let install = last.iter().position(|i| {
            i.keyword.value == Keyword::Run && pair.variant_text(i).contains("playwright install")
        });
        let path = last.iter().enumerate().find_map(|(n, i)| {
            let Arguments::Env(pairs) = &i.arguments else { return None };
            let pair = pairs.iter().find(|p| &*p.name.text == "PLAYWRIGHT_BROWSERS_PATH")?;
            Some((n, pair.value.text.to_string()))
        });
        let holds = path.as_ref().zip(install).is_some_and(|((at, path), install)| {
            *at < install && !path.starts_with("/root") && !path.starts_with("/tmp")
        });
        self.hold("server A5", holds, format!("browsers are installed in {:?}", path.map(|p| p.1)));
        self.say("server A5", Later("no other path in the manifest"));
    }

    fn home(&mut self, pair: &Pair) {
        let last = pair.last_stage();
        let made = last.iter().position(|i| {
            let text = pair.variant_text(i);
            i.keyword.value == Keyword::Run && text.contains("useradd") && text.contains("--uid 1001")
        });
        let home = last.iter().any(|i| {
            let text = pair.variant_text(i);
            text.contains("--create-home") || text.starts_with("ENV HOME=")
        });
        let code = last.iter().position(|i| {
            i.keyword.value == Keyword::Copy
                && i.flag("from").is_none()
                && pair.variant_text(i).contains("src/")
        });
        self.hold(
            "server A6",
            made.is_some() && made < code && home,
            "the user, with a home, is made before the program is copied",
        );
        self.say("server A6", Later("an emptyDir for the home in the manifest"));
    }

    fn in_step(&mut self, pair: &Pair) {
        let silent = self.drift(pair, 0, "FROM", "FROM");
        self.hold("server A7", silent == Some(0), format!("in step: {silent:?} differences"));
        let cases = [
            ("a package of the original", 0, "    wget \\\n", "    wget \\\n    jq \\\n"),
            ("a package of the variant", 1, "    wget \\\n", "    wget \\\n    jq \\\n"),
            ("a default of the original", 0, "ARCHON_SERVER_PORT=8181", "ARCHON_SERVER_PORT=8282"),
            ("an `ENV` of the variant", 1, "PYTHONUNBUFFERED=1", "PYTHONUNBUFFERED=0"),
            ("a group of the original", 0, "--group server-reranking", "--group server-ranking"),
            ("a group of the variant", 1, " --group server-reranking", ""),
            ("a port of the variant", 1, "EXPOSE ${ARCHON_SERVER_PORT}", "EXPOSE 8282"),
            (
                "a `COPY` of the original",
                0,
                "COPY src/__init__.py src/",
                "COPY src/__init__.py src/other.py src/",
            ),
            ("a `COPY` of the variant", 1, "src/__init__.py src/", "src/__init__.py src/other.py src/"),
        ];
        for (what, changed, from, to) in cases {
            let found = self.drift(pair, changed, from, to);
            self.hold("server A7", found == Some(1), format!("{what} changed: {found:?} found"));
        }
    }

    fn twice(&mut self, pair: &Pair) {
        let before = self.read(&pair.paths[1]);
        let (code, _) = self.run(&["variant"]);
        self.hold(
            "server A8",
            before == self.read(&pair.paths[1]) && code == 0,
            "a second run changes nothing",
        );
        let (code, _) = self.run(&["variant", "--check"]);
        self.hold("server A8", code == 0, "`variant --check` is content");
        let original = self.read(&pair.paths[0]);
        self.write(&pair.paths[0], &format!("{original}\n# changed\n"));
        let (code, _) = self.run(&["variant", "--check"]);
        self.write(&pair.paths[0], &original);
        let digest = before
            .lines()
            .find_map(|l| l.split_once("sha256="))
            .map(|(_, d)| d.to_owned())
            .unwrap_or_default();
        let digest = digest.split(' ').next().unwrap_or_default().to_owned();
        self.hold("server A8", code == 1 && digest.len() == 64, format!("a stale digest fails: {digest}"));
    }

    fn mcp(&mut self) {
        let pair = self.pair("python", "mcp");
        self.user("mcp A1", &pair, "1001:1001");
        let commands = [original_of(&pair, Keyword::Cmd), pair.last_of(Keyword::Cmd)];
        let found = self.findings(&pair.paths[0]);
        let signals = ["shell-form-command", "shell-wrapped-command"];
        let holds = commands[0] == commands[1] && !found.iter().any(|f| signals.contains(&f.0.as_str()));
        self.hold("mcp A2", holds, commands[1].clone());
        let rules: Vec<&str> = found.iter().map(|f| f.0.as_str()).collect();
        let holds = rules.contains(&"root-user") && !rules.iter().any(|rule| rule.contains("healthcheck"));
        self.hold("mcp A3", holds, rules.join(", "));
        let policies = "base-without-digest,unpinned-packages";
        let (_, out) = self.run(&["check", "--select", policies, "--format", "concise", &pair.paths[0]]);
        let pinned = policies.split(',').all(|rule| out.contains(rule));
        self.hold("mcp A3", pinned, "versions that are not pinned are found where the policy is asked for");
        let copies = (copied(&pair.original), copied(&pair.variant));
        let first = pair.last_stage().iter().position(|i| i.keyword.value == Keyword::Copy);
        let late = pair
            .last_stage()
            .iter()
            .skip(first.unwrap_or(0))
            .any(|i| i.keyword.value == Keyword::Run && pair.variant_text(i).contains("chown -R"));
        self.hold(
            "mcp A4",
            copies.0 == copies.1 && !late,
            format!("{} sources in their order", copies.1.len()),
        );
        let runs: Vec<String> = pair
            .variant
            .instructions
            .iter()
            .filter(|i| i.keyword.value == Keyword::Run)
            .map(|i| pair.variant_text(i))
            .collect();
        let uv = runs.iter().find(|r| r.contains("uv pip install")).cloned().unwrap_or_default();
        let handled = ["--no-cache", "rm -rf", "--mount=type=cache"].iter().any(|word| uv.contains(word));
        let alone = runs.iter().any(|r| r.trim_start_matches("RUN ").starts_with("rm -rf"));
        self.hold("mcp A5", handled && !alone, uv);
        for (name, why) in [
            ("mcp A6", "the manifest's port and Service"),
            ("mcp A7", "the manifest's variables"),
            ("mcp A8", "the manifest's volumes"),
            ("mcp A9", "the manifest's service links"),
            ("mcp A10", "the manifest's probes"),
        ] {
            self.say(name, Later(why));
        }
    }

    fn agents(&mut self) {
        let pair = self.pair("python", "agents");
        self.user("agents A1", &pair, "1001:1001");
        self.no_healthcheck("agents A2", &pair);
        self.exec("agents A3", &pair, "ARCHON_AGENTS_PORT");
        let found = self.findings(&pair.paths[0]);
        let line = original_line(&pair, Keyword::Cmd);
        let shell = found.iter().any(|f| f.0 == "shell-form-command" && f.1 == line);
        self.hold("agents A3", shell, format!("the shell form of line {line} is found"));
        let entry = found.iter().any(|f| f.0 == "unresolved-entry-point");
        self.hold("agents A4", !entry, "`src.agents.server:app` exists");
        self.say("agents A5", Later("the manifest's Deployment and Service"));
        self.say("agents A6", Later("a Service of the name that the sources call"));
        let silent = self.drift(&pair, 0, "FROM", "FROM");
        let loud = self.drift(
            &pair,
            0,
            "RUN uv pip install",
            "RUN apt-get update && apt-get install -y jq\nRUN uv pip install",
        );
        self.hold(
            "agents A7",
            silent == Some(0) && loud == Some(1),
            format!("{silent:?} differences, {loud:?} with a package more"),
        );
        self.say("agents A8", Later("the start-up budget in the manifest"));
        self.say("agents A9", Later("the manifest's variables"));
        self.say("agents A10", Later("an image that was built"));
    }

    fn frontend(&mut self) {
        let pages = self.pages();
        let pair = self.pair(pages, "production");
        self.user("frontend A1", &pair, "101:101");
        self.say("frontend A1", Later("the manifest's user"));
        let text = self.read(&pair.paths[1]);
        let makes = ["addgroup", "adduser", "groupadd", "useradd"].iter().any(|word| text.contains(word));
        self.hold("frontend A2", !makes, "no user is made where nginx has one");
        self.no_healthcheck("frontend A3", &pair);
        let same = original_of(&pair, Keyword::Cmd) == pair.last_of(Keyword::Cmd);
        let own = pair
            .last_stage()
            .iter()
            .any(|i| matches!(i.keyword.value, Keyword::Entrypoint | Keyword::Stopsignal));
        self.hold("frontend A4", same && !own, pair.last_of(Keyword::Cmd));
        let listens = self.read(&format!("{pages}/nginx.conf")).contains("listen 3737;");
        let exposed = pair.last_of(Keyword::Expose);
        self.hold("frontend A5", listens && exposed == "EXPOSE 3737" && !text.contains("setcap"), exposed);
        self.say("frontend A5", Later("the ports of the manifest"));
        self.say("frontend A6", Later("the manifest's volumes"));
        let owned: Vec<String> = pair
            .last_stage()
            .iter()
            .filter(|i| i.keyword.value == Keyword::Run && pair.variant_text(i).contains("chown"))
            .map(|i| pair.variant_text(i))
            .collect();
        let words = owned.iter().flat_map(|run| run.split_whitespace());
        let other = words.filter(|w| w.starts_with('/')).find(|w| {
            !matches!(w.trim_end_matches(';'), "/var/cache/nginx" | "/var/run/nginx.pid" | "/run/nginx.pid")
        });
        let given = |path: &str| owned.iter().any(|run| run.contains(path));
        let both = given("/var/cache/nginx") && given("/run/nginx.pid");
        self.hold("frontend A7", other.is_none() && both, format!("{owned:?}"));
        let vite = self.findings("docker-compose.yml").into_iter().find(|f| f.2.contains("VITE_"));
        self.hold(
            "frontend A8",
            vite.is_some(),
            vite.map_or_else(|| "nothing is said of VITE_…".into(), |f| f.2),
        );
        self.say("frontend A8", Later("the manifest's variables"));
        let stage = |tree: &Dockerfile| -> Vec<String> {
            let first = tree.stages().next();
            first
                .map(|s| s.instructions.iter().map(|i| i.span.of(&tree.text).to_owned()).collect())
                .unwrap_or_default()
        };
        self.hold(
            "frontend A9",
            stage(&pair.original) == stage(&pair.variant),
            "the stage that builds is as it was",
        );
        self.say("frontend A10", Later("a running container"));
    }
}

impl Pair {
    /// The instructions of the variant's last stage.
    fn last_stage(&self) -> Vec<&Instruction> {
        let last = self.variant.stages().last();
        last.map(|stage| stage.instructions.iter().collect()).unwrap_or_default()
    }

    fn variant_text(&self, instruction: &Instruction) -> String {
        instruction.span.of(&self.variant.text).to_owned()
    }

    fn last_of(&self, keyword: Keyword) -> String {
        let last = self.variant.instructions.iter().rfind(|i| i.keyword.value == keyword);
        last.map(|i| self.variant_text(i)).unwrap_or_default()
    }
}

fn original_of(pair: &Pair, keyword: Keyword) -> String {
    let last = pair.original.instructions.iter().rfind(|i| i.keyword.value == keyword);
    last.map(|i| i.span.of(&pair.original.text).to_owned()).unwrap_or_default()
}

fn original_line(pair: &Pair, keyword: Keyword) -> u64 {
    let last = pair.original.instructions.iter().rfind(|i| i.keyword.value == keyword);
    let before = last.and_then(|i| pair.original.text.get(..i.span.start as usize)).unwrap_or_default();
    before.matches('\n').count() as u64 + 1
}

/// The sources that a Dockerfile copies from its context, in order.
fn copied(tree: &Dockerfile) -> Vec<String> {
    let copies = tree.instructions.iter().filter(|i| i.flag("from").is_none());
    let sources = copies.filter_map(|i| match &i.arguments {
        Arguments::Copy(transfer) => Some(&transfer.sources),
        _ => None,
    });
    let path = |source: &CopySource| match source {
        CopySource::Path(word) => word.text.to_string(),
        CopySource::Heredoc { word, .. } => word.text.to_string(),
    };
    sources.flatten().map(path).collect()
}
