//! The free numbers under the limits of running runs; see `logic/limit.rs`.

use inventory_core_logic::limit;
use pgrx::prelude::*;

/// The lowest free number above another that keeps the limit, given the taken numbers; NULL if there is none.
#[pg_extern(immutable, strict, parallel_safe, schema = "inventory_core_internal")]
fn _free_number(taken: Array<'_, i32>, above: i32, max_runs: i32) -> Option<i32> {
    limit::free_number(taken.iter(), above, max_runs)
}
