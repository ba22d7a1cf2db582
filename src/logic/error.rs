//! Errors of an input, in words that the caller can act on.

use std::fmt;

/// Why an input was refused. `src/api/report.rs` maps each kind to a SQLSTATE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A value that the contract does not allow (SQLSTATE 22023).
    Invalid,
    /// JSON nested deeper than 128 levels (SQLSTATE 54001).
    TooDeep,
    /// A value that is too long (SQLSTATE 54000).
    TooLong,
    /// Stored data that cannot be read (SQLSTATE XX001).
    Corrupt,
    /// An internal error (SQLSTATE XX000).
    Internal,
}

/// A refusal: one sentence, where it is, and what to do about it. None of the three quotes free text
/// that could hold a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// The kind, which decides the SQLSTATE.
    pub kind: Kind,
    /// What is wrong: lower case, no full stop, as PostgreSQL's style guide wants it.
    pub message: String,
    /// Where it is wrong: a full sentence.
    pub detail: String,
    /// What to do: a full sentence.
    pub hint: String,
}

impl Error {
    /// A value that the contract does not allow.
    pub fn invalid(message: impl Into<String>, detail: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(Kind::Invalid, message, detail, hint)
    }

    /// A refusal of any kind.
    pub fn new(
        kind: Kind,
        message: impl Into<String>,
        detail: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self { kind, message: message.into(), detail: detail.into(), hint: hint.into() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
