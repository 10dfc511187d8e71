"""Construction of objects: ``cls(...)`` taken apart into ``__new__``, ``__init__`` and fields."""

from __future__ import annotations

import collections
import dataclasses
import inspect
import types
from typing import Any

from dpy.cotangent import ZERO, add
from dpy.runtime import containers, iteration
from dpy.runtime.dispatch import dispatch
from dpy.runtime.held import hold, sink
from dpy.runtime.opaque import opaque

__all__ = ["construct"]

# Exceptions keep what they are given in ``args``, a tuple that is made anew at each call.
_OPAQUE = (BaseException,)


def construct(
    cls: type, args: tuple[Any, ...], kwargs: dict[str, Any], active: Any, active_kw: Any
) -> tuple[Any, Any]:
    """``cls(*args, **kwargs)``: ``(obj, pb)`` as of `dispatch`."""
    meta_call = _python_method(type(cls), "__call__")
    if meta_call is not None:
        return _without_first(
            dispatch(meta_call, (cls, *args), kwargs, (False, *active), active_kw)
        )
    if type(cls).__call__ is not type.__call__ or issubclass(cls, _OPAQUE):
        return opaque(cls, args, kwargs, active, active_kw)
    made = _new(cls, args, kwargs, active, active_kw)
    if made is None:
        return opaque(cls, args, kwargs, active, active_kw)
    obj, new_pb = made
    if not isinstance(obj, cls):
        return obj, new_pb
    init_pb = _init(cls, obj, args, kwargs, active, active_kw)
    if init_pb is None and new_pb is None:
        return obj, None
    n = len(args)

    def construct_pullback(d: Any, acc: Any) -> tuple[Any, Any, Any]:
        d_args: Any = (ZERO,) * n
        d_kwargs: dict[str, Any] = {}
        if init_pb is not None:
            _, (_, *d_args), d_kwargs = init_pb(ZERO, acc)
        if new_pb is not None:
            _, more, more_kw = new_pb(d, acc)
            d_args = map(add, d_args, more)
            d_kwargs = add(d_kwargs, more_kw)
        return ZERO, tuple(d_args), d_kwargs

    return obj, construct_pullback


def _python_method(cls: type, name: str) -> Any:
    for c in cls.__mro__:
        raw = c.__dict__.get(name)
        if raw is not None:
            raw = raw.__func__ if isinstance(raw, staticmethod) else raw
            return raw if isinstance(raw, types.FunctionType) else None
    return None


def _new(
    cls: Any, args: tuple[Any, ...], kwargs: dict[str, Any], active: Any, active_kw: Any
) -> tuple[Any, Any] | None:
    """The bare object, and the pullback of its making; None for what only C code can make."""
    new = _python_method(cls, "__new__")
    if new is not None:
        if issubclass(cls, tuple) and _is_generated(new):
            return _named_tuple(cls, args, kwargs)
        return _without_first(dispatch(new, (cls, *args), kwargs, (False, *active), active_kw))
    has_init = isinstance(cls.__init__, types.FunctionType)
    if cls.__new__ is object.__new__:
        if has_init or not (args or kwargs):
            return object.__new__(cls), None
        return None
    for base in (list, dict, collections.deque, types.SimpleNamespace):
        if issubclass(cls, base) and cls.__new__ is base.__new__:
            return base.__new__(cls), None
    if issubclass(cls, tuple) and cls.__new__ is tuple.__new__ and not kwargs:
        made = make_tuple(dispatch, (cls, *args), kwargs)
        return _without_first(made)
    return None


def _is_generated(function: Any) -> bool:
    """Whether a library wrote the method (it has no source, and does what such methods do)."""
    return function.__code__.co_filename.startswith("<")


def _without_first(found: tuple[Any, Any]) -> tuple[Any, Any]:
    """A call whose first argument is the class."""
    y, pb = found
    if pb is None:
        return y, None

    def without_class(d: Any, acc: Any) -> tuple[Any, Any, Any]:
        _, d_args, d_kwargs = pb(d, acc)
        return ZERO, tuple(d_args[1:]), d_kwargs

    return y, without_class


