"""The checks of JavaScript, with Node and without."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.missing import skip_unless_on_ci
from workbench.cli.failure import Failure
from workbench.live import checks
from workbench.live.checks import JavaScriptChecks
from workbench.live.node import NodeFailed, NoNode

quality = import_module("workbench.cli.quality")


@pytest.fixture
def checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Result:
    """The outcome of checking JavaScript alone, where there is no Node."""
    monkeypatch.setenv("WORKBENCH_NODE", str(tmp_path / "gone"))
    monkeypatch.setattr(quality, "_run", lambda *_, **__: 0)
    return CliRunner().invoke(quality.check, [])


class TestWithoutNode:
    @pytest.fixture(autouse=True)
    def here(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("CI", raising=False)

    def test_they_are_left_out_with_a_sentence(self, checked: Result) -> None:
        assert checked.exit_code == 0
        assert "  left    javascript: WORKBENCH_NODE names " in checked.output


class TestWithoutNodeOnCI:
    @pytest.fixture(autouse=True)
    def here(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CI", "true")

    def test_the_command_fails(self, checked: Result) -> None:
        assert isinstance(checked.exception, Failure)
        assert str(checked.exception).startswith("WORKBENCH_NODE names ")


def test_a_wrong_type_and_a_wrong_form_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        javascript = JavaScriptChecks(print)
    except (NoNode, NodeFailed) as error:
        skip_unless_on_ci(str(error))
    sources = tmp_path / "javascript"
    (sources / "build").mkdir(parents=True)
    for name in ("tsconfig.json", "build/tsconfig.json", "build/compress.mjs"):
        (sources / name).write_bytes((checks.SOURCES / name).read_bytes())
    (tmp_path / "biome.json").write_bytes((checks.HERE / "biome.json").read_bytes())
    monkeypatch.setattr(checks, "SOURCES", sources)
    monkeypatch.setattr(checks, "HERE", tmp_path)
    module = sources / "module.mjs"
    module.write_text("export const double = (/** @type {number} */ n) => 2 * n;\n")
    assert javascript.style_holds()
    assert javascript.types_hold()
    module.write_text("export const double = (/** @type {string} */ n) => 2 * n\n")
    assert not javascript.types_hold()
    assert "javascript/module.mjs(1," in capsys.readouterr().out
    assert not javascript.style_holds()
    javascript.mend()
    assert javascript.style_holds()
