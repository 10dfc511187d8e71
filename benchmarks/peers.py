"""The other systems, if they are installed: each turns a rewritten program into a gradient call.

A peer's program takes numbers and arrays only and returns a scalar; the time is that of its value
and all its gradients, as for dpy. Nothing is counted against a peer that happens once: JAX compiles
before the clock starts, and arguments are already on its side.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["PEERS", "Peer", "installed"]


class Peer(ABC):
    """One system: its name, version and array module."""

    def __init__(self, name: str, version: str, module: Any) -> None:
        self.name = name
        self.version = version
        self.module = module

    @abstractmethod
    def prepare(self, f: Callable[..., Any], args: tuple[Any, ...]) -> Callable[[], Any]:
        """A function of nothing that computes the value and the gradients."""


class Autograd(Peer):
    """HIPS autograd."""

    def __init__(self) -> None:
        from importlib.metadata import version

        import autograd
        import autograd.numpy

        self._value_and_grad = autograd.value_and_grad
        super().__init__("autograd", version("autograd"), autograd.numpy)

    def prepare(self, f: Callable[..., Any], args: tuple[Any, ...]) -> Callable[[], Any]:
        run = self._value_and_grad(f, tuple(range(len(args))))
        return lambda: run(*args)


class Jax(Peer):
    """JAX, compiled, in double precision."""

    def __init__(self) -> None:
        import jax

        jax.config.update("jax_enable_x64", True)
        jax.config.update("jax_platforms", "cpu")
        self._jax = jax
        super().__init__("jax", jax.__version__, jax.numpy)

    def prepare(self, f: Callable[..., Any], args: tuple[Any, ...]) -> Callable[[], Any]:
        jax = self._jax
        run = jax.jit(jax.value_and_grad(f, tuple(range(len(args)))))
        on_device = [jax.numpy.asarray(a) for a in args]
        return lambda: jax.block_until_ready(run(*on_device))


class Torch(Peer):
    """PyTorch, eager, in double precision where the program has it."""

    def __init__(self) -> None:
        import torch

        torch.set_num_threads(1)
        super().__init__("torch", torch.__version__, torch)

    def prepare(self, f: Callable[..., Any], args: tuple[Any, ...]) -> Callable[[], Any]:
        torch = self.module
        leaves = [torch.tensor(np.asarray(a), requires_grad=True) for a in args]

        def run() -> Any:
            y = f(*leaves)
            return y, torch.autograd.grad(y, leaves)

        return run


PEERS: dict[str, type[Peer]] = {"autograd": Autograd, "jax": Jax, "torch": Torch}


def installed(names: list[str]) -> dict[str, Peer | None]:
    """The peers by name; None stands for one that is not installed."""
    found: dict[str, Peer | None] = {}
    for name in names:
        try:
            found[name] = PEERS[name]()  # type: ignore[call-arg]
        except ImportError:
            found[name] = None
    return found
