//! Splits sets of items of one chunk by the type of the items, so that questions by type visit no item.

use roaring::RoaringBitmap;

use crate::Tick;
use crate::bitmap::{read, write};
use crate::error::{Error, Kind};

const CHUNK_SIZE: usize = 1 << 16;

/// Up to this many pairs are intersected one by one. Beyond, each id is looked up once, whatever the number of types.
const FEW_PAIRS: usize = 64;

/// The sets of one chunk may overlap a little (what a run added, what it changed). Reads at most this many ids in all.
const MAX_IDS: u64 = 64 * CHUNK_SIZE as u64;

/// How many ids each pair of a type and a set has in common: (position of the type, position of the set, ids), both
/// positions from 1, only pairs that have some. `types` are disjoint.
pub fn count<'a>(
    types: impl IntoIterator<Item = &'a [u8]>,
    sets: impl IntoIterator<Item = &'a [u8]>,
    tick: Tick<'_>,
) -> Result<Vec<(i32, i32, i64)>, Error> {
    let (types, sets) = (read_all(types, tick)?, read_all(sets, tick)?);
    let mut found = Vec::new();
    if types.len().saturating_mul(sets.len()) <= FEW_PAIRS {
        for (type_no, of_type) in (1..).zip(&types) {
            for (set_no, set) in (1..).zip(&sets) {
                add(&mut found, type_no, set_no, of_type.intersection_len(set));
            }
        }
        return Ok(found);
    }
    let type_of = type_of_each(&types, &sets, tick)?;
    let mut counts = vec![0_u64; types.len() + 1];
    for (set_no, set) in (1..).zip(&sets) {
        tick();
        let mut touched = Vec::new();
        for type_no in set.iter().map(|low| type_of.get(low as usize).copied().unwrap_or(0)) {
            if let Some(count) = counts.get_mut(type_no as usize) {
                if *count == 0 {
                    touched.push(type_no);
                }
                *count += 1;
            }
        }
        for type_no in touched {
            if let Some(count) = counts.get_mut(type_no as usize).map(std::mem::take) {
                add(&mut found, i32::try_from(type_no).unwrap_or_default(), set_no, count);
            }
        }
    }
    Ok(found)
}

/// The ids that each pair of a type and a set has in common, as [`count`] counts them.
pub fn split<'a>(
    types: impl IntoIterator<Item = &'a [u8]>,
    sets: impl IntoIterator<Item = &'a [u8]>,
    tick: Tick<'_>,
) -> Result<Vec<(i32, i32, Vec<u8>)>, Error> {
    let (types, sets) = (read_all(types, tick)?, read_all(sets, tick)?);
    let mut found = Vec::new();
    if types.len().saturating_mul(sets.len()) <= FEW_PAIRS {
        for (type_no, of_type) in (1..).zip(&types) {
            for (set_no, set) in (1..).zip(&sets) {
                let common = of_type & set;
                if !common.is_empty() {
                    found.push((type_no, set_no, write(common)?));
                }
            }
        }
        return Ok(found);
    }
    let type_of = type_of_each(&types, &sets, tick)?;
    let mut ids_of: Vec<Vec<u32>> = vec![Vec::new(); types.len() + 1];
    for (set_no, set) in (1..).zip(&sets) {
        tick();
        let mut touched = Vec::new();
        for low in set {
            let type_no = type_of.get(low as usize).copied().unwrap_or(0);
            if let Some(ids) = ids_of.get_mut(type_no as usize) {
                if ids.is_empty() {
                    touched.push(type_no);
                }
                ids.push(low);
            }
        }
        for type_no in touched {
            let ids = ids_of.get_mut(type_no as usize).map(std::mem::take).unwrap_or_default();
            if type_no > 0 {
                let common = RoaringBitmap::from_iter(ids);
                found.push((i32::try_from(type_no).unwrap_or_default(), set_no, write(common)?));
            }
        }
    }
    Ok(found)
}

fn read_all<'a>(
    sets: impl IntoIterator<Item = &'a [u8]>,
    tick: Tick<'_>,
) -> Result<Vec<RoaringBitmap>, Error> {
    let read_one = |set| {
        tick();
        read(set)
    };
    sets.into_iter().map(read_one).collect()
}

