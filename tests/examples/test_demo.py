"""make demo, without its set-up: it checks every claim that it prints."""

import os
import subprocess
from pathlib import Path

from own_server import BINDIR

ROOT = Path(__file__).parents[2]


def test_the_demo_runs_to_its_end():
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "IC_"))}
    demo = subprocess.run(["scripts/with-cluster", "scripts/demo"], cwd=ROOT, capture_output=True, encoding="utf-8",
                          env=env | {"PG_CONFIG": f"{BINDIR}/pg_config"}, timeout=300)
    assert demo.returncode == 0, demo.stdout[-3000:] + demo.stderr[-3000:]
    assert demo.stdout.endswith("Every claim above was checked.\n")
