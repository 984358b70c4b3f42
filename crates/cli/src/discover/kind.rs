//! What a file is, by its name and by its content.
//!
//! The name says whether it is worth opening, the content decides: a Compose file may be called `prod.yml`, a manifest
//! `compose-api.yaml`, a workflow `test-docker-compose.yml`. Nothing is parsed for it: the outline of the text tells.

use camino::Utf8Path;
use seaworthy_engine::Kind;

/// What a file may be by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Candidate {
    /// Called as a Dockerfile is.
    Dockerfile,
    /// Has `Dockerfile` in its name and an extension that programs have too.
    PerhapsDockerfile,
    /// YAML.
    Yaml,
    /// JSON.
    Json,
    /// A `.dockerignore`.
    Ignore,
    /// A `.env`.
    Env,
    /// What charts call a file of definitions.
    Definitions,
}

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// One of ours.
    Ours(Kind),
    /// Ours only after a template engine ran over it.
    Template,
    /// None of ours.
    Other,
}

/// Extensions of templates: a Dockerfile only after an engine ran over them.
const TEMPLATES: [&str; 14] = [
    "j2",
    "jinja",
    "jinja2",
    "tmpl",
    "tpl",
    "template",
    "erb",
    "mustache",
    "hbs",
    "handlebars",
    "ejs",
    "in",
    "gotmpl",
    "liquid",
];

/// Extensions that are never a Dockerfile's.
const NEVER: [&str; 22] = [
    "md", "markdown", "rst", "adoc", "html", "json", "yml", "yaml", "toml", "lock", "snap", "csv", "svg",
    "png", "orig", "rej", "bak", "swp", "patch", "diff", "log", "sha256",
];

/// JSON files that are plenty and never ours.
const JSON_NEVER: [&str; 12] = [
    "package.json",
    "package-lock.json",
    "npm-shrinkwrap.json",
    "composer.json",
    "composer.lock",
    "tsconfig.json",
    "jsconfig.json",
    "angular.json",
    "lerna.json",
    "nx.json",
    "project.json",
    "renovate.json",
];

/// What a file may be by its name; `None` where it is not worth opening.
pub(crate) fn candidate(path: &Utf8Path) -> Option<Candidate> {
    let name = path.file_name()?.to_ascii_lowercase();
    if name.ends_with(".dockerignore") || name.ends_with(".containerignore") {
        return Some(Candidate::Ignore);
    }
    if is_env_name(&name) {
        return Some(Candidate::Env);
    }
    let extension = name.rsplit_once('.').map_or("", |(_, e)| e);
    if ["dockerfile", "containerfile"].iter().any(|word| is_part(&name, word)) {
        if TEMPLATES.contains(&extension) || NEVER.contains(&extension) {
            return None;
        }
        let sure = matches!(extension, "" | "dockerfile" | "containerfile")
            || !name.contains("dockerfile.") && !name.contains("containerfile.");
        return Some(if sure { Candidate::Dockerfile } else { Candidate::PerhapsDockerfile });
    }
    match extension {
        "yml" | "yaml" => Some(Candidate::Yaml),
        "json" if JSON_NEVER.contains(&name.as_str()) || name.starts_with("tsconfig") => None,
        "json" => Some(Candidate::Json),
        "tpl" => Some(Candidate::Definitions),
        _ if name == "kustomization" => Some(Candidate::Yaml),
        _ => None,
    }
}

/// Whether a file holds variables, and is none that only shows which there are.
fn is_env_name(name: &str) -> bool {
    const SAMPLES: [&str; 7] = ["example", "sample", "template", "dist", "default", "tmpl", "test"];
    (name.starts_with(".env.") || name.ends_with(".env")) && !SAMPLES.iter().any(|word| name.contains(word))
}

/// Whether a word stands in a name by itself: at an end, or set off by `.`, `-` or `_`.
fn is_part(name: &str, word: &str) -> bool {
    name.match_indices(word).any(|(at, _)| {
        let set_off = |c: Option<char>| c.is_none_or(|c| matches!(c, '.' | '-' | '_'));
        set_off(name[..at].chars().next_back()) && set_off(name[at + word.len()..].chars().next())
    })
}

/// Whether the name alone makes it certain what the file is meant to be.
pub(crate) fn is_certain(path: &Utf8Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_ascii_lowercase();
    matches!(name.as_str(), "dockerfile" | "containerfile" | ".gitlab-ci.yml") || is_compose_name(&name)
}

