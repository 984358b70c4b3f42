//! What `init` makes of small programs of every kind: what starts, and that our own check finds nothing in it.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use seaworthy_engine::config::{Layer, Selector, resolve};
use seaworthy_engine::init::{Made, init, wanted};
use seaworthy_engine::{Config, Files, Project, SourceId, check, parse};

/// Makes what a repository of these files lacks.
fn made(files: &[(&str, &str)]) -> Made {
    let names: BTreeSet<Utf8PathBuf> = files.iter().map(|(name, _)| Utf8PathBuf::from(*name)).collect();
    let mut listed = Files::new(vec![Utf8PathBuf::new()], names);
    for path in wanted(&listed, Utf8Path::new("")) {
        let text = files.iter().find(|(name, _)| path == *name).map(|(_, text)| (*text).into());
        listed.add_text(path, text);
    }
    init(&listed, Utf8Path::new(""))
}

/// What our own check says of what was made, with every rule of these categories on.
fn findings(made: &Made, files: &[(&str, &str)]) -> Vec<String> {
    let mut names: BTreeSet<Utf8PathBuf> = files.iter().map(|(name, _)| Utf8PathBuf::from(*name)).collect();
    names.extend(made.files.iter().map(|source| source.path.clone()));
    let mut listed = Files::new(vec![Utf8PathBuf::new()], names);
    let parses: Vec<_> =
        made.files.iter().enumerate().map(|(n, source)| parse(SourceId(n as u32), source.clone())).collect();
    loop {
        let wanted = Project::wanted(&parses, &listed);
        if wanted.is_empty() {
            break;
        }
        for path in wanted {
            let of_ours =
                made.files.iter().find(|source| source.path == path).map(|source| source.text.clone());
            let text =
                of_ours.or_else(|| files.iter().find(|(name, _)| path == *name).map(|(_, t)| (*t).into()));
            listed.add_text(path, text);
        }
    }
    let select =
        ["correctness", "security", "reliability", "efficiency"].map(|word| Selector::of(word).expect(word));
    let layer = Layer { select: Some(select.to_vec()), extend_select: Vec::new(), ignore: Vec::new() };
    let config = Config { rules: resolve(&[&layer]), ..Config::default() };
    let project = Project::of(parses, listed);
    let found = check(&project, &config).diagnostics;
    // What serves nothing has nothing to be asked.
    let mut dockerfiles = made.files.iter().filter(|source| source.path.as_str().ends_with("Dockerfile"));
    let serves = dockerfiles.all(|source| source.text.contains("HEALTHCHECK"));
    let counts = |rule: &str| serves || rule != "no-healthcheck";
    found
        .iter()
        .filter(|d| counts(d.rule.name))
        .map(|d| format!("{} {}: {}", project.path(d.span.source), d.rule.name, d.message))
        .collect()
}

const UV: &str = "[project]\nname = \"shop\"\nversion = \"1\"\nrequires-python = \">=3.12,<3.14\"\ndependencies = [DEPENDENCIES]\n";

fn pyproject(dependencies: &str) -> String {
    UV.replace("DEPENDENCIES", dependencies)
}

