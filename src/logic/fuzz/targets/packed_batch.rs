//! Bytes are a packed batch or refused; a batch that was read can be compared, sampled and looked up in any text.
#![no_main]

use inventory_core_logic::batch::{self, Packed};
use inventory_core_logic::compare::{Known, compare};
use inventory_core_logic::items;
use inventory_core_logic::whitelist::Whitelist;
use libfuzzer_sys::fuzz_target;

const TEXT: &str = r#"[{"policy_type":"é","external_id":"i"},{"policy_type":"vm","external_id":"j"}]"#;

fuzz_target!(|bytes: &[u8]| {
    let Ok(packed) = Packed::read(bytes) else { return };
    let again = batch::write(packed.iter());
    assert!(Packed::read(&again).is_ok_and(|again| again.iter().eq(packed.iter())));
    let known = packed.iter().step_by(2).map(|item| Known {
        key: item.key,
        item_id: 7,
        name_digest: 0,
        meta_digest: 0,
    });
    let found = compare(&packed, known, 7, &|| ());
    let classes = [found.new_positions.len(), found.changed_positions.len(), found.unchanged_ids.len()];
    assert_eq!(classes.iter().sum::<usize>(), packed.len());
    assert!(packed.spread(bytes.len() % 5).all(|index| packed.get(index).is_some()));
    let read = (0..packed.len())
        .filter_map(|index| items::read_at(packed.text_of(index, TEXT)?, &Whitelist::default(), &|| ()));
    assert!(read.count() <= 2);
});
