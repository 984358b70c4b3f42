//! Node.js and Bun: servers, and pages that a bundler builds for nginx to serve.

use minijinja::context;
use serde_json::Value;

use super::{App, Look, route};
use crate::template::render;

/// The major version of Node.js where the project leaves it open: the long-term support of today.
const NODE: &str = "24";

/// A package manager, and how it installs what a lock file says.
#[derive(Clone, Copy)]
struct Manager {
    name: &'static str,
    lock: &'static str,
    /// Everything, for the build.
    install: &'static str,
    /// What the program needs when it runs.
    production: &'static str,
    cache: &'static str,
    run: &'static str,
    /// The manager comes with Node.js itself, not with Corepack.
    bundled: bool,
}

const MANAGERS: [Manager; 6] = [
    Manager {
        name: "pnpm",
        lock: "pnpm-lock.yaml",
        install: "pnpm install --frozen-lockfile",
        production: "pnpm install --frozen-lockfile --prod",
        cache: "/root/.local/share/pnpm/store",
        run: "pnpm run",
        bundled: false,
    },
    Manager {
        name: "yarn",
        lock: "yarn.lock",
        install: "yarn install --frozen-lockfile",
        production: "yarn install --frozen-lockfile --production",
        cache: "/usr/local/share/.cache/yarn",
        run: "yarn run",
        bundled: true,
    },
    BUN,
    Manager { lock: "bun.lockb", ..BUN },
    NPM,
    Manager { lock: "npm-shrinkwrap.json", ..NPM },
];

const BUN: Manager = Manager {
    name: "bun",
    lock: "bun.lock",
    install: "bun install --frozen-lockfile",
    production: "bun install --frozen-lockfile --production",
    cache: "/root/.bun/install/cache",
    run: "bun run",
    bundled: true,
};

const NPM: Manager = Manager {
    name: "npm",
    lock: "package-lock.json",
    install: "npm ci",
    production: "npm ci --omit=dev",
    cache: "/root/.npm",
    run: "npm run",
    bundled: true,
};

/// Yarn from version 2 on, which has other options.
const BERRY: Manager = Manager {
    name: "yarn",
    lock: "yarn.lock",
    install: "yarn install --immutable",
    production: "yarn workspaces focus --production",
    cache: "/root/.yarn/berry/cache",
    run: "yarn run",
    bundled: false,
};

pub(super) fn detect(look: &Look<'_>) -> Option<Result<App, String>> {
    let package: Value = serde_json::from_str(look.text("package.json")?).ok()?;
    Some(app(look, &package))
}

fn app(look: &Look<'_>, package: &Value) -> Result<App, String> {
    let script = |name: &str| package["scripts"][name].as_str().map(str::trim);
    let depends = |name: &str| {
        ["dependencies", "devDependencies"].iter().any(|section| package[section].get(name).is_some())
    };
    if package.get("workspaces").is_some() || look.has("pnpm-workspace.yaml") {
        return Err(
            "it holds several packages (workspaces): run this in the directory of the one that runs".into()
        );
    }
    let manager = MANAGERS.iter().find(|m| look.has(m.lock)).copied();
    let Some(mut manager) = manager else {
        return Err("there is no lock file, so each build could bring other packages: run `npm install`, then this again".into());
    };
    let pinned = package["packageManager"].as_str().and_then(|text| text.strip_prefix("yarn@"));
    if manager.name == "yarn"
        && (look.has(".yarnrc.yml") || pinned.is_some_and(|version| !version.starts_with('1')))
    {
        manager = BERRY;
    }
    let version = node(look, package);
    let bun = manager.name == "bun";
    let build = script("build").is_some();
    let next = depends("next");
    let pages = pages(look, package, &depends);
    let mut notes = Vec::new();
    if !manager.bundled && package.get("packageManager").is_none() {
        notes.push(format!(
            "package.json names no release of {}: set `packageManager`, so that each build takes the same",
            manager.name
        ));
    }
    let images = context! {
        build => if bun { "oven/bun:1".to_owned() } else { format!("node:{version}-trixie-slim") },
        run => if bun { "oven/bun:1-slim".to_owned() } else { format!("node:{version}-trixie-slim") },
    };
    let tool = context! {
        install => manager.install,
        production => manager.production,
        cache => manager.cache,
        run => manager.run,
        corepack => !manager.bundled,
        files => files(look, manager),
    };
    let name = package["name"]
        .as_str()
        .map_or_else(|| look.name(), |name| super::slug(name.rsplit('/').next().unwrap_or(name)));
    let with =
        if bun { "Bun".to_owned() } else { format!("Node.js {version}, installed with {}", manager.name) };
    let base = |what: String,
                dockerfile: String,
                port: Option<u16>,
                scratch: Vec<&'static str>,
                notes: Vec<String>| App {
        directory: look.directory.to_owned(),
        name: name.clone(),
        what,
        dockerfile,
        ignore: vec![
            "node_modules",
            "**/node_modules",
            "dist",
            "build",
            ".next",
            "coverage",
            "*.log",
            "*.md",
        ],
        port,
        scratch,
        notes,
    };
    if let Some(output) = pages.filter(|_| !next) {
        let values = context! { images, tool, output };
        let dockerfile =
            render(include_str!("templates/pages.Dockerfile"), values).map_err(|e| e.to_string())?;
        notes.push("variables that the bundler writes into the pages are given when the image is built, not when it runs".into());
        let what = format!("pages built on {with}, served by nginx from {output}");
        return Ok(base(what, dockerfile, Some(8080), Vec::new(), notes));
    }
    let (command, port, what) = command(look, package, next, bun)?;
    let sources = look.below().filter(|p| matches!(p.extension(), Some("js" | "mjs" | "cjs" | "ts")));
    let texts: Vec<&str> = sources.filter_map(|path| look.text(path.as_str())).collect();
    let health = route(texts.iter().copied()).map_or_else(
        || {
            let open = format!("require('net').connect({port}, '127.0.0.1')");
            format!("{open}.on('connect', () => process.exit(0)).on('error', () => process.exit(1))")
        },
        |route| format!("fetch('http://127.0.0.1:{port}{route}').then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"),
    );
    let standalone = next && config(look).is_some_and(|text| text.contains("standalone"));
    if next && !standalone {
        notes.push(
            "`output: 'standalone'` in the configuration of Next.js makes the image several times smaller"
                .into(),
        );
    }
    let values = context! {
        images, tool, build, bun, next, standalone, command, port, health,
        public => look.has("public"),
    };
    let dockerfile = render(include_str!("templates/node.Dockerfile"), values).map_err(|e| e.to_string())?;
    let scratch = if next { vec!["/app/.next/cache"] } else { Vec::new() };
    Ok(base(format!("{what} on {with}"), dockerfile, Some(port), scratch, notes))
}

