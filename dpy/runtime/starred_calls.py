"""Calls with ``*`` or ``**`` operands."""

from __future__ import annotations

from typing import Any

from dpy.cotangent import ZERO
from dpy.runtime.dispatch import Pullback, dispatch
from dpy.runtime.iteration import collect
from dpy.runtime.mappings import items_of

__all__ = ["call_spread"]


class _Spread:
    """Where the operands of a starred call or display go among its arguments."""

    __slots__ = ("args", "flags", "gives", "kw_flags", "kwargs", "places")

    def __init__(self) -> None:
        self.args: list[Any] = []
        self.flags: list[bool] = []
        self.kwargs: dict[str, Any] = {}
        self.kw_flags: list[bool] = []
        self.places: list[Any] = []
        self.gives: list[Any] = []

    def put(self, f: Any, how: str | None, value: Any, flag: bool) -> None:
        give: Any = None
        if how == "":
            self.places.append(len(self.args))
            self.args.append(value)
            self.flags.append(flag)
        elif how == "*":
            items, give = collect(value)
            self.places.append(range(len(self.args), len(self.args) + len(items)))
            self.args += items
            self.flags += [flag] * len(items)
        elif how == "**":
            pairs, give = items_of(value)
            self.places.append(tuple([key for key, _ in pairs]))
            for key, item in pairs:
                self._keyword(f, key, item, flag)
        else:
            assert how is not None
            self.places.append(how)
            self._keyword(f, how, value, flag)
        self.gives.append(give)

    def _keyword(self, f: Any, key: Any, value: Any, flag: bool) -> None:
        name = getattr(f, "__qualname__", f)
        if type(key) is not str:
            raise TypeError(f"{name}() keywords must be strings")
        if key in self.kwargs:
            raise TypeError(f"{name}() got multiple values for keyword argument {key!r}")
        self.kwargs[key] = value
        self.kw_flags.append(flag)

    def back(self, acc: Any, d_args: Any, d_kwargs: dict[str, Any]) -> list[Any]:
        """Cotangents of the operands from those of the arguments."""
        out: list[Any] = []
        for place, give in zip(self.places, self.gives, strict=True):
            if isinstance(place, int):
                out.append(d_args[place])
            elif isinstance(place, str):
                out.append(d_kwargs.get(place, ZERO))
            elif isinstance(place, range):
                out.append(give(acc, [d_args[i] for i in place]))
            else:
                give(acc, {key: d_kwargs.get(key, ZERO) for key in place})
                out.append(ZERO)
        return out


def call_spread(
    active: tuple[bool, ...], layout: tuple[str | None, ...], f: Any, /, *operands: Any
) -> tuple[Any, Pullback]:
    """A call with ``*`` or ``**`` operands.

    `layout` has, per operand: "" (positional), "*", "**" or the name of a keyword.
    """
    spread = _Spread()
    for how, value, flag in zip(layout, operands, active[1:], strict=True):
        spread.put(f, how, value, flag)
    y, pb = dispatch(
        f, tuple(spread.args), spread.kwargs, tuple(spread.flags), tuple(spread.kw_flags)
    )

    def spread_pullback(d: Any, acc: Any) -> tuple[Any, ...]:
        if pb is None:
            d_f, d_args, d_kwargs = ZERO, (ZERO,) * len(spread.args), {}
        else:
            d_f, d_args, d_kwargs = pb(d, acc)
        return (d_f, *spread.back(acc, d_args, d_kwargs))

    return y, spread_pullback
