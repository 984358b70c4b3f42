//! Ways to break an object that an API server takes.

/// A change of the first line that holds a key.
pub(crate) struct Break {
    /// What is wrong then.
    pub(crate) name: &'static str,
    /// The kinds it is done to; none for any.
    kinds: &'static [&'static str],
    /// The key of a line that has to stand above, if any.
    below: &'static str,
    /// The key of the line.
    key: &'static str,
    how: How,
}

enum How {
    /// Gives the key another value; it has to have one in its line.
    Value(&'static str),
    /// Calls the key otherwise.
    Key(&'static str),
    /// Takes the line away.
    Drop,
    /// Puts a line before it, as deep.
    Before(&'static str),
    /// Puts a line below it, deeper.
    Into(&'static str),
    /// Writes the first item of its list a second time.
    Twice,
}

use How::{Before, Drop, Into, Key, Twice, Value};

const fn any(name: &'static str, below: &'static str, key: &'static str, how: How) -> Break {
    Break { name, kinds: &[], below, key, how }
}

const fn of(
    name: &'static str,
    kinds: &'static [&'static str],
    below: &'static str,
    key: &'static str,
    how: How,
) -> Break {
    Break { name, kinds, below, key, how }
}

const PODS: [&str; 6] = ["Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Pod"];

/// All of them.
pub(crate) const ALL: [Break; 92] = [
    any("replicas is a word", "", "replicas", Value("two")),
    any("replicas below zero", "", "replicas", Value("-1")),
    of("a port that is a word", &PODS, "", "containerPort", Value("http")),
    of("a port too high", &PODS, "", "containerPort", Value("70000")),
    of("a port of zero", &["Service"], "ports", "port", Value("0")),
    of("image misspelt", &PODS, "", "image", Key("imagee")),
    of("containers misspelt", &PODS, "", "containers", Key("container")),
    of("no image", &PODS, "", "image", Value("\"\"")),
    of("an image with a blank", &PODS, "", "image", Value("\" nginx\"")),
    of("a container's name in capitals", &PODS, "containers", "name", Value("Web")),
    of("a container's name with a dot", &PODS, "containers", "name", Value("web.one")),
    of("a container without a name", &PODS, "containers", "name", Value("\"\"")),
    any("an unknown pull policy", "", "imagePullPolicy", Value("Sometimes")),
    any("an unknown restart policy", "", "restartPolicy", Value("Sometimes")),
    of(
        "a deployment that never restarts",
        &["Deployment", "DaemonSet"],
        "",
        "containers",
        Before("restartPolicy: Never"),
    ),
    of("a job that always restarts", &["Job", "CronJob"], "", "restartPolicy", Value("Always")),
    of("a job without a restart policy", &["Job", "CronJob"], "", "restartPolicy", Drop),
    of("an unknown type of service", &["Service"], "spec", "type", Value("Cluster")),
    any("a protocol in small letters", "", "protocol", Value("tcp")),
    any("a name with an underline", "metadata", "name", Value("Bad_Name")),
    any("a name that begins with a dash", "metadata", "name", Value("-bad")),
    of("a service's name that begins with a digit", &["Service"], "metadata", "name", Value("1web")),
    any("a label with a blank in its key", "metadata", "labels", Into("\"bad key\": x")),
    any("a label with a blank in its value", "metadata", "labels", Into("bad: \"a b\"")),
    any("a label that is a number", "metadata", "labels", Into("bad: 5")),
    any("a label that is true", "metadata", "labels", Into("bad: true")),
    any("an annotation that is a number", "metadata", "annotations", Into("bad: 5")),
    any("an annotation with a slash too many", "metadata", "annotations", Into("a/b/c: x")),
    of("a variable with a number", &PODS, "env", "value", Value("5")),
    of("a variable that is true", &PODS, "env", "value", Value("true")),
    of("a variable's name with a blank", &PODS, "env", "name", Value("\"A =B\"")),
    of("a variable twice", &PODS, "containers", "env", Twice),
    of("a variable with two values", &PODS, "", "valueFrom", Before("value: x")),
    of("a container twice", &PODS, "", "containers", Twice),
    of("a volume twice", &PODS, "", "volumes", Twice),
    of("a mount twice", &PODS, "", "volumeMounts", Twice),
    of("a port twice", &["Service"], "", "ports", Twice),
    of("a container's port twice", &PODS, "containers", "ports", Twice),
    of("a mount without its volume", &PODS, "volumeMounts", "name", Value("nowhere")),
    of("a mount with a colon", &PODS, "volumeMounts", "mountPath", Value("\"/a:b\"")),
    of("a mount without a path", &PODS, "volumeMounts", "mountPath", Value("\"\"")),
    of("a path out of a mount", &PODS, "volumeMounts", "mountPath", Before("subPath: ../up")),
    of("two sources of a volume", &PODS, "volumes", "configMap", Before("emptyDir: {}")),
    of("two sources of a volume, a secret", &PODS, "volumes", "secret", Before("emptyDir: {}")),
    of("a medium that is none", &PODS, "volumes", "emptyDir", Value("{medium: Disk}")),
    of("a quantity with a blank", &PODS, "resources", "memory", Value("\"64 Mi\"")),
    of("a quantity of a wrong unit", &PODS, "resources", "memory", Value("64MiB")),
    of("cores in words", &PODS, "resources", "cpu", Value("\"1 core\"")),
    of("a quantity below zero", &PODS, "resources", "cpu", Value("-1")),
    of("more asked than allowed", &PODS, "requests", "memory", Value("900Gi")),
    of("a resource that is none", &PODS, "", "limits", Into("disk: 1Gi")),
    of("a schedule of four fields", &["CronJob"], "", "schedule", Value("\"* * * *\"")),
    of("a schedule out of range", &["CronJob"], "", "schedule", Value("\"61 * * * *\"")),
    of(
        "an unknown policy of concurrency",
        &["CronJob"],
        "spec",
        "schedule",
        Before("concurrencyPolicy: Maybe"),
    ),
    of("a schedule in an unknown zone", &["CronJob"], "spec", "schedule", Before("timeZone: Mars/Base")),
    of(
        "a selector that does not match",
        &["Deployment", "StatefulSet", "DaemonSet"],
        "",
        "matchLabels",
        Into("other: thing"),
    ),
    of("no selector", &["Deployment", "StatefulSet", "DaemonSet"], "", "selector", Key("selectors")),
    of("a probe with two handlers", &PODS, "", "httpGet", Before("tcpSocket: {port: 80}")),
    of("a probe of port zero", &PODS, "httpGet", "port", Value("0")),
    of("a probe of a port with an underline", &PODS, "httpGet", "port", Value("http_port")),
    of("an unknown scheme", &PODS, "httpGet", "port", Before("scheme: FTP")),
    of("a delay below zero", &PODS, "", "initialDelaySeconds", Value("-5")),
    of("a threshold that may not be", &PODS, "livenessProbe", "httpGet", Before("successThreshold: 2")),
    of("a host port too high", &["Deployment"], "ports", "containerPort", Before("hostPort: 70000")),
    of(
        "ports of the host that differ",
        &["Deployment"],
        "",
        "containers",
        Before("hostNetwork: true\nhostPID: yes please"),
    ),
    of("a port's name in capitals", &PODS, "ports", "containerPort", Before("name: HTTP")),
    of(
        "a port's name that is too long",
        &PODS,
        "ports",
        "containerPort",
        Before("name: this-is-too-long-a-name"),
    ),
    of("a target that is no name", &["Service"], "", "targetPort", Value("\"-bad-\"")),
    of("a node's port out of range", &["Service"], "", "nodePort", Value("80")),
    of("a node's port of an inner service", &["Service"], "ports", "port", Before("nodePort: 30080")),
    of("an address that is none", &["Service"], "spec", "ports", Before("clusterIP: nowhere")),
    of("an unknown affinity", &["Service"], "spec", "ports", Before("sessionAffinity: Sticky")),
    of("several ports without names", &["Service"], "spec", "ports", Into("- port: 9")),
    of("an unknown mode", &["PersistentVolumeClaim"], "spec", "accessModes", Value("[ReadWriteSometimes]")),
    of("no modes", &["PersistentVolumeClaim"], "spec", "accessModes", Value("[]")),
    of("a size with a blank", &["PersistentVolumeClaim"], "requests", "storage", Value("\"10 Gi\"")),
    of("a size of zero", &["PersistentVolumeClaim"], "requests", "storage", Value("0")),
    of("an unknown kind of role", &["RoleBinding", "ClusterRoleBinding"], "roleRef", "kind", Value("Rolle")),
    of(
        "a subject of an unknown kind",
        &["RoleBinding", "ClusterRoleBinding"],
        "subjects",
        "kind",
        Value("Users"),
    ),
    of("rules without verbs", &["Role", "ClusterRole"], "rules", "verbs", Value("[]")),
    of("an unknown type of path", &["Ingress"], "", "pathType", Value("prefix")),
    of("no type of path", &["Ingress"], "", "pathType", Drop),
    of("a path without a slash", &["Ingress"], "", "path", Value("web")),
    of("a host with two wildcards", &["Ingress"], "", "host", Value("\"*.*.example.com\"")),
    of("at most less than at least", &["HorizontalPodAutoscaler"], "", "maxReplicas", Value("0")),
    of("no most", &["HorizontalPodAutoscaler"], "", "maxReplicas", Drop),
    of("both bounds of a budget", &["PodDisruptionBudget"], "", "minAvailable", Before("maxUnavailable: 1")),
    of("a strategy with what it has not", &["Deployment"], "strategy", "type", Value("Recreate")),
    of("data that is a number", &["ConfigMap"], "", "data", Into("bad: 5")),
    of("a key of data with a blank", &["ConfigMap"], "", "data", Into("\"a b\": x")),
    of("a secret that is not Base64", &["Secret"], "", "data", Into("bad: \"***\"")),
    of("a toleration of an unknown effect", &PODS, "tolerations", "effect", Value("NoRun")),
];

impl Break {
    /// The text with the break; `None` where it does not apply.
    pub(crate) fn of(&self, kind: &str, text: &str) -> Option<String> {
        if !self.kinds.is_empty() && !self.kinds.contains(&kind) {
            return None;
        }
        let lines: Vec<&str> = text.lines().collect();
        let is =
            |line: &str, key: &str| bare(line).strip_prefix(key).is_some_and(|rest| rest.starts_with(':'));
        let from = match self.below {
            "" => 0,
            below => lines.iter().position(|line| is(line, below))? + 1,
        };
        let at = from + lines[from..].iter().position(|line| is(line, self.key))?;
        let line = lines[at];
        let deep = line.len() - bare(line).len();
        let (head, blanks) = (&line[..deep], " ".repeat(deep));
        let has_value = !bare(line)[self.key.len() + 1..].trim().is_empty();
        let mut new: Vec<String> = Vec::new();
        let mut skip = at + 1;
        match self.how {
            Value(value) if has_value => new.push(format!("{head}{}: {value}", self.key)),
            // The items of a list give way to another value.
            Value(value) if value.starts_with('[') => {
                new.push(format!("{head}{}: {value}", self.key));
                while lines.get(skip).is_some_and(|l| l.trim_start().starts_with("- ") && indent(l) >= deep) {
                    skip += 1;
                }
            }
            Key(key) => new.push(line.replacen(self.key, key, 1)),
            Drop if !head.contains('-') => {}
            Before(more) => {
                for (n, part) in more.lines().enumerate() {
                    let head = if n == 0 { head } else { &blanks };
                    new.push(format!("{head}{part}"));
                }
                new.push(format!("{blanks}{}", bare(line)));
            }
            Into(more) if !has_value => {
                let next = lines.get(at + 1)?;
                let deeper = indent(next);
                if deeper < deep || bare(next).len() != next.trim_start().len() && !more.starts_with('-') {
                    return None;
                }
                new.push(line.to_owned());
                new.push(format!("{}{more}", " ".repeat(deeper)));
            }
            Twice if !has_value => {
                let first = lines.get(at + 1).filter(|l| l.trim_start().starts_with("- "))?;
                let rest = lines[at + 2..].iter().take_while(|l| indent(l) > indent(first));
                let item: Vec<&str> = std::iter::once(*first).chain(rest.copied()).collect();
                new.push(line.to_owned());
                new.extend(item.iter().map(|l| (*l).to_owned()));
            }
            _ => return None,
        }
        let mut all: Vec<String> = lines[..at].iter().map(|l| (*l).to_owned()).collect();
        all.append(&mut new);
        all.extend(lines[skip..].iter().map(|l| (*l).to_owned()));
        Some(all.join("\n") + "\n")
    }
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// A line without its indentation and the dashes of items.
fn bare(line: &str) -> &str {
    line.trim_start_matches([' ', '-'])
}
