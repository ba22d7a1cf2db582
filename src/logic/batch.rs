//! A batch as one opaque value: what [`crate::items::read`] found about each item, without its texts. The SQL that compares
//! a batch with what is stored passes it on. Every reader checks it, because any caller may pass such bytes.
//!
//! Little endian numbers: a mark, the number of items, a record of [`RECORD`] bytes for each item in the given order, then
//! all external ids, one behind the other.

use crate::digest::Key;
use crate::error::Error;
use crate::items::{Item, MAX_ITEMS};

/// The last byte is the version of the layout.
const MARK: [u8; 4] = *b"ICB1";
const HEAD: usize = 8;
/// Two halves of the key, two digests, where the item begins, where its external id ends; the highest bits of the last
/// number say which parts are omitted.
const RECORD: usize = 4 * 8 + 2 * 4;
const NAME_OMITTED: u32 = 1 << 31;
const META_OMITTED: u32 = 1 << 30;

/// What is known of one item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Its identity.
    pub key: Key,
    /// The digest of its name, where one is given.
    pub name_digest: Option<i64>,
    /// The digest of its meta, where one is given.
    pub meta_digest: Option<i64>,
    /// Where in the given text it begins, in bytes.
    pub start: usize,
    /// Second part of its identity.
    pub external_id: &'a str,
}

impl<'a> From<&'a Item<'_>> for Entry<'a> {
    fn from(item: &'a Item<'_>) -> Self {
        let Item { start, external_id, key, name_digest, meta_digest } = item;
        Self { key: *key, name_digest: *name_digest, meta_digest: *meta_digest, start: *start, external_id }
    }
}

/// Writes items, at most [`MAX_ITEMS`] and of a text of less than 4 GiB.
pub fn write<'a>(entries: impl ExactSizeIterator<Item = Entry<'a>>) -> Vec<u8> {
    let count = entries.len();
    let mut bytes = Vec::with_capacity(HEAD + count * (RECORD + 40));
    bytes.extend(MARK);
    bytes.extend(narrow(count).to_le_bytes());
    let mut external_ids = String::with_capacity(count * 40);
    for Entry { key, name_digest, meta_digest, start, external_id } in entries {
        external_ids.push_str(external_id);
        let omitted = [(name_digest, NAME_OMITTED), (meta_digest, META_OMITTED)];
        let flags = omitted.iter().filter(|(digest, _)| digest.is_none()).map(|(_, flag)| flag).sum::<u32>();
        for number in [key.high, key.low, name_digest.unwrap_or(0), meta_digest.unwrap_or(0)] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend(narrow(start).to_le_bytes());
        bytes.extend((narrow(external_ids.len()) | flags).to_le_bytes());
    }
    bytes.extend(external_ids.into_bytes());
    bytes
}

fn narrow(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// A checked batch: every record is within the bytes, every external id is a text without a NUL, and the items begin one
/// after another.
#[derive(Debug, Clone, Copy)]
pub struct Packed<'a> {
    records: &'a [[u8; RECORD]],
    external_ids: &'a str,
}

impl<'a> Packed<'a> {
    /// Reads what [`write`] wrote.
    ///
    /// # Errors
    /// `Invalid` for anything else.
    pub fn read(bytes: &'a [u8]) -> Result<Self, Error> {
        Self::checked(bytes).ok_or_else(|| {
            Error::invalid(
                "malformed batch",
                format!("A value of {} bytes is not what _read_items gives.", bytes.len()),
                "Call inventory_core.upsert_items, which reads a batch and passes it on.",
            )
        })
    }

    fn checked(bytes: &'a [u8]) -> Option<Self> {
        let (mark, rest) = bytes.split_first_chunk()?;
        let (count, rest) = rest.split_first_chunk()?;
        let count = usize::try_from(u32::from_le_bytes(*count)).ok()?;
        if *mark != MARK || count > usize::try_from(MAX_ITEMS).ok()? {
            return None;
        }
        let (records, external_ids) = rest.split_at_checked(count * RECORD)?;
        let batch =
            Self { records: records.as_chunks().0, external_ids: std::str::from_utf8(external_ids).ok()? };
        let (mut next_start, mut end) = (0, 0);
        for record in batch.records {
            let (start, next_end) = (start_of(record), end_of(record));
            if start < next_start || next_end < end || !batch.external_ids.is_char_boundary(next_end) {
                return None;
            }
            (next_start, end) = (start + 1, next_end);
        }
        (end == external_ids.len() && !external_ids.contains(&0)).then_some(batch)
    }

    /// How many items it has.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// The item at this index, counted from 0.
    pub fn get(&self, index: usize) -> Option<Entry<'a>> {
        let record = self.records.get(index)?;
        let begin = index.checked_sub(1).and_then(|before| self.records.get(before)).map_or(0, end_of);
        let digest = |at, flag| (last_number(record) & flag == 0).then(|| number(record, at));
        Some(Entry {
            key: Key { high: number(record, 0), low: number(record, 8) },
            name_digest: digest(16, NAME_OMITTED),
            meta_digest: digest(24, META_OMITTED),
            start: start_of(record),
            external_id: self.external_ids.get(begin..end_of(record))?,
        })
    }

    /// All items.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Entry<'a>> + use<'a> {
        let batch = *self;
        // checked: each index has its entry
        (0..batch.len()).map(move |index| batch.get(index).unwrap_or(Entry::NONE))
    }

    /// The piece of the given text that begins with the item at this index and ends before the next item.
    pub fn text_of<'t>(&self, index: usize, text: &'t str) -> Option<&'t str> {
        let start = start_of(self.records.get(index)?);
        text.get(start..self.records.get(index + 1).map_or(text.len(), start_of))
    }

    /// The indexes of evenly spread items: every n-th, and the last one.
    pub fn spread(&self, every: usize) -> impl Iterator<Item = usize> + use<> {
        let last = self.len().checked_sub(1);
        (0..last.unwrap_or(0)).step_by(every.max(1)).chain(last)
    }
}

