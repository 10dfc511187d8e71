"""How every adjoint rule is checked: `check_case(f, case)`.

One case is checked in full:

- the value is the primal's, in type and dtype and bits;
- the cotangents agree with numerical differences (extrapolated, with an error estimate, of
  ``Re<d_y, f(args)>`` for a random `d_y`), entry by entry for small arguments;
- they mirror their arguments: shape, dtype, realness;
- the pullback is repeatable, linear, silent, and changes neither the arguments nor `d_y`;
- float32 stays float32, in the value and in what the rule returns before projection;
- a rule declared `fresh` returns memory of its own.

The oracle is independent of dpy: it only calls the primal.
"""

from __future__ import annotations

import copy
import math
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dpy import config
from dpy.adjoints import registry
from dpy.adjoints.rule import name_of
from dpy.cotangent import ZERO, is_zero

MAX_ENTRIES = 24  # arguments with more entries are checked along random directions


@dataclass
class Case:
    """One call to check a rule on.

    Attributes:
        args: ``rng -> tuple`` of positional arguments (a plain tuple also works). Float and
            complex leaves, inside lists and tuples too, are differentiated numerically.
        kwargs: keyword arguments; those in `diff_kwargs` are differentiated too.
        fixed: positions of arguments that the rule does not differentiate.
        nondiff: check the value only.
        numeric: compare with numerical differences (False at kinks; then give `expected`).
        expected: the exact cotangents of the positional arguments for `d_y`.
        d_y: the cotangent of the value, instead of a random one.
        float32: repeat the case in float32.
        rtol: relative to the largest entry of a cotangent.
        seed: of the generator given to `args`.
        label: shown in the test id.
    """

    args: Callable[[np.random.Generator], tuple[Any, ...]] | tuple[Any, ...]
    kwargs: dict[str, Any] = field(default_factory=dict)
    diff_kwargs: tuple[str, ...] = ()
    fixed: tuple[int, ...] = ()
    nondiff: bool = False
    numeric: bool = True
    expected: tuple[Any, ...] | None = None
    d_y: Any = None
    float32: bool = True
    rtol: float = 1e-7
    seed: int = 0
    label: str = ""

    def make(self) -> tuple[Any, ...]:
        """The arguments: fresh copies, the same at each call."""
        if callable(self.args):
            return self.args(np.random.default_rng(self.seed))
        return copy.deepcopy(self.args)


# --- makers of arguments ----------------------------------------------------------------------


def normal(*shapes: tuple[int, ...] | None) -> Callable[[np.random.Generator], tuple[Any, ...]]:
    """Standard normal arrays of these shapes (None: a Python float)."""
    return lambda rng: tuple(
        float(rng.normal()) if shape is None else rng.normal(size=shape) for shape in shapes
    )


def uniform(
    low: float, high: float, *shapes: tuple[int, ...] | None
) -> Callable[[np.random.Generator], tuple[Any, ...]]:
    """Uniform arrays of these shapes (None: a Python float)."""
    return lambda rng: tuple(
        float(rng.uniform(low, high)) if shape is None else rng.uniform(low, high, size=shape)
        for shape in shapes
    )


def complex_normal(
    *shapes: tuple[int, ...] | None,
) -> Callable[[np.random.Generator], tuple[Any, ...]]:
    """Complex normal arrays of these shapes (None: a Python complex)."""
    return lambda rng: tuple(
        complex(rng.normal(), rng.normal())
        if shape is None
        else rng.normal(size=shape) + 1j * rng.normal(size=shape)
        for shape in shapes
    )


