//! Credentials inside addresses: `scheme://user:password@host`, `user:password@tcp(host)`,
//! `thin:user/password@`, `user/password@//host`.

use super::Pace;
use super::plausible::{self, Form};
use super::spans::Spans;
use super::value::quote;
use super::view::View;

/// How far a badly encoded password is looked for.
const FAR: usize = 256;

pub(super) fn scan(view: &View, pace: &Pace<'_>, spans: &mut Spans) {
    let bytes = view.bytes();
    let mut sign = None;
    for i in 0..bytes.len() {
        pace.step(1);
        match bytes[i] {
            b':' if bytes[i + 1..].starts_with(b"//") => {
                // Where the next `@` is, which is looked for once.
                let next = sign
                    .filter(|next| *next > i)
                    .unwrap_or_else(|| memchr::memchr(b'@', &bytes[i..]).map_or(bytes.len(), |n| i + n));
                sign = Some(next);
                authority(view, i, next, spans);
            }
            b'@' if view.starts(i, b"@tcp(") || view.starts(i, b"@unix(") || view.starts(i, b"@(") => {
                before_at(view, i, b':', spans);
            }
            b't' | b'T' if view.starts(i, b"thin:") => oracle(view, i + 5, spans),
            b'@' if view.starts(i, b"@//") => before_at(view, i, b'/', spans),
            _ => {}
        }
    }
}

/// `sign` is where the first `@` behind the colon is, or the end.
fn authority(view: &View, colon: usize, sign: usize, spans: &mut Spans) {
    let percent = view.percent(colon);
    let start = colon + 3;
    if sign >= view.len().min(start + 5 * FAR) {
        return;
    }
    let over = |i: usize| {
        let b = view.get(i);
        view.percent(i) <= percent
            && (b.is_ascii_whitespace() || b == 0 || quote(b) || matches!(b, b'<' | b'>'))
    };
    let stop = view.len().min(start + 4 * FAR);
    let end = (start..stop).find(|&i| {
        over(i) || view.percent(i) <= percent && matches!(view.get(i), b'/' | b'?' | b'#' | b'\\')
    });
    let end = end.unwrap_or(stop);
    let at = |from: usize, to: usize| {
        (from..to).rev().find(|&i| view.get(i) == b'@' && view.percent(i) <= percent)
    };
    let sign = at(start, end).or_else(|| {
        // A password with a slash in it that nobody encoded; a port is no password.
        let colon = (start..end).find(|&i| view.get(i) == b':')?;
        if colon + 1 == end || view.slice(colon + 1, end).iter().all(u8::is_ascii_digit) || over(end) {
            return None;
        }
        if sign >= view.len().min(end + FAR) {
            return None;
        }
        let stop = (end..view.len().min(end + FAR)).find(|&i| over(i)).unwrap_or(view.len().min(end + FAR));
        at(end, stop)
    });
    let Some(sign) = sign else { return };
    let colon = (start..sign).find(|&i| view.get(i) == b':');
    let user = view.slice(start, colon.unwrap_or(sign));
    let password = colon.map_or(&b""[..], |c| view.slice(c + 1, sign));
    if let Some(c) = colon
        && plausible::secret(password, &password.to_ascii_lowercase(), b"", true, Form::Quoted, b"")
    {
        spans.add(view, c + 1, sign, "password");
    }
    if plausible::random(user) || password == b"x-oauth-basic" && user.len() > 8 {
        spans.add(view, start, colon.unwrap_or(sign), "token");
    }
}

/// `user:password` right before an `@`.
fn before_at(view: &View, at: usize, separator: u8, spans: &mut Spans) {
    let over = |b: u8| b.is_ascii_whitespace() || quote(b) || matches!(b, b'<' | b'>' | b'=');
    let from = (at.saturating_sub(FAR)..at)
        .rev()
        .find(|&i| over(view.get(i)))
        .map_or(at.saturating_sub(FAR), |i| i + 1);
    if let Some(colon) = (from..at).find(|&i| view.get(i) == separator) {
        spans.add(view, colon + 1, at, "password");
    }
}

fn oracle(view: &View, from: usize, spans: &mut Spans) {
    let end = (from..from + FAR).find(|&i| {
        let b = view.get(i);
        b == b'@' || b.is_ascii_whitespace() || quote(b) || b == 0
    });
    let Some(end) = end.filter(|&end| view.get(end) == b'@') else { return };
    if let Some(slash) = (from..end).find(|&i| view.get(i) == b'/') {
        spans.add(view, slash + 1, end, "password");
    }
}
