//! The layer that knows tokens by their form, whatever stands around them.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, MatchKind};

use super::Pace;
use super::entropy;
use super::forms::{self, Class, FORMS, Form, Part, Reach};
use super::natural;
use super::plausible;
use super::spans::Spans;
use super::value::{blank, line_end};
use super::view::View;

/// What other matchers than the table begin with: JSON in base64, DER.
pub(super) const INNER: &[&str] = &["eyj", "mii"];

/// The text of every form, then the others. None only if the automaton could not be built, which a
/// test rules out.
static STARTS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    let words = FORMS.iter().map(|form| form.text).chain(INNER.iter().copied());
    AhoCorasickBuilder::new()
        .match_kind(MatchKind::Standard)
        .ascii_case_insensitive(true)
        .dense_depth(3)
        .build(words)
        .ok()
});

/// Longer runs are not looked at for words: that would be done again at each prefix inside them.
const LONG: usize = 512;

pub(super) fn scan(view: &View, depth: usize, pace: &Pace<'_>, spans: &mut Spans) {
    let Some(starts) = STARTS.as_ref() else { return };
    grouped(view, spans);
    let mut reach = Reach::default();
    let mut paced = 0;
    for found in starts.find_overlapping_iter(view.bytes()) {
        let at = found.start();
        pace.step(found.end().saturating_sub(paced));
        paced = paced.max(found.end());
        let which = found.pattern().as_usize();
        match FORMS.get(which) {
            Some(form) => known(view, form, at, &mut reach, spans),
            None if INNER[which - FORMS.len()] == "mii" => der(view, at, &mut reach, spans),
            None => {
                jwt(view, at, &mut reach, spans);
                // JSON in base64: what is in it decides.
                if !Class::Base64.of(view.before(at)) {
                    let end = reach.end(view, 2, Class::Base64, at);
                    if entropy::hides_something(view.slice(at, end), depth, pace) {
                        spans.add(view, at, end, "secret");
                    }
                }
            }
        }
    }
}

/// Forms that no text tells, only where their groups are: looked at from each dash and each dot.
fn grouped(view: &View, spans: &mut Spans) {
    let bytes = view.bytes();
    let mut reached = 0;
    for (at, b) in bytes.iter().enumerate() {
        let found = match b {
            b'-' if at >= reached => groups(bytes, at).map(|span| (span, "recovery-key")),
            b'.' if at >= reached => dotted(bytes, at).map(|span| (span, "token")),
            _ => None,
        };
        if let Some(((start, end), label)) = found {
            spans.add(view, start, end, label);
            reached = end;
        }
    }
}

/// Recovery keys: BitLocker's eight groups of six digits, FileVault's six groups of four capitals and digits. `at` is
/// the first dash.
pub(super) fn groups(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    let capital = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit();
    let fits = |size: usize, count: usize, of: &dyn Fn(u8) -> bool| {
        let start = at.checked_sub(size)?;
        let end = start + count * (size + 1) - 1;
        let text = bytes.get(start..end)?;
        let grouped =
            text.iter().enumerate().all(|(i, b)| if i % (size + 1) == size { *b == b'-' } else { of(*b) });
        // No group more on either side.
        let edge = |i: Option<usize>, next: Option<usize>| {
            let get = |i: Option<usize>| i.and_then(|i| bytes.get(i)).copied().unwrap_or(0);
            !(get(i).is_ascii_alphanumeric() || get(i) == b'-' && of(get(next)))
        };
        let ends = edge(Some(end), Some(end + 1)) && edge(start.checked_sub(1), start.checked_sub(2));
        (grouped && ends).then_some((start, end))
    };
    let mixed = |span: &(usize, usize)| {
        let text = &bytes[span.0..span.1];
        text.iter().any(u8::is_ascii_digit) && text.iter().any(u8::is_ascii_uppercase)
    };
    fits(6, 8, &|b| b.is_ascii_digit()).or_else(|| fits(4, 6, &capital).filter(mixed))
}

