"""One adjoint rule: what is known of it, and how it is applied to arguments."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from types import FunctionType, MethodType
from typing import TYPE_CHECKING, Any

import numpy as np

from dpy import config
from dpy.cotangent import ZERO, conjugate, is_zero, project, times
from dpy.errors import AdjointError

if TYPE_CHECKING:
    import inspect

__all__ = ["Rule", "kept", "name_of", "parameters"]

_LIBRARIES = frozenset({"dpy", "numpy", "scipy"})
_SEQUENCES = frozenset({list, tuple, range})  # NumPy makes arrays of these


def _is_program(primal: Any) -> bool:
    """Whether this is a Python function that is no library's: it may do more than compute."""
    root = (getattr(primal, "__module__", None) or "").partition(".")[0]
    return isinstance(primal, (FunctionType, MethodType)) and root not in _LIBRARIES


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
        "_checked", "_name", "_places", "_signature", "fresh", "forward", "is_nondifferentiable",
        "kind", "mutates", "partials", "primal", "primal_is_user", "singular", "static", "types",
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
        is_others = self.primal_is_user or (is_nondifferentiable and _is_program(primal))
        if is_others and kind == "dummy":
            self.kind = "unknown"  # the compiler never runs users' code
        self._signature: inspect.Signature | None = None
        self._checked: Rule | None = None
        self._places: range | None = None

    @property
    def name(self) -> str:
        """The callable's name, with its module."""
        if self._name is None:
            self._name = name_of(self.primal)
        return self._name

    @property
    def signature(self) -> inspect.Signature | None:
        """The signature of `forward`; found out when first asked for, which takes a while."""
        if self._signature is None and self.forward is not None:
            import inspect

            self._signature = inspect.signature(self.forward)
        return self._signature

    def target(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """The argument that a mutating rule's primal writes to, given by place or by name."""
        assert self.mutates is not None
        if self.mutates < len(args):
            return args[self.mutates]
        assert self.signature is not None
        return kwargs.get(list(self.signature.parameters)[self.mutates])

    def outputs(
        self, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> list[tuple[int | str, Any]]:
        """The arguments that the primal writes its value to (``out=``), each with its place.

        >>> rule = Rule(np.add)
        >>> rule.outputs((1.0, 2.0, "out"), {}), rule.outputs((1.0, 2.0), {"out": None})
        ([(2, 'out')], [])
        """
        found: list[tuple[int | str, Any]] = []
        out = kwargs.get("out")
        if out is not None and not (type(out) is tuple and all(x is None for x in out)):
            found.append(("out", out))
        if len(args) > 1:
            if self._places is None:
                from dpy.adjoints.outputs import places_of_outputs

                self._places = places_of_outputs(self)
            found += [(i, args[i]) for i in self._places if i < len(args) and args[i] is not None]
        return found

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
        values = args
        if not _SEQUENCES.isdisjoint(map(type, args)):
            values = tuple([np.array(x) if type(x) in _SEQUENCES else x for x in args])

        def elementwise_pullback(d_y: Any) -> Any:
            return tuple(
                ZERO
                if partial is None or type(x) is range
                else project(times(d_y, conjugate(partial(*values, y)), singular), x)
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
        entry = None
        if self.primal_is_user and type(y) is not np.ndarray and type(y) is not float:
            from dpy import structs

            entry = structs.snapshot(y)  # the program may write to it

        def rule_pullback(*d: Any) -> Any:
            d_args: list[Any] = [ZERO] * len(args)
            d_kwargs: dict[str, Any] = {}
            if all(map(is_zero, d)):
                return tuple(d_args), d_kwargs
            if self.primal_is_user and type(d[0]) in (dict, tuple):
                # A user's rule gets the cotangent of an object in the form of that object.
                from dpy import structs

                d = (structs.mirror(d[0], y, entry), *d[1:])
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


def name_of(f: Any) -> str:
    """The name of a callable, with its module."""
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


def parameters(rule: Rule) -> tuple[inspect.Parameter, ...]:
    """The parameters of an ``@adjoint`` rule, in order."""
    assert rule.signature is not None
    return tuple(rule.signature.parameters.values())
