"""Put the bodies of called functions in the place of the calls.

A call of a small Python function costs more than what the function does: a closure for its
pullback, a tuple of cotangents, guards. Its statements among those of the caller cost nothing.

>>> from dpy.transform.ir import Assign, Call, Function, Loc, Op, Param, Var
>>> from dpy.transform.show import show
>>> inner = Function("square", (Param("v"),), (Assign("t_1", Op("mul", (Var("v"), Var("v")))),),
...                  Var("t_1"))
>>> s = Assign("y", Call(Var("square"), (Var("x"),)))
>>> call = Spliced(inner, {"v": Var("x")})
>>> print(show(splice(Function("f", (Param("x"),), (s,), Var("y")), {id(s): call})))
def f(x):
    y = x * x
    return y
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from dpy.records import record, replace
from dpy.transform import ir
from dpy.transform.ir import variables
from dpy.transform.versions import Names

__all__ = ["Spliced", "is_surely_bound", "rename", "size", "splice", "unbound_reads"]

_TEMPORARY = re.compile(r"t_\d+")


@record
class Spliced:
    """What takes the place of a call.

    `binding` gives an atom for each parameter of `function`. `values` replaces those of
    statements that mean something else in the caller, such as globals of another module, and
    `decided` the branches that are known, by the ids of statements. `wrap` makes the value of the
    call from the items of the tuple that the function returns. `home` tells errors where the
    statements are from.
    """

    function: ir.Function
    binding: Mapping[str, Any]
    values: Mapping[int, Any] = {}  # noqa: RUF012 - never written to
    decided: Mapping[int, bool] = {}  # noqa: RUF012
    wrap: Callable[[tuple[Any, ...]], Any] | None = None
    home: ir.Home | None = None


def splice(function: ir.Function, calls: Mapping[int, Spliced]) -> ir.Function:
    """`function` with these calls (by the id of their statement) replaced by what they run."""
    return _Splicer(function, calls).run()


def rename(block: ir.Block, env: Mapping[str, Any]) -> ir.Block:
    """New statements with variables renamed."""
    none = ir.Function("", (), ())
    targets = {name: ir.Var(name) for s in ir.walk(block) for name in ir.targets(s)}
    return _Renamer({**targets, **env}, {}, Spliced(none, {}), None).block(block)


def size(block: ir.Block) -> int:
    """How many statements a block has."""
    return sum(1 for _ in ir.walk(block))


class _Splicer:
    def __init__(self, function: ir.Function, calls: Mapping[int, Spliced]) -> None:
        self.function = function
        self.calls = calls
        taken = set(function.locals) | {p.name for p in function.params} | set(function.free)
        for s in ir.walk(function.body):
            taken |= _names_of(s)
        for call in calls.values():
            for s in ir.walk(call.function.body):
                if isinstance(s, ir.Assign) and isinstance(s.value, (ir.Global, ir.Free)):
                    taken.add(s.value.name)
        self.names = Names(taken)
        self.locals = set(function.locals)
        self.called: set[str] = set()
        self.last_temporary = max(
            (int(name[2:]) for name in taken if _TEMPORARY.fullmatch(name)), default=0
        )

    def run(self) -> ir.Function:
        body = self.block(self.function.body)
        made = replace(self.function, body=body, locals=frozenset(self.locals))
        return _without_lookups(made, self.called)

    def block(self, block: ir.Block) -> ir.Block:
        out: list[ir.Stmt] = []
        for s in block:
            call = self.calls.get(id(s))
            if call is not None:
                assert isinstance(s, ir.Assign)
                out += self.expand(s, call)
            elif isinstance(s, ir.If):
                out.append(replace(s, body=self.block(s.body), orelse=self.block(s.orelse)))
            elif isinstance(s, ir.For):
                out.append(replace(s, body=self.block(s.body)))
            elif isinstance(s, ir.While):
                test_body = self.block(s.test_body)
                out.append(replace(s, test_body=test_body, body=self.block(s.body)))
            else:
                out.append(s)
        return tuple(out)

    def fresh(self, name: str) -> str:
        """A name in the caller for a variable of the callee."""
        if _TEMPORARY.fullmatch(name):
            return self._temporary()
        new = name if name not in self.names.taken else self.names.numbered(name)
        self.names.taken.add(new)
        self.locals.add(new)
        return new

    def _temporary(self) -> str:
        """The next number: the user's own ``t`` may have been given some of them."""
        while True:
            self.last_temporary += 1
            new = f"t_{self.last_temporary}"
            if new not in self.names.taken:
                self.names.taken.add(new)
                return new

    def expand(self, s: ir.Assign, call: Spliced) -> list[ir.Stmt]:
        function = call.function
        if isinstance(s.value, ir.Call) and isinstance(s.value.func, ir.Var):
            self.called.add(s.value.func.name)
        changed = {name for inner in ir.walk(function.body) for name in ir.targets(inner)}
        env = {p.name: call.binding[p.name] for p in function.params}
        new = {name: ir.Var(self.fresh(name)) for name in sorted(changed, key=_by_number)}
        env |= {name: var for name, var in new.items() if name not in env}
        later = {p.name: new[p.name] for p in function.params if p.name in changed}
        renamer = _Renamer(env, later, call, s.loc)
        body = list(renamer.whole(function.body))
        values: tuple[Any, ...] = (_renamed(function.result, env),)
        if call.wrap is not None:
            last = body.pop()
            assert isinstance(last, ir.Assign) and isinstance(last.value, ir.Op)
            values = last.value.args
        if s.target is None:
            return body
        if call.wrap is not None:
            return [*body, ir.Assign(s.target, call.wrap(values), s.loc)]
        return _assign_result(s, body, values[0])


