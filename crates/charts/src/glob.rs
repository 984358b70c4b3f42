//! Patterns of paths, as `.Files.Glob` takes them: `*` within a name, `**` across names, `?`, `[a-z]`, `{a,b}`.

/// Whether a path matches.
pub(crate) fn matches(pattern: &str, path: &str) -> bool {
    let mut fuel = 100_000;
    at(pattern.as_bytes(), path.as_bytes(), &mut fuel)
}

fn at(pattern: &[u8], path: &[u8], fuel: &mut u32) -> bool {
    let Some(left) = fuel.checked_sub(1) else { return false };
    *fuel = left;
    let Some((&first, rest)) = pattern.split_first() else { return path.is_empty() };
    match first {
        b'*' if rest.first() == Some(&b'*') => {
            let rest = &rest[1..];
            (0..=path.len()).any(|n| at(rest, &path[n..], fuel))
        }
        b'*' => {
            let end = path.iter().position(|b| *b == b'/').unwrap_or(path.len());
            (0..=end).any(|n| at(rest, &path[n..], fuel))
        }
        b'?' => path.first().is_some_and(|b| *b != b'/') && at(rest, &path[1..], fuel),
        b'[' => {
            let Some(close) = rest.iter().skip(1).position(|b| *b == b']').map(|n| n + 1) else {
                return false;
            };
            let (set, after) = (&rest[..close], &rest[close + 1..]);
            let (negated, set) = match set.first() {
                Some(b'!' | b'^') => (true, &set[1..]),
                _ => (false, set),
            };
            let Some(&byte) = path.first() else { return false };
            let mut n = 0;
            let mut found = false;
            while n < set.len() {
                if set.get(n + 1) == Some(&b'-') && n + 2 < set.len() {
                    found |= (set[n]..=set[n + 2]).contains(&byte);
                    n += 3;
                } else {
                    found |= set[n] == byte;
                    n += 1;
                }
            }
            found != negated && byte != b'/' && at(after, &path[1..], fuel)
        }
        b'{' => {
            let Some(close) = rest.iter().position(|b| *b == b'}') else { return false };
            let after = &rest[close + 1..];
            rest[..close].split(|b| *b == b',').any(|option| {
                let mut joined = option.to_vec();
                joined.extend_from_slice(after);
                at(&joined, path, fuel)
            })
        }
        b'\\' => {
            let Some((&escaped, rest)) = rest.split_first() else { return false };
            path.first() == Some(&escaped) && at(rest, &path[1..], fuel)
        }
        byte => path.first() == Some(&byte) && at(rest, &path[1..], fuel),
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_match_paths() {
        for (pattern, path, expected) in [
            ("config/*", "config/a.yaml", true),
            ("config/*", "config/b/a.yaml", false),
            ("**.yaml", "config/b/a.yaml", true),
            ("config/**", "config/b/a.yaml", true),
            ("files/{a,b}.conf", "files/b.conf", true),
            ("[a-c]?.x", "bq.x", true),
        ] {
            assert_eq!(matches(pattern, path), expected, "{pattern} {path}");
        }
    }
}
