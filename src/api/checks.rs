//! Conditions of CHECK constraints on the tables that every run writes.
//!
//! The server parses the stored expression of a constraint again in every statement that writes, constants included: these
//! calls take a quarter of the time of `IN` and `BETWEEN` with constants. Constraints of other tables are plain SQL.

use pgrx::prelude::*;

/// From 1970-01-01 to 9999-12-31 in UTC, in microseconds since 2000-01-01: adding a lease to it gives a time that can be shown.
const STORABLE: std::ops::RangeInclusive<i64> = -946_684_800_000_000..=252_455_529_600_000_000;
/// In microseconds.
const LONGEST_LEASE: i64 = 7 * 24 * 60 * 60 * 1_000_000;

/// Whether a time is from 1970 to 9999.
#[pg_extern(immutable, strict, parallel_safe, schema = "inventory_core_internal")]
fn _is_storable_time(time: TimestampWithTimeZone) -> bool {
    STORABLE.contains(&i64::from(time))
}

/// Whether an interval is positive, at most 7 days, and in microseconds alone, so that adding it to a time always gives a
/// later time.
#[pg_extern(immutable, strict, parallel_safe, schema = "inventory_core_internal")]
fn _is_lease(span: Interval) -> bool {
    span.months() == 0 && span.days() == 0 && (1..=LONGEST_LEASE).contains(&span.micros())
}

/// Whether a text is a status of a run.
#[pg_extern(immutable, strict, parallel_safe, schema = "inventory_core_internal")]
fn _is_run_status(status: &str) -> bool {
    matches!(status, "running" | "success" | "partial" | "failed")
}

/// Whether a text says what a batch did with an item.
#[pg_extern(immutable, strict, parallel_safe, schema = "inventory_core_internal")]
fn _is_part_kind(kind: &str) -> bool {
    matches!(kind, "inserted" | "updated" | "unchanged")
}
