//! JSON strings: how they are written, and in what order they stand as keys.

use std::cmp::Ordering;
use std::fmt::Write as _;

use inventory_core_redact::redact;

/// Appends a JSON string in the form of RFC 8785, section 3.2.2.2: quoted, with the short escapes
/// where JSON has one, `\u00xx` for the other control characters, and everything else as it is.
pub(crate) fn write_string(out: &mut String, s: &str) {
    out.push('"');
    let mut written = 0;
    for (at, byte) in s.bytes().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.push_str(&s[written..at]);
        written = at + 1;
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            0x08 => out.push_str("\\b"),
            b'\t' => out.push_str("\\t"),
            b'\n' => out.push_str("\\n"),
            0x0c => out.push_str("\\f"),
            b'\r' => out.push_str("\\r"),
            _ => {
                let _ = write!(out, "\\u{byte:04x}"); // writing to a String cannot fail
            }
        }
    }
    out.push_str(&s[written..]);
    out.push('"');
}

/// Compares two keys by their UTF-16 code units (RFC 8785, section 3.2.3).
pub(crate) fn compare_utf16(a: &str, b: &str) -> Ordering {
    compare_units(a.bytes(), b.bytes())
}

/// Likewise two keys that [`write_string`] wrote, each followed by anything.
pub(crate) fn compare_written_keys(a: &str, b: &str) -> Ordering {
    compare_units(KeyBytes::new(a), KeyBytes::new(b))
}

/// The key at the start of a text that [`write_string`] wrote, if it is a plain word and no token; otherwise `*`, because
/// messages must not quote it.
pub(crate) fn plain_word(written: &str) -> &str {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    let word = written.get(1..).and_then(|rest| rest.split_once('"')).map_or("", |(word, _)| word);
    let quotable = (1..=40).contains(&word.len()) && word.bytes().all(plain) && redact(word, &|| ()) == word;
    if quotable { word } else { "*" }
}

/// UTF-8 bytes give the order of UTF-16 code units except between a character beyond U+FFFF (first byte F0 to F4; in
/// UTF-16 a surrogate, D800 to DFFF) and one from U+E000 to U+FFFF (first byte EE or EF).
fn compare_units(mut a: impl Iterator<Item = u8>, mut b: impl Iterator<Item = u8>) -> Ordering {
    let rank = |byte: u8| if matches!(byte, 0xee | 0xef) { byte + 0x10 } else { byte };
    loop {
        match (a.next(), b.next()) {
            (Some(x), Some(y)) if x == y => {}
            (x, y) => return x.map(rank).cmp(&y.map(rank)),
        }
    }
}

/// The bytes of a key as it is, from the text that [`write_string`] made of it.
struct KeyBytes<'a>(std::slice::Iter<'a, u8>);

impl<'a> KeyBytes<'a> {
    fn new(written: &'a str) -> Self {
        Self(written.as_bytes().get(1..).unwrap_or_default().iter())
    }
}

impl Iterator for KeyBytes<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        match *self.0.next()? {
            b'"' => None,
            b'\\' => Some(match *self.0.next()? {
                b'b' => 0x08,
                b't' => b'\t',
                b'n' => b'\n',
                b'f' => 0x0c,
                b'r' => b'\r',
                b'u' => {
                    let digits =
                        self.0.as_slice().get(..4).and_then(|digits| std::str::from_utf8(digits).ok())?;
                    self.0.nth(3);
                    u8::from_str_radix(digits, 16).ok()?
                }
                itself => itself,
            }),
            byte => Some(byte),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{compare_utf16, compare_written_keys, plain_word, write_string};

    fn written(s: &str) -> String {
        let mut out = String::new();
        write_string(&mut out, s);
        out
    }

    #[test]
    fn strings_take_the_rfc_8785_form() {
        // RFC 8785, section 3.2.2, and the remaining short escapes.
        assert_eq!(
            written("\u{20ac}$\u{f}\nA'B\"\\\\\"/\u{0}\u{8}\u{c}\r\t\u{1f}\u{7f}\u{2028}"),
            "\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\\u0000\\b\\f\\r\\t\\u001f\u{7f}\u{2028}\""
        );
    }

    #[test]
    fn only_plain_words_are_quoted() {
        for (key, shown) in
            [("ids", "ids"), ("a-b_C9", "a-b_C9"), ("", "*"), ("my secret", "*"), ("a\"b", "*"), ("é", "*")]
        {
            assert_eq!(plain_word(&format!("{}:1", written(key))), shown);
        }
        assert_eq!(plain_word(&written(&"x".repeat(41))), "*");
    }

    proptest! {
        #[test]
        fn the_order_of_keys_is_that_of_their_code_units(
            a in "[a\"\\\\/ \u{0}\u{8}\u{c}\n\r\t\u{1}\u{7f}\u{7ff}\u{800}\u{d7ff}\u{e000}\u{fb33}\u{ffff}\u{10000}😀\u{10ffff}]{0,3}",
            b in "[a\"\\\\/ \u{0}\u{8}\u{c}\n\r\t\u{1}\u{7f}\u{7ff}\u{800}\u{d7ff}\u{e000}\u{fb33}\u{ffff}\u{10000}😀\u{10ffff}]{0,3}",
        ) {
            let by_unit = a.encode_utf16().cmp(b.encode_utf16());
            prop_assert_eq!(compare_utf16(&a, &b), by_unit);
            prop_assert_eq!(compare_written_keys(&format!("{}:1", written(&a)), &format!("{},2", written(&b))), by_unit);
        }
    }
}
