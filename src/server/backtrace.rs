//! Keeps backtraces from clients.

use std::backtrace::Backtrace;
use std::env;

const VARIABLE: &str = "RUST_LIB_BACKTRACE";

/// Turns backtraces off. If the server's environment turns them on, pgrx adds one to the DETAIL of each panic, and every
/// client can read it. (Its panic hook calls `Backtrace::capture`, which reads the environment once per process.)
pub fn disable() {
    let before = env::var_os(VARIABLE);
    // SAFETY: a backend has one thread, and is just loading this library.
    unsafe { env::set_var(VARIABLE, "0") };
    let _ = Backtrace::capture();
    // SAFETY: the same.
    match before {
        Some(value) => unsafe { env::set_var(VARIABLE, value) },
        None => unsafe { env::remove_var(VARIABLE) },
    }
}
