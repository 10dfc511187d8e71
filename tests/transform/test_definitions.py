"""Definitions in a tree, and the code objects that belong to them."""

from __future__ import annotations

import ast

import pytest

from dpy.transform import definitions

TEXT = """
import math
if math:
    from os import path
try:
    import json
except ImportError:
    import pickle as json

@staticmethod
def f(x, k=lambda: 1):
    return [y for y in x]

class A(object):
    def g(self):
        class B:
            h = lambda self: sum(self for _ in "ab")
        return B
"""
TREE = ast.parse(TEXT)


def test_all_definitions_with_the_class_around_them() -> None:
    found = [
        (definitions.name_of(d.node), d.class_name) for d in definitions.definitions(TREE, None)
    ]
    assert found == [
        ("f", None), ("<lambda>", None), ("g", "A"), ("<lambda>", "B"), ("<genexpr>", "B"),
    ]  # fmt: skip


def test_imports_in_blocks_count() -> None:
    texts = [ast.unparse(s) for s in definitions.module_imports(TREE.body)]
    assert texts == [
        "import math", "from os import path", "import json", "import pickle as json",
    ]  # fmt: skip


def test_the_first_line_is_that_of_the_decorator() -> None:
    node = next(d.node for d in definitions.definitions(TREE, None))
    assert definitions.first_line(node) == node.lineno - 1


def test_codes_in_comprehensions_belong_to_the_function() -> None:
    code = compile("def f(x):\n    return [lambda: y for y in x]\n", "<text>", "exec").co_consts[0]
    assert [c.co_name for c in definitions.inner_codes(code)] == ["<lambda>"]


@pytest.mark.parametrize("at", [0, 1])
def test_lambdas_on_one_line_are_told_apart_by_column(at: int) -> None:
    text = "fs = [lambda x: x + 1, lambda x: x + 2]"
    codes = [c for c in compile(text, "<text>", "exec").co_consts if hasattr(c, "co_code")]
    candidates = list(definitions.definitions(ast.parse(text), None))
    chosen = definitions.choose(candidates, codes[at])
    assert chosen is candidates[at]
    assert definitions.spans(candidates[at].node, codes[at])
    assert not definitions.spans(candidates[1 - at].node, codes[at])


def test_rewritten_asserts() -> None:
    def plain(x):
        return x

    def with_assert(x):
        assert x > 0
        return x

    assert not definitions.is_rewritten(plain.__code__)
    assert definitions.is_rewritten(with_assert.__code__)
