//! What stands in a secret's place: `[redacted:bearer]`, and how such a marker is known again.

/// What was there. The text between `[redacted:` and `]`.
pub(super) type Label = &'static str;

pub(super) const PREFIX: &str = "[redacted:";

/// Every label: only these make a marker, so that nothing can hide in a made-up one.
pub(super) const LABELS: &[Label] = &[
    "api-key",
    "assertion",
    "authorization",
    "aws-key-id",
    "basic",
    "bearer",
    "code",
    "cookie",
    "credentials",
    "github-token",
    "gitlab-token",
    "google-key",
    "jwt",
    "key",
    "message",
    "password",
    "private-key",
    "random",
    "recovery-key",
    "secret",
    "session",
    "signature",
    "slack-token",
    "stripe-key",
    "token",
    "webhook",
];

/// The length of the marker that `text` begins with. A marker cut off at the very end of a text counts:
/// stored messages are cut after redaction, and redacting them once more must not find a "value" there.
pub(super) fn length_at(text: &str) -> Option<usize> {
    if let Some(rest) = text.strip_prefix(PREFIX) {
        let end = rest.bytes().take(32).position(|b| b == b']');
        return match end {
            Some(end) => LABELS.contains(&&rest[..end]).then_some(PREFIX.len() + end + 1),
            None => LABELS.iter().any(|label| label.starts_with(rest)).then_some(text.len()),
        };
    }
    (text.len() >= 2 && PREFIX.starts_with(text)).then_some(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redact_marker_is_known_again_whole_or_cut() {
        assert_eq!(length_at("[redacted:jwt] x"), Some(14));
        assert_eq!(length_at("[redacted:hunter2] x"), None);
        assert_eq!(length_at("[redacted:pass"), Some(14));
        assert_eq!(length_at("[redac"), Some(6));
        assert_eq!(length_at("["), None);
        assert_eq!(length_at("[redacted"), Some(9));
        assert_eq!(length_at("[redactedé"), None);
        assert_eq!(length_at("[redacted:é]"), None);
    }
}
