//! Node.js and Bun: servers, and pages that a bundler builds for nginx to serve.

use camino::{Utf8Path, Utf8PathBuf};
use minijinja::context;
use serde_json::Value;

use super::{App, Detected, Found, Look, Service, is_aside, packages, procfile, route};
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
    /// What the program needs when it runs, where nothing was installed before.
    production: &'static str,
    /// The same, where everything is installed.
    prune: &'static str,
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
        prune: "rm -rf node_modules && pnpm install --frozen-lockfile --prod",
        cache: "/root/.local/share/pnpm/store",
        run: "pnpm run",
        bundled: false,
    },
    Manager {
        name: "yarn",
        lock: "yarn.lock",
        install: "yarn install --frozen-lockfile",
        production: "yarn install --frozen-lockfile --production",
        prune: "rm -rf node_modules && yarn install --frozen-lockfile --production",
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
    prune: "rm -rf node_modules && bun install --frozen-lockfile --production --ignore-scripts",
    cache: "/root/.bun/install/cache",
    run: "bun run",
    bundled: true,
};

const NPM: Manager = Manager {
    name: "npm",
    lock: "package-lock.json",
    install: "npm ci",
    production: "npm ci --omit=dev",
    // Runs no scripts again, and keeps what they made.
    prune: "npm prune --omit=dev --ignore-scripts",
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
    prune: "yarn workspaces focus --production",
    cache: "/root/.yarn/berry/cache",
    run: "yarn run",
    bundled: false,
};

/// The packages of a workspace.
struct Workspace<'f> {
    top: &'f Look<'f>,
    members: Vec<Member>,
}

/// A package of a workspace.
struct Member {
    /// Its directory, from the top of the workspace.
    directory: Utf8PathBuf,
    name: String,
    package: Value,
}

pub(super) fn detect(look: &Look<'_>) -> Option<Detected> {
    let package: Value = serde_json::from_str(look.text("package.json")?).ok()?;
    let members = members(look, &package);
    if members.is_empty() {
        return Some(app(look, &package, None).map(Into::into));
    }
    let workspace = Workspace { top: look, members };
    let mut found = Found::default();
    let mut why = Vec::new();
    for (index, member) in workspace.members.iter().enumerate() {
        let directory = look.join(&member.directory);
        let of_member = Look { files: look.files, directory: &directory };
        if !is_aside(&member.directory.join("package.json")) {
            match app(&of_member, &member.package, Some((&workspace, index))) {
                Ok(app) => found.apps.push(app),
                Err(reason) => why.push((member.directory.as_str(), reason)),
            }
        }
        found.covered.push(directory);
    }
    if !found.apps.is_empty() {
        return Some(Ok(found));
    }
    let names: Vec<&str> = why.iter().map(|(directory, _)| *directory).collect();
    let first = why.first().map_or("they only show, test or describe something", |(_, first)| first.as_str());
    found.notes.push(if why.iter().all(|(_, reason)| reason == first) {
        format!("none of the packages of its workspace ({}) is told to run: {first}", names.join(", "))
    } else {
        let all: Vec<String> =
            why.iter().map(|(directory, reason)| format!("{directory}: {reason}")).collect();
        format!("none of the packages of its workspace is told to run ({})", all.join("; "))
    });
    Some(Ok(found))
}

/// The packages that the patterns of a workspace name.
fn members(look: &Look<'_>, package: &Value) -> Vec<Member> {
    let listed = match &package["workspaces"] {
        Value::Array(items) => Some(items),
        Value::Object(object) => object.get("packages").and_then(Value::as_array),
        _ => None,
    };
    let mut patterns: Vec<String> =
        listed.into_iter().flatten().filter_map(|item| item.as_str().map(str::to_owned)).collect();
    if let Some(text) = look.text("pnpm-workspace.yaml") {
        patterns.extend(pnpm_packages(text));
    }
    packages::matching(look, &patterns, "package.json")
        .into_iter()
        .filter_map(|directory| {
            let package: Value =
                serde_json::from_str(look.text(directory.join("package.json").as_str())?).ok()?;
            let name = package["name"].as_str().unwrap_or(directory.as_str()).to_owned();
            Some(Member { directory, name, package })
        })
        .collect()
}

/// The items of `packages:` in `pnpm-workspace.yaml`.
fn pnpm_packages(text: &str) -> Vec<String> {
    let text = std::sync::Arc::from(text);
    let yaml = seaworthy_syntax::yaml::Yaml::parse(seaworthy_syntax::SourceId(0), &text);
    let Some(root) = yaml.documents().flatten().next() else { return Vec::new() };
    root.get("packages")
        .into_iter()
        .flat_map(seaworthy_syntax::yaml::Node::items)
        .filter_map(|item| Some(item.scalar()?.into_owned()))
        .collect()
}