def elementwise_cases(
    n: int = 1,
    low: float = -2.0,
    high: float = 2.0,
    *,
    arrays: bool = True,
    integers: tuple[int, ...] | None = None,
    complex_: bool = False,
    **options: Any,
) -> list[Case]:
    """The standard cases of an elementwise function of `n` inputs drawn from [low, high]."""
    cases = [Case(uniform(low, high, *[None] * n), label="float", **options)]
    if integers is not None:
        cases.append(Case(tuple(integers), label="int", **options))
    if arrays:
        columns: list[Any] = [(2, 1), (3,), (1,)]
        cases += [
            Case(uniform(low, high, *[(2, 3)] * n), label="array", **options),
            Case(uniform(low, high, *[()] * n), label="0-d", **options),
            Case(uniform(low, high, *[(0, 3)] * n), label="empty", **options),
            Case(
                lambda rng: tuple(np.float64(rng.uniform(low, high)) for _ in range(n)),
                label="scalar",
                **options,
            ),
        ]
        if n > 1:
            cases += [
                Case(uniform(low, high, *columns[:n]), label="broadcast", **options),
                Case(uniform(low, high, None, *[(2, 2)] * (n - 1)), label="left", **options),
                Case(uniform(low, high, *[(2, 2)] * (n - 1), None), label="right", **options),
            ]
    if complex_:
        cases.append(Case(complex_normal(*[(3,)] * n), label="complex array", **options))
        cases.append(Case(complex_normal(*[None] * n), label="complex", **options))
        if n == 2:
            mixed = lambda rng: (rng.uniform(low, high, 3), *complex_normal((3,))(rng))  # noqa: E731
            cases.append(Case(mixed, label="real, complex", **options))
    return cases


def parametrize(cases: dict[Any, list[Case]]) -> list[Any]:
    """Entries for ``@pytest.mark.parametrize("f, case", ...)`` with readable ids."""
    import pytest

    return [
        pytest.param(f, case, id=f"{name_of(f)}-{case.label or i}")
        for f, group in cases.items()
        for i, case in enumerate(group)
    ]


# --- the check --------------------------------------------------------------------------------


def check_case(f: Callable[..., Any], case: Case) -> None:
    """Check the rule of `f` on one case; raises AssertionError with what differs."""
    args, kwargs = case.make(), copy.deepcopy(case.kwargs)
    rule = registry.lookup(registry.key_of(f), args)
    assert rule is not None, f"no rule for {f!r} with arguments {args!r}"
    y, pullback, before = _check_value(f, rule, args, kwargs, case)
    if case.nondiff:
        assert pullback is None, "declared nondifferentiable, but has a pullback"
        return
    assert pullback is not None
    rng = np.random.default_rng(case.seed + 1)
    d_y = case.d_y if case.d_y is not None else random_like(y, rng)
    d_args, d_kwargs = _check_pullback(pullback, d_y, args, kwargs, before, rule)
    assert len(d_args) == len(args)
    for i, (d, x) in enumerate(zip(d_args, args, strict=True)):
        check_mirrors(d, x, f"argument {i}")
    if case.expected is not None:
        for i, want in enumerate(case.expected):
            if want is not None:
                _close(dense(d_args[i], args[i]), want, 1e-12, f"argument {i} (expected)")
    if case.numeric:
        _check_numeric(f, case, d_y, d_args, d_kwargs)
    if case.float32 and case.numeric and case.d_y is None:
        _check_float32(f, case, d_y, d_args)


def _check_value(f: Any, rule: Any, args: Any, kwargs: Any, case: Case) -> Any:
    want_args = case.make()
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        want = f(*want_args, **copy.deepcopy(case.kwargs))
        y, pullback = rule.apply(args, kwargs)
    _same(y, want, "value")
    if rule.mutates is None and "out" not in kwargs:
        _same(args, case.make(), "arguments after the forward pass")
    if rule.fresh and "out" not in kwargs:
        for x in leaves((args, kwargs)):
            for part in leaves(y):
                if isinstance(x, np.ndarray) and isinstance(part, np.ndarray):
                    assert not np.shares_memory(x, part), "declared fresh, but shares memory"
    return y, pullback, snapshot((args, kwargs))


