"""Construction of objects: ``cls(...)`` taken apart into ``__new__``, ``__init__`` and fields."""

from __future__ import annotations

import builtins
import collections
import dataclasses
import functools
import inspect
import mmap
import threading
import types
from fractions import Fraction
from typing import Any

import numpy as np

from dpy.cotangent import ZERO, add
from dpy.runtime import entries, item_cotangents, iteration
from dpy.runtime.attempts import Thrown
from dpy.runtime.dispatch import dispatch
from dpy.runtime.held import hold, sink
from dpy.runtime.hidden import reads_hidden
from dpy.runtime.lifetimes import refuse_finalizer
from dpy.runtime.number_classes import make_number, makes_number
from dpy.runtime.opaque import opaque
from dpy.slots import slots_of

__all__ = ["construct"]


def construct(
    cls: type, args: tuple[Any, ...], kwargs: dict[str, Any], active: Any, active_kw: Any
) -> tuple[Any, Any]:
    """``cls(*args, **kwargs)``: ``(obj, pb)`` as of `dispatch`."""
    meta_call = _python_method(type(cls), "__call__")
    if meta_call is not None:
        return _without_first(
            dispatch(meta_call, (cls, *args), kwargs, (False, *active), active_kw)
        )
    if type(cls).__call__ is not type.__call__:
        return opaque(cls, args, kwargs, active, active_kw)
    return _make(cls, args, kwargs, active, active_kw)


