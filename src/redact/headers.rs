//! Headers that carry credentials: `Authorization` with its schemes, and cookies.

use super::base64;
use super::natural;
use super::plausible::{self, Form};
use super::separator::{self, Place};
use super::spans::Spans;
use super::structure;
use super::value::{self, Value, blank, line_end, name_byte, quote, skip_blanks, skip_fold};
use super::view::{REDACTED, View};

/// Schemes with one token after them.
const TOKEN: &[(&[u8], &str)] = &[
    (b"bearer", "bearer"),
    (b"basic", "basic"),
    (b"token", "token"),
    (b"apikey", "key"),
    (b"api-key", "key"),
    (b"key", "key"),
    (b"sharedkey", "key"),
    (b"sharedkeylite", "key"),
    (b"sharedaccesssignature", "signature"),
    (b"negotiate", "authorization"),
    (b"ntlm", "authorization"),
    (b"kerberos", "authorization"),
    (b"ssws", "token"),
    (b"geniekey", "key"),
    (b"splunk", "token"),
    (b"dpop", "token"),
    (b"pop", "token"),
    (b"jwt", "jwt"),
    (b"wsse", "authorization"),
    (b"aws", "authorization"),
];

/// Schemes with a list of parameters.
const PARAMETERS: &[&[u8]] = &[
    b"digest",
    b"aws4-hmac-sha256",
    b"aws4-ecdsa-p256-sha256",
    b"goog4-rsa-sha256",
    b"goog4-hmac-sha256",
    b"oauth",
    b"hawk",
    b"signature",
    b"mac",
    b"hmac-sha256",
    b"acs3-hmac-sha256",
    b"googlelogin",
    b"scram-sha-256",
    b"tc3-hmac-sha256",
    b"mediabrowser",
    b"custom",
    b"acsauth",
];

fn token_scheme(word: &[u8]) -> Option<&'static str> {
    TOKEN.iter().find(|(name, _)| *name == word).map(|(_, label)| *label)
}

/// A scheme by itself, wherever it stands: `Bearer eyJ…`, `Basic dXNlcjpwYXNz`, `SharedKey account:abc=`.
pub(super) fn scheme(view: &View, start: usize, end: usize, spans: &mut Spans) -> Option<usize> {
    let word = view.lower(start, end);
    if matches!(word, b"auth" | b"pass") && blank(view.get(end)) {
        return server_command(view, start, end, spans);
    }
    if !matches!(
        word,
        b"bearer" | b"basic" | b"sharedkey" | b"sharedkeylite" | b"negotiate" | b"ntlm" | b"ssws" | b"dpop"
    ) {
        return None;
    }
    let at = skip_fold(view, end);
    if at == end {
        return None;
    }
    let value = value::bare(view, at, view.percent(end), Form::Assigned);
    let text = view.slice(value.start, value.end);
    let found = match word {
        b"basic" => base64::decode(text).is_some_and(|plain| plain.contains(&b':')),
        b"sharedkey" | b"sharedkeylite" => text.contains(&b':') && text.len() > 20,
        b"bearer" => !parameter(view, at) && credential(text),
        _ => plausible::random(text),
    };
    if !found {
        return None;
    }
    spans.add(view, value.start, value.end, token_scheme(word)?);
    Some(value.next)
}

/// `AUTH PLAIN AGJv…` of SMTP, `AUTH s3cret` of Redis, `PASS s3cret` of FTP and POP: in capitals, as servers are
/// spoken to. `PASS` is also what test runners say, so the argument ends the line and is no file.
fn server_command(view: &View, start: usize, end: usize, spans: &mut Spans) -> Option<usize> {
    let mut at = skip_blanks(view, end);
    for mechanism in [b"plain ".as_slice(), b"login "] {
        if view.starts(at, mechanism) {
            at = skip_blanks(view, at + mechanism.len());
        }
    }
    let mut value = value::bare(view, at, 0, Form::Assigned);
    let user = view.slice(value.start, value.end);
    // `AUTH user secret`, since Redis 6.
    let second = skip_blanks(view, value.end);
    if second > value.end
        && user.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-')
        && view.slice(start, end) == b"AUTH"
    {
        let next = value::bare(view, second, 0, Form::Assigned);
        let after = view.get(next.end);
        if after == 0 || line_end(after) || quote(after) {
            value = next;
        }
    }
    let text = view.slice(value.start, value.end);
    let mixed =
        text.len() >= 6 && text.iter().any(u8::is_ascii_digit) && text.iter().any(u8::is_ascii_alphabetic);
    let after = view.get(value.end);
    let file = text.contains(&b'/') || !(after == 0 || line_end(after) || quote(after));
    let said = match view.slice(start, end) {
        b"AUTH" => true,
        b"PASS" => !file,
        _ => false,
    };
    if !said || !mixed || text.contains(&REDACTED) {
        return None;
    }
    spans.add(view, value.start, value.end, "password");
    Some(value.next)
}

