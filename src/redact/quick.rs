//! The quick and sure test that no string of a JSON text holds a known secret.
//!
//! One look at each three bytes tells where something may begin that a matcher would look at: the text of a form, a
//! noun that announces, an option, an address, an escape. Only there is more looked at, and what stays doubtful goes
//! through the matchers themselves, string by string. So this is never surer than they are.

use std::sync::LazyLock;

use super::forms::{Class, FORMS, Part};
use super::shapes::{self, INNER};
use super::value::name_byte;
use super::words::WORDS;
use super::{Pace, View};

/// So many bytes of doubtful strings go through the matchers; beyond that the whole text may as well.
const MOST: usize = 1024;

/// More signs of an address in one text are doubtful.
const MOST_ADDRESSES: usize = 64;
/// A longer name is doubtful.
const LONGEST_NAME: usize = 80;

/// Whether the matchers are sure to find nothing in any string of this JSON text, by names and forms.
pub(super) fn inert(json: &str) -> bool {
    let bytes = json.as_bytes();
    let table = &*TABLE;
    let mut judge = Judge { json, table, looked: Vec::new(), left: MOST, addresses: 0 };
    // Escapes first: where one is not of a quote, only the matchers know what the string says.
    if !json.is_ascii() {
        let mut outside = bytes.iter().enumerate().filter(|(_, b)| !b.is_ascii());
        if !outside.all(|(at, _)| judge.look(at, Why::Special)) {
            return false;
        }
    }
    if !memchr::memchr3_iter(b'\\', b'%', b'&', bytes).all(|at| judge.look(at, Why::Special))
        || !memchr::memchr3_iter(b'@', b'.', b'~', bytes).all(|at| judge.look(at, Why::Special))
        || dashed(bytes) && !memchr::memchr_iter(b'-', bytes).all(|at| judge.look(at, Why::Special))
    {
        return false;
    }
    if !memchr::memchr3_iter(b'w', b'W', b'S', bytes).all(|at| judge.look(at, Why::Short)) {
        return false;
    }
    let mut from = 0;
    while let Some(eight) = bytes.get(from..from + EIGHT) {
        let mut found = table.of_eight(eight);
        while found != 0 {
            if !judge.look(from + found.trailing_zeros() as usize, Why::Text) {
                return false;
            }
            found &= found - 1;
        }
        from += 8;
    }
    (from..bytes.len()).all(|at| judge.look(at, Why::Text))
}

/// Whether a dash stands where an option may begin, or dashes as far apart as in the forms of [`shapes::groups`]. No
/// branches, so that many bytes are looked at at once.
fn dashed(bytes: &[u8]) -> bool {
    let option = bytes
        .windows(3)
        .fold(false, |any, w| any | ((w[1] == b'-') & !word(w[0]) & (word(w[2]) | (w[2] == b'-'))));
    let grouped = bytes.windows(21).fold(false, |any, w| {
        let dash = |i: usize| w[i] == b'-';
        any | (dash(0) & dash(7) & dash(14)) | (dash(0) & dash(5) & dash(10) & dash(15) & dash(20))
    });
    option || grouped
}

fn word(b: u8) -> bool {
    ((b | 32).wrapping_sub(b'a') < 26) | (b.wrapping_sub(b'0') < 10)
}

#[derive(Clone, Copy, PartialEq)]
enum Why {
    /// A text of the table may begin there.
    Text,
    /// A text of two bytes may have one there that is rare.
    Short,
    /// An escape, an option, an address, groups of digits.
    Special,
}

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
    fn look(&mut self, at: usize, why: Why) -> bool {
        let bytes = self.json.as_bytes();
        let doubtful = match why {
            Why::Text => self.table.begins(bytes, at),
            Why::Short => self.table.short(bytes, at),
            Why::Special if bytes[at] == b'@' => {
                self.addresses += 1;
                self.addresses > MOST_ADDRESSES || address(bytes, at)
            }
            Why::Special => special(self.table, bytes, at),
        };
        if !doubtful || self.looked.iter().any(|(start, end)| (*start..*end).contains(&at)) {
            return true;
        }
        let Some((start, end)) = string_around(bytes, at) else { return false };
        let Some(left) = self.left.checked_sub(end - start) else { return false };
        self.left = left;
        self.looked.push((start, end));
        self.json.get(start..end).is_some_and(clean)
    }
}

/// How a text that may begin somewhere is judged.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// The beginning of this form.
    Form(usize),
    FormAnywhere,
    /// A whole word of a name.
    Noun,
    /// The end of a word of a name.
    Ending,
}

