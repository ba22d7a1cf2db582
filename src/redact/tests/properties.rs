//! What holds for every text: at rest after one call, no panic, linear time, cancellable.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "support/mod.rs"]
mod support;

use std::cell::Cell;
use std::time::Duration;

use inventory_core_redact::{has_inert_strings, redact, redact_known};
use proptest::prelude::*;
use rustix::time::{ClockId, clock_gettime};
use support::Random;

/// Pieces that the matchers look for, so that random texts meet the code paths.
const PIECES: &[&str] = &[
    "password",
    "Password",
    "token",
    "secret",
    "api_key",
    "key",
    "Authorization",
    "Cookie",
    "Bearer ",
    "Basic ",
    "Digest ",
    "=",
    ":",
    ": ",
    "=>",
    "\"",
    "'",
    "`",
    "\\\"",
    "\\\\\"",
    "%22",
    "%3D",
    "%26",
    "%2522",
    "\\u0022",
    "\\u003d",
    "&quot;",
    "&amp;",
    "&",
    ";",
    ",",
    " ",
    "\n",
    "\r\n",
    "\\n",
    "\t",
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    "<",
    ">",
    "</",
    "/>",
    "://",
    "@",
    "/",
    "?",
    "#",
    "eyJ",
    "eyJhbGciOiJIUzI1NiJ9.",
    "-----BEGIN ",
    "RSA PRIVATE KEY-----",
    "-----END ",
    "-----",
    "MIIEpAIBAAKCAQEA",
    "AKIA",
    "ghp_",
    "sk-",
    "xoxb-",
    "[redacted:token]",
    "[redacted:",
    "[redacted:x]",
    "[redac",
    "]",
    "hunter2",
    "Zk83jLq0PwXm27TyVb41Rs",
    "0123456789abcdef0123456789abcdef",
    "a",
    "Q~",
    ":AA",
    "dXNlcjpwYXNzd29yZA==",
    "aGVsbG8gd29ybGQgYWdhaW4gYW5kIGFnYWlu",
    "value",
    "name",
    "-u ",
    "--password ",
    "mysql ",
    "-p",
    "é",
    "\u{200b}",
    "\u{a0}",
    "“",
    "日本",
    "\u{0}",
    "$",
    "${X}",
    "****",
    "commit ",
    "request id ",
    "|\n  ",
    "b'",
    "Some(",
    "realm=",
    "thin:",
    "@tcp(",
    "sid=abc; ",
    "7f9c24e8-3b12-4f5d-9c1e-0a2b3c4d5e6f",
    ".",
    "-",
    "_",
    "+",
    "%",
    "\\",
    "\\x22",
    "&#34;",
    "1",
    "Z",
    "q8",
    "login x ",
    "null",
    "true",
    "private_key",
];

fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        8 => proptest::sample::select(PIECES).prop_map(str::to_owned),
        1 => "[A-Za-z0-9+/_-]{1,40}",
        1 => any::<char>().prop_map(String::from),
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// What [`has_inert_strings`] may say yes to: words, numbers, times and addresses, with names and prefixes among them.
fn plain_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[A-Za-z0-9]{1,6}",
        2 => "[a-zA-Z0-9_.+-]{1,45}",
        2 => "[0-9]{1,10}",
        4 => proptest::sample::select(&[":", "@", "/", "-", "_", ".", "+", "//", "://"][..]).prop_map(str::to_owned),
        2 => proptest::sample::select(&["password", "pw", "token", "sid", "key", "s.", "sk-", "1//0", "t1.", "r8_", "eyJ", "pat", "MII",
                                       "AKIA", "-us1", "thin", "Bearer", "oy2", "y0_", "mysql", "-p", "PGPASSWORD"][..])
            .prop_map(str::to_owned),
    ];
    proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

