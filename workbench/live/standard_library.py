"""The part of Python's standard library that a tab downloads."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from workbench.live.python_files import Files

# What needs a terminal, a network, other processes, or Python in place of compiled modules that
# are there; and the encodings of single scripts.
_LEFT_OUT = re.compile(
    r"""
    (?: _aix_support | _android_support | _apple_support | _ios_support | _osx_support | _pyio
      | _pydatetime | _pydecimal | _pyrepl | _py_warnings_never | antigravity | bdb | cProfile
      | dbm | doctest | ensurepip | ftplib | idlelib | imaplib | lib2to3 | mailbox
      | multiprocessing | pdb | pickletools | poplib | profile | profiling | pstats | pty | pydoc
      | pydoc_data | smtplib | sqlite3 | test | this | tkinter | trace | tracemalloc | tty | turtle
      | turtledemo | unittest | venv | webbrowser | wsgiref | xmlrpc | zipapp
    ) (?: \.py$ | / )
    | ctypes/macholib/ | http/server\.py | xml/sax/ | xml/dom/
    | encodings/(?: big5 | charmap | cp(?!437) | euc | gb | hp_ | hz | iso | johab | koi8 | kz
      | mac_ | palmos | ptcp | shift | tis )
    """,
    re.VERBOSE,
)


def library_files(archive: Path) -> Files:
    """Return what a tab needs of ``archive``, the standard library that Pyodide comes with."""
    with zipfile.ZipFile(archive) as library:
        return {
            name: library.read(name)
            for name in library.namelist()
            if not name.endswith("/") and not _LEFT_OUT.match(name)
        }
