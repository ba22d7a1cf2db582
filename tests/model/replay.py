"""Plays a history against the model and the database side by side, and stops at the first disagreement."""

import json
import random
from concurrent.futures import ThreadPoolExecutor

import psycopg

import answers
from contract import BASELINES, SQLSTATES, Disagreement, Refused, canonical
from history import HASHES, REPEATED, STALE, TENANTS, UNIVERSE, History
from model import Tenant

TRANSACTION = {"begin": "BEGIN", "commit": "COMMIT", "rollback": "ROLLBACK",
               "savepoint": "SAVEPOINT level_{level}", "rollback_to": "ROLLBACK TO SAVEPOINT level_{level}"}
COMPARE_EVERY = 7                    # steps; and after each step that moves a baseline
COMPARE_VIEWS_EVERY = 17             # a view and its twin are one statement: less often will do
MOVES_A_BASELINE = ("finish_run", "reap_expired_runs", "start_run", "rollback", "forget_items",
                    "forget_missing", "prune_runs", "rename_item", "replace_selection", "forget_selection", "forget_orphans",
                    "forget_tenant")

AT_ONCE = ThreadPoolExecutor(len(TENANTS))


class Replay:
    def __init__(self, settings, sessions=None, seed=0, compare_every=COMPARE_EVERY):
        self.models = {tenant: Tenant(tenant, settings) for tenant in TENANTS}
        self.sessions = sessions              # None: the model alone, for its own tests
        self.rng = random.Random(seed)        # which items and runs are asked about
        self.compare_every = compare_every
        self.steps = []
        self.lost_run_texts = {}

    # ---- one step ---------------------------------------------------------------------------------------

    def apply(self, step):
        """The outcome, after both sides agreed on it: ('gives', row) or ('fails', SQLSTATE)."""
        model = self.models[step.tenant]
        if not self.possible(model, step):
            return None
        self.steps.append(step)
        if step.kind in TRANSACTION:
            level = step.args.get("level", len(model.saved))
            getattr(model, step.kind)(**step.args)
            outcome = ("gives", None)
            if self.sessions:
                self.sessions[step.tenant].statement(TRANSACTION[step.kind].format(level=level))
        else:
            outcome = self.outcome_of(lambda: getattr(model, step.kind)(**step.args), Refused)
            if self.sessions:
                got = self.in_database(step, model)
                if comparable(outcome) != comparable(got):
                    said = self.refusal if got[0] == "fails" else ""
                    raise Disagreement(f"{step}\n" + difference([outcome], [got]) + f"\n{said}".rstrip())
        return outcome

    @staticmethod
    def possible(model, step):
        """A shortened history may have lost the BEGIN of what follows."""
        if step.kind == "begin":
            return not model.saved
        if step.kind in TRANSACTION:
            return len(model.saved) > step.args.get("level", 0)
        return True

    def in_database(self, step, model):
        session = self.sessions[step.tenant]
        if model.saved:                              # a refusal must not end the transaction of the history
            session.statement("SAVEPOINT step")
        got = self.outcome_of(lambda: session.call(step.kind, step.args), psycopg.Error)
        if model.saved:
            session.statement("ROLLBACK TO SAVEPOINT step" if got[0] == "fails" else "RELEASE SAVEPOINT step")
        if got == ("fails", "P0002") and "run" in step.args:
            self.same_text_for_lost_runs(step)
        return got

    def outcome_of(self, call, refusal):
        try:
            return "gives", call()
        except refusal as error:
            if error.sqlstate not in SQLSTATES:
                raise                                # broken, not another opinion
            self.refusal = error
            return "fails", error.sqlstate

    def same_text_for_lost_runs(self, step):
        """Whether a run is unknown or another tenant's must not show."""
        diagnosis = self.refusal.diag
        text = (diagnosis.message_primary, diagnosis.message_detail, diagnosis.message_hint)
        run = self.sessions[step.tenant].run_id(step.args["run"])
        text = tuple(part and part.replace(run, "<run>") for part in text)
        if self.lost_run_texts.setdefault(step.kind, text) != text:
            raise Disagreement(f"{step}\n  P0002 with different texts: {self.lost_run_texts[step.kind]} and {text}")

    # ---- whole answers ----------------------------------------------------------------------------------

    def compare(self, *tenants):
        questions = [self.question(tenant) for tenant in tenants]
        # each on its own connection, so the server may work on both at once
        found = list(AT_ONCE.map(lambda question: self.sessions[question[0]].answers(*question[1:]), questions))
        for (tenant, _, items, runs), got in zip(questions, found):
            model = self.models[tenant]
            learn_ids(model, got["inventory_items"] or [])
            with model.still():
                expected = expected_answers(model, items, runs)
            for answer, rows in expected.items():
                found_rows = type(rows)(got[answer] or [])
                if rows != found_rows and comparable(rows) != comparable(found_rows):
                    raise Disagreement(f"{tenant}: {answer} differs\n" + difference(rows, found_rows))
            self.compare_copy(tenant)

    def compare_copy(self, tenant):
        """Outside transactions, what a consumer of the feed has is what is present in each selection without a running run."""
        model = self.models[tenant]
        if model.saved:
            return
        copy = self.sessions[tenant].consumer.copy(self.rng.choice((1, 2, 3, 100)))
        for selection in started(model):
            if model.running(selection) is None:
                present = {model.items[number].item_id for number in model.present(selection)}
                if copy.get(selection, set()) != present:
                    raise Disagreement(f"{tenant}: the copy of {selection} has {copy.get(selection)}, present are {present}")

    def question(self, tenant):
        """Some items to explain, and the runs whose changes are compared: the latest and two others."""
        selections = started(self.models[tenant])
        items = [(self.rng.choice(selections), *self.rng.choice(UNIVERSE)) for _ in range(6 if selections else 0)]
        names = [run.name for run in self.models[tenant].runs if not run.pruned]
        return tenant, selections, items, names[-6:] + self.rng.sample(names[:-6], min(2, len(names[:-6])))

    def compare_views(self, tenant):
        unlike = self.sessions[tenant].views_unlike_their_twins()
        if unlike:
            raise Disagreement(f"{tenant}: not the same as the functions of their names: {unlike}")

    def play(self, steps):
        for count, step in enumerate(steps, 1):
            before = baselines(self.models[step.tenant])
            self.apply(step)
            if self.sessions is None:
                continue
            if count % COMPARE_VIEWS_EVERY == 0:
                self.compare_views(step.tenant)
            if count % self.compare_every == 0:
                self.compare(*TENANTS)
            elif step.kind in MOVES_A_BASELINE and baselines(self.models[step.tenant]) != before:
                self.compare(step.tenant)


