//! Binding a transaction to a tenant.
//!
//! The binding is a setting that only this file writes, so that it is rolled back with a savepoint,
//! ends with the transaction and reaches parallel workers, all without our help (a Rust static would
//! do none of it). It remembers the grant it came from, and counts only while the current user may
//! use that grant: `SET ROLE` or a SECURITY DEFINER function cannot carry it to somebody else.
//!
//! And keeping plans to that tenant: a plan shows how many rows it looked at in vain, and the planner's guesses
//! show whether a value is common in the whole table.
//!
//! This is the only file with `unsafe` code and the only one that runs SQL, which is why
//! [`give_memory_back_at_end`] is here too.

#![allow(unsafe_code)]

use std::cell::Cell;
use std::ffi::{CStr, CString};
use std::ptr::null_mut;
use std::sync::OnceLock;

use inventory_core_logic::tenant::check;
use pgrx::prelude::*;
use pgrx::spi::{OwnedPreparedStatement, SpiClient};
use pgrx::{GucContext, GucFlags, GucRegistry, GucSetting, PgList, is_a, pg_sys};
use pgrx::{PgXactCallbackEvent, register_xact_callback};

use crate::api::report;

const SCHEMA: &CStr = c"inventory_core";
const SETTING: &CStr = c"inventory_core.tenant";
static BINDING: GucSetting<Option<CString>> = GucSetting::<Option<CString>>::new(None);

/// What a grant allows: each level includes the ones before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// Read.
    Reader,
    /// Run syncs.
    Writer,
    /// Forget and prune.
    Maintainer,
}

impl Access {
    /// The level by its name in `grant_access`.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "reader" => Some(Self::Reader),
            "writer" => Some(Self::Writer),
            "maintainer" => Some(Self::Maintainer),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Writer => "writer",
            Self::Maintainer => "maintainer",
        }
    }
}

/// The tenant that this transaction is bound to, and how it came to be.
pub struct Binding {
    /// The tenant.
    pub tenant: String,
    /// What the grant allows.
    pub access: Access,
    /// The role that holds the grant; a superuser's own where none was needed.
    role: pg_sys::Oid,
}

impl Binding {
    /// Reads `<role>/<access>/<tenant>`; anything else is no binding.
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '/');
        let role = pg_sys::Oid::from(parts.next()?.parse::<u32>().ok()?);
        let access = Access::parse(parts.next()?)?;
        Some(Self { tenant: parts.next()?.to_owned(), access, role })
    }

    fn to_setting(&self) -> String {
        format!("{}/{}/{}", self.role.to_u32(), self.access.name(), self.tenant)
    }
}

/// Defines the setting and reserves the prefix `inventory_core`. Called once, when the library loads.
pub fn init() {
    GucRegistry::define_string_guc(
        SETTING,
        c"The tenant this transaction is bound to; written by inventory_core.set_tenant alone.",
        c"It cannot be set by SET; it ends with the transaction.",
        &BINDING,
        GucContext::Suset,
        GucFlags::NO_RESET_ALL | GucFlags::DISALLOW_IN_FILE | GucFlags::DISALLOW_IN_AUTO_FILE,
    );
}

/// Has the planner ask [`read_by_index`] and [`guess_without_values`]. Called once, when the library loads.
pub fn init_planner() {
    // SAFETY: a backend loads the library in its only thread, and nobody reads the hooks meanwhile.
    unsafe {
        let before = (pg_sys::set_rel_pathlist_hook, pg_sys::get_relation_stats_hook);
        NEXT_HOOKS.get_or_init(|| before);
        pg_sys::set_rel_pathlist_hook = Some(read_by_index);
        pg_sys::get_relation_stats_hook = Some(guess_without_values);
    }
}

/// Has memory that is free given back to the operating system when the transaction ends. The C library would keep what
/// a large batch took, several times its text, for as long as the connection lasts; and pools keep many of them.
pub fn give_memory_back_at_end() {
    for end in [PgXactCallbackEvent::Commit, PgXactCallbackEvent::Abort] {
        register_xact_callback(end, || {
            #[cfg(target_env = "gnu")]
            {
                unsafe extern "C" {
                    fn malloc_trim(pad: usize) -> std::ffi::c_int;
                }
                // SAFETY: it touches nothing that is in use, and cannot fail.
                unsafe { malloc_trim(0) };
            }
        });
    }
}

