//! `inventory_core`: per tenant, what an external API last showed, and what is missing and why.
//!
//! A table of contents: `logic` and `redact` (separate crates) compute, `api` wraps them as SQL functions, `server` calls the
//! server, and the files below `sql/schema`, in the order of `sql/schema/order`, hold tables and statements.

mod api;
#[cfg(any(test, feature = "pg_test"))]
mod pg_tests;
mod server;

#[cfg(test)]
pub use pg_tests::pg_test;

::pgrx::pg_module_magic!(name, version);

/// Called by the server when it loads the library.
#[pgrx::pg_guard]
extern "C-unwind" fn _PG_init() {
    server::backtrace::disable();
    server::binding::init();
    api::settings::init();
    server::plans::init();
    server::binding::reserve_prefix();
}

// pgrx emits CREATE SCHEMA IF NOT EXISTS for a module; the file before it fails if the schema already exists.
pgrx::extension_sql_file!("../sql/schema/schemas.sql", name = "schemas", bootstrap);
#[pgrx::pg_schema]
mod inventory_core {}
#[pgrx::pg_schema]
mod inventory_core_internal {}
pgrx::extension_sql_file!("../sql/schema.sql", name = "schema", finalize);
