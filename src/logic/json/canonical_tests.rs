#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::cell::Cell;

use super::{MAX_BYTES, canonical_json, selection_hash};
use crate::error::{Error, Kind};
use crate::json::writer::MAX_DEPTH;

fn canonical(text: &str) -> Result<String, Error> {
    canonical_json(text, &|| ())
}

#[track_caller]
fn gives(text: &str, expected: &str) {
    let canonical = canonical(text).unwrap_or_else(|error| panic!("{text:.80}: {}", error.detail));
    // Not assert_eq: some texts are megabytes.
    assert!(canonical == expected, "{text:.80} gives {canonical:.80}, not {expected:.80}");
}

#[track_caller]
fn refused(text: &str) -> Error {
    let error = canonical(text).expect_err(&text[..text.len().min(80)]);
    assert_eq!(error.kind, Kind::Invalid);
    error
}

#[derive(serde::Deserialize)]
struct Golden {
    selection: String,
    canonical: String,
    sha256: String,
}

/// Frozen for ever: stored selections are found again by these hashes, and callers in other languages
/// check theirs against this file. The texts were written by hand, the hashes by Python's hashlib. A
/// case may be added, never changed.
#[test]
fn golden_hashes_never_change() {
    let golden: Vec<Golden> =
        serde_json::from_str(include_str!("../../../tests/golden/selection_hashes.json")).unwrap();
    assert!(golden.len() >= 15);
    for case in golden {
        gives(&case.selection, &case.canonical);
        gives(&case.canonical, &case.canonical);
        assert_eq!(selection_hash(&case.canonical), case.sha256, "{}", case.selection);
    }
}

