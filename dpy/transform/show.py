"""Print any stage as Python, and turn IR into Python's own trees.

>>> from dpy.transform.ir import Assign, Function, Lit, Op, Param, Var
>>> body = (Assign("t_1", Op("mul", (Var("x"), Lit(2)))),)
>>> print(show(Function("double", (Param("x"),), body, Var("t_1"))))
def double(x):
    t_1 = x * 2
    return t_1
"""

from __future__ import annotations

import ast
import keyword
import math
from collections.abc import Callable
from typing import Any

from dpy.transform.ir import (
    Assign,
    Block,
    Call,
    Cell,
    Closure,
    Def,
    Expr,
    For,
    Free,
    Function,
    Global,
    Home,
    If,
    Known,
    Lit,
    Loc,
    Op,
    Raise,
    Return,
    Star,
    Stmt,
    Try,
    Var,
    While,
)

__all__ = ["Namer", "block_to_ast", "expression_to_ast", "show", "to_function_ast"]

_LOAD, _STORE, _DEL = ast.Load(), ast.Store(), ast.Del()

_BINARY: dict[str, type[ast.operator]] = {
    "add": ast.Add, "sub": ast.Sub, "mul": ast.Mult, "truediv": ast.Div,
    "floordiv": ast.FloorDiv, "mod": ast.Mod, "pow": ast.Pow, "matmul": ast.MatMult,
    "and_": ast.BitAnd, "or_": ast.BitOr, "xor": ast.BitXor, "lshift": ast.LShift,
    "rshift": ast.RShift,
}  # fmt: skip
_INPLACE = {f"i{name.rstrip('_')}": kind for name, kind in _BINARY.items()}
_UNARY: dict[str, type[ast.unaryop]] = {
    "neg": ast.USub, "pos": ast.UAdd, "invert": ast.Invert, "not_": ast.Not,
}  # fmt: skip
_COMPARE: dict[str, type[ast.cmpop]] = {
    "lt": ast.Lt, "le": ast.LtE, "eq": ast.Eq, "ne": ast.NotEq, "gt": ast.Gt, "ge": ast.GtE,
    "is_": ast.Is, "is_not": ast.IsNot,
}  # fmt: skip


class Namer:
    """How the names that are no variables appear. This one writes for reading.

    A subclass that wants code that runs binds the objects in a namespace and returns the names.
    """

    def known(self, value: Any, name: str) -> ast.expr:
        """An object known to the compiler; `name` may be dotted."""
        return _dotted(name)

    def helper(self, name: str) -> ast.expr:
        """One of `dpy.transform.helpers.HELPERS`."""
        return _name(name)

    def global_(self, name: str) -> ast.expr:
        """A global of the user's module."""
        return _name(name)

    def global_of(self, home: Home, name: str) -> ast.expr:
        """A global of another module."""
        return _dotted(f"{home.globals.get('__name__', 'other').rpartition('.')[2]}.{name}")

    def free(self, name: str) -> ast.expr:
        """The content of a free variable."""
        return _name(name)

    def free_of(self, cell: Any, name: str) -> ast.expr:
        """The content of a cell of another function."""
        return _name(name)

    def cell(self, name: str) -> ast.expr:
        """The cell of a free variable."""
        return _name(f"cell_{name}")

    def globals(self) -> ast.expr:
        """The dict of the user's globals."""
        return _call(self.helper("globals"), [])

    def code(self, closure: Closure) -> ast.expr:
        """The code object of a nested function."""
        return _name("lambda_" if closure.code_name == "<lambda>" else closure.code_name)

    def closure(self, closure: Closure) -> ast.expr:
        """Makes the nested function."""

        def pairs(items: tuple[tuple[str, Any], ...]) -> ast.expr:
            entries = [
                ast.Tuple([_constant(name), expression_to_ast(value, self)], _LOAD)
                for name, value in items
            ]
            return ast.Tuple(list(entries), _LOAD)

        defaults = [expression_to_ast(value, self) for value in closure.defaults]
        return _call(
            self.helper("make_function"),
            [
                self.code(closure),
                self.globals(),
                ast.Tuple(defaults, _LOAD),
                pairs(closure.kwdefaults),
                pairs(closure.cells),
            ],
        )


