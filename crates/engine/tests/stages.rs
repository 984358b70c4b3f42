//! What the model says of the stages of small Dockerfiles.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use seaworthy_engine::project::container::{Action, User};
use seaworthy_engine::project::dockerfile::{Base, ImageCommand, Stage, StageRole, UseKind};
use seaworthy_engine::project::{Origin, Setting};
use seaworthy_engine::syntax::dockerfile::{Env, Value};
use seaworthy_engine::{Files, Kind, Project, Source, SourceId, parse};

fn project(text: &str) -> Project {
    let source = Source::new("app/Dockerfile", Kind::Dockerfile, text);
    Project::of(vec![parse(SourceId(0), source)], Files::default())
}

fn last(project: &Project) -> &Stage {
    project.builds[0].last().unwrap()
}

fn name(user: &Setting<User>) -> String {
    if user.is_unknown() {
        return format!("unknown {:?}", user.origin);
    }
    match user.value() {
        None => "unset".to_owned(),
        Some(User { name, uid, gid, .. }) => {
            let number = |n: &Option<u32>| n.map(|n| n.to_string()).unwrap_or_default();
            format!("{} {}:{}", name.as_deref().unwrap_or("-"), number(uid), number(gid))
        }
    }
}

#[test]
fn the_user_of_the_last_stage() {
    for (text, expected) in [
        ("FROM scratch\n", "unset"),
        ("FROM debian\n", "root 0:"),
        ("FROM example.com/app:1\n", "unknown Image"),
        ("FROM debian\nUSER app\n", "app :"),
        ("FROM debian\nUSER 1001:1002\n", "- 1001:1002"),
        ("FROM node:20\nUSER node\n", "node 1000:1000"),
        ("FROM node:20\nUSER 1000\n", "node 1000:1000"),
        ("FROM debian\nUSER \"\"\n", " :"),
        ("FROM debian\nUSER root\nUSER app:root\n", "app :0"),
        ("FROM debian\nARG U\nUSER $U\n", "unknown Dockerfile"),
        ("FROM debian\nARG U=app\nUSER ${U}\n", "app :"),
        ("FROM debian\nUSER ${U:-web}\n", "unknown Dockerfile"),
        ("FROM scratch\nUSER ${U:-web}\n", "web :"),
        ("FROM debian\nONBUILD USER app\n", "root 0:"),
        ("FROM node:20 AS base\nUSER node\nFROM base\n", "node 1000:1000"),
        ("FROM node:20 AS Base\nUSER node\nFROM base AS b\nFROM b\nUSER 0\n", "- 0:"),
        ("FROM node AS base\nUSER node\nFROM debian\n", "root 0:"),
        ("FROM base\nFROM debian AS base\n", "root 0:"),
        ("ARG TAG=20\nFROM node:${TAG}\nUSER node\n", "node 1000:1000"),
        ("ARG TAG\nFROM node:${TAG}\n", "unknown Image"),
        ("FROM nginxinc/nginx-unprivileged\n", "nginx 101:101"),
        ("FROM mcr.microsoft.com/dotnet/aspnet:8.0\nUSER $APP_UID\n", "app 1654:1654"),
        ("FROM gcr.io/distroless/static:nonroot\n", "nonroot 65532:65532"),
    ] {
        assert_eq!(name(last(&project(text)).end().user()), expected, "{text}");
    }
}

#[test]
fn users_made_by_commands_have_their_ids() {
    for (text, expected) in [
        ("FROM debian\nRUN groupadd -g 1001 app && useradd -u 1001 -g 1001 app\nUSER app\n", "app 1001:1001"),
        ("FROM alpine\nRUN addgroup -S app && adduser -S -u 1002 -G app app\nUSER app\n", "app 1002:"),
        (
            "FROM debian AS b\nRUN useradd -u 1003 app\nFROM scratch\nCOPY --from=b /etc/passwd /etc/passwd\nUSER app\n",
            "app 1003:1003",
        ),
        ("FROM debian\nRUN groupadd -g 1005 web && useradd -u 1001 -g web app\nUSER app\n", "app 1001:1005"),
        ("FROM alpine\nRUN adduser -D -u 1001 app\nUSER app\n", "app 1001:1001"),
        ("FROM alpine\nRUN adduser --system --uid 1001 app\nUSER app\n", "app 1001:"),
        ("FROM debian\nARG ID=1234\nRUN useradd --uid $ID app\nUSER app\n", "app 1234:1234"),
        ("FROM debian\nUSER app\nRUN useradd -u 1001 app\n", "app :"),
    ] {
        assert_eq!(name(last(&project(text)).end().user()), expected, "{text}");
    }
}

