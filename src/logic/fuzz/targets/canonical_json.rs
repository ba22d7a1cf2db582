//! A text has a canonical form or is refused: the form is JSON, stable, and not much longer. A meta has a digest that its
//! spelling does not show in.
#![no_main]

use inventory_core_logic::error::Kind;
use inventory_core_logic::json::canonical::canonical_json;
use inventory_core_logic::json::meta::{self, Numbers};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|text: &str| {
    let is_json = serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
    match canonical_json(text, &|| ()) {
        Ok(canonical) => {
            assert!(is_json);
            assert!(canonical.len() <= 6 * text.len());
            assert_eq!(canonical_json(&canonical, &|| ()).expect("a canonical text is JSON"), canonical);
            let (given, written): (Value, Value) = (parsed(text), parsed(&canonical));
            assert_eq!(given.is_object(), written.is_object());
        }
        Err(error) => {
            assert_ne!(error.kind, Kind::Internal);
            assert!(
                !is_json
                    || error.kind != Kind::Invalid
                    || error.message.starts_with("number")
                    || text.contains("\\u")
            );
        }
    }
    let digest = meta::digest(text, &|| ());
    if let Ok((redacted, _)) = meta::redacted(text, &|| ()) {
        assert_eq!(meta::digest(&redacted, &|| ()).ok(), digest.ok());
        assert_eq!(meta::redacted(&redacted, &|| ()).expect("what was written is JSON").0, redacted);
    }
    if is_json {
        let mut written = String::new();
        let trimmed = text.trim_matches([' ', '\n', '\r', '\t']);
        if let Ok(longer) = meta::write_value(&mut written, trimmed, Numbers::AsGiven, &|| ()) {
            assert!(longer >= 0);
            let mut normal = String::new();
            let normal_longer = meta::write_value(&mut normal, trimmed, Numbers::Normal, &|| ());
            assert_eq!(
                normal_longer.map(|more| normal.len().strict_add_signed(more)),
                Ok(written.len().strict_add_signed(longer))
            );
        }
    }
});

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or(Value::Null)
}
