//! Calls of the server: the binding of a transaction, locks, plans, memory. Only here is `unsafe` code, and only here does
//! Rust run SQL.

#![allow(unsafe_code)]

pub mod backtrace;
pub mod binding;
pub mod home;
pub mod json;
pub mod locks;
pub mod memory;
pub mod plans;