def _check_pullback(pullback: Any, d_y: Any, args: Any, kwargs: Any, before: Any, rule: Any) -> Any:
    kept = copy.deepcopy(d_y)
    inputs = (d_y, ZERO) if rule.mutates is not None else (d_y,)
    with warnings.catch_warnings(), config.settings(check_rules=True):
        warnings.simplefilter("error")
        first = pullback(*inputs)
        second = pullback(*inputs)
        doubled = pullback(*(scale(d, 2.0) for d in inputs))
        for partly in _with_missing_parts(d_y):
            pullback(partly, *inputs[1:])
    _same(d_y, kept, "d_y after the pullback")
    _same((args, kwargs), before, "arguments after the pullback")
    _same(second, first, "second call of the pullback")
    for d, twice in zip(leaves(first), leaves(doubled), strict=True):
        if isinstance(d, (float, complex, np.ndarray, np.generic)):
            _close(twice, 2.0 * d, 1e-12 if _width(d) > 4 else 1e-5, "linearity in d_y")
    return first


def _with_missing_parts(d_y: Any) -> list[Any]:
    """Cotangents of a tuple or list in which only one part is not a structural zero."""
    if isinstance(d_y, tuple):
        n = len(d_y)
        return [tuple(d_y[i] if i == k else ZERO for i in range(n)) for k in range(n)]
    if isinstance(d_y, dict):
        return [{i: d} for i, d in d_y.items()]
    return []


def _check_numeric(f: Any, case: Case, d_y: Any, d_args: Any, d_kwargs: Any) -> None:
    args, kwargs = case.make(), copy.deepcopy(case.kwargs)
    for i in range(len(args)):
        if i in case.fixed:
            continue

        def along(x: Any, i: int = i) -> float:
            changed = (*copy.deepcopy(args[:i]), x, *copy.deepcopy(args[i + 1 :]))
            return inner(d_y, f(*changed, **copy.deepcopy(kwargs)))

        check_gradient_of(along, args[i], d_args[i], case, f"argument {i}")
    for name in case.diff_kwargs:

        def along_keyword(x: Any, name: str = name) -> float:
            return inner(d_y, f(*copy.deepcopy(args), **{**copy.deepcopy(kwargs), name: x}))

        check_gradient_of(
            along_keyword, kwargs[name], d_kwargs.get(name, ZERO), case, f"argument {name}"
        )


def check_gradient_of(phi: Any, x: Any, d: Any, case: Case, what: str) -> None:
    """Compare the cotangent `d` of `x` with numerical differences of the real function `phi`."""
    flat = flatten(x)
    if flat.size == 0:
        return
    got = flatten_cotangent(d, x)
    if flat.size <= MAX_ENTRIES:
        directions = np.eye(flat.size)
    else:
        directions = np.random.default_rng(7).normal(size=(4, flat.size))
    pairs = [derivative(lambda t, v=v: phi(unflatten(x, flat + t * v))) for v in directions]
    want = np.array([value for value, _ in pairs])
    errors = np.array([error for _, error in pairs])
    size = max(float(np.max(np.abs(want))), 1e-3)
    assert float(np.max(errors)) <= 0.3 * case.rtol * size + 1e-10, (
        f"{what}: the numerical differences are not accurate (error {np.max(errors):.1e}); "
        "choose another point"
    )
    _close(directions @ got, want, case.rtol, what)


def derivative(phi: Callable[[float], float]) -> tuple[float, float]:
    """``phi'(0)`` with an error estimate: Ridders' extrapolation of central differences.

    The first step shrinks until the function is defined at both ends.
    """
    best = (math.nan, math.inf)
    for step in (1e-1, 2e-2, 2e-3, 1e-4):
        result = _ridders(phi, step)
        if result[1] < best[1]:
            best = result
    return best


