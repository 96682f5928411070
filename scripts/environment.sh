# Read by the other scripts: finds Python, and makes the environment in .venv from the pinned requirement files.
# Expects the current folder to be the root of the clone.

say() {
    printf '%s\n' "$*"
}

fail() {
    printf '%s\n' "$*" >&2
    exit 1
}

new_enough() {
    "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

# Set $python to a Python of 3.11 or newer: the one in .venv if it still runs, else the first on the PATH.
find_python() {
    for python in .venv/bin/python python3 python3.13 python3.12 python3.11 python; do
        if new_enough "$python"; then
            return
        fi
    done
    found=$(python3 --version 2>/dev/null || echo 'no python3 at all')
    fail "Python 3.11 or newer is needed, with its venv module (on Debian: apt-get install python3-venv)." \
        "The PATH has $found."
}

# Everything that is only of the moment lies in .cache, which git ignores.
make_scratch() {
    mkdir -p .cache/tmp
}

fingerprint() { # fingerprint FILE: of the pins and of the Python that they were installed for
    "$python" - "$1" <<'PYTHON'
import hashlib, pathlib, sys
print(hashlib.sha256(pathlib.Path(sys.argv[1]).read_bytes()).hexdigest(), "%d.%d" % sys.version_info[:2])
PYTHON
}

installed() { # installed NAME: are the pins of requirements/NAME.txt what .venv holds?
    [ -x .venv/bin/python ] && [ "$(cat ".venv/pins-$1" 2>/dev/null)" = "$(fingerprint "requirements/$1.txt")" ]
}

# make_environment run|test: afterwards .venv holds exactly these pins, and $python is its Python.
make_environment() {
    find_python
    if installed "$1"; then
        python=.venv/bin/python
        lead_to_sources
        return
    fi
    make_scratch
    if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
        say "Making the Python environment in .venv ($("$python" --version))."
        "$python" -m venv --clear .venv || fail "The environment could not be made."
    fi
    say "Installing $(grep -c '==' "requirements/$1.txt") pinned packages. This takes a minute or two."
    rm -f .venv/pins-*
    # The pins are complete, so nothing is left to work out (--no-deps). Left to it, an old pip asked for an extra, as in
    # coverage[toml], takes the newest version on the index instead of the pinned one, and then refuses it for want of a hash.
    TMPDIR="$PWD/.cache/tmp" .venv/bin/python -m pip install -qq --disable-pip-version-check \
        --no-deps --only-binary :all: --require-hashes -r "requirements/$1.txt" \
        || fail "The packages could not be installed. The lines above say why; run this again to continue."
    .venv/bin/python -m pip --disable-pip-version-check check >.cache/tmp/pip-check \
        || fail "The pinned packages do not fit together: $(cat .cache/tmp/pip-check)"
    python=.venv/bin/python
    lead_to_sources
    if [ "$1" = test ]; then
        # The checks need all that the service needs, at the same versions.
        fingerprint requirements/run.txt >.venv/pins-run
    fi
    fingerprint "requirements/$1.txt" >".venv/pins-$1"
}

# The project itself is not copied: a path file leads from .venv to the clone, and a launcher stands for the command. Both
# are relative, so that neither the name of the folder, whatever script it is written in, nor moving it can break them.
lead_to_sources() {
    "$python" - <<'PYTHON'
import os, pathlib, sysconfig
library = pathlib.Path(sysconfig.get_path("purelib"))
(library / "archive_service.pth").write_text(os.path.relpath(pathlib.Path.cwd(), library) + "\n", encoding="ascii")
PYTHON
    cat >.venv/bin/archive-service <<'LAUNCHER'
#!/bin/sh
exec "$(dirname -- "$(readlink -f -- "$0")")/python" -m archive_service "$@"
LAUNCHER
    chmod +x .venv/bin/archive-service
}
