//! Whether what stands in a secret's place can be one: not a placeholder, a mask, a word of the sentence, a
//! piece of code.

use super::natural;
use super::view::NON_ASCII;

/// How a value was written; the looser the form, the more often it is prose.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Form {
    /// In quotes, or in an XML element.
    Quoted,
    /// After `=`, or as the argument of an option.
    Assigned,
    /// After `:` without quotes.
    Colon,
    /// A list or a pair that may as well be a list of names.
    Listed,
}

/// What stands where there is no value.
#[rustfmt::skip]
const NOTHING: &[&str] = &[
    "true", "false", "null", "none", "nil", "undefined", "yes", "no", "n/a", "na", "empty", "missing",
    "redacted", "hidden", "masked", "filtered", "removed", "(null)", "(none)", "<nil>", "<none>", "<unset>",
    "<redacted>", "[redacted]", "[filtered]", "[hidden]", "(redacted)", "<hidden>", "<secret>", "<password>",
    "[object", "sensitive", "(sensitive", "string", "str", "bytes", "int", "bool", "boolean", "array",
    "include", "omit", "same-origin", "required", "invalid", "expired", "unset", "latest", "notsupported",
    "notconfigured", "notapplicable", "notapplied", "notavailable", "unsupported", "supported", "compliant",
    "noncompliant", "notcompliant", "succeeded", "success", "conflict", "pending", "installed", "notinstalled",
    "configured", "available", "unavailable", "userdefined", "devicedefault", "escrowed", "notescrowed", "rotated",
    "managed", "unmanaged",
];

/// Words of messages about secrets.
#[rustfmt::skip]
const PROSE: &[&str] = &[
    "unknown", "object", "incorrect", "wrong", "mismatch", "mismatched", "rejected", "failed", "denied",
    "changed", "reset", "ok", "disabled", "enabled", "set", "used", "using", "must", "cannot", "should", "is",
    "has", "was", "not", "found", "too", "provided", "revoked", "malformed", "unauthorized", "forbidden",
    "absent", "present", "optional", "default", "text", "value", "password", "token", "secret", "key",
    "passwd", "blank", "basic", "bearer", "please", "at", "in", "on", "to", "from", "by", "the", "a", "an",
    "or", "and", "for", "with", "unexpected", "inactive", "active", "invalidated", "function", "async",
    "await", "new", "return",
];

/// `--password or --token …`: a word of the sentence, not the argument.
pub(super) fn prose_word(lower: &[u8]) -> bool {
    PROSE.iter().any(|w| w.as_bytes() == lower)
}

/// `[--token TOKEN]`, `--api-key KEY`: the name again, in capitals.
fn stands_for(value: &[u8], name: &[u8]) -> bool {
    !value.is_empty()
        && value.iter().all(|&b| b.is_ascii_uppercase() || b == b'_')
        && name.iter().any(u8::is_ascii_lowercase)
        && name.len() >= value.len()
        && value
            .iter()
            .zip(&name[name.len() - value.len()..])
            .all(|(v, n)| *v == n.to_ascii_uppercase() || *v == b'_' && *n == b'-')
}

