//! Texts of forms, found by the words in them.

use super::word;
use crate::forms::{Class, FORMS, Part};

/// How a text that may begin somewhere is judged.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Kind {
    /// The beginning of this form.
    Form(usize),
    /// A form with a run before this text.
    Anywhere,
}

/// A text, whether capitals matter in it, and how it is judged.
pub(super) type Text = (&'static [u8], bool, Kind);

/// Texts by a hash of the first four bytes of one of their words, of each byte the last five bits: capitals and small
/// letters fall together. What else does is told apart afterwards.
pub(super) struct Starts {
    /// Whether a text begins so, a bit each.
    bits: Box<[u32; 1 << 12]>,
    /// Whether a text of two bytes is this one, a bit each.
    pairs: Box<[u32; 1 << 11]>,
    /// Which list of texts begins so, by all but the last two bits of the hash.
    places: Box<[u16; 1 << 15]>,
    /// Each with where in it the word begins whose first bytes are looked for. The first list is of the texts of two.
    texts: Vec<Vec<(usize, Text)>>,
}

fn hash(four: u32) -> usize {
    ((four & 0x1f1f_1f1f).wrapping_mul(0x9e37_79b1) >> 15) as usize
}

fn four(bytes: &[u8], at: usize) -> u32 {
    match bytes.get(at..at + 4) {
        Some(four) => u32::from_le_bytes([four[0], four[1], four[2], four[3]]),
        None => {
            let get = |n: usize| bytes.get(at + n).copied().unwrap_or(0);
            u32::from_le_bytes([get(0), get(1), get(2), 0])
        }
    }
}

impl Starts {
    pub(super) fn new() -> Starts {
        Starts {
            bits: Box::new([0; 1 << 12]),
            pairs: Box::new([0; 1 << 11]),
            places: Box::new([0; 1 << 15]),
            texts: vec![Vec::new()],
        }
    }

    pub(super) fn add(&mut self, text: &'static [u8], exact: bool, kind: Kind) {
        // The longest word: the first is that of many addresses.
        let length = |at: usize| text[at..].iter().take_while(|b| word(**b)).count();
        let words = (0..text.len()).filter(|&i| word(text[i]) && (i == 0 || !word(text[i - 1])));
        let offset = words.filter(|i| i + 4 <= text.len() || *i == 0).max_by_key(|i| length(*i));
        let offset = offset.or_else(|| text.iter().position(|b| word(*b))).unwrap_or(0);
        let begin = &text[offset..];
        if let [first, second] = *begin {
            for (first, second) in cases(first, exact).flat_map(|f| cases(second, exact).map(move |s| (f, s)))
            {
                let pair = usize::from(first) << 8 | usize::from(second);
                self.pairs[pair >> 5] |= 1 << (pair & 31);
            }
            self.texts[0].push((offset, (text, exact, kind)));
            return;
        }
        // A fourth byte may be any.
        for fourth in begin.get(3).map_or(0..=31, |b| *b..=*b) {
            let hash = hash(u32::from_le_bytes([begin[0], begin[1], begin[2], fourth]));
            self.bits[hash >> 5] |= 1 << (hash & 31);
            let place = &mut self.places[hash >> 2];
            if *place == 0 {
                *place = u16::try_from(self.texts.len()).unwrap_or(u16::MAX);
                self.texts.push(Vec::new());
            }
            let list = &mut self.texts[usize::from(*place)];
            if !list.contains(&(offset, (text, exact, kind))) {
                list.push((offset, (text, exact, kind)));
            }
        }
    }

    #[inline]
    pub(super) fn may_begin(&self, bytes: &[u8], at: usize) -> bool {
        let four = four(bytes, at);
        self.by_hash(four) || self.by_pair(four)
    }

    fn by_hash(&self, four: u32) -> bool {
        let hash = hash(four);
        self.bits[hash >> 5] >> (hash & 31) & 1 != 0
    }

    fn by_pair(&self, four: u32) -> bool {
        let pair = usize::from((four as u16).swap_bytes());
        self.pairs[pair >> 5] >> (pair & 31) & 1 != 0
    }

    /// Whether a matcher might find something of a text whose word begins at `at`.
    #[inline(never)]
    pub(super) fn begins(&self, bytes: &[u8], at: usize) -> bool {
        let four = four(bytes, at);
        let place = if self.by_hash(four) { self.places[hash(four) >> 2] } else { 0 };
        let doubtful = |(offset, text): &(usize, Text)| {
            at.checked_sub(*offset).is_some_and(|at| doubtful(bytes, at, text))
        };
        place > 0 && self.texts[usize::from(place)].iter().any(doubtful)
            || self.by_pair(four) && self.texts[0].iter().any(doubtful)
    }
}

/// A byte of a text, as it may be written.
fn cases(b: u8, exact: bool) -> impl Iterator<Item = u8> {
    let other = if exact { b } else { b.to_ascii_uppercase() };
    [b, other].into_iter().take(if other == b { 1 } else { 2 })
}

fn doubtful(bytes: &[u8], at: usize, (text, exact, kind): &Text) -> bool {
    let end = at + text.len();
    let last = text[text.len() - 1];
    let Some(found) = bytes.get(at..end).filter(|found| (found[text.len() - 1] ^ last) & 31 == 0) else {
        return false;
    };
    if !(if *exact { found == *text } else { found.eq_ignore_ascii_case(text) }) {
        return false;
    }
    match kind {
        Kind::Form(nth) => goes_on(*nth, bytes, end),
        Kind::Anywhere => true,
    }
}

/// Whether the first run of a form is long enough. What could lengthen it, such as an end of the line, is an escape in
/// JSON, and doubtful by itself.
fn goes_on(form: usize, bytes: &[u8], from: usize) -> bool {
    match FORMS.get(form).and_then(|form| form.after.first()) {
        Some(Part::Run(run)) if run.class != Class::Guid => {
            bytes[from..].iter().take_while(|b| run.class.of(**b)).take(run.least).count() == run.least
        }
        _ => true,
    }
}
