"""How each sort of statement is reversed: a function for each form of `infer.Site`."""

from __future__ import annotations

from collections.abc import Callable

from dpy.transform import ir
from dpy.transform.adjoint.arrays import reverse_array_read, reverse_array_write
from dpy.transform.adjoint.calls import reverse_callee, reverse_construct_fields, reverse_generic
from dpy.transform.adjoint.containers import (
    reverse_build,
    reverse_construct,
    reverse_copy,
    reverse_field,
)
from dpy.transform.adjoint.elementwise import reverse_elementwise
from dpy.transform.adjoint.in_place import (
    reverse_buffer_read,
    reverse_buffer_update,
    reverse_buffer_write,
    reverse_update,
)
from dpy.transform.adjoint.iteration import reverse_append
from dpy.transform.adjoint.number_lists import (
    reverse_list_alias,
    reverse_list_append,
    reverse_list_make,
    reverse_list_pop,
    reverse_list_read,
    reverse_list_repeat,
    reverse_list_total,
    reverse_list_write,
)
from dpy.transform.adjoint.rules import reverse_rule
from dpy.transform.adjoint.sweep import Sweep
from dpy.transform.infer import Site

__all__ = ["FORMS"]

FORMS: dict[str, Callable[[Sweep, ir.Assign, Site], None]] = {
    "copy": reverse_copy,
    "unpack": reverse_copy,
    "elementwise": reverse_elementwise,
    "rule": reverse_rule,
    "callee": reverse_callee,
    "generic": reverse_generic,
    "construct_fields": reverse_construct_fields,
    "construct": reverse_construct,
    "build": reverse_build,
    "field": reverse_field,
    "item": reverse_field,
    "append": reverse_append,
    "array_read": reverse_array_read,
    "array_write": reverse_array_write,
    "update": reverse_update,
    "buffer_read": reverse_buffer_read,
    "buffer_write": reverse_buffer_write,
    "buffer_update": reverse_buffer_update,
    "list_make": reverse_list_make,
    "list_alias": reverse_list_alias,
    "list_repeat": reverse_list_repeat,
    "list_append": reverse_list_append,
    "list_pop": reverse_list_pop,
    "list_read": reverse_list_read,
    "list_write": reverse_list_write,
    "list_total": reverse_list_total,
}
