//! The whitelist of `meta`: which top-level keys are kept. It is empty until the owner allows keys.

use hashbrown::{HashMap, HashSet};

/// The policy type whose allowed keys hold for every type.
pub const EVERY_TYPE: &str = "*";

/// The allowed keys of every policy type.
#[derive(Debug, Default)]
pub struct Whitelist {
    by_type: HashMap<String, HashSet<String>>,
}

impl Whitelist {
    /// Allows `key` for items of `policy_type`, or of every type if that is [`EVERY_TYPE`].
    pub fn allow(&mut self, policy_type: &str, key: &str) {
        self.by_type.entry(policy_type.to_owned()).or_default().insert(key.to_owned());
    }

    /// The rules that hold for one policy type, looked up once for all keys of an item.
    pub fn of_type(&self, policy_type: &str) -> Allowed<'_> {
        Allowed { own: self.by_type.get(policy_type), every: self.by_type.get(EVERY_TYPE) }
    }
}

/// The allowed keys of one policy type.
#[derive(Debug, Clone, Copy)]
pub struct Allowed<'a> {
    own: Option<&'a HashSet<String>>,
    every: Option<&'a HashSet<String>>,
}

impl Allowed<'_> {
    /// Whether `key` is kept.
    pub fn keeps(&self, key: &str) -> bool {
        [self.own, self.every].into_iter().flatten().any(|keys| keys.contains(key))
    }
}

#[cfg(test)]
mod tests {
    use super::Whitelist;

    #[test]
    fn a_key_is_kept_for_its_type_or_for_every_type() {
        let mut whitelist = Whitelist::default();
        whitelist.allow("vm", "size");
        whitelist.allow("*", "etag");
        let vm = whitelist.of_type("vm");
        let disk = whitelist.of_type("disk");
        assert!(vm.keeps("size") && vm.keeps("etag") && disk.keeps("etag"));
        assert!(!disk.keeps("size") && !vm.keeps("Size") && !vm.keeps("owner"));
        assert!(!Whitelist::default().of_type("vm").keeps("size"));
    }
}
