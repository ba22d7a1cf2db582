// Keeps an inventory of what a paged HTTP API lists. Settings come from the environment: see ../README.md.
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'

const { UPSTREAM_URL, TENANT, DATABASE_URL, LEASE_SECONDS = '900' } = process.env
const SELECTION = JSON.stringify({
  status: ['installed', 'held'], max_size: 1e6, source: 'debian', label: 'R&D <größte/kleinste>',
})
const SILENCE = Math.min(30, LEASE_SECONDS / 3) // seconds: the longest time without a sign of life
const RETRIES = 4 // of one page
const NO_ANSWER = 599 // what a proxy says when it got none
const CODES = { 200: 'parse_error', [NO_ANSWER]: 'network' } // of other statuses inventory_core knows the code

// Queries have no name, so the server keeps no statement: behind PgBouncer the next transaction may be on another connection.
const db = new pg.Client({ connectionString: DATABASE_URL })
let run

async function row(statement, ...values) {
  return (await db.query({ text: statement, values, rowMode: 'array' })).rows[0]
}

// Status, Retry-After and body of whatever answer comes.
async function get(url) {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(SILENCE * 1000) })
    return [answer.status, answer.headers.get('retry-after'), await answer.text()]
  } catch (error) {
    return [NO_ANSWER, null, `${error.message}: ${error.cause?.message}`]
  }
}

// The items of a page as upsert_items takes them, the next link, the total; null for what is no page.
function read(body) {
  try {
    const { items, next, total } = JSON.parse(body)
    const mapped = items.map((p) => ({
      policy_type: p.section, external_id: p.id, display_name: p.summary,
      meta: { version: p.version, installed_size: p.installed_size },
    }))
    return next === undefined ? null : { items: mapped, next, total: total ?? null }
  } catch {
    return null
  }
}

// Sleeps, and shows now and then that the run is alive.
async function pause(seconds) {
  console.error(`waiting ${seconds.toFixed(1)} s`)
  for (; seconds > 0; seconds -= SILENCE) {
    await sleep(Math.min(seconds, SILENCE) * 1000)
    await row('SELECT inventory_core.heartbeat($1, $2)', TENANT, run)
  }
}

// A page as read() gives it; null if it cannot be read; the reason is recorded.
async function fetchPage(url) {
  for (let attempt = 0; ; attempt++) {
    // record_throttle cools the API down for all workers of the tenant: the throttled one waits here like all others.
    const cooling = () => row('SELECT extract(epoch FROM inventory_core.cooling_down($1))::float8', TENANT)
    for (let [wait] = await cooling(); wait; [wait] = await cooling()) await pause(wait)

    const [status, retryAfter, body] = await get(url)
    const page = status === 200 && read(body)
    if (page) return page
    const [wait] = await row('SELECT extract(epoch FROM inventory_core.record_throttle($1, $2, $3, $4, $5))::float8',
      TENANT, run, status, retryAfter, attempt)
    if (wait === null || attempt === RETRIES) { // null: asking again would not help
      await row('SELECT inventory_core.record_error($1, $2, $3, $4, nullif($5, 599))',
        TENANT, run, CODES[status] ?? null, `${url}: ${JSON.stringify(body.slice(0, 500))}`, status)
      return null
    }
  }
}

async function sync() {
  // The request_id makes the start repeatable, should its answer get lost.
  const [runId, state, hash, reason, wait] = await row(
    `SELECT run_id, status, selection_hash, reason, extract(epoch FROM retry_after)::float8
     FROM inventory_core.start_run($1, $2, request_id => $3, lease => make_interval(secs => $4))`,
    TENANT, SELECTION, randomUUID(), LEASE_SECONDS)
  if (state === 'skipped') {
    console.log(`skipped: ${reason}, try again in ${wait.toFixed(1)} s`)
    return 0
  }
  run = runId
  console.log(`run ${run} of selection ${hash}`)

  let url = UPSTREAM_URL, pages = 0, observed = 0, total = null
  for (let page; url && (page = await fetchPage(url));) {
    // One batch, one transaction. A bad item is recorded and costs its page nothing.
    const [seen, inserted, updated, rejected] = await row(
      `SELECT observed, inserted, updated, rejected FROM inventory_core.upsert_items($1, $2, $3, 'record')`,
      TENANT, run, JSON.stringify(page.items))
    url = page.next && new URL(page.next, url).href
    pages += 1, observed += seen, total = page.total
    console.log('page %d: %d observed, %d new, %d changed, %d rejected; %d of %s',
      pages, seen, inserted, updated, rejected, observed, total ?? 'an unknown total')
  }

  // Only a run that came to the end of the list is a success.
  const status = !url ? 'success' : pages ? 'partial' : 'failed'
  console.log('%s: %s observed, errors: [%s]', ...await row(
    `SELECT status, observed_count, array_to_string(error_codes, ', ')
     FROM inventory_core.finish_run($1, $2, $3, $4)`, TENANT, run, status, total))
  console.log('missing: %s of %s known, confidence: %s', ...await row(
    `SELECT missing_items, known_items, array_to_string(confidence || reasons, ', ')
     FROM inventory_core.selection_status($1, $2)`, TENANT, hash))
  const missing = await db.query(
    `SELECT policy_type, external_id, missed_runs FROM inventory_core.missing_items($1, $2)
     ORDER BY policy_type COLLATE "C", external_id COLLATE "C" LIMIT 10`, [TENANT, hash])
  for (const item of missing.rows) console.log(`  ${item.policy_type} ${item.external_id}, missed runs: ${item.missed_runs}`)
  return status === 'success' ? 0 : 1
}

await db.connect()
process.exitCode = await sync()
await db.end()
