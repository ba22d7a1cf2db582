# shellcheck shell=bash
# Sourced by the scripts beside it: where things are, and who runs what.
set -euo pipefail
shopt -s inherit_errexit

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# What is supported.
# shellcheck disable=SC2034  # for scripts/package and .ci/run
MAJORS=(15 16 17 18 19)
# Debian's own server: 15 in Debian 12.
own_major=15
# shellcheck source=/dev/null
[[ ! -e /etc/os-release || $(. /etc/os-release && echo "${VERSION_CODENAME:-}") != trixie ]] || own_major=17
DEFAULT_PG_CONFIG=/usr/lib/postgresql/$own_major/bin/pg_config
PGRX_VERSION=$(sed -nE 's/^pgrx = .*"=([0-9.]+)".*/\1/p' "$ROOT/Cargo.toml")
CACHE_DIR=${XDG_CACHE_HOME:-$HOME/.cache}/inventory_core
# Servers from elsewhere run as postgres, who cannot enter root's home.
# shellcheck disable=SC2034  # for scripts/server-from-debian and scripts/server-from-pypi
SERVERS_DIR=$([[ $EUID -eq 0 ]] && echo /var/cache/inventory_core || echo "$CACHE_DIR")
PGSPOT_VERSION=0.9.4
# shellcheck disable=SC2034  # for scripts/setup and tests/stage
PGSPOT=$CACHE_DIR/pgspot-$PGSPOT_VERSION/bin/pgspot
# What docs/frameworks.md is run with.
# shellcheck disable=SC2034  # for scripts/setup
FRAMEWORKS=(sqlalchemy==2.1.9 django==5.2.19 'psycopg[binary]==3.3.9')
# shellcheck disable=SC2034  # for scripts/setup
PRISMA_NODE=22.21.1
# shellcheck disable=SC2034  # for scripts/setup and tests/stage
FRAMEWORKS_PYTHON=$CACHE_DIR/frameworks/bin/python

# What docs/drivers.md is run with.
# shellcheck disable=SC2034  # for scripts/setup
DRIVERS=(asyncpg==0.32.0 pg8000==1.31.6 psycopg2-binary==2.9.13 'psycopg[binary]==3.3.9')
# shellcheck disable=SC2034  # for scripts/setup and tests/stage
DRIVERS_PYTHON=$CACHE_DIR/drivers/bin/python

die() {
    echo "$(basename "$0"): $*" >&2
    exit 1
}

as_root() {
    if [[ $EUID -eq 0 ]]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "this needs root, and there is no sudo: $*"
    fi
}

# A server must not run as root, and complains about a working directory that it may not enter.
# With RUST_BACKTRACE in its environment every error would carry a backtrace to the client.
as_server() (
    cd /
    unset RUST_BACKTRACE RUST_LIB_BACKTRACE
    if [[ $EUID -eq 0 ]]; then
        exec setpriv --reuid postgres --regid postgres --init-groups "$@"
    fi
    exec "$@"
)

need_cargo() {
    [[ -x ${CARGO_HOME:-$HOME/.cargo}/bin/cargo ]] && PATH=$PATH:${CARGO_HOME:-$HOME/.cargo}/bin
    cargo --version >/dev/null 2>&1 ||
        die "cargo is missing: install Rust $(sed -nE 's/^rust-version = "(.*)"/\1/p' "$ROOT/Cargo.toml") or newer (https://rustup.rs), then run this again"
}

