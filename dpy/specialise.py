"""Specialisations: a function compiled for the kinds and the activity of its arguments.

This layer stands above the compiler's stages and the runtime: it answers the compiler's questions
about globals, rules and other functions, keeps what has been compiled, and notices when something
that compiled code relies on has changed.
"""

from __future__ import annotations

import builtins
import dataclasses
import inspect
import re
import threading
import types
import weakref
from typing import Any

import numpy as np

from dpy import config, inlining
from dpy.adjoints import registry
from dpy.cotangent import ZERO, add, project, unbroadcast
from dpy.errors import DpyError, SourceUnavailableError, UnsupportedSyntaxError
from dpy.kinds import UNKNOWN, Array, Kind, KnownObject, is_atomic, kind_of, widen
from dpy.pause import Paused
from dpy.records import made_by, record, replace, struct
from dpy.runtime import attempts, containers, dispatch, helpers, iteration
from dpy.runtime.attempts import room
from dpy.runtime.held import hold, sink, take
from dpy.slots import contents
from dpy.taped import listing, run_taped
from dpy.transform import constructors, ir, known_values, split_targets, unroll
from dpy.transform.adjoint import finish_loops, write_adjoint
from dpy.transform.emit import Emitted, emit
from dpy.transform.generic import Runtime
from dpy.transform.infer import Facts, Summary, infer
from dpy.transform.lower import lower
from dpy.transform.optimise import optimise
from dpy.transform.rotate import needs_rotation, rotate
from dpy.transform.signatures import signature_of
from dpy.transform.source import Source, read_source
from dpy.transform.splice import splice
from dpy.transform.taped import uses_tape
from dpy.transform.verify import verify

__all__ = [
    "Specialisation", "cache_info", "clear_cache", "forward_of", "keeps_tape", "specialise",
    "taped_code",
]  # fmt: skip

MISSING = object()
_MOST_SIGNATURES = 16
_WITHOUT_NOTES = frozenset({"dpy.runtime.held", "dpy.runtime.helpers"})
_lock = threading.RLock()


@struct
class Guards:
    """What a specialisation relies on."""

    entries: dict[tuple[int, str], tuple[Any, str, Any]] = made_by(default_factory=dict)
    kinds: dict[tuple[int, str], tuple[Any, str, Kind]] = made_by(default_factory=dict)
    codes: dict[int, tuple[Any, Any, Any, Any]] = made_by(default_factory=dict)
    cells: dict[int, tuple[Any, Kind]] = made_by(default_factory=dict)

    def update(self, other: Guards) -> None:
        self.entries.update(other.entries)
        self.kinds.update(other.kinds)
        self.codes.update(other.codes)
        self.cells.update(other.cells)

    def hold(self) -> bool:
        """Whether everything is still as it was when the code was compiled."""
        for mapping, key, value in self.entries.values():
            if mapping.get(key, MISSING) is not value:
                return False
        for function, code, defaults, kwdefaults in self.codes.values():
            if (
                function.__code__ is not code
                or function.__defaults__ is not defaults
                or function.__kwdefaults__ is not kwdefaults
            ):
                return False
        for mapping, key, kind in self.kinds.values():
            if kind_of(mapping.get(key, MISSING)) != kind:
                return False
        for cell, kind in self.cells.values():
            try:
                if kind_of(cell.cell_contents) != kind:
                    return False
            except ValueError:
                return False
        return True


