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
    "Set-Cookie",
    "X-Api-Key",
    "x-auth-token",
    "Proxy-Authorization",
    "headers",
    "credentials",
    "session",
    "db.password",
    "secret",
    "access_token",
    "tokens",
    "signature",
    "url",
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
    "clientSecret",
    "Cookie",
    "Authorization: Bearer hunter2secret",
    "--password",
    "ghp_Zk83jLq0PwXm27TyVb41RsZk83jLq0PwXm",
    "https://bob:hunter2@db.example.com/",
    "W/\"Zk83jLq0PwXm27Ty\"",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    "-----BEGIN PRIVATE KEY-----\nMIIEpAIBAAKCAQEA",
    "0123456789abcdef0123456789abcdef",
    "{\"Cookie\":[\"hunter2secret\"],\"clientSecret\":null}",
    "{\"password\":12345678,\"b\":[1]}",
    "sub\u{e9} token=a ",
    "\u{0}",
    "[redacted:token]",
    "123456-123456-123456-123456-123456-123456-123456-123456",
];

fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(3000)
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        2 => Just(Value::Null),
        2 => any::<bool>().prop_map(Value::from),
        2 => any::<i32>().prop_map(Value::from),
        1 => any::<u64>().prop_map(Value::from),
        1 => any::<i16>().prop_map(|n| Value::from(f64::from(n) / 4.0)),
        1 => Just(Value::from(1.5e300)),
        6 => proptest::sample::select(TEXTS).prop_map(Value::from),
    ]
}

fn body() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(4, 24, 6, |inner| {
        prop_oneof![
            2 => proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            6 => proptest::collection::vec((proptest::sample::select(NAMES), inner.clone()), 0..6).prop_map(object),
            // A header, or another entry of a name and its value.
            1 => (proptest::sample::select(NAMES), inner.clone(), any::<bool>()).prop_map(|(name, value, first)| {
                let (name, value) = (("name", Value::from(name)), ("value", value));
                object(if first { vec![name, value] } else { vec![value, ("id", Value::from(7)), name] })
            }),
            // A JSON text in a string, once or twice.
            1 => inner.clone().prop_map(|value| Value::from(value.to_string())),
            1 => inner.prop_map(|value| Value::from(Value::from(value.to_string()).to_string())),
        ]
    })
}

fn object(members: Vec<(&str, Value)>) -> Value {
    Value::from(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>())
}

/// Whether `out` is `given` but for what was replaced, and what is null, a boolean or empty is as it was.
fn equal(given: &Value, out: &Value) -> bool {
    match (given, out) {
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|((k, v), (l, w))| k == l && equal(v, w))
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(v, w)| equal(v, w)),
        (Value::String(text), Value::String(out)) => {
            let inner = serde_json::from_str::<Value>(text).ok().filter(|v| v.is_object() || v.is_array());
            text == out
                || !text.is_empty()
                    && out.contains("[redacted:")
                    // A JSON text in a string stays one, unless it is a secret as a whole.
                    && (out.starts_with("[redacted:")
                        || inner.is_none_or(|inner| {
                            serde_json::from_str(out).is_ok_and(|out| equal(&inner, &out))
                        }))
        }
        (Value::Number(_), Value::String(out)) => out.starts_with("[redacted:"),
        _ => given == out,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

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
        (
            r#"{"Cookie":["hunter2secret"],"clientSecret":null}"#,
            r#"{"Cookie":["[redacted:cookie]"],"clientSecret":null}"#,
        ),
        (
            r#"{"key":["hunter2secret"],"recoveryKey":null}"#,
            r#"{"key":["hunter2secret"],"recoveryKey":null}"#,
        ),
        (
            r#"400 {"Authorization":["Bearer hunter2secret","Basic dXNlcjpwdw=="],"token":null}"#,
            r#"400 {"Authorization":["Bearer [redacted:bearer]","Basic [redacted:basic]"],"token":null}"#,
        ),
        (
            r#"{"m":"{\"Set-Cookie\":[\"hunter2secret\"],\"clientSecret\":7}"}"#,
            r#"{"m":"{\"Set-Cookie\":[\"[redacted:cookie]\"],\"clientSecret\":7}"}"#,
        ),
        (r#""{\"Authorization\":0}""#, r#""{\"Authorization\":\"[redacted:authorization]\"}""#),
        (
            r#"{"ghp_Zk83jLq0PwXm27TyVb41RsZk83jLq0PwXm":{"login":"bob"}}"#,
            r#"{"[redacted:github-token]":{"login":"bob"}}"#,
        ),
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

/// Names that announce, what they are written with, and whether a number may be their value.
const ANNOUNCING: &[(&str, bool)] = &[
    ("password", true),
    ("clientSecret", false),
    ("token", false),
    ("Cookie", false),
    ("Set-Cookie", false),
    ("Authorization", false),
    ("Proxy-Authorization", false),
    ("X-Api-Key", false),
    ("apiKey", false),
    ("unlockPin", true),
    ("db.password", true),
    ("refresh_token", false),
];

/// Names and values without a secret.
const PLAIN_NAMES: &[&str] =
    &["id", "status", "error", "type", "enabled", "count", "detail", "expires_in", "region"];
const PLAIN_TEXTS: &[&str] = &[
    "",
    "bob",
    "eu-west",
    "debug",
    "AADSTS50034",
    "not supported",
    "web-01",
    "https://example.com/a?b=c",
    "2026-01-01T00:00:00Z",
    "it's",
    "x\"y",
    "back\\slash",
    "null",
];

fn plain() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::from),
        1 => any::<i32>().prop_map(Value::from),
        3 => proptest::sample::select(PLAIN_TEXTS).prop_map(Value::from),
    ];
    scalar.prop_recursive(2, 8, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((proptest::sample::select(PLAIN_NAMES), inner), 0..4).prop_map(object),
        ]
    })
}

