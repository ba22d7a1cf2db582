//! A JSON text stays one: whatever is redacted in it, it parses, and every value that announces no secret is equal.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use inventory_core_redact::{redact, redact_known};
use proptest::prelude::*;
use serde_json::{Map, Value};

/// Names that announce, and names that do not.
const NAMES: &[&str] = &[
    "password",
    "token",
    "clientSecret",
    "api_key",
    "Authorization",
    "Cookie",
    "pin",
    "recoveryKey",
    "key",
    "code",
    "id",
    "name",
    "value",
    "status",
    "error",
    "type",
    "enabled",
    "count",
    "detail",
    "expires_in",
    "token_type",
];

/// Values without a secret, and with what the matchers look for.
const TEXTS: &[&str] = &[
    "",
    "a",
    "bob",
    "eu-west",
    "debug",
    "password:",
    "token=",
    "the key: ",
    "a,b",
    "x\"y",
    "back\\slash",
    "line\nend",
    "AADSTS50034",
    "not supported",
    "[1,2]",
    "{\"a\":1}",
    "null",
    "true",
    "web-01",
    "https://example.com/a?b=c",
    "-u ",
    "Bearer ",
    "'",
    "it's",
    "50%",
    "&amp;",
    "<b>",
    "name: password",
    "2026-01-01T00:00:00Z",
    "é",
    "sid=a; ",
    "hunter2secret",
    "Zk83jLq0PwXm27TyVb41",
    "sk_live_Zk83jLq0PwXm27TyVb41Rs",
    "password=hunter2x",
    "Basic dXNlcjpwdw==",
];

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        2 => Just(Value::Null),
        2 => any::<bool>().prop_map(Value::from),
        2 => any::<i32>().prop_map(Value::from),
        1 => Just(Value::from(0.25)),
        6 => proptest::sample::select(TEXTS).prop_map(Value::from),
    ]
}

fn body() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(3, 24, 6, |inner| {
        prop_oneof![
            1 => proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            3 => proptest::collection::vec((proptest::sample::select(NAMES), inner), 0..6).prop_map(|members| {
                Value::from(members.into_iter().map(|(k, v)| (k.to_owned(), v)).collect::<Map<_, _>>())
            }),
        ]
    })
}

/// Whether `out` is `given` but for what was replaced, and what is null, a boolean or empty is as it was.
fn equal(given: &Value, out: &Value) -> bool {
    match (given, out) {
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|((k, v), (l, w))| k == l && equal(v, w))
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(v, w)| equal(v, w)),
        (Value::String(text), Value::String(out)) => {
            text == out || !text.is_empty() && out.contains("[redacted:")
        }
        (Value::Number(_), Value::String(out)) => out.starts_with("[redacted:"),
        _ => given == out,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn redact_keeps_json_json(body in body()) {
        for text in [body.to_string(), serde_json::to_string_pretty(&body).unwrap()] {
            for out in [redact(&text, &|| ()), redact_known(&text, &|| ()).0.into_owned()] {
                let parsed = serde_json::from_str::<Value>(&out);
                prop_assert!(parsed.is_ok(), "{text}\n{out}");
                prop_assert!(equal(&body, &parsed.unwrap()), "{text}\n{out}");
                prop_assert_eq!(redact_known(&out, &|| ()).1, 0, "{}", out);
            }
        }
    }
}

/// Where only names announce, every other value is as it was.
#[test]
fn redact_leaves_the_neighbours_of_a_secret() {
    for (given, expected) in [
        (r#"{"token":null,"error":"AADSTS50034"}"#, r#"{"token":null,"error":"AADSTS50034"}"#),
        (
            r#"{"a":[{"token":true},{"pin":123456}],"b":"x"}"#,
            r#"{"a":[{"token":true},{"pin":"[redacted:password]"}],"b":"x"}"#,
        ),
        (r#"{"password":"hunter2x","error":"y"}"#, r#"{"password":"[redacted:password]","error":"y"}"#),
        (
            r#"{"m":"{\"password\":12345678,\"b\":1}"}"#,
            r#"{"m":"{\"password\":\"[redacted:password]\",\"b\":1}"}"#,
        ),
    ] {
        assert_eq!(redact(given, &|| ()), expected);
    }
}