class Specialisation:
    """One function compiled for one signature. The pullback is generated at the first call."""

    def __init__(self, source: Source, key: Any, kinds: dict[str, Kind], protect: bool) -> None:
        self.source = source
        self.name = source.name
        self.key = key
        self.kinds = kinds
        self.protect = protect
        self.summary = Summary(needs_acc=True)
        self.facts: Facts | None = None
        self.params: list[tuple[str, str]] = []
        self.guards = Guards()
        self.rules_version = registry.version()
        self.is_ready = False
        self.lowest_dependence: int | None = None
        self.callees: list[Specialisation] = []
        self.is_inlinable: bool | None = None
        self.home: ir.Home | None = None
        self._emitted: Emitted | None = None
        self._forwards: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()
        self._all_guards: Guards | None = None
        self._checked_in: int | None = None

    @property
    def is_settled(self) -> bool:
        """Whether the summary is final."""
        return self.is_ready and self.lowest_dependence is None

    def lower_dependence(self, depth: int) -> None:
        """Depends on the unsettled function at this depth of the analysis."""
        if self.lowest_dependence is None or depth < self.lowest_dependence:
            self.lowest_dependence = depth

    def emitted(self) -> Emitted:
        """The generated code."""
        if self._emitted is None:
            with _lock:
                if self._emitted is None:
                    with Paused():
                        self._emitted = _generate(self)
        return self._emitted

    def forward(self, function: Any) -> Any:
        """The forward for one function object (its cells and defaults)."""
        forward = self._forwards.get(function)
        if forward is None:
            forward = self._forwards[function] = self.emitted().bind(function)
        return forward

    def handle(self, function: Any) -> Any:
        """What a caller's code holds: compiles at the first call, then steps aside."""
        return _Handle(self, function)

    def is_valid(self) -> bool:
        """Whether neither rules nor globals nor callees have changed since."""
        if self.rules_version != registry.version():
            return False
        return self.all_guards().hold()

    def is_valid_now(self) -> bool:
        """The same, looked up once per analysis from the top: no user's code runs meanwhile."""
        if self._checked_in != _analysis[0] and self.is_valid():
            self._checked_in = _analysis[0]
        return self._checked_in == _analysis[0]

    def all_guards(self) -> Guards:
        """What this code and that of its callees relies on."""
        if self._all_guards is None:
            self._all_guards = self._collect(Guards(), set())
        return self._all_guards

    @property
    def is_for_distinct(self) -> bool:
        """Whether the arguments must not share memory or objects."""
        return not self.key[7]

    def is_isolated(self) -> bool:
        """Whether no generated code that a call runs keeps notes for the run (see `iteration`)."""
        return self._is_isolated(set())

    def _is_isolated(self, seen: set[int]) -> bool:
        if id(self) in seen:
            return True
        seen.add(id(self))
        if self._emitted is None:
            return False
        for cell in self._emitted.bound.values():
            module = getattr(cell.cell_contents, "__module__", None) or ""
            if module.startswith("dpy.runtime.") and module not in _WITHOUT_NOTES:
                return False
        return all(callee._is_isolated(seen) for callee in self.callees)

    def _collect(self, into: Guards, seen: set[int]) -> Guards:
        if id(self) not in seen:
            seen.add(id(self))
            into.update(self.guards)
            for callee in self.callees:
                callee._collect(into, seen)
        return into


class _Handle:
    """Calls a specialisation's forward; callable, so that generated code can use it by name."""

    __slots__ = ("_forward", "_function", "_specialisation")

    def __init__(self, specialisation: Specialisation, function: Any) -> None:
        self._specialisation = specialisation
        self._function = function
        self._forward: Any = None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        forward = self._forward
        if forward is None:
            forward = self._forward = self._specialisation.forward(self._function)
        return forward(*args, **kwargs)


# --- the cache ------------------------------------------------------------------------------------

_cache: dict[Any, dict[Any, Specialisation]] = {}
_lowered: dict[Any, ir.Function | DpyError] = {}
entries: dict[Any, list[Any]] = {}  # by id of the code object: see `dpy.entry`
counts = {"compiles": 0, "hits": 0, "misses": 0}
_MOST_FUNCTIONS = 4096


@record
class CacheInfo:
    """Figures of the cache of compiled functions."""

    functions: int
    specialisations: int
    compiles: int
    hits: int
    misses: int


def cache_info() -> CacheInfo:
    """How many functions and specialisations are cached, and how often one was compiled.

    >>> import dpy
    >>> dpy.cache_info().compiles >= 0
    True
    """
    return CacheInfo(
        len(_cache), sum(map(len, _cache.values())), counts["compiles"], counts["hits"],
        counts["misses"],
    )  # fmt: skip


def clear_cache() -> None:
    """Forget all compiled functions.

    >>> import dpy
    >>> dpy.clear_cache()
    >>> dpy.cache_info().functions
    0
    """
    with _lock:
        _cache.clear()
        _lowered.clear()
        entries.clear()


