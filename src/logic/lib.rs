//! The pure part of `inventory_core`: everything that can be computed without a database.
//!
//! Nothing here knows PostgreSQL. `src/api` turns the functions below into SQL functions, and
//! [`error::Error`] into SQLSTATEs. Work that can take long calls a [`Tick`] now and then, so that
//! the caller can cancel it.

#![forbid(unsafe_code)]

pub mod batch;
pub mod bitmap;
pub mod by_type;
pub mod compare;
pub mod digest;
pub mod error;
pub mod items;
pub mod json;
pub mod limit;
pub mod lock_key;
pub mod retry;
pub mod run_seqs;
pub mod tenant;
mod ticker;
pub mod whitelist;

/// Called from time to time by work whose length depends on the input. It may unwind to cancel.
pub type Tick<'a> = &'a dyn Fn();
