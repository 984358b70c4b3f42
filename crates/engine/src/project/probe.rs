//! What a health check asks, told from the command that asks it.

use seaworthy_syntax::dockerfile::{Env, Value, expand};
use seaworthy_syntax::shell::{self, Connector};
use seaworthy_syntax::{SourceId, Text};

use super::container::{Action, Probe};
use super::dockerfile::State;

/// The variables a container starts with: what an image sets, without build arguments.
struct Runtime<'s>(Option<State<'s>>);

impl Env for Runtime<'_> {
    fn get(&self, name: &str) -> Value<'_> {
        self.0.map_or(Value::Unknown, |image| image.env(name))
    }
}

impl Probe {
    /// The number of the port that it asks, where it is one.
    pub fn port(&self) -> Option<u16> {
        match &self.action {
            Action::Http { port, .. } | Action::Tcp(port) | Action::Grpc(port) => port.parse().ok(),
            _ => None,
        }
    }

    /// The probe with what its command asks: a path by HTTP or a port by TCP on its own host; the command itself where that
    /// cannot be told. Variables of the image are filled in, where it is known.
    #[must_use]
    pub fn understood<'s>(&self, image: impl Into<Option<State<'s>>>) -> Self {
        let image = image.into();
        let action = match &self.action {
            Action::Exec(words) => {
                let words: Vec<&str> = words.iter().map(String::as_str).collect();
                match words.as_slice() {
                    [shell, "-c", line] if crate::exec::is_shell(shell) => asked_by_line(line, image),
                    [program, args @ ..] => {
                        asked(program, &args.iter().map(|a| (*a).to_owned()).collect::<Vec<_>>())
                    }
                    [] => None,
                }
            }
            Action::Shell(line) => asked_by_line(line, image),
            _ => None,
        };
        Self { action: action.unwrap_or_else(|| self.action.clone()), ..self.clone() }
    }
}

/// What one command asks, with nothing behind it but `|| exit 1` and its like.
fn asked_by_line(line: &str, image: Option<State<'_>>) -> Option<Action> {
    let shell = shell::parse_text(&Text::new(line, SourceId(0), 0));
    let (first, rest) = shell.commands.split_first().filter(|_| shell.errors.is_empty())?;
    let fails = |c: &shell::Command| {
        c.before == Connector::Or
            && matches!(c.name(), Some("exit" | "false" | "kill"))
            && c.context.depth == 0
    };
    if !rest.iter().all(fails) || first.context.depth != 0 {
        return None;
    }
    let value = |word: &shell::Word| match &word.value {
        Some(value) => Some(value.to_string()),
        // No substitutions, which the shell alone does.
        None if word.text.contains(['`']) || word.text.contains("$(") => None,
        None => expand(&word.text, '\\', &Runtime(image)).ok()?.value,
    };
    let args: Vec<String> = first.args.iter().map(value).collect::<Option<_>>()?;
    let quiet =
        |r: &shell::Redirect| r.target.as_ref().is_some_and(|t| t.is("/dev/null") || t.is("1") || t.is("2"));
    if !first.redirects.iter().all(quiet) {
        return None;
    }
    match (first.name()?, args.as_slice()) {
        // A shell within the shell: the outer one has filled in the variables.
        (name, [flag, line]) if flag == "-c" && crate::exec::is_shell(name) => asked_by_line(line, image),
        (name, args) => asked(name, args),
    }
}

fn asked(program: &str, args: &[String]) -> Option<Action> {
    let name = program.rsplit('/').next().unwrap_or(program);
    match name {
        "curl" => asked_by_curl(args),
        "wget" => asked_by_wget(args),
        "nc" | "ncat" | "netcat" => asked_by_nc(args),
        name if name.starts_with("python") || matches!(name, "node" | "bun") => asked_by_code(args),
        _ => None,
    }
}

