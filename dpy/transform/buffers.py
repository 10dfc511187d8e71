"""Find the arrays of a function whose cotangents can be local arrays of the reverse sweep.

An array that is made in this function and reached through its variable, views of it and nothing
else needs no accumulator: its cotangent is an array in a local variable, its *buffer*, and the
cotangent of a view is the same view of the buffer.

    u = np.zeros(n)          del d_u
    u[0] = a                 d_a = d_u[0]; d_u[0] = 0.0
    u[1:] += v               d_v = d_u[1:]
    y = np.sum(u[2:])        d_u = np.zeros(n); d_u[2:] += d_y

Anything else that may reach the array (a container, an object, a nested function, a callee of
unknown effect, an argument that shares its memory) leaves it to the accumulators.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from dpy.kinds import Array, Kind
from dpy.records import struct
from dpy.transform import ir
from dpy.transform.ir import variables
from dpy.transform.versions import Names, Versions

__all__ = ["Member", "analysed", "find_buffers", "hidden_reads", "self_updates"]

_FRESH = frozenset(("rule", "elementwise", "inert", "array_read", "callee"))
"""Forms of statements that may make an array."""


@struct
class Member:
    """A variable through which the function reaches an array that has a buffer.

    Attributes:
        owner: the variable that the array was assigned to when it was made.
        made: the statement that assigns the variable.
        parent: what it is a view of, or another name for; None for the owner.
        index: the atom that indexes the parent; None where it is all of it.
    """

    owner: str
    made: ir.Assign
    parent: str | None = None
    index: Any = None


def self_updates(block: ir.Block) -> frozenset[int]:
    """Ids of the in-place operations that assign an array to the variable that held it.

    ``u += v`` is ``u = iadd(u, v)``; for arrays it leaves the variable as it was.
    """
    return frozenset(
        id(s)
        for s in ir.walk(block)
        if isinstance(s, ir.Assign) and isinstance(s.value, ir.Op)
        and s.value.args and type(s.value.args[0]) is ir.Var and s.value.args[0].name == s.target
    )  # fmt: skip


def hidden_reads(sites: dict[int, Any]) -> dict[int, list[str]]:
    """What statements read though it stands in their site only: the owner of a bound method."""
    return {
        key: [a.name for a in (*site.operands, *site.binding.values()) if isinstance(a, ir.Var)]
        for key, site in sites.items()
    }


def find_buffers(
    facts: Any, find: Callable[[str], str], members: dict[str, set[str]]
) -> tuple[dict[str, Member], set[int]]:
    """The members of all classes with buffers, by name; and writes of a value where it is.

    `members`: by root (of `find`), the names of the classes that are written to and that nothing
    outside of the function shares. The second result holds ids of statements like the last of
    the three for ``u[i] += v``: ``t = u[i]; t = iadd(t, v); u[i] = t``.
    """
    search = _Search(facts, find, members)
    return search.run()


class _Search:
    def __init__(
        self, facts: Any, find: Callable[[str], str], members: dict[str, set[str]]
    ) -> None:
        self.facts = facts
        self.find = find
        self.members = members
        self.statements = list(analysed(facts.function.body, facts.decided))
        self.versions = Versions(
            facts.function, Names(set()), hidden_reads(facts.sites), facts.self_updates
        )
        self.made: dict[str, list[ir.Assign]] = {}
        self.refused: set[str] = set()

    def run(self) -> tuple[dict[str, Member], set[int]]:
        for s in self.statements:
            if isinstance(s, ir.Assign) and isinstance(s.target, str):
                if id(s) not in self.facts.self_updates or self._form(s) != "update":
                    self.made.setdefault(s.target, []).append(s)
        at_place = {id(s) for s in self.statements if self._is_self_write(s)}
        for s in self.statements:
            self._look(s)
        self._look_at_result()
        found: dict[str, Member] = {}
        for root, names in self.members.items():
            if root not in self.refused:
                found.update(self._class(names) or {})
        return found, at_place

    def _form(self, s: ir.Stmt) -> str:
        site = self.facts.sites.get(id(s))
        return site.form if site is not None else "inert"

    def _refuse(self, name: str) -> None:
        self.refused.add(self.find(name))

    # --- uses ---------------------------------------------------------------------------------

    def _look(self, s: ir.Stmt) -> None:
        """Refuse the classes that a statement uses in a way that buffers do not allow."""
        if isinstance(s, ir.Assign):
            allowed = self._allowed(s)
            site = self.facts.sites.get(id(s))
            read = set(variables(s.value))
            if site is not None:
                read |= {a.name for a in site.operands if isinstance(a, ir.Var)}
            for name in read - allowed:
                self._refuse(name)
            if not isinstance(s.target, (str, type(None))):
                for name in s.target:
                    self._refuse(name)
        elif isinstance(s, ir.For):
            for name in (*variables(s.iter), *((s.target,) if isinstance(s.target, str) else ())):
                self._refuse(name)
        elif isinstance(s, ir.Raise):
            for name in (*variables(s.exc), *variables(s.cause)):
                self._refuse(name)

    def _allowed(self, s: ir.Assign) -> set[str]:
        """The variables that a statement reads as buffers allow."""
        site = self.facts.sites.get(id(s))
        form = self._form(s)
        args = s.value.args if isinstance(s.value, ir.Op) else ()
        if form == "array_read":
            return set(variables(args[0]))
        if form == "array_write":
            return {*variables(args[0]), *variables(args[2])}
        if form in ("update", "elementwise", "copy"):
            return set(variables(s.value))
        if form in ("rule", "inert"):
            target = self.find(s.target) if isinstance(s.target, str) else None
            read = set(variables(s.value))
            if site is not None:
                read |= {a.name for a in site.operands if isinstance(a, ir.Var)}
            return {name for name in read if self.find(name) != target}
        return set()

    def _look_at_result(self) -> None:
        result = self.facts.function.result
        if not isinstance(result, ir.Var):
            return
        made = self.made.get(result.name, [])
        last = self.versions.root.end.get(result.name)
        if len(made) != 1 or last is not self.versions.definitions.get((id(made[0]), result.name)):
            self._refuse(result.name)
        elif self._form(made[0]) == "copy" or self._is_view(made[0]):
            self._refuse(result.name)

    # --- classes --------------------------------------------------------------------------------

    def _class(self, names: set[str]) -> dict[str, Member] | None:
        found: dict[str, Member] = {}
        owner: str | None = None
        for name in names:
            made = self.made.get(name, [])
            if len(made) != 1 or not _is_float_array(self.facts.kinds.get(id(made[0]))):
                return None
            s = made[0]
            if not self._always_sees(name, s):
                return None
            value: Any = s.value
            if self._is_view(s):
                found[name] = Member("", s, value.args[0].name, value.args[1])
            elif self._form(s) == "update":
                found[name] = Member("", s, value.args[0].name)
            elif self._form(s) == "copy":
                found[name] = Member("", s, value.name)
            elif self._form(s) in _FRESH and owner is None and self.facts.kinds[id(s)].ndim:
                found[name] = Member(name, s)
                owner = name
            else:
                return None
        if owner is None or any(m.parent not in (None, *names) for m in found.values()):
            return None
        for member in found.values():
            member.owner = owner
        return found

    def _is_view(self, s: ir.Assign) -> bool:
        return self._form(s) == "array_read" and self.facts.sites[id(s)].slot == "view"

    def _always_sees(self, name: str, made: ir.Assign) -> bool:
        """Whether every read of a variable finds what `made` has assigned."""
        wanted = self.versions.definitions[id(made), name]
        return all(
            version is wanted
            for (_, read), version in self.versions.uses.items()
            if read == name
        )  # fmt: skip

    # --- writes of a value where it is ----------------------------------------------------------

    def _is_self_write(self, s: ir.Stmt) -> bool:
        """Whether `s` writes what an in-place operation on a view has left in the view."""
        if not isinstance(s, ir.Assign) or self._form(s) != "array_write":
            return False
        array, index, value = s.value.args  # type: ignore[union-attr]
        updated = self._maker(s, value, "update")
        if updated is None:
            return False
        read = self._maker(updated, updated.value.args[0], "array_read")
        if read is None or self.facts.sites[id(read)].slot != "view":
            return False
        source, place = read.value.args
        return self._is_same(s, array, read, source) and self._is_same(s, index, read, place)

    def _maker(self, s: ir.Assign, atom: Any, form: str) -> Any:
        """The statement of this form whose result `s` reads."""
        if not isinstance(atom, ir.Var):
            return None
        version = self.versions.uses.get((id(s), atom.name))
        made = version.birth[1] if version is not None and version.birth[0] == "after" else None
        return made if isinstance(made, ir.Assign) and self._form(made) == form else None

    def _is_same(self, s: ir.Assign, a: Any, t: ir.Assign, b: Any) -> bool:
        if not isinstance(a, ir.Var) or not isinstance(b, ir.Var):
            return bool(a == b)
        one, other = (self.versions.uses.get((id(x), v.name)) for x, v in ((s, a), (t, b)))
        return one is not None and one is other


def analysed(block: ir.Block, decided: dict[int, bool]) -> Iterator[ir.Stmt]:
    """All statements but those of branches that are never taken."""
    for s in block:
        yield s
        if isinstance(s, ir.If):
            taken = decided.get(id(s))
            if taken is not False:
                yield from analysed(s.body, decided)
            if taken is not True:
                yield from analysed(s.orelse, decided)
        elif isinstance(s, ir.For):
            yield from analysed(s.body, decided)
        elif isinstance(s, ir.While):
            yield from analysed(s.test_body, decided)
            yield from analysed(s.body, decided)


def _is_float_array(kind: Kind | None) -> bool:
    return isinstance(kind, Array) and kind.dtype.kind in "fc"
