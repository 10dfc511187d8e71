"""The documentation is right: its code runs, its printed values and its tables hold."""

from __future__ import annotations

import importlib.util
import math
import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dpy

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
CONVENTIONS = ROOT / "docs" / "conventions.md"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ROW = re.compile(r"^\| `(.+?)` \| `(.+?)` \| `(.+?)` \|$", re.MULTILINE)
LINK = re.compile(r"\]\(([^)#]+)")


def load(path: Path, code: str) -> dict[str, Any]:
    """Run code from a file, so that its functions have a source like all others."""
    path.write_text(code, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return vars(module)


# --- code -------------------------------------------------------------------------------------


def blocks() -> list[Any]:
    found = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for match in BLOCK.finditer(text):
            line = text.count("\n", 0, match.start()) + 2
            found.append(pytest.param(match[1], id=f"{page.name}:{line}"))
    return found


@pytest.mark.parametrize("code", blocks())
def test_code_runs_and_prints_what_it_says(code: str, tmp_path: Path, capsys: Any) -> None:
    load(tmp_path / "block.py", code)
    said = re.findall(r"^ *print\(.*\)  # (.*)$", code, re.MULTILINE)
    assert capsys.readouterr().out.splitlines() == said
    assert len(re.findall(r"^ *print\(", code, re.MULTILINE)) == len(said)


def test_the_readme_opens_with_code_of_about_ten_lines() -> None:
    first = BLOCK.search((ROOT / "README.md").read_text(encoding="utf-8"))
    assert first is not None
    assert len([line for line in first[1].splitlines() if line.strip()]) <= 12


# --- the tables of conventions ----------------------------------------------------------------

CONVENTION_ROWS = ROW.findall(CONVENTIONS.read_text(encoding="utf-8"))


def same(got: Any, expected: Any) -> bool:
    """Equal in type, dtype, shape and value, down to the leaves."""
    if isinstance(expected, np.ndarray):
        return (
            isinstance(got, np.ndarray)
            and got.dtype == expected.dtype
            and np.array_equal(got, expected)
        )
    if type(got) is not type(expected):
        return False
    if isinstance(expected, (tuple, list)):
        return len(got) == len(expected) and all(map(same, got, expected))
    if isinstance(expected, dict):
        return got.keys() == expected.keys() and all(same(got[k], expected[k]) for k in got)
    return bool(got == expected)


def test_there_are_as_many_conventions_as_rows() -> None:
    lines = CONVENTIONS.read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if line.startswith("| `")]
    assert len(rows) == len(CONVENTION_ROWS) > 30


@pytest.mark.parametrize(("expression", "at", "expected"), CONVENTION_ROWS)
def test_convention(expression: str, at: str, expected: str, tmp_path: Path) -> None:
    names = {"np": np, "math": math, "Fraction": Fraction}
    point: dict[str, Any] = {}
    exec(at, dict(names), point)
    head = "import math\nfrom fractions import Fraction\n\nimport numpy as np\n\n\n"
    code = f"{head}def f({', '.join(point)}):\n    return {expression}\n"
    f: Callable[..., Any] = load(tmp_path / "convention.py", code)["f"]
    gradients = dpy.gradient(f, *point.values())
    wanted = eval(expected, dict(names))
    assert same(gradients, (wanted,) if len(point) == 1 else wanted), gradients


# --- pages that must agree with something else ------------------------------------------------


def test_the_page_of_errors_is_up_to_date() -> None:
    spec = importlib.util.spec_from_file_location("make_errors", ROOT / "docs" / "make_errors.py")
    assert spec is not None and spec.loader is not None
    make_errors = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make_errors)
    written = make_errors.PAGE.read_text(encoding="utf-8")
    assert written == make_errors.page(), "run: python docs/make_errors.py"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    links = [link for link in LINK.findall(page.read_text(encoding="utf-8")) if "://" not in link]
    assert not [link for link in links if not (page.parent / link).exists()]


def test_the_readme_has_the_two_commands() -> None:
    commands = re.findall(
        r"^python3\.11 -m venv \.venv && .*$",
        (ROOT / "README.md").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    assert [command.rpartition(" && ")[2] for command in commands] == [
        ".venv/bin/python -m examples.main",
        ".venv/bin/python -m pytest -n 2",
    ]
