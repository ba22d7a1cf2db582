//! `redact`.

use inventory_core_logic::json::meta;
use inventory_core_redact as redact;
use pgrx::prelude::*;

use super::{check_for_interrupts, report};

/// A text with every recognised secret replaced by a marker of its kind.
#[pg_extern(immutable, strict, parallel_safe, schema = "inventory_core", name = "redact")]
fn redact_message(message: &str) -> String {
    redact::redact(message, &check_for_interrupts)
}

/// The same without the search for random strings, for texts in which etags and versions must survive.
#[pg_extern(immutable, strict, parallel_safe, schema = "inventory_core_internal")]
fn _redact_known(text: &str) -> String {
    redact::redact_known(text, &check_for_interrupts).0.into_owned()
}

/// Whether `_redact_known` can find nothing in the strings of a JSON text. Cheap, and never wrongly true.
#[pg_extern(immutable, strict, parallel_safe, schema = "inventory_core_internal")]
fn _has_inert_strings(json: &str) -> bool {
    redact::has_inert_strings(json)
}

/// A meta, passed as JSON text, with the secrets in its string values replaced.
#[pg_extern(immutable, strict, parallel_safe, schema = "inventory_core_internal")]
fn _redact_meta(json: &str) -> String {
    let redacted = meta::redacted(json, &check_for_interrupts).unwrap_or_else(|error| report::raise(error));
    redacted.0.into_owned()
}