fn asked_by_curl(args: &[String]) -> Option<Action> {
    let mut args = args.iter().map(String::as_str);
    let (mut address, mut fails) = (None, false);
    while let Some(arg) = args.next() {
        match arg {
            "-o" | "--output" | "-m" | "--max-time" | "--connect-timeout" | "--retry" | "--retry-delay"
            | "-A" | "--user-agent" => _ = args.next(),
            "--fail" | "--fail-with-body" => fails = true,
            "--silent"
            | "--show-error"
            | "--head"
            | "--location"
            | "--insecure"
            | "--no-progress-meter"
            | "--ipv4" => {}
            // Methods, headers and bodies, which a probe of the kubelet has not or not alike.
            long if long.starts_with("--") && !long.starts_with("--max-time=") => return None,
            short if short.starts_with('-') && short.len() > 1 => {
                let letters = short.trim_start_matches('-');
                if !letters.chars().all(|c| "fsSILk4v".contains(c)) && !letters.ends_with('o') {
                    return None;
                }
                if letters.ends_with('o') {
                    _ = args.next();
                }
                fails |= letters.contains('f');
            }
            url if address.is_none() => address = Some(url),
            _ => return None,
        }
    }
    let action = local(address?)?;
    match action {
        // Without `-f` every answer counts, also that there is no such page.
        Action::Http { path, port } if path == "/" && !fails => Some(Action::Tcp(port)),
        action => Some(action),
    }
}

fn asked_by_wget(args: &[String]) -> Option<Action> {
    let mut args = args.iter().map(String::as_str);
    let mut address = None;
    while let Some(arg) = args.next() {
        match arg {
            "-O" | "-T" | "-t" | "-U" => _ = args.next(),
            "--post-data" | "--header" | "--method" => return None,
            option
                if option.starts_with("--post")
                    || option.starts_with("--header")
                    || option.starts_with("--method") =>
            {
                return None;
            }
            option if option.starts_with('-') && option.len() > 1 => {
                if !option.starts_with("--") && option.ends_with(['O', 'T']) {
                    _ = args.next();
                }
            }
            url if address.is_none() => address = Some(url),
            _ => return None,
        }
    }
    local(address?)
}

fn asked_by_nc(args: &[String]) -> Option<Action> {
    let plain: Vec<&str> = args.iter().map(String::as_str).filter(|a| !a.starts_with('-')).collect();
    let zero = args.iter().any(|a| a.starts_with('-') && a.contains('z'));
    let udp = args.iter().any(|a| a.starts_with('-') && a.contains('u'));
    // `-w 3` leaves its seconds among the words.
    let (host, port) = match plain.as_slice() {
        [host, port] => (host, port),
        [seconds, host, port] if args.iter().any(|a| a == "-w") && seconds.parse::<u16>().is_ok() => {
            (host, port)
        }
        _ => return None,
    };
    (zero && !udp && is_local(host) && port.parse::<u16>().is_ok()).then(|| Action::Tcp((*port).to_owned()))
}

/// `python -c "…urlopen('http://localhost:8000/health')…"` and what Node.js does alike.
fn asked_by_code(args: &[String]) -> Option<Action> {
    let code = match args {
        [flag, code] if matches!(flag.as_str(), "-c" | "-e" | "--eval") => code,
        _ => return None,
    };
    if let Some(action) = opened(code) {
        return Some(action);
    }
    let asks = ["urlopen(", ".get(", "fetch("];
    if !asks.iter().any(|a| code.contains(a)) || code.matches("http://").count() != 1 {
        return None;
    }
    let address = &code[code.find("http://")?..];
    let end = address.find(['\'', '"', '`', ')', ' ', ','])?;
    // What is put together or formatted is not known.
    let behind = &address[end + 1..];
    if address[..end].contains(['{', '$', '+']) || behind.trim_start().starts_with(['+', '%']) {
        return None;
    }
    local(&address[..end])
}

