"""Tables of small functions that are run plainly and by dpy, and must agree in everything.

    corpus = Corpus()

    @corpus.case(1.5, np.array([1.0, 2.0]))
    def for_over_array(x, a):
        ...

    @pytest.mark.parametrize("case", corpus.cases, ids=str)
    def test_semantics(case):
        case.check()

Compared are value, exception, what is printed and logged, what is left in the arguments and in
`Corpus.state`, each side effect exactly once, and the gradient against central differences.
"""

from __future__ import annotations

import copy
import io
import logging
import math
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

import numpy as np

from dpy.errors import DpyError, UnsupportedSyntaxError

#: Where functions of a corpus may leave traces; emptied before every run.
state: dict[str, Any] = {}
log = logging.getLogger("corpus")


@dataclass
class Case:
    """One function with its arguments.

    may_refuse: a construct that is not supported yet: an `UnsupportedSyntaxError` will do.
    may_raise: something from a library that nobody promised: any error of dpy's own will do.
    leaves: the gradient, number by number, where differences would cross a branch.
    """

    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    may_refuse: bool = False
    tolerance: float = 1e-8
    leaves: list[float] | None = None
    may_raise: bool = False

    def __str__(self) -> str:
        return self.function.__name__

    def check(self) -> None:
        """Everything."""
        import dpy

        plain = run(self.function, self.args, self.kwargs)
        runs = [
            run(dpy.value_and_gradient, (self.function, *self.args), self.kwargs),
            run(_with_pullback, (self.function, *self.args), self.kwargs),
        ]
        if self.may_refuse and isinstance(runs[0].error, UnsupportedSyntaxError):
            _check_refusal(runs[0].error, self.function)
            return
        if self.may_raise and isinstance(runs[0].error, DpyError):
            return
        for result in runs:
            plain.check_same(result)
        if plain.error is None:
            for result in runs:
                self.check_value(plain.value, result.value)

    def check_value(self, value: Any, pair: tuple[Any, Any]) -> None:
        """The value is the plain one, the gradient agrees with differences."""
        assert same(pair[0], value), f"value {pair[0]!r} instead of {value!r}"
        assert type(pair[1]) is tuple
        assert len(pair[1]) == len(self.args)
        estimates = iter(self.leaves or numerical(self.function, self.args, self.kwargs))
        seen: dict[int, Any] = {}
        for i, (got, x) in enumerate(zip(pair[1], self.args, strict=True)):
            check_gradient(got, x, estimates, seen, f"argument {i}", self.tolerance)