#[test]
fn programs_of_every_kind() {
    let fastapi = pyproject("\"fastapi[standard]>=0.115\"");
    let packaged =
        format!("{fastapi}[build-system]\nrequires = [\"hatchling\"]\nbuild-backend = \"hatchling.build\"\n");
    let flask = pyproject("\"Flask\", \"gunicorn\"");
    let django = pyproject("\"django\", \"gunicorn\"");
    let starlette = pyproject("\"starlette\", \"hypercorn\"");
    let plain = pyproject("\"httpx\"");
    let application =
        "from fastapi import FastAPI\n\napp = FastAPI()\n\n@app.get('/healthz')\ndef ok(): return {}\n";
    let npm = |body: &str| format!("{{\"name\": \"shop\", {body}}}");
    let express = npm("\"scripts\": {\"start\": \"node server.js\"}, \"dependencies\": {\"express\": \"5\"}");
    let typescript = npm(
        "\"scripts\": {\"build\": \"tsc\", \"start\": \"node dist/main.js\"}, \"dependencies\": {\"fastify\": \"5\"}",
    );
    let vite = npm(
        "\"scripts\": {\"dev\": \"vite\", \"build\": \"vite build\"}, \"devDependencies\": {\"vite\": \"7\"}",
    );
    let next = npm(
        "\"packageManager\": \"pnpm@10.0.0\", \"scripts\": {\"build\": \"next build\", \"start\": \"next start\"}, \"dependencies\": {\"next\": \"16\"}",
    );
    let bun = npm("\"scripts\": {\"start\": \"bun src/index.ts\"}, \"dependencies\": {\"hono\": \"4\"}");
    let pom = "<project><artifactId>shop</artifactId><version>1.0</version><properties><java.version>17</java.version></properties><build><plugins><plugin><artifactId>spring-boot-maven-plugin</artifactId></plugin></plugins></build></project>";
    // The files of a repository, and lines that the files made for it must hold.
    let cases: Vec<(Vec<(&str, &str)>, Vec<&str>)> = vec![
        (
            vec![("pyproject.toml", &fastapi), ("uv.lock", ""), ("main.py", application)],
            vec![
                "FROM python:3.13-slim-trixie",
                "CMD [\"uvicorn\", \"main:app\", \"--host\", \"0.0.0.0\", \"--port\", \"8000\", \"--timeout-graceful-shutdown\", \"20\"]",
                "http://127.0.0.1:8000/healthz",
                "\"127.0.0.1:8000:8000\"",
            ],
        ),
        (
            vec![
                ("pyproject.toml", &packaged),
                ("uv.lock", ""),
                ("src/shop/__init__.py", ""),
                ("src/shop/main.py", application),
            ],
            vec!["uv sync --locked --no-dev --no-editable", "CMD [\"uvicorn\", \"shop.main:app\","],
        ),
        (
            vec![
                ("pyproject.toml", &flask),
                ("uv.lock", ""),
                (
                    "shop/__init__.py",
                    "from flask import Flask\n\ndef create_app():\n    app = Flask(__name__)\n    return app\n",
                ),
            ],
            vec!["\"shop:create_app()\"]", "socket.create_connection"],
        ),
        (
            vec![
                ("pyproject.toml", &flask),
                ("uv.lock", ""),
                ("shop.py", "import flask\napp = flask.Flask(__name__)\n"),
            ],
            vec!["\"shop:app\"]"],
        ),
        (
            vec![
                ("requirements.txt", "django==5.2\ngunicorn==23.0\n"),
                ("manage.py", ""),
                ("shop/wsgi.py", ""),
                ("shop/settings.py", "STATIC_ROOT = 'x'\n"),
            ],
            vec![
                "\"shop.wsgi:application\"]",
                "collectstatic --noinput",
                "uv pip install -r requirements.txt",
            ],
        ),
        (
            vec![("pyproject.toml", &django), ("uv.lock", ""), ("manage.py", ""), ("config/wsgi.py", "")],
            vec!["\"config.wsgi:application\"]"],
        ),
        (
            vec![
                ("pyproject.toml", &starlette),
                ("uv.lock", ""),
                ("api.py", "app = Starlette(debug=False)\n"),
            ],
            vec!["CMD [\"hypercorn\", \"api:app\", \"--bind\", \"0.0.0.0:8000\""],
        ),
        (
            vec![("pyproject.toml", &plain), ("uv.lock", ""), ("shop/__main__.py", "")],
            vec!["CMD [\"python\", \"-m\", \"shop\"]"],
        ),
        (
            vec![
                ("package.json", &express),
                ("package-lock.json", ""),
                ("server.js", "app.listen(process.env.PORT || 4000)"),
            ],
            vec![
                "RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev",
                "EXPOSE 4000",
                "CMD [\"node\", \"server.js\"]",
                "USER 1000:1000",
            ],
        ),
        (
            vec![
                ("package.json", &typescript),
                ("yarn.lock", ""),
                ("src/main.ts", "server.get('/health', ok)"),
            ],
            vec![
                "RUN yarn run build",
                "rm -rf node_modules && yarn install --frozen-lockfile --production",
                "/health",
            ],
        ),
        (
            vec![
                ("package.json", &vite),
                ("package-lock.json", ""),
                ("index.html", ""),
                ("vite.config.ts", "build: { outDir: './public' }"),
            ],
            vec![
                "COPY --from=build /app/public /usr/share/nginx/html",
                "FROM nginxinc/nginx-unprivileged:1.30-alpine",
                "try_files",
            ],
        ),
        (
            vec![("package.json", &next), ("pnpm-lock.yaml", ""), ("next.config.js", "output: 'standalone'")],
            vec![
                "RUN corepack enable",
                "COPY --from=build /app/.next/standalone ./",
                "CMD [\"node\", \"server.js\"]",
            ],
        ),
        (
            vec![("package.json", &bun), ("bun.lock", ""), ("src/index.ts", "export default {}")],
            vec!["FROM oven/bun:1-slim", "CMD [\"bun\", \"src/index.ts\"]"],
        ),
        (
            vec![
                ("go.mod", "module example.com/shop\n\ngo 1.25\n"),
                ("go.sum", ""),
                (
                    "main.go",
                    "package main\n\nimport \"net/http\"\n\nfunc main() { http.HandleFunc(\"/healthz\", ok); http.ListenAndServe(\":9000\", nil) }\n",
                ),
            ],
            vec![
                "golang:1.25-trixie AS build",
                "go build -trimpath -ldflags='-s -w' -o /out/app .",
                "USER 65532:65532",
                "EXPOSE 9000",
                "\"/app/wget\"",
            ],
        ),
        (
            vec![
                ("go.mod", "module example.com/shop/v2\ngo 1.25.1\n"),
                ("cmd/shop/main.go", "package main\nfunc main() {}\n"),
                ("cmd/tool/main.go", "package main\nfunc main() {}\n"),
            ],
            vec!["-o /out/app ./cmd/shop"],
        ),
        (
            vec![
                ("go.work", "go 1.25\n\nuse (\n\t./api\n\t./lib\n)\n"),
                ("api/go.mod", "module example.com/api\n\ngo 1.25\n"),
                ("api/main.go", "package main\nfunc main() {}\n"),
                ("lib/go.mod", "module example.com/lib\n\ngo 1.25\n"),
                ("lib/lib.go", "package lib\n"),
            ],
            vec!["golang:1.25-trixie AS build", "./api"],
        ),
        (
            vec![
                ("Cargo.toml", "[package]\nname = \"shop\"\n[dependencies]\naxum = \"0.8\"\n"),
                ("Cargo.lock", ""),
                ("src/main.rs", "use axum::Router; // 0.0.0.0:3000\n"),
            ],
            vec!["cargo build --release --locked --bin shop", "CMD [\"shop\"]", "/dev/tcp/127.0.0.1/3000"],
        ),
        (
            vec![
                ("Cargo.toml", "[workspace]\nmembers = [\"a\", \"b\"]\n"),
                ("Cargo.lock", ""),
                ("a/Cargo.toml", "[package]\nname = \"lib\"\n"),
                ("a/src/lib.rs", ""),
                ("b/Cargo.toml", "[package]\nname = \"serve\"\n"),
                ("b/src/main.rs", ""),
            ],
            vec!["--package serve --bin serve"],
        ),
        (
            vec![("pom.xml", pom), ("src/main/resources/application.properties", "server.port=9090\n")],
            vec![
                "FROM maven:3.9-eclipse-temurin-17 AS build",
                "target/shop-1.0.jar",
                "FROM eclipse-temurin:17-jre",
                "EXPOSE 9090",
            ],
        ),
        (
            vec![
                (
                    "build.gradle.kts",
                    "plugins { id(\"org.springframework.boot\") }\njava { toolchain { languageVersion = JavaLanguageVersion.of(21) } }",
                ),
                ("gradlew", ""),
                ("gradle/wrapper/gradle-wrapper.properties", ""),
            ],
            vec!["sh gradlew --no-daemon bootJar", "FROM eclipse-temurin:21-jre"],
        ),
        (vec![("index.html", ""), ("style.css", "")], vec!["COPY . /usr/share/nginx/html", "EXPOSE 8080"]),
        (
            vec![
                ("api/go.mod", "module shop\ngo 1.25\n"),
                ("api/main.go", "package main\nfunc main() {}\n"),
                ("web/package.json", &vite),
                ("web/package-lock.json", ""),
            ],
            vec!["build: ./api", "build: ./web", "\"127.0.0.1:8080:8080\""],
        ),
        // Workspaces: each program is built from the top, behind the packages that it needs.
        (
            vec![
                ("package.json", "{\"packageManager\": \"pnpm@10.0.0\"}"),
                ("pnpm-workspace.yaml", "packages:\n  - 'apps/*'\n  - \"packages/**\"\n"),
                ("pnpm-lock.yaml", ""),
                (
                    "apps/api/package.json",
                    "{\"name\": \"@shop/api\", \"scripts\": {\"build\": \"tsc\", \"start\": \"node dist/main.js\"}, \"dependencies\": {\"fastify\": \"5\", \"@shop/data\": \"workspace:*\"}}",
                ),
                ("apps/api/src/main.ts", "server.listen({ port: 4000 }); server.get('/healthz', ok)"),
                (
                    "packages/data/package.json",
                    "{\"name\": \"@shop/data\", \"main\": \"dist/index.js\", \"scripts\": {\"build\": \"tsc\"}}",
                ),
            ],
            vec![
                "COPY packages/data/package.json ./packages/data/",
                "RUN pnpm --filter @shop/data run build\nRUN pnpm --filter @shop/api run build\n",
                "--prod --ignore-scripts --filter '@shop/api...'",
                "WORKDIR /app/apps/api",
                "dockerfile: apps/api/Dockerfile",
                "      context: .",
                "/healthz",
            ],
        ),
        (
            vec![
                ("package.json", "{\"workspaces\": [\"web\", \"lib\"]}"),
                ("package-lock.json", ""),
                ("web/package.json", &vite),
                ("web/vite.config.js", ""),
                ("lib/package.json", "{\"name\": \"lib\"}"),
            ],
            vec![
                "RUN npm run build --workspace=shop",
                "COPY --from=build /app/web/dist /usr/share/nginx/html",
            ],
        ),
        (
            vec![
                ("pyproject.toml", "[tool.uv.workspace]\nmembers = [\"services/*\", \"libs/*\"]\n"),
                ("uv.lock", ""),
                ("services/api/pyproject.toml", &packaged),
                ("services/api/src/shop/__init__.py", ""),
                ("services/api/src/shop/main.py", application),
                ("libs/core/pyproject.toml", "[project]\nname = \"core\"\nversion = \"1\"\n"),
            ],
            vec![
                "uv sync --locked --no-dev --no-editable --package shop",
                "\"shop.main:app\"",
                "dockerfile: services/api/Dockerfile",
            ],
        ),
        (
            vec![
                ("go.mod", "module example.com/shop\ngo 1.21\n"),
                (
                    "cmd/orders/main.go",
                    "package main\nimport \"net/http\"\nfunc main() { http.ListenAndServe(\":7001\", nil) }\n",
                ),
                (
                    "cmd/stock/main.go",
                    "package main\nimport \"net/http\"\nfunc main() { http.ListenAndServe(\":7002\", nil) }\n",
                ),
                ("cmd/shopctl/main.go", "package main\nfunc main() {}\n"),
            ],
            vec![
                "golang:1.26-trixie",
                "-o /out/orders ./cmd/orders",
                "static-debian12:nonroot AS stock",
                "target: orders",
                "\"127.0.0.1:7002:7002\"",
            ],
        ),
        (
            vec![
                (
                    "pom.xml",
                    "<project><artifactId>shop</artifactId><version>1.0</version><packaging>pom</packaging><modules><module>core</module><module>server</module></modules></project>",
                ),
                (
                    "core/pom.xml",
                    "<project><parent><version>1.0</version></parent><artifactId>core</artifactId></project>",
                ),
                (
                    "server/pom.xml",
                    "<project><parent><version>1.0</version></parent><artifactId>shop-server</artifactId><build><plugins><plugin><artifactId>spring-boot-maven-plugin</artifactId></plugin></plugins></build></project>",
                ),
            ],
            vec![
                "package --projects server --also-make -DskipTests",
                "server/target/shop-server-1.0.jar /out/app.jar",
                "EXPOSE 8080",
            ],
        ),
        (
            vec![
                ("settings.gradle.kts", "include(\"app\")\n"),
                (
                    "app/build.gradle.kts",
                    "plugins { application }\napplication {\n    mainClass = \"shop.App\"\n}\n",
                ),
            ],
            vec!["gradle --no-daemon :app:installDist", "\"-cp\", \"/app/lib/*\", \"shop.App\"]"],
        ),
        (
            vec![
                ("Shop.sln", ""),
                (
                    "src/Api/Api.csproj",
                    "<Project Sdk=\"Microsoft.NET.Sdk.Web\"><PropertyGroup><TargetFramework>net8.0</TargetFramework></PropertyGroup></Project>",
                ),
                ("src/Api/Program.cs", "app.MapHealthChecks(\"/healthz\");"),
                ("src/Core/Core.csproj", "<Project Sdk=\"Microsoft.NET.Sdk\"></Project>"),
            ],
            vec![
                "FROM mcr.microsoft.com/dotnet/aspnet:8.0",
                "ENTRYPOINT [\"dotnet\", \"Api.dll\"]",
                "GET /healthz",
            ],
        ),
        // What other tools say of what runs.
        (
            vec![
                ("Pipfile", "[packages]\nflask = \"*\"\n[requires]\npython_version = \"3.12\"\n"),
                ("Pipfile.lock", "{}"),
                ("Procfile", "web: gunicorn shop.wsgi:application --log-file -\n"),
                ("shop/wsgi.py", "application = make()\n"),
            ],
            vec![
                "FROM python:3.12-slim-trixie",
                "pipenv@",
                "uv pip install gunicorn==",
                "\"shop.wsgi:application\"]",
            ],
        ),
        (
            vec![
                (
                    "pyproject.toml",
                    "[tool.poetry]\nname = \"shop\"\n[tool.poetry.dependencies]\npython = \"^3.12\"\nfastapi = \"*\"\nuvicorn = \"*\"\n",
                ),
                ("poetry.lock", ""),
                ("shop/main.py", application),
            ],
            vec!["poetry@", "sync --only main --no-root", "\"shop.main:app\""],
        ),
        (
            vec![("requirements.txt", "streamlit==1.50\n"), ("app.py", "import streamlit as st\n")],
            vec!["\"streamlit\", \"run\", \"app.py\"", "EXPOSE 8501", "/_stcore/health"],
        ),
        (
            vec![
                ("go.mod", "module example.com/site\ngo 1.25\n"),
                (
                    "main.go",
                    "package main\nimport \"net/http\"\nfunc main() { load(\"templates/*.html\"); http.ListenAndServe(\":\"+os.Getenv(\"PORT\"), nil) }\n",
                ),
                ("templates/a.html", ""),
            ],
            vec!["COPY templates ./templates", "ENV PORT=8080"],
        ),
    ];
    for (files, lines) in cases {
        let made = made(&files);
        let all: String = made.files.iter().map(|source| &*source.text).collect();
        assert!(made.files.len() >= 3, "{files:?}: {:?}", made.notes);
        for line in lines {
            assert!(all.contains(line), "{line}\nis not in\n{all}");
        }
        assert_eq!(findings(&made, &files), Vec::<String>::new(), "{all}");
    }
}

