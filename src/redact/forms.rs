//! The table of public token forms, `forms.txt`, as the matchers read it.

use std::sync::LazyLock;

use super::marker::{LABELS, Label};
use super::natural;
use super::view::View;

/// What a run is made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Class {
    Alnum,
    Url,
    Dotted,
    Base64,
    Hex,
    Digits,
    Upper,
    UpperDash,
    Base32,
    Lower,
    Crypt,
    Symbols,
    Path,
    Guid,
}
use Class::*;

impl Class {
    const LETTERS: [(u8, Class); 14] = [
        (b'a', Alnum),
        (b'l', Url),
        (b't', Dotted),
        (b'b', Base64),
        (b'h', Hex),
        (b'd', Digits),
        (b'u', Upper),
        (b'U', UpperDash),
        (b'B', Base32),
        (b'k', Lower),
        (b'c', Crypt),
        (b's', Symbols),
        (b'p', Path),
        (b'g', Guid),
    ];

    #[inline]
    pub(super) fn of(self, b: u8) -> bool {
        MEMBERS[usize::from(b)] >> (self as u32) & 1 != 0
    }

    const fn has(self, b: u8) -> bool {
        let alnum = b.is_ascii_alphanumeric();
        match self {
            Alnum => alnum,
            Url => alnum || matches!(b, b'_' | b'-'),
            Dotted => alnum || matches!(b, b'_' | b'-' | b'.' | b'='),
            Base64 => alnum || matches!(b, b'_' | b'-' | b'+' | b'/' | b'='),
            Hex => b.is_ascii_hexdigit(),
            Digits => b.is_ascii_digit(),
            Upper => b.is_ascii_uppercase() || b.is_ascii_digit(),
            UpperDash => b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-',
            Base32 => b.is_ascii_uppercase() || matches!(b, b'2'..=b'7'),
            Lower => b.is_ascii_lowercase() || b.is_ascii_digit(),
            Crypt => alnum || matches!(b, b'.' | b'/' | b'$' | b'=' | b',' | b'+' | b'-' | b'_'),
            Symbols => {
                alnum || matches!(b, b'_' | b'-' | b'.' | b'=' | b'!' | b'*' | b'$' | b'~' | b'+' | b'/')
            }
            Path => alnum || matches!(b, b'_' | b'-' | b'.' | b'+' | b'/' | b'=' | b'@' | b'~' | b'%'),
            Guid => b.is_ascii_hexdigit() || b == b'-',
        }
    }

    /// Looking backwards, `=` is what stands before a value.
    fn of_back(self, b: u8) -> bool {
        b != b'=' && self.of(b)
    }
}

