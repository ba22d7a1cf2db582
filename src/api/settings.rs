//! The settings, and functions that read them for the SQL of this extension. `current_setting` would show a value
//! that a session forged before the library was loaded.

use std::ffi::CString;

use pgrx::prelude::*;
use pgrx::{GucContext, GucFlags, GucRegistry, GucSetting};

static CLOCK: GucSetting<Option<CString>> = GucSetting::<Option<CString>>::new(None);
static LEASE: GucSetting<i32> = GucSetting::<i32>::new(15 * 60);
static RETRY_BASE: GucSetting<i32> = GucSetting::<i32>::new(1_000);
static RETRY_CAP: GucSetting<i32> = GucSetting::<i32>::new(5 * 60 * 1_000);
static MAX_RUNNING_RUNS: GucSetting<i32> = GucSetting::<i32>::new(16);
static MAX_RUNNING_RUNS_PER_TENANT: GucSetting<i32> = GucSetting::<i32>::new(4);
static STORE_ERROR_TEXT: GucSetting<bool> = GucSetting::<bool>::new(true);
static SHRINK_GUARD: GucSetting<f64> = GucSetting::<f64>::new(0.5);
static EXPECTED_TOLERANCE: GucSetting<f64> = GucSetting::<f64>::new(0.0);
static SHRINK_GUARD_MIN_ITEMS: GucSetting<i32> = GucSetting::<i32>::new(20);

/// As many as `run_slots` has rows.
const MAX_SLOTS: i32 = 1024;

/// Defines the settings. Called once, when the library loads.
pub fn init() {
    GucRegistry::define_string_guc(
        c"inventory_core.clock",
        c"The time that inventory_core uses as the current time; empty means the server's clock.",
        c"For tests of applications: a timestamp with time zone, as text.",
        &CLOCK,
        GucContext::Suset,
        GucFlags::default(),
    );
    GucRegistry::define_int_guc(
        c"inventory_core.lease",
        c"How long a run may be silent before another may take over its selection.",
        c"Counted from the start, the last batch or the last heartbeat.",
        &LEASE,
        1,
        7 * 24 * 60 * 60,
        GucContext::Suset,
        GucFlags::UNIT_S,
    );
    GucRegistry::define_bool_guc(
        c"inventory_core.store_error_text",
        c"Whether the text of an error is stored, redacted; off stores codes only.",
        c"Concerns message and upstream_code of record_error.",
        &STORE_ERROR_TEXT,
        GucContext::Suset,
        GucFlags::default(),
    );
    GucRegistry::define_int_guc(
        c"inventory_core.max_running_runs",
        c"How many runs may run at once, over all tenants; 0 = none, -1 = no limit.",
        c"A start beyond it is refused with the reason global_limit.",
        &MAX_RUNNING_RUNS,
        -1,
        MAX_SLOTS,
        GucContext::Suset,
        GucFlags::default(),
    );
    GucRegistry::define_int_guc(
        c"inventory_core.max_running_runs_per_tenant",
        c"How many runs of one tenant may run at once; 0 = none, -1 = no limit.",
        c"set_tenant_limit overrides it for a tenant. A start beyond it is refused with the reason tenant_limit.",
        &MAX_RUNNING_RUNS_PER_TENANT,
        -1,
        MAX_SLOTS,
        GucContext::Suset,
        GucFlags::default(),
    );
    GucRegistry::define_float_guc(
        c"inventory_core.shrink_guard",
        c"Share of the reference run below which a run does not vouch for its policy types; 0 = off.",
        c"It gets the error shrink_guard; its data is stored. A second run of that size is clean.",
        &SHRINK_GUARD,
        0.0,
        1.0,
        GucContext::Suset,
        GucFlags::default(),
    );
    GucRegistry::define_float_guc(
        c"inventory_core.expected_tolerance",
        c"Share of expected_items that a run may miss without the error short_of_expected.",
        c"For lists that change while they are read; 0 means that each expected item must be observed.",
        &EXPECTED_TOLERANCE,
        0.0,
        1.0,
        GucContext::Suset,
        GucFlags::default(),
    );
    GucRegistry::define_int_guc(
        c"inventory_core.shrink_guard_min_items",
        c"The shrink guard applies only if the reference run observed at least this many items, of all types or of one.",
        c"Smaller lists and types may shrink by any amount.",
        &SHRINK_GUARD_MIN_ITEMS,
        0,
        i32::MAX,
        GucContext::Suset,
        GucFlags::default(),
    );
    GucRegistry::define_int_guc(
        c"inventory_core.retry_base",
        c"The longest wait before the first retry, if the API asks for none; it doubles with each attempt.",
        c"retry_delay draws from 0 up to it.",
        &RETRY_BASE,
        1,
        i32::MAX,
        GucContext::Suset,
        GucFlags::UNIT_MS,
    );
    GucRegistry::define_int_guc(
        c"inventory_core.retry_cap",
        c"The longest wait before a retry, if the API asks for none.",
        c"retry_delay draws from 0 up to it, however many attempts there were.",
        &RETRY_CAP,
        1,
        i32::MAX,
        GucContext::Suset,
        GucFlags::UNIT_MS,
    );
}

/// `inventory_core.retry_base` in microseconds.
pub fn retry_base_micros() -> i64 {
    i64::from(RETRY_BASE.get()) * 1_000
}

/// `inventory_core.retry_cap` in microseconds.
pub fn retry_cap_micros() -> i64 {
    i64::from(RETRY_CAP.get()) * 1_000
}

/// The text of `inventory_core.clock`; NULL if it is empty.
#[pg_extern(stable, parallel_safe, schema = "inventory_core_internal")]
fn _clock_setting() -> Option<String> {
    CLOCK.get().and_then(|text| text.into_string().ok()).filter(|text| !text.is_empty())
}

/// `inventory_core.lease` in seconds.
#[pg_extern(stable, parallel_safe, schema = "inventory_core_internal")]
fn _lease_seconds() -> i32 {
    LEASE.get()
}

/// `inventory_core.shrink_guard`.
#[pg_extern(stable, parallel_safe, schema = "inventory_core_internal")]
fn _shrink_guard() -> f64 {
    SHRINK_GUARD.get()
}

/// `inventory_core.expected_tolerance`.
#[pg_extern(stable, parallel_safe, schema = "inventory_core_internal")]
fn _expected_tolerance() -> f64 {
    EXPECTED_TOLERANCE.get()
}

/// `inventory_core.shrink_guard_min_items`.
#[pg_extern(stable, parallel_safe, schema = "inventory_core_internal")]
fn _shrink_guard_min_items() -> i32 {
    SHRINK_GUARD_MIN_ITEMS.get()
}

/// `inventory_core.max_running_runs`.
#[pg_extern(stable, parallel_safe, schema = "inventory_core_internal")]
fn _max_running_runs() -> i32 {
    MAX_RUNNING_RUNS.get()
}

/// `inventory_core.max_running_runs_per_tenant`.
#[pg_extern(stable, parallel_safe, schema = "inventory_core_internal")]
fn _max_running_runs_per_tenant() -> i32 {
    MAX_RUNNING_RUNS_PER_TENANT.get()
}

/// `inventory_core.store_error_text`.
#[pg_extern(stable, parallel_safe, schema = "inventory_core_internal")]
fn _store_error_text() -> bool {
    STORE_ERROR_TEXT.get()
}