/// `realm="…"`: a challenge, not credentials.
fn parameter(view: &View, at: usize) -> bool {
    let end = (at..at + 32).find(|&i| !name_byte(view.get(i))).unwrap_or(at);
    // `token_type=Bearer expires_in=3600`.
    let words = view.slice(at, end);
    let worded = words.contains(&b'_') && words.iter().all(|b| b.is_ascii_lowercase() || *b == b'_');
    end > at
        && view.get(end) == b'='
        && (worded && view.get(end + 1) != b'='
            || quote(view.get(end + 1))
            || matches!(view.lower(at, end), b"realm" | b"error" | b"scope" | b"authorization_uri"))
}

/// Not a word: something that a scheme may be followed by.
fn credential(text: &[u8]) -> bool {
    text.len() >= 6
        && !text.contains(&REDACTED)
        && !plausible::path(text)
        && (text.iter().any(u8::is_ascii_digit) && text.len() >= 8 || natural::odd(text) || text.len() >= 40)
        && plausible::secret(text, &text.to_ascii_lowercase(), b"", true, Form::Assigned, b"")
}

/// The value of an `Authorization` header.
pub(super) fn authorization(view: &View, place: &Place, spans: &mut Spans) -> Option<usize> {
    let mut at = place.at;
    if matches!(view.get(at), b'[' | b'(') {
        at = (at + 1..view.len()).find(|&i| !view.get(i).is_ascii_whitespace())?;
        if quote(view.get(at)) {
            return structure::strings(view, at, |_, value| {
                credentials(view, value.start, Some(value.end), place.percent, spans).map(|_| value.next)
            });
        }
    }
    if view.get(at) == b'b' && quote(view.get(at + 1)) {
        at += 1;
    }
    if quote(view.get(at)) {
        let value = value::quoted(view, at);
        return credentials(view, value.start, Some(value.end), place.percent, spans).map(|_| value.next);
    }
    if let Some(width) = place.element {
        let end = separator::end_of_text(view, at, width);
        return credentials(view, at, Some(end), place.percent, spans);
    }
    credentials(view, at, None, place.percent, spans)
}

/// A scheme and what follows. `limit` where quotes say how far it goes.
fn credentials(
    view: &View,
    start: usize,
    limit: Option<usize>,
    percent: u8,
    spans: &mut Spans,
) -> Option<usize> {
    let inside = |i: usize| limit.is_none_or(|end| i < end);
    let word_end = (start..view.len()).find(|&i| !name_byte(view.get(i)) || !inside(i)).unwrap_or(view.len());
    let word = view.lower(start, word_end);
    let at = skip_fold(view, word_end);
    let known = token_scheme(word);
    let listed = PARAMETERS.contains(&word);
    if at > word_end && inside(at) && (known.is_some() || listed) {
        let label = known.unwrap_or("authorization");
        let end = match limit {
            Some(end) => end,
            None if listed => parameters(view, at, percent),
            None if parameter(view, at) => return None,
            None => value::bare(view, at, percent, Form::Assigned).end,
        };
        let text = view.slice(at, end);
        if text.contains(&b' ') && natural::pieces(text).all(|p| p.iter().all(u8::is_ascii_lowercase)) {
            return None;
        }
        if !plausible::secret(text, view.lower(at, end), b"", true, Form::Assigned, b"") {
            return None;
        }
        spans.add(view, at, end, label);
        return Some(end);
    }
    let end = match limit {
        Some(end) => end,
        None => value::bare(view, start, percent, Form::Colon).end,
    };
    let text = view.slice(start, end);
    let worded = text.len() <= 256
        && natural::pieces(text)
            .all(|p| p.len() < 20 && p.iter().all(u8::is_ascii_alphabetic) && !natural::odd(p));
    if !worded {
        spans.add(view, start, end, "authorization");
        return Some(end);
    }
    // An unknown scheme: one word, then something that is none.
    if limit.is_none() && blank(view.get(end)) {
        let value = value::bare(view, skip_blanks(view, end), percent, Form::Assigned);
        let text = view.slice(value.start, value.end);
        if credential(text) && view.get(value.end) != b':' {
            spans.add(view, value.start, value.end, "authorization");
            return Some(value.end);
        }
    }
    None
}

/// What the parameters of those schemes are called: what follows in the same list may be something else.
const OWN: &[&[u8]] = &[
    b"credential",
    b"signedheaders",
    b"signature",
    b"username",
    b"realm",
    b"nonce",
    b"uri",
    b"response",
    b"qop",
    b"nc",
    b"cnonce",
    b"opaque",
    b"algorithm",
    b"auth",
    b"id",
    b"ts",
    b"ext",
    b"mac",
    b"hash",
    b"app",
    b"dlg",
    b"keyid",
    b"headers",
    b"created",
    b"expires",
    b"stale",
    b"charset",
    b"userhash",
    b"client",
    b"device",
    b"version",
    b"token",
    b"data",
    b"sid",
];

