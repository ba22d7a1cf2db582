//! The words before a run: do they say that it is a hash or an identifier?

use super::natural;
use super::value::line_end;
use super::view::View;

/// Far enough for `sha256 <64 hex digits> got `.
const FAR: usize = 96;

/// What the words before a run call it.
#[derive(Default, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Called {
    pub(super) hash: bool,
    pub(super) id: bool,
    /// A word that names a thing: hex behind it is what the thing is called.
    pub(super) thing: bool,
}

#[rustfmt::skip]
const THINGS: &[&str] = &[
    "device", "udid", "tenant", "policy", "run", "job", "object", "node", "thumbprint", "trace", "context", "task",
    "stream", "latest", "user", "item", "resource", "pipeline", "workflow", "instance", "volume", "disk", "pod", "vm",
    "host", "machine", "certificate", "cert", "serialnumber", "event", "message", "file", "asset", "artifact",
    "package", "app", "project", "release", "deployment", "transaction", "record", "document", "collection", "cluster",
    "namespace", "network", "subnet", "profile", "site", "group", "team", "step", "stage", "attempt", "worker", "agent",
    "runner", "lease", "lock", "upload", "download", "chunk", "part", "segment", "shard", "partition", "snapshot",
    "backup", "batch", "cursor", "page", "span", "scope", "slice", "folder", "page", "board", "card", "issue", "deploy",
    "charge", "invoice", "customer", "subscription", "payment", "order", "refund", "account", "dispute",
];

/// `devices` is `device`, `policies` is `policy`.
fn thing(word: &[u8]) -> bool {
    let is = |word: &[u8]| THINGS.iter().any(|t| t.as_bytes() == word);
    is(word)
        || word.strip_suffix(b"s").is_some_and(is)
        || word.strip_suffix(b"ies").is_some_and(|stem| is(&[stem, b"y"].concat()))
}

/// Written in one piece with the name of a thing: an ARN, a control group, a version in a key vault.
pub(super) fn in_named_path(view: &View, start: usize) -> bool {
    let from = (start.saturating_sub(200)..start)
        .rev()
        .find(|&i| view.get(i).is_ascii_whitespace())
        .map_or(start.saturating_sub(200), |i| i + 1);
    let token = view.lower(from, start);
    [b"arn:aws".as_slice(), b"kubepods", b".vault."]
        .iter()
        .any(|mark| token.windows(mark.len()).any(|w| w == *mark))
}

const HASH: &[&[u8]] = &[
    b"sha",
    b"sha1",
    b"sha224",
    b"sha256",
    b"sha384",
    b"sha512",
    b"md5",
    b"crc",
    b"crc32",
    b"blake2",
    b"blake2b",
    b"blake3",
    b"hash",
    b"hashes",
    b"digest",
    b"checksum",
    b"etag",
    b"commit",
    b"commits",
    b"revision",
    b"rev",
    b"tree",
    b"blob",
    b"fingerprint",
    b"thumbprint",
    b"integrity",
    b"md5sum",
    b"sha256sum",
    b"image",
    b"layer",
    b"manifest",
    b"container",
    b"docker",
    b"containerd",
    b"cid",
    b"head",
    b"traceparent",
    b"git",
    b"git-sha",
    b"x5t",
    b"kid",
    b"build",
    b"version",
    b"objects",
    b"ref",
    b"parent",
    b"merge",
    b"imageid",
    b"sum",
    b"overlay2",
    b"sandbox",
    b"snapshot",
    b"serial",
    b"match",
    b"h1",
    b"checked",
];

const ID: &[&[u8]] = &[
    b"id",
    b"ids",
    b"uuid",
    b"guid",
    b"requestid",
    b"traceid",
    b"spanid",
    b"correlationid",
    b"operationid",
    b"activityid",
    b"objectid",
    b"tenantid",
    b"deviceid",
    b"policyid",
    b"resourceid",
    b"clientid",
    b"appid",
    b"userid",
    b"messageid",
    b"eventid",
    b"instanceid",
    b"invocationid",
    b"executionid",
    b"transactionid",
    b"jobid",
    b"runid",
    b"uploadid",
    b"uploader",
    b"versionid",
    b"etag",
    b"trace",
    b"span",
    b"request",
    b"correlation",
    b"ray",
    b"cv",
    b"revision",
    b"arn",
    b"uid",
    b"oid",
    b"traceparent",
    b"operation",
    b"activity",
    b"invocation",
    b"version",
    b"kid",
    b"document",
    b"ksuid",
    b"ulid",
    b"nonce",
];

/// Looks back from `start` over at most three words of the same line.
pub(super) fn called(view: &View, start: usize) -> Called {
    let mut called = Called::default();
    let mut at = start;
    let floor = start.saturating_sub(FAR);
    let mut words = 0;
    while at > floor && words < 3 {
        let b = view.get(at - 1);
        if line_end(b) {
            break;
        }
        if !b.is_ascii_alphanumeric() {
            at -= 1;
            continue;
        }
        let end = at;
        while at > floor && view.get(at - 1).is_ascii_alphanumeric() {
            at -= 1;
        }
        let (word, written) = (view.lower(at, end), view.slice(at, end));
        if word.iter().all(u8::is_ascii_digit) && end - at < 4 {
            continue;
        }
        words += 1;
        let ends = |end: &[u8]| word.ends_with(end);
        called.hash |= HASH.contains(&word) || ends(b"hash") || ends(b"digest") || ends(b"checksum");
        called.thing |= words == 1 && thing(word) || word == b"stream";
        // Only the name itself says that a value is an identifier: `x-request-id: …`, `requestId=…`.
        let hump =
            ends(b"identifier") || written.ends_with(b"Id") || written.ends_with(b"ID") && written.len() > 4;
        called.id |=
            words <= 2 && (ID.contains(&word) && (words == 1 || word == b"id") || words == 1 && hump);
    }
    called
}

/// A run that is an identifier by its form.
pub(super) fn identifier(run: &[u8]) -> bool {
    natural::guid(run) || ulid(run) || trace(run)
}

/// 26 characters of Crockford's base 32, beginning with a time of this century.
fn ulid(run: &[u8]) -> bool {
    let crockford =
        |b: &u8| b.is_ascii_digit() || b.is_ascii_uppercase() && !matches!(b, b'I' | b'L' | b'O' | b'U');
    run.len() == 26 && run.starts_with(b"01") && run.iter().all(crockford)
}

/// W3C traceparent, Amazon's trace id, Zipkin's b3.
fn trace(run: &[u8]) -> bool {
    let hex = |s: &[u8]| s.iter().all(u8::is_ascii_hexdigit);
    let mut parts = run.split(|&b| b == b'-');
    let lengths: [usize; 4] = std::array::from_fn(|_| parts.next().filter(|p| hex(p)).map_or(0, <[u8]>::len));
    matches!(lengths, [2, 32, 16, 2] | [1, 8, 24, 0] | [32, 16, 1, 0]) && parts.next().is_none()
}