def _ridders(phi: Callable[[float], float], step: float) -> tuple[float, float]:
    factor = 1.6
    best, best_error = math.nan, math.inf
    row: list[float] = []
    for k in range(9):
        h = step / factor**k
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            try:
                new = [(phi(h) - phi(-h)) / (2 * h)]
            except (ValueError, ZeroDivisionError, OverflowError):
                return best, best_error
        if not math.isfinite(new[0]):
            return best, best_error
        power = factor * factor
        for j, old in enumerate(row):
            new.append((new[j] * power - old) / (power - 1.0))
            power *= factor * factor
            error = max(abs(new[-1] - new[j]), abs(new[-1] - old))
            if error < best_error:
                best, best_error = new[-1], error
        row = new
    return best, best_error


def _check_float32(f: Any, case: Case, d_y: Any, d_args: Any) -> None:
    args = to_float32(case.make())
    if not any(_width(x) in (4, 8) and _is_narrow(x) for x in leaves(args)):
        return
    kwargs = to_float32(copy.deepcopy(case.kwargs))
    rule = registry.lookup(registry.key_of(f), args)
    assert rule is not None
    with np.errstate(all="ignore"):
        y, pullback = rule.apply(args, kwargs)
    _same(y, f(*to_float32(case.make()), **kwargs), "float32 value")
    d_y = like(d_y, y)
    narrow, _ = pullback(d_y)
    for i, (d, x) in enumerate(zip(narrow, args, strict=True)):
        check_mirrors(d, x, f"float32 argument {i}")
        if i not in case.fixed:
            want = flatten_cotangent(d_args[i], case.make()[i])
            _close(flatten_cotangent(d, x), want, 5e-3, f"float32 argument {i}")
    if all(_is_narrow(part) for part in leaves(y)) and all(
        _is_narrow(x) for x in leaves((args, kwargs)) if isinstance(x, np.ndarray)
    ):
        _check_raw_dtypes(rule, args, kwargs, y, d_y)


def _check_raw_dtypes(rule: Any, args: Any, kwargs: Any, y: Any, d_y: Any) -> None:
    """What the rule itself returns for float32 arguments is not wider than float32."""
    if rule.forward is not None and not rule.mutates:
        try:
            raw = rule.forward(*args, **kwargs)[1](d_y)
        except TypeError:
            return  # keyword arguments that the registry handles
    elif rule.partials is not None and not kwargs and len(rule.partials) == len(args):
        raw = [d_y * p(*args, y) for p in rule.partials if p is not None]
    else:
        return
    for d in leaves(tuple(raw)):
        if isinstance(d, np.ndarray) and d.dtype.kind in "fc":
            assert _is_narrow(d), f"float32 arguments, but the rule computed {d.dtype}"


# --- structures -------------------------------------------------------------------------------


def leaves(x: Any) -> Iterator[Any]:
    """The leaves of nested lists, tuples and dicts."""
    if isinstance(x, dict):
        x = list(x.values())
    if isinstance(x, (list, tuple)):
        for item in x:
            yield from leaves(item)
    else:
        yield x


def snapshot(x: Any) -> Any:
    """A deep copy; what cannot be copied (a dict view) stands for itself."""

    def copied(leaf: Any) -> Any:
        try:
            return copy.deepcopy(leaf)
        except TypeError:
            return leaf

    return _map(copied, x)


def _map(function: Callable[[Any], Any], x: Any) -> Any:
    if isinstance(x, tuple) and hasattr(x, "_fields"):
        return type(x)(*(_map(function, item) for item in x))
    if isinstance(x, (list, tuple)):
        return type(x)(_map(function, item) for item in x)
    if isinstance(x, dict):
        return {key: _map(function, item) for key, item in x.items()}
    return function(x)


def _kind(x: Any) -> str:
    """ "f" or "c" for leaves that are differentiated numerically, "" for all others."""
    if type(x) is float:
        return "f"
    if type(x) is complex:
        return "c"
    kind = getattr(getattr(x, "dtype", None), "kind", "")
    return kind if kind in "fc" else ""


def _width(x: Any) -> int:
    dtype = getattr(x, "dtype", None)
    return 8 if dtype is None else int(dtype.itemsize)


def _is_narrow(x: Any) -> bool:
    return getattr(x, "dtype", None) in (np.float32, np.complex64)


