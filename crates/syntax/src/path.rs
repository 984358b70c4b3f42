//! Paths with slashes, as Go's package `path` reads them: Docker, Compose and Helm do.

/// A path without `.`, doubled slashes and what `..` takes back, as `path.Clean` gives it: an empty one is `.`.
pub fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if rooted => {}
            part => parts.push(part),
        }
    }
    match (rooted, parts.is_empty()) {
        (true, _) => format!("/{}", parts.join("/")),
        (false, true) => ".".to_owned(),
        (false, false) => parts.join("/"),
    }
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn what_means_nothing_is_left_out() {
        for (path, wanted) in [
            ("", "."),
            ("./", "."),
            ("a//b/./c", "a/b/c"),
            ("a/../b", "b"),
            ("a/../..", ".."),
            ("../a/", "../a"),
            ("/../a", "/a"),
            ("./a/../b//c/", "b/c"),
            ("/..", "/"),
            ("/", "/"),
        ] {
            assert_eq!(clean(path), wanted, "{path}");
        }
    }
}
