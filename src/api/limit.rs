//! What the limits of running runs ask; see `logic/limit.rs`.

use inventory_core_logic::limit;
use pgrx::prelude::*;

/// The lowest free number above another that keeps a limit beside the taken ones; NULL where there is none.
#[pg_extern(immutable, strict, parallel_safe, schema = "inventory_core_internal")]
fn _free_number(taken: Array<'_, i32>, above: i32, max_runs: i32) -> Option<i32> {
    limit::free_number(taken.iter(), above, max_runs)
}