/// The version of Node.js.
fn node(look: &Look<'_>, package: &Value) -> String {
    let pinned = look.version(".nvmrc").or_else(|| look.version(".node-version"));
    let major = |text: &str| {
        let digits: String =
            text.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
        digits.parse::<u32>().ok().filter(|n| (12..100).contains(n))
    };
    if let Some(version) = pinned.and_then(major) {
        return version.to_string();
    }
    let wanted = NODE.parse().unwrap_or(24);
    let range = package["engines"]["node"].as_str().unwrap_or_default();
    match major(range) {
        Some(least) if range.trim_start().starts_with('>') => least.max(wanted).to_string(),
        // One of several that are allowed: the newest.
        Some(first) if range.contains("||") => {
            range.split("||").filter_map(major).max().unwrap_or(first).to_string()
        }
        Some(exact) => exact.to_string(),
        None => wanted.to_string(),
    }
}

/// The files that a package manager reads to install.
fn files(look: &Look<'_>, manager: Manager) -> Vec<&'static str> {
    let others =
        [".npmrc", ".yarnrc.yml", ".yarnrc", "bunfig.toml"].into_iter().filter(|name| look.has(name));
    ["package.json", manager.lock].into_iter().chain(others).collect()
}

fn config<'f>(look: &Look<'f>) -> Option<&'f str> {
    ["next.config.js", "next.config.mjs", "next.config.ts"].iter().find_map(|name| look.text(name))
}

/// Where a bundler puts pages, for a project that is nothing but pages.
fn pages(look: &Look<'_>, package: &Value, depends: &dyn Fn(&str) -> bool) -> Option<String> {
    let build = package["scripts"]["build"].as_str()?;
    let start = package["scripts"]["start"].as_str().unwrap_or_default();
    let serves =
        ["node ", "tsx ", "bun ", "nest start", "remix-serve"].iter().any(|word| start.starts_with(word));
    const SERVERS: [&str; 10] = [
        "express",
        "fastify",
        "koa",
        "@nestjs/core",
        "@hapi/hapi",
        "hono",
        "nuxt",
        "@remix-run/node",
        "@sveltejs/adapter-node",
        "socket.io",
    ];
    if serves || SERVERS.iter().any(|name| depends(name)) {
        return None;
    }
    if build.contains("vite build") || depends("vite") && build.contains("vite") {
        let texts = ["vite.config.ts", "vite.config.js"].iter().find_map(|name| look.text(name));
        let output = texts.and_then(|text| {
            let rest = text.split_once("outDir:")?.1.trim_start();
            let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
            rest[1..].split_once(quote).map(|(path, _)| path.trim_start_matches("./").to_owned())
        });
        return Some(output.filter(|path| !path.contains("..")).unwrap_or_else(|| "dist".to_owned()));
    }
    if build.contains("react-scripts build") {
        return Some("build".to_owned());
    }
    if build.contains("vue-cli-service build") || build.contains("astro build") && !depends("@astrojs/node") {
        return Some("dist".to_owned());
    }
    if build.contains("ng build") {
        let angular: Value = serde_json::from_str(look.text("angular.json")?).ok()?;
        let (name, project) = angular["projects"].as_object()?.iter().next()?;
        let options = &project["architect"]["build"];
        let output = match &options["options"]["outputPath"] {
            Value::String(path) => path.clone(),
            Value::Object(path) => path.get("base")?.as_str()?.to_owned(),
            _ => format!("dist/{name}"),
        };
        // The newer builder puts what the browser gets below.
        let browser = options["builder"].as_str().is_some_and(|b| b.ends_with(":application"));
        return Some(if browser { format!("{output}/browser") } else { output });
    }
    None
}

