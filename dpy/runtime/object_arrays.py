"""Arrays of objects: what NumPy does with the elements, one by one, by their own operators.

Elements that are numbers have their cotangents in the array's accumulator, which is one of floats;
others have theirs by identity, like what a list holds. Where all elements are numbers, or are only
moved, the rules for arrays of floats hold, and the value alone is that of the objects. Where NumPy
would call the operators of the elements, they are called here.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from dpy.cotangent import ZERO, unbroadcast
from dpy.errors import NotDifferentiableError
from dpy.runtime import item_cotangents
from dpy.runtime.failures import mutation_error, no_adjoint
from dpy.runtime.held import Held, hold, take
from dpy.runtime.memory import owner_of
from dpy.slots import kind_of

__all__ = [
    "by_rule",
    "element_pullback",
    "in_place",
    "is_element",
    "meets_objects",
    "refuse_objects",
    "write",
]

_NUMBERS = (float, int, np.floating, np.integer)
_OBJECT = np.dtype(object)
# These move elements, and call none of their methods.
_MOVES = frozenset((
    "append array asanyarray asarray ascontiguousarray atleast_1d atleast_2d atleast_3d block "
    "broadcast_to choose column_stack compress concatenate copy delete diag diagonal dstack "
    "expand_dims flatten flip fliplr flipud full full_like hstack insert item moveaxis ravel "
    "repeat reshape resize roll rollaxis rot90 split squeeze stack swapaxes take take_along_axis "
    "tile tolist transpose tril triu vstack where"
).split())  # fmt: skip


def is_number(x: Any) -> bool:
    """Whether an element has its cotangent in the array."""
    return isinstance(x, _NUMBERS) and not isinstance(x, bool)


def _is_array(x: Any) -> bool:
    return isinstance(x, np.ndarray) and x.dtype.kind == "O"


def meets_objects(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether a function of NumPy is given, or asked for, an array of objects."""
    for x in args:
        t = type(x)
        if t is np.ndarray:
            if x.dtype.kind == "O":
                return True
        elif (t is list or t is tuple) and x and any(map(_is_array, x)):
            return True
        elif x is object or x is _OBJECT:
            return True
    return bool(kwargs) and (_asks_for_objects(kwargs) or any(map(_is_array, kwargs.values())))


def _asks_for_objects(kwargs: dict[str, Any]) -> bool:
    return "dtype" in kwargs and _means_object(kwargs["dtype"])


# --- elements -------------------------------------------------------------------------------------


def is_element(array: Any, index: Any) -> bool:
    """Whether an index names one element, and not a part of the array."""
    return not isinstance(np.broadcast_to(np.False_, array.shape)[index], np.ndarray)


def element_pullback(array: Any, index: Any, y: Any) -> Any:
    """Of a read element."""

    def read_pullback(d: Any, acc: Any) -> Any:
        _give(acc, array, index, y, d)
        return ZERO, ZERO

    return read_pullback


def _give(acc: Any, array: Any, index: Any, y: Any, d: Any) -> None:
    """The remainder `d` of an element to the array."""
    if is_number(y):
        acc.add_region(array, index, d)
    elif not item_cotangents.is_null(acc.add(y, d)):
        raise mutation_error(
            f"a cotangent reached a {type(y).__name__} in an array of objects",
            "such an array has cotangents for the numbers in it, and for objects with attributes",
            "use a list",
        )


def write(array: Any, index: Any, value: Any) -> tuple[Any, Any]:
    """``array[index] = value``."""
    if is_element(array, index):
        np.ndarray.__setitem__(array, index, value)

        def element_written(d: Any, acc: Any) -> Any:
            d_value = acc.take_region(array, index)
            return ZERO, ZERO, d_value if is_number(value) else ZERO

        return None, element_written
    shape, held = _shape(value, array[index].ndim), hold(value)
    np.ndarray.__setitem__(array, index, value)

    def part_written(d: Any, acc: Any) -> Any:
        d_part = acc.take_region(array, index)
        if d_part is ZERO:
            return ZERO, ZERO, ZERO
        return ZERO, ZERO, sunk(acc, held, unbroadcast(d_part, shape))

    return None, part_written


