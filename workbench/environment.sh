#!/bin/sh
# Usage: environment.sh FOLDER LOCK
# Make the virtual environment FOLDER with what LOCK pins. PYTHON names an interpreter to use.
set -eu
folder=$1
lock=$2

suits() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 12))' >/dev/null 2>&1
}

if [ -x "$folder/bin/python" ] && suits "$folder/bin/python"; then
    python=
else
    python=
    for candidate in ${PYTHON:-"python$(cat .python-version)" python3 python3.14 python3.12 python}; do
        if suits "$candidate"; then
            python=$candidate
            break
        fi
    done
    if [ -z "$python" ]; then
        found=$("${PYTHON:-python3}" --version 2>/dev/null || echo "no Python 3")
        echo "Python 3.12 or later is needed and $found was found: install Python $(cat .python-version) and run make again, or name one with make PYTHON=/path/to/python3.13." >&2
        exit 1
    fi
fi

if [ -n "$python" ]; then
    echo "Making $folder with $("$python" --version)"
    rm -rf "$folder"
    if ! "$python" -m venv "$folder" >/dev/null 2>&1; then
        echo "$("$python" --version) cannot make virtual environments: install its venv package (on Debian and Ubuntu, apt install python3-venv) and run make again." >&2
        exit 1
    fi
fi

echo "Installing $lock into $folder"
if ! "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes --requirement "$lock"; then
    echo "The packages of $lock could not be installed, for the reason above; run make again to try once more." >&2
    exit 1
fi
