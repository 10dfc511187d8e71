"""How models are printed: Flux's summary, one line for each layer, with counts of parameters.

Any object can be printed so: `summary` walks it as `dpy.functors` does. The layers of `dpy.nn` show
themselves like this at the prompt as well.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dpy.functors import children, is_array, trainables

__all__ = ["Summary", "layer_repr", "name_of_callable", "one_line", "summary"]

_COMMENT = 39  # the column of counts, less one for the comma
_COMMENT_ALONE = 20  # the same for a layer by itself
_ARRAY_OVERHEAD = 64  # bytes that each array counts besides its items


class Summary(str):
    """The text of a summary; `rich.print` shows it as a table."""

    __slots__ = ("_model",)

    _model: Any

    def __rich__(self) -> Any:
        from dpy.nn.table import table

        return table(self._model)


def summary(model: Any) -> Summary:
    """The layers of a model with the number of their parameters, as text.

    Parameters are the arrays that are trained; others are counted as non-trainable. A layer whose
    parameters are all zero, or have a NaN or an infinity, says so. With the package `rich`,
    ``rich.print(summary(model))`` shows a table.

    >>> import numpy as np
    >>> from dpy import nn
    >>> print(summary(nn.Chain(nn.Dense(3, 3, nn.relu), nn.Dense(3, 3), nn.softmax)))
    Chain(
      Dense(3, 3, relu),                    # 12 parameters
      Dense(3, 3),                          # 12 parameters
      softmax,
    )                   # Total: 4 arrays, 24 parameters, 352 bytes.
    """
    lines: list[str] = []
    _show(model, lines, 0, "", ())
    text = Summary("\n".join(lines))
    text._model = model
    return text


def layer_repr(self: Any) -> str:
    """What ``repr`` gives for a layer: its summary, or its fields where it is a gradient."""
    if _is_gradient(self):
        return _fields(self)
    return str(summary(self))


def _is_gradient(x: Any) -> bool:
    """Whether this is the gradient of a layer: what has none, like functions, is None there."""
    if not hasattr(type(x), "_shown") and not hasattr(type(x), "_parts"):
        return False
    slots = children(x) or {}
    if "sigma" in slots and slots["sigma"] is None:
        return True
    if "layers" not in slots:
        return not hasattr(type(x), "_parts") and _lacks_fields(x)
    layers = slots["layers"]
    if not isinstance(layers, (list, tuple)):
        layers = (layers,)
    return any(layer is None or _is_gradient(layer) for layer in layers)


def _lacks_fields(x: Any) -> bool:
    try:
        one_line(x)
    except (AttributeError, TypeError, ValueError):
        return True
    return False


def _fields(x: Any) -> str:
    with np.printoptions(threshold=20, edgeitems=2, precision=5):
        shown = ", ".join(f"{name}={value!r}" for name, value in (children(x) or {}).items())
    return f"{type(x).__name__}({shown})"


# --- one object ----------------------------------------------------------------------------------


def name_of_callable(f: Any) -> str:
    """The name of a function, as a layer shows it."""
    name = getattr(f, "__name__", None)
    return name if isinstance(name, str) else one_line(f)


def one_line(x: Any) -> str:
    """A layer in one line, without its parameters."""
    shown = getattr(type(x), "_shown", None)
    if shown is not None:
        return str(shown(x))
    if is_array(x):
        return f"array of shape {x.shape}"
    slots = children(x)
    if slots is None or isinstance(x, type):
        return x.__name__ if callable(x) and hasattr(x, "__name__") else repr(x)
    inner = getattr(x, "__name__", None)  # functions with attributes, bound methods
    return inner if isinstance(inner, str) else f"{type(x).__name__}(...)"


def parts_of(x: Any) -> list[tuple[str, Any]] | None:
    """What is shown below an object, with names where it has names for it; None: nothing."""
    shown = getattr(type(x), "_parts", None)
    if shown is not None:
        parts: list[tuple[str, Any]] = shown(x)
        return parts
    if hasattr(type(x), "_shown") or callable(getattr(x, "__get__", None)):
        return None
    slots = children(x)
    if slots is None or is_array(x):
        return None
    if not any(_has_arrays_inside(value) for value in slots.values()):
        return None
    return [
        ("" if isinstance(slot, int) else str(slot), value)
        for slot, value in slots.items()
        if _has_arrays_inside(value) or is_array(value)
    ]


def _has_arrays_inside(x: Any) -> bool:
    """Whether `x` is more than an array, and holds some."""
    return not is_array(x) and children(x) is not None and bool(arrays_of(x))


def arrays_of(x: Any) -> list[Any]:
    """All arrays of numbers in `x`, trained or not, each once."""
    found: list[Any] = []
    seen: dict[int, Any] = {}
    stack = [x]
    while stack:
        value = stack.pop()
        if id(value) in seen:
            continue
        seen[id(value)] = value
        if is_array(value):
            if value.dtype.kind in "biufc":
                found.append(value)
            continue
        stack.extend((children(value) or {}).values())
    return found


# --- lines ---------------------------------------------------------------------------------------


def _show(x: Any, lines: list[str], indent: int, name: str, around: tuple[int, ...]) -> None:
    label = f"{name} = " if name else ""
    if id(x) in around:  # it contains itself
        lines.append(f"{' ' * indent}{label}{type(x).__name__}(...),")
        return
    parts = parts_of(x)
    if parts is None:
        lines.append(_line(x, label + one_line(x), indent))
        return
    opening, closing = brackets(x)
    lines.append(" " * indent + label + opening)
    for key, part in parts:
        _show(part, lines, indent + 2, key, (*around, id(x)))
    if indent:
        lines.append(f"{' ' * indent}{closing},")
    else:
        lines.append(closing + _total(x, len(closing)))


def brackets(x: Any) -> tuple[str, str]:
    """How the lines of what is in `x` are enclosed."""
    if isinstance(x, list):
        return "[", "]"
    if isinstance(x, tuple) and type(x) is tuple:
        return "(", ")"
    if isinstance(x, dict):
        return "{", "}"
    holds_list = isinstance(getattr(x, "layers", None), list)
    name = type(x).__name__
    return (f"{name}([", "])") if holds_list else (f"{name}(", ")")


def _line(x: Any, text: str, indent: int) -> str:
    found = " " * indent + text + ("," if indent else "")
    counted = count_of(x, alone=not indent)
    if not counted:
        return found
    column = _COMMENT_ALONE if not indent else _COMMENT
    return found + " " * max(2, column - indent - len(text)) + "# " + counted


def count_of(x: Any, *, alone: bool) -> str:
    """How many parameters a layer has, and what is notable about them; empty for none."""
    trained = trainables(x)
    others = _size(arrays_of(x)) - _size(trained)
    if not trained and not others:
        return ""
    text = f"{_size(trained):_} parameters"
    if others > 0:
        text += f", plus {others:_}" + (" non-trainable" if alone else "")
    return text + remark(trained)


def remark(arrays: list[Any]) -> str:
    """What is notable about the values of these arrays."""
    arrays = [a for a in arrays if isinstance(a, np.ndarray) and a.size]
    if arrays and not any(a.any() for a in arrays):
        return "  (all zero)"
    if any(np.isnan(a).any() for a in arrays):
        return "  (some NaN)"
    if any(np.isinf(a).any() for a in arrays):
        return "  (some Inf)"
    return ""


def _total(x: Any, width: int) -> str:
    trained, everything = trainables(x), arrays_of(x)
    if len(trained) <= 2:
        return ""
    size = byte_size(everything)
    others = len(everything) - len(trained)
    if not others:
        text = f"{len(trained)} arrays, {_size(trained):_} parameters, {size}."
        return " " * (20 - width) + "# Total: " + text
    counted = f"{len(trained)} trainable arrays, {_size(trained):_} parameters,"
    more = f"{others} non-trainable, {_size(everything) - _size(trained):_} parameters"
    return (
        " " * (10 - width) + f"# Total: {counted}\n"
        f"{' ' * 10}# plus {more}, summarysize {size}."
    )  # fmt: skip


def _size(arrays: list[Any]) -> int:
    return sum(int(a.size) for a in arrays)


def byte_size(arrays: list[Any]) -> str:
    """The memory of these arrays, counted as Flux does, in a unit that suits it."""
    n = float(sum(a.nbytes + _ARRAY_OVERHEAD for a in arrays))
    if n < 1024:
        return f"{n:.0f} bytes"
    for unit in ("KiB", "MiB", "GiB"):
        n /= 1024
        if n < 1024:
            return f"{n:.3f} {unit}"
    return f"{n / 1024:.3f} TiB"