/// A text, whether capitals matter in it, and how it is judged.
type Text = (&'static [u8], bool, Kind);

/// By a hash of four bytes, of each the last five bits: capitals and small letters fall together. What else does is
/// told apart afterwards.
struct Table {
    /// Whether a text begins so, a bit each.
    bits: Box<[u32; 1 << 12]>,
    /// Which list of texts begins so, by all but the last two bits of the hash.
    places: Box<[u16; 1 << 15]>,
    texts: Vec<Vec<Text>>,
    /// Texts of two bytes, by which of [`RARE`] is in it, with its place.
    short: [Vec<(usize, Text)>; RARE.len()],
}

/// Bytes that are looked for by themselves.
const RARE: [u8; 5] = *b"wWS.~";

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let mut table = Table {
        bits: Box::new([0; 1 << 12]),
        places: Box::new([0; 1 << 15]),
        texts: vec![Vec::new()],
        short: Default::default(),
    };
    for (nth, form) in FORMS.iter().enumerate() {
        let kind = if form.before.is_empty() { Kind::Form(nth) } else { Kind::FormAnywhere };
        table.add(form.text.as_bytes(), form.exact, kind);
    }
    for text in INNER {
        table.add(text.as_bytes(), false, Kind::Form(usize::MAX));
    }
    for (word, ending) in WORDS.nouns() {
        table.add(word, false, if ending { Kind::Ending } else { Kind::Noun });
    }
    // What the layer of names knows besides nouns, and what stands before those it knows after other words.
    for word in ["basic", "sharedkey", "sharedkeylite", "negotiate", "ntlm", "ssws", "dpop"] {
        table.add(word.as_bytes(), false, Kind::Noun);
    }
    for word in
        ["auth", "credential", "credentials", "authentication", "getconnection", "__construct", "identified"]
    {
        table.add(word.as_bytes(), false, Kind::Ending);
    }
    table
});

/// How many bytes tell where eight texts may begin, and the rest of the second word.
const EIGHT: usize = 12;

fn hash(four: u32) -> usize {
    ((four & 0x1f1f_1f1f).wrapping_mul(0x9e37_79b1) >> 15) as usize
}

fn four(bytes: &[u8], at: usize) -> u32 {
    let get = |n: usize| bytes.get(at + n).copied().unwrap_or(0);
    u32::from_le_bytes([get(0), get(1), get(2), get(3)])
}

impl Table {
    fn add(&mut self, text: &'static [u8], exact: bool, kind: Kind) {
        if text.len() < 3 {
            for (at, byte) in text.iter().enumerate() {
                let is = |rare: u8| if exact { rare == *byte } else { rare.eq_ignore_ascii_case(byte) };
                for (list, rare) in self.short.iter_mut().zip(RARE) {
                    if is(rare) {
                        list.push((at, (text, exact, kind)));
                    }
                }
            }
            return;
        }
        let fourths = match text.get(3) {
            Some(b) => *b..=*b,
            None => 0..=31,
        };
        for fourth in fourths {
            let hash = hash(u32::from_le_bytes([text[0], text[1], text[2], fourth]));
            self.bits[hash >> 5] |= 1 << (hash & 31);
            let place = &mut self.places[hash >> 2];
            if *place == 0 {
                *place = u16::try_from(self.texts.len()).unwrap_or(u16::MAX);
                self.texts.push(Vec::new());
            }
            let list = &mut self.texts[usize::from(*place)];
            if !list.contains(&(text, exact, kind)) {
                list.push((text, exact, kind));
            }
        }
    }

    /// At which of the first eight of twelve bytes a text may begin, a bit each.
    #[inline]
    fn of_eight(&self, bytes: &[u8]) -> u32 {
        let four = |at: usize| {
            u64::from(u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]))
        };
        let (low, high) = (four(4) << 32 | four(0), four(8) << 32 | four(4));
        let bit = |hash: usize| self.bits[hash >> 5] >> (hash & 31) & 1;
        let mut found = 0;
        for nth in 0..4 {
            found |= bit(hash((low >> (8 * nth)) as u32)) << nth;
            found |= bit(hash((high >> (8 * nth)) as u32)) << (nth + 4);
        }
        found
    }

    /// Whether a matcher might find something that begins with a text at `at`.
    fn begins(&self, bytes: &[u8], at: usize) -> bool {
        self.texts[usize::from(self.places[hash(four(bytes, at)) >> 2])]
            .iter()
            .any(|text| doubtful(bytes, at, text))
    }

    /// The same for texts of two bytes, of which a rare one is at `at`.
    fn short(&self, bytes: &[u8], at: usize) -> bool {
        let rare = RARE.iter().position(|rare| *rare == bytes[at]);
        let Some(list) = rare.map(|nth| &self.short[nth]) else { return false };
        list.iter().any(|(offset, text)| at >= *offset && doubtful(bytes, at - offset, text))
    }
}

