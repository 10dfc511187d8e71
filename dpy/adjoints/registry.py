"""The rule book: which callables are primitives, and their adjoints.

Three ways to add a rule, simplest first::

    elementwise(np.sin, lambda x, y: np.cos(x))      # y is the value, one partial per input
    nondifferentiable(np.floor, np.argmax)           # the result carries no gradient

    @adjoint(np.matmul, fresh=True)
    def matmul(a, b):
        \"\"\"y = a @ b.\"\"\"
        def matmul_pullback(d_y):
            return d_y @ b.conj().mT, a.conj().mT @ d_y
        return a @ b, matmul_pullback

The registry, not the rule, conjugates the partials of elementwise rules, and brings every
cotangent to the shape, dtype and realness of its argument (`dpy.cotangent.project`).
"""

from __future__ import annotations

import importlib
import operator
import sys
import threading
import types
from collections.abc import Callable
from types import FunctionType
from typing import Any

from dpy.adjoints.rule import Rule, name_of
from dpy.errors import AdjointError

__all__ = [
    "Rule",
    "adjoint",
    "elementwise",
    "group",
    "has_rule",
    "key_of",
    "load_library",
    "lookup",
    "nondifferentiable",
    "register",
    "rules",
    "version",
]


_book: dict[Any, tuple[Rule, ...]] = {}
_lock = threading.RLock()
_version = 0

# dpy's own rules are registered when they are first needed: `import dpy` should take no time, and a
# program without arrays does not wait for NumPy's.
_PYTHON = ("builtins", "mathlib", "operators")
_NUMPY = ("numpy",)
_SCIPY = frozenset({"linalg", "special"})  # each is registered when one of its functions is met
_loaded: set[tuple[str, ...]] = set()
_waiting: list[Rule] = []  # what users registered before: it goes on top of the library


class _Loading(threading.local):
    """Whether this thread is importing a part of the library now."""

    active = False
    is_late = False  # users may have registered rules for the same functions before


_loading = _Loading()


def load_library() -> None:
    """Register all of dpy's own rules, and those that users have registered before."""
    _load(_PYTHON)
    _load(_NUMPY)


def _load(part: tuple[str, ...]) -> None:
    if part in _loaded or _loading.active:
        return
    _loading.active = True
    _loading.is_late = part[0].startswith("scipy.")
    try:
        # Without the lock: the import system has locks of its own.
        for name in part:
            importlib.import_module(f"dpy.adjoints.{name}")
        with _lock:
            if part not in _loaded:
                for rule in tuple(_waiting):
                    if _part(key_of(rule.primal)) is part:
                        _enter(rule, replace=True)
                        _waiting.remove(rule)
                _loaded.add(part)
    finally:
        _loading.active = _loading.is_late = False


def _load_scipy(f: Any) -> bool:
    """Register the rules for the part of SciPy that `f` is from, if that was not done yet."""
    if type(f).__name__ == "ufunc":
        module = "scipy.special" if "scipy.special" in sys.modules else ""
    elif isinstance(f, (FunctionType, types.BuiltinFunctionType)):
        module = str(f.__module__)
    else:
        return False
    root, _, rest = module.partition(".")
    name = rest.partition(".")[0]
    part = (f"scipy.{name}",)
    if root != "scipy" or name not in _SCIPY or part in _loaded or _loading.active:
        return False
    _load(part)
    return True


_PYTHON_MODULES = frozenset({"math", "cmath", "builtins", "_operator", "operator"})


def _part(key: Any) -> tuple[str, ...]:
    """The part of the library that has the rule for a key, if there is one; NumPy's in doubt."""
    kind = type(key)
    if kind is FunctionType or isinstance(key, type):
        is_numpys = str(key.__module__).partition(".")[0] == "numpy"
        return _NUMPY if is_numpys else _PYTHON
    if kind is types.BuiltinFunctionType:
        is_pythons = key.__module__ in _PYTHON_MODULES and key is not operator.matmul
        return _PYTHON if is_pythons else _NUMPY
    if kind in (types.MethodDescriptorType, types.WrapperDescriptorType):
        return _PYTHON if key.__objclass__.__module__ == "builtins" else _NUMPY
    return _NUMPY


def version() -> int:
    """A counter that grows with every registration by users: compiled code depends on it."""
    return _version


def rules() -> list[Rule]:
    """All registered rules.

    >>> import dpy, math
    >>> any(rule.primal is math.sin for rule in dpy.rules())
    True
    """
    load_library()
    return [rule for group in _book.values() for rule in group]


def key_of(f: Any) -> Any:
    """What a callable is registered under: the object itself, or (type, name) for C methods.

    ``np.add.reduce`` and ``x.sum`` make a new bound object at each access, so bound C methods
    are looked up as the unbound descriptor of the type of their ``__self__``.
    """
    if isinstance(f, (types.BuiltinMethodType, types.MethodWrapperType)):
        owner = f.__self__
        if owner is not None and not isinstance(owner, (types.ModuleType, type)):
            return getattr(type(owner), f.__name__, f)
    if isinstance(f, types.MethodType):
        return f.__func__
    return f


