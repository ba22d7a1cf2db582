"""Each package holds what it should where it should, and leaves nothing behind; so does make uninstall."""

import json
import subprocess
import zipfile

import pytest

from own_server import own_server
from packages import (IS_DEBIANS, LONG, PG_CONFIG, ROOT, files_below, functions_of, holds_the_extension, made_packages, major, major_of,
                      our_files, pg_config, run, unpack_image, version)

debian = pytest.mark.skipif(not IS_DEBIANS, reason="the package is installed beside Debian's own server")
soak = pytest.mark.skipif(not LONG, reason="part of make soak")


@pytest.fixture(scope="module")
def packages():
    return made_packages()


@pytest.fixture(scope="module")
def next_build():
    """Of the same version, for an upgrade from one to the other."""
    return made_packages("2")


def dpkg(folder, *options):
    """dpkg for a Debian of its own below `folder`, that has what the package depends on."""
    return run("dpkg", f"--root={folder}", "--force-not-root,script-chrootless,depends", *options)


def debians_files():
    return our_files(f"/usr/lib/postgresql/{major()}/lib", f"/usr/share/postgresql/{major()}/extension")


@pytest.mark.parametrize("said", ["PostgreSQL 19.0", "PostgreSQL 19.0 (Debian 19.0-1.pgdg12+1)", "PostgreSQL 19rc1 (Debian 19~rc1-1)",
                                  "PostgreSQL 19beta2", "PostgreSQL 19devel"])
def test_every_kind_of_version_has_a_major(said):
    assert major_of(said) == 19


def test_the_debian_package_says_what_it_is(packages):
    name = f"postgresql-{major()}-inventory-core"
    assert packages[".deb"].name.startswith(f"{name}_{version()}-1_")
    assert run("dpkg-deb", "--show", "--showformat", "${Package} ${Version}", packages[".deb"]) == f"{name} {version()}-1"
    depends = run("dpkg-deb", "--field", packages[".deb"], "Depends")
    assert depends.startswith(f"postgresql-{major()}, ") and "libc6 (>= " in depends


def test_the_debian_package_installs_upgrades_and_removes_cleanly(packages, next_build, tmp_path):
    database = tmp_path / "var/lib/dpkg"
    for folder in ("info", "updates", "triggers"):
        (database / folder).mkdir(parents=True)
    (database / "status").touch()
    documents = f"/usr/share/doc/postgresql-{major()}-inventory-core/"
    for number, build in enumerate((packages, next_build), start=1):
        dpkg(tmp_path, "--install", build[".deb"])
        installed = {path for path in files_below(tmp_path) if not path.startswith("/var/")}
        assert {path for path in installed if not path.startswith(documents)} == debians_files().keys()
        assert {documents + name for name in ("README.md", "copyright", "changelog.gz")} <= installed
        assert run("dpkg-query", f"--admindir={database}", "--show", "--showformat", "${Version} ${db:Status-Status}"
                   ) == f"{version()}-{number} installed"
        dpkg(tmp_path, "--verify")
    holds_the_extension(tmp_path, debians_files())
    dpkg(tmp_path, "--purge", f"postgresql-{major()}-inventory-core")
    assert {path for path in files_below(tmp_path) if not path.startswith("/var/")} == set()


def test_the_rpm(packages, tmp_path):
    """Placed as the RPMs of PostgreSQL's own repository are, and built against a C library that Red Hat 9 has (2.34)."""
    rpm = packages[".rpm"]
    said = run("rpm", "-qp", "--queryformat", "%{NAME} %{VERSION}-%{RELEASE} %{LICENSE}", rpm)
    assert said == f"inventory_core_{major()} {version()}-1 PostgreSQL"
    requires = run("rpm", "-qp", "--requires", rpm).splitlines()
    assert f"postgresql{major()}-server" in requires
    needed = [line.split("(GLIBC_")[1].split(")")[0] for line in requires if "(GLIBC_2" in line]
    assert max(tuple(map(int, number.split("."))) for number in needed) <= (2, 34)
    run("bash", "-c", 'set -o pipefail; cd "$1"; rpm2cpio "$2" | cpio -id --quiet', "-", tmp_path, rpm)
    wanted = our_files(f"/usr/pgsql-{major()}/lib", f"/usr/pgsql-{major()}/share/extension")
    assert {path for path in files_below(tmp_path) if not path.startswith("/usr/share/")} == wanted.keys()
    assert {path.rsplit("/", 1)[1] for path in files_below(tmp_path)} >= {"LICENSE", "README.md", "CHANGELOG.md", "operating.md"}
    holds_the_extension(tmp_path, wanted)


