"""Every form of statement has a module that reverses it."""

from __future__ import annotations

import re

from dpy.transform import infer
from dpy.transform.adjoint.forms import FORMS
from dpy.transform.infer import Site


def test_the_forms_are_those_that_inference_knows() -> None:
    named = set(re.findall(r"``(\w+)``", (Site.__doc__ or "").partition("is one of")[2]))
    # Nothing is to be done for the first; the next two are a loop's.
    others = {"inert", "iterate", "list_iterate", "construct_fields"}
    assert named - others == set(FORMS) - {"construct_fields"}
    assert infer.Site is Site


def test_functions_are_named_for_what_they_reverse() -> None:
    special = {"unpack": "reverse_copy", "item": "reverse_field"}
    for form, function in FORMS.items():
        assert getattr(function, "__name__", "") == special.get(form, f"reverse_{form}")
