//! Binding a transaction to a tenant.
//!
//! The binding is a setting that only this file writes. So the server rolls it back with a savepoint, ends
//! it with the transaction and passes it to parallel workers (a Rust static would do none of this). It
//! records the role whose grant it came from, and counts only while the current user has the privileges
//! of that role: `SET ROLE` or a SECURITY DEFINER function cannot carry it to another role.

use std::cell::Cell;
use std::ffi::{CStr, CString};

use inventory_core_logic::tenant::{EVERY, check};
use pgrx::prelude::*;
use pgrx::spi::{OwnedPreparedStatement, SpiClient};
use pgrx::{GucContext, GucFlags, GucRegistry, GucSetting, pg_sys};

use super::home;
use crate::api::report;

/// The prefix of our settings.
const PREFIX: &CStr = c"inventory_core";
/// The schema of the tables.
pub(super) const TABLES: &CStr = c"inventory_core_internal";
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

/// The tenant that this transaction is bound to, and the grant that allowed it.
pub struct Binding {
    /// The tenant.
    pub tenant: String,
    /// What the grant allows.
    pub access: Access,
    /// The role that holds the grant; a superuser itself, which needs none.
    role: pg_sys::Oid,
}

impl Binding {
    /// Reads `<role>/<access>/<tenant>`; `None` for anything else.
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

/// Defines the setting of the binding. Called once, when the library loads.
pub fn init() {
    GucRegistry::define_string_guc(
        SETTING,
        c"The tenant this transaction is bound to; only inventory_core.set_tenant writes it.",
        c"It cannot be set by SET; it ends with the transaction.",
        &BINDING,
        GucContext::Suset,
        GucFlags::NO_RESET_ALL | GucFlags::DISALLOW_IN_FILE | GucFlags::DISALLOW_IN_AUTO_FILE,
    );
}

/// Reserves the prefix: a setting `inventory_core.…` that the library does not define is an error. Called last.
pub fn reserve_prefix() {
    // SAFETY: the name is a constant C string; called from _PG_init as the server's documentation asks.
    unsafe { pg_sys::MarkGUCPrefixReserved(PREFIX.as_ptr()) }
}

/// The binding that counts for the current user, if any.
pub fn bound() -> Option<Binding> {
    let binding = setting()?;
    // SAFETY: both look up the caches of the backend that called us; any number is allowed as a role.
    let usable = unsafe { pg_sys::has_privs_of_role(pg_sys::GetUserId(), binding.role) };
    usable.then_some(binding)
}

/// Binds the transaction to `tenant` and returns it. Check and write are one function, because a separate
/// writer could be called without the check. The grant is looked up each time: a grant that was revoked
/// since the last call no longer counts.
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
    home::require_here(tenant);
    binding.tenant
}

/// Binds the transaction to `*`, for a caller that was granted every tenant. `*` is not a tenant: only the list of
/// tenants shows rows then, and nothing can be written.
pub fn bind_every() {
    if setting().is_some() {
        report::bound_to_another_tenant();
    }
    let Some(grant) = usable_grant(EVERY) else {
        report::tenant_not_granted();
    };
    write(Some(&Binding { access: Access::Reader, ..grant }.to_setting()));
}

/// Ends the binding.
pub fn unbind() {
    write(None);
}

/// Whether the row-level security of our tables does not apply to the current user.
pub fn exempt() -> bool {
    // SAFETY: looks up the role cache of the backend that called us.
    unsafe { pg_sys::has_bypassrls_privilege(pg_sys::GetUserId()) }
}

