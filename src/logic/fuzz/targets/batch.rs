//! A batch is read or refused; each of its items is read again with the same identity and the same digests, also from the
//! packed value.
#![no_main]

use std::sync::LazyLock;

use inventory_core_logic::batch::{self, Packed};
use inventory_core_logic::digest;
use inventory_core_logic::items::{self, OnBadItem};
use inventory_core_logic::json::meta;
use inventory_core_logic::whitelist::Whitelist;
use libfuzzer_sys::fuzz_target;

static WHITELIST: LazyLock<Whitelist> = LazyLock::new(|| {
    let mut whitelist = Whitelist::default();
    for (policy_type, key) in [("*", "a"), ("*", ""), ("vm", "v"), ("vm", "é\"")] {
        whitelist.allow(policy_type, key);
    }
    whitelist
});

fuzz_target!(|text: &str| {
    let whole = items::read(text, &WHITELIST, OnBadItem::RejectBatch, &|| ());
    let Ok(found) = items::read(text, &WHITELIST, OnBadItem::Record, &|| ()) else {
        assert!(whole.is_err());
        return;
    };
    assert_eq!(whole.is_ok(), found.rejected == 0);
    let bytes = batch::write(found.items.iter().map(batch::Entry::from));
    let packed = Packed::read(&bytes).expect("what was written can be read");
    assert_eq!(packed.len(), found.items.len());
    for (index, item) in found.items.iter().enumerate() {
        assert_eq!(packed.get(index), Some(batch::Entry::from(item)));
        let text = packed.text_of(index, text).expect("an item is in its text");
        let texts = items::read_at(text, &WHITELIST, &|| ()).expect("an item is read again");
        assert_eq!(texts.external_id, item.external_id);
        assert_eq!(digest::of_key(&texts.policy_type, &texts.external_id), item.key);
        assert_eq!(texts.display_name.map(|name| digest::of_text(name.as_deref())), item.name_digest);
        let meta_digest = texts.meta.map(|meta| match meta {
            Some(meta) => meta::digest(&meta, &|| ()).expect("what is stored has a digest"),
            None => digest::of_text(None),
        });
        assert_eq!(meta_digest, item.meta_digest);
    }
});
