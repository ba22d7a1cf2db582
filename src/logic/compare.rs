//! Which items of a batch are new, changed or unchanged, told by digests alone.

use hashbrown::HashMap;

use crate::digest::Key;

/// An item of the batch. A part that is omitted has no digest.
#[derive(Debug, Clone, Copy)]
pub struct Given {
    /// Its identity.
    pub key: Key,
    /// The digest of its name.
    pub name_digest: Option<i64>,
    /// The digest of its meta.
    pub meta_digest: Option<i64>,
}

/// An item that is stored. Any may be shown, in any order and more than once.
#[derive(Debug, Clone, Copy)]
pub struct Known {
    /// Its identity.
    pub key: Key,
    /// Its number.
    pub item_id: i64,
    /// The digest of its name.
    pub name_digest: i64,
    /// The digest of its meta.
    pub meta_digest: i64,
}

/// What became of the batch. Positions count from 1.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Items that are not among the known ones.
    pub new_positions: Vec<i32>,
    /// Items with a given part that differs from the stored one.
    pub changed_positions: Vec<i32>,
    /// Their numbers.
    pub changed_ids: Vec<i64>,
    /// The numbers of all others.
    pub unchanged_ids: Vec<i64>,
    /// The numbers of those known ones that are at least `young_from`.
    pub young_ids: Vec<i64>,
}

/// Compares a batch, each item of which is given once, with what is known.
pub fn compare(
    given: impl ExactSizeIterator<Item = Given>,
    known: impl Iterator<Item = Known>,
    young_from: i64,
) -> Comparison {
    let known: HashMap<Key, Known> = known.map(|item| (item.key, item)).collect();
    let mut found = Comparison::default();
    found.unchanged_ids.reserve(given.len());
    for (position, item) in (1..).zip(given) {
        let Some(stored) = known.get(&item.key) else {
            found.new_positions.push(position);
            continue;
        };
        let differs = |digest: Option<i64>, stored: i64| digest.is_some_and(|digest| digest != stored);
        if differs(item.name_digest, stored.name_digest) || differs(item.meta_digest, stored.meta_digest) {
            found.changed_positions.push(position);
            found.changed_ids.push(stored.item_id);
        } else {
            found.unchanged_ids.push(stored.item_id);
        }
        if stored.item_id >= young_from {
            found.young_ids.push(stored.item_id);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{Comparison, Given, Known, compare};
    use crate::digest::Key;

    fn key(number: i64) -> Key {
        Key { high: number % 10, low: number }
    }

    #[test]
    fn every_given_item_is_in_one_class() {
        let known =
            |number| Known { key: key(number), item_id: 100 + number, name_digest: 7, meta_digest: 8 };
        let given = |number, name_digest, meta_digest| Given { key: key(number), name_digest, meta_digest };
        let batch = [
            given(1, Some(7), Some(8)),
            given(2, Some(7), Some(9)),
            given(3, Some(0), None),
            given(4, None, None),
            given(15, Some(7), Some(8)),
            given(6, None, Some(8)),
        ];
        let stored = [9, 6, 5, 4, 3, 2, 1, 2].map(known);
        let expected = Comparison {
            new_positions: vec![5],
            changed_positions: vec![2, 3],
            changed_ids: vec![102, 103],
            unchanged_ids: vec![101, 104, 106],
            young_ids: vec![103, 104, 106],
        };
        assert_eq!(compare(batch.into_iter(), stored.into_iter(), 103), expected);
    }
}
