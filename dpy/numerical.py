"""Derivatives by numerical differences, of functions of any arguments: the independent witness.

Nothing here knows how dpy differentiates. The arguments are copied for every evaluation, one number
(or an array along a direction) is moved, and central differences are extrapolated to step zero
(Ridders' method), which also tells how far the result can be trusted.
"""

from __future__ import annotations

import copy
import functools
import math
import types
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np

from dpy.cotangent import ZERO
from dpy.errors import DpyError, NotScalarOutputError
from dpy.runtime.memory import Buffer, overlaps_itself, owner_of
from dpy.slot_kinds import set_attributes
from dpy.slots import contents, kind_of
from dpy.structs import mirror, zero_like

__all__ = ["Leaf", "Line", "NotReal", "all_leaves", "copies", "evaluate", "follow", "items",
           "numerical_gradient"]  # fmt: skip

Path: TypeAlias = tuple[Any, ...]


# --- the leaves of arguments -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Leaf:
    """A number or an array of numbers in the arguments; `path` begins with the argument's index."""

    path: Path
    value: Any
    where: str

    @property
    def is_integer(self) -> bool:
        """Whether the leaf holds integers, which stand for real numbers."""
        dtype = getattr(self.value, "dtype", None)
        return isinstance(self.value, int) if dtype is None else dtype.kind in "iu"

    @property
    def is_complex(self) -> bool:
        """Whether the leaf holds complex numbers."""
        return bool(np.iscomplexobj(self.value))

    @property
    def digits(self) -> int:
        """Decimal digits of the number type."""
        dtype = getattr(self.value, "dtype", None)
        return 15 if dtype is None or dtype.kind not in "fc" else int(np.finfo(dtype).precision)


def _leaves(x: Any, path: Path, where: str, above: frozenset[int]) -> Iterator[Leaf]:
    slots = contents(x)
    if slots is None:
        if _is_number(x):
            yield Leaf(path, x, where)
        return
    if id(x) in above:
        return  # a cycle
    for slot, value in slots.items():
        is_hop = isinstance(x, types.CellType) or slot == "__self__"
        name = where if is_hop else _name(x, where, slot)
        yield from _leaves(value, (*path, slot), name, above | {id(x)})


def _is_number(x: Any) -> bool:
    if isinstance(x, np.ndarray):
        return x.dtype.kind in "fciu" and x.size > 0
    return isinstance(zero_like(x), (float, complex, np.inexact, Fraction, Decimal))


def _name(x: Any, where: str, slot: Any) -> str:
    is_item = isinstance(x, dict) or type(slot) is int
    return f"{where}[{slot!r}]" if is_item else f"{where}.{slot}"


def all_leaves(args: Sequence[Any], argnums: Sequence[int]) -> list[Leaf]:
    """The leaves of the arguments with these numbers."""
    return [leaf for i in argnums for leaf in _leaves(args[i], (i,), f"argument {i}", frozenset())]


def follow(g: Any, args: Sequence[Any], path: Path) -> Any:
    """The entry of the gradients `g` that belongs to the leaf at `path`; None if there is none."""
    x: Any = tuple(args)
    for slot in path:
        slots = contents(g) or {}
        if isinstance(x, types.MethodType) and slot == "__self__":
            g = slots.get("__self__", g)  # a method shows the fields of its object
        elif not isinstance(x, types.CellType):
            g = slots.get(slot)
        x = (contents(x) or {})[slot]
    return g


# --- copies of arguments, with one leaf moved --------------------------------------------------


def copies(args: Sequence[Any], moved: dict[int, Any]) -> list[Any]:
    """Deep copies of the arguments in which everything shared is still shared.

    `moved` gives the arrays to put in place of others, by identity. Views of one piece of memory
    stay views of one piece of memory, and closures get cells of their own.
    """
    memo: dict[int, Any] = {}
    groups: dict[int, dict[int, Any]] = {}
    functions: dict[int, Any] = {}
    for x in _reachable(args):
        if isinstance(x, np.ndarray):
            groups.setdefault(id(owner_of(x)), {})[id(x)] = x
        elif isinstance(x, types.FunctionType):
            functions[id(x)] = x
        elif kind_of(type(x)).read is None and not _can_copy(x):
            memo[id(x)] = x  # a lock, a generator, a module
    for group in groups.values():
        _copy_arrays(list(group.values()), moved, memo)
    cells: dict[int, Any] = {}
    for f in functions.values():
        if zero_like(f) is not None:
            memo[id(f)] = _function_with_own_cells(f, cells)
    for f in functions.values():
        for cell in f.__closure__ or ():
            if id(cell) in cells and contents(cell):
                content = cell.cell_contents
                cells[id(cell)].cell_contents = _copied(content, memo)
    return [_copied(x, memo) for x in args]


def _copied(x: Any, memo: dict[int, Any]) -> Any:
    return memo[id(x)] if id(x) in memo else copy.deepcopy(x, memo)


