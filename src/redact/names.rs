//! Which names announce a secret: `client_secret`, `X-Api-Key`, `dbPassword`, `PGPASSWORD`, and which only
//! look like it: `token_type`, `PublicKeyToken`, `passwordPolicy`.

use super::marker::Label;

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

/// `name` as it was written and in lower case, `previous` the word before it when only a space stands
/// between.
pub(super) fn promise(name: &[u8], lower: &[u8], previous: &[u8]) -> Option<Promise> {
    let skip = name.len().saturating_sub(LONGEST);
    let (name, lower) = (&name[skip..], &lower[skip..]);
    if name.len() < 2 {
        return None;
    }
    let (found, count) = segments(name);
    let segment = |i: usize| &lower[found[i].0..found[i].1];
    // From the end: the last noun decides, what follows it says whether this is the thing or something about
    // it.
    for at in (0..count).rev() {
        let before = if at == 0 { previous } else { segment(at - 1) };
        if let Some(found) = noun(segment(at), before) {
            let plain = (at + 1..count).all(|i| neutral(segment(i)));
            return Some(if plain { found } else { weaker(found) });
        }
        if about(segment(at)) {
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

/// Cuts at `_`, `-`, `.`, between camel humps and before a number.
fn segments(name: &[u8]) -> ([(usize, usize); 24], usize) {
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
                found[count] = (start, i);
                count += 1;
            }
            start = if cut { i + 1 } else { i };
        }
    }
    (found, count)
}

fn noun(segment: &[u8], before: &[u8]) -> Option<Promise> {
    Some(match segment {
        b"authorization" => Authorization,
        b"cookie" | b"cookies" | b"cookie2" | b"setcookie" => Cookie,
        b"pass" | b"pw" | b"pswd" | b"psw" | b"passcode" | b"passwrd" | b"kennwort" | b"senha"
        | b"contrasena" | b"passwords" => Secret("password"),
        b"secrets" => Secret("secret"),
        b"string" if before == b"secure" => Secret("password"),
        b"otp" | b"totp" => Secret("password"),
        b"jwt" | b"jws" => Secret("jwt"),
        b"bearer" => Perhaps("bearer"),
        b"token" if matches!(before, b"key" | b"cancellation" | b"unexpected") => return None,
        b"cancellationtoken" | b"publickeytoken" => return None,
        b"tokens" => Perhaps("token"),
        b"sig" | b"hmac" | b"sas" | b"signature" => match before {
            b"amz" | b"goog" | b"oauth" => Secret("signature"),
            _ => Perhaps("signature"),
        },
        b"key" => return key(before),
        b"keys" if matches!(before, b"public" | b"pub" | b"primary" | b"foreign") => return None,
        b"keys" => Perhaps("key"),
        b"credential" | b"credentials" | b"creds" => Perhaps("credentials"),
        b"auth" => Perhaps("credentials"),
        b"sessionid" | b"sessid" | b"jsessionid" | b"phpsessid" | b"sessiontoken" => Secret("session"),
        b"id" if before == b"session" => Secret("session"),
        b"id" if before == b"secret" => Perhaps("secret"),
        b"session" | b"sid" | b"ticket" => Perhaps("session"),
        b"code" | b"verifier" => match before {
            b"device" | b"user" | b"auth" | b"authorization" | b"code" | b"verification" | b"mfa" => {
                Secret("code")
            }
            _ => Perhaps("code"),
        },
        b"assertion" if before == b"client" => Secret("assertion"),
        b"assertion" => Perhaps("assertion"),
        b"samlresponse" | b"samlrequest" | b"samlart" => Secret("assertion"),
        b"response" | b"request" | b"art" if before == b"saml" => Secret("assertion"),
        b"webhook" => Perhaps("webhook"),
        _ => return glued(segment),
    })
}

#[rustfmt::skip]
fn key(before: &[u8]) -> Option<Promise> {
    let open = matches!(before,
            b"public" | b"pub" | b"foreign" | b"partition" | b"sort" | b"row" | b"accept" | b"duplicate");
    let secret = matches!(before,
            b"api" | b"access" | b"secret" | b"private" | b"account" | b"shared" | b"master" | b"admin"
            | b"signing" | b"encryption" | b"decryption" | b"auth" | b"authorization" | b"service"
            | b"storage" | b"subscription" | b"function" | b"functions" | b"license" | b"server" | b"client"
            | b"consumer" | b"app" | b"application" | b"deploy" | b"ssh" | b"rsa" | b"dsa" | b"ec" | b"gpg"
            | b"pgp" | b"symmetric" | b"session" | b"partner" | b"write" | b"ingest" | b"ingestion"
            | b"integration" | b"rest" | b"routing" | b"hmac" | b"aes" | b"des" | b"crypto" | b"cipher"
            | b"tls" | b"ssl" | b"token" | b"sas" | b"jwt" | b"user" | b"webhook" | b"host"
            | b"sharedaccess" | b"pat" | b"security" | b"password" | b"login" | b"root" | b"hec" | b"sdk");
    match (open, secret) {
        (true, _) => None,
        (_, true) => Some(Secret("key")),
        _ => Some(Perhaps("key")),
    }
}

