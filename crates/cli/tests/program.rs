//! The program as its users run it: real processes on real files.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its files has failed")]

#[path = "program/sandbox.rs"]
mod sandbox;

use sandbox::Sandbox;

const UNTAGGED: &str = "FROM ubuntu\nUSER 1000\n";
const MANIFEST: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: api
spec:
  replicas: 2
  selector:
    matchLabels: {app: api}
  template:
    metadata:
      labels: {app: api}
    spec:
      containers:
        - name: api  # the one
          image: ghcr.io/acme/api:1.4.2
";

#[test]
fn exit_codes_are_0_1_and_2() {
    let sandbox = Sandbox::new(&[("good/Dockerfile", "FROM ubuntu:24.04\n"), ("bad/Dockerfile", UNTAGGED)]);
    let select = ["--select", "untagged-base"];
    assert_eq!(sandbox.run(&[&["check", "good"], &select[..]].concat()).code, 0);
    assert_eq!(sandbox.run(&[&["check", "bad"], &select[..]].concat()).code, 1);
    assert_eq!(sandbox.run(&[&["check", "."], &select[..]].concat()).code, 1);
    assert_eq!(sandbox.run(&["check", "nowhere"]).code, 2);
    assert_eq!(sandbox.run(&["check", "--no-such-flag"]).code, 2);
    for format in ["text", "concise", "json", "sarif", "github"] {
        let run = sandbox.run(&["check", "bad", "--format", format, "--select", "untagged-base"]);
        assert_eq!(run.code, 1, "{format}: {}", run.stderr);
        assert!(run.stdout.contains("untagged-base"), "{format}");
    }
}

