"""scripts/release freezes what is released, and notices a change of it."""

import shutil
import subprocess

import pytest

from versions import ROOT, current


def release(folder, *options):
    return subprocess.run([folder / "scripts" / "release", *options], capture_output=True, encoding="utf-8")


@pytest.fixture
def copy(tmp_path):
    """What the script reads, to be frozen and changed."""
    for name in ("Cargo.toml", "Cargo.lock", "CHANGELOG.md", "rustfmt.toml"):
        shutil.copy(ROOT / name, tmp_path)
    for folder in ("scripts", "sql", "src"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    (tmp_path / "sql" / "released.sha256").unlink(missing_ok=True)
    changelog = tmp_path / "CHANGELOG.md"
    changelog.write_text(f"## {current()}\n\n" + changelog.read_text("utf-8"), encoding="utf-8")
    return tmp_path


def raise_version(folder, version):
    cargo = folder / "Cargo.toml"
    cargo.write_text(cargo.read_text("utf-8").replace(f'version = "{current()}"', f'version = "{version}"', 1), encoding="utf-8")
    lock = folder / "Cargo.lock"
    lock.write_text(lock.read_text("utf-8").replace(f'"inventory_core"\nversion = "{current()}"',
                                                    f'"inventory_core"\nversion = "{version}"'), encoding="utf-8")


def test_what_is_released_is_frozen():
    """Here and now."""
    done = release(ROOT, "--check")
    assert done.returncode == 0, done.stderr


def test_a_changed_script_is_noticed(copy):
    assert release(copy).returncode == 0
    assert release(copy, "--check").returncode == 0
    script = copy / "sql" / f"inventory_core--{current()}.sql"
    script.write_text(script.read_text("utf-8") + "-- one line more\n", encoding="utf-8")
    assert release(copy, "--check").returncode != 0
    assert "was changed" in release(copy, "--check").stderr
    script.unlink()
    assert release(copy, "--check").returncode != 0


def test_a_version_is_released_once_and_with_a_way_to_it(copy):
    assert release(copy).returncode == 0
    assert "is released" in release(copy).stderr
    raise_version(copy, "99.0.0")
    shutil.copy(copy / "sql" / f"inventory_core--{current()}.sql", copy / "sql" / "inventory_core--99.0.0.sql")
    assert "has no section for" in release(copy).stderr
    (copy / "CHANGELOG.md").write_text("## 99.0.0\n", encoding="utf-8")
    assert "there would be no upgrade" in release(copy).stderr
    (copy / "sql" / f"inventory_core--{current()}--99.0.0.sql").write_text("SELECT 1;\n", encoding="utf-8")
    done = release(copy)
    assert done.returncode == 0, done.stderr
    assert release(copy, "--check").returncode == 0