impl Workspace<'_> {
    /// A package and those of the workspace that it needs, each behind those that it needs itself.
    fn needed(&self, index: usize) -> Vec<usize> {
        fn visit(all: &[Member], index: usize, seen: &mut Vec<usize>, out: &mut Vec<usize>) {
            if seen.contains(&index) {
                return;
            }
            seen.push(index);
            for section in ["dependencies", "devDependencies", "peerDependencies"] {
                for name in
                    all[index].package[section].as_object().into_iter().flat_map(serde_json::Map::keys)
                {
                    if let Some(other) = all.iter().position(|member| member.name == *name) {
                        visit(all, other, seen, out);
                    }
                }
            }
            out.push(index);
        }
        let (mut seen, mut out) = (Vec::new(), Vec::new());
        visit(&self.members, index, &mut seen, &mut out);
        out
    }
}

/// The scripts that a package manager runs by itself when it installs, without the one that sets up hooks of Git.
fn lifecycle(package: &Value) -> Vec<&str> {
    ["preinstall", "install", "postinstall", "prepare"]
        .into_iter()
        .filter(|name| package["scripts"][name].as_str().is_some())
        .collect()
}

fn app(look: &Look<'_>, package: &Value, workspace: Option<(&Workspace<'_>, usize)>) -> Result<App, String> {
    let top = workspace.map_or(look, |(workspace, _)| workspace.top);
    let depends = |name: &str| {
        ["dependencies", "devDependencies"].iter().any(|section| package[section].get(name).is_some())
    };
    let manager = MANAGERS.iter().find(|m| top.has(m.lock)).copied();
    let Some(mut manager) = manager else {
        let how = if top.has("pnpm-workspace.yaml") { "pnpm install" } else { "npm install" };
        return Err(format!(
            "there is no lock file, so each build could bring other packages: run `{how}`, then this again"
        ));
    };
    let root: Value = workspace
        .and_then(|(workspace, _)| serde_json::from_str(workspace.top.text("package.json")?).ok())
        .unwrap_or_else(|| package.clone());
    let pinned = root["packageManager"].as_str().and_then(|text| text.strip_prefix("yarn@"));
    if manager.name == "yarn"
        && (top.has(".yarnrc.yml") || pinned.is_some_and(|version| !version.starts_with('1')))
    {
        manager = BERRY;
    }
    let version = node(top, &root);
    let bun = manager.name == "bun";
    let next = depends("next");
    let pages = pages(look, package, &depends);
    let mut notes = Vec::new();
    if !manager.bundled && root.get("packageManager").is_none() {
        notes.push(format!(
            "package.json names no release of {}: set `packageManager`, so that each build takes the same",
            manager.name
        ));
    }
    let suite = match version.parse::<u32>().unwrap_or(24) {
        20.. => "trixie",
        16.. => "bookworm",
        _ => "bullseye",
    };
    let image = format!("node:{version}-{suite}-slim");
    let images = context! {
        build => if bun { "oven/bun:1".to_owned() } else { image.clone() },
        run => if bun { "oven/bun:1-slim".to_owned() } else { image },
    };
    let home = workspace.map_or(Utf8Path::new(""), |(workspace, index)| &workspace.members[index].directory);
    let builds = builds(manager, package, workspace);
    let scripts = lifecycle(&root);
    let script_text = |name: &str| root["scripts"][name].as_str().unwrap_or_default();
    // Scripts of the project itself need its files, and tools that do not ship.
    let early = scripts.iter().any(|name| !is_hook(script_text(name)));
    let forget = if scripts.is_empty() || manager.name == "npm" || bun {
        String::new()
    } else {
        let names: Vec<String> = scripts.iter().map(|name| format!("scripts.{name}")).collect();
        format!("npm pkg delete {} && ", names.join(" "))
    };
    // Where nothing is built, hooks of Git are nothing to install either.
    let production = match (scripts.is_empty(), bun) {
        (true, _) => manager.production.to_owned(),
        (false, true) => format!("{} --ignore-scripts", manager.production),
        (false, false) => {
            let names: Vec<String> = scripts.iter().map(|name| format!("scripts.{name}")).collect();
            format!("npm pkg delete {} && {}", names.join(" "), manager.production)
        }
    };
    let tool = context! {
        install => manager.install,
        production,
        prune => format!("{forget}{}", prune(manager, workspace)),
        cache => manager.cache,
        corepack => !manager.bundled,
        files => files(top, manager),
        folders => [".yarn", "patches"].into_iter().filter(|name| top.has_below(name)).collect::<Vec<_>>(),
        manifests => workspace.map(|(w, _)| w.members.iter().map(|m| m.directory.as_str()).collect::<Vec<_>>()),
        early,
    };
    let name = package["name"]
        .as_str()
        .map_or_else(|| look.name(), |name| super::slug(name.rsplit('/').next().unwrap_or(name)));
    let with =
        if bun { "Bun".to_owned() } else { format!("Node.js {version}, installed with {}", manager.name) };
    // What a build makes here is made anew; what is there without one is what runs.
    let made = if builds.is_empty() { &[][..] } else { &["**/dist", "**/.next"][..] };
    let base =
        |what: String, dockerfile: String, port: u16, scratch: Vec<&'static str>, notes: Vec<String>| App {
            directory: look.directory.to_owned(),
            context: top.directory.to_owned(),
            what,
            dockerfile,
            ignore: ["**/node_modules", "**/.turbo", "**/coverage", "**/*.log", "*.md"]
                .iter()
                .chain(made)
                .copied()
                .collect(),
            services: vec![Service { name: name.clone(), port: Some(port), scratch, ..Service::default() }],
            notes,
        };
    if let Some(output) = pages.filter(|_| !next) {
        let output = home.join(output);
        let values = context! { images, tool, builds, output => output.as_str() };
        let dockerfile =
            render(include_str!("templates/pages.Dockerfile"), values).map_err(|e| e.to_string())?;
        notes.push("variables that the bundler writes into the pages are given when the image is built, not when it runs".into());
        let what = format!("pages built on {with}, served by nginx from {output}");
        return Ok(base(what, dockerfile, 8080, Vec::new(), notes));
    }
    // A package of a workspace that nothing starts is there for the others.
    if workspace.is_some()
        && !next
        && !["start:prod", "start"].iter().any(|name| package["scripts"][name].is_string())
    {
        return Err("it has no `start` script".into());
    }
    let standalone = next && config(look).is_some_and(|text| text.contains("standalone"));
    let (mut command, port, what) = command(look, package, next, bun, &mut notes)?;
    if standalone && !home.as_str().is_empty() {
        command = vec!["node".into(), home.join("server.js").into_string()];
    }
    let sources =
        look.below().filter(|p| matches!(p.extension(), Some("js" | "mjs" | "cjs" | "ts")) && !is_aside(p));
    let texts: Vec<&str> = sources.filter_map(|path| look.text(path.as_str())).collect();
    let health = route(texts.iter().copied()).map_or_else(
        || {
            let open = format!("require('net').connect({port}, '127.0.0.1')");
            format!("{open}.on('connect', () => process.exit(0)).on('error', () => process.exit(1))")
        },
        |route| format!("fetch('http://127.0.0.1:{port}{route}').then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"),
    );
    if next && !standalone {
        notes.push(
            "`output: 'standalone'` in the configuration of Next.js makes the image several times smaller"
                .into(),
        );
    }
    // A tool of a dependency is found as scripts find it.
    let local = command.first().is_some_and(|first| !matches!(first.as_str(), "node" | "bun"));
    let values = context! {
        images, tool, builds, bun, next, standalone, command, port, health, local,
        home => home.as_str(),
        public => look.has_below("public"),
    };
    let dockerfile = render(include_str!("templates/node.Dockerfile"), values).map_err(|e| e.to_string())?;
    let scratch =
        if next && !standalone && home.as_str().is_empty() { vec!["/app/.next/cache"] } else { Vec::new() };
    Ok(base(format!("{what} on {with}"), dockerfile, port, scratch, notes))
}

