//! Sets of item ids, cut into chunks of 65,536: one roaring bitmap a chunk, in the portable format
//! (<https://github.com/RoaringBitmap/RoaringFormatSpec>), holding the low 16 bits of each id.

use roaring::RoaringBitmap;

use crate::error::Error;

const CHUNK_BITS: u32 = 16;
const LOW_MASK: i64 = (1 << CHUNK_BITS) - 1;

/// The bitmaps of `ids`, one a chunk, in the order of the chunks. Ids are positive.
pub fn chunks(ids: &[i64]) -> Result<Vec<(i32, Vec<u8>)>, Error> {
    let mut sorted = ids.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let mut result = Vec::new();
    for run in sorted.chunk_by(|a, b| a >> CHUNK_BITS == b >> CHUNK_BITS) {
        let chunk =
            i32::try_from(run[0] >> CHUNK_BITS).ok().filter(|chunk| *chunk >= 0).ok_or_else(|| {
                Error::invalid(
                    "item id out of range",
                    format!("The item id is {}.", run[0]),
                    "Item ids are drawn from the tenant's counter; pass what inventory_items shows.",
                )
            })?;
        let set = run.iter().map(|id| low_bits(*id)).collect();
        result.push((chunk, write(set)?));
    }
    Ok(result)
}

/// The union of any number of sets.
pub fn union<'a>(sets: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<u8>, Error> {
    let mut all = RoaringBitmap::new();
    for set in sets {
        all |= read(set)?;
    }
    write(all)
}

/// What is in `set` and not in `other`.
pub fn subtract(set: &[u8], other: &[u8]) -> Result<Vec<u8>, Error> {
    write(read(set)? - read(other)?)
}

/// What is in both sets.
pub fn intersect(set: &[u8], other: &[u8]) -> Result<Vec<u8>, Error> {
    write(read(set)? & read(other)?)
}

/// How many ids a set holds.
pub fn count(set: &[u8]) -> Result<i64, Error> {
    Ok(i64::try_from(read(set)?.len()).unwrap_or(i64::MAX))
}

/// Whether the set of an id's chunk holds it.
pub fn contains(set: &[u8], id: i64) -> Result<bool, Error> {
    Ok(read(set)?.contains(low_bits(id)))
}

/// The ids of a chunk's set, ascending.
pub fn ids(chunk: i32, set: &[u8]) -> Result<Vec<i64>, Error> {
    let first = i64::from(chunk) << CHUNK_BITS;
    Ok(read(set)?.iter().map(|low| first | i64::from(low)).collect())
}

/// For each id of a chunk the position, counted from 1, of the first of its sets that holds it, or 0. It is made
/// once a chunk, kept in memory while a query runs, and asked for each item.
///
/// As stretches of one position each, `(first id, position)`, where those are few; else position by position.
/// Two bytes a number, little endian, behind a byte that tells which of the two it is.
pub fn positions<'a>(sets: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<u8>, Error> {
    let mut of_id = vec![0_u16; 1 << CHUNK_BITS];
    for (position, set) in (1_u16..).zip(sets) {
        for low in read(set)? {
            if let Some(place @ 0) = of_id.get_mut(low as usize) {
                *place = position;
            }
        }
    }
    let mut stretches = Vec::new();
    let mut last = None;
    for (id, position) in (0_u16..=u16::MAX).zip(&of_id) {
        if last != Some(position) {
            stretches.extend([id, *position]);
            last = Some(position);
        }
    }
    let (kind, numbers) =
        if stretches.len() < of_id.len() { (STRETCHES, stretches) } else { (ONE_BY_ONE, of_id) };
    let mut bytes = Vec::with_capacity(1 + 2 * numbers.len());
    bytes.push(kind);
    bytes.extend(numbers.into_iter().flat_map(u16::to_le_bytes));
    Ok(bytes)
}

const STRETCHES: u8 = 1;
const ONE_BY_ONE: u8 = 2;

/// What [`positions`] says of an id; `None` where no set holds it.
pub fn position(positions: &[u8], id: i64) -> Option<i32> {
    let (kind, bytes) = positions.split_first()?;
    let (numbers, _) = bytes.as_chunks::<2>();
    let number = |at: usize| numbers.get(at).copied().map(u16::from_le_bytes);
    let low = low_bits(id) as usize;
    let found = match *kind {
        ONE_BY_ONE => number(low)?,
        STRETCHES => {
            let (pairs, _) = bytes.as_chunks::<4>();
            let behind =
                pairs.partition_point(|pair| usize::from(u16::from_le_bytes([pair[0], pair[1]])) <= low);
            number(2 * behind.checked_sub(1)? + 1)?
        }
        _ => return None,
    };
    (found > 0).then(|| i32::from(found))
}