#[test]
fn a_rule_goes_by_its_name_its_category_and_other_tools_ids() {
    let sandbox = Sandbox::new(&[("Dockerfile", UNTAGGED)]);
    for word in ["untagged-base", "DL3006", "dl3006", "CKV_DOCKER_7", "reliability", "all"] {
        let run = sandbox.run(&["check", "--format", "concise", "--select", word]);
        assert!(run.stdout.contains("untagged-base"), "{word}: {}", run.stdout);
        let run = sandbox.run(&["check", "--format", "concise", "--ignore", word]);
        assert!(!run.stdout.contains("untagged-base"), "{word}: {}", run.stdout);
    }
    let run = sandbox.run(&["check", "--select", "untaged-base"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("did you mean `untagged-base`?"), "{}", run.stderr);
    // The narrower word wins.
    let run = sandbox.run(&["check", "--format", "concise", "--select", "untagged-base", "--ignore", "all"]);
    assert!(run.stdout.contains("untagged-base"));
}

#[test]
fn what_cannot_be_read_is_said_and_the_rest_is_checked() {
    let sandbox = Sandbox::new(&[("app/Dockerfile", UNTAGGED)]);
    sandbox.write("app/binary.Dockerfile", b"\x7fELF\0\0\0");
    let mut large = b"apiVersion: v1\nkind: ConfigMap\n".to_vec();
    large.resize(17 << 20, b'\n');
    sandbox.write("app/large.yaml", &large);
    sandbox.link("nowhere", "app/compose.yaml");
    sandbox.link("/etc/hostname", "app/Dockerfile.out");
    let deep =
        format!("apiVersion: v1\nkind: ConfigMap\ndata: {}{}\n", "[".repeat(10_000), "]".repeat(10_000));
    sandbox.write("app/deep.yaml", deep.as_bytes());

    let select = ["--format", "concise", "--select", "untagged-base"];
    let run = sandbox.run(&[&["check", ".", "-v"], &select[..]].concat());
    assert_eq!(run.code, 1, "{}", run.stderr);
    assert!(run.stdout.contains("app/Dockerfile:1:6: medium untagged-base"), "{}", run.stdout);
    assert!(run.stdout.contains("app/deep.yaml:3:"), "{}", run.stdout);
    for said in [
        "warning: app/compose.yaml: a symbolic link to nothing",
        "warning: app/large.yaml: larger than 16 MiB",
        "note: app/binary.Dockerfile: not a text file",
        "note: app/Dockerfile.out: a symbolic link out of the tree",
    ] {
        assert!(run.stderr.contains(said), "{said}: {}", run.stderr);
    }

    // Named outright, each is a failure, and the rest is checked all the same.
    for (path, said) in [
        ("app/binary.Dockerfile", "not a text file"),
        ("app/large.yaml", "larger than 16 MiB"),
        ("app/compose.yaml", "a symbolic link to nothing"),
        ("nowhere", "no such file or directory"),
    ] {
        let run = sandbox.run(&[&["check", path, "app/Dockerfile"], &select[..]].concat());
        assert_eq!(run.code, 2, "{path}");
        assert!(run.stderr.contains(&format!("error: {path}: {said}")), "{path}: {}", run.stderr);
        assert!(run.stdout.contains("app/Dockerfile:1:6"), "{path}: {}", run.stdout);
    }
}

#[cfg(unix)]
#[test]
fn what_is_closed_to_the_user_is_said_and_the_rest_is_checked() {
    use std::os::unix::fs::PermissionsExt;
    let files = [
        ("open/Dockerfile", UNTAGGED),
        ("closed/Dockerfile", UNTAGGED),
        ("closed/inner/Dockerfile", UNTAGGED),
        ("secret/Dockerfile", UNTAGGED),
        ("listed/Dockerfile", UNTAGGED),
    ];
    let sandbox = Sandbox::new(&files);
    let set = |path, mode| {
        std::fs::set_permissions(sandbox.path(path), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    let closed = [("closed", 0o000), ("secret/Dockerfile", 0o000), ("listed", 0o444)];
    closed.iter().for_each(|(path, mode)| set(path, *mode));
    let select = ["--format", "concise", "--select", "untagged-base"];
    let run = sandbox.run_as_nobody(&[&["check"], &select[..]].concat());
    let named = sandbox.run_as_nobody(&[&["check", "closed", "secret/Dockerfile"], &select[..]].concat());
    closed.iter().for_each(|(path, _)| set(path, 0o755));
    let Some((run, named)) = run.zip(named) else {
        eprintln!("skipped: nothing is closed to root, and it cannot become another user here");
        return;
    };
    assert_eq!(run.code, 1, "{}", run.stderr);
    assert!(run.stdout.starts_with("open/Dockerfile:1:6: medium untagged-base"), "{}", run.stdout);
    for said in [
        "warning: closed: permission denied",
        "warning: secret/Dockerfile: permission denied",
        "warning: listed",
    ] {
        assert!(run.stderr.contains(said), "{said}: {}", run.stderr);
    }
    assert_eq!(named.code, 2, "{}", named.stderr);
    for said in ["error: closed: permission denied", "error: secret/Dockerfile: permission denied"] {
        assert!(named.stderr.contains(said), "{said}: {}", named.stderr);
    }
}

#[test]
fn no_document_shows_a_secret() {
    const SECRET: &str = "hunter2-a7f3c9";
    let dockerfile = format!(
        "FROM ubuntu:24.04\nENV API_TOKEN={SECRET}\nHEALTHCHECK CMD ask --token {SECRET} now\nCMD exec serve --token {SECRET}\n"
    );
    let sandbox = Sandbox::new(&[("Dockerfile", &dockerfile)]);
    for document in ["audit", "strategy", "plan"] {
        let run = sandbox.run(&["report", "--document", document]);
        assert_eq!(run.code, 0, "{}", run.stderr);
        assert!(!run.stdout.contains(SECRET), "{document}: {}", run.stdout);
        let diff = sandbox.run(&["variant", "--diff"]);
        assert!(diff.stdout.contains("+USER") && !diff.stdout.contains(SECRET), "{}", diff.stdout);
        assert!(document != "audit" || run.stdout.contains("ask --token … now"), "{}", run.stdout);
    }
}

#[test]
fn no_output_shows_a_secret_whatever_is_asked_for() {
    const SECRET: &str = "hunter2-a7f3c9";
    let dockerfile =
        format!("FROM ubuntu:24.04\n# seaworthy: ignore[secret-in-build]\nENV API_TOKEN {SECRET}\nUSER 1\n");
    let compose = format!(
        "services:\n  api:\n    image: ghcr.io/acme/api:1.4.2\n    environment:\n      - API_TOKEN={SECRET}\n      - API_TOKEN={SECRET}\n"
    );
    let variables = format!("API_TOKEN={SECRET}\n");
    let files = [("Dockerfile", &*dockerfile), ("compose.yaml", &compose), (".env", &variables)];
    let sandbox = Sandbox::new(&files);
    for select in ["all", "legacy-env-format,duplicate-env,privilege-escalation", "secret-in-env"] {
        for format in
            ["text", "concise", "json", "sarif", "github", "gitlab", "junit", "checkstyle", "markdown"]
        {
            let run = sandbox.run(&["check", "--select", select, "--format", format]);
            assert!(!run.stdout.contains(SECRET), "{select} {format}: {}", run.stdout);
        }
        let run = sandbox.run(&["fix", "--unsafe-fixes", "--diff", "--select", select]);
        assert!(!run.stdout.contains(SECRET), "{select}: {}", run.stdout);
    }
    let run = sandbox.run(&["fix", "--diff", "--select", "legacy-env-format,privilege-escalation"]);
    assert!(run.stdout.contains("+ENV API_TOKEN=…"), "{}", run.stdout);
    assert!(run.stderr.contains("2 lines of the diff hold a secret"), "{}", run.stderr);
}

#[test]
fn a_file_is_checked_once_whatever_it_is_called() {
    let sandbox = Sandbox::new(&[("app/Dockerfile", UNTAGGED)]);
    sandbox.link("Dockerfile", "app/Dockerfile.same");
    let run = sandbox.run(&[
        "check",
        "--format",
        "concise",
        "--select",
        "untagged-base",
        "app",
        ".",
        "app/Dockerfile",
        "./app/../app/Dockerfile",
    ]);
    assert_eq!(
        run.stdout,
        "app/Dockerfile:1:6: medium untagged-base `ubuntu` has no tag, so it is whatever `latest` is on the day it is built\n"
    );
}

#[test]
fn ignored_files_are_left_alone_unless_they_are_named() {
    let sandbox = Sandbox::new(&[
        (".gitignore", "out/\n"),
        ("out/Dockerfile", UNTAGGED),
        ("node_modules/x/Dockerfile", UNTAGGED),
        ("go.mod", "module x\n"),
        ("vendor/x/Dockerfile", UNTAGGED),
        (".devcontainer/Dockerfile", UNTAGGED),
    ]);
    let paths = |run: sandbox::Run| -> Vec<String> {
        run.stdout.lines().filter_map(|l| l.split(':').next()).map(str::to_owned).collect()
    };
    let check = ["check", "--format", "concise", "--select", "untagged-base"];
    assert_eq!(paths(sandbox.run(&check)), [".devcontainer/Dockerfile"]);
    assert_eq!(paths(sandbox.run(&[&check[..], &["out/Dockerfile"]].concat())), ["out/Dockerfile"]);
    assert_eq!(paths(sandbox.run(&[&check[..], &["vendor"]].concat())), ["vendor/x/Dockerfile"]);
}

#[test]
fn standard_input_is_checked_and_fixed() {
    let sandbox = Sandbox::new(&[]);
    let run = sandbox.run_on(&["check", "-", "--format", "concise", "--select", "untagged-base"], UNTAGGED);
    assert_eq!((run.code, &run.stdout[..16]), (1, "<stdin>:1:6: med"), "{}", run.stderr);
    let named = ["check", "-", "--stdin-filename", "k8s/api.yaml", "--format", "concise"];
    let run = sandbox.run_on(&[&named[..], &["--select", "privilege-escalation"]].concat(), MANIFEST);
    assert!(run.stdout.starts_with("k8s/api.yaml:"), "{}", run.stdout);
    let run = sandbox.run_on(&["fix", "-", "--select", "privilege-escalation"], MANIFEST);
    assert!(run.stdout.starts_with(MANIFEST), "{}", run.stdout);
    assert!(run.stdout.contains("allowPrivilegeEscalation: false"), "{}", run.stdout);
    assert_eq!(run.code, 0, "{}", run.stderr);
}

#[test]
fn fix_changes_what_it_says_and_nothing_else() {
    let crlf = MANIFEST.replace('\n', "\r\n").replace("the one", "caf\u{e9}");
    let latin: Vec<u8> = crlf.chars().map(|c| u8::try_from(c).unwrap_or(b'?')).collect();
    let sandbox = Sandbox::new(&[("Dockerfile", "FROM alpine:3.22\n")]);
    sandbox.write("k8s/api.yaml", &latin);
    let select = ["--select", "privilege-escalation"];

    let run = sandbox.run(&[&["fix", "--check"], &select[..]].concat());
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("would fix 1 problem in 1 file"), "{}", run.stderr);
    let run = sandbox.run(&[&["fix", "--diff"], &select[..]].concat());
    assert_eq!(run.code, 1);
    assert!(run.bytes.windows(4).any(|w| w == b"+   "), "{}", run.stdout);
    assert_eq!(sandbox.read("k8s/api.yaml"), latin, "nothing is written yet");

    let run = sandbox.run(&[&["fix"], &select[..]].concat());
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stderr.contains("fixed 1 problem in 1 file"), "{}", run.stderr);
    let fixed = sandbox.read("k8s/api.yaml");
    let added = b"          securityContext:\r\n            allowPrivilegeEscalation: false\r\n";
    assert_eq!(fixed, [&latin[..], added].concat(), "{}", String::from_utf8_lossy(&fixed));
    assert_eq!(sandbox.run(&[&["fix", "--check"], &select[..]].concat()).code, 0);
    let rest: Vec<_> =
        std::fs::read_dir(sandbox.path("k8s")).unwrap().flatten().map(|e| e.file_name()).collect();
    assert_eq!(rest, ["api.yaml"], "no other file is left behind");
}

#[cfg(unix)]
#[test]
fn fix_keeps_permissions_and_follows_links_within_the_tree_alone() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = Sandbox::new(&[("real/api.txt", MANIFEST)]);
    let outside = Sandbox::new(&[("api.yaml", MANIFEST)]);
    sandbox.link("real/api.txt", "api.yaml");
    sandbox.link(outside.path("api.yaml").to_str().unwrap(), "other.yaml");
    let real = sandbox.path("real/api.txt");
    std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o640)).unwrap();
    let run = sandbox.run(&["fix", "--select", "privilege-escalation"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(sandbox.path("api.yaml").is_symlink());
    assert!(String::from_utf8(sandbox.read("real/api.txt")).unwrap().contains("allowPrivilegeEscalation"));
    assert_eq!(std::fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(outside.read("api.yaml"), MANIFEST.as_bytes());

    let run = sandbox.run(&["fix", "other.yaml", "--select", "privilege-escalation"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("cannot write other.yaml"), "{}", run.stderr);
    assert_eq!(outside.read("api.yaml"), MANIFEST.as_bytes());

    // One file that cannot be written keeps all from being written.
    sandbox.write("a.yaml", MANIFEST.as_bytes());
    sandbox.write("b.yaml", MANIFEST.as_bytes());
    std::fs::set_permissions(sandbox.path("b.yaml"), std::fs::Permissions::from_mode(0o444)).unwrap();
    let run = sandbox.run(&["fix", "--select", "privilege-escalation"]);
    assert_eq!(run.code, 2);
    assert!(
        run.stderr.contains("b.yaml: it is read-only") && run.stderr.contains("nothing was changed"),
        "{}",
        run.stderr
    );
    assert_eq!(sandbox.read("a.yaml"), MANIFEST.as_bytes());
}

#[test]
fn a_typo_in_the_settings_is_shown_with_its_place() {
    let sandbox = Sandbox::new(&[
        ("Dockerfile", UNTAGGED),
        ("app/Dockerfile", UNTAGGED),
        (
            "app/seaworthy.toml",
            "# ours\nignroe = [\"untagged-base\"]\n[rules.untagged-base]\nseverity = \"hgih\"\n",
        ),
    ]);
    let run = sandbox.run(&["check", "--format", "concise", "--select", "untagged-base"]);
    assert_eq!(run.code, 2);
    assert!(
        run.stderr.contains("error: app/seaworthy.toml:2:1: unknown option `ignroe`; did you mean `ignore`?"),
        "{}",
        run.stderr
    );
    assert!(
        run.stderr.contains("error: app/seaworthy.toml:4:12: unknown value `hgih`; did you mean `high`?"),
        "{}",
        run.stderr
    );
    assert_eq!(run.stdout.lines().count(), 2, "the rest is checked: {}", run.stdout);
    let run = sandbox.run(&["fix"]);
    assert_eq!(run.code, 2, "nothing is fixed with settings that are not understood");
    sandbox.write("app/seaworthy.toml", b"select = [\n");
    let run = sandbox.run(&["check"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("error: app/seaworthy.toml:"), "{}", run.stderr);
}

#[test]
fn the_nearest_settings_count() {
    let sandbox = Sandbox::new(&[
        (
            "seaworthy.toml",
            "select = ['untagged-base']\nexclude = ['old/']\n[per-file-ignores]\n'*.dev' = ['DL3006']\n[rules.DL3006]\nseverity = 'critical'\n",
        ),
        ("Dockerfile", UNTAGGED),
        ("Dockerfile.dev", UNTAGGED),
        ("old/Dockerfile", UNTAGGED),
        ("own/seaworthy.toml", "ignore = ['reliability']\n"),
        ("own/Dockerfile", UNTAGGED),
        ("own/deeper/Dockerfile", UNTAGGED),
        (".hadolint.yaml", "ignored: [DL3006]\n"),
        ("hado/.git/HEAD", ""),
        ("hado/.hadolint.yaml", "override:\n  error: [DL3006]\n"),
        ("hado/Dockerfile", UNTAGGED),
    ]);
    let run = sandbox.run(&["check", "--format", "concise"]);
    let found: Vec<&str> =
        run.stdout.lines().filter_map(|l| l.split_once(" `ubuntu`")).map(|(l, _)| l).collect();
    assert_eq!(
        found,
        ["Dockerfile:1:6: critical untagged-base", "hado/Dockerfile:1:6: high untagged-base"],
        "{}",
        run.stderr
    );
    // A file that is named outright is read, though excluded.
    let run = sandbox.run(&["check", "--format", "concise", "old/Dockerfile"]);
    assert!(run.stdout.contains("old/Dockerfile:1:6: critical"), "{}", run.stdout);
    let run = sandbox.run(&["check", "--format", "concise", "--config", "own/seaworthy.toml", "Dockerfile"]);
    assert!(!run.stdout.contains("untagged-base"), "{}", run.stdout);
}

#[test]
fn colours_are_for_terminals() {
    let sandbox = Sandbox::new(&[("Dockerfile", UNTAGGED)]);
    let check = ["check", "--select", "untagged-base"];
    assert!(!sandbox.run(&check).stdout.contains('\u{1b}'));
    assert!(sandbox.run(&[&check[..], &["--color", "always"]].concat()).stdout.contains('\u{1b}'));
    assert!(sandbox.run_with(&check, &[("CLICOLOR_FORCE", "1")]).stdout.contains('\u{1b}'));
    let never = [&check[..], &["--color", "never"]].concat();
    assert!(!sandbox.run_with(&never, &[("CLICOLOR_FORCE", "1")]).stdout.contains('\u{1b}'));
    let json = [&check[..], &["--color", "always", "--format", "json"]].concat();
    assert!(!sandbox.run(&json).stdout.contains('\u{1b}'));
}

#[test]
fn output_goes_where_it_is_wanted() {
    let sandbox = Sandbox::new(&[("Dockerfile", UNTAGGED)]);
    let run = sandbox.run(&["check", "--format", "sarif", "-o", "out.sarif", "--select", "untagged-base"]);
    assert_eq!((run.code, run.stdout.as_str()), (1, ""));
    assert!(String::from_utf8(sandbox.read("out.sarif")).unwrap().contains("\"2.1.0\""));
    let run = sandbox.run(&["check", "-o", "no/such/directory/out"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("cannot write no/such/directory/out"), "{}", run.stderr);
    let run = sandbox.run(&["check", "--statistics", "--select", "untagged-base"]);
    assert!(run.stdout.contains("1  medium      untagged-base"), "{}", run.stdout);
    let run = sandbox.run(&["check", "-q", "--select", "syntax-error"]);
    assert_eq!((run.code, run.stdout.as_str(), run.stderr.as_str()), (0, "", ""));
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let sandbox = Sandbox::new(&[("Dockerfile", UNTAGGED)]);
    assert_eq!(sandbox.run_closed(&["check"]), 0);
    assert_eq!(sandbox.run_closed(&["rules"]), 0);
    assert_eq!(sandbox.run_closed(&["explain", "DL3006"]), 0);
}

#[test]
fn rules_are_listed_and_explained() {
    let sandbox = Sandbox::new(&[]);
    let run = sandbox.run(&["rules"]);
    assert!(run.code == 0 && run.stdout.contains("untagged-base"), "{}", run.stdout);
    let run = sandbox.run(&["rules", "DL3006", "--format", "json"]);
    assert!(run.stdout.contains("\"name\": \"untagged-base\""), "{}", run.stdout);
    let run = sandbox.run(&["explain", "DL3006"]);
    assert!(run.code == 0 && run.stdout.starts_with("untagged-base: "), "{}", run.stdout);
    let run = sandbox.run(&["explain", "untagged-bass"]);
    assert!(run.code == 2 && run.stderr.contains("did you mean `untagged-base`?"), "{}", run.stderr);
    assert!(sandbox.run(&["completions", "bash"]).stdout.contains("seaworthy"));
}

#[test]
fn a_file_that_does_not_parse_is_a_finding_and_is_not_fixed() {
    let broken = format!("{MANIFEST}          image: \"twice\n");
    let sandbox = Sandbox::new(&[("a.yaml", &broken), ("b.yaml", MANIFEST)]);
    let run = sandbox.run(&["fix", "--format", "concise", "--select", "privilege-escalation"]);
    assert_eq!(run.code, 1);
    assert!(run.stdout.contains("syntax-error"), "{}", run.stdout);
    assert_eq!(sandbox.read("a.yaml"), broken.as_bytes());
    assert!(sandbox.read("b.yaml").len() > MANIFEST.len());
}

#[test]
fn templates_are_told_apart() {
    let sandbox = Sandbox::new(&[
        ("chart/Chart.yaml", "apiVersion: v2\nname: x\n"),
        ("chart/templates/a.yaml", "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Release.Name }}\n"),
        ("Dockerfile.j2", "FROM {{ base }}\n"),
        ("Dockerfile", "{% if x %}\nFROM ubuntu\n{% endif %}\n"),
    ]);
    let run = sandbox.run(&["check", "-v", "--format", "concise"]);
    assert_eq!((run.code, run.stdout.as_str()), (0, ""), "{}", run.stderr);
    assert!(run.stderr.contains("note: chart: a chart that is not rendered"), "{}", run.stderr);
    assert!(run.stderr.contains("note: Dockerfile: a template"), "{}", run.stderr);
}
