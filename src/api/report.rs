//! From a refusal to a SQLSTATE with DETAIL and HINT. The only file that raises.

use inventory_core_logic::error::{Error, Kind};
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;

/// Raises what the logic refused.
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

/// NULL in an array, where each element is needed.
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
        "Neither the current user nor a role whose privileges it has was granted this tenant.",
        "The owner of the extension can grant it: SELECT inventory_core.grant_access(role, tenant, access).",
    )
}

/// The grant is there but does not reach that far.
pub fn access_too_low(needed: &str) -> ! {
    refuse(
        PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE,
        "permission denied for tenant",
        format!("This needs {needed} access to the tenant that the transaction is bound to."),
        "The owner of the extension can grant it: SELECT inventory_core.grant_access(role, tenant, access).",
    )
}

/// One transaction, one tenant.
pub fn bound_to_another_tenant() -> ! {
    refuse(
        PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE,
        "transaction is bound to another tenant",
        "A transaction works for one tenant at a time.",
        "Use a transaction of its own, or end the binding with inventory_core.clear_tenant().",
    )
}

/// A private function was given what none of ours gives it.
pub fn unknown_lock() -> ! {
    refuse(
        PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE,
        "invalid kind of lock",
        "It is none of the known kinds.",
        "Private functions of inventory_core are called by its public ones alone.",
    )
}

/// A sample is drawn from the pages of the table, whosever rows they hold.
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

/// A fault that is not the caller's.
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