def _shape(value: Any, depth: int) -> tuple[int, ...]:
    """The shape that NumPy sees in what is assigned to `depth` axes of an array of objects."""
    if isinstance(value, np.ndarray):
        return value.shape
    if not depth or not isinstance(value, (list, tuple)):
        return ()
    return (len(value), *(_shape(value[0], depth - 1) if value else ()))


def in_place(operation: Any, a: Any, b: Any) -> tuple[Any, Any]:
    """``a op= b``: the elements of the result take the place of those that were there."""
    result, pb = operation(a, b)
    _, written = write(a, ..., result)

    def in_place_pullback(d: Any, acc: Any) -> Any:
        written(ZERO, acc)
        d_a, d_b = (ZERO, ZERO) if pb is None else pb(ZERO, acc)
        return d if item_cotangents.is_null(d_a) else d_a, d_b

    return a, in_place_pullback


def sunk(acc: Any, held: Any, d: Any) -> Any:
    """Give numbers, in arrays and sequences, their cotangents; those of others are their own."""
    if d is ZERO or d is None:
        return ZERO
    if isinstance(held, np.ndarray):
        return acc.add(held, d)
    if type(held) is Held:
        for slot, part in d.items() if type(d) is dict else enumerate(d):
            x = held.contents[slot]
            rest = sunk(acc, x, part)
            if rest is not ZERO:
                acc.add_slot(held.obj, slot, rest)
        return ZERO
    if type(held) is tuple:
        parts = (d.get(i, ZERO) for i in range(len(held))) if type(d) is dict else d
        return tuple([sunk(acc, x, part) for x, part in zip(held, parts, strict=True)])
    return d if is_number(held) else ZERO


def refuse_objects(acc: Any, seen: dict[int, Any]) -> None:
    """The gradient of an argument that is an array of objects has no place for theirs.

    Raises:
        NotDifferentiableError: a cotangent is held for one of them.
    """
    waiting = [x for array in seen.values() if _is_array(array) for x in array.flat]
    visited: set[int] = set()
    while waiting:
        x = waiting.pop()
        if type(x) is float or type(x) is int or id(x) in visited or id(x) in seen:
            continue
        visited.add(id(x))
        read = kind_of(type(x)).read
        if isinstance(x, np.ndarray):
            d, contents = acc.peek(x), list(x.flat) if _is_array(x) else []
        else:
            slots = acc.slots.get(id(x))
            d = ZERO if slots is None else tuple(slots[1].values())
            contents = [] if read is None else list(read(x).values())
        if not item_cotangents.is_null(d):
            raise NotDifferentiableError(
                f"a cotangent reached a {type(x).__name__} in an argument that is an array",
                why="the gradient of an array of objects has a place for its numbers only",
                repair="pass a list of the objects",
            )
        waiting.extend(contents)


# --- functions ------------------------------------------------------------------------------------


