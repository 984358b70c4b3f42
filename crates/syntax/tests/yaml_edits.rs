//! Edits of YAML leave everything else as it is.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/fidelity.rs"]
mod fidelity;

use std::sync::Arc;

use New::{Bool, Int, Map, Null, Seq, Str};
use seaworthy_syntax::yaml::edit::{self, Edited, New, Refusal};
use seaworthy_syntax::yaml::{Entry, Node, Yaml};
use seaworthy_syntax::{SourceId, apply};

/// A name, a text, an edit, and the text it gives or why it is refused.
type Case = (&'static str, &'static str, fn(Node<'_>) -> Edited, Result<&'static str, Refusal>);

fn s(text: &str) -> New {
    Str(text.into())
}

fn map(entries: &[(&str, New)]) -> New {
    Map(entries.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect())
}

/// `securityContext.readOnlyRootFilesystem: true`, what a fix most often writes.
fn read_only(root: Node<'_>) -> Edited {
    edit::set_path(root, &["securityContext", "readOnlyRootFilesystem"], &Bool(true))
}

fn push_drop(root: Node<'_>) -> Edited {
    edit::push(root.get("drop").expect("there is a list"), &s("ALL"))
}

fn own<'t>(map: Node<'t>, key: &str) -> Entry<'t> {
    map.entries().find(|e| e.key.scalar().is_some_and(|k| k == key)).expect("the key is there")
}

fn remove_b(root: Node<'_>) -> Edited {
    edit::remove(own(root, "b"))
}

fn replace_a(root: Node<'_>, value: &New) -> Edited {
    edit::replace(own(root, "a").value, value)
}

fn drop_second(root: Node<'_>) -> Edited {
    edit::remove_item(root.get("l").expect("there is a list").items().nth(1).expect("it has two items"))
}

