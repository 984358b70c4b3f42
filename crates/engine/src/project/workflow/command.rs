//! Builds in the scripts of a job.

use std::collections::HashMap;
use std::rc::Rc;

use camino::{Utf8Path, Utf8PathBuf};
use seaworthy_syntax::dockerfile::Script;
use seaworthy_syntax::shell::{self, Command, Shell};
use seaworthy_syntax::yaml::{Node, NodeId, NodeKind};
use seaworthy_syntax::{Span, Spanned, Text};

use super::scope::{Scope, UNKNOWN, known, known_text, mask};
use super::{ImageJob, ImageName, Tool, Workflow};
use crate::parse::{Files, normalise};
use crate::project::Place;

/// The scripts of a job that have been parsed: each combination of its matrix runs them again.
pub(super) type Scripts = HashMap<NodeId, Rc<Parsed>>;

/// A script as a shell reads it.
pub(super) struct Parsed {
    shell: Shell,
    /// What [`mask`] took out of it.
    expressions: Vec<String>,
    /// Whether its spans lie on the file's text.
    exact: bool,
}

impl Parsed {
    fn of(node: Node<'_>) -> Option<Self> {
        let exact = node.text();
        let (is_exact, span) = (exact.is_some(), node.span());
        let text = match exact {
            Some(text) => text,
            None => Text::new(node.scalar()?.as_ref(), span.source, span.start),
        };
        let (masked, expressions) = mask(&text);
        let text = text.masked(masked);
        let script = Script { span, text, heredoc: false, broken_json: None };
        Some(Self { shell: shell::parse(&script), expressions, exact: is_exact })
    }
}

fn holds_build(line: Node<'_>) -> bool {
    line.scalar()
        .is_some_and(|text| ["build", "bud", "kaniko", "bake"].iter().any(|word| text.contains(word)))
}

/// Whether a script may build an image.
pub(super) fn may_build(script: Node<'_>) -> bool {
    holds_build(script)
        // Lists of lists are GitLab's; one that holds itself by an alias runs nothing.
        || script.items().any(|item| item.kind() != NodeKind::Alias && may_build(item))
        || script.items().any(|item| item.kind() == NodeKind::Alias && (holds_build(item) || item.items().any(holds_build)))
}

/// A shell that runs one script after the other, as the steps of a job or the lines of GitLab's scripts.
pub(super) struct Runner<'w> {
    pub(super) workflow: &'w Workflow,
    pub(super) index: usize,
    pub(super) job: &'w Spanned<String>,
    /// The directory it is in; `None` where it is not known.
    pub(super) directory: Option<Utf8PathBuf>,
    /// Where the checkout lies in the workspace.
    pub(super) checkout: Utf8PathBuf,
    /// Where checkouts lie that name their repository: another one, or this one by its name.
    pub(super) named_checkouts: Vec<Utf8PathBuf>,
    pub(super) files: &'w Files,
    pub(super) scripts: &'w mut Scripts,
    /// What has been built.
    pub(super) built: Vec<ImageJob>,
}

