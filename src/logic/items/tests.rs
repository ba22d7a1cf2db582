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

/// What is stored of the item with that id.
fn texts<'a>(array: &'a str, id: &str) -> Texts<'a> {
    let batch = read_all(array, OnBadItem::RejectBatch).unwrap();
    let item = batch.items.into_iter().find(|item| item.external_id == id).unwrap();
    let texts = read_at(&array[item.start..], &whitelist(), &|| ()).unwrap();
    assert_eq!(digest::of_key(&texts.policy_type, &texts.external_id), item.key);
    assert_eq!(item.name_digest, texts.display_name.as_ref().map(|name| digest::of_text(name.as_deref())));
    let digest = |meta: &String| meta::digest(meta, &|| ()).unwrap();
    let meta_digest =
        texts.meta.as_ref().map(|meta| meta.as_ref().map_or_else(|| digest::of_text(None), digest));
    assert_eq!(item.meta_digest, meta_digest);
    texts
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
    let of = |id: &str| texts(&text, id);
    assert_eq!((of("i-1").display_name, of("i-1").meta), (None, None));
    assert_eq!((of("i-2").display_name, of("i-2").meta), (Some(None), Some(None)));
    assert_eq!(of("i-3").display_name.unwrap().as_deref(), Some("é"));
    assert_eq!(of("i-3").meta.unwrap().as_deref(), Some(r#"{"v":1.0,"w":[2,1]}"#));
    assert_eq!(read_all(&text, OnBadItem::RejectBatch).unwrap().dropped_meta_keys, 1);
}

#[test]
fn the_last_of_equal_items_wins_whole() {
    let text =
        format!("[{},{},{}]", item(r#","display_name":"a""#), item(r#","display_name":"b""#), item(""));
    let batch = read_all(&text, OnBadItem::RejectBatch).unwrap();
    assert_eq!((batch.items.len(), batch.duplicates), (1, 2));
    assert_eq!((batch.items[0].start, batch.items[0].name_digest), (text.rfind('{').unwrap(), None));
}

#[test]
fn spelling_does_not_change_a_digest() {
    let one = item(r#","meta":{"v":{"a":[1],"b":"\u0041"},"w":null}"#);
    let other = item(r#", "meta" : {"w": null, "v": {"b": "A", "a": [ 1 ]}, "z": 9}"#);
    let (one, other) = (format!("[{one}]"), format!("[{other}]"));
    let digest = |text| read_all(text, OnBadItem::RejectBatch).unwrap().items[0].meta_digest;
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
        (item(r#","":1"#), r#"field "": it is not a field"#),
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
    assert_eq!(texts(&name, "i-1").display_name.unwrap().as_deref(), Some("é".repeat(1_000).as_str()));
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

#[test]
fn how_a_batch_is_spelled_does_not_show() {
    // what cannot be read in one go is read another way: escaped names, deep nesting, a surrogate in what is dropped
    let deep = format!("{}{}", "[".repeat(300), "]".repeat(300));
    for (odd, plain) in [
        (item(r#","met\u0061":{"v":1}"#), item(r#","meta":{"v":1}"#)),
        (item(r#","meta":{"\u0076":1,"w":2}"#), item(r#","meta":{"w":2,"v":1}"#)),
        (item(r#","meta":{"v":1,"x":"\ud800"}"#), item(r#","meta":{"v":1,"x":0}"#)),
        (item(&format!(r#","meta":{{"x":{deep},"v":1}}"#)), item(r#","meta":{"x":0,"v":1}"#)),
        (item(r#","meta":7,"meta":{"v":0,"v":1}"#), item(r#","meta":{"v":1}"#)),
        (item(r#","meta" : { "v" : [ 1 , { } ] } "#), item(r#","meta":{"v":[1,{}]}"#)),
        (item(r#","display_name":"\u00e9\n""#), item(",\"display_name\":\"é\\n\"")),
        (item(r#","meta":{"v":1},"meta":null"#), item(r#","meta":null"#)),
    ] {
        let other = r#"{"policy_type":"vm","external_id":"i-2"}"#;
        let read = |item: &str| {
            let array = format!(" [ {item} ,{other},{item}\n, {other}] ");
            let batch = read_all(&array, OnBadItem::RejectBatch).unwrap();
            assert_eq!((batch.items.len(), batch.duplicates), (2, 2), "{item}");
            let dropped = batch.dropped_meta_keys;
            let digests: Vec<_> = batch.items.iter().map(|i| (i.key, i.name_digest, i.meta_digest)).collect();
            let texts = texts(&array, "i-1");
            (digests, texts.display_name.map(|name| name.map(Cow::into_owned)), texts.meta, dropped)
        };
        assert_eq!(read(&odd), read(&plain), "{odd}");
    }
}

#[test]
fn what_is_wrong_with_the_whole_goes_before_what_is_wrong_with_an_item() {
    for text in
        ["[1", "[1,]", "[1 2]", "[1]]", "[1] x", "[{}", r#"[{"policy_type":1}, ?]"#, "", "[1,\u{feff}2]"]
    {
        let error = read_all(text, OnBadItem::RejectBatch).unwrap_err();
        assert_eq!(error.message, "items must be a JSON array", "{text}");
        assert_eq!(read_all(text, OnBadItem::Record).unwrap_err().message, error.message, "{text}");
    }
    let many = format!("[{}]", vec!["1"; 50_001].join(","));
    let error = read_all(&many, OnBadItem::RejectBatch).unwrap_err();
    assert_eq!(error.message, "too many items in one batch");
    assert!(error.detail.contains("50001"), "{}", error.detail);
}