const CASES: &[Case] = &[
    // New and changed entries.
    (
        "existing",
        "securityContext:\n  readOnlyRootFilesystem: false # why\n",
        read_only,
        Ok("securityContext:\n  readOnlyRootFilesystem: true # why\n"),
    ),
    (
        "existing mapping",
        "securityContext:\n  runAsUser: 1 # why\nname: a\n",
        read_only,
        Ok("securityContext:\n  runAsUser: 1 # why\n  readOnlyRootFilesystem: true\nname: a\n"),
    ),
    (
        "missing",
        "name: a\nimage: b\n",
        read_only,
        Ok("name: a\nimage: b\nsecurityContext:\n  readOnlyRootFilesystem: true\n"),
    ),
    (
        "missing in an item that is not indented",
        "containers:\n- name: a\n  env:\n  - name: x\n- name: b\n",
        |root| read_only(root.get("containers").unwrap().items().next().unwrap()),
        Ok(
            "containers:\n- name: a\n  env:\n  - name: x\n  securityContext:\n    readOnlyRootFilesystem: true\n- name: b\n",
        ),
    ),
    (
        "null",
        "securityContext:\nname: a\n",
        read_only,
        Ok("securityContext:\n  readOnlyRootFilesystem: true\nname: a\n"),
    ),
    (
        "null with a comment",
        "securityContext: # none yet\nname: a\n",
        read_only,
        Ok("securityContext: # none yet\n  readOnlyRootFilesystem: true\nname: a\n"),
    ),
    (
        "tilde",
        "securityContext: ~ # none yet\nname: a\n",
        read_only,
        Ok("securityContext: # none yet\n  readOnlyRootFilesystem: true\nname: a\n"),
    ),
    (
        "empty braces",
        "securityContext: {}\nname: a\n",
        read_only,
        Ok("securityContext:\n  readOnlyRootFilesystem: true\nname: a\n"),
    ),
    (
        "empty braces with a comment",
        "securityContext: {} # none yet\nname: a\n",
        read_only,
        Ok("securityContext: # none yet\n  readOnlyRootFilesystem: true\nname: a\n"),
    ),
    (
        "empty braces around a comment",
        "securityContext: {\n  # none yet\n}\n",
        read_only,
        Ok("securityContext: {readOnlyRootFilesystem: true\n  # none yet\n}\n"),
    ),
    (
        "braces",
        "securityContext: {runAsUser: 1} # c\n",
        read_only,
        Ok("securityContext: {runAsUser: 1, readOnlyRootFilesystem: true} # c\n"),
    ),
    (
        "braces with spaces",
        "securityContext: { runAsUser: 1 }\n",
        read_only,
        Ok("securityContext: { runAsUser: 1, readOnlyRootFilesystem: true }\n"),
    ),
    (
        "braces with a comma at the end",
        "securityContext: {runAsUser: 1,}\n",
        read_only,
        Ok("securityContext: {runAsUser: 1, readOnlyRootFilesystem: true,}\n"),
    ),
    (
        "braces on several lines",
        "securityContext: {\n  runAsUser: 1, # first\n  runAsGroup: 2 # last\n}\n",
        read_only,
        Ok(
            "securityContext: {\n  runAsUser: 1, # first\n  runAsGroup: 2, # last\n  readOnlyRootFilesystem: true\n}\n",
        ),
    ),
    (
        "braces on several lines with a comma at the end",
        "securityContext: {\n  runAsUser: 1, # first\n}\n",
        read_only,
        Ok("securityContext: {\n  runAsUser: 1, # first\n  readOnlyRootFilesystem: true,\n}\n"),
    ),
    (
        "braces that end on the last line",
        "securityContext: {runAsUser: 1,\n  runAsGroup: 2}\n",
        read_only,
        Ok("securityContext: {runAsUser: 1,\n  runAsGroup: 2,\n  readOnlyRootFilesystem: true}\n"),
    ),
    (
        "a container in braces",
        "containers: [{name: a, image: b}]\n",
        |root| read_only(root.get("containers").unwrap().items().next().unwrap()),
        Ok("containers: [{name: a, image: b, securityContext: {readOnlyRootFilesystem: true}}]\n"),
    ),
    (
        "JSON on one line",
        "{\"name\":\"a\",\"image\":\"b\"}",
        read_only,
        Ok("{\"name\":\"a\",\"image\":\"b\",\"securityContext\":{\"readOnlyRootFilesystem\":true}}"),
    ),
    (
        "JSON on several lines",
        "{\n  \"name\": \"a\",\n  \"image\": \"b\"\n}\n",
        read_only,
        Ok(
            "{\n  \"name\": \"a\",\n  \"image\": \"b\",\n  \"securityContext\": {\n    \"readOnlyRootFilesystem\": true\n  }\n}\n",
        ),
    ),
    (
        "empty JSON",
        "{}\n",
        |root| edit::set(root, "user", &s("1000:1000")),
        Ok("{\"user\": \"1000:1000\"}\n"),
    ),
    (
        "indented by 4",
        "spec:\n    name: a\n    list:\n        - b\n",
        |root| read_only(root.get("spec").unwrap()),
        Ok(
            "spec:\n    name: a\n    list:\n        - b\n    securityContext:\n        readOnlyRootFilesystem: true\n",
        ),
    ),
    (
        "CRLF",
        "securityContext:\r\n  runAsUser: 1\r\nname: a\r\n",
        read_only,
        Ok("securityContext:\r\n  runAsUser: 1\r\n  readOnlyRootFilesystem: true\r\nname: a\r\n"),
    ),
    (
        "CRLF, missing",
        "name: a\r\n",
        read_only,
        Ok("name: a\r\nsecurityContext:\r\n  readOnlyRootFilesystem: true\r\n"),
    ),
    (
        "CR",
        "name: a\rimage: b\r",
        read_only,
        Ok("name: a\rimage: b\rsecurityContext:\r  readOnlyRootFilesystem: true\r"),
    ),
    (
        "no final line end",
        "securityContext:\n  runAsUser: 1",
        read_only,
        Ok("securityContext:\n  runAsUser: 1\n  readOnlyRootFilesystem: true"),
    ),
    (
        "no final line end, missing",
        "name: a # c",
        read_only,
        Ok("name: a # c\nsecurityContext:\n  readOnlyRootFilesystem: true"),
    ),
    (
        "block scalar last",
        "name: a\nscript: |\n  echo\n\n# end\n",
        read_only,
        Ok("name: a\nscript: |\n  echo\nsecurityContext:\n  readOnlyRootFilesystem: true\n\n# end\n"),
    ),
    (
        "block scalar that keeps its line ends",
        "name: a\nscript: |+\n  echo\n\n\n",
        read_only,
        Ok("name: a\nscript: |+\n  echo\n\n\nsecurityContext:\n  readOnlyRootFilesystem: true\n"),
    ),
    (
        "block scalar at the end of the file",
        "name: a # c\nscript: |\n  echo",
        read_only,
        Ok("name: a # c\nsecurityContext:\n  readOnlyRootFilesystem: true\nscript: |\n  echo"),
    ),
    (
        "block scalar alone at the end of the file",
        "script: |\n  echo",
        read_only,
        Ok("securityContext:\n  readOnlyRootFilesystem: true\nscript: |\n  echo"),
    ),
    (
        "stripped block scalar at the end of the file",
        "script: |-\n  echo",
        read_only,
        Ok("script: |-\n  echo\nsecurityContext:\n  readOnlyRootFilesystem: true"),
    ),
    (
        "comments behind",
        "securityContext:\n  runAsUser: 1\n# about the name\nname: a\n",
        read_only,
        Ok("securityContext:\n  runAsUser: 1\n  readOnlyRootFilesystem: true\n# about the name\nname: a\n"),
    ),
    (
        "comments of the last value",
        "securityContext:\n  capabilities:\n    drop: [ALL]\n    # add: [X]\nname: a\n",
        read_only,
        Ok(
            "securityContext:\n  capabilities:\n    drop: [ALL]\n    # add: [X]\n  readOnlyRootFilesystem: true\nname: a\n",
        ),
    ),
    (
        "beyond ASCII",
        "näme: \"🚢\" # é\n",
        read_only,
        Ok("näme: \"🚢\" # é\nsecurityContext:\n  readOnlyRootFilesystem: true\n"),
    ),
    (
        "tabs behind a value",
        "securityContext:\n  runAsUser: 1\t\t\nname: a\t# c\n",
        read_only,
        Ok("securityContext:\n  runAsUser: 1\t\t\n  readOnlyRootFilesystem: true\nname: a\t# c\n"),
    ),
    (
        "byte order mark",
        "\u{feff}name: a\n",
        read_only,
        Ok("\u{feff}name: a\nsecurityContext:\n  readOnlyRootFilesystem: true\n"),
    ),
    (
        "document start",
        "--- # first\nname: a\n---\nname: b\n",
        read_only,
        Ok("--- # first\nname: a\nsecurityContext:\n  readOnlyRootFilesystem: true\n---\nname: b\n"),
    ),
    (
        "document end",
        "name: a\n...\n",
        read_only,
        Ok("name: a\nsecurityContext:\n  readOnlyRootFilesystem: true\n...\n"),
    ),
    (
        "quoted keys",
        "\"securityContext\":\n  \"runAsUser\": 1\n",
        read_only,
        Ok("\"securityContext\":\n  \"runAsUser\": 1\n  \"readOnlyRootFilesystem\": true\n"),
    ),
    (
        "anchor without alias",
        "securityContext: &sc\n  runAsUser: 1\n",
        read_only,
        Ok("securityContext: &sc\n  runAsUser: 1\n  readOnlyRootFilesystem: true\n"),
    ),
    (
        "anchor with alias",
        "securityContext: &sc\n  runAsUser: 1\nother: *sc\n",
        read_only,
        Err(Refusal::Shared),
    ),
    (
        "anchor on nothing",
        "securityContext: &sc\nname: a\n",
        read_only,
        Ok("securityContext: &sc\n  readOnlyRootFilesystem: true\nname: a\n"),
    ),
    (
        "tag",
        "securityContext: !custom\n  runAsUser: 1\n",
        read_only,
        Ok("securityContext: !custom\n  runAsUser: 1\n  readOnlyRootFilesystem: true\n"),
    ),
    (
        "dash on its own line",
        "containers:\n-\n  name: a\n-\n  name: b\n",
        |root| read_only(root.get("containers").unwrap().items().next().unwrap()),
        Ok("containers:\n-\n  name: a\n  securityContext:\n    readOnlyRootFilesystem: true\n-\n  name: b\n"),
    ),
    (
        "wide dash",
        "containers:\n  -   name: a\n",
        |root| read_only(root.get("containers").unwrap().items().next().unwrap()),
        Ok("containers:\n  -   name: a\n      securityContext:\n        readOnlyRootFilesystem: true\n"),
    ),
    (
        "explicit key",
        "? securityContext\n: runAsUser: 1\n",
        read_only,
        Ok("? securityContext\n: runAsUser: 1\n  readOnlyRootFilesystem: true\n"),
    ),
    (
        "template in quotes",
        "name: \"{{ x }}\"\n",
        read_only,
        Ok("name: \"{{ x }}\"\nsecurityContext:\n  readOnlyRootFilesystem: true\n"),
    ),
    (
        "key in a comment",
        "# securityContext:\n#   runAsUser: 1\nname: a\n",
        read_only,
        Ok(
            "# securityContext:\n#   runAsUser: 1\nname: a\nsecurityContext:\n  readOnlyRootFilesystem: true\n",
        ),
    ),
    (
        "merge",
        "x: &x\n  a: 1\nweb:\n  <<: *x\n  name: b\n",
        |root| edit::set(root.get("web").unwrap(), "a", &Int(2)),
        Ok("x: &x\n  a: 1\nweb:\n  <<: *x\n  name: b\n  a: 2\n"),
    ),
    (
        "merge that would be hidden",
        "x: &x\n  deploy: {a: 1}\nweb:\n  <<: *x\n",
        |root| edit::set_path(root.get("web").unwrap(), &["deploy", "b"], &Int(2)),
        Err(Refusal::Shared),
    ),
    (
        "merged entry",
        "x: &x\n  deploy: {a: 1}\nweb:\n  <<: *x\n",
        |root| edit::replace(root.at(&["web", "deploy"]).unwrap(), &Int(2)),
        Err(Refusal::Shared),
    ),
    ("alias", "x: &x {a: 1}\nsecurityContext: *x\n", read_only, Err(Refusal::Shared)),
    (
        "alias replaced",
        "x: &x {a: 1}\na: *x # c\n",
        |root| replace_a(root, &Int(1)),
        Ok("x: &x {a: 1}\na: 1 # c\n"),
    ),
    ("no mapping", "securityContext: 5\n", read_only, Err(Refusal::Shape)),
    ("list for a mapping", "securityContext: [a]\n", read_only, Err(Refusal::Shape)),
    (
        "behind another key",
        "name: a\nimage: b\nports: []\n",
        |root| edit::set_after(root, "user", &s("1000"), &["none", "image"]),
        Ok("name: a\nimage: b\nuser: \"1000\"\nports: []\n"),
    ),
    // Items.
    ("push", "drop:\n  - a\n  # after\nz: 1\n", push_drop, Ok("drop:\n  - a\n  - ALL\n  # after\nz: 1\n")),
    ("push, not indented", "drop:\n- a # c\nz: 1\n", push_drop, Ok("drop:\n- a # c\n- ALL\nz: 1\n")),
    ("push in brackets", "drop: [a, b] # c\n", push_drop, Ok("drop: [a, b, ALL] # c\n")),
    ("push in empty brackets", "drop: [] # c\n", push_drop, Ok("drop: [ALL] # c\n")),
    ("push on nothing", "drop:\nz: 1\n", push_drop, Ok("drop:\n  - ALL\nz: 1\n")),
    (
        "push in brackets on several lines",
        "drop: [\n  a, # one\n  b # two\n]\n",
        push_drop,
        Ok("drop: [\n  a, # one\n  b, # two\n  ALL\n]\n"),
    ),
    (
        "push in brackets with a comma at the end",
        "drop: [\n  a, # one\n]\n",
        push_drop,
        Ok("drop: [\n  a, # one\n  ALL,\n]\n"),
    ),
    ("push, CRLF", "drop:\r\n  - a\r\n", push_drop, Ok("drop:\r\n  - a\r\n  - ALL\r\n")),
    ("push, no final line end", "drop:\n  - a", push_drop, Ok("drop:\n  - a\n  - ALL")),
    ("push with wide dashes", "drop:\n  -   a\n", push_drop, Ok("drop:\n  -   a\n  -   ALL\n")),
    (
        "push a mapping",
        "drop:\n  - name: a\n    value: b\nz: 1\n",
        |root| edit::push(root.get("drop").unwrap(), &map(&[("name", s("c")), ("value", Seq(vec![s("d")]))])),
        Ok("drop:\n  - name: a\n    value: b\n  - name: c\n    value:\n      - d\nz: 1\n"),
    ),
    (
        "push a mapping below its dash",
        "drop:\n-\n  name: a\n",
        |root| edit::push(root.get("drop").unwrap(), &map(&[("name", s("c")), ("b", Int(1))])),
        Ok("drop:\n-\n  name: a\n-\n  name: c\n  b: 1\n"),
    ),
    (
        "push in nested lists",
        "drop:\n- - a\n  - b\n",
        |root| edit::push(root.get("drop").unwrap().items().next().unwrap(), &s("c")),
        Ok("drop:\n- - a\n  - b\n  - c\n"),
    ),
    (
        "push behind a block scalar",
        "drop:\n- |\n  a\n\nz: 1\n",
        push_drop,
        Ok("drop:\n- |\n  a\n- ALL\n\nz: 1\n"),
    ),
    (
        "push behind a block scalar at the end of the file",
        "drop:\n- |\n  a",
        push_drop,
        Ok("drop:\n- |-\n  a\n- ALL"),
    ),
    ("push among quotes", "drop:\n- 'a'\n- 'b'\n", push_drop, Ok("drop:\n- 'a'\n- 'b'\n- 'ALL'\n")),
    ("push through an alias", "x: &x [a]\ndrop: *x\n", push_drop, Err(Refusal::Shared)),
    // Values.
    ("a word that is no text", "a: x\n", |root| replace_a(root, &s("yes")), Ok("a: \"yes\"\n")),
    ("a number in single quotes", "a: 'x'\n", |root| replace_a(root, &s("0644")), Ok("a: '0644'\n")),
    ("ports", "a: x\n", |root| replace_a(root, &s("22:22")), Ok("a: \"22:22\"\n")),
    (
        "an image",
        "a: x\n",
        |root| replace_a(root, &s("nginx:1.27@sha256:00")),
        Ok("a: nginx:1.27@sha256:00\n"),
    ),
    (
        "a flag",
        "a: [x]\n",
        |root| edit::push(own(root, "a").value, &s("--flag=1,2")),
        Ok("a: [x, \"--flag=1,2\"]\n"),
    ),
    (
        "several lines",
        "a: x\nb: 1\n",
        |root| replace_a(root, &s("one\n  two\n")),
        Ok("a: |\n  one\n    two\nb: 1\n"),
    ),
    (
        "several lines before a comment",
        "a:\n  b: 1 # c\n",
        |root| edit::replace(root.at(&["a", "b"]).unwrap(), &s("one\ntwo")),
        Ok("a:\n  b: \"one\\ntwo\" # c\n"),
    ),
    (
        "a mapping for a text",
        "a: x # c\nb: 1\n",
        |root| replace_a(root, &map(&[("k", Null)])),
        Ok("a: # c\n  k: null\nb: 1\n"),
    ),
    (
        "a text for a mapping",
        "a: # c\n  # d\n  k: 1\nb: 1\n",
        |root| replace_a(root, &s("x")),
        Ok("a: x # c\n  # d\nb: 1\n"),
    ),
    (
        "a list for a mapping",
        "a:\n  k: 1\nb: 1\n",
        |root| replace_a(root, &Seq(vec![s("x"), s("z")])),
        Ok("a:\n  - x\n  - z\nb: 1\n"),
    ),
    (
        "a mapping for a list",
        "a:\n- x\nb: 1\n",
        |root| replace_a(root, &map(&[("k", Int(1))])),
        Ok("a:\n  k: 1\nb: 1\n"),
    ),
    (
        "a text for a block scalar",
        "a: |+ # c\n  x\n\nb: 1\n",
        |root| replace_a(root, &s("z")),
        Ok("a: z # c\nb: 1\n"),
    ),
    ("a value for an empty one", "a: # c\nb: 1\n", |root| replace_a(root, &s("z")), Ok("a: z # c\nb: 1\n")),
    ("a value of another type", "a: !!str 5\n", |root| replace_a(root, &Int(6)), Ok("a: 6\n")),
    ("a value with an own tag", "a: !reset &x 5\n", |root| replace_a(root, &Null), Ok("a: !reset &x null\n")),
    ("anchored and named", "a: &x 5\nb: *x\n", |root| replace_a(root, &Int(6)), Err(Refusal::Shared)),
    (
        "holds an anchor that is named",
        "a:\n  c: &x 5\nb: *x\n",
        |root| replace_a(root, &Int(6)),
        Err(Refusal::Shared),
    ),
    // Removals.
    ("remove", "a: 1\nb: 2 # two\n# three\nc: 3\n", remove_b, Ok("a: 1\n# three\nc: 3\n")),
    ("remove a tree", "a: 1\nb:\n  c:\n    - d\n\ne: 1\n", remove_b, Ok("a: 1\n\ne: 1\n")),
    ("remove the last", "a: 1\nb: 2", remove_b, Ok("a: 1")),
    (
        "remove the only one",
        "x:\n  b: 2 # c\ny: 1\n",
        |root| edit::remove(own(root.get("x").unwrap(), "b")),
        Ok("x: {}\ny: 1\n"),
    ),
    (
        "remove the only one below a comment",
        "x: # why\n  # what\n  b: 2\ny: 1\n",
        |root| edit::remove(own(root.get("x").unwrap(), "b")),
        Ok("x: {} # why\n  # what\ny: 1\n"),
    ),
    (
        "remove the first of an item",
        "l:\n- b: 1\n  # c\n  d: 2\n",
        |root| edit::remove(own(root.get("l").unwrap().items().next().unwrap(), "b")),
        Ok("l:\n- # c\n  d: 2\n"),
    ),
    ("remove in braces", "{a: 1, b: 2, c: 3}\n", remove_b, Ok("{a: 1, c: 3}\n")),
    ("remove the last in braces", "{a: 1, b: 2 }\n", remove_b, Ok("{a: 1 }\n")),
    (
        "remove the only one in braces",
        "x: {b: 2}\n",
        |root| edit::remove(own(root.get("x").unwrap(), "b")),
        Ok("x: {}\n"),
    ),
    (
        "remove in JSON",
        "{\n  \"a\": 1,\n  \"b\": 2,\n  \"c\": 3\n}\n",
        remove_b,
        Ok("{\n  \"a\": 1,\n  \"c\": 3\n}\n"),
    ),
    ("remove the last in JSON", "{\n  \"a\": 1,\n  \"b\": 2\n}\n", remove_b, Ok("{\n  \"a\": 1\n}\n")),
    ("remove behind a kept block scalar", "a: |+\n  x\nb: 1\n\nc: 1\n", remove_b, Ok("a: |+\n  x\nc: 1\n")),
    ("remove what an alias names", "b: &x 1\na: *x\n", remove_b, Err(Refusal::Shared)),
    ("remove an anchor with its alias", "a: 1\nb:\n  - &x 1\n  - *x\n", remove_b, Ok("a: 1\n")),
    ("remove an item", "l:\n- a\n- b # c\n- d\n", drop_second, Ok("l:\n- a\n- d\n")),
    ("remove an item in brackets", "l: [a, b, c]\n", drop_second, Ok("l: [a, c]\n")),
    ("remove the last item in brackets", "l: [a, b]\n", drop_second, Ok("l: [a]\n")),
    (
        "remove the only item",
        "l:\n- a # c\nm: 1\n",
        |root| edit::remove_item(root.get("l").unwrap().items().next().unwrap()),
        Ok("l: []\nm: 1\n"),
    ),
    // Keys.
    ("rename", "a: 1\nb : 2\n", |root| edit::rename(own(root, "b"), "on"), Ok("a: 1\n\"on\" : 2\n")),
    ("rename in JSON", "{\"b\":1}", |root| edit::rename(own(root, "b"), "c"), Ok("{\"c\":1}")),
    (
        "rename to a key that is there",
        "a: 1\nb: 2\n",
        |root| edit::rename(own(root, "b"), "a"),
        Err(Refusal::Shape),
    ),
];

