//! What is wrong with an item, for people.

use crate::error::{Error, Kind};
use crate::json::stored;

/// A field and what is wrong with it.
pub(super) struct Problem {
    field: String,
    what: String,
    kind: Kind,
}

impl Problem {
    const MAX_NAME_CHARS: usize = 60;

    pub(super) fn new(field: &str, what: impl Into<String>) -> Self {
        let shown = field.escape_debug().take(Self::MAX_NAME_CHARS).collect();
        Self { field: shown, what: what.into(), kind: Kind::Invalid }
    }

    pub(super) fn of_value(field: &str, problem: stored::Problem) -> Self {
        Self { kind: problem.kind(), ..Self::new(field, problem.words()) }
    }

    pub(super) fn at(self, position: i32) -> Error {
        let message = "bad item in batch";
        let detail = if self.field.is_empty() {
            format!("Item {position} (counted from 1) {}.", self.what)
        } else {
            format!("Item {position} (counted from 1), field \"{}\": it {}.", self.field, self.what)
        };
        let hint = "An item is {\"policy_type\": text, \"external_id\": text, \"display_name\"?: text or null, \
                    \"meta\"?: object or null}. With on_bad_item 'record' the good items of a batch are stored.";
        Error::new(self.kind, message, detail, hint)
    }
}
