//! Prints the corpus for tests in other languages, one JSON object a line: `cargo run --example redact_corpus SEED`.
#![allow(missing_docs)]

#[path = "frames.rs"]
mod frames;
#[path = "shapes.rs"]
mod shapes;
#[path = "mod.rs"]
mod support;

use support::Random;

fn main() {
    let seed = std::env::args().nth(1).and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let mut r = Random(seed);
    for shape in 0..shapes::SHAPES.len() {
        for index in 0..frames::FRAMES.len() + frames::BARE.len() {
            let secret = shapes::make(shape, &mut r);
            let Some(message) = frames::frame(index, &secret, &mut r) else { continue };
            let line = serde_json::json!({
                "shape": secret.shape,
                "frame": frames::frame_name(index),
                "text": message.text,
                "secrets": secret.parts,
                "useful": message.useful,
                // What nothing announces is found by the entropy layer alone, which labels and meta do not go through.
                "known": !secret.shape.starts_with("random "),
            });
            println!("{line}");
        }
    }
}
