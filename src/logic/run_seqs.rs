//! Sets of run numbers (`run_seq`) of one selection, as roaring bitmaps in the portable format. Consecutive runs take a few
//! bytes, whatever their number.

use roaring::RoaringBitmap;

use crate::bitmap::{parse, write};
use crate::error::Error;

/// Numbers from here on are refused, which bounds what a set can take in memory.
const TOO_LARGE: u32 = 1 << 28;

/// Far more than any real set takes: its runs are mostly consecutive.
const MAX_BYTES: usize = 1 << 20;

/// The set with one number added.
pub fn add(set: Option<&[u8]>, number: i64) -> Result<Vec<u8>, Error> {
    let mut set = read(set)?;
    let number = u32::try_from(number).ok().filter(|number| *number < TOO_LARGE).ok_or_else(|| {
        Error::invalid(
            "too many runs of one selection",
            format!("The number of the run is {number}."),
            "Continue with another selection.",
        )
    })?;
    set.insert(number);
    write(set)
}

/// The numbers in exactly one of the sets.
pub fn differ(set: Option<&[u8]>, other: Option<&[u8]>) -> Result<Vec<u8>, Error> {
    write(read(set)? ^ read(other)?)
}

/// The highest number of a set.
pub fn last(set: Option<&[u8]>) -> Result<Option<i64>, Error> {
    Ok(read(set)?.max().map(i64::from))
}

/// The lowest number above another.
pub fn first_after(set: Option<&[u8]>, number: i64) -> Result<Option<i64>, Error> {
    let set = read(set)?;
    let passed = rank(&set, number);
    Ok(u32::try_from(passed).ok().and_then(|passed| set.select(passed)).map(i64::from))
}

/// How many numbers are above `after` and not above `until`.
pub fn count(set: Option<&[u8]>, after: i64, until: i64) -> Result<i64, Error> {
    let set = read(set)?;
    let count = rank(&set, until).saturating_sub(rank(&set, after));
    Ok(i64::try_from(count).unwrap_or(i64::MAX))
}

/// Whether a set holds a number.
pub fn contains(set: Option<&[u8]>, number: i64) -> Result<bool, Error> {
    let set = read(set)?;
    Ok(u32::try_from(number).is_ok_and(|number| set.contains(number)))
}

/// How many numbers are not above another.
fn rank(set: &RoaringBitmap, number: i64) -> u64 {
    match u32::try_from(number) {
        Ok(number) => set.rank(number),
        Err(_) if number < 0 => 0,
        Err(_) => set.len(),
    }
}

fn read(set: Option<&[u8]>) -> Result<RoaringBitmap, Error> {
    let Some(bytes) = set else { return Ok(RoaringBitmap::new()) };
    parse(bytes, MAX_BYTES, TOO_LARGE)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn set(numbers: &BTreeSet<i64>) -> Vec<u8> {
        numbers
            .iter()
            .fold(add(None, 1).and_then(|one| differ(Some(&one), Some(&one))).unwrap(), |set, number| {
                add(Some(&set), *number).unwrap()
            })
    }

    proptest! {
        #[test]
        fn numbers_behave_as_a_set(
            a in prop::collection::btree_set(1_i64..80, 0..60),
            b in prop::collection::btree_set(1_i64..80, 0..60),
            from in -1_i64..90,
            until in -1_i64..90,
        ) {
            let bytes = set(&a);
            let differing: BTreeSet<i64> = a.symmetric_difference(&b).copied().collect();
            let found = differ(Some(&bytes), Some(&set(&b))).unwrap();
            prop_assert_eq!(read(Some(&found)).unwrap(), read(Some(&set(&differing))).unwrap());
            prop_assert_eq!(last(Some(&bytes)).unwrap(), a.last().copied());
            prop_assert_eq!(first_after(Some(&bytes), from).unwrap(), a.iter().copied().find(|n| *n > from));
            prop_assert_eq!(count(Some(&bytes), from, until).unwrap(),
                            a.iter().filter(|n| **n > from && **n <= until).count() as i64);
            prop_assert_eq!(contains(Some(&bytes), from).unwrap(), a.contains(&from));
        }
    }

    #[test]
    fn runs_in_a_row_are_small_and_numbers_beyond_all_runs_are_refused() {
        let row = set(&(1..=5_000).collect());
        assert!(row.len() < 32, "{} bytes", row.len());
        assert!(add(None, -1).is_err() && add(None, 1 << 28).is_err() && last(Some(b"")).is_err());
        let beyond = RoaringBitmap::from_iter([u32::MAX]);
        assert!(last(Some(&write(beyond).unwrap())).is_err());
        assert_eq!(last(None).unwrap(), None);
    }
}
