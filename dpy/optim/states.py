"""The state of an optimiser: a tree with the names of the model, and a leaf for each array."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from dpy.errors import DpyError, DpyWarning
from dpy.functors import children, is_array, is_parameter, trainable
from dpy.optim.rule import GREEK, replaced
from dpy.slots import Slots

__all__ = [
    "Leaf",
    "State",
    "adjust",
    "freeze",
    "leaves_of",
    "rate_of",
    "refuse_overlaps",
    "setup",
    "thaw",
]


class Leaf:
    """What is known of one array: the rule, its state, and whether it is frozen.

    Arrays that stand at several places of a model have one leaf.
    """

    __slots__ = ("_rule", "apply", "frozen", "is_tied", "shape", "state", "step")

    def __init__(self, rule: Any, x: Any) -> None:
        self.rule = rule
        self.state = rule.init(x)
        self.shape = x.shape
        self.frozen = False
        self.is_tied = False

    @property
    def rule(self) -> Any:
        """The rule; its methods are looked up when it is set, not in each step."""
        return self._rule

    @rule.setter
    def rule(self, rule: Any) -> None:
        self._rule = rule
        self.apply = rule.apply
        self.step = getattr(rule, "step", None)

    def __reduce__(self) -> Any:
        return _leaf, (self.rule, self.state, self.shape, self.frozen, self.is_tied)

    def __repr__(self) -> str:
        frozen = ", frozen=True" if self.frozen else ""
        return f"Leaf({self.rule!r}, {self.state!r}{frozen})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Leaf):
            return NotImplemented
        same = self.rule == other.rule and self.frozen == other.frozen
        return same and _equal(self.state, other.state)

    __hash__ = None  # type: ignore[assignment]

    def __copy__(self) -> Leaf:
        """An independent one."""
        return _leaf(self.rule, copied(self.state), self.shape, self.frozen, self.is_tied)


def _leaf(rule: Any, state: Any, shape: Any, frozen: bool, is_tied: bool) -> Leaf:
    new: Leaf = object.__new__(Leaf)
    new.rule, new.state, new.shape = rule, state, shape
    new.frozen, new.is_tied = frozen, is_tied
    return new


def copied(x: Any) -> Any:
    """A copy of the state of a rule."""
    if is_array(x):
        return x.copy()
    if type(x) is tuple:
        return tuple(map(copied, x))
    return x if x is None or isinstance(x, (float, int)) else copy.deepcopy(x)


def _equal(a: Any, b: Any) -> bool:
    if is_array(a) or is_array(b):
        return is_array(a) and is_array(b) and a.dtype == b.dtype and np.array_equal(a, b)
    if isinstance(a, (tuple, list)):
        return type(a) is type(b) and len(a) == len(b) and all(map(_equal, a, b))
    return bool(a == b)


class State:
    """The states below one part of a model, by the names, positions or keys of the model.

    Every attribute is a part of the model; `copy.copy` gives an independent state.

    >>> from dpy.optim import Momentum
    >>> state = setup(Momentum(), {"w": np.zeros(1), "f": np.tanh})
    >>> state
    State({'w': Leaf(Momentum(eta=0.01, rho=0.9), array([0.])), 'f': ()})
    >>> state["w"].state, state["f"]
    (array([0.]), ())
    """

    __slots__ = ("_form_", "_live_", "_names_", "_reader_", "_slots_")

    def __init__(self, slots: Slots, form: str, names: tuple[str, ...] = ()) -> None:
        self._slots_ = slots
        self._form_ = form  # a bracket, or the name of a class
        self._names_ = names  # of the positions of a named tuple
        self._reader_: Any = None  # of `dpy.optim.reading`, when it has been written
        self._live_ = [(slot, value) for slot, value in slots.items() if value != ()]

    def __getitem__(self, slot: Any) -> Any:
        if isinstance(slot, int) and slot < 0 and (self._form_ in "[(" or self._names_):
            slot += len(self._slots_)
        return self._slots_[slot]

    def __getattr__(self, name: str) -> Any:
        if name in self._names_:
            return self._slots_[self._names_.index(name)]
        if not name.startswith("__") and self._form_ not in "[({" and name in self._slots_:
            return self._slots_[name]
        known = list(self._names_ or self._slots_)
        raise AttributeError(f"this state has no part {name!r}; it has {known}")

    def __iter__(self) -> Iterator[Any]:
        return iter(self._slots_ if self._form_ == "{" else self._slots_.values())

    def __len__(self) -> int:
        return len(self._slots_)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, State):
            return NotImplemented
        return self._form_ == other._form_ and self._slots_ == other._slots_

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        if self._form_ == "{":
            inside = ", ".join(f"{k!r}: {v!r}" for k, v in self._slots_.items())
            return f"State({{{inside}}})"
        if self._form_ in "[(":
            inside = ", ".join(map(repr, self._slots_.values()))
            return f"State([{inside}])" if self._form_ == "[" else f"State(({inside}))"
        named = zip(self._names_ or self._slots_, self._slots_.values(), strict=True)
        inside = ", ".join(f"{k}={v!r}" for k, v in named)
        return f"{self._form_}({inside})"

    def __reduce__(self) -> Any:
        return State, (self._slots_, self._form_, self._names_)

    def __copy__(self) -> State:
        """An independent one, in which tied arrays have one leaf as well."""
        copied_: State = _copied_tree(self, {})
        return copied_


def _copied_tree(node: Any, done: dict[int, Any]) -> Any:
    found = done.get(id(node))
    if found is not None:
        return found
    if type(node) is Leaf:
        found = copy.copy(node)
    else:
        slots = {slot: v if v == () else _copied_tree(v, done) for slot, v in node._slots_.items()}
        found = State(slots, node._form_, node._names_)
    done[id(node)] = found
    return found


# --- making one -----------------------------------------------------------------------------------


def setup(rule: Any, model: Any) -> Any:
    """The first state of an optimiser for a model.

    Args:
        rule: `Adam()` or another rule, or anything with the methods ``init`` and ``apply``.
        model: any structure. What is trained is what `dpy.trainables` lists.

    Returns:
        A tree with the names of the model. Parts without parameters are ``()``.

    Raises:
        DpyError: two parameters are different arrays in the same memory.

    >>> from dpy.optim import Descent
    >>> setup(Descent(), [np.zeros(2), "text"])
    State([Leaf(Descent(eta=0.1), None), ()])
    """
    if isinstance(rule, type):
        rule = rule()
    found: dict[int, tuple[Any, Any]] = {}
    arrays: dict[int, tuple[Any, Leaf]] = {}
    tree = _tree(rule, model, found, arrays)
    if not arrays:
        warnings.warn(
            DpyWarning(
                "setup: this model has no parameters, there is nothing to train "
                "(arrays of floats are trained, Python's numbers are not)"
            ),
            stacklevel=2,
        )
    refuse_overlaps([array for array, _ in arrays.values()])
    return tree


def _tree(rule: Any, x: Any, found: dict[int, Any], arrays: dict[int, Any]) -> Any:
    if is_array(x):
        if not is_parameter(x):
            return ()
        if id(x) in arrays:
            arrays[id(x)][1].is_tied = True
        else:
            arrays[id(x)] = x, Leaf(rule, x)
        return arrays[id(x)][1]
    slots = children(x)
    if slots is None or id(x) in found:
        return () if slots is None else _again(found[id(x)][1])
    found[id(x)] = x, ()  # what refers back to a part that contains it adds nothing
    trained = trainable(x)
    inner = {
        slot: _tree(rule, value, found, arrays) if slot in trained else ()
        for slot, value in slots.items()
    }
    if all(value == () for value in inner.values()):
        tree: Any = ()
    else:
        tree = State(inner, _form(x), getattr(x, "_fields", ()) if isinstance(x, tuple) else ())
    found[id(x)] = x, tree
    return tree


def _again(node: Any) -> Any:
    """A part of the model that stands at another place too."""
    for leaf in leaves_of(node):
        leaf.is_tied = True
    return node


def _form(x: Any) -> str:
    if isinstance(x, dict):
        return "{"
    if isinstance(x, tuple) and not hasattr(x, "_fields"):
        return "("
    return "[" if isinstance(x, list) else type(x).__name__


def refuse_overlaps(arrays: list[Any]) -> None:
    """Raise where two arrays share memory: a step would move it twice."""
    plain = [a for a in arrays if isinstance(a, np.ndarray) and a.size]
    plain.sort(key=_bounds)
    open_: list[Any] = []  # those that may reach into the next
    for array in plain:
        start = _bounds(array)[0]
        open_ = [a for a in open_ if _bounds(a)[1] > start]
        for other in open_:
            if np.shares_memory(array, other):
                raise _same_memory(array, other)
        open_.append(array)


def _bounds(array: Any) -> tuple[int, int]:
    return np.lib.array_utils.byte_bounds(array)


def _same_memory(a: Any, b: Any) -> DpyError:
    return DpyError(
        f"two parameters, of shapes {b.shape} and {a.shape}, are views of the same memory",
        why="a step in place would move these numbers twice, another would part them",
        repair="hold one array in both places, and take the view (W.T) where it is used",
    )


# --- changing one ---------------------------------------------------------------------------------


def leaves_of(state: Any) -> list[Leaf]:
    """The leaves below a state, each once."""
    found: dict[int, Leaf] = {}
    _collect(state, found)
    return list(found.values())


def _collect(node: Any, found: dict[int, Leaf]) -> None:
    if isinstance(node, Leaf):
        found[id(node)] = node
    elif isinstance(node, State):
        for _, value in node._live_:
            _collect(value, found)
    elif node != ():
        raise DpyError(
            f"a {type(node).__name__} is not the state of an optimiser",
            repair="give what setup returned, or a part of it: freeze(state.layers[0])",
        )


def freeze(state: Any) -> Any:
    """Train the arrays below this state no longer, until `thaw`. In place; returns the state.

    >>> from dpy.optim import Descent
    >>> state = setup(Descent(), {"a": np.zeros(1), "b": np.zeros(1)})
    >>> freeze(state["a"])
    Leaf(Descent(eta=0.1), None, frozen=True)
    """
    for leaf in leaves_of(state):
        leaf.frozen = True
    return state


def thaw(state: Any) -> Any:
    """Train all arrays below this state again. In place; returns the state.

    >>> from dpy.optim import Descent
    >>> thaw(freeze(setup(Descent(), np.zeros(1))))
    Leaf(Descent(eta=0.1), None)
    """
    for leaf in leaves_of(state):
        leaf.frozen = False
    return state


def adjust(state: Any, eta: float | None = None, /, **fields: Any) -> Any:
    """Change the learning rate, or other fields of the rules, below this state; keep momenta.

    In place; returns the state. Fields that a rule does not have are ignored.

    >>> from dpy.optim import Momentum
    >>> adjust(setup(Momentum(), np.zeros(1)), 0.5, ρ=0.8)
    Leaf(Momentum(eta=0.5, rho=0.8), array([0.]))
    """
    changes = {GREEK.get(name, name): value for name, value in fields.items()}
    if eta is not None:
        changes["eta"] = eta
    new: dict[int, tuple[Any, Any]] = {}
    for leaf in leaves_of(state):
        if id(leaf.rule) not in new:
            new[id(leaf.rule)] = leaf.rule, replaced(leaf.rule, changes)
        leaf.rule = new[id(leaf.rule)][1]
    return state


def rate_of(state: Any) -> float | None:
    """The learning rate of the first leaf that is not frozen; None where the rule has none.

    >>> from dpy.optim import ClipGrad, Momentum, OptimiserChain
    >>> rate_of(setup(OptimiserChain(ClipGrad(), Momentum(0.5)), np.zeros(1)))
    0.5
    """
    for leaf in leaves_of(state):
        if not leaf.frozen:
            return _rate(leaf.rule)
    return None


def _rate(rule: Any) -> float | None:
    found = getattr(rule, "eta", None)
    if found is not None:
        return float(found)
    inner = getattr(rule, "rules", None) or (getattr(rule, "rule", None),)
    rates = [_rate(r) for r in inner if r is not None]
    return next((rate for rate in rates if rate is not None), None)
