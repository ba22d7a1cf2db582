//! `redact`.

use inventory_core_logic::json::meta;
use inventory_core_redact as redact;
use pgrx::prelude::*;

use super::{check_for_interrupts, report};

/// A free text with every secret that can be recognised replaced by what it was.
#[pg_extern(immutable, strict, parallel_safe, schema = "inventory_core", name = "redact")]
fn redact_message(message: &str) -> String {
    redact::redact(message, &check_for_interrupts)
}

/// The same without the search for random runs, for texts where an etag or a version must survive.
#[pg_extern(immutable, strict, parallel_safe, schema = "inventory_core_internal")]
fn _redact_known(text: &str) -> String {
    redact::redact_known(text, &check_for_interrupts).0.into_owned()
}

/// Whether no string in a JSON text can hold a secret that `_redact_known` would find: cheap, and sure.
#[pg_extern(immutable, strict, parallel_safe, schema = "inventory_core_internal")]
fn _has_inert_strings(json: &str) -> bool {
    redact::has_inert_strings(json)
}

/// A meta, given as JSON text, without the secrets in its string values.
#[pg_extern(immutable, strict, parallel_safe, schema = "inventory_core_internal")]
fn _redact_meta(json: &str) -> String {
    let redacted = meta::redacted(json, &check_for_interrupts).unwrap_or_else(|error| report::raise(error));
    redacted.0.into_owned()
}
