//! What a `Procfile` says of the web process, which several platforms run.

use super::Look;

/// The words of the process that serves, without the variables before it.
pub(super) fn web<'f>(look: &Look<'f>) -> Option<Vec<&'f str>> {
    let line = look.text("Procfile")?.lines().find_map(|line| line.trim().strip_prefix("web:"))?;
    // Of several commands the last one stays.
    let last = line.rsplit("&&").next().unwrap_or(line);
    let mut words: Vec<&str> =
        last.split_whitespace().skip_while(|word| word.contains('=') && !word.starts_with('-')).collect();
    if words.first() == Some(&"exec") {
        words.remove(0);
    }
    (!words.is_empty()).then_some(words)
}
