"""The Debian package holds what it should where it should, and leaves nothing behind; so does make uninstall."""

import json
import zipfile

import pytest

from packages import IS_DEBIANS, LONG, PG_CONFIG, ROOT, files_below, major, our_files, package, run, version

debian = pytest.mark.skipif(not IS_DEBIANS, reason="the package is for Debian's own server")
soak = pytest.mark.skipif(not LONG, reason="part of make soak")


@pytest.fixture(scope="module")
def packages():
    """Two builds of this version, for an upgrade from one to the other, and the archive for PGXN."""
    first, archive = package("1")
    second, _ = package("2")
    return first, second, archive


def dpkg(folder, *options):
    """dpkg for a Debian of its own below `folder`, that has what the package depends on."""
    return run("dpkg", f"--root={folder}", "--force-not-root,script-chrootless,depends", *options)


@debian
def test_the_package_says_what_it_is(packages):
    name = f"postgresql-{major()}-inventory-core"
    assert packages[0].name.startswith(f"{name}_{version()}-1_")
    assert run("dpkg-deb", "--show", "--showformat", "${Package} ${Version}", packages[0]) == f"{name} {version()}-1"
    depends = run("dpkg-deb", "--field", packages[0], "Depends")
    assert depends.startswith(f"postgresql-{major()}, ") and "libc6 (>= " in depends


@debian
def test_it_installs_upgrades_and_removes_cleanly(packages, tmp_path):
    database = tmp_path / "var/lib/dpkg"
    for folder in ("info", "updates", "triggers"):
        (database / folder).mkdir(parents=True)
    (database / "status").touch()
    documents = f"/usr/share/doc/postgresql-{major()}-inventory-core/"
    for number in (0, 1):
        dpkg(tmp_path, "--install", packages[number])
        installed = {path for path in files_below(tmp_path) if not path.startswith("/var/")}
        assert {path for path in installed if not path.startswith(documents)} == our_files()
        assert {documents + name for name in ("README.md", "copyright", "changelog.gz")} <= installed
        assert run("dpkg-query", f"--admindir={database}", "--show", "--showformat", "${Version} ${db:Status-Status}"
                   ) == f"{version()}-{number + 1} installed"
        dpkg(tmp_path, "--verify")
    for path in our_files():
        if not path.endswith(".so"):                # that one is stripped
            assert (tmp_path / path[1:]).read_bytes() == open(path, "rb").read(), path
    dpkg(tmp_path, "--purge", f"postgresql-{major()}-inventory-core")
    assert {path for path in files_below(tmp_path) if not path.startswith("/var/")} == set()


def test_uninstall_takes_away_what_install_put_there(tmp_path):
    environment = {"DESTDIR": str(tmp_path), "PG_CONFIG": str(PG_CONFIG)}
    run("make", "-C", ROOT, "--no-print-directory", "install", **environment)
    assert files_below(tmp_path) == our_files()
    run("make", "-C", ROOT, "--no-print-directory", "uninstall", **environment)
    assert files_below(tmp_path) == set()


@debian
def test_the_archive_for_pgxn(packages):
    meta = json.loads((ROOT / "META.json").read_text("utf-8"))
    assert {"name", "version", "abstract", "maintainer", "license", "provides", "meta-spec"} <= meta.keys()
    provided = meta["provides"]["inventory_core"]
    assert meta["version"] == provided["version"] == version()
    with zipfile.ZipFile(packages[2]) as archive:
        names = archive.namelist()
        assert {name.split("/")[0] for name in names} == {f"inventory_core-{version()}"}
        for name in ("META.json", "Makefile", "inventory_core.control", provided["file"], provided["docfile"]):
            assert f"inventory_core-{version()}/{name}" in names


def objects_of(script):
    """As scripts/schema compares: object by object, without line numbers."""
    lines = [line for line in script.read_text("utf-8").splitlines() if not line.startswith("-- src/")]
    return sorted("\n".join(lines).split("/* <begin connected objects> */"))


