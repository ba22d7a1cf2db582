//! Bytes are the set of a chunk or refused; what was read is a set.
#![no_main]

use inventory_core_logic::bitmap;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let (left, right) = bytes.split_at(bytes.len() / 2);
    for set in [bytes, left, right] {
        let Ok(ids) = bitmap::ids(1, set) else {
            assert!(bitmap::count(set).is_err());
            continue;
        };
        let ids: Vec<i64> = ids.collect();
        assert!(ids.is_sorted_by(|a, b| a < b) && ids.iter().all(|id| id >> 16 == 1));
        assert_eq!(bitmap::count(set).ok(), i64::try_from(ids.len()).ok());
        let written = bitmap::union([set], &|| ()).expect("a set can be written");
        assert_eq!(bitmap::ids(1, &written).expect("and read again").collect::<Vec<_>>(), ids);
        assert_eq!(bitmap::subtract(set, &written).and_then(|none| bitmap::count(&none)).ok(), Some(0));
        let found = bitmap::positions([None, Some(set)], &|| ()).expect("a set has positions");
        for id in ids.iter().take(9) {
            assert_eq!(bitmap::position(&found, *id), Some(2));
        }
    }
    if let (Ok(a), Ok(b), Ok(union), Ok(both)) = (
        bitmap::count(left),
        bitmap::count(right),
        bitmap::union([left, right], &|| ()),
        bitmap::intersect(left, right),
    ) {
        let count = |set: &[u8]| bitmap::count(set).expect("a set that was written");
        assert_eq!(count(&union) + count(&both), a + b);
    }
    let _ = bitmap::position(bytes, 65_535);
    let ids =
        bytes.chunks_exact(8).map(|id| id.iter().fold(0, |id, byte| id << 8 | i64::from(*byte))).collect();
    let _ = bitmap::chunks(ids, &|| ());
});
