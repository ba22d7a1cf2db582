//! JSON as texts: read value by value and written again, in the canonical form of a selection or in the forms of `meta`.
//!
//! Each file uses those above it: `reader`, `string` and `number` know no other, `writer` reads and writes any form,
//! `canonical` and `meta` are the forms.

pub mod canonical;
pub mod meta;
mod number;
#[cfg(test)]
mod properties;
pub(crate) mod reader;
pub(crate) mod string;
pub(crate) mod writer;
