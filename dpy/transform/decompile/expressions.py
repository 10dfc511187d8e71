"""Expressions and simple statements: what one step makes of the stack."""

from __future__ import annotations

import ast
import dis
import sys
import types
from typing import Any

from dpy.transform.decompile.steps import Step, Unreadable

__all__ = ["Stack"]

_OPERATORS: dict[str, Any] = {
    "+": ast.Add, "-": ast.Sub, "*": ast.Mult, "/": ast.Div, "//": ast.FloorDiv, "%": ast.Mod,
    "**": ast.Pow, "@": ast.MatMult, "&": ast.BitAnd, "|": ast.BitOr, "^": ast.BitXor,
    "<<": ast.LShift, ">>": ast.RShift,
}  # fmt: skip
_COMPARISONS: dict[str, Any] = {
    "<": ast.Lt, "<=": ast.LtE, ">": ast.Gt, ">=": ast.GtE, "==": ast.Eq, "!=": ast.NotEq,
}  # fmt: skip
UNARY = {"UNARY_NEGATIVE": ast.USub, "UNARY_NOT": ast.Not, "UNARY_INVERT": ast.Invert,
          "UNARY_POSITIVE": ast.UAdd}  # fmt: skip
_CONVERSIONS = {None: -1, str: 115, repr: 114, ascii: 97}
_NULL = object()
_HAS_METHOD_BIT = sys.version_info >= (3, 12)


class _InPlace(ast.BinOp):
    """The value of ``a += b``, on its way to `a`."""


