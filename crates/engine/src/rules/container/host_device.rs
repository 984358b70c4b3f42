use crate::project::Container;
use crate::{Category, Check, Ctx, FixKind, Rule, Safety, Severity};

pub(crate) static RULE: Rule = Rule {
    name: "host-device",
    summary: "a device by which a container reaches the host",
    since: "0.1.0",
    docs: include_str!("host_device.md"),
    aliases: &["CL-0016"],
    category: Category::Security,
    severity: Severity::High,
    default: true,
    fix: FixKind::Always,
    check: Check::Container(check),
};

/// Beginnings of devices that lead to memory, disks or the kernel of the host.
const DANGEROUS: [(&str, &str); 12] = [
    ("/dev/mem", "all memory of the host"),
    ("/dev/kmem", "the kernel's memory"),
    ("/dev/port", "the ports of the processor"),
    ("/dev/sd", "a disk of the host"),
    ("/dev/hd", "a disk of the host"),
    ("/dev/vd", "a disk of the host"),
    ("/dev/xvd", "a disk of the host"),
    ("/dev/nvme", "a disk of the host"),
    ("/dev/dm-", "a disk of the host"),
    ("/dev/mapper/", "a disk of the host"),
    ("/dev/kmsg", "the log of the kernel"),
    ("/dev/disk/", "a disk of the host"),
];

fn check(container: &Container, ctx: &mut Ctx<'_>) {
    let project = ctx.project;
    let Some(list) = container.item(project, &["devices"]) else { return };
    for item in list.items() {
        let source =
            item.get("source").and_then(|s| s.as_str()).or_else(|| item.as_str()).unwrap_or_default();
        let path = source.split(':').next().unwrap_or_default();
        let whole = path == "/dev" || path == "/dev/";
        // A character device has one name, a disk one for each of its parts.
        let exact = |begin: &str| matches!(begin, "/dev/mem" | "/dev/kmem" | "/dev/port" | "/dev/kmsg");
        let known =
            DANGEROUS.iter().find(|(begin, _)| path.starts_with(begin) && (!exact(begin) || path == *begin));
        let Some(gives) = known.map(|(_, gives)| *gives).or(whole.then_some("every device of the host"))
        else {
            continue;
        };
        let Some(at) = item.span() else { continue };
        let message = format!("`{}` gets `{path}`: {gives}", container.name.value);
        // What watches the machine reads the log of the kernel.
        ctx.report(at, message).aside(path == "/dev/kmsg").fix(
            Safety::Unsafe,
            "Leave the device out",
            || container.remove_items(project, "devices", |text| text.split(':').next() == Some(path)),
        );
    }
}
