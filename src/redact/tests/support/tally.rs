//! Counts of what goes wrong, by kind.

use std::collections::BTreeMap;

/// Many of a kind, and examples of what went wrong.
#[derive(Default)]
pub struct Tally {
    count: usize,
    wrong: usize,
    kinds: BTreeMap<String, (usize, String)>,
}

impl Tally {
    pub fn add(&mut self, wrong: bool, kind: &str, text: impl FnOnce() -> String) {
        self.count += 1;
        if wrong {
            self.wrong += 1;
            self.kinds.entry(kind.to_owned()).or_insert_with(|| (0, text())).0 += 1;
        }
    }

    pub fn report(&self, name: &str) -> f64 {
        let percent = 100.0 * self.wrong as f64 / self.count as f64;
        println!("{name}: {} of {} ({percent:.2} %)", self.wrong, self.count);
        for (kind, (count, text)) in &self.kinds {
            println!("  {count} × {kind}: {text}");
        }
        percent
    }
}
