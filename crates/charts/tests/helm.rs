//! What charts come to, and where each part of it was written. Every expected text is what Helm 3.22 prints.

use seaworthy_charts::helm::{Cause, Rendered, Settings, render};
use seaworthy_charts::{Bounds, Failure, File, FileId};

const CHART: &str = "apiVersion: v2\nname: shop\nversion: 1.2.3\nappVersion: \"4.5\"\n";

fn files<'t>(rest: &[(&'t str, &'t str)]) -> Vec<File<'t>> {
    let all = [("Chart.yaml", CHART)].into_iter().chain(rest.iter().copied());
    all.enumerate().map(|(n, (path, text))| File { path, id: Some(FileId(n as u32)), text }).collect()
}

fn rendered(rest: &[(&str, &str)]) -> Result<Vec<Rendered>, Failure> {
    render(&files(rest), &Settings::default())
}

/// The text of one template with these values.
fn text(values: &str, template: &str) -> String {
    match rendered(&[("values.yaml", values), ("templates/a.yaml", template)]) {
        Ok(all) => all.first().map(|r| r.text.as_str().to_owned()).unwrap_or_default(),
        Err(failure) => format!("! {failure}"),
    }
}

#[test]
fn templates_say_what_helm_says() {
    let values = "num: 1234567\nf: 1.5\ns: \"a: b\"\nl: [x, z]\nm: {b: 1, a: {c: true}}\nz: 0\nnothing:\nflag: false\n";
    let cases = [
        ("{{ .Values.num }}", "1.234567e+06"),
        ("{{ int .Values.num }}", "1234567"),
        ("{{ .Values.f | quote }}", "\"1.5\""),
        ("{{ toYaml .Values.m }}", "a:\n  c: true\nb: 1"),
        ("x:{{ toYaml .Values.l | nindent 2 }}", "x:\n  - x\n  - z"),
        ("{{ range $i, $v := .Values.l }}{{ $i }}{{ $v }},{{ end }}", "0x,1z,"),
        ("{{ range $k, $v := .Values.m }}{{ $k }};{{ end }}", "a;b;"),
        ("{{ with .Values.missing }}x{{ else }}y{{ end }}", "y"),
        ("a{{- /* gone */ -}}  b", "ab"),
        ("a {{- \" x \" -}} b", "a x b"),
        ("{{ .Values.missing }}|", "|"),
        ("{{ (.Values.missing).deeper }}|", "|"),
        ("{{ default 5 .Values.z }}", "5"),
        ("{{ printf \"%s-%d %v %q %5.2f\" \"a\" 3 .Values.l \"q\" 1.5 }}", "a-3 [x z] \"q\"  1.50"),
        ("{{ toJson (dict \"a\" \"<b>\" \"n\" .Values.num) }}", r#"{"a":"\u003cb\u003e","n":1234567}"#),
        ("{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ end }}{{ $x }}", "2"),
        ("{{ ternary \"t\" \"f\" .Values.flag }}", "f"),
        ("{{ if and .Values.flag (fail \"never\") }}x{{ end }}ok", "ok"),
        ("{{ list 1 2 3 | join \"-\" }} {{ \"a,b\" | splitList \",\" | last }}", "1-2-3 b"),
        ("{{ semverCompare \">=1.25-0\" .Capabilities.KubeVersion.Version }}", "true"),
        (
            "{{ .Release.Name }} {{ .Chart.AppVersion }} {{ .Template.Name }}",
            "release-name 4.5 shop/templates/a.yaml",
        ),
        ("{{ tpl \"{{ .Values.s }}\" . }}", "a: b"),
        ("{{ regexReplaceAll \"a(x*)b\" \"-axxb-\" \"${1}W\" }}", "-xxW-"),
        ("{{ (fromYaml \"a: {b: [1]}\").a.b | first }}", "1"),
        ("{{ merge (dict \"a\" \"\") (dict \"a\" \"x\" \"b\" 1) | toJson }}", r#"{"a":"x","b":1}"#),
        ("{{ range until 3 }}{{ if eq . 1 }}{{ continue }}{{ end }}{{ . }}{{ end }}", "02"),
        ("{{ sha256sum \"a\" | trunc 8 }}", "ca978112"),
        ("{{ .Values.nothing | quote }}|{{ .Values.s | upper | trimSuffix \"B\" }}|", "|A: |"),
    ];
    for (template, expected) in cases {
        assert_eq!(text(values, template), expected, "{template}");
    }
}

#[test]
fn what_helm_refuses_is_refused() {
    let cases = [
        ("{{ .Values.a.b }}", "nil pointer"),
        ("{{ required \"name it\" .Values.a }}", "name it"),
        ("{{ fail \"no\" }}", "no"),
        ("{{ nosuch 1 }}", "not defined"),
        ("{{ if }}", "missing value"),
        ("{{ .Values", "unclosed action"),
        ("{{ include \"missing\" . }}", "no template"),
        ("{{ trunc 3 .Values.num }}", "expected string"),
        ("{{ eq .Values.num 1 }}", "incompatible types"),
        ("x\n{{ end }}", "unexpected {{end}}"),
    ];
    for (template, expected) in cases {
        let said = text("num: 1\n", template);
        assert!(said.starts_with("! ") && said.contains(expected), "{template}: {said}");
    }
    let failure = rendered(&[("templates/a.yaml", "a: 1\nb: {{ fail \"why\" }}\n")]).unwrap_err();
    assert_eq!(failure.to_string(), "shop/templates/a.yaml:2: why");
}

#[test]
fn charts_below_get_their_values() {
    let child = "apiVersion: v2\nname: db\nversion: 0.1.0\n";
    let parent = "apiVersion: v2\nname: shop\nversion: 1.0.0\ndependencies:\n- name: db\n  version: 0.x.x\n  condition: db.enabled\n- name: db\n  version: 0.1.0\n  alias: cache\n";
    let all = [
        ("Chart.yaml", parent),
        ("values.yaml", "global: {g: 1}\ndb: {size: 5}\ncache: {enabled: true, size: 7}\n"),
        ("templates/a.yaml", "a: {{ .Values.db.size }}\n"),
        ("charts/db/Chart.yaml", child),
        ("charts/db/values.yaml", "size: 1\nname: x\n"),
        (
            "charts/db/templates/b.yaml",
            "{{ .Chart.Name }}: {{ .Values.size }}{{ .Values.name }}{{ .Values.global.g }}\n",
        ),
    ];
    let files: Vec<File<'_>> = all
        .iter()
        .enumerate()
        .map(|(n, (path, text))| File { path, id: Some(FileId(n as u32)), text })
        .collect();
    let texts = |set: &[String]| -> Vec<String> {
        let settings = Settings { set, ..Settings::default() };
        let rendered = render(&files, &settings).unwrap();
        rendered.iter().map(|r| r.text.as_str().to_owned()).collect()
    };
    assert_eq!(texts(&[]), ["cache: 7x1\n", "db: 5x1\n", "a: 5\n"]);
    assert_eq!(texts(&["db.enabled=false,db.size=9".into()]), ["cache: 7x1\n", "a: 9\n"]);
    let alone: Vec<File<'_>> = files.iter().filter(|f| !f.path.starts_with("charts/")).cloned().collect();
    let failure = render(&alone, &Settings::default()).unwrap_err();
    assert!(failure.message.contains("asks for db"), "{failure}");
}

#[test]
fn every_part_knows_where_it_was_written() {
    let values = "image:\n  name: web\n  tag: \"1.0\"\nextra:\n  privileged: true\n";
    let helpers = "{{ define \"labels\" }}app: shop\n{{- end }}\n";
    let template = "kind: Pod\nimage: \"{{ .Values.image.name }}:{{ .Values.image.tag }}\"\ntag: {{ .Values.image.tag | quote }}\nlabels:\n  {{- include \"labels\" . | nindent 2 }}\nextra:\n  {{- toYaml .Values.extra | nindent 2 }}\nsecret: {{ randAlphaNum 8 | b64enc }}\n";
    let inputs =
        [("values.yaml", values), ("templates/_helpers.tpl", helpers), ("templates/a.yaml", template)];
    let all = rendered(&inputs).unwrap();
    let out = &all[0];
    let sources = [CHART, values, helpers, template];
    let cause = |part: &str| {
        let at = out.text.as_str().find(part).unwrap();
        match out.cause(at..at + part.len(), false) {
            Cause::At(origin, _) => {
                let source = sources[origin.file.0 as usize];
                format!("{}: {}", origin.file.0, &source[origin.start as usize..origin.end as usize])
            }
            other => format!("{other:?}"),
        }
    };
    assert_eq!(cause("kind: Pod"), "3: kind: Pod");
    assert_eq!(cause("app: shop"), "2: app: shop");
    assert_eq!(cause("\"1.0\""), "1: 1.0");
    assert_eq!(cause("privileged: true"), "1: privileged: true");
    assert_eq!(cause("web:1.0"), "3: {{ .Values.image.name }}:{{ .Values.image.tag }}");
    let secret = out.text.as_str().find("secret: ").unwrap() + 8;
    assert_eq!(out.cause(secret..secret + 4, false), Cause::Generated);
}

#[test]
fn malicious_charts_are_stopped() {
    let small = Bounds { steps: 200_000, bytes: 4 << 20, depth: 60 };
    let cases = [
        ("{{ range until 1000000 }}{{ range until 1000 }}x{{ end }}{{ end }}", "steps"),
        ("{{ range $i := until 100000 }}{{ repeat 1000 \"x\" }}{{ end }}", "MiB"),
        ("{{ repeat 1000000000 \"x\" }}", "MiB"),
        ("{{ until 2000000000 | len }}", "numbers"),
        ("{{ define \"a\" }}{{ include \"a\" . }}{{ end }}{{ include \"a\" . }}", "deep"),
        ("{{ define \"a\" }}{{ tpl \"{{ include `a` . }}\" . }}{{ end }}{{ include \"a\" . }}", "deep"),
        ("{{ $d := dict }}{{ $_ := set $d \"d\" $d }}{{ toYaml $d }}", "holds itself"),
        (
            "{{ $d := dict }}{{ range until 60 }}{{ $d = dict \"a\" $d \"b\" $d }}{{ end }}{{ toJson $d }}",
            "too many",
        ),
        ("{{ printf \"%1000000000d\" 1 }}", "width"),
        ("{{ indent 1000000000 \"a\" }}", "MiB"),
    ];
    for (template, expected) in cases {
        let inputs = files(&[("templates/a.yaml", template)]);
        let failure = render(&inputs, &Settings { bounds: small, ..Settings::default() }).unwrap_err();
        assert!(failure.bounded && failure.message.contains(expected), "{template}: {failure}");
    }
    let nested = "{{ if true }}".repeat(5000);
    assert!(rendered(&[("templates/a.yaml", &nested)]).unwrap_err().bounded);
    let opened = format!("{{{{ {}1{} }}}}", "(".repeat(5000), ")".repeat(5000));
    assert!(rendered(&[("templates/a.yaml", &opened)]).unwrap_err().bounded);
}
