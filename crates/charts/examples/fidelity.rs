//! Compares what is rendered here with what `helm template` renders, chart by chart, and what is built with what `kustomize
//! build` builds, overlay by overlay: `fidelity helm|kustomize PROGRAM DIR…`.
//!
//! Each folder with a `Chart.yaml` below the directories is one, but those in another's `charts/`. What `helm` itself gives
//! another value each time is not compared.

#![expect(clippy::disallowed_methods, reason = "it compares with a program over real files")]
#![expect(clippy::disallowed_types, reason = "it runs that program")]
#![expect(clippy::exit, reason = "it tells how it ended")]
#![expect(clippy::print_stdout, reason = "it prints what it found")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use seaworthy_charts::{File, FileId, helm, kustomize};
use seaworthy_syntax::SourceId;
use seaworthy_syntax::yaml::{Dialect, Node, NodeKind, Yaml};

fn main() {
    let mut args = std::env::args().skip(1);
    let mode = args.next().unwrap_or_default();
    let program = args.next().unwrap_or_else(|| "helm".to_owned());
    let roots: Vec<PathBuf> = args.map(PathBuf::from).collect();
    match mode.as_str() {
        "helm" => charts(&program, &roots),
        "kustomize" => overlays(&program, &roots),
        _ => println!("fidelity helm|kustomize PROGRAM DIR…"),
    }
}

fn charts(program: &str, roots: &[PathBuf]) {
    let mut found = Vec::new();
    for root in roots {
        find(root, &mut found);
    }
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for chart in found {
        // Rendering recurses with the templates.
        let path = chart.clone();
        let ours = std::thread::Builder::new()
            .stack_size(64 << 20)
            .spawn(move || rendered(&path))
            .ok()
            .and_then(|thread| thread.join().ok())
            .unwrap_or_else(|| Err("panicked".to_owned()));
        let theirs = (template(program, &chart), template(program, &chart));
        let verdict = match (ours, theirs) {
            (Ok(ours), (Ok(first), Ok(second))) => {
                let differences = differences(&ours, &first, &second);
                if differences.is_empty() {
                    "equal"
                } else {
                    println!("DIFFERENT {}", chart.display());
                    for line in differences.iter().take(6) {
                        println!("    {line}");
                    }
                    "different"
                }
            }
            (Err(_), (Err(_), _) | (_, Err(_))) => "refused by both",
            (Err(ours), _) => {
                println!("NOT RENDERED {}: {ours}", chart.display());
                "not rendered"
            }
            (Ok(_), (Err(theirs), _) | (_, Err(theirs))) => {
                println!("ONLY HERE {}: {}", chart.display(), theirs.lines().next().unwrap_or_default());
                "refused by helm"
            }
        };
        *counts.entry(verdict).or_default() += 1;
    }
    println!("{counts:?}");
    if counts.contains_key("different") {
        std::process::exit(1);
    }
}

/// The files of a repository.
struct Tree {
    files: BTreeMap<String, String>,
}

impl kustomize::Files for Tree {
    fn text(&self, path: &str) -> Option<(&str, Option<FileId>)> {
        self.files.get(path).map(|text| (text.as_str(), Some(FileId(0))))
    }

    fn is_directory(&self, path: &str) -> bool {
        let below = format!("{path}/");
        self.files.range(below.clone()..).next().is_some_and(|(found, _)| found.starts_with(&below))
    }
}

