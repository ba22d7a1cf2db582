//! One batch of `upsert_items`: JSON text in, checked items out, each with its digests.
//!
//! The text is read without building a tree. The first pass gives keys and digests, which show which items
//! are new or changed; the texts to store are made later, for those items only.

mod fields;
mod problem;

use std::borrow::Cow;

use hashbrown::HashSet;
use jiter::Peek;
use serde_json::value::RawValue;

use crate::Tick;
use crate::digest::{self, Key};
use crate::error::Error;
use crate::json::meta::{self, Numbers};
use crate::json::reader::Reader;
use crate::json::string::{compare_utf16, write_string};
use crate::whitelist::{Allowed, Whitelist};
use fields::{Fields, Member, Meta, first_value};
use problem::Problem;

/// Items in one batch, at most.
pub const MAX_ITEMS: i32 = 50_000;
const MAX_POLICY_TYPE_BYTES: usize = 200;
const MAX_EXTERNAL_ID_BYTES: usize = 2_048;
const MAX_DISPLAY_NAME_CHARS: usize = 1_000;
const MAX_META_BYTES: usize = 64 * 1024;
const TICK_EVERY: i32 = 1_000;

/// What to do with a bad item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnBadItem {
    /// Refuse the whole batch.
    RejectBatch,
    /// Leave the item out and report its policy type.
    Record,
}

impl OnBadItem {
    /// Reads the SQL argument.
    pub fn parse(text: &str) -> Result<Self, Error> {
        match text {
            "reject_batch" => Ok(Self::RejectBatch),
            "record" => Ok(Self::Record),
            _ => Err(Error::invalid(
                "invalid value for on_bad_item",
                "It is not one of the two known values.",
                "Use 'reject_batch' or 'record'.",
            )),
        }
    }
}

/// A part of an item. `None`: omitted, the stored value stays. `Some(None)`: JSON null, clears it.
pub type Part<T> = Option<Option<T>>;

/// A checked item: what is needed to decide whether it is new or changed.
#[derive(Debug)]
pub struct Item<'a> {
    /// Where the item begins in the given text, in bytes: [`read_at`] reads it again from there.
    pub start: usize,
    /// Second part of the identity.
    pub external_id: Cow<'a, str>,
    /// [`digest::of_key`] of the identity.
    pub key: Key,
    /// [`digest::of_text`] of the display name, where one is given.
    pub name_digest: Option<i64>,
    /// [`meta::digest`] of the meta, where one is given.
    pub meta_digest: Option<i64>,
}

/// The texts to store for an item.
#[derive(Debug)]
pub struct Texts<'a> {
    /// First part of the identity.
    pub policy_type: Cow<'a, str>,
    /// Second part of the identity.
    pub external_id: Cow<'a, str>,
    /// Cut to the length that is stored.
    pub display_name: Part<Cow<'a, str>>,
    /// The text of an object with the allowed keys, sorted, and without the secrets in its strings.
    pub meta: Part<String>,
    /// How many string values of the meta held a secret.
    pub redacted_values: usize,
}

/// A checked batch.
#[derive(Debug, Default)]
pub struct Batch<'a> {
    /// Every good item once, in the given order.
    pub items: Vec<Item<'a>>,
    /// Good items that a later one of the same identity replaced.
    pub duplicates: i32,
    /// Bad items.
    pub rejected: i32,
    /// Their policy types, each once, sorted; `None` if it could not be read.
    pub rejected_types: Vec<Option<String>>,
    /// Keys of `meta` that the whitelist does not allow, over all good items.
    pub dropped_meta_keys: i32,
}

/// Reads and checks a batch. `array` is the text of a JSON value.
pub fn read<'a>(
    array: &'a str,
    whitelist: &Whitelist,
    on_bad_item: OnBadItem,
    tick: Tick<'_>,
) -> Result<Batch<'a>, Error> {
    let mut json = Reader::new(array);
    let mut next = match json.peek() {
        Ok(Peek::Array) => json.first_element(),
        _ => return Err(not_an_array(array)),
    };
    let mut batch = Batch::default();
    let mut position = 0;
    let mut meta = String::new();
    while let Some(value) = next.map_err(|_| not_an_array(array))? {
        position += 1;
        if position % TICK_EVERY == 0 {
            tick();
        }
        if position > MAX_ITEMS {
            return Err(whole_is_wrong(array).unwrap_or_else(|| not_an_array(array)));
        }
        let start = json.offset();
        let fields = match Fields::read_plain(&mut json, value) {
            Some(fields) => Ok(fields),
            None => {
                let element = array.get(start..).and_then(first_value).ok_or_else(|| not_an_array(array))?;
                json.go_to(start + element.len());
                Fields::read(element)
            }
        };
        match check(position, fields, whitelist, Numbers::Normal, &mut meta, tick) {
            Ok(checked) => {
                batch.dropped_meta_keys += checked.dropped;
                batch.items.push(checked.item(start, &meta, tick)?);
            }
            Err(bad) if on_bad_item == OnBadItem::RejectBatch => {
                return Err(whole_is_wrong(array).unwrap_or(bad.error));
            }
            Err(bad) => {
                batch.rejected += 1;
                batch.rejected_types.push(bad.policy_type);
            }
        }
        next = json.next_element();
    }
    json.finish().map_err(|_| not_an_array(array))?;
    batch.rejected_types.sort_unstable();
    batch.rejected_types.dedup();
    let given = batch.items.len();
    keep_last_of_each(&mut batch.items);
    batch.duplicates = i32::try_from(given - batch.items.len()).unwrap_or(i32::MAX);
    Ok(batch)
}

