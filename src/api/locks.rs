//! The locks of the bound tenant, for the functions that write; see `server/locks.rs` and `sql/schema/runs/locks.sql`.
//!
//! A caller can take locks of the tenant that it is bound to only, and needs the access of a writer.

use inventory_core_logic::lock_key;
use pgrx::{Uuid, prelude::*};

use super::report;
use crate::server::binding::{self, Access};
use crate::server::locks::{self, Kind, Mode};

/// Waits for a lock in exclusive mode.
#[pg_extern(volatile, parallel_unsafe, strict, schema = "inventory_core_internal")]
fn _lock(kind: &str, name: &str) {
    locks::lock(&private_tag(kind, name), Mode::Exclusive);
}

/// Waits for a lock in shared mode.
#[pg_extern(volatile, parallel_unsafe, strict, schema = "inventory_core_internal")]
fn _lock_shared(kind: &str, name: &str) {
    locks::lock(&private_tag(kind, name), Mode::Shared);
}

/// Tries a lock in exclusive mode; false at once if another transaction holds it or waits for it.
#[pg_extern(volatile, parallel_unsafe, strict, schema = "inventory_core_internal")]
fn _try_lock(kind: &str, name: &str) -> bool {
    locks::try_lock(&private_tag(kind, name), Mode::Exclusive)
}

/// Tries a lock in shared mode; false at once if another transaction holds it exclusively or waits for that.
#[pg_extern(volatile, parallel_unsafe, strict, schema = "inventory_core_internal")]
fn _try_lock_shared(kind: &str, name: &str) -> bool {
    locks::try_lock(&private_tag(kind, name), Mode::Shared)
}

/// Releases what `_try_lock` took.
#[pg_extern(volatile, parallel_unsafe, strict, schema = "inventory_core_internal")]
fn _unlock(kind: &str, name: &str) {
    locks::unlock(&private_tag(kind, name), Mode::Exclusive);
}

/// Releases what `_try_lock_shared` took.
#[pg_extern(volatile, parallel_unsafe, strict, schema = "inventory_core_internal")]
fn _unlock_shared(kind: &str, name: &str) {
    locks::unlock(&private_tag(kind, name), Mode::Shared);
}

/// Tries the public advisory lock of a selection, `selection_lock_key`.
#[pg_extern(volatile, parallel_unsafe, strict, schema = "inventory_core_internal")]
fn _try_public_lock(selection_hash: &str) -> bool {
    locks::try_lock(&public_tag(selection_hash), Mode::Exclusive)
}

/// Releases what `_try_public_lock` took.
#[pg_extern(volatile, parallel_unsafe, strict, schema = "inventory_core_internal")]
fn _unlock_public(selection_hash: &str) {
    locks::unlock(&public_tag(selection_hash), Mode::Exclusive);
}

/// Identifies a run in `run_slots`.
#[pg_extern(immutable, parallel_safe, strict, schema = "inventory_core_internal")]
fn _slot_holder(tenant: &str, run_id: Uuid) -> Vec<u8> {
    lock_key::slot_holder(tenant, run_id.as_bytes()).to_vec()
}

/// Tries the lock of a slot of the limit over all tenants; false at once if another transaction is taking the slot.
#[pg_extern(volatile, parallel_unsafe, strict, schema = "inventory_core_internal")]
fn _try_lock_slot(slot_no: i32) -> bool {
    locks::try_lock(&slot_tag(slot_no), Mode::Exclusive)
}

/// Releases what `_try_lock_slot` took.
#[pg_extern(volatile, parallel_unsafe, strict, schema = "inventory_core_internal")]
fn _unlock_slot(slot_no: i32) {
    locks::unlock(&slot_tag(slot_no), Mode::Exclusive);
}

fn slot_tag(slot_no: i32) -> pg_sys::LOCKTAG {
    writable_tenant();
    locks::private_tag(Kind::Slot, i64::from(slot_no))
}

fn private_tag(kind: &str, name: &str) -> pg_sys::LOCKTAG {
    let Some(kind_of_lock) = Kind::parse(kind) else { report::unknown_lock() };
    locks::private_tag(kind_of_lock, lock_key::private_lock_key(kind, &writable_tenant(), name))
}

fn public_tag(selection_hash: &str) -> pg_sys::LOCKTAG {
    locks::public_tag(lock_key::selection_lock_key(&writable_tenant(), selection_hash))
}

fn writable_tenant() -> String {
    match binding::bound() {
        None => report::no_tenant_bound(),
        Some(bound) if bound.access >= Access::Writer => bound.tenant,
        Some(_) => report::access_too_low("writer"),
    }
}
