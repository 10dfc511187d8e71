"""Progress bars: those of tqdm, on terminals only."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

__all__ = ["bar"]


class _Silent:
    """No bar."""

    def step(self, loss: float, rate: Callable[[], float | None]) -> None:
        """Nothing to show."""

    def close(self) -> None:
        """Nothing to close."""


class _Bar:
    """A bar for one epoch, with the loss and the learning rate."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def step(self, loss: float, rate: Callable[[], float | None]) -> None:
        """One batch is done."""
        shown = {"loss": f"{loss:.4g}"}
        eta = rate()
        if eta is not None:
            shown["rate"] = f"{eta:.3g}"
        self.inner.set_postfix(shown, refresh=False)
        self.inner.update()

    def close(self) -> None:
        """The epoch is over."""
        self.inner.close()


def bar(wanted: bool, epoch: int, epochs: int, length: int | None, file: Any = None) -> Any:
    """A progress bar for one epoch; a silent one where nobody looks, or without tqdm.

    >>> bar(True, 1, 3, 10).step(0.5, lambda: 0.1)  # no terminal here
    """
    file = sys.stderr if file is None else file
    if not wanted or not getattr(file, "isatty", lambda: False)():
        return _Silent()
    try:
        from tqdm import tqdm
    except ImportError:
        return _Silent()
    title = f"Epoch {epoch}/{epochs}" if epochs > 1 else "Training"
    return _Bar(tqdm(total=length, desc=title, file=file))