fn low_bits(id: i64) -> u32 {
    u32::try_from(id & LOW_MASK).unwrap_or_default()
}

fn read(bytes: &[u8]) -> Result<RoaringBitmap, Error> {
    RoaringBitmap::deserialize_from(bytes).map_err(|problem| {
        Error::invalid(
            "malformed bitmap",
            format!("A set of {} bytes cannot be read: {problem}.", bytes.len()),
            "Sets of item ids are written by the extension alone; restore them from a backup.",
        )
    })
}

fn write(mut set: RoaringBitmap) -> Result<Vec<u8>, Error> {
    set.optimize();
    let mut bytes = Vec::with_capacity(set.serialized_size());
    set.serialize_into(&mut bytes).map_err(|problem| {
        Error::invalid(
            "set of item ids cannot be written",
            format!("The bitmap library says: {problem}."),
            "Report this as a bug.",
        )
    })?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn set(ids: &BTreeSet<i64>) -> Vec<u8> {
        match chunks(&ids.iter().copied().collect::<Vec<_>>()).unwrap().pop() {
            Some((_, bytes)) => bytes,
            None => union([]).unwrap(),
        }
    }

    proptest! {
        #[test]
        fn ids_come_back_from_their_chunks(given in prop::collection::vec(0_i64..1 << 40, 0..300)) {
            let back: Vec<i64> =
                chunks(&given).unwrap().iter().flat_map(|(chunk, bytes)| ids(*chunk, bytes).unwrap()).collect();
            let expected: Vec<i64> = given.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
            prop_assert_eq!(back, expected);
        }

        #[test]
        fn sets_behave_as_sets(
            a in prop::collection::btree_set(0_i64..500, 0..200),
            b in prop::collection::btree_set(0_i64..500, 0..200),
        ) {
            let (left, right) = (set(&a), set(&b));
            let as_vec = |bytes: Vec<u8>| ids(0, &bytes).unwrap();
            prop_assert_eq!(as_vec(union([&left[..], &right[..]]).unwrap()), a.union(&b).copied().collect::<Vec<_>>());
            prop_assert_eq!(as_vec(subtract(&left, &right).unwrap()), a.difference(&b).copied().collect::<Vec<_>>());
            prop_assert_eq!(as_vec(intersect(&left, &right).unwrap()), a.intersection(&b).copied().collect::<Vec<_>>());
            prop_assert_eq!(count(&left).unwrap(), a.len() as i64);
            let found = positions([&left[..], &right[..]]).unwrap();
            for id in 0..500 {
                let expected = if a.contains(&id) { Some(1) } else if b.contains(&id) { Some(2) } else { None };
                prop_assert_eq!(position(&found, id), expected);
                prop_assert_eq!(contains(&left, id).unwrap(), a.contains(&id));
            }
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = count(&bytes);
        }
    }

    #[test]
    fn positions_are_small_where_sets_are_dense() {
        let halves: Vec<Vec<u8>> = [(0..30_000), (30_000..65_536)]
            .into_iter()
            .map(|ids| set(&ids.collect::<BTreeSet<i64>>()))
            .collect();
        let dense = positions(halves.iter().map(Vec::as_slice)).unwrap();
        assert_eq!(dense.len(), 1 + 2 * 4);
        assert_eq!(
            [0, 29_999, 30_000, 65_535].map(|id| position(&dense, id)),
            [Some(1), Some(1), Some(2), Some(2)]
        );
        let scattered = set(&(0..65_536).step_by(2).collect());
        let scattered = positions([&scattered[..]]).unwrap();
        assert_eq!(scattered.len(), 1 + 2 * 65_536);
        assert_eq!([0, 1, 65_534, 65_535].map(|id| position(&scattered, id)), [Some(1), None, Some(1), None]);
        assert_eq!((position(&[], 1), position(&[9, 1], 1)), (None, None));
    }

    #[test]
    fn a_full_chunk_takes_a_few_bytes() {
        let full = chunks(&(0..65_536).collect::<Vec<_>>()).unwrap();
        assert_eq!(full.len(), 1);
        assert!(full[0].1.len() < 32, "{} bytes", full[0].1.len());
    }

    #[test]
    fn what_is_no_bitmap_and_no_id_is_refused() {
        assert!(count(b"").is_err() && count(b"no bitmap at all").is_err());
        assert!(chunks(&[-1]).is_err() && chunks(&[i64::MAX]).is_err());
    }
}
