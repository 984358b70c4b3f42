use crate::project::Project;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "fixed-name-of-several",
    summary: "a service of several containers that can only have one",
    since: "0.1.0",
    docs: include_str!("fixed_name_of_several.md"),
    aliases: &[],
    category: Category::Correctness,
    severity: Severity::High,
    default: true,
    fix: FixKind::Sometimes,
    check: Check::Project(check),
};

fn check(project: &Project, ctx: &mut Ctx<'_>) {
    for composition in &project.compositions {
        for service in
            composition.services.iter().filter(|s| s.replicas.as_ref().is_some_and(|r| r.value > 1))
        {
            let Some(replicas) = &service.replicas else { continue };
            let container = project.container(service.container);
            if let Some(name) = &service.container_name {
                let message = format!(
                    "only one container can be called `{}`, and there are to be {}",
                    name.value, replicas.value
                );
                ctx.report(name.span, message).related(replicas.span, "how many there are to be").fix(
                    Safety::Unsafe,
                    "Let Compose name them",
                    || project.take_out(name.span),
                );
            }
            for port in container.ports.iter().filter(|p| p.host.is_some() && p.container == p.container_end)
            {
                let message = format!(
                    "only one container can have port {} of the host, and there are to be {}",
                    port.host.unwrap_or_default(),
                    replicas.value
                );
                // A range on the host is taken one by one.
                let text = project.text(port.span);
                if !text.contains('-') {
                    ctx.report(port.span, message).related(replicas.span, "how many there are to be");
                }
            }
        }
    }
}
