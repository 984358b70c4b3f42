//! What the variant of a Dockerfile is called, and which file a variant belongs to.

use camino::{Utf8Path, Utf8PathBuf};

/// Words by which the name of a Dockerfile says that it is for Kubernetes.
const WORDS: [&str; 3] = ["k8s", "kubernetes", "kube"];

/// Where the variant of a Dockerfile is written: `Dockerfile` gives `Dockerfile.k8s`; `Dockerfile.server` and
/// `server.Dockerfile` give `Dockerfile.k8s.server`.
pub(crate) fn of(path: &Utf8Path) -> Utf8PathBuf {
    let name = path.file_name().unwrap_or_default();
    let lower = name.to_ascii_lowercase();
    let stem =
        ["dockerfile", "containerfile"].into_iter().find_map(|stem| Some((lower.find(stem)?, stem.len())));
    let Some((at, length)) = stem else { return path.with_file_name(format!("{name}.k8s")) };
    let (before, stem, after) = (&name[..at], &name[at..at + length], &name[at + length..]);
    let before = before.trim_end_matches(['.', '-', '_']);
    let dot = if before.is_empty() { "" } else { "." };
    path.with_file_name(format!("{stem}.k8s{dot}{before}{after}"))
}

/// The words of a file's name, sorted.
pub(super) fn words(path: &Utf8Path) -> Vec<String> {
    let name = path.file_name().unwrap_or_default().to_ascii_lowercase();
    let mut words: Vec<String> =
        name.split(['.', '-', '_']).filter(|w| !w.is_empty()).map(str::to_owned).collect();
    words.sort();
    words
}

/// Whether a Dockerfile's name says that it is for Kubernetes.
pub(crate) fn is_for_kubernetes(path: &Utf8Path) -> bool {
    words(path).iter().any(|word| WORDS.contains(&word.as_str()))
}

/// Whether one Dockerfile's name is another's but for the word that says it is for Kubernetes: `Dockerfile.server` and
/// `server.k8s.Dockerfile`, in one directory.
pub(crate) fn are_twins(source: &Utf8Path, twin: &Utf8Path) -> bool {
    if source.parent() != twin.parent() || is_for_kubernetes(source) {
        return false;
    }
    words_of_source(twin).is_some_and(|wanted| wanted == words(source))
}

/// The words that the name of a Dockerfile has whose variant this is by its name; `None` where its name says no such thing.
pub(super) fn words_of_source(twin: &Utf8Path) -> Option<Vec<String>> {
    let mut words = words(twin);
    let all = words.len();
    words.retain(|word| !WORDS.contains(&word.as_str()));
    (words.len() < all).then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let cases = [
            ("Dockerfile", "Dockerfile.k8s"),
            ("a/Dockerfile.server", "a/Dockerfile.k8s.server"),
            ("a/server.Dockerfile", "a/Dockerfile.k8s.server"),
            ("api.dockerfile", "dockerfile.k8s.api"),
            ("Dockerfile.py3.11", "Dockerfile.k8s.py3.11"),
            ("Dockerfile-alpine", "Dockerfile.k8s-alpine"),
            ("Containerfile", "Containerfile.k8s"),
            ("Containerfile.web", "Containerfile.k8s.web"),
            ("web.Containerfile", "Containerfile.k8s.web"),
            ("a.Dockerfile.b", "Dockerfile.k8s.a.b"),
            ("build.txt", "build.txt.k8s"),
        ];
        for (source, variant) in cases {
            assert_eq!(of(Utf8Path::new(source)), variant, "{source}");
            assert!(is_for_kubernetes(Utf8Path::new(variant)), "{variant}");
        }
        assert!(are_twins(Utf8Path::new("a/Dockerfile.server"), Utf8Path::new("a/server.k8s.Dockerfile")));
        assert!(!are_twins(Utf8Path::new("a/Dockerfile.server"), Utf8Path::new("a/Dockerfile.k8s.mcp")));
        assert!(!are_twins(Utf8Path::new("a/Dockerfile"), Utf8Path::new("b/Dockerfile.k8s")));
        assert!(!are_twins(Utf8Path::new("Dockerfile.k8s"), Utf8Path::new("Dockerfile.k8s.kube")));
    }
}
