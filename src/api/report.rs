//! Raises errors: message, SQLSTATE, DETAIL and HINT. No other Rust file does.

use inventory_core_logic::error::{Error, Kind};
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

/// Raises an error of the logic.
pub fn raise(error: Error) -> ! {
    let code = match error.kind {
        Kind::Invalid => PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE,
        Kind::TooDeep => PgSqlErrorCode::ERRCODE_STATEMENT_TOO_COMPLEX,
        Kind::TooLong => PgSqlErrorCode::ERRCODE_PROGRAM_LIMIT_EXCEEDED,
        Kind::Corrupt => PgSqlErrorCode::ERRCODE_DATA_CORRUPTED,
        Kind::Internal => PgSqlErrorCode::ERRCODE_INTERNAL_ERROR,
    };
    refuse(code, error.message, error.detail, error.hint)
}

/// NULL where a value is needed.
pub fn null_argument(name: &str) -> ! {
    refuse(
        PgSqlErrorCode::ERRCODE_NULL_VALUE_NOT_ALLOWED,
        format!("argument \"{name}\" must not be NULL"),
        "The function cannot do without it.",
        "Pass a value.",
    )
}

/// NULL in an array that must not contain it.
pub fn null_element(array: &str) -> ! {
    refuse(
        PgSqlErrorCode::ERRCODE_NULL_VALUE_NOT_ALLOWED,
        format!("argument \"{array}\" must not contain NULL"),
        "The function cannot do without any of the elements.",
        "Pass an array without NULLs.",
    )
}

/// No grant on this tenant that the current user may use.
pub fn tenant_not_granted() -> ! {
    refuse(
        PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE,
        "permission denied for tenant",
        "This tenant is granted neither to the current user nor to a role whose privileges it has.",
        "The owner of the extension can grant it: SELECT inventory_core.grant_access(role, tenant, access).",
    )
}

/// Only the owner of the extension may call it.
pub fn not_the_owner() -> ! {
    refuse(
        PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE,
        "must be owner of extension inventory_core",
        "The current user does not have the privileges of the owner.",
        "Call the function as the owner of the extension, or as a superuser.",
    )
}

/// The access of the grant is too low.
pub fn access_too_low(needed: &str) -> ! {
    refuse(
        PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE,
        "permission denied for tenant",
        format!("This needs {needed} access to the tenant that the transaction is bound to."),
        "The owner of the extension can grant it: SELECT inventory_core.grant_access(role, tenant, access).",
    )
}

/// Another server has the rows of the tenant, or will have them in a moment.
pub fn not_at_home(state: &str) -> ! {
    refuse(
        PgSqlErrorCode::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
        "the call is not on the node of the tenant",
        if state == "moving" {
            "The tenant is being moved, and is closed until its rows are at their new place."
        } else {
            "Another server or node has the rows of the tenant."
        },
        "Call it on the server that has the tenant; while scripts/move-tenant moves it, try again.",
    )
}

/// One transaction, one tenant.
pub fn bound_to_another_tenant() -> ! {
    refuse(
        PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE,
        "transaction is bound to another tenant",
        "A transaction works for one tenant at a time.",
        "Use a separate transaction, or end the binding with inventory_core.clear_tenant().",
    )
}

/// A private function was called with an unknown kind of lock.
pub fn unknown_lock() -> ! {
    refuse(
        PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE,
        "invalid kind of lock",
        "It is not one of the known kinds.",
        "Call the public functions of inventory_core; its private ones are for them.",
    )
}

/// A sample is drawn from the pages of the table, which hold rows of all tenants.
pub fn no_sample() -> ! {
    refuse(
        PgSqlErrorCode::ERRCODE_FEATURE_NOT_SUPPORTED,
        "TABLESAMPLE is not supported for tables with tenants",
        "A sample would be drawn from the rows of all tenants.",
        "Draw from the rows of the bound tenant: WHERE random() < 0.01, or ORDER BY random() LIMIT 100.",
    )
}

/// A writer at another isolation level.
pub fn not_read_committed() -> ! {
    refuse(
        PgSqlErrorCode::ERRCODE_FEATURE_NOT_SUPPORTED,
        "inventory_core writes at READ COMMITTED only",
        "At another isolation level a snapshot taken earlier could lose a batch that was acknowledged since.",
        "Begin the transaction with ISOLATION LEVEL READ COMMITTED.",
    )
}

/// Reading without a tenant.
pub fn no_tenant_bound() -> ! {
    refuse(
        PgSqlErrorCode::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
        "no tenant is bound to this transaction",
        "Tables and views of inventory_core show the rows of one tenant.",
        "Call inventory_core.set_tenant(tenant) in an earlier statement of this transaction.",
    )
}

/// An internal error.
pub fn internal(error: &dyn std::error::Error) -> ! {
    refuse(
        PgSqlErrorCode::ERRCODE_INTERNAL_ERROR,
        "inventory_core could not read its own tables",
        error.to_string(),
        "Compare the library with the installed extension version (ALTER EXTENSION inventory_core UPDATE).",
    )
}

fn refuse(
    code: PgSqlErrorCode,
    message: impl Into<String>,
    detail: impl Into<String>,
    hint: impl Into<String>,
) -> ! {
    ErrorReport::new(code, message.into(), function_name!())
        .set_detail(detail)
        .set_hint(hint)
        .report(PgLogLevel::ERROR);
    unreachable!("an ERROR does not return")
}
