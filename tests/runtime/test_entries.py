"""The table of builtins with adjoints of their own."""

from __future__ import annotations

import types

from dpy.runtime import entries


def test_python_functions_with_entries_are_of_known_libraries() -> None:
    entries.load_entries()
    functions = [f for f in entries._entries if isinstance(f, types.FunctionType)]
    assert functions and all(entries.may_have_entry(f) or entries.of_service(f) for f in functions)
    assert not entries.may_have_entry(test_python_functions_with_entries_are_of_known_libraries)


def test_lookup_goes_by_the_callable() -> None:
    assert entries.lookup(list.append) is not None
    assert entries.lookup(list.append) is not entries.lookup(dict.update)
    assert entries.lookup(test_lookup_goes_by_the_callable) is None
    assert entries.lookup([]) is None  # cannot be hashed


def test_registration() -> None:
    def f() -> None: ...

    def g() -> None: ...

    try:

        @entries.entry(f, g)
        def handler(dispatch, args, kwargs):  # type: ignore[no-untyped-def]
            return None

        assert entries.lookup(f) is entries.lookup(g) is handler
    finally:
        del entries._entries[f], entries._entries[g]


def test_inert_methods_just_run() -> None:
    handler = entries.lookup(list.count)
    assert handler(None, ([1.0, 2.0, 1.0], 1.0), {}) == (2, None)
