use super::*;

/// What `tests/engines/dockerignore-oracle` says of them: a `.dockerignore`, a path, and whether it is left out.
const TABLE: &str = include_str!("../../tests/dockerignore/cases.tsv");

#[test]
fn like_docker() {
    let mut wrong = Vec::new();
    for line in TABLE.lines() {
        let mut fields = line.split('\t');
        let (text, path, expected) = (fields.next().unwrap(), fields.next().unwrap(), fields.next().unwrap());
        let text: String = serde_json::from_str(text).unwrap();
        let found = Dockerignore::parse(&text).map_or("error".to_owned(), |d| d.excludes(path).to_string());
        if found != expected {
            wrong.push(format!("{text:?} {path}: {found} instead of {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(TABLE.lines().count() > 300);
}

#[test]
fn globs() {
    for (pattern, name, expected) in [
        ("*.json", "package.json", true),
        ("package*.json", "package-lock.json", true),
        ("**.json", "a.json", true),
        ("[a-c]*", "b", true),
        ("[^a-c]*", "b", false),
        ("?", "ab", false),
        ("a\\*", "a*", true),
        ("[a", "a", false),
    ] {
        assert_eq!(Glob::new(pattern).matches(name), expected, "{pattern} {name}");
    }
}