# Finds the server: sets PG_CONFIG (absolute), PG_MAJOR, BINDIR; pgrx's build reads PGRX_PG_CONFIG_PATH.
# One value of it everywhere, or cargo builds pgrx again each time it changes.
need_server() {
    if [[ -z ${PG_CONFIG:-} ]]; then
        PG_CONFIG=pg_config
        [[ -x $DEFAULT_PG_CONFIG ]] && PG_CONFIG=$DEFAULT_PG_CONFIG
    fi
    PG_CONFIG=$(command -v "$PG_CONFIG") || die "no pg_config: run scripts/setup, or give PG_CONFIG=/path/to/pg_config"
    PG_CONFIG=$(cd "$(dirname "$PG_CONFIG")" && pwd)/$(basename "$PG_CONFIG")
    PG_MAJOR=$("$PG_CONFIG" --version | sed -E 's/^[^0-9]*([0-9]+).*/\1/')
    BINDIR=$("$PG_CONFIG" --bindir)
    [[ -x $BINDIR/postgres ]] || die "no server in $BINDIR: run scripts/setup, or give PG_CONFIG=/path/to/pg_config"
    export PG_CONFIG PG_MAJOR BINDIR PGRX_PG_CONFIG_PATH=$PG_CONFIG
}

# Goes on with a copy of the server (PG_CONFIG, BINDIR) into which anything may be installed. A server finds its folders from where
# its program is, so a copy of them with the same way from one to the other is a server too. Headers are linked.
use_server_copy() {
    local copy new prefix folder
    prefix=$(dirname "$BINDIR")
    copy=$SERVERS_DIR/copy-$PG_MAJOR-$(sha256sum <<<"$PG_CONFIG $ROOT" | cut -c1-8)
    if ! cmp -s "$BINDIR/postgres" "$copy$BINDIR/postgres"; then
        mkdir -p "$SERVERS_DIR"
        new=$(mktemp -d "$copy.XXXXXX")
        chmod 755 "$new"
        for folder in "$prefix" "$("$PG_CONFIG" --sharedir)"; do
            [[ ! -e $new$folder ]] || continue
            mkdir -p "$new$(dirname "$folder")"
            cp -a "$folder" "$new$folder"
        done
        folder=$("$PG_CONFIG" --includedir)
        if [[ ! -e $new$folder ]]; then
            mkdir -p "$new$(dirname "$folder")"
            ln -s "$folder" "$new$folder"
        fi
        rm -rf "$copy"
        mv -T "$new" "$copy"
    fi
    PG_CONFIG=$copy$BINDIR/pg_config
    need_server
}

# pg_config_of MAJOR: of the server that tests and packages of that major use; Debian's own where this Debian has it.
pg_config_of() {
    case $1 in
        "$own_major")
            [[ -x $DEFAULT_PG_CONFIG ]] || "$ROOT/scripts/setup" build >&2
            echo "$DEFAULT_PG_CONFIG"
            ;;
        16) "$ROOT/scripts/server-from-pypi" 16 ;;
        *) "$ROOT/scripts/server-from-debian" "$1" ;;
    esac
}

# Sets CARGO_PGRX, the one of pgrx's own version: cargo-pgrx and pgrx must match.
find_cargo_pgrx() {
    for CARGO_PGRX in cargo-pgrx "$CACHE_DIR/cargo-pgrx-$PGRX_VERSION/bin/cargo-pgrx"; do
        [[ $("$CARGO_PGRX" pgrx --version 2>/dev/null) == "cargo-pgrx $PGRX_VERSION" ]] && return
    done
    return 1
}

cargo_pgrx() {
    find_cargo_pgrx || die "cargo-pgrx $PGRX_VERSION is missing: run scripts/setup test"
    local shim=$ROOT/scripts/cargo-for-pgrx program
    program=$(command -v "$CARGO_PGRX")
    # cargo replaces CARGO; pgrx's tests, which call cargo-pgrx again, find the shim by CARGO_PGRX
    IC_CARGO_PGRX=$program CARGO=$shim CARGO_PGRX=$shim "$program" pgrx "$@"
}

# What scripts/build makes for the server of PG_CONFIG.
built_library() {
    echo "${CARGO_TARGET_DIR:-$ROOT/target}/release/pg$PG_MAJOR/inventory_core.so"
}

# Of the workspace, by its own table: nothing but a shell is needed.
crate_version() {
    sed -nE '/^\[workspace\.package\]/,/^\[/ s/^version = "(.*)"/\1/p' "$ROOT/Cargo.toml"
}
