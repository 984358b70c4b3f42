use crate::project::{Project, Stage};
use crate::syntax::dockerfile::{Arguments, Env, Value, Word};
use crate::syntax::spelling::nearest;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};
use crate::{Edit, Safety};

pub(crate) static RULE: Rule = Rule {
    name: "base-argument",
    summary: "an argument that leaves no valid base image",
    since: "0.1.0",
    docs: include_str!("base_argument.md"),
    aliases: &[
        "InvalidDefaultArgInFrom",
        "UndefinedArgInFrom",
        "invalid-default-arg-in-from",
        "undefined-arg-in-from",
        "DF086",
    ],
    category: Category::Correctness,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Stage(check),
};

/// What `BuildKit` sets in every `FROM`.
const PLATFORM: [&str; 8] = [
    "BUILDPLATFORM",
    "BUILDOS",
    "BUILDARCH",
    "BUILDVARIANT",
    "TARGETPLATFORM",
    "TARGETOS",
    "TARGETARCH",
    "TARGETVARIANT",
];

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let Some(from) = stage.from_instruction(ctx.project) else { return };
    let Arguments::From { image, .. } = &from.arguments else { return };
    let globals = Globals::of(ctx.project, stage);
    let mut undefined = false;
    let platform = from.flag("platform").and_then(|flag| flag.value.as_ref());
    for word in [Some(image), platform].into_iter().flatten() {
        for variable in word.variables() {
            let name = variable.name.as_str();
            if !globals.names.iter().any(|n| n == name) && !PLATFORM.contains(&name) && name != "TARGETSTAGE"
            {
                undefined = true;
                let known = globals.names.iter().map(String::as_str).chain(PLATFORM);
                let near = nearest(name, known).map(str::to_owned);
                let edit = near.clone().map(|text| Edit { span: variable.name.span(), text });
                let title = format!("Use `{}`", near.as_deref().unwrap_or_default());
                let meant = near.map(|near| format!("; did you mean `{near}`?"));
                let message =
                    format!("no `ARG` before the first `FROM` defines `{name}`{}", meant.unwrap_or_default());
                ctx.report(variable.span, message)
                    .ids(&["UndefinedArgInFrom", "undefined-arg-in-from", "DF086"])
                    .fix(Safety::Unsafe, title, edit);
            }
        }
    }
    if image.variables().is_empty() {
        return;
    }
    let name = image.expand(&globals).ok().and_then(|expanded| expanded.value).unwrap_or_default();
    if !is_reference(&name) {
        let message = match name.as_str() {
            "" => "without an argument of the build there is no base image".to_owned(),
            name => format!(
                "without an argument of the build the base image is `{name}`, which no image is called"
            ),
        };
        // Who gives an argument no default means it to be given.
        let meant = image.variables().iter().any(|v| globals.bare.iter().any(|name| *name == *v.name));
        ctx.report(image.span, message)
            .severity(if meant { Severity::Low } else { RULE.severity })
            .aside(undefined)
            .ids(&["InvalidDefaultArgInFrom", "invalid-default-arg-in-from"]);
    }
}

/// The arguments before the first `FROM`, with what each comes to where nobody gives it: nothing without a default.
struct Globals {
    names: Vec<String>,
    values: std::collections::HashMap<String, String>,
    /// Those that have no default.
    bare: Vec<String>,
}

impl Globals {
    fn of(project: &Project, stage: &Stage) -> Self {
        let mut globals =
            Self { names: Vec::new(), values: std::collections::HashMap::new(), bare: Vec::new() };
        for name in PLATFORM {
            let value = if name.ends_with("PLATFORM") {
                "linux/amd64"
            } else if name.ends_with("OS") {
                "linux"
            } else if name.ends_with("ARCH") {
                "amd64"
            } else {
                ""
            };
            globals.values.insert(name.to_owned(), value.to_owned());
        }
        for instruction in project.dockerfile(stage.source).map_or(&[][..], |file| file.globals()) {
            let Arguments::Arg(definitions) = &instruction.arguments else { continue };
            for definition in definitions {
                let value =
                    |word: &Word| word.expand(&globals).ok().and_then(|e| e.value).unwrap_or_default();
                let name = definition.name.text.to_string();
                let default = definition.default.as_ref().map(value);
                globals.names.push(name.clone());
                // Without a default, what BuildKit sets of the platforms stays.
                if let Some(value) = default {
                    drop(globals.values.insert(name, value));
                } else {
                    globals.bare.push(name.clone());
                    globals.values.entry(name).or_default();
                }
            }
        }
        globals
    }
}

impl Env for Globals {
    fn get(&self, name: &str) -> Value<'_> {
        self.values.get(name).map_or(Value::Unset, |value| Value::Set(value))
    }
}

/// Whether a name is one of an image, as the reference implementation reads it: `host:port/path/name:tag@digest`.
fn is_reference(name: &str) -> bool {
    let (name, digest) = name.split_once('@').map_or((name, None), |(name, digest)| (name, Some(digest)));
    let (path, tag) = match name.rsplit_once(':') {
        Some((path, tag)) if !tag.contains('/') => (path, Some(tag)),
        _ => (name, None),
    };
    let is_tag = |tag: &str| {
        tag.len() <= 128
            && tag.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
            && tag.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c))
    };
    let is_digest = |digest: &str| {
        digest
            .split_once(':')
            .is_some_and(|(_, hex)| hex.len() >= 32 && hex.bytes().all(|b| b.is_ascii_hexdigit()))
    };
    let mut parts = path.split('/').peekable();
    // The first part is a host where it looks like one.
    let first = parts.peek().copied().unwrap_or_default();
    if path.contains('/') && (first.contains(['.', ':']) || first == "localhost") {
        parts.next();
    }
    let is_part = |part: &str| {
        let separated = |c: char| c == '.' || c == '_' || c == '-';
        !part.is_empty()
            && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || separated(c))
            && !part.starts_with(separated)
            && !part.ends_with(separated)
            && !part.contains("..")
            && !part.contains("___")
    };
    tag.is_none_or(is_tag) && digest.is_none_or(is_digest) && parts.all(is_part)
}
