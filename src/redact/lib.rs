//! Takes secrets out of free text before it is stored.
//!
//! Three layers look at the same decoded `view`: `structure` (a name that announces a secret, headers,
//! URLs, command lines), `shapes` (tokens that are known by their form) and `entropy` (long random runs).
//! What they find is replaced in the source by `[redacted:what]`. A password in prose cannot be found.
//!
//! Passes repeat until one finds nothing, which makes the whole idempotent by construction; a text that does
//! not come to rest is replaced as a whole.

#![forbid(unsafe_code)]

mod base64;
mod command;
mod context;
mod entropy;
mod forms;
mod headers;
mod json;
mod marker;
mod names;
mod natural;
mod pairs;
mod pem;
mod plausible;
mod quick;
mod separator;
mod shapes;
mod spans;
mod structure;
mod url;
mod value;
mod view;
mod words;
mod wrap;

use std::borrow::Cow;
use std::cell::Cell;

use spans::Spans;
use view::View;

/// Called from time to time by work whose length depends on the input. It may unwind to cancel.
pub type Tick<'a> = &'a dyn Fn();

/// After this many passes that each found something the text is given up. One that finds and one that finds
/// nothing are usual; none of 40,000 random texts made of what the matchers look for needed more than four.
const PASSES: usize = 12;
const GIVEN_UP: &str = "[redacted:message]";

/// The message without its secrets: by structure, by shape and by entropy. Any length, linear time, never
/// fails, and `redact(redact(x)) == redact(x)`.
pub fn redact(message: &str, tick: Tick<'_>) -> String {
    run(message, true, tick).0.into_owned()
}

/// Without the entropy layer, so that etags, cursors and versions survive: for labels and values that are
/// kept on purpose. Gives the text and how many replacements were made.
pub fn redact_known<'a>(text: &'a str, tick: Tick<'_>) -> (Cow<'a, str>, usize) {
    run(text, false, tick)
}

/// Whether [`redact_known`] is sure to find nothing in any string of a JSON text, keys included. Most values of `meta`
/// are words, numbers and times, and a full search costs more than storing them. Tests hold this against the matchers.
pub fn has_inert_strings(json: &str) -> bool {
    quick::inert(json)
}

fn run<'a>(text: &'a str, with_entropy: bool, tick: Tick<'_>) -> (Cow<'a, str>, usize) {
    let pace = Pace::new(tick);
    let mut text = Cow::Borrowed(text);
    let mut count = 0;
    for _ in 0..PASSES {
        // Offsets are 32 bits wide; no PostgreSQL value is that long.
        if u32::try_from(text.len()).is_err() {
            break;
        }
        let view = View::new(&text, &pace);
        let found = find(&view, with_entropy, 0, &pace);
        if found.is_empty() {
            return (text, count);
        }
        let alone = |name: &str| {
            let view = View::new(name, &pace);
            find(&view, false, 0, &pace).pieces(&view)
        };
        let pieces = json::keep(&text, found.pieces(&view), &alone);
        if pieces.is_empty() {
            return (text, count);
        }
        count += pieces.len();
        text = Cow::Owned(spans::render(&text, &pieces));
    }
    (Cow::Borrowed(GIVEN_UP), count + 1)
}

/// One pass: everything that one view shows. `depth` counts the base64 texts we are inside of.
fn find(view: &View, with_entropy: bool, depth: usize, pace: &Pace<'_>) -> Spans {
    let mut spans = Spans::default();
    let public = pem::scan(view, pace, &mut spans);
    structure::scan(view, pace, &mut spans);
    url::scan(view, pace, &mut spans);
    shapes::scan(view, depth, pace, &mut spans);
    spans.merge();
    wrap::follow(view, &mut spans);
    if with_entropy {
        entropy::scan(view, &public, depth, pace, &mut spans);
        spans.merge();
        wrap::follow(view, &mut spans);
    }
    spans
}

/// Calls the tick every so many steps, a step being about one byte looked at.
struct Pace<'a> {
    tick: Tick<'a>,
    steps: Cell<usize>,
}

impl<'a> Pace<'a> {
    const STEPS: usize = 1 << 16;

    fn new(tick: Tick<'a>) -> Pace<'a> {
        Pace { tick, steps: Cell::new(0) }
    }

    fn step(&self, count: usize) {
        let steps = self.steps.get() + count;
        if steps < Self::STEPS {
            self.steps.set(steps);
        } else {
            self.steps.set(0);
            (self.tick)();
        }
    }
}
