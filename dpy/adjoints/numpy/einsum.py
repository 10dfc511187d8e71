"""The rule for `np.einsum`, in all of its forms.

The cotangent of an operand is an einsum again: of `d_y` and the conjugates of the other operands,
with the labels of the operand as output. Three things need care: a label that no other factor
has (its axis was summed alone: broadcast), a label that the operand has twice (a diagonal), and
an axis of length one that was broadcast (summed by `dpy.cotangent.unbroadcast`).
"""

from __future__ import annotations

import functools
from collections.abc import Hashable
from typing import Any, NamedTuple

import numpy as np

from dpy.adjoints.numpy.arguments import no_out
from dpy.adjoints.numpy.products import conj
from dpy.adjoints.registry import adjoint
from dpy.cotangent import unbroadcast

__all__ = ["einsum"]

Shape = tuple[int, ...]
Labels = tuple[int, ...]

# The axes that an ellipsis stands for are labelled from the right: _ELLIPSIS is the last one.
_ELLIPSIS = 1000
# Below this many elements, a good order of the products saves less than it costs.
_SMALL = 5000


@adjoint(np.einsum)
def einsum(*operands: Any, out: Any = None, optimize: Any = False, **kwargs: Any) -> Any:
    """y = the sum of products that the subscripts say."""
    no_out(out)
    arrays, places, spelled = _read(operands)
    shapes = tuple(np.shape(array) for array in arrays)

    def einsum_pullback(d_y: Any) -> Any:
        d_operands: list[Any] = [None] * len(operands)
        factors = [conj(array) for array in arrays]
        for i, plan in enumerate(_plans(spelled, shapes)):
            others = factors[:i] + factors[i + 1 :]
            d_operands[places[i]] = _cotangent(d_y, others, plan)
        return tuple(d_operands)

    return np.einsum(*operands, optimize=optimize, **kwargs), einsum_pullback


# --- reading the subscripts -------------------------------------------------------------------

# The subscripts as text, or (interleaved form) as tuples of labels: inputs, and output or None.
Spelled = Hashable


def _read(operands: tuple[Any, ...]) -> tuple[list[Any], list[int], Spelled]:
    """The arrays, their positions among `operands`, and the subscripts."""
    if isinstance(operands[0], str):
        return list(operands[1:]), list(range(1, len(operands))), operands[0]
    n = len(operands) // 2
    inputs = tuple(tuple(operands[2 * i + 1]) for i in range(n))
    output = tuple(operands[-1]) if len(operands) % 2 else None
    return [operands[2 * i] for i in range(n)], list(range(0, 2 * n, 2)), (inputs, output)


def _symbol_lists(spelled: Any) -> tuple[list[list[Any]], list[Any] | None]:
    """The symbols of every operand, and those of the result if it has them.

    >>> _symbol_lists("i...,ij->j")
    ([['i', Ellipsis], ['i', 'j']], ['j'])
    """
    if not isinstance(spelled, str):
        inputs, output = spelled
        return [list(part) for part in inputs], None if output is None else list(output)
    left, arrow, right = spelled.replace(" ", "").partition("->")
    return [_symbols(part) for part in left.split(",")], _symbols(right) if arrow else None


def _symbols(part: str) -> list[Any]:
    before, dots, after = part.partition("...")
    return [*before, ..., *after] if dots else list(before)


def _labelled(spelled: Spelled, ndims: list[int]) -> tuple[list[Labels], Labels]:
    """Give every axis of every operand, and of the result, an integer label."""
    inputs, output = _symbol_lists(spelled)
    numbers: dict[Any, int] = {}
    longest = 0
    labels = []
    for symbols, ndim in zip(inputs, ndims, strict=True):
        hidden = ndim - len(symbols) + 1 if ... in symbols else 0
        longest = max(longest, hidden)
        labels.append(_numbered(symbols, hidden, numbers))
    if output is None:
        output = _implicit_output(inputs)
    return labels, _numbered(output, longest, numbers)


