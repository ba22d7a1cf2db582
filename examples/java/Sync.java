import com.google.gson.*;
import java.io.IOException;
import java.net.URI;
import java.net.http.*;
import java.sql.*;
import java.time.Duration;
import java.util.*;

/** Keeps an inventory of what a paged HTTP API lists. Settings come from the environment: see ../README.md. */
public class Sync {
    static final int RETRIES = 4; // of one page
    static final int NO_ANSWER = 599; // what a proxy says when it got none
    // Of other statuses inventory_core knows the code.
    static final Map<Integer, String> CODES = Map.of(200, "parse_error", NO_ANSWER, "network");
    static final String TENANT = System.getenv("TENANT");
    static final double LEASE = Double.parseDouble(setting("LEASE_SECONDS", "900"));
    static final double SILENCE = Math.min(30, LEASE / 3); // seconds: the longest time without a sign of life
    static final HttpClient HTTP = HttpClient.newHttpClient();
    static final Gson JSON = new GsonBuilder().serializeNulls().create();

    // What the upstream says; where "next" is missing it is Java's null, on the last page JSON's.
    record Answer(int status, String retryAfter, String body) {}
    record Package(JsonElement id, JsonElement section, JsonElement summary, JsonElement version, JsonElement installed_size) {}
    record Page(List<Package> items, JsonElement next, Long total) {}

    // What upsert_items takes.
    record Meta(JsonElement version, JsonElement installed_size) {}
    record Item(JsonElement policy_type, JsonElement external_id, JsonElement display_name, Meta meta) {}

    static Connection db;
    static UUID run;

    static String setting(String name, String otherwise) {
        return System.getenv().getOrDefault(name, otherwise);
    }

    static List<Object[]> rows(String statement, Object... values) throws SQLException {
        try (PreparedStatement query = db.prepareStatement(statement)) {
            for (int i = 0; i < values.length; i++) query.setObject(i + 1, values[i]);
            List<Object[]> rows = new ArrayList<>();
            ResultSet found = query.executeQuery();
            while (found.next()) {
                Object[] row = new Object[found.getMetaData().getColumnCount()];
                for (int i = 0; i < row.length; i++) row[i] = found.getObject(i + 1);
                rows.add(row);
            }
            return rows;
        }
    }

    /** Status, Retry-After and body of whatever answer comes. */
    static Answer get(String url) throws InterruptedException {
        try {
            Duration patience = Duration.ofMillis((long) (SILENCE * 1000));
            HttpRequest request = HttpRequest.newBuilder(URI.create(url)).timeout(patience).build();
            HttpResponse<String> answer = HTTP.send(request, HttpResponse.BodyHandlers.ofString());
            return new Answer(answer.statusCode(), answer.headers().firstValue("Retry-After").orElse(null), answer.body());
        } catch (IOException e) {
            return new Answer(NO_ANSWER, null, e.toString());
        }
    }

    /** Null for what is no page. */
    static Page read(String body) {
        try {
            Page page = JSON.fromJson(body, Page.class);
            return page == null || page.items == null || page.next == null ? null : page;
        } catch (JsonParseException e) {
            return null;
        }
    }

    /** Null when the page is not to be had, and why is recorded. */
    static Page fetch(String url) throws SQLException, InterruptedException {
        for (int attempt = 0; ; attempt++) {
            // record_throttle cools the API down for all workers of the tenant, so here waits who was throttled, and all others.
            for (Double wait; (wait = seconds("cooling_down(?)", TENANT)) != null; ) {
                System.err.printf("waiting %.1f s%n", wait);
                Thread.sleep((long) (Math.min(wait, SILENCE) * 1000));
                rows("SELECT inventory_core.heartbeat(?, ?)", TENANT, run);
            }
            Answer answer = get(url);
            Page page = answer.status == 200 ? read(answer.body) : null;
            if (page != null) return page;
            Double wait = seconds("record_throttle(?, ?, ?, ?, ?)", TENANT, run, answer.status, answer.retryAfter, attempt);
            if (wait == null || attempt == RETRIES) { // null: asking again would not help
                String why = url + ": " + JSON.toJson(answer.body.substring(0, Math.min(500, answer.body.length())));
                rows("SELECT inventory_core.record_error(?, ?, ?, ?, nullif(?, 599))",
                    TENANT, run, CODES.get(answer.status), why, answer.status);
                return null;
            }
        }
    }

