"""The primal part: type every variable, then write the statements that compiled code runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dpy.errors import UnsupportedSyntaxError
from dpy.kinds import KnownObject
from dpy.records import replace
from dpy.transform import ir
from dpy.transform.infer import Facts
from dpy.transform.ir import variables
from dpy.transform.joint.book import Compiled, Marker, helper
from dpy.transform.joint.expressions import Converter
from dpy.transform.joint.tapes import Tape
from dpy.transform.joint.types import (
    RANGE,
    TAPE,
    ArrayType,
    KnownType,
    Scalar,
    TupleType,
    Type,
    merge,
    type_of_kind,
)

__all__ = ["Forward"]

_ZEROS: dict[str, Any] = {"float": 0.0, "int": 0, "bool": False}


class Forward(Converter):
    """Converts the forward. Its `env` serves the reverse sweep as well."""

    def __init__(
        self, facts: Facts, compiled: Mapping[Any, Compiled], tapes: dict[str, Tape]
    ) -> None:
        super().__init__(facts.function, compiled)
        self.facts = facts
        self.tapes = tapes
        self.arrays: dict[str, ArrayType] = {}
        self.written: set[str] = set()
        self._depth = 0
        self._changed = False
        self._definitions: dict[str, int] = {}

    # --- types --------------------------------------------------------------------------------

    def infer(self, block: ir.Block) -> None:
        """Find the type of every variable."""
        self.env.update(dict.fromkeys(self.tapes, TAPE))
        for p in self.function.params:
            self._parameter(p)
        for _ in range(100):
            self._changed = False
            self._definitions = dict.fromkeys((p.name for p in self.function.params), 1)
            self.write(block)
            if not self._changed:
                break
        self.loc = self.function.loc
        for name in self.arrays:
            if self._definitions.get(name) != 1:
                raise self.refusal(
                    f"the variable {name}", "it names several arrays", "use one name for each"
                )

    def _parameter(self, p: ir.Param) -> None:
        if p.kind != "positional":
            raise self.refusal(f"the parameter {p.name}", "only positional parameters are compiled")
        found = type_of_kind(self.facts.params[p.name])
        if found is None or isinstance(found, KnownType):
            raise self.refusal(
                f"the argument {p.name} of kind {self.facts.params[p.name]}",
                "only Python numbers, and arrays of float64, int64 and bool, are compiled",
                "convert the argument",
            )
        self._set(p.name, found)

    def _set(self, name: str, found: Type) -> None:
        old = self.env.get(name)
        new = merge(old, found)
        if new is None:
            raise self.refusal(
                f"the variable {name}",
                "it holds values of different types",
                "use one name for each, or start with a float: 0.0",
            )
        if isinstance(new, ArrayType):
            self.arrays[name] = new
        if new != old:
            self.env[name] = new
            self._changed = True

    # --- statements ---------------------------------------------------------------------------

    def write(self, block: ir.Block) -> list[ir.Stmt]:
        """The statements of a block, converted."""
        return [new for s in block for new in self._statement(s)]

    def _statement(self, s: ir.Stmt) -> list[ir.Stmt]:
        if s.loc is not None:
            self.loc = s.loc
        if isinstance(s, ir.Assign):
            return self._assign(s)
        if isinstance(s, ir.If):
            test = self.scalar(s.test)[0]
            body, orelse = (tuple(self._inside(b)) for b in (s.body, s.orelse))
            return [replace(s, test=test, body=body, orelse=orelse)]
        if isinstance(s, ir.For):
            return self._for(s)
        if isinstance(s, ir.While):
            test_body = tuple(self._inside(s.test_body))
            test = self.scalar(s.test)[0]
            return [replace(s, test_body=test_body, test=test, body=tuple(self._inside(s.body)))]
        what = "a raise statement" if isinstance(s, ir.Raise) else f"a {type(s).__name__}"
        raise self.refusal(what, "it is not compiled so far")

    def _inside(self, block: ir.Block) -> list[ir.Stmt]:
        self._depth += 1
        found = self.write(block)
        self._depth -= 1
        return found

    def _for(self, s: ir.For) -> list[ir.Stmt]:
        source, found = self.convert(s.iter)
        if found != RANGE or not isinstance(s.target, str):
            raise self._not_a_range()
        self._set(s.target, Scalar("int"))
        room: list[ir.Stmt] = []
        for inner in s.body:
            is_push = isinstance(inner, ir.Assign) and isinstance(inner.value, ir.Op)
            if is_push and inner.value.name == "append" and s.exit is None:  # type: ignore[union-attr]
                room += self.tapes[inner.value.args[0].name].reserve(source, s.loc)  # type: ignore[union-attr]
        return [*room, replace(s, iter=source, body=tuple(self._inside(s.body)))]

    def _not_a_range(self) -> UnsupportedSyntaxError:
        return self.refusal(
            "a loop over anything but a range",
            "only counted loops are compiled so far",
            "write for i in range(len(xs)), and read xs[i]",
        )

    def _assign(self, s: ir.Assign) -> list[ir.Stmt]:
        value = s.value
        if isinstance(value, ir.Op) and value.name == "setitem":
            return [self._write_item(s, value)]
        if isinstance(value, ir.Op) and value.name in ("append", "list"):
            return self._tape(s, value)
        kind = self.facts.kinds.get(id(s))
        if isinstance(kind, KnownObject) and isinstance(s.target, str):
            self._set(s.target, KnownType(kind.value))
            return []
        site = self.facts.sites.get(id(s))
        if site is not None and site.form == "callee":
            raise self.refusal(f"the call of {site.callee.name}", "calls are not compiled so far")
        if isinstance(s.target, tuple):
            return [self._rule(s)]
        new, found = self.convert(value)
        if s.target is None:
            return [replace(s, value=new)] if isinstance(found, Scalar) else []
        if isinstance(found, ArrayType):
            self._new_array(s.target, new)
        self._set(s.target, found)
        return self._store(s, new)

    def _store(self, s: ir.Assign, new: Any) -> list[ir.Stmt]:
        assert isinstance(s.target, str)
        target = self.env[s.target]
        if isinstance(target, KnownType):
            return []
        if new == ir.Lit(None):
            new = _zero_of(target)
            if new is None:
                return []
        elif isinstance(new, ir.Lit) and isinstance(target, Scalar) and target.base == "float":
            new = ir.Lit(float(new.value))
        return [replace(s, value=new)]

    def _new_array(self, name: str, new: Any) -> None:
        self._definitions[name] = self._definitions.get(name, 0) + 1
        if isinstance(new, ir.Var):
            raise self.refusal(
                f"a second name, {name}, for an array",
                "the cotangents of arrays that are written to are kept by name",
                "use one name",
            )
        if self._depth:
            raise self.refusal(
                "an array made in a loop or branch",
                "its cotangent must have a place before the reverse sweep starts",
                "make it before the loop, and write into it",
            )

    def _write_item(self, s: ir.Assign, value: ir.Op) -> ir.Stmt:
        owner, index, item = value.args
        array, found = self.convert(owner)
        if not isinstance(found, ArrayType):
            raise self.refusal("a write to an item of this value", "only arrays are compiled")
        new_index = self.index(found, index)
        new, written = self.scalar(item)
        if written.base != found.base and (found.base, written.base) != ("float", "int"):
            raise self.refusal(
                f"a write of {written.base} into an array of {found.base}",
                "it converts, and errors of the conversion would be lost",
                "use an array of that type",
            )
        self.written.add(array.name)
        return replace(s, value=ir.Op("setitem", (array, new_index, new)))

    def _tape(self, s: ir.Assign, value: ir.Op) -> list[ir.Stmt]:
        name = s.target if value.name == "list" else getattr(value.args[0], "name", None)
        tape = self.tapes.get(name) if isinstance(name, str) else None
        if tape is None or value.name == "list" and value.args:
            raise self.refusal("a list", "only numbers and arrays are compiled", "use an array")
        return [tape.mark(s.loc)] if value.name == "list" else tape.push(s.loc)

    def _rule(self, s: ir.Assign) -> ir.Stmt:
        """``y, pb = abs(x)``: the pullback of a compiled rule is the slope."""
        site = self._site_of(s)
        assert isinstance(s.target, tuple)
        if site is not None and site.form == "rule" and site.function is abs:
            operand, found = self.scalar(site.operands[0])
            if found.base == "float":
                y, slope = s.target
                self._set(y, found)
                self._set(slope, Scalar("float", found.flavours))
                pair = (helper("float_abs", operand), helper("safe_sign", operand))
                return replace(s, value=ir.Op("tuple", pair))
        what = "this operation"
        if isinstance(s.value, ir.Call):
            if isinstance(s.value.func, ir.Known) and s.value.func.value == Marker("iterate"):
                raise self._not_a_range()
            atoms = [a for a in (s.value.func, *s.value.args) if isinstance(a, ir.Known)]
            names = [a.name for a in atoms if not isinstance(a.value, Marker)]
            names += [v for a in s.value.args for v in variables(a)]
            what = f"the operation {' '.join(names)}".rstrip()
        raise self.refusal(what, "it has no compiled rule so far")

    def _site_of(self, s: ir.Assign) -> Any:
        """The site of the statement that this one replaced: it has the same target and place."""
        assert isinstance(s.target, tuple)
        for old in ir.walk(self.function.body):
            if isinstance(old, ir.Assign) and old.target == s.target[0] and old.loc is s.loc:
                return self.facts.sites.get(id(old))
        return None


def _zero_of(found: Type) -> Any:
    """What a residual holds in an iteration that does not set it; it is not read then."""
    if isinstance(found, Scalar):
        return ir.Lit(_ZEROS[found.base])
    if found == TAPE:
        return ir.Lit(0)
    if isinstance(found, TupleType):
        items = tuple(map(_zero_of, found.items))
        return None if None in items else ir.Op("tuple", items)

    return None