/// For each byte the classes it is in, a bit each.
static MEMBERS: [u16; 256] = {
    let mut members = [0; 256];
    let mut class = 0;
    while class < Class::LETTERS.len() {
        let of = Class::LETTERS[class].1;
        let mut byte = 0;
        while byte < 256 {
            if of.has(byte as u8) {
                members[byte] |= 1 << (of as u32);
            }
            byte += 1;
        }
        class += 1;
    }
    members
};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Run {
    pub(super) class: Class,
    pub(super) least: usize,
    pub(super) most: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Part {
    Text(&'static str),
    Run(Run),
}

#[derive(Debug)]
pub(super) struct Form {
    pub(super) label: Label,
    /// Capitals matter.
    pub(super) exact: bool,
    /// What stands before the text that is looked for, the nearest first.
    pub(super) before: Vec<Run>,
    /// What is looked for.
    pub(super) text: &'static str,
    pub(super) after: Vec<Part>,
}

/// Every line of the table that is right. A test finds those that are not.
pub(super) static FORMS: LazyLock<Vec<Form>> =
    LazyLock::new(|| lines().filter_map(|line| parse(line).ok()).collect());

fn lines() -> impl Iterator<Item = &'static str> {
    include_str!("forms.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn parse(line: &'static str) -> Result<Form, &'static str> {
    let (label, rest) = line.split_once(' ').ok_or("no form")?;
    let label = LABELS.iter().find(|known| **known == label).ok_or("unknown label")?;
    let rest = rest.trim_start();
    let (exact, rest) = match rest.strip_prefix("= ") {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    let mut parts = parts(rest)?.into_iter();
    let mut before = Vec::new();
    let text = loop {
        match parts.next() {
            Some(Part::Run(run)) => before.insert(0, run),
            Some(Part::Text(text)) => break text,
            None => return Err("no text to look for"),
        }
    };
    if text.len() < 2 || !text.is_ascii() {
        return Err("the text is too short, or not ASCII");
    }
    if !before.is_empty() && !exact {
        return Err("a run before the text, and no =");
    }
    Ok(Form { label, exact, before, text, after: parts.collect() })
}

fn parts(mut rest: &'static str) -> Result<Vec<Part>, &'static str> {
    let mut parts = Vec::new();
    while !rest.is_empty() {
        let open = rest.find('<').unwrap_or(rest.len());
        if open > 0 {
            parts.push(Part::Text(&rest[..open]));
            rest = &rest[open..];
            continue;
        }
        let close = rest.find('>').ok_or("no > after <")?;
        parts.push(Part::Run(run(&rest[1..close])?));
        rest = &rest[close + 1..];
    }
    Ok(parts)
}

fn run(spec: &str) -> Result<Run, &'static str> {
    let (letter, count) = spec.split_at_checked(1).ok_or("nothing in <>")?;
    let letter = letter.as_bytes()[0];
    let class = Class::LETTERS.iter().find(|(l, _)| *l == letter).ok_or("unknown class")?.1;
    let number = |text: &str| text.parse::<usize>().map_err(|_| "no number");
    let (least, most) = match (count.strip_suffix('+'), count.split_once("..")) {
        _ if class == Guid => (36, 36),
        (Some(least), _) => (number(least)?, usize::MAX),
        (None, Some((least, most))) => (number(least)?, number(most)?),
        (None, None) => (number(count)?, number(count)?),
    };
    Ok(Run { class, least, most })
}

/// How far runs reach, so that none is measured twice: by the place of the part in its form and by its class.
#[derive(Default)]
pub(super) struct Reach {
    known: [[(usize, usize); Class::LETTERS.len()]; 4],
}

impl Reach {
    pub(super) fn end(&mut self, view: &View, part: usize, class: Class, from: usize) -> usize {
        let slot = &mut self.known[part.min(3)][class as usize];
        if !(slot.0 <= from && from < slot.1) {
            let end = (from..view.len()).find(|&i| !class.of(view.get(i))).unwrap_or(view.len());
            *slot = (from, end);
        }
        slot.1
    }
}

/// Where the form whose text is at `at` begins and ends. `Err` with where its only run ended, when that was too
/// short: the rest may be on the next line.
pub(super) fn fits(
    form: &Form,
    view: &View,
    at: usize,
    reach: &mut Reach,
) -> Option<Result<(usize, usize), usize>> {
    let begin = at + form.text.len();
    if form.exact && view.slice(at, begin) != form.text.as_bytes()
        || form.before.is_empty() && view.before(at).is_ascii_alphanumeric()
    {
        return None;
    }
    let mut end = begin;
    for (nth, part) in form.after.iter().enumerate() {
        match *part {
            Part::Text(text) => {
                let next = end + text.len();
                if next > view.len() || !view.slice(end, next).eq_ignore_ascii_case(text.as_bytes()) {
                    return None;
                }
                end = next;
            }
            Part::Run(Run { class: Guid, .. }) => {
                natural::guid_at(view.slice(end, view.len().min(end + 36)))?;
                end += 36;
            }
            Part::Run(run) => {
                let last = nth + 1 == form.after.len();
                let far = reach.end(view, nth, run.class, end);
                if far - end < run.least {
                    return (last && nth == 0 && form.before.is_empty()).then_some(Err(far));
                }
                if far - end > run.most && last {
                    return None;
                }
                end += (far - end).min(run.most);
            }
        }
    }
    let mut start = at;
    for run in &form.before {
        let most = start.min(run.most);
        let count = (1..=most).take_while(|&n| run.class.of_back(view.get(start - n))).count();
        if count < run.least {
            return None;
        }
        start -= count;
    }
    // Base64 may go on in the path before it; a word may not.
    let open = form.before.last().is_some_and(|run| run.class == Base64);
    if !open && view.before(start).is_ascii_alphanumeric() {
        return None;
    }
    let bounded =
        form.after.last().is_none_or(|part| !matches!(part, Part::Run(run) if run.most == usize::MAX));
    if bounded && view.get(end).is_ascii_alphanumeric() {
        return None;
    }
    Some(Ok((start, end)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redact_forms_are_all_right_and_differ() {
        let mut seen = std::collections::BTreeSet::new();
        for line in lines() {
            assert_eq!(parse(line).err(), None, "{line}");
            assert!(seen.insert(line.split_once(' ').map(|l| l.1.trim_start())), "{line} twice");
        }
        assert_eq!(FORMS.len(), seen.len());
    }
}