def _lowered_function(source: Source) -> ir.Function:
    found = _lowered.get(source.code)
    if found is None:
        try:
            found = split_targets.run(lower(source))
        except DpyError as error:
            found = error
        if len(_lowered) >= _MOST_FUNCTIONS:
            _lowered.clear()
        _lowered[source.code] = found
    if isinstance(found, DpyError):
        raise found
    return found


def specialise(
    function: Any,
    kinds: dict[str, Kind],
    active: frozenset[str],
    *,
    heap_active: bool = False,
    protect: bool = False,
    shared: frozenset[str] | None = None,
) -> Specialisation:
    """The specialisation of a Python function, compiled now if there is none yet.

    `shared` are the parameters that may share something mutable with another or with the heap;
    None: any of them may.

    Raises:
        UnsupportedSyntaxError, SourceUnavailableError, StaleSourceError.
    """
    code = function.__code__
    cells = tuple(cell_kind(cell) for cell in function.__closure__ or ())
    settings = config.current()
    shared = frozenset(
        name
        for name, kind in kinds.items()
        if (shared is None or name in shared) and not is_atomic(kind)
    )
    key = (
        id(function.__globals__), cells, tuple(kinds.items()), active, heap_active, protect,
        settings.strong_zero, shared, getattr(function, "cls", None), settings.check_rules,
    )  # fmt: skip
    with _lock:
        group = _cache.get(code)
        if group is None:
            if len(_cache) >= _MOST_FUNCTIONS:
                _cache.pop(next(iter(_cache)))
            group = _cache[code] = {}
        if not _in_progress:
            _analysis[0] += 1
        found = group.get(key)
        if found is not None and not found.is_ready:
            _depend_on(found)
            return found
        if found is not None and found.is_valid_now():
            counts["hits"] += 1
            return found
        counts["misses"] += 1
        if len(group) >= _MOST_SIGNATURES and found is None:
            kinds = {
                name: kind if isinstance(kind, KnownObject) else UNKNOWN
                for name, kind in kinds.items()
            }
            key = (*key[:2], tuple(kinds.items()), *key[3:])
            found = group.get(key)
            if found is not None and not found.is_ready:
                _depend_on(found)
            if found is not None and (not found.is_ready or found.is_valid()):
                return found
        is_constructor = isinstance(function, Constructor)
        with Paused():
            source = function.source if is_constructor else read_source(function)
        new = Specialisation(source, key, kinds, protect)
        group[key] = new
        _in_progress.append(new)
        try:
            with Paused():
                _analyse(new, function, active, heap_active, shared)
        except BaseException:
            group.pop(key, None)
            raise
        finally:
            _in_progress.pop()
        if new.lowest_dependence is not None and new.lowest_dependence < len(_in_progress):
            # Analysed while a function that it calls back was not settled: analysed again
            # when that one is, so this result is not kept.
            group.pop(key, None)
            _in_progress[-1].lower_dependence(new.lowest_dependence)
        return new


_in_progress: list[Specialisation] = []
_analysis = [0]  # counts the analyses that were not started by another one


def _depend_on(found: Specialisation) -> None:
    """Note that the function being analysed depends on one that is not settled."""
    if found in _in_progress:
        _in_progress[-1].lower_dependence(_in_progress.index(found))


def cell_kind(cell: Any) -> Kind:
    try:
        return _shallow(kind_of(cell.cell_contents))
    except ValueError:
        return UNKNOWN


def _shallow(kind: Kind) -> Kind:
    return kind


