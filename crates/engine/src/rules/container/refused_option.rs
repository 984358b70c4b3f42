use seaworthy_syntax::yaml::edit::New;

use crate::project::{Container, Volume};
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity, Target};

pub(crate) static RULE: Rule = Rule {
    name: "refused-option",
    summary: "an option that Docker refuses when the container is made",
    since: "0.1.0",
    docs: include_str!("refused_option.md"),
    aliases: &["service-container-name-regex"],
    category: Category::Correctness,
    severity: Severity::High,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Container(check),
};

/// What a short mount may say behind its second colon.
const MODES: [&str; 17] = [
    "ro",
    "rw",
    "z",
    "Z",
    "cached",
    "delegated",
    "consistent",
    "nocopy",
    "shared",
    "slave",
    "private",
    "rshared",
    "rslave",
    "rprivate",
    "U",
    "exec",
    "O",
];

/// Whether it is a name as Docker takes it: two characters at least.
fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_alphanumeric())
        && text.len() > 1
        && bytes.all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b))
}

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    if container.platform != Target::Docker {
        return;
    }
    if container.seccomp.is(&"default".to_owned()) {
        let at = container.seccomp.at.unwrap_or(container.name.span);
        let project = ctx.project;
        ctx.report(at, "Docker opens a file called `default` and finds none: its own profile is what applies without this")
            .ids(&[])
            .fix(Safety::Safe, "Leave it out", || project.take_out(at));
    }
    let name = container.item(ctx.project, &["container_name"]).filter(|name| !name.is_unknown());
    if let Some((name, at)) = name.and_then(|name| Some((name.as_str()?, name.span()?)))
        && !is_name(name)
    {
        ctx.report(at, format!("Docker refuses the name `{name}` of a container: the service never starts"));
    }
    let project = ctx.project;
    for mount in container.mounts.iter().filter(|m| matches!(m.volume, Volume::Bind(_) | Volume::Named(_))) {
        let text = ctx.project.text(mount.span).trim_matches(['"', '\'']);
        // A long form says it elsewhere, and a variable may say anything.
        if text.contains(['\n', '$', '{']) || text.contains(":\\") {
            continue;
        }
        let mut parts = text.rsplitn(2, ':');
        let (Some(modes), Some(rest)) = (parts.next(), parts.next()) else { continue };
        if !rest.contains(':') || modes.contains('/') {
            continue;
        }
        let wrong = modes.split(',').find(|mode| {
            matches!(*mode, "noexec" | "nosuid" | "nodev" | "readonly" | "read-only" | "bind")
                && !MODES.contains(mode)
        });
        if let Some(mode) = wrong {
            ctx.report(
                mount.span,
                format!("Docker refuses the mode `{mode}` of a mount: the service never starts"),
            )
            .ids(&[])
            .fix(Safety::Unsafe, "Mount it read-only", || {
                let node = project.node_at(mount.span)?;
                // The others have no meaning here, and this one is only spelt another way.
                let mode = wrong.filter(|mode| modes == *mode && mode.starts_with("read"))?;
                let text = node.scalar()?;
                project.write_at(
                    mount.span,
                    &New::Str(format!("{}:ro", text.strip_suffix(mode)?.trim_end_matches(':'))),
                )
            });
        }
    }
}
