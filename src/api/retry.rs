//! `is_retryable`, `error_code_for`, and the arithmetic of `retry_delay`.

use inventory_core_logic::retry::{self, Backoff};
use pgrx::prelude::*;

use super::{report, settings};

/// Whether a request that got this status may succeed if it is sent again.
#[pg_extern(immutable, strict, parallel_safe, schema = "inventory_core")]
fn is_retryable(http_status: i32) -> bool {
    retry::is_retryable(http_status)
}

/// The error code of runs for an HTTP status; NULL has one too.
#[pg_extern(immutable, parallel_safe, schema = "inventory_core")]
fn error_code_for(http_status: Option<i32>) -> &'static str {
    retry::error_code_for(http_status)
}

/// The error codes of runs.
#[pg_extern(immutable, parallel_safe, schema = "inventory_core_internal")]
fn _error_codes() -> Vec<&'static str> {
    retry::ERROR_CODES.to_vec()
}

/// `retry_delay` in microseconds; `random` is from 0 to below 1.
#[pg_extern(stable, parallel_safe, schema = "inventory_core_internal")]
fn _retry_delay(
    attempt: Option<i32>,
    http_status: Option<i32>,
    retry_after: Option<&str>,
    base: Option<i64>,
    cap: Option<i64>,
    now: Option<i64>,
    random: Option<f64>,
) -> Option<i64> {
    let Some(attempt) = attempt else { report::null_argument("attempt") };
    let Some(http_status) = http_status else { report::null_argument("http_status") };
    let Some(now) = now else { report::null_argument("now") };
    let Some(random) = random else { report::null_argument("random") };
    let backoff = Backoff::new(
        base.unwrap_or_else(settings::retry_base_micros),
        cap.unwrap_or_else(settings::retry_cap_micros),
    );
    backoff
        .and_then(|backoff| retry::retry_delay(attempt, http_status, retry_after, &backoff, now, random))
        .unwrap_or_else(|error| report::raise(error))
}
