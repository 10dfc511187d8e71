"""What functions of the corpus are registered with, and what they may leave traces in."""

import copy
from collections.abc import Callable
from typing import Any, NamedTuple


class Case(NamedTuple):
    """A function and the argument tuples to call it with."""

    function: Any
    calls: tuple[tuple[Any, ...], ...]


CASES: list[Case] = []
LOG: list[str] = []


def calls(*arguments: Any) -> Callable[[Any], Any]:
    """Register a function; an argument that is no tuple stands for a call with it alone."""

    def register(function: Any) -> Any:
        tuples = tuple(a if isinstance(a, tuple) else (a,) for a in arguments)
        CASES.append(Case(function, tuples))
        return function

    return register


def note(text: Any, value: Any = None) -> Any:
    """Write to the log and hand on a value."""
    LOG.append(str(text))
    return value


class Probe:
    """Logs every operation on it, tests of its truth included."""

    def __init__(self, name: str, truth: bool = True) -> None:
        self.__dict__.update(name=name, truth=truth)

    def __deepcopy__(self, memo: Any) -> "Probe":
        return Probe(self.name, self.truth)

    def __repr__(self) -> str:
        return f"Probe({self.name})"

    def __bool__(self) -> bool:
        note(f"bool {self.name}")
        return self.truth

    def __eq__(self, other: object) -> Any:
        return self._op("eq", other)

    __hash__ = object.__hash__

    def _op(self, name: str, *others: Any) -> "Probe":
        note(f"{name} {self.name} {others}")
        return Probe(f"{name}({self.name})", self.truth)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._op(f"get {name}")

    def __setattr__(self, name: str, value: Any) -> None:
        self._op(f"set {name}", value)

    def __delattr__(self, name: str) -> None:
        self._op(f"del {name}")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._op("call", args, kwargs)

    def __setitem__(self, key: Any, value: Any) -> None:
        self._op("setitem", key, value)

    def __delitem__(self, key: Any) -> None:
        self._op("delitem", key)

    def __contains__(self, key: Any) -> bool:
        self._op("contains", key)
        return self.truth


def _install(name: str) -> None:
    def method(self: Any, *others: Any) -> Any:
        return self._op(name, *others)

    setattr(Probe, f"__{name}__", method)


for _name in (
    "add radd sub mul truediv floordiv mod pow matmul and or xor lshift rshift neg pos invert "
    "lt le gt ge ne getitem iadd imul"
).split():
    _install(_name)


def fresh(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """Arguments that a call may change."""
    return copy.deepcopy(arguments)
