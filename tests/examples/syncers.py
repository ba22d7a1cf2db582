"""The syncers of examples/, built where their language wants it, and started with the settings that all of them take."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
BUILT = ROOT / "target" / "examples"
JARS = "/usr/share/java/postgresql.jar:/usr/share/java/gson.jar"

SOURCES = {language: EXAMPLES / language / name for language, name in {
    "python": "sync.py", "nodejs": "sync.js", "php": "sync.php", "ruby": "sync.rb", "go": "sync.go", "java": "Sync.java",
    "rust": "src/main.rs"}.items()}
LANGUAGES = list(SOURCES)

COMMANDS = {
    "python": [sys.executable, "-B", SOURCES["python"]],
    "nodejs": ["node", SOURCES["nodejs"]],
    "php": ["php", SOURCES["php"]],
    "ruby": ["ruby", SOURCES["ruby"]],
    "go": [BUILT / "sync-go"],
    "java": ["java", "-XX:TieredStopAtLevel=1", "-cp", f"{BUILT}:{JARS}", "Sync"],
    "rust": [BUILT / "rust/debug/sync"],
}
PATIENCE = 60       # seconds, for a machine that is busy with other things


def build():
    """Compiles what needs it; a second time nothing is left to do."""
    BUILT.mkdir(parents=True, exist_ok=True)
    # Debian packages the driver for builds without modules.
    go = {**os.environ, "GO111MODULE": "off", "GOPATH": "/usr/share/gocode"}
    subprocess.run(["go", "build", "-o", BUILT / "sync-go", SOURCES["go"]], env=go, check=True)
    subprocess.run(["go", "build", "-o", BUILT / "delta-go", EXAMPLES / "go/delta/delta.go"], env=go, check=True)
    subprocess.run(["javac", "-d", BUILT, "-cp", JARS, SOURCES["java"]], check=True)
    subprocess.run(["cargo", "build", "--quiet", "--locked", "--target-dir", BUILT / "rust"], cwd=EXAMPLES / "rust", check=True)


def environment(database, port, upstream_url, tenant, **settings):
    """Nothing of the caller's own connection settings may reach a syncer."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {**env, "PGHOST": "127.0.0.1", "PGPORT": str(port), "PGUSER": database, "PGDATABASE": database,
            "PGSSLMODE": "disable", "UPSTREAM_URL": upstream_url, "TENANT": tenant,
            **{name: str(value) for name, value in settings.items()}}


class Syncer:
    """One process, started."""

    def __init__(self, language, *args, **settings):
        self.process = subprocess.Popen(COMMANDS[language], env=environment(*args, **settings), encoding="utf-8",
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def wait(self):
        """Exit status, standard output and standard error."""
        try:
            out, err = self.process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        return self.process.returncode, out, err

    def kill(self):
        self.process.kill()
        return self.process.communicate()


def sync(*args, **settings):
    return Syncer(*args, **settings).wait()