/// What a file is, of which the name said that it may be ours.
///
/// `in_chart` tells whether it lies in the templates of a Helm chart.
pub(crate) fn classify(
    path: &Utf8Path,
    candidate: Candidate,
    text: &str,
    in_chart: impl FnOnce() -> bool,
) -> Verdict {
    let name = path.file_name().unwrap_or_default().to_ascii_lowercase();
    match candidate {
        Candidate::Ignore => Verdict::Ours(Kind::Ignore),
        Candidate::Definitions => {
            if in_chart() {
                Verdict::Ours(Kind::Chart)
            } else {
                Verdict::Other
            }
        }
        Candidate::Yaml if matches!(name.as_str(), "chart.yaml" | "values.yaml") => yaml_kind(
            path, &name, text,
        )
        .map_or_else(|| if in_chart() { Verdict::Ours(Kind::Chart) } else { Verdict::Other }, Verdict::Ours),
        Candidate::Env => Verdict::Ours(Kind::Env),
        Candidate::Dockerfile if is_docker_template(text) => Verdict::Template,
        Candidate::Dockerfile if matches!(name.as_str(), "dockerfile" | "containerfile") => {
            Verdict::Ours(Kind::Dockerfile)
        }
        Candidate::Dockerfile | Candidate::PerhapsDockerfile => {
            if !begins_like_dockerfile(text) {
                Verdict::Other
            } else if is_docker_template(text) {
                Verdict::Template
            } else {
                Verdict::Ours(Kind::Dockerfile)
            }
        }
        Candidate::Yaml | Candidate::Json => {
            let Some(kind) = yaml_kind(path, &name, text) else {
                return if text.contains("{{") && in_chart() {
                    Verdict::Ours(Kind::Chart)
                } else {
                    Verdict::Other
                };
            };
            if kind != Kind::Workflow && text.contains("{{") && (in_chart() || has_template_lines(text)) {
                return Verdict::Ours(Kind::Chart);
            }
            Verdict::Ours(kind)
        }
    }
}

/// What a file is that was named outright, whatever its name.
pub(crate) fn classify_outright(path: &Utf8Path, text: &str, in_chart: impl FnOnce() -> bool) -> Verdict {
    let by_name = candidate(path);
    if let Some(candidate) = by_name {
        let verdict = classify(path, candidate, text, in_chart);
        if verdict != Verdict::Other {
            return verdict;
        }
    }
    let name = path.file_name().unwrap_or_default().to_ascii_lowercase();
    if begins_like_dockerfile(text) {
        return if is_docker_template(text) { Verdict::Template } else { Verdict::Ours(Kind::Dockerfile) };
    }
    match yaml_kind(path, &name, text) {
        Some(Kind::Workflow) if seaworthy_syntax::yaml::is_template(text) => Verdict::Ours(Kind::Chart),
        Some(_) if has_template_lines(text) => Verdict::Ours(Kind::Chart),
        Some(kind) => Verdict::Ours(kind),
        None if matches!(by_name, Some(Candidate::Dockerfile | Candidate::PerhapsDockerfile)) => {
            Verdict::Ours(Kind::Dockerfile)
        }
        None => Verdict::Other,
    }
}

/// Whether the first instruction is one that a Dockerfile may begin with.
fn begins_like_dockerfile(text: &str) -> bool {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let first = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
    let Some((word, rest)) = first.and_then(|line| line.split_once([' ', '\t'])) else { return false };
    // `from x import y` begins many a Python program.
    (word.eq_ignore_ascii_case("FROM") && !rest.contains(" import ")) || word.eq_ignore_ascii_case("ARG")
}

/// Whether a template engine has to run before this is a Dockerfile. `{{` within an instruction proves nothing:
/// `docker inspect --format` takes it too.
fn is_docker_template(text: &str) -> bool {
    text.contains("{%") && text.lines().any(|l| l.trim_start().starts_with("{%"))
        || text.contains("<%") && text.lines().any(|l| l.trim_start().starts_with("<%"))
        || text.contains("{{")
            && text.lines().any(|l| {
                let l = l.trim_start();
                l.starts_with("{{")
                    || l.get(..5).is_some_and(|w| w.eq_ignore_ascii_case("FROM ")) && l.contains("{{")
            })
}

