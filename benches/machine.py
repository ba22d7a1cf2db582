"""What the figures were measured on."""

import os
import platform
import re
import subprocess
import time
from pathlib import Path

from session import HERE, Session

SETTINGS = ("fsync", "synchronous_commit", "full_page_writes", "shared_buffers", "max_wal_size", "checkpoint_timeout",
            "autovacuum", "work_mem", "max_parallel_workers_per_gather", "jit", "wal_level")


def now():
    return time.time()


def cpu():
    found = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text("utf-8"), re.MULTILINE)
    return found[1] if found else platform.machine()


def commit():
    try:
        told = subprocess.run(["git", "-C", str(HERE), "-c", f"safe.directory={HERE.parent}", "describe", "--always", "--dirty"],
                              capture_output=True, text=True, check=True)
        return told.stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def facts(began, plan, args):
    with Session("postgres") as server:
        version = server.value("SELECT version()")
        extension = server.value("SELECT default_version FROM pg_available_extensions WHERE name = 'inventory_core'")
        settings = {name: server.value("SELECT current_setting($1)", name) for name in SETTINGS}
    memory = int(re.search(r"MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text("ascii"))[1]) * 1024
    return {"began": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(began)), "minutes": (time.time() - began) / 60,
            "server": version, "extension": extension, "commit": commit(), "cpu": cpu(), "cores": os.cpu_count(),
            "memory": memory, "load": os.getloadavg()[2], "settings": settings, "sizes": plan.sizes, "batches": plan.batches,
            "quick": args.quick, "rounds": {str(size): plan.rounds(size, "resync") for size in plan.sizes},
            "burdened_size": plan.burdened_size, "selections": plan.selections, "runs": plan.runs}
