use std::collections::BTreeMap;

use crate::project::layout::Write;
use crate::project::links::BuiltHow;
use crate::project::{Base, Container, Project, Volume};
use crate::syntax::dockerfile::Arguments;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "unwritable-path",
    summary: "a program that writes where its container may not",
    since: "0.1.0",
    docs: include_str!("unwritable_path.md"),
    aliases: &[],
    category: Category::Correctness,
    severity: Severity::High,
    default: true,
    fix: FixKind::None,
    check: Check::Container(check),
};

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    let likely =
        project.links.built_by.iter().any(|b| b.container == container.id && b.how == BuiltHow::Likeness);
    if container.windows || likely && container.read_only_root.lacks(&true) {
        return;
    }
    let mut refused: BTreeMap<String, (Write, &str)> = BTreeMap::new();
    for write in project.writes(container) {
        let Some((directory, _)) = write.path.rsplit_once('/') else { continue };
        if is_mounted(container, &write.path) {
            continue;
        }
        let why = if container.read_only_root.is(&true) {
            "its root file system is read-only"
        } else if belongs_to_root(project, container, &write.path) {
            "it belongs to root"
        } else {
            continue;
        };
        let directory = if directory.is_empty() { write.path.clone() } else { directory.to_owned() };
        refused.entry(directory).or_insert((write, why));
    }
    for (directory, (write, why)) in refused {
        let at = container.read_only_root.at.or(container.user.at).unwrap_or(container.name.span);
        let Write { path, file, line, .. } = &write;
        ctx.report(
            at,
            format!("`{file}` writes `{path}` in line {line}, which fails since {why}: mount something at `{directory}`"),
        );
    }
}

/// Whether something that can be written is mounted at a path or above it.
fn is_mounted(container: &Container, path: &str) -> bool {
    container.mounts.iter().any(|mount| {
        let target = mount.target.trim_end_matches('/');
        let covers = path.strip_prefix(target).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        covers && !mount.read_only && !matches!(mount.volume, Volume::Config(_) | Volume::Secret(_))
    })
}

/// Whether a path lies in the system's directories, where the container's user, which is not root, has no rights and no
/// instruction gives any.
fn belongs_to_root(project: &Project, container: &Container, path: &str) -> bool {
    const SYSTEM: [&str; 8] =
        ["/var/log/", "/var/lib/", "/etc/", "/opt/", "/data/", "/srv/", "/usr/", "/logs/"];
    let other = container.user.value().is_some_and(|user| user.uid.is_some_and(|uid| uid != 0));
    let Some(mut stage) = container.stage(project).filter(|stage| other && stage.facts.is_some()) else {
        return false;
    };
    if !SYSTEM.iter().any(|system| path.starts_with(system)) {
        return false;
    }
    let top: String = path.split('/').take(3).collect::<Vec<_>>().join("/");
    loop {
        let touched = stage.instructions(project).iter().any(|instruction| match &instruction.arguments {
            Arguments::Run(_) => {
                let text = project.text(instruction.span);
                text.contains(&top) || text.contains("chown") || text.contains("chmod") || text.contains('$')
            }
            Arguments::Copy(_) | Arguments::Add(_) => {
                instruction.flag("chown").is_some()
                    || instruction.flag("chmod").is_some()
                    || instruction.flag("from").is_some()
            }
            Arguments::Volume { .. } => true,
            _ => false,
        });
        if touched {
            return false;
        }
        match stage.base {
            Base::Stage(below) => match project.build(stage.build).stages.get(below) {
                Some(below) => stage = below,
                None => return false,
            },
            Base::Image(_) => {
                let facts = stage.facts;
                return facts.is_some_and(|f| {
                    !f.writable
                        .iter()
                        .chain(&f.filled)
                        .chain(&f.volumes)
                        .any(|w| path.starts_with(w.as_str()))
                });
            }
            Base::Scratch | Base::Unknown => return false,
        }
    }
}
