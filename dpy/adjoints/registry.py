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

import copy
import importlib
import operator
import threading
import types
from collections.abc import Callable
from types import FunctionType
from typing import TYPE_CHECKING, Any

import numpy as np

from dpy import config
from dpy.cotangent import ZERO, conjugate, is_zero, project, times
from dpy.errors import AdjointError

if TYPE_CHECKING:
    import inspect

__all__ = [
    "Rule",
    "adjoint",
    "elementwise",
    "group",
    "has_rule",
    "kept",
    "key_of",
    "load_library",
    "lookup",
    "nondifferentiable",
    "parameters",
    "rules",
    "times",
    "version",
]


class Rule:
    """One adjoint rule.

    Attributes:
        primal: the callable that the rule is for.
        forward: ``(*args, **kwargs) -> (y, pullback)``; the raw function of an ``@adjoint`` rule.
        partials: for elementwise rules, one function ``(*inputs, y) -> partial`` per input (None
            where the input has no derivative).
        singular: whether a partial can be infinite or NaN at a point where the value is finite.
        static: names of parameters that are never differentiated.
        fresh: the result shares memory with no argument.
        mutates: position of the argument that the primal writes to, or None. The pullback of such
            a rule gets ``(d_result, d_after)`` and returns the cotangent of the *value on entry*
            of that argument in that argument's slot.
        kind: "dummy" (the result's kind can be learnt by calling the primal on small dummies of
            the argument kinds), "unknown" (kind or number of dimensions depends on values), or a
            function of the argument kinds.
        types: restricts the rule to calls whose leading arguments are instances of these types.
        is_nondifferentiable: the result never carries a gradient.
    """

    __slots__ = (
        "_checked", "_name", "_signature", "fresh", "forward", "is_nondifferentiable", "kind",
        "mutates", "partials", "primal", "primal_is_user", "singular", "static", "types",
    )  # fmt: skip

    def __init__(
        self,
        primal: Callable[..., Any],
        forward: Callable[..., Any] | None = None,
        *,
        partials: tuple[Callable[..., Any] | None, ...] | None = None,
        singular: bool = False,
        static: tuple[str, ...] = (),
        fresh: bool = False,
        mutates: int | None = None,
        kind: Any = "dummy",
        types: tuple[Any, ...] | None = None,
        is_nondifferentiable: bool = False,
    ) -> None:
        self.primal = primal
        self.forward = forward
        self.partials = partials
        self.singular = singular
        self.static = frozenset(static)
        self.fresh = fresh
        self.mutates = mutates
        self.kind = kind
        self.types = types
        self.is_nondifferentiable = is_nondifferentiable
        self._name: str | None = None
        module = getattr(forward, "__module__", None) or ""
        self.primal_is_user = forward is not None and not module.startswith("dpy.adjoints.")
        if self.primal_is_user and kind == "dummy":
            self.kind = "unknown"  # the compiler never runs users' code
        self._signature: inspect.Signature | None = None
        self._checked: Rule | None = None

    @property
    def name(self) -> str:
        """The callable's name, with its module."""
        if self._name is None:
            self._name = _name(self.primal)
        return self._name

    @property
    def signature(self) -> inspect.Signature | None:
        """The signature of `forward`; found out when first asked for, which takes a while."""
        if self._signature is None and self.forward is not None:
            import inspect

            self._signature = inspect.signature(self.forward)
        return self._signature

    @property
    def checked(self) -> Rule:
        """This rule, with a check of every cotangent that it returns (see `checked_rules`)."""
        if self._checked is None:
            from dpy.adjoints.checked_rules import check_forward, check_partial

            rule = copy.copy(self)
            rule._checked = rule
            if self.forward is not None:
                rule.forward = check_forward(self)
                rule._signature = self.signature
            if self.partials is not None:
                rule.partials = tuple(
                    None if partial is None else check_partial(self, partial)
                    for partial in self.partials
                )
            self._checked = rule
        return self._checked

    def __repr__(self) -> str:
        return f"<rule for {self.name}>"

    def applies(self, args: tuple[Any, ...]) -> bool:
        """Whether the rule's type restriction admits these arguments."""
        if self.types is None:
            return True
        return len(args) >= len(self.types) and all(map(isinstance, args, self.types))

    def apply(
        self, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[Any, Callable[..., tuple[Any, ...]] | None]:
        """Run the rule: ``(y, pullback)``.

        The pullback takes ``d_y`` (and ``d_after`` for a mutating rule) and returns a pair
        ``(d_args, d_kwargs)``: a tuple with one projected cotangent per positional argument as
        given, and a dict for keyword arguments. It is None for a nondifferentiable function.
        """
        if self.is_nondifferentiable:
            return self.primal(*args, **kwargs), None
        if config.current().check_rules and self._checked is not self:
            return self.checked.apply(args, kwargs)
        if self.partials is not None:
            return self._apply_elementwise(args, kwargs)
        if isinstance(self.primal, np.ufunc) and not self.primal.signature:
            if kwargs or len(args) != self.primal.nin:
                from dpy.adjoints.ufunc_calls import apply_ufunc

                return apply_ufunc(self, args, kwargs)
        return self._apply_general(args, kwargs)

    def _apply_elementwise(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        partials, singular = self.partials, self.singular
        assert partials is not None
        n = len(partials)
        if kwargs or len(args) != n:
            from dpy.adjoints.ufunc_calls import apply_ufunc  # where=, out=, dtype=

            return apply_ufunc(self, args, kwargs)
        y = self.primal(*args)

        def elementwise_pullback(d_y: Any) -> Any:
            return tuple(
                ZERO
                if partial is None
                else project(times(d_y, conjugate(partial(*args, y)), singular), x)
                for partial, x in zip(partials, args, strict=True)
            ), {}

        return y, elementwise_pullback

    def _apply_general(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        assert self.forward is not None and self.signature is not None
        result = self.forward(*args, **kwargs)
        if not (isinstance(result, tuple) and len(result) == 2 and callable(result[1])):
            raise AdjointError(
                f"the rule for {self.name} must return (value, pullback), "
                f"it returned {type(result).__name__}",
                repair="end the rule with `return y, pullback`",
            )
        y, pullback = result
        slots = [(where, kept(x)) for where, x in self.slots(args, kwargs)]

        def rule_pullback(*d: Any) -> Any:
            d_args: list[Any] = [ZERO] * len(args)
            d_kwargs: dict[str, Any] = {}
            if all(map(is_zero, d)):
                return tuple(d_args), d_kwargs
            if self.primal_is_user and type(d[0]) in (dict, tuple):
                # A user's rule gets the cotangent of an object in the form of that object.
                from dpy import structs

                d = (structs.mirror(d[0], y), *d[1:])
            found = self.check_cotangents(pullback(*d), len(slots))
            for (where, x), d_x in zip(slots, found, strict=True):
                if where is None or is_zero(d_x):
                    continue
                d_x = project(d_x, x)
                if isinstance(where, int):
                    d_args[where] = d_x
                else:
                    d_kwargs[where] = d_x
            return tuple(d_args), d_kwargs

        return y, rule_pullback

    def slots(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[tuple[Any, Any]]:
        """One ``(position or keyword or None, value)`` per cotangent that the pullback returns."""
        assert self.signature is not None
        slots: list[tuple[Any, Any]] = []
        position = 0
        for name, parameter in self.signature.parameters.items():
            if parameter.kind is parameter.VAR_POSITIONAL:
                slots += [(i, args[i]) for i in range(position, len(args))]
                position = len(args)
            elif parameter.kind in (parameter.KEYWORD_ONLY, parameter.VAR_KEYWORD):
                continue
            else:
                if name not in self.static:
                    if position < len(args):
                        slots.append((position, args[position]))
                    elif name in kwargs:
                        slots.append((name, kwargs[name]))
                    else:
                        slots.append((None, None))
                position += 1
        return slots

    def check_cotangents(self, d: Any, expected: int) -> tuple[Any, ...]:
        """What a pullback returned, which must be a tuple of `expected` cotangents."""
        if not isinstance(d, tuple) or len(d) != expected:
            got = f"a tuple of {len(d)}" if isinstance(d, tuple) else type(d).__name__
            raise AdjointError(
                f"the pullback of the rule for {self.name} must return a tuple of "
                f"{expected} cotangent(s), one per argument; it returned {got}",
                why="a bare value would be ambiguous",
                repair="return `(d_x,)` for one argument; use None where there is no gradient",
            )
        return d


def _name(f: Any) -> str:
    module = getattr(f, "__module__", None) or getattr(
        getattr(f, "__objclass__", None), "__module__", ""
    )
    if isinstance(f, np.ufunc):
        module = "numpy" if getattr(np, f.__name__, None) is f else "scipy.special"
    name: Any = getattr(f, "__qualname__", None) or getattr(f, "__name__", repr(f))
    return str(name) if module in ("builtins", None, "") else f"{module}.{name}"


def kept(x: Any) -> Any:
    """A list as it is now: the program may change it before the pullback projects on it."""
    if type(x) is list:
        return [kept(item) for item in x]
    return x


# --- the book ---------------------------------------------------------------------------------

_book: dict[Any, tuple[Rule, ...]] = {}
_lock = threading.RLock()
_version = 0

# dpy's own rules are registered when they are first needed: `import dpy` should take no time, and a
# program without arrays does not wait for NumPy's.
_PYTHON = ("builtins", "mathlib", "operators")
_NUMPY = ("numpy",)
_loaded: set[tuple[str, ...]] = set()
_waiting: list[Rule] = []  # what users registered before: it goes on top of the library


class _Loading(threading.local):
    """Whether this thread is importing a part of the library now."""

    active = False


_loading = _Loading()


def load_library() -> None:
    """Register all of dpy's own rules, and those that users have registered before."""
    _load(_PYTHON)
    _load(_NUMPY)


def _load(part: tuple[str, ...]) -> None:
    if part in _loaded or _loading.active:
        return
    _loading.active = True
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
        _loading.active = False


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
    if len(_loaded) < 2:
        _load(_PYTHON)
        _load(_part(f))
    try:
        group = _book.get(f)
    except TypeError:  # unhashable callable object
        return None
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


def _register(rule: Rule, replace: bool) -> None:
    global _version
    if _loading.active:
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
    there is no gradient; parameters after ``*`` are never differentiated).

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

    def register(forward: Callable[..., Any]) -> Callable[..., Any]:
        if not isinstance(forward, FunctionType):
            raise AdjointError(f"the rule for {_name(primals[0])} must be a Python function")
        may_replace = replace
        if may_replace is None:
            may_replace = not forward.__module__.startswith("dpy.adjoints.")
        for primal in primals:
            rule = Rule(
                primal, forward, static=static, fresh=fresh, mutates=mutates, kind=kind, types=types
            )
            _register(rule, may_replace)
        return forward

    return register


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
    _register(
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
        _register(Rule(primal, is_nondifferentiable=True, kind=kind, fresh=fresh), replace=True)
    return primals[0] if len(primals) == 1 else None


def parameters(rule: Rule) -> tuple[inspect.Parameter, ...]:
    """The parameters of an ``@adjoint`` rule, in order."""
    assert rule.signature is not None
    return tuple(rule.signature.parameters.values())
