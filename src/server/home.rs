//! Whether the rows of a tenant are on this server.
//!
//! Tenants may be spread over several servers or nodes. `home_ranges` and `tenant_moves` say which of them are not here. The
//! table `home_ranges` has no row, and so no block, on a server that never took part in this: then nothing is looked up. Its
//! size is no row that a snapshot could hide, and it is read under a lock on the table that lasts until the transaction ends.
//! So whoever puts the first row there can see, in `pg_locks`, the transactions that found it empty.

use std::cell::Cell;

use inventory_core_logic::lock_key::private_lock_key;
use pgrx::pg_sys;
use pgrx::prelude::*;
use pgrx::spi::{OwnedPreparedStatement, SpiClient};

use super::binding::TABLES;
use super::locks::{self, Kind, Mode};
use crate::api::report;

/// Raises 55000 unless this server has the rows of `tenant`. The transaction is bound to it already, so that the policies show
/// the rows of the tenant; the error undoes the binding.
pub fn require_here(tenant: &str) {
    if !is_guarded() {
        return;
    }
    // A move holds this lock exclusively, or waits for it. Until this transaction ends, the tenant stays.
    if !locks::try_lock(&tag(tenant), Mode::Shared) {
        report::not_at_home("moving");
    }
    // As the caller's statement sees it, whose rows may be older than a move; and as it is now.
    refuse_if_away(tenant);
    // SAFETY: a function called by SQL, not in a parallel worker; an ERROR in between ends the (sub)transaction, which pops it.
    unsafe { pg_sys::PushActiveSnapshot(pg_sys::GetLatestSnapshot()) };
    refuse_if_away(tenant);
    // SAFETY: what was pushed above.
    unsafe { pg_sys::PopActiveSnapshot() };
}

/// Waits until no transaction is bound to `tenant`. Those that try meanwhile are refused.
pub fn wait_until_unbound(tenant: &str) {
    locks::lock(&tag(tenant), Mode::Exclusive);
}

fn tag(tenant: &str) -> pg_sys::LOCKTAG {
    locks::private_tag(Kind::Home, private_lock_key("home", tenant, ""))
}

/// Whether `home_ranges` has a block.
fn is_guarded() -> bool {
    // SAFETY: looks up caches of the backend that called us; the relation is open while it is used. The lock is kept.
    unsafe {
        let schema = pg_sys::get_namespace_oid(TABLES.as_ptr(), true);
        let table = pg_sys::get_relname_relid(c"home_ranges".as_ptr(), schema);
        // the library may be newer than the catalogue
        if table == pg_sys::InvalidOid {
            return false;
        }
        let relation = pg_sys::relation_open(table, pg_sys::AccessShareLock as pg_sys::LOCKMODE);
        let blocks = pg_sys::RelationGetNumberOfBlocksInFork(relation, pg_sys::ForkNumber::MAIN_FORKNUM);
        pg_sys::relation_close(relation, pg_sys::NoLock as pg_sys::LOCKMODE);
        blocks > 0
    }
}

fn refuse_if_away(tenant: &str) {
    let found = Spi::connect(|client| {
        let statement = away_statement(client)?;
        client.select(statement, Some(1), &[tenant.into()])?.first().get_one::<String>()
    });
    match found {
        Ok(Some(state)) => report::not_at_home(&state),
        Ok(None) | Err(pgrx::spi::Error::InvalidPosition) => {}
        Err(error) => report::internal(&error),
    }
}

thread_local! {
    /// Planned once per session; see `USABLE_GRANT` in `binding.rs`.
    static AWAY: Cell<Option<&'static OwnedPreparedStatement>> = const { Cell::new(None) };
}

fn away_statement(client: &SpiClient<'_>) -> Result<&'static OwnedPreparedStatement, spi::Error> {
    if let Some(statement) = AWAY.get() {
        return Ok(statement);
    }
    let text = include_str!("../../sql/statements/away.sql");
    let statement = client.prepare(text, &[PgBuiltInOids::TEXTOID.oid()])?.keep();
    let statement: &'static _ = Box::leak(Box::new(statement));
    AWAY.set(Some(statement));
    Ok(statement)
}