fn doubtful(bytes: &[u8], at: usize, (text, exact, kind): &Text) -> bool {
    let begins = || !word(bytes[at]) || at == 0 || !word(bytes[at - 1]);
    let end = at + text.len();
    let last = text[text.len() - 1];
    let Some(found) = bytes.get(at..end).filter(|found| (found[text.len() - 1] ^ last) & 31 == 0) else {
        return false;
    };
    if !(if *exact { found == *text } else { found.eq_ignore_ascii_case(text) }) {
        return false;
    }
    match kind {
        Kind::Form(nth) => begins() && goes_on(*nth, bytes, end),
        Kind::FormAnywhere => true,
        Kind::Noun => !continues(bytes, at) && !continues(bytes, end) && announces(bytes, end),
        Kind::Ending => !continues(bytes, end) && announces(bytes, end),
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

/// Two small letters side by side are in one word.
fn continues(bytes: &[u8], at: usize) -> bool {
    let small = |i: usize| bytes.get(i).is_some_and(u8::is_ascii_lowercase);
    at > 0 && small(at - 1) && small(at)
}

/// Whether something may follow the name that goes on at `at` which would make it a name with a value.
fn announces(bytes: &[u8], at: usize) -> bool {
    let mut end = at;
    while bytes.get(end).is_some_and(|b| name_byte(*b)) {
        end += 1;
        if end > at + LONGEST_NAME {
            return true;
        }
    }
    // A name does not end with a dash or a dot.
    if end > at && matches!(bytes[end - 1], b'-') {
        return true;
    }
    match bytes.get(end) {
        Some(b'"') | None => false,
        Some(b'/' | b'{' | b'}' | b'#' | b';' | b'!' | b'?' | b'+' | b'*' | b'$') => false,
        Some(_) => true,
    }
}

fn special(table: &Table, bytes: &[u8], at: usize) -> bool {
    let after = |n: usize| bytes.get(at + n).copied().unwrap_or(0);
    let before = if at == 0 { 0 } else { bytes[at - 1] };
    match bytes[at] {
        b'\\' => after(1) != b'"',
        b'%' => after(1).is_ascii_hexdigit(),
        b'&' => after(1).is_ascii_alphanumeric() || after(1) == b'#',
        b'-' if !before.is_ascii_alphanumeric() => after(1).is_ascii_alphabetic() || after(1) == b'-',
        b'-' => (after(7) == b'-' || after(5) == b'-') && shapes::groups(bytes, at).is_some(),
        b'~' => table.short(bytes, at),
        b'.' => {
            table.short(bytes, at)
                || (after(7) == b'.' || !word(after(17))) && shapes::dotted(bytes, at).is_some()
        }
        _ => true,
    }
}

/// Whether credentials may stand before the `@` at `at`.
fn address(bytes: &[u8], at: usize) -> bool {
    let Some((start, end)) = string_around(bytes, at) else { return true };
    let before = &bytes[start..at];
    matches!(bytes.get(at + 1), Some(b'(' | b'/'))
        || bytes[at..end].starts_with(b"@tcp(")
        || bytes[at..end].starts_with(b"@unix(")
        || before.contains(&b':')
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
    let text = if raw.contains('\\') { unescape(raw) } else { Some(raw.to_owned()) };
    text.is_some_and(|text| super::find(&View::new(&text, &pace), false, 0, &pace).is_empty())
}

/// What the string says; none where an escape is wrong.
fn unescape(raw: &str) -> Option<String> {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let code = *rest.as_bytes().get(at + 1)?;
        rest = rest.get(at + 2..)?;
        out.push(match code {
            b'"' | b'\\' | b'/' => char::from(code),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let mut unit = u32::from_str_radix(rest.get(..4)?, 16).ok()?;
                rest = &rest[4..];
                if (0xd800..0xdc00).contains(&unit) {
                    let low = u32::from_str_radix(rest.strip_prefix("\\u")?.get(..4)?, 16).ok()?;
                    unit = 0x10000 + ((unit - 0xd800) << 10) + low.checked_sub(0xdc00)?;
                    rest = &rest[6..];
                }
                char::from_u32(unit)?
            }
            _ => return None,
        });
    }
    out.push_str(rest);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redact_quick_reads_escapes() {
        assert_eq!(unescape(r#"a\"\\\/\n\u00e9\ud83d\ude00z"#).as_deref(), Some("a\"\\/\né😀z"));
        assert_eq!(unescape(r"\ud800"), None);
        assert_eq!(unescape("\\"), None);
    }

    /// A text of two bytes is found by a byte of its own.
    #[test]
    fn redact_quick_knows_where_short_texts_are() {
        let short = |text: &&[u8]| text.len() < 3;
        for text in
            FORMS.iter().map(|form| form.text.as_bytes()).chain(WORDS.nouns().map(|n| n.0)).filter(short)
        {
            assert!(text.iter().any(|b| RARE.contains(b)), "{}", String::from_utf8_lossy(text));
        }
    }
}