#[test]
fn keys_are_sorted_by_utf_16_code_units() {
    // The example of RFC 8785, section 3.2.3.
    let text = r#"{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh",
        "1":"One","\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}"#;
    let canonical = canonical(text).unwrap();
    let keys = ["\\r", "1", "\u{80}", "ö", "€", "😀", "\u{fb33}"];
    let at: Vec<_> = keys.iter().map(|key| canonical.find(&format!("\"{key}\":")).unwrap()).collect();
    assert!(at.is_sorted(), "{canonical}");
    // A key sorts by what it is, not by its escaped spelling: U+0001 < space < quote < A < backslash.
    gives(r#"{"\\":1,"A":2,"\"":3," ":4,"\u0001":5}"#, r#"{"\u0001":5," ":4,"\"":3,"A":2,"\\":1}"#);
}

#[test]
fn arrays_are_multisets_at_every_depth() {
    gives("[3,1,2,1]", "[1,1,2,3]");
    gives("[[2,1],[1,2],[]]", "[[1,2],[1,2],[]]");
    gives(r#"[{"b":[2,1]},{"a":0},10,9,"9",null,true]"#, r#"["9",10,9,null,true,{"a":0},{"b":[1,2]}]"#);
    gives(r#"{"a":[{"a":[{"a":[{"a":[2,1]},1]},1]},1]}"#, r#"{"a":[1,{"a":[1,{"a":[1,{"a":[1,2]}]}]}]}"#);
    // 12 before 1 where a bracket follows: the order is that of the bytes.
    gives("[[1],[12]]", "[[12],[1]]");
    let tall = |inner: &str| format!("{}{inner}{}", "[".repeat(20), "]".repeat(20));
    gives(&format!("[{},{}]", tall("1"), tall("12")), &format!("[{},{}]", tall("12"), tall("1")));
    gives(&format!("[{},{}]", tall("2,1"), tall("1")), &format!("[{},{}]", tall("1,2"), tall("1")));
    let object = tall(r#"{"c":1,"b":2}"#);
    let sorted = tall(r#"{"b":2,"c":1}"#);
    gives(
        &format!(r#"{{"d":[{object},0],"c":{object},"a":1}}"#),
        &format!(r#"{{"a":1,"c":{sorted},"d":[0,{sorted}]}}"#),
    );
}

/// Long arrays are sorted by another way than short ones: same order.
#[test]
fn long_arrays_are_sorted_alike() {
    let alike = |tail: &str| format!("\"the same beginning{tail}\"");
    let tails = [
        "",
        "a",
        "aaaaaaaa",
        "aaaaaaaaa",
        "aaaaaaaab",
        "b",
        " ",
        "é",
        "\u{fb33}",
        "😀",
        "\\u0001",
        "\\\"",
        "!",
    ];
    let mut elements: Vec<String> = tails.iter().cycle().take(100).map(|tail| alike(tail)).collect();
    for more in [Vec::new(), vec!["1".to_owned(), "12".to_owned(), "[]".to_owned(), "null".to_owned()]] {
        elements.extend(more);
        let mut sorted = elements.clone();
        sorted.sort();
        gives(&format!("[{}]", elements.join(",")), &format!("[{}]", sorted.join(",")));
    }
}

#[test]
fn the_last_of_equal_keys_counts() {
    gives(r#"{"b":0,"a":1,"\u0061":[2,1],"b":3}"#, r#"{"a":[1,2],"b":3}"#);
    let tall = format!("{}{}", "[".repeat(20), "]".repeat(20));
    gives(&format!(r#"{{"a":{tall},"a":2}}"#), r#"{"a":2}"#);
    gives(&format!(r#"{{"a":2,"a":{tall}}}"#), &format!(r#"{{"a":{tall}}}"#));
}

/// RFC 8785, appendix B: the double, and what JCS writes.
const RFC_8785_NUMBERS: [(u64, &str); 25] = [
    (0x0000000000000000, "0"),
    (0x8000000000000000, "0"),
    (0x0000000000000001, "5e-324"),
    (0x8000000000000001, "-5e-324"),
    (0x7fefffffffffffff, "1.7976931348623157e+308"),
    (0xffefffffffffffff, "-1.7976931348623157e+308"),
    (0x4340000000000000, "9007199254740992"),
    (0xc340000000000000, "-9007199254740992"),
    (0x4430000000000000, "295147905179352830000"),
    (0x44b52d02c7e14af5, "9.999999999999997e+22"),
    (0x44b52d02c7e14af6, "1e+23"),
    (0x44b52d02c7e14af7, "1.0000000000000001e+23"),
    (0x444b1ae4d6e2ef4e, "999999999999999700000"),
    (0x444b1ae4d6e2ef4f, "999999999999999900000"),
    (0x444b1ae4d6e2ef50, "1e+21"),
    (0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"),
    (0x3eb0c6f7a0b5ed8d, "0.000001"),
    (0x41b3de4355555553, "333333333.3333332"),
    (0x41b3de4355555554, "333333333.33333325"),
    (0x41b3de4355555555, "333333333.3333333"),
    (0x41b3de4355555556, "333333333.3333334"),
    (0x41b3de4355555557, "333333333.33333343"),
    (0xbecbf647612f3696, "-0.0000033333333333333333"),
    (0x43143ff3c1cb0959, "1424953923781206.2"),
    (0x3ff0000000000000, "1"),
];

#[test]
fn rfc_8785_number_vectors() {
    for (bits, expected) in RFC_8785_NUMBERS {
        let double = f64::from_bits(bits);
        assert_eq!(ryu_js::Buffer::new().format_finite(double), expected);
        // Accepted as they are, except integers that only approximate a double.
        let inexact = double.abs() >= 2_f64.powi(53)
            && !["9007199254740992", "-9007199254740992", "1e+21"].contains(&expected);
        if inexact {
            refused(expected);
        } else {
            gives(expected, expected);
        }
    }
}

#[test]
fn one_number_has_one_spelling() {
    for text in ["1", "1.0", "1e0", "10e-1", "0.1E+1", "1.000000000000000000000000000", "1e-0", "0.01e2"] {
        gives(text, "1");
    }
    for text in ["0", "-0", "-0.0", "0.000", "0e99999999999999999999", "-0e-99999999999999999999"] {
        gives(text, "0");
    }
    gives("1.10", "1.1");
    gives("-1.50e1", "-15");
    gives("0.1", "0.1");
    gives("0.30000000000000004", "0.30000000000000004");
    gives("0.0000001", "1e-7");
    gives("100000000000000000000", "100000000000000000000");
    gives("1e20", "100000000000000000000");
    gives("1E21", "1e+21");
    gives("1e22", "1e+22");
    gives("1e-320", "1e-320");
    gives("9007199254740992", "9007199254740992");
    gives("9007199254740994.0", "9007199254740994");
    gives("18014398509481984", "18014398509481984");
    gives(&format!("1.{}", "0".repeat(100_000)), "1");
    gives(&format!("1{}e-100000", "0".repeat(100_000)), "1");
    gives(&format!("0.{}1e100000", "0".repeat(99_999)), "1");
}

#[test]
fn numbers_that_would_not_come_back_are_refused() {
    for (text, reason) in [
        ("9007199254740993", "not exactly"),
        ("-9007199254740993.0", "not exactly"),
        ("1e23", "not exactly"),
        ("1e300", "not exactly"),
        ("295147905179352830000", "not exactly"),
        // Exactly a double, but JCS writes 36028797018963970, another integer.
        ("36028797018963968", "come back as 36028797018963970"),
        ("1180591620717411303424", "17 significant"),
        ("9007199254740992.5", "come back as 9007199254740992"),
        ("0.10000000000000001", "come back as 0.1"),
        ("333333333.33333329", "come back as 333333333.3333333"),
        ("0.100000000000000001", "17 significant"),
        ("3.141592653589793238", "17 significant"),
        ("1e309", "too large"),
        ("-1e400", "too large"),
        ("1e99999999999999999999999", "too large"),
        ("1e-400", "too close to zero"),
        ("-1e-99999999999999999999999", "too close to zero"),
        ("4.9e-324", "come back as 5e-324"),
    ] {
        let error = refused(text);
        assert!(error.detail.contains(reason), "{text}: {}", error.detail);
        assert!(error.detail.contains(text), "{}", error.detail);
        assert!(error.hint.contains("string"), "{}", error.hint);
    }
    let long = format!("1{}", "0".repeat(100_000));
    let detail = refused(&long).detail;
    assert!(detail.contains("too large") && detail.len() < 200, "{detail}");
}

#[test]
fn an_error_says_where_and_quotes_no_string() {
    let detail = refused(r#"{"x":["hush"],"filter":{"k":1,"ids":[[7],"hush",{"a":0},1e400]}}"#).detail;
    assert_eq!(detail, "The number 1e400 at /filter/ids/3 is too large for an IEEE 754 double.");
    assert_eq!(refused("1e400").detail, "The number 1e400 is too large for an IEEE 754 double.");
    let detail = refused(r#"{"my secret!":{"a":{"b":[]},"":[1e400]}}"#).detail;
    assert_eq!(detail, "The number 1e400 at /*/*/0 is too large for an IEEE 754 double.");
    // a token is a plain word too
    let detail = refused(r#"{"ghp_abcdEFGHijklMNOPqrstUVWXyz0123456789":[1e400]}"#).detail;
    assert_eq!(detail, "The number 1e400 at /*/0 is too large for an IEEE 754 double.");
    let deep = format!("{}1e400{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH));
    assert!(refused(&deep).detail.len() < 400);
    let error = refused(r#"{"a":"hush\x"}"#);
    assert!(!format!("{error:?}").contains("hush"));
}

#[test]
fn what_is_not_json_is_refused() {
    for text in [
        "",
        " ",
        "{",
        "[",
        "]",
        "[1,]",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{a:1}",
        "{1:1}",
        "[1 2]",
        "1 2",
        "01",
        "1.",
        ".5",
        "+1",
        "-",
        "1e",
        "1e+",
        "0x1",
        "NaN",
        "Infinity",
        "nul",
        "truefalse",
        "'a'",
        "\"a",
        "\"\\",
        "\"\\x\"",
        "\"\n\"",
        "\"\u{1}\"",
        "[}",
        "{\"a\":1]",
        "//\n1",
        "\u{feff}1",
        "[1]]",
        "\u{a0}1",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"\\u+123\"",
    ] {
        refused(text);
    }
    for surrogate in
        [r"\ud83d", r"\ude00", r"\ud83dx", r"\ud83d\ud83d", r"\ude00\ud83d", r"\ud83d\u0041", r"\ud83d\n"]
    {
        refused(&format!("[\"{surrogate}\", \"more text here\"]"));
    }
}

#[test]
fn depth_has_a_limit() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    gives(&nested(MAX_DEPTH), &nested(MAX_DEPTH));
    let objects = |depth: usize| format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
    gives(&objects(MAX_DEPTH), &objects(MAX_DEPTH));
    for text in [
        nested(MAX_DEPTH + 1),
        objects(MAX_DEPTH + 1),
        nested(MAX_BYTES / 2),
        "[".repeat(MAX_BYTES),
        "[{\"a\":".repeat(MAX_BYTES / 6),
    ] {
        assert_eq!(canonical(&text).map_err(|error| error.kind), Err(Kind::TooDeep));
    }
}

#[test]
fn length_has_a_limit() {
    let string = |bytes: usize| format!("\"{}\"", "x".repeat(bytes - 2));
    gives(&string(MAX_BYTES), &string(MAX_BYTES));
    for text in [string(MAX_BYTES + 1), " ".repeat(MAX_BYTES + 1), "[".repeat(MAX_BYTES + 1)] {
        assert_eq!(canonical(&text).map_err(|error| error.kind), Err(Kind::TooLong));
    }
}

/// Every level holds a small element that must change places with a large one, and two large equal
/// elements side by side.
#[test]
fn a_large_leaf_far_down_is_cheap() {
    let leaf = format!("\"{}\"", "x".repeat(MAX_BYTES / 4));
    let left = format!("{}{leaf}{}", "[".repeat(126), ",0]".repeat(126));
    let right = format!("{}[{leaf},0]{}", "[0,".repeat(125), "]".repeat(125));
    gives(&left, &right);
    gives(&format!("[{left},{right},{left}]"), &format!("[{right},{right},{right}]"));
}

#[test]
fn the_tick_comes_often_and_may_unwind() {
    let ticks = Cell::new(0);
    let count = || ticks.set(ticks.get() + 1);
    let flat = format!("[{}0]", "1,".repeat(100_000));
    canonical_json(&flat, &count).unwrap();
    assert!(ticks.get() >= 100, "{}", ticks.get());
    ticks.set(0);
    let shuffled: Vec<_> = (0..80_000_u32).map(|i| i.wrapping_mul(2_654_435_761).to_string()).collect();
    canonical_json(&format!("[{}]", shuffled.join(",")), &count).unwrap();
    assert!(ticks.get() >= 1000, "few ticks inside the sort: {}", ticks.get());

    for stop in [1, 50, 150, 400, 1000] {
        ticks.set(0);
        let text = format!("[{}]", shuffled.join(","));
        let stopped = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let cancel = || {
                count();
                if ticks.get() >= stop {
                    std::panic::resume_unwind(Box::new("cancelled"));
                }
            };
            canonical_json(&text, &cancel)
        }));
        assert!(stopped.is_err());
    }
}

#[test]
fn numbers_have_any_length_and_mistakes_behind_them_a_place() {
    let long = "7".repeat(5_000);
    for number in [long.clone(), format!("-{long}.5"), format!("{long}e-4990"), format!("{long}E+1")] {
        let error = refused(&format!("{{\"a\": [1, {number}, 2]}}"));
        assert!(
            error.detail.contains("characters) at /a/1 has more than 17 significant digits"),
            "{}",
            error.detail
        );
    }
    let one = format!("1{}e-5000", "0".repeat(5_000)); // 5,007 characters
    gives(&format!("[{one}, {one}]"), "[1,1]");
    for (text, offset) in [
        (format!("[{one}, {one}, x]"), 10_019),
        (format!("[{one} {one}]"), 5_009),
        (format!("[{one}.5]"), 5_008),
        (format!("{one}x"), 5_007),
        (format!("{one}--"), 5_007),
    ] {
        let error = refused(&text);
        assert!(error.detail.contains(&format!("at byte {offset} ")), "{}", error.detail);
    }
}