/// The port that a program in Python opens a connection to: `connect(('localhost', 80))`.
fn opened(code: &str) -> Option<Action> {
    if !code.contains("socket") || code.contains("http") {
        return None;
    }
    let calls = ["connect((", "connect_ex((", "create_connection(("];
    let (_, rest) = calls.iter().find_map(|call| code.split_once(call))?;
    let (address, _) = rest.split_once(')')?;
    let (host, port) = address.split_once(',')?;
    let port = port.trim().parse::<u16>().ok().filter(|port| *port != 0)?;
    is_local(host.trim().trim_matches(['\'', '"'])).then(|| Action::Tcp(port.to_string()))
}

fn is_local(host: &str) -> bool {
    matches!(host, "localhost" | "127.0.0.1" | "0.0.0.0" | "[::1]" | "::1" | "[::]")
}

/// A page on its own host.
fn local(address: &str) -> Option<Action> {
    let rest = match address.split_once("://") {
        Some(("http", rest)) => rest,
        Some(_) => return None,
        None => address,
    };
    let (host, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
    let (host, port) = match host.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => (host, port),
        _ => (host, "80"),
    };
    let number = port.parse::<u16>().ok().filter(|port| *port != 0)?;
    is_local(host).then(|| Action::Http { path: path.to_owned(), port: number.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::{Files, parse};
    use crate::project::Project;
    use crate::syntax::{Kind, Source};

    #[test]
    fn what_commands_ask() {
        for (check, expected) in [
            ("curl -f http://localhost:8080/health || exit 1", "/health:8080"),
            ("curl -fsS -o /dev/null http://127.0.0.1/ping", "/ping:80"),
            (
                "curl --fail --silent --max-time 5 http://localhost:${PORT}/health?x=1 || exit 1",
                "/health?x=1:9000",
            ),
            ("curl http://localhost:3000 || exit 1", ":3000"),
            ("curl http://localhost:3000/up", "/up:3000"),
            ("sh -c \"curl --fail http://localhost:80/\"", "/:80"),
            ("[\"sh\", \"-c\", \"curl -f http://localhost:$PORT/\"]", "/:9000"),
            ("[\"curl\", \"-f\", \"http://localhost:8080/health\"]", "/health:8080"),
            ("wget --no-verbose --tries=1 --spider http://localhost:3737/ || exit 1", "/:3737"),
            ("wget -qO- http://localhost/x > /dev/null", "/x:80"),
            ("wget -q -O - localhost:80/x", "/x:80"),
            ("nc -z localhost 5432", ":5432"),
            ("nc -z -w 3 127.0.0.1 22 || exit 1", ":22"),
            (
                "python -c \"import urllib.request; urllib.request.urlopen('http://localhost:8000/healthz')\" || exit 1",
                "/healthz:8000",
            ),
            (
                "node -e \"require('http').get('http://localhost:3000/api', (r) => process.exit(r.statusCode === 200 ? 0 : 1))\"",
                "/api:3000",
            ),
            ("node -e \"require('http').get('http://localhost:' + process.env.PORT)\"", "exec"),
            ("curl -f -X POST http://localhost:8080/", "exec"),
            ("curl -f -H 'Host: x' http://localhost:8080/", "exec"),
            ("curl -f https://localhost:8443/", "exec"),
            ("curl -f http://db:8080/", "exec"),
            ("curl -f http://localhost:8080/ | grep ok", "exec"),
            ("curl -f http://localhost:8080/a && curl -f http://localhost:8080/b", "exec"),
            ("curl -f http://localhost:$UNKNOWN/", "exec"),
            ("curl -f http://localhost:$(cat port)/", "exec"),
            ("pg_isready -U postgres", "exec"),
        ] {
            let text = format!("FROM scratch\nENV PORT=9000\nHEALTHCHECK CMD {check}\n");
            let project = Project::of(
                vec![parse(SourceId(0), Source::new("Dockerfile", Kind::Dockerfile, text))],
                Files::default(),
            );
            let end = project.builds[0].stages[0].end();
            let probe = end.healthcheck().value().expect(check).understood(end);
            let found = match &probe.action {
                Action::Http { path, port } => format!("{path}:{port}"),
                Action::Tcp(port) => format!(":{port}"),
                _ => "exec".to_owned(),
            };
            assert_eq!(found, expected, "{check}");
        }
    }
}
