//! A `json` argument as it was written.

use pgrx::callconv::{Arg, ArgAbi};

/// The text of a `json` value. (A `text` argument would have SQL cast, and so copy, a value that may be large.)
pub struct JsonText<'a>(pub &'a str);

// SAFETY: on disk a json is a text that was checked; `&str` borrows either from the argument.
unsafe impl<'fcx> ArgAbi<'fcx> for JsonText<'fcx> {
    unsafe fn unbox_arg_unchecked(arg: Arg<'_, 'fcx>) -> Self {
        // SAFETY: the caller promises what this asks for.
        Self(unsafe { <&'fcx str>::unbox_arg_unchecked(arg) })
    }
}

pgrx::impl_sql_translatable!(JsonText<'_>, arg_only = "json");