@entries.entry(type.__call__)
def type_call(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``type.__call__(cls, ...)``, as metaclasses call it."""
    cls, *rest = args
    if cls is type:
        return None
    flags = (True,) * len(rest)
    y, pb = _make(cls, tuple(rest), kwargs, flags, (True,) * len(kwargs))
    if pb is None:
        return y, None

    def type_call_pullback(d: Any, acc: Any) -> Any:
        _, d_args, d_kwargs = pb(d, acc)
        return ZERO, (ZERO, *d_args), d_kwargs

    return y, type_call_pullback


def _make(
    cls: Any, args: tuple[Any, ...], kwargs: dict[str, Any], active: Any, active_kw: Any
) -> tuple[Any, Any]:
    """What ``type.__call__`` does: ``__new__``, then ``__init__``."""
    refuse_finalizer(cls)
    made = _new(cls, args, kwargs, active, active_kw)
    if made is None:
        return opaque(cls, args, kwargs, active, active_kw)
    obj, new_pb = made
    if not isinstance(obj, cls):
        return obj, new_pb
    ended, init_pb = _init(cls, obj, args, kwargs, active, active_kw)
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

    return ended if type(ended) is Thrown else obj, construct_pullback


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
    if issubclass(cls, BaseException):
        obj = cls.__new__(cls, *args, **kwargs)
        return obj, _of_exception(obj, len(args))
    if cls.__new__ is object.__new__:
        if has_init or not (args or kwargs):
            return object.__new__(cls), None
        return None
    if issubclass(cls, threading.local) and cls.__new__ is threading.local.__new__:
        return threading.local.__new__(cls, *args, **kwargs), None  # other threads init theirs
    for base in (list, dict, collections.deque, types.SimpleNamespace):
        if issubclass(cls, base) and cls.__new__ is base.__new__:
            return base.__new__(cls), None
    if makes_number(cls) and not kwargs:
        return _without_first(make_number(dispatch, (cls, *args), kwargs))
    if issubclass(cls, tuple) and cls.__new__ is tuple.__new__ and not kwargs:
        made = make_tuple(dispatch, (cls, *args), kwargs)
        return _without_first(made)
    return None


def _of_exception(error: BaseException, n: int) -> Any:
    """Exceptions keep what they are given in ``args``."""

    def args_pullback(d: Any, acc: Any) -> tuple[Any, Any, Any]:
        d_args = list(item_cotangents.as_tuple(acc.take_slot(error, "args"), n))
        if isinstance(error, StopIteration) and n:
            d_args[0] = add(d_args[0], acc.take_slot(error, "value"))
        return ZERO, tuple(d_args), {}

    return args_pullback


def _init_exception(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``Exception.__init__(self, ...)``."""
    error, *given = args
    made = _of_exception(error, len(given))
    _builtin_init(error)(*args, **kwargs)

    def init_pullback(d: Any, acc: Any) -> tuple[Any, Any, Any]:
        _, d_given, _ = made(d, acc)
        return ZERO, (ZERO, *d_given), {}

    return None, init_pullback


def _builtin_init(error: BaseException) -> Any:
    return next(
        c.__dict__["__init__"]
        for c in type(error).__mro__
        if isinstance(c.__dict__.get("__init__"), types.WrapperDescriptorType)
    )


for _cls in vars(builtins).values():
    if isinstance(_cls, type) and issubclass(_cls, BaseException) and "__init__" in vars(_cls):
        entries.entry(vars(_cls)["__init__"])(_init_exception)


@entries.entry(dataclasses.dataclass, dataclasses._process_class)  # type: ignore[attr-defined]
def make_dataclass(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    """The decorator of a class that is defined within a function."""
    function = dataclasses.dataclass if len(args) < 2 else dataclasses._process_class  # type: ignore[attr-defined]
    return function(*args, **kwargs), None


@entries.entry(Fraction)
def make_fraction(dispatch: Any, args: Any, kwargs: Any) -> Any:
    """``Fraction(numerator, denominator)`` of numbers: their quotient."""
    y = Fraction(*args, **kwargs)
    if args and isinstance(args[0], str):
        return opaque(Fraction, args, kwargs) if reads_hidden(args) else (y, None)
    if kwargs or not args:
        return y, None
    below = args[1] if len(args) > 1 and args[1] is not None else 1

    def fraction_pullback(d: Any, acc: Any) -> Any:
        if d is ZERO:
            return item_cotangents.nothing(args)
        d_above = d / below
        return ZERO, (d_above, -d_above * y)[: len(args)], {}

    return y, fraction_pullback


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
) -> tuple[Any, Any]:
    """Run the ``__init__`` of a class on the bare object; its value and pullback."""
    init = cls.__init__
    if not isinstance(init, types.FunctionType):
        if init is object.__init__ or isinstance(obj, tuple):
            return None, None
        return dispatch(init, (obj, *args), kwargs, (True, *active), active_kw)
    if _is_generated(init):
        if dataclasses.is_dataclass(cls):
            return None, _dataclass_init(cls, obj, args, kwargs)
        if hasattr(cls, "__attrs_attrs__"):
            return None, _attrs_init(cls, obj, args, kwargs)
    return dispatch(init, (obj, *args), kwargs, (True, *active), active_kw)


def generated(f: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A method that a library wrote, called by name; None if it is none that is known here."""
    if f.__name__ == "__new__" and args and isinstance(args[0], type):
        cls = args[0]
        if issubclass(cls, tuple) and hasattr(cls, "_fields"):
            y, pb = _named_tuple(cls, args[1:], kwargs, f)

            def new_pullback(d: Any, acc: Any) -> Any:
                _, d_args, d_kwargs = pb(d, acc)
                return ZERO, (ZERO, *d_args), d_kwargs

            return y, new_pullback
    if f.__name__ == "__init__" and args:
        obj = args[0]
        for cls in type(obj).__mro__:
            if cls.__dict__.get("__init__") is f:
                if "__dataclass_fields__" in cls.__dict__:
                    return None, _dataclass_init(cls, obj, args[1:], kwargs)
                if "__attrs_attrs__" in cls.__dict__:
                    return None, _attrs_init(cls, obj, args[1:], kwargs)
    return None


def _named_tuple(
    cls: Any, args: tuple[Any, ...], kwargs: dict[str, Any], new: Any = None
) -> tuple[Any, Any]:
    y = (new or cls.__new__)(cls, *args, **kwargs)
    fields = cls._fields

    def named_tuple_pullback(d: Any, acc: Any) -> tuple[Any, Any, Any]:
        slots = item_cotangents.as_tuple(d, len(fields), fields)
        d_kwargs = {name: slots[fields.index(name)] for name in kwargs}
        for name, part in list(zip(fields, slots, strict=True))[len(args) :]:
            if name not in kwargs:
                acc.add_slot(cls, name, part)  # its default
        return ZERO, slots[: len(args)], d_kwargs

    return y, named_tuple_pullback


@entries.entry(tuple.__new__)
def make_tuple(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    """``tuple.__new__(cls, iterable)``."""
    cls, *sources = args
    items, give = iteration.collect(sources[0] if sources else ())
    n = len(items)

    def make_tuple_pullback(d: Any, acc: Any) -> Any:
        d_items = list(item_cotangents.as_tuple(d, n, getattr(cls, "_fields", ())))
        return ZERO, (ZERO, *[give(acc, d_items) for _ in sources]), {}

    return tuple.__new__(cls, items), make_tuple_pullback


@entries.entry(np.ndarray.__new__)
def make_array(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any] | None:
    """``np.ndarray.__new__(cls, shape, dtype, buffer)``: a view, or memory of a file, or empty."""
    buffer = args[3] if len(args) > 3 else kwargs.get("buffer")
    source = buffer.obj if isinstance(buffer, memoryview) else buffer
    if source is None or isinstance(source, (np.ndarray, mmap.mmap)):
        return np.ndarray.__new__(*args, **kwargs), None
    return None


@entries.entry(
    types.FunctionType.__call__, types.MethodType.__call__, functools.partial.__call__,
    np.ufunc.__call__, type(np.sum).__call__, types.BuiltinFunctionType.__call__,
)  # fmt: skip
def call_method(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    """``f.__call__(...)``."""
    f, *rest = args
    y, pb = dispatch(f, tuple(rest), kwargs)
    if pb is None:
        return y, None

    def call_method_pullback(d: Any, acc: Any) -> Any:
        d_f, d_args, d_kwargs = pb(d, acc)
        return ZERO, (d_f, *d_args), d_kwargs

    return y, call_method_pullback


@entries.entry(types.MethodType)
def make_method(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    """``types.MethodType(function, owner)``."""

    def method_pullback(d: Any, acc: Any) -> Any:
        slots = slots_of(d)
        return ZERO, (slots.get("__func__", ZERO), slots.get("__self__", ZERO)), {}

    return types.MethodType(*args, **kwargs), method_pullback


@entries.entry(object.__new__)
def make_object(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    """``object.__new__(cls)``: an object without fields yet."""
    if args and isinstance(args[0], type):
        refuse_finalizer(args[0])
    return object.__new__(*args, **kwargs), None


@entries.entry(object.__init__, object.__init_subclass__)
def init_nothing(dispatch: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    """``object.__init__(self)``."""
    object.__init__(*args[:1])
    return None, None


# --- dataclasses and attrs ------------------------------------------------------------------------


class _Fields:
    """Sets the fields of an object one by one, as generated ``__init__`` methods do.

    On the way back `total` has, by the name of a parameter (or a key that stands for the result
    of a factory or converter), the cotangent of its value.
    """

    def __init__(self, obj: Any, given: dict[str, Any], n_positional: int) -> None:
        self.obj = obj
        self.given = given
        self.n = n_positional
        self.steps: list[Any] = []  # (acc, total) -> None, run backwards

    def store(self, name: str, origin: Any, value: Any, *, frozen: bool) -> None:
        """Set a field; its cotangent goes to where the value is from."""
        obj = self.obj
        if frozen:
            object.__setattr__(obj, name, value)

            def pb(acc: Any) -> Any:
                return acc.take_slot(obj, name)

        else:
            from dpy.runtime.attributes import write_attribute

            pb = write_attribute(obj, name, value)

        def store_back(acc: Any, total: dict[Any, Any]) -> None:
            total[origin] = add(total.get(origin, ZERO), pb(acc))

        self.steps.append(store_back)

    def run(self, f: Any, args: tuple[Any, ...], origins: tuple[Any, ...] = ()) -> tuple[Any, Any]:
        """Call a factory, converter or hook: its result, and a key to its cotangent.

        `origins` say where the last arguments are from.
        """
        y, pb = dispatch(f, args, {})
        key = object()
        if pb is not None:
            n = len(origins)

            def run_back(acc: Any, total: dict[Any, Any]) -> None:
                _, d_args, _ = pb(total.pop(key, ZERO), acc)
                for origin, d in zip(origins, d_args[len(d_args) - n :], strict=True):
                    total[origin] = add(total.get(origin, ZERO), d)

            self.steps.append(run_back)
        return y, key

    def of_class(self, cls: type, name: str) -> Any:
        """A key to the cotangent of a default, which is an attribute of the class."""
        key = object()
        self.steps.append(lambda acc, total: acc.add_slot(cls, name, total.pop(key, ZERO)))
        return key

    def pullback(self) -> Any:
        """The pullback of the whole ``__init__``."""
        steps, n = self.steps, self.n
        held = {name: hold(x) for name, x in self.given.items()}
        names = list(held)

        def fields_pullback(d: Any, acc: Any) -> tuple[Any, Any, Any]:
            total: dict[Any, Any] = {}
            for step in reversed(steps):
                step(acc, total)
            rests = {name: sink(acc, x, total.get(name, ZERO)) for name, x in held.items()}
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
        origin: Any = name
        if f.init and name in given:
            value = given[name]
        elif f.default is not dataclasses.MISSING:
            value, origin = f.default, fields.of_class(cls, name)
        elif f.default_factory is not dataclasses.MISSING:
            value, origin = fields.run(f.default_factory, ())
        else:
            continue
        if kind == "_FIELD_INITVAR":
            init_vars.append((name, value))
        elif f.init or f.default_factory is not dataclasses.MISSING or "__slots__" in vars(cls):
            fields.store(name, origin, value, frozen=frozen)
    hook = _python_method(type(obj), "__post_init__")
    if hook is not None:
        names = tuple(name for name, _ in init_vars)
        fields.run(hook, (obj, *(value for _, value in init_vars)), names)
    return fields.pullback()


def _attrs_init(cls: Any, obj: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What the generated ``__init__`` of an attrs class does."""
    import attr

    given = _bound_arguments(cls.__init__, obj, args, kwargs)
    fields = _Fields(obj, given, len(args))
    pre = _python_method(type(obj), "__attrs_pre_init__")
    if pre is not None:
        fields.run(pre, (obj,))
    for a in cls.__attrs_attrs__:
        parameter = a.alias or a.name
        origin: Any = parameter
        if a.init and parameter in given:
            value = given[parameter]
        elif isinstance(a.default, attr.Factory):  # type: ignore[arg-type]
            value, origin = fields.run(a.default.factory, (obj,) if a.default.takes_self else ())
        elif a.default is not attr.NOTHING:
            value = a.default
        else:
            continue
        if a.converter is not None:
            converter = getattr(a.converter, "converter", a.converter)
            value, origin = fields.run(converter, (value,), (origin,))
        fields.store(a.name, origin, value, frozen=True)
    if attr.validators.get_disabled() is False:
        for a in cls.__attrs_attrs__:
            if a.validator is not None:
                a.validator(obj, a, getattr(obj, a.name))
    post = _python_method(type(obj), "__attrs_post_init__")
    if post is not None:
        fields.run(post, (obj,))
    return fields.pullback()
