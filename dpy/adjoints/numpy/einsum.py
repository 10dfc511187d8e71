"""The rule for `np.einsum`, in all of its forms.

The cotangent of an operand is an einsum again: of `d_y` and the conjugates of the other operands,
with the labels of the operand as output. Three things need care: a label that no other factor
has (its axis was summed alone: broadcast), a label that the operand has twice (a diagonal), and
an axis of length one that was broadcast (summed by `dpy.cotangent.unbroadcast`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dpy.adjoints.numpy.arguments import no_out
from dpy.adjoints.numpy.products import conj
from dpy.adjoints.registry import adjoint
from dpy.cotangent import unbroadcast

__all__ = ["einsum"]

Labels = tuple[int, ...]

# The axes that an ellipsis stands for are labelled from the right: _ELLIPSIS is the last one.
_ELLIPSIS = 1000
# Below this many elements, finding a good order of the products costs more than it saves.
_SMALL = 5000


@adjoint(np.einsum)
def einsum(*operands: Any, out: Any = None, optimize: Any = False, **kwargs: Any) -> Any:
    """y = the sum of products that the subscripts say."""
    no_out(out)
    arrays, places, spelled = _read(operands)
    shapes = [np.shape(array) for array in arrays]

    def einsum_pullback(d_y: Any) -> Any:
        labels, y_labels = _labelled(spelled, [len(shape) for shape in shapes])
        d_operands: list[Any] = [None] * len(operands)
        for i, place in enumerate(places):
            others = [(conj(arrays[j]), labels[j]) for j in range(len(arrays)) if j != i]
            d_operands[place] = _cotangent(d_y, y_labels, others, labels[i], shapes[i])
        return tuple(d_operands)

    return np.einsum(*operands, optimize=optimize, **kwargs), einsum_pullback


# --- reading the subscripts -------------------------------------------------------------------

Spelled = tuple[list[list[Any]], list[Any] | None]


def _read(operands: tuple[Any, ...]) -> tuple[list[Any], list[int], Spelled]:
    """The arrays, their positions among `operands`, and the subscripts as lists of symbols."""
    if isinstance(operands[0], str):
        return list(operands[1:]), list(range(1, len(operands))), _read_text(operands[0])
    n = len(operands) // 2
    inputs = [list(operands[2 * i + 1]) for i in range(n)]
    output = list(operands[-1]) if len(operands) % 2 else None
    return [operands[2 * i] for i in range(n)], list(range(0, 2 * n, 2)), (inputs, output)


def _read_text(text: str) -> Spelled:
    """The symbols of every operand, and those of the result if it has them.

    >>> _read_text("i...,ij->j")
    ([['i', Ellipsis], ['i', 'j']], ['j'])
    """
    left, arrow, right = text.replace(" ", "").partition("->")
    inputs = [_symbols(part) for part in left.split(",")]
    return inputs, _symbols(right) if arrow else None


def _symbols(part: str) -> list[Any]:
    before, dots, after = part.partition("...")
    return [*before, ..., *after] if dots else list(before)


def _labelled(spelled: Spelled, ndims: list[int]) -> tuple[list[Labels], Labels]:
    """Give every axis of every operand, and of the result, an integer label."""
    inputs, output = spelled
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


def _cotangent(
    d_y: Any,
    y_labels: Labels,
    others: list[tuple[Any, Labels]],
    labels: Labels,
    shape: tuple[int, ...],
) -> Any:
    """The cotangent of an operand with these labels and this shape."""
    sizes = dict(zip(labels, shape, strict=True))
    factors = [(d_y, y_labels), *others]
    known = {label for _, factor_labels in factors for label in factor_labels}
    unique = tuple(sizes)
    found = tuple(label for label in unique if label in known)
    d_found = _product(factors, found)
    axes = tuple(slice(None) if label in known else None for label in unique)
    d_unique = unbroadcast(d_found[axes], tuple(sizes.values()))
    return d_unique if len(unique) == len(labels) else _on_diagonal(d_unique, labels, shape)


def _product(factors: list[tuple[Any, Labels]], result: Labels) -> Any:
    """The sum of products with `result` as output; there may be fewer than 52 labels."""
    numbers: dict[int, int] = {}
    arguments: list[Any] = []
    for array, labels in factors:
        arguments += [array, [numbers.setdefault(label, len(numbers)) for label in labels]]
    size = max(np.size(array) for array, _ in factors)
    return np.asarray(
        np.einsum(*arguments, [numbers[label] for label in result], optimize=size > _SMALL)
    )


def _on_diagonal(d_unique: Any, labels: Labels, shape: tuple[int, ...]) -> Any:
    """Zeros but where the axes with equal labels have equal indices."""
    unique = tuple(dict.fromkeys(labels))
    grid = dict(zip(unique, np.ogrid[tuple(slice(n) for n in d_unique.shape)], strict=True))
    d_x = np.zeros(shape, d_unique.dtype)
    d_x[tuple(grid[label] for label in labels)] = d_unique
    return d_x
