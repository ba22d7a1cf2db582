#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::{Numbers, Problem, digest, redacted, write_value};
use crate::error::Kind;

fn stored(raw: &str) -> Result<String, Problem> {
    let mut out = String::new();
    write_value(&mut out, raw, Numbers::AsGiven, &|| ()).map(|_| out)
}

fn normal(raw: &str) -> String {
    let mut out = String::new();
    write_value(&mut out, raw, Numbers::Normal, &|| ()).unwrap();
    out
}

fn without_secrets(meta: &str) -> (String, usize) {
    let (text, count) = redacted(meta, &|| ()).unwrap();
    (text.into_owned(), count)
}

#[test]
fn one_text_for_spellings_that_jsonb_shows_alike() {
    for (raw, text) in [
        (r#""\u0041\/é""#, r#""A/é""#),
        (r#"{"b": [3, 1, 2], "a" : {"d":1,"c":null,"c":true}}"#, r#"{"a":{"c":true,"d":1},"b":[3,1,2]}"#),
        ("1.10", "1.10"),
        ("[1.10, 2e3, 12345678901234567890123]", "[1.10,2e3,12345678901234567890123]"),
        ("true", "true"),
        ("null", "null"),
    ] {
        assert_eq!(stored(raw).as_deref(), Ok(text), "{raw}");
    }
}

#[test]
fn numbers_that_are_equal_as_jsonb_have_one_normal_form() {
    for (normal_form, spellings) in [
        ("1", &["1", "1.0", "1.000", "10e-1", "0.1e1", "0.01E+2"][..]),
        ("-1", &["-1", "-1.0", "-10e-1"]),
        ("100", &["100", "1e2", "100.0", "1000e-1"]),
        ("1e-1", &["0.1", "0.10", "1e-1", "0.01e1"]),
        ("0", &["0", "-0", "0.0", "-0.0", "0e5", "-0e-5"]),
        ("1205e-2", &["12.05", "12.050", "1205e-2", "0.1205e2"]),
        ("100000", &["100000", "1e5"]),
        ("10000000000000000000", &["10000000000000000000", "1e19"]),
        ("1e20", &["100000000000000000000", "1e20", "1e+20", "100000000000000000000.0"]),
        (
            "123456789012345678901",
            &["123456789012345678901", "123456789012345678901.0", "12345678901234567890.1e1"],
        ),
        ("-123456789012345678901e-1", &["-12345678901234567890.1", "-12345678901234567890.10"]),
    ] {
        for spelling in spellings {
            assert_eq!(normal(spelling), normal_form, "{spelling}");
            assert_eq!(normal(&format!("[{spelling}]")), format!("[{normal_form}]"));
        }
    }
}

#[test]
fn a_digest_is_of_the_value_and_not_of_its_spelling() {
    let of = |meta: &str| digest(meta, &|| ()).unwrap();
    let meta = of(r#"{"n":1,"list":[0.1,100,0],"s":"1.0","e":{"é":"A"}}"#);
    // as jsonb shows it: blanks, and short keys first
    assert_eq!(of(r#"{"e": {"\u00e9": "\u0041"}, "n": 1.0, "s": "1.0", "list": [0.10, 1e2, -0]}"#), meta);
    for other in [
        r#"{"n":2,"list":[0.1,100,0],"s":"1.0","e":{"é":"A"}}"#,
        r#"{"n":1,"list":[100,0.1,0],"s":"1.0","e":{"é":"A"}}"#,
        r#"{"n":1,"list":[0.1,100,0],"s":"1","e":{"é":"A"}}"#,
        r#"{"n":"1","list":[0.1,100,0],"s":"1.0","e":{"é":"A"}}"#,
    ] {
        assert_ne!(of(other), meta, "{other}");
    }
}

#[test]
fn a_digest_does_not_tell_one_secret_from_another() {
    let of =
        |password: &str| digest(&format!(r#"{{"url":"https://u:{password}@h/","v":1}}"#), &|| ()).unwrap();
    assert_eq!(of("hunter2secret"), of("correcthorse"));
    assert_eq!(of("hunter2secret"), of("[redacted:password]"));
    assert_ne!(of("hunter2secret"), digest(r#"{"url":"https://u@h/","v":1}"#, &|| ()).unwrap());
}

#[test]
fn what_is_no_meta_has_no_digest() {
    let kind = |text: &str| digest(text, &|| ()).map_err(|error| error.kind);
    assert_eq!(kind("no json"), Err(Kind::Invalid));
    assert_eq!(kind(r#"{"a":1e999999}"#), Err(Kind::Invalid));
    assert_eq!(kind(&"[".repeat(1_000_000)), Err(Kind::TooDeep));
    assert_eq!(redacted("\"\\", &|| ()).map_err(|error| error.kind), Err(Kind::Invalid));
}

#[test]
fn digits_that_jsonb_writes_out_are_counted() {
    for (raw, shown) in [
        ("1000", 4),
        ("12.50e1", "12.50e1".len() as isize), // "125.0": the longer one counts
        ("0e9", 3),
        ("1e9", "1000000000".len() as isize),
        ("[1e9,{\"a\":1e9}]", "[1000000000,{\"a\":1000000000}]".len() as isize),
        ("0.1e10", "1000000000".len() as isize),
        ("1e-9", "0.000000001".len() as isize),
        ("0.10", "0.10".len() as isize),
        ("1e131071", 131_072),
    ] {
        for numbers in [Numbers::AsGiven, Numbers::Normal] {
            let mut out = String::new();
            let longer = write_value(&mut out, raw, numbers, &|| ()).unwrap();
            assert_eq!(out.len() as isize + longer, shown, "{raw} {numbers:?}");
        }
    }
}

#[test]
fn secrets_in_string_values_are_replaced_at_any_depth() {
    let given = r#"{"etag":"W/\"8f14e45fceea167a5a36dedd4bea2543\"","url":["https://u:hunter2secret@h/"],"v":"1.2.3"}"#;
    let expected = given.replace("hunter2secret", "[redacted:password]");
    assert_eq!(without_secrets(given), (expected.clone(), 1));
    assert_eq!(without_secrets(&expected), (expected, 0));
    let two_in_one = r#"["token=Zk83jLq0PwXm27Ty&sig=Zk83jLq0PwXm27Ty","password=hunter2secret","x"]"#;
    assert_eq!(without_secrets(two_in_one).1, 2);
}

/// As docs/security.md says.
#[test]
fn keys_announce_nothing_and_strings_do() {
    let by_key = r#"{"auth":{"password":"hunter2"}}"#;
    assert_eq!(without_secrets(by_key), (by_key.to_owned(), 0));
    let by_string = r#"{"auth":"password=hunter2","said":"Authorization: required"}"#;
    let expected = by_string.replace("hunter2", "[redacted:password]");
    assert_eq!(without_secrets(by_string), (expected, 1));
}

#[test]
fn what_jsonb_cannot_hold_is_named() {
    for (raw, problem) in [
        (r#""a\u0000b""#, Problem::Nul),
        (r#"["a\u0000b"]"#, Problem::Nul),
        (r#"{"a\u0000b":1}"#, Problem::Nul),
        (r#""\ud800""#, Problem::LoneSurrogate),
        (r#"[{"a":"\udc00"}]"#, Problem::LoneSurrogate),
        ("1e131072", Problem::NumberOutOfRange),
        ("-12.5e131071", Problem::NumberOutOfRange),
        ("0.01e131074", Problem::NumberOutOfRange),
        ("0e-16384", Problem::NumberOutOfRange),
        ("[1e-16384]", Problem::NumberOutOfRange),
        ("1e99999999999999999999", Problem::NumberOutOfRange),
        (&format!("{}{}", "[".repeat(128), "]".repeat(128)), Problem::TooDeep),
    ] {
        assert_eq!(stored(raw), Err(problem), "{raw:.40}");
    }
    for fits in
        ["1e131071", "1e-16383", "-1e131071", "-38.327e+131070", "0.1e131072", "0.01e131073", "0e131072"]
    {
        assert!(stored(fits).is_ok(), "{fits}");
    }
    let (most, more) = ("7".repeat(131_072), "7".repeat(131_073));
    assert_eq!(stored(&format!("[{most},1]")), Ok(format!("[{most},1]")));
    assert_eq!(stored(&format!("[{more},1]")), Err(Problem::NumberOutOfRange));
}

proptest! {
    /// Two spellings have one normal form exactly where they denote one number.
    #[test]
    fn a_normal_form_is_of_one_number(a in "-?(0|[1-9][0-9]{0,3})(\\.[0-9]{1,3})?(e-?[0-3])?", b in "-?(0|[1-9][0-9]{0,3})(\\.[0-9]{1,3})?(e-?[0-3])?") {
        // in units of 10^-6
        let units = |text: &str| {
            let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
            let (integer, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
            let digits: i64 = format!("{integer}{fraction}").parse().unwrap();
            digits * 10_i64.pow((6 + exponent.parse::<i32>().unwrap() - fraction.len() as i32) as u32)
        };
        prop_assert_eq!(normal(&a) == normal(&b), units(&a) == units(&b));
        prop_assert_eq!(units(&normal(&a)), units(&a));
    }
}