def show(function: Function) -> str:
    """The function as Python text."""
    return ast.unparse(ast.fix_missing_locations(to_function_ast(function)))


def to_function_ast(function: Function, namer: Namer | None = None) -> ast.FunctionDef:
    """The function as a tree, every node located in the user's file."""
    namer = namer or Namer()
    body = block_to_ast(function.body, namer, function.loc)
    if not (function.body and isinstance(function.body[-1], Return)):
        last = Return(function.result, _last_loc(function.body) or function.loc)
        body += block_to_ast((last,), namer, function.loc)
    node = ast.FunctionDef(_identifier(function.name), _arguments(function), body, [])
    node.type_params = []  # type: ignore[attr-defined, unused-ignore]  # from Python 3.12 on
    for name in ast.walk(node.args):
        _locate_one(name, function.loc)
    _locate_one(node, function.loc)
    return node


def _last_loc(block: Block) -> Loc | None:
    return block[-1].loc if block else None


def _arguments(function: Function) -> ast.arguments:
    by_kind: dict[str, list[ast.arg]] = {"positional": [], "args": [], "keyword": [], "kwargs": []}
    for param in function.params:
        by_kind[param.kind].append(ast.arg(param.name))
    return ast.arguments(
        posonlyargs=[],
        args=by_kind["positional"],
        vararg=next(iter(by_kind["args"]), None),
        kwonlyargs=by_kind["keyword"],
        kw_defaults=[None] * len(by_kind["keyword"]),
        kwarg=next(iter(by_kind["kwargs"]), None),
        defaults=[],
    )


def _identifier(name: str) -> str:
    """A name that ``def`` accepts: ``<lambda>`` becomes ``lambda_``."""
    if not name.isidentifier():
        name = "".join(c for c in name if c.isalnum() or c == "_").lstrip("0123456789") or "f"
    return f"{name}_" if keyword.iskeyword(name) else name


# --- statements ---------------------------------------------------------------------------------


def block_to_ast(block: Block, namer: Namer, loc: Loc | None = None) -> list[ast.stmt]:
    """The statements of a block; `loc` is for statements that have no location. May be empty."""
    nodes: list[ast.stmt] = []
    for statement in block:
        where = statement.loc or loc
        made = _statement(statement, namer, where)
        for node in made:
            _locate(node, where)
        nodes += made
    return nodes


def _statement(s: Stmt, namer: Namer, loc: Loc | None) -> list[ast.stmt]:
    match s:
        case Assign():
            return _assign(s, namer)
        case If():
            return [_if(s, namer, loc)]
        case For():
            body = _loop_body(s.body, s.exit, namer, loc)
            target = _target(s.target)
            return [ast.For(target, expression_to_ast(s.iter, namer), body, [])]
        case While():
            return [_while(s, namer, loc)]
        case Raise():
            exc, cause = (
                None if part is None else expression_to_ast(part, namer)
                for part in (s.exc, s.cause)
            )
            return [ast.Raise(exc, cause)]
        case Try():
            return [_try(s, namer, loc)]
        case Return():
            return [ast.Return(expression_to_ast(s.value, namer))]
        case Def():
            return [to_function_ast(s.function, namer)]


def _if(s: If, namer: Namer, loc: Loc | None) -> ast.If:
    body, orelse = block_to_ast(s.body, namer, loc), block_to_ast(s.orelse, namer, loc)
    test = expression_to_ast(s.test, namer)
    if not body and orelse:
        return ast.If(_negated(test), orelse, [])
    return ast.If(test, body or [ast.Pass()], orelse)