/// What starts the server, the port it listens on, and what it is.
fn command(
    look: &Look<'_>,
    package: &Value,
    next: bool,
    bun: bool,
) -> Result<(Vec<String>, u16, String), String> {
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let program = if bun { "bun" } else { "node" };
    if next {
        if config(look).is_some_and(|text| text.contains("standalone")) {
            return Ok((words("node server.js"), 3000, "a Next.js application".into()));
        }
        return Ok((
            words("node node_modules/next/dist/bin/next start"),
            3000,
            "a Next.js application".into(),
        ));
    }
    let depends = |name: &str| package["dependencies"].get(name).is_some();
    if depends("nuxt") || package["devDependencies"].get("nuxt").is_some() {
        return Ok((words("node .output/server/index.mjs"), 3000, "a Nuxt application".into()));
    }
    let kinds = [
        ("@nestjs/core", "a NestJS application"),
        ("express", "an Express application"),
        ("fastify", "a Fastify application"),
        ("koa", "a Koa application"),
        ("hono", "a Hono application"),
    ];
    let what = kinds.iter().find(|(name, _)| depends(name)).map_or("a program", |(_, what)| what);
    let start = ["start:prod", "start"].iter().find_map(|name| package["scripts"][name].as_str());
    let port = port(look).unwrap_or(3000);
    if let Some(line) = start {
        let simple = !line.contains(['&', '|', ';', '$', '"', '\'', '>', '<', '`']);
        let mut all = words(line);
        // A tool that only sets variables or restarts the program for its author is not what runs here.
        while all.first().is_some_and(|word| word == "cross-env" || word == "dotenv" || word.contains('=')) {
            all.remove(0);
        }
        let first = all.first().map(String::as_str).unwrap_or_default();
        if simple && (first == "node" || first == "bun") && all.len() > 1 {
            return Ok((all, port, what.into()));
        }
        if simple && first == "nest" {
            return Ok((words("node dist/main.js"), port, what.into()));
        }
        if simple && matches!(first, "ts-node" | "tsx" | "nodemon") && bun {
            let file = all.iter().skip(1).find(|word| !word.starts_with('-')).cloned().unwrap_or_default();
            return Ok((vec!["bun".into(), file], port, what.into()));
        }
    }
    if let Some(main) =
        package["main"].as_str().filter(|main| look.has(main) || package["scripts"]["build"].is_string())
    {
        return Ok((vec![program.into(), main.trim_start_matches("./").to_owned()], port, what.into()));
    }
    for name in ["server.js", "index.js", "app.js", "src/server.js", "src/index.js", "src/app.js", "main.js"]
    {
        if look.has(name) {
            return Ok((vec![program.into(), name.into()], port, what.into()));
        }
    }
    if bun {
        for name in ["index.ts", "src/index.ts", "server.ts", "src/server.ts"] {
            if look.has(name) {
                return Ok((vec!["bun".into(), name.into()], port, what.into()));
            }
        }
    }
    Err("package.json has no `start` script of one command and no `main` that is there, so it is not told what runs".into())
}

/// The port that a server listens on where no variable says otherwise: `process.env.PORT || 4000`, `listen(4000)`.
fn port(look: &Look<'_>) -> Option<u16> {
    let sources = look.below().filter(|p| matches!(p.extension(), Some("js" | "mjs" | "cjs" | "ts")));
    let number = |text: &str| {
        let digits: String = text
            .trim_start_matches([' ', '(', '\'', '"', '|', '?', ')'])
            .chars()
            .take_while(char::is_ascii_digit)
            .collect();
        digits.parse::<u16>().ok().filter(|port| *port >= 1024)
    };
    for path in sources {
        let Some(text) = look.text(path.as_str()) else { continue };
        for mark in ["process.env.PORT", ".listen("] {
            if let Some(port) = text.match_indices(mark).find_map(|(at, _)| number(&text[at + mark.len()..]))
            {
                return Some(port);
            }
        }
    }
    None
}
