"""Versions of the extension side by side: what is released, and scripts of made-up versions for a while."""

import os
import subprocess
from contextlib import contextmanager
from pathlib import Path

import scene

ROOT = Path(__file__).parents[2]
FROZEN = ROOT / "sql" / "released.sha256"
DESCRIBED = (Path(__file__).parent / "described.sql").read_text("utf-8")


def current():
    cargo = (ROOT / "Cargo.toml").read_text("utf-8")
    return cargo.split('version = "', 1)[1].split('"', 1)[0]


def released():
    """Versions whose install script is frozen, but the one that is being worked on."""
    names = [line.split()[1] for line in FROZEN.read_text("utf-8").splitlines()] if FROZEN.exists() else []
    versions = [name.removesuffix(".sql").split("--")[1:] for name in names]
    return [version[0] for version in versions if len(version) == 1 and version[0] != current()]


def install_script():
    return (ROOT / "sql" / f"inventory_core--{current()}.sql").read_text("utf-8")


def extension_folder():
    pg_config = Path(os.environ.get("IC_BINDIR", "/usr/lib/postgresql/15/bin")) / "pg_config"
    return Path(subprocess.check_output([pg_config, "--sharedir"], text=True).strip()) / "extension"


@contextmanager
def scripts(**texts):
    """Scripts in the server's folder for a while, by their versions: made_up=..., or a path as `{"0.1.0--made_up": ...}`."""
    as_root = [] if os.access(extension_folder(), os.W_OK) else ["sudo"]
    paths = {extension_folder() / f"inventory_core--{version}.sql": text for version, text in texts.items()}
    assert not any(path.exists() for path in paths)
    try:
        for path, text in paths.items():
            subprocess.run([*as_root, "tee", path], input=text, text=True, stdout=subprocess.DEVNULL, check=True)
        yield
    finally:
        subprocess.run([*as_root, "rm", "-f", *paths], check=True)


def described(connection):
    return connection.execute(DESCRIBED).fetchall()


def differences(one, other):
    """What only one of two descriptions has, as lines that a reader can compare."""
    return [f"- {object}: {what}" for object, what in one if (object, what) not in other] + \
           [f"+ {object}: {what}" for object, what in other if (object, what) not in one]


@contextmanager
def database_with(version):
    """A superuser's connection to a new database with that version."""
    with scene.empty_database(f"upgrade {os.getpid()}") as database, scene.connect(database) as owner:
        owner.execute(f"CREATE EXTENSION inventory_core VERSION '{version}'")
        yield owner


def update(owner, version):
    owner.execute(f"ALTER EXTENSION inventory_core UPDATE TO '{version}'")
