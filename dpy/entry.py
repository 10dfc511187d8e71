"""The short way into compiled code, for calls that look like one that was compiled before.

What a call costs besides the function's own work counts for small functions. `find` gets from a
function and its arguments to compiled code, and checks all that this code relies on: what
`specialise` would compile again is never used. Everything else is left to
`dpy.specialise.forward_of`; whatever that finds may be remembered here. After a few calls an entry
has straight-line functions written for its checks and for its gradients (`dpy.matching`,
`dpy.exits`); until then they are made step by step.
"""

from __future__ import annotations

from _thread import get_ident
from types import CodeType, FunctionType
from typing import Any

import numpy as np

from dpy import config, structs
from dpy.adjoints import registry
from dpy.depth import in_room
from dpy.kinds import Array, Kind, Number, Other, Tuple, can_carry, is_number, kind_of
from dpy.records import record
from dpy.runtime import forward_run
from dpy.runtime.accumulators import Accumulators
from dpy.specialise import (
    Guards,
    Specialisation,
    are_disjoint,
    cell_kind,
    counts,
    entries,
    is_widened,
)  # fmt: skip
from dpy.transform.emit import CELLS

__all__ = ["PLAIN", "UNITS", "Entry", "Form", "Mode", "find", "mode_of", "remember"]

_MOST_FUNCTIONS = 4096
_MOST_SIGNATURES = 16
_PATIENCE = 3  # steps before functions are written: a call that stays alone should not pay for them


@record
class Form:
    """How a function is called: what a matcher has to look at besides the guards."""

    kinds: tuple[Kind, ...]  # of the positional arguments
    keywords: tuple[tuple[str, Kind], ...] = ()
    defaults: tuple[tuple[str, Kind], ...] = ()  # of parameters that are not given
    cells: tuple[Kind, ...] = ()
    is_disjoint: bool = False  # the arguments must share nothing mutable

    def all_kinds(self) -> tuple[Kind, ...]:
        """Those of all that the call hands over."""
        named = (*self.keywords, *self.defaults)
        return (*self.kinds, *(kind for _, kind in named), *self.cells)


class Mode:
    """What is differentiated and how: calls of different modes share no compiled code."""

    __slots__ = ("active", "bound", "drops_first", "protect")

    def __init__(
        self,
        active: tuple[bool, ...] | None = None,
        protect: bool = False,
        drops_first: bool = False,
    ) -> None:
        self.active = active  # which positional arguments are differentiated; None: all
        self.protect = protect  # the pullback may be called any number of times
        self.drops_first = drops_first  # the first argument is the object of a bound method
        self.bound: dict[int, Mode] = {}  # for bound methods, by the number of arguments


PLAIN = Mode()
UNITS: dict[type, Any] = {float: 1.0, int: 1.0, np.float64: np.float64(1)}  # seeds of results
_modes: dict[Any, Mode] = {(None, False, False): PLAIN}


def mode_of(
    active: tuple[bool, ...] | None = None, protect: bool = False, drops_first: bool = False
) -> Mode:
    """The one mode of this description."""
    if active is not None and all(active):
        active = None
    key = active, protect, drops_first
    found = _modes.get(key)
    if found is None:
        found = _modes.setdefault(key, Mode(*key))
    return found


def find(
    f: FunctionType, args: tuple[Any, ...], kwargs: dict[str, Any], mode: Mode = PLAIN
) -> Entry | None:
    """The compiled code for this call, if it was remembered and is still right."""
    known = entries.get(id(f.__code__) if mode is PLAIN else (id(f.__code__), mode))
    if known is not None:
        for entry in known:
            if entry.match(f, args, kwargs):
                counts["hits"] += 1
                return entry
    return None


def remember(
    f: FunctionType,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    mode: Mode,
    specialisation: Specialisation,
) -> Entry | None:
    """Note the specialisation that a call has led to, if the short way serves such calls."""
    code = f.__code__
    if code.co_flags & 0x0C or len(args) > code.co_argcount:
        return None  # *args, **kwargs
    is_written = bool(specialisation.summary.written)
    if is_written and not specialisation.is_for_distinct and not specialisation.summary.reads_heap:
        return None  # the next arguments may be disjoint, and then there is better code
    entry = Entry(f, args, kwargs, mode, specialisation)
    if is_widened(specialisation.key, entry.form.all_kinds()):
        return None  # the next function will be another one
    key: Any = id(code) if mode is PLAIN else (id(code), mode)
    if len(entries) >= _MOST_FUNCTIONS:
        entries.clear()
    others = [old for old in entries.get(key, ()) if old.signature != entry.signature]
    entries[key] = [entry, *others[: _MOST_SIGNATURES - 1]]
    return entry


