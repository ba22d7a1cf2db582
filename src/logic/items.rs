//! One batch of `upsert_items`: JSON text in, checked items out, each with its digests.
//!
//! The text is read without building a tree. A caller that only asks which items are new or changed
//! gets keys and digests; the texts to store are made later, for those items alone.

use std::borrow::Cow;

use hashbrown::HashSet;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::Tick;
use crate::canonical::write_string;
use crate::digest::{self, Key};
use crate::error::Error;
use crate::meta::{Allowed, Whitelist};
use crate::stored;

/// Items in one batch, at most.
pub const MAX_ITEMS: usize = 50_000;
const MAX_POLICY_TYPE_BYTES: usize = 200;
const MAX_EXTERNAL_ID_BYTES: usize = 2_048;
const MAX_DISPLAY_NAME_CHARS: usize = 1_000;
const MAX_META_BYTES: usize = 64 * 1024;
const TICK_EVERY: usize = 1_000;

/// What to do with a bad item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnBadItem {
    /// Refuse the whole batch.
    RejectBatch,
    /// Leave the item out and tell which policy types lost one.
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
                "It is neither of the two known values.",
                "Use 'reject_batch' or 'record'.",
            )),
        }
    }
}

/// A checked item.
#[derive(Debug)]
pub struct Item<'a> {
    /// Position in the given array, counted from 1.
    pub position: i32,
    /// Where the item begins in the given text, in bytes: [`read_at`] reads it again from there.
    pub start: usize,
    /// First part of the identity.
    pub policy_type: Cow<'a, str>,
    /// Second part of the identity.
    pub external_id: Cow<'a, str>,
    /// [`digest::of_key`] of the identity.
    pub key: Key,
    /// `None`: omitted, leaves what is stored. `Some(None)`: JSON null, clears it.
    pub display_name: Option<Option<Cow<'a, str>>>,
    /// Likewise; the text is that of an object with the allowed keys, sorted.
    pub meta: Option<Option<String>>,
}

impl Item<'_> {
    /// The digest of the display name, where one is given.
    pub fn name_digest(&self) -> Option<i64> {
        self.display_name.as_ref().map(|name| digest::of_text(name.as_deref()))
    }

    /// The digest of the meta, where one is given.
    pub fn meta_digest(&self) -> Option<i64> {
        self.meta.as_ref().map(|meta| digest::of_text(meta.as_deref()))
    }
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
    /// Their policy types, each once, sorted; `None` where it could not be read.
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
    let elements: Vec<&RawValue> = serde_json::from_str(array).map_err(|_| not_an_array())?;
    if elements.len() > MAX_ITEMS {
        return Err(Error::invalid(
            "too many items in one batch",
            format!("The array has {} elements; the limit is {MAX_ITEMS}.", elements.len()),
            "Send several batches.",
        ));
    }
    let mut batch = Batch { items: Vec::with_capacity(elements.len()), ..Batch::default() };
    for (position, element) in (1..).zip(&elements) {
        if (position as usize).is_multiple_of(TICK_EVERY) {
            tick();
        }
        let start = element.get().as_ptr().addr() - array.as_ptr().addr();
        match read_item(position, start, element.get(), whitelist, tick) {
            Ok((item, dropped)) => {
                batch.items.push(item);
                batch.dropped_meta_keys += dropped;
            }
            Err(bad) if on_bad_item == OnBadItem::RejectBatch => return Err(bad.error),
            Err(bad) => {
                batch.rejected += 1;
                batch.rejected_types.push(bad.policy_type);
            }
        }
    }
    batch.rejected_types.sort_unstable();
    batch.rejected_types.dedup();
    let given = batch.items.len();
    keep_last_of_each(&mut batch.items);
    batch.duplicates = i32::try_from(given - batch.items.len()).unwrap_or(i32::MAX);
    Ok(batch)
}

