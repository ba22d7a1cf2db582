//! Messages without secrets: nearly all must come back as they are.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "support/mod.rs"]
mod support;

use inventory_core_redact::{redact, redact_known};
use support::*;

/// See `fill` for `{…}`.
const MESSAGES: &[&str] = &[
    "GET https://graph.microsoft.com/v1.0/deviceManagement/deviceConfigurations/{g}/assignments returned 404 (request-id: {g})",
    "AADSTS700082: The refresh token has expired due to inactivity. The token was issued on 2026-01-01T12:00:00.0000000Z. Trace ID: {g} Correlation ID: {g} Timestamp: 2026-01-02 03:04:05Z",
    "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '{g}'.",
    "AADSTS50126: Error validating credentials due to invalid username or password.",
    "token expired",
    "error: token: expired",
    "Password: must be at least 12 characters",
    "password authentication failed for user \"sync\"",
    "FATAL: password authentication failed for user \"sync\" (SQLSTATE 28P01)",
    "Access denied for user 'root'@'10.0.0.3' (using password: YES)",
    "WWW-Authenticate: Bearer realm=\"api\", error=\"invalid_token\", error_description=\"The access token expired\"",
    "www-authenticate: Bearer authorization_uri=\"https://login.windows.net/{g}\", error=\"invalid_token\"",
    "WWW-Authenticate: Basic realm=\"Secure Area\"",
    "Could not load file or assembly 'Newtonsoft.Json, Version=13.0.0.0, Culture=neutral, PublicKeyToken=30ad4fe6b2a6aeed' or one of its dependencies.",
    "System.IO.FileLoadException: Microsoft.Graph.Core, Version=3.1.0.0, Culture=neutral, PublicKeyToken=31bf3856ad364e35",
    "commit {h40} (HEAD -> main, origin/main)",
    "docker: Error response from daemon: manifest for registry.example.com/sync@sha256:{h64} not found: manifest unknown",
    "image pull failed: sha256:{h64}: unexpected EOF",
    "checksum mismatch: expected md5 {h32}, got md5 {h32}",
    "etag \"{h32}\" does not match",
    "ETag: W/\"{h40}\"",
    "If-Match: \"0x8DC{u13}\"",
    "integrity sha512-{b86}== does not match",
    "fingerprint SHA256:{b43}",
    "x-ms-request-id: {g}\nx-ms-correlation-request-id: {g}\nx-ms-routing-request-id: WESTEUROPE:20260101T120000Z:{g}",
    "traceparent: 00-{h32}-{h16}-01",
    "X-Amzn-Trace-Id: Root=1-{h8}-{h24}",
    "x-amz-request-id: {u16}\nx-amz-id-2: {b75}=",
    "requestId={g} status=503 path=/v1.0/users/{g}/memberOf",
    "An error occurred (ThrottlingException) when calling the ListPolicies operation (reached max retries: 4): Rate exceeded. RequestId: {g}",
    "arn:aws:iam::{d12}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling is not authorized to perform: iam:ListPolicies",
    "Error from server (NotFound): pods \"sync-worker-{p10}-{p5}\" not found",
    "pod sync-worker-{p10}-{p5} in namespace inventory: CrashLoopBackOff, back-off 5m0s restarting failed container",
    "Traceback (most recent call last):\n  File \"/usr/lib/python3.12/site-packages/azure/core/pipeline/policies/_authentication.py\", line 138, in on_request\n    self._token = self._credential.get_token(*self._scopes, **kwargs)\nazure.core.exceptions.ClientAuthenticationError: Authentication failed",
    "  File \"/app/sync.py\", line 41, in main\n    client = Client(token=token, secret=get_secret(), password=password)\nTypeError: __init__() got an unexpected keyword argument 'secret'",
    "java.lang.NullPointerException: Cannot invoke \"com.example.auth.Token.getValue()\" because \"token\" is null\n\tat com.example.sync.PolicyService$$EnhancerBySpringCGLIB$${h8}.list(<generated>)\n\tat java.base/java.lang.Thread.run(Thread.java:1583)",
    "Error: connect ECONNREFUSED 10.0.0.5:443\n    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1607:16)",
    "SyntaxError: Unexpected token '<', \"<!DOCTYPE \"... is not valid JSON",
    "SyntaxError: Unexpected token } in JSON at position 1042",
    "thread 'main' panicked at src/main.rs:41:10: called `Result::unwrap()` on an `Err` value: Elapsed(())\n   4: _ZN4core6result13unwrap_failed17h{h16}E",
    "panic: runtime error: invalid memory address or nil pointer dereference\n[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x{h12}]\ngithub.com/example/sync/v2.(*Client).List(0xc{h9}, {0x{h6}, 0x{h6}})",
    "dial tcp: lookup api.example.com on 10.96.0.10:53: no such host",
    "x509: certificate has expired or is not yet valid: current time 2026-01-01T00:00:00Z is after 2025-12-31T23:59:59Z",
    "ERROR: duplicate key value violates unique constraint \"items_pkey\" DETAIL: Key (tenant_id, external_id)=(acme, {g}) already exists.",
    "ERROR: permission denied for table user_tokens (SQLSTATE 42501)",
    "HTTP/2 429\nretry-after: 17\nratelimit-remaining: 0\nratelimit-reset: 1767225600\ncf-ray: {h16}-FRA",
    "policy CIS-Windows-11-Level-1-Baseline-v3.0.0 has no assignments",
    "Windows10EndpointProtectionConfiguration \"BitLocker - Require TPM + startup PIN\" failed: BadRequest",
    "deviceCompliancePolicyId {g} was deleted; tenantId={g} clientId={g}",
    "password policy: minLength=14, complexity=enabled, maxAge=90 days, history=24",
    "{\"error\":{\"code\":\"InvalidAuthenticationToken\",\"message\":\"Access token has expired or is not yet valid.\",\"innerError\":{\"date\":\"2026-01-01T12:00:00\",\"request-id\":\"{g}\",\"client-request-id\":\"{g}\"}}}",
    "{\"error\":\"invalid_grant\",\"error_description\":\"Token has been expired or revoked.\"}",
    "{\"token_type\":\"Bearer\",\"expires_in\":3599,\"ext_expires_in\":3599,\"scope\":\"User.Read.All\"}",
    "unauthorized_client: grant_type=password is not enabled for this client",
    "missing required header: Authorization",
    "Authorization header is missing or malformed",
    "Authorization: required",
    "The 'Cookie' header must not be empty",
    "cookie: missing",
    "The API key is missing; set the X-Api-Key header",
    "api_key=${API_KEY} was not expanded",
    "password=**** host=db.example.com",
    "connecting with password=<redacted> to db.example.com:5432",
    "using token=$GITHUB_TOKEN from the environment",
    "INSERT INTO items (name, password) VALUES ($1, $2)",
    "SELECT count(*) FROM tokens WHERE expires_at < now()",
    "max_tokens: 4096, prompt_tokens: 812, total_tokens: 4908",
    "message: VGhlIHNlcnZpY2UgaXMgdGVtcG9yYXJpbHkgdW5hdmFpbGFibGUsIHBsZWFzZSByZXRyeS4=",
    "body was eyJlcnJvciI6ICJub3RfZm91bmQiLCAic3RhdHVzIjogNDA0LCAiZGV0YWlsIjogIm5vIHN1Y2ggcG9saWN5In0=",
    "cannot read /etc/ssl/private/server.key: permission denied",
    "private_key_path=/etc/sync/keys/client.pem does not exist",
    "secretName: sync-credentials not found in namespace inventory",
    "keyVaultUri https://kv-inventory-prod.vault.azure.net/secrets/sync-client-secret/{h32} returned 403 Forbidden",
    "KeyError: 'access_token'",
    "InvalidSignatureException: The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.",
    "csrf token missing or incorrect",
    "S-1-5-21-{d10}-{d10}-{d10}-1013 has no mapping",
    "User-Agent: azsdk-python-identity/1.15.0 Python/3.11.4 (Linux-5.15.0-1041-azure-x86_64-with-glibc2.35)",
    "upstream connect error or disconnect/reset before headers. reset reason: connection termination",
    "Zertifikat für „Gerätekonfiguration – Süd“ abgelaufen: 設定ポリシーが見つかりません",
    "ssh: unable to authenticate, attempted methods [none publickey], no supported methods remain",
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{b43} sync@host",
    "-----BEGIN CERTIFICATE-----\nMIID{b60}\n{b64}\n{b52}==\n-----END CERTIFICATE-----",
    "/subscriptions/{g}/resourceGroups/rg-inventory-prod/providers/Microsoft.KeyVault/vaults/kv-inventory-prod",
    "s3://inventory-exports-{d12}-eu-central-1/2026/01/01/policies.parquet: NoSuchKey",
    "ulid 01{c24} not found",
    "version 1.21.3-alpine3.18-r0 is older than required 1.22.0-rc.1+build.{h7}",
    "go: github.com/example/sync@v0.0.0-20260101120000-{h12}: invalid version",
    "operation timed out after 30001 milliseconds with 0 bytes received",
    "session closed by peer: GOAWAY code=NO_ERROR",
    "retry 3/5 in 12.7s: 503 Service Unavailable (upstream=10.0.0.7:8080, pool=blue)",
    "vcs.revision={h40} vcs.time=2026-01-01T12:00:00Z",
    "npm ERR! code EINTEGRITY sha512-{b86}== integrity checksum failed",
    "container {h64} exited with code 137",
    "postgres://sync@db.example.com:5432/inventory: connection refused",
    "git@github.com:example/inventory.git: Permission denied (publickey)",
    "https://login.microsoftonline.com/{g}/oauth2/v2.0/token returned 400",
    "Mail from alice.smith@example.com to bob.jones42@example.org bounced",
];

