//! `redact`.

use inventory_core_logic::redact;
use pgrx::prelude::*;

use super::check_for_interrupts;

/// A free text with every secret that can be recognised replaced by what it was.
#[pg_extern(immutable, strict, parallel_safe, schema = "inventory_core", name = "redact")]
fn redact_message(message: &str) -> String {
    redact::redact(message, &check_for_interrupts)
}

/// The same without the search for random runs, for texts where an etag or a version must survive.
#[pg_extern(immutable, strict, parallel_safe, schema = "inventory_core")]
fn _redact_known(text: &str) -> String {
    redact::redact_known(text, &check_for_interrupts).0.into_owned()
}
