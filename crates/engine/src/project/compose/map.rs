//! The entries of a mapping.

use std::{iter, slice, vec};

use super::item::Item;

/// The entries of a mapping, sorted by name.
///
/// Almost every mapping has few entries, and a project many mappings: side by side they take a fifth of a tree's memory. To
/// put many entries in one by one costs more than a tree does; that is what `fill` and `collect` are for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Map(Vec<(String, Item)>);

impl Map {
    /// No entries.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether there is an entry of this name.
    pub fn contains_key(&self, name: &str) -> bool {
        self.find(name).is_ok()
    }

    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&Item> {
        self.find(name).ok().map(|at| &self.0[at].1)
    }

    /// The entries, in the order of their names.
    pub fn iter(&self) -> Iter<'_> {
        self.into_iter()
    }

    /// The names, in order.
    pub fn keys(&self) -> impl Iterator<Item = &String> {
        self.0.iter().map(|(name, _)| name)
    }

    /// The values, in the order of their names.
    pub fn values(&self) -> impl Iterator<Item = &Item> {
        self.0.iter().map(|(_, item)| item)
    }

    /// Where an entry stands, or would.
    fn find(&self, name: &str) -> Result<usize, usize> {
        // What comes in the order of the names goes behind the last.
        if self.0.last().is_none_or(|(last, _)| last.as_str() < name) {
            return Err(self.0.len());
        }
        self.0.binary_search_by(|(known, _)| known.as_str().cmp(name))
    }

    pub(super) fn get_mut(&mut self, name: &str) -> Option<&mut Item> {
        let at = self.find(name).ok()?;
        Some(&mut self.0[at].1)
    }

    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut Item> {
        self.0.iter_mut().map(|(_, item)| item)
    }

    /// Sets the value of a name.
    pub(super) fn insert(&mut self, name: String, item: Item) {
        match self.find(&name) {
            Ok(at) => self.0[at].1 = item,
            Err(at) => self.0.insert(at, (name, item)),
        }
    }

    /// The value of a name, which is put there if there is none.
    pub(super) fn or_insert_with(&mut self, name: &str, item: impl FnOnce() -> Item) -> &mut Item {
        let at = self.find(name).unwrap_or_else(|at| {
            self.0.insert(at, (name.to_owned(), item()));
            at
        });
        &mut self.0[at].1
    }

    pub(super) fn remove(&mut self, name: &str) -> Option<Item> {
        let at = self.find(name).ok()?;
        Some(self.0.remove(at).1)
    }

    pub(super) fn retain(&mut self, mut keep: impl FnMut(&str, &Item) -> bool) {
        self.0.retain(|(name, item)| keep(name, item));
    }

    /// Adds entries of names that are not there yet.
    pub(super) fn fill(&mut self, more: impl IntoIterator<Item = (String, Item)>) {
        let known = self.0.len();
        for (name, item) in more {
            if self.0[..known].binary_search_by(|(known, _)| known.cmp(&name)).is_err() {
                self.0.push((name, item));
            }
        }
        if self.0.len() > known {
            *self = Self::from(std::mem::take(&mut self.0));
        }
    }

    pub(super) fn shrink(&mut self) {
        self.0.shrink_to_fit();
        for (name, item) in &mut self.0 {
            name.shrink_to_fit();
            item.shrink();
        }
    }
}

impl From<Vec<(String, Item)>> for Map {
    /// Of entries of one name the last counts.
    fn from(mut entries: Vec<(String, Item)>) -> Self {
        entries.sort_by(|(a, _), (b, _)| a.cmp(b));
        entries.dedup_by(|later, kept| {
            let same = later.0 == kept.0;
            if same {
                std::mem::swap(later, kept);
            }
            same
        });
        Self(entries)
    }
}

impl<const N: usize> From<[(String, Item); N]> for Map {
    fn from(entries: [(String, Item); N]) -> Self {
        Self::from(Vec::from(entries))
    }
}

impl FromIterator<(String, Item)> for Map {
    fn from_iter<I: IntoIterator<Item = (String, Item)>>(entries: I) -> Self {
        Self::from(entries.into_iter().collect::<Vec<_>>())
    }
}

/// The entries of a [`Map`].
pub type Iter<'m> = iter::Map<slice::Iter<'m, (String, Item)>, fn(&(String, Item)) -> (&String, &Item)>;

impl<'m> IntoIterator for &'m Map {
    type Item = (&'m String, &'m Item);
    type IntoIter = Iter<'m>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter().map(|(name, item)| (name, item))
    }
}

#[expect(clippy::into_iter_without_iter, reason = "nothing asks for one by name")]
impl<'m> IntoIterator for &'m mut Map {
    type Item = (&'m String, &'m mut Item);
    type IntoIter = iter::Map<
        slice::IterMut<'m, (String, Item)>,
        fn(&'m mut (String, Item)) -> (&'m String, &'m mut Item),
    >;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter_mut().map(|(name, item)| (&*name, item))
    }
}

impl IntoIterator for Map {
    type Item = (String, Item);
    type IntoIter = vec::IntoIter<(String, Item)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(map: &Map) -> Vec<(&str, &str)> {
        map.iter().map(|(name, item)| (name.as_str(), item.as_str().unwrap_or_default())).collect()
    }

    fn entry(name: &str, text: &str) -> (String, Item) {
        (name.to_owned(), Item::text(text))
    }

    #[test]
    fn entries_are_sorted_and_the_last_of_a_name_counts() {
        let mut map: Map = [entry("b", "1"), entry("a", "2"), entry("b", "3")].into_iter().collect();
        assert_eq!(names(&map), [("a", "2"), ("b", "3")]);
        map.insert("c".to_owned(), Item::text("4"));
        map.insert("a".to_owned(), Item::text("5"));
        assert_eq!(map.or_insert_with("aa", || Item::text("6")).as_str(), Some("6"));
        assert_eq!(names(&map), [("a", "5"), ("aa", "6"), ("b", "3"), ("c", "4")]);
        assert_eq!(map.remove("b").and_then(|i| i.as_str().map(str::to_owned)).as_deref(), Some("3"));
        assert!(map.remove("b").is_none() && !map.contains_key("b") && map.contains_key("c"));
    }

    #[test]
    fn what_is_there_stays_when_more_is_filled_in() {
        let mut map = Map::from([entry("b", "own")]);
        map.fill([entry("c", "new"), entry("b", "new"), entry("a", "new")]);
        assert_eq!(names(&map), [("a", "new"), ("b", "own"), ("c", "new")]);
    }
}
