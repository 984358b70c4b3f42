use crate::project::dockerfile::UseKind;
use crate::project::{Base, ImageName, Project, Stage, StageRole};
use crate::syntax::dockerfile::{Arguments, CopySource};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "mismatched-runtime",
    summary: "what one version or C library built, copied to where another one runs it",
    since: "0.1.0",
    docs: include_str!("mismatched_runtime.md"),
    aliases: &[],
    category: Category::Correctness,
    severity: Severity::High,
    default: true,
    fix: FixKind::None,
    check: Check::Stage(check),
};

/// What holds compiled code of the interpreter that made it.
const COMPILED: [(&str, &[&str]); 2] = [
    ("python", &["site-packages", "dist-packages", "venv", ".venv", "/root/.local", "/install", "/opt/venv"]),
    ("node", &["node_modules"]),
];

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    if stage.role == StageRole::Aside {
        return;
    }
    let Some(runtime) = Interpreter::of(project, stage) else { return };
    for uses in stage.uses.iter().filter(|u| u.kind == UseKind::Copy) {
        let Base::Stage(from) = uses.from else { continue };
        let Some(builder) =
            project.build(stage.build).stages.get(from).and_then(|s| Interpreter::of(project, s))
        else {
            continue;
        };
        let Some(instruction) =
            project.dockerfile(stage.source).and_then(|d| d.instructions.get(uses.instruction))
        else {
            continue;
        };
        let Arguments::Copy(transfer) = &instruction.arguments else { continue };
        let compiled = transfer.sources.iter().find_map(|source| match source {
            CopySource::Path(word) => runtime.compiles(&word.text).then_some(word),
            CopySource::Heredoc { .. } => None,
        });
        let Some(word) = compiled.filter(|_| builder.name == runtime.name) else { continue };
        let (made, runs) = (builder.minor(), runtime.minor());
        let message = if let (Some(made), Some(runs)) = (&made, &runs)
            && made != runs
        {
            format!(
                "was made with {} {made} and is run with {runs}: modules are not found, or do not load",
                runtime.name
            )
        } else if let (Some(made), Some(runs)) = (builder.musl(), runtime.musl())
            && made != runs
        {
            let name = |musl| if musl { "musl (Alpine)" } else { "glibc" };
            format!(
                "was made with {} and is run with {}: what is compiled in it does not load",
                name(made),
                name(runs)
            )
        } else {
            continue;
        };
        let mut finding = ctx.report(word.span, message);
        if let Some(at) = builder.at {
            finding.related(at, "made here");
        }
        if let Some(at) = runtime.at {
            finding.related(at, "run here");
        }
    }
}

/// The official interpreter that a stage starts from.
struct Interpreter<'p> {
    name: &'static str,
    image: &'p ImageName,
    at: Option<crate::Span>,
}

impl<'p> Interpreter<'p> {
    fn of(project: &'p Project, stage: &'p Stage) -> Option<Self> {
        let image = stage.image(project)?;
        let (name, _) = COMPILED.iter().find(|(name, _)| *name == image.repository)?;
        let mut bottom = stage;
        while let Base::Stage(below) = bottom.base {
            bottom = project.build(stage.build).stages.get(below)?;
        }
        Some(Self { name, image, at: bottom.image_span(project) })
    }

    fn compiles(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        let parts = COMPILED.iter().filter(|(name, _)| *name == self.name).flat_map(|(_, parts)| *parts);
        parts.into_iter().any(|part| {
            path == *part
                || path.rsplit('/').next() == Some(part.trim_start_matches('/')) && !part.starts_with("/root")
        })
    }

    /// `3.12` of Python, `22` of Node.js; `None` where the tag leaves it open.
    fn minor(&self) -> Option<String> {
        let version = self.image.tag.as_deref()?.split('-').next()?;
        let parts: Vec<&str> = version.split('.').collect();
        if parts.iter().any(|p| p.is_empty() || !p.bytes().all(|b| b.is_ascii_digit())) {
            return None;
        }
        let wanted = if self.name == "python" { 2 } else { 1 };
        Some(parts.get(..wanted)?.join("."))
    }

    /// Whether its C library is musl.
    fn musl(&self) -> Option<bool> {
        let tag = self.image.tag.as_deref()?;
        Some(tag.split('-').any(|part| part.starts_with("alpine")))
    }
}
