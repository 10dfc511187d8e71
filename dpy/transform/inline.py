"""Read adjoint rules as straight-line code, for what is known of the arguments.

A rule is a Python function that serves all cases: vectors and matrices, an axis or none, real and
complex. Here it is evaluated on the *kinds* of the arguments: what follows from them, such as
``b.ndim == 2`` or ``axis is None``, is decided, helper functions are entered, and what is left
are the expressions that a person would have written for this case. A rule that does not become
straight-line is called as it is.

>>> import numpy as np
>>> from dpy.adjoints import registry
>>> from dpy.kinds import Array
>>> matrix = Array(np.dtype(float), 2)
>>> rule = registry.lookup(np.matmul)
>>> found = read_rule(rule, (ir.Var("<0>"), ir.Var("<1>")), (), (matrix, matrix), matrix)
>>> [show_expression(c.expr) for c in found.cotangents]
['d_y @ <1>.T', '<0>.T @ d_y']
"""

from __future__ import annotations

import ast
import math
import operator
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from dpy import cotangent
from dpy.cotangent import ZERO
from dpy.kinds import (
    UNKNOWN,
    Array,
    Const,
    Kind,
    KnownObject,
    Number,
    Other,
    dummy_of,
    is_number,
    number_type,
)
from dpy.kinds import Tuple as TupleKind
from dpy.records import record
from dpy.transform import ir
from dpy.transform.show import Namer, expression_to_ast
from dpy.transform.source import read_tree

__all__ = [
    "D_Y", "Cotangent", "Inlined", "Plan", "cotangent_kind", "plan", "read_expression", "read_rule",
    "show_expression", "substitute",
]  # fmt: skip

D_Y = ir.Var("<d>")
"""Stands for the cotangent of the result; ``<0>``, ``<1>``, ... for operands, ``<y>`` for it."""
_Y = ir.Var("<y>")
_DEPTH = 6


@record
class Static:
    """A value that is known now; `expr` is how it was written, where that is by name."""

    value: Any
    expr: Any = None


@record
class Dynamic:
    """A value that generated code computes."""

    expr: Any
    kind: Kind = UNKNOWN
    shape_of: Any = None  # the operand whose shape it certainly has


@record
class _Closure:
    """A function defined in a rule: its pullback."""

    node: Any
    frame: _Frame


@record
class _Frame:
    env: dict[str, Any]
    globals: dict[str, Any]


@record
class Cotangent:
    """What a rule's pullback gives for one operand.

    `kind` is what is known of it. `shape_of` is the placeholder of the operand whose shape it
    certainly has, or True for that of the operand that it is for. `is_certain`: it is a value,
    not perhaps None or ZERO.
    """

    expr: Any
    kind: Kind
    shape_of: Any
    is_certain: bool


@record
class Inlined:
    """A rule as straight-line code.

    `forward` and `backward` are local variables, each used by those after it: pairs of the
    placeholder and its expression. A cotangent of None is no gradient.
    """

    forward: tuple[tuple[ir.Var, Any], ...]
    value: Any
    backward: tuple[tuple[ir.Var, Any], ...]
    cotangents: tuple[Cotangent | None, ...]


@record
class Plan:
    """What the adjoint of one statement takes from a rule.

    `forward`: local variables of the rule that the pullback needs, with their placeholders.
    `value`: what replaces the primal because it shares them, or None. `backward`: variables of
    the pullback used more than once. `cotangents`: one expression per wanted slot.
    """

    forward: tuple[tuple[ir.Var, Any], ...]
    value: Any
    backward: tuple[tuple[ir.Var, Any], ...]
    cotangents: tuple[Any, ...]