def lookup(f: Any, args: tuple[Any, ...] | None = None) -> Rule | None:
    """The rule for callable `f` (already a key, see `key_of`), or None.

    With `args`, the first rule whose type restriction admits them; the newest rule comes first.
    """
    if _NUMPY not in _loaded or _PYTHON not in _loaded:
        _load(_PYTHON)
        _load(_part(f))
    try:
        group = _book.get(f)
    except TypeError:  # unhashable callable object
        return None
    if group is None and _load_scipy(f):
        group = _book.get(f)
    if group is None:
        return None
    if args is None:
        return group[0]
    for rule in group:
        if rule.types is None or rule.applies(args):
            return rule
    return None


def has_rule(f: Any) -> bool:
    """Whether a (hashable) callable has a rule."""
    return f in _book


def group(f: Any) -> tuple[Rule, ...]:
    """All rules of a callable, in the order in which they are tried."""
    load_library()
    return _book.get(f, ())


def register(rule: Rule, replace: bool) -> None:
    """Enter a rule into the book; a user's rule waits until the library is there."""
    global _version
    if _loading.active:
        if not (_loading.is_late and key_of(rule.primal) in _book):
            _enter(rule, replace)
        return
    part = _part(key_of(rule.primal))
    with _lock:
        _version += 1
        if part not in _loaded and replace:
            _waiting.append(rule)
            return
    _load(part)
    _enter(rule, replace)


def _enter(rule: Rule, replace: bool) -> None:
    with _lock:
        key = key_of(rule.primal)
        group = _book.get(key)
        if group is None:
            _book[key] = (rule,)
            return
        same = tuple(old for old in group if old.types == rule.types)
        if same and not replace:
            raise AdjointError(
                f"{rule.name} has a rule already",
                repair="pass replace=True to override it",
            )
        rest = tuple(old for old in group if old.types != rule.types)
        # A restricted rule goes before a general one, a newer before an older one.
        ordered = (rule, *rest) if rule.types else (*(r for r in rest if r.types), rule)
        _book[key] = ordered


def adjoint(
    *primals: Callable[..., Any],
    static: tuple[str, ...] = (),
    fresh: bool = False,
    mutates: int | None = None,
    kind: Any = "dummy",
    types: tuple[Any, ...] | None = None,
    replace: bool | None = None,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register the decorated function as the adjoint rule of `primals`.

    The rule has the signature of the primal and returns ``(y, pullback)``; ``pullback(d_y)``
    returns a tuple with one cotangent per positional parameter that is not `static` (None where
    there is no gradient; parameters after ``*`` are never differentiated). A cotangent that costs
    much may be a function of nothing instead, not called where it is known to be unwanted.

    Args:
        primals: functions, methods (``Class.method``) or classes.
        static: parameters never differentiated, left out of the pullback's tuple.
        fresh: promise that the result shares memory with no argument (enables optimisations).
        mutates: position of an argument that the primal writes to; see `Rule`.
        kind: how the compiler learns the result's kind; see `Rule`.
        types: use the rule only where the leading arguments are instances of these types.
        replace: allow replacing an existing rule. By default a user may override any rule but
            dpy's own library may not register one twice.

    Raises:
        AdjointError: the rule is malformed.

    >>> import dpy
    >>> def cube(x): return x * x * x
    >>> @dpy.adjoint(cube)
    ... def cube_rule(x):
    ...     def cube_pullback(d_y):
    ...         return (3 * x * x * d_y,)
    ...     return x * x * x, cube_pullback
    >>> dpy.gradient(cube, 2.0)
    (12.0,)
    """
    if not primals or not all(map(callable, primals)):
        raise AdjointError(
            "adjoint() needs the function that the rule is for",
            repair="write @adjoint(function) above the rule",
        )

    def enter(forward: Callable[..., Any]) -> Callable[..., Any]:
        if not isinstance(forward, FunctionType):
            raise AdjointError(f"the rule for {name_of(primals[0])} must be a Python function")
        may_replace = replace
        if may_replace is None:
            may_replace = not forward.__module__.startswith("dpy.adjoints.")
        for primal in primals:
            rule = Rule(
                primal, forward, static=static, fresh=fresh, mutates=mutates, kind=kind, types=types
            )
            register(rule, may_replace)
        return forward

    return enter


def elementwise(
    primal: Callable[..., Any],
    *partials: Callable[..., Any] | None,
    singular: bool = False,
    kind: Any = "dummy",
    types: tuple[Any, ...] | None = None,
    replace: bool = False,
) -> None:
    """Register an elementwise function by its partials, ``(*inputs, y) -> partial``, one per input.

    A partial must not raise where the value did not: for functions of Python floats use
    `dpy.adjoints.safe` helpers where a denominator can vanish, and pass ``singular=True``.
    """
    register(
        Rule(primal, partials=partials, singular=singular, fresh=True, kind=kind, types=types),
        replace,
    )


def nondifferentiable(*primals: Any, kind: Any = "dummy", fresh: bool = True) -> Any:
    """Declare functions whose result carries no gradient. Also works as a decorator.

    >>> import dpy
    >>> @dpy.nondifferentiable
    ... def bucket(x): return int(x // 10)
    >>> dpy.gradient(lambda x: x * bucket(x), 25.0)
    (2.0,)
    """
    for primal in primals:
        register(Rule(primal, is_nondifferentiable=True, kind=kind, fresh=fresh), replace=True)
    return primals[0] if len(primals) == 1 else None