/// The end of `a="b", c=d, …`. `percent`: how often the whole was encoded.
fn parameters(view: &View, from: usize, percent: u8) -> usize {
    let over = |i: usize| {
        let b = view.get(i);
        b.is_ascii_whitespace() || quote(b) || view.percent(i) <= percent && matches!(b, b']' | b'}' | b'&')
    };
    let mut end = from;
    let mut at = from;
    loop {
        let name = (at..view.len()).find(|&i| !name_byte(view.get(i))).unwrap_or(view.len());
        let word = view.lower(at, name);
        let own = OWN.contains(&word) || word.starts_with(b"oauth_");
        if name == at || view.get(name) != b'=' || !own {
            // Not a list after all: one token.
            return if end > from { end } else { value::bare(view, from, percent, Form::Assigned).end };
        }
        end = if quote(view.get(name + 1)) {
            value::quoted(view, name + 1).next
        } else {
            (name + 1..view.len()).find(|&i| over(i) || view.get(i) == b',').unwrap_or(view.len())
        };
        if view.get(end) != b',' {
            return end;
        }
        at = skip_fold(view, end + 1);
    }
}

/// The value of a cookie header: all of it.
pub(super) fn cookie(view: &View, name: usize, place: &Place, spans: &mut Spans) -> Option<usize> {
    let mut at = place.at;
    if view.get(at) == b'[' {
        at = (at + 1..view.len()).find(|&i| !view.get(i).is_ascii_whitespace())?;
    }
    let mut take = |value: &Value| {
        let text = view.slice(value.start, value.end);
        if jar_like(text) || credential(text) {
            spans.add(view, value.start, value.end, "cookie");
            Some(value.next)
        } else {
            None
        }
    };
    let string = if view.get(at) == b'b' && quote(view.get(at + 1)) { at + 1 } else { at };
    if quote(view.get(string)) {
        return if view.get(place.at) == b'[' {
            structure::strings(view, at, |_, value| take(value))
        } else {
            take(&value::quoted(view, string))
        };
    }
    if matches!(view.get(at), b'{' | b'<') {
        return None;
    }
    let end = match place.element {
        Some(width) => separator::end_of_text(view, at, width),
        None => cookie_end(view, name, at, place),
    };
    if end - at > 1024 || jar_like(view.slice(at, end)) {
        spans.add(view, at, end, "cookie");
        return Some(end);
    }
    None
}

/// `<Cookie sid=abc for example.com/>`: how Python shows a cookie jar.
pub(super) fn jar(view: &View, at: usize, spans: &mut Spans) -> Option<usize> {
    let equals = (at..at + 64).find(|&i| !name_byte(view.get(i)))?;
    if view.get(equals) != b'=' || equals == at {
        return None;
    }
    let Value { start, end, next, .. } = value::bare(view, equals + 1, 0, Form::Assigned);
    if end - start < 6 {
        return None;
    }
    spans.add(view, start, end, "cookie");
    Some(next)
}

fn jar_like(text: &[u8]) -> bool {
    let pair = text.iter().position(|&b| b == b'=').is_some_and(|at| at > 0 && text.len() > at + 2);
    pair && !text.contains(&REDACTED)
        || text.contains(&REDACTED) && text.iter().any(|&b| b != REDACTED)
        || plausible::random(text)
}

/// Pairs are separated by `; `: a blank without a semicolon before it ends the header, but for the blanks of
/// a date.
fn cookie_end(view: &View, name: usize, start: usize, place: &Place) -> usize {
    let outer = view.before(name);
    let query = matches!(outer, b'?' | b'&');
    let mut i = start;
    while i < view.len() {
        let b = view.get(i);
        let next = view.get(i + 1);
        if view.percent(i) > place.percent {
            i += 1;
            continue;
        }
        if line_end(b) || b == 0 || query && (b == b'&' || blank(b)) {
            break;
        }
        if quote(b) && view.before(i) == b'=' && b != outer {
            i = value::quoted(view, i).next;
            continue;
        }
        if quote(b) && (b == outer || !next.is_ascii_alphanumeric()) {
            break;
        }
        if matches!(b, b']' | b'}' | b')')
            && (next == 0 || next.is_ascii_whitespace() || matches!(next, b']' | b'}' | b')' | b','))
        {
            break;
        }
        if blank(b) && view.before(i) != b';' && !date(view, i) {
            break;
        }
        if b == b',' && blank(next) && !date(view, i + 1) {
            break;
        }
        i += 1;
    }
    i
}

/// A blank inside `Wed, 21 Oct 2026 07:28:00 GMT`.
fn date(view: &View, at: usize) -> bool {
    const WORDS: [&[u8]; 13] = [
        b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec",
        b"gmt",
    ];
    let next = view.lower(at + 1, view.len().max(at + 1).min(at + 5));
    let behind = view.lower(at.saturating_sub(3), at);
    let word = next.len() >= 3 && WORDS.contains(&&next[..3]);
    let day = behind.ends_with(b",") && next.first().is_some_and(u8::is_ascii_digit);
    let year = WORDS.contains(&behind) && next.first().is_some_and(u8::is_ascii_digit);
    let time = next.get(2) == Some(&b':') && behind.last().is_some_and(u8::is_ascii_digit);
    word || day || year || time
}