def plan(found: Inlined, wanted: list[int]) -> Plan:
    """Drop what the wanted cotangents do not need; write what is used once where it is used."""
    uses: dict[ir.Var, int] = {}
    exprs = [found.cotangents[i].expr for i in wanted]  # type: ignore[union-attr]
    for e in exprs:
        _count(e, uses)
    for var, e in reversed(found.backward):
        if uses.get(var):
            _count(e, uses)
    env: dict[ir.Var, Any] = {found.value: _Y} if isinstance(found.value, ir.Var) else {}
    backward = []
    for var, e in found.backward:
        e = substitute(e, env)
        if uses.get(var, 0) > 1:
            backward.append((var, e))
        else:
            env[var] = e
    needed = {var for var, _ in found.forward if uses.get(var) and var not in env}
    for var, e in reversed(found.forward):
        if var in needed:
            inner: dict[ir.Var, int] = {}
            _count(substitute(e, env), inner)
            needed |= inner.keys()
    forward = tuple((v, substitute(e, env)) for v, e in found.forward if v in needed)
    value = dict(found.forward).get(found.value, found.value)
    shared: dict[ir.Var, int] = {}
    _count(value, shared)
    is_shared = any(v in shared for v, _ in forward)
    cotangents = tuple(substitute(e, env) for e in exprs)
    return Plan(forward, value if is_shared else None, tuple(backward), cotangents)


def _count(e: Any, uses: dict[ir.Var, int]) -> None:
    if isinstance(e, ir.Var):
        uses[e] = uses.get(e, 0) + 1
    elif isinstance(e, ir.Op):
        for a in e.args:
            _count(a, uses)
    elif isinstance(e, ir.Call):
        for a in (e.func, *e.args, *(v for _, v in e.kwargs)):
            _count(a, uses)


def substitute(e: Any, env: dict[ir.Var, Any]) -> Any:
    """The expression with placeholders replaced."""
    if isinstance(e, ir.Var):
        return env.get(e, e)
    if isinstance(e, ir.Op):
        return ir.Op(e.name, tuple(substitute(a, env) for a in e.args))
    if isinstance(e, ir.Call):
        args = tuple(substitute(a, env) for a in e.args)
        kwargs = tuple((name, substitute(v, env)) for name, v in e.kwargs)
        return ir.Call(substitute(e.func, env), args, kwargs)
    return e


@record
class _MethodOf(Kind):
    """A method of a value of this kind."""

    type: Kind


class _Stuck(Exception):
    """The code does not become straight-line."""


class _Returned(Exception):
    def __init__(self, value: Any) -> None:
        self.value = value


def read_rule(
    rule: Any,
    operands: tuple[Any, ...],
    kwargs: tuple[tuple[str, Any], ...],
    kinds: tuple[Kind, ...],
    result: Kind,
) -> Inlined | None:
    """The rule for operands (placeholders or literals) of these kinds; None if it stays a call.

    `kinds` are those of the operands and then of the keyword arguments.
    """
    if rule.primal_is_user or rule.mutates is not None or rule.forward.__closure__:
        return None
    node = _definition(rule.forward)
    if node is None:
        return None
    reader = _Reader()
    try:
        values = [_argument(a, k) for a, k in zip(operands, kinds, strict=False)]
        named = {
            name: _argument(a, k)
            for (name, a), k in zip(kwargs, kinds[len(operands) :], strict=True)
        }
        found = reader.enter(node, rule.forward, values, named)
        if not (isinstance(found, list) and len(found) == 2 and isinstance(found[1], _Closure)):
            return None
        value, pullback = found
        forward = reader.lets
        reader.lets = []
        reader.value = value
        parts = reader.enter_closure(pullback, [Dynamic(D_Y, cotangent_kind(result))])
        if isinstance(parts, Static) and type(parts.value) is tuple:
            parts = list(map(Static, parts.value))
        if not isinstance(parts, list):
            return None
        slots = [_cotangent(rule, p, kinds, reader.lets) for p in parts]
    except _Stuck:
        return None
    return Inlined(tuple(forward), _expr(value), tuple(reader.lets), tuple(slots))


def read_expression(function: Any, arguments: tuple[Any, ...], kinds: tuple[Kind, ...]) -> Any:
    """The body of a lambda for these arguments, as an expression; None where that is impossible."""
    if function.__closure__ or function.__defaults__:
        return None
    node = _definition(function)
    if not isinstance(node, ast.Lambda):
        return None
    reader = _Reader(enters=False)
    values = [_argument(a, k) for a, k in zip(arguments, kinds, strict=True)]
    try:
        found = _expr(reader.enter(node, function, values, {}))
    except _Stuck:
        return None
    return None if reader.lets else found


