//! A second hold-out, written when the redaction was thought to be done. See the README for what it found first.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

#[path = "support/fresh_benign.rs"]
mod fresh_benign;
#[path = "support/fresh_forms.rs"]
mod fresh_forms;
#[path = "support/fresh_notations.rs"]
mod fresh_notations;
#[path = "support/mod.rs"]
mod support;
#[path = "support/tally.rs"]
mod tally;

use fresh_benign::FRESH_BENIGN;
use fresh_forms::{AROUND_FORMS, FRESH_FORMS};
use fresh_notations::{FRESH_NAMES, FRESH_NOTATIONS};
use inventory_core_redact::{has_inert_strings, redact, redact_known};
use support::*;
use tally::Tally;

#[test]
fn redact_fresh_forms_leak_in_no_message_and_in_no_label() {
    let mut r = Random(404);
    let (mut messages, mut labels) = (Tally::default(), Tally::default());
    for _ in 0..4 {
        for (name, template) in FRESH_FORMS {
            let filled = fill(template, &mut r);
            let secret = filled.split('⟦').nth(1).unwrap().split('⟧').next().unwrap();
            let token = filled.replace(['⟦', '⟧'], "");
            for around in AROUND_FORMS {
                let text = around.replace("{}", &token);
                let out = redact(&text, &|| ());
                messages.add(leak(&out, secret).is_some(), name, || format!("{text} -> {out}"));
                let out = redact_known(&text, &|| ()).0.into_owned();
                let inert = has_inert_strings(&serde_json::to_string(&text).unwrap());
                labels.add(inert || leak(&out, secret).is_some(), name, || format!("{text} -> {out}"));
            }
        }
    }
    let (messages, labels) = (messages.report("forms in messages"), labels.report("forms in labels"));
    assert!(messages <= 0.5 && labels <= 2.0);
}

#[test]
fn redact_fresh_notations_leak_nothing() {
    let mut r = Random(405);
    let mut tally = Tally::default();
    for (name, template) in FRESH_NAMES {
        for notation in FRESH_NOTATIONS {
            let secret = fill(template, &mut r);
            let text = notation
                .replace("{N}", name)
                .replace("{V}", &secret)
                .replace("{J}", &json(&secret))
                .replace("{P}", &percent(&secret))
                .replace("{X}", &xml(&secret));
            for (how, text) in
                [("", text.clone()), (" in JSON", format!(r#"{{"level":"error","m":"{}"}}"#, json(&text)))]
            {
                let out = redact(&text, &|| ());
                let left = leak(&out, &secret);
                tally.add(left.is_some(), &format!("{notation}{how}"), || format!("{text} -> {out}"));
                if serde_json::from_str::<serde_json::Value>(&text).is_ok() {
                    assert!(serde_json::from_str::<serde_json::Value>(&out).is_ok(), "{text} -> {out}");
                }
            }
        }
    }
    assert!(tally.report("announced secrets") <= 0.5);
}

/// How a text may hide what is in it: escapes of several kinds, colours, what nobody sees, base64.
type Disguise = (&'static str, fn(&str, &str) -> String);

const DISGUISES: &[Disguise] = &[
    ("percent twice", |name, value| percent(&percent(&format!("a=1&{name}={}", percent(value))))),
    ("JSON three deep", |name, value| {
        let inner = format!(r#"{{"{name}":"{}"}}"#, json(value));
        format!(r#"{{"a":"{}"}}"#, json(&format!(r#"{{"b":"{}"}}"#, json(&inner))))
    }),
    ("unicode escapes", |name, value| unicode(&format!(r#"{{"{name}":"{value}"}}"#))),
    ("entities of JSON", |name, value| xml(&format!(r#"<p>{{"{name}":"{}"}}</p>"#, json(value)))),
    ("JSON in percent signs", |name, value| percent(&format!(r#"{{"{name}":"{}"}}"#, json(value)))),
    ("zero width", |name, value| {
        let (head, tail) = name.split_at(name.len() / 2);
        format!("{head}\u{200b}{tail}: {value}")
    }),
    ("soft hyphen", |name, value| format!("{name}\u{ad}=\u{2060}{value}")),
    ("colours", |name, value| format!("\u{1b}[1;31m{name}\u{1b}[0m=\u{1b}[32m{value}\u{1b}[0m")),
    ("escaped colours", |name, value| format!("\\u001b[1m{name}\\u001b[0m: {value}")),
    ("full width", |name, value| format!("{name}：{value}")),
    ("no-break space", |name, value| format!("{name}\u{a0}=\u{a0}{value}")),
    ("base64", |name, value| {
        let text = format!(r#"{{"user": "bob", "{name}": "{}"}}"#, json(value));
        format!("body {}", base64(text.as_bytes(), false))
    }),
    ("typographic quotes", |name, value| format!("“{name}”: “{value}”")),
];

#[test]
fn redact_fresh_disguises_hide_nothing() {
    let mut r = Random(407);
    let mut tally = Tally::default();
    for (name, template) in FRESH_NAMES {
        for (disguise, hide) in DISGUISES {
            let secret = fill(template, &mut r);
            let text = hide(name, &secret);
            let out = redact(&text, &|| ());
            let left = if *disguise == "base64" { out.len() > 60 } else { leak(&out, &secret).is_some() };
            tally.add(left, disguise, || format!("{text} -> {out}"));
        }
    }
    assert!(tally.report("disguised") == 0.0);
}

#[test]
fn redact_fresh_benign_messages_stay() {
    let mut r = Random(406);
    let mut tally = Tally::default();
    for _ in 0..10 {
        for template in FRESH_BENIGN {
            let text = fill(template, &mut r);
            let out = redact(&text, &|| ());
            tally.add(out != text, template, || format!("{text} -> {out}"));
        }
    }
    println!("{} templates", FRESH_BENIGN.len());
    assert!(tally.report("benign messages changed") <= 2.0);
}
