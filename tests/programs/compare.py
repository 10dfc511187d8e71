"""Run one program with dpy and with dual numbers, and say what differs."""

from __future__ import annotations

import copy
import itertools
import linecache
import math
import re
import sys
import traceback
import types
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.programs import dual
from tests.programs.generator import generate

RELATIVE = 1e-9
_serial = itertools.count()


@dataclass(frozen=True)
class Failure:
    """What went wrong: `kind` groups failures, `detail` is for people."""

    kind: str
    detail: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.detail}"


@contextmanager
def loaded(text: str, label: str = "program") -> Iterator[types.ModuleType]:
    """The program as a module whose source can be read, as that of a notebook cell can."""
    name = f"random_{label}_{next(_serial)}".replace("/", "_")
    filename = f"<{name}>"
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    module = types.ModuleType(name)
    module.__dict__["__file__"] = filename
    sys.modules[name] = module
    try:
        exec(compile(text, filename, "exec", dont_inherit=True), module.__dict__)
        yield module
    finally:
        del sys.modules[name]
        linecache.cache.pop(filename, None)


def accepted(seed: int) -> str:
    """The first well-conditioned program of this seed."""
    for attempt in itertools.count():
        text = generate(f"{seed}/{attempt}")
        if expected(text) is not None:
            return text
    raise AssertionError


def expected(text: str) -> tuple[float, tuple[Any, ...], float] | None:
    """``(value, gradients, scale)`` by dual numbers; None if the program is rejected."""
    with loaded(text, "dual") as module:
        try:
            value, gradients, scale = dual.gradient(module)
        except dual.Rejected:
            return None
        except (ArithmeticError, ValueError) as error:
            # `1 + f(x) * f(x)` may be negative where calling f has side effects.
            if "math" in str(error) or isinstance(error, ArithmeticError):
                return None
            raise
    with loaded(text, "plain") as module:
        plain = module.f(*module.make_args())
    # Sums in another order may differ in the last digits; more would be a fault of the oracle.
    if not abs(value - plain) <= 1e-12 * scale * max(1.0, abs(plain)):
        raise AssertionError(f"the oracle's value {value!r} is not the plain value {plain!r}")
    return value, gradients, scale


def failure(text: str) -> Failure | None:
    """What dpy does wrong on this program, or None. A rejected program is no failure."""
    truth = expected(text)
    if truth is None:
        return None
    with loaded(text) as module:
        return _compare(module, truth)


def _compare(
    module: types.ModuleType, truth: tuple[float, tuple[Any, ...], float]
) -> Failure | None:
    import dpy

    after = module.make_args()
    value = module.f(*after)
    entry = module.make_args()
    runs = (
        ("gradient", lambda args: [(None, dpy.gradient(module.f, *args), 1.0)]),
        ("value_and_gradient", lambda args: [(*dpy.value_and_gradient(module.f, *args), 1.0)]),
        ("pullback", lambda args: _pullback_twice(dpy.pullback(module.f, *args))),
    )
    for name, run in runs:
        args = module.make_args()
        try:
            results = run(args)
        except Exception as error:
            return Failure(f"{name} raises {_summary(error)}", _where(error))
        found = _state(args, after, "argument")
        if found:
            return Failure(f"{name} leaves wrong arguments", found)
        for y, gradients, seed in results:
            if y is not None and (y != value or type(y) is not type(value)):
                return Failure(f"{name} gives a wrong value", f"{y!r} is not {value!r}")
            if type(gradients) is not tuple or len(gradients) != len(entry):
                return Failure(f"{name} gives a wrong form", f"{gradients!r}")
            for i, (got, x, want) in enumerate(zip(gradients, entry, truth[1], strict=True)):
                found = _differs(got, x, want, seed, truth[2], f"argument {i}")
                if found:
                    return Failure(f"{name} gives a wrong gradient", found)
    return None


def _summary(error: Exception) -> str:
    """Type and text, without the names and numbers that differ from program to program."""
    text = re.sub(r"'[^']*'|[0-9.]+", "_", str(error).split("\n")[0])
    return f"{type(error).__name__} ({text[:70]})"


def _where(error: Exception) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{error} [{frame.filename}:{frame.lineno}]"


def _pullback_twice(pair: tuple[Any, Any]) -> list[tuple[Any, Any, float]]:
    y, back = pair
    return [(y, back(1.0), 1.0), (y, back(-2.0), -2.0), (y, back(1.0), 1.0)]


