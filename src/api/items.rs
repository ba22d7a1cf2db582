//! Reading and comparing a batch, for `upsert_items`; see `logic/items.rs` and `logic/batch.rs`.

use std::borrow::Cow;

use inventory_core_logic::batch::{self, Packed};
use inventory_core_logic::compare::{Known, compare};
use inventory_core_logic::digest::{self, Key};
use inventory_core_logic::items::{self, OnBadItem, Texts};
use inventory_core_logic::whitelist::Whitelist;
use pgrx::prelude::*;

use super::{check_for_interrupts, report, without_nulls};
use crate::server::json::JsonText;
use crate::server::memory::give_memory_back_at_end;

/// In bytes. The memory of smaller batches is kept: allocating it again would slow the next batch down.
const LARGE_BATCH: usize = 4 << 20;

fn whitelist(types: &Array<'_, &str>, keys: &Array<'_, &str>) -> Whitelist {
    let mut whitelist = Whitelist::default();
    for (policy_type, key) in
        without_nulls("whitelist_types", types).zip(without_nulls("whitelist_keys", keys))
    {
        whitelist.allow(policy_type, key);
    }
    whitelist
}

fn packed(batch: &[u8]) -> Packed<'_> {
    Packed::read(batch).unwrap_or_else(|error| report::raise(error))
}

/// A batch as one value: the keys and digests of its items, which decide which of them are new or changed, and where in the
/// text each begins.
#[pg_extern(immutable, strict, parallel_safe, schema = "inventory_core_internal")]
#[allow(clippy::type_complexity)]
fn _read_items<'a>(
    items: JsonText<'a>,
    whitelist_types: Array<'a, &'a str>,
    whitelist_keys: Array<'a, &'a str>,
    on_bad_item: &str,
) -> TableIterator<
    'static,
    (
        name!(batch, Vec<u8>),
        name!(items, i32),
        name!(duplicates, i32),
        name!(rejected, i32),
        name!(rejected_types, Vec<Option<String>>),
        name!(dropped_meta_keys, i32),
    ),
> {
    let JsonText(items) = items;
    if items.len() > LARGE_BATCH {
        give_memory_back_at_end();
    }
    let whitelist = whitelist(&whitelist_types, &whitelist_keys);
    let batch = OnBadItem::parse(on_bad_item)
        .and_then(|mode| items::read(items, &whitelist, mode, &check_for_interrupts))
        .unwrap_or_else(|error| report::raise(error));
    TableIterator::once((
        batch::write(batch.items.iter().map(batch::Entry::from)),
        i32::try_from(batch.items.len()).unwrap_or(i32::MAX),
        batch.duplicates,
        batch.rejected,
        batch.rejected_types,
        batch.dropped_meta_keys,
    ))
}

/// Evenly spread items of a batch: every n-th, and the last one.
#[pg_extern(immutable, strict, parallel_safe, schema = "inventory_core_internal")]
#[allow(clippy::type_complexity)]
fn _batch_sample<'a>(
    batch: &'a [u8],
    every: i32,
) -> TableIterator<'a, (name!(position, i32), name!(key_high, i64), name!(external_id, &'a str))> {
    let batch = packed(batch);
    let sample = batch.spread(usize::try_from(every).unwrap_or(1)).filter_map(move |index| {
        let item = batch.get(index)?;
        Some((i32::try_from(index + 1).ok()?, item.key.high, item.external_id))
    });
    TableIterator::new(sample)
}

/// The same as a smaller batch.
#[pg_extern(immutable, strict, parallel_safe, schema = "inventory_core_internal")]
fn _sample_batch(batch: &[u8], every: i32) -> Vec<u8> {
    let batch = packed(batch);
    let sample = batch.spread(usize::try_from(every).unwrap_or(1)).filter_map(|index| batch.get(index));
    batch::write(sample.collect::<Vec<_>>().into_iter())
}

/// Which items of a batch are new, changed or unchanged compared with stored ones. A class without items is NULL.
/// `new_external_ids` are sorted, because sorted look-ups in an index are faster.
#[pg_extern(immutable, parallel_safe, schema = "inventory_core_internal")]
#[allow(clippy::type_complexity)]
fn _compare_items<'a>(
    batch: Option<&'a [u8]>,
    known_ids: Option<Array<'a, i64>>,
    known_key_highs: Option<Array<'a, i64>>,
    known_key_lows: Option<Array<'a, i64>>,
    known_name_digests: Option<Array<'a, i64>>,
    known_meta_digests: Option<Array<'a, i64>>,
    young_from: Option<i64>,
) -> TableIterator<
    'static,
    (
        name!(new_positions, Option<Vec<i32>>),
        name!(new_external_ids, Option<Vec<String>>),
        name!(changed_positions, Option<Vec<i32>>),
        name!(changed_ids, Option<Vec<i64>>),
        name!(unchanged_ids, Option<Vec<i64>>),
        name!(young_ids, Option<Vec<i64>>),
    ),