def cotangent_kind(kind: Kind) -> Kind:
    """The kind of a cotangent of a value of this kind: integers stand for reals."""
    if isinstance(kind, Array):
        if kind.dtype.kind in "iu":
            return Array(np.dtype(np.float64), kind.ndim)
        return kind if kind.dtype.kind in "fc" else UNKNOWN
    t = number_type(kind)
    if t is None:
        return UNKNOWN
    return Number(float) if t is int or issubclass(t, np.integer) else Number(t)


def show_expression(e: Any) -> str:
    """An expression with its placeholders as Python text."""
    return ast.unparse(expression_to_ast(e, Namer())).replace("<d>", "d_y")


_definitions: dict[Any, Any] = {}


def _definition(function: Any) -> Any:
    """The tree of a function; None where there is no source."""
    code = function.__code__
    if code not in _definitions:
        try:
            _definitions[code] = read_tree(function)
        except Exception:  # no source, or not what the code was made from
            _definitions[code] = None
    return _definitions[code]


def _argument(atom: Any, kind: Kind) -> Any:
    if isinstance(atom, ir.Lit):
        return Static(atom.value)
    if isinstance(atom, ir.Known):
        return Static(atom.value)
    if is_static(kind):
        return Static(dummy_of(kind))
    return Dynamic(atom, kind, atom)


def is_static(kind: Kind) -> bool:
    """Whether there is one value of this kind."""
    if isinstance(kind, TupleKind):
        return all(map(is_static, kind.items))
    return isinstance(kind, (Const, KnownObject)) or kind == Other(type(None))


def _cotangent(
    rule: Any, value: Any, kinds: tuple[Kind, ...], lets: list[tuple[ir.Var, Any]]
) -> Cotangent | None:
    if isinstance(value, Static):
        if value.value is None or value.value is ZERO:
            return None
        return Cotangent(_expr(value), UNKNOWN, None, True)
    if not isinstance(value, Dynamic):
        raise _Stuck
    shape = value.shape_of
    if shape is None and rule.primal in _KEEP_SHAPE:
        shape = all(isinstance(k, Array) and k.ndim <= 2 or is_static(k) for k in kinds) or None
    return Cotangent(value.expr, value.kind, shape, _is_certain(value.expr, dict(lets)))


# Functions whose pullback gives exactly the operand's shape, for matrices and vectors.
_KEEP_SHAPE = {
    operator.matmul, np.matmul, np.dot, np.ndarray.dot, np.transpose, np.ndarray.transpose,
    np.outer, np.cumsum, np.ndarray.cumsum,
}  # fmt: skip


def _is_certain(expr: Any, lets: dict[ir.Var, Any]) -> bool:
    """Whether an expression can be neither None nor ZERO, given that `D_Y` is not."""
    if isinstance(expr, ir.Var):
        return _is_certain(lets[expr], lets) if expr in lets else True
    if isinstance(expr, ir.Op):
        return all(_is_certain(a, lets) for a in expr.args)
    if isinstance(expr, ir.Call) and isinstance(expr.func, ir.Known):
        return not _is_ours(expr.func.value)  # those of `dpy.adjoints.safe` go by their module
    return True


def _expr(value: Any) -> Any:
    """The expression of a value."""
    if isinstance(value, Dynamic):
        return value.expr
    if isinstance(value, list):
        return ir.Op("tuple", tuple(map(_expr, value)))
    if isinstance(value, Static):
        return value.expr or _literal(value.value)
    raise _Stuck


def _literal(value: Any) -> Any:
    if value is None or type(value) in (bool, int, float, complex, str, type(Ellipsis)):
        return ir.Lit(value)
    if type(value) is tuple:
        return ir.Op("tuple", tuple(map(_literal, value)))
    if type(value) is slice:
        parts = (value.start, value.stop, value.step)
        return ir.Op("slice", tuple(map(_literal, parts)))
    if isinstance(value, np.dtype):
        return ir.Known(value, value.name)
    name = getattr(value, "__name__", None)
    if not isinstance(name, str) or not name.isidentifier():
        name = type(value).__name__
    return ir.Known(value, name)


