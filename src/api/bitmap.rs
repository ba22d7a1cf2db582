//! Sets of item ids for the SQL of this extension; see `logic/bitmap.rs`.

use std::collections::BTreeMap;

use inventory_core_logic::bitmap;
use pgrx::datum::UnboxDatum;
use pgrx::prelude::*;

use super::{check_for_interrupts, report, without_nulls};

/// The bitmaps of some ids, one per chunk.
#[pg_extern(immutable, strict, parallel_safe, schema = "inventory_core_internal")]
fn _bitmap_chunks(
    ids: Array<'_, i64>,
) -> TableIterator<'static, (name!(chunk, i32), name!(item_ids, Vec<u8>))> {
    let ids = without_nulls("ids", &ids).collect();
    TableIterator::new(
        bitmap::chunks(ids, &check_for_interrupts).unwrap_or_else(|error| report::raise(error)),
    )
}

/// What a batch saw, as the rows of `run_parts`: a bitmap per chunk, kind and, of the inserted items, policy type. A batch
/// without items has one row with an empty bitmap, since it prolongs the lease too. The first row has `redacted`.
#[pg_extern(immutable, parallel_safe, schema = "inventory_core_internal")]
#[allow(clippy::type_complexity)]
fn _batch_parts<'a>(
    inserted: Option<Array<'a, i64>>,
    inserted_types: Option<Array<'a, &'a str>>,
    updated: Option<Array<'a, i64>>,
    unchanged: Option<Array<'a, i64>>,
    redacted: Option<i32>,
) -> TableIterator<
    'static,
    (
        name!(chunk, i32),
        name!(kind, &'static str),
        name!(policy_type, String),
        name!(item_ids, Vec<u8>),
        name!(redacted_values, i32),
    ),
> {
    let mut kinds = vec![("updated", String::new(), elements("updated", &updated).collect())];
    kinds.push(("unchanged", String::new(), elements("unchanged", &unchanged).collect()));
    let types = elements("inserted_types", &inserted_types);
    let mut by_type = BTreeMap::<&str, Vec<i64>>::new();
    for (policy_type, id) in types.zip(elements("inserted", &inserted)) {
        by_type.entry(policy_type).or_default().push(id);
    }
    kinds.extend(by_type.into_iter().map(|(policy_type, ids)| ("inserted", policy_type.to_owned(), ids)));

    let mut parts = Vec::new();
    for (kind, policy_type, ids) in kinds {
        let chunks = bitmap::chunks(ids, &check_for_interrupts).unwrap_or_else(|error| report::raise(error));
        parts.extend(chunks.into_iter().map(|(chunk, set)| (chunk, kind, policy_type.clone(), set)));
    }
    if parts.is_empty() {
        parts.push((0, "unchanged", String::new(), _bitmap_union(None)));
    }
    let redacted = std::iter::once(redacted.unwrap_or(0)).chain(std::iter::repeat(0));
    TableIterator::new(
        parts
            .into_iter()
            .zip(redacted)
            .map(|((chunk, kind, policy_type, set), redacted)| (chunk, kind, policy_type, set, redacted)),
    )
}

/// The union of some sets; NULL elements count as empty, and so does a NULL array.
#[pg_extern(immutable, parallel_safe, schema = "inventory_core_internal")]
fn _bitmap_union(sets: Option<Array<'_, &[u8]>>) -> Vec<u8> {
    let sets = sets.iter().flat_map(|sets| sets.iter().flatten());
    bitmap::union(sets, &check_for_interrupts).unwrap_or_else(|error| report::raise(error))
}

/// The ids in the first set and not in the second; NULL counts as empty.
#[pg_extern(immutable, parallel_safe, schema = "inventory_core_internal")]
fn _bitmap_subtract(set: Option<&[u8]>, other: Option<&[u8]>) -> Vec<u8> {
    match (set, other) {
        (Some(set), Some(other)) => bitmap::subtract(set, other),
        (set, _) => bitmap::union(set, &check_for_interrupts),
    }
    .unwrap_or_else(|error| report::raise(error))
}

/// The ids in both sets; NULL counts as empty.
#[pg_extern(immutable, parallel_safe, schema = "inventory_core_internal")]
fn _bitmap_intersect(set: Option<&[u8]>, other: Option<&[u8]>) -> Vec<u8> {
    match (set, other) {
        (Some(set), Some(other)) => bitmap::intersect(set, other),
        _ => bitmap::union([], &check_for_interrupts),
    }
    .unwrap_or_else(|error| report::raise(error))
}

/// How many ids a set holds; NULL counts as empty.
#[pg_extern(immutable, parallel_safe, schema = "inventory_core_internal")]
fn _bitmap_count(set: Option<&[u8]>) -> i64 {
    set.map_or(Ok(0), bitmap::count).unwrap_or_else(|error| report::raise(error))
}

/// Whether sets, by chunk, hold exactly the ids that are known and not missing; NULL arrays count as empty.
#[pg_extern(immutable, parallel_safe, schema = "inventory_core_internal")]
fn _are_present<'a>(
    chunks: Option<Array<'a, i32>>,
    sets: Option<Array<'a, &'a [u8]>>,
    known_chunks: Option<Array<'a, i32>>,
    known_ids: Option<Array<'a, &'a [u8]>>,
    missing_ids: Option<Array<'a, &'a [u8]>>,
) -> bool {
    let seen = elements("chunks", &chunks).zip(elements("sets", &sets));
    let known = elements("known_chunks", &known_chunks)
        .zip(elements("known_ids", &known_ids))
        .zip(elements("missing_ids", &missing_ids))
        .map(|((chunk, known), missing)| (chunk, known, missing));
    bitmap::are_present(seen, known, &check_for_interrupts).unwrap_or_else(|error| report::raise(error))
}