> {
    let batch = packed(batch.unwrap_or_else(|| report::null_argument("batch")));
    let young_from = young_from.unwrap_or_else(|| report::null_argument("young_from"));
    let keys = numbers("known_key_highs", &known_key_highs)
        .zip(numbers("known_key_lows", &known_key_lows))
        .map(|(high, low)| Key { high, low });
    let digests = numbers("known_name_digests", &known_name_digests)
        .zip(numbers("known_meta_digests", &known_meta_digests));
    let known = numbers("known_ids", &known_ids)
        .zip(keys.zip(digests))
        .map(|(item_id, (key, (name_digest, meta_digest)))| Known { key, item_id, name_digest, meta_digest });
    let found = compare(&batch, known, young_from, &check_for_interrupts);
    let external_id = |position: &i32| batch.get(usize::try_from(position - 1).ok()?);
    let mut new_external_ids: Vec<String> =
        found.new_positions.iter().filter_map(external_id).map(|item| item.external_id.to_owned()).collect();
    new_external_ids.sort_unstable();
    TableIterator::once((
        unless_empty(found.new_positions),
        unless_empty(new_external_ids),
        unless_empty(found.changed_positions),
        unless_empty(found.changed_ids),
        unless_empty(found.unchanged_ids),
        unless_empty(found.young_ids),
    ))
}

/// The elements of an array; none if it is NULL.
fn numbers<'s>(name: &'s str, array: &'s Option<Array<'_, i64>>) -> impl Iterator<Item = i64> + 's {
    array.iter().flat_map(move |array| without_nulls(name, array))
}

fn unless_empty<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}

/// The texts to store for some items of a batch, in the order of the given array; `nth` counts them. `positions` count from
/// 1 in the batch that `_read_items` made of this array. An omitted part has the digest of no text. `redacted_values` is
/// the number of string values of its meta that held a secret.
#[pg_extern(immutable, strict, parallel_safe, schema = "inventory_core_internal")]
#[allow(clippy::type_complexity)]
fn _item_texts<'a>(
    items: JsonText<'a>,
    batch: &'a [u8],
    whitelist_types: Array<'a, &'a str>,
    whitelist_keys: Array<'a, &'a str>,
    positions: Array<'a, i32>,
) -> TableIterator<
    'a,
    (
        name!(position, i32),
        name!(nth, i64),
        name!(key_high, i64),
        name!(key_low, i64),
        name!(policy_type, String),
        name!(external_id, String),
        name!(name_given, bool),
        name!(name_digest, i64),
        name!(display_name, Option<String>),
        name!(meta_given, bool),
        name!(meta_digest, i64),
        name!(meta, Option<String>),
        name!(redacted_values, i32),
    ),
> {
    let JsonText(items) = items;
    let batch = packed(batch);
    let whitelist = whitelist(&whitelist_types, &whitelist_keys);
    let mut wanted: Vec<i32> = without_nulls("positions", &positions).collect();
    wanted.sort_unstable();
    wanted.dedup();
    let read = move |position: i32| {
        check_for_interrupts();
        let index = usize::try_from(position.checked_sub(1)?).ok()?;
        let item = batch.get(index)?;
        let texts = items::read_at(batch.text_of(index, items)?, &whitelist, &check_for_interrupts)?;
        Some((position, item, texts))
    };
    let texts = wanted.into_iter().filter_map(read).zip(1..).map(|((position, item, texts), nth)| {
        let Texts { policy_type, external_id, display_name, meta, redacted_values } = texts;
        (
            position,
            nth,
            item.key.high,
            item.key.low,
            policy_type.into_owned(),
            external_id.into_owned(),
            display_name.is_some(),
            item.name_digest.unwrap_or_else(|| digest::of_text(None)),
            display_name.flatten().map(Cow::into_owned),
            meta.is_some(),
            item.meta_digest.unwrap_or_else(|| digest::of_text(None)),
            meta.flatten(),
            i32::try_from(redacted_values).unwrap_or(i32::MAX),
        )
    });
    TableIterator::new(texts)
}