impl Runner<'_> {
    /// A path of the workspace as a path of the project; `None` where a variable decides or it lies elsewhere.
    pub(super) fn path(&self, directory: Option<&Utf8Path>, path: &str) -> Option<Utf8PathBuf> {
        if !known(path) || path.starts_with('/') || path.contains("://") {
            return None;
        }
        let path = normalise(&directory?.join(path.trim()));
        if path.is_absolute() {
            return None;
        }
        let of_root = |path: &Utf8Path| normalise(&self.workflow.root.join(path));
        if let Some(rest) = self.named_checkouts.iter().find_map(|dir| path.strip_prefix(dir).ok()) {
            // It is a file of this repository if there is such a file.
            let path = of_root(rest);
            return (!rest.as_str().is_empty() && self.files.exists(&path) == Some(true)).then_some(path);
        }
        // What lies outside of the checkout is no file of this repository.
        path.strip_prefix(&self.checkout).ok().map(of_root)
    }

    /// An image job of which nothing is known yet.
    pub(super) fn job(&self, span: Span, tool: Tool) -> ImageJob {
        ImageJob {
            source: self.workflow.source,
            workflow: self.index,
            job: self.job.clone(),
            span,
            place: None,
            tool,
            dockerfile: None,
            context: None,
            target: None,
            tags: Vec::new(),
            args: Vec::new(),
            platforms: Vec::new(),
            push: Some(false),
            cached: false,
        }
    }

    /// Reads a script. The directory and the variables that it sets stay for the next one.
    pub(super) fn script(&mut self, node: Node<'_>, place: Option<Place>, scope: &mut Scope) {
        let node = node.resolve();
        let parsed = if let Some(parsed) = self.scripts.get(&node.id()) {
            Rc::clone(parsed)
        } else {
            let Some(parsed) = Parsed::of(node).map(Rc::new) else { return };
            self.scripts.insert(node.id(), Rc::clone(&parsed));
            parsed
        };
        for command in &parsed.shell.commands {
            let span = if parsed.exact { command.span } else { node.span() };
            self.command(command, span, place, scope, &parsed.expressions);
        }
    }

    fn command(
        &mut self,
        command: &Command,
        span: Span,
        place: Option<Place>,
        scope: &mut Scope,
        expressions: &[String],
    ) {
        let Some(name) = &command.name else {
            if !command.context.conditional && !command.context.subshell {
                for assignment in &command.assignments {
                    if let Some(value) = &assignment.value {
                        let value = scope.expand(&value.text, expressions);
                        scope.set(assignment.name.to_string(), value);
                    }
                }
            }
            return;
        };
        let words: Vec<String> = std::iter::once(name)
            .chain(&command.args)
            .map(|word| scope.expand(&word.text, expressions))
            .collect();
        let mut words = words.as_slice();
        while let [first, rest @ ..] = words
            && (matches!(first.as_str(), "sudo" | "time" | "exec" | "command" | "env" | "nohup")
                || first.contains('=') && !first.starts_with('-')
                || first.starts_with('-') && !rest.is_empty())
        {
            words = rest;
        }
        let [program, rest @ ..] = words else { return };
        match (program.rsplit('/').next().unwrap_or(program), rest) {
            ("export", _) => {
                for assignment in &command.assignments {
                    if let Some(value) = &assignment.value {
                        let value = scope.expand(&value.text, expressions);
                        scope.set(assignment.name.to_string(), value);
                    }
                }
            }
            ("cd" | "pushd", [to, ..]) if !command.context.subshell => {
                let absolute = to.starts_with('/') || to.starts_with('~');
                self.directory = match &self.directory {
                    Some(from) if known(to) && !absolute && to != "-" => Some(normalise(&from.join(to))),
                    _ => None,
                };
            }
            ("popd", _) => self.directory = None,
            (tool @ ("docker" | "nerdctl" | "podman" | "buildah"), rest) => {
                // Flags of the program itself stand before its command.
                let start = rest.iter().take_while(|word| word.starts_with('-')).count();
                let tool = match tool {
                    "podman" => Tool::Podman,
                    "buildah" => Tool::Buildah,
                    _ => Tool::Docker,
                };
                self.engine(&rest[start..], tool, span, place);
            }
            ("docker-buildx", rest) => self.engine(rest, Tool::Docker, span, place),
            ("executor" | "kaniko", rest) if program.contains("kaniko") => self.kaniko(rest, span, place),
            _ => {}
        }
    }

    fn engine(&mut self, words: &[String], tool: Tool, span: Span, place: Option<Place>) {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["buildx" | "image" | "builder", rest @ ..] => {
                // `buildx` takes flags of its own before `build`.
                let mut rest = rest;
                while let [flag, after @ ..] = rest
                    && flag.starts_with("--")
                {
                    let takes_value = *flag == "--builder";
                    rest = if takes_value { after.get(1..).unwrap_or_default() } else { after };
                }
                match rest {
                    ["build" | "b", arguments @ ..] => self.build(arguments, tool, span, place),
                    ["bake" | "f", ..] => {
                        let mut job = self.job(span, Tool::Bake);
                        job.place = place;
                        job.push = Some(rest.contains(&"--push"));
                        self.built.push(job);
                    }
                    ["push", arguments @ ..] => self.pushed(arguments),
                    ["tag", from, to] => self.tagged(from, to, span),
                    _ => {}
                }
            }
            ["build" | "bud", arguments @ ..] => self.build(arguments, tool, span, place),
            ["push", arguments @ ..] => self.pushed(arguments),
            ["tag", from, to] => self.tagged(from, to, span),
            _ => {}
        }
    }

    fn build(&mut self, arguments: &[&str], tool: Tool, span: Span, place: Option<Place>) {
        let mut job = self.job(span, tool);
        job.place = place;
        let mut file = None;
        let mut contexts = Vec::new();
        for argument in flags(arguments, DOCKER_SWITCHES) {
            match argument {
                Argument::Plain(context) => contexts.push(context),
                Argument::Flag("-f" | "--file", value) => file = Some(value),
                Argument::Flag("-t" | "--tag", value) => tag(&mut job, value, span),
                Argument::Flag("--target", value) => job.target = known_text(value.to_owned()),
                Argument::Flag("--platform" | "--arch", value) => platforms(&mut job, value),
                Argument::Flag("--build-arg", value) => build_arg(&mut job, value),
                Argument::Flag("--push", value) => job.push = Some(value != "false"),
                Argument::Flag("--cache-from", _) => job.cached = true,
                Argument::Flag("-o" | "--output", value)
                    if value.contains("type=registry") || value.contains("push=true") =>
                {
                    job.push = Some(true);
                }
                Argument::Flag(..) => {}
            }
        }
        let Some(context) = contexts.last() else {
            // Podman and Buildah build where they are.
            if tool == Tool::Docker {
                return;
            }
            self.located(&mut job, ".", file);
            self.built.push(job);
            return;
        };
        self.located(&mut job, context, file);
        self.built.push(job);
    }

    /// Sets the context and the Dockerfile of a job by what is written.
    fn located(&self, job: &mut ImageJob, context: &str, file: Option<&str>) {
        let directory = self.directory.as_deref();
        job.context = self.path(directory, context);
        job.dockerfile = match file {
            Some("-") => None,
            Some(file) => self.path(directory, file),
            None if context == "-" => None,
            None => job.context.as_ref().map(|context| unnamed_file(context)),
        };
        if context == "-" {
            job.context = None;
        }
    }

    fn kaniko(&mut self, arguments: &[String], span: Span, place: Option<Place>) {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let mut job = self.job(span, Tool::Kaniko);
        job.place = place;
        job.push = Some(true);
        let (mut context, mut file) = (".".to_owned(), None);
        for argument in flags(&arguments, KANIKO_SWITCHES) {
            let Argument::Flag(flag, value) = argument else { continue };
            match flag {
                "-c" | "--context" => value.strip_prefix("dir://").unwrap_or(value).clone_into(&mut context),
                "-f" | "--dockerfile" => file = Some(value),
                "-d" | "--destination" => tag(&mut job, value, span),
                "--target" => job.target = known_text(value.to_owned()),
                "--custom-platform" => platforms(&mut job, value),
                "--build-arg" => build_arg(&mut job, value),
                "--cache" => job.cached = value != "false",
                "--no-push" => job.push = Some(value == "false"),
                _ => {}
            }
        }
        let directory = self.directory.as_deref();
        job.context = self.path(directory, &context);
        // Kaniko looks for the Dockerfile where it is, and then in the context.
        job.dockerfile = match file {
            Some(file) => self.path(directory, file),
            None => job.context.as_ref().map(|context| unnamed_file(context)),
        };
        self.built.push(job);
    }

    /// A `push` of an image that was built before.
    fn pushed(&mut self, arguments: &[&str]) {
        let all = arguments.iter().any(|a| matches!(*a, "-a" | "--all-tags"));
        let Some(name) = arguments.iter().find(|a| !a.starts_with('-')).and_then(|name| image_name(name))
        else {
            return;
        };
        for job in &mut self.built {
            let same = |tag: &Spanned<ImageName>| {
                tag.value.registry == name.registry
                    && tag.value.repository == name.repository
                    && (all || tag.value.tag == name.tag)
            };
            if job.tags.iter().any(same) {
                job.push = Some(true);
            }
        }
    }

    /// A `tag` of an image that was built before.
    fn tagged(&mut self, from: &str, to: &str, span: Span) {
        let (Some(from), Some(to)) = (image_name(from), image_name(to)) else { return };
        for job in &mut self.built {
            if job.tags.iter().any(|tag| tag.value == from) {
                job.tags.push(Spanned::new(to.clone(), span));
            }
        }
    }
}

