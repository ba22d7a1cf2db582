//! Sets of item ids, cut into chunks of 65,536: one roaring bitmap per chunk, in the portable format
//! (<https://github.com/RoaringBitmap/RoaringFormatSpec>), holding the low 16 bits of each id.

use std::collections::BTreeMap;

use roaring::RoaringBitmap;

use crate::Tick;
use crate::error::{Error, Kind};
use crate::ticker::Ticker;

/// The bitmap of no ids.
pub const EMPTY: &[u8] = &[0x3a, 0x30, 0, 0, 0, 0, 0, 0];

const CHUNK_BITS: u32 = 16;
const CHUNK: u32 = 1 << CHUNK_BITS;
const BLOCK_BITS: u32 = 6;
const LOW_MASK: i64 = (1 << CHUNK_BITS) - 1;

/// The longest set: a bit for each id of a chunk, after a header of 16 bytes. A set that would be longer is written so.
const MAX_BYTES: usize = 16 + CHUNK as usize / 8;

/// The bitmaps of `ids`, one per chunk, in the order of the chunks. Ids are positive.
pub fn chunks(mut ids: Vec<i64>, tick: Tick<'_>) -> Result<Vec<(i32, Vec<u8>)>, Error> {
    let ticker = Ticker::new(tick);
    ids.sort_unstable_by(|a, b| {
        ticker.count();
        a.cmp(b)
    });
    ids.dedup();
    let mut result = Vec::new();
    for run in ids.chunk_by(|a, b| a >> CHUNK_BITS == b >> CHUNK_BITS) {
        tick();
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
pub fn union<'a>(sets: impl IntoIterator<Item = &'a [u8]>, tick: Tick<'_>) -> Result<Vec<u8>, Error> {
    let mut all = RoaringBitmap::new();
    for set in sets {
        tick();
        all |= read(set)?;
    }
    write(all)
}

/// The ids in `set` and not in `other`.
pub fn subtract(set: &[u8], other: &[u8]) -> Result<Vec<u8>, Error> {
    write(read(set)? - read(other)?)
}

/// The ids in both sets.
pub fn intersect(set: &[u8], other: &[u8]) -> Result<Vec<u8>, Error> {
    write(read(set)? & read(other)?)
}

/// How many ids a set holds.
pub fn count(set: &[u8]) -> Result<i64, Error> {
    Ok(i64::try_from(read(set)?.len()).unwrap_or(i64::MAX))
}

/// Whether the sets `seen`, by chunk, hold exactly the ids that are known and not missing. A chunk that is absent from one
/// side has no ids there.
pub fn are_present<'a>(
    seen: impl IntoIterator<Item = (i32, &'a [u8])>,
    known: impl IntoIterator<Item = (i32, &'a [u8], &'a [u8])>,
    tick: Tick<'_>,
) -> Result<bool, Error> {
    let mut seen: BTreeMap<i32, &[u8]> = seen.into_iter().collect();
    for (chunk, known, missing) in known {
        tick();
        let present = read(known)? - read(missing)?;
        if read(seen.remove(&chunk).unwrap_or(EMPTY))? != present {
            return Ok(false);
        }
    }
    Ok(seen.into_values().map(count).collect::<Result<Vec<_>, _>>()?.iter().all(|ids| *ids == 0))
}

/// Whether the set of an id's chunk holds it.
pub fn contains(set: &[u8], id: i64) -> Result<bool, Error> {
    Ok(read(set)?.contains(low_bits(id)))
}

/// The ids of a chunk's set, ascending.
pub fn ids(chunk: i32, set: &[u8]) -> Result<impl Iterator<Item = i64> + use<>, Error> {
    let first = i64::from(chunk) << CHUNK_BITS;
    Ok(read(set)?.into_iter().map(move |low| first | i64::from(low)))
}

/// At most so many ids of a chunk's set that come after an id of any chunk, ascending. The cost is that of the ids, not of
/// the set.
pub fn page(
    chunk: i32,
    set: &[u8],
    after: i64,
    at_most: usize,
) -> Result<impl Iterator<Item = i64> + use<>, Error> {
    let set = read(set)?;
    let first = i64::from(chunk) << CHUNK_BITS;
    let from = after.saturating_add(1).saturating_sub(first).max(0);
    let page: Vec<u32> = match u32::try_from(from) {
        Ok(from) => set.range(from..).take(at_most).collect(),
        Err(_) => Vec::new(),
    };
    Ok(page.into_iter().map(move |low| first | i64::from(low)))
}

/// The set cut into blocks of 64 ids: the number of each block that has ids, from 0 to 1,023, and its ids as a set of the chunk.
pub fn blocks(set: &[u8]) -> Result<Vec<(i32, Vec<u8>)>, Error> {
    let lows: Vec<u32> = read(set)?.into_iter().collect();
    lows.chunk_by(|a, b| a >> BLOCK_BITS == b >> BLOCK_BITS)
        .map(|block| {
            let number = i32::try_from(block[0] >> BLOCK_BITS).unwrap_or(i32::MAX);
            Ok((number, write(block.iter().copied().collect())?))
        })
        .collect()
}

/// For each id of a chunk the position, counted from 1, of the first of the sets that holds it, or 0. It is computed
/// once per chunk, kept in memory while a query runs, and read for each item. `None` is an empty set.
///
/// Two bytes say how the numbers are laid out and how wide they are; little endian numbers follow. They are the
/// positions one by one or, if that is shorter, ranges of ids with the same position: first the start of each range,
/// then the position of each.
pub fn positions<'a>(
    sets: impl IntoIterator<Item = Option<&'a [u8]>>,
    tick: Tick<'_>,
) -> Result<Vec<u8>, Error> {
    let mut of_id = vec![0_u32; CHUNK as usize];
    // Each id is visited once, however many sets hold it.
    let mut without: RoaringBitmap = (0..CHUNK).collect();
    let mut last = 0;
    for (position, set) in (1_u32..).zip(sets) {
        tick();
        let Some(set) = set else { continue };
        let found = read(set)? & &without;
        for low in &found {
            if let Some(place) = of_id.get_mut(low as usize) {
                *place = position;
                last = position;
            }
        }
        without -= found;
    }
    let (mut begins, mut shared) = (Vec::new(), Vec::new());
    for (id, position) in (0..).zip(&of_id) {
        if shared.last() != Some(position) {
            begins.push(id);
            shared.push(*position);
        }
    }
    let (layout, numbers) = if 2 * begins.len() < of_id.len() {
        (STRETCHES, [begins, shared].concat())
    } else {
        (ONE_BY_ONE, of_id)
    };
    let width = if last > u32::from(u16::MAX) { WIDE } else { NARROW };
    let mut bytes = vec![layout, width as u8];
    for number in numbers {
        bytes.extend_from_slice(&number.to_le_bytes()[..width]);
    }
    Ok(bytes)
}

