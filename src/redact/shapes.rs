//! The layer that knows tokens by their form, whatever stands around them.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, MatchKind};

use super::entropy;
use super::natural;
use super::plausible;
use super::spans::Spans;
use super::value::{blank, line_end};
use super::vendors::{Made, VENDORS};
use super::view::View;
use super::{CLASSES, DIGIT, LETTER, Pace};

/// Marks inside a token, with what stands before them.
const INNER: &[&str] = &["eyj", "q~", ":aa", ".atlasv1.", "_mmk", "-us", "pat", "mii"];

/// All prefixes in lower case, then the inner marks. None only if the automaton could not be built, which a
/// test rules out.
static STARTS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    let words = VENDORS.iter().map(|v| v.prefix).chain(INNER.iter().copied());
    AhoCorasickBuilder::new().match_kind(MatchKind::Standard).ascii_case_insensitive(true).build(words).ok()
});

/// Longer runs are not looked at for words: that would be done again at each prefix inside them.
const LONG: usize = 512;

/// How far runs of each kind reach, so that no run is measured twice.
#[derive(Default)]
struct Reach {
    known: [(usize, usize); Made::ALL.len()],
}

impl Reach {
    fn end(&mut self, view: &View, made: Made, from: usize) -> usize {
        let slot = &mut self.known[made as usize];
        if !(slot.0 <= from && from < slot.1) {
            let end = (from..view.len()).find(|&i| !made.of(view.get(i))).unwrap_or(view.len());
            *slot = (from, end);
        }
        slot.1
    }
}

pub(super) fn scan(view: &View, depth: usize, pace: &Pace<'_>, spans: &mut Spans) {
    let Some(starts) = STARTS.as_ref() else { return };
    let mut reach = [Reach::default(), Reach::default(), Reach::default()];
    let mut paced = 0;
    for found in starts.find_overlapping_iter(view.bytes()) {
        let at = found.start();
        pace.step(found.end().saturating_sub(paced));
        paced = paced.max(found.end());
        let which = found.pattern().as_usize();
        if which < VENDORS.len() {
            vendor(view, which, at, &mut reach, spans);
        } else {
            inner(view, INNER[which - VENDORS.len()], at, &mut reach, spans);
            // JSON in base64: what is in it decides.
            if INNER[which - VENDORS.len()] == "eyj" && !Made::Base64.of(view.before(at)) {
                let end = reach[2].end(view, Made::Base64, at);
                if entropy::hides_something(view.slice(at, end), depth, pace) {
                    spans.add(view, at, end, "secret");
                }
            }
        }
    }
}

/// Whether a text may hold a token, where it spells no escapes and its strings no `~`: a prefix or a mark stands at
/// the beginning of a word. Only those marks that hold a `~` or follow a colon stand elsewhere.
pub(super) fn may_hold(bytes: &[u8]) -> bool {
    const WORD: u8 = LETTER | DIGIT;
    let known = &*BEGINNINGS;
    let mut before = 0;
    for (at, pair) in bytes.windows(2).enumerate() {
        let class = CLASSES[usize::from(pair[0])] & WORD;
        let begins = u8::from((before == 0) | (class == 0)).wrapping_neg();
        before = class;
        // one branch a byte, hardly ever taken
        if begins & known.first[usize::from(pair[0])] & known.second[usize::from(pair[1])] != 0 {
            let rest = &bytes[at..];
            let starts = |word: &&str| {
                rest.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word.as_bytes()))
            };
            if known.of(pair[0], pair[1]).iter().any(starts) {
                return true;
            }
        }
    }
    false
}

/// Every prefix and mark, by its first two bytes in lower case; none is shorter.
struct Beginnings {
    words: Vec<Vec<&'static str>>,
    place: Vec<u8>,
    /// In which of eight groups there is a word that begins with a byte, and one whose second byte it is: a look
    /// into two small tables, where most pairs of bytes have no group in common.
    first: [u8; 256],
    second: [u8; 256],
}