def to_float32(x: Any) -> Any:
    """Arrays and NumPy scalars in single precision; Python numbers stay."""

    def narrow(leaf: Any) -> Any:
        dtype = {np.dtype(np.float64): np.float32, np.dtype(np.complex128): np.complex64}.get(
            getattr(leaf, "dtype", None)
        )
        return leaf if dtype is None or isinstance(leaf, type) else leaf.astype(dtype)

    return _map(narrow, x)


def flatten(x: Any) -> np.ndarray:
    """All differentiable entries as one float64 vector; complex ones as (re, im) pairs."""
    parts = []
    for leaf in leaves(x):
        if _kind(leaf) == "f":
            parts.append(np.ravel(np.asarray(leaf, np.float64)))
        elif _kind(leaf) == "c":
            entries = np.ravel(np.asarray(leaf, np.complex128))
            parts.append(np.stack([entries.real, entries.imag], axis=1).ravel())
    return np.concatenate(parts) if parts else np.zeros(0)


def unflatten(x: Any, flat: np.ndarray) -> Any:
    """A copy of `x` with the differentiable entries of `flat`."""
    position = 0

    def fill(leaf: Any) -> Any:
        nonlocal position
        kind = _kind(leaf)
        if not kind:
            return copy.deepcopy(leaf)
        count = np.size(leaf) * (2 if kind == "c" else 1)
        part = flat[position : position + count]
        position += count
        if kind == "c":
            part = part[0::2] + 1j * part[1::2]
        if isinstance(leaf, np.ndarray):
            return part.reshape(leaf.shape).astype(leaf.dtype)
        return type(leaf)(part[0])

    return _map(fill, x)


def dense(d: Any, x: Any) -> Any:
    """The cotangent of `x` without structural zeros, in the structure of `x`."""
    if isinstance(x, (list, tuple)):
        if is_zero(d):
            d = {}
        slots = d if isinstance(d, dict) else dict(enumerate(d))
        return type(x)(dense(slots.get(i, ZERO), item) for i, item in enumerate(x))
    if is_zero(d):
        return x * 0.0 if _kind(x) else np.zeros(np.shape(x)) if np.ndim(x) else 0.0
    return d


def flatten_cotangent(d: Any, x: Any) -> np.ndarray:
    """`dense` flattened like `flatten(x)`."""
    parts = []
    for d_leaf, leaf in zip(leaves(dense(d, x)), leaves(x), strict=True):
        if _kind(leaf) == "f":
            parts.append(np.ravel(np.asarray(d_leaf, np.float64)))
        elif _kind(leaf) == "c":
            entries = np.ravel(np.asarray(d_leaf, np.complex128))
            parts.append(np.stack([entries.real, entries.imag], axis=1).ravel())
    return np.concatenate(parts) if parts else np.zeros(0)


def random_like(y: Any, rng: np.random.Generator) -> Any:
    """A random cotangent of `y` (of a list: a dict from index, as inside dpy)."""
    if isinstance(y, list):
        return {i: random_like(item, rng) for i, item in enumerate(y)}
    if isinstance(y, tuple):
        return tuple(random_like(item, rng) for item in y)
    kind = getattr(getattr(y, "dtype", None), "kind", "")
    if isinstance(y, (bool, str, type(None))) or (kind and kind not in "fciu"):
        return ZERO
    d = rng.normal(size=np.shape(y))
    if isinstance(y, complex) or kind == "c":
        d = d + 1j * rng.normal(size=np.shape(y))
    if isinstance(y, np.ndarray):
        return np.asarray(d, y.dtype if kind in "fc" else np.float64)
    if isinstance(y, np.generic):
        return y.dtype.type(d) if kind in "fc" else np.float64(d)
    return complex(d) if isinstance(y, complex) else float(d)