#[test]
fn directories_join() {
    for (text, expected) in [
        ("FROM scratch\n", None),
        ("FROM debian\n", Some("/")),
        ("FROM debian\nWORKDIR app\n", Some("/app")),
        ("FROM debian\nWORKDIR /app/\nWORKDIR ./src/../web\n", Some("/app/web")),
        ("FROM golang\nWORKDIR src\n", Some("/go/src")),
        ("FROM example.com/x\nWORKDIR src\n", None),
        ("FROM example.com/x\nWORKDIR /src\n", Some("/src")),
        ("FROM debian\nENV HOME=/srv\nWORKDIR $HOME/app\n", Some("/srv/app")),
        ("FROM debian AS b\nWORKDIR /app\nFROM b\nWORKDIR web\n", Some("/app/web")),
        ("FROM debian\nARG D\nWORKDIR $D\nWORKDIR x\n", None),
        (
            "# escape=`\nFROM mcr.microsoft.com/windows/nanoserver:ltsc2022\nWORKDIR C:\\app\nWORKDIR bin\n",
            Some("C:/app/bin"),
        ),
    ] {
        let project = project(text);
        assert_eq!(last(&project).end().workdir().value().map(String::as_str), expected, "{text}");
    }
}

#[test]
fn entry_points_take_away_the_command_of_the_base() {
    let exec = |words: &[&str]| Some(ImageCommand::Exec(words.iter().map(|w| (*w).to_owned()).collect()));
    let shell = |shell: &[&str], line: &str| {
        let shell = shell.iter().map(|w| (*w).to_owned()).collect();
        Some(ImageCommand::Shell { shell, line: line.to_owned() })
    };
    for (text, entrypoint, command) in [
        ("FROM node\n", exec(&["docker-entrypoint.sh"]), exec(&["node"])),
        ("FROM node\nENTRYPOINT [\"tini\"]\n", exec(&["tini"]), None),
        ("FROM node\nCMD [\"a\"]\nENTRYPOINT [\"tini\"]\n", exec(&["tini"]), exec(&["a"])),
        ("FROM node AS b\nCMD [\"a\"]\nFROM b\nENTRYPOINT [\"tini\"]\n", exec(&["tini"]), None),
        ("FROM node\nENTRYPOINT []\n", None, None),
        ("FROM python:3\nCMD python a.py\n", None, shell(&[], "python a.py")),
        (
            "FROM python:3\nSHELL [\"/bin/bash\", \"-c\"]\nCMD python a.py\n",
            None,
            shell(&["/bin/bash", "-c"], "python a.py"),
        ),
        ("FROM python:3\nONBUILD CMD a\n", None, exec(&["python3"])),
    ] {
        let project = project(text);
        let end = last(&project).end();
        assert_eq!(end.entrypoint().value(), entrypoint.as_ref(), "{text}");
        assert_eq!(end.command().value(), command.as_ref(), "{text}");
    }
}

