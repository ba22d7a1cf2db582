//! Limits on how many may run at once.
//!
//! Each running run has a number, and no two have the same. A number may be taken if it and the taken numbers above it,
//! counted together, keep the limit: so a limit that was lowered applies to every later start.

/// The lowest free number above `above` that keeps the limit, from 1. `taken` holds the taken numbers in any order; `None` is
/// a run without a number (there was no limit when it began), which counts as above every number.
pub fn free_number(taken: impl IntoIterator<Item = Option<i32>>, above: i32, limit: i32) -> Option<i32> {
    let mut taken: Vec<i32> = taken.into_iter().map(|number| number.unwrap_or(i32::MAX)).collect();
    taken.sort_unstable();
    let first = above.max(0).checked_add(1)?;
    (first..=limit).find(|number| {
        let not_above = taken.partition_point(|other| other <= number);
        let higher = i32::try_from(taken.len() - not_above).unwrap_or(i32::MAX);
        taken.binary_search(number).is_err() && number.checked_add(higher).is_some_and(|sum| sum <= limit)
    })
}

#[cfg(test)]
mod tests {
    use super::free_number;

    #[test]
    fn the_lowest_number_is_taken_first() {
        assert_eq!(free_number([], 0, 4), Some(1));
        assert_eq!(free_number([Some(2), Some(1)], 0, 4), Some(3));
        assert_eq!(free_number([Some(2)], 0, 4), Some(1));
        assert_eq!(free_number([Some(2)], 1, 4), Some(3));
        assert_eq!(free_number((1..=4).map(Some), 0, 4), None);
        assert_eq!(free_number([], 0, 0), None);
    }

    #[test]
    fn those_above_count_after_the_limit_was_lowered() {
        // 1 to 4 ran under a limit of 4; 1 and 3 have ended
        assert_eq!(free_number([Some(2), Some(4)], 0, 2), None);
        assert_eq!(free_number([Some(4)], 0, 2), Some(1));
        assert_eq!(free_number([Some(4)], 1, 2), None);
        assert_eq!(free_number([None, None], 0, 2), None);
        assert_eq!(free_number([None], 0, 2), Some(1));
    }

    #[test]
    fn absurd_numbers_do_no_harm() {
        assert_eq!(free_number([Some(i32::MIN), Some(i32::MAX)], i32::MAX, i32::MAX), None);
        assert_eq!(free_number([Some(-5), Some(0)], -7, 1), Some(1));
    }
}