def by_rule(rule: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
    """A call of a function that has a rule for arrays of floats."""
    f = rule.primal
    out = kwargs.get("out")
    if f is np.ndarray.fill and not kwargs:
        _, written = write(args[0], ..., args[1])
        return None, lambda d, acc: (ZERO, (ZERO, written(ZERO, acc)[2]), {})
    if out is not None:
        return _into(rule, args, kwargs, out)
    name = getattr(f, "__name__", "")
    is_numeric = all(map(_is_numeric, (*args, *kwargs.values())))
    is_move = name in _MOVES or isinstance(f, operator.attrgetter)
    if rule.mutates is not None or not (is_numeric or is_move):
        found = _elementwise(f, name, args, kwargs) if rule.mutates is None else None
        return _out_of_sight(f, args, kwargs) if found is None else found
    from dpy.runtime.rule_calls import apply

    y = f(*args, **kwargs)
    held, held_y = tuple(map(hold, args)), hold(y)
    names = list(kwargs)
    held_kw = [hold(kwargs[name]) for name in names]
    if args and isinstance(y, np.ndarray) and isinstance(args[0], np.ndarray):
        if owner_of(y) is owner_of(args[0]):
            return y, _view_pullback(y, len(args))
    floats = tuple(map(_as_floats, args))
    named = {k: _as_floats(x) for k, x in kwargs.items() if k != "dtype" or not _means_object(x)}
    try:
        _, pullback = apply(rule, floats, named)
    except Exception:
        return _guarded(f, args, y, None)
    if pullback is None:
        return y, None

    def numbers_pullback(d: Any, acc: Any) -> Any:
        d = take(acc, held_y, d)
        if d is ZERO:
            return ZERO, (ZERO,) * len(held), {}
        d_args, d_kwargs = pullback(d)
        return (
            ZERO,
            tuple([sunk(acc, x, d_x) for x, d_x in zip(held, d_args, strict=True)]),
            {k: sunk(acc, x, d_kwargs.get(k, ZERO)) for k, x in zip(names, held_kw, strict=True)},
        )

    return y, numbers_pullback


def _view_pullback(y: Any, n: int) -> Any:
    def view_pullback(d: Any, acc: Any) -> Any:
        acc.add(y, d)
        return ZERO, (ZERO,) * n, {}

    return view_pullback


def _means_object(dtype: Any) -> bool:
    return dtype in (object, "O", "object")


def _is_numeric(x: Any) -> bool:
    """Whether all that an operation meets in an operand are numbers."""
    if isinstance(x, np.ndarray):
        return x.dtype.kind != "O" or all(map(is_number, x.flat))
    if isinstance(x, (list, tuple)):
        return all(map(_is_numeric, x))
    return isinstance(x, (int, float, np.generic, type(None), str, type, np.dtype, slice))


def _as_floats(x: Any) -> Any:
    """An operand of numbers: what is no number is nought."""
    if isinstance(x, (type, np.dtype)):
        return float if _means_object(x) else x
    if _is_array(x):
        found = [float(item) if is_number(item) else 0.0 for item in x.flat]
        return np.array(found, float).reshape(x.shape)
    if isinstance(x, (list, tuple)):
        return type(x)(map(_as_floats, x))
    return x if x is None or isinstance(x, (*_NUMBERS, np.ndarray, str, slice)) else 0.0


def _into(rule: Any, args: tuple[Any, ...], kwargs: dict[str, Any], out: Any) -> tuple[Any, Any]:
    """``out=``: what is computed is written there."""
    target = out[0] if isinstance(out, tuple) else out
    others = {name: x for name, x in kwargs.items() if name != "out"}
    if not _is_array(target) or "where" in others:
        return _out_of_sight(rule.primal, args, kwargs)
    y, pb = by_rule(rule, args, others)
    _, written = write(target, ..., y)

    def into_pullback(d: Any, acc: Any) -> Any:
        _, _, d_y = written(ZERO, acc)
        return item_cotangents.nothing(args) if pb is None else pb(d_y, acc)

    return target, into_pullback


def _out_of_sight(f: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
    """A function that calls methods of the elements in C: an error, if a cotangent comes."""
    from dpy.runtime.opaque import opaque

    y, pb = opaque(f, args, kwargs)
    return _guarded(f, args, y, pb)


def _guarded(f: Any, args: tuple[Any, ...], y: Any, pb: Any) -> tuple[Any, Any]:
    known: set[int] = set()
    for x in args:
        items = list(x.flat) if _is_array(x) else x if isinstance(x, (list, tuple)) else [x]
        known.update(map(id, items))
    made = list(y.flat) if _is_array(y) else y if isinstance(y, (list, tuple)) else [y]
    made = [x for x in made if id(x) not in known and not is_number(x)]
    held = hold(y)

    def guarded_pullback(d: Any, acc: Any) -> Any:
        d = take(acc, held, d)
        parts = [d, *(acc.take(x) for x in made if not isinstance(x, np.ndarray))]
        if not all(map(item_cotangents.is_null, parts)):
            raise no_adjoint(
                f,
                args,
                "it computes with the elements of an array of objects, in C",
            )
        return item_cotangents.nothing(args) if pb is None else pb(ZERO, acc)

    return y, guarded_pullback


# --- element by element ---------------------------------------------------------------------------


def _operations() -> dict[Any, str]:
    from dpy.runtime.operators import UFUNCS

    names = {ufunc: name for name, ufunc in UFUNCS.items()}
    names.update({getattr(operator, name): name for name in UFUNCS if hasattr(operator, name)})
    return names


_FOLDS = {"sum": "add", "prod": "mul"}


def _elementwise(f: Any, name: str, args: Any, kwargs: dict[str, Any]) -> Any:
    """What NumPy does with elements that have operators of their own; None if it is not known."""
    if kwargs:
        return None
    operation = _operations().get(f)
    if operation is not None and operation != "matmul":
        from dpy.runtime.operators import OPERATORS

        return _mapped(OPERATORS[operation], args)
    if name in _FOLDS and len(args) == 1 and isinstance(args[0], np.ndarray) and args[0].ndim == 1:
        return _folded(_FOLDS[name], args[0])
    if isinstance(f, np.ufunc) and f.nin == 1 and f.nout == 1 and len(args) == 1:
        return _mapped(lambda x: _method(x, name), args)
    return None


def _method(x: Any, name: str) -> tuple[Any, Any]:
    """``np.sin`` of an object calls its method of that name."""
    from dpy.runtime.dispatch import dispatch

    y, pb = dispatch(getattr(x, name), (), {})
    return y, None if pb is None else lambda d, acc: ((pb(d, acc)[0] or {}).get("__self__", ZERO),)


def _mapped(operation: Any, args: tuple[Any, ...]) -> tuple[Any, Any]:
    arrays = [x if isinstance(x, np.ndarray) else _boxed(x) for x in args]
    shape = np.broadcast_shapes(*(x.shape for x in arrays))
    spread = [np.broadcast_to(x, shape) for x in arrays]
    y = np.empty(shape, object)
    found: list[tuple[Any, Any]] = []
    for k in np.ndindex(shape):
        elements = tuple([x[k] for x in spread])
        value, pb = operation(*elements)
        y[k] = value
        found.append((k, pb))
    result = y if shape else y[()]
    is_scalar = not shape

    def mapped_pullback(d: Any, acc: Any) -> Any:
        total = ZERO if is_scalar else acc.take(y, d)
        ds = [np.zeros(shape) for _ in args]
        for k, pb in reversed(found):
            if pb is None:
                continue
            d_y = d if is_scalar else total[k] if total is not ZERO and is_number(y[k]) else ZERO
            for x, d_x, part in zip(spread, ds, pb(d_y, acc), strict=True):
                if not item_cotangents.is_null(part):
                    _add_number(acc, x[k], d_x, k, part)
        return (
            ZERO,
            tuple([_given(acc, x, d_x) for x, d_x in zip(args, ds, strict=True)]),
            {},
        )

    return result, mapped_pullback


def _boxed(x: Any) -> Any:
    box = np.empty((), object)
    box[()] = x
    return box


def _add_number(acc: Any, x: Any, total: Any, k: Any, d: Any) -> None:
    if is_number(x):
        total[k] += d
    else:
        _give(acc, total, k, x, d)


def _given(acc: Any, x: Any, d: Any) -> Any:
    if isinstance(x, np.ndarray):
        return acc.add(x, unbroadcast(d, x.shape))
    return float(d.sum()) if is_number(x) else ZERO


def _folded(name: str, array: Any) -> Any:
    """``np.sum`` of one axis: from the first to the last."""
    from dpy.runtime.operators import OPERATORS

    elements = list(array)
    if not elements:
        return None
    total = elements[0]
    steps = []
    for x in elements[1:]:
        total, pb = OPERATORS[name](total, x)
        steps.append((x, pb))

    def folded_pullback(d: Any, acc: Any) -> Any:
        ds = np.zeros(len(elements))
        for k in range(len(steps), 0, -1):
            x, pb = steps[k - 1]
            d, d_x = (ZERO, ZERO) if pb is None else pb(d, acc)
            if not item_cotangents.is_null(d_x):
                _add_number(acc, x, ds, k, d_x)
        if not item_cotangents.is_null(d):
            _add_number(acc, elements[0], ds, 0, d)
        acc.add(array, ds)
        return ZERO, (ZERO,), {}

    return total, folded_pullback
