//! Keeps an inventory of what a paged HTTP API lists. Settings come from the environment: see ../README.md.

use std::{env, process::ExitCode, time::Duration};

use serde_json::{Value, json};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, NoTls, Row};

const RETRIES: u32 = 4; // of one page

type Failure = Box<dyn std::error::Error>;

struct Syncer {
    db: Client,
    http: reqwest::Client,
    tenant: String,
    lease: f64, // seconds
}

/// The items as upsert_items takes them, the next link, the total.
type Page = (Value, Option<String>, Option<String>);

fn setting(name: &str, otherwise: &str) -> String {
    env::var(name).unwrap_or_else(|_| otherwise.to_owned())
}

/// None for what is no page. Of meta only what is whitelisted is kept.
fn read(body: &str) -> Option<Page> {
    let page: Value = serde_json::from_str(body).ok()?;
    let item = |p: &Value| json!({"policy_type": p["section"], "external_id": p["id"], "display_name": p["summary"], "meta": p});
    let next = serde_json::from_value(page.get("next")?.clone()).ok()?; // a text or null
    let items = page.get("items")?.as_array()?.iter().map(item).collect();
    Some((items, next, page["total"].as_u64().map(|total| total.to_string())))
}

impl Syncer {
    /// Values travel as text with their statement, of which the server keeps nothing: behind PgBouncer the next may be elsewhere.
    async fn row(&self, statement: &str, values: &[&(dyn ToSql + Sync)]) -> Result<Row, Failure> {
        let values: Vec<_> = values.iter().map(|value| (*value, Type::TEXT)).collect();
        self.db.query_typed(statement, &values).await?.pop().ok_or("no row".into())
    }

    /// Status, Retry-After and body of whatever answer comes.
    async fn get(&self, url: &str) -> Result<(String, Option<String>, String), reqwest::Error> {
        let answer = self.http.get(url).send().await?;
        let retry_after = answer.headers().get("Retry-After").and_then(|value| value.to_str().ok()).map(str::to_owned);
        Ok((answer.status().as_str().to_owned(), retry_after, answer.text().await?))
    }

    /// None if the page cannot be read; the reason is recorded.
    async fn fetch(&self, run: &str, url: &str) -> Result<Option<Page>, Failure> {
        let cooling = "SELECT extract(epoch FROM inventory_core.cooling_down($1))::float8";
        for attempt in 0.. {
            // record_throttle cools the API down for all workers of the tenant: the throttled one waits here like all others.
            while let Some(wait) = self.row(cooling, &[&self.tenant]).await?.get::<_, Option<f64>>(0) {
                eprintln!("waiting {wait:.1} s");
                tokio::time::sleep(Duration::from_secs_f64(wait.min(self.lease / 3.0))).await;
                self.row("SELECT inventory_core.heartbeat($1, $2::uuid)", &[&self.tenant, &run]).await?;
            }
            let no_answer = |error| ("599".to_owned(), None, format!("{error:?}")); // what a proxy says when it got none
            let (status, retry_after, body) = self.get(url).await.unwrap_or_else(no_answer);
            if let ("200", Some(page)) = (status.as_str(), read(&body)) {
                return Ok(Some(page));
            }
            let throttle = "SELECT inventory_core.record_throttle($1, $2::uuid, $3::integer, $4, $5::integer) IS NULL";
            let hopeless = self.row(throttle, &[&self.tenant, &run, &status, &retry_after, &attempt.to_string()]).await?.get(0);
            if hopeless || attempt == RETRIES {
                let error = "SELECT inventory_core.record_error($1, $2::uuid, CASE $3 WHEN '200' THEN 'parse_error'
                    WHEN '599' THEN 'network' END, $4, nullif($3, '599')::integer)";
                let why = format!("{url}: {:?}", body.chars().take(500).collect::<String>());
                self.row(error, &[&self.tenant, &run, &status, &why]).await?;
                break;
            }
        }
        Ok(None)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode, Failure> {
    let mut config = tokio_postgres::Config::new(); // the driver does not read PG* by itself
    config.host(setting("PGHOST", "localhost")).port(setting("PGPORT", "5432").parse()?).user(setting("PGUSER", "postgres"));
    config.password(setting("PGPASSWORD", "")).dbname(setting("PGDATABASE", "postgres"));
    let (db, connection) = config.connect(NoTls).await?;
    tokio::spawn(connection);
    let http = reqwest::Client::builder().timeout(Duration::from_secs(30)).build()?;
    let syncer = Syncer { db, http, tenant: env::var("TENANT")?, lease: setting("LEASE_SECONDS", "900").parse()? };
    let listed = json!({"source": "debian", "label": "R&D <größte/kleinste>", "status": ["installed", "held"], "max_size": 1e6});

    let start = "SELECT run_id::text, selection_hash, coalesce('run ' || run_id || ' of selection ' || selection_hash,
            format('skipped: %s, try again in %s s', reason, round(extract(epoch FROM retry_after), 1)))
        FROM inventory_core.start_run($1, $2::jsonb, request_id => $3::uuid, lease => make_interval(secs => $4::float8))";
    let request = uuid::Uuid::new_v4().to_string(); // makes the start repeatable, should its answer get lost
    let start = syncer.row(start, &[&syncer.tenant, &listed.to_string(), &request, &syncer.lease.to_string()]).await?;
    println!("{}", start.get::<_, &str>(2));
    let (Some(run), hash) = (start.get::<_, Option<&str>>(0), start.get::<_, &str>(1)) else { return Ok(ExitCode::SUCCESS) };

    let (mut status, mut next, mut total, mut pages, mut observed) = ("failed", Some(env::var("UPSTREAM_URL")?), None, 0, 0);
    while let Some(url) = &next {
        let Some((items, link, count)) = syncer.fetch(run, url).await? else { break };
        // One batch, one transaction. A bad item is recorded and costs its page nothing.
        let upsert = "SELECT observed, format('%s observed, %s new, %s changed, %s rejected',
                observed, inserted, updated, rejected) FROM inventory_core.upsert_items($1, $2::uuid, $3::json, 'record')";
        let batch = syncer.row(upsert, &[&syncer.tenant, &run, &items.to_string()]).await?;
        (next, total, pages, observed) = (link, count, pages + 1, observed + batch.get::<_, i32>(0));
        status = if next.is_none() { "success" } else { "partial" }; // only then was all of it seen
        println!("page {pages}: {}; {observed} of {}", batch.get::<_, &str>(1), total.as_deref().unwrap_or("an unknown total"));
    }
    let finish = "SELECT format('%s: %s observed, errors: [%s]', status, observed_count, array_to_string(error_codes, ', '))
        FROM inventory_core.finish_run($1, $2::uuid, $3, $4::bigint)";
    println!("{}", syncer.row(finish, &[&syncer.tenant, &run, &status, &total]).await?.get::<_, &str>(0));
    let missing = r#"SELECT array_to_string(format('missing: %s of %s known, confidence: %s', missing_items, known_items,
            array_to_string(confidence || reasons, ', ')) || ARRAY(SELECT format('  %s %s, missed runs: %s',
                policy_type, external_id, missed_runs) FROM inventory_core.missing_items($1, $2)
                ORDER BY policy_type COLLATE "C", external_id COLLATE "C" LIMIT 10), E'\n')
        FROM inventory_core.selection_status($1, $2)"#;
    println!("{}", syncer.row(missing, &[&syncer.tenant, &hash]).await?.get::<_, &str>(0));
    Ok(if status == "success" { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