fn unchanged(by: &dyn Fn(&str) -> String) -> (usize, usize) {
    let mut r = Random(7);
    let (mut same, mut count) = (0, 0);
    let mut shown = std::collections::BTreeSet::new();
    for _ in 0..20 {
        for template in MESSAGES {
            let message = fill(template, &mut r);
            let out = by(&message);
            count += 1;
            if out == message {
                same += 1;
            } else if shown.insert(*template) {
                println!("CHANGED {message}\n     TO {out}");
            }
        }
    }
    (same, count)
}

#[test]
fn redact_benign_messages_stay() {
    for (name, (same, count)) in [
        ("redact", unchanged(&|text| redact(text, &|| ()))),
        ("redact_known", unchanged(&|text| redact_known(text, &|| ()).0.into_owned())),
    ] {
        println!(
            "{name}: {same} of {count} benign messages unchanged ({:.2} %)",
            100.0 * same as f64 / count as f64
        );
        assert!(same * 100 >= count * 95);
    }
}

#[test]
fn redact_known_leaves_labels_and_counts() {
    for label in [
        "sync-2026-01-01",
        "W/\"aB3dE6fG9hJ2kL5mN8pQ1rS4tU7v\"",
        "v2.3.1+exp.sha.5114f85",
        "cursor:Zk83jLq0PwXm27TyVb41RsNd",
    ] {
        let (text, count) = redact_known(label, &|| ());
        assert_eq!((text.as_ref(), count), (label, 0));
    }
    let (text, count) = redact_known("job 7 password=hunter2x token=abc123def", &|| ());
    assert_eq!((text.as_ref(), count), ("job 7 password=[redacted:password] token=[redacted:token]", 2));
}