def _assign_result(s: ir.Assign, body: list[ir.Stmt], result: Any) -> list[ir.Stmt]:
    """Let the last statement assign the target itself, where it makes the result."""
    last = body[-1] if body else None
    if (
        isinstance(last, ir.Assign)
        and isinstance(result, ir.Var)
        and last.target == result.name
        and _TEMPORARY.fullmatch(result.name)
        and result.name not in variables(last.value)
        and sum(result.name in ir.targets(inner) for inner in ir.walk(tuple(body))) == 1
    ):
        body[-1] = replace(last, target=s.target)
        return body
    return [*body, ir.Assign(s.target, result, s.loc)]


def _by_number(name: str) -> tuple[int, str]:
    """Temporaries in the order in which they are assigned."""
    return (int(name[2:]), "") if _TEMPORARY.fullmatch(name) else (0, name)


class _Renamer:
    """Copies the statements of a function with other names."""

    def __init__(
        self, env: dict[str, Any], later: dict[str, Any], call: Spliced, loc: ir.Loc | None
    ) -> None:
        """`later`: what parameters are called once the function has assigned to them."""
        self.env = env
        self.later = later
        self.call = call
        self.locs: dict[int, tuple[ir.Loc, ir.Loc]] = {}
        self.entered: tuple[ir.Entered, ...] = ()
        if loc is not None and call.home is not None:
            self.entered = (*loc.entered, ir.Entered(loc.line, call.home))

    def whole(self, block: ir.Block) -> ir.Block:
        """The body: up to the first assignment to a parameter, its name is that of the operand."""
        out: list[ir.Stmt] = []
        for s in block:
            here = {name for inner in ir.walk((s,)) for name in ir.targets(inner)}
            first = sorted(here & self.later.keys())
            if first and isinstance(s, ir.Assign):
                made = self.statement(replace(s, target=None), s)
                self._turn(first)
                out.append(replace(made, target=self.target(s.target)))
                continue
            for name in first:
                out.append(ir.Assign(self.later[name].name, self.env[name], self.loc(s)))
            self._turn(first)
            out += self.block((s,))
        return tuple(out)

    def _turn(self, names: list[str]) -> None:
        for name in names:
            self.env[name] = self.later.pop(name)

    def block(self, block: ir.Block) -> ir.Block:
        out: list[ir.Stmt] = []
        for s in block:
            if isinstance(s, ir.If) and id(s) in self.call.decided:
                out += self.block(s.body if self.call.decided[id(s)] else s.orelse)
            else:
                out.append(self.statement(s))
        return tuple(out)

    def loc(self, s: ir.Stmt) -> ir.Loc | None:
        old = s.loc
        if old is None or not self.entered:
            return old
        known = self.locs.get(id(old))
        if known is None:
            new = replace(old, entered=self.entered + old.entered)
            known = self.locs[id(old)] = old, new
        return known[1]

    def statement(self, s: ir.Stmt, known: ir.Stmt | None = None) -> ir.Stmt:
        """A new statement always; `known` is the one that was noted, where `s` is a variant."""

        def e(value: Any) -> Any:
            return _renamed(value, self.env)

        if isinstance(s, ir.Assign):
            value = self.call.values.get(id(s if known is None else known), s.value)
            return ir.Assign(self.target(s.target), e(value), self.loc(s))
        s = replace(s, loc=self.loc(s))
        if isinstance(s, ir.If):
            body, orelse = self.block(s.body), self.block(s.orelse)
            return replace(s, test=e(s.test), body=body, orelse=orelse)
        if isinstance(s, ir.For):
            target: Any = self.target(s.target)
            body = self.block(s.body)
            return replace(s, target=target, iter=e(s.iter), body=body, exit=self.target(s.exit))
        if isinstance(s, ir.While):
            test_body, body = self.block(s.test_body), self.block(s.body)
            test, exit_ = e(s.test), self.target(s.exit)
            return replace(s, test_body=test_body, test=test, body=body, exit=exit_)
        assert isinstance(s, ir.Raise)
        return replace(s, exc=e(s.exc), cause=e(s.cause))

    def target(self, target: Any) -> Any:
        if isinstance(target, tuple):
            return tuple(map(self.target, target))
        return None if target is None else self.env[target].name


