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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, is_dataclass
from typing import Any

import numpy as np

import dpy
from dpy.tangent import Tangent
from tests.programs import dual
from tests.programs.generator import generate

RELATIVE = 1e-9
ONCE = frozenset({"gradient", "value_and_gradient"})
AGAIN = frozenset({"pullback"})
WAYS = ONCE | AGAIN
_serial = itertools.count()


@dataclass(frozen=True)
class Failure:
    """What went wrong: `kind` groups failures, `detail` is for people."""

    kind: str
    detail: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.detail}"


@dataclass(frozen=True)
class Truth:
    """The gradients by slot and the largest slope met; `other` tells which arguments.

    The precision is zero but for programs over arrays of single precision.
    """

    gradients: tuple[Any, ...]
    scale: float
    precision: float
    other: bool


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


def expected(text: str, other: bool = False) -> Truth | None:
    """What is right, by dual numbers; None if the program is rejected."""
    with loaded(text, "dual") as module:
        try:
            value, gradients, scale = dual.gradient(module, other)
        except dual.Rejected:
            return None
        except (ArithmeticError, ValueError) as error:
            # `1 + f(x) * f(x)` may be negative where calling f has side effects.
            if "math" in str(error) or isinstance(error, ArithmeticError):
                return None
            raise
        except TypeError:
            # A handler may compute with the text of an error of Python's own.
            if _raises_type_error(text, other):
                return None
            raise
    with loaded(text, "plain") as module:
        after = module.make_args(other)
        plain = module.f(*after)
        precision = getattr(module, "PRECISION", 0.0)
    # Sums in another order may differ in the last digits; more would be a fault of the oracle.
    if not abs(value - plain) <= (1e-12 + precision) * scale * max(1.0, abs(plain)):
        raise AssertionError(f"the oracle's value {value!r} is not the plain value {plain!r}")
    return Truth(gradients, scale, precision, other)


def _raises_type_error(text: str, other: bool) -> bool:
    """Whether the plain program fails as well."""
    with loaded(text, "plain") as module:
        try:
            module.f(*module.make_args(other))
        except TypeError:
            return True
    return False


def failure(text: str, ways: frozenset[str] = WAYS) -> Failure | None:
    """What dpy does wrong on this program, or None. A rejected program is no failure.

    Code whose pullback is called once and code whose pullback may be called again are compiled
    apart, which is most of the time: a test of many programs tries one of these `ways` on each.
    """
    truth = expected(text)
    if truth is None:
        return None
    with loaded(text) as module:
        first = Sample(module, truth)
        again = expected(text, other=True)
        second = Sample(module, again) if again else first
        for name, run in (
            ("gradient", _gradient),
            ("value_and_gradient", _both),
            ("pullback", _interleaved),
        ):
            if name not in ways:
                continue
            try:
                results = run(module.f, first, second)
            except Exception as error:
                return Failure(f"{name} raises {_summary(error)}", _where(error))
            for result in results:
                found = result.wrong()
                if found:
                    return Failure(f"{name} {found[0]}", found[1])
    return None


class Sample:
    """A set of arguments of a program: what the plain call does with them, and the truth."""

    def __init__(self, module: types.ModuleType, truth: Truth) -> None:
        self.module = module
        self.truth = truth
        self.after = self.new()
        self.value = module.f(*self.after)
        self.entry = self.new()

    def new(self) -> tuple[Any, ...]:
        """The arguments, made anew."""
        return self.module.make_args(self.truth.other)


@dataclass
class Result:
    """What dpy gave: the value (None if it is not known), what is left in the arguments, and the
    gradients times `seed`."""

    sample: Sample
    y: Any
    left: Any
    gradients: Any
    seed: float = 1.0

    def wrong(self) -> tuple[str, str] | None:
        """A kind and details of what is wrong."""
        sample, truth = self.sample, self.sample.truth
        found = _state(self.left, sample.after, "argument")
        if found:
            return "leaves wrong arguments", found
        y, value = self.y, sample.value
        if y is not None and (y != value or type(y) is not type(value)):
            return "gives a wrong value", f"{y!r} is not {value!r}"
        if type(self.gradients) is not tuple or len(self.gradients) != len(sample.entry):
            return "gives a wrong form", f"{self.gradients!r}"
        near = Near(self.seed, truth.scale, truth.precision)
        pairs = zip(self.gradients, sample.entry, truth.gradients, strict=True)
        for i, (got, x, want) in enumerate(pairs):
            found = _differs(got, x, want, near, f"argument {i}")
            if found:
                return "gives a wrong gradient", found
        return None