#[test]
fn what_cannot_be_told_is_said() {
    let cases: [(&[(&str, &str)], &str); 9] = [
        (
            &[
                (
                    "pyproject.toml",
                    "[project]\nname = \"quartz\"\nversion = \"1\"\nclassifiers = [\"Topic :: Software Development :: Libraries :: Application Frameworks\"]\n[project.scripts]\nquartz = \"quartz.cli:main\"\n",
                ),
                ("src/quartz/cli.py", "def main(): ..."),
            ],
            "it is a library",
        ),
        (
            &[("package.json", "{\"scripts\": {\"start\": \"node a.js\"}}"), ("a.js", "")],
            "there is no lock file",
        ),
        (&[("package.json", "{}"), ("package-lock.json", "")], "no `start` script"),
        (&[("pyproject.toml", "[tool.poetry]\nname = \"a\"\n"), ("main.py", "")], "locked nowhere"),
        (&[("requirements.txt", "requests==2\n"), ("lib/x.py", "")], "no application object"),
        (&[("composer.json", "{}"), ("package.json", "{}")], "written in PHP"),
        (&[("go.mod", "module a\n"), ("a.go", "package a\n")], "no package `main`"),
        (&[("Cargo.toml", "[package]\nname = \"a\"\n"), ("src/lib.rs", "")], "the package is a library"),
        (
            &[
                ("package.json", "{\"workspaces\": [\"a\"]}"),
                ("package-lock.json", ""),
                ("a/package.json", "{}"),
            ],
            "it has no `start` script",
        ),
    ];
    for (files, note) in cases {
        let made = made(files);
        assert!(made.files.is_empty(), "{files:?}");
        assert!(made.notes.iter().any(|n| n.contains(note)), "{files:?}: {:?}", made.notes);
    }
}

#[test]
fn nothing_is_overwritten() {
    let files = [("index.html", ""), ("Dockerfile", "FROM nginx"), ("docker-compose.yml", "services: {}")];
    let made = made(&files);
    let paths: Vec<&str> = made.files.iter().map(|source| source.path.as_str()).collect();
    assert_eq!(paths, [".dockerignore"]);
    assert_eq!(made.notes.len(), 2, "{:?}", made.notes);
}
