"""Running code in the tab's own Python, with what a tab downloads, under Node."""

from __future__ import annotations

import json
import subprocess

from workbench.live.build import CACHE
from workbench.live.node import find_node
from workbench.live.packages import installed_packages
from workbench.live.site_files import LiveFiles

PROGRAM = r"""
import { readFileSync } from "node:fs";
const { pyodide, files, unpacked, library, code } = JSON.parse(readFileSync(0, "utf8"));
const { loadPyodide } = await import(pyodide);
const python = await loadPyodide({ stdLibURL: library });
python.FS.mkdirTree("/lib/packages");
for (const [name, path] of Object.entries(files)) {
  const place = `/lib/packages/${name.replace(/\.zip$/, unpacked.includes(name) ? "" : ".zip")}`;
  const content = new Uint8Array(readFileSync(path));
  if (unpacked.includes(name)) python.unpackArchive(content, "zip", { extractDir: place });
  else python.FS.writeFile(place, content);
  python.runPython(`import sys; sys.path.append("${place}")`);
}
console.log(JSON.stringify(python.runPython(code)));
"""


def value_in_tab(code: str, live: LiveFiles) -> object:
    """Return the value of the last line of ``code``: a string, a number or a truth value."""
    manifest = json.loads(live.manifest.read_text(encoding="utf-8"))
    path = {name: str(live.live / asset["file"]) for name, asset in manifest["assets"].items()}
    archives = [name for name in path if name.endswith(".zip") and name != "python_stdlib.zip"]
    node = find_node(print, CACHE)
    pyodide = installed_packages(node, CACHE).modules / "pyodide" / "pyodide.mjs"
    given = {
        "pyodide": pyodide.as_uri(),
        "files": {name: path[name] for name in archives},
        "unpacked": manifest["unpacked"],
        "library": path["python_stdlib.zip"],
        "code": code,
    }
    done = subprocess.run(
        [str(node.program), "--input-type=module", "--eval", PROGRAM],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])
