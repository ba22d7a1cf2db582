//! JSON as texts: read value by value, written in the canonical form of a selection or in the form in which `meta` is stored.

pub mod canonical;
pub(crate) mod reader;
pub mod stored;