@dataclass
class Corpus:
    """A table of cases."""

    cases: list[Case] = field(default_factory=list)

    def case(
        self,
        *args: Any,
        may_refuse: bool = False,
        tolerance: float = 1e-8,
        leaves: list[float] | None = None,
        may_raise: bool = False,
        **kwargs: Any,
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Add the decorated function, to be called with these arguments."""

        def add(function: Callable[..., Any]) -> Callable[..., Any]:
            case = Case(function, args, kwargs, may_refuse, tolerance, leaves, may_raise)
            self.cases.append(case)
            return function

        return add


@dataclass
class Outcome:
    """All that can be seen of a call."""

    value: Any
    error: BaseException | None
    printed: str
    logged: list[str]
    args: tuple[Any, ...]
    state: dict[str, Any]

    def check_same(self, other: Outcome) -> None:
        """`other` did what this one did."""
        if self.error is None and other.error is not None:
            raise other.error
        assert type(other.error) is type(self.error)
        assert str(other.error) == str(self.error)
        assert other.printed == self.printed
        assert other.logged == self.logged
        assert same(other.args[-len(self.args) :] if self.args else (), self.args), (
            f"arguments left as {other.args!r} instead of {self.args!r}"
        )
        assert same(other.state, self.state), f"state {other.state!r} instead of {self.state!r}"


class _Recorder(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


def run(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Outcome:
    """Call with copies of the arguments and note everything."""
    state.clear()
    args = copy_arguments(args)
    value, error = None, None
    printed, recorder = io.StringIO(), _Recorder()
    log.addHandler(recorder)
    log.propagate = False
    try:
        with redirect_stdout(printed):
            value = function(*args, **copy_arguments(kwargs))
    except Exception as e:
        error = e
    finally:
        log.removeHandler(recorder)
    return Outcome(value, error, printed.getvalue(), recorder.lines, args, copy.deepcopy(state))


def copy_arguments(args: Any) -> Any:
    """A deep copy in which aliases stay aliases; modules and functions are shared."""
    return copy.deepcopy(args)


def _with_pullback(function: Callable[..., Any], *args: Any, **kwargs: Any) -> tuple[Any, Any]:
    import dpy

    y, back = dpy.pullback(function, *args, **kwargs)
    first = back(1.0)
    again = back(1.0)
    assert same(first, again), f"the second call gives {again!r}, the first {first!r}"
    return y, first


def _check_refusal(error: UnsupportedSyntaxError, function: Callable[..., Any]) -> None:
    code = function.__code__
    assert error.place is not None
    if error.place.filename == code.co_filename:  # else a callee from elsewhere is refused
        assert code.co_firstlineno <= error.place.line <= code.co_firstlineno + 40
    assert error.why
    assert error.repair
    assert "^" in str(error)


# --- comparison ---------------------------------------------------------------------------------


def slots(x: Any) -> list[tuple[Any, Any]]:
    """The ``(slot, value)`` pairs of a container or object."""
    if isinstance(x, tuple) and hasattr(x, "_fields"):
        return list(zip(x._fields, x, strict=True))
    if isinstance(x, (list, tuple)):
        return list(enumerate(x))
    if isinstance(x, dict):
        return list(x.items())
    if is_dataclass(x):
        return [(f.name, getattr(x, f.name)) for f in fields(x) if hasattr(x, f.name)]
    names: list[str] = []
    for cls in reversed(type(x).__mro__):
        slot_names = cls.__dict__.get("__slots__", ())
        names += [slot_names] if isinstance(slot_names, str) else list(slot_names)
    names += list(getattr(x, "__dict__", ()))
    return [(n, getattr(x, n)) for n in names if n != "__weakref__" and hasattr(x, n)]


ATOMS = (str, bytes, bool, type(None), type, type(math), type(math.sin), type(len), type(slots))


def is_atom(x: Any) -> bool:
    """Whether `x` holds no numbers that can be differentiated."""
    return isinstance(x, (*ATOMS, np.random.Generator)) or isinstance(x, (np.ufunc, frozenset, set))


def same(a: Any, b: Any) -> bool:
    """Equality to the last bit, types included; NaN equals NaN."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        if a.dtype == object:
            return a.shape == b.shape and all(map(same, a.flat, b.flat))
        return a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes()
    if isinstance(a, (int, float, complex, np.generic)):
        return bool(a == b or (a != a and b != b))
    if is_atom(a) or callable(a) and not slots(a):
        return bool(a == b)
    mine, others = slots(a), slots(b)
    return [name for name, _ in mine] == [name for name, _ in others] and all(
        same(x, y) for (_, x), (_, y) in zip(mine, others, strict=True)
    )


def is_number(x: Any) -> bool:
    """Whether `x` is a float or an integer (no bool)."""
    return isinstance(x, (int, float, np.floating)) and not isinstance(x, (bool, np.bool_))


# --- the gradient -------------------------------------------------------------------------------


def check_gradient(
    got: Any, x: Any, estimates: Any, seen: dict[int, Any], where: str, tolerance: float
) -> None:
    """`got` mirrors `x` and its numbers agree with the estimates, which come in order."""
    if is_number(x):
        assert isinstance(got, (float, np.floating)), f"{where}: {got!r} for {x!r}"
        close(got, next(estimates), where, tolerance)
        return
    if is_atom(x):
        assert got is None, f"{where}: {got!r} for {x!r}"
        return
    if isinstance(x, np.ndarray):
        if x.dtype.kind not in "fiu":
            assert got is None, f"{where}: {got!r}"
            return
        if id(x) not in seen:
            seen[id(x)] = [next(estimates) for _ in range(x.size)]
        assert isinstance(got, np.ndarray), f"{where}: {got!r}"
        assert got.shape == x.shape
        assert got.dtype == (x.dtype if x.dtype.kind == "f" else np.dtype(float))
        for i, (a, b) in enumerate(zip(got.flat, seen[id(x)], strict=True)):
            close(a, b, f"{where}, element {i}", tolerance)
        return
    if id(x) in seen:
        estimates = iter(seen[id(x)])
    else:
        estimates = Recording(estimates)
        seen[id(x)] = estimates.taken
    _check_slots(got, x, estimates, seen, where, tolerance)


def _check_slots(
    got: Any, x: Any, estimates: Any, seen: dict[int, Any], where: str, tolerance: float
) -> None:
    mine = slots(x)
    if got is None:
        assert not any(is_number(v) or isinstance(v, np.ndarray) for _, v in mine), f"{where}: None"
        return
    if isinstance(x, (list, tuple, dict)) or is_dataclass(x):
        assert type(got) is type(x), f"{where}: {got!r} for a {type(x).__name__}"
    others = dict(slots(got)) if isinstance(got, (list, tuple, dict)) else None
    for name, value in mine:
        part = others[name] if others is not None else getattr(got, name)
        check_gradient(part, value, estimates, seen, f"{where}.{name}", tolerance)


class Recording:
    """An iterator that remembers what was taken from it."""

    def __init__(self, source: Any) -> None:
        self.source = source
        self.taken: list[Any] = []

    def __iter__(self) -> Recording:
        return self

    def __next__(self) -> Any:
        item = next(self.source)
        self.taken.append(item)
        return item


def close(got: Any, want: float | None, where: str, tolerance: float) -> None:
    """`want` is None for integers, which cannot be moved a little."""
    if want is None:
        return
    error = abs(got - want)
    assert error <= tolerance * max(1.0, abs(want)), f"{where}: {got!r} instead of {want!r}"


def numerical(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> list[float | None]:
    """Central differences with two steps of Richardson's extrapolation, for every number."""

    def value(leaf: int, change: float) -> float:
        moved, _ = shifted(copy_arguments(args), leaf, change)
        return float(run_quietly(function, moved, kwargs))

    def difference(leaf: int, h: float) -> float:
        return (value(leaf, h) - value(leaf, -h)) / (2 * h)

    _, kinds = shifted(copy_arguments(args), -1, 0.0)
    estimates: list[float | None] = []
    for leaf, kind in enumerate(kinds):
        if kind is int:
            estimates.append(None)
            continue
        d = [difference(leaf, h) for h in (4e-3, 2e-3, 1e-3)]
        r = [(4 * d[1] - d[0]) / 3, (4 * d[2] - d[1]) / 3]
        estimates.append((16 * r[1] - r[0]) / 15)
    return estimates


def run_quietly(function: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
    """The value; what is printed, logged or left in `state` is thrown away."""
    outcome = run(function, args, kwargs)
    if outcome.error is not None:
        raise outcome.error
    return outcome.value


def shifted(args: tuple[Any, ...], leaf: int, change: float) -> tuple[tuple[Any, ...], list[type]]:
    """`args` with float number `leaf` moved, and the type of every number."""
    kinds: list[type] = []
    seen: dict[int, Any] = {}

    def walk(x: Any) -> Any:
        if is_number(x):
            kinds.append(int if isinstance(x, int) else float)
            return type(x)(x + change) if len(kinds) - 1 == leaf else x
        if is_atom(x):
            return x
        if id(x) not in seen:
            seen[id(x)] = x
            seen[id(x)] = descend(x)
        return seen[id(x)]

    def descend(x: Any) -> Any:
        if isinstance(x, np.ndarray):
            if x.dtype.kind in "fiu":
                if len(kinds) <= leaf < len(kinds) + x.size:
                    x[np.unravel_index(leaf - len(kinds), x.shape)] += change
                kinds.extend([int if x.dtype.kind in "iu" else float] * x.size)
            return x
        if isinstance(x, tuple):
            items = [walk(item) for item in x]
            return type(x)(*items) if hasattr(x, "_fields") else tuple(items)
        for name, child in slots(x):
            if isinstance(x, (list, dict)):
                x[name] = walk(child)
            else:
                object.__setattr__(x, name, walk(child))
        return x

    return walk(args), kinds