/// `value` in lower case, `name` the name it was given to, `follows` what comes after it.
pub(super) fn secret(
    value: &[u8],
    lower: &[u8],
    name: &[u8],
    password: bool,
    form: Form,
    follows: &[u8],
) -> bool {
    let bare = value.iter().position(|b| *b != NON_ASCII).map_or(value, |at| &value[at..]);
    if masked(lower)
        || placeholder(bare)
        || form != Form::Quoted && metavariable(value)
        || form != Form::Quoted && stands_for(value, name)
    {
        return false;
    }
    let word = lower.strip_suffix(b".").unwrap_or(lower);
    let word = word.strip_suffix(b"!").unwrap_or(word);
    let is = |words: &[&str]| words.iter().any(|w| w.as_bytes() == word);
    if is(NOTHING)
        || matches!(form, Form::Colon | Form::Listed) && is(PROSE)
        || form == Form::Quoted && !password && is(PROSE)
    {
        return false;
    }
    if value.iter().all(|b| !b.is_ascii_alphanumeric() && b.is_ascii()) && value.len() < 8 {
        return false;
    }
    if status(lower) || form != Form::Quoted && !value.iter().any(u8::is_ascii_graphic) {
        return false;
    }
    let digits = value.iter().all(u8::is_ascii_digit);
    if digits && name.len() >= 3 && name[name.len() - 3..].eq_ignore_ascii_case(b"pin") && value.len() < 4 {
        return false;
    }
    if digits && (!password && value.len() <= 10 || form == Form::Colon && value.len() <= 3) {
        return false;
    }
    let letters = value.iter().all(|b| b.is_ascii_alphabetic() || *b == NON_ASCII);
    let plain = letters && (value.len() < 4 || !value[1..].iter().any(u8::is_ascii_uppercase));
    if form == Form::Listed
        && (plain || value.starts_with(b"-") && !random(value) || name.len() >= 20 && natural::odd(name))
    {
        return false;
    }
    // Words in another script.
    if letters && form == Form::Colon && value.contains(&NON_ASCII) {
        return false;
    }
    // `InvalidAuthenticationToken: CompactToken parsing failed`.
    if letters
        && form == Form::Colon
        && !password
        && value.len() <= 32
        && prose(follows)
        && !natural::odd(value)
    {
        return false;
    }
    if plain && form == Form::Colon && value.len() <= 20 && (!password || prose(follows)) {
        return false;
    }
    if form != Form::Quoted && code(value, name, follows) {
        return false;
    }
    // The shell's PWD is a directory, a connection string's is a password.
    let directory = name.eq_ignore_ascii_case(b"pwd") || name.eq_ignore_ascii_case(b"oldpwd");
    (password && !directory) || !path(value)
}

/// A value that has to earn it: long and random.
pub(super) fn random(value: &[u8]) -> bool {
    natural::pieces(value).any(|piece| {
        let hex = piece.iter().all(u8::is_ascii_hexdigit);
        piece.len() >= 16
            && !piece.iter().all(u8::is_ascii_digit)
            && (hex && natural::entropy(piece) > 2.5 || natural::odd(piece))
    }) && !natural::guid(value)
        || value.len() >= 20
            && mixed(value)
            && natural::odd(value)
            && !natural::has_guid(value)
            && !path(value)
}

fn mixed(value: &[u8]) -> bool {
    value.iter().any(u8::is_ascii_digit)
        && value.iter().any(u8::is_ascii_uppercase)
        && value.iter().any(u8::is_ascii_lowercase)
}

fn masked(lower: &[u8]) -> bool {
    lower.is_empty()
        || lower.iter().all(|&b| matches!(b, b'*' | b'.' | b'-' | b'_' | b'#' | b'?' | b'\\'))
        || lower.len() >= 3 && lower.iter().all(|&b| b == b'x')
}

/// `${NAME}`, `{{ name }}`, `<name>`, `$NAME`, `%s`, `:name`, `$1`.
fn placeholder(value: &[u8]) -> bool {
    let name = |s: &[u8]| {
        !s.is_empty() && s.iter().all(|&b| b.is_ascii_alphabetic() || matches!(b, b'_' | b'.' | b' ' | b'-'))
    };
    match value {
        [b'$', b'{', inner @ .., b'}'] => name(inner) || inner.iter().all(u8::is_ascii_digit),
        [b'{', b'{', inner @ .., b'}', b'}'] => name(inner),
        [b'{', inner @ .., b'}'] => name(inner) || inner.is_empty(),
        [b'<', inner @ .., b'>'] => name(inner),
        [b'$', rest @ ..] => {
            !rest.is_empty()
                && (rest.iter().all(u8::is_ascii_digit) && rest.len() < 4
                    || rest.iter().all(|&b| b.is_ascii_uppercase() || b == b'_'))
        }
        [b'%', rest @ ..] if conversion(rest) => true,
        [b'%', b'(', inner @ .., b')', _] => name(inner),
        [b':', rest @ ..] => name(rest) && rest.iter().all(|b| b.is_ascii_lowercase() || *b == b'_'),
        _ => false,
    }
}

/// `--password HESLO`, `--private-key=FILE`: a word in capitals stands for the value.
fn metavariable(value: &[u8]) -> bool {
    (3..=16).contains(&value.len())
        && value.iter().all(|b| b.is_ascii_uppercase() || matches!(*b, NON_ASCII | b'_' | b'-'))
        && (value.contains(&NON_ASCII) || !natural::odd(value))
}

