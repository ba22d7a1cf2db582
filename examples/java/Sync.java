import com.google.gson.*;
import java.io.IOException;
import java.net.URI;
import java.net.http.*;
import java.sql.*;
import java.time.Duration;
import java.util.*;

/** Keeps an inventory of what a paged HTTP API lists. Settings come from the environment: see ../README.md. */
public class Sync {
    static final int RETRIES = 4, NO_ANSWER = 599; // of one page; what a proxy says when it got none
    static final Map<String, String> ENV = System.getenv();
    static final String TENANT = ENV.get("TENANT");
    static final double LEASE = Double.parseDouble(ENV.getOrDefault("LEASE_SECONDS", "900")); // seconds
    static final HttpClient HTTP = HttpClient.newHttpClient();
    static final Gson JSON = new GsonBuilder().serializeNulls().create();

    /** What the upstream gives; where "next" is missing it is Java's null, on the last page JSON's. */
    record Page(List<JsonObject> items, JsonElement next, Long total) {}

    /** What upsert_items takes; of meta it keeps what is whitelisted. */
    record Item(JsonElement policy_type, JsonElement external_id, JsonElement display_name, JsonObject meta) {}

    static Connection db;

    /** The one row that a statement gives, as texts. */
    static String[] row(String statement, Object... values) throws SQLException {
        try (PreparedStatement query = db.prepareStatement(statement)) {
            for (int i = 0; i < values.length; i++) query.setObject(i + 1, values[i]);
            ResultSet found = query.executeQuery();
            found.next();
            String[] row = new String[found.getMetaData().getColumnCount()];
            for (int i = 0; i < row.length; i++) row[i] = found.getString(i + 1);
            return row;
        }
    }

    /** Null if the page cannot be read; the reason is recorded. */
    static Page fetch(UUID run, URI url) throws SQLException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(url).timeout(Duration.ofSeconds(30)).build();
        for (int attempt = 0; ; attempt++) {
            // record_throttle cools the API down for all workers of the tenant: the throttled one waits here like all others.
            for (String wait; (wait = row("SELECT extract(epoch FROM inventory_core.cooling_down(?))", TENANT)[0]) != null; ) {
                System.err.printf("waiting %s s%n", wait);
                Thread.sleep((long) (Math.min(Double.parseDouble(wait), LEASE / 3) * 1000));
                row("SELECT inventory_core.heartbeat(?, ?)", TENANT, run);
            }
            int status = NO_ANSWER;
            String retryAfter = null, body = null;
            try {
                HttpResponse<String> answer = HTTP.send(request, HttpResponse.BodyHandlers.ofString());
                status = answer.statusCode();
                retryAfter = answer.headers().firstValue("Retry-After").orElse(null);
                body = answer.body();
                Page page = status == 200 ? JSON.fromJson(body, Page.class) : null;
                if (page != null && page.items != null && page.next != null) return page;
            } catch (IOException e) {
                body = e.toString();
            } catch (JsonParseException e) { // no page, and the body says why
            }
            String throttle = "SELECT inventory_core.record_throttle(?, ?, ?, ?, ?)"; // NULL: asking again would not help
            if (row(throttle, TENANT, run, status, retryAfter, attempt)[0] == null || attempt == RETRIES) {
                String code = status == 200 ? "parse_error" : status == NO_ANSWER ? "network" : null; // or by its status
                String why = url + ": " + JSON.toJson(body.substring(0, Math.min(500, body.length())));
                row("SELECT inventory_core.record_error(?, ?, ?, ?, nullif(?, 599))", TENANT, run, code, why, status);
                return null;
            }
        }
    }

    public static void main(String[] args) throws SQLException, InterruptedException {
        // prepareThreshold=0: the server keeps no statement, for behind PgBouncer the next transaction may be elsewhere.
        String database = String.format("jdbc:postgresql://%s:%s/%s?prepareThreshold=0", ENV.getOrDefault("PGHOST", "localhost"),
            ENV.getOrDefault("PGPORT", "5432"), ENV.getOrDefault("PGDATABASE", "postgres"));
        db = DriverManager.getConnection(database, ENV.get("PGUSER"), ENV.get("PGPASSWORD"));
        String selection = JSON.toJson(Map.of(
            "source", "debian", "status", List.of("held", "installed"), "max_size", 1e6, "label", "R&D <größte/kleinste>"));
        // The request_id makes the start repeatable, should its answer get lost.
        String[] start = row("""
            SELECT run_id, coalesce('run ' || run_id || ' of selection ' || selection_hash,
                format('skipped: %s, try again in %s s', reason, round(extract(epoch FROM retry_after), 1)))
            FROM inventory_core.start_run(?, ?::jsonb, request_id => ?, lease => make_interval(secs => ?))""",
            TENANT, selection, UUID.randomUUID(), LEASE);
        System.out.println(start[1]);
        if (start[0] == null) return;

        UUID run = UUID.fromString(start[0]);
        URI url = URI.create(ENV.get("UPSTREAM_URL"));
        int pages = 0, observed = 0;
        Long total = null;
        for (Page page; url != null && (page = fetch(run, url)) != null; total = page.total) {
            List<Item> items = page.items.stream()
                .map(p -> new Item(p.get("section"), p.get("id"), p.get("summary"), p)).toList();
            // One batch, one transaction. A bad item is recorded and costs its page nothing.
            String[] batch = row("""
                SELECT observed, format('%s observed, %s new, %s changed, %s rejected', observed, inserted, updated, rejected)
                FROM inventory_core.upsert_items(?, ?, ?::json, 'record')""", TENANT, run, JSON.toJson(items));
            observed += Integer.parseInt(batch[0]);
            url = page.next.isJsonNull() ? null : url.resolve(page.next.getAsString());
            System.out.printf("page %d: %s; %d of %s%n", ++pages, batch[1], observed,
                page.total == null ? "an unknown total" : page.total);
        }

        // Only a run that came to the end of the list is a success.
        String status = url == null ? "success" : pages > 0 ? "partial" : "failed";
        System.out.println(row("""
            SELECT format('%s: %s observed, errors: [%s]', status, observed_count, array_to_string(error_codes, ', '))
            FROM inventory_core.finish_run(?, ?, ?, ?)""", TENANT, run, status, total)[0]);
        System.out.println(row("""
            SELECT array_to_string(format('missing: %s of %s known, confidence: %s', missing_items, known_items,
                array_to_string(confidence || reasons, ', ')) || ARRAY(
                    SELECT format('  %s %s, missed runs: %s', policy_type, external_id, missed_runs)
                    FROM inventory_core.missing_items(?, hash)
                    ORDER BY policy_type COLLATE "C", external_id COLLATE "C" LIMIT 10), E'\\n')
            FROM inventory_core.selection_hash(?::jsonb) AS hash, inventory_core.selection_status(?, hash)""",
            TENANT, selection, TENANT)[0]);
        if (url != null) System.exit(1);
    }
}
