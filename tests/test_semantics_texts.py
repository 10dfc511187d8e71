"""Text made of numbers that carry derivatives: shown freely, and refused where it is read again."""

from __future__ import annotations

import ast
import io
import json
import re
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

import dpy
from dpy.errors import DpyError
from tests.programs.corpus import Case, Corpus, log, state

corpus = Corpus()
case = corpus.case


# --- what is only shown ---------------------------------------------------------------------------


@case(0.7)
def shown(x):
    print(f"{x:.3f}".rjust(10), "%.3f" % x, f"{x:>8}", str(x) + "!")  # noqa: UP031
    state["text"] = repr(x).replace(".", ",")
    log.warning(f"x = {x}")
    return x * x


@case(0.7)
def asked(x):
    a = x * 2 if str(x).startswith("0") else x
    b = 3.0 if f"{x:.1f}" == "0.7" else 5.0
    c = "." in f"{x}"
    return a * b * (c + 1) * len(f"{x:5.1f}") * (f"{x}" < "1")


@case(0.7)
def keys(x):
    d = {}
    d[f"{x:.2f}"] = x * x
    d["%d" % 3] = x  # noqa: UP031
    return d[f"{x:.2f}"] * d["3"]


@case(0.7)
def beside_others(x):
    d = {"a": str(x), "b": "2.5"}
    line = "1.5, 2.5"
    total = sum(float(t) for t in line.split(","))
    return float(d["b"]) * x + total * x + float(f"{3}") * x


@case(0.7)
def beside_others_on_a_tape(x):
    total = 0.0
    for i in range(3):
        try:
            total += float(str(i)) * float(f"{i}.5") * x
        except ValueError:
            total = 0.0
    return total


@case(-0.7)
def messages(x):
    if x < 0:
        raise ValueError(f"bad {x}: " + str(x))
    return x


@case(-0.7)
def messages_caught(x):
    try:
        messages(x)
    except ValueError as e:
        return x * len(e.args)
    return x


@pytest.mark.parametrize("case", corpus.cases, ids=str)
def test_semantics(case: Case) -> None:
    case.check()


# --- what is read again ---------------------------------------------------------------------------


def parsed(text):
    return float(text)


def first_of(texts):
    return float(texts[0])


class Label:
    def __init__(self, x):
        self.text = f"{x}"


def by_str(x):
    return float(str(x)) * x


def by_f_string(x):
    return float(f"{x!r}")


def by_percent(x):
    return float("%.17g" % x)  # noqa: UP031


def by_format(x):
    return float("{:.17g}".format(x)) + x  # noqa: UP032


def by_builtin_format(x):
    return float(format(x, ".17g"))


def by_join(x):
    return float("".join(["0", str(x)[1:]]).strip())


def by_parts(x):
    return sum(float(t) for t in f"{x},{x * 2}".split(","))


def by_concatenation(x):
    s = "0"
    s += str(x)[1:]
    return complex(s).real


def in_a_callee(x):
    return parsed(str(x)) * first_of(f"{x} {x}".split())


def on_a_tape(x):
    try:
        return parsed(str(x)) * x
    except KeyError:
        return 0.0


def in_an_attribute(x):
    return float(Label(x).text)


def in_a_generator(x):
    def texts():
        yield str(x)

    return sum(map(float, texts()))


def by_pattern(x):
    return float(re.match(r"([\d.]+)", f"{x}").group(1)) * x


def by_literal(x):
    return ast.literal_eval(str(x))


def by_json(x):
    return json.loads(json.dumps([x, x * 2]))[1]


def by_fraction(x):
    return float(Fraction(str(x)))


def by_decimal(x):
    return float(Decimal(str(x)) * 2)


def by_numpy(x):
    return np.float64(str(x)) + np.array([str(x)]).astype(float)[0]


def by_file(x):
    file = io.StringIO()
    print(x, file=file)
    return float(file.getvalue())


def by_hex(x):
    return float.fromhex(x.hex())


READ_AGAIN = [
    by_str, by_f_string, by_percent, by_format, by_builtin_format, by_join, by_parts,
    by_concatenation, in_a_callee, on_a_tape, in_an_attribute, in_a_generator, by_pattern,
    by_literal, by_json, by_fraction, by_decimal, by_numpy, by_file, by_hex,
]  # fmt: skip


@pytest.mark.parametrize("f", READ_AGAIN, ids=lambda f: f.__name__)
def test_an_error_where_a_cotangent_would_be_lost(f) -> None:
    y, back = dpy.pullback(f, 0.71)
    assert y == f(0.71)
    with pytest.raises(DpyError):
        back(1.0)


def test_the_error_says_why() -> None:
    with pytest.raises(dpy.NotDifferentiableError, match=r"float of a text") as info:
        dpy.gradient(by_str, 0.7)
    assert info.value.place.line == by_str.__code__.co_firstlineno + 1
    assert "text" in info.value.why


def test_text_that_is_only_shown_is_made_as_it_stands() -> None:
    def f(x):
        print(f"{x:.3f}".rjust(8), "%.2f" % x)  # noqa: UP031
        if x < 0:
            raise ValueError(f"{x} is negative")
        return x * x

    listing = dpy.adjoint_source(f, 0.7)
    assert "f'{x:.3f}'" in listing
    assert "call_" not in listing
    assert "operate" not in listing