def _analyse(
    new: Specialisation,
    function: Any,
    active: frozenset[str],
    heap_active: bool,
    shared: frozenset[str],
) -> None:
    """Infer, to a fixpoint over recursion."""
    is_constructor = isinstance(function, Constructor)
    lowered = function.lowered if is_constructor else _lowered_function(new.source)
    new.params = [(p.name, p.kind) for p in lowered.params]
    if config.current().verify:
        verify(lowered)
    signature: Any = {
        "active": active, "heap_active": heap_active, "protect": new.protect, "shared": shared,
    }  # fmt: skip
    book, lowered = _settle(new, function, lowered, signature)
    relied_on = Guards()
    assert new.facts is not None
    written_out = unroll.run(lowered, new.facts)
    if written_out is not lowered and new.lowest_dependence is None:
        relied_on.update(new.guards)
        book, lowered = _settle(new, function, written_out, signature)
        assert new.facts is not None
        shorter = known_values.run(lowered, new.facts)
        if shorter is not lowered:
            relied_on.update(new.guards)
            book, lowered = _settle(new, function, shorter, signature)
    for _ in range(3):
        assert new.facts is not None
        calls = inlining.choose(new, new.facts)
        if not calls or new.lowest_dependence is not None:
            break
        relied_on.update(new.guards)
        for site in map(new.facts.sites.__getitem__, calls):
            relied_on.update(site.callee.all_guards())
        lowered = splice(lowered, calls)
        if config.current().verify:
            verify(lowered)
        book, lowered = _settle(new, function, lowered, signature)
        assert new.facts is not None
        shorter = known_values.run(lowered, new.facts)
        if shorter is not lowered:
            relied_on.update(new.guards)
            lowered = shorter
            book, lowered = _settle(new, function, lowered, signature)
    new.guards.update(relied_on)
    _protect_callees(new, book)
    new.is_ready = True


def _settle(
    new: Specialisation, function: Any, lowered: ir.Function, signature: Any
) -> tuple[_Book, ir.Function]:
    """Infer until a recursive function's own summary no longer changes."""
    new.summary = Summary()
    for attempt in range(6):
        new.lowest_dependence = None
        book = _Book(new, function)
        facts = infer(lowered, new.kinds, book=book, **signature)
        if needs_rotation(facts):
            lowered = rotate(lowered, facts)
            continue
        settled = facts.summary == new.summary or new.lowest_dependence is None
        new.summary = facts.summary
        new.facts = facts
        if settled:
            break
        if attempt == 4:
            new.summary.result = UNKNOWN
    assert new.facts is not None
    return book, lowered


def _protect_callees(new: Specialisation, book: _Book) -> None:
    """Callees that are given, or return, what may be written to later get their safe variant."""
    facts = new.facts
    assert facts is not None
    for s in ir.walk(facts.function.body):
        site = facts.sites.get(id(s))
        if site is None or site.form not in ("callee", "construct_fields") or not site.protect:
            continue
        function = site.slot if site.form == "construct_fields" else site.function
        site.callee = book.protected(site.callee, function)


class _Runtime(Runtime):
    """The operations on unknown values are imported with the first program that has some."""

    def __getattr__(self, name: str) -> ir.Known:
        if name in self._functions:
            return super().__getattr__(name)
        from dpy.runtime import operations

        return ir.Known(getattr(operations, name), name)


def _generate(new: Specialisation) -> Emitted:
    assert new.facts is not None
    counts["compiles"] += 1
    runtime = _Runtime(
        add=add, project=project, unbroadcast=unbroadcast,
        sink=sink, take=take, take_deep=_take_deep, hold=hold,
        zeros_for=helpers.zeros_for, owned=helpers.owned, add_at=helpers.add_at,
        add_region=helpers.add_region, take_region=helpers.take_region,
        project_written=helpers.project_written, copy_value=helpers.copy_value,
        slot=helpers.slot, pop_items=containers.pop_items, iterate=iteration.iterate,
        call_=dispatch.call_, call_spread=dispatch.call_spread,
        checked=helpers.checked,
        build_object=build_object, globals_=new.source.globals, protect=_protect,
    )  # fmt: skip
    generated = write_adjoint(new.facts, runtime)
    generated = replace(generated, body=finish_loops(generated.body))
    generated = optimise(generated, new.facts)
    return emit(generated, new.source)


def _take_deep(acc: Any, x: Any, d: Any) -> Any:
    """All that is accumulated for `x` and its contents, by value; each thing at one place only."""
    return _take_once(acc, x, d, set())


