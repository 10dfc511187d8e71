"""The adjoint part: the pullback's statements, with arrays' cotangents in local buffers."""

from __future__ import annotations

from typing import Any

from dpy.cotangent import ZERO
from dpy.errors import UnsupportedSyntaxError
from dpy.transform import ir
from dpy.transform.helpers import array_of, items_of
from dpy.transform.ir import variables
from dpy.transform.joint.book import Marker, helper
from dpy.transform.joint.forward import Forward
from dpy.transform.joint.tapes import Tape
from dpy.transform.joint.types import NOTHING, ArrayType, Scalar
from dpy.transform.versions import Names

__all__ = ["Reverse", "tape_names"]

_NO_OP = {"zeros_for", "owned"}


def tape_names(block: ir.Block) -> list[str]:
    """The tapes that the reverse loops of a pullback walk."""
    return [_tape_of(s) for s in ir.walk(block) if isinstance(s, ir.For)]


def _tape_of(s: ir.For) -> str:
    return str(s.iter.args[0].name) if isinstance(s.iter, ir.Call) else ""


class Reverse:
    """Converts the body of a pullback, given the typed forward."""

    def __init__(self, forward: Forward, tapes: dict[str, Tape], names: Names) -> None:
        self.forward = forward
        self.tapes = tapes
        self.names = names
        self.buffers: dict[str, str] = {}
        self.flags: dict[str, str] = {}
        self.guards: dict[str, str] = {}
        self.slopes: dict[str, str] = {}
        self.results: list[Any] = []

    def run(self, body: ir.Block) -> list[ir.Stmt]:
        """The reverse sweep; what it returns is in `results` afterwards."""
        self._find_buffers(body)
        written = self._block(body)
        starts: list[ir.Stmt] = []
        loc = self.forward.function.loc
        for array, buffer in self.buffers.items():
            shape = ir.Op("getattr", (ir.Var(array), ir.Lit("shape")))
            starts.append(ir.Assign(buffer, helper("zeros", shape), loc))
        starts += [ir.Assign(flag, ir.Lit(False), loc) for flag in self.flags.values()]
        return starts + written

    def _find_buffers(self, body: ir.Block) -> None:
        """By-value arrays that the pullback adds to in place have a variable already."""
        for s in ir.walk(body):
            if not isinstance(s, ir.Assign) or not isinstance(s.target, str):
                continue
            value: Any = s.value
            array = _array_of_zeros(value)
            if _marker(value) in _NO_OP:
                array = value.args[-1].name
            if array and self.buffers.setdefault(array, s.target) != s.target:
                raise self._refusal("an array with several cotangents")

    def _refusal(self, what: str) -> UnsupportedSyntaxError:
        return self.forward.refusal(what, "its adjoint is not compiled so far")

    def _buffer(self, array: str) -> str:
        """The cotangent buffer of an array of floats."""
        found = self.forward.env.get(array)
        if not isinstance(found, ArrayType) or found.base != "float":
            raise self._refusal(f"the value {array}")
        if array not in self.buffers:
            self.buffers[array] = self.names.fresh(f"d_{array}")
        return self.buffers[array]

    def _flag(self, array: str) -> str:
        """Whether anything has been added to the buffer of an array yet."""
        if array not in self.flags:
            self.flags[array] = self.names.fresh(f"has_{self._buffer(array)}")
        return self.flags[array]

    # --- statements ---------------------------------------------------------------------------

    def _block(self, block: ir.Block) -> list[ir.Stmt]:
        found: list[ir.Stmt] = []
        for s in block:
            if s.loc is not None:
                self.forward.loc = s.loc
            if isinstance(s, ir.Assign):
                found += self._assign(s)
            elif isinstance(s, ir.If):
                found += self._if(s)
            elif isinstance(s, ir.For):
                found.append(self._loop(s))
            elif isinstance(s, ir.Return):
                assert isinstance(s.value, ir.Op)
                params = self.forward.function.params
                pairs = zip(s.value.args, params, strict=True)
                self.results = [self._result(e, p.name) for e, p in pairs]
            else:
                raise self._refusal(f"a {type(s).__name__} statement")
        return found

    def _loop(self, s: ir.For) -> ir.Stmt:
        tape = self.tapes[_tape_of(s)]
        targets = s.target if isinstance(s.target, tuple) else (s.target,)
        body = self._block(s.body)
        read = _names_read(body)
        for residual in targets:
            if residual in read:
                found = self.forward.env.get(residual, NOTHING)
                if not tape.add_residual(residual, found, self.names):
                    raise self._refusal(f"the value {residual}, which the adjoint needs,")
        return tape.walk_down(body, s.loc)

    def _if(self, s: ir.If) -> list[ir.Stmt]:
        test = s.test
        if isinstance(test, ir.Op) and test.name == "is_not" and _is_zero(test.args[1]):
            # A number is never the structural zero; what was in a buffer may be.
            name = test.args[0].name
            if name not in self.guards:
                return self._block(s.body)
            test = ir.Var(self.guards[name])
        else:
            test = self._expression(test)
        body, orelse = tuple(self._block(s.body)), tuple(self._block(s.orelse))
        return [ir.If(test, body, orelse, s.loc)] if body or orelse else []

    def _assign(self, s: ir.Assign) -> list[ir.Stmt]:
        marker = _marker(s.value)
        args: Any = s.value.args if isinstance(s.value, ir.Call) else ()
        if marker == "take_region":
            return self._take(s, args[1].name, args[2])
        if marker == "add_region":
            array = args[1].name
            flag = ir.Assign(self._flag(array), ir.Lit(True), s.loc)
            return [self._add(s, array, args[2], args[3]), flag]
        if marker == "add_at":
            array = next(a for a, buffer in self.buffers.items() if buffer == args[0].name)
            return [self._add(s, array, args[1], args[2])]
        is_new = _is_zero(s.value) or _array_of_zeros(s.value) or _is_same(s.value)
        if marker in _NO_OP or s.target in self.buffers.values() and is_new:
            return []  # the buffer is there, and nothing has been added to it
        in_buffer = self._item(s)
        if in_buffer is not None:
            return [in_buffer]
        if isinstance(s.target, tuple):
            return [self._pull(s)]
        if s.target is None:
            raise self._refusal("this statement")
        assert isinstance(s.target, str)
        value = self._expression(s.value)
        self.forward.env.setdefault(s.target, Scalar("float"))
        return [ir.Assign(s.target, value, s.loc)]

    def _take(self, s: ir.Assign, array: str, index: Any) -> list[ir.Stmt]:
        """``d = d_a[i]; d_a[i] = 0.0``."""
        place = (ir.Var(self._buffer(array)), self._index(array, index))
        found: list[ir.Stmt] = []
        if isinstance(s.target, str):
            self.forward.env[s.target] = Scalar("float")
            self.guards[s.target] = self._flag(array)
            found.append(ir.Assign(s.target, ir.Op("getitem", place), s.loc))
        found.append(ir.Assign(None, ir.Op("setitem", (*place, ir.Lit(0.0))), s.loc))
        return found

    def _add(self, s: ir.Assign, array: str, index: Any, d: Any) -> ir.Stmt:
        """``d_a[i] += d``."""
        place = (ir.Var(self._buffer(array)), self._index(array, index))
        total = ir.Op("add", (ir.Op("getitem", place), self._expression(d)))
        return ir.Assign(None, ir.Op("setitem", (*place, total)), s.loc)

    def _item(self, s: ir.Assign) -> ir.Stmt | None:
        """``d = d_a[i]``, ``d_a[i] = 0.0`` and ``d_a[i] += d``, as the pullback has them."""
        value = s.value
        if not isinstance(value, ir.Op) or value.name not in ("getitem", "setitem", "iadd"):
            return None
        place = value.args[0] if value.name == "iadd" else value
        if not isinstance(place, ir.Op):
            return None
        buffer, index = place.args[:2]
        array = next((a for a, name in self.buffers.items() if ir.Var(name) == buffer), None)
        if array is None:
            return None
        if value.name == "iadd":
            return self._add(s, array, index, value.args[1])
        parts = (buffer, self._index(array, index))
        if value.name == "setitem":
            return ir.Assign(
                None, ir.Op("setitem", (*parts, self._expression(value.args[2]))), s.loc
            )
        assert isinstance(s.target, str)
        self.forward.env[s.target] = Scalar("float")
        return ir.Assign(s.target, ir.Op("getitem", parts), s.loc)

    def _index(self, array: str, index: Any) -> Any:
        found = self.forward.env[array]
        assert isinstance(found, ArrayType)
        return self.forward.index(found, index)

    def _pull(self, s: ir.Assign) -> ir.Stmt:
        """``(d_x,) = pb(d_y)``, where `pb` is the slope of a compiled rule."""
        value = s.value
        assert isinstance(s.target, tuple)
        if isinstance(value, ir.Call) and isinstance(value.func, ir.Var) and len(s.target) == 1:
            d_y = self._expression(value.args[0])
            self.forward.env[s.target[0]] = Scalar("float")
            slope = self._expression(value.func)
            return ir.Assign(s.target[0], ir.Op("mul", (d_y, slope)), s.loc)
        raise self._refusal("this statement")

    # --- expressions --------------------------------------------------------------------------

    def _expression(self, e: Any) -> Any:
        """A number."""
        return self.forward.scalar(self._plain(e))[0]

    def _plain(self, e: Any) -> Any:
        """The expression without calls of the runtime: on numbers they have nothing to do."""
        marker = _marker(e)
        if marker in ("project", "project_written"):
            return self._plain(e.args[0])
        if marker == "add":
            return ir.Op("add", tuple(map(self._plain, e.args)))
        if marker:
            raise self._refusal(f"this operation (its adjoint calls {marker})")
        if isinstance(e, ir.Op):
            return ir.Op(e.name, tuple(map(self._plain, e.args)))
        if isinstance(e, ir.Call):
            return ir.Call(e.func, tuple(map(self._plain, e.args)), e.kwargs)
        return e

    def _result(self, e: Any, parameter: str) -> Any:
        """One of the cotangents that the pullback returns."""
        found = self.forward.env[parameter]
        if isinstance(found, ArrayType):
            rest = e.args[2] if _marker(e) == "take_deep" else e
            is_buffer = isinstance(rest, ir.Var) and rest.name == self.buffers.get(parameter)
            if not is_buffer and not _is_zero(rest):
                raise self._refusal(f"the cotangent of the array {parameter}")
            if found.base == "float":
                return ir.Var(self._buffer(parameter))
            return helper("zeros", ir.Op("getattr", (ir.Var(parameter), ir.Lit("shape"))))
        return self._expression(e)


