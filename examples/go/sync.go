// Keeps an inventory of what a paged HTTP API lists. Settings come from the environment: see ../README.md.
package main

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"math"
	"net/http"
	"os"
	"time"

	_ "github.com/lib/pq"
)

const retries, noAnswer = 4, 599               // of one page; what a proxy says when it got none
var tenant, lease = os.Getenv("TENANT"), 900.0 // seconds
var client = http.Client{Timeout: 30 * time.Second}
var selection = string(must(json.Marshal(map[string]any{
	"source": "debian", "status": []string{"held", "installed"}, "max_size": 1e6, "label": "R&D <größte/kleinste>"})))

// Parameters travel with their statement, of which the server keeps nothing: behind PgBouncer the next may be elsewhere.
var db = must(sql.Open("postgres", "binary_parameters=yes"))

type page struct {
	Items []map[string]json.RawMessage
	Next  json.RawMessage // the last page says null; where nothing is said, it is no page
	Total *int64
}

// Without its database a syncer has nothing left to do.
func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

// The one value that a statement gives; nil, in a pointer, is NULL.
func ask[T any](statement string, args ...any) (value T) {
	must(0, db.QueryRow(statement, args...).Scan(&value))
	return value
}

// Nil if the page cannot be read (the reason is recorded), or if there is no link to it.
func fetch(run, link string) *page {
	const cooling = "SELECT extract(epoch FROM inventory_core.cooling_down($1))::float8"
	for attempt := 0; link != ""; attempt++ {
		// record_throttle cools the API down for all workers of the tenant: the throttled one waits here like all others.
		for wait := ask[*float64](cooling, tenant); wait != nil; wait = ask[*float64](cooling, tenant) {
			log.Printf("waiting %.1f s, lease until %s", *wait, ask[string]("SELECT inventory_core.heartbeat($1, $2)", tenant, run))
			time.Sleep(time.Duration(math.Min(*wait, lease/3) * 1e9))
		}
		var result page
		status, retryAfter, body := noAnswer, "", []byte(nil)
		answer, err := client.Get(link)
		if err == nil {
			status, retryAfter = answer.StatusCode, answer.Header.Get("Retry-After")
			body, err = io.ReadAll(answer.Body)
			answer.Body.Close()
		}
		if err != nil {
			status, body = noAnswer, []byte(err.Error())
		}
		if status == 200 && json.Unmarshal(body, &result) == nil && result.Items != nil && result.Next != nil {
			return &result
		}
		throttle := "SELECT inventory_core.record_throttle($1, $2, $3, $4, $5) IS NULL" // then asking again would not help
		if ask[bool](throttle, tenant, run, status, retryAfter, attempt) || attempt == retries {
			ask[string](`SELECT inventory_core.record_error($1, $2, CASE $3::integer WHEN 200 THEN 'parse_error' WHEN 599 THEN 'network'
				END, $4, nullif($3, 599))`, tenant, run, status, fmt.Sprintf("%s: %.500q", link, body))
			break
		}
	}
	return nil
}

func main() {
	fmt.Sscan(os.Getenv("LEASE_SECONDS"), &lease)
	var run, line string
	must(0, db.QueryRow(`SELECT coalesce(run_id::text, ''), coalesce('run ' || run_id || ' of selection ' || selection_hash,
			format('skipped: %s, try again in %s s', reason, round(extract(epoch FROM retry_after), 1)))
		FROM inventory_core.start_run($1, $2, request_id => $3, lease => make_interval(secs => $4))`,
		// The request_id makes the start repeatable, should its answer get lost.
		tenant, selection, ask[string]("SELECT gen_random_uuid()"), lease).Scan(&run, &line))
	fmt.Println(line)
	if run == "" {
		return
	}
	status, link, observed, total := "failed", os.Getenv("UPSTREAM_URL"), 0, (*int64)(nil)
	for n, page := 1, fetch(run, link); page != nil; n, page = n+1, fetch(run, link) {
		items := make([]any, len(page.Items))
		for i, p := range page.Items { // of meta only what is whitelisted is kept
			items[i] = map[string]any{"policy_type": p["section"], "external_id": p["id"], "display_name": p["summary"], "meta": p}
		}
		// One batch, one transaction. A bad item is recorded and costs its page nothing.
		must(0, db.QueryRow(`SELECT $4::bigint + observed, format('%s observed, %s new, %s changed, %s rejected; %s of %s', observed,
				inserted, updated, rejected, $4::bigint + observed, coalesce($5::text, 'an unknown total'))
			FROM inventory_core.upsert_items($1, $2, $3, 'record')`,
			tenant, run, string(must(json.Marshal(items))), observed, page.Total).Scan(&observed, &line))
		fmt.Printf("page %d: %s\n", n, line)
		status, total, link = "partial", page.Total, ""
		must(0, json.Unmarshal(page.Next, &link)) // null leaves it empty
	}
	if link == "" { // only a run that came to the end of the list is a success
		status = "success"
	} else {
		defer os.Exit(1)
	}
	fmt.Println(ask[string](`SELECT format('%s: %s observed, errors: [%s]', status, observed_count,
			array_to_string(error_codes, ', ')) FROM inventory_core.finish_run($1, $2, $3, $4)`, tenant, run, status, total))
	fmt.Println(ask[string](`SELECT array_to_string(format('missing: %s of %s known, confidence: %s', missing_items, known_items,
			array_to_string(confidence || reasons, ', ')) || ARRAY(
				SELECT format('  %s %s, missed runs: %s', policy_type, external_id, missed_runs)
				FROM inventory_core.missing_items($1, hash) ORDER BY policy_type COLLATE "C", external_id COLLATE "C" LIMIT 10), E'\n')
		FROM inventory_core.selection_hash($2) AS hash, inventory_core.selection_status($1, hash)`, tenant, selection))
}