def _is_cheap(expr: Any) -> bool:
    """An atom, or an attribute of one: nothing to keep in a variable."""
    if isinstance(expr, ir.Op) and expr.name == "getattr":
        return isinstance(expr.args[0], ir.Var) and expr.args[1].value in ("shape", "size", "T")
    return isinstance(expr, (ir.Var, ir.Lit, ir.Known))


_BINARY: dict[Any, tuple[str, Callable[..., Any]]] = {
    ast.Add: ("add", operator.add), ast.Sub: ("sub", operator.sub),
    ast.Mult: ("mul", operator.mul), ast.Div: ("truediv", operator.truediv),
    ast.Pow: ("pow", operator.pow), ast.FloorDiv: ("floordiv", operator.floordiv),
    ast.Mod: ("mod", operator.mod), ast.MatMult: ("matmul", operator.matmul),
    ast.BitAnd: ("and_", operator.and_), ast.BitOr: ("or_", operator.or_),
}  # fmt: skip
_COMPARE: dict[Any, tuple[str, Callable[..., Any]]] = {
    ast.Lt: ("lt", operator.lt), ast.LtE: ("le", operator.le), ast.Gt: ("gt", operator.gt),
    ast.GtE: ("ge", operator.ge), ast.Eq: ("eq", operator.eq), ast.NotEq: ("ne", operator.ne),
    ast.Is: ("is_", operator.is_), ast.IsNot: ("is_not", operator.is_not),
}  # fmt: skip
# Called now where the arguments are known.
_PURE = {len, isinstance, type, max, min, tuple, int, bool, float, str, range, np.ndim, np.shape,
         np.dtype, math.prod, hasattr, issubclass}  # fmt: skip


