//! Secrets of many shapes in the messages of many programs: none may leak, and what an operator needs must
//! survive.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "support/frames.rs"]
mod frames;
#[path = "support/shapes.rs"]
mod shapes;
#[path = "support/mod.rs"]
mod support;

use std::collections::BTreeMap;

use inventory_core_redact::{has_inert_strings, redact, redact_known};
use support::{Random, leak};

struct Tally {
    messages: usize,
    secrets: usize,
    leaks: Vec<String>,
    by_shape: BTreeMap<&'static str, usize>,
    by_frame: BTreeMap<&'static str, usize>,
    useful: usize,
    kept: usize,
    lost: Vec<String>,
    restless: usize,
}

/// Every shape in every frame, `rounds` times, through `by`.
fn run(seed: u64, rounds: usize, by: &dyn Fn(&str) -> String) -> Tally {
    let mut r = Random(seed);
    let mut tally = Tally {
        messages: 0,
        secrets: 0,
        leaks: vec![],
        by_shape: BTreeMap::new(),
        by_frame: BTreeMap::new(),
        useful: 0,
        kept: 0,
        lost: vec![],
        restless: 0,
    };
    for _ in 0..rounds {
        for shape in 0..shapes::SHAPES.len() {
            for index in 0..frames::FRAMES.len() + frames::BARE.len() {
                let secret = shapes::make(shape, &mut r);
                let Some(message) = frames::frame(index, &secret, &mut r) else { continue };
                let out = by(&message.text);
                tally.messages += 1;
                tally.restless += usize::from(by(&out) != out);
                for part in &secret.parts {
                    tally.secrets += 1;
                    assert!(
                        leak(&message.text, part).is_some(),
                        "the test cannot see {part} in {}",
                        message.text
                    );
                    if let Some(left) = leak(&out, part) {
                        *tally.by_shape.entry(secret.shape).or_default() += 1;
                        *tally.by_frame.entry(frames::frame_name(index)).or_default() += 1;
                        tally.leaks.push(format!(
                            "{} / {}: {left}\n  {}\n  {}",
                            secret.shape,
                            frames::frame_name(index),
                            message.text,
                            out
                        ));
                    }
                }
                for word in &message.useful {
                    tally.useful += 1;
                    if out.contains(word.as_str()) {
                        tally.kept += 1;
                    } else {
                        tally.lost.push(format!(
                            "{} / {}: {word}\n  {}\n  {}",
                            secret.shape,
                            frames::frame_name(index),
                            message.text,
                            out
                        ));
                    }
                }
            }
        }
    }
    tally
}

fn report(name: &str, tally: &Tally) {
    println!(
        "{name}: {} shapes, {} frames, {} messages, {} secrets, {} leaks; {} of {} useful words kept ({:.2} %); {} not at rest",
        shapes::SHAPES.len(),
        frames::FRAMES.len() + frames::BARE.len(),
        tally.messages,
        tally.secrets,
        tally.leaks.len(),
        tally.kept,
        tally.useful,
        100.0 * tally.kept as f64 / tally.useful as f64,
        tally.restless
    );
    let show: usize = std::env::var("REDACT_SHOW").ok().and_then(|n| n.parse().ok()).unwrap_or(3);
    println!("leaks by shape {:?}\nby frame {:?}", tally.by_shape, tally.by_frame);
    for text in tally.leaks.iter().take(show) {
        println!("LEAK {text}");
    }
    let mut seen = std::collections::BTreeSet::new();
    for text in
        tally.lost.iter().filter(|t| seen.insert(t.split(':').next().unwrap_or("").to_owned())).take(show)
    {
        println!("LOST {text}");
    }
}

#[test]
fn redact_corpus_leaks_nothing_and_keeps_the_useful() {
    let mut names: Vec<_> = shapes::SHAPES.iter().map(|s| s.1).collect();
    names.sort_unstable();
    names.dedup();
    assert!(names.len() >= 60 && frames::FRAMES.len() >= 20);
    let number =
        |name: &str, default| std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(default);
    let rounds = number("REDACT_ROUNDS", if cfg!(debug_assertions) { 1 } else { 6 });
    let tally = run(number("REDACT_SEED", 20_260_101) as u64, rounds, &|text| redact(text, &|| ()));
    report("redact", &tally);
    assert_eq!(tally.leaks.len(), 0);
    assert_eq!(tally.restless, 0);
    assert!(tally.kept * 100 >= tally.useful * 97);
}

#[test]
fn redact_corpus_names_and_shapes_alone_find_all_but_noise() {
    let tally = run(20_260_102, 1, &|text| redact_known(text, &|| ()).0.into_owned());
    report("redact_known", &tally);
    let noise = tally
        .by_shape
        .iter()
        .filter(|(shape, _)| shape.starts_with("random "))
        .map(|(_, n)| n)
        .sum::<usize>();
    assert_eq!(tally.leaks.len(), noise, "only what nothing announces may pass");
    assert_eq!(tally.restless, 0);
    assert!(tally.kept * 100 >= tally.useful * 97);
}

/// The check itself must be able to fail: a redaction that does nothing leaks everything.
#[test]
fn redact_corpus_sees_what_is_left() {
    let tally = run(1, 1, &|text| text.to_owned());
    assert_eq!(tally.leaks.len(), tally.secrets);
    assert_eq!(tally.kept, tally.useful);
    assert!(leak("token abcdefghijklmnop", "xxabcdefghijklmnopyy").is_some());
    assert!(leak("token abcdefghijklmno", "xxabcdefghijklmnopyy").is_none());
}

#[test]
fn redact_calls_no_secret_inert() {
    let mut r = Random(11);
    let (mut inert, mut words) = (0, 0);
    for _ in 0..if cfg!(debug_assertions) { 3 } else { 20 } {
        for shape in 0..shapes::SHAPES.len() {
            let secret = shapes::make(shape, &mut r);
            for frame in 0..frames::FRAMES.len() {
                let Some(message) = frames::frame(frame, &secret, &mut r) else { continue };
                for word in std::iter::once(message.text.as_str()).chain(message.text.split_whitespace()) {
                    words += 1;
                    let is_inert = has_inert_strings(&serde_json::json!({ word: [word] }).to_string());
                    inert += usize::from(is_inert);
                    assert!(!is_inert || redact_known(word, &|| ()).1 == 0, "{word}");
                }
            }
        }
    }
    assert!(inert > words / 10, "{inert} of {words}: this test looks at nothing");
}
