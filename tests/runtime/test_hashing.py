"""Keys that are hashed and compared by methods of the user's."""

from __future__ import annotations

import enum
import fractions
import pathlib
from dataclasses import dataclass
from typing import Any

import pytest

from dpy.errors import MutationError
from dpy.runtime.hashing import check_key, check_keys


@dataclass(frozen=True)
class Point:
    x: Any


class Colour(enum.Enum):
    RED = 1


class Reading:
    def __init__(self, x: Any) -> None:
        self.x = x
        self.kept: Any = None

    def __hash__(self) -> int:
        return hash((self.x, 1))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reading) and self.x == other.x


class Keeping(Reading):
    def __hash__(self) -> int:
        if self.kept is None:
            self.kept = hash(self.x)
        return int(self.kept)

    __eq__ = Reading.__eq__


class Hashing(Reading):
    def __hash__(self) -> int:
        self.kept = [self.x]
        return 1

    __eq__ = Reading.__eq__


class Comparing(Reading):
    def __eq__(self, other: object) -> bool:
        self.kept = [1]
        return True

    __hash__ = Reading.__hash__


def test_keys_that_only_read() -> None:
    keys = [1.5, "a", (1, "b"), Point(1.5), Colour.RED, Reading(1), Keeping(1), None, object()]
    check_keys([*keys, fractions.Fraction(1, 2), pathlib.PurePosixPath("a"), frozenset({1})])


@pytest.mark.parametrize("key", [Hashing(1.5), Comparing(1.5), (1, Hashing(1.5))])
def test_keys_that_write(key: Any) -> None:
    with pytest.raises(MutationError, match="looked up"):
        check_key(key)


def test_a_class_that_changes_is_looked_at_again() -> None:
    class Changing(Reading):
        __hash__ = Reading.__hash__

    check_key(Changing(1))
    Changing.__hash__ = Hashing.__hash__  # type: ignore[method-assign]
    with pytest.raises(MutationError):
        check_key(Changing(1))
