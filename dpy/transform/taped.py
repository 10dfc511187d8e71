"""Functions that keep a tape: those with ``try``, ``with`` or ``yield``, and what runs under them.

Where an exception may be caught, or a body is suspended, the order of what ran is known only when
it has run. Such a function is not given an adjoint of its own. Its operations run one by one in the
runtime, and each appends its pullback to a tape; the reverse sweep goes through the tape backward.

Every variable `x` has a companion `x_k`, the *key* under which the sweep keeps the cotangent of its
value: the place on the tape where the value was made, or None where no cotangent can come from.
Keys follow the program's own control flow, so that no other analysis is needed. After the keys of
its operands an operation notes its line, for errors of the reverse sweep.

>>> from dpy.transform.ir import *
>>> body = (Assign("t_1", Op("mul", (Var("x"), Lit(2))), Loc(7)),)
>>> from dpy.transform.generic import Runtime
>>> from dpy.transform.show import show
>>> runtime = Runtime(begin=len, operate=max, call_=min, call_spread=abs)
>>> print(show(run(Function("double", (Param("x"),), body, Var("t_1")), runtime)))
def double_taped(x):
    tape = begin()
    x_k = tape.parameter(x)
    t_1, t_1_k = tape.mul((x_k, None, 7), x, 2)
    return (t_1, t_1_k, tape)
"""

from __future__ import annotations

from typing import Any

import gast

from dpy.records import replace
from dpy.transform import ir
from dpy.transform.generic import generic_call, generic_operands
from dpy.transform.ir import variables
from dpy.transform.versions import Names, assigned

__all__ = ["cleans_up", "run", "suspends", "uses_tape"]

_INERT = frozenset(
    "import unbound is_ is_not not_ delglobal matches special is_sequence "
    "is_mapping match_args".split()
)
_BOOLEAN = frozenset("is_ is_not not_ contains matches is_sequence is_mapping".split())
# Operations that have a method of their own on the tape.
_OWN = frozenset("add sub mul getattr".split())
_NO_KEY = ir.Lit(None)


def suspends(function: ir.Function) -> bool:
    """Whether a lowered function is a generator."""
    return any(
        isinstance(s, ir.Assign)
        and isinstance(s.value, ir.Op)
        and s.value.name in ("yield", "yield_from")
        for s in ir.walk(function.body)
    )


def cleans_up(definition: Any) -> bool:
    """Whether a generator waits where leaving it runs code: in ``with``, in ``try`` ``finally``."""

    def visit(node: Any, inside: bool) -> bool:
        if isinstance(node, (gast.Yield, gast.YieldFrom)) and inside:
            return True
        if isinstance(node, (gast.FunctionDef, gast.AsyncFunctionDef, gast.ClassDef, gast.Lambda)):
            return False
        inside = inside or isinstance(node, gast.With) or _catches_all(node)
        return any(visit(child, inside) for child in gast.iter_child_nodes(node))

    return any(visit(child, False) for child in gast.iter_child_nodes(definition))


def _catches_all(node: Any) -> bool:
    """Whether a ``try`` runs code of its own when a generator is closed in it."""
    if not isinstance(node, (gast.Try, gast.TryStar)):
        return False
    return bool(node.finalbody) or any(_catches_exit(h.type) for h in node.handlers)


def _catches_exit(caught: Any) -> bool:
    if isinstance(caught, gast.Tuple):
        return any(map(_catches_exit, caught.elts))
    name = getattr(caught, "attr", None) or getattr(caught, "id", None)
    return name is None or name in ("BaseException", "GeneratorExit")


def uses_tape(function: ir.Function) -> bool:
    """Whether a lowered function can run with a tape only."""
    return suspends(function) or any(isinstance(s, ir.Try) for s in ir.walk(function.body))


def run(function: ir.Function, runtime: Any) -> ir.Function:
    """The function that runs on a tape.

    It returns ``(result, key, tape)``. A generator is first sent its tape, yields
    ``(value, key)``, is sent the same, and returns ``(result, key)``.
    """
    return _Taped(function, runtime).run()


