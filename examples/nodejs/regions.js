#!/usr/bin/env node
// One selection for each region: a region that fails takes nothing from the others. Retries and waits: see sync.js.
// REGIONS is a list such as "eu=http://eu.example/items us=http://us.example/items"; other settings as in ../README.md.

import pg from 'pg'

const { TENANT, REGIONS, DATABASE_URL } = process.env

// All selections of the tenant, each with its own confidence.
const STATUS = `
  SELECT s.selection ->> 'region' AS region, s.latest_status, s.known_items, s.confirmed_missing, s.confidence
  FROM inventory_core.inventory_selections($1) AS i
  CROSS JOIN LATERAL inventory_core.selection_status($1, i.selection_hash) AS s
  WHERE s.selection ->> 'region' IS NOT NULL ORDER BY 1`

class ApiError extends Error {}

// The items of each page, as upsert_items takes them.
async function* pages(url) {
  while (url) {
    let page
    try {
      const answer = await fetch(url, { signal: AbortSignal.timeout(30_000) })
      if (!answer.ok) throw Object.assign(new ApiError(`status ${answer.status}`), { status: answer.status })
      page = await answer.json()
    } catch (error) {
      throw error instanceof ApiError ? error : new ApiError(String(error))
    }
    yield page.items.map(item => ({ policy_type: item.section, external_id: item.id, display_name: item.summary }))
    url = page.next && new URL(page.next, url)
  }
}

// True unless the region could not be listed to its end.
async function sync(db, region, url) {
  const call = async (statement, ...values) => (await db.query(statement, [TENANT, ...values])).rows[0]
  const start = await call('SELECT run_id, status, reason FROM inventory_core.start_run($1, $2)',
    JSON.stringify({ source: 'debian', region }))
  if (start.status === 'skipped') {
    console.log(`${region}: skipped, ${start.reason}`)
    return true
  }
  let read = 0
  let status = 'success'
  try {
    for await (const items of pages(url)) {
      await call("SELECT inventory_core.upsert_items($1, $2, $3, 'record')", start.run_id, JSON.stringify(items))
      read += 1
    }
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    await call('SELECT inventory_core.record_error($1, $2, message => $3, http_status => $4)',
      start.run_id, error.message, error.status ?? null)
    status = read ? 'partial' : 'failed'
  }
  await call('SELECT inventory_core.finish_run($1, $2, $3)', start.run_id, status)
  return status === 'success'
}

const db = new pg.Client(DATABASE_URL ? { connectionString: DATABASE_URL } : {})
await db.connect()
for (const region of REGIONS.split(' ')) {
  const [name, url] = region.split(/=(.*)/s)
  if (!await sync(db, name, url)) process.exitCode = 1
}
for (const row of (await db.query(STATUS, [TENANT])).rows) {
  console.log(`${row.region}: ${row.latest_status}, ${row.known_items} known, ${row.confirmed_missing} missing, ` +
    `confidence ${row.confidence}`)
}
await db.end()
