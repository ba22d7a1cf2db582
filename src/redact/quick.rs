//! The quick and sure test that no string of a JSON text holds a known secret.
//!
//! One look at each byte, together with the one before it, tells where something may begin or end that a matcher would
//! look at: a word, with which a form may begin; the end of a name; a sign of an address, an option or an escape. Only
//! there is more looked at. What stays doubtful goes through the matchers themselves, string by string, so the answer is
//! never surer than theirs.

mod nouns;
mod starts;

use std::sync::LazyLock;

use self::nouns::Nouns;
use self::starts::{Kind, Starts};
use super::forms::{Class, FORMS, Form};
use super::shapes::{self, INNER};
use super::words::WORDS;
use super::{Pace, View};

/// So many bytes of doubtful strings go through the matchers. A text with more is searched as a whole.
const MOST: usize = 1024;

/// A text with more `@` is doubtful.
const MOST_ADDRESSES: usize = 64;

/// Whether the matchers are sure to find nothing in any string of this JSON text, by names and forms.
pub(super) fn inert(json: &str) -> bool {
    let bytes = json.as_bytes();
    let table = &*TABLE;
    let mut judge = Judge { json, table, looked: Vec::new(), left: MOST, addresses: 0 };
    let (mut at, mut allowed) = (0, KINDS[usize::from(b'"')] >> 8);
    while let Some((event, found)) = next_event(bytes, at, &mut allowed) {
        if (event != Kinds::WORD || table.forms.may_begin(bytes, found)) && !judge.look(found, event) {
            return false;
        }
        at = found + 1;
    }
    long_runs(bytes, |start, end| judge.long_run(start, end))
}

/// What is worth a look first from `at` on, and where. `allowed`: the kinds that are, after the byte before.
#[inline]
fn next_event(bytes: &[u8], at: usize, allowed: &mut u16) -> Option<(u16, usize)> {
    for (nth, byte) in bytes[at..].iter().enumerate() {
        let kinds = KINDS[usize::from(*byte)];
        let event = kinds & *allowed;
        *allowed = kinds >> 8;
        if event != 0 {
            return Some((event, at + nth));
        }
    }
    None
}

/// Calls `look` with the start and the end of each run of base64 that is long enough for a form with a run before its
/// text. Gives whether it always said yes.
fn long_runs(bytes: &[u8], mut look: impl FnMut(usize, usize) -> bool) -> bool {
    let part = |i: usize| Class::Base64.of(bytes[i]);
    let mut at = STEP - 1;
    while at + LONG - STEP < bytes.len() {
        // A long run holds the last bytes of so many steps.
        if let Some(other) = (0..LONG / STEP).rev().map(|nth| at + nth * STEP).find(|i| !part(*i)) {
            at = other + STEP;
            continue;
        }
        let (mut start, mut end) = (at, at);
        while start > 0 && part(start - 1) {
            start -= 1;
        }
        while end < bytes.len() && part(end) {
            end += 1;
        }
        if end - start >= LONG + STEP - 1 && !look(start, end) {
            return false;
        }
        at = end + STEP;
    }
    true
}

/// The least length of a base64 run that holds a form of [`Table::inside`] less `STEP`.
const LONG: usize = 36;
const STEP: usize = 4;

fn word(b: u8) -> bool {
    b.is_ascii_alphanumeric()
}

/// What a byte may be, a bit each.
struct Kinds;

impl Kinds {
    /// A letter or a digit: a word begins there, unless one stands before it.
    const WORD: u16 = 1;
    /// Ends a name whose value may follow.
    const SEPARATOR: u16 = 2;
    /// Part of an escape, an address, or groups of letters and digits.
    const SPECIAL: u16 = 4;
    /// Ends a name too, but only one whose last byte is a dash may have a value.
    const OTHER: u16 = 8;
    /// Begins an option, or ends a group of digits and capitals.
    const DASH: u16 = 16;