def _marker(e: Any) -> str:
    """The name of the runtime's function that an expression calls."""
    if isinstance(e, ir.Call) and isinstance(e.func, ir.Known):
        found = e.func.value
        return found.name if isinstance(found, Marker) else ""
    return ""


def _array_of_zeros(e: Any) -> str:
    """The array with the shape of which an expression makes zeros."""
    if isinstance(e, ir.Call) and isinstance(e.func, ir.Op) and e.func.name == "getattr":
        if e.func.args[1] == ir.Lit("zeros") and isinstance(e.args[0], ir.Op):
            return str(e.args[0].args[0].name)
    return ""


def _is_same(e: Any) -> bool:
    """Whether an expression is a buffer as it was, for quicker access in Python."""
    return (
        isinstance(e, ir.Call)
        and isinstance(e.func, ir.Known)
        and e.func.value in (items_of, array_of)
    )


def _is_zero(e: Any) -> bool:
    return isinstance(e, ir.Known) and e.value is ZERO


def _names_read(block: list[ir.Stmt]) -> set[str]:
    found: set[str] = set()
    for s in ir.walk(tuple(block)):
        if isinstance(s, ir.Assign):
            found.update(variables(s.value))
        elif isinstance(s, (ir.If, ir.While)):
            found.update(variables(s.test))
    return found
