//! Keeps an inventory of what a paged HTTP API lists. Settings come from the environment: see ../README.md.

use std::env;
use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Value, json};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, NoTls, Row};
use uuid::Uuid;

const RETRIES: u32 = 4; // of one page
const NO_ANSWER: u16 = 599; // what a proxy says when it got none

type Failure = Box<dyn std::error::Error>;

struct Syncer {
    db: Client,
    http: reqwest::Client,
    tenant: String,
    silence: f64, // seconds: the longest time without a sign of life
}

/// The items as upsert_items takes them, the next link, the total.
type Page = (Value, Option<String>, Option<String>);

fn setting(name: &str, otherwise: &str) -> String {
    env::var(name).unwrap_or_else(|_| otherwise.to_owned())
}

/// None for what is no page.
fn read(body: &str) -> Option<Page> {
    let page: Value = serde_json::from_str(body).ok()?;
    let items = page.get("items")?.as_array()?.iter().map(|p| {
        json!({"policy_type": p["section"], "external_id": p["id"], "display_name": p["summary"],
               "meta": {"version": p["version"], "installed_size": p["installed_size"]}})
    });
    let next = page.get("next")?.as_str().map(str::to_owned);
    Some((items.collect(), next, page["total"].as_u64().map(|total| total.to_string())))
}

impl Syncer {
    /// Values travel as text, with their statement, of which the server then keeps nothing: behind PgBouncer the next transaction
    /// may be elsewhere.
    async fn row(&self, statement: &str, values: &[&(dyn ToSql + Sync)]) -> Result<Row, Failure> {
        let values: Vec<_> = values.iter().map(|value| (*value, Type::TEXT)).collect();
        self.db.query_typed(statement, &values).await?.pop().ok_or("no row".into())
    }

    /// Asks for an interval.
    async fn seconds(&self, interval: &str, values: &[&(dyn ToSql + Sync)]) -> Result<Option<f64>, Failure> {
        Ok(self.row(&format!("SELECT extract(epoch FROM inventory_core.{interval})::float8"), values).await?.get(0))
    }

    /// Status, Retry-After and body of whatever answer comes.
    async fn get(&self, url: &str) -> Result<(u16, Option<String>, String), reqwest::Error> {
        let answer = self.http.get(url).send().await?;
        let retry_after = answer.headers().get("Retry-After").and_then(|value| value.to_str().ok()).map(str::to_owned);
        Ok((answer.status().as_u16(), retry_after, answer.text().await?))
    }

    /// None when the page is not to be had, and why is recorded.
    async fn fetch(&self, run: &str, url: &str) -> Result<Option<Page>, Failure> {
        for attempt in 0.. {
            // record_throttle cools the API down for all workers of the tenant, so here waits who was throttled, and all others.
            while let Some(wait) = self.seconds("cooling_down($1)", &[&self.tenant]).await? {
                eprintln!("waiting {wait:.1} s");
                tokio::time::sleep(Duration::from_secs_f64(wait.min(self.silence))).await;
                self.row("SELECT inventory_core.heartbeat($1, $2::uuid)", &[&self.tenant, &run]).await?;
            }
            let no_answer = |error| (NO_ANSWER, None, format!("{error:?}"));
            let (status, retry_after, body) = self.get(url).await.unwrap_or_else(no_answer);
            if let (200, Some(page)) = (status, read(&body)) {
                return Ok(Some(page));
            }
            let throttle = "record_throttle($1, $2::uuid, $3::integer, $4, $5::integer)";
            let values: [&(dyn ToSql + Sync); 5] = [&self.tenant, &run, &status.to_string(), &retry_after, &attempt.to_string()];
            // None: asking again would not help.
            if self.seconds(throttle, &values).await?.is_none() || attempt == RETRIES {
                // Of other statuses inventory_core knows the code.
                let code = if status == 200 { Some("parse_error") } else { (status == NO_ANSWER).then_some("network") };
                let why = format!("{url}: {:?}", body.chars().take(500).collect::<String>());
                let error = "SELECT inventory_core.record_error($1, $2::uuid, $3, $4, nullif($5::integer, 599))";
                self.row(error, &[&self.tenant, &run, &code, &why, &status.to_string()]).await?;
                break;
            }
        }
        Ok(None)
    }