    /// The kinds of a byte, and in the upper half those of the next byte that are worth a look.
    const fn of(b: u8) -> u16 {
        let begins = Self::WORD | Self::SPECIAL | Self::DASH;
        let ends = Self::SEPARATOR | Self::SPECIAL;
        let (kinds, next) = match b {
            b'a'..=b'z' => (Self::WORD, ends),
            b'A'..=b'Z' | b'0'..=b'9' => (Self::WORD, ends | Self::DASH),
            b'-' => (Self::DASH, begins | ends | Self::OTHER),
            b'.' => (Self::SPECIAL, begins | ends),
            b'_' => (0, begins | ends),
            b'$' => (Self::SPECIAL | Self::OTHER, begins),
            b'\\' | b'%' | b'&' | b'@' | b'~' | 0x80.. => (Self::SPECIAL | Self::SEPARATOR, begins),
            b'"' | b'/' | b'{' | b'}' | b'#' | b';' | b'!' | b'?' | b'+' | b'*' => (Self::OTHER, begins),
            _ => (Self::SEPARATOR, begins),
        };
        kinds | next << 8
    }
}

static KINDS: [u16; 256] = {
    let mut kinds = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        kinds[byte] = Kinds::of(byte as u8);
        byte += 1;
    }
    kinds
};

/// Looks closer where something may begin.
struct Judge<'a> {
    json: &'a str,
    table: &'static Table,
    /// The strings that the matchers have looked at.
    looked: Vec<(usize, usize)>,
    left: usize,
    addresses: usize,
}

impl Judge<'_> {
    /// Whether nothing is found there after all.
    #[inline(never)]
    fn look(&mut self, at: usize, event: u16) -> bool {
        let bytes = self.json.as_bytes();
        let doubtful = event & Kinds::WORD != 0 && self.table.forms.begins(bytes, at)
            || event & (Kinds::SEPARATOR | Kinds::OTHER) != 0 && self.table.nouns.announces(bytes, at)
            || event & (Kinds::SPECIAL | Kinds::DASH) != 0 && self.special(at);
        !doubtful || self.string(at)
    }

    fn special(&mut self, at: usize) -> bool {
        let bytes = self.json.as_bytes();
        let get = |i: usize| bytes.get(i).copied().unwrap_or(0);
        let before = if at == 0 { 0 } else { bytes[at - 1] };
        match bytes[at] {
            b'\\' => get(at + 1) != b'"',
            b'%' => get(at + 1).is_ascii_hexdigit(),
            b'&' => word(get(at + 1)) || get(at + 1) == b'#',
            b'-' if !word(before) && (get(at + 1).is_ascii_alphabetic() || get(at + 1) == b'-') => true,
            b'-' => (get(at + 7) == b'-' || get(at + 5) == b'-') && shapes::groups(bytes, at).is_some(),
            b'.' => {
                (get(at + 7) == b'.' || word(get(at + 16)) && !word(get(at + 17)) && word(get(at + 8)))
                    && shapes::dotted(bytes, at).is_some()
            }
            b'$' | b'~' => self.table.signs.iter().any(|(offset, text)| {
                at.checked_sub(*offset).is_some_and(|at| bytes[at..].starts_with(text))
            }),
            b'@' => {
                self.addresses += 1;
                self.addresses > MOST_ADDRESSES || address(bytes, at)
            }
            _ => true,
        }
    }

    /// Whether nothing is found in a run of base64.
    fn long_run(&mut self, start: usize, end: usize) -> bool {
        let (inside, bytes) = (&self.table.inside, self.json.as_bytes());
        let found = (start..end).any(|at| inside.may_begin(bytes, at) && inside.begins(bytes, at));
        !found || self.string(start)
    }

    /// Whether the matchers find nothing in the string that `at` is in.
    #[inline(never)]
    fn string(&mut self, at: usize) -> bool {
        if self.looked.iter().any(|(start, end)| (*start..*end).contains(&at)) {
            return true;
        }
        let Some((start, end)) = string_around(self.json.as_bytes(), at) else { return false };
        let Some(left) = self.left.checked_sub(end - start) else { return false };
        self.left = left;
        self.looked.push((start, end));
        self.json.get(start..end).is_some_and(clean)
    }
}

