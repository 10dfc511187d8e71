"""Statements and control: the steps that may jump, as ``if``, ``and`` and ``or``."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from dpy.transform.decompile.expressions import UNARY, Stack
from dpy.transform.decompile.steps import Step, Unreadable

__all__ = ["Reader"]


def _negated(test: Any) -> Any:
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return test.operand
    return ast.UnaryOp(ast.Not(), test)


def _is_none(test: Any, *, negated: bool) -> Any:
    return ast.Compare(test, [ast.IsNot() if negated else ast.Is()], [ast.Constant(None)])


class Reader(Stack):
    """Runs the steps on a stack of expressions."""

    def block(self, start: int, end: int) -> list[Any]:
        """The statements between two steps."""
        stack, body = self._part(start, end)
        if stack:
            raise Unreadable
        return body or [ast.Pass()]

    def expression(self, start: int, end: int) -> Any:
        """The one value that the steps leave."""
        stack, body = self._part(start, end)
        if body or len(stack) != 1:
            raise Unreadable
        return stack[0]

    def _part(self, start: int, end: int) -> tuple[list[Any], list[Any]]:
        outer = self.stack, self.body
        self.stack, self.body = [], []
        try:
            at = start
            while at < end:
                at = self._run(at, end)
            if at != end:
                raise Unreadable
            return self.stack, self.body
        finally:
            self.stack, self.body = outer

    def _run(self, at: int, end: int) -> int:
        """Run a step, or all of what begins with it; the number of the next."""
        step = self.steps[at]
        if step.target is not None:
            return self._jump(at, end)
        if step.name == "COPY" and step.arg == 1:
            return self._kept(at)
        if step.name == "UNPACK_SEQUENCE":
            return self.unpack(at, self.pop())
        if step.name == "SWAP":  # ``a, b = b, a``
            return self.unpack(at, ast.Tuple(self.pops(step.arg), ast.Load()))
        if step.name.startswith("STORE_FAST") and len(self.stack) > 1:
            return self.stores(at)  # the same where no values had to change places
        handler: Callable[[Step], None] | None = getattr(self, f"_{step.name.lower()}", None)
        if handler is None:
            if step.name in UNARY:
                self.push(ast.UnaryOp(UNARY[step.name](), self.pop()), step)
                return at + 1
            raise Unreadable
        handler(step)
        return at + 1

    # --- control ----------------------------------------------------------------------------------

    def _condition(self, step: Step) -> Any:
        """Under what condition the next step is the one that follows."""
        name = step.name.removeprefix("POP_JUMP_").removeprefix("FORWARD_")
        test = self.pop()
        if name == "IF_FALSE":
            return test
        if name == "IF_TRUE":
            return _negated(test)
        if name in ("IF_NONE", "IF_NOT_NONE"):
            return _is_none(test, negated=name == "IF_NONE")
        raise Unreadable

    def _jump(self, at: int, end: int) -> int:
        step = self.steps[at]
        target = step.target
        if target is None or not at < target <= end:
            raise Unreadable
        if step.name in ("JUMP_IF_FALSE_OR_POP", "JUMP_IF_TRUE_OR_POP"):
            return self._bool_op(step, self.pop(), at + 1, target)
        test = self._condition(step)
        at, test = self._whole_test(at, test, target)
        target = self.steps[at].target
        if target is None or not at < target <= end:
            raise Unreadable
        last = self.steps[target - 1]
        if last.name == "JUMP_FORWARD" and last.target is not None and target < last.target <= end:
            try:
                one = self.expression(at + 1, target - 1)
                other = self.expression(target, last.target)
            except Unreadable:
                body = self.block(at + 1, target - 1)
                self.say(ast.If(test, body, self.block(target, last.target)), step)
            else:
                self.push(ast.IfExp(test, one, other), step)
            return last.target
        self.say(ast.If(test, self.block(at + 1, target), []), step)
        return target

    def _whole_test(self, at: int, test: Any, target: int) -> tuple[int, Any]:
        """Join what ``and`` and ``or`` have made several jumps of."""
        while True:
            k = at + 1
            while k < len(self.steps) and self.steps[k].target is None:
                k += 1
            if k >= min(target + 1, len(self.steps)):
                return at, test
            following = self.steps[k]
            try:
                self.stack.append(self.expression(at + 1, k))
                condition = self._condition(following)
            except (Unreadable, IndexError):
                return at, test
            if following.target == target:
                test = ast.BoolOp(ast.And(), [test, condition])
            elif target == k + 1:
                test = ast.BoolOp(ast.Or(), [_negated(test), condition])
                target = following.target or 0
            else:
                return at, test
            at = k

    def _bool_op(self, step: Step, left: Any, start: int, end: int) -> int:
        operator = ast.And() if "FALSE" in step.name else ast.Or()
        self.push(ast.BoolOp(operator, [left, self.expression(start, end)]), step)
        return end

    def _kept(self, at: int) -> int:
        """``COPY, POP_JUMP_IF_FALSE, POP_TOP`` is how newer Pythons write ``and``."""
        jump, top = self.steps[at + 1], self.steps[at + 2]
        names = ("POP_JUMP_IF_FALSE", "POP_JUMP_IF_TRUE")
        if jump.name not in names or top.name != "POP_TOP" or jump.target is None:
            raise Unreadable
        if jump.target <= at:
            raise Unreadable
        return self._bool_op(jump, self.pop(), at + 3, jump.target)

    def _return_value(self, step: Step) -> None:
        self.say(ast.Return(self.pop()), step)

    def _return_const(self, step: Step) -> None:
        self.say(ast.Return(ast.Constant(step.value)), step)

    def _raise_varargs(self, step: Step) -> None:
        parts = self.pops(step.arg)
        self.say(ast.Raise(*parts), step)

    def _pop_top(self, step: Step) -> None:
        self.say(ast.Expr(self.pop()), step)