def _take_once(acc: Any, x: Any, d: Any, seen: set[int]) -> Any:
    if isinstance(x, np.ndarray):
        return acc.take(x, d)
    held = contents(x)
    if held is None:
        return d
    if id(x) in seen:
        return d
    seen.add(id(x))
    if isinstance(x, tuple):
        parts = containers.as_tuple(d, len(x))
        total = tuple(
            _take_once(acc, item, part, seen) for item, part in zip(x, parts, strict=True)
        )
        return ZERO if all(part is ZERO for part in total) else total
    own = acc.take(x, d)
    slots = dict(own) if type(own) is dict else {}
    for slot, item in held.items():
        part = _take_once(acc, item, slots.get(slot, ZERO), seen)
        if part is not ZERO:
            slots[slot] = part
    return slots or ZERO


def _protect(pullback: Any, values: Any) -> Any:
    from dpy.runtime.held import protect

    return protect(pullback, values)


def _identity_of(function: Any) -> tuple[Any, Any, Any, Any]:
    """What makes a function the one that was compiled."""
    return function, function.__code__, function.__defaults__, function.__kwdefaults__


class _Book:
    """Answers the compiler's questions about the surroundings of one function."""

    def __init__(self, owner: Specialisation, function: Any) -> None:
        self.owner = owner
        self.function = function
        self.globals = function.__globals__
        self.cells = dict(
            zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
        )
        owner.guards = Guards()
        owner.callees = []
        owner.guards.codes[id(function)] = _identity_of(function)

    def rule(self, function: Any, kinds: tuple[Kind, ...]) -> Any:
        rule = registry.lookup(function)
        if rule is not None and rule.types is not None:
            rule = _restricted_rule(function, kinds)
        if rule is not None and config.current().check_rules:
            return rule.checked
        return rule

    def read_global(self, name: str, home: ir.Home | None = None) -> tuple[Kind, Any]:
        names = self.globals if home is None else home.globals
        value = names.get(name, MISSING)
        guards = self.owner.guards
        if value is MISSING:
            value = getattr(builtins, name, MISSING)
            guards.entries[id(names), name] = (names, name, MISSING)
            if value is MISSING:
                return UNKNOWN, None
            return kind_of(value), value
        kind = kind_of(value)
        if isinstance(kind, KnownObject):
            guards.entries[id(names), name] = (names, name, value)
            return kind, value
        kind = _stable(kind)
        if kind is not UNKNOWN:
            guards.kinds[id(names), name] = (names, name, kind)
        return kind, value

    def is_stored(self, name: str, home: ir.Home | None = None) -> bool:
        return name in _stored_globals(self.owner.source if home is None else home.source)

    def read_free(self, name: str, cell: Any = None) -> Kind:
        owned = self.cells.get(name) if cell is None else cell
        if owned is None:
            return UNKNOWN
        kind = cell_kind(owned)
        if cell is not None:  # those of the function itself are part of its signature
            self.owner.guards.cells[id(cell)] = (cell, kind)
        return kind

    def depend(self, mapping: Any, key: str, value: Any) -> None:
        expected = MISSING if value is None and key not in mapping else value
        self.owner.guards.entries[id(mapping), key] = (mapping, key, expected)

    def constructor(self, cls: type) -> Any:
        return constructor_of(cls)

    def callee(
        self,
        function: Any,
        kinds: dict[str, Kind],
        active: frozenset[str],
        heap_active: bool,
        shared: frozenset[str],
    ) -> Any:
        if isinstance(function, types.FunctionType) and keeps_tape(function):
            return None
        if isinstance(function, Constructor):
            order: Any = [p.name for p in function.lowered.params]
        elif not isinstance(function, types.FunctionType) or _is_special(function.__code__):
            return None
        elif dispatch.has_own_way(function):
            return None
        else:
            order = signature_of(function).parameters
        kinds = {name: widen(kinds[name]) for name in order if name in kinds}
        try:
            found = specialise(
                function, kinds, active, heap_active=heap_active, protect=self.owner.protect,
                shared=shared,
            )  # fmt: skip
        except DpyError:
            return None
        self.owner.guards.codes[id(function)] = _identity_of(function)
        self.owner.callees.append(found)
        return found

    def protected(self, callee: Specialisation, function: Any) -> Specialisation:
        """The variant of a callee whose arguments or result may be written to later."""
        if callee.protect:
            return callee
        active = callee.key[3]
        found = specialise(
            function, callee.kinds, active, heap_active=callee.key[4], protect=True,
            shared=callee.key[7],
        )  # fmt: skip
        self.owner.callees.append(found)
        return found


