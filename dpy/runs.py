"""One forward run of a function: on the short way, compiled, or left to the runtime."""

from __future__ import annotations

from types import FunctionType, MethodType
from typing import Any

from dpy import entry as entry_points
from dpy import structs
from dpy.adjoints import registry
from dpy.cotangent import ZERO
from dpy.depth import in_room
from dpy.entry import PLAIN, Mode, find, mode_of
from dpy.errors import SourceUnavailableError
from dpy.runtime import forward_run
from dpy.runtime.accumulators import Accumulators
from dpy.runtime.dispatch import dispatch, has_own_way
from dpy.runtime.held import sink
from dpy.runtime.special_methods import user_method
from dpy.specialise import Specialisation, forward_of, keeps_tape, spread

__all__ = [
    "PROTECTED", "KnownRun", "Run", "compiled", "dispatched", "is_compiled", "run_known", "start",
    "sweep_of",
]  # fmt: skip

PROTECTED = mode_of(protect=True)
_PIECEWISE = 0x2A0  # generators and coroutines


class Run:
    """One forward run: the value, and the sweep that gives cotangents of the arguments."""

    __slots__ = ("args", "entry", "sweep", "y")

    def __init__(self, y: Any, sweep: Any, args: tuple[Any, ...], entry: Any) -> None:
        self.y = y
        self.sweep = sweep
        self.args = args
        self.entry = entry

    def gradients(self, seed: Any) -> tuple[Any, ...]:
        """The gradients of the arguments for a seed of the result."""
        found: tuple[Any, ...] = Accumulators().sweep(self._swept, seed)
        return found

    def _swept(self, acc: Accumulators, seed: Any) -> tuple[Any, ...]:
        ds = in_room(self.sweep, seed, acc)
        totals = acc.finish(self.args, ds, self.entry)
        del ds
        return structs.gradients(totals, self.args, self.entry)


class KnownRun:
    """A `Run` of code that `dpy.entry` knows."""

    __slots__ = ("args", "known", "pullback", "snapshot", "y")

    def __init__(
        self, known: entry_points.Entry, args: tuple[Any, ...], snapshot: Any, y: Any, pullback: Any
    ) -> None:
        self.known = known
        self.args = args
        self.snapshot = snapshot
        self.y = y
        self.pullback = pullback

    def gradients(self, seed: Any) -> tuple[Any, ...]:
        """The gradients of the arguments for a seed of the result."""
        return self.known.gradients(self.pullback, seed, self.args, self.snapshot)


def run_known(
    known: entry_points.Entry, f: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> KnownRun:
    """A run of code that is known to fit the call."""
    snapshot = structs.snapshot(args) if known.needs_snapshot else None
    return KnownRun(known, args, snapshot, *known.run(f, args, kwargs))


def start(
    f: Any, args: tuple[Any, ...], kwargs: dict[str, Any], mode: Mode = PLAIN
) -> Run | KnownRun:
    """A run on the short way if there is one for this call."""
    if type(f) is FunctionType:
        known = find(f, args, kwargs, mode)
        if known is not None:
            return run_known(known, f, args, kwargs)
    else:
        bound = _unbound(f)
        if bound is not None:
            known = find(bound[0], (bound[1], *args), kwargs, _bound_mode(mode, len(args)))
            if known is not None:
                return run_known(known, bound[0], (bound[1], *args), kwargs)
    return _run(f, args, kwargs, mode)


def _unbound(f: Any) -> tuple[FunctionType, Any] | None:
    """The Python function behind a bound method or callable object, and its first argument."""
    t = type(f)
    if t is MethodType:
        function = f.__func__
        return (function, f.__self__) if type(function) is FunctionType else None
    hashes: Any = t.__hash__
    if isinstance(f, type) or (hashes is not None and hashes is not object.__hash__):
        return None  # its look-up among the rules would run code of the user
    call = user_method(t, "__call__")
    if call is None or registry.lookup(f) is not None or has_own_way(call):
        return None
    return call, f


def _bound_mode(mode: Mode, n: int) -> Mode:
    """The mode in which the function behind a bound method runs: its object is held fixed."""
    found = mode.bound.get(n)
    if found is None:
        active = (False, *(mode.active or (True,) * n))
        found = mode.bound[n] = mode_of(active, mode.protect, drops_first=True)
    return found


def _run(
    f: Any, args: tuple[Any, ...], kwargs: dict[str, Any], mode: Mode = PLAIN
) -> Run | KnownRun:
    found: Run | KnownRun = forward_run.in_run(_forward, f, args, kwargs, mode)
    return found


def _forward(f: Any, args: tuple[Any, ...], kwargs: dict[str, Any], mode: Mode) -> Run | KnownRun:
    function, xs, inner_mode = f, args, mode
    bound = None if type(f) is FunctionType else _unbound(f)
    if bound is not None:
        function, xs = bound[0], (bound[1], *args)
        inner_mode = _bound_mode(mode, len(args))
    if not is_compiled(function):
        return dispatched(f, args, kwargs, mode.active or (True,) * len(args))
    try:
        found = compiled(function, xs, kwargs, inner_mode)
    except SourceUnavailableError:
        if type(f) in (FunctionType, MethodType):
            raise
        return dispatched(f, args, kwargs, mode.active or (True,) * len(args))
    snapshot = structs.snapshot(xs) if found.summary.needs_acc else None
    y, pb = found.forward(function)(*xs, **kwargs)
    known = entry_points.remember(function, xs, kwargs, inner_mode, found)
    if known is not None:
        return KnownRun(known, xs, snapshot, y, pb)
    sweep = sweep_of(found, pb, len(xs), kwargs)
    if bound is not None:
        return Run(y, lambda d, acc: sweep(d, acc)[1:], args, snapshot)
    return Run(y, sweep, args, snapshot)


def is_compiled(f: Any) -> bool:
    """Whether a function is given an adjoint of its own, as one piece."""
    return (
        type(f) is FunctionType
        and registry.lookup(f) is None
        and not f.__code__.co_flags & _PIECEWISE
        and not keeps_tape(f)
    )


def compiled(
    f: Any, args: tuple[Any, ...], kwargs: dict[str, Any], mode: Mode, heap_active: bool = False
) -> Specialisation:
    """The specialisation for these arguments, all of them or those of the mode being active."""
    active = mode.active or (True,) * len(args)
    inactive = (False,) * len(kwargs)
    return forward_of(
        f, args, kwargs, active, inactive, heap_active=heap_active, protect=mode.protect
    )


def sweep_of(found: Specialisation, pb: Any, n: int, kwargs: dict[str, Any]) -> Any:
    """The pullback of compiled code as one to the cotangents of positional arguments."""
    names = tuple(kwargs)
    params = found.params
    if found.summary.needs_acc:
        return lambda d, acc: spread(params, pb(d, acc), n, names)[0]
    return lambda d, acc: spread(params, pb(d), n, names)[0]


def dispatched(f: Any, args: tuple[Any, ...], kwargs: dict[str, Any], active: Any) -> Run:
    """A run of what is not a plain Python function."""
    entry = structs.snapshot(args)
    y, pb = dispatch(f, args, kwargs, active, (False,) * len(kwargs))
    if pb is None:
        return Run(y, lambda d, acc: (ZERO,) * len(args), args, entry)
    return Run(y, lambda d, acc: pb(sink(acc, y, d), acc)[1], args, entry)
