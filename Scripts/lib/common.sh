# shellcheck shell=bash
# What every script shares. To be sourced after `set -euo pipefail`.

# Exit codes as in sysexits.h, the same that the executables use. Not every script uses every one.
# shellcheck disable=SC2034
EX_USAGE=64 EX_DATAERR=65 EX_UNAVAILABLE=69 EX_CANTCREAT=73

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cache_root="${XDG_CACHE_HOME:-$HOME/.cache}/gensim"

# Progress goes to stderr, so that what a script returns (a folder, a JSON object) can be captured from stdout.
say() { printf '%s\n' "$*" >&2; }

# die CODE MESSAGE: one line that says what happened and what to do.
die() {
    local code=$1
    shift
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit "$code"
}

# Every script sets its own before it calls usage_error.
usage_line=

# usage_error MESSAGE: for a wrong flag.
usage_error() {
    printf '%s: %s\n%s\n' "$(basename "$0")" "$1" "$usage_line" >&2
    exit "$EX_USAGE"
}

# quiet LOG COMMAND...: runs a command with its output in a file; the caller says what a failure means.
quiet() {
    local log=$1
    shift
    mkdir -p "$(dirname "$log")"
    "$@" >"$log" 2>&1
}

# logged LOG COMMAND...: the same, and shows the file's end if the command fails.
logged() {
    local log=$1 status=0
    quiet "$@" || status=$?
    if ((status != 0)); then
        tail -n 60 "$log" >&2
        say "$(basename "$0"): \`${*:2}\` failed with status $status; the whole output is in $log"
    fi
    return "$status"
}

# phase NAME COMMAND...: runs a command and prints the seconds that it took.
phase() {
    local name=$1 started=$SECONDS status=0
    shift
    "$@" || status=$?
    if ((status == 0)); then
        say "== $name: $((SECONDS - started)) s"
    else
        say "== $name: failed after $((SECONDS - started)) s"
    fi
    return "$status"
}