def _reachable(args: Sequence[Any]) -> Iterator[Any]:
    seen: dict[int, Any] = {}
    stack = list(args)
    while stack:
        x = stack.pop()
        if id(x) in seen:
            continue
        seen[id(x)] = x
        yield x
        stack.extend((contents(x) or {}).values())


def _can_copy(x: Any) -> bool:
    if isinstance(x, (bool, int, float, complex, str, bytes, type, np.generic)) or x is None:
        return True
    try:
        copy.deepcopy(x)
    except Exception:
        return False
    return True


def _copy_arrays(group: list[Any], moved: dict[int, Any], memo: dict[int, Any]) -> None:
    """Copy arrays that look at the same memory, one of them perhaps moved."""
    change = next((x for x in group if id(x) in moved), None)
    if len(group) == 1 or any(x.dtype.kind not in "fciu" or overlaps_itself(x) for x in group):
        for x in group:
            memo[id(x)] = moved[id(x)] if id(x) in moved else x.copy()
        return
    owner = owner_of(group[0])
    keeps_integers = owner.dtype.kind in "iu" and change is None
    buffer = Buffer(owner)
    buffer.array[...] = owner
    for x in group:
        memo[id(x)] = buffer.view(x)
    if change is not None:
        memo[id(change)][...] = moved[id(change)]
    if keeps_integers:
        for x in group:
            memo[id(x)] = memo[id(x)].astype(x.dtype)


def _function_with_own_cells(f: Any, cells: dict[int, Any]) -> Any:
    own = tuple(cells.setdefault(id(cell), types.CellType()) for cell in f.__closure__ or ())
    twin = types.FunctionType(f.__code__, f.__globals__, f.__name__, f.__defaults__, own or None)
    twin.__kwdefaults__ = dict(f.__kwdefaults__) if f.__kwdefaults__ else None
    twin.__dict__.update(f.__dict__)
    return twin


def _put(x: Any, path: Path, value: Any) -> Any:
    """`x`, a copy that belongs to us, with the leaf at `path` replaced; in place where possible."""
    if not path:
        return value
    slot = path[0]
    slots = contents(x) or {}
    new = _put(slots[slot], path[1:], value)
    if new is slots[slot]:
        return x
    if isinstance(x, (list, dict)) or (type(slot) is int and not isinstance(x, tuple)):
        x[slot] = new
    elif isinstance(x, types.CellType):
        x.cell_contents = new
    elif isinstance(x, types.FunctionType):
        _put_default(x, slot, new)
    elif kind_of(type(x)).frozen:
        return _rebuilt(x, slots | {slot: new})  # numbers in immutable values are by place
    else:
        set_attributes(x, {slot: new})
    return x


def _rebuilt(x: Any, slots: dict[Any, Any]) -> Any:
    if isinstance(x, types.MethodType):
        return types.MethodType(slots["__func__"], slots["__self__"])
    if isinstance(x, functools.partial):
        return type(x)(slots["func"], *slots["args"], **slots["keywords"])
    return kind_of(type(x)).build(x, slots)


def _put_default(f: Any, name: str, value: Any) -> None:
    if f.__kwdefaults__ and name in f.__kwdefaults__:
        f.__kwdefaults__[name] = value
    elif f.__defaults__ and name in f.__code__.co_varnames[: f.__code__.co_argcount]:
        i = f.__code__.co_varnames.index(name) - f.__code__.co_argcount
        defaults = list(f.__defaults__)
        defaults[i] = value
        f.__defaults__ = tuple(defaults)
    else:
        f.__dict__[name] = value


# --- numerical derivatives ---------------------------------------------------------------------


class NotReal(Exception):
    """An integer is used as an integer (an index, a count): it has no neighbours."""


