//! Probes: what tells that a container has started, that it serves, and that it hangs.

use super::environment::Environment;
use super::plan::Out;
use super::text::{Operator, Piece, Text, Variable};
use super::unit::{Listening, Unit};
use super::{Map, Tree};
use crate::project::compose::Item;
use crate::project::{Action, EnvValue, Probe};

/// The probes of a container, as entries of it.
pub(super) fn probes(unit: &Unit<'_>, environment: &mut Environment<'_, '_>, out: &mut Out<'_>) -> Map {
    let mut entries = Map::new();
    if unit.kind.ends() {
        if let Some(item) = unit.get(&["healthcheck"]) {
            out.carried.refused(
                unit.key("healthcheck"),
                item.span(),
                "what runs to its end is asked nothing",
            );
        }
        return entries;
    }
    let asked = asked(unit, environment, out);
    let main = unit.ports.iter().find(|port| port.protocol == "TCP");
    let (ready, times) = match asked {
        Some((action, times)) => (action, times),
        None => match main {
            Some(port) => (opens(port), Times::default()),
            None => return entries,
        },
    };
    entries.explain("startupProbe", times.startup(&ready), "the others wait until it has succeeded once");
    entries.explain("readinessProbe", times.readiness(&ready), "no traffic while it fails");
    // Docker restarts nothing that is unhealthy, and a check that asks a database would restart all pods with it.
    if let Some(port) = main {
        let alive = opens(port).with("periodSeconds", 20_i64).with("failureThreshold", 3_i64);
        entries.explain(
            "livenessProbe",
            alive,
            "restarted where it no longer accepts connections; asks nothing else",
        );
    }
    entries
}

/// How often and how long a probe asks.
struct Times {
    interval: u64,
    timeout: u64,
    retries: u64,
    start: u64,
}

impl Default for Times {
    fn default() -> Self {
        Self { interval: 10, timeout: 1, retries: 3, start: 60 }
    }
}

impl Times {
    fn of(probe: &Probe) -> Self {
        Self {
            interval: probe.interval.unwrap_or(30).max(1),
            timeout: probe.timeout.unwrap_or(30).max(1),
            retries: probe.failures().max(1),
            start: probe.start_period.unwrap_or_default(),
        }
    }

    /// Asks often; gives up when Compose would call it unhealthy, after its start period and as many failures, but not before
    /// a minute has passed: Docker ends nobody who takes longer.
    fn startup(&self, action: &Map) -> Map {
        let period = self.interval.min(5);
        let budget = (self.start + self.interval * self.retries).max(60);
        let timeout = self.timeout.min(budget);
        action
            .clone()
            .with("periodSeconds", period)
            .with("timeoutSeconds", timeout)
            .with("failureThreshold", budget.div_ceil(period).max(3))
    }

    fn readiness(&self, action: &Map) -> Map {
        action
            .clone()
            .with("periodSeconds", self.interval)
            .with("timeoutSeconds", self.timeout)
            .with("failureThreshold", self.retries)
    }
}

/// What the health check of a service asks, or what is known of its image.
fn asked(unit: &Unit<'_>, environment: &mut Environment<'_, '_>, out: &mut Out<'_>) -> Option<(Map, Times)> {
    let span = unit.get(&["healthcheck"]).and_then(|item| item.key.or(item.span()));
    let key = unit.key("healthcheck");
    if let Some(health) = unit.says(&["health"]).and_then(Item::as_str) {
        let (path, port) = health.rsplit_once(':').unwrap_or((health, ""));
        let main = || unit.ports.iter().find(|p| p.protocol == "TCP").map(|p| p.number);
        if let Some(port) = port.parse().ok().or_else(main) {
            let get = Map::new().with("path", path).with("port", port_of(unit, port));
            return Some((Map::new().with("httpGet", get), Times::default()));
        }
    }
    if unit.get(&["healthcheck", "disable"]).and_then(Item::as_bool) == Some(true)
        || unit.container.healthcheck.as_ref().is_some_and(|probe| probe.action == Action::None)
    {
        out.carried.approximated(
            key,
            span,
            "the image's check is left out; where a port is known it has to open",
        );
        return None;
    }
    if let Some(test) = unit.get(&["healthcheck", "test"])
        && let Some(probe) = &unit.container.healthcheck
    {
        let action = written(unit, test, probe, environment, out)?;
        let kind = action.entries.first().map_or("", |entry| entry.key.as_str());
        out.carried.mapped(key, span, format!("`{kind}` of the readiness and the startup probe"));
        return Some((action, Times::of(probe)));
    }
    // Of an image that is built here: what its `HEALTHCHECK` asks, which its variant has given up for this.
    let built = unit.variant.and_then(|variant| variant.probe.as_ref());
    if let Some(probe) = built.or(unit.container.healthcheck.as_ref()) {
        return Some((action(&probe.action, unit)?, Times::of(probe)));
    }
    let facts = unit.facts.filter(|_| unit.stage.is_none())?;
    if let Some((path, port)) = facts.http_health.as_deref().and_then(|health| health.rsplit_once(':')) {
        let port: u16 = port.parse().ok()?;
        let get = Map::new().with("path", path).with("port", port_of(unit, port));
        return Some((Map::new().with("httpGet", get), Times::default()));
    }
    let line = facts.health.as_deref()?;
    Some((exec(&["sh", "-c", line].map(Text::literal)), Times { timeout: 5, ..Times::default() }))
}

