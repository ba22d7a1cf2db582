//! What version the library is, for `doctor` to compare with what the catalogue says.

use pgrx::prelude::*;

/// The version that this library was built as.
#[pg_extern(immutable, parallel_safe, schema = "inventory_core_internal")]
fn _library_version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}
