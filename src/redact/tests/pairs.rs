//! Names and values that stand apart: entries of lists, objects of settings, values inside values; and texts in JSON,
//! which stay JSON.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "support/mod.rs"]
mod support;

use inventory_core_redact::{redact, redact_known};
use support::*;

/// `⟦ ⟧` stands around each secret; see `fill` for `{…}`.
#[rustfmt::skip]
const FOUND: &[&str] = &[
    r#"{"name": "CLIENT_SECRET", "slotSetting": false, "value": "⟦{a9}1⟧"}"#,
    r#"{"key":"password","enabled":true,"value":"⟦{w11}⟧"}"#,
    r#"{"value":"⟦{w11}⟧","type":"string","name":"DB_PASSWORD"}"#,
    r#"{"ParameterKey":"DbPassword","ParameterValue":"⟦{w12}⟧"}"#,
    r#"{"ParameterValue":"⟦{w12}⟧","ParameterKey":"DbPassword"}"#,
    r#"{"ParameterKey":"DbPassword","UsePreviousValue":false,"ParameterValue":"⟦{w12}⟧"}"#,
    r#"{"key":"db.password","value":{"stringValue":"⟦{w13}⟧"}}"#,
    r#"{"Item":{"user":{"S":"bob"},"apiKey":{"S":"⟦{a24}⟧"}}}"#,
    r#"{"password":{"value":"⟦{w12}⟧"}}"#,
    r#"{"adminPassword": {"value": "⟦{w12}⟧"}, "vmName": {"value": "web-01"}}"#,
    r#"[{"name":"LOG_LEVEL","value":"debug"},{"name":"API_TOKEN","value":"⟦{a20}⟧"}]"#,
    "Config {\n    user: \"bob\",\n    password: Some(\n        \"⟦{w11}⟧\",\n    ),\n}",
    "token: Secret(\n    \"⟦{w11}⟧\"\n)",
    r#"Config {user = "bob", password = Just "⟦{w11}⟧"}"#,
    r#"<property name="password"><value>⟦{w11}⟧</value></property>"#,
    r#"<bean><property name="username" value="bob"/><property name="password" value="⟦{w11}⟧"/></bean>"#,
    r#"[user, bob], [password, ⟦{w11}⟧]"#,
    r#"a:2:{s:4:"user";s:3:"bob";s:8:"password";s:12:"⟦{w12}⟧";}"#,
    r#"{<<"user">>,<<"bob">>},{<<"password">>,<<"⟦{w11}⟧">>}"#,
    r#"[{user,"bob"},{password,"⟦{w11}⟧"}]"#,
    r#"{"password":12345678,"user":"bob"}"#,
    r#"{"unlockPin":"⟦{d6}⟧","model":"x"}"#,
    r#"{"recoveryKey":"⟦{d6}-{d6}-{d6}-{d6}-{d6}-{d6}-{d6}-{d6}⟧"}"#,
    r#"{"id":"{g}","key":"⟦{d6}-{d6}-{d6}-{d6}-{d6}-{d6}-{d6}-{d6}⟧"}"#,
    r#"FileVault: ⟦{u3}1-A{u3}-{u4}-{u4}-{u4}-{u4}⟧ was escrowed"#,
    r#"{"personalRecoveryKey":"⟦{u4}-{u4}-{u4}-{u4}-{u4}-{u4}⟧"}"#,
    r#"{"activationLockBypassCode":"⟦{u5}-{u5}-{u4}-{u4}-{u4}-{u4}⟧"}"#,
    r#"activationLockBypassCode=⟦{u26}⟧"#,
    r#"pin=⟦{d6}⟧ rejected"#,
];

/// What announces nothing, and what is no secret though a name announces it.
#[rustfmt::skip]
const KEPT: &[&str] = &[
    r#"{"token":null,"error":"AADSTS50034"}"#,
    r#"{"password":true,"secret":false,"apiKey":null,"n":1}"#,
    r#"{"password":"","token":"","error":"x"}"#,
    r#"{"name": "CLIENT_SECRET", "slotSetting": false}"#,
    r#"{"name":"password","valueFrom":{"secretKeyRef":{"name":"db-creds","key":"password"}}}"#,
    r#"{"key":"region","value":"eu-west"}"#,
    "./Device/Vendor/MSFT/LAPS/Actions/ResetPassword: 0x86000022",
    "AllowSimpleDevicePassword: -2016281112",
    "passcode: 0x87d1fde8 (not applicable)",
    "bootstrapToken: notSupported",
    "requestedPassword: notConfigured, secureBoot: enabled",
    r#"{"bootstrapToken":"notSupported","passcode":"compliant"}"#,
    "GET /v1.0/users/delta?$deltatoken=latest 200",
    "device {h32} is not managed",
    "udid {h40} unknown",
    "tenant {h32} was moved",
    "policy {h32} has no assignments",
    "run {h32} failed",
    "job {h32} was cancelled",
    "object {h40} not found",
    "node {h32} is not ready",
    "certificate thumbprint {H40} expired",
    "x-cloud-trace-context: {h32}/{d15};o=1",
    "arn:aws:ecs:eu-west-1:{d12}:task/prod/{h32} stopped",
    "log stream ecs/web/{h32} not found",
    "log stream 2026/01/01/[$LATEST]{h32}",
    "https://kv.vault.azure.net/secrets/db/{h32} disabled",
    "kubepods-burstable-pod{h8}_{h4}_{h4}_{h4}_{h12}.slice/cri-containerd-{h64}.scope",
    "/kubepods/burstable/pod{g}/{h64}",
    "issuerKeyHash: {h40}, serialNumber: {h32}",
    "verifying example.com/sync@v1.2.3: checksum mismatch\n\tdownloaded: h1:{b43}=\n\tgo.sum:     h1:{b43}=",
    "PUT /devices/{h32}/status 404",
];

#[test]
fn redact_pairs_are_found_wherever_the_name_stands() {
    let mut r = Random(21);
    let mut wrong = vec![];
    for _ in 0..10 {
        for template in FOUND {
            let filled = fill(template, &mut r);
            let text = filled.replace(['⟦', '⟧'], "");
            let secrets: Vec<&str> =
                filled.split('⟦').skip(1).filter_map(|s| s.split_once('⟧')).map(|(s, _)| s).collect();
            for text in [text.clone(), format!(r#"{{"message":"{}"}}"#, json(&text))] {
                let out = redact(&text, &|| ());
                if let Some(left) = secrets.iter().find_map(|s| leak(&out, s)) {
                    wrong.push(format!("{left}: {text}\n   {out}"));
                }
                if serde_json::from_str::<serde_json::Value>(&text).is_ok()
                    && serde_json::from_str::<serde_json::Value>(&out).is_err()
                {
                    wrong.push(format!("no JSON: {text}\n   {out}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(
        redact(r#"{"password":12345678,"a":1}"#, &|| ()),
        r#"{"password":"[redacted:password]","a":1}"#
    );
}

#[test]
fn redact_pairs_of_things_and_states_stay() {
    let mut r = Random(22);
    let mut wrong = std::collections::BTreeSet::new();
    for _ in 0..10 {
        for template in KEPT {
            let text = fill(template, &mut r);
            for out in [redact(&text, &|| ()), redact_known(&text, &|| ()).0.into_owned()] {
                if out != text {
                    wrong.insert(format!("{text}\n   {out}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.into_iter().collect::<Vec<_>>().join("\n"));
}