class Entry:
    """Compiled code for one signature of one code object, and all that it relies on."""

    __slots__ = (
        "_calls", "_defaults", "_exit", "_first", "_forward", "_guards", "_is_flat", "_mode",
        "_own_globals", "_settings", "_specialisation", "_sweeps", "_template", "_version", "code",
        "form", "is_differentiable", "match", "needs_acc", "needs_snapshot", "run", "signature",
        "sweep",
    )  # fmt: skip

    def __init__(
        self,
        f: FunctionType,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        mode: Mode,
        found: Specialisation,
    ) -> None:
        self.code = f.__code__  # held, so that its identity stays its own
        self.form = _form(f, args, kwargs, found)
        self._defaults = f.__defaults__, f.__kwdefaults__
        self._own_globals = f.__globals__
        self._settings = config.current()
        self._version = registry.version()
        self._specialisation = found
        self._mode = mode
        self._first = 1 if mode.drops_first else 0
        self._guards = _guards_of_others(f, found)
        self._is_flat = found.is_flat()
        self.needs_acc = found.summary.needs_acc
        flags = mode.active or (True,) * len(args)
        pairs = zip(flags, self.form.kinds, strict=True)
        self.is_differentiable = all(can_carry(kind) for flag, kind in pairs if flag)
        self.needs_snapshot = self.needs_acc and not all(map(_is_fixed, self.form.kinds))
        self.signature = self.form, id(f.__globals__), self._settings
        self._template = _template(f, found)
        self._forward: Any = None
        if f.__closure__ is None and self._template is not None:
            self._forward = found.forward(f)
        self._calls = 0
        self._sweeps = 0
        self._exit: Any = None
        self.match: Any = self._match
        self.run: Any = self._run
        self.sweep: Any = self._sweep

    def _match(self, f: FunctionType, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
        """Whether this is a call of the same form, and everything as when it was compiled."""
        if (
            self._version != registry.version()
            or f.__globals__ is not self._own_globals
            or config.current() is not self._settings
            or registry.has_rule(f)
        ):
            return False
        form = self.form
        if form.defaults and (
            f.__defaults__ is not self._defaults[0] or f.__kwdefaults__ is not self._defaults[1]
        ):
            return False
        if len(args) != len(form.kinds) or _form(f, args, kwargs, self._specialisation) != form:
            return False
        if not self._guards.hold() or (form.is_disjoint and not _are_apart(f, args, kwargs)):
            return False
        self._count()
        return True

    def _count(self) -> None:
        self._calls += 1
        if self._calls == _PATIENCE:
            self._write()

    def _write(self) -> None:
        """Have functions written for what has been done step by step so far."""
        from dpy.exits import write_exit  # not before they are needed: a first gradient is not
        from dpy.matching import write_matcher

        form = self.form
        active = self._mode.active or (True,) * len(form.kinds)
        wanted: list[bool | None] = list(active)
        if self._first:
            wanted[0] = None
        self._exit = write_exit(
            form.kinds, tuple(wanted), len(self._specialisation.params), self._mode.protect
        )
        self.run = self._written_run()
        self.match = write_matcher(
            self.code,
            self._own_globals,
            self._defaults,
            form,
            self._guards,
            self._settings,
            self._version,
        )

    def _sweep(
        self, f: FunctionType, args: tuple[Any, ...], kwargs: dict[str, Any], seed_of: Any
    ) -> Any:
        """The value of ``f(*args, **kwargs)`` and the gradients; None if this is another call.

        `seed_of(y, f)` gives the seed for results that are not plain numbers.
        """
        if not self.match(f, args, kwargs):
            return None
        self._sweeps += 1
        if self._sweeps == _PATIENCE:
            self._write_sweep()
        snapshot = structs.snapshot(args) if self.needs_snapshot else None
        y, back = self.run(f, args, kwargs)
        return y, self.gradients(back, UNITS.get(type(y)) or seed_of(y, f), args, snapshot)

    def _write_sweep(self) -> None:
        """Have `_sweep` written as one function, if the call leaves the arguments as they are."""
        from dpy.exits import exit_lines
        from dpy.matching import NO_MATCH, match_call
        from dpy.straight import Writer

        form = self.form
        if self._mode is not PLAIN or self.needs_acc or self._specialisation.summary.writes:
            return
        w = Writer("sweep(f, args, kwargs, seed_of)", otherwise="None")
        places = match_call(
            w, self.code, self._own_globals, self._defaults, form, self._guards,
            self._settings, self._version,
        )  # fmt: skip
        w.attempt(NO_MATCH, f"y, {w.constant(self._finish, 'finish')}(ds, args)")
        self._write_call(w, places[: len(form.kinds)], "y, back =")
        seed = f"{w.constant(UNITS.get, 'unit')}(type(y)) or seed_of(y, f)"
        if self._is_flat:
            w.line(f"ds = back({seed})")
        else:
            w.line(f"ds = {w.constant(in_room, 'in_sweep')}(back, {seed})")
        wanted = (True,) * len(form.kinds)
        n_returned = len(self._specialisation.params)
        found = exit_lines(w, form.kinds, wanted, places, n_returned, False)
        if found is not None:
            self.sweep = w.function(f"y, {found}")

    def _finish(self, ds: Any, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The gradients where an exit gives up."""
        own = list(ds[: len(args)])
        return structs.gradients(Accumulators().finish(args, own, None), args, None)

    def _written_run(self) -> Any:
        """`_run` for calls of this form."""
        from dpy.straight import Writer

        w = Writer("run(f, args, kwargs)", otherwise="None")
        names = w.locals(len(self.form.kinds))
        w.unpack(names, "args")
        self._write_call(w, names, "return")
        return w.function()

    def _write_call(self, w: Any, names: list[str], into: str) -> None:
        """Call the forward with what these variables hold."""
        code = self._specialisation.emitted().code
        if self._forward is not None:
            forward = w.constant(self._forward, code.co_name)
        elif self._template is None:
            forward = f"{w.constant(self._specialisation.forward, 'forward_of')}(f)"
        else:
            forward = w.local()
            self._write_binding(w, forward, code)
        given = [*names, *(["**kwargs"] if self.form.keywords else [])]
        if not self._is_flat:
            in_run = w.constant(forward_run.in_run, "in_run")
            w.line(f"{into} {in_run}({', '.join([forward, *given])})")
            return
        thread, running = w.local(), forward_run.running
        w.line(f"{thread} = {w.constant(get_ident, 'get_ident')}()")
        w.line("try:")
        w.line(f"    {w.constant(running.append, 'begin')}({thread})")
        w.line(f"    {into} {forward}({', '.join(given)})")
        w.line(f"finally: {w.constant(running.remove, 'end')}({thread})")

    def _write_binding(self, w: Any, forward: str, code: CodeType) -> None:
        """What `forward` does for a function with cells."""
        own = w.locals(len(self.code.co_freevars))
        w.unpack(own, "f.__closure__")
        cells = [
            own[c] if type(c) is int else w.constant(c, name)
            for c, name in zip(self._template or (), code.co_freevars, strict=True)
        ]
        w.line(
            f"{forward} = {w.constant(FunctionType, 'FunctionType')}("
            f"{w.constant(code, 'code')}, {w.constant(self._own_globals, 'own_globals')}, "
            f"{code.co_name!r}, f.__defaults__, ({''.join(c + ', ' for c in cells)}))"
        )
        if code.co_kwonlyargcount:
            w.line(f"{forward}.__kwdefaults__ = f.__kwdefaults__")

    def forward(self, f: FunctionType) -> Any:
        """The compiled forward of `f`, bound to its cells and defaults."""
        if self._forward is not None:
            return self._forward
        if self._template is None:
            return self._specialisation.forward(f)
        closure = f.__closure__
        code = self._specialisation.emitted().code
        forward = FunctionType(
            code, self._own_globals, code.co_name, f.__defaults__,
            tuple([closure[c] if type(c) is int else c for c in self._template]),  # type: ignore[index]
        )  # fmt: skip
        if f.__kwdefaults__ is not None:
            forward.__kwdefaults__ = f.__kwdefaults__
        return forward

    def _run(self, f: FunctionType, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The pair of ``f(*args, **kwargs)`` and its pullback."""
        return forward_run.in_run(self.forward(f), *args, **kwargs)

    def gradients(
        self, pullback: Any, seed: Any, args: tuple[Any, ...], snapshot: Any
    ) -> tuple[Any, ...]:
        """The gradients of the arguments, as the user gets them."""
        if not self.needs_acc:
            ds = [pullback(seed) if self._is_flat else in_room(pullback, seed)]
            found = None if self._exit is None else self._exit(ds[0], args)
            return self._totals(Accumulators(), ds, args, snapshot) if found is None else found
        swept: tuple[Any, ...] = Accumulators().sweep(self._swept, pullback, seed, args, snapshot)
        return swept

    def _swept(
        self, acc: Accumulators, pullback: Any, seed: Any, args: tuple[Any, ...], snapshot: Any
    ) -> tuple[Any, ...]:
        ds = [pullback(seed, acc) if self._is_flat else in_room(pullback, seed, acc)]
        if self._exit is not None and snapshot is None and not (acc.arrays or acc.slots):
            found: tuple[Any, ...] | None = self._exit(ds[0], args)
            if found is not None:
                return found
        return self._totals(acc, ds, args, snapshot)

    def _totals(
        self, acc: Accumulators, swept: list[Any], args: tuple[Any, ...], snapshot: Any
    ) -> tuple[Any, ...]:
        """The general way to the gradients; what the sweep returned is taken out of a list."""
        self._count()
        first, n = self._first, len(args)
        active = self._mode.active
        own = list(swept.pop()[first:n])
        held = acc.finish(args[first:], own, snapshot)
        del own
        if active is not None:
            for i in range(first, n):
                if not active[i]:
                    held[i - first] = None
            args = tuple(x if active[i] else None for i, x in enumerate(args))
        return structs.gradients(held, args[first:], snapshot)


def _form(
    f: FunctionType, args: tuple[Any, ...], kwargs: dict[str, Any], found: Specialisation
) -> Form:
    """What `specialise` knows a call by."""
    code = f.__code__
    kinds = tuple([kind_of(x) for x in args])
    keywords = tuple([(name, kind_of(x)) for name, x in kwargs.items()])
    defaults = (
        tuple(_default_kinds(f, len(args), kwargs))
        if (len(args) + len(kwargs) < code.co_argcount + code.co_kwonlyargcount)
        else ()
    )
    cells = tuple([cell_kind(cell) for cell in f.__closure__ or ()])
    others = sum(not is_number(kind) for kind in kinds) + len(keywords) + len(defaults)
    return Form(
        kinds, keywords, defaults, cells,
        bool(found.summary.written) and found.is_for_distinct and others > 1,
    )  # fmt: skip


def _are_apart(f: FunctionType, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    defaults = (*(f.__defaults__ or ()), *(f.__kwdefaults__ or {}).values())
    return are_disjoint((*args, *kwargs.values(), *defaults))


def _default_kinds(f: FunctionType, n: int, kwargs: dict[str, Any]) -> Any:
    """The parameters that a call leaves out, and the kinds of their defaults."""
    code = f.__code__
    names = code.co_varnames[: code.co_argcount]
    defaults = f.__defaults__ or ()
    offset = len(names) - len(defaults)
    for i in range(max(n, offset), len(names)):
        if names[i] not in kwargs:
            yield names[i], kind_of(defaults[i - offset])
    for name, value in (f.__kwdefaults__ or {}).items():
        if name not in kwargs:
            yield name, kind_of(value)


def _is_fixed(kind: Any) -> bool:
    """Whether values of a kind hold nothing that `structs.snapshot` has to remember."""
    if isinstance(kind, Tuple):
        return all(map(_is_fixed, kind.items))
    return isinstance(kind, (Array, Number, Other))


def _guards_of_others(f: FunctionType, found: Specialisation) -> Guards:
    """All that the code relies on but `f` itself, which the call and its form describe."""
    guards = Guards()
    guards.update(found.all_guards())
    if not _calls_itself(found):
        guards.codes.pop(id(f), None)
    return guards


def _calls_itself(found: Specialisation) -> bool:
    seen: set[int] = set()
    stack = list(found.callees)
    while stack:
        callee = stack.pop()
        if callee.source.code is found.source.code:
            return True
        if id(callee) not in seen:
            seen.add(id(callee))
            stack += callee.callees
    return False


def _template(f: FunctionType, found: Specialisation) -> tuple[Any, ...] | None:
    """The closure of the compiled forward: cells, and positions of cells in the closure of `f`."""
    emitted = found.emitted()
    places: list[Any] = []
    own = f.__code__.co_freevars
    for name in emitted.code.co_freevars:
        if name == CELLS:
            return None
        cell = emitted.bound.get(name)
        places.append(cell if cell is not None else own.index(name))
    return tuple(places)