def functions_of(library):
    return {line.split()[-1] for line in run("nm", "-D", "--defined-only", library).splitlines() if " pg_finfo_" in line}


def pg_config_of_a_server_below(folder):
    """The real one, but that extensions go below `folder`."""
    program = folder / "pg_config"
    program.write_text(f'#!/bin/sh\ncase $1 in\n--pkglibdir | --sharedir) echo "{folder}/root$({PG_CONFIG} "$1")" ;;\n'
                       f'*) exec {PG_CONFIG} "$@" ;;\nesac\n', encoding="utf-8")
    program.chmod(0o755)
    for path in our_files():
        (folder / "root" / path[1:]).parent.mkdir(parents=True, exist_ok=True)
    return program


@soak
@pytest.mark.parametrize("command", ["package --out-dir {root}", "install --release"])
def test_cargo_pgrx_gives_the_same(command, tmp_path):
    config = PG_CONFIG if "package" in command else pg_config_of_a_server_below(tmp_path)
    run("bash", "-c", f". {ROOT}/scripts/common.sh; cd {ROOT}; need_cargo; need_server; "
        f'cargo_pgrx {command.format(root=tmp_path / "root")} --pg-config "$PG_CONFIG" '
        '--no-default-features --features "pg$PG_MAJOR"',
        PG_CONFIG=str(config), CARGO_TARGET_DIR=str(ROOT / "target/cargo-pgrx"))    # it links in another way
    assert files_below(tmp_path / "root") == our_files()
    for path in our_files():
        made = tmp_path / "root" / path[1:]
        if path.endswith(".so"):
            assert functions_of(made) == functions_of(path) != set()
        elif path.endswith(".control"):
            assert made.read_text("utf-8") == open(path, encoding="utf-8").read()
        elif path.endswith(f"--{version()}.sql"):
            assert objects_of(made) == objects_of(ROOT / "sql" / made.name)


IN_FRESH_DEBIAN = """
set -eu
unset ${!PG*}       # of the server that the tests run beside
export DEBIAN_FRONTEND=noninteractive
dpkg --install /first.deb
echo "listen_addresses = ''" >/etc/postgresql/15/main/conf.d/here.conf
pg_ctlcluster 15 main start
as_server="setpriv --reuid postgres --regid postgres --init-groups"
# not by pg_ctlcluster: there is no /proc here
stop="$as_server /usr/lib/postgresql/15/bin/pg_ctl stop -s -m fast -D /var/lib/postgresql/15/main"
trap "$stop" EXIT
psql="$as_server psql -XAtq -v ON_ERROR_STOP=1"
$psql -c 'CREATE EXTENSION inventory_core'
$psql -c "SELECT run_id FROM inventory_core.start_run('acme', '{}')" >/tmp/run
items='[{"policy_type": "vm", "external_id": "i-1"}]'
$psql -c "SELECT inventory_core.upsert_items('acme', '$(cat /tmp/run)', '$items')"
dpkg --install /second.deb
$psql -c 'ALTER EXTENSION inventory_core UPDATE'
$psql -c "SELECT 'status ' || status FROM inventory_core.finish_run('acme', '$(cat /tmp/run)')"
$psql -c 'DROP EXTENSION inventory_core'
trap - EXIT
$stop
dpkg --purge postgresql-15-inventory-core
find / -xdev \\( -name '*inventory_core*' -o -name '*inventory-core*' \\) | sed 's/^/left over: /'
"""


@soak
@debian
def test_it_works_in_a_fresh_debian(packages, tmp_path):
    root = tmp_path / "debian"
    run("debootstrap", "--variant=minbase", "--include=postgresql-15,libgcc-s1", "bookworm", root)
    for name, made in zip(("first", "second"), packages):
        run("cp", made, root / f"{name}.deb")
    said = run("chroot", root, "bash", "-c", IN_FRESH_DEBIAN, LANG="C.UTF-8")
    assert "status success" in said
    assert "left over" not in said