def _try(s: Try, namer: Namer, loc: Loc | None) -> ast.Try:
    def block(statements: Block) -> list[ast.stmt]:
        return block_to_ast(statements, namer, loc)

    handlers = []
    if s.handler is not None:
        caught = _name("BaseException")
        handlers.append(ast.ExceptHandler(caught, s.name, block(s.handler) or [ast.Pass()]))
    return ast.Try(block(s.body) or [ast.Pass()], handlers, block(s.orelse), block(s.final))


def _while(s: While, namer: Namer, loc: Loc | None) -> ast.While:
    body = _loop_body(s.body, s.exit, namer, loc)
    test = expression_to_ast(s.test, namer)
    if not s.test_body:
        return ast.While(test, body, [])
    before = block_to_ast(s.test_body, namer, loc)
    leave = ast.If(_negated(test), [ast.Break()], [])
    return ast.While(_constant(True), [*before, leave, *body], [])


def _loop_body(
    block: Block, exit_flag: str | None, namer: Namer, loc: Loc | None
) -> list[ast.stmt]:
    body = block_to_ast(block, namer, loc)
    if exit_flag is not None:
        body.append(ast.If(_name(exit_flag), [ast.Break()], []))
    return body or [ast.Pass()]


def _negated(test: ast.expr) -> ast.expr:
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return test.operand
    return ast.UnaryOp(ast.Not(), test)


def _target(target: str | tuple[str, ...]) -> ast.expr:
    if isinstance(target, tuple):
        return ast.Tuple([_name(name, _STORE) for name in target], _STORE)
    return _name(target, _STORE)


def _assign(s: Assign, namer: Namer) -> list[ast.stmt]:
    value = s.value
    if isinstance(value, Op):
        if s.target is None and value.name in _EFFECTS:
            return [_EFFECTS[value.name](value, namer)]
        special = _inplace(s, value, namer) or _unpacking(s, value, namer)
        if special is not None:
            return special
    node = expression_to_ast(value, namer)
    if s.target is None:
        return [ast.Expr(node)]
    return [ast.Assign([_target(s.target)], node)]


def _inplace(s: Assign, value: Op, namer: Namer) -> list[ast.stmt] | None:
    """``x += v`` and ``x[i] += v``, where `x` is a variable."""
    if value.name not in _INPLACE:
        return None
    left, right = value.args
    if s.target is None and isinstance(left, Op) and left.name == "getitem":
        owner, index = left.args
        place = ast.Subscript(expression_to_ast(owner, namer), _index(index, namer), _STORE)
        return [ast.AugAssign(place, _INPLACE[value.name](), expression_to_ast(right, namer))]
    if not isinstance(s.target, str):
        return None
    if not isinstance(left, Var):
        return None
    update = ast.AugAssign(
        _name(s.target, _STORE), _INPLACE[value.name](), expression_to_ast(right, namer)
    )
    if left.name == s.target:
        return [update]
    if _mentions(right, s.target):
        return None
    return [ast.Assign([_target(s.target)], expression_to_ast(left, namer)), update]


def _mentions(value: Any, name: str) -> bool:
    if isinstance(value, Var):
        return value.name == name
    if isinstance(value, (Op, Call, Star)):
        return any(
            isinstance(node, ast.Name) and node.id == name
            for node in ast.walk(expression_to_ast(value, Namer()))
        )
    return False


def _unpacking(s: Assign, value: Op, namer: Namer) -> list[ast.stmt] | None:
    """``a, *b = value``."""
    if value.name not in ("unpack", "unpack_star") or not isinstance(s.target, tuple):
        return None
    targets: list[ast.expr] = [_name(name, _STORE) for name in s.target]
    if value.name == "unpack_star":
        before = value.args[1].value
        targets[before] = ast.Starred(targets[before], _STORE)
    return [ast.Assign([ast.Tuple(targets, _STORE)], expression_to_ast(value.args[0], namer))]


