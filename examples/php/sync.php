<?php
// Keeps an inventory of what a paged HTTP API lists. Settings come from the environment: see ../README.md.
declare(strict_types=1);
ini_set('display_errors', 'stderr');
define('TENANT', getenv('TENANT'));
define('LEASE', (float) (getenv('LEASE_SECONDS') ?: 900));
define('SILENCE', min(30, LEASE / 3));  // seconds: the longest time without a sign of life
const RETRIES = 4;                      // of one page
const NO_ANSWER = 599;                  // what a proxy says when it got none
const CODES = [200 => 'parse_error', NO_ANSWER => 'network'];       // of other statuses inventory_core knows the code

function rows(string $statement, mixed ...$values): array
{
    // Parameters are bound, but the server keeps no statement: behind PgBouncer the next transaction may be elsewhere.
    static $db;
    $db ??= new PDO('pgsql:', options: [PDO::PGSQL_ATTR_DISABLE_PREPARES => true, PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION]);
    $query = $db->prepare($statement);
    $query->execute($values);
    return $query->fetchAll(PDO::FETCH_NUM);
}

/** Status, Retry-After and body of whatever answer comes. */
function get(string $url): array
{
    $header = function ($request, string $line) use (&$retryAfter): int {
        $retryAfter = stripos($line, 'Retry-After:') === 0 ? trim(substr($line, 12)) : $retryAfter;
        return strlen($line);
    };
    $request = curl_init($url);
    curl_setopt_array($request, [CURLOPT_RETURNTRANSFER => true, CURLOPT_HEADERFUNCTION => $header,
        CURLOPT_TIMEOUT_MS => (int) (SILENCE * 1000)]);
    $body = curl_exec($request);
    return $body === false ? [NO_ANSWER, null, curl_error($request)] : [curl_getinfo($request)['http_code'], $retryAfter, $body];
}

/** The items of a page as upsert_items takes them, the next link, the total; null for what is no page. */
function read(string $body): ?array
{
    $page = json_decode($body, true);
    if (!is_array($page['items'] ?? null) || !array_key_exists('next', $page)) {
        return null;
    }
    $items = array_map(fn ($p) => [
        'policy_type' => $p['section'] ?? null, 'external_id' => $p['id'] ?? null, 'display_name' => $p['summary'] ?? null,
        'meta' => ['version' => $p['version'] ?? null, 'installed_size' => $p['installed_size'] ?? null]], $page['items']);
    return [$items, $page['next'], $page['total'] ?? null];
}

/** Sleeps, and shows now and then that the run is alive. */
function pause(string $run, float $seconds): void
{
    fprintf(STDERR, "waiting %.1f s\n", $seconds);
    for (; $seconds > 0; $seconds -= SILENCE) {
        usleep((int) (min($seconds, SILENCE) * 1e6));
        rows('SELECT inventory_core.heartbeat(?, ?)', TENANT, $run);
    }
}

/** A page as read() gives it; null if it cannot be read; the reason is recorded. */
function fetch(string $run, string $url): ?array
{
    for ($attempt = 0; ; $attempt++) {
        // record_throttle cools the API down for all workers of the tenant: the throttled one waits here like all others.
        while ($wait = rows('SELECT extract(epoch FROM inventory_core.cooling_down(?))', TENANT)[0][0]) {
            pause($run, (float) $wait);
        }
        [$status, $retryAfter, $body] = get($url);
        if ($status === 200 && $page = read($body)) {
            return $page;
        }
        [[$wait]] = rows('SELECT inventory_core.record_throttle(?, ?, ?, ?, ?)', TENANT, $run, $status, $retryAfter, $attempt);
        if ($wait === null || $attempt === RETRIES) {       // null: asking again would not help
            $why = json_encode(substr($body, 0, 500), JSON_INVALID_UTF8_SUBSTITUTE | JSON_UNESCAPED_SLASHES);
            rows('SELECT inventory_core.record_error(?, ?, ?, ?, nullif(?, 599))',
                TENANT, $run, CODES[$status] ?? null, "$url: $why", $status);
            return null;
        }
    }
}

function sync(string $url, string $selection): int
{
    // The request_id makes the start repeatable, should its answer get lost.
    [[$run, $state, $hash, $reason, $wait]] = rows(
        'SELECT run_id, status, selection_hash, reason, extract(epoch FROM retry_after)
         FROM inventory_core.start_run(?, ?, request_id => ?, lease => make_interval(secs => ?))',
        TENANT, $selection, bin2hex(random_bytes(16)), LEASE);
    if ($state === 'skipped') {
        printf("skipped: %s, try again in %.1f s\n", $reason, $wait);
        return 0;
    }
    echo "run $run of selection $hash\n";

    [$pages, $observed, $total] = [0, 0, null];
    while ($url && $page = fetch($run, $url)) {
        [$items, $url, $total] = $page;
        // One batch, one transaction. A bad item is recorded and costs its page nothing.
        [[$seen, $new, $changed, $rejected]] = rows(
            "SELECT observed, inserted, updated, rejected FROM inventory_core.upsert_items(?, ?, ?, 'record')",
            TENANT, $run, json_encode($items, JSON_THROW_ON_ERROR));
        printf("page %d: %d observed, %d new, %d changed, %d rejected; %d of %s\n",
            ++$pages, $seen, $new, $changed, $rejected, $observed += $seen, $total ?? 'an unknown total');
    }

    // Only a run that came to the end of the list is a success.
    $status = !$url ? 'success' : ($pages ? 'partial' : 'failed');
    vprintf("%s: %d observed, errors: [%s]\n", rows("SELECT status, observed_count, array_to_string(error_codes, ', ')
        FROM inventory_core.finish_run(?, ?, ?, ?)", TENANT, $run, $status, $total)[0]);
    vprintf("missing: %d of %d known, confidence: %s\n", rows("SELECT missing_items, known_items,
        array_to_string(confidence || reasons, ', ') FROM inventory_core.selection_status(?, ?)", TENANT, $hash)[0]);
    foreach (rows('SELECT policy_type, external_id, missed_runs FROM inventory_core.missing_items(?, ?)
            ORDER BY policy_type COLLATE "C", external_id COLLATE "C" LIMIT 10', TENANT, $hash) as $item) {
        vprintf("  %s %s, missed runs: %d\n", $item);
    }
    return $status === 'success' ? 0 : 1;
}

exit(sync(getenv('UPSTREAM_URL'), json_encode(
    ['max_size' => 1e6, 'label' => 'R&D <größte/kleinste>', 'status' => ['held', 'installed'], 'source' => 'debian'])));
