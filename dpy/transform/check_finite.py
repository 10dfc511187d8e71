"""Put checks into generated code that find the first operation to make a NaN or an infinity.

After an operation of the forward stands a check of its value; in the pullback, one around each
expression that computes a cotangent. A check knows the operation's name and place, and gets its
operands, because what was not finite before is nobody's fault (see `dpy.finite`).

What the runtime decides it also checks: the layer above hands in variants of `operate` and of the
rules. Compiled callees check themselves.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dpy.errors import Place
from dpy.finite import Operation
from dpy.records import replace
from dpy.transform import ir
from dpy.transform.emit import names_in
from dpy.transform.generic import call
from dpy.transform.infer import Facts
from dpy.transform.ir import variables
from dpy.transform.optimise.blocks import map_inner
from dpy.transform.optimise.nodes import INPLACE, is_temporary
from dpy.transform.source import Source
from dpy.transform.versions import Names

__all__ = ["run"]

_SIGNS = {
    "add": "+", "sub": "-", "mul": "*", "truediv": "/", "floordiv": "//", "mod": "%", "pow": "**",
    "matmul": "@", "neg": "-", "pos": "+",
}  # fmt: skip
_ARITHMETIC = frozenset(_SIGNS)
_UPDATES = frozenset(f"i{name}" for name in _ARITHMETIC) & INPLACE
_CALLED = frozenset(("inert", "rule", "elementwise", "list_total"))
# What pullbacks call to compute number by number, besides NumPy's functions and those of `math`.
_ELEMENTWISE = frozenset(("quotient", "quotient_below", "times", "conjugate"))
_MODULES = frozenset(("math", "cmath", "numpy"))


def run(function: ir.Function, facts: Facts, source: Source, checks: Any) -> ir.Function:
    """The generated `function` with checks; `checks` has the functions that make them."""
    checker = _Checker(function, facts, source, checks)
    return replace(function, body=checker.forward(function.body))


class _Checker:
    def __init__(self, function: ir.Function, facts: Facts, source: Source, checks: Any) -> None:
        self.facts = facts
        self.source = source
        self.checks = checks
        self.names = Names(names_in(function))
        self.known: dict[Any, ir.Known] = {}  # operations
        primal = [s for s in ir.walk(facts.function.body) if isinstance(s, ir.Assign)]
        self.primal = {id(s): s for s in primal}
        self.values = {s.target: s.value for s in primal if isinstance(s.target, str)}
        self.called = {s.loc: name for s in primal if (name := self._name(s))}
        # What a statement keeps when the forward has it in another form.
        self.calls = {(s.target, s.loc) for s in primal if self._is_call(s)}

    # --- forward ----------------------------------------------------------------------------------

    def forward(self, block: ir.Block) -> ir.Block:
        """The block with checks after its operations; inside it, the pullback with its own."""
        out: list[ir.Stmt] = []
        for s in block:
            if isinstance(s, ir.Assign):
                out += self._assign(s)
            elif isinstance(s, ir.Def):
                own = s.function
                out.append(ir.Def(replace(own, body=self.pullback(own.body)), s.loc))
            else:
                out.append(map_inner(s, self.forward))
        return tuple(out)

    def _assign(self, s: ir.Assign) -> list[ir.Stmt]:
        value: Any = s.value
        if not isinstance(s.target, str):
            return [s]
        if id(s) not in self.primal:
            if not isinstance(value, ir.Call) or (s.target, s.loc) not in self.calls:
                return [s]
            operands = tuple([ir.Var(name) for name in dict.fromkeys(variables(value))])
            return self._after(s, self.checks.expect_finite, False, operands)
        if isinstance(value, ir.Op):
            if value.name in _ARITHMETIC:
                is_elementwise = value.name != "matmul"
                return self._after(s, self.checks.expect_finite, is_elementwise, value.args)
            return self._around_update(s, value) if value.name in _UPDATES else [s]
        return self._call(s, value) if self._is_call(s) else [s]

    def _is_call(self, s: ir.Assign) -> bool:
        """Whether the program calls something that the forward calls as well."""
        site = self.facts.sites.get(id(s))
        return isinstance(s.value, ir.Call) and site is not None and site.form in _CALLED

    def _call(self, s: ir.Assign, value: ir.Call) -> list[ir.Stmt]:
        form = self.facts.sites[id(s)].form
        operands = [a.value if isinstance(a, ir.Star) else a for a in (value.func, *value.args)]
        operands += [a for name, a in value.kwargs if name is None]
        named = tuple((name, a) for name, a in value.kwargs if name is not None)
        if form == "inert":
            s = replace(s, value=replace(value, func=call(self.checks.with_checks, value.func)))
        check = self.checks.expect_finite_call
        return self._after(s, check, form == "elementwise", tuple(operands), named)

    def _after(
        self,
        s: ir.Assign,
        check: Any,
        is_elementwise: bool,
        operands: tuple[Any, ...],
        named: tuple[tuple[str | None, Any], ...] = (),
    ) -> list[ir.Stmt]:
        """The statement, then the check; one that overwrites an operand does so after that."""
        target = result = str(s.target)
        overwrites = ir.Var(target) in (*operands, *(a for _, a in named))
        if overwrites:
            result = self.names.fresh("result")
            s = replace(s, target=result)
        args = (self._at(s.loc, is_elementwise), ir.Var(result), *operands)
        out: list[ir.Stmt] = [s, ir.Assign(None, ir.Call(check, args, named), s.loc)]
        if overwrites:
            out.append(ir.Assign(target, ir.Var(result), s.loc))
        return out

    def _around_update(self, s: ir.Assign, value: ir.Op) -> list[ir.Stmt]:
        """An operator that may write to its first operand: that is looked at before."""
        before = self.names.fresh("before")
        look = ir.Assign(before, call(self.checks.doubts_before, *value.args), s.loc)
        at = self._at(s.loc, value.name != "imatmul")
        check = call(self.checks.expect_finite_after, at, ir.Var(str(s.target)), ir.Var(before))
        return [look, s, ir.Assign(None, check, s.loc)]

    # --- pullback ---------------------------------------------------------------------------------

    def pullback(self, block: ir.Block) -> ir.Block:
        """The block with a check around each expression that computes a cotangent."""
        out: list[ir.Stmt] = []
        for s in block:
            if isinstance(s, (ir.Assign, ir.Return)):
                out.append(replace(s, value=self._expression(s.value, s.loc)))
            else:
                out.append(map_inner(s, self.pullback))
        return tuple(out)

    def _expression(self, e: Any, loc: ir.Loc | None) -> Any:
        if isinstance(e, ir.Op):
            if e.name in _ARITHMETIC:
                return self._computed(e, loc)
            if e.name in INPLACE or e.name in ("setitem", "setattr"):
                return ir.Op(e.name, (*e.args[:-1], self._expression(e.args[-1], loc)))
            if e.name in ("tuple", "list", "dict"):
                return ir.Op(e.name, tuple([self._expression(a, loc) for a in e.args]))
            return e
        if isinstance(e, ir.Call):
            if _is_elementwise_call(e):
                return self._computed(e, loc)
            args = tuple([self._expression(a, loc) for a in e.args])
            named = tuple([(name, self._expression(a, loc)) for name, a in e.kwargs])
            return ir.Call(e.func, args, named)
        return e

    def _computed(self, e: Any, loc: ir.Loc | None) -> Any:
        """One check for all of it: a factor may be infinite where another one is zero."""
        operands = [ir.Var(name) for name in dict.fromkeys(variables(e))]
        return call(self.checks.finite, self._at(loc, _is_elementwise(e)), e, *operands)

    # --- names ------------------------------------------------------------------------------------

    def _at(self, loc: ir.Loc | None, is_elementwise: bool) -> ir.Known:
        """The operation at a place, as an object for the checks."""
        key = loc, is_elementwise
        found = self.known.get(key)
        if found is None:
            name = self.called.get(loc, "the statement")
            operation = Operation(name, self._place(loc), is_elementwise)
            line = 0 if loc is None else loc.line
            found = self.known[key] = ir.Known(operation, f"line_{line}")
        return found

    def _place(self, loc: ir.Loc | None) -> Place | None:
        if loc is None:
            return None
        source = loc.entered[-1].home.source if loc.entered else self.source
        return Place(
            source.filename, loc.line, loc.column, loc.end_line, loc.end_column,
            source.code.co_qualname,
        )  # fmt: skip

    def _name(self, s: ir.Assign) -> str | None:
        """How to call the operation of a statement."""
        value = s.value
        if isinstance(value, ir.Op):
            return _SIGNS.get(value.name) or _SIGNS.get(value.name[1:])
        if not isinstance(value, ir.Call):
            return None
        site = self.facts.sites.get(id(s))
        rule = None if site is None else site.rule
        return rule.name if rule is not None else self._dotted(value.func)

    def _dotted(self, e: Any) -> str:
        """A function as the program names it."""
        while isinstance(e, ir.Var) and is_temporary(e.name) and e.name in self.values:
            e = self.values[e.name]
        if isinstance(e, ir.Op) and e.name == "getattr":
            return f"{self._dotted(e.args[0])}.{e.args[1].value}"
        return str(getattr(e, "name", "a call"))


def _is_elementwise(e: Any) -> bool:
    """Whether an expression of a pullback computes each number of its own."""
    if isinstance(e, ir.Op):
        if e.name in _ARITHMETIC:
            return e.name != "matmul" and all(map(_is_elementwise, e.args))
        return e.name in ("getitem", "getattr")
    if isinstance(e, ir.Call):
        return _is_elementwise_call(e) and all(map(_is_elementwise, e.args))
    return isinstance(e, (ir.Var, ir.Lit, ir.Known))


def _is_elementwise_call(e: ir.Call) -> bool:
    func = e.func
    if isinstance(func, ir.Known):
        module = getattr(func.value, "__module__", None)
        is_partial = func.name.endswith("_partial")
        return func.name in _ELEMENTWISE or is_partial or module == "dpy.adjoints.safe"
    owner = func.args[0] if isinstance(func, ir.Op) and func.name == "getattr" else None
    if not isinstance(owner, ir.Known) or getattr(owner.value, "__name__", "") not in _MODULES:
        return False
    function = getattr(owner.value, func.args[1].value)
    return owner.value is not np or isinstance(function, np.ufunc)
