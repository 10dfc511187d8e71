"""Number the versions of every variable, and decide how the pullback gets at each of them.

A *version* is one definition of a variable: an assignment, the value at the head of a loop body,
or the merge after a branch or loop. A version belongs to the *scope* (function body or loop body)
in which it is born. The pullback reads versions of the function scope through its closure and
versions of a loop scope from the tuple that the loop saves per iteration.
"""

from __future__ import annotations

from itertools import chain
from typing import Any

from dpy.records import made_by, struct
from dpy.transform import ir
from dpy.transform.ir import variables

__all__ = ["Names", "Scope", "Version", "Versions"]


@struct
class Scope:
    """The function body (`loop` None) or the body of a loop."""

    loop: Any
    parent: Scope | None
    end: dict[str, Version] = made_by(default_factory=dict)
    residuals: dict[str, None] = made_by(default_factory=dict)
    start_inits: list[str] = made_by(default_factory=list)
    tape: str = ""


@struct
class Version:
    """One definition of a variable."""

    var: str
    scope: Scope
    birth: tuple[str, Any]
    is_conditional: bool = False
    is_maybe_unbound: bool = False
    name: str | None = None


class Names:
    """Fresh names that clash with nothing."""

    def __init__(self, taken: set[str]) -> None:
        self.taken = set(taken)
        self._next: dict[str, int] = {}

    def fresh(self, base: str) -> str:
        """`base` itself if free, else with underscores appended."""
        while base in self.taken:
            base += "_"
        self.taken.add(base)
        return base

    def numbered(self, base: str) -> str:
        """``base_0``, ``base_1``, ... : the first that is free."""
        n = self._next.get(base, 0)
        while f"{base}_{n}" in self.taken:
            n += 1
        self._next[base] = n + 1
        name = f"{base}_{n}"
        self.taken.add(name)
        return name


def assigned(
    block: ir.Block,
    same: frozenset[int] = frozenset(),
    inside: dict[int, dict[str, None]] | None = None,
) -> dict[str, None]:
    """Names assigned in a block, in order of first assignment; not by the statements `same`.

    `inside` remembers what is assigned in the blocks of inner statements, by their ids.
    """
    found: dict[str, None] = {}
    for s in block:
        if isinstance(s, (ir.Assign, ir.For)) and id(s) not in same:
            targets = s.target if isinstance(s.target, tuple) else (s.target,)
            for t in targets:
                if t is not None:
                    found[t] = None
        blocks = ir.blocks_of(s)
        if blocks:
            names = None if inside is None else inside.get(id(s))
            if names is None:
                names = assigned(tuple(chain.from_iterable(blocks)), same, inside)
                if inside is not None:
                    inside[id(s)] = names
            found.update(names)
    return found


