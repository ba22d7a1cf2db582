//! What HTTP clients, SDKs and servers write around a name and a value.

use super::shapes::Secret;
use super::support::*;

pub struct Message {
    pub text: String,
    /// What an operator needs, and must still find.
    pub useful: Vec<String>,
}

type Frame = fn(&Secret, &mut Random) -> (String, Vec<String>);

fn words(list: &[&str]) -> Vec<String> {
    list.iter().map(|w| (*w).to_owned()).collect()
}

/// One line: headers and command lines have no other way.
fn flat(text: &str) -> String {
    text.replace('\n', "\\n")
}

pub const FRAMES: &[(&str, Frame)] = &[
    ("curl -v", |s, r| {
        let id = r.guid();
        (
            format!(
                "*   Trying 20.190.160.14:443...\n> GET /v1.0/deviceManagement/policies HTTP/2\n> Host: graph.microsoft.com\n> {}: {}\n> User-Agent: curl/8.5.0\n> Accept: */*\n>\n< HTTP/2 403\n< request-id: {id}\n< content-type: application/json\n",
                s.name,
                flat(&s.value)
            ),
            words(&[
                "20.190.160.14",
                "graph.microsoft.com",
                "curl/8.5.0",
                "403",
                &id,
                "application/json",
                "/v1.0/deviceManagement/policies",
            ]),
        )
    }),
    ("curl command", |s, r| {
        let id = r.guid();
        (
            format!(
                "+ curl -sS -X POST -H 'Content-Type: application/json' -H '{}: {}' https://api.example.com/v1/{id}\ncurl: (22) The requested URL returned error: 401",
                s.name,
                single(&flat(&s.value))
            ),
            words(&[
                "Content-Type: application/json",
                "https://api.example.com/v1/",
                &id,
                "curl: (22)",
                "401",
            ]),
        )
    }),
    ("requests", |s, r| {
        let id = r.guid();
        (
            format!(
                "HTTPError: 401 Client Error: Unauthorized for url: https://api.example.com/v1/items; sent {{'User-Agent': 'python-requests/2.31.0', '{}': '{}', 'Accept': '*/*'}}, x-request-id: {id}",
                s.name,
                single(&s.value)
            ),
            words(&["HTTPError: 401", "api.example.com", "python-requests/2.31.0", "Accept", &id]),
        )
    }),
    ("botocore", |s, r| {
        let id = r.guid();
        (
            format!(
                "botocore.endpoint [DEBUG] Sending http request: <AWSPreparedRequest stream_output=False, method=GET, url=https://ec2.eu-central-1.amazonaws.com/, headers={{'X-Amz-Date': b'20260101T120000Z', '{}': b'{}', 'Content-Length': '0'}}>\nClientError: An error occurred (AuthFailure) when calling the DescribeInstances operation; RequestId: {id}",
                s.name,
                single(&s.value)
            ),
            words(&[
                "ec2.eu-central-1.amazonaws.com",
                "20260101T120000Z",
                "AuthFailure",
                "DescribeInstances",
                &id,
            ]),
        )
    }),
    ("Azure SDK", |s, r| {
        let (id, c) = (r.guid(), r.guid());
        (
            format!(
                "Request URL: 'https://management.azure.com/subscriptions/{c}/resources?api-version=2021-04-01'\nRequest method: 'GET'\nRequest headers:\n    'Accept': 'application/json'\n    '{}': '{}'\n    'x-ms-client-request-id': '{id}'\nResponse status: 403\nCode: AuthorizationFailed",
                s.name,
                single(&s.value)
            ),
            words(&["management.azure.com", &c, "2021-04-01", &id, "403", "AuthorizationFailed"]),
        )
    }),
    ("msal", |s, r| {
        let (t, c) = (r.guid(), r.guid());
        (
            format!(
                r#"{{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided. Trace ID: {t} Correlation ID: {c} Timestamp: 2026-01-01 12:00:00Z","error_codes":[7000215],"{}":"{}","token_type":"Bearer"}}"#,
                s.name,
                json(&s.value)
            ),
            words(&[
                "invalid_client",
                "AADSTS7000215",
                &t,
                &c,
                "2026-01-01 12:00:00Z",
                "\"token_type\":\"Bearer\"",
            ]),
        )
    }),
    ("node-fetch", |s, _| {
        (
            format!(
                "FetchError: request to https://api.example.com/graphql failed, reason: connect ECONNREFUSED 10.0.0.5:443\n  [Symbol(map)]: [Object: null prototype] {{\n    accept: [ '*/*' ],\n    '{}': [ '{}' ],\n    'user-agent': [ 'node-fetch/1.0' ]\n  }},\n  code: 'ECONNREFUSED'",
                s.name,
                single(&s.value)
            ),
            words(&[
                "api.example.com",
                "ECONNREFUSED",
                "10.0.0.5:443",
                "node-fetch/1.0",
                "code: 'ECONNREFUSED'",
            ]),
        )
    }),
    ("axios", |s, r| {
        let id = r.guid();
        let name = if s.name.contains(['-', '.']) { format!("'{}'", s.name) } else { s.name.to_owned() };
        (
            format!(
                "AxiosError: Request failed with status code 429\n    at settle (/app/node_modules/axios/lib/core/settle.js:19:12)\n  config: {{\n    timeout: 30000,\n    headers: {{\n      Accept: 'application/json, text/plain',\n      {name}: '{}',\n      'X-Request-Id': '{id}'\n    }},\n    method: 'get'\n  }},\n  code: 'ERR_BAD_REQUEST'",
                single(&s.value)
            ),
            words(&[
                "429",
                "/app/node_modules/axios/lib/core/settle.js:19:12",
                "30000",
                &id,
                "ERR_BAD_REQUEST",
            ]),
        )
    }),
    ("Go net/http", |s, r| {
        let id = r.of(HEX, 16);
        (
            format!(
                "2026/01/01 12:00:00 do: Get \"https://api.example.com/v1/items\": context deadline exceeded; req.Header=map[Accept:[*/*] {}:[{}] User-Agent:[Go-http-client/1.1]] span={id}",
                s.name,
                flat(&s.value)
            ),
            words(&[
                "2026/01/01 12:00:00",
                "api.example.com",
                "context deadline exceeded",
                "Go-http-client/1.1",
                &id,
            ]),
        )
    }),
    ("Java", |s, r| {
        let id = r.guid();
        (
            format!(
                "org.springframework.web.client.HttpClientErrorException$Unauthorized: 401 on GET request for \"https://api.example.com/v1\"; headers [Accept:\"application/json\", {}:\"{}\", X-Correlation-Id:\"{id}\"]\n\tat org.springframework.web.client.DefaultResponseErrorHandler.handleError(DefaultResponseErrorHandler.java:170)",
                s.name,
                json(&s.value)
            ),
            words(&[
                "HttpClientErrorException$Unauthorized",
                "401",
                "api.example.com",
                &id,
                "DefaultResponseErrorHandler.java:170",
            ]),
        )
    }),
    ("Java toString", |s, _| {
        (
            format!(
                "java.lang.IllegalStateException: bad config SyncConfig{{endpoint=https://api.example.com, {}={}, retries=3}}",
                s.name,
                flat(&s.value)
            ),
            words(&["IllegalStateException", "https://api.example.com", "retries=3"]),
        )
    }),
    ("psycopg", |s, _| {
        (
            format!(
                "psycopg.errors.UniqueViolation: duplicate key value violates unique constraint \"items_pkey\"\nDETAIL:  Key (tenant_id, id)=(acme, 42) already exists.\nCONTEXT: parameters: $1 = 'acme', {} = '{}', $3 = '42'",
                s.name,
                s.value.replace('\'', "''")
            ),
            words(&["UniqueViolation", "items_pkey", "(acme, 42)", "$1 = 'acme'", "$3 = '42'"]),
        )
    }),
    ("JDBC", |s, _| {
        (
            format!(
                "org.postgresql.util.PSQLException: FATAL: no pg_hba.conf entry for host \"10.0.0.9\" (jdbc:postgresql://db.example.com:5432/inv?user=sync&{}={}&ssl=true)",
                s.name,
                percent(&s.value)
            ),
            words(&["PSQLException", "pg_hba.conf", "10.0.0.9", "db.example.com:5432/inv", "user=sync"]),
        )
    }),
    ("nginx", |s, r| {
        let id = r.of(HEX, 32);
        (
            format!(
                "10.1.2.3 - - [01/Jan/2026:12:00:00 +0000] \"GET /api/v1/items?page=2&{}={}&limit=50 HTTP/1.1\" 502 157 \"-\" \"Mozilla/5.0\" request_id={id} upstream: \"http://10.0.0.7:8080\"",
                s.name,
                percent(&s.value)
            ),
            words(&[
                "10.1.2.3",
                "01/Jan/2026:12:00:00",
                "/api/v1/items?page=2",
                "limit=50",
                "502",
                &id,
                "http://10.0.0.7:8080",
            ]),
        )
    }),
    ("k8s", |s, r| {
        let pod = format!(
            "sync-worker-{}-{}",
            r.of("bcdfghjklmnpqrstvwxz2456789", 10),
            r.of("bcdfghjklmnpqrstvwxz2456789", 5)
        );
        (
            format!(
                "Error from server (Forbidden): pods \"{pod}\" is forbidden\n  spec:\n    containers:\n    - env:\n      - name: {}\n        value: \"{}\"\n      - name: LOG_LEVEL\n        value: debug\n      image: registry.example.com/sync:1.4.2\n",
                s.name,
                json(&s.value)
            ),
            words(&["Forbidden", &pod, "LOG_LEVEL", "debug", "registry.example.com/sync:1.4.2"]),
        )
    }),
    ("JSON in JSON", |s, r| {
        let id = r.guid();
        let inner = format!(r#"{{"status":401,"{}":"{}","requestId":"{id}"}}"#, s.name, json(&s.value));
        (
            format!(r#"{{"level":"error","message":"upstream said {}","service":"sync"}}"#, json(&inner)),
            words(&["401", &id, "upstream said", "sync"]),
        )
    }),
    ("JSON three deep", |s, r| {
        let id = r.guid();
        let inner = format!(r#"{{"status":401,"{}":"{}","requestId":"{id}"}}"#, s.name, json(&s.value));
        let middle = format!(r#"{{"body":"{}"}}"#, json(&inner));
        (
            format!(r#"{{"level":"error","message":"{}","service":"sync"}}"#, json(&middle)),
            words(&["401", &id, "error", "sync"]),
        )
    }),
    ("unicode escapes", |s, r| {
        let id = r.guid();
        let inner = format!(r#"{{"{}":"{}","status":401}}"#, s.name, json(&s.value));
        (
            format!(r#"{{"id":"{id}","body":"{}","service":"sync"}}"#, unicode(&inner)),
            words(&[&id, "401", "sync"]),
        )
    }),
    ("form", |s, _| {
        (
            format!(
                "POST https://login.microsoftonline.com/common/oauth2/v2.0/token 400 body=grant_type=client_credentials&{}={}&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default",
                s.name,
                percent(&s.value)
            ),
            words(&[
                "login.microsoftonline.com",
                "400",
                "grant_type=client_credentials",
                "graph.microsoft.com%2F.default",
            ]),
        )
    }),
    ("encoded twice", |s, _| {
        let query = format!("page=2&{}={}&limit=50", s.name, percent(&s.value));
        (
            format!(
                "302 to https://proxy.example.com/?target={} via edge-7",
                percent(&format!("https://api.example.com/?{query}"))
            ),
            words(&["302", "proxy.example.com", "api.example.com", "limit%3D50", "edge-7"]),
        )
    }),
    ("XML", |s, r| {
        let id = r.guid();
        (
            format!(
                "<?xml version=\"1.0\"?><Error><Code>AuthenticationFailed</Code><RequestId>{id}</RequestId><{0}>{1}</{0}><Time>2026-01-01T12:00:00Z</Time></Error>",
                s.name,
                xml(&s.value)
            ),
            words(&["AuthenticationFailed", &id, "2026-01-01T12:00:00Z"]),
        )
    }),
    ("environment", |s, _| {
        (
            format!(
                "+ export LOG_LEVEL=debug {}=\"{}\" REGION=eu-central-1\nsync: exit status 2",
                s.name,
                json(&s.value)
            ),
            words(&["LOG_LEVEL=debug", "REGION=eu-central-1", "exit status 2"]),
        )
    }),
    ("option", |s, _| {
        (
            format!(
                "subprocess.CalledProcessError: Command '['sync', '--retries', '3', '--{}', '{}', '--region', 'eu-central-1']' returned non-zero exit status 1.",
                s.name,
                single(&s.value)
            ),
            words(&["CalledProcessError", "--retries', '3'", "'--region', 'eu-central-1'", "exit status 1"]),
        )
    }),
    ("folded", |s, r| {
        let id = r.guid();
        let value = if s.value.contains('\n') { s.value.clone() } else { fold(&s.value) };
        (
            format!(
                "HTTP/1.1 401 Unauthorized\r\nHost: api.example.com\r\n{}: {value}\r\nX-Request-Id: {id}\r\nContent-Length: 0\r\n",
                s.name
            ),
            words(&["401 Unauthorized", "api.example.com", &id, "Content-Length: 0"]),
        )
    }),
    ("upper case", |s, _| {
        (
            format!(
                "[ERROR] status=401 {}=\"{}\" host=api.example.com",
                s.name.to_uppercase(),
                json(&s.value)
            ),
            words(&["status=401", "host=api.example.com"]),
        )
    }),
    ("Python tuples", |s, _| {
        (
            format!(
                "ValueError: bad headers [('Host', 'api.example.com'), ('{}', '{}'), ('Retry-After', '30')]",
                s.name,
                single(&s.value)
            ),
            words(&["ValueError", "api.example.com", "('Retry-After', '30')"]),
        )
    }),
];

/// Frames for what needs no name.
pub const BARE: &[(&str, Frame)] = &[
    ("sentence", |s, _| {
        (
            format!("request with {} was refused by api.example.com (401)", flat(&s.value)),
            words(&["was refused by", "api.example.com", "401"]),
        )
    }),
    ("wrapped lines", |s, _| {
        let value = if s.value.contains('\n') { s.value.clone() } else { wrap(&s.value, 76, "\n") };
        (
            format!("upstream answered 502 after 3 attempts:\n{value}\nretrying in 30 s"),
            words(&["502", "3 attempts", "retrying in 30 s"]),
        )
    }),
    ("log field", |s, r| {
        let id = r.guid();
        (
            format!("ts=2026-01-01T12:00:00Z level=error msg=\"got {}\" id={id}", json(&s.value)),
            words(&["2026-01-01T12:00:00Z", "level=error", &id]),
        )
    }),
];

pub fn frame(index: usize, secret: &Secret, r: &mut Random) -> Option<Message> {
    let (text, useful) = if index < FRAMES.len() {
        FRAMES[index].1(secret, r)
    } else if secret.alone {
        BARE[index - FRAMES.len()].1(secret, r)
    } else {
        return None;
    };
    Some(Message { text, useful })
}

pub fn frame_name(index: usize) -> &'static str {
    if index < FRAMES.len() { FRAMES[index].0 } else { BARE[index - FRAMES.len()].0 }
}