const STRETCHES: u8 = 1;
const ONE_BY_ONE: u8 = 2;
const NARROW: usize = 2;
const WIDE: usize = 4;

/// The position of an id in the result of [`positions`]; `None` if no set holds it.
pub fn position(positions: &[u8], id: i64) -> Option<i32> {
    let (layout, rest) = positions.split_first()?;
    let (width, numbers) = rest.split_first()?;
    let found = match usize::from(*width) {
        NARROW => number_of::<NARROW>(*layout, numbers, low_bits(id)),
        WIDE => number_of::<WIDE>(*layout, numbers, low_bits(id)),
        _ => None,
    };
    found.and_then(|found| i32::try_from(found).ok()).filter(|found| *found > 0)
}

fn number_of<const WIDTH: usize>(layout: u8, bytes: &[u8], low: u32) -> Option<u32> {
    let (numbers, _) = bytes.as_chunks::<WIDTH>();
    let value =
        |number: &[u8; WIDTH]| number.iter().rev().fold(0, |value, byte| value << 8 | u32::from(*byte));
    let number = match layout {
        ONE_BY_ONE => numbers.get(low as usize),
        STRETCHES => {
            let (begins, shared) = numbers.split_at(numbers.len() / 2);
            shared.get(begins.partition_point(|begin| value(begin) <= low).checked_sub(1)?)
        }
        _ => None,
    };
    number.map(value)
}

fn low_bits(id: i64) -> u32 {
    u32::try_from(id & LOW_MASK).unwrap_or_default()
}

/// Checks what it reads: any writer may have stored a set. The memory taken is bounded by [`MAX_BYTES`].
pub(crate) fn read(bytes: &[u8]) -> Result<RoaringBitmap, Error> {
    parse(bytes, MAX_BYTES, CHUNK)
}

