"""The instructions of a function, without those that only serve the interpreter."""

from __future__ import annotations

import dis
import types
from typing import Any

from dpy.records import record

__all__ = ["Step", "Unreadable", "read_steps"]

_SKIPPED = frozenset({
    "CACHE", "RESUME", "NOP", "PRECALL", "EXTENDED_ARG", "COPY_FREE_VARS", "TO_BOOL", "MAKE_CELL",
})  # fmt: skip
_SUSPENDS = 0x20 | 0x80 | 0x100 | 0x200  # generators and coroutines


class Unreadable(Exception):
    """The code has something that is not read here."""


@record
class Step:
    """An instruction; `target` is the number of the step that it may jump to."""

    name: str
    arg: Any
    value: Any
    target: int | None
    line: int


def read_steps(code: types.CodeType) -> list[Step]:
    """All steps of a function; `Unreadable` if it handles exceptions or suspends."""
    if code.co_exceptiontable or code.co_flags & _SUSPENDS:
        raise Unreadable  # a handler, a generator, a coroutine
    found = [i for i in dis.get_instructions(code) if i.opname not in _SKIPPED]
    places = {i.offset: k for k, i in enumerate(found)}
    starts = sorted(places)
    steps = []
    for i in found:
        target = None
        if "JUMP" in i.opname or i.opname == "FOR_ITER":
            # A jump may lead to an instruction that is skipped.
            target = next((places[o] for o in starts if o >= i.argval), len(found))
        value = code.co_consts[i.arg or 0] if i.opname == "KW_NAMES" else i.argval
        line = i.positions.lineno if i.positions is not None else None
        steps.append(Step(i.opname, i.arg, None if target is not None else value, target,
                           line or code.co_firstlineno))  # fmt: skip
    return steps
