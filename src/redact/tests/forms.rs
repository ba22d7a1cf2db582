//! A random example of every line of `forms.txt`: gone from labels and meta as well as from messages, whatever stands
//! around it.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "support/mod.rs"]
mod support;

use inventory_core_redact::{has_inert_strings, redact, redact_known};
use support::*;

const ROUNDS: usize = 6;

/// `{}` is where the token stands.
const AROUND: &[&str] = &[
    "{}",
    "got {} here",
    "x=\"{}\", y",
    "refused ({}), next",
    "{\"detail\":\"{}\",\"status\":403}",
    "see '{}'.",
    "first\n{}\nlast",
    "GET /v1/items?q={}&page=2",
];

/// As the table says: the letters of a run and what it is made of.
fn letters(class: &str) -> &'static str {
    match class {
        "a" => ALNUM,
        "l" | "t" | "p" | "s" => URL64,
        "b" | "c" => ALNUM,
        "h" => HEX,
        "d" => DIGITS,
        "u" | "U" => UPPER,
        "B" => BASE32,
        "k" => "abcdefghijklmnopqrstuvwxyz0123456789",
        other => panic!("class {other}"),
    }
}

/// A token of this form, and the part of it that must not survive.
fn example(form: &str, r: &mut Random) -> (String, String) {
    let (mut token, mut secret) = (String::new(), String::new());
    let mut rest = form;
    while let Some(c) = rest.chars().next() {
        let text = if c == '<' {
            let (spec, after) = rest[1..].split_once('>').unwrap();
            rest = after;
            let (class, count) = spec.split_at(1);
            let least = count.split("..").next().unwrap().trim_end_matches('+').parse().unwrap_or(0);
            let run = if class == "g" { r.guid() } else { r.of(letters(class), least) };
            if run.len() > secret.len() {
                secret.clone_from(&run);
            }
            run
        } else {
            let (text, _) = rest.split_at(rest.find('<').unwrap_or(rest.len()));
            rest = &rest[text.len()..];
            text.to_owned()
        };
        token += &text;
    }
    (token, secret)
}

#[test]
fn redact_forms_are_found_wherever_they_stand() {
    let mut r = Random(5);
    let mut count = 0;
    let mut wrong = vec![];
    for line in include_str!("../forms.txt").lines().filter(|l| !l.is_empty() && !l.starts_with('#')) {
        let form = line.rsplit_once(' ').unwrap().1;
        for _ in 0..ROUNDS {
            let (token, secret) = example(form, &mut r);
            // At random it may be all small letters, and then it is a name.
            if !secret.bytes().any(|b| b.is_ascii_digit()) || secret.starts_with(['-', '_']) {
                continue;
            }
            for around in AROUND {
                let text = around.replace("{}", &token);
                count += 1;
                let json = serde_json::to_string(&text).unwrap();
                if redact_known(&text, &|| ()).0.contains(&secret)
                    || redact(&text, &|| ()).contains(&secret)
                    || has_inert_strings(&json)
                {
                    wrong.push(format!("{line}: {text}"));
                    break;
                }
            }
        }
    }
    println!("{count} texts with a token");
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}
