//! What is wrong with an item, for people.

use inventory_core_redact::redact;

use crate::error::{Error, Kind};
use crate::json::meta;

/// A field and what is wrong with it.
pub(super) struct Problem {
    /// `None`: the item as a whole.
    field: Option<String>,
    what: String,
    kind: Kind,
}

impl Problem {
    const MAX_NAME_CHARS: usize = 60;

    /// A longer name is cut before it is searched for secrets: the part that is shown ends far before the cut.
    const MAX_SEARCHED_CHARS: usize = 400;

    /// The error quotes the name. It comes from the caller's data, so it may hold a secret.
    pub(super) fn new(field: &str, what: impl Into<String>) -> Self {
        let searched: String = field.chars().take(Self::MAX_SEARCHED_CHARS).collect();
        let shown = redact(&searched, &|| ()).escape_debug().take(Self::MAX_NAME_CHARS).collect();
        Self { field: Some(shown), what: what.into(), kind: Kind::Invalid }
    }

    pub(super) fn of_item(what: &str) -> Self {
        Self { field: None, what: what.to_owned(), kind: Kind::Invalid }
    }

    pub(super) fn of_value(field: &str, problem: meta::Problem) -> Self {
        Self { kind: problem.kind(), ..Self::new(field, problem.words()) }
    }

    pub(super) fn at(self, position: i32) -> Error {
        let message = "bad item in batch";
        let detail = match self.field {
            None => format!("Item {position} (counted from 1) {}.", self.what),
            Some(field) => format!("Item {position} (counted from 1), field \"{field}\": it {}.", self.what),
        };
        let hint = "An item is {\"policy_type\": text, \"external_id\": text, \"display_name\"?: text or null, \
                    \"meta\"?: object or null}. upsert_items stores the good items of a batch with on_bad_item => 'record'.";
        Error::new(self.kind, message, detail, hint)
    }
}

#[cfg(test)]
mod tests {
    use super::Problem;

    #[test]
    fn a_quoted_field_name_is_redacted_and_cut() {
        let detail = |field: &str| Problem::new(field, "is unknown").at(1).detail;
        assert!(detail("password=hunter2secret").contains("\"password=[redacted:password]\""));
        assert!(!detail(&"Zk83jLq0PwXm27TyVb41".repeat(50)).contains("Zk83jLq0PwXm27Ty"));
        assert!(detail(&"name ".repeat(1_000)).len() < 200);
    }
}
