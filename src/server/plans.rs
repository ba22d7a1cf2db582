//! Keeping plans to the rows of the bound tenant.
//!
//! Row-level security keeps rows out of a result, not out of a plan: `EXPLAIN ANALYZE` shows how many rows were filtered
//! out. (The planner's estimates reveal nothing: ANALYZE collects no statistics of these tables, see
//! `sql/schema/access/fence_table.sql`.)

use std::ptr::null_mut;
use std::sync::OnceLock;

use pgrx::prelude::*;
use pgrx::{PgList, is_a, pg_sys};

use super::binding::TABLES;
use crate::api::report;

/// What the planner called before the library was loaded.
static NEXT_HOOK: OnceLock<pg_sys::set_rel_pathlist_hook_type> = OnceLock::new();

/// Makes the planner call [`read_by_index`]. Called once, when the library loads.
pub fn init() {
    // SAFETY: a backend loads the library in its only thread, so nothing reads the hook meanwhile.
    unsafe {
        let before = pg_sys::set_rel_pathlist_hook;
        NEXT_HOOK.get_or_init(|| before);
        pg_sys::set_rel_pathlist_hook = Some(read_by_index);
    }
}

/// Leaves the planner only the ways to read a table of ours that look at no row of another tenant.
///
/// A scan of the whole table, of its pages (lossy bitmaps) or of given row versions (`ctid`) asks the
/// policy of each row, and EXPLAIN ANALYZE then shows how many it removed. An index that leads with a
/// column that the policy compares never visits a row that the policy would discard.
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
        if let Some(Some(next)) = NEXT_HOOK.get() {
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
        // A query for a few rows often has only such paths already: then nothing is planned again.
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
    // A clause of a policy has a lower security level than those of the query. So has one of another table's policy that
    // reaches this column through an equality in the query: hence the test that it is about a column of this table.
    // SAFETY: all are the planner's and alive; an index has a first column.
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

/// Whether a policy of ours holds for a table in a query.
unsafe fn is_fenced(rte: *mut pg_sys::RangeTblEntry) -> bool {
    // SAFETY: the caller's rte is alive; the rest looks up caches of the backend by name and number.
    unsafe {
        (*rte).rtekind == pg_sys::RTEKind::RTE_RELATION
            && !(*rte).securityQuals.is_null()
            && pg_sys::get_rel_namespace((*rte).relid) == pg_sys::get_namespace_oid(TABLES.as_ptr(), true)
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
