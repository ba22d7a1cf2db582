//! Whatever a server answers in `Retry-After`, the wait is one.
#![no_main]

use inventory_core_logic::retry::{self, Backoff};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|given: (&str, i64, i32, f64)| {
    let (text, now, attempt, random) = given;
    if let Some(wait) = retry::parse_retry_after(text, now) {
        assert!(wait >= 0);
    }
    let backoff = Backoff::new(1_000_000, 300_000_000).expect("these are the defaults");
    if let Ok(Some(wait)) = retry::retry_delay(attempt, 429, Some(text), &backoff, now, random) {
        assert!(wait >= 0);
    }
});
