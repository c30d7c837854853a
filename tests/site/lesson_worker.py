"""Running the cells of a lesson in a page, in a worker as the page's own script starts it."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from typing import Any

from workbench.execution.notebook import Notebook, code_cells, source
from workbench.live.site_files import LiveFiles

IN_THE_PAGE = """async ({manifest, base, cells, jspi}) => {
  const worker = new Worker(new URL(manifest.assets["worker.mjs"].file, base), {type: "module"});
  const outputs = {};
  let settle;
  const next = (kind) => new Promise((resolve, reject) => {
    settle = reject;
    worker.onmessage = ({data}) => {
      if (data.kind === "output") (outputs[data.run] ??= []).push(data.output);
      else if (data.kind === "failed") reject(new Error(data.message));
      else if (data.kind === kind) resolve(data);
    };
  });
  worker.onerror = (event) => settle(new Error(event.message));
  try {
    let answer = next("started");
    worker.postMessage({op: "start", manifest, base, jspi});
    const started = await answer;
    const ran = [];
    for (const [run, {id, source}] of cells.entries()) {
      answer = next("finished");
      worker.postMessage({op: "run", run, source, cell: id});
      const {status} = await answer;
      ran.push({id, status, outputs: outputs[run] ?? []});
      if (status === "error") break;
    }
    return {jspi: started.jspi, postgresql: started.postgresql, ran};
  } finally {
    worker.terminate();
  }
}"""


@dataclass(frozen=True)
class Ran:
    """What became of a lesson: the outputs of its cells, and the error that ended it."""

    executed: Notebook
    error: str | None
    jspi: bool


async def run_in(page: Any, url: str, files: LiveFiles, lesson: Notebook, *, jspi: bool) -> Ran:
    """Run every code cell of ``lesson`` in ``page`` on the ``files`` below ``url``."""
    answer = await page.evaluate(
        IN_THE_PAGE,
        {
            "manifest": json.loads(files.manifest.read_text(encoding="utf-8")),
            "base": f"{url}live/",
            "cells": [{"id": cell["id"], "source": source(cell)} for cell in code_cells(lesson)],
            "jspi": jspi,
        },
    )
    executed = copy.deepcopy(lesson)
    outputs = {cell["id"]: cell["outputs"] for cell in answer["ran"]}
    for cell in code_cells(executed):
        cell["outputs"] = outputs.get(cell["id"], [])
    last = answer["ran"][-1]
    error = None
    if last["status"] == "error":
        said = last["outputs"][-1]
        error = f"{last['id']}: {said['message']}\n" + "\n".join(said["traceback"])
    return Ran(executed, error, answer["jspi"])
