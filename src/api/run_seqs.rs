//! Sets of run numbers for the SQL of this extension; see `logic/run_seqs.rs`. NULL is the empty set.

use inventory_core_logic::run_seqs;
use pgrx::prelude::*;

use super::report;

/// The set with one run added.
#[pg_extern(immutable, parallel_safe, schema = "inventory_core_internal")]
fn _runs_add(set: Option<&[u8]>, run_seq: Option<i64>) -> Vec<u8> {
    let Some(run_seq) = run_seq else { report::null_argument("run_seq") };
    run_seqs::add(set, run_seq).unwrap_or_else(|error| report::raise(error))
}

/// The runs that are in exactly one of two sets.
#[pg_extern(immutable, parallel_safe, schema = "inventory_core_internal")]
fn _runs_differ(set: Option<&[u8]>, other: Option<&[u8]>) -> Vec<u8> {
    run_seqs::differ(set, other).unwrap_or_else(|error| report::raise(error))
}

/// The last run of a set; NULL if it is empty.
#[pg_extern(immutable, parallel_safe, schema = "inventory_core_internal")]
fn _runs_last(set: Option<&[u8]>) -> Option<i64> {
    run_seqs::last(set).unwrap_or_else(|error| report::raise(error))
}

/// The first run of a set after another run; NULL if there is none.
#[pg_extern(immutable, parallel_safe, schema = "inventory_core_internal")]
fn _runs_first_after(set: Option<&[u8]>, run_seq: Option<i64>) -> Option<i64> {
    run_seqs::first_after(set, run_seq?).unwrap_or_else(|error| report::raise(error))
}

/// How many runs of a set come after `after` and not after `until`.
#[pg_extern(immutable, parallel_safe, schema = "inventory_core_internal")]
fn _runs_count(set: Option<&[u8]>, after: Option<i64>, until: Option<i64>) -> Option<i64> {
    Some(run_seqs::count(set, after?, until?).unwrap_or_else(|error| report::raise(error)))
}

/// Whether a set holds a run.
#[pg_extern(immutable, parallel_safe, schema = "inventory_core_internal")]
fn _runs_contain(set: Option<&[u8]>, run_seq: Option<i64>) -> Option<bool> {
    Some(run_seqs::contains(set, run_seq?).unwrap_or_else(|error| report::raise(error)))
}
