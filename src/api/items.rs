//! What `upsert_items` asks of a batch; see `logic/items.rs`.
//!
//! The two functions that read a batch are declared once more in `sql/schema/28_rust_functions.sql`, with an argument of type
//! `json`: its bytes are those of a `text`, but a cast would copy them twice. Those with a `text` are for dumps of 0.1.0.

use std::borrow::Cow;

use inventory_core_logic::compare::{Given, Known, compare};
use inventory_core_logic::digest::{self, Key};
use inventory_core_logic::items::{self, OnBadItem, Texts};
use inventory_core_logic::json::stored;
use inventory_core_logic::meta::Whitelist;
use pgrx::prelude::*;

use super::{check_for_interrupts, report};
use crate::server::memory::give_memory_back_at_end;

/// In bytes. The memory of smaller ones is kept: to get it again would slow the next one down.
const LARGE_BATCH: usize = 4 << 20;

fn whitelist(types: &Array<'_, &str>, keys: &Array<'_, &str>) -> Whitelist {
    let mut whitelist = Whitelist::default();
    for (policy_type, key) in types.iter().flatten().zip(keys.iter().flatten()) {
        whitelist.allow(policy_type, key);
    }
    whitelist
}

/// The keys and digests of a batch, in the given order: all that is needed to tell which items are new or changed.
/// Digests are NULL where the part is omitted. `given_positions` count in the given array, and `starts` say where in
/// the text each item begins: see `_item_texts`.
#[pg_extern(immutable, strict, parallel_safe, schema = "inventory_core_internal")]
#[allow(clippy::type_complexity)]
fn _read_items<'a>(
    items: &'a str,
    whitelist_types: Array<'a, &'a str>,
    whitelist_keys: Array<'a, &'a str>,
    on_bad_item: &str,
) -> TableIterator<
    'static,
    (
        name!(key_highs, Vec<i64>),
        name!(key_lows, Vec<i64>),
        name!(external_ids, Vec<String>),
        name!(name_digests, Vec<Option<i64>>),
        name!(meta_digests, Vec<Option<i64>>),
        name!(given_positions, Vec<i32>),
        name!(starts, Vec<i32>),
        name!(duplicates, i32),
        name!(rejected, i32),
        name!(rejected_types, Vec<Option<String>>),
        name!(dropped_meta_keys, i32),
    ),
> {
    if items.len() > LARGE_BATCH {
        give_memory_back_at_end();
    }
    let whitelist = whitelist(&whitelist_types, &whitelist_keys);
    let batch = OnBadItem::parse(on_bad_item)
        .and_then(|mode| items::read(items, &whitelist, mode, &check_for_interrupts))
        .unwrap_or_else(|error| report::raise(error));
    let items = &batch.items;
    TableIterator::once((
        items.iter().map(|item| item.key.high).collect(),
        items.iter().map(|item| item.key.low).collect(),
        items.iter().map(|item| item.external_id.to_string()).collect(),
        items.iter().map(|item| item.name_digest).collect(),
        items.iter().map(|item| item.meta_digest).collect(),
        items.iter().map(|item| item.position).collect(),
        // a value of the server has less than 1 GiB
        items.iter().map(|item| i32::try_from(item.start).unwrap_or(i32::MAX)).collect(),
        batch.duplicates,
        batch.rejected,
        batch.rejected_types,
        batch.dropped_meta_keys,
    ))
}