/// The place of the Dockerfile that a context has under the usual name.
pub(super) fn unnamed_file(context: &Utf8Path) -> Utf8PathBuf {
    Utf8PathBuf::from(format!("{context}/"))
}

/// The name of an image, with a `*` for a tag that is not known; `None` where more than the tag is not known.
pub(super) fn image_name(text: &str) -> Option<ImageName> {
    let text = text.trim();
    let known = text.replace(UNKNOWN, "*");
    ImageName::parse(&known).filter(|name| {
        !name.repository.contains('*')
            && name.registry.as_ref().is_none_or(|registry| !registry.contains('*'))
    })
}

pub(super) fn tag(job: &mut ImageJob, text: &str, span: Span) {
    job.tags.extend(image_name(text).map(|name| Spanned::new(name, span)));
}

pub(super) fn platforms(job: &mut ImageJob, text: &str) {
    job.platforms.extend(
        text.split([',', '\n'])
            .map(str::trim)
            .filter(|platform| !platform.is_empty() && known(platform))
            .map(str::to_owned),
    );
}

pub(super) fn build_arg(job: &mut ImageJob, text: &str) {
    if let Some((name, value)) = text.split_once('=') {
        job.args.push((name.trim().to_owned(), known_text(value.to_owned())));
    }
}

