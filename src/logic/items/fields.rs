//! The fields of an item as in the text; of equal names the last one counts.

use std::borrow::Cow;

use jiter::Peek;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::problem::Problem;
use crate::json::reader::Reader;

/// Values are JSON text, of which only the syntax is checked.
#[derive(Default)]
pub(super) struct Fields<'a> {
    pub(super) policy_type: Option<&'a str>,
    pub(super) external_id: Option<&'a str>,
    pub(super) display_name: Option<&'a str>,
    pub(super) meta: Option<Meta<'a>>,
    pub(super) unknown: Option<Cow<'a, str>>,
}

pub(super) enum Meta<'a> {
    /// An object: its members in the order of the text, their values unread.
    Members(Vec<Member<'a>>),
    /// Anything else.
    Other(&'a str),
}

pub(super) type Member<'a> = (Cow<'a, str>, &'a str);

impl<'a> Fields<'a> {
    /// Reads the next value in one pass, which works for nearly every item. `None` for the others: values that are not
    /// objects, names with an escape, deep nesting, and all errors.
    pub(super) fn read_plain(json: &mut Reader<'a>, value: Peek) -> Option<Self> {
        if value != Peek::Object {
            return None;
        }
        let mut fields = Self::default();
        let mut name = plain_key(json, true)?;
        while let Some(field) = name {
            let value = json.peek().ok()?;
            match field {
                "meta" if value == Peek::Object => fields.meta = Some(Meta::Members(plain_members(json)?)),
                _ => fields.set(Cow::Borrowed(field), json.raw(value).ok()?),
            }
            name = plain_key(json, false)?;
        }
        Some(fields)
    }

    /// Reads an element of any kind, given as it is written, and says what is wrong with it.
    pub(super) fn read(element: &'a str) -> Result<Self, Problem> {
        if !element.starts_with('{') {
            return Err(Problem::of_item("is not an object"));
        }
        let mut fields = Self::default();
        each_member(element, |name, value| fields.set(name, value))
            .map_err(|_| Problem::of_item("has a field whose name is not valid text"))?;
        Ok(fields)
    }

    fn set(&mut self, name: Cow<'a, str>, value: &'a str) {
        match name.as_ref() {
            "policy_type" => self.policy_type = Some(value),
            "external_id" => self.external_id = Some(value),
            "display_name" => self.display_name = Some(value),
            "meta" => self.meta = Some(Meta::Other(value)),
            _ => self.unknown = Some(name),
        }
    }
}

impl<'a> Meta<'a> {
    /// The members of the object; `None` if it is null.
    pub(super) fn members(self) -> Result<Option<Vec<Member<'a>>>, Problem> {
        match self {
            Self::Members(members) => Ok(Some(members)),
            Self::Other("null") => Ok(None),
            Self::Other(object) if object.starts_with('{') => {
                let mut members = Vec::new();
                each_member(object, |key, value| members.push((key, value)))
                    .map_err(|_| Problem::new("meta", "has a key that is not valid text"))?;
                Ok(Some(members))
            }
            Self::Other(_) => Err(Problem::new("meta", "must be an object or null")),
        }
    }
}

fn plain_members<'a>(json: &mut Reader<'a>) -> Option<Vec<Member<'a>>> {
    let mut members = Vec::with_capacity(16);
    let mut key = plain_key(json, true)?;
    while let Some(name) = key {
        let value = json.peek().ok()?;
        members.push((Cow::Borrowed(name), json.raw(value).ok()?));
        key = plain_key(json, false)?;
    }
    Some(members)
}

fn plain_key<'a>(json: &mut Reader<'a>, first: bool) -> Option<Option<&'a str>> {
    json.raw_key(first).ok().filter(|key| key.is_none_or(|key| !key.contains('\\')))
}

/// The JSON value that begins a text, as it is written.
pub(super) fn first_value(text: &str) -> Option<&str> {
    serde_json::Deserializer::from_str(text).into_iter::<&RawValue>().next()?.ok().map(RawValue::get)
}

/// Shows the members of a JSON object in the order of the text, their values unread.
fn each_member<'a>(object: &'a str, show: impl FnMut(Cow<'a, str>, &'a str)) -> serde_json::Result<()> {
    struct Members<F>(F);
    impl<'de, F: FnMut(Cow<'de, str>, &'de str)> Visitor<'de> for Members<F> {
        type Value = ();

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
            while let Some(Name(name)) = map.next_key()? {
                self.0(name, map.next_value::<&RawValue>()?.get());
            }
            Ok(())
        }
    }
    serde_json::Deserializer::from_str(object).deserialize_map(Members(show))
}

/// A member's name, borrowed if it holds no escape.
#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);