/// Names written in one piece: `accesstoken`, `mysqlpassword`, `xapikey`.
fn glued(segment: &[u8]) -> Option<Promise> {
    ENDINGS
        .iter()
        .find(|(endings, _)| endings.iter().any(|e| segment.ends_with(e.as_bytes())))
        .and_then(|e| e.1)
}

#[rustfmt::skip]
const ENDINGS: &[(&[&str], Option<Promise>)] = &[
    (&["publickey"], None),
    (&["password", "passwd", "passphrase", "passwort", "pwd", "securestring", "storepass", "keypass", "userpass",
       "dbpass", "passkey"], Some(Secret("password"))),
    (&["apikey", "authkey", "accesskey", "secretkey", "privatekey", "accountkey", "sharedkey", "masterkey",
       "signingkey", "encryptionkey", "subscriptionkey", "consumerkey", "storagekey", "licensekey", "functionkey",
       "appkey"], Some(Secret("key"))),
    (&["secret"], Some(Secret("secret"))),
    (&["token"], Some(Secret("token"))),
    (&["sessionid"], Some(Secret("session"))),
    (&["cookie", "cookies"], Some(Cookie)),
    (&["authorization"], Some(Authorization)),
    (&["signature"], Some(Perhaps("signature"))),
    (&["credential", "credentials"], Some(Perhaps("credentials"))),
];

/// Words after the noun that leave it what it was.
#[rustfmt::skip]
fn neutral(segment: &[u8]) -> bool {
    segment.iter().all(u8::is_ascii_digit)
        || matches!(segment,
            b"value" | b"val" | b"base64" | b"b64" | b"base" | b"encoded" | b"enc" | b"encrypted" | b"plain"
            | b"plaintext" | b"text" | b"raw" | b"string" | b"str" | b"hash" | b"header" | b"data"
            | b"field" | b"param" | b"old" | b"new" | b"current" | b"previous" | b"prod" | b"dev" | b"test"
            | b"primary" | b"secondary" | b"env" | b"main" | b"default" | b"pem" | b"json" | b"admin"
            | b"root" | b"user" | b"db" | b"confirm" | b"confirmation" | b"again" | b"repeat" | b"literal"
            | b"secret")
}

/// Words that make a name one about a secret: its type, its place, its age.
#[rustfmt::skip]
fn about(segment: &[u8]) -> bool {
    matches!(segment,
            b"type" | b"types" | b"url" | b"uri" | b"uris" | b"endpoint" | b"name" | b"names" | b"id"
            | b"ids" | b"expiry" | b"expires" | b"expired" | b"expiration" | b"expire" | b"at" | b"in"
            | b"on" | b"length" | b"len" | b"policy" | b"policies" | b"count" | b"status" | b"version"
            | b"age" | b"lifetime" | b"scope" | b"scopes" | b"issuer" | b"file" | b"path" | b"dir" | b"ttl"
            | b"limit" | b"limits" | b"usage" | b"format" | b"alg" | b"algorithm" | b"hint" | b"required"
            | b"enabled" | b"error" | b"errors" | b"reset" | b"vault" | b"store" | b"provider" | b"method"
            | b"mode" | b"size" | b"profile" | b"manager" | b"service" | b"cache" | b"exception"
            | b"failure" | b"complexity" | b"history" | b"min" | b"max" | b"minimum" | b"maximum"
            | b"changed" | b"created" | b"updated" | b"set" | b"rotation" | b"days" | b"location" | b"ref"
            | b"references" | b"reference" | b"strength" | b"rule" | b"rules" | b"source" | b"owner"
            | b"audience" | b"header_name" | b"valid" | b"invalid" | b"validation" | b"state" | b"config"
            | b"settings" | b"options" | b"filter" | b"handler" | b"factory" | b"builder" | b"info"
            | b"request" | b"response" | b"client" | b"domain" | b"flow" | b"level" | b"kind" | b"class"
            | b"number" | b"index" | b"position" | b"used" | b"present" | b"sync" | b"protection"
            | b"configuration" | b"cert" | b"certificate")
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