fn cases() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok());
    ProptestConfig { cases: cases.unwrap_or(3000), failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn redact_is_at_rest_after_one_call(text in text()) {
        let once = redact(&text, &|| ());
        prop_assert_eq!(&redact(&once, &|| ()), &once);
        let (known, _) = redact_known(&text, &|| ());
        let (again, count) = redact_known(&known, &|| ());
        prop_assert_eq!(again.as_ref(), known.as_ref());
        prop_assert_eq!(count, 0);
    }

    #[test]
    fn redact_finds_nothing_in_what_is_inert(plain in plain_text(), text in text()) {
        for text in [plain, text] {
            let json = serde_json::to_string(&text).unwrap();
            prop_assert!(!has_inert_strings(&json) || redact_known(&text, &|| ()).1 == 0, "{text}");
        }
    }

    #[test]
    fn redact_of_any_text_is_at_rest(text in any::<String>()) {
        let once = redact(&text, &|| ());
        prop_assert_eq!(&redact(&once, &|| ()), &once);
    }

    #[test]
    fn redact_gives_up_on_nothing_small(text in text()) {
        prop_assert!(!redact(&text, &|| ()).contains("[redacted:message]"), "{}", text);
    }

    /// What is stored is cut: redacting the cut text finds nothing in a half marker.
    #[test]
    fn redact_of_a_cut_text_does_not_touch_the_last_marker(text in text(), cut in 0..200_usize) {
        let once = redact(&text, &|| ());
        let short: String = once.chars().take(cut).collect();
        let again = redact(&short, &|| ());
        prop_assert_eq!(&redact(&again, &|| ()), &again);
    }

    #[test]
    fn redact_counts_what_it_replaces(text in text()) {
        let (known, count) = redact_known(&text, &|| ());
        prop_assert_eq!(count == 0, known.as_ref() == text);
    }
}

/// The CPU time of this thread: other work on the machine does not count.
fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap())
}

/// A mebibyte where it is timed.
const SIZE: usize = if cfg!(debug_assertions) { 1 << 16 } else { 1 << 20 };

/// A mebibyte of what might make a matcher look again and again.
#[test]
fn redact_is_linear() {
    let limit = Duration::from_millis(if cfg!(debug_assertions) { 7_500 } else { 1_000 });
    let mut r = Random(3);
    let units = [
        "a",
        "A",
        "0",
        "eyJ",
        "eyJ-",
        "eyJ.",
        "eyJ.eyJ.",
        "password=",
        "password:",
        "password: ",
        "password=\"",
        "password='",
        "password=\\\"",
        "-----BEGIN ",
        "-----BEGIN PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\n",
        "-----END ",
        "key=",
        "code=/",
        "token=/a/",
        "&",
        "&amp;",
        "%25",
        "%",
        "\\",
        "\\\\",
        "\\u005c",
        "://",
        "://a:b@",
        "://a:",
        "@tcp(",
        "thin:",
        "[redacted:",
        "[redacted:token]",
        "[",
        "(",
        "{",
        "<password>",
        "<key ",
        "cookie:",
        "cookie=",
        "Cookie: a=b; ",
        "authorization:",
        "Authorization: Bearer ",
        "Authorization: Digest a=b, ",
        "Bearer ",
        "Basic ",
        "-u a:b ",
        "mysql -p",
        "sk-",
        "ghp_",
        "xoxb-xoxb-",
        "AKIA",
        ".",
        "-",
        "=",
        "\"",
        "'",
        " ",
        "\n",
        "\t",
        "key: |\n ",
        "name=\"password\" ",
        "7f9c24e8-3b12-4f5d-9c1e-0a2b3c4d5e6f-",
        "pat",
        "q~",
        ":aa",
        "-us1",
        "mii",
        "a/",
        "+",
        "password,\"",
        "key=[\"",
        "key=['a',",
        "Zk8\n",
        "é",
        "password\n",
        "secret ",
        "API key ",
        "login password ",
        "sid=a;",
        "auth=('",
        "eyJhbGciOiJI\n",
        "Zk83jLq0PwXm27TyVb41RsNdQ7\n",
        "%41",
        "%2541",
        "\\u0041",
        "\\x41",
        "&#65;",
        "&#",
        "-----BEGIN RSA PRIVATE KEY-----\n\n",
        "-----BEGIN\n",
        "\"'",
        "\"\\\"",
        "'\"`",
        "password=\"'\\\"",
        "https://a.example.com/b?c=d ",
        "https://a.example.com/b?sig=Zk83jLq0PwXm27Ty&",
        "https://u:p@h/",
        "token -> \"",
        "password = \"a\" -> \"b\" -> ",
        "arn:",
        "arn:a:secret:",
        ":secret:",
        "| password | ",
        "|\n| password |",
        "secret_id=",
        "://token:@",
        "a/b@//",
        "@//",
        "PASS ",
        "PASS a1b2c3\n",
        "PWD={aB",
        "PWD={aBcD};",
        "--token TOKEN ",
        "--password or ",
        "<R/",
        "AIzaL0Cjc0yS\n",
        "ghp_0123\n",
        "eyJhbGciOiJI.\n",
        "bGciOiJI\n",
        "dXNlcjpwYXNz ",
        "eyJhIjoiZXlKaElqb2laWGxLYUlqb2kifQ==",
        "password=Zk83jLq0 Bearer eyJhbGciOiJIUzI1NiJ9.e30. -----BEGIN PRIVATE KEY----- ",
        "sha256 0123456789abcdef0123456789abcdef ",
    ];
    let mut slowest = (Duration::ZERO, "");
    let mut texts: Vec<(&str, String)> = units.iter().map(|u| (*u, u.repeat(SIZE / u.len()))).collect();
    texts.push(("random base64", r.of(support::BASE64, SIZE)));
    texts.push(("random lines", support::wrap(&r.of(support::BASE64, SIZE), 64, "\n")));
    texts.push(("random pieces", (0..SIZE / 8).map(|_| PIECES[r.below(PIECES.len())]).collect()));
    for (name, text) in &texts {
        let ticks = Cell::new(0);
        let start = cpu_time();
        let out = redact(text, &|| ticks.set(ticks.get() + 1));
        let took = cpu_time() - start;
        if took > Duration::from_millis(250) {
            println!("{name:?}: {took:?}, {} ticks, {} bytes left", ticks.get(), out.len());
        }
        assert!(took < limit, "{name:?} took {took:?}");
        assert!(ticks.get() >= text.len() / (1 << 17), "{name:?} ticked {} times", ticks.get());
        if took > slowest.0 {
            slowest = (took, name);
        }
    }
    println!("slowest of {} texts of {SIZE} bytes: {:?} took {:?}", texts.len(), slowest.1, slowest.0);
}

