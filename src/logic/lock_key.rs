//! The keys of our locks: the public advisory lock of a selection, and the private locks that no SQL can take.

use sha2::{Digest as _, Sha256};

/// Keeps the hash apart from any other use of SHA-256 over the same words; the number is its version.
const DOMAIN: &[u8] = b"inventory_core/selection_lock/1\0";

/// The key for `pg_try_advisory_xact_lock`: the first 8 bytes, big endian, of SHA-256 over
/// `inventory_core/selection_lock/1`, NUL, the tenant, NUL, the selection hash.
///
/// PostgreSQL's text holds no NUL, so no two pairs give the same bytes. As with any 64-bit hash two
/// pairs could still share a key, so this lock is never the only protection.
pub fn selection_lock_key(tenant: &str, selection_hash: &str) -> i64 {
    first_8_bytes(
        Sha256::new()
            .chain_update(DOMAIN)
            .chain_update(tenant)
            .chain_update(b"\0")
            .chain_update(selection_hash),
    )
}

/// The key of a private lock of a tenant: of its items, a selection, a run. If two locks share a key, their holders may wait
/// for each other without need; nothing else goes wrong.
pub fn private_lock_key(kind: &str, tenant: &str, name: &str) -> i64 {
    let words = [kind, "\0", tenant, "\0", name];
    first_8_bytes(words.iter().fold(Sha256::new(), |hasher, word| hasher.chain_update(word)))
}

/// Identifies a run among the slots of all tenants without naming its tenant.
pub fn slot_holder(tenant: &str, run_id: &[u8; 16]) -> [u8; 32] {
    Sha256::new()
        .chain_update(b"inventory_core/slot\0")
        .chain_update(run_id)
        .chain_update(tenant)
        .finalize()
        .into()
}

fn first_8_bytes(hasher: Sha256) -> i64 {
    let mut key = [0; 8];
    key.copy_from_slice(&hasher.finalize()[..8]);
    i64::from_be_bytes(key)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::selection_lock_key;

    #[derive(serde::Deserialize)]
    struct Golden {
        tenant: String,
        selection_hash: String,
        key: i64,
    }

    /// Frozen for ever: callers in other languages compute the key themselves, and during an upgrade
    /// two versions must meet on the same lock. The file was written by Python's hashlib.
    #[test]
    fn golden_keys_never_change() {
        let golden: Vec<Golden> =
            serde_json::from_str(include_str!("../../tests/golden/lock_keys.json")).unwrap();
        assert!(golden.len() >= 5);
        for Golden { tenant, selection_hash, key } in golden {
            assert_eq!(selection_lock_key(&tenant, &selection_hash), key, "{tenant:?}");
        }
    }

    #[test]
    fn the_boundary_between_tenant_and_hash_counts() {
        assert_ne!(selection_lock_key("ab", "c"), selection_lock_key("a", "bc"));
        assert_ne!(selection_lock_key("", "a"), selection_lock_key("a", ""));
    }
}
