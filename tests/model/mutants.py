"""Deliberate mistakes in the meaning, each one small edit of one SQL function.

`old` must stand exactly once in the function as the server shows it (pg_get_functiondef), so that a mutant
whose place has moved is an error and not a mutant that does nothing. The server shows PL/pgSQL as it was written,
and an SQL body (BEGIN ATOMIC) as it understood it: with casts, and with parameters named in full.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    name: str
    function: str
    old: str
    new: str

    def apply(self, connection):
        query = """SELECT pg_get_functiondef(oid) FROM pg_proc
                   WHERE pronamespace = ANY ('{inventory_core,inventory_core_internal}'::regnamespace[]) AND proname = %s"""
        [(definition,)] = connection.execute(query, (self.function,)).fetchall()
        if definition.count(self.old) != 1:
            raise LookupError(f"mutant {self.name!r}: its text is {definition.count(self.old)} times in\n{definition}")
        connection.execute(definition.replace(self.old, self.new))


MUTANTS = (
    # ---- which run is the baseline, and what is missing from it
    Mutant("the baseline is off by one",
           "_missing_sets", "r.run_seq < _missing_sets.baseline_seq", "r.run_seq < _missing_sets.baseline_seq - 1"),
    Mutant("what other selections saw is counted",
           "_missing_sets", "l.selection_hash = _missing_sets.selection_hash", "l.selection_hash = '*'"),
    Mutant("the running run is ignored",
           "_running_sets", "r.status = 'running'::text", "false"),
    Mutant("a failed run is skipped as a baseline",
           "_baseline", "r.status <> 'running'::text", "r.status IN ('success', 'partial')"),
    Mutant("latest_success takes a run with errors",
           "_baseline", "(NOT e.had_errors)", "true"),
    Mutant("missed_runs is off by one",
           "missing_items", "(b.run_seq - m.run_seq)::integer", "(b.run_seq - m.run_seq)::integer + 1"),
    Mutant("missing_since is the end of the first missed run",
           "missing_items", "AS run_seq, r.started_at", "AS run_seq, r.finished_at AS started_at"),
    Mutant("newly missing is what any run has missed",
           "missing_summary", "m.run_seq = b.run_seq - 1", "m.run_seq < b.run_seq"),
    Mutant("run_seq counts the runs of all selections",
           "_insert_run", "WHERE r.tenant_id = tenant AND r.selection_hash = _insert_run.selection_hash),",
           "WHERE r.tenant_id = tenant),"),
    # ---- how sure we are, and why
    Mutant("the reasons are those of any run",
           "_baseline", "x.run_id = r.run_id", "true"),
    Mutant("a partial run is believed",
           "_baseline", "r.status <> 'success'::text", "r.status = 'failed'"),
    Mutant("one failed type makes all types suspicious",
           "missing_items", "i.policy_type = ANY (b.failed_types)", "cardinality(b.failed_types) > 0"),
    Mutant("the shrink guard compares with the latest run of any status",
           "_shrank", "r.status = 'success'::text", "r.status <> 'running'"),
    Mutant("a run that met its expected_items is called short",
           "finish_run", "finish_run.expected_items > observed", "finish_run.expected_items >= observed"),
    Mutant("a running run that has not seen the item yet has missed it",
           "explain_missing", "v.status <> 'running' OR v.run_seq = seen.run_seq", "true"),
    # ---- runs
    Mutant("a repeated request is a new attempt",
           "start_run", "r.request_id = start_run.request_id", "false"),
    Mutant("any clean success is fresh",
           "_obstacle", "b.finished_at + min_age", "b.finished_at + min_age * 100"),
    Mutant("a finished run takes another status",
           "finish_run", "run.status <> finish_run.status", "false"),
    # ---- what a run saw
    Mutant("last_seen goes by the order of finishing",
           "_fold", "AS is_newer", "AND false AS is_newer"),
    Mutant("a take-over drops what the run saw",
           "_take_over", "PERFORM inventory_core_internal._close_run(run, 'failed');",
           """DELETE FROM inventory_core_internal.run_parts AS p WHERE p.tenant_id = run.tenant_id AND p.run_id = run.run_id;
              PERFORM inventory_core_internal._close_run(run, 'failed');"""),
    Mutant("an item that was not missed has reappeared",
           "_run_changes_so_far", "r.run_seq < ((_run_changes_so_far.run).run_seq - 1)",
           "r.run_seq < (_run_changes_so_far.run).run_seq"),
    Mutant("only the first batch extends the lease",
           "_lease_end", "max(p.recorded_at)", "min(p.recorded_at)"),
    Mutant("a batch into a finished run is stored",
           "_share_run", "run.status <> 'running'", "false"),
    Mutant("a replayed batch records its rejects again",
           "_record_rejected", "e.error_code = 'item_rejected'", "false"),
    Mutant("an item that was seen again counts as updated",
           "_run_sets", "p.kind = 'updated'::text", "p.kind IN ('updated', 'unchanged')"),
    # ---- what is stored of an item
    Mutant("an omitted meta clears",
           "upsert_items", "meta = CASE WHEN t.meta_given THEN t.meta::jsonb ELSE i.meta END", "meta = t.meta::jsonb"),
    Mutant("first_seen_at moves when an item changes",
           "upsert_items", "updated_at = taken", "updated_at = taken, first_seen_at = run.started_at"),
    Mutant("an older run that sees an item later does not move first_seen_at back",
           "upsert_items", "first_start_no = run.start_no, first_seen_at = run.started_at",
           "first_start_no = run.start_no"),
    Mutant("a null name leaves the old one",
           "upsert_items", "THEN t.display_name ELSE", "THEN coalesce(t.display_name, i.display_name) ELSE"),
    Mutant("a forgotten item still counts in a running run",
           "forget_items", "UPDATE inventory_core_internal.run_parts AS s", "UPDATE inventory_core_internal.last_seen AS s"),
    # ---- upkeep; a foreign key keeps a run that last_seen names, pg_regress/sql/prune_runs.sql asks for the rarer ones
    Mutant("pruning takes the run that missing_since comes from",
           "_prunable_runs", "VALUES (0), (1)", "VALUES (0), (0)"),
    Mutant("pruning takes the latest clean run",
           "_prunable_runs", "(l.clean)", "(l.success)"),
    Mutant("the latest run may be pruned",
           "_prunable_runs", "GREATEST(_prunable_runs.keep_last, 1)", "_prunable_runs.keep_last"),
    Mutant("a pruned run is explained no more",
           "explain_missing", "p.selection_hash = explain_missing.selection_hash", "false"),
    Mutant("lines of pruned runs go too early",
           "_prune", "min(l.run_seq)", "max(l.run_seq)"),
    Mutant("what another selection sees is forgotten",
           "forget_missing", "NOT coalesce(inventory_core_internal._bitmap_contains(e.item_ids, m.item_id), false)", "true"),
    Mutant("what another selection once saw is never forgotten",
           "_seen_elsewhere", "(r.run_seq >= COALESCE(b.run_seq, (0)::bigint))", "true"),
    Mutant("missing by the latest run is enough to be forgotten",
           "forget_missing", "'latest_clean'", "'latest'"),
)