class Constructor:
    """A class's ``__init__`` as a function from arguments to fields (see `constructors`)."""

    def __init__(self, cls: type, init: Any, body: Any, source: Source, made: Any) -> None:
        self.cls = cls
        self.init = init
        self.source = source
        self.lowered = made.function
        self.fields = made.fields
        self.__code__ = body.__code__
        self.__closure__ = body.__closure__
        self.__globals__ = body.__globals__
        self.__defaults__ = init.__defaults__
        self.__kwdefaults__ = init.__kwdefaults__
        self.__name__ = cls.__name__


_constructors: weakref.WeakKeyDictionary[type, tuple[Any, Constructor | None]] = (
    weakref.WeakKeyDictionary()
)


def constructor_of(cls: Any) -> Constructor | None:
    """The constructor as a function to fields, or None where it does more than set attributes."""
    init, post = cls.__init__, getattr(cls, "__post_init__", None)
    state = (init, post, cls.__setattr__)
    known = _constructors.get(cls)
    if known is None or known[0] != state:
        try:
            made = _make_constructor(cls, init, post)
        except DpyError:
            made = None
        known = _constructors[cls] = (state, made)
    return known[1]


def _make_constructor(cls: Any, init: Any, post: Any) -> Constructor | None:
    if cls.__new__ is not object.__new__ or type(cls) is not type:
        return None
    if not isinstance(init, types.FunctionType) or issubclass(cls, BaseException):
        return None
    body: Any = init
    given: tuple[str, ...] = ()
    if dataclasses.is_dataclass(cls) and init.__code__.co_filename == "<string>":
        fields = cls.__dataclass_fields__.values()
        simple = all(
            f.init and f.default_factory is dataclasses.MISSING
            and f._field_type is dataclasses._FIELD for f in fields  # type: ignore[attr-defined]
        )  # fmt: skip
        if not simple or not isinstance(post, types.FunctionType):
            return None
        body, given = post, tuple(f.name for f in fields)
    frozen = cls.__setattr__ is not object.__setattr__
    source = read_source(body)
    made = constructors.run(_lowered_function(source), given)
    if made is None or frozen:
        return None
    for name in made.fields:
        raw = inspect.getattr_static(cls, name, None)
        if hasattr(type(raw), "__set__") and not isinstance(raw, types.MemberDescriptorType):
            return None
    return Constructor(cls, init, body, source, made)


def build_object(cls: type, names: tuple[str, ...], values: tuple[Any, ...]) -> Any:
    """A new object with these attributes, set in this order."""
    obj: Any = object.__new__(cls)
    for name, value in zip(names, values, strict=True):
        object.__setattr__(obj, name, value)
    return obj


_global_statement = re.compile(r"\bglobal\s+(\w+(?:\s*,\s*\w+)*)")
_stored: dict[str, tuple[Any, frozenset[str]]] = {}


def _stored_globals(source: Source) -> frozenset[str]:
    """The names that stand in some ``global`` statement of the function's file."""
    known = _stored.get(source.filename)
    if known is None or known[0] is not source.lines:
        text = "\n".join(source.lines)
        names = {
            name.strip() for found in _global_statement.findall(text) for name in found.split(",")
        }
        known = _stored[source.filename] = (source.lines, frozenset(names))
    return known[1]


def _stable(kind: Kind) -> Kind:
    """The part of a global's kind that is cheap to check at every call."""
    return kind


def _is_special(code: types.CodeType) -> bool:
    """Generators and coroutines are not ordinary functions."""
    kinds = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR
    return bool(code.co_flags & kinds)


def _restricted_rule(function: Any, kinds: tuple[Kind, ...]) -> Any:
    """Rules restricted by types are chosen by the classes of the kinds, where these are known."""
    classes = [_class_of(kind) for kind in kinds]
    for rule in registry.group(function):
        if rule.types is None:
            return rule
        pairs = list(zip(rule.types, classes, strict=False))
        if any(cls is None for _, cls in pairs):
            return None
        if all(issubclass(cls, wanted) for wanted, cls in pairs if cls is not None):
            return rule
    return None


