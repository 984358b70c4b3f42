//! What of a context lies where in an image.
#![expect(clippy::unwrap_used, reason = "a test that knows what it made")]

use camino::{Utf8Path, Utf8PathBuf};
use seaworthy_engine::project::Found;
use seaworthy_engine::{Files, Kind, Project, Source, SourceId, parse};

/// A project of sources and other files, read as the program reads it.
fn project(sources: &[(&str, Kind, &str)], others: &[(&str, &str)]) -> Project {
    let all = || sources.iter().map(|(path, _, text)| (*path, *text)).chain(others.iter().copied());
    let names = all().map(|(path, _)| Utf8PathBuf::from(path)).collect();
    let files = Files::new(vec![Utf8PathBuf::new()], names);
    let parses: Vec<_> = sources
        .iter()
        .enumerate()
        .map(|(n, (path, kind, text))| parse(SourceId(n as u32), Source::new(*path, *kind, *text)))
        .collect();
    let text = |wanted: &Utf8Path| all().find(|(path, _)| wanted == path).map(|(_, text)| text.into());
    let mut project = Project::read(parses, files, text);
    loop {
        let reads = project.reads();
        if reads.is_empty() {
            return project;
        }
        for path in reads {
            let text = text(&path);
            project.files.add_text(path, text);
        }
    }
}

/// Where the last stage of the first Dockerfile has each path from; empty where that is not known.
fn assert_found(project: &Project, expected: &[(&str, &str)]) {
    let stage = project.builds[0].last().unwrap();
    for (path, source) in expected {
        let found = match project.in_image(stage, path) {
            Some(Found::File(file)) => file.into_string(),
            Some(Found::Text(text)) => text.to_owned(),
            None => String::new(),
        };
        assert_eq!(found, *source, "{path}");
    }
}

const COPIES: &str = "\
FROM node:22 AS build
WORKDIR /src
COPY package*.json ./
COPY . .
FROM alpine:3.22
WORKDIR /app
COPY --from=build /src/server ./server
COPY --from=build /src/package.json .
COPY --from=build /src/dist /app/dist
COPY app/main.py main.py
COPY app /opt/app/
COPY conf/a.conf conf/b.conf /etc/
COPY one.sh /app
COPY <<EOF /etc/motd
hello
EOF
ADD site.tar.gz /var/www/
CMD [\"./server/run.sh\"]
";

#[test]
fn copies() {
    let project = project(
        &[("Dockerfile", Kind::Dockerfile, COPIES)],
        &[
            (".dockerignore", "secret\n*.log\n"),
            ("package.json", "{}"),
            ("server/run.sh", "exec node"),
            ("server/x.log", ""),
            ("secret/key", ""),
            ("app/main.py", ""),
            ("app/secret/key", ""),
            ("conf/a.conf", ""),
            ("conf/b.conf", ""),
            ("one.sh", ""),
            ("site.tar.gz", ""),
        ],
    );
    assert_found(
        &project,
        &[
            ("/app/server/run.sh", "server/run.sh"),
            ("/app/server/../server/run.sh", "server/run.sh"),
            ("/app/server/x.log", "server/x.log"),
            ("/app/package.json", "package.json"),
            ("/app/main.py", "app/main.py"),
            ("/opt/app/main.py", "app/main.py"),
            ("/opt/app/secret/key", "app/secret/key"),
            ("/etc/a.conf", "conf/a.conf"),
            ("/etc/b.conf", "conf/b.conf"),
            ("/app/one.sh", "one.sh"),
            ("/etc/motd", "hello\n"),
            ("/app/dist/index.js", ""),
            ("/src/package.json", ""),
            ("/var/www/site.tar.gz", ""),
        ],
    );
    assert_eq!(project.files.text("server/run.sh".into()).map(|t| &**t), Some("exec node"));
}

#[test]
fn contexts() {
    let copy = "FROM scratch\nCOPY services/api/run.sh /run.sh\n";
    let service =
        "services:\n  api:\n    build:\n      context: .\n      dockerfile: services/api/Dockerfile\n";
    let around = [("services/api/run.sh", ""), ("services/web/x", "")];
    // Nobody names the context: the nearest directory that has what is copied.
    let likely = project(&[("services/api/Dockerfile", Kind::Dockerfile, copy)], &around);
    assert_found(&likely, &[("/run.sh", "services/api/run.sh")]);
    assert!(likely.builds[0].context().unwrap().certain);
    let named = project(
        &[("services/api/Dockerfile", Kind::Dockerfile, copy), ("compose.yaml", Kind::Compose, service)],
        &around,
    );
    assert_found(&named, &[("/run.sh", "services/api/run.sh")]);
    // `COPY . .` is true of every directory.
    let all = project(&[("services/api/Dockerfile", Kind::Dockerfile, "FROM scratch\nCOPY . /a\n")], &around);
    assert_found(&all, &[("/a/run.sh", "services/api/run.sh")]);
    assert!(!all.builds[0].context().unwrap().certain);
    // The Dockerfile's own `.dockerignore` counts before that of the context.
    let ignored = project(
        &[("Dockerfile", Kind::Dockerfile, "FROM scratch\nCOPY . /a\n")],
        &[("Dockerfile.dockerignore", "x\n"), (".dockerignore", "y\n"), ("x", ""), ("y", "")],
    );
    assert_found(&ignored, &[("/a/x", ""), ("/a/y", "y")]);
}

#[test]
fn containers() {
    let compose = "services:\n  web:\n    image: nginx:1.29\n    volumes:\n    - ./nginx.conf:/etc/nginx/nginx.conf:ro\n    - ./html:/srv\n    - data:/srv/data\nvolumes:\n  data:\n";
    let project = project(
        &[("deploy/compose.yaml", Kind::Compose, compose)],
        &[("deploy/nginx.conf", "events {}"), ("deploy/html/index.html", ""), ("deploy/html/data/x", "")],
    );
    let container = &project.containers[0];
    let at = |path: &str| project.in_container(container, path);
    let file = |path: &str| Some(Found::File(path.into()));
    assert_eq!(at("/etc/nginx/nginx.conf"), file("deploy/nginx.conf"));
    assert_eq!(at("/srv/index.html"), file("deploy/html/index.html"));
    assert_eq!(at("/srv/data/x"), None);
    assert_eq!(at("/etc/nginx/mime.types"), None);
    assert_eq!(at("/etc/nginx/nginx.conf").unwrap().text(&project), Some("events {}"));
}
