// Keeps an inventory of what a paged HTTP API lists. Settings come from the environment: see ../README.md.
package main

import (
	"crypto/rand"
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

const retries, noAnswer = 4, 599 // of one page; what a proxy says when it got none

var codes = map[int]any{200: "parse_error", noAnswer: "network"} // of other statuses inventory_core knows the code
var silence = 30.0                                               // seconds: the longest time without a sign of life
var tenant = os.Getenv("TENANT")

// Binary parameters travel with their statement, of which the server then keeps nothing: behind PgBouncer the next transaction
// may be elsewhere.
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

func row(statement string, args []any, into ...any) {
	must(0, db.QueryRow(statement, args...).Scan(into...))
}

// Asks for an interval; nil is NULL.
func ask(interval string, args ...any) (seconds *float64) {
	row("SELECT extract(epoch FROM inventory_core."+interval+")::float8", args, &seconds)
	return seconds
}

// Status, Retry-After and body of whatever answer comes.
func get(link string) (status int, retryAfter string, body []byte) {
	answer, err := (&http.Client{Timeout: time.Duration(silence * 1e9)}).Get(link)
	if err == nil {
		defer answer.Body.Close()
		body, err = io.ReadAll(answer.Body)
	}
	if err != nil {
		return noAnswer, "", []byte(err.Error())
	}
	return answer.StatusCode, answer.Header.Get("Retry-After"), body
}

// Nil when the page is not to be had, and why is recorded; nil, too, when there is no link to it.
func fetch(run, link string) *page {
	for attempt := 0; link != ""; attempt++ {
		// record_throttle cools the API down for all workers of the tenant, so here waits who was throttled, and all others.
		for wait := ask("cooling_down($1)", tenant); wait != nil; wait = ask("cooling_down($1)", tenant) {
			log.Printf("waiting %.1f s", *wait)
			time.Sleep(time.Duration(math.Min(*wait, silence) * 1e9))
			ask("heartbeat($1, $2)", tenant, run)
		}
		var result page
		status, retryAfter, body := get(link)
		if status == 200 && json.Unmarshal(body, &result) == nil && result.Items != nil && result.Next != nil {
			return &result
		}
		wait := ask("record_throttle($1, $2, $3, $4, $5)", tenant, run, status, retryAfter, attempt)
		if wait == nil || attempt == retries { // nil: asking again would not help
			must(db.Exec("SELECT inventory_core.record_error($1, $2, $3, $4, nullif($5, 599))",
				tenant, run, codes[status], fmt.Sprintf("%s: %.500q", link, body), status))
			break
		}
	}
	return nil
}

func main() {
	lease, link, selection := 900.0, os.Getenv("UPSTREAM_URL"), os.Getenv("SELECTION")
	fmt.Sscan(os.Getenv("LEASE_SECONDS"), &lease)
	silence = math.Min(silence, lease/3)
	if selection == "" {
		selection = string(must(json.Marshal(map[string]any{"source": "debian", "status": []string{"held", "installed"},
			"max_size": 1e6, "label": "R&D <größte/kleinste>"})))
	}
	var request [16]byte // makes the start repeatable, should its answer get lost
	must(rand.Read(request[:]))
	var run, hash, line, missing string
	row(`SELECT coalesce(run_id::text, ''), selection_hash,
			format('skipped: %s, try again in %s s', reason, round(extract(epoch FROM retry_after), 1))
		FROM inventory_core.start_run($1, $2, request_id => $3, lease => make_interval(secs => $4))`,
		[]any{tenant, selection, fmt.Sprintf("%x", request), lease}, &run, &hash, &line)
	if run == "" {
		fmt.Println(line)
		return
	}
	fmt.Printf("run %s of selection %s\n", run, hash)

	var total *int64
	status, pages, observed, seen := "failed", 0, int64(0), int64(0)
	for page := fetch(run, link); page != nil; page = fetch(run, link) {
		items := make([]map[string]any, len(page.Items))
		for i, p := range page.Items {
			items[i] = map[string]any{"policy_type": p["section"], "external_id": p["id"], "display_name": p["summary"],
				"meta": map[string]any{"version": p["version"], "installed_size": p["installed_size"]}}
		}
		// One batch, one transaction. A bad item is recorded and costs its page nothing.
		row(`SELECT observed, format('%s observed, %s new, %s changed, %s rejected; %s of %s', observed, inserted, updated, rejected,
				$4::bigint + observed, coalesce($5::text, 'an unknown total'))
			FROM inventory_core.upsert_items($1, $2, $3, 'record')`,
			[]any{tenant, run, string(must(json.Marshal(items))), observed, page.Total}, &seen, &line)
		pages, observed, total, status, link = pages+1, observed+seen, page.Total, "partial", ""
		fmt.Printf("page %d: %s\n", pages, line)
		must(0, json.Unmarshal(page.Next, &link)) // null leaves it empty
	}
	if link == "" { // only who came to the end of the list may call it a success
		status = "success"
	}
	row(`SELECT format('%s: %s observed, errors: [%s]', status, observed_count, array_to_string(error_codes, ', '))
		FROM inventory_core.finish_run($1, $2, $3, $4)`, []any{tenant, run, status, total}, &line)
	row(`SELECT concat_ws(E'\n', (SELECT format('missing: %s of %s known, confidence: %s', missing_items, known_items,
			array_to_string(confidence || reasons, ', ')) FROM inventory_core.selection_status($1, $2)),
		(SELECT string_agg(format('  %s %s, missed runs: %s', policy_type, external_id, missed_runs), E'\n')
			FROM (SELECT * FROM inventory_core.missing_items($1, $2) ORDER BY policy_type COLLATE "C", external_id COLLATE "C"
				LIMIT 10) AS m))`, []any{tenant, hash}, &missing)
	fmt.Println(line + "\n" + missing)
	if status != "success" {
		os.Exit(1)
	}
}