def _set_attribute(op: Op, namer: Namer) -> ast.stmt:
    owner, name, value = op.args
    if not _is_attribute(name):
        return ast.Expr(expression_to_ast(op, namer))
    target = ast.Attribute(expression_to_ast(owner, namer), name.value, _STORE)
    return ast.Assign([target], expression_to_ast(value, namer))


def _delete_attribute(op: Op, namer: Namer) -> ast.stmt:
    owner, name = op.args
    if not _is_attribute(name):
        return ast.Expr(expression_to_ast(op, namer))
    return ast.Delete([ast.Attribute(expression_to_ast(owner, namer), name.value, _DEL)])


def _set_item(op: Op, namer: Namer) -> ast.stmt:
    owner, index, value = op.args
    target = ast.Subscript(expression_to_ast(owner, namer), _index(index, namer), _STORE)
    return ast.Assign([target], expression_to_ast(value, namer))


def _delete_item(op: Op, namer: Namer) -> ast.stmt:
    owner, index = op.args
    return ast.Delete([ast.Subscript(expression_to_ast(owner, namer), _index(index, namer), _DEL)])


_EFFECTS: dict[str, Callable[[Op, Namer], ast.stmt]] = {
    "setattr": _set_attribute,
    "delattr": _delete_attribute,
    "setitem": _set_item,
    "put": _set_item,
    "delitem": _delete_item,
}


# --- expressions --------------------------------------------------------------------------------


def expression_to_ast(value: Expr, namer: Namer) -> ast.expr:
    """An expression, nested ones too; locations are set by `block_to_ast`."""
    match value:
        case Var(name):
            return _name(name)
        case Lit(literal):
            return _constant(literal)
        case Known(known, name):
            return namer.known(known, name)
        case Global(name, home):
            return namer.global_(name) if home is None else namer.global_of(home, name)
        case Free(name, owned):
            return namer.free(name) if owned is None else namer.free_of(owned, name)
        case Cell(name):
            return namer.cell(name)
        case Star(inner):
            return ast.Starred(expression_to_ast(inner, namer), _LOAD)
        case Closure():
            return namer.closure(value)
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
    if name in _BINARY:
        return ast.BinOp(nodes[0], _BINARY[name](), nodes[1])
    if name in _COMPARE:
        return ast.Compare(nodes[0], [_COMPARE[name]()], [nodes[1]])
    if name in _UNARY:
        return ast.UnaryOp(_UNARY[name](), nodes[0])
    return _call(namer.helper(name), nodes)


def _contains(op: Op, namer: Namer) -> ast.expr:
    container, item = (expression_to_ast(arg, namer) for arg in op.args)
    return ast.Compare(item, [ast.In()], [container])


def _not(op: Op, namer: Namer) -> ast.expr:
    inner = op.args[0]
    if isinstance(inner, Op) and inner.name == "contains":
        container, item = (expression_to_ast(arg, namer) for arg in inner.args)
        return ast.Compare(item, [ast.NotIn()], [container])
    return ast.UnaryOp(ast.Not(), expression_to_ast(inner, namer))


def _is_attribute(name: Any) -> bool:
    if not isinstance(name, Lit) or not isinstance(name.value, str):
        return False
    return name.value.isidentifier() and not keyword.iskeyword(name.value)


def _getattr(op: Op, namer: Namer) -> ast.expr:
    owner, name = op.args
    node = expression_to_ast(owner, namer)
    if name == Lit("cell_contents") and isinstance(owner, Var) and owner.name.startswith("cell_"):
        return _call(namer.helper("read_cell"), [node, _constant(owner.name.removeprefix("cell_"))])
    if _is_attribute(name):
        return ast.Attribute(node, name.value, _LOAD)
    return _call(namer.helper("getattr"), [node, expression_to_ast(name, namer)])


def _getitem(op: Op, namer: Namer) -> ast.expr:
    owner, index = op.args
    return ast.Subscript(expression_to_ast(owner, namer), _index(index, namer), _LOAD)


