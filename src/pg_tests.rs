//! Tests of the boundary between Rust and SQL, inside a server. What callers see is tested in
//! `tests/pg_regress`, as roles that are neither superuser nor BYPASSRLS.

#![allow(clippy::unwrap_used)]

use pgrx::prelude::*;

#[pg_schema]
mod tests {
    use pgrx::prelude::*;

    fn one<T: FromDatum + IntoDatum>(sql: &str) -> Option<T> {
        Spi::get_one(sql).unwrap()
    }

    /// Makes a plain role and becomes it, for the rest of the test's transaction.
    fn become_plain_role(grant_on: &[&str]) {
        Spi::run("CREATE ROLE plain").unwrap();
        for tenant in grant_on {
            Spi::run_with_args(
                "SELECT inventory_core.grant_access('plain', $1, 'reader')",
                &[(*tenant).into()],
            )
            .unwrap();
        }
        Spi::run("SET LOCAL ROLE plain").unwrap();
    }

    #[pg_test]
    fn a_jsonb_keeps_every_digit_on_its_way_to_the_hash() {
        assert_eq!(
            one("SELECT inventory_core.canonical_json('[1.10, 1e2, 0.5]')"),
            Some("[0.5,1.1,100]".to_owned())
        );
    }

    #[pg_test(error = "number cannot be kept exactly")]
    fn a_number_that_would_change_is_refused() {
        one::<String>("SELECT inventory_core.selection_hash('{\"n\": 12345678901234567890123}')");
    }

    #[pg_test]
    fn sets_of_ids_cross_the_boundary() {
        let ids = "SELECT array_agg(id ORDER BY id) FROM inventory_core_internal._bitmap_chunks(ARRAY[1, 65536, 65537, 1]) AS c, \
                   inventory_core_internal._bitmap_ids(c.chunk, c.item_ids) AS id";
        assert_eq!(one::<Vec<i64>>(ids), Some(vec![1, 65_536, 65_537]));
    }

    #[pg_test]
    fn null_is_an_empty_set() {
        for sql in [
            "SELECT inventory_core_internal._bitmap_count(NULL)",
            "SELECT inventory_core_internal._bitmap_count(inventory_core_internal._bitmap_union(NULL))",
            "SELECT inventory_core_internal._bitmap_count(inventory_core_internal._bitmap_union(ARRAY[NULL]::bytea[]))",
            "SELECT inventory_core_internal._bitmap_count(inventory_core_internal._bitmap_subtract(NULL, NULL))",
            "SELECT inventory_core_internal._bitmap_count(inventory_core_internal._bitmap_intersect(inventory_core_internal._bitmap_union(NULL), NULL))",
        ] {
            assert_eq!(one::<i64>(sql), Some(0), "{sql}");
        }
    }

    #[pg_test(error = "malformed bitmap")]
    fn bytes_that_are_no_set_are_an_error() {
        one::<i64>("SELECT inventory_core_internal._bitmap_count('no set')");
    }

    #[pg_test]
    fn that_error_is_not_the_caller_s() {
        Spi::run(
            "DO $$ BEGIN PERFORM inventory_core_internal._bitmap_count('no set'); RAISE 'read'; EXCEPTION WHEN data_corrupted THEN END $$",
        )
        .unwrap();
    }

    #[pg_test]
    fn the_binding_is_rolled_back_with_a_savepoint() {
        become_plain_role(&["acme"]);
        Spi::run(
            "DO $$ BEGIN PERFORM inventory_core.set_tenant('acme'); RAISE 'undo'; EXCEPTION WHEN raise_exception THEN END $$",
        )
        .unwrap();
        assert_eq!(one::<String>("SELECT inventory_core.current_tenant()"), None);
        Spi::run("SELECT inventory_core.set_tenant('acme')").unwrap();
        assert_eq!(one("SELECT inventory_core.current_tenant()"), Some("acme".to_owned()));
    }

    #[pg_test]
    fn the_binding_does_not_follow_into_a_role_without_the_grant() {
        Spi::run("CREATE ROLE stranger").unwrap();
        Spi::run("GRANT EXECUTE ON FUNCTION inventory_core.current_tenant() TO stranger").unwrap();
        Spi::run("SELECT inventory_core.set_tenant('acme')").unwrap();
        Spi::run("SET LOCAL ROLE stranger").unwrap();
        assert_eq!(one::<String>("SELECT inventory_core.current_tenant()"), None);
    }

    #[pg_test(error = "permission denied for tenant")]
    fn a_tenant_that_is_not_granted_cannot_be_bound() {
        become_plain_role(&["acme"]);
        Spi::run("SELECT inventory_core.set_tenant('other')").unwrap();
    }

    #[pg_test(error = "transaction is bound to another tenant")]
    fn one_transaction_one_tenant() {
        become_plain_role(&["acme", "other"]);
        Spi::run("SELECT inventory_core.set_tenant('acme')").unwrap();
        Spi::run("SELECT inventory_core.set_tenant('other')").unwrap();
    }

    #[pg_test(error = "permission denied to set parameter \"inventory_core.tenant\"")]
    fn the_binding_cannot_be_set() {
        become_plain_role(&["acme"]);
        Spi::run("SELECT inventory_core.current_tenant()").unwrap();
        Spi::run("SET LOCAL inventory_core.tenant = '10/maintainer/acme'").unwrap();
    }
}

/// What `cargo pgrx test` asks for.
#[cfg(test)]
pub mod pg_test {
    /// Nothing to prepare.
    pub fn setup(_options: Vec<&str>) {}

    /// No settings of the server.
    pub fn postgresql_conf_options() -> Vec<&'static str> {
        vec![]
    }
}