/// A kubeadm token (6 and 16 small letters and digits), a Discord bot's (24 to 28, 6, 27 and more). `at` is the first
/// dot.
pub(super) fn dotted(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    let get = |i: usize| bytes.get(i).copied().unwrap_or(0);
    let small = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let url = |b: u8| Class::Url.of(b);
    if get(at + 7) == b'.' && (1..7).all(|n| url(get(at + n))) {
        let from = at.saturating_sub(29);
        let id = (from..at).rev().take_while(|&i| bytes[i].is_ascii_alphanumeric()).count();
        if !(23..=28).contains(&id) {
            return None;
        }
        let most = bytes.len().min(at + 80);
        let end = (at + 8..most).find(|&i| !url(bytes[i])).unwrap_or(most);
        return (end >= at + 35 && natural::odd(&bytes[at + 8..end])).then_some((at - id, end));
    }
    let start = at.checked_sub(6)?;
    let end = at + 17;
    if !(small(get(at + 16)) && small(get(at - 1))) || bytes.len() < end {
        return None;
    }
    let (id, secret) = (&bytes[start..at], &bytes[at + 1..end]);
    let edge = |b: u8| !(b.is_ascii_alphanumeric() || matches!(b, b'.' | b'/'));
    // Names of files hold hex there.
    let hex = secret.iter().all(u8::is_ascii_hexdigit);
    // Of runs as short as these too many read like words.
    let changes =
        |run: &[u8]| run.windows(2).filter(|p| p[0].is_ascii_digit() != p[1].is_ascii_digit()).count();
    (id.iter().chain(secret).all(|b| small(*b))
        && !hex
        && secret.iter().any(u8::is_ascii_digit)
        && (changes(id) + changes(secret) >= 3 || natural::odd(secret))
        && edge(get(end))
        && (start == 0 || edge(bytes[start - 1])))
    .then_some((start, end))
}

fn known(view: &View, form: &Form, at: usize, reach: &mut Reach, spans: &mut Spans) {
    let (start, end) = match forms::fits(form, view, at, reach) {
        Some(Ok(found)) => found,
        Some(Err(end)) => match in_two_lines(view, form, at + form.text.len(), end, reach) {
            Some(end) => (at, end),
            None => return,
        },
        None => return,
    };
    // Words joined by `_` and `-` are none of these.
    let plain = |b: &u8| b.is_ascii_lowercase() || matches!(b, b'_' | b'-' | b'.' | b'/');
    let begin = at + form.text.len();
    if form.before.is_empty() && end - begin <= LONG && view.slice(begin, end).iter().all(plain) {
        return;
    }
    // Of an address the host stays.
    let host =
        form.after.first().is_some_and(|part| matches!(part, Part::Run(run) if run.class == Class::Path));
    spans.add(view, if host { begin } else { start }, end, form.label);
}

/// The end of a token whose one run, `[start, end)`, goes on in the next line.
fn in_two_lines(view: &View, form: &Form, start: usize, end: usize, reach: &mut Reach) -> Option<usize> {
    let Some(Part::Run(run)) = form.after.first() else { return None };
    let length = end - start;
    if length < 4 {
        return None;
    }
    let next = next_line(view, end)?;
    let far = reach.end(view, 1, run.class, next);
    let rest = view.slice(next, far);
    let odd = far - next <= LONG && (plausible::random(rest) || rest.len() >= 16 && natural::odd(rest));
    let total = length + (far - next);
    (total >= run.least && total <= run.most && odd || total == run.least).then_some(far)
}

/// Where the text of the next line begins, when `end` is at the end of one.
fn next_line(view: &View, end: usize) -> Option<usize> {
    if !line_end(view.get(end)) {
        return None;
    }
    (end..view.len().min(end + 40)).find(|&i| !line_end(view.get(i)) && !blank(view.get(i)))
}

/// DER of a private key: a sequence that begins with the number 0.
fn der(view: &View, at: usize, reach: &mut Reach, spans: &mut Spans) {
    if view.slice(at, at + 3) != b"MII" || view.before(at).is_ascii_alphanumeric() {
        return;
    }
    let head = view.slice(at, view.len().min(at + 12));
    let end = reach.end(view, 2, Class::Base64, at);
    let zero = head.get(5..9) == Some(b"AIBA") || head.get(6..9) == Some(b"IBA");
    if zero && end - at >= 40 {
        spans.add(view, at, end, "private-key");
    }
}

/// `eyJ….….…`, also without its signature, also with the five parts of an encrypted one, also cut at the end
/// of a line.
fn jwt(view: &View, at: usize, reach: &mut Reach, spans: &mut Spans) {
    if view.slice(at, at + 3) != b"eyJ" && view.lower(at, at + 3) != b"eyj"
        || view.before(at).is_ascii_alphanumeric()
    {
        return;
    }
    let head = reach.end(view, 0, Class::Url, at);
    if head - at < 12 {
        return;
    }
    let mut end = head;
    if view.get(head) == b'.' {
        // The dotted run as a whole: payload, signature, or what an encrypted one has.
        end = reach.end(view, 1, Class::Dotted, head);
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
