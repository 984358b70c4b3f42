use crate::project::Stage;
use crate::syntax::dockerfile::{Arguments, CopySource};
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};
use crate::{Edit, Safety};

pub(crate) static RULE: Rule = Rule {
    name: "add-instead-of-copy",
    summary: "an `ADD` that only copies",
    since: "0.1.0",
    docs: include_str!("add_instead_of_copy.md"),
    aliases: &["DL3020", "DS-0005", "CKV_DOCKER_4", "CIS-DI-0009", "DF006"],
    category: Category::Correctness,
    severity: Severity::Low,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Stage(check),
};

const ARCHIVES: [&str; 11] =
    [".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tbz", ".tb2", ".tar.xz", ".txz", ".tar.zst", ".gz"];

fn check(stage: &Stage, ctx: &mut Ctx<'_>) {
    for instruction in stage.instructions(ctx.project) {
        let Arguments::Add(transfer) = &instruction.arguments else { continue };
        let plain = transfer.sources.iter().all(|source| match source {
            CopySource::Path(path) => copies(&path.text),
            CopySource::Heredoc { .. } => true,
        });
        // `COPY` has neither checksums nor unpacking.
        let unsure = transfer
            .sources
            .iter()
            .any(|s| matches!(s, CopySource::Path(p) if p.text.starts_with('$') && !p.text.contains(".tar")));
        if !plain && !unsure
            || ["checksum", "unpack", "keep-git-dir"].iter().any(|flag| instruction.flag(flag).is_some())
        {
            continue;
        }
        let keyword = instruction.keyword.span;
        let copy =
            if keyword.of(ctx.project.source_text(stage.source)).starts_with('a') { "copy" } else { "COPY" };
        let certain = transfer
            .sources
            .iter()
            .all(|s| matches!(s, CopySource::Path(p) if !p.text.contains(['$', '*', '?', '['])));
        ctx.report(keyword, "`ADD` also fetches and unpacks; what only copies says `COPY`")
            .ids(if instruction.onbuild.is_some() { &RULE.aliases[1..] } else { RULE.aliases })
            .aside(!plain)
            .fix(Safety::Safe, "Copy it", certain.then(|| Edit { span: keyword, text: copy.to_owned() }));
    }
}

/// Whether a source is neither fetched nor unpacked.
fn copies(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    !path.contains("://")
        && !path.starts_with("git@")
        && !path.starts_with('$')
        && !ARCHIVES.iter().any(|a| lower.ends_with(a))
        && !lower.contains(".tar")
}
