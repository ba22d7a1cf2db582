//! `set_tenant`, `clear_tenant`, `current_tenant`, and functions for the policies and `maintain`.

use pgrx::prelude::*;

use inventory_core_logic::tenant::EVERY;

use super::report;
use crate::server::binding::{self, Access};
use crate::server::home;

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

/// Waits until no transaction is bound to a tenant, for the owner of the extension, who moves it to another server. Until this
/// transaction ends, binding it is refused.
#[pg_extern(volatile, parallel_unsafe, strict, schema = "inventory_core_internal")]
fn _wait_until_unbound(tenant: &str) {
    if !binding::is_owner() {
        report::not_the_owner();
    }
    home::wait_until_unbound(tenant);
}

/// The tenant of this transaction, or NULL.
#[pg_extern(stable, parallel_safe, schema = "inventory_core")]
fn current_tenant() -> Option<String> {
    binding::bound().map(|binding| binding.tenant)
}

/// The tenant whose rows may be read; raises if none is bound. For the policies.
#[pg_extern(stable, parallel_safe, schema = "inventory_core_internal")]
fn _readable_tenant() -> String {
    match binding::bound() {
        Some(binding) => binding.tenant,
        None => report::no_tenant_bound(),
    }
}

/// The tenant whose rows may be written with at least this access; raises if there is none.
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

/// Binds the tenant for a function that writes; refuses other isolation levels than READ COMMITTED, and too little access.
#[pg_extern(volatile, parallel_unsafe, schema = "inventory_core_internal")]
fn _begin_write(tenant: Option<&str>, needed: default!(&str, "'writer'")) {
    if !binding::is_read_committed() {
        report::not_read_committed();
    }
    set_tenant(tenant);
    _writable_tenant(needed);
}

/// Whether this transaction can write for the bound tenant: at READ COMMITTED, not read-only, with the access of a writer.
#[pg_extern(volatile, parallel_unsafe, schema = "inventory_core_internal")]
fn _can_write() -> bool {
    binding::is_read_committed()
        && !binding::is_read_only()
        && binding::bound().is_some_and(|binding| binding.access >= Access::Writer)
}

/// Whether the current user has the privileges of the owner of the extension.
#[pg_extern(stable, parallel_safe, schema = "inventory_core_internal")]
fn _is_owner() -> bool {
    binding::is_owner()
}

/// Whether the current user may use a grant of that role.
#[pg_extern(stable, strict, parallel_safe, schema = "inventory_core_internal")]
fn _grant_counts(role_name: &str, role_oid: pg_sys::Oid) -> bool {
    binding::grant_counts(role_name, role_oid)
}

/// The roles whose grants the current user may use.
#[pg_extern(stable, parallel_safe, schema = "inventory_core_internal")]
fn _usable_roles() -> Vec<pg_sys::Oid> {
    binding::usable_roles()
}

/// Lower bound of the tenants that the caller may list: the bound one, or the first for the owner of the extension and for
/// a caller bound to every tenant. For the policies, which compare ranges because an index serves them.
#[pg_extern(stable, parallel_safe, schema = "inventory_core_internal")]
fn _first_listed_tenant() -> String {
    listed_tenant().unwrap_or_default()
}

/// Upper bound of the tenants that the caller may list.
#[pg_extern(stable, parallel_safe, schema = "inventory_core_internal")]
fn _last_listed_tenant() -> String {
    // longer than any name, and made of the last character of Unicode
    listed_tenant().unwrap_or_else(|| char::MAX.to_string().repeat(64))
}

/// `None` stands for every tenant.
fn listed_tenant() -> Option<String> {
    if binding::is_owner() {
        return None;
    }
    Some(_readable_tenant()).filter(|tenant| tenant != EVERY)
}

/// True if a tenant is bound or no policy applies to the caller; raises otherwise. For the views, so that the
/// error does not depend on where a plan evaluates the policies: an empty result must never pass for an answer.
#[pg_extern(stable, parallel_safe, schema = "inventory_core_internal")]
fn _may_read() -> bool {
    if binding::bound().is_none() && !binding::exempt() {
        report::no_tenant_bound();
    }
    true
}

/// True. For the policies: because it is immutable, the planner evaluates it, which loads the library and
/// with it the hook that restricts plans to the rows of one tenant (`src/server/plans.rs`).
#[pg_extern(immutable, parallel_safe, schema = "inventory_core_internal")]
fn _fences_plans() -> bool {
    true
}

/// Raises for an invalid tenant name.
#[pg_extern(immutable, strict, parallel_safe, schema = "inventory_core_internal")]
fn _check_tenant(tenant: &str) {
    if let Err(error) = inventory_core_logic::tenant::check(tenant) {
        report::raise(error);
    }
}