/// Whether lines begin with `{{` as no YAML does. Other templates show when they are parsed.
fn has_template_lines(text: &str) -> bool {
    memchr::memchr_iter(b'{', text.as_bytes()).any(|at| {
        let head = &text[..at];
        let head = head.strip_suffix("- ").unwrap_or(head);
        let head = head.trim_end_matches(|c: char| c.is_whitespace() && c != '\n');
        text[at + 1..].starts_with(['{', '%']) && (head.is_empty() || head.ends_with('\n'))
    })
}

fn yaml_kind(path: &Utf8Path, name: &str, text: &str) -> Option<Kind> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut compose = false;
    let mut keys_seen = false;
    let mut first = true;
    for document in documents(text) {
        let outline = Outline::of(document);
        if outline.is_object() {
            // A kubeconfig is a client's settings.
            let kubeconfig = outline.has("clusters") && outline.has("users");
            return (!kubeconfig).then_some(Kind::Manifest);
        }
        if first && !outline.keys.is_empty() {
            first = false;
            keys_seen = true;
            if is_workflow(path, name, &outline) {
                return Some(Kind::Workflow);
            }
            compose = outline.is_compose(name);
            if compose {
                break;
            }
        }
    }
    if compose || keys_seen && is_compose_name(name) {
        return Some(Kind::Compose);
    }
    if matches!(name, "kustomization.yaml" | "kustomization.yml" | "kustomization") {
        return Some(Kind::Manifest);
    }
    None
}

fn is_workflow(path: &Utf8Path, name: &str, outline: &Outline<'_>) -> bool {
    if name.ends_with(".gitlab-ci.yml") || name.ends_with(".gitlab-ci.yaml") {
        return true;
    }
    let directory = path.parent().map_or("", Utf8Path::as_str);
    let within = |dir: &str| directory == dir || directory.ends_with(&format!("/{dir}"));
    if [".github/workflows", ".gitea/workflows", ".forgejo/workflows"].into_iter().any(within) {
        return outline.has("jobs") || outline.has("on");
    }
    let in_gitlab = directory.split('/').any(|part| part == ".gitlab");
    if in_gitlab
        && outline.entries().any(|(_, body)| child_keys(body).any(|k| k == "script" || k == "extends"))
    {
        return true;
    }
    outline.has("jobs") && outline.has("on")
}

fn is_compose_name(name: &str) -> bool {
    let Some(stem) = name.strip_suffix(".yml").or_else(|| name.strip_suffix(".yaml")) else { return false };
    stem.strip_prefix("docker-").unwrap_or(stem).strip_prefix("compose").is_some_and(|rest| {
        // `compose-api.yaml` may be anything, `compose.api.yaml` is what the manual calls them.
        rest.is_empty()
            || rest.starts_with('.')
            || stem.starts_with("docker-") && rest.starts_with(['-', '_'])
    })
}

/// The keys a Compose file may have at its top.
const COMPOSE_TOP: [&str; 9] =
    ["version", "name", "include", "services", "networks", "volumes", "secrets", "configs", "models"];

/// The keys of a service, but for those that many other formats have too.
const COMPOSE_SERVICE: [&str; 48] = [
    "image",
    "build",
    "extends",
    "command",
    "entrypoint",
    "environment",
    "env_file",
    "ports",
    "expose",
    "volumes",
    "networks",
    "depends_on",
    "restart",
    "deploy",
    "container_name",
    "healthcheck",
    "labels",
    "logging",
    "profiles",
    "privileged",
    "cap_add",
    "cap_drop",
    "security_opt",
    "user",
    "working_dir",
    "hostname",
    "network_mode",
    "ulimits",
    "sysctls",
    "tmpfs",
    "secrets",
    "configs",
    "devices",
    "dns",
    "extra_hosts",
    "init",
    "ipc",
    "pid",
    "platform",
    "pull_policy",
    "read_only",
    "shm_size",
    "stdin_open",
    "stop_grace_period",
    "stop_signal",
    "tty",
    "mem_limit",
    "develop",
];

/// The documents of a YAML stream.
fn documents(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let mut from = 0;
        loop {
            let Some(at) = memchr::memmem::find(&text.as_bytes()[from..], b"\n---") else {
                rest = None;
                return Some(text);
            };
            let end = from + at + 1;
            let after = &text[end + 3..];
            if after.is_empty() || after.starts_with([' ', '\t', '\r', '\n']) {
                rest = Some(after);
                return Some(&text[..end]);
            }
            from = end;
        }
    })
}