/// The elements of an array; none if it is NULL.
fn elements<'s, 'a, T: UnboxDatum>(
    name: &'s str,
    array: &'s Option<Array<'a, T>>,
) -> impl Iterator<Item = T::As<'s>> {
    array.iter().flat_map(move |array| without_nulls(name, array))
}

/// Whether bytes are a valid set, for `doctor`, which must not fail on invalid ones; NULL counts as empty.
#[pg_extern(immutable, parallel_safe, schema = "inventory_core_internal")]
fn _is_bitmap(set: Option<&[u8]>) -> bool {
    set.is_none_or(|set| bitmap::count(set).is_ok())
}

/// The ids of a chunk's set.
#[pg_extern(immutable, strict, parallel_safe, schema = "inventory_core_internal")]
fn _bitmap_ids(chunk: i32, set: &[u8]) -> SetOfIterator<'static, i64> {
    SetOfIterator::new(bitmap::ids(chunk, set).unwrap_or_else(|error| report::raise(error)))
}

/// At most so many of these ids that come after another id.
#[pg_extern(immutable, strict, parallel_safe, schema = "inventory_core_internal")]
fn _bitmap_page(chunk: i32, set: &[u8], after: i64, at_most: i64) -> SetOfIterator<'static, i64> {
    let at_most = usize::try_from(at_most).unwrap_or(0);
    SetOfIterator::new(bitmap::page(chunk, set, after, at_most).unwrap_or_else(|error| report::raise(error)))
}

/// The set cut into blocks of 64 ids, each with its number within the chunk.
#[pg_extern(immutable, strict, parallel_safe, schema = "inventory_core_internal")]
fn _bitmap_blocks(set: &[u8]) -> TableIterator<'static, (name!(block, i32), name!(item_ids, Vec<u8>))> {
    TableIterator::new(bitmap::blocks(set).unwrap_or_else(|error| report::raise(error)))
}

/// Whether the set of an id's chunk holds it.
#[pg_extern(immutable, strict, parallel_safe, schema = "inventory_core_internal")]
fn _bitmap_contains(set: &[u8], item_id: i64) -> bool {
    bitmap::contains(set, item_id).unwrap_or_else(|error| report::raise(error))
}

/// For each id of a chunk, the position of the first of some sets that holds it; NULL elements count as empty.
#[pg_extern(immutable, strict, parallel_safe, schema = "inventory_core_internal")]
fn _bitmap_positions(sets: Array<'_, &[u8]>) -> Vec<u8> {
    bitmap::positions(sets.iter(), &check_for_interrupts).unwrap_or_else(|error| report::raise(error))
}

/// The position of an id in the result of `_bitmap_positions`, from 1; NULL if no set holds it.
#[pg_extern(immutable, strict, parallel_safe, schema = "inventory_core_internal")]
fn _bitmap_position(positions: &[u8], item_id: i64) -> Option<i32> {
    bitmap::position(positions, item_id)
}