def _class_of(kind: Kind) -> type | None:
    import numpy as np

    if isinstance(kind, Array):
        return np.ndarray
    return getattr(kind, "type", None) or getattr(kind, "cls", None)


# --- calls from the runtime ---------------------------------------------------------------------


def forward_of(
    function: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    active: tuple[bool, ...],
    active_kw: tuple[bool, ...],
    *,
    heap_active: bool = False,
    protect: bool = True,
) -> Specialisation:
    """The specialisation for actual arguments."""
    bound, activity = _bind(function, args, kwargs, active, active_kw)
    if heap_active and (function.__defaults__ or function.__kwdefaults__):
        # A function made during the run may have active defaults.
        given = dict(zip(function.__code__.co_varnames, args, strict=False))
        activity += [name for name in bound if name not in given and name not in kwargs]
    kinds = {name: kind_of(value) for name, value in bound.items()}
    found = specialise(
        function, kinds, frozenset(activity), heap_active=heap_active, protect=protect,
        shared=frozenset(),
    )  # fmt: skip
    if found.summary.written and (
        found.summary.reads_heap or heap_active or not are_disjoint(bound.values())
    ):
        return specialise(
            function, kinds, frozenset(activity), heap_active=heap_active, protect=protect
        )
    return found


def are_disjoint(values: Any) -> bool:
    """Whether no two values share anything mutable."""
    owners: set[int] = set()
    arrays: list[Any] = []
    for value in values:
        reached: dict[int, Any] = {}
        _reach(value, reached)
        if not owners.isdisjoint(reached):
            return False
        owners.update(reached)
        mine = [x for x in reached.values() if isinstance(x, np.ndarray)]
        if any(np.may_share_memory(x, y) for x in mine for y in arrays):
            return False
        arrays += mine
    return True


def _reach(value: Any, reached: dict[int, Any]) -> None:
    """The mutable objects that a value holds, by identity."""
    stack = [value]
    while stack:
        x = stack.pop()
        if isinstance(x, np.ndarray):
            reached[id(x)] = x
            continue
        held = contents(x)
        if held is None or id(x) in reached:
            continue
        reached[id(x)] = x
        stack += held.values()


def _bind(
    function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], active: Any, active_kw: Any
) -> tuple[dict[str, Any], list[str]]:
    """Parameter name -> value, and the names of the active parameters."""
    code = function.__code__
    n = code.co_argcount
    simple = not code.co_flags & (inspect.CO_VARARGS | inspect.CO_VARKEYWORDS)
    if simple and not kwargs and len(args) == n and not code.co_kwonlyargcount:
        names = code.co_varnames[:n]
        return dict(zip(names, args, strict=True)), [
            name for name, flag in zip(names, active, strict=True) if flag
        ]
    signature = signature_of(function)
    try:
        bound = signature.bind(*args, **kwargs)
    except TypeError:
        function(*args, **kwargs)  # fails before its body runs, with Python's own words
        raise
    activity = []
    flags = dict(zip(kwargs, active_kw, strict=True))
    position = 0
    for name in bound.arguments:
        parameter = signature.parameters[name]
        if parameter.kind is parameter.VAR_POSITIONAL:
            flagged = any(active[position:])
            position = len(args)
        elif parameter.kind is parameter.VAR_KEYWORD:
            flagged = any(flags.values())
        elif name in kwargs:
            flagged = flags[name]
        else:
            flagged = position < len(active) and active[position]
            position += 1
        if flagged:
            activity.append(name)
    bound.apply_defaults()
    return dict(bound.arguments), activity