/// The keys of a document's top mapping, and where they stand.
struct Outline<'t> {
    text: &'t str,
    /// Key and the offset behind its colon.
    keys: Vec<(&'t str, usize)>,
}

impl<'t> Outline<'t> {
    fn of(text: &'t str) -> Self {
        let mut outline = Self { text, keys: Vec::new() };
        let mut client = false;
        let mut base = None;
        let mut at = 0;
        let ends = memchr::memchr_iter(b'\n', text.as_bytes()).map(|end| end + 1).chain([text.len()]);
        for end in ends {
            let (start, line) = (at, &text[at..end]);
            at = end;
            // Most lines lie deeper than the first key.
            if base == Some(0) && line.starts_with(' ') {
                continue;
            }
            let body = line.trim_start_matches(' ');
            if body.starts_with(['#', '\n', '\r', '%', '\t']) || body.is_empty() {
                continue;
            }
            let body = if outline.keys.is_empty() {
                body.strip_prefix("---").map_or(body, str::trim_start)
            } else {
                body
            };
            if body.trim_end().is_empty() || body.starts_with('#') {
                continue;
            }
            let indent = line.len() - line.trim_start_matches(' ').len();
            if base.is_none() && body.starts_with(['{', '[']) {
                return Self { text, keys: flow_keys(text, start + (line.len() - body.len())) };
            }
            if indent != *base.get_or_insert(indent) {
                continue;
            }
            if let Some((key, after)) = key_of(body) {
                outline.keys.push((key, start + (line.len() - body.len()) + after));
                // Most files are manifests that say so in their first two lines; a client's settings have more to tell.
                client |= key == "kind" && body[after..].split_whitespace().next() == Some("Config");
                if matches!(key, "kind" | "apiVersion") && !client && outline.is_object() {
                    break;
                }
            }
        }
        outline
    }

    /// Whether it is an object of Kubernetes.
    fn is_object(&self) -> bool {
        self.has("apiVersion") && self.has("kind")
    }

    fn has(&self, key: &str) -> bool {
        self.keys.iter().any(|(k, _)| *k == key)
    }

    /// Each key with the text up to the next.
    fn entries(&self) -> impl Iterator<Item = (&'t str, &'t str)> {
        let text = self.text;
        let ends = self.keys.iter().skip(1).map(|(_, at)| *at).chain([text.len()]);
        self.keys.iter().zip(ends).map(move |((key, at), end)| (*key, &text[*at..end.max(*at)]))
    }

    fn is_compose(&self, name: &str) -> bool {
        if name.starts_with("values") {
            return false;
        }
        let Some((_, services)) = self.entries().find(|(key, _)| *key == "services") else { return false };
        if !self.keys.iter().all(|(k, _)| COMPOSE_TOP.contains(k) || k.starts_with("x-") || *k == "<<") {
            return is_compose_name(name);
        }
        if services.trim_start().starts_with('{') {
            return ["image", "build"].iter().any(|key| services.contains(key));
        }
        let mut keys = grandchild_keys(services).peekable();
        if keys.peek().is_none() {
            return is_compose_name(name) || services.contains("image:");
        }
        let (mut any, mut all) = (false, true);
        for key in keys {
            any |= matches!(key, "image" | "build");
            all &= COMPOSE_SERVICE.contains(&key) || key == "<<" || key.starts_with("x-");
        }
        any || all
    }
}

/// The key at the head of a line, without quotes, and the offset behind its colon.
fn key_of(line: &str) -> Option<(&str, usize)> {
    if let Some(quote) = line.chars().next().filter(|c| matches!(c, '"' | '\'')) {
        let end = line[1..].find(quote)? + 1;
        let after = line[end + 1..].trim_start_matches(' ');
        return after.starts_with(':').then(|| (&line[1..end], line.len() - after.len() + 1));
    }
    if line.starts_with("- ") || line == "-" {
        return None;
    }
    let end = line
        .match_indices(':')
        .map(|(at, _)| at)
        .find(|at| line[at + 1..].chars().next().is_none_or(|c| matches!(c, ' ' | '\t' | '\r' | '\n')))?;
    Some((line[..end].trim_end(), end + 1))
}

