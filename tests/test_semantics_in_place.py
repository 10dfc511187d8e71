"""Every form of writing to an array, through views of all kinds, against the plain program."""

from __future__ import annotations

import numpy as np
import pytest

from dpy.errors import MutationError
from tests.programs import in_place

CHUNK = 8
#: These are errors with a repair, wherever the function that writes does not own the array.
REFUSED = ("np.nan_to_num(t, copy=False)", "t.shape = (2, -1)")


@pytest.mark.parametrize("first", range(0, in_place.COUNT, CHUNK))
def test_each_form(first: int) -> None:
    for form in range(first, min(first + CHUNK, in_place.COUNT)):
        _check(in_place.program(0, form))


@pytest.mark.parametrize("view", in_place.VIEWS)
def test_each_view(view: str) -> None:
    for seed in range(2):
        _check(in_place.program(seed, view=view))


def _check(text: str) -> None:
    try:
        with np.errstate(all="ignore"):
            in_place.check(text)
    except MutationError:
        assert any(form in text for form in REFUSED), text
    except Exception as error:
        error.add_note(text)
        raise


def test_programs_are_not_all_errors() -> None:
    ends = []
    for seed in range(100):
        with in_place.loaded(in_place.program(seed)) as module, np.errstate(all="ignore"):
            try:
                ends.append(np.isfinite(module.f(*in_place.arguments())))
            except Exception:
                ends.append(False)
    assert sum(ends) > 75