/// The rest of a conversion of printf: `s`, `ld`, `1$s`, `-30s`, and the end of the sentence.
fn conversion(rest: &[u8]) -> bool {
    let rest = rest.strip_suffix(b".").unwrap_or(rest);
    let flags = rest.iter().take_while(|b| b.is_ascii_digit() || b"$-.#l+hzjt".contains(b)).count();
    flags <= 6 && matches!(rest[flags..], [b's' | b'v' | b'd' | b'r' | b'q' | b'u' | b'i' | b'x' | b'B'])
}

/// A status code: `0x86000022`, `-2016281112`.
fn status(lower: &[u8]) -> bool {
    match lower {
        [b'0', b'x', digits @ ..] => digits.len() <= 8 && digits.iter().all(u8::is_ascii_hexdigit),
        [b'-', digits @ ..] => (1..=10).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit),
        _ => false,
    }
}

/// After the value comes another word of a sentence.
fn prose(follows: &[u8]) -> bool {
    match follows {
        [b' ', b, ..] => b.is_ascii_lowercase() || *b == NON_ASCII,
        _ => false,
    }
}

/// A line of source in a stack trace: `token=token`, `secret=self._secret`, `password=get_password()`.
fn code(value: &[u8], name: &[u8], follows: &[u8]) -> bool {
    let call = value.iter().position(|&b| b == b'(');
    // `os.environ["DB_PASSWORD"]`.
    let element = value.windows(2).position(|w| w == b"[\"" || w == b"['");
    let open = call.into_iter().chain(element).min();
    let called = open.is_some() || follows.starts_with(b"(");
    let path = &value[..open.unwrap_or(value.len())];
    let arguments = &value[path.len()..];
    if !arguments.iter().all(|&b| b.is_ascii_alphabetic() || b"(_.*'\")[]".contains(&b)) {
        return false;
    }
    if path.is_empty() || !path.iter().all(|&b| b.is_ascii_alphabetic() || matches!(b, b'_' | b'.')) {
        return false;
    }
    if value.eq_ignore_ascii_case(name) && matches!(follows.first(), Some(b',' | b')')) {
        return true;
    }
    let dotted = path.contains(&b'.');
    let last = path.rsplit(|&b| b == b'.').next().unwrap_or(path);
    called
        && path.len() >= 6
        && !natural::odd(path)
        && (dotted || path.contains(&b'_') || value.ends_with(b"()"))
        || dotted && super::names::promise(last, &last.to_ascii_lowercase(), b"").is_some()
        || dotted
            && (path.starts_with(b"self.") || path.starts_with(b"this.") || path.starts_with(b"process.env."))
}

/// A file or a URL path made of words.
pub(super) fn path(value: &[u8]) -> bool {
    let rooted = matches!(value, [b'/' | b'~' | b'.', ..] | [_, b':', b'\\' | b'/', ..]);
    let parts = value.split(|&b| b == b'/' || b == b'\\').filter(|p| !p.is_empty()).count();
    rooted && parts >= 2 && !natural::odd(value) || value.windows(3).any(|w| w == b"://")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redact_plausible_tells_secrets_from_words() {
        let yes =
            |v: &str, form| secret(v.as_bytes(), v.to_lowercase().as_bytes(), b"password", true, form, b"");
        for value in ["hunter2", "s3cr3t!", "12345678", "correct", "P@ss", "/k3J9/x+aQ8d2F7sL0==", "$ecret1"]
        {
            assert!(yes(value, Form::Assigned), "{value}");
        }
        for value in [
            "****",
            "${DB_PASSWORD}",
            "<password>",
            "null",
            "YES",
            "%s",
            "$1",
            "xxxxx",
            "self._password",
            "getpass()",
        ] {
            assert!(!yes(value, Form::Assigned), "{value}");
        }
        assert!(!secret(b"must", b"must", b"password", true, Form::Colon, b" be longer"));
        assert!(!secret(
            b"/etc/ssl/private/server.key",
            b"/etc/ssl/private/server.key",
            b"key",
            false,
            Form::Assigned,
            b""
        ));
        assert!(random(b"Zk83jLq0PwXm27TyVb41"));
        assert!(!random(b"InvalidAuthenticationToken"));
        assert!(!random(b"7f9c24e8-3b12-4f5d-9c1e-0a2b3c4d5e6f"));
    }
}
