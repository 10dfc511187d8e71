"""Which arrays certainly have the same shape, so that nothing was broadcast between them."""

from __future__ import annotations

from typing import Any

from dpy.kinds import Array, is_number
from dpy.transform import ir
from dpy.transform.adjoint.survey import form_of
from dpy.transform.infer import Facts
from dpy.transform.versions import Version, Versions

__all__ = ["Shapes"]


class Shapes:
    """The definition whose shape each definition of a variable has, where that is known."""

    def __init__(self, facts: Facts, versions: Versions) -> None:
        self.facts = facts
        self.versions = versions
        self._like: dict[Version, Version] | None = None

    def has_shape_of_result(self, s: ir.Assign, atom: ir.Var) -> bool:
        """Whether an operand certainly has the shape of the result of `s`."""
        if self._like is None:
            self._like = {}
            self._note_all(self._like)
        operand = self.versions.uses.get((id(s), atom.name))
        result = self.versions.definitions.get((id(s), str(s.target)))
        if operand is None or result is None or result not in self._like:
            return False
        return self._like.get(operand, operand) is self._like[result]

    def _note_all(self, like: dict[Version, Version]) -> None:
        """Elementwise results have the shape of their array operands, where these have one."""
        for s in ir.walk(self.facts.function.body):
            if not isinstance(s, ir.Assign) or not self._keeps_shape(s):
                continue
            versions = [self.versions.uses.get((id(s), name)) for name in self._arrays(s)]
            found = {like.get(v, v) for v in versions if v is not None}
            if len(found) == 1 and None not in versions:
                like[self.versions.definitions[id(s), str(s.target)]] = found.pop()

    def _keeps_shape(self, s: ir.Assign) -> bool:
        if form_of(self.facts, s) not in ("elementwise", "copy"):
            return False
        return isinstance(self.facts.kinds.get(id(s)), Array) and s.target not in self.facts.written

    def _arrays(self, s: ir.Assign) -> list[Any]:
        """The operands that are no numbers, by name; none where one of them has no sure shape."""
        operands = self.facts.sites[id(s)].operands or (s.value,)
        arrays = [a for a in operands if not is_number(self.facts.kind(s, a))]
        names = [getattr(a, "name", None) for a in arrays]
        written = self.facts.written
        return [] if any(name is None or name in written for name in names) else names