impl Entry<'static> {
    const NONE: Self = Self {
        key: Key { high: 0, low: 0 },
        name_digest: None,
        meta_digest: None,
        start: 0,
        external_id: "",
    };
}

fn number(record: &[u8; RECORD], at: usize) -> i64 {
    record[at..].first_chunk().map_or(0, |bytes| i64::from_le_bytes(*bytes))
}

fn half(record: &[u8; RECORD], at: usize) -> u32 {
    record[at..].first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

fn start_of(record: &[u8; RECORD]) -> usize {
    half(record, 32) as usize
}

fn last_number(record: &[u8; RECORD]) -> u32 {
    half(record, 36)
}

fn end_of(record: &[u8; RECORD]) -> usize {
    (last_number(record) & !(NAME_OMITTED | META_OMITTED)) as usize
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::{Entry, HEAD, Packed, RECORD, write};
    use crate::digest::Key;
    use crate::error::Kind;

    fn entry(number: usize, external_id: &str) -> Entry<'_> {
        let high = number as i64 - 3;
        Entry {
            key: Key { high, low: !high },
            name_digest: number.is_multiple_of(2).then_some(high * 7),
            meta_digest: number.is_multiple_of(3).then_some(i64::MIN.wrapping_add(high)),
            start: 1 + 10 * number,
            external_id,
        }
    }

    fn three() -> Vec<u8> {
        write(["i-1", "é😀", "x"].into_iter().enumerate().map(|(number, id)| entry(number, id)))
    }

    #[test]
    fn items_come_back() {
        let bytes = three();
        assert_eq!(bytes.len(), HEAD + 3 * RECORD + "i-1é😀x".len());
        let batch = Packed::read(&bytes).unwrap();
        let back: Vec<_> = batch.iter().collect();
        assert_eq!(back, [entry(0, "i-1"), entry(1, "é😀"), entry(2, "x")]);
        assert_eq!(batch.get(3), None);
        let text = "[123456789,123456789,123456789]";
        assert_eq!(batch.text_of(1, text), Some("123456789,"));
        assert_eq!(batch.text_of(2, text), Some("123456789]"));
        assert_eq!((batch.text_of(3, text), batch.text_of(2, "[]")), (None, None));
        let empty = write(std::iter::empty());
        assert!(Packed::read(&empty).unwrap().is_empty());
    }

    #[test]
    fn a_sample_is_spread_evenly_and_has_the_last_item() {
        let many = write((0..10).map(|number| entry(number, "i")));
        let spread = |bytes: &[u8], every| Packed::read(bytes).unwrap().spread(every).collect::<Vec<_>>();
        assert_eq!(spread(&many, 4), [0, 4, 8, 9]);
        assert_eq!(spread(&many, 9), [0, 9]);
        assert_eq!(spread(&many, 100), [0, 9]);
        assert_eq!(spread(&many, 0).len(), 10);
        assert_eq!(spread(&write([entry(0, "i")].into_iter()), 64), [0]);
        assert!(spread(&write(std::iter::empty()), 64).is_empty());
    }

    #[test]
    fn what_is_no_batch_is_refused() {
        let good = three();
        let changed = |at: usize, byte: u8| {
            let mut bytes = good.clone();
            bytes[at] = byte;
            bytes
        };
        let more = [&good[..], b"y"].concat();
        for (bad, what) in [
            (vec![], "nothing"),
            (b"ICB1".to_vec(), "no count"),
            (changed(3, b'2'), "another version"),
            (changed(4, 4), "more items than records"),
            (changed(4, 2), "fewer"),
            (b"ICB1\xff\xff\xff\xff".to_vec(), "four thousand million items"),
            ([&b"ICB1\x51\xc3\0\0"[..], &[0; 50_001 * RECORD]].concat(), "more than a batch may have"),
            (more, "a text too long"),
            (good[..good.len() - 1].to_vec(), "a text too short"),
            (changed(HEAD + RECORD + 32, 1), "two items at one place"),
            (changed(HEAD + 36, 200), "an end behind all"),
            (changed(HEAD + 36, 4), "an end within a character"),
            (changed(HEAD + RECORD + 36, 1), "an end before the last one"),
            (changed(good.len() - 1, 0), "a NUL"),
            (changed(good.len() - 1, 0xff), "what is not text"),
        ] {
            assert_eq!(
                Packed::read(&bad).map(|_| ()).map_err(|error| error.kind),
                Err(Kind::Invalid),
                "{what}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(
            mut bytes in prop::sample::select(vec![three(), b"ICB1\x01\0\0\0".to_vec()]),
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
            cut: prop::sample::Index,
        ) {
            for (at, byte) in changes {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            let bytes = &bytes[..cut.index(bytes.len() + 1)];
            if let Ok(batch) = Packed::read(bytes) {
                let again = write(batch.iter());
                prop_assert_eq!(Packed::read(&again).unwrap().iter().collect::<Vec<_>>(), batch.iter().collect::<Vec<_>>());
                for index in 0..batch.len() {
                    let short = batch.text_of(index, "[1]").is_none_or(|text| text.len() < 4);
                    prop_assert!(short);
                }
            }
        }
    }
}