    /// Whether the list was read to its end.
    async fn sync(&self, upstream: &str, selection: &str, lease: f64) -> Result<bool, Failure> {
        let start = "SELECT run_id::text, selection_hash,
                format('skipped: %s, try again in %s s', reason, round(extract(epoch FROM retry_after), 1))
            FROM inventory_core.start_run($1, $2::jsonb, request_id => $3::uuid, lease => make_interval(secs => $4::float8))";
        // The request_id makes the start repeatable, should its answer get lost.
        let request = Uuid::new_v4().to_string();
        let start = self.row(start, &[&self.tenant, &selection, &request, &lease.to_string()]).await?;
        let (Some(run), hash) = (start.get::<_, Option<&str>>(0), start.get::<_, &str>(1)) else {
            println!("{}", start.get::<_, &str>(2));
            return Ok(true);
        };
        println!("run {run} of selection {hash}");

        let (mut next, mut total, mut pages, mut observed) = (Some(upstream.to_owned()), None, 0, 0);
        while let Some(url) = &next {
            let Some((items, link, count)) = self.fetch(run, url).await? else { break };
            // One batch, one transaction. A bad item is recorded and costs its page nothing.
            let upsert =
                "SELECT observed, format('%s observed, %s new, %s changed, %s rejected', observed, inserted, updated, rejected)
                FROM inventory_core.upsert_items($1, $2::uuid, $3::json, 'record')";
            let batch = self.row(upsert, &[&self.tenant, &run, &items.to_string()]).await?;
            (next, total, pages, observed) = (link, count, pages + 1, observed + batch.get::<_, i32>(0));
            let of = total.as_deref().unwrap_or("an unknown total");
            println!("page {pages}: {}; {observed} of {of}", batch.get::<_, &str>(1));
        }

        // Only who came to the end of the list may call it a success.
        let status = if next.is_none() {
            "success"
        } else if pages > 0 {
            "partial"
        } else {
            "failed"
        };
        let finish = "SELECT format('%s: %s observed, errors: [%s]', status, observed_count, array_to_string(error_codes, ', '))
            FROM inventory_core.finish_run($1, $2::uuid, $3, $4::bigint)";
        println!("{}", self.row(finish, &[&self.tenant, &run, &status, &total]).await?.get::<_, &str>(0));
        let missing = "SELECT concat_ws(E'\\n',
            (SELECT format('missing: %s of %s known, confidence: %s', missing_items, known_items,
                           array_to_string(confidence || reasons, ', ')) FROM inventory_core.selection_status($1, $2)),
            (SELECT string_agg(format('  %s %s, missed runs: %s', policy_type, external_id, missed_runs), E'\\n')
             FROM (SELECT * FROM inventory_core.missing_items($1, $2)
                   ORDER BY policy_type COLLATE \"C\", external_id COLLATE \"C\" LIMIT 10) AS m))";
        println!("{}", self.row(missing, &[&self.tenant, &hash]).await?.get::<_, &str>(0));
        Ok(status == "success")
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode, Failure> {
    let mut database = tokio_postgres::Config::new(); // the driver does not read PG* by itself
    database
        .host(setting("PGHOST", "localhost"))
        .port(setting("PGPORT", "5432").parse()?)
        .dbname(setting("PGDATABASE", "postgres"));
    database.user(setting("PGUSER", "postgres")).password(setting("PGPASSWORD", ""));
    let (db, connection) = database.connect(NoTls).await?;
    tokio::spawn(connection);
    let lease: f64 = setting("LEASE_SECONDS", "900").parse()?;
    let silence = f64::min(30.0, lease / 3.0);
    let http = reqwest::Client::builder().timeout(Duration::from_secs_f64(silence)).build()?;
    let selection =
        json!({"source": "debian", "label": "R&D <größte/kleinste>", "status": ["installed", "held"], "max_size": 1e6});
    let syncer = Syncer { db, http, tenant: env::var("TENANT")?, silence };
    let done = syncer.sync(&env::var("UPSTREAM_URL")?, &setting("SELECTION", &selection.to_string()), lease).await?;
    Ok(if done { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
