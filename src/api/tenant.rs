//! `set_tenant`, `clear_tenant`, `current_tenant`, and what policies and `maintain` ask.

use pgrx::prelude::*;

use super::report;
use crate::server::binding::{self, Access};

/// Binds this transaction to a tenant.
#[pg_extern(volatile, parallel_unsafe, schema = "inventory_core")]
fn set_tenant(tenant: Option<&str>) -> String {
    match tenant {
        Some(name) => binding::bind(name),
        None => report::null_argument("tenant"),
    }
}

/// Ends the binding.
#[pg_extern(volatile, parallel_unsafe, schema = "inventory_core")]
fn clear_tenant() {
    binding::unbind();
}

/// Lets this transaction list the tenants, for a caller that was granted every tenant, and nothing else.
#[pg_extern(volatile, parallel_unsafe, schema = "inventory_core_internal")]
fn _bind_every() {
    binding::bind_every();
}

/// The tenant of this transaction, or NULL.
#[pg_extern(stable, parallel_safe, schema = "inventory_core")]
fn current_tenant() -> Option<String> {
    binding::bound().map(|binding| binding.tenant)
}

/// The tenant whose rows may be read; raises where none is bound. For the policies.
#[pg_extern(stable, parallel_safe, schema = "inventory_core_internal")]
fn _readable_tenant() -> String {
    match binding::bound() {
        Some(binding) => binding.tenant,
        None => report::no_tenant_bound(),
    }
}

/// The tenant whose rows may be written with at least this access; raises where there is none.
#[pg_extern(stable, strict, parallel_safe, schema = "inventory_core_internal")]
fn _writable_tenant(needed: &str) -> String {
    match binding::bound() {
        None => report::no_tenant_bound(),
        Some(binding) if Access::parse(needed).is_some_and(|needed| binding.access >= needed) => {
            binding.tenant
        }
        Some(_) => report::access_too_low(needed),
    }
}

/// True where a tenant is bound or no policy applies to the caller; raises otherwise. For the views, so that
/// the error does not depend on where a plan asks the policies: an empty result must never pass for an answer.
#[pg_extern(stable, parallel_safe, schema = "inventory_core_internal")]
fn _may_read() -> bool {
    if binding::bound().is_none() && !binding::exempt() {
        report::no_tenant_bound();
    }
    true
}

/// True. For the policies: because it is immutable, the planner asks it while it plans, which loads the
/// library and with it the rule that keeps plans to the rows of one tenant (`src/server/plans.rs`).
#[pg_extern(immutable, parallel_safe, schema = "inventory_core_internal")]
fn _fences_plans() -> bool {
    true
}

/// Raises for what cannot name a tenant.
#[pg_extern(immutable, strict, parallel_safe, schema = "inventory_core_internal")]
fn _check_tenant(tenant: &str) {
    if let Err(error) = inventory_core_logic::tenant::check(tenant) {
        report::raise(error);
    }
}
