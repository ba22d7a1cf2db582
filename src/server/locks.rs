//! Locks of the server's lock manager under tags that no SQL can take.
//!
//! They are user locks, from which advisory locks developed; SQL has no function that takes them. They queue fairly, take part
//! in deadlock detection, `lock_timeout` and `pg_locks` (locktype `userlock`), need no transaction id, and end with the
//! transaction or the savepoint after which they were taken. See the PostgreSQL source, `src/include/storage/lock.h`.

use pgrx::pg_sys;

/// What is locked. The number is part of the tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A tenant as a whole.
    Tenant = 1,
    /// The items of a tenant.
    Items = 2,
    /// A selection.
    Selection = 3,
    /// A run.
    Run = 4,
    /// A number among the running runs of a tenant.
    Number = 5,
    /// The errors of a run.
    Errors = 6,
    /// The sets of a tenant as a whole.
    Fold = 7,
    /// A slot of the limit over all tenants: the only lock without a tenant.
    Slot = 8,
    /// The numbers of a tenant's feed of changes.
    Feed = 9,
    /// Whether the rows of a tenant are on this server; `home.rs` takes it.
    Home = 10,
    /// Which runs a tenant has, against pruning beside forgetting or replacing a selection.
    History = 11,
}

impl Kind {
    /// The kind by its name in SQL.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "tenant" => Some(Self::Tenant),
            "items" => Some(Self::Items),
            "selection" => Some(Self::Selection),
            "run" => Some(Self::Run),
            "number" => Some(Self::Number),
            "errors" => Some(Self::Errors),
            "fold" => Some(Self::Fold),
            "feed" => Some(Self::Feed),
            "history" => Some(Self::History),
            _ => None,
        }
    }
}

/// The mode of a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Shared: other transactions may hold it in this mode too.
    Shared,
    /// Exclusive.
    Exclusive,
}

impl Mode {
    fn lockmode(self) -> pg_sys::LOCKMODE {
        match self {
            Self::Shared => pg_sys::ShareLock as pg_sys::LOCKMODE,
            Self::Exclusive => pg_sys::ExclusiveLock as pg_sys::LOCKMODE,
        }
    }
}

/// A private lock of the current database.
pub fn private_tag(kind: Kind, key: i64) -> pg_sys::LOCKTAG {
    tag(key, kind as u16, pg_sys::LockTagType::LOCKTAG_USERLOCK as u8)
}

/// The lock that `pg_advisory_xact_lock(bigint)` takes.
pub fn public_tag(key: i64) -> pg_sys::LOCKTAG {
    // an advisory lock with one bigint key has 1 here
    tag(key, 1, pg_sys::LockTagType::LOCKTAG_ADVISORY as u8)
}

fn tag(key: i64, field4: u16, locktag_type: u8) -> pg_sys::LOCKTAG {
    let [a, b, c, d, e, f, g, h] = key.to_be_bytes();
    pg_sys::LOCKTAG {
        // SAFETY: a variable of the backend, set before any SQL runs.
        locktag_field1: unsafe { pg_sys::MyDatabaseId }.to_u32(),
        locktag_field2: u32::from_be_bytes([a, b, c, d]),
        locktag_field3: u32::from_be_bytes([e, f, g, h]),
        locktag_field4: field4,
        locktag_type,
        locktag_lockmethodid: pg_sys::USER_LOCKMETHOD as u8,
    }
}

/// Waits for a lock and holds it until the transaction ends.
pub fn lock(tag: &pg_sys::LOCKTAG, mode: Mode) {
    acquire(tag, mode, false);
}

/// Takes a lock until the transaction ends; false if another transaction holds it or waits for it.
pub fn try_lock(tag: &pg_sys::LOCKTAG, mode: Mode) -> bool {
    acquire(tag, mode, true)
}

fn acquire(tag: &pg_sys::LOCKTAG, mode: Mode, dont_wait: bool) -> bool {
    // SAFETY: the tag lives until the call returns, which copies it; an ERROR (deadlock, lock_timeout, cancel) is turned into
    // a panic by pgrx. sessionLock false: the server releases the lock when the transaction ends.
    let result = unsafe { pg_sys::LockAcquire(tag, mode.lockmode(), false, dont_wait) };
    result != pg_sys::LockAcquireResult::LOCKACQUIRE_NOT_AVAIL
}

/// Releases a lock early, once for each time that it was taken. A lock that is not held gives a warning of the server.
pub fn unlock(tag: &pg_sys::LOCKTAG, mode: Mode) {
    // SAFETY: as above. The lock belongs to the resource owner that took it: the caller has not left it in between.
    unsafe { pg_sys::LockRelease(tag, mode.lockmode(), false) };
}