/// The keys of a mapping in braces that begins at `start`.
fn flow_keys(text: &str, start: usize) -> Vec<(&str, usize)> {
    let bytes = text.as_bytes();
    if bytes.get(start) != Some(&b'{') {
        return Vec::new();
    }
    let mut keys = Vec::new();
    let (mut depth, mut at, mut word) = (0_u32, start, start);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'{' | b'[' => {
                depth += 1;
                word = at + 1;
            }
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    break;
                }
            }
            b'"' | b'\'' => {
                let mut end = at + 1;
                while let Some(&b) = bytes.get(end) {
                    match b {
                        b'\\' if byte == b'"' => end += 1,
                        _ if b == byte => break,
                        _ => {}
                    }
                    end += 1;
                }
                at = end;
            }
            b',' => word = at + 1,
            b':' if depth == 1 => {
                let key = text.get(word..at).unwrap_or_default().trim().trim_matches(['"', '\'']);
                keys.push((key, at + 1));
            }
            _ => {}
        }
        at += 1;
    }
    keys
}

/// The lines of a text that are not blank or comments, each with its indentation.
fn indented(text: &str) -> impl Iterator<Item = (usize, &str)> {
    // What follows the colon on the key's own line is no child.
    let text = text.split_once('\n').map_or("", |(_, rest)| rest);
    text.lines().filter_map(|line| {
        let body = line.trim_start_matches(' ');
        (!body.trim_end().is_empty() && !body.starts_with('#')).then_some((line.len() - body.len(), body))
    })
}

/// The keys one level below.
fn child_keys(text: &str) -> impl Iterator<Item = &str> {
    let mut level = None;
    indented(text).filter_map(move |(indent, line)| {
        let level = *level.get_or_insert(indent);
        (indent == level).then(|| key_of(line)).flatten().map(|(key, _)| key)
    })
}

