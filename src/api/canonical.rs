//! `canonical_json`, `selection_hash`, `selection_lock_key`.

use inventory_core_logic::json::canonical;
use inventory_core_logic::lock_key;
use pgrx::prelude::*;

use super::{check_for_interrupts, report};

/// The canonical form of a JSON text. `canonical_json(jsonb)` passes the text of its argument, which
/// keeps every digit of a number.
#[pg_extern(immutable, strict, parallel_safe, schema = "inventory_core_internal")]
fn _canonical_json(value: &str) -> String {
    canonical::canonical_json(value, &check_for_interrupts).unwrap_or_else(|error| report::raise(error))
}

/// The hash of a selection, given as JSON text.
#[pg_extern(immutable, strict, parallel_safe, schema = "inventory_core_internal")]
fn _selection_hash(selection: &str) -> String {
    canonical::selection_hash(&_canonical_json(selection))
}

/// The key of the public advisory lock of a selection.
#[pg_extern(immutable, strict, parallel_safe, schema = "inventory_core")]
fn selection_lock_key(tenant: &str, selection_hash: &str) -> i64 {
    lock_key::selection_lock_key(tenant, selection_hash)
}