/// What became of the items of a batch, given as `_read_items` gives them, beside stored ones. A class without items
/// is NULL. `new_external_ids` are sorted, as an index likes to be asked.
#[pg_extern(immutable, parallel_safe, schema = "inventory_core_internal")]
#[allow(clippy::type_complexity, clippy::too_many_arguments)]
fn _compare_items<'a>(
    key_highs: Array<'a, i64>,
    key_lows: Array<'a, i64>,
    external_ids: Array<'a, &'a str>,
    name_digests: Array<'a, i64>,
    meta_digests: Array<'a, i64>,
    known_ids: Option<Array<'a, i64>>,
    known_key_highs: Option<Array<'a, i64>>,
    known_key_lows: Option<Array<'a, i64>>,
    known_name_digests: Option<Array<'a, i64>>,
    known_meta_digests: Option<Array<'a, i64>>,
    young_from: i64,
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
    let keys = key_highs.iter().flatten().zip(key_lows.iter().flatten()).map(|(high, low)| Key { high, low });
    let given: Vec<Given> = keys
        .zip(name_digests.iter().zip(meta_digests.iter()))
        .map(|(key, (name_digest, meta_digest))| Given { key, name_digest, meta_digest })
        .collect();
    let known = numbers(&known_ids)
        .zip(numbers(&known_key_highs).zip(numbers(&known_key_lows)))
        .zip(numbers(&known_name_digests).zip(numbers(&known_meta_digests)))
        .map(|((item_id, (high, low)), (name_digest, meta_digest))| Known {
            key: Key { high, low },
            item_id,
            name_digest,
            meta_digest,
        });
    let found = compare(given.into_iter(), known, young_from);
    let mut positions = found.new_positions.iter().peekable();
    let mut new_external_ids: Vec<String> = (1..)
        .zip(external_ids.iter())
        .filter(|(position, _)| positions.next_if_eq(&position).is_some())
        .filter_map(|(_, external_id)| external_id.map(str::to_owned))
        .collect();
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

/// The elements of an array, none where it is NULL.
fn numbers<'s>(array: &'s Option<Array<'_, i64>>) -> impl Iterator<Item = i64> + 's {
    array.iter().flat_map(|array| array.iter().flatten())
}

fn unless_empty<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}

/// What to store of some items of a batch, in the order of the given array; `nth` counts them. `positions` count
/// from 1 in the order of `_read_items`, which gave the last two arguments. A part that is omitted has the digest of
/// no text. How many string values of its meta held a secret is `redacted_values`.
#[pg_extern(immutable, strict, parallel_safe, schema = "inventory_core_internal")]
#[allow(clippy::type_complexity)]
fn _item_texts<'a>(
    items: &'a str,
    whitelist_types: Array<'a, &'a str>,
    whitelist_keys: Array<'a, &'a str>,
    positions: Vec<i32>,
    given_positions: Vec<i32>,
    starts: Vec<i32>,
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
    let whitelist = whitelist(&whitelist_types, &whitelist_keys);
    let mut wanted: Vec<(i32, i32, usize)> = positions
        .into_iter()
        .filter_map(|position| {
            let index = usize::try_from(position - 1).ok()?;
            Some((*given_positions.get(index)?, position, usize::try_from(*starts.get(index)?).ok()?))
        })
        .collect();
    wanted.sort_unstable();
    let read = move |(given_position, position, start)| {
        let texts = items::read_at(items, start, given_position, &whitelist, &check_for_interrupts)?;
        Some((position, texts))
    };
    let texts = wanted.into_iter().filter_map(read).zip(1..).map(|((position, texts), nth)| {
        let Texts { item, policy_type, display_name, meta } = texts;
        let (name_given, meta_given) = (display_name.is_some(), meta.is_some());
        let (meta, redacted_values) = meta.flatten().map(redacted).unzip();
        (
            position,
            nth,
            item.key.high,
            item.key.low,
            policy_type.into_owned(),
            item.external_id.into_owned(),
            name_given,
            item.name_digest.unwrap_or_else(|| digest::of_text(None)),
            display_name.flatten().map(Cow::into_owned),
            meta_given,
            item.meta_digest.unwrap_or_else(|| digest::of_text(None)),
            meta,
            redacted_values.unwrap_or(0),
        )
    });
    TableIterator::new(texts)
}

/// Meta without the secrets in its string values, and how many of these held one.
fn redacted(meta: String) -> (String, i32) {
    let (text, count) = stored::redacted(meta, &check_for_interrupts)
        .unwrap_or_else(|problem| report::unstorable_meta(problem));
    (text, i32::try_from(count).unwrap_or(i32::MAX))
}