fn overlays(program: &str, roots: &[PathBuf]) {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for root in roots {
        let mut all = Vec::new();
        files(root, root, &mut all);
        let tree = Tree { files: all.into_iter().collect() };
        let names = ["kustomization.yaml", "kustomization.yml", "Kustomization"];
        let found: Vec<&str> = tree
            .files
            .iter()
            .filter_map(|(path, text)| {
                let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
                (names.contains(&name) && !text.contains("kind: Component")).then_some(directory)
            })
            .collect();
        for directory in found {
            let ours = kustomize::build(&tree, directory).map_err(|f| f.to_string());
            let ours = ours.and_then(|built| read(built.rendered.text.as_str()));
            let output = Command::new(program).arg("build").arg(root.join(directory)).output();
            let theirs = match output {
                Ok(output) if output.status.success() => read(&String::from_utf8_lossy(&output.stdout)),
                Ok(output) => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
                Err(error) => Err(error.to_string()),
            };
            let at = root.join(directory);
            let verdict = match (ours, theirs) {
                (Ok(ours), Ok(theirs)) => {
                    let differences = differences(&ours, &theirs, &theirs);
                    if differences.is_empty() {
                        "equal"
                    } else {
                        println!("DIFFERENT {}", at.display());
                        for line in differences.iter().take(6) {
                            println!("    {line}");
                        }
                        "different"
                    }
                }
                (Err(_), Err(_)) => "refused by both",
                (Err(ours), Ok(_)) => {
                    println!("NOT BUILT {}: {ours}", at.display());
                    "not built"
                }
                (Ok(_), Err(theirs)) => {
                    let last = theirs.lines().next_back().unwrap_or_default();
                    println!("ONLY HERE {}: {last}", at.display());
                    "refused by kustomize"
                }
            };
            *counts.entry(verdict).or_default() += 1;
        }
    }
    println!("{counts:?}");
    if counts.contains_key("different") {
        std::process::exit(1);
    }
}

fn find(directory: &Path, found: &mut Vec<PathBuf>) {
    let inner = directory.join("Chart.yaml").is_file();
    if inner && directory.join("templates").is_dir() {
        found.push(directory.to_owned());
    }
    let Ok(entries) = fs::read_dir(directory) else { return };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|e| e.path()).collect();
    paths.sort();
    for path in paths {
        let link = path.symlink_metadata().is_ok_and(|m| m.file_type().is_symlink());
        if path.is_dir() && !link && !(inner && path.ends_with("charts")) {
            find(&path, found);
        }
    }
}

fn files(directory: &Path, root: &Path, out: &mut Vec<(String, String)>) {
    let Ok(entries) = fs::read_dir(directory) else { return };
    for path in entries.flatten().map(|e| e.path()) {
        if path.is_dir() {
            files(&path, root, out);
        } else if let (Ok(below), Ok(bytes)) = (path.strip_prefix(root), fs::read(&path)) {
            let source = seaworthy_syntax::Source::from_bytes("", seaworthy_syntax::Kind::Env, bytes);
            out.push((below.to_string_lossy().into_owned(), source.text.to_string()));
        }
    }
}

/// What a document comes to: its values by their paths.
type Document = BTreeMap<String, String>;

