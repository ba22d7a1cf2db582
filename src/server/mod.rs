//! What touches the server: the binding of a transaction, locks, plans, memory. The only place with `unsafe` code, and the only
//! one that runs SQL.

#![allow(unsafe_code)]

pub mod backtrace;
pub mod binding;
pub mod json;
pub mod locks;
pub mod memory;
pub mod plans;