/// Whether the current user has the privileges of the owner of the extension, who owns the schema of its tables.
pub fn is_owner() -> bool {
    // SAFETY: looks up caches of the backend that called us; the row that the cache gives is read before it is released.
    unsafe {
        let schema = pg_sys::get_namespace_oid(TABLES.as_ptr(), true);
        let row = pg_sys::SearchSysCache1(pg_sys::SysCacheIdentifier::NAMESPACEOID as _, schema.into());
        if row.is_null() {
            return false;
        }
        let owner = (*pg_sys::GETSTRUCT(row).cast::<pg_sys::FormData_pg_namespace>()).nspowner;
        pg_sys::ReleaseSysCache(row);
        pg_sys::has_privs_of_role(pg_sys::GetUserId(), owner)
    }
}

/// Whether the current user may use a grant of a role whose name and OID still belong together: after a restore another
/// role may have the OID, after DROP ROLE the name.
pub fn grant_counts(role_name: &str, role: pg_sys::Oid) -> bool {
    // SAFETY: looks up the role cache; the name that it gives, NULL for no role, is of the current memory context.
    unsafe {
        let name = pg_sys::GetUserNameFromId(role, true);
        !name.is_null()
            && CStr::from_ptr(name).to_bytes() == role_name.as_bytes()
            && pg_sys::has_privs_of_role(pg_sys::GetUserId(), role)
    }
}

/// The current user and the roles whose privileges it has as a member, directly or through other roles. The owner of a
/// database is a member of `pg_database_owner`, although the catalogue of memberships does not list it.
pub fn usable_roles() -> Vec<pg_sys::Oid> {
    // SAFETY: looks up the role cache of the backend that called us.
    let user = unsafe { pg_sys::GetUserId() };
    let mut roles = vec![user, pg_sys::Oid::from(pg_sys::ROLE_PG_DATABASE_OWNER)];
    let mut next = 0;
    while let Some(&role) = roles.get(next) {
        for group in groups_of(role) {
            if !roles.contains(&group) {
                roles.push(group);
            }
        }
        next += 1;
    }
    // SAFETY: as above; any number is allowed as a role. Members without INHERIT do not have the privileges.
    roles.retain(|role| unsafe { pg_sys::has_privs_of_role(user, *role) });
    roles
}

/// The roles that a role is a direct member of.
fn groups_of(role: pg_sys::Oid) -> Vec<pg_sys::Oid> {
    // SAFETY: the list and its rows are of the cache and alive until the list is released; a row is a pg_auth_members.
    unsafe {
        let cache = pg_sys::SysCacheIdentifier::AUTHMEMMEMROLE as _;
        let none = pg_sys::Datum::null();
        let list = pg_sys::SearchSysCacheList(cache, 1, role.into(), none, none);
        let rows =
            std::slice::from_raw_parts((*list).members.as_ptr(), (*list).n_members.try_into().unwrap_or(0));
        let groups = rows.iter().map(|row| {
            (*pg_sys::GETSTRUCT(&raw mut (**row).tuple).cast::<pg_sys::FormData_pg_auth_members>()).roleid
        });
        let groups = groups.collect();
        pg_sys::ReleaseCatCacheList(list);
        groups
    }
}

/// Whether the transaction takes a new snapshot for each statement.
pub fn is_read_committed() -> bool {
    // SAFETY: a variable of the backend.
    unsafe { pg_sys::XactIsoLevel == pg_sys::XACT_READ_COMMITTED as std::ffi::c_int }
}

/// Whether the transaction may write at all; on a standby it may not.
pub fn is_read_only() -> bool {
    // SAFETY: a variable of the backend.
    unsafe { pg_sys::XactReadOnly }
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
    /// Planned once per session, because every function that takes a tenant runs it. Never dropped: the server
    /// frees its plans when a session ends, before Rust would.
    static USABLE_GRANT: Cell<Option<&'static OwnedPreparedStatement>> = const { Cell::new(None) };
}

fn usable_grant_statement(client: &SpiClient<'_>) -> Result<&'static OwnedPreparedStatement, spi::Error> {
    if let Some(statement) = USABLE_GRANT.get() {
        return Ok(statement);
    }
    let text = include_str!("../../sql/statements/usable_grant.sql");
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