class _Reader:
    """Evaluates functions on values some of which are known."""

    def __init__(self, enters: bool = True) -> None:
        self.enters = enters
        self.lets: list[tuple[ir.Var, Any]] = []
        self.value: Any = None
        self.count = 0
        self.depth = 0

    # --- functions ----------------------------------------------------------------------------

    def enter(self, node: Any, function: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """The value of a call of a module-level function."""
        env = _bind(node, function, args, kwargs)
        return self.body(node, _Frame(env, function.__globals__))

    def enter_closure(self, closure: _Closure, args: list[Any]) -> Any:
        """The value of a call of a pullback."""
        names = [a.arg for a in closure.node.args.args]
        if len(names) != len(args) or closure.node.args.defaults:
            raise _Stuck
        env = {**closure.frame.env, **dict(zip(names, args, strict=True))}
        return self.body(closure.node, _Frame(env, closure.frame.globals))

    def body(self, node: Any, frame: _Frame) -> Any:
        if self.depth >= _DEPTH:
            raise _Stuck
        self.depth += 1
        try:
            if isinstance(node, ast.Lambda):
                return self.go(node.body, frame)
            self.block(node.body, frame)
            return Static(None)
        except _Returned as returned:
            return returned.value
        finally:
            self.depth -= 1

    def block(self, statements: list[Any], frame: _Frame) -> None:
        for s in statements:
            if isinstance(s, ast.Return):
                value = Static(None) if s.value is None else self.go(s.value, frame)
                raise _Returned(value)
            if isinstance(s, ast.If):
                self.block(s.body if self.test(s.test, frame) else s.orelse, frame)
            elif isinstance(s, ast.Assign) and len(s.targets) == 1:
                self.assign(s.targets[0], self.go(s.value, frame), frame)
            elif isinstance(s, ast.FunctionDef) and not s.decorator_list:
                frame.env[s.name] = _Closure(s, frame)
            elif not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant)):
                raise _Stuck

    def assign(self, target: Any, value: Any, frame: _Frame) -> None:
        if isinstance(target, ast.Name):
            frame.env[target.id] = self.let(target.id, value)
        elif isinstance(target, ast.Tuple) and isinstance(value, list):
            for t, v in zip(target.elts, value, strict=True):
                self.assign(t, v, frame)
        else:
            raise _Stuck

    def let(self, name: str, value: Any) -> Any:
        """Keep what it would cost something to compute twice."""
        if not isinstance(value, Dynamic) or _is_cheap(value.expr):
            return value
        var = ir.Var(f"<{name}:{self.count}>")
        self.count += 1
        self.lets.append((var, value.expr))
        return Dynamic(var, value.kind, value.shape_of)

    def test(self, node: Any, frame: _Frame) -> bool:
        return self.truth(self.go(node, frame))

    def truth(self, value: Any) -> bool:
        if isinstance(value, Static):
            return bool(value.value)
        if isinstance(value, Dynamic) and isinstance(value.kind, TupleKind):
            return bool(value.kind.items)
        raise _Stuck

    # --- expressions --------------------------------------------------------------------------

    def go(self, node: Any, frame: _Frame) -> Any:
        method = getattr(self, f"_{type(node).__name__.lower()}", None)
        if method is None:
            raise _Stuck
        return method(node, frame)

    def _name(self, node: Any, frame: _Frame) -> Any:
        if node.id in frame.env:
            return frame.env[node.id]
        if node.id in frame.globals:
            value = frame.globals[node.id]
            is_module = isinstance(value, types.ModuleType)
            return Static(value, ir.Known(value, node.id) if is_module else None)
        found = frame.globals["__builtins__"]
        found = found if isinstance(found, dict) else vars(found)
        if node.id not in found:
            raise _Stuck
        return Static(found[node.id])

    def _constant(self, node: Any, frame: _Frame) -> Any:
        return Static(node.value)

    def _tuple(self, node: Any, frame: _Frame) -> Any:
        items = self.items(node.elts, frame)
        if all(isinstance(item, Static) for item in items):
            return Static(tuple(item.value for item in items))
        return items

    def items(self, nodes: list[Any], frame: _Frame) -> list[Any]:
        """The values of items or arguments, starred ones in full."""
        found: list[Any] = []
        for node in nodes:
            if not isinstance(node, ast.Starred):
                found.append(self.go(node, frame))
                continue
            value = self.go(node.value, frame)
            if isinstance(value, Static) and type(value.value) in (tuple, list):
                found += map(Static, value.value)
            elif isinstance(value, list):
                found += value
            else:
                raise _Stuck
        return found

    def _slice(self, node: Any, frame: _Frame) -> Any:
        parts = [
            Static(None) if part is None else self.go(part, frame)
            for part in (node.lower, node.upper, node.step)
        ]
        if all(isinstance(part, Static) for part in parts):
            return Static(slice(*(part.value for part in parts)))
        return Dynamic(ir.Op("slice", tuple(map(_expr, parts))))

    def _ifexp(self, node: Any, frame: _Frame) -> Any:
        return self.go(node.body if self.test(node.test, frame) else node.orelse, frame)

    def _boolop(self, node: Any, frame: _Frame) -> Any:
        ends = isinstance(node.op, ast.Or)
        value: Any = Static(not ends)
        for part in node.values:
            value = self.go(part, frame)
            if self.truth(value) == ends:
                break
        return value

    def _unaryop(self, node: Any, frame: _Frame) -> Any:
        inner = self.go(node.operand, frame)
        if isinstance(node.op, ast.Not):
            return Static(not self.truth(inner))
        if isinstance(inner, Static):
            if isinstance(node.op, ast.USub):
                return Static(-inner.value)
            raise _Stuck
        if not isinstance(inner, Dynamic) or not isinstance(node.op, (ast.USub, ast.Invert)):
            raise _Stuck
        if isinstance(node.op, ast.Invert):
            return Dynamic(ir.Op("invert", (inner.expr,)), inner.kind, inner.shape_of)
        expr = inner.expr
        negated = expr.args[0] if isinstance(expr, ir.Op) and expr.name == "neg" else None
        return Dynamic(negated or ir.Op("neg", (expr,)), inner.kind, inner.shape_of)

    def _binop(self, node: Any, frame: _Frame) -> Any:
        known = _BINARY.get(type(node.op))
        if known is None:
            raise _Stuck
        a, b = self.go(node.left, frame), self.go(node.right, frame)
        name, function = known
        if isinstance(a, Static) and isinstance(b, Static):
            return Static(_attempt(function, a.value, b.value))
        return Dynamic(ir.Op(name, (_expr(a), _expr(b))), _binary_kind(name, a, b))

    def _compare(self, node: Any, frame: _Frame) -> Any:
        if len(node.ops) != 1:
            raise _Stuck
        a, b = self.go(node.left, frame), self.go(node.comparators[0], frame)
        op = type(node.ops[0])
        if isinstance(a, Static) and isinstance(b, Static):
            if op in (ast.In, ast.NotIn):
                return Static(_attempt(operator.contains, b.value, a.value) == (op is ast.In))
            return Static(_attempt(_COMPARE[op][1], a.value, b.value))
        if op in (ast.Is, ast.IsNot) and _never_singleton(a, b):
            return Static(op is ast.IsNot)
        if op not in _COMPARE:
            raise _Stuck
        return Dynamic(ir.Op(_COMPARE[op][0], (_expr(a), _expr(b))))

    def _attribute(self, node: Any, frame: _Frame) -> Any:
        owner = self.go(node.value, frame)
        name = node.attr
        if isinstance(owner, Static):
            value = _attempt(getattr, owner.value, name)
            is_module = isinstance(owner.value, types.ModuleType)
            written = ir.Op("getattr", (_expr(owner), ir.Lit(name))) if is_module else None
            return Static(value, written)
        if not isinstance(owner, Dynamic):
            raise _Stuck
        known = _known_attribute(owner, name)
        if known is not None:
            return known
        return Dynamic(ir.Op("getattr", (owner.expr, ir.Lit(name))), _attribute_kind(owner, name))

    def _subscript(self, node: Any, frame: _Frame) -> Any:
        owner, index = self.go(node.value, frame), self.go(node.slice, frame)
        if isinstance(owner, list) and isinstance(index, Static) and type(index.value) is int:
            return _attempt(operator.getitem, owner, index.value)
        if isinstance(owner, Static) and isinstance(index, Static):
            return Static(_attempt(operator.getitem, owner.value, index.value))
        if not isinstance(owner, Dynamic):
            raise _Stuck
        is_length = isinstance(owner.kind, TupleKind) and isinstance(index, Static)
        kind = Number(int) if is_length and type(index.value) is int else UNKNOWN
        return Dynamic(ir.Op("getitem", (_expr(owner), _expr(index))), kind)

    def _call(self, node: Any, frame: _Frame) -> Any:
        function = self.go(node.func, frame)
        args = self.items(node.args, frame)
        if any(k.arg is None for k in node.keywords):
            raise _Stuck
        kwargs = {k.arg: self.go(k.value, frame) for k in node.keywords}
        if isinstance(function, _Closure) and not kwargs:
            return self.enter_closure(function, args)
        if isinstance(function, Static):
            return self.call(function, args, kwargs)
        return _made_call(_expr(function), args, kwargs, *_method_kind(function, args))

    def call(self, called: Static, args: list[Any], kwargs: dict[str, Any]) -> Any:
        function = called.value
        known = _known_call(function, args) if not kwargs else None
        if known is not None:
            return known
        ours = _is_ours(function)
        if all(isinstance(v, Static) for v in (*args, *kwargs.values())) and (
            ours or _hashed(function) in _PURE
        ):
            values = {name: v.value for name, v in kwargs.items()}
            return Static(_attempt(function, *(a.value for a in args), **values))
        if ours and self.enters:
            inner = self.inner(function, args, kwargs)
            if inner is not None:
                return inner
        kind, shape = _call_kind(function, args)
        return _made_call(_expr(called), args, kwargs, kind, shape)

    def inner(self, function: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """A helper's value for these arguments; None where it is better called."""
        node = _definition(function)
        if node is None or function.__closure__:
            return None
        count = len(self.lets)
        try:
            values = [self.let("x", a) for a in args]
            named = {name: self.let("x", v) for name, v in kwargs.items()}
            return self.enter(node, function, values, named)
        except _Stuck:
            del self.lets[count:]
            return None


def _bind(node: Any, function: Any, args: list[Any], kwargs: dict[str, Any]) -> dict[str, Any]:
    """The parameters of a function and their values; defaults are known."""
    positional = [a.arg for a in (*node.args.posonlyargs, *node.args.args)]
    only = [a.arg for a in node.args.kwonlyargs]
    if node.args.kwarg or len(args) > len(positional) and not node.args.vararg:
        raise _Stuck
    env = dict(zip(positional, args, strict=False))
    if node.args.vararg:
        rest = args[len(positional) :]
        statics = all(isinstance(a, Static) for a in rest)
        env[node.args.vararg.arg] = Static(tuple(a.value for a in rest)) if statics else rest
    for name, value in kwargs.items():
        if name in env or name not in (*positional, *only):
            raise _Stuck
        env[name] = value
    defaults = function.__defaults__ or ()
    for name, value in zip(positional[len(positional) - len(defaults) :], defaults, strict=True):
        env.setdefault(name, Static(value))
    for name, value in (function.__kwdefaults__ or {}).items():
        env.setdefault(name, Static(value))
    if any(name not in env for name in (*positional, *only)):
        raise _Stuck
    return env


def _attempt(function: Any, *args: Any, **kwargs: Any) -> Any:
    try:
        return function(*args, **kwargs)
    except Exception:
        raise _Stuck from None


def _hashed(function: Any) -> Any:
    try:
        hash(function)
    except TypeError:
        return None
    return function


def _is_ours(function: Any) -> bool:
    """A helper of the rules: it can be entered, and called now where its arguments are known."""
    return isinstance(function, types.FunctionType) and function.__module__.startswith(
        "dpy.adjoints."
    )


def _never_singleton(a: Any, b: Any) -> bool:
    """A comparison by identity of a computed number or array with None, True, a class..."""
    value, other = (a, b) if isinstance(a, Dynamic) else (b, a)
    known = isinstance(value, Dynamic) and (isinstance(value.kind, (Array, TupleKind)) or (
        is_number(value.kind) and number_type(value.kind) not in (bool, np.bool_)
    ))  # fmt: skip
    return known and isinstance(other, Static)


# --- what is known of arrays and numbers --------------------------------------------------------


def _known_attribute(owner: Dynamic, name: str) -> Any:
    kind = owner.kind
    if isinstance(kind, Array):
        if name == "ndim":
            return Static(kind.ndim)
        if name == "dtype":
            return Static(kind.dtype)
        if name == "shape" and kind.ndim == 0:
            return Static(())
        if name == "T" and kind.ndim < 2:
            return owner
    t = number_type(kind)
    if t is not None and issubclass(t, np.generic):
        if name in ("ndim", "shape"):
            return Static(0 if name == "ndim" else ())
        if name == "dtype":
            return Static(np.dtype(t))
    return None


def _attribute_kind(owner: Dynamic, name: str) -> Kind:
    if isinstance(owner.kind, Array):
        if name in ("T", "mT"):
            return owner.kind
        if name == "shape":
            return TupleKind((Number(int),) * owner.kind.ndim)
        if name == "size":
            return Number(int)
        return _MethodOf(owner.kind)
    return UNKNOWN


def _method_kind(method: Any, args: list[Any]) -> tuple[Kind, Any]:
    """The same for a method of an array, of which rules use few."""
    owner = method.expr.args[0] if isinstance(method.expr, ir.Op) else None
    name = method.expr.args[1].value if owner is not None else ""
    kind = method.kind.type if isinstance(method.kind, _MethodOf) else UNKNOWN
    if name == "reshape" and isinstance(kind, Array) and len(args) == 1:
        return _shaped_like(args[0], kind.dtype)
    if name == "transpose" and isinstance(kind, Array):
        return kind, None
    return UNKNOWN, None


def _shaped_like(shape: Any, dtype: Any) -> tuple[Kind, Any]:
    """The kind of an array of this shape, and the operand whose shape that is."""
    if not isinstance(shape, Dynamic) or not isinstance(shape.kind, TupleKind):
        return UNKNOWN, None
    expr = shape.expr
    is_shape = isinstance(expr, ir.Op) and expr.args[1:] == (ir.Lit("shape"),)
    return Array(dtype, len(shape.kind.items)), expr.args[0] if is_shape else None


def _known_call(function: Any, args: list[Any]) -> Any:
    """Questions about one argument that its kind answers."""
    if not args or not isinstance(args[0], (Dynamic, list)) or len(args) > 2:
        return None
    if isinstance(args[0], list):
        return Static(len(args[0])) if function is len and len(args) == 1 else None
    x = args[0]
    kind = x.kind
    if len(args) == 2:
        return _known_question(function, kind, args[1])
    if function is len and isinstance(kind, TupleKind):
        return Static(len(kind.items))
    if isinstance(kind, Array):
        if function is type:
            return Static(np.ndarray)
        if function is np.ndim:
            return Static(kind.ndim)
        if function is np.asarray:
            return x
        if function is np.shape:
            return _known_attribute(x, "shape") or Dynamic(
                ir.Op("getattr", (x.expr, ir.Lit("shape"))), _attribute_kind(x, "shape")
            )
    elif is_number(kind):
        if function is np.ndim:
            return Static(0)
        if function is np.shape:
            return Static(())
    if function is math.prod and isinstance(kind, TupleKind):
        expr = x.expr
        if isinstance(expr, ir.Op) and expr.name == "getattr" and expr.args[1].value == "shape":
            return Dynamic(ir.Op("getattr", (expr.args[0], ir.Lit("size"))), Number(int))
    return None


def _known_question(function: Any, kind: Kind, other: Any) -> Any:
    if not isinstance(other, Static):
        return None
    if function is isinstance:
        classes = other.value if isinstance(other.value, tuple) else (other.value,)
        if isinstance(kind, Array):
            return Static(issubclass(np.ndarray, classes))
        if is_number(kind) and all(issubclass(c, np.ndarray) for c in classes):
            return Static(False)
        if kind == Number(int):
            return Static(issubclass(int, classes))
        if isinstance(kind, TupleKind):
            return Static(issubclass(tuple, classes))
    if function is hasattr and isinstance(kind, Array):
        return Static(hasattr(np.ndarray, other.value))
    return None


def _call_kind(function: Any, args: list[Any]) -> tuple[Kind, Any]:
    """The kind of what a called function returns, and the operand whose shape it has."""
    if function is max and all(_is_int(a) for a in args):
        return Number(int), None
    if function is cotangent.filled and isinstance(args[2], Static) and args[2].value is not None:
        return _shaped_like(args[0], args[2].value)
    return UNKNOWN, None


def _is_int(value: Any) -> bool:
    if isinstance(value, Static):
        return type(value.value) is int
    return isinstance(value, Dynamic) and value.kind == Number(int)


def _binary_kind(name: str, a: Any, b: Any) -> Kind:
    """The kind of ``a op b`` where that is plain."""
    x, y = _kind(a), _kind(b)
    if name not in ("add", "sub", "mul", "truediv", "matmul"):
        return UNKNOWN
    if isinstance(x, Array) and isinstance(y, Array):
        if x.dtype != y.dtype or x.dtype.kind not in "fc":
            return UNKNOWN
        if name != "matmul":
            return Array(x.dtype, max(x.ndim, y.ndim))
        ndim = max(x.ndim, y.ndim) if min(x.ndim, y.ndim) > 1 else x.ndim + y.ndim - 2
        return Array(x.dtype, ndim) if ndim else UNKNOWN
    for array, other in ((x, y), (y, x)):
        if isinstance(array, Array) and array.dtype.kind in "fc" and _is_weak(other):
            return array
        t = number_type(other)
        if isinstance(array, Array) and t is not None and issubclass(t, np.inexact):
            return array if np.dtype(t) == array.dtype else UNKNOWN
    if is_number(x) and _is_weak(y):
        return x
    return UNKNOWN


def _kind(value: Any) -> Kind:
    if isinstance(value, Static):
        t = type(value.value)
        return Number(t) if t in (int, float) else UNKNOWN
    return value.kind if isinstance(value, Dynamic) else UNKNOWN


def _is_weak(kind: Kind) -> bool:
    """A Python number, which leaves the dtype of what it meets."""
    return number_type(kind) in (int, float)


def _made_call(
    function: Any, args: list[Any], kwargs: dict[str, Any], kind: Kind, shape: Any = None
) -> Dynamic:
    named = tuple((name, _expr(v)) for name, v in kwargs.items())
    return Dynamic(ir.Call(function, tuple(map(_expr, args)), named), kind, shape)
