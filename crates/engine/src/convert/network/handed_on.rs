//! What development servers of pages hand on to other services.

/// The files of a context that say so.
pub(in crate::convert) const FILES: [&str; 6] = [
    "vite.config.ts",
    "vite.config.js",
    "vite.config.mjs",
    "proxy.conf.json",
    "proxy.conf.js",
    "src/proxy.conf.json",
];

/// The paths that are handed on, each with what is said of it.
pub(super) fn paths(text: &str) -> Vec<(&str, &str)> {
    let block = match text.find("proxy:") {
        Some(at) => text[at..].find('{').map(|open| &text[at + open..]),
        None => text.find('{').filter(|_| text.contains("\"target\"")).map(|open| &text[open..]),
    };
    let Some(block) = block else { return Vec::new() };
    let mut found: Vec<(&str, usize, usize)> = Vec::new();
    let (mut depth, mut at) = (0_usize, 0);
    let bytes = block.as_bytes();
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'{' | b'[' | b'(' => depth += 1,
            b'}' | b']' | b')' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    break;
                }
            }
            b'/' if bytes.get(at + 1) == Some(&b'/') => {
                at += block[at..].find('\n').unwrap_or(block.len() - at);
                continue;
            }
            quote @ (b'\'' | b'"' | b'`') => {
                let Some(length) = block[at + 1..].find(char::from(*quote)) else { break };
                let (inner, behind) = (&block[at + 1..at + 1 + length], &block[at + length + 2..]);
                if depth == 1 && behind.trim_start().starts_with(':') && is_path(inner) {
                    found.push((inner, at, block.len()));
                }
                at += length + 1;
            }
            _ => {}
        }
        at += 1;
    }
    let end = at.min(block.len());
    for index in 0..found.len() {
        found[index].2 = found.get(index + 1).map_or(end, |next| next.1);
    }
    found.into_iter().map(|(path, from, to)| (path, &block[from..to])).collect()
}

/// Whether it is a path that an Ingress takes for one, not a pattern.
fn is_path(text: &str) -> bool {
    text.starts_with('/')
        && text.len() > 1
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"/-_.~".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::paths;

    #[test]
    fn paths_of_development_servers() {
        for (text, expected) in [
            (
                "export default { server: { proxy: { '/api': 'http://api:8000', \"/ws\": { target: `http://${h}`, ws: true } } } }",
                vec!["/api", "/ws"],
            ),
            (
                "proxy: { '^/x/.*': {}, // '/y': 1\n '/z': { configure: (p) => { p.on('/error', 1) } } }",
                vec!["/z"],
            ),
            ("{ \"/api\": { \"target\": \"http://api:3000\" } }", vec!["/api"]),
            ("proxy: {", vec![]),
            ("proxy: { '/a", vec![]),
            ("export default {}", vec![]),
        ] {
            assert_eq!(paths(text).iter().map(|(path, _)| *path).collect::<Vec<_>>(), expected, "{text}");
        }
    }
}
