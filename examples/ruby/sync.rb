#!/usr/bin/env ruby
# frozen_string_literal: true

# Keeps an inventory of what a paged HTTP API lists. Settings come from the environment: see ../README.md.

require 'json'
require 'net/http'
require 'pg'
require 'securerandom'

TENANT = ENV.fetch('TENANT')
SELECTION = { label: 'R&D <größte/kleinste>', status: %w[installed held], max_size: 1e6, source: 'debian' }.to_json
LEASE = ENV.fetch('LEASE_SECONDS', '900').to_f
SILENCE = [30, LEASE / 3].min # seconds: the longest time without a sign of life
RETRIES = 4                   # of one page
NO_ANSWER = 599               # what a proxy says when it got none
CODES = { 200 => 'parse_error', NO_ANSWER => 'network' }.freeze # of other statuses inventory_core knows the code

DB = PG.connect(*ENV['DATABASE_URL'])
DB.type_map_for_results = PG::BasicTypeMapForResults.new(DB)

# exec_params leaves no prepared statement in the server: behind PgBouncer the next transaction may be elsewhere.
def rows(statement, *values)
  DB.exec_params(statement, values).values
end

def show(template, statement, *values)
  rows(statement, *values).each { |row| puts format(template, *row) }
end

# Status, Retry-After and body of whatever answer comes.
def get(url)
  uri = URI(url)
  limits = { open_timeout: SILENCE, read_timeout: SILENCE, max_retries: 0, use_ssl: uri.scheme == 'https' }
  answer = Net::HTTP.start(uri.host, uri.port, **limits) { |http| http.get(uri.request_uri) }
  [answer.code.to_i, answer['Retry-After'], answer.body]
rescue SystemCallError, SocketError, IOError, Timeout::Error, OpenSSL::SSL::SSLError, Net::ProtocolError => e
  [NO_ANSWER, nil, e.message]
end

# The items of a page as upsert_items takes them, the next link, the total; nil for what is no page.
def read(body)
  page = JSON.parse(body)
  items = page.fetch('items').map do |p|
    { policy_type: p['section'], external_id: p['id'], display_name: p['summary'], meta: p.slice('version', 'installed_size') }
  end
  [items, page.fetch('next'), page['total']]
rescue JSON::ParserError, KeyError, NoMethodError, TypeError
  nil
end

# Sleeps, and shows now and then that the run is alive.
def pause(run, seconds)
  warn format('waiting %.1f s', seconds)
  while seconds.positive?
    sleep [seconds, SILENCE].min
    seconds -= SILENCE
    rows('SELECT inventory_core.heartbeat($1, $2)', TENANT, run)
  end
end

# A page as read gives it; nil if it cannot be read; the reason is recorded.
def fetch(run, url)
  0.upto(RETRIES) do |attempt|
    # record_throttle cools the API down for all workers of the tenant: the throttled one waits here like all others.
    while (wait = rows('SELECT extract(epoch FROM inventory_core.cooling_down($1))::float8', TENANT)[0][0])
      pause(run, wait)
    end
    status, retry_after, body = get(url)
    page = read(body) if status == 200
    return page if page

    (wait,), = rows('SELECT inventory_core.record_throttle($1, $2, $3, $4, $5)', TENANT, run, status, retry_after, attempt)
    next unless wait.nil? || attempt == RETRIES # nil: asking again would not help

    rows('SELECT inventory_core.record_error($1, $2, $3, $4, nullif($5, 599))',
         TENANT, run, CODES[status], "#{url}: #{body[0, 500].inspect}", status)
    return nil
  end
end

def sync(url)
  # The request_id makes the start repeatable, should its answer get lost.
  (run, state, hash, reason, wait), = rows(
    'SELECT run_id, status, selection_hash, reason, extract(epoch FROM retry_after)::float8
     FROM inventory_core.start_run($1, $2, request_id => $3, lease => make_interval(secs => $4))',
    TENANT, SELECTION, SecureRandom.uuid, LEASE
  )
  return puts(format('skipped: %s, try again in %.1f s', reason, wait)) if state == 'skipped'

  puts "run #{run} of selection #{hash}"
  pages = observed = 0
  while url && (page = fetch(run, url))
    items, link, total = page
    # One batch, one transaction. A bad item is recorded and costs its page nothing.
    (seen, new, changed, rejected), = rows(
      "SELECT observed, inserted, updated, rejected FROM inventory_core.upsert_items($1, $2, $3, 'record')",
      TENANT, run, items.to_json
    )
    url = link && URI.join(url, link).to_s
    puts format('page %d: %d observed, %d new, %d changed, %d rejected; %d of %s',
                pages += 1, seen, new, changed, rejected, observed += seen, total || 'an unknown total')
  end

  # Only a run that came to the end of the list is a success.
  status = url ? (pages.positive? ? 'partial' : 'failed') : 'success'
  show '%s: %d observed, errors: [%s]', "SELECT status, observed_count, array_to_string(error_codes, ', ')
    FROM inventory_core.finish_run($1, $2, $3, $4)", TENANT, run, status, total
  show 'missing: %d of %d known, confidence: %s', "SELECT missing_items, known_items,
    array_to_string(confidence || reasons, ', ') FROM inventory_core.selection_status($1, $2)", TENANT, hash
  show '  %s %s, missed runs: %d', 'SELECT policy_type, external_id, missed_runs
    FROM inventory_core.missing_items($1, $2) ORDER BY policy_type COLLATE "C", external_id COLLATE "C" LIMIT 10', TENANT, hash
  exit 1 unless status == 'success'
end

$stdout.sync = true
sync(ENV.fetch('UPSTREAM_URL'))