/// What a check asks that Compose writes out.
fn written(
    unit: &Unit<'_>,
    test: &Item,
    probe: &Probe,
    environment: &mut Environment<'_, '_>,
    out: &mut Out<'_>,
) -> Option<Map> {
    let mut words = out.words(test);
    let hides = words.iter().any(|word| word.secrets().next().is_some());
    let stage = unit.stage.map(crate::project::Stage::end);
    let own = own_variables(unit, &mut words);
    let mut understood = probe.understood(stage);
    if let Some((name, value)) = &own {
        let shown: Vec<String> = words.iter().skip(1).map(ToString::to_string).collect();
        let action = match probe.action {
            Action::Shell(_) => Action::Shell(shown.join(" ")),
            _ => Action::Exec(shown),
        };
        understood = Probe { action, ..probe.clone() }.understood(stage);
        let note = format!(
            "Compose replaces `{name}` itself, and nothing gives it a value there; what the container has is meant: {value}"
        );
        out.carried.approximated(unit.key("healthcheck.test"), test.span(), note);
    }
    if !hides && let Some(action) = action(&understood.action, unit).filter(|a| a.get("exec").is_none()) {
        return Some(action);
    }
    let (form, words) =
        words.split_first().map_or((String::new(), [].as_slice()), |(first, rest)| (first.to_string(), rest));
    Some(match (form.as_str(), words) {
        // Docker hands what follows the line to the shell, as it does with every command.
        ("CMD-SHELL", [line, rest @ ..]) => {
            let mut words = vec!["sh".into(), "-c".into(), environment.line(line, out)];
            words.extend(rest.iter().filter(|word| word.secrets().next().is_none()).cloned());
            exec(&words)
        }
        // Nothing expands a variable in the command of a probe but a shell.
        ("CMD", words) if hides && !words.is_empty() => {
            let mut line = Text::literal("exec");
            for word in words {
                line.push_str(" \"");
                let word = word.map_literals(&quoted);
                line.pieces.extend(environment.line(&word, out).pieces);
                line.push_str("\"");
            }
            exec(&["sh".into(), "-c".into(), line])
        }
        ("CMD", words) if !words.is_empty() => exec(words),
        _ => return None,
    })
}

/// Puts in what the container's own environment says of a variable that has no value in Compose, and tells of the first.
fn own_variables(unit: &Unit<'_>, words: &mut [Text]) -> Option<(String, String)> {
    let mut first = None;
    for piece in words.iter_mut().flat_map(|word| &mut word.pieces) {
        let Piece::Variable(Variable { name, operator: Operator::Plain, set: None, .. }) = piece else {
            continue;
        };
        let value = unit.container.env.iter().find(|v| v.name.value == *name).and_then(|v| v.value.value());
        let Some(EnvValue::Literal(value)) = value else { continue };
        first.get_or_insert_with(|| (name.clone(), value.clone()));
        *piece = Piece::Literal(value.clone());
    }
    first
}

/// A text between the double quotes of a shell.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | '"' | '$' | '`') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

fn exec(words: &[Text]) -> Map {
    let command: Vec<Tree> = words.iter().cloned().map(Tree::Text).collect();
    Map::new().with("exec", Map::new().with("command", command))
}

/// What a probe of the model asks, as Kubernetes writes it.
fn action(action: &Action, unit: &Unit<'_>) -> Option<Map> {
    Some(match action {
        Action::Http { path, port } => {
            let get = Map::new().with("path", path.as_str()).with("port", port_of(unit, port.parse().ok()?));
            Map::new().with("httpGet", get)
        }
        Action::Tcp(port) => {
            Map::new().with("tcpSocket", Map::new().with("port", port_of(unit, port.parse().ok()?)))
        }
        Action::Grpc(port) => Map::new().with("grpc", Map::new().with("port", port.parse::<i64>().ok()?)),
        Action::Exec(words) => {
            exec(&words.iter().map(|word| Text::literal(word.as_str())).collect::<Vec<_>>())
        }
        Action::Shell(line) => exec(&["sh", "-c", line].map(Text::literal)),
        Action::None => return None,
    })
}

/// A port as probes name it: by its name where it has one.
fn port_of(unit: &Unit<'_>, number: u16) -> Tree {
    match unit.ports.iter().find(|p| p.protocol == "TCP" && (p.number == number || p.target == number)) {
        Some(port) => port.name.as_str().into(),
        None => number.into(),
    }
}

fn opens(port: &Listening) -> Map {
    Map::new().with("tcpSocket", Map::new().with("port", port.name.as_str()))
}
