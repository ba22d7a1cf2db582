# shellcheck shell=bash
# Sourced by scripts/demo: a caller in bash and psql, and what is needed to tell its story.
# Every statement has a connection of its own: inventory_core needs no session state.
export LC_ALL=C.UTF-8 PGCLIENTENCODING=UTF8 PSQL_PAGER=cat

bold='' green='' plain=''
if [[ -t 1 && -z ${NO_COLOR:-} ]]; then bold=$'\e[1m' green=$'\e[32m' plain=$'\e[0m'; fi

# as ROLE [psql options]: runs the SQL on standard input.
as() { psql -XqAt -v ON_ERROR_STOP=1 -v all="$ALL" -v libs="$LIBS" -U "$@"; }
acme() { as demo_acme "$@"; }
value() { acme <<<"$1"; }
# The same as a table for people.
# shellcheck disable=SC2120  # scripts/demo passes options
show() { acme -P format=aligned -P tuples_only=off -P footer=off "$@" | sed '/^$/d; s/^/  /'; }

headline() { printf '\n%s%s%s\n' "$bold" "$1" "$plain"; }

# check CLAIM QUERY [ROLE]: the query must answer true.
check() {
    [[ $(as "${3:-demo_acme}" <<<"$2") == t ]] || die "not true: $1"
    echo "  ${green}ok${plain}  $1"
}

# refused ROLE SQLSTATE QUERY: it must fail with this SQLSTATE.
refused() {
    local answer
    if answer=$(as "$1" -v VERBOSITY=verbose <<<"$3" 2>&1); then die "not refused: $3"; fi
    [[ $answer == *"ERROR:  $2:"* ]] || die "not refused with $2: $answer"
    echo "  $1> $3"
    sed -nE 's/^.*(ERROR|HINT): +/      \1: /p' <<<"$answer"
}

# One line a package: rank, section, package:architecture, version, maintainer, homepage, summary; for COPY.
packages() {
    {
        # shellcheck disable=SC2016  # dpkg-query's own variables
        dpkg-query -W -f '${db:Status-Status}\t${Section}\t${Package}:${Architecture}\t${Version}\t${Maintainer}\t${Homepage}\t${binary:Summary}\n' |
            sed -n 's/^installed\t/1\t/p'
        ! command -v apt-cache >/dev/null || apt-cache dumpavail | awk -F ': ' -v OFS='\t' '
            /^[A-Z][A-Za-z-]*: / { field[$1] = substr($0, length($1) + 3) }
            /^$/ && "Version" in field {
                print 2, field["Section"], field["Package"] ":" field["Architecture"], field["Version"],
                      field["Maintainer"], field["Homepage"], field["Description"]
                delete field
            }'
    } | sed 's/\\/\\\\/g'
}

# sync NAME SELECTION [SECTIONS [STATUS [FAILED]]]: a whole run, as any caller does it; its id is in $run.
# SECTIONS is an array, '{}' for all; each of the FAILED ones gets an error before the run ends with STATUS.
sync() {
    local name=$1 selection=$2 sections=${3:-'{}'} status=${4:-success} failed=${5:-}
    local page=0 dropped=0 storing=0 answer section wal began=${EPOCHREALTIME/./}
    wal=$(value 'SELECT pg_current_wal_lsn()')
    run=$(acme -v selection="$selection" <<<"SELECT run_id FROM inventory_core.start_run('acme', :'selection', 'make demo')")
    [[ -n $run ]] || die "the run of $selection did not start"

    printf '  %s ' "$name"
    while :; do
        answer=$(store_page "$page" "$sections")
        [[ -n $answer ]] || break
        printf '.'
        page=$((page + 1)) dropped=$((dropped + ${answer%|*})) storing=$((storing + ${answer#*|}))
        [[ $page -ne ${show_progress_after:-0} ]] || show_progress
    done
    for section in $failed; do
        # The error code follows from the HTTP status: service_unavailable.
        acme -v run="$run" -v section="$section" >/dev/null <<'SQL'
SELECT inventory_core.record_error('acme', :'run', http_status => 503, policy_type => :'section');
SQL
    done
    acme -v run="$run" -v status="$status" -v wal="$wal" -v dropped="$dropped" -v storing="$storing" \
        -v whole="$((${EPOCHREALTIME/./} - began))" <<'SQL'
SELECT format(E' %s\n    %s observed = %s inserted + %s updated + %s unchanged; %s meta keys dropped\n'
              '    %s s in upsert_items (%s items/s), %s s with fetching; %s of WAL',
              status, to_char(observed_count, 'FM999,999'), to_char(inserted_count, 'FM999,999'), updated_count,
              to_char(unchanged_count, 'FM999,999'), to_char(:dropped, 'FM999,999'), round(:storing / 1e6, 1),
              to_char(observed_count * 1e6 / :storing, 'FM999,999'), round(:whole / 1e6, 1),
              pg_size_pretty(pg_current_wal_lsn() - :'wal'::pg_lsn))
FROM inventory_core.finish_run('acme', :'run', :'status');
SQL
}

# store_page PAGE SECTIONS: fetches a page, then stores it in one transaction. Prints the dropped keys and the
# microseconds it took, nothing after the last page.
store_page() {
    acme -v run="$run" -v page="$1" -v size="${size:?}" -v sections="$2" <<'SQL'
SELECT upstream.page(:page, :size, :'sections') AS batch \gset
\if :{?batch}
    SELECT dropped_meta_keys, (extract(epoch FROM clock_timestamp() - statement_timestamp()) * 1e6)::bigint
    FROM inventory_core.upsert_items('acme', :'run', :'batch');
\endif
SQL
}

show_progress() {
    printf '\n  run_progress, asked by another session in the middle:\n'
    # shellcheck disable=SC2119  # no options here
    show <<'SQL'
SELECT observed, previous_total, round(fraction::numeric, 2) AS fraction, elapsed::interval(1), time_left::interval(1)
FROM inventory_core.run_progress('acme');
SQL
    printf '  '
}

# The size of the catalogue and the place of each of its row versions: a single write would change it.
catalogue_on_disk() {
    acme <<'SQL'
BEGIN;
SELECT inventory_core.set_tenant('acme') AS bound \gset
SELECT format('%s rows (digest of their versions %s) in %s', count(*),
              to_hex(bit_xor(hashtextextended(concat_ws(' ', ctid, xmin), item_id))),
              pg_size_pretty(pg_relation_size('inventory_core_internal.items') + pg_indexes_size('inventory_core_internal.items')))
FROM inventory_core_internal.items;
COMMIT;
SQL
}

# What the selection of everything says of itself that is missing, and why, as one digest.
missing_evidence() {
    value "SELECT md5(string_agg(concat_ws(' ', item_id, missed_runs, missing_since, baseline_run_id, confidence,
                                           array_remove(reasons, 'seen_elsewhere')), ',' ORDER BY item_id))
           FROM inventory_core.missing_items('acme', inventory_core.selection_hash(:'all'))"
}