class _Taped:
    def __init__(self, function: ir.Function, runtime: Any) -> None:
        self.function = function
        self.runtime = runtime
        taken = set(function.locals) | set(function.free) | {p.name for p in function.params}
        for s in ir.walk(function.body):
            if isinstance(s, ir.Assign):
                taken.update(variables(s.value))
                if isinstance(s.value, ir.Global):
                    taken.add(s.value.name)
            elif isinstance(s, ir.Try) and s.name is not None:
                taken.add(s.name)
        names = Names(taken | set(assigned(function.body)))
        self.names = names
        self.tape = ir.Var(names.fresh("tape"))
        self.flags = _flags(function)
        variables_ = [*(p.name for p in function.params), *assigned(function.body)]
        self.keys = {name: names.fresh(f"{name}_k") for name in dict.fromkeys(variables_)}

    def run(self) -> ir.Function:
        f = self.function
        is_generator = suspends(f)
        begin: Any = ir.Op("yield", (ir.Lit(None),)) if is_generator else self._begin()
        head: list[ir.Stmt] = [ir.Assign(self.tape.name, begin, f.loc)]
        for p in f.params:
            method = "keywords_parameter" if p.kind == "kwargs" else "parameter"
            noted = self._method(method, ir.Var(p.name))
            head.append(ir.Assign(self.keys[p.name], noted, f.loc))
        result = (f.result, self._key(f.result))
        whole = ir.Op("tuple", result if is_generator else (*result, self.tape))
        body = (*head, *self._block(f.body))
        last = ir.Return(whole, body[-1].loc)
        return replace(f, name=f"{f.name}_taped", body=(*body, last), result=ir.Lit(None))

    def _begin(self) -> ir.Call:
        return ir.Call(self.runtime.begin, ())

    def _method(self, name: str, *args: Any) -> ir.Call:
        return ir.Call(ir.Op("getattr", (self.tape, ir.Lit(name))), args)

    def _key(self, atom: Any) -> Any:
        if isinstance(atom, ir.Star):
            atom = atom.value
        if isinstance(atom, ir.Var) and atom.name in self.keys:
            return ir.Var(self.keys[atom.name])
        return _NO_KEY

    def _keys(self, atoms: tuple[Any, ...], loc: ir.Loc | None) -> ir.Op:
        line = ir.Lit(0 if loc is None else loc.line)
        return ir.Op("tuple", (*map(self._key, atoms), line))

    # --- statements -------------------------------------------------------------------------------

    def _block(self, block: ir.Block) -> ir.Block:
        return tuple(new for s in block for new in self._statement(s))

    def _statement(self, s: ir.Stmt) -> tuple[ir.Stmt, ...]:
        if isinstance(s, ir.Assign):
            return self._assign(s)
        if isinstance(s, ir.If):
            before, test = self._test(s.test, s.loc)
            body, orelse = self._block(s.body), self._block(s.orelse)
            return (*before, replace(s, test=test, body=body, orelse=orelse))
        if isinstance(s, ir.While):
            after, test = self._test(s.test, s.loc)
            test_body = (*self._block(s.test_body), *after)
            return (replace(s, test_body=test_body, test=test, body=self._block(s.body)),)
        if isinstance(s, ir.For):
            assert isinstance(s.target, str)
            is_fresh = (ir.Lit(True),) if s.is_fresh else ()
            items = self._method("items", s.iter, self._keys((s.iter,), s.loc), *is_fresh)
            pair = (s.target, self.keys[s.target])
            return (replace(s, target=pair, iter=items, body=self._block(s.body)),)
        if isinstance(s, ir.Try):
            return (self._try(s),)
        return (s,)

    def _test(self, test: Any, loc: ir.Loc | None) -> tuple[ir.Block, Any]:
        """A value is asked for its truth by the tape: that may call a ``__bool__``."""
        if not isinstance(test, ir.Var) or test.name in self.flags:
            return (), test
        truth = ir.Var(self.names.numbered("truth"))
        asked = self._method("truth", self._keys((test,), loc), test)
        return (ir.Assign(truth.name, asked, loc),), truth

    def _try(self, s: ir.Try) -> ir.Try:
        """Tell the tape where exceptions may be caught, and where one was."""
        enter, leave, recover = (
            ir.Assign(None, self._method(name), s.loc) for name in ("enter", "leave", "recover")
        )
        new = replace(s, body=(enter, *self._block(s.body)), orelse=self._block(s.orelse))
        final = self._block(s.final)
        if s.handler is None:
            return replace(new, final=(recover, *final))
        handler = (recover, *self._block(s.handler))
        return replace(new, handler=handler, orelse=(leave, *new.orelse), final=final)

    def _assign(self, s: ir.Assign) -> tuple[ir.Stmt, ...]:
        value = s.value
        before: ir.Block = ()
        if isinstance(value, ir.Op) and value.name == "not_":
            before, test = self._test(value.args[0], s.loc)
            value = ir.Op("not_", (test,))
            s = replace(s, value=value)
        if isinstance(value, (ir.Var, ir.Lit, ir.Known, ir.Cell)) or (
            isinstance(value, ir.Op) and value.name in _INERT
        ):
            if s.target is None:
                return (*before, s)
            assert isinstance(s.target, str)
            return (*before, s, ir.Assign(self.keys[s.target], self._key(value), s.loc))
        noted = self._noted(value, s.loc)
        if s.target is None:
            return (replace(s, value=noted),)
        assert isinstance(s.target, str)
        return (replace(s, target=(s.target, self.keys[s.target]), value=noted),)

    def _noted(self, value: Any, loc: ir.Loc | None) -> Any:
        if isinstance(value, ir.Op) and value.name == "yield":
            (sent,) = value.args
            return ir.Op("yield", (ir.Op("tuple", (sent, self._key(sent))),))
        if isinstance(value, ir.Op) and value.name == "yield_from":
            (source,) = value.args
            delegate = self._method("delegate", source, self._keys((source,), loc))
            return ir.Op("yield_from", (delegate,))
        keys = self._keys(generic_operands(value), loc)
        if isinstance(value, ir.Global):
            name = ir.Lit(value.name)
            return self._method("read_global", name, self.runtime.globals_, value)
        if isinstance(value, ir.Free):
            return self._method("read_cell", ir.Cell(value.name), value)
        made = generic_call(value, self.runtime, _may_matter)
        function, args = made.func, made.args
        if function == self.runtime.operate:
            name, _, *operands = args
            if name.value in _OWN:
                return self._method(name.value, keys, *operands)
            return self._method("operate", name, keys, *operands)
        if function == self.runtime.call_:
            active, *rest = args
            method = ir.Op("getattr", (self.tape, ir.Lit("call")))
            return ir.Call(method, (active, keys, *rest), made.kwargs)
        if function == self.runtime.call_spread:
            active, layout, *rest = args
            return self._method("call_spread", active, keys, layout, *rest)
        return self._method("note", made, keys)


def _flags(function: ir.Function) -> set[str]:
    """The variables that only ever hold a bool."""
    flags: set[str] = set()
    others = {p.name for p in function.params}
    for s in ir.walk(function.body):
        if isinstance(s, ir.Assign) and isinstance(s.target, str):
            value = s.value
            is_flag = (isinstance(value, ir.Lit) and type(value.value) is bool) or (
                isinstance(value, ir.Op) and value.name in _BOOLEAN
            )
            (flags if is_flag else others).add(s.target)
        elif isinstance(s, ir.For) and isinstance(s.target, str):
            others.add(s.target)
        elif isinstance(s, ir.Try) and s.name is not None:
            others.add(s.name)
    return flags - others


def _may_matter(atom: Any) -> bool:
    return isinstance(atom.value if isinstance(atom, ir.Star) else atom, ir.Var)
