//! `inventory_core`: per tenant, what an external API last showed, and what is missing and why.
//!
//! A table of contents: `logic` (a crate of its own) computes, `api` makes SQL functions of it,
//! `tenant` binds a transaction to a tenant, and the files below `sql/schema` keep the rows.

mod api;
#[cfg(any(test, feature = "pg_test"))]
mod pg_tests;
mod tenant;

use pgrx::extension_sql_file;

#[cfg(test)]
pub use pg_tests::pg_test;

::pgrx::pg_module_magic!(name, version);

/// Called by the server when it loads the library.
#[pgrx::pg_guard]
extern "C-unwind" fn _PG_init() {
    tenant::init();
    api::settings::init();
    tenant::init_planner();
    tenant::reserve_prefix();
}

extension_sql_file!("../sql/schema/00_schema.sql", name = "schema", bootstrap);

// pgrx wants the schema of its functions declared, and makes CREATE SCHEMA IF NOT EXISTS of it. The
// plain CREATE SCHEMA in the file above runs before and fails where the schema is somebody else's.
#[pgrx::pg_schema]
mod inventory_core {}

// Everything below may use the functions that are written in Rust.
extension_sql_file!(
    "../sql/schema/10_tenants.sql",
    name = "tenants",
    requires = [
        api::bitmap::_bitmap_chunks,
        api::bitmap::_bitmap_union,
        api::bitmap::_bitmap_subtract,
        api::bitmap::_bitmap_intersect,
        api::bitmap::_bitmap_count,
        api::bitmap::_bitmap_ids,
        api::bitmap::_bitmap_contains,
        api::bitmap::_bitmap_positions,
        api::bitmap::_bitmap_position,
        api::canonical::_canonical_json,
        api::canonical::_selection_hash,
        api::canonical::selection_lock_key,
        api::items::_read_items,
        api::items::_compare_items,
        api::items::_item_texts,
        api::retry::is_retryable,
        api::retry::error_code_for,
        api::retry::_error_codes,
        api::retry::_retry_delay,
        api::redact::redact_message,
        api::redact::_redact_known,
        api::redact::_has_inert_strings,
        api::redact::_redact_meta,
        api::settings::_clock_setting,
        api::settings::_store_error_text,
        api::settings::_lease_seconds,
        api::settings::_max_running_runs,
        api::settings::_max_running_runs_per_tenant,
        api::settings::_shrink_guard,
        api::settings::_shrink_guard_min_items,
        api::tenant::set_tenant,
        api::tenant::clear_tenant,
        api::tenant::_bind_every,
        api::tenant::current_tenant,
        api::tenant::_readable_tenant,
        api::tenant::_writable_tenant,
        api::tenant::_may_read,
        api::tenant::_fences_plans,
        api::tenant::_check_tenant,
        api::version::_library_version
    ]
);
extension_sql_file!("../sql/schema/11_tenant_grants.sql", name = "tenant_grants", requires = ["tenants"]);
extension_sql_file!(
    "../sql/schema/12_meta_whitelist.sql",
    name = "meta_whitelist",
    requires = ["tenant_grants"]
);
extension_sql_file!("../sql/schema/13_selections.sql", name = "selections", requires = ["meta_whitelist"]);
extension_sql_file!("../sql/schema/14_sync_runs.sql", name = "sync_runs", requires = ["selections"]);
extension_sql_file!("../sql/schema/15_sync_errors.sql", name = "sync_errors", requires = ["sync_runs"]);
extension_sql_file!("../sql/schema/16_items.sql", name = "items", requires = ["sync_errors"]);
extension_sql_file!("../sql/schema/17_run_parts.sql", name = "run_parts", requires = ["items"]);
extension_sql_file!("../sql/schema/18_last_seen.sql", name = "last_seen", requires = ["run_parts"]);
extension_sql_file!(
    "../sql/schema/19_run_changes_bitmaps.sql",
    name = "run_changes_bitmaps",
    requires = ["last_seen"]
);
extension_sql_file!(
    "../sql/schema/20_pure_functions.sql",
    name = "pure_functions",
    requires = ["run_changes_bitmaps"]
);
extension_sql_file!("../sql/schema/21_retry.sql", name = "retry", requires = ["pure_functions"]);
extension_sql_file!("../sql/schema/22_cooldowns.sql", name = "cooldowns", requires = ["retry"]);
extension_sql_file!("../sql/schema/23_run_slots.sql", name = "run_slots", requires = ["cooldowns"]);
extension_sql_file!("../sql/schema/24_slot_end.sql", name = "slot_end", requires = ["run_slots"]);
extension_sql_file!("../sql/schema/25_now.sql", name = "now", requires = ["slot_end"]);
extension_sql_file!("../sql/schema/26_slot_leases.sql", name = "slot_leases", requires = ["now"]);
extension_sql_file!("../sql/schema/27_refusals.sql", name = "refusals", requires = ["slot_leases"]);
extension_sql_file!("../sql/schema/27_open_starts.sql", name = "open_starts", requires = ["refusals"]);
extension_sql_file!(
    "../sql/schema/28_rust_functions.sql",
    name = "rust_functions",
    requires = ["open_starts"]
);
extension_sql_file!(
    "../sql/schema/29_row_level_security.sql",
    name = "row_level_security",
    requires = ["rust_functions"]
);
extension_sql_file!(
    "../sql/schema/30_pruned_runs.sql",
    name = "pruned_runs",
    requires = ["row_level_security"]
);
extension_sql_file!("../sql/schema/31_checks.sql", name = "checks", requires = ["pruned_runs"]);
extension_sql_file!("../sql/schema/31_gates.sql", name = "gates", requires = ["checks"]);
extension_sql_file!("../sql/schema/31_share_tenant.sql", name = "share_tenant", requires = ["gates"]);
extension_sql_file!("../sql/schema/32_run_sets.sql", name = "run_sets", requires = ["share_tenant"]);
extension_sql_file!(
    "../sql/schema/33_run_changes_so_far.sql",
    name = "run_changes_so_far",
    requires = ["run_sets"]
);
extension_sql_file!("../sql/schema/34_fold.sql", name = "fold", requires = ["run_changes_so_far"]);
extension_sql_file!("../sql/schema/35_close_run.sql", name = "close_run", requires = ["fold"]);
extension_sql_file!("../sql/schema/36_baseline.sql", name = "baseline", requires = ["close_run"]);
extension_sql_file!("../sql/schema/37_redact_guard.sql", name = "redact_guard", requires = ["baseline"]);
extension_sql_file!(
    "../sql/schema/40_inventory_items.sql",
    name = "inventory_items",
    requires = ["redact_guard"]
);
extension_sql_file!(
    "../sql/schema/41_inventory_sync_runs.sql",
    name = "inventory_sync_runs",
    requires = ["inventory_items"]
);
extension_sql_file!(
    "../sql/schema/42_inventory_sync_errors.sql",
    name = "inventory_sync_errors",
    requires = ["inventory_sync_runs"]
);
extension_sql_file!(
    "../sql/schema/43_inventory_selections.sql",
    name = "inventory_selections",
    requires = ["inventory_sync_errors"]
);
extension_sql_file!(
    "../sql/schema/44_run_progress.sql",
    name = "run_progress",
    requires = ["inventory_selections"]
);
extension_sql_file!("../sql/schema/45_cooling_down.sql", name = "cooling_down", requires = ["run_progress"]);
extension_sql_file!("../sql/schema/45_global_limit.sql", name = "global_limit", requires = ["cooling_down"]);
extension_sql_file!("../sql/schema/46_tenant_limit.sql", name = "tenant_limit", requires = ["global_limit"]);
extension_sql_file!("../sql/schema/47_insert_run.sql", name = "insert_run", requires = ["tenant_limit"]);
extension_sql_file!("../sql/schema/48_batch_helpers.sql", name = "batch_helpers", requires = ["insert_run"]);
extension_sql_file!("../sql/schema/49_check_start.sql", name = "check_start", requires = ["batch_helpers"]);
extension_sql_file!("../sql/schema/50_start_run.sql", name = "start_run", requires = ["check_start"]);
extension_sql_file!("../sql/schema/50_find_items.sql", name = "find_items", requires = ["start_run"]);
extension_sql_file!("../sql/schema/51_upsert_items.sql", name = "upsert_items", requires = ["find_items"]);
extension_sql_file!("../sql/schema/52_heartbeat.sql", name = "heartbeat", requires = ["upsert_items"]);
extension_sql_file!("../sql/schema/53_record_error.sql", name = "record_error", requires = ["heartbeat"]);
extension_sql_file!("../sql/schema/54_finish_run.sql", name = "finish_run", requires = ["record_error"]);
extension_sql_file!(
    "../sql/schema/55_reap_expired_runs.sql",
    name = "reap_expired_runs",
    requires = ["finish_run"]
);
extension_sql_file!(
    "../sql/schema/56_forget_items.sql",
    name = "forget_items",
    requires = ["reap_expired_runs"]
);
extension_sql_file!(
    "../sql/schema/57_record_throttle.sql",
    name = "record_throttle",
    requires = ["forget_items"]
);
extension_sql_file!("../sql/schema/58_prune_runs.sql", name = "prune_runs", requires = ["record_throttle"]);
extension_sql_file!(
    "../sql/schema/59_forget_missing.sql",
    name = "forget_missing",
    requires = ["prune_runs"]
);
extension_sql_file!(
    "../sql/schema/60_missing_items.sql",
    name = "missing_items",
    requires = ["forget_missing"]
);
extension_sql_file!(
    "../sql/schema/61_missing_summary.sql",
    name = "missing_summary",
    requires = ["missing_items"]
);
extension_sql_file!(
    "../sql/schema/62_explain_missing.sql",
    name = "explain_missing",
    requires = ["missing_summary"]
);
extension_sql_file!(
    "../sql/schema/63_selection_status.sql",
    name = "selection_status",
    requires = ["explain_missing"]
);
extension_sql_file!(
    "../sql/schema/64_run_changes.sql",
    name = "run_changes",
    requires = ["selection_status"]
);
extension_sql_file!(
    "../sql/schema/65_try_lock_selection.sql",
    name = "try_lock_selection",
    requires = ["run_changes"]
);
extension_sql_file!(
    "../sql/schema/69_check_meta_keys.sql",
    name = "check_meta_keys",
    requires = ["try_lock_selection"]
);
extension_sql_file!("../sql/schema/70_allow_meta.sql", name = "allow_meta", requires = ["check_meta_keys"]);
extension_sql_file!(
    "../sql/schema/71_set_tenant_limit.sql",
    name = "set_tenant_limit",
    requires = ["allow_meta"]
);
extension_sql_file!(
    "../sql/schema/72_forget_tenant.sql",
    name = "forget_tenant",
    requires = ["set_tenant_limit"]
);
extension_sql_file!("../sql/schema/73_maintain.sql", name = "maintain", requires = ["forget_tenant"]);
extension_sql_file!("../sql/schema/74_doctor_checks.sql", name = "doctor_checks", requires = ["maintain"]);
extension_sql_file!("../sql/schema/75_doctor.sql", name = "doctor", requires = ["doctor_checks"]);
extension_sql_file!("../sql/schema/80_grant_access.sql", name = "grant_access", requires = ["doctor"]);
extension_sql_file!("../sql/schema/99_privileges.sql", name = "privileges", requires = ["grant_access"]);