/// Reads one item of a batch that [`read`] found good, from where it begins in the same text. `None` where there
/// is no good item.
pub fn read_at<'a>(
    array: &'a str,
    start: usize,
    position: i32,
    whitelist: &Whitelist,
    tick: Tick<'_>,
) -> Option<Item<'a>> {
    let element: &RawValue =
        serde_json::Deserializer::from_str(array.get(start..)?).into_iter().next()?.ok()?;
    read_item(position, start, element.get(), whitelist, tick).ok().map(|(item, _)| item)
}

fn not_an_array() -> Error {
    Error::invalid(
        "items must be a JSON array",
        "The value given is of another type.",
        "Pass an array of objects, for example [{\"policy_type\": \"vm\", \"external_id\": \"i-1\"}].",
    )
}

/// Keeps the last of equal items, where it stands.
fn keep_last_of_each(items: &mut Vec<Item<'_>>) {
    let mut seen = HashSet::with_capacity(items.len());
    let is_last: Vec<bool> = items.iter().rev().map(|item| seen.insert(item.key)).collect();
    let mut is_last = is_last.into_iter().rev();
    items.retain(|_| is_last.next().unwrap_or(true));
}

/// Why an item is bad, and its policy type where that much could be read.
struct Bad {
    policy_type: Option<String>,
    error: Error,
}

fn read_item<'a>(
    position: i32,
    start: usize,
    element: &'a str,
    whitelist: &Whitelist,
    tick: Tick<'_>,
) -> Result<(Item<'a>, i32), Bad> {
    let refuse = |policy_type: Option<&str>, problem: Problem| Bad {
        policy_type: policy_type.map(str::to_owned),
        error: problem.at(position),
    };
    let fields = Fields::read(element).map_err(|problem| refuse(None, problem))?;
    let policy_type = key_field("policy_type", fields.policy_type, MAX_POLICY_TYPE_BYTES)
        .map_err(|problem| refuse(None, problem))?;
    let rest = |policy_type: &str| {
        if let Some(name) = fields.unknown {
            return Err(Problem::new(&name, "is not a field of an item"));
        }
        let external_id = key_field("external_id", fields.external_id, MAX_EXTERNAL_ID_BYTES)?;
        let display_name = fields.display_name.map(display_name).transpose()?;
        let meta = fields.meta.map(|raw| meta(raw, whitelist.of_type(policy_type), tick)).transpose()?;
        Ok((external_id, display_name, meta))
    };
    let (external_id, display_name, meta) =
        rest(&policy_type).map_err(|problem| refuse(Some(&policy_type), problem))?;
    let (meta, dropped) = match meta {
        None => (None, 0),
        Some((text, dropped)) => (Some(text), dropped),
    };
    let key = digest::of_key(&policy_type, &external_id);
    Ok((Item { position, start, policy_type, external_id, key, display_name, meta }, dropped))
}

fn key_field<'a>(
    name: &'static str,
    raw: Option<&'a RawValue>,
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

fn display_name(raw: &RawValue) -> Result<Option<Cow<'_, str>>, Problem> {
    if raw.get() == "null" {
        return Ok(None);
    }
    let name = text("display_name", raw)?;
    Ok(Some(match name.char_indices().nth(MAX_DISPLAY_NAME_CHARS) {
        None => name,
        Some((cut, _)) => Cow::Owned(name[..cut].to_owned()),
    }))
}

/// The allowed keys of a meta object, sorted, as JSON text; and how many keys were dropped.
fn meta(raw: &RawValue, allowed: Allowed<'_>, tick: Tick<'_>) -> Result<(Option<String>, i32), Problem> {
    if raw.get() == "null" {
        return Ok((None, 0));
    }
    let problem = |what: &str| Problem::new("meta", what);
    if !raw.get().starts_with('{') {
        return Err(problem("must be an object or null"));
    }
    let mut kept = Vec::with_capacity(16);
    each_member(raw.get(), |key, value| kept.push((key, value)))
        .map_err(|_| problem("has a key that is no valid text"))?;
    kept.sort_by(|a, b| a.0.cmp(&b.0));
    // Of equal keys the last one counts, as in jsonb.
    kept.dedup_by(|later, kept| {
        later.0 == kept.0 && {
            kept.1 = later.1;
            true
        }
    });
    let given = kept.len();
    kept.retain(|(key, _)| allowed.keeps(key));
    let dropped = i32::try_from(given - kept.len()).unwrap_or(i32::MAX);
    let mut text = String::with_capacity(raw.get().len());
    text.push('{');
    for (key, value) in &kept {
        if text.len() > 1 {
            text.push(',');
        }
        write_string(&mut text, key);
        text.push(':');
        stored::write_value(&mut text, value.get(), tick)
            .map_err(|problem| Problem::of_value("meta", problem))?;
    }
    text.push('}');
    if text.len() > MAX_META_BYTES {
        let problem = format!("has {} bytes after the whitelist; the limit is {MAX_META_BYTES}", text.len());
        return Err(Problem::new("meta", problem));
    }
    Ok((Some(text), dropped))
}

