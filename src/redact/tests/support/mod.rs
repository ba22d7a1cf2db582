//! Random material for the redaction tests: a seeded generator, encoders and a simple decoder of its own.
#![allow(dead_code)]

/// SplitMix64: the same seed gives the same corpus.
pub struct Random(pub u64);

pub const DIGITS: &str = "0123456789";
pub const HEX: &str = "0123456789abcdef";
pub const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
pub const BASE32: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
pub const ALNUM: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
pub const BASE64: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
pub const URL64: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/// What password generators use, without what ends a value in some notation.
pub const PASSWORD: &str = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789!#$%*+-.^_~@";

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    pub fn of(&mut self, alphabet: &str, length: usize) -> String {
        let letters = alphabet.as_bytes();
        (0..length).map(|_| char::from(letters[self.below(letters.len())])).collect()
    }

    /// Letters first, so that it never looks like a number or an option.
    pub fn password(&mut self, length: usize) -> String {
        format!("{}{}{}", self.of("ABCDEFGHabcdefgh", 1), self.of(PASSWORD, length - 2), self.of(DIGITS, 1))
    }

    /// Printable ASCII, begun and ended by a letter and a digit, without quotes, the backslash, `,`, `;` and
    /// `&`: what stands unquoted in a message has no end that can be known once it holds what separates
    /// values.
    pub fn symbols(&mut self, length: usize) -> String {
        let all: String = (33..127_u8).map(char::from).filter(|c| !"\\\"'`,;&".contains(*c)).collect();
        format!("{}{}{}", self.of("ABCDEFGHabcdefgh", 1), self.of(&all, length - 2), self.of(DIGITS, 1))
    }

    pub fn guid(&mut self) -> String {
        let h = self.of(HEX, 32);
        format!("{}-{}-{}-{}-{}", &h[..8], &h[8..12], &h[12..16], &h[16..20], &h[20..])
    }

    pub fn jwt(&mut self) -> String {
        let claims = format!(
            r#"{{"aud":"https://graph.microsoft.com","iss":"https://sts.windows.net/{}/","appid":"{}","exp":17{}}}"#,
            self.guid(),
            self.guid(),
            self.of(DIGITS, 8)
        );
        let head = format!(r#"{{"typ":"JWT","alg":"RS256","kid":"{}"}}"#, self.of(URL64, 27));
        format!(
            "{}.{}.{}",
            base64(head.as_bytes(), true),
            base64(claims.as_bytes(), true),
            self.of(URL64, 342)
        )
    }
}

pub fn base64(bytes: &[u8], url: bool) -> String {
    let letters = if url { URL64 } else { BASE64 }.as_bytes();
    let mut out = String::new();
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0_u32, |bits, b| bits << 8 | u32::from(*b)) << (8 * (3 - group.len()));
        for i in 0..=group.len() {
            out.push(char::from(letters[(bits >> (18 - 6 * i) & 63) as usize]));
        }
        if !url {
            out.extend(std::iter::repeat_n('=', 3 - group.len()));
        }
    }
    out
}

pub fn percent(text: &str) -> String {
    text.bytes()
        .map(|b| match b {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(b).to_string(),
            _ => format!("%{b:02X}"),
        })
        .collect()
}

/// As inside a JSON string.
pub fn json(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
        .replace('\r', "\\r")
        .replace('\t', "\\t")
}

/// As inside a Python or JavaScript string in single quotes.
pub fn single(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\'', "\\'").replace('\n', "\\n").replace('\r', "\\r")
}

pub fn xml(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// JSON in which everything that is not a letter or a digit is `\uXXXX`.
pub fn unicode(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_string() } else { format!("\\u{:04x}", c as u32) })
        .collect()
}

/// Lines of `width` with `indent` before all but the first.
pub fn wrap(text: &str, width: usize, separator: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    letters.chunks(width).map(|c| c.iter().collect::<String>()).collect::<Vec<_>>().join(separator)
}

/// A header in several lines: after a separator where there is one, else in the middle of a token.
pub fn fold(text: &str) -> String {
    let (mut out, mut line) = (String::new(), 0);
    for (i, c) in text.char_indices() {
        let ahead = text[i..].find([';', ' ', '&', ',']).unwrap_or(text.len() - i);
        if line >= 64 || line > 20 && line + ahead > 64 && out.ends_with([';', ' ', '&', ',', '?']) {
            out.push_str("\r\n\t");
            line = 0;
        }
        out.push(c);
        line += 1;
    }
    out
}