class Versions:
    """Version numbering of one function."""

    def __init__(
        self,
        function: ir.Function,
        names: Names,
        hidden: dict[int, list[str]] | None = None,
        same: frozenset[int] = frozenset(),
    ) -> None:
        """`hidden`: by id of a statement, what it reads though its value does not name it.

        `same`: ids of statements that assign to a variable the object that it holds.
        """
        self.function = function
        self.same = same
        self.hidden = hidden or {}
        self.names = names
        self.root = Scope(None, None)
        self.uses: dict[tuple[int, str], Version] = {}
        self.definitions: dict[tuple[int, str], Version] = {}
        self.scopes: dict[int, Scope] = {}
        self.where: dict[int, tuple[Scope, bool]] = {}
        self.copies: dict[tuple[str, int], list[tuple[str, str]]] = {}
        self.claimed: dict[str, Version] = {}
        self._inside: dict[int, dict[str, None]] = {}
        counts: dict[str, int] = {p.name: 1 for p in function.params}
        for s in ir.walk(function.body):
            if isinstance(s, (ir.Assign, ir.For)) and id(s) not in same:
                for t in s.target if isinstance(s.target, tuple) else (s.target,):
                    if t is not None:
                        counts[t] = counts.get(t, 0) + 1
        self.counts = counts
        env = {p.name: Version(p.name, self.root, ("start", None)) for p in function.params}
        self.params = dict(env)
        self._block(function.body, env, self.root, False)
        self.root.end = env

    # --- numbering ----------------------------------------------------------------------------

    def _block(
        self, block: ir.Block, env: dict[str, Version], scope: Scope, conditional: bool
    ) -> None:
        for s in block:
            self.where[id(s)] = (scope, conditional)
            if isinstance(s, ir.Assign):
                self._use(s, s.value, env)
                for name in self.hidden.get(id(s), ()):
                    self._use(s, ir.Var(name), env)
                self._define(s, env, scope, conditional)
            elif isinstance(s, ir.If):
                self._use(s, s.test, env)
                other = dict(env)
                self._block(s.body, env, scope, True)
                self._block(s.orelse, other, scope, True)
                self._merge(s, env, other, scope, conditional)
            elif isinstance(s, ir.For):
                self._use(s, s.iter, env)
                targets = s.target if isinstance(s.target, tuple) else (s.target,)
                self._loop(s, (), s.body, dict.fromkeys(targets), env, scope, conditional)
            elif isinstance(s, ir.While):
                self._loop(s, s.test_body, s.body, {}, env, scope, conditional)

    def _use(self, s: ir.Stmt, value: Any, env: dict[str, Version]) -> None:
        for name in variables(value):
            if name in env:
                self.uses[id(s), name] = env[name]

    def _define(
        self, s: ir.Assign, env: dict[str, Version], scope: Scope, conditional: bool
    ) -> None:
        if id(s) in self.same:
            return
        for t in s.target if isinstance(s.target, tuple) else (s.target,):
            if t is not None:
                env[t] = self.definitions[id(s), t] = Version(t, scope, ("after", s), conditional)

    def _merge(
        self,
        s: ir.If,
        env: dict[str, Version],
        other: dict[str, Version],
        scope: Scope,
        conditional: bool,
    ) -> None:
        for name in assigned((*s.body, *s.orelse), self.same, self._inside):
            a, b = env.get(name), other.get(name)
            if a is not b:
                unbound = a is None or b is None or a.is_maybe_unbound or b.is_maybe_unbound
                env[name] = Version(name, scope, ("after", s), conditional, unbound)

    def _loop(
        self,
        s: Any,
        test_body: ir.Block,
        body: ir.Block,
        targets: dict[str, None],
        env: dict[str, Version],
        scope: Scope,
        conditional: bool,
    ) -> None:
        inner_scope = self.scopes[id(s)] = Scope(s, scope)
        inner = dict(env)
        changed = assigned((*test_body, *body), self.same, self._inside)
        for name in changed:
            unbound = name not in env or env[name].is_maybe_unbound
            inner[name] = Version(name, inner_scope, ("head", s), False, unbound)
        for name in targets:
            inner[name] = Version(name, inner_scope, ("head", s))
            self.definitions[id(s), name] = inner[name]
        self._block(test_body, inner, inner_scope, False)
        after_test = dict(inner)
        if isinstance(s, ir.While):
            self._use(s, s.test, inner)
        self._block(body, inner, inner_scope, False)
        inner_scope.end = inner
        for name in {**changed, **targets}:
            unbound = name not in env or env[name].is_maybe_unbound
            unbound = unbound and name not in assigned(test_body, self.same, self._inside)
            unbound = unbound and name in after_test
            env[name] = Version(name, scope, ("after", s), conditional, unbound)

    # --- residuals ----------------------------------------------------------------------------

    def residual(self, s: ir.Stmt, name: str) -> str:
        """The name under which the pullback finds the value that variable `name` has at `s`."""
        version = self.uses.get((id(s), name))
        if version is None:
            return name
        return self._name_of(version, s)

    def residual_after(self, s: ir.Stmt, name: str) -> str:
        """The same for the value that `s` assigns to `name`."""
        return self._name_of(self.definitions[id(s), name], s)

    def residual_at_start(self, name: str) -> str:
        """The name for the value that a parameter has on entry."""
        return self._name_of(self.params[name], None)

    def residual_at_end(self, name: str) -> str:
        """The name for the value that a variable has when the function returns."""
        version = self.root.end.get(name)
        if version is None:
            return name
        if version.name is None:
            if self.claimed.setdefault(name, version) is version:
                version.name = name
            else:
                version.name = self.names.numbered(name)
                self.copies.setdefault(("end", id(None)), []).append((version.name, name))
        return version.name

    def _name_of(self, version: Version, s: Any) -> str:
        if version.is_maybe_unbound:
            return self._copy_at_use(version, s)
        if version.name is None:
            version.name = self._claim(version)
            if version.scope.loop is not None:
                version.scope.residuals[version.name] = None
        return version.name

    def _claim(self, version: Version) -> str:
        var, scope = version.var, version.scope
        in_loop = scope.loop is not None
        single = self.counts.get(var, 0) == 1 and not (in_loop and version.is_conditional)
        is_last = scope.end.get(var) is version and not version.is_conditional
        if (single or is_last) and self.claimed.setdefault(var, version) is version:
            return var
        name = self.names.numbered(var)
        self.copies.setdefault(_key(version.birth), []).append((name, var))
        if in_loop and version.is_conditional:
            scope.start_inits.append(name)
        return name

    def _copy_at_use(self, version: Version, s: ir.Stmt) -> str:
        """A variable that may be unbound is copied where it is read: there it is bound."""
        scope, conditional = self.where[id(s)]
        name = self.names.numbered(version.var)
        self.copies.setdefault(("before", id(s)), []).append((name, version.var))
        if scope.loop is not None:
            scope.residuals[name] = None
            if conditional:
                scope.start_inits.append(name)
        return name

    def extra(self, s: ir.Stmt, base: str) -> str:
        """A fresh variable assigned once, at `s`, that the pullback reads."""
        scope, conditional = self.where[id(s)]
        name = self.names.numbered(base)
        if scope.loop is not None:
            scope.residuals[name] = None
            if conditional:
                scope.start_inits.append(name)
        return name


def _key(birth: tuple[str, Any]) -> tuple[str, int]:
    return (birth[0], id(birth[1]))
