"""Writes ``docs/errors.md``: the docstrings of ``dpy.errors`` are the help pages of the errors.

Run it as ``python docs/make_errors.py`` after a change there; a test fails if it was forgotten.
"""

from __future__ import annotations

import inspect
from pathlib import Path

from dpy import errors

PAGE = Path(__file__).with_name("errors.md")

HEAD = """\
# Errors

Written by `docs/make_errors.py` from the docstrings in `dpy/errors.py`: change them there.

Every error of dpy says what is wrong, where (your file and line, with a caret), why, and how to
repair it. An exception that your own code raises keeps its type and message, in the forward and in
the pullback.
"""


def page() -> str:
    """The text of the page."""
    classes = [getattr(errors, name) for name in errors.__all__]
    parts = [HEAD]
    for error in (c for c in classes if issubclass(c, Exception)):
        bases = " or ".join(f"`{base.__name__}`" for base in error.__bases__)
        text = inspect.cleandoc(error.__doc__ or "").replace("``", "`")
        parts.append(f"\n## {error.__name__}\n\nAlso caught as {bases}.\n\n{text}\n")
    return "".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