/// Makes every setting named `inventory_core.…` that the library does not know an error. Called last.
pub fn reserve_prefix() {
    // SAFETY: the name is a constant C string; called from _PG_init as the server's documentation asks.
    unsafe { pg_sys::MarkGUCPrefixReserved(SCHEMA.as_ptr()) }
}

/// The binding that counts for the current user, if any.
pub fn bound() -> Option<Binding> {
    let binding = setting()?;
    // SAFETY: both look up the caches of the backend that called us; any number is allowed as a role.
    let usable = unsafe { pg_sys::has_privs_of_role(pg_sys::GetUserId(), binding.role) };
    usable.then_some(binding)
}

/// Binds the transaction to `tenant` and gives it back. Check and write are one function, because a
/// writer of its own could be called without the check. The grant is looked up each time: one that was
/// taken back since the last call counts no more.
pub fn bind(tenant: &str) -> String {
    if let Err(error) = check(tenant) {
        report::raise(error);
    }
    if setting().is_some_and(|present| present.tenant != tenant) {
        report::bound_to_another_tenant();
    }
    let Some(binding) = usable_grant(tenant) else {
        report::tenant_not_granted();
    };
    let value = binding.to_setting();
    if !is_set_to(&value) {
        write(Some(&value));
    }
    binding.tenant
}

/// Binds the transaction to `*`, for who was granted every tenant. That is no tenant: only the list of the
/// tenants shows rows then, and nothing can be written.
pub fn bind_every() {
    if setting().is_some() {
        report::bound_to_another_tenant();
    }
    let Some(grant) = usable_grant("*") else {
        report::tenant_not_granted();
    };
    write(Some(&Binding { access: Access::Reader, ..grant }.to_setting()));
}

/// Ends the binding.
pub fn unbind() {
    write(None);
}

/// Whether the row-level security of our tables does not apply to the current user at all.
pub fn exempt() -> bool {
    // SAFETY: looks up the role cache of the backend that called us.
    unsafe { pg_sys::has_bypassrls_privilege(pg_sys::GetUserId()) }
}

fn is_set_to(value: &str) -> bool {
    BINDING.get().is_some_and(|text| text.as_bytes() == value.as_bytes())
}

fn setting() -> Option<Binding> {
    BINDING.get().and_then(|text| Binding::parse(text.to_str().ok()?))
}

/// The strongest grant on `tenant` that the current user may use. A superuser needs none.
fn usable_grant(tenant: &str) -> Option<Binding> {
    // SAFETY: looks up the role cache of the backend that called us.
    let (user, is_superuser) = unsafe { (pg_sys::GetUserId(), pg_sys::superuser()) };
    let (role, access) = if is_superuser {
        (user, Access::Maintainer)
    } else {
        let grant = Spi::connect(|client| {
            let statement = usable_grant_statement(client)?;
            let rows = client.select(statement, Some(1), &[tenant.into()])?;
            rows.first().get_two::<pg_sys::Oid, String>()
        });
        match grant {
            Ok((Some(role), Some(access))) => (role, Access::parse(&access)?),
            Ok(_) | Err(pgrx::spi::Error::InvalidPosition) => return None,
            Err(error) => report::internal(&error),
        }
    };
    Some(Binding { tenant: tenant.to_owned(), access, role })
}

thread_local! {
    /// Planned once a session: every function that takes a tenant asks. Never dropped, because the server frees
    /// its plans itself when a session ends, before Rust would.
    static USABLE_GRANT: Cell<Option<&'static OwnedPreparedStatement>> = const { Cell::new(None) };
}

