//! Fingerprints: numbers by which others know a finding again after lines around it moved.

use std::collections::HashMap;

use super::places::Places;
use crate::diagnostic::Diagnostic;

/// Gives each finding its fingerprint: of its path, rule, message, and of how many before it are alike.
#[derive(Default)]
pub(super) struct Fingerprints {
    seen: HashMap<u64, u32>,
}

impl Fingerprints {
    pub(super) fn of(&mut self, diagnostic: &Diagnostic, places: &Places<'_>) -> String {
        let message = places.message(&diagnostic.message, diagnostic.span);
        let path = places.path(diagnostic.span.source);
        let alike = hash(&[path.as_bytes(), diagnostic.rule.name.as_bytes(), message.as_bytes()]);
        let nth = self.seen.entry(alike).or_default();
        *nth += 1;
        format!("{:016x}", hash(&[&alike.to_le_bytes(), &nth.to_le_bytes()]))
    }
}

/// FNV-1a, which gives the same number in every release and on every machine.
fn hash(parts: &[&[u8]]) -> u64 {
    let bytes = parts.iter().flat_map(|part| part.iter().copied().chain([0xff]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
