//! What a misspelt word was meant to be.

/// The word of a vocabulary that another one was most likely meant to be: a keyword, a key, a setting.
pub fn nearest<'a>(word: &str, vocabulary: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let slips = match word.len() {
        0..2 => 0,
        2..6 => 1,
        6..10 => 2,
        10..64 => word.len() / 4,
        _ => return None,
    };
    // Which of them joins two words is soon forgotten.
    let plain = |word: &str| word.to_ascii_lowercase().replace('-', "_");
    let word = plain(word);
    vocabulary
        .filter(|known| known.len().abs_diff(word.len()) <= slips)
        .map(|known| (strsim::osa_distance(&word, &plain(known)), known))
        .filter(|(distance, _)| *distance <= slips)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// How many slips make another name of this one; `None` where it is too long to be meant for another.
pub fn slips(name: &str) -> Option<usize> {
    match name.len() {
        0..3 => Some(0),
        3..10 => Some(1),
        10..64 => Some(2),
        _ => None,
    }
}

/// The name, of those that people gave to things, that another one was meant to be: the nearest in spelling, if it is near
/// enough. People choose names that are alike, so this is stricter than [`nearest`].
pub fn closest<'c>(name: &str, candidates: impl Iterator<Item = &'c str>) -> Option<&'c str> {
    let limit = slips(name)?;
    // Names that only their numbers tell apart are different things, and a slip is seldom in the first letter.
    let stem = |name: &str| name.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    candidates
        // Names as unlike as their lengths need no look at their letters.
        .filter(|candidate| candidate.len().abs_diff(name.len()) <= limit)
        .filter(|candidate| candidate[..stem(candidate)] != name[..stem(name)])
        .filter(|candidate| candidate.chars().next() == name.chars().next())
        .map(|candidate| (strsim::osa_distance(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_word_is_near_one() {
        let words =
            ["image", "build", "depends_on", "environment", "env_file", "ports", "FROM", "untagged-base"];
        for (word, meant) in [
            ("imgae", Some("image")),
            ("depend_on", Some("depends_on")),
            ("enviroment", Some("environment")),
            ("port", Some("ports")),
            ("depends-on", Some("depends_on")),
            ("FORM", Some("FROM")),
            ("untaged-base", Some("untagged-base")),
            ("colour", None),
        ] {
            assert_eq!(nearest(word, words.into_iter()), meant, "{word}");
        }
    }

    #[test]
    fn names_are_told_apart_more_strictly() {
        let names = ["postgres", "worker-1", "web"];
        for (name, meant) in
            [("postgers", Some("postgres")), ("worker-2", None), ("wed", Some("web")), ("ostgres", None)]
        {
            assert_eq!(closest(name, names.into_iter()), meant, "{name}");
        }
    }
}