fn usable_grant_statement(client: &SpiClient<'_>) -> Result<&'static OwnedPreparedStatement, spi::Error> {
    if let Some(statement) = USABLE_GRANT.get() {
        return Ok(statement);
    }
    let text = include_str!("../sql/statements/usable_grant.sql");
    let statement = client.prepare(text, &[PgBuiltInOids::TEXTOID.oid()])?.keep();
    let statement: &'static _ = Box::leak(Box::new(statement));
    USABLE_GRANT.set(Some(statement));
    Ok(statement)
}

fn write(value: Option<&str>) {
    let Ok(value) = CString::new(value.unwrap_or_default()) else {
        report::tenant_not_granted();
    };
    // SAFETY: both strings live until the call returns, which copies them; an ERROR is turned into a
    // Rust panic by pgrx. LOCAL: the server itself restores the value at the end of the transaction.
    unsafe {
        pg_sys::set_config_option(
            SETTING.as_ptr(),
            value.as_ptr(),
            pg_sys::GucContext::PGC_SUSET,
            pg_sys::GucSource::PGC_S_SESSION,
            pg_sys::GucAction::GUC_ACTION_LOCAL,
            true,
            PgLogLevel::ERROR as _,
            false,
        );
    }
}

/// What the planner called before the library was loaded.
static NEXT_HOOKS: OnceLock<(pg_sys::set_rel_pathlist_hook_type, pg_sys::get_relation_stats_hook_type)> =
    OnceLock::new();

/// Leaves the planner only the ways to read a table of ours that look at no row of another tenant.
///
/// A scan of the whole table, of its pages (lossy bitmaps) or of given row versions (`ctid`) asks the
/// policy of each row, and EXPLAIN ANALYZE then shows how many it removed. An index that leads with a
/// column that the policy compares never comes by a row that it would have to remove for that.
/// See <https://www.postgresql.org/docs/current/sql-explain.html>, "Rows Removed by Filter".
#[pg_guard]
unsafe extern "C-unwind" fn read_by_index(
    root: *mut pg_sys::PlannerInfo,
    rel: *mut pg_sys::RelOptInfo,
    rti: pg_sys::Index,
    rte: *mut pg_sys::RangeTblEntry,
) {
    // SAFETY: the planner passes what it plans, alive and ours alone until we return; the lists that we
    // make are of its memory context, and the relation's indexes are put back as they were.
    unsafe {
        if let Some((Some(next), _)) = NEXT_HOOKS.get() {
            next(root, rel, rti, rte);
        }
        // A relation that is proved to be empty has no restrictions on its indexes: no policy either.
        if !is_fenced(rte) || pg_sys::is_dummy_rel(rel) || is_at_cursor(rel) {
            return;
        }
        if !(*rte).tablesample.is_null() {
            report::no_sample();
        }
        let mut fenced_columns = null_mut();
        pg_sys::pull_varattnos((*rte).securityQuals.cast(), rti, &mut fenced_columns);
        let before = ((*rel).pathlist, (*rel).partial_pathlist, (*rel).indexlist);
        let mut fencing = PgList::<pg_sys::IndexOptInfo>::new();
        for index in PgList::<pg_sys::IndexOptInfo>::from_pg(before.2).iter_ptr() {
            if leads_with_policy(root, rel, index, fenced_columns) {
                fencing.push(index);
            }
        }
        // What asks for a few rows has nothing else left by now: then the same is not planned again.
        let left = reading_by(&fencing, before.0);
        if !left.is_empty() && left.len() == PgList::<pg_sys::Path>::from_pg(before.0).len() {
            (*rel).partial_pathlist = reading_by(&fencing, before.1).into_pg();
            return;
        }
        let with_bitmaps: Vec<_> = fencing.iter_ptr().filter(|index| (**index).amhasgetbitmap).collect();
        for index in &with_bitmaps {
            (**index).amhasgetbitmap = false;
        }
        (*rel).pathlist = null_mut();
        (*rel).partial_pathlist = null_mut();
        (*rel).indexlist = fencing.into_pg();
        pg_sys::create_index_paths(root, rel);
        (*rel).indexlist = before.2;
        for index in with_bitmaps {
            (*index).amhasgetbitmap = true;
        }
        if (*rel).pathlist.is_null() {
            ((*rel).pathlist, (*rel).partial_pathlist) = (before.0, before.1);
        }
    }
}

/// Those of some paths that are scans of one of the indexes, from the first column on.
unsafe fn reading_by(
    indexes: &PgList<pg_sys::IndexOptInfo>,
    paths: *mut pg_sys::List,
) -> PgList<pg_sys::Path> {
    let mut found = PgList::new();
    // SAFETY: the caller's lists are the planner's and alive; the node's tag says that a path is an IndexPath.
    unsafe {
        for path in PgList::<pg_sys::Path>::from_pg(paths).iter_ptr() {
            let scan = path.cast::<pg_sys::IndexPath>();
            if is_a(path.cast(), pg_sys::NodeTag::T_IndexPath)
                && indexes.iter_ptr().any(|index| index == (*scan).indexinfo)
                && PgList::<pg_sys::IndexClause>::from_pg((*scan).indexclauses)
                    .get_ptr(0)
                    .is_some_and(|clause| (*clause).indexcol == 0)
            {
                found.push(path);
            }
        }
    }
    found
}

/// Whether the policy of a table compares the first column of an index, and scans of the index ask the policy.
unsafe fn leads_with_policy(
    root: *mut pg_sys::PlannerInfo,
    rel: *mut pg_sys::RelOptInfo,
    index: *mut pg_sys::IndexOptInfo,
    fenced_columns: *mut pg_sys::Bitmapset,
) -> bool {
    // SAFETY: all are the planner's and alive; an index has a first column. A clause of a policy has a security
    // level below that of the query's own clauses; one of another table's policy has, too, where the query says
    // that the columns are equal, so it must be a column of this table's own.
    unsafe {
        let first = *(*index).indexkeys - pg_sys::FirstLowInvalidHeapAttributeNumber;
        let restrictions = PgList::<pg_sys::RestrictInfo>::from_pg((*index).indrestrictinfo);
        pg_sys::bms_is_member(first, fenced_columns)
            && restrictions.iter_ptr().any(|info| {
                let mut columns = null_mut();
                pg_sys::pull_varattnos((*info).clause.cast(), (*rel).relid, &mut columns);
                (*info).security_level < (*root).qual_security_level && pg_sys::bms_is_member(first, columns)
            })
    }
}

/// Gives the planner the statistics of a column of ours without the values in them.
///
/// They are of all tenants' rows. From the most common values and the bounds of the histogram the planner guesses
/// how many rows a question finds, EXPLAIN shows the guess, and enough questions show the values. What stays is
/// about the whole: how many values there are, how wide they are and in what order they lie.
/// See <https://www.postgresql.org/docs/current/catalog-pg-statistic.html>.
#[pg_guard]
unsafe extern "C-unwind" fn guess_without_values(
    root: *mut pg_sys::PlannerInfo,
    rte: *mut pg_sys::RangeTblEntry,
    column: pg_sys::AttrNumber,
    about: *mut pg_sys::VariableStatData,
) -> bool {
    // SAFETY: the planner passes what it plans, alive. The copy is ours to change, its kinds are in the part of
    // fixed length, and the planner gives it back to the function that it is told.
    unsafe {
        if !is_fenced(rte) {
            return matches!(NEXT_HOOKS.get(), Some((_, Some(next))) if next(root, rte, column, about));
        }
        let statistics = pg_sys::SearchSysCacheCopy(
            pg_sys::SysCacheIdentifier::STATRELATTINH as _,
            (*rte).relid.into(),
            column.into(),
            (*rte).inh.into(),
            pg_sys::Datum::null(),
        );
        if !statistics.is_null() {
            let row = pg_sys::GETSTRUCT(statistics).cast::<pg_sys::FormData_pg_statistic>();
            let row = &mut *row;
            let (one, two, three) = (&mut row.stakind1, &mut row.stakind2, &mut row.stakind3);
            for kind in [one, two, three, &mut row.stakind4, &mut row.stakind5] {
                if *kind != pg_sys::STATISTIC_KIND_CORRELATION as i16 {
                    *kind = 0;
                }
            }
            (*about).freefunc = Some(free_statistics);
        }
        (*about).statsTuple = statistics;
        true
    }
}

#[pg_guard]
unsafe extern "C-unwind" fn free_statistics(statistics: pg_sys::HeapTuple) {
    // SAFETY: the planner gives back what guess_without_values gave it, once.
    unsafe { pg_sys::heap_freetuple(statistics) }
}

/// Whether a policy of ours holds for a table in a query.
unsafe fn is_fenced(rte: *mut pg_sys::RangeTblEntry) -> bool {
    // SAFETY: the caller's rte is alive; the rest looks up caches of the backend by name and number.
    unsafe {
        (*rte).rtekind == pg_sys::RTEKind::RTE_RELATION
            && !(*rte).securityQuals.is_null()
            && pg_sys::get_rel_namespace((*rte).relid) == pg_sys::get_namespace_oid(SCHEMA.as_ptr(), true)
    }
}

/// Whether a table is read by `WHERE CURRENT OF`: the row of a cursor, which found it by the same policy.
unsafe fn is_at_cursor(rel: *mut pg_sys::RelOptInfo) -> bool {
    // SAFETY: the caller's rel is alive, and its restrictions are a list of RestrictInfo.
    unsafe {
        PgList::<pg_sys::RestrictInfo>::from_pg((*rel).baserestrictinfo)
            .iter_ptr()
            .any(|info| is_a((*info).clause.cast(), pg_sys::NodeTag::T_CurrentOfExpr))
    }
}