#[test]
fn edits_are_right_or_refused() {
    let mut failures = String::new();
    for (name, before, edit, expected) in CASES {
        let text: Arc<str> = (*before).into();
        let tree = Yaml::parse(SourceId(0), &text);
        assert_eq!(tree.errors(), [], "{name}");
        let root = tree.documents().next().flatten().unwrap();
        let got = edit(root).map(|edit| apply(&text, &[edit]).unwrap());
        if got.as_deref().map_err(|r| *r) != *expected {
            failures.push_str(&format!(
                "{name}\n--- before\n{before}\n--- got\n{got:?}\n--- expected\n{expected:?}\n\n"
            ));
        }
    }
    assert!(failures.is_empty(), "\n{failures}");
}

#[test]
fn edits_everywhere_in_the_cases_are_right_or_refused() {
    let mut outcome = fidelity::Outcome::default();
    for (name, before, _, expected) in CASES {
        // Each length of the name tries other values at each place.
        for turn in 0..6 {
            fidelity::check(&format!("{name}{}", "+".repeat(turn)), before, 200, &mut outcome);
            if let Ok(after) = expected {
                fidelity::check(&format!("{name}, edited{}", "+".repeat(turn)), after, 200, &mut outcome);
            }
        }
    }
    assert!(
        outcome.wrong.is_empty(),
        "{} wrong\n{}",
        outcome.wrong.len(),
        outcome.wrong[..5.min(outcome.wrong.len())].join("\n")
    );
    assert!(outcome.right.values().sum::<usize>() > 5000, "{:?}", outcome.right);
}

#[test]
fn several_keys_at_once() {
    let text: Arc<str> = "a:\n  b: 1\n  c:\nd: 2 # d\n".into();
    let tree = Yaml::parse(SourceId(0), &text);
    let root = tree.documents().next().flatten().unwrap();
    let Map(entries) = map(&[
        (
            "a",
            map(&[
                ("b", Int(5)),
                ("c", map(&[("x", Bool(true)), ("z", Null)])),
                ("e", s("f")),
                ("g", Seq(vec![])),
            ]),
        ),
        ("d", s("h")),
        ("i", Int(1)),
        ("j", Int(2)),
    ]) else {
        unreachable!()
    };
    let edits = edit::merge(root, &entries).unwrap();
    assert_eq!(
        apply(&text, &edits).unwrap(),
        "a:\n  b: 5\n  c:\n    x: true\n    z: null\n  e: f\n  g: []\nd: h # d\ni: 1\nj: 2\n"
    );
}