/// Flags of `docker build`, Podman and Buildah that take no value.
const DOCKER_SWITCHES: &[&str] = &[
    "--push",
    "--load",
    "--no-cache",
    "--pull",
    "--quiet",
    "-q",
    "--rm",
    "--force-rm",
    "--squash",
    "--compress",
    "--check",
    "--debug",
    "-D",
    "--disable-content-trust",
    "--layers",
    "--all-platforms",
    "--stream",
    "--tls-verify",
    "--no-cache-filter-all",
    "--pull-always",
    "--pull-never",
    "--force-compression",
    "--identity-label",
    "--sbom-scanner",
    "--timestamp-epoch",
];

/// Flags of Kaniko that take no value of their own.
const KANIKO_SWITCHES: &[&str] = &[
    "--cache",
    "--no-push",
    "--cleanup",
    "--single-snapshot",
    "--reproducible",
    "--insecure",
    "--insecure-pull",
    "--skip-tls-verify",
    "--skip-tls-verify-pull",
    "--use-new-run",
    "--force",
    "--cache-copy-layers",
    "--skip-unused-stages",
    "--compressed-caching",
    "--ignore-var-run",
    "--push-ignore-immutable-tag-errors",
    "--skip-push-permission-check",
    "--skip-default-registry-fallback",
    "--no-push-cache",
    "--cache-run-layers",
];

enum Argument<'a> {
    Flag(&'a str, &'a str),
    Plain(&'a str),
}

/// Arguments told apart: `--flag=value`, `--flag value`, `-fvalue`, switches and plain ones.
fn flags<'a>(arguments: &'a [&'a str], switches: &'a [&'a str]) -> impl Iterator<Item = Argument<'a>> {
    let mut rest = arguments.iter().copied();
    std::iter::from_fn(move || {
        let word = rest.next()?;
        if word == "-" || !word.starts_with('-') {
            return Some(Argument::Plain(word));
        }
        if let Some((flag, value)) = word.split_once('=') {
            return Some(Argument::Flag(flag, value));
        }
        if switches.contains(&word) {
            return Some(Argument::Flag(word, "true"));
        }
        if !word.starts_with("--") && word.len() > 2 && word.is_char_boundary(2) {
            let (flag, value) = word.split_at(2);
            return Some(Argument::Flag(flag, value));
        }
        Some(Argument::Flag(word, rest.next().unwrap_or_default()))
    })
}