#[test]
fn variables_are_seen_as_buildkit_shows_them() {
    fn show(value: Value<'_>) -> String {
        match value {
            Value::Set(value) => value.to_owned(),
            Value::Unset => "unset".to_owned(),
            Value::Unknown => "unknown".to_owned(),
        }
    }
    // The Dockerfile, what `$X` is at its end, and what the image sets `X` to.
    for (text, seen, image) in [
        ("FROM scratch\n", "unset", "unset"),
        ("FROM debian\n", "unknown", "unknown"),
        ("FROM scratch\nENV X=1\n", "1", "1"),
        ("FROM scratch\nARG X=1\n", "1", "unset"),
        ("FROM scratch\nARG X\n", "unknown", "unset"),
        ("FROM scratch\nENV X=1\nARG X=2\n", "2", "1"),
        ("FROM scratch\nENV X=1\nARG X\n", "1", "1"),
        ("FROM scratch\nENV X=1\nARG X=2\nENV X=$X$X\n", "22", "22"),
        ("FROM scratch\nENV X=1 Y=$X\nENV X=$Y\n", "", ""),
        ("ARG X=1\nFROM scratch\n", "unset", "unset"),
        ("ARG X=1\nFROM scratch\nARG X\n", "1", "unset"),
        ("ARG X=1\nFROM scratch\nARG X=2\n", "2", "unset"),
        ("ARG X\nFROM scratch\nARG X\n", "unknown", "unset"),
        ("ARG V=1\nARG X=a$V\nFROM scratch\nARG X\n", "a1", "unset"),
        ("FROM scratch\nARG TARGETARCH\nENV X=$TARGETARCH\n", "unknown", "unknown"),
        ("FROM scratch\nENV X=$TARGETARCH\n", "", ""),
        ("FROM scratch AS b\nARG X=1\nFROM b\n", "1", "unset"),
        ("FROM scratch AS b\nENV X=1\nARG X=2\nFROM b\n", "1", "1"),
        ("FROM scratch\nARG A=1 X=$A\n", "1", "unset"),
        ("FROM scratch\nENV X a b\n", "a b", "a b"),
    ] {
        let project = project(text);
        let end = last(&project).end();
        assert_eq!((show(Env::get(&end, "X")), show(end.env("X"))), (seen.into(), image.into()), "{text}");
    }
    let project = project("FROM scratch\nENV B=2\nENV A=1\nARG C=3\n");
    let names: Vec<&str> = last(&project).end().variables().iter().map(|v| v.name).collect();
    assert_eq!(names, ["A", "B"]);
    assert!(last(&project).end().declares("C") && !last(&project).end().declares("A"));
}

#[test]
fn stages_take_from_each_other() {
    let text = "FROM golang AS Build\nFROM scratch AS assets\nFROM node AS test\nCOPY --from=build /a /a\n\
        FROM scratch\nCOPY --from=BUILD /app /app\nCOPY --from=1 /x /x\nCOPY --from=nginx:1 /y /y\n\
        COPY --from=9 /z /z\nRUN --mount=type=bind,from=build,target=/b true\n";
    let project = project(text);
    let build = &project.builds[0];
    let image = |n: &str| Base::Image(seaworthy_engine::project::container::ImageName::parse(n).unwrap());
    let uses: Vec<_> = build.last().unwrap().uses.iter().map(|u| (u.from.clone(), u.kind)).collect();
    assert_eq!(
        uses,
        [
            (Base::Stage(0), UseKind::Copy),
            (Base::Stage(1), UseKind::Copy),
            (image("nginx:1"), UseKind::Copy),
            (Base::Unknown, UseKind::Copy),
            (Base::Stage(0), UseKind::Mount),
        ]
    );
    let roles: Vec<_> = build.stages.iter().map(|s| s.role).collect();
    assert_eq!(roles, [StageRole::Build, StageRole::Build, StageRole::Aside, StageRole::Final]);
    assert_eq!(build.stage("BUILD").map(|s| s.index), Some(0));
    assert_eq!(build.stage("3").map(|s| s.index), Some(3));
}