/// Reads one item of a batch that [`read`] accepted, from the text that begins with it. `None` if there is no good
/// item.
pub fn read_at<'a>(text: &'a str, whitelist: &Whitelist, tick: Tick<'_>) -> Option<Texts<'a>> {
    let mut json = Reader::new(text);
    let value = json.peek().ok()?;
    let fields = match Fields::read_plain(&mut json, value) {
        Some(fields) => Ok(fields),
        None => Fields::read(first_value(text)?),
    };
    let mut meta = String::new();
    let checked = check(0, fields, whitelist, Numbers::AsGiven, &mut meta, tick).ok()?;
    let Checked { policy_type, external_id, display_name, has_meta, .. } = checked;
    let (meta, redacted_values) = match meta::redacted(&meta, tick) {
        Ok((Cow::Owned(redacted), count)) if has_meta == Some(true) => (redacted, count),
        _ => (meta, 0),
    };
    let meta = has_meta.map(|has_meta| has_meta.then_some(meta));
    Some(Texts { policy_type, external_id, display_name, meta, redacted_values })
}

/// An error of the batch as a whole (not an array, too many items), which takes precedence over that of an item.
fn whole_is_wrong(array: &str) -> Option<Error> {
    let Ok(elements) = serde_json::from_str::<Vec<&RawValue>>(array) else {
        return Some(not_an_array(array));
    };
    let fits = i32::try_from(elements.len()).is_ok_and(|length| length <= MAX_ITEMS);
    (!fits).then(|| {
        Error::invalid(
            "too many items in one batch",
            format!("The array has {} elements; the limit is {MAX_ITEMS}.", elements.len()),
            "Send several batches.",
        )
    })
}

fn not_an_array(value: &str) -> Error {
    let detail = if value.trim_start().starts_with('"') {
        "The value given is a JSON string: the array was encoded twice."
    } else {
        "The value given is of another type."
    };
    Error::invalid(
        "items must be a JSON array",
        detail,
        "Pass an array of objects, for example [{\"policy_type\": \"vm\", \"external_id\": \"i-1\"}].",
    )
}

/// Keeps the last of equal items, at its position.
fn keep_last_of_each(items: &mut Vec<Item<'_>>) {
    let mut seen = HashSet::with_capacity(items.len());
    let is_last: Vec<bool> = items.iter().rev().map(|item| seen.insert(item.key)).collect();
    let mut is_last = is_last.into_iter().rev();
    items.retain(|_| is_last.next().unwrap_or(true));
}

/// Why an item is bad, and its policy type if it could be read.
struct Bad {
    policy_type: Option<String>,
    error: Error,
}

struct Checked<'a> {
    policy_type: Cow<'a, str>,
    external_id: Cow<'a, str>,
    display_name: Part<Cow<'a, str>>,
    /// Whether meta is given and, if so, an object.
    has_meta: Option<bool>,
    /// How many keys of its meta the whitelist does not allow.
    dropped: i32,
}

