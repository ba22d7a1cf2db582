//! The digests of one item, for rows that are written without `upsert_items`; see `logic/digest.rs`.

use inventory_core_logic::digest;
use inventory_core_logic::json::meta;
use pgrx::prelude::*;

use super::{check_for_interrupts, report};

/// The digest of a name, as in `_read_items`; NULL is a name that was cleared or never given.
#[pg_extern(immutable, parallel_safe, schema = "inventory_core_internal")]
fn _name_digest(display_name: Option<&str>) -> i64 {
    digest::of_text(display_name)
}

/// The digest of a meta, as in `_read_items`, passed as JSON text in any spelling; NULL likewise.
#[pg_extern(immutable, parallel_safe, schema = "inventory_core_internal")]
fn _meta_digest(meta: Option<&str>) -> i64 {
    match meta {
        None => digest::of_text(None),
        Some(meta) => meta::digest(meta, &check_for_interrupts).unwrap_or_else(|error| report::raise(error)),
    }
}

/// The first half of an item's key.
#[pg_extern(immutable, strict, parallel_safe, schema = "inventory_core_internal")]
fn _key_high(policy_type: &str, external_id: &str) -> i64 {
    digest::of_key(policy_type, external_id).high
}

/// The second half.
#[pg_extern(immutable, strict, parallel_safe, schema = "inventory_core_internal")]
fn _key_low(policy_type: &str, external_id: &str) -> i64 {
    digest::of_key(policy_type, external_id).low
}
