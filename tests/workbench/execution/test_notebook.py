"""Notebooks have one form, so that equal content is equal bytes."""

from pathlib import Path

import pytest

from workbench.execution.notebook import (
    BrokenNotebook,
    as_text,
    needs_server,
    needs_stacks,
    outputs,
    read_notebook,
)


def stream(text: str, name: str = "stdout") -> dict[str, object]:
    return {"output_type": "stream", "name": name, "text": text}


def test_a_stream_is_the_same_however_it_arrives_in_pieces() -> None:
    pieces = outputs({"outputs": [stream("a"), stream("b\nc"), stream("d")]})
    assert pieces == outputs({"outputs": [stream("ab\ncd")]})


def test_streams_of_different_names_stay_apart() -> None:
    assert len(outputs({"outputs": [stream("a"), stream("b", "stderr"), stream("c")]})) == 3


def test_times_and_traces_of_the_kernel_are_left_out() -> None:
    cell = {
        "cell_type": "code",
        "id": "a",
        "metadata": {"execution": {"iopub.status.busy": "2026"}, "tags": ["setup"]},
        "source": "1",
        "execution_count": 1,
        "outputs": [
            {"output_type": "display_data", "data": {"text/plain": "1"}, "transient": {"id": "x"}}
        ],
    }
    text = as_text({"cells": [cell], "metadata": {"widgets": {}}})
    assert "2026" not in text
    assert "transient" not in text
    assert "widgets" not in text
    assert '"setup"' in text


def test_why_a_lesson_needs_a_server_stays_in_its_one_form(tmp_path: Path) -> None:
    path = tmp_path / "needy.ipynb"
    path.write_text(as_text({"cells": [], "metadata": {"needs_server": "It ends its backend."}}))
    assert needs_server(read_notebook(path)) == "It ends its backend."
    assert needs_server({"cells": [], "metadata": {}}) is None
    assert "needs_server" not in as_text({"cells": [], "metadata": {}})


def test_that_a_lesson_needs_stacks_stays_in_its_one_form(tmp_path: Path) -> None:
    path = tmp_path / "pooled.ipynb"
    path.write_text(as_text({"cells": [], "metadata": {"needs_stack_switching": True}}))
    assert needs_stacks(read_notebook(path))
    assert "stack" not in as_text({"cells": [], "metadata": {"needs_stack_switching": False}})


@pytest.mark.parametrize("content", ["", "{", "[]", '{"cells": 1}'])
def test_what_is_no_notebook_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "broken.ipynb"
    path.write_text(content)
    with pytest.raises(BrokenNotebook, match=r"broken\.ipynb"):
        read_notebook(path)
