//! PEM blocks, on many lines, on one line or cut off. Private ones are secrets; certificates and public keys
//! are kept from the entropy layer.

use super::Pace;
use super::spans::Spans;
use super::value::{blank, line_end};
use super::view::View;

/// Gives the ranges that are public, sorted.
pub(super) fn scan(view: &View, pace: &Pace<'_>, spans: &mut Spans) -> Vec<(usize, usize)> {
    let mut public = Vec::new();
    let bytes = view.bytes();
    let mut i = 0;
    while i < bytes.len() {
        pace.step(1);
        if bytes[i] == b'-' && view.starts(i, b"-----begin ") {
            let (end, private) = block(view, i);
            if private {
                spans.add(view, i, end, "private-key");
            } else {
                public.push((i, end));
            }
            pace.step(end - i);
            i = end;
        } else if bytes[i] == b's' && view.starts(i, b"ssh-")
            || bytes[i] == b'e' && view.starts(i, b"ecdsa-sha2-")
        {
            // `ssh-ed25519 AAAA…`: a public key.
            let key = (i..bytes.len().min(i + 40)).find(|&k| blank(bytes[k])).map(|k| k + 1);
            if let Some(key) = key.filter(|&key| view.slice(key, bytes.len()).starts_with(b"AAAA")) {
                let end = (key..bytes.len()).find(|&k| !base64(bytes[k])).unwrap_or(bytes.len());
                public.push((key, end));
                i = end;
            } else {
                i += 4;
            }
        } else {
            i += 1;
        }
    }
    public
}

fn base64(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=')
}

/// The block that begins at `start`: where it ends, and whether it is private.
fn block(view: &View, start: usize) -> (usize, bool) {
    let label = start + 11;
    let dashes = (label..view.len().min(label + 64)).find(|&i| view.get(i) == b'-').unwrap_or(label);
    let name = view.lower(label, dashes);
    if !view.starts(dashes, b"-----") {
        // Cut off within its own first line, or no block at all.
        return (dashes.max(start + 11), false);
    }
    let private = name.windows(7).any(|w| w == b"private") || name.starts_with(b"pgp message");
    let body = dashes + 5;
    let next =
        (body..view.len()).find(|&i| view.get(i) == b'-' && view.starts(i, b"-----")).unwrap_or(view.len());
    if view.starts(next, b"-----end ") {
        let close = (next + 9..view.len().min(next + 80)).find(|&i| view.get(i) == b'-');
        let end = close.filter(|&i| view.starts(i, b"-----")).map_or(next + 9, |i| i + 5);
        return (end, private);
    }
    (truncated(view, body, next), private)
}

/// The end of a body whose last line is missing: lines of base64, and the headers of an encrypted key.
fn truncated(view: &View, from: usize, limit: usize) -> usize {
    let mut end = from;
    let mut at = from;
    loop {
        let skip = |b: u8| b.is_ascii_whitespace() || matches!(b, b'\\' | b'"' | b'\'' | b'+' | b',');
        at = (at..limit).find(|&i| !skip(view.get(i))).unwrap_or(limit);
        let word = (at..limit).find(|&i| !base64(view.get(i))).unwrap_or(limit);
        let header =
            view.starts(at, b"proc-type:") || view.starts(at, b"dek-info:") || view.starts(at, b"version:");
        if header {
            at = (at..limit).find(|&i| line_end(view.get(i))).unwrap_or(limit);
            end = at;
            continue;
        }
        // A last line may be short, but not a word of a sentence.
        let cut = word - at >= 4 && (word >= limit || line_end(view.get(word))) && end > from;
        if word - at < 16 && !cut {
            return end;
        }
        end = word;
        at = word;
    }
}

#[cfg(test)]
mod tests {
    use super::super::redact;

    #[test]
    fn redact_pem_whole_on_one_line_and_cut_off() {
        let body = "MIIEpAIBAAKCAQEAwqT8b0uPqm1k2v9R7xYz\nQ3c5VnB8sLd0KfJh2GtRw6EeXyUo1IiPaS\nab12";
        for text in [
            format!("-----BEGIN RSA PRIVATE KEY-----\n{body}\n-----END RSA PRIVATE KEY-----"),
            format!(
                "-----BEGIN RSA PRIVATE KEY-----{}-----END RSA PRIVATE KEY-----",
                body.replace('\n', " ")
            ),
            format!("-----BEGIN OPENSSH PRIVATE KEY-----\\n{}", body.replace('\n', "\\n")),
        ] {
            assert_eq!(redact(&format!("key {text}"), &|| ()), "key [redacted:private-key]");
        }
        let certificate = format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE----- ok");
        assert_eq!(redact(&certificate, &|| ()), certificate);
    }
}