def like(d: Any, y: Any) -> Any:
    """The cotangent `d` in the dtypes of the value `y`."""
    if isinstance(d, dict):
        return {i: like(part, y[i]) for i, part in d.items()}
    if isinstance(d, tuple):
        return tuple(like(part, item) for part, item in zip(d, y, strict=True))
    if d is ZERO or not hasattr(y, "dtype") or y.dtype.kind not in "fc":
        return d
    return np.asarray(d, y.dtype)[()] if isinstance(y, np.generic) else np.asarray(d, y.dtype)


def scale(d: Any, factor: float) -> Any:
    """The cotangent `d` times a number."""

    def scaled(leaf: Any) -> Any:
        dtype = getattr(leaf, "dtype", None)
        return leaf * (factor if dtype is None else dtype.type(factor))

    return _map(lambda leaf: leaf if leaf is ZERO else scaled(leaf), d)


def inner(d_y: Any, y: Any) -> float:
    """``Re <d_y, y>``: the real function whose gradient the pullback of `d_y` is."""
    if isinstance(d_y, dict):
        return sum((inner(d, y[i]) for i, d in d_y.items()), 0.0)
    if isinstance(d_y, tuple):
        return sum((inner(d, item) for d, item in zip(d_y, y, strict=True)), 0.0)
    if d_y is ZERO:
        return 0.0
    return float(np.sum(np.real(np.conj(np.asarray(d_y)) * np.asarray(y))))


def check_mirrors(d: Any, x: Any, what: str) -> None:
    """The cotangent `d` has the shape, dtype and realness of `x`."""
    if is_zero(d) or isinstance(d, (dict, list, tuple)):
        return
    if isinstance(x, np.ndarray):
        dtype = x.dtype if x.dtype.kind in "fc" else np.dtype(np.float64)
        assert np.shape(d) == x.shape, f"{what}: shape {np.shape(d)} for {x.shape}"
        assert d.dtype == dtype, f"{what}: dtype {d.dtype} for {x.dtype}"
    elif isinstance(x, (float, int, complex, np.generic)) and not isinstance(x, bool):
        assert np.ndim(d) == 0, f"{what}: {d!r} for a number"
        if not (isinstance(x, complex) or _kind(x) == "c"):
            assert not isinstance(d, (complex, np.complexfloating)), f"{what}: complex for real"


# --- comparisons ------------------------------------------------------------------------------


def _same(got: Any, want: Any, what: str) -> None:
    """Equal types, dtypes, shapes and bits."""
    if isinstance(want, (list, tuple, dict)):
        assert type(got) is type(want), f"{what}: {type(got)} for {type(want)}"
        assert len(got) == len(want), f"{what}: {len(got)} items for {len(want)}"
        for key in want if isinstance(want, dict) else range(len(want)):
            _same(got[key], want[key], what)
        return
    if isinstance(want, (np.ndarray, np.generic)):
        assert isinstance(got, (np.ndarray, np.generic)), f"{what}: {type(got)} for an array"
        assert isinstance(got, np.ndarray) == isinstance(want, np.ndarray), what
        assert got.dtype == want.dtype, f"{what}: dtype {got.dtype} for {want.dtype}"
        np.testing.assert_array_equal(got, want, err_msg=what)
        return
    assert type(got) is type(want), f"{what}: {type(got)} for {type(want)}"
    assert got == want or (got != got and want != want) or _opaque(want), f"{what}: {got} {want}"


def _opaque(x: Any) -> bool:
    """Objects without an equality worth checking (iterators, generators)."""
    return type(x).__eq__ is object.__eq__


def _close(got: Any, want: Any, rtol: float, what: str) -> None:
    """Close in the norm of the largest entry; equal infinities and NaNs count as close."""
    if isinstance(want, (list, tuple)):
        for g, w in zip(got, want, strict=True):
            _close(g, w, rtol, what)
        return
    got, want = np.asarray(got), np.asarray(want)
    finite = np.abs(want[np.isfinite(want)]) if want.size else want
    size = float(finite.max()) if finite.size else 1.0
    np.testing.assert_allclose(got, want, rtol=rtol, atol=rtol * max(size, 1e-3), err_msg=what)