/// The same for random units: two to four pieces, repeated.
#[test]
fn redact_is_linear_for_random_units() {
    let units = std::env::var("REDACT_UNITS").ok().and_then(|n| n.parse().ok()).unwrap_or(60);
    let mut r = Random(std::env::var("REDACT_SEED").ok().and_then(|n| n.parse().ok()).unwrap_or(11));
    let mut slowest = (Duration::ZERO, String::new());
    for _ in 0..units {
        let unit: String = (0..2 + r.below(3)).map(|_| PIECES[r.below(PIECES.len())]).collect();
        let text = unit.repeat((SIZE / 4) / unit.len());
        let start = cpu_time();
        std::hint::black_box(redact(&text, &|| ()));
        let took = cpu_time() - start;
        assert!(
            took < Duration::from_millis(if cfg!(debug_assertions) { 20_000 } else { 500 }),
            "{unit:?} took {took:?}"
        );
        if took > slowest.0 {
            slowest = (took, unit);
        }
    }
    println!("slowest of {units} texts of {} bytes: {:?} took {:?}", SIZE / 4, slowest.1, slowest.0);
}

/// Twice the text takes about twice the time: ordinary messages, joined.
#[test]
fn redact_grows_with_the_text() {
    let line = "2026-01-01T12:00:00Z GET https://api.example.com/v1/items?page=2&sig=Zk83jLq0PwXm27TyVb41RsNd 401 {\"password\":\"x\"} ok\n";
    let time = |count: usize| {
        let text = line.repeat(count);
        let start = cpu_time();
        std::hint::black_box(redact(&text, &|| ()));
        cpu_time() - start
    };
    time(1000);
    let (small, large) = (time(2000), time(16000));
    println!("{} bytes {small:?}, {} bytes {large:?}", 2000 * line.len(), 16000 * line.len());
    assert!(large < small * 24 + Duration::from_millis(200));
}

/// The tick may unwind: nothing is left behind.
#[test]
fn redact_can_be_cancelled() {
    let text = "password=".repeat(1 << 18);
    let ticks = Cell::new(0);
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        redact(&text, &|| {
            ticks.set(ticks.get() + 1);
            if ticks.get() == 3 {
                std::panic::resume_unwind(Box::new("cancelled"));
            }
        })
    }));
    assert!(result.is_err());
    assert_eq!(ticks.get(), 3);
}