class Line:
    """The function along a line: `value(h)` at the leaf moved by h times a direction."""

    def __init__(
        self, f: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any], leaf: Leaf, v: Any
    ) -> None:
        self.f = f
        self.args = args
        self.kwargs = kwargs
        self.leaf = leaf
        self.v = v

    def value(self, h: float) -> float:
        """NaN where the function is not defined."""
        x = self.leaf.value
        try:
            if isinstance(x, np.ndarray):
                dtype = np.float64 if self.leaf.is_integer else x.dtype
                args = copies(self.args, {id(x): np.asarray(x + h * self.v, dtype)})
            else:
                args = _put(copies(self.args, {}), self.leaf.path, _moved(x, h * self.v))
            return evaluate(self.f, args, self.kwargs)
        except (ArithmeticError, ValueError):
            return math.nan
        except Exception as error:
            is_ours = isinstance(error, DpyError)
            is_plain = isinstance(error, (TypeError, IndexError, KeyError))
            if self.leaf.is_integer and is_plain and not is_ours:
                raise NotReal from error
            if h and (isinstance(error, NotScalarOutputError) or not is_ours):
                return math.nan  # refused there, or complex
            raise

    def scales(self) -> list[float]:
        """Distances over which the function may be expected to be smooth."""
        sizes = np.abs(np.asarray(self.leaf.value, complex))[np.asarray(self.v) != 0]
        least = float(sizes.min())
        return [max(float(sizes.max()), 1.0)] + ([least] if 0 < least < 0.5 else [])

    def derivative(self) -> tuple[float, float]:
        """The derivative at h = 0 and an estimate of its error."""
        best = math.nan, math.inf
        scales = self.scales()
        if self.leaf.digits > 10:
            scales += [scales[0] / 2.0**4, scales[0] / 2.0**8]  # fast oscillations
        for scale in scales:
            found = self._extrapolate(scale)
            is_flat = found == (0.0, 0.0) and math.isfinite(best[0])  # steps shorter than a stair
            if found[1] < best[1] and not is_flat:
                best = found
            if best[1] <= 1e-9 * max(1.0, abs(best[0])):
                break
        return best

    def _extrapolate(self, scale: float) -> tuple[float, float]:
        """Central differences at ever smaller steps, extrapolated to zero (Ridders)."""
        digits = self.leaf.digits
        step, levels = (2.0**-5, 9) if digits > 10 else (2.0**-2, 7) if digits > 4 else (0.5, 4)
        best, error = math.nan, math.inf
        above: list[float] = []
        for _ in range(levels):
            h = step * scale
            step /= 2
            central = (self.value(h) - self.value(-h)) / (2 * h)
            if not math.isfinite(central):
                above = []
                continue
            row = [central]
            factor = 4.0
            for old in above:
                row.append(row[-1] + (row[-1] - old) / (factor - 1))
                factor *= 4
                change = max(abs(row[-1] - row[-2]), abs(row[-1] - old))
                if change <= error:
                    best, error = row[-1], change
            if above and abs(row[-1] - above[-1]) >= 4 * error:
                break  # rounding has taken over
            if error <= 1e-12 * abs(best) or (error == 0 and len(row) > 2):
                break
            above = row
        return best, error

    def one_sided(self) -> tuple[float, float] | None:
        """The derivatives on either side, if they differ even close by: a kink."""
        middle = self.value(0.0)
        h = self.scales()[-1] * 10.0 ** (-self.leaf.digits / 3)

        def sides(h: float) -> tuple[float, float]:
            return (middle - self.value(-h)) / h, (self.value(h) - middle) / h

        far, near = sides(h), sides(h / 8)
        jump = abs(near[1] - near[0])
        return near if jump > 0 and jump > 0.5 * abs(far[1] - far[0]) else None


def _moved(x: Any, by: Any) -> Any:
    """A number, moved; integers stand for reals."""
    if isinstance(x, Fraction):
        return x + Fraction(by)
    if isinstance(x, Decimal):
        return x + Decimal(by)
    if isinstance(x, np.inexact):
        return x.dtype.type(x + by)
    return x + by if isinstance(x, complex) else float(x) + by


def evaluate(f: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]) -> float:
    """The value of `f`, which must be a real scalar."""
    with np.errstate(all="ignore"):
        y = f(*args, **copy.deepcopy(kwargs))
    if isinstance(y, (complex, np.complexfloating)) or np.ndim(y) != 0 or isinstance(y, str):
        raise NotScalarOutputError(
            f"the function returned {type(y).__name__}, not a real number",
            why="only the gradient of a real scalar can be compared",
            repair="reduce the result, for instance with .sum()",
        )
    return float(y)


def items(leaf: Leaf) -> Iterator[tuple[str, Any]]:
    """Name and direction of every real number in a leaf."""
    parts = [("", 1.0), (" (imaginary part)", 1j)] if leaf.is_complex else [("", 1.0)]
    x = leaf.value
    for index in np.ndindex(np.shape(x)):
        for part, unit in parts:
            if not isinstance(x, np.ndarray):
                yield part, unit
                continue
            v = np.zeros(x.shape, type(unit))
            v[index] = unit
            yield f"[{', '.join(map(str, index))}]{part}" if index else part, v


def numerical_gradient(f: Callable[..., Any], *args: Any, **kwargs: Any) -> tuple[Any, ...]:
    """The gradients of the scalar ``f(*args)`` by differences, in the form `dpy.gradient` has.

    Needs about ten evaluations for every number in the arguments.

    >>> round(numerical_gradient(lambda x: x**3, 2.0)[0], 9)
    12.0
    """
    evaluate(f, copies(args, {}), kwargs)  # what is wrong there is an error, elsewhere not
    cotangents: dict[Any, Any] = {}
    for leaf in all_leaves(args, range(len(args))):
        d: Any = np.zeros(np.shape(leaf.value), complex if leaf.is_complex else float)
        for _, v in items(leaf):
            try:
                d += v * Line(f, args, kwargs, leaf, v).derivative()[0]
            except NotReal:
                continue
        inner = cotangents
        for slot in leaf.path[:-1]:
            inner = inner.setdefault(slot, {})
        inner[leaf.path[-1]] = d if isinstance(leaf.value, np.ndarray) else d[()]
    return tuple(mirror(cotangents.get(i, ZERO), x) for i, x in enumerate(args))
