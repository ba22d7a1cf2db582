//! The SQL functions that are written in Rust: unwrap, call the logic, convert.
//!
//! Names that start with an underscore are for the SQL of this extension, not for callers.

pub mod bitmap;
pub mod canonical;
pub mod items;
pub mod locks;
pub mod redact;
pub mod report;
pub mod retry;
pub mod settings;
pub mod tenant;
pub mod version;

/// Lets a pending cancel or termination take effect.
fn check_for_interrupts() {
    pgrx::check_for_interrupts!();
}
