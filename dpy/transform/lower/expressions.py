"""Expressions: operands left to right, one operation a statement."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import gast

from dpy.transform.ir import Assign, Atom, Call, Expr, Free, Global, If, Lit, Op, Star, Var
from dpy.transform.lower.builder import ASSIGNED, DELETED, UNASSIGNED, Builder, join
from dpy.transform.lower.frames import frame_reader
from dpy.transform.lower.scopes import COMPREHENSIONS

__all__ = ["BINARY", "atom", "condition", "expression", "operands", "read"]

BINARY: dict[type, str] = {
    gast.Add: "add", gast.Sub: "sub", gast.Mult: "mul", gast.Div: "truediv",
    gast.FloorDiv: "floordiv", gast.Mod: "mod", gast.Pow: "pow", gast.MatMult: "matmul",
    gast.BitAnd: "and_", gast.BitOr: "or_", gast.BitXor: "xor", gast.LShift: "lshift",
    gast.RShift: "rshift",
}  # fmt: skip
_UNARY: dict[type, str] = {
    gast.USub: "neg", gast.UAdd: "pos", gast.Invert: "invert", gast.Not: "not_",
}  # fmt: skip
_COMPARE: dict[type, str] = {
    gast.Lt: "lt", gast.LtE: "le", gast.Eq: "eq", gast.NotEq: "ne", gast.Gt: "gt",
    gast.GtE: "ge", gast.Is: "is_", gast.IsNot: "is_not",
}  # fmt: skip


def expression(b: Builder, node: Any) -> Expr:
    """The value of an expression as one operation; its operands are emitted before."""
    handler = _HANDLERS.get(type(node))
    if handler is not None:
        return handler(b, node)
    if isinstance(node, COMPREHENSIONS):
        from dpy.transform.lower.comprehensions import comprehension

        return comprehension(b, node)
    raise _refuse(b, node)


def atom(b: Builder, node: Any) -> Atom:
    """The value of an expression as an atom."""
    return b.atom(expression(b, node), node)


def operands(b: Builder, nodes: Sequence[Any]) -> list[Any]:
    """Atoms of expressions evaluated in this order; ``*x`` gives `Star`."""
    atoms: list[Any] = []
    for i, node in enumerate(nodes):
        later = [n for n in nodes[i + 1 :] if not _is_plain(b, n)]
        if isinstance(node, gast.Starred):
            value = atom(b, node.value)
            if later or (isinstance(value, Var) and _is_rebound(b, value.name, nodes[i + 1 :])):
                # Python takes the items now, before it evaluates the operands that follow.
                value = b.assign(Op("tuple", (Star(value),)), node)
            atoms.append(Star(value))
            continue
        value = atom(b, node)
        if isinstance(value, Var) and later and _needs_copy(b, value.name, later):
            value = b.assign(value, node)
        atoms.append(value)
    return atoms


def _is_plain(b: Builder, node: Any) -> bool:
    """Whether evaluating the node can have no effect at all."""
    if isinstance(node, gast.Constant):
        return True
    if isinstance(node, gast.Starred):
        return _is_plain(b, node.value)
    if isinstance(node, gast.Name):
        kind, name = b.resolve(b.mangle(node.id))
        return kind == "local" and b.bits(name) == ASSIGNED
    return node is None


def _needs_copy(b: Builder, name: str, later: Sequence[Any]) -> bool:
    """Whether a variable must be read before what follows: it may be unbound, or rebound there."""
    return bool(b.bits(name) & UNASSIGNED) or _is_rebound(b, name, later)


def _is_rebound(b: Builder, name: str, nodes: Sequence[Any]) -> bool:
    return any(
        isinstance(inner, gast.NamedExpr) and b.mangle(inner.target.id) == name
        for node in nodes
        if node is not None
        for inner in gast.walk(node)
    )


def _keep(b: Builder, value: Atom, later: Sequence[Any], node: Any) -> Atom:
    """`value`, copied if it is a variable that `later` rebinds."""
    if isinstance(value, Var) and _is_rebound(b, value.name, later):
        return b.assign(value, node)
    return value


# --- names ------------------------------------------------------------------------------------


def read(b: Builder, name: str, node: Any) -> Expr:
    """Read a (mangled) name."""
    kind, ir_name = b.resolve(name)
    if kind == "global":
        return Global(ir_name)
    if kind == "free":
        return Free(ir_name)
    if kind == "cell":
        return Op("getattr", (Var(ir_name), Lit("cell_contents")))
    bits = b.bits(ir_name)
    if not bits & ASSIGNED:
        return Op("unbound", (Lit(ir_name),))
    if bits & DELETED:
        raise b.refuse(
            f"a read of {ir_name!r}, which may have been deleted,",
            node,
            why="whether the variable is bound is only known when the program runs",
            repair="assign to the variable on every way that leads here, or drop the `del`",
        )
    return Var(ir_name)


def _name(b: Builder, node: Any) -> Expr:
    return read(b, b.mangle(node.id), node)


def _constant(b: Builder, node: Any) -> Expr:
    return Lit(node.value)


def _named(b: Builder, node: Any) -> Expr:
    from dpy.transform.lower.targets import store_name

    value = atom(b, node.value)
    store_name(b, b.mangle(node.target.id), value, node)
    return value


# --- operators --------------------------------------------------------------------------------


def _binary(b: Builder, node: Any) -> Expr:
    return Op(BINARY[type(node.op)], tuple(operands(b, (node.left, node.right))))


def _unary(b: Builder, node: Any) -> Expr:
    operand = node.operand
    if isinstance(node.op, gast.USub) and isinstance(operand, gast.Constant):
        if type(operand.value) in (int, float, complex):
            return Lit(-operand.value)
    return Op(_UNARY[type(node.op)], (atom(b, operand),))


def _compare_one(b: Builder, op: Any, left: Atom, right: Atom, node: Any) -> Expr:
    if isinstance(op, gast.In):
        return Op("contains", (right, left))
    if isinstance(op, gast.NotIn):
        return Op("not_", (b.assign(Op("contains", (right, left)), node),))
    return Op(_COMPARE[type(op)], (left, right))


def _compare(b: Builder, node: Any, *, as_test: bool = False) -> Expr:
    first, second = operands(b, (node.left, node.comparators[0]))
    if len(node.ops) == 1:
        return _compare_one(b, node.ops[0], first, second, node)
    second = _keep(b, second, node.comparators[1:], node)
    value = _compare_one(b, node.ops[0], first, second, node)
    target = b.assign(value, node).name
    _compare_rest(b, node, 1, second, target, as_test)
    return Var(target)


def _compare_rest(b: Builder, node: Any, i: int, left: Atom, target: str, as_test: bool) -> None:
    """``if target: target = left < right and so on``; the middle operand is evaluated once."""
    with b.block() as body:
        before = None if b.state is None else dict(b.state)
        right = _keep(b, atom(b, node.comparators[i]), node.comparators[i + 1 :], node)
        value = _compare_one(b, node.ops[i], left, right, node)
        b.emit(Assign(target, value, b.loc(node)))
        if i + 1 < len(node.ops):
            _compare_rest(b, node, i + 1, right, target, as_test)
        b.state = join(before, b.state)
    b.emit(If(Var(target), tuple(body), _false(b, target, node, as_test), b.loc(node)))


def _false(b: Builder, target: str, node: Any, as_test: bool) -> Any:
    # In a test the value is asked for its truth once more after this: make that harmless.
    return (Assign(target, Lit(False), b.loc(node)),) if as_test else ()


def condition(b: Builder, node: Any) -> Atom:
    """The value of a test, to be used as the test of one `If` or `While`.

    Truth values are asked for as often as Python does, no more.
    """
    if isinstance(node, gast.BoolOp):
        return _bool_op(b, node, as_test=True)
    if isinstance(node, gast.Compare):
        return b.atom(_compare(b, node, as_test=True), node)
    if isinstance(node, gast.IfExp):
        return _if_expression(b, node, condition)
    if isinstance(node, gast.UnaryOp) and isinstance(node.op, gast.Not):
        return b.assign(Op("not_", (condition(b, node.operand),)), node)
    return atom(b, node)


def _bool_op(b: Builder, node: Any, *, as_test: bool = False) -> Var:
    is_and = isinstance(node.op, gast.And)
    evaluate = condition if as_test else atom

    def rest(values: Sequence[Any], target: str) -> None:
        before = None if b.state is None else dict(b.state)
        with b.block() as further:
            with b.block() as one:
                b.emit(Assign(target, evaluate(b, values[0]), b.loc(values[0])))
            for statement in fold_copy(b, one):
                b.emit(statement)
            if len(values) > 1:
                rest(values[1:], target)
        b.state = join(before, b.state)
        settled = (Assign(target, Lit(not is_and), b.loc(node)),) if as_test else ()
        body, orelse = (tuple(further), settled) if is_and else (settled, tuple(further))
        b.emit(If(Var(target), body, orelse, b.loc(node)))

    first = evaluate(b, node.values[0])
    if not (isinstance(first, Var) and first.name in b.temporaries):
        first = b.assign(first, node.values[0])
    rest(node.values[1:], first.name)
    return first


def _if_expression(b: Builder, node: Any, evaluate: Callable[[Builder, Any], Atom] = atom) -> Var:
    test = condition(b, node.test)
    before = None if b.state is None else dict(b.state)
    target = b.temporary()
    with b.block() as body:
        b.emit(Assign(target, evaluate(b, node.body), b.loc(node.body)))
    after, b.state = b.state, before
    with b.block() as orelse:
        b.emit(Assign(target, evaluate(b, node.orelse), b.loc(node.orelse)))
    b.state = join(after, b.state)
    b.emit(If(test, fold_copy(b, body), fold_copy(b, orelse), b.loc(node)))
    return Var(target)


def fold_copy(b: Builder, statements: list[Any]) -> Any:
    """Turn a final ``t_1 = value; x = t_1`` into ``x = value``."""
    if len(statements) >= 2:
        *others, first, last = statements
        if (
            isinstance(first, Assign)
            and isinstance(last, Assign)
            and isinstance(last.value, Var)
            and last.value.name == first.target
            and first.target in b.temporaries
        ):
            return (*others, Assign(last.target, first.value, first.loc))
    return tuple(statements)


# --- attributes, items, displays ----------------------------------------------------------------


def _attribute(b: Builder, node: Any) -> Expr:
    return Op("getattr", (atom(b, node.value), Lit(b.mangle(node.attr))))


def _subscript(b: Builder, node: Any) -> Expr:
    return Op("getitem", tuple(operands(b, (node.value, node.slice))))


def _slice(b: Builder, node: Any) -> Expr:
    parts = (node.lower, node.upper, node.step)
    given = iter(operands(b, [part for part in parts if part is not None]))
    return Op("slice", tuple(Lit(None) if part is None else next(given) for part in parts))


def _display(kind: str) -> Callable[[Builder, Any], Expr]:
    def lower_display(b: Builder, node: Any) -> Expr:
        return Op(kind, tuple(operands(b, node.elts)))

    return lower_display


def _dict(b: Builder, node: Any) -> Expr:
    flat: list[Any] = []
    for i, (key, value) in enumerate(zip(node.keys, node.values, strict=True)):
        if key is not None:
            flat += [key, value]
        else:
            later = (*node.keys[i + 1 :], *node.values[i + 1 :])
            flat.append(_merged(b, value, later))
    atoms = iter(operands(b, flat))
    items: list[Any] = []
    for key in node.keys:
        items += [Lit(...) if key is None else next(atoms), next(atoms)]
    return Op("dict", tuple(items))


def _merged(b: Builder, mapping: Any, later: Sequence[Any]) -> Any:
    """The node for ``**mapping``: its items are taken before what follows is evaluated."""
    if all(_is_plain(b, node) for node in later):
        return mapping
    return gast.copy_location(gast.Dict([None], [mapping]), mapping)


def _joined(b: Builder, node: Any) -> Expr:
    parts: list[Any] = []
    for value in node.values:
        if isinstance(value, gast.FormattedValue):
            parts.append(b.assign(_formatted(b, value), value))
        else:
            parts.append(atom(b, value))
    if len(parts) == 1:
        return parts[0]
    return Op("join", tuple(parts))


def _formatted(b: Builder, node: Any) -> Expr:
    conversion = Lit("" if node.conversion < 0 else chr(node.conversion))
    if node.format_spec is None:
        return Op("format", (atom(b, node.value), conversion, Lit("")))
    value, spec = operands(b, (node.value, node.format_spec))
    return Op("format", (value, conversion, spec))


# --- calls --------------------------------------------------------------------------------------


def _call(b: Builder, node: Any) -> Expr:
    from dpy.transform.lower.comprehensions import generator_call

    special = _super_call(b, node) or generator_call(b, node) or frame_reader(b, node)
    return _plain_call(b, node) if special is None else special


def _plain_call(b: Builder, node: Any) -> Expr:
    args, keywords = node.args, _keyword_nodes(b, node.keywords)
    if len(args) == 1 and isinstance(args[0], gast.Starred):
        # A sole ``*args`` is read by the call itself, after the keywords are evaluated.
        func_atom, star, *values = operands(b, (node.func, args[0].value, *keywords))
        arg_atoms: list[Any] = [Star(star)]
    else:
        func_atom, *rest = operands(b, (node.func, *args, *keywords))
        arg_atoms, values = rest[: len(args)], rest[len(args) :]
    names = [keyword.arg for keyword in node.keywords]
    return Call(func_atom, tuple(arg_atoms), tuple(zip(names, values, strict=True)))


def _keyword_nodes(b: Builder, keywords: Sequence[Any]) -> list[Any]:
    values = [keyword.value for keyword in keywords]
    return [
        _merged(b, keyword.value, values[i + 1 :]) if keyword.arg is None else keyword.value
        for i, keyword in enumerate(keywords)
    ]


def _super_call(b: Builder, node: Any) -> Expr | None:
    """``super()`` means ``super(__class__, first_parameter)``."""
    is_super = isinstance(node.func, gast.Name) and node.func.id == "super"
    if not is_super or node.args or node.keywords or b.resolve("super")[0] != "global":
        return None
    arguments = b.source.node.args
    first = [*arguments.posonlyargs, *arguments.args]
    if "__class__" not in b.free or not first:
        raise b.refuse(
            "`super()` here",
            node,
            why="there is no class or no first parameter that it could refer to",
            repair="write super(Class, instance)",
        )
    func = b.assign(Global("super"), node.func)
    cls = b.assign(Free("__class__"), node)
    instance = b.atom(read(b, b.mangle(first[0].id), node), node)
    return Call(func, (cls, instance))


def _lambda(b: Builder, node: Any) -> Expr:
    from dpy.transform.lower.closures import make_closure

    return make_closure(b, node)


def _yield(b: Builder, node: Any) -> Expr:
    sent = Lit(None) if node.value is None else atom(b, node.value)
    return b.assign(Op("yield", (sent,)), node)


def _yield_from(b: Builder, node: Any) -> Expr:
    return b.assign(Op("yield_from", (atom(b, node.value),)), node)


# --- refusals -----------------------------------------------------------------------------------

_NO_SUSPENSION = "the reverse sweep cannot resume a suspended function"
_REFUSALS: dict[type, tuple[str, str, str]] = {
    gast.Await: ("`await`", _NO_SUSPENSION, "call a synchronous version"),
    gast.Starred: ("`*` here", "it is not part of a display, call or target", "remove it"),
}


def _refuse(b: Builder, node: Any) -> Exception:
    what, why, repair = _REFUSALS.get(
        type(node),
        (
            f"this expression ({type(node).__name__})",
            "dpy has no translation for it yet",
            "write it in simpler terms, or move it to a function with an @dpy.adjoint rule",
        ),
    )
    return b.refuse(what, node, why, repair)


_HANDLERS: dict[type, Callable[[Builder, Any], Expr]] = {
    gast.Name: _name,
    gast.Constant: _constant,
    gast.NamedExpr: _named,
    gast.BinOp: _binary,
    gast.UnaryOp: _unary,
    gast.Compare: _compare,
    gast.BoolOp: _bool_op,
    gast.IfExp: _if_expression,
    gast.Attribute: _attribute,
    gast.Subscript: _subscript,
    gast.Slice: _slice,
    gast.Tuple: _display("tuple"),
    gast.List: _display("list"),
    gast.Set: _display("set"),
    gast.Dict: _dict,
    gast.JoinedStr: _joined,
    gast.Call: _call,
    gast.Lambda: _lambda,
    gast.Yield: _yield,
    gast.YieldFrom: _yield_from,
}
