"""Checkpoints: all that is needed to go on bit for bit, in one file that is never half written.

The file is in the format of `safetensors`: arrays by name, and texts. It can be read by other
programs, and loading it runs no code.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

from dpy.errors import DpyError
from dpy.functors import children, is_array
from dpy.optim import Leaf, State, leaves_of
from dpy.slot_kinds import set_attributes
from dpy.slots import kind_of
from dpy.training.encoding import decoded, encoded
from dpy.training.rule_fields import fields_of_rule, set_fields

__all__ = ["load_checkpoint", "save_checkpoint"]

_FORMAT = "1"
_NUMBERS = (bool, int, float, complex, str, type(None))


def save_checkpoint(
    path: Any, model: Any, state: Any = None, loader: Any = None, *, rngs: Any = (), **info: Any
) -> None:
    """Write the state of a training to a file.

    The file is written aside and then renamed: whatever happens, there is the old one or the new
    one. Saved are all arrays and numbers of the model, the states and fields of the optimiser, and
    the states of all random generators that the model holds and that `dpy.nn` shares.

    Args:
        path: the file; its name should end in ``.safetensors``.
        model: any structure.
        state: that of the optimiser, from `dpy.optim.setup`.
        loader: a `DataLoader`, whose place in its pass is saved.
        rngs: other random generators.
        info: numbers, texts, lists and dicts of these, such as ``epoch=3``.

    >>> import os, tempfile
    >>> model = {"w": np.ones(2)}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "a.safetensors")
    ...     save_checkpoint(path, model, epoch=3)
    ...     model["w"][...] = 0.0
    ...     load_checkpoint(path, model)
    {'epoch': 3}
    >>> model["w"]
    array([1., 1.])
    """
    arrays: dict[str, Any] = {}
    parts = _Parts(model)
    texts: dict[str, Any] = {
        "format": _FORMAT,
        "shapes": {name: encoded(array, name, arrays) for name, array in parts.arrays.items()},
        "numbers": {name: encoded(value) for name, (_, _, value) in parts.numbers.items()},
        "rngs": [encoded(rng.bit_generator.state) for rng in _generators(parts, rngs)],
        "shared": [encoded(rng.bit_generator.state) for rng in _shared()],
        "info": encoded(info),
    }
    if state is not None:
        texts["optimiser"] = [
            {
                "rule": encoded(fields_of_rule(leaf.rule)),
                "state": encoded(leaf.state, f"optimiser.{k}", arrays),
                "frozen": leaf.frozen,
            }
            for k, leaf in enumerate(_leaves(state))
        ]
    if loader is not None:
        texts["loader"] = encoded(loader.state())
    data = _safetensors().save(arrays, {key: json.dumps(text) for key, text in texts.items()})
    _write_aside(Path(path), data)


def load_checkpoint(
    path: Any, model: Any, state: Any = None, loader: Any = None, *, rngs: Any = ()
) -> dict[str, Any]:
    """Bring model, optimiser, loader and generators into the state that was saved, in place.

    Args:
        path: the file.
        model: built like the one that was saved.
        state: that of the optimiser for this model.
        loader: a `DataLoader` of the same data.
        rngs: as when it was saved.

    Returns:
        What was saved as ``info``.

    Raises:
        DpyError: something is built otherwise than what was saved. Nothing has been changed then.
    """
    safe_open = _safetensors(".").safe_open
    with safe_open(os.fspath(path), "numpy") as file:
        texts = {key: json.loads(text) for key, text in (file.metadata() or {}).items()}
        arrays = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    if texts.get("format") != _FORMAT:
        raise DpyError(f"{path} is no checkpoint of dpy", repair="use a file of save_checkpoint")
    parts = _Parts(model)
    values = {name: decoded(text, arrays) for name, text in texts["shapes"].items()}
    _compare(parts, values)
    generators = _generators(parts, rngs)
    _expect(len(generators), len(texts["rngs"]), "random generators")
    leaves = [] if state is None else _leaves(state)
    if state is not None:
        _expect(len(leaves), len(texts.get("optimiser", ())), "arrays in the optimiser")
    if loader is not None and "loader" not in texts:
        raise DpyError(f"{path} was saved without a loader")
    for leaf, saved in zip(leaves, texts.get("optimiser", ()), strict=False):
        leaf.rule = set_fields(leaf.rule, decoded(saved["rule"], arrays))
        leaf.state = decoded(saved["state"], arrays)
        leaf.frozen = saved["frozen"]
    for name, array in parts.arrays.items():
        array[...] = values[name]
    parts.set_numbers({name: decoded(text) for name, text in texts["numbers"].items()})
    for rng, saved in zip(generators, texts["rngs"], strict=True):
        rng.bit_generator.state = decoded(saved)
    for rng, saved in zip(_shared(), texts["shared"], strict=False):
        rng.bit_generator.state = decoded(saved)
    if loader is not None:
        loader.restore(decoded(texts["loader"]))
    found: dict[str, Any] = decoded(texts["info"])
    return found


def _safetensors(part: str = ".numpy") -> Any:
    import importlib

    try:
        return importlib.import_module(f"safetensors{part.rstrip('.')}")
    except ImportError:
        raise DpyError(
            "checkpoints need the package safetensors", repair='pip install "dpy[checkpoint]"'
        ) from None


def _write_aside(path: Path, data: bytes) -> None:
    """Write a file so that its name never stands for a part of it."""
    aside = path.with_name(f".{path.name}.part")
    with open(aside, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(aside, path)
    if hasattr(os, "O_DIRECTORY"):  # the new name lasts when the folder is on the disk
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


# --- what a model holds ---------------------------------------------------------------------------


class _Parts:
    """The arrays, numbers and random generators of a model, by name, each array once."""

    def __init__(self, model: Any) -> None:
        self.arrays: dict[str, Any] = {}
        self.numbers: dict[str, tuple[Any, Any, Any]] = {}  # holder, slot, value
        self.generators: list[np.random.Generator] = []
        self._seen: dict[int, Any] = {}
        self._walk(model, "model")

    def _walk(self, x: Any, name: str) -> None:
        if id(x) in self._seen:
            return
        if is_array(x):
            self._seen[id(x)] = x
            if x.dtype.kind in "fciub":  # not texts
                self.arrays[self._free(name)] = x
            return
        if isinstance(x, np.random.Generator):
            self._seen[id(x)] = x
            self.generators.append(x)
            return
        slots = children(x)
        if not slots:
            return
        self._seen[id(x)] = x
        for slot, value in slots.items():
            inner = f"{name}.{slot}"
            if _is_plain(value, ()):
                self.numbers[self._free(inner)] = x, slot, value
            else:
                self._walk(value, inner)

    def _free(self, name: str) -> str:
        """The name, or one like it that is not taken: ``{"a.b": x, "a": {"b": y}}``."""
        taken = self.arrays.keys() | self.numbers.keys()
        k = 2
        free = name
        while free in taken:
            free, k = f"{name}#{k}", k + 1
        return free

    def set_numbers(self, values: dict[str, Any]) -> None:
        """Give what changed its value; lists and dicts stay the same objects."""
        for name, (holder, slot, old) in self.numbers.items():
            new = values.get(name, old)
            if type(new) is type(old) and new == old:
                continue
            if type(new) is type(old) is list:
                old[:] = new
            elif type(new) is type(old) is dict:
                old.clear()
                old.update(new)
            elif isinstance(holder, (list, dict)):
                holder[slot] = new
            elif not kind_of(type(holder)).frozen:
                set_attributes(holder, {slot: new})


def _is_plain(x: Any, above: tuple[int, ...]) -> bool:
    """Whether `x` is a number or text, or a list, tuple or dict of such."""
    if type(x) in _NUMBERS:
        return True
    if isinstance(x, np.generic):
        return x.dtype.kind in "fciub"
    if type(x) not in (list, tuple, dict) or id(x) in above:
        return False
    items = [*x.keys(), *x.values()] if type(x) is dict else x
    return all(_is_plain(item, (*above, id(x))) for item in items)


def _generators(parts: _Parts, rngs: Any) -> list[np.random.Generator]:
    return list({id(rng): rng for rng in [*parts.generators, *rngs]}.values())


def _shared() -> list[np.random.Generator]:
    """The generator that layers share, if there are any."""
    shared = sys.modules.get("dpy.nn.random")
    return [] if shared is None else [shared.generator()]


def _leaves(state: Any) -> list[Leaf]:
    if not isinstance(state, (State, Leaf, tuple)):
        raise DpyError(
            f"the state of the optimiser is a {type(state).__name__}",
            why="the states that a rule keeps for implicit parameters have no names",
            repair="save what dpy.optim.setup returned",
        )
    return leaves_of(state)


def _compare(parts: _Parts, values: dict[str, Any]) -> None:
    for name in [*values, *parts.arrays]:
        if name not in parts.arrays or name not in values:
            where = "checkpoint" if name in values else "model"
            raise _mismatch(f"{name} is in the {where} only")
        array, value = parts.arrays[name], values[name]
        if array.shape != value.shape or array.dtype != value.dtype:
            raise _mismatch(
                f"{name} has shape {array.shape} and type {array.dtype}, "
                f"in the checkpoint {value.shape} and {value.dtype}"
            )


def _expect(found: int, wanted: int, what: str) -> None:
    if found != wanted:
        raise _mismatch(f"{found} {what}, in the checkpoint {wanted}")


def _mismatch(what: str) -> DpyError:
    return DpyError(
        f"the checkpoint is that of another model: {what}",
        why="training goes on bit for bit only where everything is in its place",
        repair="build model, optimiser and generators as they were when it was saved",
    )