def _init(
    cls: Any, obj: Any, args: tuple[Any, ...], kwargs: dict[str, Any], active: Any, active_kw: Any
) -> Any:
    """Run the ``__init__`` of a class on the bare object; its pullback."""
    init = cls.__init__
    if not isinstance(init, types.FunctionType):
        if init is object.__init__ or isinstance(obj, tuple):
            return None
        _, pb = dispatch(init, (obj, *args), kwargs, (True, *active), active_kw)
        return pb
    if _is_generated(init):
        if dataclasses.is_dataclass(cls):
            return _dataclass_init(cls, obj, args, kwargs)
        if hasattr(cls, "__attrs_attrs__"):
            return _attrs_init(cls, obj, args, kwargs)
    _, pb = dispatch(init, (obj, *args), kwargs, (True, *active), active_kw)
    return pb


def _named_tuple(cls: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
    y = cls.__new__(cls, *args, **kwargs)
    fields = cls._fields

    def named_tuple_pullback(d: Any, acc: Any) -> tuple[Any, Any, Any]:
        slots = containers.as_tuple(d, len(fields), fields)
        d_kwargs = {name: slots[fields.index(name)] for name in kwargs}
        return ZERO, slots[: len(args)], d_kwargs

    return y, named_tuple_pullback


@containers.entry(tuple.__new__)
def make_tuple(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    """``tuple.__new__(cls, iterable)``."""
    cls, *sources = args
    items, give = iteration.collect(sources[0] if sources else ())
    n = len(items)

    def make_tuple_pullback(d: Any, acc: Any) -> Any:
        d_items = list(containers.as_tuple(d, n, getattr(cls, "_fields", ())))
        return ZERO, (ZERO, *[give(acc, d_items) for _ in sources]), {}

    return tuple.__new__(cls, items), make_tuple_pullback


@containers.entry(object.__new__)
def make_object(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    """``object.__new__(cls)``: an object without fields yet."""
    return object.__new__(*args, **kwargs), None


@containers.entry(object.__init__, object.__init_subclass__)
def init_nothing(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    """``object.__init__(self)``."""
    object.__init__(*args[:1])
    return None, None


# --- dataclasses and attrs ------------------------------------------------------------------------


class _Fields:
    """Sets the fields of an object one by one, as generated ``__init__`` methods do."""

    def __init__(self, obj: Any, given: dict[str, Any], n_positional: int) -> None:
        self.obj = obj
        self.given = given
        self.n = n_positional
        self.pbs: list[Any] = []  # (name or None, pb(acc) -> cotangents to add by name)

    def store(self, name: str, parameter: str, value: Any, *, frozen: bool) -> None:
        """Set a field; its cotangent goes to the parameter that gave the value."""
        obj = self.obj
        if frozen:
            object.__setattr__(obj, name, value)
            self.pbs.append(lambda acc: {parameter: acc.take_slot(obj, name)})
            return
        from dpy.runtime.attributes import write_attribute

        pb = write_attribute(obj, name, value)
        self.pbs.append(lambda acc: {parameter: pb(acc)})

    def run(self, f: Any, args: tuple[Any, ...], names: tuple[str, ...] = ()) -> Any:
        """Call a factory, converter or hook; its arguments' cotangents go to parameters."""
        y, pb = dispatch(f, args, {})
        if pb is not None:
            offset = len(args) - len(names)

            def run_pullback(acc: Any) -> dict[str, Any]:
                _, d_args, _ = pb(ZERO, acc)
                return dict(zip(names, d_args[offset:], strict=True))

            self.pbs.append(run_pullback)
        return y

    def convert(self, f: Any, parameter: str, value: Any) -> Any:
        """A converter's result stands under ``("converted", parameter)`` on the way back."""
        y, pb = dispatch(f, (value,), {})
        if pb is not None:
            key = ("converted", parameter)
            self.pbs.append(("convert", key, parameter, pb))
            return y, key
        return y, None

    def pullback(self) -> Any:
        pbs, given, n = self.pbs, self.given, self.n
        held = {name: hold(x) for name, x in given.items()}

        def fields_pullback(d: Any, acc: Any) -> tuple[Any, Any, Any]:
            total: dict[Any, Any] = {}
            for pb in reversed(pbs):
                if type(pb) is tuple:
                    _, key, parameter, convert_pb = pb
                    _, (d_value,), _ = convert_pb(total.pop(key, ZERO), acc)
                    found = {parameter: d_value}
                else:
                    found = pb(acc)
                for name, d_name in found.items():
                    total[name] = add(total.get(name, ZERO), d_name)
            rests = {name: sink(acc, x, total.get(name, ZERO)) for name, x in held.items()}
            names = list(given)
            return (
                ZERO,
                (ZERO, *(rests[name] for name in names[:n])),
                {name: rests[name] for name in names[n:]},
            )

        return fields_pullback


def _bound_arguments(init: Any, obj: Any, args: Any, kwargs: Any) -> dict[str, Any]:
    """The parameters that were given, in the order of the arguments; checks as the call would."""
    try:
        bound = inspect.signature(init).bind(obj, *args, **kwargs).arguments
    except TypeError:
        init(obj, *args, **kwargs)  # raises with Python's words
        raise
    given = dict(bound)
    given.pop(next(iter(bound)))
    names = list(given)[: len(args)]
    return {name: given[name] for name in [*names, *kwargs]}


def _dataclass_init(cls: Any, obj: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What the generated ``__init__`` of a dataclass does."""
    given = _bound_arguments(cls.__init__, obj, args, kwargs)
    fields = _Fields(obj, given, len(args))
    frozen = bool(cls.__dataclass_params__.frozen)
    init_vars: list[tuple[str, Any]] = []
    for name, f in cls.__dataclass_fields__.items():
        kind = f._field_type.name
        if kind == "_FIELD_CLASSVAR":
            continue
        if f.init and name in given:
            value = given[name]
        elif f.default is not dataclasses.MISSING:
            value = f.default
        elif f.default_factory is not dataclasses.MISSING:
            value = fields.run(f.default_factory, ())
        else:
            continue
        if kind == "_FIELD_INITVAR":
            init_vars.append((name, value))
        elif f.init or f.default_factory is not dataclasses.MISSING or "__slots__" in vars(cls):
            fields.store(name, name, value, frozen=frozen)
    hook = _python_method(cls, "__post_init__")
    if hook is not None:
        names = tuple(name for name, _ in init_vars)
        fields.run(hook, (obj, *(value for _, value in init_vars)), names)
    return fields.pullback()


def _attrs_init(cls: Any, obj: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What the generated ``__init__`` of an attrs class does."""
    import attr

    given = _bound_arguments(cls.__init__, obj, args, kwargs)
    fields = _Fields(obj, given, len(args))
    pre = _python_method(cls, "__attrs_pre_init__")
    if pre is not None:
        fields.run(pre, (obj,))
    for a in cls.__attrs_attrs__:
        parameter = a.alias or a.name
        if a.init and parameter in given:
            value = given[parameter]
        elif isinstance(a.default, attr.Factory):  # type: ignore[arg-type]
            value = fields.run(a.default.factory, (obj,) if a.default.takes_self else ())
        elif a.default is not attr.NOTHING:
            value = a.default
        else:
            continue
        target: Any = parameter
        if a.converter is not None:
            converter = getattr(a.converter, "converter", a.converter)
            value, key = fields.convert(converter, parameter, value)
            target = key if key is not None else ("inert", parameter)
        fields.store(a.name, target, value, frozen=True)
    if attr.validators.get_disabled() is False:
        for a in cls.__attrs_attrs__:
            if a.validator is not None:
                a.validator(obj, a, getattr(obj, a.name))
    post = _python_method(cls, "__attrs_post_init__")
    if post is not None:
        fields.run(post, (obj,))
    return fields.pullback()
