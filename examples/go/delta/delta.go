// Asks an API that has delta tokens only for what changed since the last run. Retries and waits: see ../sync.go.
//
// MODE=full lists everything anew, which is due from time to time; other settings as in ../../README.md.
package main

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/lib/pq"
)

var tenant, client = os.Getenv("TENANT"), http.Client{Timeout: 30 * time.Second}
var db = must(sql.Open("postgres", "binary_parameters=yes"))

const selection = `{"source": "debian", "by": "delta"}`

type entry struct{ ID, Section, Summary string }

type page struct {
	Items, Removed []entry
	Next           string // null leaves it empty
	Delta          *string
	Total          *int64
}

// Without its database a syncer has nothing left to do.
func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func get(link string) (result page, status int, err error) {
	answer, err := client.Get(link)
	if err != nil {
		return result, 599, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != 200 {
		return result, answer.StatusCode, errors.New(answer.Status)
	}
	err = json.NewDecoder(answer.Body).Decode(&result)
	if err == nil && result.Items == nil {
		err = errors.New("no page")
	}
	return result, 200, err
}

// Calls upsert_items or remove_items with the entries of a page.
func store(call, run string, entries []entry) {
	items := make([]map[string]any, len(entries))
	for i, e := range entries {
		items[i] = map[string]any{"policy_type": e.Section, "external_id": e.ID, "display_name": e.Summary}
	}
	must(db.Exec("SELECT inventory_core."+call, tenant, run, string(must(json.Marshal(items)))))
}

// Makes a run; false if a full run is due instead.
func sync(mode string) bool {
	var run, reason, link *string
	// The cursor is the link that the API gave for later changes.
	err := db.QueryRow(`SELECT run_id, reason, CASE $3 WHEN 'delta' THEN cursor ELSE $4 END
		FROM inventory_core.start_run($1, $2, mode => $3)`,
		tenant, selection, mode, os.Getenv("UPSTREAM_URL")).Scan(&run, &reason, &link)
	var refused *pq.Error
	if mode == "delta" && errors.As(err, &refused) && refused.Code == "22023" {
		return false // no run has left a cursor yet
	}
	must(0, err)
	if run == nil {
		fmt.Printf("%s: skipped, %s\n", mode, *reason)
		return true
	}
	last, status, tokenExpired := page{Next: *link}, "failed", false
	for last.Next != "" {
		next, code, err := get(last.Next)
		if tokenExpired = mode == "delta" && code == 410; tokenExpired {
			status = "failed"
			break
		}
		if err != nil {
			must(db.Exec(`SELECT inventory_core.record_error($1, $2, CASE $3::integer WHEN 200 THEN 'parse_error' WHEN 599 THEN 'network'
				END, $4, nullif($3, 599))`, tenant, *run, code, err.Error()))
			break
		}
		store("upsert_items($1, $2, $3, 'record')", *run, next.Items)
		store("remove_items($1, $2, $3)", *run, next.Removed)
		last, status = next, "partial"
	}
	if last.Next == "" { // only a run that came to the end of the list is a success
		status = "success"
	}
	// Only a clean run moves the cursor: what a failed one did not store is asked for again.
	var line string
	must(0, db.QueryRow(`SELECT format('%s: %s, %s observed, %s removed', mode, status, observed_count, removed_count)
		FROM inventory_core.finish_run($1, $2, $3, expected_items => $4, cursor => $5)`,
		tenant, *run, status, last.Total, last.Delta).Scan(&line))
	fmt.Println(line)
	if status != "success" && !tokenExpired {
		os.Exit(1)
	}
	return !tokenExpired
}

func main() {
	if os.Getenv("MODE") == "full" || !sync("delta") {
		sync("full")
	}
}
