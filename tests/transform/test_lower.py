"""What is lowered must behave as the user's function does."""

from __future__ import annotations

import random
import sys
import types
from pathlib import Path
from typing import Any

import pytest

from dpy.errors import UnsupportedSyntaxError
from dpy.transform.ir import Function, If, Lit, Var, walk
from dpy.transform.lower import lower
from dpy.transform.rebuild import rebuild
from dpy.transform.show import show
from dpy.transform.source import read_source
from dpy.transform.verify import verify
from tests.transform.corpus import CASES, LOG, Case, fresh, scopes


def _lowered(function: Any) -> tuple[Function, types.FunctionType]:
    source = read_source(function)
    ir = lower(source)
    verify(ir)
    return ir, rebuild(ir, source, function)


def _outcome(function: Any, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """What can be observed of a call: value or exception, effects in order, arguments after."""
    arguments = fresh(arguments)
    LOG.clear()
    scopes.counter = 0
    cause = None
    try:
        value: Any = ("value", repr(function(*arguments)))
    except Exception as error:
        value = (type(error), str(error))
        cause = repr(error.__cause__)
    return value, cause, list(LOG), repr(arguments), scopes.counter


def _state(function: Any) -> list[Any]:
    return [cell.cell_contents for cell in function.__closure__ or ()]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.function.__qualname__)
def test_behaves_like_the_original(case: Case) -> None:
    ir, rebuilt = _lowered(case.function)
    for arguments in case.calls:
        cells = case.function.__closure__ or ()
        before = [getattr(cell, "cell_contents", None) for cell in cells]
        expected = _outcome(case.function, arguments)
        for cell, content in zip(cells, before, strict=True):
            cell.cell_contents = content
        got = _outcome(rebuilt, arguments)
        for cell, content in zip(cells, before, strict=True):
            cell.cell_contents = content
        assert got == expected, show(ir)


def test_the_corpus_is_broad() -> None:
    assert len(CASES) >= 120


# --- random control flow ------------------------------------------------------------------------


class _Writer:
    """Writes a random function with nested control flow that logs where it is."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.lines: list[str] = []
        self.count = 0

    def function(self) -> str:
        self.lines = ["def f(x, note):"]
        if self.random.random() < 0.3:
            self.lines.append("    v = x")
        self.block(1, 0)
        return "\n".join(self.lines) + "\n"

    def block(self, depth: int, loops: int) -> None:
        for _ in range(self.random.randint(1, 4)):
            self.statement(depth, loops)

    def add(self, depth: int, text: str) -> None:
        self.lines.append("    " * depth + text)

    def test(self) -> str:
        self.count += 1
        k = self.random.randint(2, 4)
        return self.random.choice(
            [
                f"note({self.count}) % {k} == 0",
                f"(x + note({self.count})) % {k} and x > {k}",
                f"x % {k} or note({self.count}) % 2",
                f"0 < note({self.count}) % {k} < x",
                f"not note({self.count}) % {k}",
            ]
        )

    def statement(self, depth: int, loops: int) -> None:
        r = self.random.random()
        self.count += 1
        if depth > 5 or r < 0.25:
            self.add(depth, f"x += note({self.count}) % 3")
        elif r < 0.33:
            self.add(depth, self.random.choice(["v = x", "w = x + 1", "note(v)", "x = v + 1"]))
        elif r < 0.40:
            self.add(depth, f"return {self.random.choice(['x', 'x, note(9)', '', 'v'])}")
        elif r < 0.56 and loops:
            self.add(depth, self.random.choice(["break", "continue"]))
        elif r < 0.58:
            self.add(depth, f"raise ValueError({self.count})")
        elif r < 0.80:
            self.add(depth, f"if {self.test()}:")
            self.block(depth + 1, loops)
            if self.random.random() < 0.3:
                self.add(depth, f"elif {self.test()}:")
                self.block(depth + 1, loops)
            if self.random.random() < 0.5:
                self.add(depth, "else:")
                self.block(depth + 1, loops)
        else:
            self.loop(depth, loops)

    def loop(self, depth: int, loops: int) -> None:
        kind = self.random.random()
        if kind < 0.6:
            self.add(depth, f"for i{depth} in range(note({self.count}) % 4):")
        elif kind < 0.8:
            self.add(depth, f"while {self.test()}:")
        else:
            self.add(depth, "while True:")
        self.add(depth + 1, "x += 1")
        self.block(depth + 1, loops + 1)
        if self.random.random() < 0.5:
            self.add(depth, "else:")
            self.block(depth + 1, loops)


class _Notes:
    """Deterministic answers that depend on all notes before; stops runaway loops."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.log: list[Any] = []

    def __call__(self, value: Any) -> int:
        self.log.append(value)
        if len(self.log) > 120:
            raise TimeoutError
        return self.random.randint(0, 11)


class _Number(int):
    """An int that counts its additions, so that endless loops without notes end too."""

    budget = 0

    def __add__(self, other: int) -> int:
        _Number.budget -= 1
        if _Number.budget < 0:
            raise TimeoutError
        return _Number(int(self) + int(other))


def _run(function: Any, seed: int) -> tuple[Any, ...]:
    notes = _Notes(seed)
    _Number.budget = 300
    try:
        value: Any = ("value", function(_Number(seed), notes))
    except Exception as error:
        value = (type(error), str(error))
    return value, notes.log


