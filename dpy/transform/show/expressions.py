"""Expressions of the IR as Python's own trees."""

from __future__ import annotations

import ast
import keyword
from collections.abc import Callable
from typing import Any

from dpy.transform.ir import Call, Cell, Closure, Expr, Free, Global, Known, Lit, Op, Star, Var
from dpy.transform.show.namer import Namer
from dpy.transform.show.nodes import LOAD, call_node, constant, name_node

__all__ = ["BINARY", "expression_to_ast", "index_node", "is_attribute"]

BINARY: dict[str, type[ast.operator]] = {
    "add": ast.Add, "sub": ast.Sub, "mul": ast.Mult, "truediv": ast.Div,
    "floordiv": ast.FloorDiv, "mod": ast.Mod, "pow": ast.Pow, "matmul": ast.MatMult,
    "and_": ast.BitAnd, "or_": ast.BitOr, "xor": ast.BitXor, "lshift": ast.LShift,
    "rshift": ast.RShift,
}  # fmt: skip
_UNARY: dict[str, type[ast.unaryop]] = {
    "neg": ast.USub, "pos": ast.UAdd, "invert": ast.Invert, "not_": ast.Not,
}  # fmt: skip
_COMPARE: dict[str, type[ast.cmpop]] = {
    "lt": ast.Lt, "le": ast.LtE, "eq": ast.Eq, "ne": ast.NotEq, "gt": ast.Gt, "ge": ast.GtE,
    "is_": ast.Is, "is_not": ast.IsNot,
}  # fmt: skip


def expression_to_ast(value: Expr, namer: Namer) -> ast.expr:
    """An expression, nested ones too; locations are set by `block_to_ast`."""
    match value:
        case Var(name):
            return name_node(name)
        case Lit(literal):
            return constant(literal)
        case Known(known, name):
            return namer.known(known, name)
        case Global(name, home):
            return namer.global_(name) if home is None else namer.global_of(home, name)
        case Free(name, owned):
            return namer.free(name) if owned is None else namer.free_of(owned, name)
        case Cell(name):
            return namer.cell(name)
        case Star(inner):
            return ast.Starred(expression_to_ast(inner, namer), LOAD)
        case Closure():
            return _closure(value, namer)
        case Call(func, args, kwargs):
            return ast.Call(
                expression_to_ast(func, namer),
                [expression_to_ast(arg, namer) for arg in args],
                [ast.keyword(name, expression_to_ast(arg, namer)) for name, arg in kwargs],
            )
        case Op():
            return _op(value, namer)
    raise AssertionError(f"not an expression: {value!r}")


def _op(op: Op, namer: Namer) -> ast.expr:
    name, args = op.name, op.args
    special = _SPECIAL.get(name)
    if special is not None:
        return special(op, namer)
    nodes = [expression_to_ast(arg, namer) for arg in args]
    if name in BINARY:
        return ast.BinOp(nodes[0], BINARY[name](), nodes[1])
    if name in _COMPARE:
        return ast.Compare(nodes[0], [_COMPARE[name]()], [nodes[1]])
    if name in _UNARY:
        return ast.UnaryOp(_UNARY[name](), nodes[0])
    return call_node(namer.helper(name), nodes)


def _closure(closure: Closure, namer: Namer) -> ast.expr:
    """A call that makes the nested function."""

    def pairs(items: tuple[tuple[str, Any], ...]) -> ast.expr:
        entries = [
            ast.Tuple([constant(name), expression_to_ast(value, namer)], LOAD)
            for name, value in items
        ]
        return ast.Tuple(list(entries), LOAD)

    defaults = [expression_to_ast(value, namer) for value in closure.defaults]
    return call_node(
        namer.helper("make_function"),
        [
            namer.code(closure),
            namer.globals(),
            ast.Tuple(defaults, LOAD),
            pairs(closure.kwdefaults),
            pairs(closure.cells),
            *([pairs(closure.annotations)] if closure.annotations else []),
        ],
    )


def _contains(op: Op, namer: Namer) -> ast.expr:
    container, item = (expression_to_ast(arg, namer) for arg in op.args)
    return ast.Compare(item, [ast.In()], [container])


def _not(op: Op, namer: Namer) -> ast.expr:
    inner = op.args[0]
    if isinstance(inner, Op) and inner.name == "contains":
        container, item = (expression_to_ast(arg, namer) for arg in inner.args)
        return ast.Compare(item, [ast.NotIn()], [container])
    return ast.UnaryOp(ast.Not(), expression_to_ast(inner, namer))


def is_attribute(name: Any) -> bool:
    """Whether a name can stand behind a dot."""
    if not isinstance(name, Lit) or not isinstance(name.value, str):
        return False
    return name.value.isidentifier() and not keyword.iskeyword(name.value)