impl<'a> Checked<'a> {
    /// The item that begins there; `meta` is the text of the digest of its meta.
    fn item(self, start: usize, meta: &str, tick: Tick<'_>) -> Result<Item<'a>, Error> {
        let meta_digest = match self.has_meta {
            None => None,
            Some(false) => Some(digest::of_text(None)),
            Some(true) => Some(meta::digest_of_normal(meta, tick)?),
        };
        Ok(Item {
            start,
            key: digest::of_key(&self.policy_type, &self.external_id),
            external_id: self.external_id,
            name_digest: self.display_name.map(|name| digest::of_text(name.as_deref())),
            meta_digest,
        })
    }
}

/// Checks an item; the text of its meta is left in `meta_text`.
fn check<'a>(
    position: i32,
    fields: Result<Fields<'a>, Problem>,
    whitelist: &Whitelist,
    numbers: Numbers,
    meta_text: &mut String,
    tick: Tick<'_>,
) -> Result<Checked<'a>, Bad> {
    let refuse = |policy_type: Option<&str>, problem: Problem| Bad {
        policy_type: policy_type.map(str::to_owned),
        error: problem.at(position),
    };
    let fields = fields.map_err(|problem| refuse(None, problem))?;
    let policy_type = key_field("policy_type", fields.policy_type, MAX_POLICY_TYPE_BYTES)
        .map_err(|problem| refuse(None, problem))?;
    let rest = |policy_type: &str| {
        if let Some(name) = fields.unknown {
            return Err(Problem::new(&name, "is not a field of an item"));
        }
        let external_id = key_field("external_id", fields.external_id, MAX_EXTERNAL_ID_BYTES)?;
        let display_name = fields.display_name.map(display_name).transpose()?;
        let mut members = fields.meta.map(Meta::members).transpose()?;
        let dropped = match &mut members {
            Some(Some(members)) => {
                write_meta(meta_text, members, whitelist.of_type(policy_type), numbers, tick)?
            }
            _ => 0,
        };
        Ok((external_id, display_name, members.map(|object| object.is_some()), dropped))
    };
    let (external_id, display_name, has_meta, dropped) =
        rest(&policy_type).map_err(|problem| refuse(Some(&policy_type), problem))?;
    Ok(Checked { policy_type, external_id, display_name, has_meta, dropped })
}

fn key_field<'a>(
    name: &'static str,
    raw: Option<&'a str>,
    max_bytes: usize,
) -> Result<Cow<'a, str>, Problem> {
    let raw = raw.ok_or_else(|| Problem::new(name, "is missing"))?;
    let text = text(name, raw)?;
    match text.len() {
        0 => Err(Problem::new(name, "is empty")),
        length if length > max_bytes => {
            Err(Problem::new(name, format!("has {length} bytes; the limit is {max_bytes}")))
        }
        _ => Ok(text),
    }
}

fn display_name(raw: &str) -> Result<Option<Cow<'_, str>>, Problem> {
    if raw == "null" {
        return Ok(None);
    }
    let name = text("display_name", raw)?;
    if name.len() <= MAX_DISPLAY_NAME_CHARS {
        return Ok(Some(name));
    }
    Ok(Some(match name.char_indices().nth(MAX_DISPLAY_NAME_CHARS) {
        None => name,
        Some((cut, _)) => Cow::Owned(name[..cut].to_owned()),
    }))
}

/// Replaces the text by the allowed keys of a meta object, sorted as in [`crate::json::writer`]; returns how many keys it
/// drops.
fn write_meta(
    text: &mut String,
    members: &mut Vec<Member<'_>>,
    allowed: Allowed<'_>,
    numbers: Numbers,
    tick: Tick<'_>,
) -> Result<i32, Problem> {
    members.sort_by(|a, b| compare_utf16(&a.0, &b.0));
    // Of equal keys the last one counts, as in jsonb.
    members.dedup_by(|later, kept| {
        later.0 == kept.0 && {
            kept.1 = later.1;
            true
        }
    });
    let given = members.len();
    members.retain(|(key, _)| allowed.keeps(key));
    text.clear();
    text.reserve(members.iter().map(|(key, value)| key.len() + value.len() + 4).sum());
    text.push('{');
    let mut longer = 0;
    for (key, value) in &*members {
        if text.len() > 1 {
            text.push(',');
        }
        write_string(text, key);
        text.push(':');
        longer += meta::write_value(text, value, numbers, tick)
            .map_err(|problem| Problem::of_value("meta", problem))?;
    }
    text.push('}');
    // As it is read again: 1e9 takes ten bytes.
    let bytes = text.len().saturating_add_signed(longer);
    if bytes > MAX_META_BYTES {
        let problem = format!("has {bytes} bytes after the whitelist; the limit is {MAX_META_BYTES}");
        return Err(Problem::new("meta", problem));
    }
    Ok(i32::try_from(given - members.len()).unwrap_or(i32::MAX))
}

fn text<'a>(name: &str, raw: &'a str) -> Result<Cow<'a, str>, Problem> {
    if !raw.starts_with('"') {
        return Err(Problem::new(name, "must be a string"));
    }
    meta::string(raw).map_err(|problem| Problem::of_value(name, problem))
}

#[cfg(test)]
mod tests;
