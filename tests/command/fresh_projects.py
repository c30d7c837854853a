"""Three projects as people lay them out, to copy snippets into."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class FreshProject:
    """Its files, the package to copy into, and where its tests will be."""

    name: str
    into: str
    tests: str
    files: dict[str, str]

    def make(self, folder: Path) -> Path:
        """Write the files into ``folder`` and return it."""
        for path, text in self.files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
        return folder


BARE = FreshProject(
    name="bare",
    into="shop/patterns",
    tests="tests/shop_patterns",
    files={
        "pyproject.toml": '[project]\nname = "shop"\nversion = "0"\nrequires-python = ">=3.12"\n',
        "shop/__init__.py": "",
    },
)
FASTAPI = FreshProject(
    name="fastapi",
    into="app/db",
    tests="tests/app_db",
    files={
        "pyproject.toml": """\
[project]
name = "service"
version = "0"
requires-python = ">=3.12"
dependencies = ["fastapi"]  # the web

[tool.pytest.ini_options]
asyncio_mode = "auto"
testpaths = ["tests"]

[tool.ruff]
line-length = 100
""",
        "app/__init__.py": "",
        "app/main.py": "from fastapi import FastAPI\n\napp = FastAPI()\n",
        "app/db/__init__.py": '"""Our own."""\n',
        "app/db/engine.py": "POOL = 5\n",
        "tests/__init__.py": "",
        "tests/test_main.py": "from app.main import app\n\n\ndef test_it_is_there() -> None:\n"
        '    assert app.title == "FastAPI"\n',
    },
)
# The root of imports is below src, tests are no package, and pytest neither changes sys.path nor
# puts the folder of a test there.
SRC = FreshProject(
    name="src",
    into="src/acme/storage",
    tests="checks/storage",
    files={
        "pyproject.toml": """\
[project]
name = "acme"
version = "0"
requires-python = ">=3.12,<4"
dependencies = [
    'sqlalchemy[asyncio]>=2.1',
]

[dependency-groups]
test = ["pytest"]

[tool.pytest.ini_options]
addopts = ["--import-mode=importlib"]
pythonpath = ["src"]
testpaths = ["checks"]

[tool.mypy]
mypy_path = "src"
explicit_package_bases = true

[tool.ruff]
line-length = 100
src = ["src"]
""",
        "src/acme/__init__.py": "",
        "src/acme/py.typed": "",
        "checks/test_version.py": "import acme\n\n\ndef test_it_is_there() -> None:\n"
        '    assert acme.__name__ == "acme"\n',
    },
)
PROJECTS = (BARE, FASTAPI, SRC)
