"""What `import dpy` gives: every public name is there, documented, and means one thing."""

from __future__ import annotations

import subprocess
import sys
import types

import dpy


def test_all_names_exist_and_stand_once() -> None:
    assert len(set(dpy.__all__)) == len(dpy.__all__)
    assert all(hasattr(dpy, name) for name in dpy.__all__)


def test_all_names_have_a_docstring() -> None:
    assert not [name for name in dpy.__all__ if not (getattr(dpy, name).__doc__ or "").strip()]


def test_nothing_else_looks_public() -> None:
    """Besides modules, whatever has no underscore is meant to be used, and so is listed."""
    found = {
        name
        for name, value in vars(dpy).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType)
    }
    assert found == set(dpy.__all__)


def test_the_import_brings_in_no_optional_package() -> None:
    optional = ["torch", "jax", "numba", "cupy", "matplotlib", "sklearn", "autograd", "scipy"]
    code = f"import sys, dpy; print([m for m in {optional} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
