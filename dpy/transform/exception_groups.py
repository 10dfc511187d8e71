"""What ``except*`` does with an exception: the steps between the clauses that a program wrote.

The names are those of CPython's own steps: an exception is split by each clause in turn, and what
the clauses raised is put together with what none of them wanted.
"""

from __future__ import annotations

from typing import Any

from dpy.transform.helpers import matches

__all__ = [
    "STEPS",
    "Clauses",
    "as_it_was",
    "begin",
    "failed",
    "left",
    "raised_again",
    "split",
]


def _classes(wanted: Any) -> tuple[type, ...]:
    return wanted if isinstance(wanted, tuple) else (wanted,)


class Clauses:
    """One exception on its way through the clauses of an ``except*``."""

    __slots__ = ("before", "caught", "raised", "rest")

    def __init__(self, caught: BaseException) -> None:
        self.caught = caught
        self.rest: BaseException | None = caught
        self.raised: list[BaseException] = []
        self.before: tuple[Any, Any] = (None, None)


def begin(caught: BaseException) -> Clauses:
    """An exception has been caught."""
    return Clauses(caught)


def split(clauses: Clauses, wanted: Any, call: Any = None) -> BaseException | None:
    """What a clause that wants these classes is given, if anything; the others get the rest.

    `call` calls the method ``split`` of a group, which may be the user's.
    """
    error = clauses.rest
    is_wanted = matches(clauses.caught if error is None else error, wanted)
    if any(issubclass(cls, BaseExceptionGroup) for cls in _classes(wanted)):
        raise TypeError("catching ExceptionGroup with except* is not allowed. Use except instead.")
    if error is None:
        return None
    if is_wanted:
        clauses.rest = None
        if isinstance(error, BaseExceptionGroup):
            return error
        return BaseExceptionGroup("", (error,))
    if isinstance(error, BaseExceptionGroup):
        found, clauses.rest = error.split(wanted) if call is None else call(error.split, wanted)
        return found
    return None


def raised_again(clauses: Clauses, error: BaseException) -> BaseException:
    """An exception that dpy raises in its clause, or after them: note how it was before."""
    clauses.before = error.__traceback__, error.__context__
    return error


def as_it_was(clauses: Clauses, error: BaseException) -> None:
    """Undo what raising an exception again has written into it."""
    error.__traceback__, error.__context__ = clauses.before


def failed(clauses: Clauses, error: BaseException) -> None:
    """A clause ended by an exception; the other clauses run all the same."""
    clauses.raised.append(error)


def left(clauses: Clauses, call: Any = None) -> BaseException | None:
    """What goes on after the clauses: what they raised, and what none of them wanted."""
    caught = clauses.caught
    found = clauses.raised if clauses.rest is None else [*clauses.raised, clauses.rest]
    if not found or not isinstance(caught, BaseExceptionGroup):
        return found[0] if found else None
    again = [error for error in found if _is_part_of(error, caught)]
    raised = [error for error in found if not _is_part_of(error, caught)]
    if again:
        subgroup, kept = BaseExceptionGroup.subgroup, _is_one_of(again)
        part = subgroup(caught, kept) if call is None else call(subgroup, caught, kept)
        if not raised:
            return part
        raised.append(part)
    return BaseExceptionGroup("", raised)


def _is_part_of(error: BaseException, caught: BaseException) -> bool:
    """Whether an exception comes from a split of the caught one: it was raised again."""
    return all(
        getattr(error, name) is getattr(caught, name)
        for name in ("__traceback__", "__cause__", "__context__")
    )


def _is_one_of(groups: list[BaseException]) -> Any:
    """The condition that an exception is one of those within these groups."""
    ids: set[int] = set()
    stack = list(groups)
    while stack:
        error = stack.pop()
        if isinstance(error, BaseExceptionGroup):
            stack.extend(error.exceptions)
        else:
            ids.add(id(error))
    return lambda error: id(error) in ids


#: The steps in which nothing of the user's runs.
STEPS = (begin, raised_again, as_it_was, failed)
