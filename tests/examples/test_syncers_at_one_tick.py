"""Workers in all languages start on one selection of one tenant in one moment: one of them works, the others say who does."""

import re
import threading

import inventory
from syncers import LANGUAGES, Syncer
from upstream import first


def test_one_runs(database, api, packages, cluster_port, pooled_port):
    tenant = "one tick"
    all_refused = threading.Event()
    listing = api.list("one-tick", packages)
    # Whoever won waits for its first page until all others are done; no longer than it waits for an answer, or it asks again.
    listing.plan(page1=[first(lambda: all_refused.wait(25))])
    workers = {(language, port): Syncer(language, database, port, api.url("one-tick"), tenant)
               for language in LANGUAGES for port in (cluster_port, pooled_port)}
    answers, threads = {}, []
    for key, worker in workers.items():
        def wait(key=key, worker=worker):
            answers[key] = worker.wait()
            if len(answers) == len(workers) - 1:
                all_refused.set()
        threads.append(threading.Thread(target=wait))
        threads[-1].start()
    for thread in threads:
        thread.join()

    won = [key for key, (_, out, _) in answers.items() if "success: 240 observed, errors: []" in out]
    assert len(won) == 1, answers
    for key, (code, out, err) in answers.items():
        assert code == 0, (key, out, err)
        assert key in won or re.fullmatch(r"skipped: already_running, try again in \d+\.\d s\n", out), (key, out)
    assert [(run["status"], run["observed_count"]) for run in inventory.runs(database, tenant)] == [("success", 240)]
    assert [page for _, page, _ in listing.requests] == [1, 2, 3, 4, 5], "each page was read once"
    assert len(inventory.items(database, tenant)) == 240
    (refused,) = inventory.ask(database, "SELECT refused_count AS times, last_refused_reason AS reason "
                               "FROM inventory_core.inventory_selections(%s)", tenant)
    assert refused["reason"] == "already_running" and 1 <= refused["times"] <= len(workers) - 1
