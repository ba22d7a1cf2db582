//! The SQL functions that are written in Rust: they unwrap arguments, call the logic and convert the result.
//!
//! Names that start with an underscore are for the SQL of this extension, not for callers.

pub mod bitmap;
pub mod by_type;
pub mod canonical;
pub mod checks;
pub mod digest;
pub mod items;
pub mod limit;
pub mod locks;
pub mod redact;
pub mod report;
pub mod retry;
pub mod run_seqs;
pub mod settings;
pub mod tenant;
pub mod version;

/// Lets a pending cancel or termination take effect.
fn check_for_interrupts() {
    pgrx::check_for_interrupts!();
}

/// The elements of an argument.
fn without_nulls<'s, 'a, T: pgrx::datum::UnboxDatum>(
    name: &'s str,
    array: &'s pgrx::Array<'a, T>,
) -> impl Iterator<Item = T::As<'s>> {
    array.iter().map(move |element| element.unwrap_or_else(|| report::null_element(name)))
}
