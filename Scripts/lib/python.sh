# shellcheck shell=bash
# Python environments from pinned requirements, kept in the cache. To be sourced after common.sh,
# which sets `cache_root`.
# shellcheck disable=SC2154

# The interpreter that Debian's python3-venv belongs to, or else the first on the path.
find_python() {
    local candidate
    for candidate in /usr/bin/python3 python3; do
        if command -v "$candidate" >/dev/null &&
            "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    return 1
}

# python_environment REQUIREMENTS: prints the interpreter of an environment that holds exactly these packages.
# The folder's name is a hash of the requirements and of the interpreter's version: another list is another folder,
# and a half-made one never gets the name. Returns 1 when it can't be made.
python_environment() {
    local requirements=$1 python key folder partial
    python=$(find_python) || {
        say "no Python 3.10 or newer with venv: install Debian's python3-venv"
        return 1
    }
    key=$({ cat "$requirements" && "$python" --version; } | sha256sum | cut -c1-16)
    folder="$cache_root/python-$key"
    if [[ ! -x $folder/bin/python ]]; then
        partial="$folder.partial.$$"
        rm -rf "$partial"
        mkdir -p "$cache_root"
        if ! "$python" -m venv "$partial" ||
            ! quiet "$cache_root/logs/pip.log" "$partial/bin/python" -m pip install --retries 2 --timeout 30 \
                --no-deps --only-binary :all: --require-hashes -r "$requirements"; then
            rm -rf "$partial"
            say "the Python packages could not be installed: is there a network?" \
                "pip's output is in $cache_root/logs/pip.log"
            return 1
        fi
        # Two scripts at once: the first to finish gives the folder its name, the other uses that one. An environment
        # may be moved, because it is only ever entered through its interpreter.
        mv -T "$partial" "$folder" 2>/dev/null || rm -rf "$partial"
    fi
    printf '%s\n' "$folder/bin/python"
}
