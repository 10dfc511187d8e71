"""Which variables may reach the same object, which objects are written to, and what is stored.

A flow-insensitive alias analysis: union-find over variables, where a container and its contents are
one class. `HEAP` stands for everything outside of the function. Only variables that may reach
something mutable (`Effects.non_atomic`) have a class worth asking for.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dpy.kinds import (
    BOTTOM,
    UNKNOWN,
    Array,
    Dict,
    Kind,
    List,
    Object,
    Tuple,
    is_atomic,
    join,
)
from dpy.transform import ir
from dpy.transform.infer.facts import HEAP, KEYS, OPEN
from dpy.transform.infer.kinds_of import storable

__all__ = ["Classes", "Effects"]


class Classes:
    """Union-find over variable names. The root of the heap's class is always `HEAP`.

    >>> classes = Classes()
    >>> classes.union("a", "b"), classes.union("b", "c"), classes.union("a", "c")
    (True, True, False)
    >>> classes.find("c") == classes.find("a"), classes.find("d")
    (True, 'd')
    """

    def __init__(self) -> None:
        self.parent: dict[str, str] = {}  # without the roots

    def find(self, a: str) -> str:
        """The name that stands for the class of `a`."""
        up = self.parent.get
        root = up(a)
        if root is None:
            return a
        above = up(root)
        if above is None:
            return root
        while above is not None:
            root, above = above, up(above)
        while a != root:  # the way is shorter the next time
            self.parent[a], a = root, self.parent[a]
        return root

    def union(self, a: str, b: str) -> bool:
        """Make one class of two; False if they were one already."""
        a, b = self.find(a), self.find(b)
        if a == b:
            return False
        if b == HEAP:
            a, b = b, a
        self.parent[b] = a
        return True


class Effects:
    """What the analysis has found so far; all of it only grows.

    Attributes:
        varied: variables that depend on what is differentiated (shared with the analysis).
        non_atomic: variables that may reach something mutable.
        written: variables through which an object is written to.
        assumed_written: those whose objects may be written to after the function has returned.
        stored_active: variables into whose objects active values are stored.
        by_runtime: variables whose cotangents the runtime handles.
        stores: what is stored, by variable and slot ("[]": any item of a list or dict).
        unknown_stores: variables into whose objects anything may be stored.
        reshaped: variables whose arrays may be given another shape (``a.shape = ...``).
        written_roots: the classes that were written to when the present pass began, and what they
            have grown to since.
        asked: what the present pass has asked, and the first answer that it was given.
        reads_heap: whether the function reads mutable objects from outside.
        reads_heap_surely: whether it does so itself, or in what cannot be inlined.
    """

    def __init__(self, varied: set[str]) -> None:
        self.varied = varied
        self.classes = Classes()
        self.find = self.classes.find
        self.non_atomic: set[str] = {HEAP}
        self.written: set[str] = set()
        self.assumed_written: set[str] = set()
        self.stored_active: set[str] = set()
        self.by_runtime: set[str] = set()
        self.stores: dict[tuple[str, str], Kind] = {}
        self.unknown_stores: set[str] = set()
        self.reshaped: set[str] = set()
        self.written_roots: set[str] = set()
        self.reads_heap = False
        self.reads_heap_surely = False
        self.asked: dict[tuple[str, ...], Any] = {}

    # --- aliases ------------------------------------------------------------------------------

    def alias(self, a: str, b: str) -> None:
        """These variables may reach the same object."""
        self.non_atomic.update((a, b))
        roots = self.find(a), self.find(b)
        if self.classes.union(*roots) and not self.written_roots.isdisjoint(roots):
            self.written_roots.update(roots)  # the class has one of them as its root from now on

    def alias_target(self, s: ir.Assign, name: str) -> None:
        """What the statement assigns may reach what `name` reaches."""
        if isinstance(s.target, str):
            self.alias(s.target, name)

    def alias_target_if(self, s: ir.Assign, atom: Any, kind: Kind) -> None:
        """The same for an operand, where something of this kind can be shared at all."""
        inner = atom.value if isinstance(atom, ir.Star) else atom
        if isinstance(inner, ir.Var) and not is_atomic(kind) and inner.name in self.non_atomic:
            self.alias_target(s, inner.name)

    def make_target(self, s: ir.Assign) -> None:
        """The statement makes something mutable, whatever else its class has."""
        if isinstance(s.target, str):
            self.non_atomic.add(s.target)

    # --- writes -------------------------------------------------------------------------------

    def write(self, target: Any, values: tuple[Any, ...], kinds: tuple[Kind, ...]) -> None:
        """`values` are written to the object of `target`."""
        name = _name(target)
        self.non_atomic.add(name)
        self.written.add(name)
        for value, kind in zip(values, kinds, strict=True):
            if isinstance(value, ir.Var):
                if self._ask("_is_varied", value.name):
                    self.stored_active.add(name)
                if not is_atomic(kind) and not isinstance(kind, Array):
                    self.alias(name, value.name)

    def store(self, owner: str, slot: str, kind: Kind) -> None:
        """A value of this kind is stored in a slot of `owner` ("[]": any item)."""
        key = (owner, slot)
        self.stores[key] = join(self.stores.get(key, BOTTOM), storable(kind))

    def array_kind(self, name: str, kind: Kind) -> Kind:
        """The kind of a variable's array, of which the shape is not known if it may be set."""
        if not self.reshaped or not isinstance(kind, Array):
            return kind
        root = self.find(name)
        return UNKNOWN if any(self.find(other) == root for other in self.reshaped) else kind

    def roots_written(self) -> frozenset[str]:
        """The classes that are, or may later be, written to."""
        return frozenset(map(self.find, self.written | self.assumed_written))

    # --- questions ----------------------------------------------------------------------------

    def begin_pass(self) -> None:
        """Go through the statements again: what is written to is fixed for the pass."""
        self.written_roots = set(self.roots_written())
        self.asked.clear()

    def answers_hold(self) -> bool:
        """Whether each question of the pass would get the same answer at its end.

        Everything only grows, the answers too: if the first of them is still right, all were.
        """
        self.written_roots = set(self.roots_written())
        return all(
            getattr(self, question)(*about) == answer
            for (question, *about), answer in self.asked.items()
        )

    def _ask(self, question: str, *about: str) -> Any:
        answer = getattr(self, question)(*about)
        self.asked.setdefault((question, *about), answer)
        return answer

    def is_written(self, atom: Any) -> bool:
        """Whether something writes to the object of an operand."""
        return bool(self._ask("_is_written", _name(atom)))

    def _is_written(self, name: str) -> bool:
        return self.find(name) in self.written_roots

    def _is_varied(self, name: str) -> bool:
        return name in self.varied

    def classes_of(self, atoms: Iterable[Any]) -> tuple[str, ...]:
        """A name for the class of each operand; those of one class have the same."""
        found: tuple[str, ...] = self._ask("_classes_of", *map(_name, atoms))
        return found

    def _classes_of(self, *names: str) -> tuple[str, ...]:
        first = {self.find(HEAP): HEAP}  # roots change when classes join
        return tuple([first.setdefault(self.find(name), name) for name in names])

    # --- reads after writes -------------------------------------------------------------------

    def slot_kind(self, owner: Any, slot: str, kind: Kind) -> Kind:
        """The kind read from a slot that held `kind` on entry."""
        return join(kind, self._ask("_stored", _name(owner), slot))

    def _stored(self, owner: str, slot: str) -> Kind:
        """The kind of what is stored in a slot; BOTTOM if nothing is."""
        root = self.find(owner)
        if self._has_unknown_stores(root):
            return UNKNOWN
        kind: Kind = BOTTOM
        for (name, stored), stored_kind in self.stores.items():
            if stored == slot and self.find(name) == root:
                kind = join(kind, stored_kind)
        return kind

    def kind_now(self, owner: Any, kind: Kind) -> Kind:
        """The kind of a value after all writes to its class; what is in it belongs to the class."""
        if is_atomic(kind) or isinstance(kind, Array):
            return kind
        if isinstance(kind, List):
            return List(self.slot_kind(owner, "[]", self.kind_now(owner, kind.item)))
        if isinstance(kind, Tuple):
            return Tuple(tuple(self.kind_now(owner, item) for item in kind.items))
        if isinstance(kind, (Object, Dict)):
            fields = {
                name: self.slot_kind(owner, name, self.kind_now(owner, k))
                for name, k in kind.fields
            }
            if isinstance(kind, Dict):
                fields = {n: self.slot_kind(owner, "[]", k) for n, k in fields.items()}
                if self.adds_slots(owner, fields):
                    return UNKNOWN
                return Dict(tuple(fields.items()))
            if self.adds_slots(owner, fields):
                fields[OPEN] = UNKNOWN
            return Object(kind.cls, tuple(fields.items()))
        return kind

    def adds_slots(self, owner: Any, fields: dict[str, Kind]) -> bool:
        """Whether the program may have given the object attributes that it did not have."""
        added: frozenset[str] | None = self._ask("_stored_slots", _name(owner))
        return added is None or not added <= fields.keys()

    def _stored_slots(self, owner: str) -> frozenset[str] | None:
        """The attributes that are stored in the objects of a class; None if any may be."""
        find = self.find
        root = find(owner)
        if self._has_unknown_stores(root):
            return None
        return frozenset(
            slot for name, slot in self.stores if slot not in ("[]", KEYS) and find(name) == root
        )

    def _has_unknown_stores(self, root: str) -> bool:
        find = self.find
        return any(find(name) == root for name in self.unknown_stores)

    # --- the whole ----------------------------------------------------------------------------

    def roots_active(self) -> set[str]:
        """The classes with active values in them."""
        find = self.find
        return {find(v) for v in self.stored_active} | {
            find(v) for v in self.varied & self.non_atomic
        }

    def spread_activity(self) -> bool:
        """Members of a written class share their activity; True if the heap takes part."""
        find = self.find
        roots, active = self.roots_written(), self.roots_active()
        reaches_heap = False
        for name in self.non_atomic:
            root = find(name)
            if root in roots and root in active:
                if name == HEAP:
                    reaches_heap = True
                else:
                    self.varied.add(name)
        return reaches_heap

    def snapshot(self) -> tuple[Any, ...]:
        """All but the varied variables: equal when nothing has been found since.

        A class of one says nothing, and a variable is one from its assignment on.
        """
        roots = [(v, self.find(v)) for v in self.non_atomic]
        classes = frozenset(pair for pair in roots if pair[0] != pair[1])
        return (
            classes, self.roots_written(), frozenset(self.stores.items()),
            frozenset(self.unknown_stores), frozenset(self.reshaped),
            frozenset(self.stored_active), frozenset(self.by_runtime),
        )  # fmt: skip


def _name(atom: Any) -> str:
    """The variable that an operand is; others are taken to be of the heap."""
    return atom.name if isinstance(atom, ir.Var) else HEAP