fn rendered(chart: &Path) -> Result<Vec<Document>, String> {
    let mut all = Vec::new();
    files(chart, chart, &mut all);
    let files: Vec<File<'_>> = all
        .iter()
        .enumerate()
        .map(|(n, (path, text))| File { path, id: Some(FileId(n as u32)), text })
        .collect();
    let rendered = helm::render(&files, &helm::Settings::default()).map_err(|f| f.to_string())?;
    let mut documents = Vec::new();
    for file in rendered {
        // `helm template` prints each manifest without the white space around it.
        let mut text = String::new();
        for line in file.text.as_str().lines() {
            if line.starts_with("---") {
                text.truncate(text.trim_end().len());
                text.push('\n');
            }
            text.push_str(line);
            text.push('\n');
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
        documents.extend(read(&text).map_err(|e| format!("{}: {e}", file.name))?);
    }
    Ok(documents)
}

fn template(program: &str, chart: &Path) -> Result<Vec<Document>, String> {
    let output = Command::new(program)
        .args(["template", "release-name"])
        .arg(chart)
        .args(["--kube-version", "1.34.0"])
        .output()
        .map_err(|e| e.to_string())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    read(&String::from_utf8_lossy(&output.stdout))
}

fn read(text: &str) -> Result<Vec<Document>, String> {
    let text: Arc<str> = text.into();
    let yaml = Yaml::parse(SourceId(0), &text);
    if yaml.errors().len() > yaml.duplicates().len() {
        let error = &yaml.errors()[0];
        let line = text[..error.span.start as usize].matches('\n').count() + 1;
        return Err(format!("line {line}: {}", error.value));
    }
    let documents = yaml.documents().flatten().filter(|root| !root.is_null());
    Ok(documents
        .map(|root| {
            let mut document = Document::new();
            flatten(root, String::new(), &mut document);
            document
        })
        .collect())
}

fn flatten(node: Node<'_>, path: String, out: &mut Document) {
    let node = node.resolve();
    match node.kind() {
        NodeKind::Mapping => {
            let entries = node.merged();
            if entries.is_empty() {
                out.insert(path.clone(), "{}".to_owned());
            }
            for entry in entries {
                let key = entry.key.scalar().unwrap_or_default().into_owned();
                flatten(entry.value, format!("{path}/{key}"), out);
            }
        }
        NodeKind::Sequence => {
            if node.items().next().is_none() {
                out.insert(path.clone(), "[]".to_owned());
            }
            for (n, item) in node.items().enumerate() {
                flatten(item, format!("{path}[{n}]"), out);
            }
        }
        NodeKind::Scalar | NodeKind::Alias => {
            out.insert(path, format!("{:?}", node.value(Dialect::Kubernetes)));
        }
    }
}

fn named(documents: &[Document]) -> BTreeMap<String, &Document> {
    let mut named = BTreeMap::new();
    for document in documents {
        let part = |key: &str| document.get(key).cloned().unwrap_or_default();
        let name = ["/apiVersion", "/kind", "/metadata/namespace", "/metadata/name"]
            .map(part)
            .join(" ")
            .replace("Some(Str(\"", "")
            .replace("\"))", "");
        let mut key = name.clone();
        let mut n = 1;
        while named.contains_key(&key) {
            n += 1;
            key = format!("{name} #{n}");
        }
        named.insert(key, document);
    }
    named
}

fn differences(ours: &[Document], first: &[Document], second: &[Document]) -> Vec<String> {
    let (ours, first, second) = (named(ours), named(first), named(second));
    let mut out = Vec::new();
    let names: BTreeSet<&String> = ours.keys().chain(first.keys()).collect();
    for name in names {
        let (Some(own), Some(theirs)) = (ours.get(name), first.get(name)) else {
            // One whose name is generated stands for another of its kind.
            let kind = name.split(' ').take(2).collect::<Vec<_>>().join(" ");
            let generated = |n: &&&String| n.starts_with(&kind) && !second.contains_key(**n);
            let here = |n: &&&String| n.starts_with(&kind) && !first.contains_key(**n);
            if first.keys().collect::<Vec<_>>().iter().filter(generated).count()
                != ours.keys().collect::<Vec<_>>().iter().filter(here).count()
            {
                out.push(format!(
                    "{name}: {}",
                    if ours.contains_key(name) { "only here" } else { "only theirs" }
                ));
            }
            continue;
        };
        let again = second.get(name);
        let paths: BTreeSet<&String> = own.keys().chain(theirs.keys()).collect();
        for path in paths {
            let (a, b) = (own.get(path), theirs.get(path));
            let stable = again.is_none_or(|again| again.get(path) == b);
            if a != b && stable {
                let from = match (a, b) {
                    (Some(a), Some(b)) => a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count(),
                    _ => 0,
                };
                let short = |v: Option<&String>| {
                    v.map_or("-".to_owned(), |v| v.chars().skip(from.saturating_sub(40)).take(120).collect())
                };
                out.push(format!("{name} {path}:\n        {}\n        {}", short(a), short(b)));
            }
        }
    }
    out
}
