//! Which names announce a secret: `client_secret`, `X-Api-Key`, `dbPassword`, `PGPASSWORD`, and which only
//! look like it: `token_type`, `PublicKeyToken`, `passwordPolicy`. The words are in `names.txt`, read by `words`.

use super::marker::Label;
use super::words::WORDS;

/// What a name promises about its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Promise {
    /// An `Authorization` header: a scheme, then credentials.
    Authorization,
    /// A cookie header: everything in it.
    Cookie,
    /// The value is a secret unless it cannot be one.
    Secret(Label),
    /// The value is a secret if it looks like one.
    Perhaps(Label),
}
use Promise::{Authorization, Cookie, Perhaps, Secret};

/// Names longer than this are looked at from their end.
const LONGEST: usize = 80;
const _: () = assert!(LONGEST <= u8::MAX as usize);

/// `name` as it was written and in lower case, `previous` the word before it when only a space stands
/// between.
pub(super) fn promise(name: &[u8], lower: &[u8], previous: &[u8]) -> Option<Promise> {
    let skip = name.len().saturating_sub(LONGEST);
    let (name, lower) = (&name[skip..], &lower[skip..]);
    if name.len() < 2 {
        return None;
    }
    let words = &*WORDS;
    let (found, count) = segments(name);
    let segment = |i: usize| &lower[usize::from(found[i].0)..usize::from(found[i].1)];
    // From the end: the last noun decides, what follows it says whether this is the thing or something about
    // it.
    for at in (0..count).rev() {
        let before = if at == 0 { previous } else { segment(at - 1) };
        let (noun, about) = words.noun(segment(at), before);
        if let Some(found) = noun {
            let plain = (at + 1..count).all(|i| {
                let segment = segment(i);
                segment.iter().all(u8::is_ascii_digit) || words.neutral(segment)
            });
            return Some(if plain { found } else { weaker(found) });
        }
        if about {
            return None;
        }
    }
    None
}

fn weaker(promise: Promise) -> Promise {
    match promise {
        Secret(label) | Perhaps(label) => Perhaps(label),
        Authorization => Perhaps("authorization"),
        Cookie => Perhaps("cookie"),
    }
}

/// Cuts a name of at most [`LONGEST`] bytes at `_`, `-`, `.`, between camel humps and before a number.
fn segments(name: &[u8]) -> ([(u8, u8); 24], usize) {
    let separator = |i: usize| matches!(name[i], b'_' | b'-' | b'.');
    let hump = |i: usize| {
        let (a, b) = (name[i - 1], name[i]);
        a.is_ascii_lowercase() && b.is_ascii_uppercase()
            || a.is_ascii_alphabetic() && b.is_ascii_digit()
            || a.is_ascii_uppercase()
                && b.is_ascii_uppercase()
                && name.get(i + 1).is_some_and(u8::is_ascii_lowercase)
    };
    let mut found = [(0, 0); 24];
    let (mut count, mut start) = (0, 0);
    for i in 0..=name.len() {
        let cut = i == name.len() || separator(i);
        if cut || i > start && hump(i) {
            if i > start && count < found.len() {
                found[count] = (start as u8, i as u8);
                count += 1;
            }
            start = if cut { i + 1 } else { i };
        }
    }
    (found, count)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn promise(name: &[u8], previous: &[u8]) -> Option<Promise> {
        super::promise(name, &name.to_ascii_lowercase(), previous)
    }

    #[test]
    fn redact_names_that_promise_a_secret() {
        for name in [
            "password",
            "Password",
            "PASSWORD",
            "db_password",
            "dbPassword",
            "DBPassword",
            "PGPASSWORD",
            "client_secret",
            "clientSecret",
            "AWS_SECRET_ACCESS_KEY",
            "accessToken",
            "x-auth-token",
            "X-Api-Key",
            "apikey",
            "AccountKey",
            "SharedAccessKey",
            "Ocp-Apim-Subscription-Key",
            "private_key",
            "spring.datasource.password",
            "pwd",
            "password_1",
            "secretValue",
            "X-Amz-Security-Token",
            "X-Amz-Signature",
            "JSESSIONID",
            "refresh_token",
            "_authToken",
            "password_hash",
            "x-functions-key",
            "id_token",
            "userPassword2",
            "SAMLResponse",
            "ASP.NET_SessionId",
        ] {
            assert!(
                matches!(promise(name.as_bytes(), b""), Some(Secret(_))),
                "{name} {:?}",
                promise(name.as_bytes(), b"")
            );
        }
        assert_eq!(promise(b"key", b"api"), Some(Secret("key")));
        assert_eq!(promise(b"Proxy-Authorization", b""), Some(Authorization));
        assert_eq!(promise(b"Set-Cookie", b""), Some(Cookie));
    }

    #[test]
    fn redact_names_that_do_not() {
        for name in [
            "token_type",
            "tokenEndpoint",
            "PublicKeyToken",
            "passwordPolicy",
            "secretName",
            "expires_in",
            "key_id",
            "status",
            "author",
            "password_expired",
            "AccessKeyId",
            "x-ms-request-id",
            "monkeys",
            "tokenization",
            "public_key",
            "a",
            "_",
            "cancellationToken",
            "keyVaultUri",
            "SharedAccessKeyName",
            "passwordLastSetDays",
            "discovery-token-ca-cert-hash",
            "__",
            "-",
        ] {
            assert!(
                !matches!(promise(name.as_bytes(), b""), Some(Secret(_) | Authorization | Cookie)),
                "{name}"
            );
        }
    }
}