def _compile_call(
    function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], active: Any, active_kw: Any
) -> tuple[Any, Any] | None:
    """The runtime's way to the compiler: run `function` on these arguments, differentiated."""
    if keeps_tape(function):
        return _call_taped(function, args, kwargs, active, active_kw)
    try:
        found = forward_of(function, args, kwargs, active, active_kw, heap_active=True)
    except TypeError:
        function(*args, **kwargs)  # raises Python's own error for a wrong call
        raise
    except SourceUnavailableError:
        return None
    except UnsupportedSyntaxError:
        if any(active) or any(active_kw):
            raise
        return None
    if attempts.is_guarded() and found.summary.needs_acc:
        return _call_taped(function, args, kwargs, active, active_kw)
    y, pullback = found.forward(function)(*args, **kwargs)
    needs_acc = found.summary.needs_acc
    params = found.params
    n = len(args)
    names = tuple(kwargs)

    has_defaults = function.__defaults__ is not None or function.__kwdefaults__ is not None

    def compiled_pullback(d: Any, acc: Any) -> tuple[Any, Any]:
        if needs_acc:
            d_params = pullback(d, acc)
        elif d is ZERO:
            d_params = (ZERO,) * len(params)
        else:
            d_params = pullback(d)
        if has_defaults:
            _give_defaults(function, params, d_params, n, names, acc)
        return spread(params, d_params, n, names)

    return y, compiled_pullback


_ASYNCHRONOUS = inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


def keeps_tape(function: Any) -> bool:
    """Whether a Python function cannot be given an adjoint of its own (see `transform.taped`).

    False also for functions that cannot be transformed: `specialise` says why.
    """
    code = function.__code__
    if code.co_flags & inspect.CO_GENERATOR:
        return True
    try:
        return code.co_exceptiontable != b"" and uses_tape(_lowered_function(read_source(function)))
    except DpyError:
        return False


def taped_code(function: Any) -> Emitted:
    """The generated code of a function that keeps a tape, for `dpy.adjoint_source`."""
    source = read_source(function)
    return listing(source, _lowered_function(source))


def _call_taped(
    function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], active: Any, active_kw: Any
) -> tuple[Any, Any] | None:
    """Run a function on a tape."""
    try:
        source = read_source(function)
        lowered = _lowered_function(source)
    except SourceUnavailableError:
        return None
    except UnsupportedSyntaxError:
        if any(active) or any(active_kw):
            raise
        return None
    if not attempts.state.has_room:
        with room():
            return _call_taped(function, args, kwargs, active, active_kw)
    if attempts.is_guarded():
        from dpy.runtime import tape

        is_direct = tape.is_called_directly(function)
        y, pullback = tape.run_guarded(
            lambda: run_taped(function, source, lowered, args, kwargs), is_direct
        )
    else:
        y, pullback = run_taped(function, source, lowered, args, kwargs)
    params = [(p.name, p.kind) for p in lowered.params]
    n, names = len(args), tuple(kwargs)

    def taped_pullback(d: Any, acc: Any) -> tuple[Any, Any]:
        if not attempts.state.has_room:
            with room():
                return taped_pullback(d, acc)
        d_params = pullback(d, acc)
        if function.__defaults__ is not None or function.__kwdefaults__ is not None:
            _give_defaults(function, params, d_params, n, names, acc)
        return spread(params, d_params, n, names)

    return y, taped_pullback


def _give_defaults(
    function: Any, params: Any, d_params: Any, n: int, names: tuple[str, ...], acc: Any
) -> None:
    """Cotangents of parameters that took their defaults: they may have been active values."""
    place = 0
    for (name, kind), d in zip(params, d_params, strict=True):
        given = name in names
        if kind == "positional":
            given = given or place < n
            place += 1
        if not given and kind in ("positional", "keyword"):
            acc.add_slot(function, ("default", name), d)


def spread(
    params: list[tuple[str, str]], d_params: tuple[Any, ...], n: int, names: tuple[str, ...]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Cotangents of parameters as cotangents of `n` positional and of keyword arguments."""
    d_args: list[Any] = []
    d_kwargs: dict[str, Any] = {}
    for (name, kind), d in zip(params, d_params, strict=True):
        if kind == "positional":
            if len(d_args) < n and name not in names:
                d_args.append(d)
            else:
                d_kwargs[name] = d
        elif kind == "args":
            rest = n - len(d_args)
            d_args += containers.as_tuple(d, rest)
        elif kind == "keyword":
            d_kwargs[name] = d
        elif type(d) is dict:
            d_kwargs.update(d)
    d_args += [ZERO] * (n - len(d_args))
    return tuple(d_args), {name: d for name, d in d_kwargs.items() if name in names}


dispatch.set_compiler(_compile_call)
