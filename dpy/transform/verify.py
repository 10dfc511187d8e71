"""Check that IR is well formed. A failure is a defect of the stage that produced it.

>>> from dpy.transform.ir import Assign, Function, Op, Var
>>> verify(Function("f", (), (Assign("y", Op("add", (Var("x"), Var("x")))),), Var("y")))
Traceback (most recent call last):
    ...
dpy.errors.VerificationError: f: variable 'x' is read but never assigned
  in: y = x + x
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dpy.errors import VerificationError
from dpy.transform.ir import (
    Assign,
    Block,
    Call,
    Cell,
    Closure,
    Def,
    For,
    Free,
    Function,
    Global,
    If,
    Known,
    Lit,
    Op,
    Raise,
    Return,
    Star,
    Try,
    Var,
    While,
    walk,
)

__all__ = ["ARITY", "verify"]

_BINARY = (
    "add sub mul truediv floordiv mod pow matmul and_ or_ xor lshift rshift "
    "iadd isub imul itruediv ifloordiv imod ipow imatmul iand ior ixor ilshift irshift "
    "lt le eq ne gt ge is_ is_not contains getattr delattr getitem delitem append add_to_set "
    "unpack setglobal matches special"
)
_ANY = 1 << 30

ARITY: dict[str, tuple[int, int]] = {
    **dict.fromkeys(_BINARY.split(), (2, 2)),
    **dict.fromkeys(
        "neg pos invert not_ unbound delglobal yield yield_from is_sequence is_mapping".split(),
        (1, 1),
    ),
    **dict.fromkeys(
        "setattr setitem put slice format unpack_star import match_args".split(), (3, 3)
    ),
    **dict.fromkeys("tuple list set dict join".split(), (0, _ANY)),
    "new_cell": (0, 1),
}
"""Least and largest number of operands of each operation."""

_STARRED = frozenset({"tuple", "list", "set"})
# Operands that must be literals: position and type.
_LITERAL: dict[str, tuple[tuple[int, type | tuple[type, ...]], ...]] = {
    "getattr": ((1, str),),
    "setattr": ((1, str),),
    "delattr": ((1, str),),
    "unpack": ((1, int),),
    "unpack_star": ((1, int), (2, int)),
    "setglobal": ((0, str),),
    "delglobal": ((0, str),),
    "unbound": ((0, str),),
    "special": ((1, str),),
    "match_args": ((1, int), (2, tuple)),
    "format": ((1, str),),
    "import": ((0, str), (1, (tuple, type(None))), (2, int)),
}
_LITERAL_TYPES = (bool, int, float, complex, str, bytes, type(None), type(Ellipsis), tuple)


def verify(function: Function, *, nested_ok: bool = False) -> None:
    """Raise `VerificationError` if the function is ill-formed.

    `nested_ok` allows expressions as operands, as later stages make them.
    """
    _Verifier(function.name, nested_ok, set(function.free)).function(function, set())


class _Verifier:
    def __init__(self, name: str, nested_ok: bool, free: set[str]) -> None:
        self.name = name
        self.nested_ok = nested_ok
        self.free = free
        self.assigned: set[str] = set()
        self.where: Any = None

    def function(self, function: Function, outer: set[str]) -> None:
        """Check one function; `outer` are variables of enclosing generated functions."""
        names = [param.name for param in function.params]
        if len(set(names)) < len(names):
            self.fail("two parameters of one name")
        for param in function.params:
            if param.kind not in ("positional", "keyword", "args", "kwargs"):
                self.fail(f"unknown kind of parameter {param.kind!r}")
        saved = self.assigned
        self.assigned = outer | set(names) | _assigned(function.body)
        returns = [s for s in walk(function.body) if isinstance(s, Return)]
        if returns and (len(returns) > 1 or function.body[-1] is not returns[0]):
            self.fail("Return is not the last statement")
        self.block(function.body)
        self.where = None
        if not returns:
            self.operand(function.result)
        self.assigned = saved

    def fail(self, message: str) -> None:
        """Raise, with the statement at fault."""
        text = ""
        if self.where is not None:
            try:
                text = f"\n  in: {_text(self.where)}"
            except Exception:
                text = f"\n  in: {self.where!r}"
        raise VerificationError(f"{self.name}: {message}{text}")

    # --- statements ---------------------------------------------------------------------------

    def block(self, block: Block) -> None:
        """Check every statement of a block."""
        if not isinstance(block, tuple):
            self.fail("a block must be a tuple")
        for statement in block:
            self.where = statement
            self.statement(statement)

    def statement(self, s: Any) -> None:
        """Check one statement and what it contains."""
        match s:
            case Assign():
                if s.target is not None:
                    self.target(s.target)
                self.expression(s.value)
            case If():
                self.operand(s.test)
                self.block(s.body)
                self.block(s.orelse)
            case For():
                self.target(s.target)
                self.operand(s.iter)
                self.exit(s)
                self.block(s.body)
            case While():
                self.exit(s)
                self.block(s.test_body)
                self.where = s
                self.operand(s.test)
                self.block(s.body)
            case Raise():
                for part in (s.exc, s.cause):
                    if part is not None:
                        self.operand(part)
            case Try():
                for block in (s.body, s.handler or (), s.orelse, s.final):
                    self.block(block)
                if s.handler is None and (s.name is not None or not s.final):
                    self.fail("a `try` that neither catches nor cleans up")
            case Return():
                self.operand(s.value)
            case Def():
                self.function(s.function, self.assigned)
            case _:
                self.fail(f"not a statement: {type(s).__name__}")

    def target(self, target: Any) -> None:
        """A name, or a tuple of distinct names."""
        names = target if isinstance(target, tuple) else (target,)
        for name in names:
            if not isinstance(name, str) or not name.isidentifier():
                self.fail(f"bad target {name!r}")
        if not names or len(set(names)) < len(names):
            self.fail(f"bad targets {target!r}")

    def exit(self, loop: Any) -> None:
        """The exit flag of a loop must be assigned somewhere in it."""
        if loop.exit is not None and loop.exit not in _assigned(loop.body):
            self.fail(f"exit flag {loop.exit!r} is never assigned in the loop")

    # --- expressions --------------------------------------------------------------------------

    def operand(self, value: Any) -> None:
        """An atom, or any expression where these may nest."""
        if isinstance(value, (Var, Lit, Known)) or (self.nested_ok and not isinstance(value, Star)):
            self.expression(value)
        else:
            self.fail(f"operand is not an atom: {value!r}")

    def starred(self, value: Any) -> None:
        """An operand, or ``*operand``."""
        self.operand(value.value if isinstance(value, Star) else value)

    def expression(self, value: Any) -> None:
        """Check an expression."""
        match value:
            case Var(name):
                if name not in self.assigned:
                    self.fail(f"variable {name!r} is read but never assigned")
            case Lit(literal):
                if not isinstance(literal, _LITERAL_TYPES):
                    self.fail(f"bad literal {literal!r}")
            case Free(name, cell) if cell is not None:
                pass
            case Free(name) | Cell(name):
                if name not in self.free:
                    self.fail(f"{name!r} is not a free variable of the function")
            case Known() | Global():
                pass
            case Op():
                self.op(value)
            case Call(func, args, kwargs):
                self.operand(func)
                for arg in args:
                    self.starred(arg)
                for key, arg in kwargs:
                    if key is not None and not isinstance(key, str):
                        self.fail(f"bad keyword {key!r}")
                    self.operand(arg)
            case Closure():
                self.closure(value)
            case _:
                self.fail(f"not an expression: {value!r}")

    def closure(self, value: Closure) -> None:
        """Cells are variables or cells of the function; the others are operands."""
        for _, cell in value.cells:
            if not isinstance(cell, (Var, Cell)):
                self.fail(f"not a cell: {cell!r}")
            self.expression(cell)
        for atom in value.atoms():
            self.operand(atom)

    def op(self, op: Op) -> None:
        """Check name, number and kinds of the operands."""
        if op.name not in ARITY:
            self.fail(f"unknown operation {op.name!r}")
        least, most = ARITY[op.name]
        if not isinstance(op.args, tuple) or not least <= len(op.args) <= most:
            self.fail(f"operation {op.name!r} with {len(op.args)} operands")
        if op.name == "dict" and len(op.args) % 2:
            self.fail("operation 'dict' with a key but no value")
        for position, kind in _LITERAL.get(op.name, ()):
            arg = op.args[position]
            if not isinstance(arg, Lit) or not isinstance(arg.value, kind):
                self.fail(f"operand {position} of {op.name!r} must be a literal, not {arg!r}")
        for arg in op.args:
            (self.starred if op.name in _STARRED else self.operand)(arg)


def _assigned(block: Block) -> set[str]:
    """All variables that a block assigns, nested functions left out."""
    return set(_targets(block))


def _targets(block: Block) -> Iterator[str]:
    for statement in walk(block):
        if isinstance(statement, (Assign, For)):
            target = statement.target
            if isinstance(target, tuple):
                yield from target
            elif target is not None:
                yield target
        elif isinstance(statement, Try) and statement.name is not None:
            yield statement.name
        elif isinstance(statement, Def):
            yield statement.function.name


def _text(statement: Any) -> str:
    import ast

    from dpy.transform.show import Namer, block_to_ast

    nodes = [ast.fix_missing_locations(n) for n in block_to_ast((statement,), Namer())]
    return "\n      ".join("\n".join(map(ast.unparse, nodes)).splitlines())