fn planted() -> impl Strategy<Value = (Value, Vec<String>)> {
    let secret = prop_oneof!["[a-z]{5,8}[0-9]{1,3}[a-z]{3,6}", "[A-Z][a-z]{3}[0-9][A-Za-z0-9]{12,30}"];
    let secrets = proptest::collection::vec(secret, 1..5);
    let members = || proptest::collection::vec((proptest::sample::select(PLAIN_NAMES), plain()), 0..3);
    (proptest::sample::select(ANNOUNCING), secrets, 0..7, members(), members(), 0..3).prop_map(
        |((name, number), mut secrets, how, before, after, depth)| {
            let value = |secret: &str| match name {
                "Cookie" | "Set-Cookie" if how % 2 == 0 => format!("sid={secret}"),
                "Authorization" if how % 2 == 0 => format!("Bearer {secret}"),
                _ => secret.to_owned(),
            };
            let first = value(&secrets[0]);
            let found = match how {
                0 | 1 => vec![(name, Value::from(secrets.iter().map(|s| value(s)).collect::<Vec<_>>()))],
                2 => vec![(
                    "headers",
                    Value::from(vec![object(vec![("name", name.into()), ("value", first.into())])]),
                )],
                3 => vec![(
                    "headers",
                    Value::from(vec![object(vec![("value", first.into()), ("name", name.into())])]),
                )],
                4 if number => vec![(name, Value::from(73_501_942))],
                5 if !name.contains("ookie") && !name.contains("uthorization") => {
                    vec![(name, object(vec![("value", first.into())]))]
                }
                _ => vec![(name, Value::from(first))],
            };
            if how == 4 && number {
                secrets = vec!["73501942".to_owned()];
            } else if how > 1 {
                secrets.truncate(1);
            }
            let mut body = object(before.into_iter().chain(found).chain(after).collect());
            for _ in 0..depth {
                body = object(vec![("m", Value::from(body.to_string())), ("id", Value::from(7))]);
            }
            (body, secrets)
        },
    )
}

/// Whether nothing but the values that hold one of the secrets was replaced.
fn only(given: &Value, out: &Value, secrets: &[String]) -> bool {
    match (given, out) {
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|((k, v), (l, w))| k == l && only(v, w, secrets))
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(v, w)| only(v, w, secrets))
        }
        (Value::String(text), Value::String(out)) if text.starts_with('{') => {
            match (serde_json::from_str(text), serde_json::from_str(out)) {
                (Ok(text), Ok(out)) => only(&text, &out, secrets),
                _ => false,
            }
        }
        (Value::String(text), Value::String(out)) if text != out => secrets.iter().any(|s| text.contains(s)),
        (Value::Number(n), Value::String(_)) => secrets.contains(&n.to_string()),
        _ => given == out,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn redact_takes_the_secret_of_a_json_text_and_nothing_else((body, secrets) in planted()) {
        for text in [body.to_string(), serde_json::to_string_pretty(&body).unwrap()] {
            for out in [redact(&text, &|| ()), redact_known(&text, &|| ()).0.into_owned()] {
                let parsed = serde_json::from_str::<Value>(&out);
                prop_assert!(parsed.is_ok(), "{text}\n{out}");
                prop_assert!(secrets.iter().all(|s| !out.contains(s)), "{text}\n{out}");
                prop_assert!(only(&body, &parsed.unwrap(), &secrets), "{text}\n{out}");
            }
        }
    }
}
