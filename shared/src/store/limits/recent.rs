//! A map of bounded size, which makes room by dropping what was used least recently.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

/// Values by their keys, at most so many.
#[derive(Debug)]
pub(super) struct Recent<K, V> {
    most: usize,
    /// Each with the number of its last use.
    held: HashMap<K, (u64, V)>,
    by_use: BTreeMap<u64, K>,
    uses: u64,
}

impl<K: Copy + Eq + Hash, V> Recent<K, V> {
    pub(super) fn new(most: usize) -> Self {
        Self { most, held: HashMap::new(), by_use: BTreeMap::new(), uses: 0 }
    }

    /// The value of a key, which is used by that; a new one where there is none.
    pub(super) fn touch(&mut self, key: K, new: impl FnOnce() -> V) -> &mut V {
        if !self.held.contains_key(&key)
            && self.held.len() >= self.most
            && let Some((_, least)) = self.by_use.pop_first()
        {
            self.held.remove(&least);
        }
        self.uses += 1;
        let (used, value) = self.held.entry(key).or_insert_with(|| (self.uses, new()));
        self.by_use.remove(used);
        *used = self.uses;
        self.by_use.insert(self.uses, key);
        value
    }

    /// The same, but a new one is only made if it is wanted.
    pub(super) fn touch_if(&mut self, key: K, wanted: bool, new: impl FnOnce() -> V) -> Option<&mut V> {
        (wanted || self.has(&key)).then(|| self.touch(key, new))
    }

    /// Whether it has a value of that key.
    pub(super) fn has(&self, key: &K) -> bool {
        self.held.contains_key(key)
    }

    /// The value of a key. That is no use.
    pub(super) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.held.get_mut(key).map(|(_, value)| value)
    }

    /// All keys and values.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (&K, &mut V)> {
        self.held.iter_mut().map(|(key, (_, value))| (key, value))
    }

    pub(super) fn len(&self) -> usize {
        self.held.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_map_drops_what_was_used_least_recently_and_nothing_else() {
        let mut map = Recent::new(3);
        for key in [1, 2, 3, 1, 3] {
            map.touch(key, || key * 10);
        }
        assert!(map.get_mut(&2).is_some(), "which is no use");
        assert_eq!(*map.touch(4, || 40), 40);
        assert_eq!(map.get_mut(&2), None);
        assert_eq!(map.len(), 3);
        let mut left: Vec<_> = map.iter_mut().map(|(key, value)| (*key, *value)).collect();
        left.sort_unstable();
        assert_eq!(left, [(1, 10), (3, 30), (4, 40)]);
        map.touch(5, || 50);
        assert_eq!(map.get_mut(&1), None);
        assert_eq!([map.has(&5), map.has(&1)], [true, false]);
        assert!(map.touch_if(6, false, || 60).is_none() && !map.has(&6), "it is not wanted");
        assert_eq!(map.touch_if(5, false, || 60), Some(&mut 50));
    }
}
