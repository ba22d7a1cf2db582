//! How long the check takes that the `meta` of an item holds no known secret, for items of real shapes, and what the
//! search itself costs: `cargo run --release -p inventory_core_redact --example speed`.
#![allow(missing_docs)]

use std::hint::black_box;

use inventory_core_redact::{has_inert_strings, redact, redact_known};
use rustix::time::{ClockId, clock_gettime};

/// Values of `meta` as services answer them, with what looks suspicious at first sight.
const ITEMS: &[(&str, &str)] = &[
    (
        "device configuration",
        r##"{"created_at":"2026-01-10T08:12:31.2311187Z","etag":"W/\"8f14e45fceea167a5a36dedd4bea2543\"","modified_at":"2026-03-11T08:12:31.9931874Z","odata_type":"#microsoft.graph.windows10GeneralConfiguration","password_required":true,"password_minimum_length":12,"role_scope_tags":["0"],"supports_scope_tags":true,"version":7}"##,
    ),
    (
        "virtual machine",
        r#"{"arn":"arn:aws:ec2:eu-central-1:123456789012:instance/i-0f3a9c1d2b4e5f607","image":"ami-0a1b2c3d4e5f60718","launched":"2026-01-10T08:12:31.000Z","state":"running","subnet":"subnet-0bb1c79de3EXAMPLE","tags":[{"Key":"Name","Value":"web-01.eu-central-1.example.com"},{"Key":"aws:autoscaling:groupName","Value":"web-blue"},{"Key":"owner","Value":"team-a@example.com"}],"type":"m6i.large"}"#,
    ),
    (
        "cluster object",
        r#"{"creationTimestamp":"2026-01-10T08:12:31Z","labels":{"app.kubernetes.io/managed-by":"Helm","app.kubernetes.io/name":"sync","pod-template-hash":"6f7d8c9b5d"},"managedFields":[{"apiVersion":"apps/v1","fieldsType":"FieldsV1","manager":"kube-controller-manager","operation":"Update","fieldsV1":{"f:status":{"f:conditions":{".":{},"k:{\"type\":\"Available\"}":{"f:lastUpdateTime":{}}}}}}],"namespace":"inventory","resourceVersion":"184467"}"#,
    ),
    (
        "repository",
        r#"{"archived":false,"clone_url":"https://github.com/octo-org/hello-world.git","default_branch":"main","html_url":"https://github.com/octo-org/hello-world","keys_url":"https://api.github.com/repos/octo-org/hello-world/keys{/key_id}","node_id":"R_kgDOGxk2Yw","pushed_at":"2026-03-11T08:12:31Z","ssh_url":"git@github.com:octo-org/hello-world.git","statuses_url":"https://api.github.com/repos/octo-org/hello-world/statuses/{sha}","visibility":"private"}"#,
    ),
    (
        "item of the benchmark",
        r#"{"assigned_devices":1234,"enabled":true,"etag":"W/a5a36dedd4be8f14e45fceea167a","modified_at":"2026-04-13T08:17:00.000Z","owner":"endpoint-team-17@devices.contoso.example","platform":"windows10","region":"eu-west","version":3}"#,
    ),
];

/// What might make a matcher look again and again, repeated to a mebibyte.
const HOSTILE: &[&str] = &[
    "a",
    "a ",
    "A-",
    "0.",
    "eyJ",
    "eyJ.eyJ.",
    "password=",
    "password: ",
    "password=\"",
    "token ",
    "key ",
    "\"key\":\"password\",",
    "{\"name\":\"password\",",
    "{\"value\":\"x\",\"name\":\"password\"",
    "\"password\":{",
    "{\"password\":{\"value\":{",
    "<entry key=\"password\" ",
    "[password, ",
    "s:8:\"password\";",
    "PASSWORD '",
    "Just \"",
    "Some(\n",
    "AzSe",
    "JQQJ99",
    "+ASt",
    "Q~",
    ":AA",
    "$2b$",
    "0.A.Ag",
    "SUAA",
    "k1.local.",
    "123456-",
    "AB12-",
    "abc123.",
    "\u{1b}[1m",
    "\u{1b}[",
    "密码",
    "пароль：",
    "%25",
    "\\u005c",
    "://",
    "://a:b@",
    "@",
    "cookie=",
    "authorization:",
    "Bearer ",
    "-u ",
    "-p ",
    "AUTH a ",
    "ENV A_TOKEN ",
    "{\"a\":",
    "[",
    "{\"token\":null,",
    "-----BEGIN ",
    "device 0123456789abcdef0123456789abcdef ",
    "h1:aB3dE6fG9hJ2kL5mN8pQ1rS4tU7vW0xY3zA6bC9dE2f= ",
];

/// The CPU time of this thread, in seconds.
fn cpu_time() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// The least CPU time of many short measurements, in nanoseconds a call.
fn nanoseconds(calls: u32, mut call: impl FnMut()) -> f64 {
    let mut least = f64::MAX;
    for _ in 0..400 {
        let start = cpu_time();
        for _ in 0..calls {
            call();
        }
        least = least.min((cpu_time() - start) * 1e9 / f64::from(calls));
    }
    least
}

fn main() {
    let mut slowest = Vec::new();
    for unit in HOSTILE {
        let text = unit.repeat((1 << 20) / unit.len());
        for text in [format!("{{\"m\":\"{}\"}}", text.replace(['"', '\\', '\n', '\u{1b}'], "'")), text] {
            let took = (0..3).map(|_| {
                let start = cpu_time();
                black_box(has_inert_strings(&text));
                black_box(redact(&text, &|| ()));
                cpu_time() - start
            });
            slowest.push((took.fold(f64::MAX, f64::min), unit));
        }
    }
    slowest.sort_by(|a, b| b.0.total_cmp(&a.0));
    println!("hostile texts of 1 MiB, the slowest:");
    for (took, unit) in &slowest[..4] {
        println!("  {took:.3} s {unit:?}");
    }
    for (name, json) in ITEMS {
        let check = nanoseconds(100, || {
            black_box(has_inert_strings(black_box(json)));
        });
        let search = nanoseconds(10, || {
            black_box(redact_known(black_box(json), &|| ()));
        });
        let whole = nanoseconds(10, || {
            black_box(redact(black_box(json), &|| ()));
        });
        println!(
            "{name:22} {:4} bytes  inert: {:5}  check {check:6.0} ns  redact_known {search:6.0} ns  redact {whole:6.0} ns",
            json.len(),
            has_inert_strings(json)
        );
    }
}