/// The position of its type for each id of the chunk; 0 if no type has it.
fn type_of_each(types: &[RoaringBitmap], sets: &[RoaringBitmap], tick: Tick<'_>) -> Result<Vec<u32>, Error> {
    let overlap = |what: &str| {
        Error::new(
            Kind::Corrupt,
            "sets of items overlap",
            format!("The {what} of a chunk hold the same items several times."),
            "Only the extension should write sets; restore them from a backup.",
        )
    };
    if sets.iter().map(RoaringBitmap::len).sum::<u64>() > MAX_IDS {
        return Err(overlap("sets"));
    }
    let mut type_of = vec![0; CHUNK_SIZE];
    for (type_no, of_type) in (1..).zip(types) {
        tick();
        for low in of_type {
            match type_of.get_mut(low as usize) {
                Some(place @ 0) => *place = type_no,
                _ => return Err(overlap("types")),
            }
        }
    }
    Ok(type_of)
}

fn add(found: &mut Vec<(i32, i32, i64)>, type_no: i32, set_no: i32, count: u64) {
    if count > 0 && type_no > 0 {
        found.push((type_no, set_no, i64::try_from(count).unwrap_or(i64::MAX)));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;
    use crate::bitmap;

    fn bytes(ids: impl IntoIterator<Item = i64>) -> Vec<u8> {
        let ids: Vec<i64> = ids.into_iter().collect();
        bitmap::chunks(ids, &|| ()).unwrap().pop().map_or_else(|| bitmap::EMPTY.to_vec(), |(_, bytes)| bytes)
    }

    proptest! {
        #[test]
        fn items_fall_apart_by_their_types(
            types in 1_usize..40,
            type_of in prop::collection::btree_map(0_i64..65_536, 0_usize..50, 0..300),
            sets in prop::collection::vec(prop::collection::btree_set(0_i64..65_536, 0..50), 1..6),
        ) {
            let known: BTreeSet<i64> = type_of.keys().copied().collect();
            let sets: Vec<BTreeSet<i64>> = sets.iter().map(|set| known.iter().copied()
                .filter(|id| set.iter().any(|other| other % 7 == id % 7)).chain(set.iter().copied()).collect()).collect();
            let mut expected = BTreeMap::<(i32, i32), BTreeSet<i64>>::new();
            for (set_no, set) in (1..).zip(&sets) {
                for id in set {
                    if let Some(type_no) = type_of.get(id).filter(|type_no| **type_no < types) {
                        expected.entry((*type_no as i32 + 1, set_no)).or_default().insert(*id);
                    }
                }
            }
            let type_sets: Vec<Vec<u8>> = (0..types)
                .map(|no| bytes(type_of.iter().filter(|(_, of)| **of == no).map(|(id, _)| *id))).collect();
            let set_bytes: Vec<Vec<u8>> = sets.iter().map(|set| bytes(set.iter().copied())).collect();
            let found: BTreeMap<(i32, i32), BTreeSet<i64>> = split(type_sets.iter().map(Vec::as_slice), set_bytes.iter().map(Vec::as_slice), &|| ())
                .unwrap().into_iter()
                .map(|(type_no, set_no, common)| ((type_no, set_no), bitmap::ids(0, &common).unwrap().collect()))
                .collect();
            let counted: BTreeMap<(i32, i32), i64> = count(type_sets.iter().map(Vec::as_slice), set_bytes.iter().map(Vec::as_slice), &|| ())
                .unwrap().into_iter().map(|(type_no, set_no, items)| ((type_no, set_no), items)).collect();
            prop_assert_eq!(&counted, &expected.iter().map(|(pair, ids)| (*pair, ids.len() as i64)).collect());
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn sets_that_overlap_without_end_are_refused() {
        let (one, full) = (bytes([7]), bytes(0..65_536));
        let many = |set: &'static [u8], times| std::iter::repeat_n(set, times);
        let (one, full): (&'static [u8], &'static [u8]) = (one.leak(), full.leak());
        assert!(count(many(one, 100), [one], &|| ()).is_err());
        assert!(
            count([one], many(full, 100), &|| ()).is_err() && split([one], many(full, 100), &|| ()).is_err()
        );
    }

    #[test]
    fn nothing_has_nothing_in_common_and_no_bitmap_is_refused() {
        assert_eq!(count([], [], &|| ()).unwrap(), []);
        assert!(count([&b"no bitmap"[..]], [], &|| ()).is_err() && split([], [&b""[..]], &|| ()).is_err());
    }
}