#[test]
fn ports_volumes_labels_and_health() {
    let text = "FROM nginx\nENV P=8080\nEXPOSE $P 9000-9002/udp\nVOLUME /data\nVOLUME [\"/a\", \"/b c\"]\n\
        LABEL a=1 b=\"two words\"\nLABEL a=3\nSTOPSIGNAL SIGINT\n\
        HEALTHCHECK --interval=1m30s --retries=5 CMD curl -f localhost\n";
    let project = project(text);
    let end = last(&project).end();
    let ports: Vec<_> = end.ports().map(|p| (p.container, p.container_end, p.protocol.as_str())).collect();
    assert_eq!(ports, [(80, 80, "tcp"), (8080, 8080, "tcp"), (9000, 9002, "udp")]);
    assert!(end.ports_are_complete());
    let volumes: Vec<_> = end.volumes().map(|v| v.value.as_str()).collect();
    assert_eq!(volumes, ["/data", "/a", "/b c"]);
    let labels: Vec<_> = end.labels().map(|l| (l.name.as_str(), l.value.as_deref())).collect();
    assert_eq!(labels, [("a", Some("3")), ("b", Some("two words")), ("a", Some("1"))]);
    assert_eq!(end.stop_signal().value().map(String::as_str), Some("SIGINT"));
    let health = end.healthcheck().value().unwrap();
    assert_eq!((health.interval, health.retries, health.timeout), (Some(90), Some(5), None));
    assert_eq!(health.action, Action::Shell("curl -f localhost".to_owned()));
    let silent = project_end("FROM debian\nHEALTHCHECK NONE\n");
    assert_eq!(silent, Some(Action::None));
}

fn project_end(text: &str) -> Option<Action> {
    last(&project(text)).end().healthcheck().value().map(|p| p.action.clone())
}

#[test]
fn the_configuration_at_each_instruction() {
    let project = project("FROM debian\nRUN a\nUSER app\nRUN b\nUSER root\nRUN c\n");
    let stage = last(&project);
    let users: Vec<_> = stage.walk(&project).map(|s| (name(s.before.user()), name(s.after.user()))).collect();
    let (root, app, root_again) = ("root 0:".to_owned(), "app :".to_owned(), "root 0:".to_owned());
    assert_eq!(users[1], (root.clone(), app.clone()));
    assert_eq!(users[2], (app.clone(), app.clone()));
    assert_eq!(users[3], (app, root_again.clone()));
    assert_eq!(users[4], (root_again, root));
    let at = stage.end().user().at.unwrap();
    assert_eq!(stage.end().user().origin, Origin::Dockerfile);
    assert_eq!((project.text(at), at.start), ("root", 38));
}

#[test]
fn windows_is_told() {
    for (text, windows) in [
        ("FROM mcr.microsoft.com/windows/servercore:ltsc2022\n", true),
        ("FROM mcr.microsoft.com/dotnet/aspnet:8.0-nanoserver-ltsc2022\n", true),
        ("FROM --platform=windows/amd64 example.com/x\n", true),
        ("FROM example.com/x\nSHELL [\"powershell\", \"-Command\"]\n", true),
        ("FROM mcr.microsoft.com/windows/servercore:ltsc2022 AS b\nFROM b\n", true),
        ("# escape=`\nFROM example.com/x\n", true),
        ("# escape=`\nFROM debian\n", false),
        ("FROM mcr.microsoft.com/powershell\nSHELL [\"pwsh\", \"-c\"]\n", false),
        ("FROM debian\n", false),
    ] {
        assert_eq!(last(&project(text)).windows, windows, "{text}");
    }
}

#[test]
fn distributions() {
    use seaworthy_engine::images::PackageManager::{Apk, Apt, Dnf};
    for (text, packages) in [
        ("FROM node:20-alpine\n", Some(Apk)),
        ("FROM node:20\n", Some(Apt)),
        ("FROM example.com/x:1-alpine3.20\n", Some(Apk)),
        ("FROM example.com/x:1-bookworm\n", Some(Apt)),
        ("FROM example.com/x\n", None),
        ("FROM example.com/x\nRUN set -e; apt-get update\n", Some(Apt)),
        ("FROM example.com/x AS b\nRUN [\"dnf\", \"install\"]\nFROM b\n", Some(Dnf)),
        ("FROM scratch\nRUN apt-get update\n", None),
    ] {
        let project = project(text);
        assert_eq!(last(&project).distribution(&project).map(|d| d.packages), packages, "{text}");
    }
}

#[test]
fn many_stages_and_variables_cost_little() {
    let mut text = String::from("FROM scratch AS s0\n");
    for n in 1..4000 {
        text.push_str(&format!("FROM s{} AS s{n}\nENV V{n}=$V{} W=$W\n", n - 1, n - 1));
    }
    let project = project(&text);
    assert_eq!(project.builds[0].stages.len(), 4000);
    assert_eq!(Env::get(&last(&project).end(), "V1"), Value::Unknown);
}
