#![allow(clippy::unwrap_used)]

use super::*;
use crate::error::Kind;

fn whitelist() -> Whitelist {
    let mut whitelist = Whitelist::default();
    for key in ["v", "w"] {
        whitelist.allow("vm", key);
    }
    whitelist
}

fn read_all(array: &str, mode: OnBadItem) -> Result<Batch<'_>, Error> {
    read(array, &whitelist(), mode, &|| ())
}

fn item(fields: &str) -> String {
    format!(r#"{{"policy_type":"vm","external_id":"i-1"{fields}}}"#)
}

#[test]
fn parts_are_omitted_cleared_or_given() {
    let text = format!(
        "[{},{},{}]",
        item(""),
        r#"{"policy_type":"vm","external_id":"i-2","display_name":null,"meta":null}"#,
        r#"{"meta":{"x":1,"w":[2,1],"v":1.0},"display_name":"\u00e9","external_id":"i-3","policy_type":"vm"}"#
    );
    let batch = read_all(&text, OnBadItem::RejectBatch).unwrap();
    let of = |id: &str| batch.items.iter().find(|item| item.external_id == id).unwrap();
    assert_eq!((&of("i-1").display_name, &of("i-1").meta), (&None, &None));
    assert_eq!((&of("i-2").display_name, &of("i-2").meta), (&Some(None), &Some(None)));
    assert_eq!(of("i-3").display_name.as_ref().unwrap().as_deref(), Some("é"));
    assert_eq!(of("i-3").meta.as_ref().unwrap().as_deref(), Some(r#"{"v":1.0,"w":[2,1]}"#));
    assert_eq!(of("i-3").position, 3);
    assert_eq!(batch.dropped_meta_keys, 1);
    assert_eq!((of("i-1").name_digest(), of("i-2").name_digest()), (None, Some(digest::of_text(None))));
}

#[test]
fn the_last_of_equal_items_wins_whole() {
    let text =
        format!("[{},{},{}]", item(r#","display_name":"a""#), item(r#","display_name":"b""#), item(""));
    let batch = read_all(&text, OnBadItem::RejectBatch).unwrap();
    assert_eq!((batch.items.len(), batch.duplicates), (1, 2));
    assert_eq!((batch.items[0].position, &batch.items[0].display_name), (3, &None));
}

#[test]
fn spelling_does_not_change_a_digest() {
    let one = item(r#","meta":{"v":{"a":[1],"b":"\u0041"},"w":null}"#);
    let other = item(r#", "meta" : {"w": null, "v": {"b": "A", "a": [ 1 ]}, "z": 9}"#);
    let (one, other) = (format!("[{one}]"), format!("[{other}]"));
    let digest = |text| read_all(text, OnBadItem::RejectBatch).unwrap().items[0].meta_digest();
    assert_eq!(digest(&one), digest(&other));
    assert_ne!(digest(&one), digest(&format!("[{}]", item(r#","meta":{"v":{"a":[1],"b":"B"},"w":null}"#))));
}

#[test]
fn bad_items_name_position_and_field() {
    let long = |bytes: usize| "x".repeat(bytes);
    for (bad, field) in [
        (r#"{"external_id":"i"}"#.to_owned(), r#"field "policy_type": it is missing"#),
        (r#"{"policy_type":"vm"}"#.to_owned(), r#"field "external_id": it is missing"#),
        (r#"{"policy_type":"","external_id":"i"}"#.to_owned(), r#"field "policy_type": it is empty"#),
        (r#"{"policy_type":1,"external_id":"i"}"#.to_owned(), r#"field "policy_type": it must be a string"#),
        (item(r#","colour":1"#), r#"field "colour": it is not a field"#),
        (item(r#","external_id":null"#), r#"field "external_id": it must be a string"#),
        (item(r#","display_name":["x"]"#), r#"field "display_name": it must be a string"#),
        (item(r#","meta":[1]"#), r#"field "meta": it must be an object"#),
        (item(r#","meta":{"v":"a\u0000"}"#), r#"field "meta": it contains a NUL"#),
        (item(r#","meta":{"\ud800":1}"#), r#"field "meta": it has a key"#),
        (item(r#","meta":{"v":1e200000}"#), r#"field "meta": it contains a number"#),
        (item(r#","display_name":"\ud800x""#), r#"field "display_name": it contains a lone surrogate"#),
        (item(&format!(r#","external_id":"{}""#, long(2_049))), r#"field "external_id": it has 2049 bytes"#),
        (item(&format!(r#","policy_type":"{}""#, long(201))), r#"field "policy_type": it has 201 bytes"#),
        (item(&format!(r#","meta":{{"v":"{}"}}"#, long(65_536))), r#"field "meta": it has 65544 bytes"#),
        ("[1]".to_owned(), "is not an object"),
        ("null".to_owned(), "is not an object"),
        (r#"{"\ud800":1}"#.to_owned(), "has a field whose name"),
    ] {
        let text = format!("[{},{bad}]", item(""));
        let error = read_all(&text, OnBadItem::RejectBatch).unwrap_err();
        assert_eq!(error.kind, Kind::Invalid);
        assert!(error.detail.starts_with("Item 2 (counted from 1)"), "{}", error.detail);
        assert!(error.detail.contains(field), "{} has no {field}", error.detail);
        let batch = read_all(&text, OnBadItem::Record).unwrap();
        assert_eq!((batch.items.len(), batch.rejected), (1, 1), "{bad:.80}");
    }
}

#[test]
fn rejected_types_are_told_once_each() {
    let text = r#"[7, {"policy_type":"b","x":1}, {"policy_type":"a"}, {"policy_type":"b"}, {}]"#;
    let batch = read_all(text, OnBadItem::Record).unwrap();
    assert_eq!(batch.rejected, 5);
    assert_eq!(batch.rejected_types, [None, Some("a".to_owned()), Some("b".to_owned())]);
}

#[test]
fn limits_hold_to_the_byte() {
    let meta = |bytes: usize| format!("[{}]", item(&format!(r#","meta":{{"v":"{}"}}"#, "x".repeat(bytes))));
    assert!(read_all(&meta(65_536 - 8), OnBadItem::RejectBatch).is_ok());
    assert!(read_all(&meta(65_536 - 7), OnBadItem::RejectBatch).is_err());
    let name = format!("[{}]", item(&format!(r#","display_name":"{}""#, "é".repeat(1_001))));
    let batch = read_all(&name, OnBadItem::RejectBatch).unwrap();
    assert_eq!(batch.items[0].display_name.as_ref().unwrap().as_deref(), Some("é".repeat(1_000).as_str()));
    assert!(read_all(&format!("[{}]", vec!["1"; 50_000].join(",")), OnBadItem::Record).is_ok());
    assert!(read_all(&format!("[{}]", vec!["1"; 50_001].join(",")), OnBadItem::Record).is_err());
}

#[test]
fn nesting_is_refused_by_its_own_kind() {
    let deep = format!("{}{}", "[".repeat(50_000), "]".repeat(50_000));
    let text = format!("[{}]", item(&format!(r#","meta":{{"v":{deep}}}"#)));
    assert_eq!(read_all(&text, OnBadItem::RejectBatch).unwrap_err().kind, Kind::TooDeep);
    assert_eq!(read_all(&text, OnBadItem::Record).unwrap().rejected, 1);
    // what the whitelist drops is never looked at
    let text = format!("[{}]", item(&format!(r#","meta":{{"x":{deep}}}"#)));
    assert_eq!(read_all(&text, OnBadItem::RejectBatch).unwrap().dropped_meta_keys, 1);
}

#[test]
fn only_an_array_is_a_batch() {
    assert_eq!(read_all("[]", OnBadItem::RejectBatch).unwrap().items.len(), 0);
    for text in ["{}", "null", "1", r#""x""#] {
        assert!(read_all(text, OnBadItem::Record).is_err(), "{text}");
    }
    assert!(OnBadItem::parse("ignore").is_err());
}