/// Whether a script only sets up hooks of Git.
fn is_hook(script: &str) -> bool {
    ["husky", "lefthook", "simple-git-hooks", "is-ci", "patch-package"]
        .iter()
        .any(|tool| script.starts_with(tool))
        && !script.starts_with("patch-package")
}

/// The lines that build a package, and before it those of the workspace that it needs.
fn builds(manager: Manager, package: &Value, workspace: Option<(&Workspace<'_>, usize)>) -> Vec<String> {
    let Some((workspace, index)) = workspace else {
        let has = package["scripts"]["build"].is_string();
        return has.then(|| format!("{} build", manager.run)).into_iter().collect();
    };
    let built = workspace.needed(index).into_iter().map(|n| &workspace.members[n]);
    built
        .filter(|member| member.package["scripts"]["build"].is_string())
        .map(|member| match manager.name {
            "npm" => format!("npm run build --workspace={}", member.name),
            "pnpm" => format!("pnpm --filter {} run build", member.name),
            "bun" => format!("cd /app/{} && bun run build", member.directory),
            _ => format!("yarn workspace {} run build", member.name),
        })
        .collect()
}

/// What takes away what does not ship, where everything is installed.
fn prune(manager: Manager, workspace: Option<(&Workspace<'_>, usize)>) -> String {
    let Some((workspace, index)) = workspace else { return manager.prune.to_owned() };
    let name = &workspace.members[index].name;
    let remove = "find . -name node_modules -prune -exec rm -rf {} +";
    match manager.name {
        "pnpm" => format!(
            "{remove} && CI=true pnpm install --frozen-lockfile --prod --ignore-scripts --filter '{name}...'"
        ),
        "yarn" if !manager.bundled => format!("yarn workspaces focus --production {name}"),
        _ => manager.prune.to_owned(),
    }
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
    const SERVERS: [&str; 14] = [
        "@react-router/node",
        "@react-router/serve",
        "@tanstack/react-start",
        "@remix-run/serve",
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
    if ["react-scripts build", "craco build", "docusaurus build"].iter().any(|tool| build.contains(tool)) {
        return Some("build".to_owned());
    }
    if build.contains("gatsby build") {
        return Some("public".to_owned());
    }
    if build.contains("eleventy") {
        return Some("_site".to_owned());
    }
    if build.contains("parcel build") {
        return Some("dist".to_owned());
    }
    if build.contains("vitepress build") {
        let root = build.split_once("vitepress build")?.1.split_whitespace().next().unwrap_or_default();
        return Some(Utf8Path::new(root).join(".vitepress/dist").into_string());
    }
    if depends("@sveltejs/kit") {
        return depends("@sveltejs/adapter-static").then(|| "build".to_owned());
    }
    if build.contains("vite build") || depends("vite") && build.contains("vite") {
        let texts = ["vite.config.ts", "vite.config.js"].iter().find_map(|name| look.text(name));
        if texts.is_some_and(|text| text.contains("lib:")) {
            return None;
        }
        let output = texts.and_then(|text| {
            let rest = text.split_once("outDir:")?.1.trim_start();
            let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
            rest[1..].split_once(quote).map(|(path, _)| path.trim_start_matches("./").to_owned())
        });
        return Some(output.filter(|path| !path.contains("..")).unwrap_or_else(|| "dist".to_owned()));
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

/// Tools of dependencies that serve in production, and the port that they take.
const SERVERS: [(&str, u16); 9] = [
    ("remix-serve", 3000),
    ("react-router-serve", 3000),
    ("strapi", 1337),
    ("medusa", 9000),
    ("keystone", 3000),
    ("directus", 8055),
    ("http-server", 8080),
    ("serve", 3000),
    ("srvx", 3000),
];

/// The words of the `start` script, as far as it is one command behind others that build.
fn start(package: &Value) -> Option<(Vec<String>, Vec<String>)> {
    let scripts = &package["scripts"];
    let mut line = ["start:prod", "start"].iter().find_map(|name| scripts[name].as_str())?;
    for _ in 0..3 {
        let words: Vec<&str> = line.split_whitespace().collect();
        let name = match words.as_slice() {
            ["npm" | "pnpm" | "yarn" | "bun", "run", name] => name,
            ["yarn" | "pnpm", name] => name,
            _ => break,
        };
        match scripts[*name].as_str() {
            Some(next) => line = next,
            None => break,
        }
    }
    let mut parts: Vec<&str> = line.split("&&").map(str::trim).collect();
    let last = parts.pop()?;
    let builds = |part: &&str| {
        let tools = [
            "npm run build",
            "yarn build",
            "yarn run build",
            "pnpm build",
            "pnpm run build",
            "tsc",
            "rimraf",
            "npx tsc",
            "next build",
            "nest build",
        ];
        tools.iter().any(|tool| part.starts_with(tool))
    };
    let before: Vec<String> =
        parts.iter().filter(|part| !builds(part)).map(|part| (*part).to_owned()).collect();
    if last.contains(['&', '|', ';', '$', '"', '\'', '>', '<', '`']) {
        return None;
    }
    let mut words: Vec<String> = last.split_whitespace().map(str::to_owned).collect();
    // A tool that only sets variables or starts another is not what runs here.
    while words.first().is_some_and(|word| {
        matches!(word.as_str(), "cross-env" | "dotenv" | "--" | "npx" | "exec") || word.contains('=')
    }) {
        words.remove(0);
    }
    Some((words, before))
}

/// What starts the server, the port it listens on, and what it is.
fn command(
    look: &Look<'_>,
    package: &Value,
    next: bool,
    bun: bool,
    notes: &mut Vec<String>,
) -> Result<(Vec<String>, u16, String), String> {
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let program = if bun { "bun" } else { "node" };
    if next {
        if config(look).is_some_and(|text| text.contains("standalone")) {
            return Ok((words("node server.js"), 3000, "a Next.js application".into()));
        }
        return Ok((words("next start"), 3000, "a Next.js application".into()));
    }
    let depends = |name: &str| {
        ["dependencies", "devDependencies"].iter().any(|section| package[section].get(name).is_some())
    };
    if depends("nuxt") {
        return Ok((words("node .output/server/index.mjs"), 3000, "a Nuxt application".into()));
    }
    if depends("@sveltejs/kit") {
        return if depends("@sveltejs/adapter-node") {
            Ok((words("node build"), 3000, "a SvelteKit application".into()))
        } else {
            Err("SvelteKit builds it for another platform: take `@sveltejs/adapter-node` or `@sveltejs/adapter-static`, then run this again".into())
        };
    }
    if depends("@astrojs/node") {
        return Ok((words("node dist/server/entry.mjs"), 4321, "an Astro application".into()));
    }
    if depends("expo") || depends("react-native") || depends("electron") {
        return Err("it is a program for phones or desktops, which no container runs".into());
    }
    let kinds = [
        ("@nestjs/core", "a NestJS application"),
        ("@react-router/serve", "a React Router application"),
        ("@remix-run/serve", "a Remix application"),
        ("express", "an Express application"),
        ("fastify", "a Fastify application"),
        ("koa", "a Koa application"),
        ("hono", "a Hono application"),
    ];
    let what = kinds.iter().find(|(name, _)| depends(name)).map_or("a program", |(_, what)| what);
    let port = port(look).unwrap_or(3000);
    let of_procfile =
        || procfile::web(look).filter(|words| words.first() == Some(&"node") && words.len() > 1);
    let stated = start(package)
        .or_else(|| Some((of_procfile()?.into_iter().map(str::to_owned).collect(), Vec::new())));
    let mut development = None;
    if let Some((all, before)) = stated {
        let first = all.first().map(String::as_str).unwrap_or_default();
        let mut found = None;
        if (first == "node" || first == "bun") && all.len() > 1 {
            found = Some((all.clone(), port));
        } else if first == "nest" {
            found = Some((words("node dist/main.js"), port));
        } else if let Some((_, usual)) = SERVERS.iter().find(|(name, _)| *name == first) {
            found = Some((all.clone(), *usual));
        } else if matches!(first, "ts-node" | "tsx" | "nodemon") {
            let file = all.iter().skip(1).find(|word| !word.starts_with('-') && *word != "watch").cloned();
            match file {
                Some(file) if bun => found = Some((vec!["bun".into(), file], port)),
                Some(_) if first == "tsx" && package["dependencies"].get("tsx").is_some() => {
                    found = Some((all.clone(), port));
                }
                Some(file) if first == "nodemon" && !file.ends_with(".ts") => {
                    found = Some((vec!["node".into(), file], port));
                }
                _ => development = Some(first.to_owned()),
            }
        }
        if let Some((command, port)) = found {
            notes.extend(before.iter().map(|step| format!("its `start` script also runs `{step}` first: run that before this starts, once for all of its copies")));
            return Ok((command, port, what.into()));
        }
    }
    let main = package["main"].as_str();
    let built = package["scripts"]["build"].is_string();
    if let Some(main) = main.filter(|main| {
        look.has(main.trim_start_matches("./"))
            || built && (development.is_some() || package["scripts"]["start"].is_string())
    }) {
        return Ok((vec![program.into(), main.trim_start_matches("./").to_owned()], port, what.into()));
    }
    if let Some(tool) = development {
        return Err(format!(
            "its `start` script runs `{tool}`, which is for development: add a `build` script and start what it makes"
        ));
    }
    for name in [
        "server.js",
        "index.js",
        "app.js",
        "src/server.js",
        "src/index.js",
        "src/app.js",
        "main.js",
        "bin/www",
    ] {
        if look.has(name) && (what != "a program" || package["scripts"]["start"].is_string()) {
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
    let sources =
        look.below().filter(|p| matches!(p.extension(), Some("js" | "mjs" | "cjs" | "ts")) && !is_aside(p));
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
