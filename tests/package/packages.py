"""What scripts/package makes, and a Debian that knows nothing yet to put it into."""

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
PG_CONFIG = Path(os.environ.get("IC_BINDIR", "/usr/lib/postgresql/15/bin")) / "pg_config"
IS_DEBIANS = str(PG_CONFIG).startswith("/usr/lib/postgresql/")
LONG = "SOAK" in os.environ


def run(*command, **environment):
    done = subprocess.run(list(map(str, command)), env={**os.environ, **environment}, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def pg_config(option):
    return Path(run(PG_CONFIG, option).strip())


def version():
    return run("bash", "-c", f". {ROOT}/scripts/common.sh; need_cargo; crate_version").strip()


def major():
    return run(PG_CONFIG, "--version").split()[1].split(".")[0]


def package(revision="1"):
    """(Debian package, archive for PGXN)"""
    made = run(ROOT / "scripts" / "package", PACKAGE_REVISION=revision, PG_CONFIG=str(PG_CONFIG)).split()
    return Path(made[-2]), Path(made[-1])


def files_below(folder):
    return {"/" + str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}


def our_files():
    return {f"{pg_config('--pkglibdir')}/inventory_core.so",
            f"{pg_config('--sharedir')}/extension/inventory_core.control",
            *(f"{pg_config('--sharedir')}/extension/{script.name}" for script in (ROOT / "sql").glob("inventory_core--*.sql"))}
