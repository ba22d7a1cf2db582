"""The tests beside this file need Citus, which no registry has and nothing of this repository fetches (docs/scaling.md)."""

from cluster import has_citus


def test_whether_citus_is_here(capsys):
    with capsys.disabled():
        print(" Citus is installed for this server" if has_citus() else
              " not run: this server has no Citus", end=" ")
