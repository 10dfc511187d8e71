"""Values as JSON that loses nothing: arrays aside, under names; floats to the last bit."""

from __future__ import annotations

from typing import Any

import numpy as np

from dpy.errors import DpyError
from dpy.functors import is_array

__all__ = ["decoded", "encoded"]


def encoded(x: Any, name: str = "", arrays: dict[str, Any] | None = None) -> Any:
    """`x` as JSON has it.

    Args:
        x: numbers, texts, None, arrays, and lists, tuples and dicts of these.
        name: under which the arrays in it are put aside.
        arrays: where they are put; without it, they are part of the text.

    >>> aside = {}
    >>> encoded((1.5, np.ones(2)), "x", aside), aside
    ({'tuple': [1.5, {'array': 'x.1', 'dtype': '<f8', 'shape': [2]}]}, {'x.1': array([1., 1.])})
    """
    if x is None or type(x) in (bool, int, float, str):
        return x
    if is_array(x):
        return _array(x, name, arrays)
    if isinstance(x, complex) and not isinstance(x, np.generic):
        return {"complex": [x.real, x.imag]}
    if isinstance(x, np.generic):
        return {"number": _array(np.asarray(x), name, None)}
    if isinstance(x, (list, tuple)):
        items = [encoded(item, f"{name}.{i}", arrays) for i, item in enumerate(x)]
        return items if type(x) is list else {"tuple": items}
    if type(x) is dict:
        items = [[encoded(k), encoded(v, f"{name}.{k}", arrays)] for k, v in x.items()]
        return {"dict": items}
    raise DpyError(
        f"a {type(x).__name__} cannot be part of a checkpoint",
        why="checkpoints hold arrays, numbers, texts, lists, tuples and dicts",
        repair="save the numbers that it is made of",
    )


def _array(x: Any, name: str, arrays: dict[str, Any] | None) -> Any:
    dtype = x.dtype
    if (
        dtype.kind not in "fciub"
        or dtype.itemsize > 16
        or (dtype.kind == "f" and dtype.itemsize > 8)
    ):
        raise DpyError(f"an array of dtype {dtype} cannot be part of a checkpoint")
    plain = np.ascontiguousarray(x).astype(dtype.newbyteorder("<"), copy=False).reshape(x.shape)
    if dtype.kind == "c":
        plain = plain[..., None].view(plain.real.dtype)
    text = {"dtype": dtype.newbyteorder("<").str, "shape": list(x.shape)}
    if arrays is None:
        return {"bytes": plain.tobytes().hex(), **text}
    arrays[name] = plain
    return {"array": name, **text}


def decoded(text: Any, arrays: dict[str, Any] | None = None) -> Any:
    """The reverse of `encoded`; arrays are new.

    >>> decoded(encoded({"a": (1, 2j, np.float32(0.1))}))
    {'a': (1, 2j, np.float32(0.1))}
    """
    if isinstance(text, list):
        return [decoded(item, arrays) for item in text]
    if not isinstance(text, dict):
        return text
    if "tuple" in text:
        return tuple(decoded(item, arrays) for item in text["tuple"])
    if "dict" in text:
        return {decoded(k, arrays): decoded(v, arrays) for k, v in text["dict"]}
    if "complex" in text:
        return complex(*text["complex"])
    if "number" in text:
        return decoded(text["number"])[()]
    dtype, shape = np.dtype(text["dtype"]), text["shape"]
    if "bytes" in text:
        return np.frombuffer(bytes.fromhex(text["bytes"]), dtype).reshape(shape).copy()
    plain = np.ascontiguousarray((arrays or {})[text["array"]])
    return plain.reshape(-1).view(dtype).reshape(shape).astype(dtype.newbyteorder("="))
