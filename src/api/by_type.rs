//! Splits sets of one chunk by type, for the SQL of this extension; see `logic/by_type.rs`.

use inventory_core_logic::{bitmap, by_type};
use pgrx::prelude::*;

use super::{check_for_interrupts, report};

/// How many ids each pair of a type and a set has in common, without pairs that have none. Positions count from 1, and
/// NULL elements count as empty.
#[pg_extern(immutable, strict, parallel_safe, schema = "inventory_core_internal")]
fn _count_by_type(
    types: Array<'_, &[u8]>,
    sets: Array<'_, &[u8]>,
) -> TableIterator<'static, (name!(type_no, i32), name!(set_no, i32), name!(items, i64))> {
    let found = by_type::count(
        types.iter().map(|set| set.unwrap_or(bitmap::EMPTY)),
        sets.iter().map(|set| set.unwrap_or(bitmap::EMPTY)),
        &check_for_interrupts,
    );
    TableIterator::new(found.unwrap_or_else(|error| report::raise(error)))
}

/// The ids that each pair of a type and a set has in common, as `_count_by_type` counts them.
#[pg_extern(immutable, strict, parallel_safe, schema = "inventory_core_internal")]
fn _split_by_type(
    types: Array<'_, &[u8]>,
    sets: Array<'_, &[u8]>,
) -> TableIterator<'static, (name!(type_no, i32), name!(set_no, i32), name!(item_ids, Vec<u8>))> {
    let found = by_type::split(
        types.iter().map(|set| set.unwrap_or(bitmap::EMPTY)),
        sets.iter().map(|set| set.unwrap_or(bitmap::EMPTY)),
        &check_for_interrupts,
    );
    TableIterator::new(found.unwrap_or_else(|error| report::raise(error)))
}