def _implicit_output(inputs: list[list[Any]]) -> list[Any]:
    """The axes of ellipses, then the symbols that occur once, in order."""
    symbols = [s for part in inputs for s in part if s is not ...]
    once = sorted(s for s in symbols if symbols.count(s) == 1)
    return [..., *once] if any(... in part for part in inputs) else once


def _numbered(symbols: list[Any], hidden: int, numbers: dict[Any, int]) -> Labels:
    labels: list[int] = []
    for symbol in symbols:
        if symbol is ...:
            labels += range(_ELLIPSIS - hidden + 1, _ELLIPSIS + 1)
        else:
            labels.append(numbers.setdefault(symbol, len(numbers)))
    return tuple(labels)


# --- the cotangent of one operand -------------------------------------------------------------


class Plan(NamedTuple):
    """How to compute the cotangent of one operand from `d_y` and the other operands."""

    subscripts: str
    optimize: Any
    axes: tuple[Any, ...] | None  # how to insert axes that no factor has
    sizes: Shape  # of the operand, each label once
    diagonal: tuple[Labels, Shape] | None  # labels and shape, if a label occurs twice


@functools.lru_cache(maxsize=512)
def _plans(spelled: Spelled, shapes: tuple[Shape, ...]) -> tuple[Plan, ...]:
    labels, y_labels = _labelled(spelled, [len(shape) for shape in shapes])
    sizes: dict[int, int] = {}
    for part, shape in zip(labels, shapes, strict=True):
        for label, size in zip(part, shape, strict=True):
            sizes[label] = size if sizes.get(label, 1) == 1 else sizes[label]
    y_shape = tuple(sizes[label] for label in y_labels)
    plans = []
    for i in range(len(shapes)):
        factor_labels = [y_labels, *labels[:i], *labels[i + 1 :]]
        factor_shapes = [y_shape, *shapes[:i], *shapes[i + 1 :]]
        plans.append(_plan(factor_labels, factor_shapes, labels[i], shapes[i]))
    return tuple(plans)


def _plan(
    factor_labels: list[Labels], factor_shapes: list[Shape], labels: Labels, shape: Shape
) -> Plan:
    sizes = dict(zip(labels, shape, strict=True))
    known = {label for part in factor_labels for label in part}
    letters: dict[int, str] = {}
    spare = iter(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    )  # NumPy has no more than 52 labels either
    for part in factor_labels:
        for label in part:
            if label not in letters:
                letters[label] = next(spare)
    parts = ["".join(letters[label] for label in part) for part in factor_labels]
    found = "".join(letters[label] for label in sizes if label in known)
    subscripts = f"{','.join(parts)}->{found}"
    axes = tuple(slice(None) if label in known else None for label in sizes)
    return Plan(
        subscripts,
        _order_of_products(subscripts, factor_shapes),
        None if all(axis is not None for axis in axes) else axes,
        tuple(sizes.values()),
        None if len(sizes) == len(labels) else (labels, shape),
    )


def _order_of_products(subscripts: str, shapes: list[Shape]) -> Any:
    if max(int(np.prod(shape)) for shape in shapes) <= _SMALL:
        return False
    return np.einsum_path(subscripts, *(np.broadcast_to(0.0, shape) for shape in shapes))[0]


def _cotangent(d_y: Any, others: list[Any], plan: Plan) -> Any:
    d_x = np.einsum(plan.subscripts, d_y, *others, optimize=plan.optimize)
    if plan.axes is not None:
        d_x = np.asarray(d_x)[plan.axes]
    d_x = unbroadcast(d_x, plan.sizes)
    return d_x if plan.diagonal is None else _on_diagonal(d_x, *plan.diagonal)


def _on_diagonal(d_unique: Any, labels: Labels, shape: tuple[int, ...]) -> Any:
    """Zeros but where the axes with equal labels have equal indices."""
    unique = tuple(dict.fromkeys(labels))
    grid = dict(zip(unique, np.ogrid[tuple(slice(n) for n in d_unique.shape)], strict=True))
    d_x = np.zeros(shape, d_unique.dtype)
    d_x[tuple(grid[label] for label in labels)] = d_unique
    return d_x