def _state(got: Any, want: Any, where: str) -> str:
    """How the arguments differ from what the plain call leaves."""
    if type(got) is not type(want):
        return f"{where}: {got!r} is not {want!r}"
    if isinstance(want, np.ndarray):
        same = (
            got.shape == want.shape and got.dtype == want.dtype and got.tobytes() == want.tobytes()
        )
        return "" if same else f"{where}: {got!r} is not {want!r}"
    pairs, others = dual.children(want), dual.children(got)
    if [slot for slot, _ in pairs] != [slot for slot, _ in others]:
        return f"{where}: {got!r} is not {want!r}"
    if not pairs:
        return "" if got == want else f"{where}: {got!r} is not {want!r}"
    found = (
        _state(child, plain, f"{where}[{slot!r}]")
        for (slot, plain), (_, child) in zip(pairs, others, strict=True)
    )
    return next(filter(None, found), "")


def _differs(got: Any, x: Any, want: Any, seed: float, scale: float, where: str) -> str:
    """How the gradient `got` of the argument `x` differs from the slopes `want`."""
    if isinstance(x, (int, float)):
        ok = isinstance(got, float) and _close(got, seed * want, scale)
        return "" if ok else f"{where}: {got!r} should be {seed * want!r}"
    if isinstance(x, np.ndarray):
        ok = isinstance(got, np.ndarray) and got.shape == x.shape and got.dtype == x.dtype
        ok = ok and all(map(_close, got.flat, (seed * want).flat, itertools.repeat(scale)))
        return "" if ok else f"{where}: {got!r} should be {seed * want!r}"
    if type(got) is not type(x):
        return f"{where}: {got!r} should be a {type(x).__name__}"
    children = dict(dual.children(got))
    if list(children) != [slot for slot, _ in dual.children(x)]:
        return f"{where}: {got!r} does not mirror {x!r}"
    found = (
        _differs(children[slot], child, want[slot], seed, scale, f"{where}[{slot!r}]")
        for slot, child in dual.children(x)
    )
    return next(filter(None, found), "")


def _close(got: float, want: float, scale: float) -> bool:
    return bool(
        math.isfinite(got) and abs(got - want) <= RELATIVE * abs(want) + 1e-13 * scale * scale
    )


def leaves(x: Any, seen: set[int] | None = None) -> list[float]:
    """The floats of `x` in order; what stands at two places counts once."""
    seen = set() if seen is None else seen
    if isinstance(x, (int, float)):
        return [x]
    if id(x) in seen:
        return []
    seen.add(id(x))
    if isinstance(x, np.ndarray):
        return x.ravel().tolist()
    return [leaf for _, child in dual.children(x) for leaf in leaves(child, seen)]


def numerical(text: str) -> list[tuple[float, float]]:
    """``(estimate, its uncertainty)`` for every leaf, by central differences of the plain program.

    The uncertainty of an integer is infinite: it cannot be moved a little.
    """

    def run(change: float, leaf: int) -> float:
        with_args = copy.deepcopy(args)
        _shift(with_args, leaf, change)
        return float(module.f(*with_args[0]))

    with loaded(text, "numeric") as module:
        args = [module.make_args()]
        estimates: list[tuple[float, float]] = []
        for leaf, x in enumerate(leaves(args[0])):
            if isinstance(x, int):
                estimates.append((0.0, math.inf))
                continue
            coarse, fine = ((run(h, leaf) - run(-h, leaf)) / (2 * h) for h in (2e-5, 1e-5))
            estimates.append(((4 * fine - coarse) / 3, abs(fine - coarse)))
        return estimates


def _shift(x: Any, leaf: int, change: float) -> None:
    """Add `change` to float leaf number `leaf` of the container `x`, in place."""
    seen: dict[int, Any] = {}
    count = 0

    def walk(y: Any) -> Any:
        nonlocal count
        if isinstance(y, (int, float)):
            count += 1
            return y + change if count - 1 == leaf and isinstance(y, float) else y
        if id(y) in seen:
            return seen[id(y)]
        seen[id(y)] = y
        if isinstance(y, np.ndarray):
            if count <= leaf < count + y.size:
                y[np.unravel_index(leaf - count, y.shape)] += change
            count += y.size
            return y
        if isinstance(y, tuple):
            new = tuple(walk(item) for item in y)
            seen[id(y)] = new
            return new
        for slot, child in dual.children(y):
            if isinstance(y, (list, dict)):
                y[slot] = walk(child)
            else:
                object.__setattr__(y, slot, walk(child))
        return y

    walk(x)