def _gradient(f: Callable[..., Any], first: Sample, second: Sample) -> list[Result]:
    args = first.new()
    return [Result(first, None, args, dpy.gradient(f, *args))]


def _both(f: Callable[..., Any], first: Sample, second: Sample) -> list[Result]:
    args = second.new()
    y, gradients = dpy.value_and_gradient(f, *args)
    return [Result(second, y, args, gradients)]


def _interleaved(f: Callable[..., Any], first: Sample, second: Sample) -> list[Result]:
    """Two pullbacks called by turns, while the caller writes to arguments and gradients."""
    made = []
    for sample in (first, second):
        args = sample.new()
        y, back = dpy.pullback(f, *args)
        made.append((sample, args, copy.deepcopy(args), y, back))
    results = []
    for number, seed in ((0, 1.0), (1, -2.0), (0, -2.0), (1, 1.0), (0, 1.0)):
        sample, args, left, y, back = made[number]
        gradients = back(seed)
        results.append(Result(sample, y, left, copy.deepcopy(gradients), seed))
        overwrite(args)
        overwrite(gradients)
    return results


def _summary(error: Exception) -> str:
    """Type and text, without the names and numbers that differ from program to program."""
    text = re.sub(r"'[^']*'|[0-9.]+", "_", str(error).split("\n")[0])
    return f"{type(error).__name__} ({text[:70]})"


def _where(error: Exception) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{error} [{frame.filename}:{frame.lineno}]"


def overwrite(x: Any, seen: dict[int, Any] | None = None) -> None:
    """Put another number for every number in `x` that can be replaced in place."""
    seen = {} if seen is None else seen
    if id(x) in seen:
        return
    seen[id(x)] = x
    if isinstance(x, np.ndarray):
        x[...] = 7.7
        return
    for slot, child in dual.children(x):
        if not isinstance(child, float):
            overwrite(child, seen)
        elif isinstance(x, (list, dict)):
            x[slot] = 7.7
        elif not isinstance(x, tuple):
            object.__setattr__(x, slot, 7.7)


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


@dataclass(frozen=True)
class Near:
    """How near a gradient has to be to `seed` times the slopes."""

    seed: float
    scale: float
    precision: float

    def __call__(self, got: float, want: float) -> bool:
        relative = RELATIVE + 10 * self.precision
        absolute = (1e-13 + 0.1 * self.precision) * self.scale * self.scale
        want = self.seed * want
        return bool(math.isfinite(got) and abs(got - want) <= relative * abs(want) + absolute)


def _differs(got: Any, x: Any, want: Any, near: Near, where: str) -> str:
    """How the gradient `got` of the argument `x` differs from the slopes `want`."""
    if isinstance(x, (int, float)):
        ok = isinstance(got, float) and near(got, want)
        return "" if ok else f"{where}: {got!r} should be {near.seed * want!r}"
    if isinstance(x, np.ndarray):
        ok = isinstance(got, np.ndarray) and got.shape == x.shape and got.dtype == x.dtype
        ok = ok and all(map(near, got.flat, want.flat))
        return "" if ok else f"{where}: {got!r} should be {near.seed * want!r}"
    if type(got) is not type(x) and (not _is_plain(x) or type(got) is not Tangent):
        return f"{where}: {got!r} should be a {type(x).__name__}"
    children = dict(dual.children(got))
    if list(children) != [slot for slot, _ in dual.children(x)]:
        return f"{where}: {got!r} does not mirror {x!r}"
    found = (
        _differs(children[slot], child, want[slot], near, f"{where}[{slot!r}]")
        for slot, child in dual.children(x)
    )
    return next(filter(None, found), "")


def _is_plain(x: Any) -> bool:
    """Whether `x` is of a class that nobody can build from its fields."""
    return not isinstance(x, (list, tuple, dict)) and not is_dataclass(x)


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
        with_args = [module.make_args()]  # which brings the module back to its first state, too
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
            items = [walk(item) for item in y]
            new = type(y)(*items) if hasattr(y, "_fields") else tuple(items)
            seen[id(y)] = new
            return new
        for slot, child in dual.children(y):
            if isinstance(y, (list, dict)):
                y[slot] = walk(child)
            else:
                object.__setattr__(y, slot, walk(child))
        return y

    walk(x)
