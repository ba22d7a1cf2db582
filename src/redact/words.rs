//! The table of names, `names.txt`, as `names` asks for it.

use std::sync::LazyLock;

use super::marker::{LABELS, Label};
use super::names::Promise;

/// What is known of one word.
#[derive(Default)]
struct Entry {
    word: &'static [u8],
    /// What it promises, and after which words; none: after any.
    rules: Vec<(Option<Promise>, Vec<&'static [u8]>)>,
    neutral: bool,
    about: bool,
    about_after: Vec<&'static [u8]>,
    value: bool,
    named: bool,
}

pub(super) struct Words {
    /// By the hash of the word.
    buckets: Vec<Vec<Entry>>,
    /// By the last letter of the word.
    endings: Vec<Vec<(&'static [u8], Option<Promise>)>>,
    written: Vec<(&'static str, &'static [u8])>,
}

const BUCKETS: usize = 1 << 11;

/// Every line of the table that is right. A test finds those that are not.
pub(super) static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let mut words = Words {
        buckets: std::iter::repeat_with(Vec::new).take(BUCKETS).collect(),
        endings: vec![Vec::new(); 256],
        written: Vec::new(),
    };
    for line in lines() {
        let _ = words.add(line);
    }
    words
});

fn lines() -> impl Iterator<Item = &'static str> {
    include_str!("names.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// FNV-1a.
fn bucket(word: &[u8]) -> usize {
    let hash = word.iter().fold(0x811c_9dc5_u32, |hash, b| (hash ^ u32::from(*b)).wrapping_mul(0x0100_0193));
    (hash ^ hash >> 15) as usize % BUCKETS
}

impl Words {
    fn get(&self, word: &[u8]) -> Option<&Entry> {
        self.buckets[bucket(word)].iter().find(|entry| entry.word == word)
    }

    fn entry(&mut self, word: &'static str) -> &mut Entry {
        let word = word.as_bytes();
        let bucket = &mut self.buckets[bucket(word)];
        let at = bucket.iter().position(|entry| entry.word == word).unwrap_or_else(|| {
            bucket.push(Entry { word, ..Entry::default() });
            bucket.len() - 1
        });
        &mut bucket[at]
    }

    fn add(&mut self, line: &'static str) -> Result<(), &'static str> {
        let (rule, words) = line.split_once(": ").ok_or("no colon")?;
        let (words, after) = words.split_once(" after ").unwrap_or((words, ""));
        let (kind, label) = rule.split_once(' ').unwrap_or((rule, ""));
        if kind == "written" {
            self.written.extend(words.split_ascii_whitespace().map(|word| (word, label.as_bytes())));
            return Ok(());
        }
        let promise = match kind {
            "sure" | "ending" => Some(by_label(label)?),
            "perhaps" | "ending?" => Some(Promise::Perhaps(known(label)?)),
            "cookie" => Some(Promise::Cookie),
            "authorization" => Some(Promise::Authorization),
            _ => None,
        };
        for word in words.split_ascii_whitespace() {
            match (kind, label) {
                ("ending" | "ending?", _) | ("never", "ending") => {
                    let last = *word.as_bytes().last().ok_or("no word")?;
                    self.endings[usize::from(last)].push((word.as_bytes(), promise));
                }
                ("sure" | "perhaps" | "never" | "cookie" | "authorization", _) => {
                    let after = after.split_ascii_whitespace().map(str::as_bytes).collect();
                    self.entry(word).rules.push((promise, after));
                }
                ("neutral", _) => self.entry(word).neutral = true,
                ("about", _) if after.is_empty() => self.entry(word).about = true,
                ("about", _) => {
                    self.entry(word).about_after.extend(after.split_ascii_whitespace().map(str::as_bytes));
                }
                ("value", _) => self.entry(word).value = true,
                ("named", _) => self.entry(word).named = true,
                _ => return Err("unknown rule"),
            }
        }
        Ok(())
    }

    /// What `segment` promises after `before`, by itself or at its end; and whether it makes the name one about a secret.
    pub(super) fn noun(&self, segment: &[u8], before: &[u8]) -> (Option<Promise>, bool) {
        let entry = self.get(segment);
        let promise = self.promise(entry, segment, before);
        let about = entry.is_some_and(|entry| entry.about || entry.about_after.contains(&before));
        (promise, promise.is_none() && about)
    }

    fn promise(&self, entry: Option<&Entry>, segment: &[u8], before: &[u8]) -> Option<Promise> {
        if let Some(entry) = entry
            && let Some(rule) =
                entry.rules.iter().find(|(_, after)| after.is_empty() || after.contains(&before))
        {
            return rule.0;
        }
        let endings = &self.endings[usize::from(*segment.last()?)];
        endings.iter().find(|(ending, _)| segment.ends_with(ending)).and_then(|(_, promise)| *promise)
    }

    pub(super) fn neutral(&self, word: &[u8]) -> bool {
        self.get(word).is_some_and(|entry| entry.neutral)
    }

    /// What the value of an entry is called.
    pub(super) fn value(&self, word: &[u8]) -> bool {
        self.get(word).is_some_and(|entry| entry.value)
    }

    /// What the name of an entry is called.
    pub(super) fn named(&self, word: &[u8]) -> bool {
        self.get(word).is_some_and(|entry| entry.named)
    }

    /// The word outside ASCII that `text` begins with: its length, and what it is read as.
    pub(super) fn written(&self, text: &str) -> Option<(usize, &'static [u8])> {
        self.written.iter().find(|(word, _)| text.starts_with(word)).map(|(word, read)| (word.len(), *read))
    }

    /// Every word without which no name announces anything, and whether it may be the end of a longer one.
    pub(super) fn nouns(&self) -> impl Iterator<Item = (&'static [u8], bool)> + '_ {
        let promises = |entry: &&Entry| entry.rules.iter().any(|(promise, _)| promise.is_some());
        let words = self.buckets.iter().flatten().filter(promises).flat_map(|entry| {
            // What is a noun after one or two words only is as well known by these.
            let all: Vec<&[u8]> = entry.rules.iter().flat_map(|(_, after)| after.iter().copied()).collect();
            let only_after = entry.rules.iter().all(|(_, after)| !after.is_empty()) && all.len() <= 2;
            if only_after { all } else { vec![entry.word] }
        });
        let endings = self.endings.iter().flatten().filter(|(_, promise)| promise.is_some());
        words.map(|word| (word, false)).chain(endings.map(|(ending, _)| (*ending, true)))
    }
}

fn known(label: &str) -> Result<Label, &'static str> {
    LABELS.iter().find(|known| **known == label).copied().ok_or("unknown label")
}

fn by_label(label: &str) -> Result<Promise, &'static str> {
    Ok(match label {
        "cookie" => Promise::Cookie,
        "authorization" => Promise::Authorization,
        _ => Promise::Secret(known(label)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redact_words_are_all_right() {
        let mut words = Words { buckets: vec![], endings: vec![Vec::new(); 256], written: vec![] };
        words.buckets.resize_with(BUCKETS, Vec::new);
        for line in lines() {
            assert_eq!(words.add(line), Ok(()), "{line}");
        }
        assert!(words.noun(b"token", b"key").0.is_none());
        assert_eq!(words.noun(b"mysqlpassword", b"").0, Some(Promise::Secret("password")));
    }
}