def _index(index: Any, namer: Namer) -> ast.expr:
    """An index; slices inside it in ``a:b`` notation."""
    if isinstance(index, Op) and index.name == "slice":
        parts = [
            None if part == Lit(None) else expression_to_ast(part, namer) for part in index.args
        ]
        return ast.Slice(*parts)
    if isinstance(index, Op) and index.name == "tuple" and index.args:
        return ast.Tuple([_index(item, namer) for item in index.args], _LOAD)
    return expression_to_ast(index, namer)


def _tuple(op: Op, namer: Namer) -> ast.expr:
    return ast.Tuple([expression_to_ast(arg, namer) for arg in op.args], _LOAD)


def _list(op: Op, namer: Namer) -> ast.expr:
    return ast.List([expression_to_ast(arg, namer) for arg in op.args], _LOAD)


def _set(op: Op, namer: Namer) -> ast.expr:
    if not op.args:
        return _call(namer.helper("set"), [])
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
    return _call(ast.Attribute(owner, method, _LOAD), [value])


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
        return [_constant(value.value)]
    if isinstance(value, Op) and value.name == "format":
        return [_formatted(value, namer)]
    if isinstance(value, Op) and value.name == "join":
        return [part for arg in value.args for part in _parts(arg, namer)]
    return [ast.FormattedValue(expression_to_ast(value, namer), -1, None)]


def _set_global(op: Op, namer: Namer) -> ast.expr:
    nodes = [expression_to_ast(arg, namer) for arg in op.args]
    helper = "set_global" if op.name == "setglobal" else "delete_global"
    return _call(namer.helper(helper), [namer.globals(), *nodes])


def _import(op: Op, namer: Namer) -> ast.expr:
    nodes = [expression_to_ast(arg, namer) for arg in op.args]
    return _call(namer.helper("import_module"), [namer.globals(), *nodes])


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


# --- nodes --------------------------------------------------------------------------------------


def _name(name: str, context: ast.expr_context = _LOAD) -> ast.Name:
    return ast.Name(name, context)


def _dotted(name: str) -> ast.expr:
    first, *rest = name.split(".")
    node: ast.expr = _name(first)
    for attribute in rest:
        node = ast.Attribute(node, attribute, _LOAD)
    return node


def _call(func: ast.expr, args: list[ast.expr]) -> ast.Call:
    return ast.Call(func, args, [])


def _constant(value: Any) -> ast.expr:
    is_negative = math.copysign(1, value) < 0 if type(value) is float else False
    if is_negative or (
        type(value) is int and value < 0
    ):  # ``(-1) ** 2`` must not print as ``-1 ** 2``
        return ast.UnaryOp(ast.USub(), ast.Constant(-value))
    return ast.Constant(value)


def _locate(statement: ast.stmt, loc: Loc | None) -> None:
    """Place a statement and what is below it, as far as that has no place yet."""
    if loc is None:
        return
    pending: list[ast.AST] = [statement]
    while pending:
        node = pending.pop()
        _locate_one(node, loc)
        for value in node.__dict__.copy().values():
            if isinstance(value, list):
                pending += [v for v in value if isinstance(v, ast.AST) and not _is_located(v)]
            elif isinstance(value, ast.AST) and value._fields and not _is_located(value):
                pending.append(value)


def _is_located(node: ast.AST) -> bool:
    return "lineno" in node.__dict__


def _locate_one(node: ast.AST, loc: Loc | None) -> None:
    if loc is None or not isinstance(
        node, (ast.stmt, ast.expr, ast.arg, ast.keyword, ast.excepthandler)
    ):
        return
    node.lineno, node.col_offset = loc.line, loc.column
    if loc.end_line is not None and loc.end_column is not None:
        node.end_lineno, node.end_col_offset = loc.end_line, loc.end_column
    else:
        node.end_lineno, node.end_col_offset = loc.line, loc.column