/// A bitmap of numbers below `beyond`, in at most `max_bytes`.
pub(crate) fn parse(mut bytes: &[u8], max_bytes: usize, beyond: u32) -> Result<RoaringBitmap, Error> {
    let length = bytes.len();
    let corrupt = |problem: String| {
        Error::new(
            Kind::Corrupt,
            "malformed bitmap",
            format!("A set of {length} bytes cannot be read: {problem}."),
            "Only the extension should write sets; restore them from a backup.",
        )
    };
    if length > max_bytes {
        return Err(corrupt(format!("it has at most {max_bytes}")));
    }
    let set = RoaringBitmap::deserialize_from(&mut bytes).map_err(|problem| corrupt(problem.to_string()))?;
    if !bytes.is_empty() {
        return Err(corrupt(format!("{} bytes come after it", bytes.len())));
    }
    if set.max().is_some_and(|greatest| greatest >= beyond) {
        return Err(corrupt(format!("it holds numbers from {beyond} on")));
    }
    Ok(set)
}

pub(crate) fn write(mut set: RoaringBitmap) -> Result<Vec<u8>, Error> {
    set.optimize();
    let mut bytes = Vec::with_capacity(set.serialized_size());
    set.serialize_into(&mut bytes).map_err(|problem| {
        Error::new(
            Kind::Internal,
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
        match chunks(ids.iter().copied().collect(), &|| ()).unwrap().pop() {
            Some((_, bytes)) => bytes,
            None => union([], &|| ()).unwrap(),
        }
    }

    proptest! {
        #[test]
        fn ids_come_back_from_their_chunks(given in prop::collection::vec(0_i64..1 << 40, 0..300)) {
            let chunks = chunks(given.clone(), &|| ()).unwrap();
            let back: Vec<i64> = chunks.iter().flat_map(|(chunk, bytes)| ids(*chunk, bytes).unwrap()).collect();
            let expected: Vec<i64> = given.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
            prop_assert_eq!(back, expected);
        }

        #[test]
        fn sets_behave_as_sets(
            a in prop::collection::btree_set(0_i64..500, 0..200),
            b in prop::collection::btree_set(0_i64..500, 0..200),
        ) {
            let (left, right) = (set(&a), set(&b));
            let as_vec = |bytes: Vec<u8>| ids(0, &bytes).unwrap().collect::<Vec<_>>();
            prop_assert_eq!(as_vec(union([&left[..], &right[..]], &|| ()).unwrap()), a.union(&b).copied().collect::<Vec<_>>());
            prop_assert_eq!(as_vec(subtract(&left, &right).unwrap()), a.difference(&b).copied().collect::<Vec<_>>());
            prop_assert_eq!(as_vec(intersect(&left, &right).unwrap()), a.intersection(&b).copied().collect::<Vec<_>>());
            prop_assert_eq!(count(&left).unwrap(), a.len() as i64);
            let after: Vec<i64> = a.iter().copied().filter(|id| *id > 250).take(7).collect();
            prop_assert_eq!(page(0, &left, 250, 7).unwrap().collect::<Vec<_>>(), after);
            prop_assert_eq!(page(0, &left, -1, 500).unwrap().collect::<Vec<_>>(), as_vec(left.clone()));
            prop_assert_eq!(page(1, &left, 70_000, 500).unwrap().count(), a.iter().filter(|id| **id > 70_000 - 65_536).count());
            prop_assert_eq!(page(0, &left, i64::MAX, 500).unwrap().count(), 0);
            let blocks = blocks(&left).unwrap();
            prop_assert_eq!(as_vec(union(blocks.iter().map(|(_, ids)| &ids[..]), &|| ()).unwrap()), as_vec(left.clone()));
            for (number, block) in blocks {
                prop_assert!(as_vec(block).iter().all(|id| id >> 6 == i64::from(number)));
            }
            let found = positions([Some(&left[..]), None, Some(&right[..])], &|| ()).unwrap();
            for id in 0..500 {
                let expected = if a.contains(&id) { Some(1) } else if b.contains(&id) { Some(3) } else { None };
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
        let dense = positions(halves.iter().map(|set| Some(&set[..])), &|| ()).unwrap();
        assert_eq!(dense.len(), 2 + 2 * 4);
        assert_eq!(
            [0, 29_999, 30_000, 65_535].map(|id| position(&dense, id)),
            [Some(1), Some(1), Some(2), Some(2)]
        );
        let scattered = set(&(0..65_536).step_by(2).collect());
        let scattered = positions([Some(&scattered[..])], &|| ()).unwrap();
        assert_eq!(scattered.len(), 2 + 2 * 65_536);
        assert_eq!([0, 1, 65_534, 65_535].map(|id| position(&scattered, id)), [Some(1), None, Some(1), None]);
        assert_eq!(
            [&[][..], &[1], &[9, 2, 0, 0, 0, 0], &[1, 9, 0, 0, 0, 0]].map(|odd| position(odd, 1)),
            [None; 4]
        );
    }

    #[test]
    fn positions_may_be_many() {
        let (none, dense, scattered) =
            (set(&BTreeSet::new()), set(&[7].into()), set(&(0..65_536).step_by(2).collect()));
        for (last, ids) in [(&dense, [7, 8]), (&scattered, [65_534, 1])] {
            let sets = std::iter::repeat_n(&none, 65_536).chain([last]);
            let found = positions(sets.map(|set| Some(&set[..])), &|| ()).unwrap();
            assert_eq!(ids.map(|id| position(&found, id)), [Some(65_537), None]);
        }
    }

    #[test]
    fn a_full_chunk_takes_a_few_bytes() {
        let full = chunks((0..65_536).collect(), &|| ()).unwrap();
        assert_eq!(full.len(), 1);
        assert!(full[0].1.len() < 32, "{} bytes", full[0].1.len());
    }

    #[test]
    fn the_empty_bitmap_is_what_it_is_written_as() {
        assert_eq!(union([], &|| ()).unwrap(), EMPTY);
    }

    #[test]
    fn what_is_no_bitmap_and_no_id_is_refused() {
        assert!(count(b"").is_err() && count(b"no bitmap at all").is_err());
        for id in [-1, i64::MIN, i64::MAX, 1 << 47] {
            assert_eq!(chunks(vec![1, id], &|| ()).unwrap_err().kind, Kind::Invalid);
        }
        let last = chunks(vec![(1 << 47) - 1], &|| ()).unwrap();
        assert_eq!(last[0].0, i32::MAX);
    }

    fn portable(set: &RoaringBitmap) -> Vec<u8> {
        let mut bytes = Vec::new();
        set.serialize_into(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn a_set_is_of_one_chunk_and_nothing_else() {
        let mut everything = RoaringBitmap::full();
        everything.optimize();
        let more = [&set(&[7].into())[..], &[0]].concat();
        for (bytes, problem) in [
            (portable(&everything), "has at most 8208"),
            (portable(&[7, 65_536].into_iter().collect()), "numbers from 65536 on"),
            (portable(&[u32::MAX].into_iter().collect()), "numbers from 65536 on"),
            (more, "1 bytes come after it"),
        ] {
            let error = count(&bytes).unwrap_err();
            assert_eq!(error.kind, Kind::Corrupt);
            assert!(error.detail.contains(problem), "{}", error.detail);
            assert!(ids(0, &bytes).is_err() && positions([Some(&bytes[..])], &|| ()).is_err());
        }
    }

    #[test]
    fn no_set_of_a_chunk_is_too_long_to_be_read() {
        for step in [1, 2, 3, 15, 16, 17] {
            let bytes = set(&(0..65_536).step_by(step).collect());
            assert!(bytes.len() <= MAX_BYTES, "{step}: {} bytes", bytes.len());
            assert_eq!(
                count(&bytes).unwrap(),
                65_536_i64.div_euclid(step as i64) + i64::from(65_536 % step > 0)
            );
        }
        // half of all bits, at random
        let mut random = 1_u64;
        let scattered = (0..65_536).filter(|_| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            random >> 63 == 1
        });
        assert_eq!(set(&scattered.collect()).len(), MAX_BYTES);
    }

    #[test]
    fn many_sets_of_all_ids_are_cheap_and_can_be_cancelled() {
        let full = set(&(0..65_536).collect());
        let ticks = std::cell::Cell::new(0);
        let tick = || ticks.set(ticks.get() + 1);
        let found = positions(std::iter::repeat_n(Some(&full[..]), 10_000), &tick).unwrap();
        assert_eq!((position(&found, 9), ticks.get()), (Some(1), 10_000));
    }
}
