"""Find the bound methods that are only called, while what they are bound to is still the same.

For these, and no others, ``m = x.sum`` and ``m()`` may be taken as ``np.ndarray.sum(x)``: a method
that is stored, passed on or called after ``x`` has been rebound carries `x` with it, as a value.
"""

from __future__ import annotations

from collections import Counter

from dpy.transform import ir

__all__ = ["direct_methods"]


def direct_methods(function: ir.Function) -> set[int]:
    """The ids of the ``getattr`` statements whose value is only called, with the same owner."""
    return _Search(function).found


class _Search:
    def __init__(self, function: ir.Function) -> None:
        self.assigned: Counter[str] = Counter(p.name for p in function.params)
        self.in_loop: set[str] = set()
        self.reads: Counter[str] = Counter(ir.variables(function.result))
        self.calls: dict[str, list[tuple[ir.Block, int]]] = {}
        self.bound: list[tuple[ir.Assign, ir.Block, int]] = []
        self._visit(function.body, False)
        self.found = {id(s) for s, block, i in self.bound if self._is_direct(s, block, i)}

    def _visit(self, block: ir.Block, in_loop: bool) -> None:
        for i, s in enumerate(block):
            for name in ir.targets(s):
                self.assigned[name] += 1
                if in_loop or isinstance(s, ir.For):
                    self.in_loop.add(name)
            for name in ir.reads(s):
                self.reads[name] += 1
            if isinstance(s, ir.Assign):
                value = s.value
                if isinstance(value, ir.Call) and isinstance(value.func, ir.Var):
                    self.calls.setdefault(value.func.name, []).append((block, i))
                if isinstance(value, ir.Op) and value.name == "getattr":
                    self.bound.append((s, block, i))
            for inner in ir.blocks_of(s):
                self._visit(inner, in_loop or isinstance(s, (ir.For, ir.While)))

    def _is_direct(self, s: ir.Assign, block: ir.Block, i: int) -> bool:
        target = s.target
        if not isinstance(target, str) or self.assigned[target] != 1:
            return False
        calls = self.calls.get(target, [])
        if self.reads[target] != len(calls):
            return False  # read otherwise: stored, compared, passed on
        assert isinstance(s.value, ir.Op)
        owner = s.value.args[0]
        if not isinstance(owner, ir.Var):
            return True
        if self.assigned[owner.name] == 1 and owner.name not in self.in_loop:
            return True
        return all(
            where is block and i < j and owner.name not in _assigned(block[i + 1 : j])
            for where, j in calls
        )


def _assigned(block: ir.Block) -> set[str]:
    return {name for s in ir.walk(block) for name in ir.targets(s)}
