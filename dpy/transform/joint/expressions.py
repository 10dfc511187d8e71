"""Type expressions, and rewrite their operations so that compiled ones act as Python's do."""

from __future__ import annotations

import types
from collections.abc import Mapping
from typing import Any

import numpy as np

from dpy.cotangent import ZERO
from dpy.errors import Place, UnsupportedSyntaxError
from dpy.transform import ir
from dpy.transform.joint.book import Compiled, helper
from dpy.transform.joint.types import (
    MIXED,
    NUMPY,
    PYTHON,
    RANGE,
    ArrayType,
    KnownType,
    Scalar,
    TupleType,
    Type,
    literal_type,
    merge,
)

__all__ = ["Converter"]

_COMPARISONS = {"lt", "le", "eq", "ne", "gt", "ge"}
_CHECKED = {"add": "checked_add", "sub": "checked_sub", "mul": "checked_mul"}
_MAKERS = {np.zeros: "zeros", np.empty: "empty", np.ones: "ones"}
_LIKE = {np.zeros_like: "zeros", np.empty_like: "empty", np.ones_like: "ones"}
_FLOAT = Scalar("float")
_INT = Scalar("int")
_BOOL = Scalar("bool")


class Converter:
    """Types and rewrites expressions over an environment of typed variables."""

    def __init__(self, function: ir.Function, compiled: Mapping[Any, Compiled]) -> None:
        self.function = function
        self.compiled = compiled
        self.env: dict[str, Type] = {}
        self.loc: ir.Loc | None = function.loc

    def refusal(self, what: str, why: str, repair: str = "") -> UnsupportedSyntaxError:
        """The error for the statement being looked at."""
        loc, function = self.loc, self.function
        place = None
        if loc is not None:
            source = loc.entered[-1].home.source if loc.entered else function
            place = Place(
                source.filename, loc.line, loc.column, loc.end_line, loc.end_column, source.name
            )
        return UnsupportedSyntaxError(
            f"{what} cannot go into a joint compiled function",
            place=place,
            why=why,
            repair=repair or "use the Python back end for this function",
        )

    # --- expressions --------------------------------------------------------------------------

    def convert(self, e: Any) -> tuple[Any, Type]:
        """The rewritten expression and its type."""
        if isinstance(e, ir.Var):
            return self._variable(e)
        if isinstance(e, ir.Lit):
            found = literal_type(e.value)
            if found is None:
                raise self.refusal(
                    f"the literal {e.value!r}", "only numbers of 64 bits are compiled"
                )
            return e, found
        if isinstance(e, ir.Known):
            if e.value is ZERO:
                return ir.Lit(0.0), _FLOAT
            return e, KnownType(e.value)
        if isinstance(e, ir.Op):
            return self._operation(e)
        if isinstance(e, ir.Call):
            return self._call(e)
        names = {ir.Global: "global variable", ir.Free: "closure variable", ir.Cell: "closure"}
        what = names.get(type(e), "nested function")
        raise self.refusal(
            f"the {what} {getattr(e, 'name', '')}".rstrip(),
            "its value may change between calls, and compiled code would not see it",
            "pass it as an argument",
        )

    def _variable(self, e: ir.Var) -> tuple[Any, Type]:
        found = self.env.get(e.name)
        if found is None:
            raise self.refusal(f"the variable {e.name}", "its type is not known here")
        if isinstance(found, KnownType):
            return ir.Known(found.value, _name_of(found.value)), found
        return e, found

    def scalar(self, e: Any) -> tuple[Any, Scalar]:
        """The same for an expression that must be a number."""
        new, found = self.convert(e)
        if not isinstance(found, Scalar):
            raise self.refusal(
                f"{_describe(found)} as an operand",
                "only arithmetic on numbers is compiled so far",
                "write the loop over the elements out",
            )
        return new, found

    def index(self, array: ArrayType, e: Any) -> Any:
        """The rewritten index of one element of an array."""
        new, found = self.convert(e)
        items = found.items if isinstance(found, TupleType) else (found,)
        if len(items) == array.ndim and all(
            isinstance(i, Scalar) and i.base == "int" for i in items
        ):
            return new
        raise self.refusal(
            "an index that does not name a single element",
            "the result would be a view or a copy of a part of the array",
            "index with one integer for every axis",
        )

    def _operation(self, e: ir.Op) -> tuple[Any, Type]:
        name, args = e.name, e.args
        if name == "getattr":
            return self._attribute(e)
        if name == "getitem":
            return self._item(e)
        if name == "tuple":
            pairs = [self.convert(a) for a in args]
            return ir.Op("tuple", tuple(p[0] for p in pairs)), TupleType(tuple(p[1] for p in pairs))
        if name == "unpack":
            node, kind = self.convert(args[0])
            if isinstance(kind, TupleType) and len(kind.items) == args[1].value:
                return node, kind
            raise self.refusal(
                f"unpacking {_describe(kind)}", "only tuples of numbers are compiled"
            )
        if name == "not_":
            return ir.Op("not_", (self.scalar(args[0])[0],)), _BOOL
        if name in _COMPARISONS:
            return ir.Op(name, tuple(self.scalar(a)[0] for a in args)), _BOOL
        plain = name[1:] if name.startswith("i") and name not in ("is_", "is_not") else name
        converted = [self.scalar(a) for a in args if name != "slice"]
        operands, kinds = [c[0] for c in converted], [c[1] for c in converted]
        if any(k.base == "bool" for k in kinds):
            raise self.refusal(
                "arithmetic on bools", "it is not compiled so far", "convert with int()"
            )
        if len(args) == 1 and plain in ("neg", "pos"):
            return self._unary(plain, operands[0], kinds[0])
        if len(args) == 2 and plain in _BINARY:
            return self._binary(plain, operands, kinds)
        raise self.refusal(f"the operation {name!r}", "it is not compiled so far")

    def _unary(self, name: str, operand: Any, kind: Scalar) -> tuple[Any, Type]:
        if name == "neg" and kind.base == "int" and "python" in kind.flavours:
            return helper("checked_sub", ir.Lit(0), operand), Scalar("int", kind.flavours)
        return ir.Op(name, (operand,)), Scalar(kind.base, kind.flavours)

    def _binary(self, name: str, operands: list[Any], kinds: list[Scalar]) -> tuple[Any, Type]:
        flavours = _flavours(kinds)
        is_int = all(k.base == "int" for k in kinds)
        result = Scalar("int" if is_int and name != "truediv" else "float", flavours)
        if name in _CHECKED:
            if is_int and "python" in flavours:
                return helper(_CHECKED[name], *operands), result
            return ir.Op(name, tuple(operands)), result
        if flavours == MIXED:
            raise self.refusal(
                "a division or power of a number that may be a Python float or a NumPy scalar",
                "the two treat zero differently: one raises, the other gives an infinity",
                "convert with float(), or start the sum with np.float64(0.0)",
            )
        if name == "truediv":
            if flavours == NUMPY:
                return helper("numpy_divide", *operands), result
            return ir.Op(name, tuple(operands)), result
        if name == "pow":
            if is_int:
                raise self.refusal(
                    "a power of integers", "it may be of any size", "multiply it out"
                )
            power = "numpy_power" if flavours == NUMPY else "checked_power"
            return helper(power, *operands), result
        if flavours == NUMPY:
            raise self.refusal(
                f"{name} of NumPy scalars", "it is not compiled so far", "use float()"
            )
        if is_int and name == "floordiv":
            return helper("checked_floordiv", *operands), result
        return ir.Op(name, tuple(operands)), result

    def _attribute(self, e: ir.Op) -> tuple[Any, Type]:
        owner, found = self.convert(e.args[0])
        name = e.args[1].value
        if isinstance(found, KnownType) and isinstance(found.value, types.ModuleType):
            value = getattr(found.value, name)
            return ir.Known(value, _name_of(value)), KnownType(value)
        if isinstance(found, ArrayType):
            node = ir.Op("getattr", (owner, e.args[1]))
            if name == "shape":
                return node, TupleType((_INT,) * found.ndim)
            if name in ("size", "ndim"):
                return node, _INT
        raise self.refusal(f"the attribute {name!r}", "objects are not compiled so far")

    def _item(self, e: ir.Op) -> tuple[Any, Type]:
        owner, found = self.convert(e.args[0])
        if isinstance(found, ArrayType):
            node = ir.Op("getitem", (owner, self.index(found, e.args[1])))
            return node, Scalar(found.base, NUMPY)
        place = e.args[1]
        if isinstance(found, TupleType) and isinstance(place, ir.Lit):
            if -len(found.items) <= place.value < len(found.items):
                return ir.Op("getitem", (owner, place)), found.items[place.value]
        raise self.refusal(f"an item of {_describe(found)}", "only elements of arrays are compiled")

    # --- calls --------------------------------------------------------------------------------

    def _call(self, e: ir.Call) -> tuple[Any, Type]:
        _, callee = self.convert(e.func)
        if not isinstance(callee, KnownType):
            raise self.refusal("a call of a value", "the function must be known at compile time")
        function = callee.value
        name = _name_of(function)
        if e.kwargs or any(isinstance(a, ir.Star) for a in e.args):
            raise self.refusal(
                f"keyword or starred arguments of {name}", "they are not compiled so far"
            )
        if function is range:
            args = [self.scalar(a) for a in e.args]
            if all(kind.base == "int" for _, kind in args):
                return ir.Call(ir.Known(range, "range"), tuple(a for a, _ in args)), RANGE
        elif function in (len, np.shape) and len(e.args) == 1:
            array, found = self.convert(e.args[0])
            if isinstance(found, ArrayType):
                shape = ir.Op("getattr", (array, ir.Lit("shape")))
                if function is np.shape:
                    return shape, TupleType((_INT,) * found.ndim)
                return ir.Op("getitem", (shape, ir.Lit(0))), _INT
        elif _hashable(function) and function in _MAKERS and len(e.args) == 1:
            return self._make(_MAKERS[function], e.args[0])
        elif _hashable(function) and function in _LIKE and len(e.args) == 1:
            return self._make_like(_LIKE[function], e.args[0])
        elif function in (float, abs, min, max):
            return self._builtin(function, e)
        elif _hashable(function) and function in self.compiled:
            return self._compiled(self.compiled[function], e)
        raise self.refusal(f"the call of {name}", "this function is not compiled so far")

    def _make(self, maker: str, size: Any) -> tuple[Any, Type]:
        shape, found = self.convert(size)
        sizes = found.items if isinstance(found, TupleType) else (found,)
        if not sizes or any(not isinstance(k, Scalar) or k.base != "int" for k in sizes):
            raise self.refusal("an array of this shape", "the shape must be of integers")
        return helper(maker, shape), ArrayType("float", len(sizes))

    def _make_like(self, maker: str, like: Any) -> tuple[Any, Type]:
        array, found = self.convert(like)
        if not isinstance(found, ArrayType) or found.base != "float":
            raise self.refusal("an array like this one", "only arrays of float64 are compiled")
        return helper(maker, ir.Op("getattr", (array, ir.Lit("shape")))), found

    def _builtin(self, function: Any, e: ir.Call) -> tuple[Any, Type]:
        pairs = [self.scalar(a) for a in e.args]
        args, kinds = [p[0] for p in pairs], [p[1] for p in pairs]
        if any(k.base == "bool" for k in kinds):
            raise self.refusal(f"{function.__name__} of bools", "it is not compiled so far")
        if function is float and len(args) == 1:
            return helper("to_float", *args), _FLOAT
        if function is abs and len(args) == 1:
            name = "checked_abs" if kinds[0].base == "int" else "float_abs"
            return helper(name, *args), Scalar(kinds[0].base, kinds[0].flavours)
        if function in (min, max) and len(args) == 2:
            found = merge(*kinds)
            if isinstance(found, Scalar):
                return helper(f"python_{function.__name__}", *args), Scalar(
                    found.base, found.flavours
                )
        raise self.refusal(f"this call of {function.__name__}", "it is not compiled so far")

    def _compiled(self, known: Compiled, e: ir.Call) -> tuple[Any, Type]:
        args = [a for a in e.args if not (isinstance(a, ir.Lit) and type(a.value) is bool)]
        if len(args) != known.arity:
            raise self.refusal(f"a call of {known.helper}", f"it takes {known.arity} numbers")
        pairs = [self.scalar(a) for a in args]
        flavours = {"python": PYTHON, "numpy": NUMPY}.get(known.flavour)
        flavours = flavours or _flavours([kind for _, kind in pairs])
        floats = [a if kind.base == "float" else helper("to_float", a) for a, kind in pairs]
        return helper(known.helper, *floats), Scalar("float", flavours)


_BINARY = {"add", "sub", "mul", "truediv", "floordiv", "mod", "pow"}


def _flavours(kinds: list[Scalar]) -> frozenset[str]:
    """The flavours that the result of an operation may have: NumPy's wins."""
    if any(k.flavours == NUMPY for k in kinds):
        return NUMPY
    return frozenset().union(*(k.flavours for k in kinds))


def _hashable(value: Any) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True


def _name_of(value: Any) -> str:
    name = getattr(value, "__name__", None) or getattr(value, "name", None)
    return str(name or type(value).__name__).rpartition(".")[2]


def _describe(found: Type) -> str:
    if isinstance(found, KnownType):
        return f"the object {_name_of(found.value)}"
    if isinstance(found, ArrayType):
        return "a whole array"
    return "a tuple" if isinstance(found, TupleType) else f"a value of type {found.name}"  # type: ignore[union-attr]
