//! Digests show, without reading the row, whether an item is the same and whether it changed. They are the first
//! bytes of a sha256, as signed integers for `bigint` columns.

use sha2::{Digest as _, Sha256};

/// The digest of an item's identity, 128 bits in two halves, because integers are compared and passed fastest.
///
/// It stands for the identity: no two texts are known that share 128 bits of a sha256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key {
    /// The first 8 bytes.
    pub high: i64,
    /// The next 8 bytes.
    pub low: i64,
}

/// The digest of an item's identity.
pub fn of_key(policy_type: &str, external_id: &str) -> Key {
    // The length keeps ("ab", "c") apart from ("a", "bc").
    let length = u64::try_from(policy_type.len()).unwrap_or(u64::MAX);
    let hash = Sha256::new()
        .chain_update(length.to_be_bytes())
        .chain_update(policy_type)
        .chain_update(external_id)
        .finalize();
    Key { high: first_8_bytes(&hash), low: first_8_bytes(&hash[8..]) }
}

/// The digest of a stored text; `None` (no text) has a digest too.
pub fn of_text(text: Option<&str>) -> i64 {
    let tag: &[u8] = if text.is_some() { b"1" } else { b"0" };
    first_8_bytes(Sha256::new().chain_update(tag).chain_update(text.unwrap_or_default()).finalize().as_ref())
}

fn first_8_bytes(hash: &[u8]) -> i64 {
    hash.iter().take(8).fold(0, |number, byte| (number << 8) | i64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::{Key, of_key, of_text};

    #[test]
    fn digests_are_frozen() {
        // They are stored: a change here would make every stored item look changed.
        // hashlib.sha256(b'\0'*7 + b'\2' + b'vm' + b'i-1').digest()[:8], big endian, signed
        // and [8:16] for the other half
        assert_eq!(of_key("vm", "i-1"), KEY);
        assert_eq!(of_text(Some("web 1")), TEXT);
        assert_eq!(of_text(None), NO_TEXT);
    }

    const KEY: Key = Key { high: 3_281_660_407_231_763_124, low: 7_205_522_446_292_260_277 };
    const TEXT: i64 = 5_301_238_119_231_400_272;
    const NO_TEXT: i64 = 6_912_158_355_717_386_040;

    #[test]
    fn parts_do_not_run_together() {
        assert_ne!(of_key("ab", "c"), of_key("a", "bc"));
        assert_ne!(of_text(Some("")), of_text(None));
    }
}
