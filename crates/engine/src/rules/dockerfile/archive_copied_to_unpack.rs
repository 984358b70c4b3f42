use crate::project::dockerfile::{Call, Run};
use crate::project::{Project, Stage};
use crate::syntax::dockerfile::{Arguments, CopySource, Instruction, Keyword, edit};
use crate::syntax::shell::Word;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};
use crate::{Edit, Safety};

pub(crate) static RULE: Rule = Rule {
    name: "archive-copied-to-unpack",
    summary: "an archive that is copied, then unpacked",
    since: "0.1.0",
    docs: include_str!("archive_copied_to_unpack.md"),
    aliases: &["DL3010"],
    category: Category::Efficiency,
    severity: Severity::Low,
    default: false,
    fix: FixKind::Sometimes,
    check: Check::Stage(check),
};

/// What `ADD` unpacks on its own.
const ARCHIVES: [&str; 11] = [
    ".tar",
    ".tar.gz",
    ".tgz",
    ".tar.bz2",
    ".tbz2",
    ".tbz",
    ".tb2",
    ".tar.xz",
    ".txz",
    ".tar.zst",
    ".tar.lzma",
];

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    let runs = stage.runs(project);
    for (offset, instruction) in stage.instructions(ctx.project).iter().enumerate() {
        let Arguments::Copy(transfer) = &instruction.arguments else { continue };
        if instruction.flag("from").is_some() {
            continue;
        }
        for source in &transfer.sources {
            let CopySource::Path(path) = source else { continue };
            let name = path.text.trim_matches('"').rsplit(['/', '\\']).next().unwrap_or_default();
            if !ARCHIVES.iter().any(|end| name.ends_with(end)) {
                continue;
            }
            let target = transfer.destination.text.trim_matches('"').rsplit('/').next().unwrap_or_default();
            let later = runs.iter().filter(|run| run.index > stage.from + 1 + offset);
            let named = |word: &str| word.contains(name) || !target.is_empty() && word.contains(target);
            let unpacked = later
                .flat_map(|run| run.calls().map(move |call| (run, call)).collect::<Vec<_>>())
                .find(|(_, call)| unpacks(call) && call.args.iter().any(|w| named(&w.text)));
            if let Some((run, call)) = unpacked {
                let span = call.command.span;
                ctx.report(path.span, format!("`{name}` stays in the image beside what is unpacked of it"))
                    .related(span, "it is unpacked here")
                    .fix(
                        Safety::Unsafe,
                        "Let `ADD` unpack it: it keeps the owners that the archive names",
                        || added(stage, instruction, run, call, project),
                    );
            }
        }
    }
}

/// Whether it is a `tar` that takes files out of an archive.
fn unpacks(call: &Call<'_>) -> bool {
    let does = |w: &Word| match w.text.as_str() {
        "--extract" | "--get" => true,
        long if long.starts_with("--") => false,
        letters => letters.starts_with('-') && letters.contains('x'),
    };
    // `tar xzf`: the first word needs no dash.
    let bare = |w: &Word| w.text.contains('x') && w.text.chars().all(|c| c.is_ascii_alphabetic());
    call.program == "tar" && (call.args.iter().any(does) || call.args.first().is_some_and(bare))
}

/// `ADD` in the place of a `COPY` and of the `tar` that unpacks what is copied, where nothing else needs the archive.
fn added(
    stage: &Stage,
    instruction: &Instruction,
    run: &Run<'_>,
    call: Call<'_>,
    project: &Project,
) -> Option<Vec<Edit>> {
    let file = project.dockerfile(stage.source)?;
    let Arguments::Copy(transfer) = &instruction.arguments else { return None };
    let [CopySource::Path(source)] = &transfer.sources[..] else { return None };
    let name = source.literal()?.rsplit('/').next()?.to_owned();
    let to = transfer.destination.literal()?;
    let archive = if to.ends_with('/') { format!("{to}{name}") } else { to.into_owned() };
    let words: Vec<&str> = call.args.iter().map(|w| w.value.as_deref()).collect::<Option<_>>()?;
    let (flags, directory) = match words[..] {
        [flags, file, "-C", directory] if file == archive => (flags, directory),
        ["-C", directory, flags, file] if file == archive => (flags, directory),
        _ => return None,
    };
    let extracts =
        flags.trim_start_matches('-').chars().all(|c| "xzvfjJp".contains(c)) && flags.ends_with('f');
    let elsewhere = stage.instructions(project).iter().filter(|i| {
        i.span != instruction.span
            && project.text(i.span).matches(name.as_str()).count()
                > usize::from(i.span == run.instruction.span)
    });
    if !extracts || !directory.starts_with('/') || elsewhere.count() > 0 {
        return None;
    }
    let keyword = Edit { span: instruction.keyword.span, text: edit::keyword(file, Keyword::Add) };
    let target =
        edit::replace(file, &transfer.destination, &format!("{}/", directory.trim_end_matches('/')))?;
    Some(vec![keyword, target, edit::remove_command(file, &run.shell, call.command)?])
}