def _check_random(seeds: range, tmp_path: Any) -> None:
    text, spans = "", []
    for seed in seeds:
        body = _Writer(seed).function()
        spans.append(seed)
        text += body.replace("def f(", f"def f_{seed}(") + "\n\n"
    path = tmp_path / "programs.py"
    path.write_text(text)
    namespace: dict[str, Any] = {"__name__": "programs"}
    exec(compile(text, str(path), "exec"), namespace)
    for seed in spans:
        function = namespace[f"f_{seed}"]
        ir, rebuilt = _lowered(function)
        for start in range(6):
            assert _run(rebuilt, start) == _run(function, start), (seed, start, show(ir))


def test_random_control_flow(tmp_path: Any) -> None:
    _check_random(range(150), tmp_path)


# --- shape of the output ------------------------------------------------------------------------


def _straight(x, y):
    return x * y


def test_straight_line_return_is_an_atom() -> None:
    ir, _ = _lowered(_straight)
    assert show(ir) == "def _straight(x, y):\n    t_1 = x * y\n    return t_1"
    assert ir.result == Var("t_1")


def _two_ways(x):
    if x > 0:
        return x
    return -x


def test_an_early_return_needs_no_flag() -> None:
    ir, _ = _lowered(_two_ways)
    assert [type(s).__name__ for s in ir.body] == ["Assign", "If"]
    assert "returned" not in show(ir)


def _search(items, wanted):
    for i, item in enumerate(items):
        if item == wanted:
            return i
    return -1


def test_a_return_in_a_loop_has_one_flag() -> None:
    text = show(_lowered(_search)[0])
    assert text.count("returned = True") == 1
    assert "broke" not in text and "skipped" not in text


def _skip_at_end(items):
    for item in items:
        if item:
            continue
    return items


def test_a_continue_at_the_end_has_no_flag() -> None:
    assert "skipped" not in show(_lowered(_skip_at_end)[0])


def _only_none(x):
    if x:
        return
    x = 1
    return None


def test_a_function_without_value_has_a_literal_result() -> None:
    assert _lowered(_only_none)[0].result == Lit(None)


def _documented(a, /, b, *c, d=1, **e):
    """The doc."""
    return a, b, c, d, e


def test_function_header() -> None:
    ir, _ = _lowered(_documented)
    assert ir.doc == "The doc."
    kinds = [(p.name, p.kind) for p in ir.params]
    assert kinds == [
        ("a", "positional"), ("b", "positional"), ("c", "args"), ("d", "keyword"), ("e", "kwargs")
    ]  # fmt: skip
    assert ir.locals == {"a", "b", "c", "d", "e"}
    assert ir.filename == __file__
    assert ir.loc is not None
    assert ir.loc.line == _documented.__code__.co_firstlineno


def _placed(x):
    y = x + 1
    if y > 2:
        y = [é * y for é in range(3)] + "é".join("ab").nothing
    return y


def test_every_statement_is_located() -> None:
    ir, rebuilt = _lowered(_placed)
    first = _placed.__code__.co_firstlineno
    lines = set()
    for statement in walk(ir.body):
        assert statement.loc is not None
        assert statement.loc.end_line is not None
        lines.add(statement.loc.line - first)
    assert lines == {1, 2, 3}
    test = next(s for s in ir.body if isinstance(s, If))
    assert test.loc is not None
    assert (test.loc.column, test.loc.end_column) == (7, 12)
    with pytest.raises(AttributeError) as caught:
        rebuilt(5)
    assert caught.traceback[-1].lineno == first + 2  # counted from 0
    last = [s for s in walk(ir.body) if s.loc is not None and s.loc.line == first + 3][-1]
    assert last.loc is not None
    assert last.loc.column == 12  # characters, not bytes


# --- refusals -----------------------------------------------------------------------------------


async def _coroutine(x):
    await x


def _locals(x):
    if x > 0:
        y = x
    return [*locals(), *(y for _ in range(2))]


def _locals_of_a_comprehension(x):
    return [locals() for _ in range(2)]


def _maybe_deleted(x):
    y = 1
    if x:
        del y
    return y


@pytest.mark.parametrize(
    ("function", "line", "words"),
    [
        (_coroutine, 0, "asynchronous"),
        (_locals, 3, "locals"),
        (_locals_of_a_comprehension, 1, "locals"),
        (_maybe_deleted, 4, "deleted"),
    ],
)
def test_refusals(function: Any, line: int, words: str) -> None:
    with pytest.raises(UnsupportedSyntaxError, match=words) as caught:
        lower(read_source(function))
    place = caught.value.place
    assert place is not None
    assert place.line == function.__code__.co_firstlineno + line
    assert place.filename == __file__
    assert caught.value.why
    assert caught.value.repair
    assert "^" in str(caught.value)


@pytest.mark.parametrize("terms", [2000, 280])
def test_too_deep_trees_are_refused(tmp_path: Path, terms: int) -> None:
    path = tmp_path / f"deep_{terms}.py"
    path.write_text("def f(x):\n    return " + " + ".join("x" * terms) + "\n")
    namespace: dict[str, Any] = {}
    exec(compile(path.read_text(), str(path), "exec"), namespace)
    try:
        ir = lower(read_source(namespace["f"]))
    except UnsupportedSyntaxError as error:
        assert "deeply" in str(error)
    else:
        assert terms == 280
        verify(ir)


if __name__ == "__main__":  # python -m tests.transform.test_lower 0 10000 DIRECTORY
    first, end, directory = sys.argv[1:]
    for low in range(int(first), int(end), 500):
        _check_random(range(low, min(low + 500, int(end))), Path(directory))
        print(low, "to", low + 500, "agree")