static BEGINNINGS: LazyLock<Beginnings> = LazyLock::new(|| {
    let mut known =
        Beginnings { words: vec![Vec::new()], place: vec![0; 1 << 16], first: [0; 256], second: [0; 256] };
    for word in VENDORS.iter().map(|v| v.prefix).chain(INNER.iter().copied()) {
        if let [first, second, ..] = *word.as_bytes() {
            let place = &mut known.place[Beginnings::key(first, second)];
            if *place == 0 {
                *place = u8::try_from(known.words.len()).unwrap_or(u8::MAX);
                known.words.resize_with(usize::from(*place) + 1, Vec::new);
            }
            known.words[usize::from(*place)].push(word);
            let group = 1 << (first.to_ascii_lowercase() % 8);
            for (table, byte) in [(&mut known.first, first), (&mut known.second, second)] {
                table[usize::from(byte.to_ascii_lowercase())] |= group;
                table[usize::from(byte.to_ascii_uppercase())] |= group;
            }
        }
    }
    known
});

impl Beginnings {
    fn key(first: u8, second: u8) -> usize {
        usize::from(first.to_ascii_lowercase()) << 8 | usize::from(second.to_ascii_lowercase())
    }

    fn of(&self, first: u8, second: u8) -> &[&'static str] {
        &self.words[usize::from(self.place[Self::key(first, second)])]
    }
}

fn vendor(view: &View, which: usize, at: usize, reach: &mut [Reach; 3], spans: &mut Spans) {
    let vendor = &VENDORS[which];
    let start = at + vendor.prefix.len();
    if view.before(at).is_ascii_alphanumeric()
        || vendor.exact && view.slice(at, start) != vendor.prefix.as_bytes()
    {
        return;
    }
    let mut end = reach[0].end(view, vendor.made, start);
    let mut length = end - start;
    if length < vendor.least && length >= 4 {
        // The rest may be on the next line.
        if let Some(next) = next_line(view, end) {
            let far = reach[1].end(view, vendor.made, next);
            let rest = view.slice(next, far);
            if far - next <= LONG && (plausible::random(rest) || rest.len() >= 16 && natural::odd(rest))
                || length + (far - next) == vendor.least
            {
                length += far - next;
                end = far;
            }
        }
    }
    if length < vendor.least || length > vendor.most {
        return;
    }
    // Words joined by `_` and `-` are none of these.
    let plain = |b: &u8| b.is_ascii_lowercase() || matches!(b, b'_' | b'-' | b'.' | b'/');
    if end - start <= LONG && view.slice(start, end).iter().all(plain) {
        return;
    }
    // Of an address the host stays.
    spans.add(view, if vendor.made == Made::Path { start } else { at }, end, vendor.label);
}

/// Where the text of the next line begins, when `end` is at the end of one.
fn next_line(view: &View, end: usize) -> Option<usize> {
    if !line_end(view.get(end)) {
        return None;
    }
    (end..view.len().min(end + 40)).find(|&i| !line_end(view.get(i)) && !blank(view.get(i)))
}

