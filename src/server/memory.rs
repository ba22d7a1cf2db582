//! Memory of large batches, given back.

use pgrx::{PgXactCallbackEvent, register_xact_callback};

/// Returns free memory to the operating system when the transaction ends. The C library would keep what a large batch
/// took, several times its text, for as long as the connection lasts; and pools keep many connections.
pub fn give_memory_back_at_end() {
    for end in [PgXactCallbackEvent::Commit, PgXactCallbackEvent::Abort] {
        register_xact_callback(end, || {
            #[cfg(target_env = "gnu")]
            {
                unsafe extern "C" {
                    fn malloc_trim(pad: usize) -> std::ffi::c_int;
                }
                // SAFETY: it touches nothing that is in use, and cannot fail.
                unsafe { malloc_trim(0) };
            }
        });
    }
}
