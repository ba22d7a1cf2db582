//! Secrets of many kinds, each with the name it usually has.

use super::support::*;

pub struct Secret {
    pub shape: &'static str,
    /// The name it is written with; a harmless one where the form alone must be enough.
    pub name: &'static str,
    pub value: String,
    /// The parts of the value that must not survive.
    pub parts: Vec<String>,
    /// Needs no name.
    pub alone: bool,
}

type Make = fn(&mut Random) -> (String, Vec<String>);

fn all(value: String) -> (String, Vec<String>) {
    (value.clone(), vec![value])
}

fn scheme(scheme: &str, value: String) -> (String, Vec<String>) {
    (format!("{scheme} {value}"), vec![value])
}

fn pem(kind: &str, head: &str, r: &mut Random) -> (String, Vec<String>) {
    let body = format!("{head}{}", r.of(BASE64, 64 * 12 + 20 - head.len()));
    (format!("-----BEGIN {kind}-----\n{}==\n-----END {kind}-----\n", wrap(&body, 64, "\n")), vec![body])
}

/// Name, how it is called in a report, whether it needs no name, how it is made.
pub const SHAPES: &[(&str, &str, bool, Make)] = &[
    ("password", "password", false, |r| all(r.password(12))),
    ("Password", "password with symbols", false, |r| all(r.password(24))),
    ("password", "password with all symbols", false, |r| all(r.symbols(24))),
    ("password", "short password", false, |r| all(r.symbols(9))),
    ("db_password", "database password", false, |r| all(r.of(ALNUM, 16))),
    ("PGPASSWORD", "PGPASSWORD", false, |r| all(r.password(16))),
    ("pwd", "pwd", false, |r| all(r.password(14))),
    ("userPassphrase", "passphrase", false, |r| all(r.password(20))),
    ("spring.datasource.password", "property", false, |r| all(r.password(18))),
    ("client_secret", "client secret", false, |r| all(r.of(URL64, 32))),
    ("clientSecret", "Entra client secret", true, |r| {
        all(format!("{}8Q~{}", r.of(ALNUM, 3), r.of(URL64, 34)))
    }),
    ("aws_secret_access_key", "AWS secret key", false, |r| all(r.of(BASE64, 40))),
    ("SecretAccessKey", "AWS secret key in XML", false, |r| all(r.of(BASE64, 40))),
    ("SessionToken", "AWS session token", false, |r| all(format!("FwoGZXIvYXdz{}==", r.of(BASE64, 300)))),
    ("AccessKeyId", "AWS key id", true, |r| all(format!("AKIA{}", r.of(BASE32, 16)))),
    ("AccountKey", "Azure storage key", false, |r| all(format!("{}==", r.of(BASE64, 86)))),
    ("SharedAccessKey", "Service Bus key", false, |r| all(format!("{}=", r.of(BASE64, 43)))),
    ("sig", "SAS signature", false, |r| all(format!("{}=", r.of(BASE64, 43)))),
    ("X-Amz-Signature", "S3 signature", false, |r| all(r.of(HEX, 64))),
    ("X-Amz-Security-Token", "S3 security token", false, |r| all(r.of(BASE64, 240))),
    ("X-Goog-Signature", "GCS signature", false, |r| all(r.of(HEX, 512))),
    ("access_token", "opaque access token", false, |r| all(r.of(URL64, 43))),
    ("accessToken", "access token JWT", true, |r| all(r.jwt())),
    ("refresh_token", "refresh token", false, |r| {
        all(format!("0.A{}.AgABAwEAAAD{}", r.of(URL64, 40), r.of(URL64, 400)))
    }),
    ("id_token", "id token", true, |r| all(r.jwt())),
    ("Authorization", "Bearer JWT", true, |r| scheme("Bearer", r.jwt())),
    ("Authorization", "Bearer opaque", true, |r| scheme("Bearer", r.of(ALNUM, 40))),
    ("authorization", "bearer in lower case", true, |r| scheme("bearer", r.of(URL64, 64))),
    ("Authorization", "Basic", true, |r| {
        let pair = format!("svc-sync:{}", r.password(16));
        scheme("Basic", base64(pair.as_bytes(), false))
    }),
    ("Authorization", "token scheme", true, |r| scheme("token", r.of(HEX, 40))),
    ("Authorization", "no scheme", false, |r| all(r.of(ALNUM, 40))),
    ("Authorization", "Negotiate", true, |r| scheme("Negotiate", format!("YII{}", r.of(BASE64, 201)))),
    ("Authorization", "SharedKey", false, |r| {
        let key = format!("{}=", r.of(BASE64, 43));
        (format!("SharedKey diag7fff8f1a:{key}"), vec![key])
    }),
    ("Authorization", "SigV4", false, |r| {
        let (id, signature) = (format!("AKIA{}", r.of(BASE32, 16)), r.of(HEX, 64));
        let value = format!(
            "AWS4-HMAC-SHA256 Credential={id}/20260101/eu-central-1/s3/aws4_request, SignedHeaders=host;x-amz-date, Signature={signature}"
        );
        (value, vec![id, signature])
    }),
    ("Authorization", "Digest", false, |r| {
        let (nonce, response) = (r.of(HEX, 32), r.of(HEX, 32));
        let value = format!(
            r#"Digest username="sync", realm="api", nonce="{nonce}", uri="/v1/items", qop=auth, nc=00000001, response="{response}""#
        );
        (value, vec![nonce, response])
    }),
    ("Proxy-Authorization", "proxy Basic", true, |r| {
        let pair = format!("proxy:{}", r.password(12));
        scheme("Basic", base64(pair.as_bytes(), false))
    }),
    ("Cookie", "cookie", false, |r| {
        let (a, b) = (r.of(URL64, 32), r.of(HEX, 40));
        (format!("sid={a}; theme=dark; csrftoken={b}"), vec![a, b])
    }),
    ("Set-Cookie", "set-cookie", false, |r| {
        let a = r.of(ALNUM, 40);
        (format!("ESTSAUTH={a}; expires=Wed, 21 Oct 2026 07:28:00 GMT; path=/; secure; HttpOnly"), vec![a])
    }),
    ("JSESSIONID", "Java session", false, |r| all(r.of("0123456789ABCDEF", 32))),
    ("PHPSESSID", "PHP session", false, |r| all(r.of("abcdefghijklmnopqrstuvwxyz0123456789", 26))),
    ("session_id", "session id GUID", false, |r| all(r.guid())),
    ("x-api-key", "API key GUID", false, |r| all(r.guid())),
    ("X-Api-Key", "API key", false, |r| all(r.of(ALNUM, 40))),
    ("api_key", "API key hex", false, |r| all(r.of(HEX, 32))),
    ("Ocp-Apim-Subscription-Key", "APIM key", false, |r| all(r.of(HEX, 32))),
    ("x-functions-key", "Functions key", false, |r| {
        all(format!("{}AzFu{}==", r.of(URL64, 40), r.of(URL64, 8)))
    }),
    ("X-Vault-Token", "Vault token", true, |r| all(format!("hvs.{}", r.of(URL64, 90)))),
    ("X-Auth-Token", "auth token", false, |r| all(r.of(HEX, 32))),
    ("X-CSRF-Token", "CSRF token", false, |r| all(r.of(BASE64, 44))),
    ("PRIVATE-TOKEN", "GitLab token", true, |r| all(format!("glpat-{}", r.of(URL64, 20)))),
    ("code", "authorization code", false, |r| {
        all(format!("0.A{}.AgABBA{}", r.of(URL64, 40), r.of(URL64, 200)))
    }),
    ("client_assertion", "client assertion", true, |r| all(r.jwt())),
    ("SAMLResponse", "SAML response", false, |r| {
        all(base64(
            format!("<samlp:Response ID=\"_{}\">{}", r.of(HEX, 32), r.of(BASE64, 200)).as_bytes(),
            false,
        ))
    }),
    ("device_code", "device code", false, |r| all(r.of(URL64, 120))),
    ("code_verifier", "PKCE verifier", false, |r| all(r.of(URL64, 64))),
    ("consumerKey", "consumer key", false, |r| all(r.of(ALNUM, 25))),
    ("encryption_key", "encryption key", false, |r| all(format!("{}=", r.of(BASE64, 43)))),
    ("private_key", "RSA private key", true, |r| pem("RSA PRIVATE KEY", "MIIEpAIBAAKCAQEA", r)),
    ("tlsKey", "EC private key", true, |r| pem("EC PRIVATE KEY", "MHcCAQEEI", r)),
    ("identity", "OpenSSH key", true, |r| pem("OPENSSH PRIVATE KEY", "b3BlbnNzaC1rZXktdjEAAAAA", r)),
    ("data", "PKCS8 key", true, |r| pem("ENCRYPTED PRIVATE KEY", "MIIFHDBOBgkqhkiG9w0B", r)),
    ("detail", "postgres URL", true, |r| {
        let p = r.of(ALNUM, 20);
        (format!("postgres://sync:{p}@db.internal.example.com:5432/inventory?sslmode=require"), vec![p])
    }),
    ("detail", "redis URL", true, |r| {
        let p = r.of(ALNUM, 32);
        (format!("redis://:{p}@cache.example.com:6379/0"), vec![p])
    }),
    ("detail", "amqp URL, encoded", true, |r| {
        let p = r.password(20);
        (format!("amqp://sync:{}@mq.example.com:5672/vhost", percent(&p)), vec![p])
    }),
    ("detail", "git URL with token", true, |r| {
        let t = format!("ghp_{}", r.of(ALNUM, 36));
        (format!("https://x-access-token:{t}@github.com/example/repo.git"), vec![t])
    }),
    ("detail", "SAS URL", true, |r| {
        let s = format!("{}=", r.of(BASE64, 43));
        (
            format!(
                "https://acct.blob.core.windows.net/c/b.json?sv=2024-05-04&st=2026-01-01T00%3A00%3A00Z&sr=b&sp=r&sig={}",
                percent(&s)
            ),
            vec![s],
        )
    }),
    ("detail", "S3 presigned URL", true, |r| {
        let (i, s) = (format!("ASIA{}", r.of(BASE32, 16)), r.of(HEX, 64));
        (
            format!(
                "https://bucket.s3.amazonaws.com/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={i}%2F20260101%2Feu-central-1%2Fs3%2Faws4_request&X-Amz-Expires=300&X-Amz-Signature={s}"
            ),
            vec![i, s],
        )
    }),
    ("detail", "key in a query", true, |r| {
        let k = format!("AIza{}", r.of(URL64, 35));
        (format!("https://maps.googleapis.com/maps/api/geocode/json?address=x&key={k}"), vec![k])
    }),
    ("detail", "SQL Server DSN", true, |r| {
        let p = r.of(ALNUM, 18);
        (
            format!("Server=tcp:sql.example.com,1433;Database=inv;User Id=sync;Password={p};Encrypt=True"),
            vec![p],
        )
    }),
    ("detail", "JDBC URL", true, |r| {
        let p = r.of(ALNUM, 18);
        (format!("jdbc:postgresql://db.example.com/inv?user=sync&password={p}&ssl=true"), vec![p])
    }),
    ("detail", "libpq DSN", true, |r| {
        let p = r.password(18);
        (format!("host=db.example.com dbname=inv user=sync password={p} sslmode=require"), vec![p])
    }),
    ("detail", "storage connection string", true, |r| {
        let k = format!("{}==", r.of(BASE64, 86));
        (
            format!(
                "DefaultEndpointsProtocol=https;AccountName=acct;AccountKey={k};EndpointSuffix=core.windows.net"
            ),
            vec![k],
        )
    }),
    ("detail", "Service Bus connection string", true, |r| {
        let k = format!("{}=", r.of(BASE64, 43));
        (
            format!("Endpoint=sb://ns.servicebus.windows.net/;SharedAccessKeyName=send;SharedAccessKey={k}"),
            vec![k],
        )
    }),
    ("detail", "Slack webhook", true, |r| {
        let t = format!("T{}/B{}/{}", r.of(UPPER, 8), r.of(UPPER, 10), r.of(ALNUM, 24));
        (format!("https://hooks.slack.com/services/{t}"), vec![t])
    }),
    ("detail", "GitHub token", true, |r| all(format!("ghs_{}", r.of(ALNUM, 36)))),
    ("detail", "GitHub fine-grained", true, |r| {
        all(format!("github_pat_{}_{}", r.of(ALNUM, 22), r.of(ALNUM, 59)))
    }),
    ("detail", "Slack bot token", true, |r| {
        all(format!("xoxb-{}-{}-{}", r.of(DIGITS, 12), r.of(DIGITS, 12), r.of(ALNUM, 24)))
    }),
    ("detail", "Stripe key", true, |r| all(format!("sk_live_{}", r.of(ALNUM, 24)))),
    ("detail", "SendGrid key", true, |r| all(format!("SG.{}.{}", r.of(URL64, 22), r.of(URL64, 43)))),
    ("detail", "Google OAuth token", true, |r| all(format!("ya29.{}", r.of(URL64, 120)))),
    ("detail", "npm token", true, |r| all(format!("npm_{}", r.of(ALNUM, 36)))),
    ("detail", "PyPI token", true, |r| all(format!("pypi-AgEIcHlwaS5vcmc{}", r.of(URL64, 120)))),
    ("detail", "Docker token", true, |r| all(format!("dckr_pat_{}", r.of(URL64, 27)))),
    ("detail", "DigitalOcean token", true, |r| all(format!("dop_v1_{}", r.of(HEX, 64)))),
    ("detail", "Hugging Face token", true, |r| all(format!("hf_{}", r.of(ALNUM, 34)))),
    ("detail", "Anthropic key", true, |r| all(format!("sk-ant-api03-{}AA", r.of(URL64, 93)))),
    ("detail", "OpenAI key", true, |r| {
        all(format!("sk-proj-{}T3BlbkFJ{}", r.of(URL64, 74), r.of(URL64, 74)))
    }),
    ("detail", "Shopify token", true, |r| all(format!("shpat_{}", r.of(HEX, 32)))),
    ("detail", "Telegram bot", true, |r| all(format!("{}:AA{}", r.of("123456789", 10), r.of(URL64, 33)))),
    ("detail", "Twilio key", true, |r| all(format!("SK{}", r.of(HEX, 32)))),
    ("detail", "Mailchimp key", true, |r| all(format!("{}-us19", r.of(HEX, 32)))),
    ("detail", "Databricks token", true, |r| all(format!("dapi{}", r.of(HEX, 32)))),
    ("detail", "Atlassian token", true, |r| {
        all(format!("ATATT3xFfGF0{}={}", r.of(URL64, 170), r.of("0123456789ABCDEF", 8)))
    }),
    ("detail", "Terraform token", true, |r| all(format!("{}.atlasv1.{}", r.of(ALNUM, 14), r.of(ALNUM, 67)))),
    ("detail", "Postman key", true, |r| all(format!("PMAK-{}-{}", r.of(HEX, 24), r.of(HEX, 34)))),
    ("detail", "New Relic key", true, |r| all(format!("NRAK-{}", r.of(UPPER, 27)))),
    ("detail", "random run", true, |r| all(r.of(ALNUM, 48))),
    ("detail", "random base64", true, |r| all(format!("{}=", r.of(BASE64, 87)))),
    ("detail", "random hex", true, |r| all(r.of(HEX, 64))),
];

pub fn make(index: usize, r: &mut Random) -> Secret {
    let (name, shape, alone, make) = SHAPES[index];
    let (value, parts) = make(r);
    Secret { shape, name, value, parts, alone }
}
