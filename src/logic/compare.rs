//! Decides by digests which items of a batch are new, changed or unchanged.

use hashbrown::HashMap;

use crate::Tick;
use crate::batch::Packed;
use crate::digest::Key;
use crate::ticker::Ticker;

/// A stored item. Items may be passed in any order and more than once.
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

/// The classes of a batch. Positions count from 1.
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

/// Compares a batch, which has each item once, with known items. Memory depends on the batch only.
pub fn compare(
    batch: &Packed<'_>,
    known: impl Iterator<Item = Known>,
    young_from: i64,
    tick: Tick<'_>,
) -> Comparison {
    let ticker = Ticker::new(tick);
    let mut places: HashMap<Key, Option<Known>> = batch.iter().map(|item| (item.key, None)).collect();
    for item in known {
        ticker.count();
        if let Some(place) = places.get_mut(&item.key) {
            *place = Some(item);
        }
    }
    let mut found = Comparison::default();
    found.unchanged_ids.reserve(batch.len());
    for (position, item) in (1..).zip(batch.iter()) {
        ticker.count();
        let Some(stored) = places.get(&item.key).copied().flatten() else {
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
    #![allow(clippy::unwrap_used)]

    use super::{Comparison, Known, compare};
    use crate::batch::{self, Entry, Packed};
    use crate::digest::Key;

    fn key(number: i64) -> Key {
        Key { high: number % 10, low: number }
    }

    #[test]
    fn every_given_item_is_in_one_class() {
        let known =
            |number| Known { key: key(number), item_id: 100 + number, name_digest: 7, meta_digest: 8 };
        let given = [
            (1, Some(7), Some(8)),
            (2, Some(7), Some(9)),
            (3, Some(0), None),
            (4, None, None),
            (15, Some(7), Some(8)),
            (6, None, Some(8)),
        ];
        let entries = given.into_iter().zip(0..).map(|((number, name_digest, meta_digest), start)| Entry {
            key: key(number),
            name_digest,
            meta_digest,
            start,
            external_id: "i",
        });
        let bytes = batch::write(entries.collect::<Vec<_>>().into_iter());
        let stored = [9, 6, 5, 4, 3, 2, 1, 2].map(known);
        let expected = Comparison {
            new_positions: vec![5],
            changed_positions: vec![2, 3],
            changed_ids: vec![102, 103],
            unchanged_ids: vec![101, 104, 106],
            young_ids: vec![103, 104, 106],
        };
        assert_eq!(compare(&Packed::read(&bytes).unwrap(), stored.into_iter(), 103, &|| ()), expected);
    }
}