/// A plain decoder, not the one under test: repeated replacement until nothing changes.
pub fn decoded(text: &str) -> Vec<String> {
    let mut stages = vec![text.to_owned()];
    let mut text = text.to_owned();
    for _ in 0..4 {
        let mut out = String::new();
        let mut rest = text.as_str();
        while let Some(c) = rest.chars().next() {
            let hex = |from: usize, to: usize| {
                rest.get(from..to).and_then(|h| u32::from_str_radix(h, 16).ok()).and_then(char::from_u32)
            };
            let (found, length) = match c {
                '%' => (hex(1, 3), 3),
                '\\' if rest[1..].starts_with('u') => (hex(2, 6), 6),
                '\\' if rest[1..].starts_with('x') => (hex(2, 4), 4),
                '\\' if rest[1..].starts_with(['n', 'r', 't']) => (Some(' '), 2),
                '\\' => (rest[1..].chars().next().filter(char::is_ascii_punctuation), 2),
                _ => (None, 0),
            };
            match found {
                Some(found) => {
                    out.push(found);
                    rest = &rest[length..];
                }
                None => {
                    out.push(c);
                    rest = &rest[c.len_utf8()..];
                }
            }
        }
        out = entities(&out);
        stages.push(entities(&text));
        if out == text {
            break;
        }
        text = out;
        stages.push(text.clone());
    }
    stages
}

fn entities(text: &str) -> String {
    [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")]
        .iter()
        .fold(text.to_owned(), |text, (entity, plain)| text.replace(entity, plain))
}

/// What of `secret` is left in `text`: the whole, or some 16 characters in a row.
pub fn leak(text: &str, secret: &str) -> Option<String> {
    // As it stands, with one layer of escaping taken off after the other, and across line ends.
    let mut stages = decoded(text);
    for i in 0..stages.len() {
        stages.push(stages[i].chars().filter(|c| !c.is_whitespace()).collect());
    }
    let letters: Vec<char> = secret.chars().filter(|c| !c.is_whitespace()).collect();
    letters
        .windows(letters.len().min(16))
        .map(|w| w.iter().collect::<String>())
        .find(|window| stages.iter().any(|t| t.contains(window.as_str())))
}

/// Replaces `{g}` by a GUID, `{jwt}`, `{basic}` (base64 of user and password), and by so many random characters:
/// `{h40}` hex digits, `{H40}` in upper case, `{d6}` digits, `{u16}` upper case and digits, `{q16}` lower case
/// and digits, `{a24}` letters and digits, `{b43}` base64, `{l43}` base64 for URLs, `{w14}` a password, `{p10}` a
/// pod's suffix, `{c24}` Crockford's base32, `{n54}` base 32. Other braces stay.
pub fn fill(template: &str, r: &mut Random) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        out.push_str(&rest[..open]);
        rest = &rest[open..];
        let close = rest.find('}').unwrap_or(0);
        let spec = rest.get(1..close).unwrap_or("");
        let count = spec.get(1..).and_then(|n| n.parse::<usize>().ok());
        let text = match (spec.as_bytes().first(), count) {
            _ if spec == "g" => Some(r.guid()),
            _ if spec == "jwt" => Some(r.jwt()),
            _ if spec == "basic" => Some(base64(format!("svc-sync:{}", r.password(16)).as_bytes(), false)),
            (Some(b'h'), Some(n)) => Some(r.of(HEX, n)),
            (Some(b'H'), Some(n)) => Some(r.of("0123456789ABCDEF", n)),
            (Some(b'd'), Some(n)) => Some(format!("{}{}", r.of("123456789", 1), r.of(DIGITS, n - 1))),
            (Some(b'u'), Some(n)) => Some(r.of(UPPER, n)),
            (Some(b'q'), Some(n)) => Some(r.of("abcdefghijklmnopqrstuvwxyz0123456789", n)),
            (Some(b'a'), Some(n)) => Some(r.of(ALNUM, n)),
            (Some(b'b'), Some(n)) => Some(r.of(BASE64, n)),
            (Some(b'l'), Some(n)) => Some(r.of(URL64, n)),
            (Some(b'w'), Some(n)) => Some(r.password(n)),
            (Some(b'p'), Some(n)) => Some(r.of("bcdfghjklmnpqrstvwxz2456789", n)),
            (Some(b'c'), Some(n)) => Some(r.of("0123456789ABCDEFGHJKMNPQRSTVWXYZ", n)),
            (Some(b'n'), Some(n)) => Some(r.of(BASE32, n)),
            _ => None,
        };
        match text {
            Some(text) => {
                out.push_str(&text);
                rest = &rest[close + 1..];
            }
            None => {
                out.push('{');
                rest = &rest[1..];
            }
        }
    }
    out + rest
}