class Stack:
    """A stack of expressions, and the statements so far."""

    def __init__(self, steps: list[Step]) -> None:
        self.steps = steps
        self.stack: list[Any] = []
        self.body: list[Any] = []
        self.keywords: tuple[str, ...] = ()

    def push(self, node: Any, step: Step) -> None:
        """Put an expression on the stack, with the line of its step."""
        node.lineno = node.end_lineno = step.line
        node.col_offset = node.end_col_offset = 0
        self.stack.append(node)

    def pop(self) -> Any:
        """Take an expression from the stack."""
        node = self.stack.pop() if self.stack else _NULL
        if node is _NULL:
            raise Unreadable
        return ast.JoinedStr([node]) if isinstance(node, ast.FormattedValue) else node

    def pops(self, n: int) -> list[Any]:
        """Take `n` expressions, in their order."""
        return [self.pop() for _ in range(n)][::-1]

    def say(self, statement: Any, step: Step) -> None:
        """Add a statement."""
        statement.lineno = statement.end_lineno = step.line
        statement.col_offset = statement.end_col_offset = 0
        self.body.append(statement)

    # --- variables --------------------------------------------------------------------------------

    def _load_const(self, step: Step) -> None:
        if isinstance(step.value, types.CodeType):
            raise Unreadable
        self.push(ast.Constant(step.value), step)

    def _load_fast(self, step: Step) -> None:
        self.push(ast.Name(step.value, ast.Load()), step)

    _load_fast_check = _load_deref = _load_fast

    def _load_fast_load_fast(self, step: Step) -> None:
        for name in step.value:
            self.push(ast.Name(name, ast.Load()), step)

    def _load_global(self, step: Step) -> None:
        node = ast.Name(step.value, ast.Load())
        self._loaded(node, step, is_called=bool((step.arg or 0) & 1))

    def _loaded(self, node: Any, step: Step, *, is_called: bool) -> None:
        if is_called:
            self.stack.append(_NULL)
        self.push(node, step)

    def _push_null(self, step: Step) -> None:
        self.stack.append(_NULL)

    def _store_fast(self, step: Step) -> None:
        self._store(ast.Name(step.value, ast.Store()), step)

    _store_deref = _store_fast

    def _store(self, target: Any, step: Step) -> None:
        value = self.pop()
        if isinstance(value, _InPlace):
            if not isinstance(value.left, ast.Name) or not isinstance(target, ast.Name):
                raise Unreadable
            self.say(ast.AugAssign(target, value.op, value.right), step)
        else:
            self.say(ast.Assign([target], value), step)

    def unpack(self, at: int, value: Any) -> int:
        """An assignment to several variables; the number of the step after it."""
        step = self.steps[at]
        names, end = self._names(at + 1, step.arg)
        self._assign(names, value, step)
        return end

    def stores(self, at: int) -> int:
        """An assignment of the values on the stack to as many variables, the last one first."""
        values = self.pops(len(self.stack))
        names, end = self._names(at, len(values))
        self._assign(names[::-1], ast.Tuple(values, ast.Load()), self.steps[at])
        return end

    def _names(self, at: int, n: int) -> tuple[list[str], int]:
        names: list[str] = []
        while len(names) < n:
            if not self.steps[at].name.startswith("STORE_FAST"):
                raise Unreadable
            name = self.steps[at].value
            names += [name] if isinstance(name, str) else name
            at += 1
        return names, at

    def _assign(self, names: list[str], value: Any, step: Step) -> None:
        targets: list[ast.expr] = [ast.Name(name, ast.Store()) for name in names]
        self.say(ast.Assign([ast.Tuple(targets, ast.Store())], value), step)

    # --- attributes and items ---------------------------------------------------------------------

    def _load_attr(self, step: Step) -> None:
        is_called = _HAS_METHOD_BIT and bool((step.arg or 0) & 1)
        self._loaded(ast.Attribute(self.pop(), step.value, ast.Load()), step, is_called=is_called)

    def _load_method(self, step: Step) -> None:
        self._loaded(ast.Attribute(self.pop(), step.value, ast.Load()), step, is_called=True)

    def _store_attr(self, step: Step) -> None:
        self._store(ast.Attribute(self.pop(), step.value, ast.Store()), step)

    def _binary_subscr(self, step: Step) -> None:
        owner, index = self.pops(2)
        self.push(ast.Subscript(owner, index, ast.Load()), step)

    def _binary_slice(self, step: Step) -> None:
        owner, *parts = self.pops(3)
        self.push(ast.Subscript(owner, self._slice(parts), ast.Load()), step)

    def _build_slice(self, step: Step) -> None:
        self.push(self._slice(self.pops(step.arg)), step)

    def _slice(self, parts: list[Any]) -> Any:
        is_none = [isinstance(p, ast.Constant) and p.value is None for p in parts]
        return ast.Slice(*[None if n else p for n, p in zip(is_none, parts, strict=True)])

    def _store_subscr(self, step: Step) -> None:
        owner, index = self.pops(2)
        self._store(ast.Subscript(owner, index, ast.Store()), step)

    # --- operators --------------------------------------------------------------------------------

    def _binary_op(self, step: Step) -> None:
        left, right = self.pops(2)
        symbol = dis._nb_ops[step.arg][1]  # type: ignore[attr-defined]
        is_in_place = symbol.endswith("=")
        operator = _OPERATORS.get(symbol.removesuffix("="))
        if operator is None:
            raise Unreadable
        self.push((_InPlace if is_in_place else ast.BinOp)(left, operator(), right), step)

    def _compare_op(self, step: Step) -> None:
        left, right = self.pops(2)
        self.push(ast.Compare(left, [_COMPARISONS[step.value]()], [right]), step)

    def _is_op(self, step: Step) -> None:
        left, right = self.pops(2)
        self.push(ast.Compare(left, [ast.IsNot() if step.arg else ast.Is()], [right]), step)

    def _contains_op(self, step: Step) -> None:
        left, right = self.pops(2)
        self.push(ast.Compare(left, [ast.NotIn() if step.arg else ast.In()], [right]), step)

    # --- displays ---------------------------------------------------------------------------------

    def _build_tuple(self, step: Step) -> None:
        self.push(ast.Tuple(self.pops(step.arg), ast.Load()), step)

    def _build_list(self, step: Step) -> None:
        self.push(ast.List(self.pops(step.arg), ast.Load()), step)

    def _build_set(self, step: Step) -> None:
        self.push(ast.Set(self.pops(step.arg)), step)

    def _build_map(self, step: Step) -> None:
        pairs = self.pops(2 * step.arg)
        self.push(ast.Dict(pairs[::2], pairs[1::2]), step)

    def _build_const_key_map(self, step: Step) -> None:
        keys = self.pop().value
        self.push(ast.Dict([ast.Constant(k) for k in keys], self.pops(step.arg)), step)

    def _list_extend(self, step: Step) -> None:
        items = self.pop()
        self._display(ast.List).elts.append(ast.Starred(items, ast.Load()))

    def _list_append(self, step: Step) -> None:
        item = self.pop()
        self._display(ast.List).elts.append(item)

    def _dict_merge(self, step: Step) -> None:
        items = self.pop()
        display = self._display(ast.Dict)
        display.keys.append(None)
        display.values.append(items)

    _dict_update = _dict_merge

    def _display(self, kind: Any) -> Any:
        if not self.stack or not isinstance(self.stack[-1], kind):
            raise Unreadable
        return self.stack[-1]

    def _list_to_tuple(self, step: Step) -> None:
        self.push(ast.Tuple(self._display(ast.List).elts, ast.Load()), step)
        del self.stack[-2]

    def _call_intrinsic_1(self, step: Step) -> None:
        if step.arg == 5:
            self.push(ast.UnaryOp(ast.UAdd(), self.pop()), step)
        elif step.arg == 6:
            self._list_to_tuple(step)
        else:
            raise Unreadable

    # --- text -------------------------------------------------------------------------------------

    def _build_string(self, step: Step) -> None:
        parts = [self.stack.pop() for _ in range(step.arg)][::-1]
        self.push(ast.JoinedStr(parts), step)

    def _format_value(self, step: Step) -> None:
        convert, has_spec = step.value
        spec = self._spec() if has_spec else None
        self._formatted(_CONVERSIONS[convert], spec, step)

    def _format_simple(self, step: Step) -> None:
        self._formatted(-1, None, step)

    def _format_with_spec(self, step: Step) -> None:
        self._formatted(-1, self._spec(), step)

    def _convert_value(self, step: Step) -> None:
        self.push(ast.FormattedValue(self.pop(), _CONVERSIONS[step.value], None), step)

    def _spec(self) -> Any:
        spec = self.pop()
        return spec if isinstance(spec, ast.JoinedStr) else ast.JoinedStr([spec])

    def _formatted(self, conversion: int, spec: Any, step: Step) -> None:
        value = self.stack.pop()
        if isinstance(value, ast.FormattedValue):  # converted before
            conversion, value = value.conversion, value.value
        self.push(ast.FormattedValue(value, conversion, spec), step)

    # --- calls ------------------------------------------------------------------------------------

    def _kw_names(self, step: Step) -> None:
        self.keywords = step.value

    def _call(self, step: Step) -> None:
        names, self.keywords = self.keywords, ()
        self._called(step, names)

    def _call_kw(self, step: Step) -> None:
        self._called(step, self.pop().value)

    def _called(self, step: Step, names: tuple[str, ...]) -> None:
        values = self.pops(step.arg)
        n = len(values) - len(names)
        keywords = [ast.keyword(k, v) for k, v in zip(names, values[n:], strict=True)]
        self.push(ast.Call(self._callee(), values[:n], keywords), step)

    def _callee(self) -> Any:
        pair = [self.stack.pop(), self.stack.pop()]
        found = [x for x in pair if x is not _NULL]
        if len(found) != 1:
            raise Unreadable
        return found[0]

    def _call_function_ex(self, step: Step) -> None:
        keywords = []
        if step.arg & 1:
            named = self.pop()
            if isinstance(named, ast.Dict):
                for key, value in zip(named.keys, named.values, strict=True):
                    name = key.value if isinstance(key, ast.Constant) else None
                    keywords.append(ast.keyword(name, value))  # type: ignore[arg-type]
            else:
                keywords.append(ast.keyword(None, named))
        given = self.pop()
        if isinstance(given, ast.Constant) and isinstance(given.value, tuple):
            args: list[Any] = [ast.Constant(v) for v in given.value]
        elif isinstance(given, ast.Tuple):
            args = given.elts
        else:
            args = [ast.Starred(given, ast.Load())]
        self.push(ast.Call(self._callee(), args, keywords), step)