fn text<'a>(name: &str, raw: &'a RawValue) -> Result<Cow<'a, str>, Problem> {
    if !raw.get().starts_with('"') {
        return Err(Problem::new(name, "must be a string"));
    }
    stored::string(raw.get()).map_err(|problem| Problem::of_value(name, problem))
}

/// A field and what is wrong with it.
struct Problem {
    field: String,
    what: String,
    too_deep: bool,
}

impl Problem {
    const MAX_NAME_CHARS: usize = 60;

    fn new(field: &str, what: impl Into<String>) -> Self {
        let shown = field.escape_debug().take(Self::MAX_NAME_CHARS).collect();
        Self { field: shown, what: what.into(), too_deep: false }
    }

    fn of_value(field: &str, problem: stored::Problem) -> Self {
        Self { too_deep: problem == stored::Problem::TooDeep, ..Self::new(field, problem.words()) }
    }

    fn at(self, position: i32) -> Error {
        let message = "bad item in batch";
        let detail = if self.field.is_empty() {
            format!("Item {position} (counted from 1) {}.", self.what)
        } else {
            format!("Item {position} (counted from 1), field \"{}\": it {}.", self.field, self.what)
        };
        let hint = "An item is {\"policy_type\": text, \"external_id\": text, \"display_name\"?: text or null, \
                    \"meta\"?: object or null}. With on_bad_item 'record' the good items of a batch are stored.";
        if self.too_deep {
            Error::too_deep(message, detail, hint)
        } else {
            Error::invalid(message, detail, hint)
        }
    }
}

/// The fields of an item as they stand in the text, the last of equal names.
#[derive(Default)]
struct Fields<'a> {
    policy_type: Option<&'a RawValue>,
    external_id: Option<&'a RawValue>,
    display_name: Option<&'a RawValue>,
    meta: Option<&'a RawValue>,
    unknown: Option<String>,
}

impl<'a> Fields<'a> {
    fn read(element: &'a str) -> Result<Self, Problem> {
        if !element.starts_with('{') {
            return Err(Problem::new("", "is not an object"));
        }
        let mut fields = Self::default();
        each_member(element, |name, value| match name.as_ref() {
            "policy_type" => fields.policy_type = Some(value),
            "external_id" => fields.external_id = Some(value),
            "display_name" => fields.display_name = Some(value),
            "meta" => fields.meta = Some(value),
            other => fields.unknown = Some(other.to_owned()),
        })
        .map_err(|_| Problem::new("", "has a field whose name is no valid text"))?;
        Ok(fields)
    }
}

/// Shows the members of a JSON object in the order of the text, their values unread.
fn each_member<'a>(object: &'a str, show: impl FnMut(Cow<'a, str>, &'a RawValue)) -> serde_json::Result<()> {
    struct Members<F>(F);
    impl<'de, F: FnMut(Cow<'de, str>, &'de RawValue)> Visitor<'de> for Members<F> {
        type Value = ();

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
            while let Some(Name(name)) = map.next_key()? {
                self.0(name, map.next_value()?);
            }
            Ok(())
        }
    }
    serde_json::Deserializer::from_str(object).deserialize_map(Members(show))
}

/// A member's name, borrowed where it holds no escape.
#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests;
