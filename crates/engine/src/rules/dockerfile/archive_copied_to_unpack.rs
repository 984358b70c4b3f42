use crate::project::Stage;
use crate::syntax::dockerfile::{Arguments, CopySource};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "archive-copied-to-unpack",
    summary: "an archive that is copied, then unpacked",
    since: "0.1.0",
    docs: include_str!("archive_copied_to_unpack.md"),
    aliases: &["DL3010"],
    category: Category::Efficiency,
    severity: Severity::Low,
    default: false,
    fix: FixKind::None,
    check: Check::Stage(check),
};

/// What `ADD` unpacks on its own.
const ARCHIVES: [&str; 9] =
    [".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst", ".tar.lzma"];

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    let runs = stage.runs(ctx.project);
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
                .flat_map(|run| run.calls().collect::<Vec<_>>())
                .find(|call| call.program == "tar" && call.args.iter().any(|w| named(&w.text)));
            if let Some(call) = unpacked {
                let span = call.command.span;
                ctx.report(path.span, format!("`{name}` stays in the image beside what is unpacked of it"))
                    .related(span, "it is unpacked here");
            }
        }
    }
}