struct Table {
    /// Texts with which a form begins, by one of their words.
    forms: Starts,
    nouns: Nouns,
    /// Texts of forms with `$` or `~` in them, and where in them it is.
    signs: Vec<(usize, &'static [u8])>,
    /// Texts in the middle of a long run of base64.
    inside: Starts,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let (mut forms, mut nouns) = (Starts::new(), Nouns::new());
    let (mut signs, mut inside) = (Vec::new(), Starts::new());
    for (nth, form) in FORMS.iter().enumerate() {
        let text = form.text.as_bytes();
        if let Some(offset) = text.iter().position(|b| matches!(b, b'$' | b'~')) {
            signs.push((offset, text));
        } else if within_base64(form) {
            inside.add(text, form.exact, Kind::Anywhere);
        } else {
            forms.add(
                text,
                form.exact,
                if form.before.is_empty() { Kind::Form(nth) } else { Kind::Anywhere },
            );
        }
    }
    for text in INNER {
        forms.add(text.as_bytes(), false, Kind::Form(usize::MAX));
    }
    for (word, ending) in WORDS.nouns() {
        nouns.add(word, ending);
    }
    // What the layer of names knows besides nouns, and what stands before those it knows after other words.
    for word in ["basic", "sharedkey", "sharedkeylite", "negotiate", "ntlm", "ssws", "dpop"] {
        nouns.add(word.as_bytes(), false);
    }
    for word in
        ["auth", "credential", "credentials", "authentication", "getconnection", "__construct", "identified"]
    {
        nouns.add(word.as_bytes(), true);
    }
    Table { forms, nouns, signs, inside }
});

/// Whether the text of a form may stand between other letters and digits. Of any other form a word begins in the text.
fn within_base64(form: &Form) -> bool {
    !form.before.is_empty() && form.text.as_bytes().first().is_some_and(|b| word(*b))
}

/// Whether credentials may stand before the `@` at `at`.
fn address(bytes: &[u8], at: usize) -> bool {
    if matches!(bytes.get(at + 1), Some(b'(' | b'/'))
        || bytes[at..].starts_with(b"@tcp(")
        || bytes[at..].starts_with(b"@unix(")
    {
        return true;
    }
    // Back to the quote that opens the string; one after a backslash may be part of it.
    let opens = |i: &usize| bytes[*i] == b'"' && (*i == 0 || bytes[i - 1] != b'\\');
    let from = (at.saturating_sub(MOST)..at).rev().find(opens).unwrap_or(at.saturating_sub(MOST));
    let before = &bytes[from..at];
    before.contains(&b':')
        && (before.windows(3).any(|w| w == b"://")
            || before.windows(5).any(|w| w.eq_ignore_ascii_case(b"thin:")))
}

/// The string that `at` is in, without its quotes; none where it is long.
fn string_around(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    // A quote after an even number of backslashes opens or closes a string.
    let slashes = |i: usize| bytes[..i].iter().rev().take_while(|b| **b == b'\\').count();
    let start = (at.saturating_sub(MOST)..at).rev().find(|&i| bytes[i] == b'"' && slashes(i) % 2 == 0)? + 1;
    let mut end = start;
    while end < start + 2 * MOST {
        match bytes.get(end)? {
            b'"' => return Some((start, end)),
            b'\\' => end += 2,
            _ => end += 1,
        }
    }
    None
}

/// Whether the matchers find nothing in a string, given as it stands in JSON.
fn clean(raw: &str) -> bool {
    let pace = Pace::new(&|| ());
    let text = serde_json::from_str::<String>(&format!("\"{raw}\""));
    text.is_ok_and(|text| super::find(&View::new(&text, &pace), false, 0, &pace).is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forms::Part;

    /// A form whose text may stand between other letters and digits is in a run of base64 that is long enough.
    #[test]
    fn redact_quick_looks_at_runs_that_are_long_enough() {
        for form in FORMS.iter().filter(|form| within_base64(form) && !form.text.contains(['$', '~'])) {
            let after = form.after.iter().map(|part| match part {
                Part::Run(run) if run.class == Class::Base64 => run.least,
                _ => 0,
            });
            let least = form
                .before
                .iter()
                .filter(|run| run.class == Class::Base64)
                .map(|run| run.least)
                .sum::<usize>();
            assert!(least + form.text.len() + after.sum::<usize>() >= LONG + STEP - 1, "{}", form.text);
        }
        for length in 0..100 {
            for before in 0..20 {
                let text = format!("{}{}{}", ".".repeat(before), "a".repeat(length), ".".repeat(9));
                let mut seen = Vec::new();
                assert!(long_runs(text.as_bytes(), |start, end| {
                    seen.push((start, end));
                    true
                }));
                if length >= LONG + STEP - 1 {
                    assert_eq!(seen, [(before, before + length)]);
                }
            }
        }
    }
}