@pytest.mark.skipif(major() < 18, reason="extension_control_path came with PostgreSQL 18")
def test_a_server_takes_the_extension_from_the_image(packages, tmp_path):
    """As CloudNativePG sets it up: the image is a volume, of which the server knows by two settings. Here it comes before the
    server's own folders, in which the tests have the extension as well."""
    volume = tmp_path / "volume"
    labels = unpack_image(packages[".tar"], volume)
    assert labels["org.opencontainers.image.version"] == version()
    wanted = our_files("/lib", "/share/extension")
    assert files_below(volume) == wanted.keys() | {"/licenses/inventory_core/LICENSE"}
    holds_the_extension(volume, wanted)
    for folder in (tmp_path, *tmp_path.parents):        # the server is another OS user
        if folder.stat().st_mode & 0o005 != 0o005:
            subprocess.run(["chmod", "o+rx", folder], check=True)
    with own_server(extension_control_path=f"'{volume}/share:$system'", dynamic_library_path=f"'{volume}/lib:$libdir'") as server:
        with server.connect() as owner:
            owner.execute("CREATE EXTENSION inventory_core")
            assert owner.execute("SELECT inventory_core.selection_hash('{}')").fetchone()[0]
            maps = open(f"/proc/{owner.info.backend_pid}/maps", encoding="utf-8").read()
            assert f"{volume}/lib/inventory_core.so" in maps and f"{pg_config('--pkglibdir')}/inventory_core.so" not in maps


def test_uninstall_takes_away_what_install_put_there(tmp_path):
    environment = {"DESTDIR": str(tmp_path), "PG_CONFIG": str(PG_CONFIG)}
    run("make", "-C", ROOT, "--no-print-directory", "install", **environment)
    assert files_below(tmp_path) == our_files().keys()
    run("make", "-C", ROOT, "--no-print-directory", "uninstall", **environment)
    assert files_below(tmp_path) == set()


def test_the_archive_for_pgxn(packages):
    meta = json.loads((ROOT / "META.json").read_text("utf-8"))
    assert {"name", "version", "abstract", "maintainer", "license", "provides", "meta-spec"} <= meta.keys()
    provided = meta["provides"]["inventory_core"]
    assert meta["version"] == provided["version"] == version() and meta["release_status"] == "stable"
    with zipfile.ZipFile(packages[".zip"]) as archive:
        names = archive.namelist()
        assert {name.split("/")[0] for name in names} == {f"inventory_core-{version()}"}
        for name in ("META.json", "Makefile", "inventory_core.control", provided["file"], provided["docfile"]):
            assert f"inventory_core-{version()}/{name}" in names


def objects_of(script):
    """As scripts/schema compares: object by object, without line numbers."""
    lines = [line for line in script.read_text("utf-8").splitlines() if not line.startswith("-- src/")]
    return sorted("\n".join(lines).split("/* <begin connected objects> */"))


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
    assert files_below(tmp_path / "root") == our_files().keys()
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
def test_it_works_in_a_fresh_debian(packages, next_build, tmp_path):
    root = tmp_path / "debian"
    run("debootstrap", "--variant=minbase", "--include=postgresql-15,libgcc-s1", "bookworm", root)
    for name, made in (("first", packages), ("second", next_build)):
        run("cp", made[".deb"], root / f"{name}.deb")
    said = run("chroot", root, "bash", "-c", IN_FRESH_DEBIAN, LANG="C.UTF-8")
    assert "status success" in said
    assert "left over" not in said
