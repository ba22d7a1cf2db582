//! Redaction comes to rest at once, and what is said to be inert holds nothing that it finds.
#![no_main]

use inventory_core_redact::{has_inert_strings, redact, redact_known};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let redacted = redact(text, &|| ());
    assert_eq!(redact(&redacted, &|| ()), redacted);
    let (known, count) = redact_known(text, &|| ());
    assert_eq!(count == 0, known == text);
    let (again, count) = redact_known(&known, &|| ());
    assert_eq!((&again, count), (&known, 0));
    let json = serde_json::to_string(&[text]).expect("a text is JSON");
    if has_inert_strings(&json) {
        assert_eq!(redact_known(text, &|| ()).1, 0);
    }
});