def _renamed(value: Any, env: Mapping[str, Any]) -> Any:
    if type(value) is ir.Var:
        return env.get(value.name, value)
    if type(value) is ir.Lit:
        return value
    if isinstance(value, ir.Star):
        return ir.Star(_renamed(value.value, env))
    if isinstance(value, ir.Op):
        return ir.Op(value.name, tuple(_renamed(a, env) for a in value.args))
    if isinstance(value, ir.Call):
        args = tuple(_renamed(a, env) for a in value.args)
        kwargs = tuple((name, _renamed(a, env)) for name, a in value.kwargs)
        return ir.Call(_renamed(value.func, env), args, kwargs)
    assert not isinstance(value, ir.Closure)
    return value


def _names_of(s: ir.Stmt) -> set[str]:
    """The variables of a statement itself, and the globals that it reads."""
    found = {*ir.targets(s), *ir.reads(s)}
    if isinstance(s, ir.Assign) and isinstance(s.value, (ir.Global, ir.Free)):
        found.add(s.value.name)
    return found


# --- methods that were looked up for a call ---------------------------------------------------


def _without_lookups(function: ir.Function, names: set[str]) -> ir.Function:
    """Drop ``t_1 = x.method`` where only calls read it that are gone.

    To look up a method has no effect where it is known which one it is.
    """
    for s in ir.walk(function.body):
        names.difference_update(ir.reads(s))
    names.difference_update(variables(function.result))

    def clean(block: ir.Block) -> ir.Block:
        out: list[ir.Stmt] = []
        for s in block:
            if isinstance(s, ir.If):
                s = replace(s, body=clean(s.body), orelse=clean(s.orelse))
            elif isinstance(s, ir.For):
                s = replace(s, body=clean(s.body))
            elif isinstance(s, ir.While):
                s = replace(s, test_body=clean(s.test_body), body=clean(s.body))
            elif isinstance(s, ir.Assign) and s.target in names:
                if isinstance(s.value, ir.Op) and s.value.name == "getattr":
                    continue
            out.append(s)
        return tuple(out)

    return replace(function, body=clean(function.body)) if names else function


# --- what may be spliced ----------------------------------------------------------------------


def is_surely_bound(function: ir.Function) -> bool:
    """Whether no variable can be read before it is assigned.

    In a caller's loop it would then still have the value that the call before left in it.
    """
    return not unbound_reads(function)


def unbound_reads(function: ir.Function) -> set[int]:
    """The ids of the statements that may read an unbound variable.

    That of the function stands for what it returns.
    """
    search = _Unbound()
    bound = search.after(function.body, frozenset(p.name for p in function.params))
    search.require(function, function.result, bound)
    return search.found


class _Unbound:
    """Follows which variables are bound; None stands for a place that is not reached."""

    def __init__(self) -> None:
        self.found: set[int] = set()

    def require(self, s: Any, value: Any, bound: frozenset[str] | None) -> None:
        if bound is not None and not bound.issuperset(variables(value)):
            self.found.add(id(s))

    def after(self, block: ir.Block, bound: frozenset[str] | None) -> frozenset[str] | None:
        """What is bound after a block."""
        for s in block:
            if isinstance(s, ir.Assign):
                self.require(s, s.value, bound)
                bound = None if bound is None else bound.union(ir.targets(s))
            elif isinstance(s, ir.If):
                self.require(s, s.test, bound)
                one, other = self.after(s.body, bound), self.after(s.orelse, bound)
                bound = other if one is None else one if other is None else one & other
            elif isinstance(s, ir.For):
                self.require(s, s.iter, bound)
                inner = self.after(s.body, None if bound is None else bound.union(ir.targets(s)))
                self.require(s, None if s.exit is None else ir.Var(s.exit), inner)
            elif isinstance(s, ir.While):
                bound = self.after(s.test_body, bound)
                self.require(s, s.test, bound)
                inner = self.after(s.body, bound)
                self.require(s, None if s.exit is None else ir.Var(s.exit), inner)
            elif isinstance(s, ir.Raise):
                self.require(s, s.exc, bound)
                self.require(s, s.cause, bound)
                bound = None
        return bound