def _getattr(op: Op, namer: Namer) -> ast.expr:
    owner, name = op.args
    node = expression_to_ast(owner, namer)
    if name == Lit("cell_contents") and isinstance(owner, Var) and owner.name.startswith("cell_"):
        return call_node(
            namer.helper("read_cell"), [node, constant(owner.name.removeprefix("cell_"))]
        )
    if is_attribute(name):
        return ast.Attribute(node, name.value, LOAD)
    return call_node(namer.helper("getattr"), [node, expression_to_ast(name, namer)])


def _getitem(op: Op, namer: Namer) -> ast.expr:
    owner, index = op.args
    return ast.Subscript(expression_to_ast(owner, namer), index_node(index, namer), LOAD)


def index_node(index: Any, namer: Namer) -> ast.expr:
    """An index; slices inside it in ``a:b`` notation."""
    if isinstance(index, Op) and index.name == "slice":
        parts = [
            None if part == Lit(None) else expression_to_ast(part, namer) for part in index.args
        ]
        return ast.Slice(*parts)
    if isinstance(index, Op) and index.name == "tuple" and index.args:
        return ast.Tuple([index_node(item, namer) for item in index.args], LOAD)
    return expression_to_ast(index, namer)


def _tuple(op: Op, namer: Namer) -> ast.expr:
    return ast.Tuple([expression_to_ast(arg, namer) for arg in op.args], LOAD)


def _list(op: Op, namer: Namer) -> ast.expr:
    return ast.List([expression_to_ast(arg, namer) for arg in op.args], LOAD)


def _set(op: Op, namer: Namer) -> ast.expr:
    if not op.args:
        return call_node(namer.helper("set"), [])
    return ast.Set([expression_to_ast(arg, namer) for arg in op.args])


def _dict(op: Op, namer: Namer) -> ast.expr:
    keys, values = op.args[0::2], op.args[1::2]
    return ast.Dict(
        [None if key == Lit(...) else expression_to_ast(key, namer) for key in keys],
        [expression_to_ast(value, namer) for value in values],
    )


def _append(op: Op, namer: Namer) -> ast.expr:
    owner, value = (expression_to_ast(arg, namer) for arg in op.args)
    method = "append" if op.name == "append" else "add"
    return call_node(ast.Attribute(owner, method, LOAD), [value])


def _format(op: Op, namer: Namer) -> ast.expr:
    return ast.JoinedStr([_formatted(op, namer)])


def _formatted(op: Op, namer: Namer) -> ast.FormattedValue:
    value, conversion, spec = op.args
    return ast.FormattedValue(
        expression_to_ast(value, namer),
        ord(conversion.value) if conversion.value else -1,
        None if spec == Lit("") else ast.JoinedStr(_parts(spec, namer)),
    )


def _join(op: Op, namer: Namer) -> ast.expr:
    return ast.JoinedStr([part for arg in op.args for part in _parts(arg, namer)])


def _parts(value: Any, namer: Namer) -> list[ast.expr]:
    """What stands between the quotes of an f-string for one of its parts."""
    if isinstance(value, Lit) and isinstance(value.value, str):
        return [constant(value.value)]
    if isinstance(value, Op) and value.name == "format":
        return [_formatted(value, namer)]
    if isinstance(value, Op) and value.name == "join":
        return [part for arg in value.args for part in _parts(arg, namer)]
    return [ast.FormattedValue(expression_to_ast(value, namer), -1, None)]


def _set_global(op: Op, namer: Namer) -> ast.expr:
    nodes = [expression_to_ast(arg, namer) for arg in op.args]
    helper = "set_global" if op.name == "setglobal" else "delete_global"
    return call_node(namer.helper(helper), [namer.globals(), *nodes])


def _import(op: Op, namer: Namer) -> ast.expr:
    nodes = [expression_to_ast(arg, namer) for arg in op.args]
    return call_node(namer.helper("import_module"), [namer.globals(), *nodes])


def _yield(op: Op, namer: Namer) -> ast.expr:
    kind = ast.Yield if op.name == "yield" else ast.YieldFrom
    return kind(expression_to_ast(op.args[0], namer))


_SPECIAL: dict[str, Callable[[Op, Namer], ast.expr]] = {
    "yield": _yield,
    "yield_from": _yield,
    "not_": _not,
    "contains": _contains,
    "getattr": _getattr,
    "getitem": _getitem,
    "tuple": _tuple,
    "list": _list,
    "set": _set,
    "dict": _dict,
    "append": _append,
    "add_to_set": _append,
    "format": _format,
    "join": _join,
    "setglobal": _set_global,
    "delglobal": _set_global,
    "import": _import,
}