/// The keys two levels below, of all mappings one level below.
fn grandchild_keys(text: &str) -> impl Iterator<Item = &str> {
    let mut child = None;
    let mut level = None;
    indented(text).filter_map(move |(indent, line)| {
        let child = *child.get_or_insert(indent);
        if indent <= child {
            level = None;
            return None;
        }
        let level = *level.get_or_insert(indent);
        (indent == level).then(|| key_of(line)).flatten().map(|(key, _)| key)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(path: &str, text: &str) -> Verdict {
        let path = Utf8Path::new(path);
        candidate(path)
            .map_or(Verdict::Other, |c| classify(path, c, text, || path.as_str().contains("templates/")))
    }

    #[test]
    fn names_and_contents_decide_together() {
        use Verdict::{Other, Ours, Template};
        let from = "# syntax=docker/dockerfile:1\nFROM alpine\n";
        let compose = "services:\n  web:\n    image: nginx\n";
        let manifest = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n";
        let workflow = "name: ci\non: [push]\njobs:\n  a:\n    runs-on: x\n";
        let table: &[(&str, &str, Verdict)] = &[
            ("Dockerfile", from, Ours(Kind::Dockerfile)),
            ("Dockerfile", "", Ours(Kind::Dockerfile)),
            ("dockerfile", from, Ours(Kind::Dockerfile)),
            ("Dockerfile.prod", from, Ours(Kind::Dockerfile)),
            ("Dockerfile.py3.11", from, Ours(Kind::Dockerfile)),
            ("Dockerfile-alpine", from, Ours(Kind::Dockerfile)),
            ("api.Dockerfile", "ARG A\nFROM ${A}\n", Ours(Kind::Dockerfile)),
            ("api.dockerfile", from, Ours(Kind::Dockerfile)),
            ("Containerfile.dev", from, Ours(Kind::Dockerfile)),
            ("Dockerfile.go", "FROM golang\n", Ours(Kind::Dockerfile)),
            ("dockerfile.go", "package dockerfile\n", Other),
            ("dockerfile.py", "from os import path\n", Other),
            ("Dockerfile.md", "FROM here on\n", Other),
            ("Dockerfile.j2", from, Other),
            ("Dockerfile.tmpl", from, Other),
            ("Dockerfile.erb", from, Other),
            ("Dockerfile", "{% if x %}\nFROM a\n{% endif %}\n", Template),
            ("Dockerfile", "FROM {{ base }}\n", Template),
            ("Dockerfile", "FROM a\nRUN docker inspect --format '{{.Id}}' x\n", Ours(Kind::Dockerfile)),
            ("Dockerfile.dockerignore", "*\n", Ours(Kind::Ignore)),
            (".dockerignore", "*\n", Ours(Kind::Ignore)),
            ("mydockerfilebuilder.yml", compose, Ours(Kind::Compose)),
            ("prod.yml", compose, Ours(Kind::Compose)),
            ("docker-compose.yml", "version: '3'\n", Ours(Kind::Compose)),
            ("docker-compose.yml", "web:\n  image: a\n", Ours(Kind::Compose)),
            ("docker-compose.yml", "", Other),
            ("docker-compose.override.yml", "services:\n  web:\n    ports: ['80:80']\n", Ours(Kind::Compose)),
            ("x.yml", "services:\n  web:\n    ports: ['80:80']\n", Ours(Kind::Compose)),
            ("x.yml", "services: {web: {image: a}}\n", Ours(Kind::Compose)),
            ("x.json", "{\"services\": {\"web\": {\"image\": \"a\"}}}", Ours(Kind::Compose)),
            (
                "services.yaml",
                "services:\n  _defaults:\n    autowire: true\n  App\\:\n    resource: x\n",
                Other,
            ),
            ("values.yaml", "services:\n  web:\n    image: a\n", Other),
            (".travis.yml", "services:\n  - docker\nlanguage: go\n", Other),
            ("compose-api.yaml", manifest, Ours(Kind::Manifest)),
            ("a.yaml", "# c\n---\n# d\n---\napiVersion: v1\nkind: List\n", Ours(Kind::Manifest)),
            ("a.yaml", "--- # c\napiVersion: v1\nkind: List\n", Ours(Kind::Manifest)),
            ("a.json", "{\"a\":{\"kind\":1},\"apiVersion\":\"v1\", \"kind\":\"Pod\"}", Ours(Kind::Manifest)),
            ("a.json", "{\"a\":{\"kind\":1,\"apiVersion\":\"v1\"}}", Other),
            ("kubeconfig.yaml", "apiVersion: v1\nkind: Config\nclusters: []\nusers: []\n", Other),
            ("Chart.yaml", "apiVersion: v2\nname: x\n", Other),
            ("kustomization.yaml", "resources:\n- a.yaml\n", Ours(Kind::Manifest)),
            ("ci/test-docker-compose.yml", workflow, Ours(Kind::Workflow)),
            (".github/workflows/ci.yml", workflow, Ours(Kind::Workflow)),
            (".github/workflows/ci.yml", "on: push\njobs: {}\nx: ${{ a }}\n", Ours(Kind::Workflow)),
            (".gitlab-ci.yml", "build:\n  script: [a]\n", Ours(Kind::Workflow)),
            (".gitlab/ci/build.yml", "build:\n  script:\n    - a\n", Ours(Kind::Workflow)),
            (".github/dependabot.yml", "version: 2\nupdates: []\n", Other),
            (
                "chart/templates/a.yaml",
                "apiVersion: v1\nkind: Pod\nmetadata:\n  name: '{{ .x }}'\n",
                Ours(Kind::Chart),
            ),
            ("a.yaml", "apiVersion: v1\nkind: Pod\n{{- if x }}\n{{- end }}\n", Ours(Kind::Chart)),
            (
                "stack.yml",
                "services:\n  a:\n    image: b\n    hostname: '{{.Node.Hostname}}'\n",
                Ours(Kind::Compose),
            ),
            ("openapi.yaml", "openapi: 3.0.0\npaths: {}\n", Other),
            ("package.json", "{\"kind\":1,\"apiVersion\":2}", Other),
        ];
        for (path, text, expected) in table {
            assert_eq!(verdict(path, text), *expected, "{path}: {text:?}");
        }
    }

    #[test]
    fn named_outright_the_content_decides() {
        let outright = |path: &str, text: &str| classify_outright(Utf8Path::new(path), text, || false);
        assert_eq!(outright("build.txt", "FROM a\n"), Verdict::Ours(Kind::Dockerfile));
        assert_eq!(outright("Dockerfile.md", "FROM a\n"), Verdict::Ours(Kind::Dockerfile));
        assert_eq!(outright("stack", "services:\n  a:\n    image: b\n"), Verdict::Ours(Kind::Compose));
        assert_eq!(outright("README.md", "# hello\n"), Verdict::Other);
        assert_eq!(outright("Dockerfile.x", "RUN a\n"), Verdict::Ours(Kind::Dockerfile));
    }

    #[test]
    fn nothing_breaks_the_outline() {
        for text in
            ["", "{", "{\"", "{a", "---", "\n---", "\"a", "'", ":", "- ", "\u{feff}{", "{]]}", "\t:\n \t"]
        {
            let _ = verdict("a.yaml", text);
            let _ = verdict("a.json", text);
        }
    }
}
