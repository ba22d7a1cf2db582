//! A third hold-out. See the README for what it found on its first run.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

#[path = "support/mod.rs"]
mod support;
#[path = "support/tally.rs"]
mod tally;
#[path = "support/third_benign.rs"]
mod third_benign;
#[path = "support/third_messages.rs"]
mod third_messages;

use inventory_core_redact::{has_inert_strings, redact, redact_known};
use serde_json::Value;
use support::*;
use tally::Tally;
use third_benign::THIRD_BENIGN;
use third_messages::{ANNOUNCED, AROUND, FORMS};

/// How often each message is filled with random values.
const FILLS: usize = 4;

/// The text, and what is between its brackets.
fn with_secret(template: &str, r: &mut Random) -> (String, String) {
    let filled = fill(template, r);
    let secret = filled.split('⟦').nth(1).unwrap().split('⟧').next().unwrap().to_owned();
    (filled.replace(['⟦', '⟧'], ""), secret)
}

#[test]
fn redact_third_messages_leak_nothing() {
    let mut r = Random(811);
    let mut tally = Tally::default();
    for _ in 0..FILLS {
        for template in ANNOUNCED {
            let (text, secret) = with_secret(template, &mut r);
            for text in [
                text.clone(),
                format!(r#"{{"id":7,"message":"{}"}}"#, json(&text).replace('\u{1b}', "\\u001b")),
            ] {
                let out = redact(&text, &|| ());
                tally.add(leak(&out, &secret).is_some(), template, || format!("{text} -> {out}"));
                if serde_json::from_str::<Value>(&text).is_ok() {
                    assert!(serde_json::from_str::<Value>(&out).is_ok(), "{text} -> {out}");
                }
            }
        }
    }
    assert!(tally.report("announced secrets") <= 0.5);
}

#[test]
fn redact_third_forms_leak_in_no_message_and_in_no_label() {
    let mut r = Random(812);
    let (mut messages, mut labels) = (Tally::default(), Tally::default());
    for _ in 0..FILLS {
        for template in FORMS {
            let (token, secret) = with_secret(template, &mut r);
            for around in AROUND {
                let text = around.replace("{}", &token);
                let out = redact(&text, &|| ());
                messages.add(leak(&out, &secret).is_some(), template, || format!("{text} -> {out}"));
                let out = redact_known(&text, &|| ()).0.into_owned();
                let inert = has_inert_strings(&serde_json::to_string(&text).unwrap());
                labels.add(inert || leak(&out, &secret).is_some(), template, || format!("{text} -> {out}"));
            }
        }
    }
    let (messages, labels) = (messages.report("forms in messages"), labels.report("forms in labels"));
    assert!(messages <= 0.5 && labels <= 2.0);
}

#[test]
fn redact_third_benign_messages_stay() {
    let mut r = Random(813);
    let mut tally = Tally::default();
    for _ in 0..FILLS {
        for template in THIRD_BENIGN {
            let text = fill(template, &mut r);
            let out = redact(&text, &|| ());
            tally.add(out != text, template, || format!("{text} -> {out}"));
        }
    }
    println!("{} templates", THIRD_BENIGN.len());
    assert!(tally.report("benign messages changed") <= 2.0);
}
