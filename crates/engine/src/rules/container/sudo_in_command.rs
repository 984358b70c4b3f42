use crate::project::Container;
use crate::{Category, Check, Ctx, FixKind, Rule, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "sudo-in-command",
    summary: "a container that starts its program by `sudo`",
    since: "0.1.0",
    docs: include_str!("sudo_in_command.md"),
    aliases: &["C-0062", "sudo-in-container-entrypoint"],
    category: Category::Security,
    severity: Severity::Medium,
    default: true,
    fix: FixKind::None,
    check: Check::Container(check),
};

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    for words in [&container.entrypoint, &container.command] {
        let Some((list, at)) = words.value().zip(words.at) else { continue };
        let shell = |word: &String| word.split([' ', '\t', '\n', ';', '&', '|', '(']).any(is_sudo);
        if list.first().is_some_and(|word| is_sudo(word)) || list.iter().any(shell) {
            let message = format!("`{}` becomes root by `sudo`, so it can be root", container.name.value);
            ctx.report(at, message);
        }
    }
}

fn is_sudo(word: &str) -> bool {
    word.rsplit('/').next() == Some("sudo")
}