fn inner(view: &View, mark: &str, at: usize, reach: &mut [Reach; 3], spans: &mut Spans) {
    let back = |count: usize, fits: &dyn Fn(u8) -> bool| {
        (at.saturating_sub(count)..at).rev().take_while(|&i| fits(view.get(i))).last().unwrap_or(at)
    };
    let after = at + mark.len();
    match mark {
        "eyj" => jwt(view, at, reach, spans),
        // The secret of an Entra application.
        "q~" if view.slice(at, after) == b"Q~" && at >= 4 && view.get(at - 1).is_ascii_digit() => {
            let end = reach[2].end(view, Made::Dotted, after);
            let start = back(4, &|b| Made::Dotted.of(b) && b != b'=');
            if end - after >= 28 && at - start == 4 {
                spans.add(view, start, end, "secret");
            }
        }
        // A Telegram bot.
        ":aa" => {
            let start = back(11, &|b| b.is_ascii_digit());
            let end = reach[2].end(view, Made::Url, at + 1);
            if at - start >= 8 && (33..=40).contains(&(end - at - 1)) {
                spans.add(view, start, end, "token");
            }
        }
        ".atlasv1." => {
            let start = back(20, &|b| b.is_ascii_alphanumeric());
            let end = reach[2].end(view, Made::Url, after);
            if at - start >= 10 && end - after >= 40 {
                spans.add(view, start, end, "token");
            }
        }
        "_mmk" => {
            let start = back(48, &|b| Made::Url.of(b));
            if at - start >= 30 && !Made::Url.of(view.get(after)) {
                spans.add(view, start, after, "key");
            }
        }
        // Mailchimp: 32 hex digits and a data centre.
        "-us" if view.get(after).is_ascii_digit() => {
            let start = back(33, &|b| b.is_ascii_hexdigit());
            let end = reach[2].end(view, Made::Alnum, after);
            if at - start == 32 && end - after <= 2 {
                spans.add(view, start, end, "api-key");
            }
        }
        // Airtable: `pat`, 14 characters, a dot, 64 hex digits.
        "pat" if !view.before(at).is_ascii_alphanumeric() && view.get(at + 17) == b'.' => {
            let end = reach[2].end(view, Made::Hex, at + 18);
            if end - at - 18.min(end - at) >= 60 {
                spans.add(view, at, end, "token");
            }
        }
        // DER of a private key: a sequence that begins with the number 0.
        "mii" if view.slice(at, after) == b"MII" && !view.before(at).is_ascii_alphanumeric() => {
            let head = view.slice(at, view.len().min(at + 12));
            let end = reach[2].end(view, Made::Base64, at);
            let zero = head.get(5..9) == Some(b"AIBA") || head.get(6..9) == Some(b"IBA");
            if zero && end - at >= 40 {
                spans.add(view, at, end, "private-key");
            }
        }
        _ => {}
    }
}

/// `eyJ….….…`, also without its signature, also with the five parts of an encrypted one, also cut at the end
/// of a line.
fn jwt(view: &View, at: usize, reach: &mut [Reach; 3], spans: &mut Spans) {
    if view.slice(at, at + 3) != b"eyJ" && view.lower(at, at + 3) != b"eyj"
        || view.before(at).is_ascii_alphanumeric()
    {
        return;
    }
    let head = reach[0].end(view, Made::Url, at);
    if head - at < 12 {
        return;
    }
    let mut end = head;
    if view.get(head) == b'.' {
        // The dotted run as a whole: payload, signature, or what an encrypted one has.
        end = reach[1].end(view, Made::Dotted, head);
    }
    let dotted = end > head + 4;
    let cut = line_end(view.get(end)) && end - at >= 32 && next_line(view, end).is_some();
    if dotted || cut {
        spans.add(view, at, end, "jwt");
    }
}

#[cfg(test)]
mod tests {
    use super::super::{redact, redact_known};
    use super::*;

    #[test]
    fn redact_shapes_automaton_builds() {
        assert!(STARTS.is_some());
    }

    #[test]
    fn redact_shapes_need_no_name() {
        for (secret, label) in [
            ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "jwt"),
            ("eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.", "jwt"),
            ("ghp_0123456789abcdefghijABCDEFGHIJ012345", "github-token"),
            ("AKIAIOSFODNN7EXAMPLE", "aws-key-id"),
            ("xoxb-1234567890-abcdefABCDEF", "slack-token"),
            ("123456789:AAF0aB1cD2eF3gH4iJ5kL6mN7oP8qR9sT0u", "token"),
            ("abC8Q~aB1cD2eF3gH4iJ5kL6mN7oP8qR9sT0uV1w", "secret"),
            ("0123456789abcdef0123456789abcdef-us12", "api-key"),
        ] {
            let text = format!("got {secret} here");
            assert_eq!(redact_known(&text, &|| ()).0, format!("got [redacted:{label}] here"));
            assert_eq!(redact(&text, &|| ()), format!("got [redacted:{label}] here"));
        }
    }
}