def generate(replay, seed, count, without=()):
    """`count` steps of the history `seed`, each chosen when the ones before it have been applied."""
    history = History(seed, replay.models, without)
    for _ in range(count):
        yield history.next_step()


def baselines(model):
    return [(run.status, run.pruned, run.selection) for run in model.runs], [*model.items], model.told_outside


def started(model):
    """The selections that have a run: nothing but selection_status answers about another."""
    return sorted({run.selection for run in model.runs})


def expected_answers(model, items, runs):
    asked = [(selection, baseline) for selection in started(model) for baseline in BASELINES]
    return {
        "inventory_items": answers.inventory_items(model),
        "inventory_sync_runs": in_any_order(answers.inventory_sync_runs(model)),
        "inventory_sync_errors": in_any_order(answers.inventory_sync_errors(model)),
        "inventory_selections": in_any_order(answers.inventory_selections(model)),
        "missing_items": [[*ask, row] for ask in asked for row in answers.missing_items(model, *ask)],
        "missing_summary": [[*ask, row] for ask in asked for row in answers.missing_summary(model, *ask)],
        "selection_status": [answers.selection_status(model, selection) for selection in sorted(HASHES)],
        "explain_missing": [[number, row] for number, item in enumerate(items, 1)
                            for row in answers.explain_missing(model, *item)],
        "run_progress": in_any_order(answers.run_progress(model)),
        "type_counts": [[selection, row] for selection in started(model) for row in answers.type_counts(model, selection)],
        "run_changes": [[run, row] for run in runs for row in answers.run_changes(model, run)],
        "present_items": [[selection, row] for selection in started(model) for row in answers.present_items(model, selection)],
        "gone_items": answers.gone_items(model),
        "item_presence": [[number, row] for number, item in enumerate(items, 1)
                          for row in answers.item_presence(model, *item[1:])],
        "stale_selections": in_any_order(answers.stale_selections(model, STALE)),
    }


class in_any_order(list):
    """Rows of a view: their order is not part of the answer."""


def learn_ids(model, rows):
    """An item takes the id that the database gave it, if that is one of those its batch drew."""
    by_key = {(item.policy_type, item.external_id): item for item in model.items.values()}
    if len({row["item_id"] for row in rows}) != len(rows):
        raise Disagreement(f"{model.name}: an item_id is there twice")
    for row in rows:
        item = by_key.get((row["policy_type"], row["external_id"]))
        if item is None:
            raise Disagreement(f"{model.name}: this item should not be there: {row}")
        if item.item_id is None:
            if row["item_id"] not in item.id_from:
                raise Disagreement(f"{model.name}: item_id not from {item.id_from} in {row}")
            item.item_id = row["item_id"]
    for item in by_key.values():
        if item.item_id is None:
            raise Disagreement(f"{model.name}: this item is not there: {item}")


def comparable(value):
    """Array order inside a stored selection is the caller's; everything else must be equal as it is."""
    if isinstance(value, in_any_order):
        return sorted(map(comparable, value), key=as_text)
    if isinstance(value, dict):
        return {key: canonical(inner) if key == "selection" and inner else comparable(inner)
                for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [comparable(inner) for inner in value]
    return value


def as_text(row):
    return REPEATED.sub(r"\1…", json.dumps(row, sort_keys=True, ensure_ascii=False))


def difference(wanted, got):
    """The rows that only one side has; of a pair that has its place in common, the columns that differ."""
    wanted, got = comparable(wanted), comparable(got)
    only_model = [row for row in wanted if row not in got]
    only_database = [row for row in got if row not in wanted]
    if not only_model and not only_database:
        return "  the same rows in another order"
    if len(only_model) == len(only_database) == 1:
        mine, other = columns(only_model[0]), columns(only_database[0])
        differing = [key for key in mine | other if mine.get(key) != other.get(key)]
        if mine and other and differing:
            return "\n".join([f"  in {as_text(only_model[0])}"] + [
                f"  {key}: model {mine.get(key)!r}, database {other.get(key)!r}" for key in differing])
    lines = []
    for label, rows in (("model only", only_model), ("database only", only_database)):
        lines += [f"  {label}: {as_text(row)}" for row in rows[:4]]
        lines += [f"  {label}: … {len(rows) - 4} more"] if len(rows) > 4 else []
    return "\n".join(lines)


def columns(row):
    return row if isinstance(row, dict) else next((part for part in row if isinstance(part, dict)), {})