    /** Asks for an interval. */
    static Double seconds(String interval, Object... values) throws SQLException {
        return (Double) rows("SELECT extract(epoch FROM inventory_core." + interval + ")::float8", values).get(0)[0];
    }

    static boolean sync(String url, String selection) throws SQLException, InterruptedException {
        // The request_id makes the start repeatable, should its answer get lost.
        Object[] start = rows("SELECT run_id, selection_hash, reason, extract(epoch FROM retry_after)::float8"
            + " FROM inventory_core.start_run(?, ?::jsonb, request_id => ?, lease => make_interval(secs => ?))",
            TENANT, selection, UUID.randomUUID(), LEASE).get(0);
        if (start[0] == null) {
            System.out.printf("skipped: %s, try again in %.1f s%n", start[2], start[3]);
            return true;
        }
        run = (UUID) start[0];
        System.out.printf("run %s of selection %s%n", run, start[1]);

        int pages = 0, observed = 0;
        Long total = null;
        for (Page page; url != null && (page = fetch(url)) != null; ) {
            // One batch, one transaction. A bad item is recorded and costs its page nothing.
            List<Item> items = page.items.stream()
                .map(p -> new Item(p.section, p.id, p.summary, new Meta(p.version, p.installed_size))).toList();
            Object[] batch = rows("SELECT observed, inserted, updated, rejected"
                + " FROM inventory_core.upsert_items(?, ?, ?::json, 'record')", TENANT, run, JSON.toJson(items)).get(0);
            url = page.next.isJsonNull() ? null : URI.create(url).resolve(page.next.getAsString()).toString();
            total = page.total;
            observed += (Integer) batch[0];
            System.out.printf("page %d: %d observed, %d new, %d changed, %d rejected; %d of %s%n",
                ++pages, batch[0], batch[1], batch[2], batch[3], observed, total == null ? "an unknown total" : total);
        }

        // Only who came to the end of the list may call it a success.
        String status = url == null ? "success" : pages > 0 ? "partial" : "failed";
        System.out.printf("%s: %d observed, errors: [%s]%n",
            rows("SELECT status, observed_count, array_to_string(error_codes, ', ') FROM inventory_core.finish_run(?, ?, ?, ?)",
                TENANT, run, status, total).get(0));
        System.out.printf("missing: %d of %d known, confidence: %s%n",
            rows("SELECT missing_items, known_items, array_to_string(confidence || reasons, ', ')"
                + " FROM inventory_core.selection_status(?, ?)", TENANT, start[1]).get(0));
        for (Object[] item : rows("SELECT policy_type, external_id, missed_runs FROM inventory_core.missing_items(?, ?)"
                + " ORDER BY policy_type COLLATE \"C\", external_id COLLATE \"C\" LIMIT 10", TENANT, start[1])) {
            System.out.printf("  %s %s, missed runs: %d%n", item);
        }
        return status.equals("success");
    }

    public static void main(String[] args) throws Exception {
        // The driver does not read PG* by itself. prepareThreshold=0: the server keeps no statement, for behind PgBouncer the
        // next transaction may be elsewhere.
        String database = String.format("jdbc:postgresql://%s:%s/%s?prepareThreshold=0",
            setting("PGHOST", "localhost"), setting("PGPORT", "5432"), setting("PGDATABASE", "postgres"));
        String selection = setting("SELECTION", JSON.toJson(Map.of("source", "debian", "status", List.of("held", "installed"),
            "max_size", 1e6, "label", "R&D <größte/kleinste>")));
        try (Connection opened = DriverManager.getConnection(database, setting("PGUSER", null), setting("PGPASSWORD", null))) {
            db = opened;
            System.exit(sync(System.getenv("UPSTREAM_URL"), selection) ? 0 : 1);
        }
    }
}
