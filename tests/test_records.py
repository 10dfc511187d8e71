"""Records behave like dataclasses with slots (frozen ones, if sealed), structs like others."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from typing import Any

import pytest

from dpy.records import made_by, record, replace, same_fields, sealed, struct


class Base:
    __slots__ = ()

    def twice(self) -> Any:
        return 2 * self.a  # type: ignore[attr-defined]


@record
class Record(Base):
    """A record."""

    a: int
    b: tuple[int, ...] = ()
    c: str = "c"

    @property
    def length(self) -> int:
        return len(self.b)


@dataclasses.dataclass(frozen=True, slots=True)
class Twin(Base):
    """A dataclass."""

    a: int
    b: tuple[int, ...] = ()
    c: str = "c"


@sealed
@record
class Sealed:
    a: int
    b: int = 0


@record
class Empty:
    """Without fields."""


@record
class ByName:
    """With a comparison of its own."""

    name: str
    other: Any = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ByName) and self.name == other.name

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f"<{self.name}>"


@record
class ByIdentity:
    """Compared by identity."""

    name: str

    __eq__ = object.__eq__
    __hash__ = object.__hash__


@struct
class Struct:
    """Mutable."""

    name: str
    items: list[int] = made_by(default_factory=list)
    count: int = 0

    def add(self, item: int) -> None:
        self.items.append(item)
        self.count += 1


@pytest.mark.parametrize("args", [(1,), (1, (2, 3)), (1, (2,), "x")])
def test_as_a_dataclass(args: Any) -> None:
    one, twin = Record(*args), Twin(*args)
    assert repr(one) == repr(twin).replace("Twin", "Record")
    assert hash(one) == hash(twin)
    assert one == Record(*args) and one != Record(7) and one != twin
    assert [f.name for f in dataclasses.fields(one)] == ["a", "b", "c"]
    assert dataclasses.asdict(one) == dataclasses.asdict(twin)
    assert dataclasses.replace(one, b=(9,)) == Record(args[0], (9,), one.c)
    assert one.twice() == 2 * args[0]
    assert one.length == len(one.b)
    assert type(copy.deepcopy(one)) is Record and copy.deepcopy(one) == one
    assert pickle.loads(pickle.dumps(one)) == one


def test_keywords_and_wrong_arguments() -> None:
    assert Record(c="x", a=1) == Record(1, (), "x")
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'a'"):
        Record()  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        Record(1, (), "c", 4)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        dataclasses.replace(Record(1), d=4)  # type: ignore[type-var]


def test_sealed_and_slotted() -> None:
    one: Any = Sealed(1)
    with pytest.raises(dataclasses.FrozenInstanceError, match="'a'"):
        one.a = 2
    with pytest.raises(dataclasses.FrozenInstanceError, match="'a'"):
        del one.a
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.z = 1
    assert not hasattr(one, "__dict__") and not hasattr(Record(1), "__dict__")
    assert one.a == 1 and one == Sealed(1, 0) == replace(Sealed(2), a=1)
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'a'"):
        Sealed()  # type: ignore[call-arg]


def test_match() -> None:
    match Record(1, (2,)):
        case Record(a, b, c="c"):
            assert (a, b) == (1, (2,))
        case _:
            pytest.fail("no match")


def test_own_methods_stay() -> None:
    assert ByName("a", 1) == ByName("a", 2)
    assert hash(ByName("a")) == hash("a")
    assert repr(ByName("a")) == "<a>"


def test_without_fields() -> None:
    assert Empty() == Empty() and repr(Empty()) == "Empty()" and hash(Empty()) == hash(Empty())


def test_names() -> None:
    assert Record.__doc__ == "A record."
    assert Record.__module__ == __name__
    assert Record.__init__.__qualname__ == "Record.__init__"


def test_replace() -> None:
    one = Record(1, (2,), "x")
    assert replace(one, b=()) == Record(1, (), "x")
    assert replace(one) == one and replace(one) is not one
    with pytest.raises(TypeError, match="no field 'd'"):
        replace(one, d=4)


def test_nan_is_equal_to_itself() -> None:
    nan = float("nan")
    assert Record(nan) == Record(nan) and Record(nan) != Record(float("nan"))  # type: ignore[arg-type]
    assert ByName(nan) != ByName(nan)  # type: ignore[arg-type]


def test_by_identity() -> None:
    one = ByIdentity("a")
    assert one == one and one != ByIdentity("a") and len({one, ByIdentity("a")}) == 2


def test_structs() -> None:
    one, two = Struct("a"), Struct("a")
    one.add(3)
    assert one.items == [3] and one.count == 1 and two.items == [] and one != two
    assert repr(one) == "Struct(name='a', items=[3], count=1)"
    assert not same_fields(one, two) and same_fields(one, Struct("a", [3], 1))
    assert replace(one, name="b").items is one.items
    assert dataclasses.replace(two, name="b").name == "b"  # type: ignore[type-var]
    assert [f.name for f in dataclasses.fields(one)] == ["name", "items", "count"]  # type: ignore[arg-type]
    assert not hasattr(one, "__dict__") and len({one, two}) == 2
    with pytest.raises(AttributeError):
        one.other = 1  # type: ignore[attr-defined]
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'name'"):
        Struct()  # type: ignore[call-arg]
