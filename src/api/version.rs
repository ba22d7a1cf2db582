//! The version of the library, which `doctor` compares with that of the catalogue.

use pgrx::prelude::*;

/// The version of this library.
#[pg_extern(immutable, parallel_safe, schema = "inventory_core_internal")]
fn _library_version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}
