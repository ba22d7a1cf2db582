"""What scripts/package makes, and places to put it into."""

import json
import os
import re
import subprocess
import tarfile
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
    return run("bash", "-c", f". {ROOT}/scripts/common.sh; crate_version").strip()


def major_of(said):
    """Of `PostgreSQL 15.20 (Debian …)`, and of a beta or a release candidate: `PostgreSQL 19rc1`."""
    return int(re.match(r"PostgreSQL (\d+)", said)[1])


def major():
    return major_of(run(PG_CONFIG, "--version"))


def made_packages(revision="1"):
    """{".deb": path, ".rpm": path, ".zip": path, and from 18 on ".tar": the image}"""
    made = run(ROOT / "scripts" / "package", PACKAGE_REVISION=revision, PG_CONFIG=str(PG_CONFIG)).split()
    return {Path(path).suffix: Path(path) for path in made}


def files_below(folder):
    return {"/" + str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}


def our_files(library_folder=None, extension_folder=None):
    """{path: the file of the installed extension that it must be the same as}; the folders are those of this server if not said."""
    installed = {"library": pg_config("--pkglibdir"), "extension": pg_config("--sharedir") / "extension"}
    names = ["inventory_core.control", *(script.name for script in (ROOT / "sql").glob("inventory_core--*.sql"))]
    return {f"{library_folder or installed['library']}/inventory_core.so": installed["library"] / "inventory_core.so",
            **{f"{extension_folder or installed['extension']}/{name}": installed["extension"] / name for name in names}}


def functions_of(library):
    return {line.split()[-1] for line in run("nm", "-D", "--defined-only", library).splitlines() if " pg_finfo_" in line}


def holds_the_extension(root, wanted):
    """The files of `our_files` are below `root`: the same bytes, except that the library is stripped."""
    for path, installed in wanted.items():
        made = Path(root) / path[1:]
        if path.endswith(".so"):
            assert functions_of(made) == functions_of(installed) != set()
        else:
            assert made.read_bytes() == installed.read_bytes(), path


def unpack_image(archive, folder):
    """The layers of an image in a file (OCI), one over the other, as a container runtime mounts them; gives its labels."""
    with tarfile.open(archive) as image:
        def blob(described):
            return image.extractfile("blobs/" + described["digest"].replace(":", "/"))

        index = json.load(image.extractfile("index.json"))
        manifest = json.load(blob(index["manifests"][0]))
        for layer in manifest["layers"]:
            with tarfile.open(fileobj=blob(layer)) as files:
                files.extractall(folder)
        return json.load(blob(manifest["config"]))["config"]["Labels"]
