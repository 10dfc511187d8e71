"""Programs that write to arrays: each form of writing, through each kind of view, in each place.

    python -m tests.programs.in_place --show 17       print one program
    python -m tests.programs.in_place --seeds 0:5000  run many, by hand

A program takes arrays ``a`` and ``c`` of four rows and columns and a number ``x``. It makes the
array ``b`` of ``a``, takes a view ``t`` of that, and writes to the view from ``s``, which may be
another array, a number, or overlap the view. What was computed before and after stays in use.
The oracle is the plain program, run at neighbouring points.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
from typing import Any

import numpy as np

from tests.programs import corpus
from tests.programs.compare import loaded

#: Where the array comes from that is written to.
ORIGINS = {
    "copy": "b = a.copy()",
    "argument": "b = a",
    "result": "b = a * 1.0",
    "fortran": "b = np.array(a, order='F')",
    "attribute": "h = Holder(); h.b = a.copy(); b = h.b",
    "item": "h = [a.copy(), c]; b = h[0]",
    "value": "h = {'b': a}; b = h['b']",
    "column": "h = np.zeros((4, 4, 2)); h[..., 0] = a; h[..., 1] = c; b = h[..., 1]",
    "empty": "b = np.empty((4, 4)); b[:2] = a[2:]; b[2:] = a[:2] * c[:2]",
    "global": "STATE[0] = a + 0.0; b = STATE[0]",
}

#: What is written to; `b` becomes `c` or a transpose for the sources.
VIEWS = {
    "itself": "b",
    "rows": "b[1:3]",
    "gaps": "b[::2, 1::2]",
    "backwards": "b[::-1, ::-2]",
    "transpose": "b.T",
    "view of views": "b.T[1:].T[:, ::-1][:2, :2]",
    "row": "b[2]",
    "column": "b[:, 1]",
    "last row": "b[-1, ...]",
    "flat": "b.reshape(-1)",
    "reshaped": "b.reshape(2, 8)[:, 2:6]",
    "ravel": "b.ravel()[3:11]",
    "diagonal": "np.einsum('ii->i', b)",
    "new axis": "b[:, None]",
    "no dimensions": "b[1, 2, ...]",
    "swapped": "np.swapaxes(b, 0, 1)[:2]",
    "split": "np.split(b, 2)[1]",
    "as array": "np.asarray(b)",
    "a view": "b.view()",
    "unpacked": "[*b][3]",
    "windows": "np.lib.stride_tricks.as_strided(b, (2, 4), b.strides)",
    "fancy": "b[[0, 2]]",
    "masked": "b[np.array([True, False, True, True])]",
    "iterated": "next(iter(b))",
    "squeezed": "np.expand_dims(b, 1).squeeze()",
    "moved": "np.moveaxis(b, 0, 1)[1:]",
    "real": "b.real",
}

#: What is written.
SOURCES = {
    "other": "{view:c}",
    "same": "t",
    "reversed": "t[::-1]",
    "overlapping": "{view:b[::-1]}",
    "transposed": "{view:b.T}",
    "number": "x",
    "item": "b[1, 2]",
    "broadcast": "c.ravel()[:t.shape[-1]]",
    "computed": "{view:b} * x",
    "list": "[x, 2.0 * x]",
}

#: The ways to write `s` to `t`; `m` is a mask of its shape.
FORMS = (
    "t += s", "t -= s", "t *= s", "t /= s", "t **= 2", "t **= s", "t //= 0.7", "t %= 0.9", "t @= c",
    "t += s * t", "t *= t", "t -= t * x", "t += t.T", "t = t + s", "w = t; w += s", "t[...] += s",
    "t[...] = s", "t[:] = s", "t[()] = s", "t[:] = t * s", "t[0] = s", "t[-1] = x", "t[0] = t[1]",
    "t[1:] = t[:-1]", "t[:-1] += t[1:]", "t[::-1] = t", "t[[0, 1]] = t[[1, 0]]", "t[[0, 0]] += x",
    "t[[1, 1]] = [x, 2 * x]", "t[np.array([0, -1])] *= s", "t[0, 1] = x * t[1, 0]",
    "t[0, [0, 1]] = x", "t[..., 0] = s", "t[..., None] = x", "t[1] **= 3", "t[0][0] = x * x",
    "t[m] = x", "t[m] *= x", "t[m] = t[m] * t[m]", "t[~m] -= t[~m] * x", "t[t > 0.6] = x",
    "t[np.nonzero(m)] = x", "t.T[...] = s", "t.T[0] *= x",
    "t[0], t[1] = t[1], t[0]", "t[0], t[1] = t[1].copy(), t[0].copy()", "t[...], s[...] = s, t",
    "np.add(t, s, out=t)", "np.add(t, s, t)", "np.multiply(t, s, out=t)",
    "np.multiply(s, x, out=t)",
    "np.divide(s, t, out=t)", "np.subtract(x, t, out=(t,))", "np.power(t, 2, out=t)",
    "np.sin(t, out=t)", "np.exp(s, t)", "np.tanh(t * x, out=t)", "np.negative(t, out=t)",
    "np.add(t, s, out=t, where=m)", "np.sin(t, out=t, where=m)", "np.hypot(t, s, out=t)",
    "np.maximum(t, 0.7, out=t)", "np.clip(t, 0.4, 0.9, out=t)", "t.clip(0.4, 0.9, out=t)",
    "np.matmul(t, c, out=t)", "np.dot(t, c, out=t)", "np.einsum('ij,jk->ik', t, c, out=t)",
    "np.sum(t, axis=0, out=t[0])", "np.cumsum(t, axis=0, out=t)", "t.cumsum(-1, out=t)",
    "np.add.accumulate(t, out=t)", "np.multiply.accumulate(t, out=t)",
    "np.add.reduce(t, axis=0, out=t[-1])", "np.multiply.outer(c[0], c[1], out=t)",
    "np.mean(c, axis=0, out=t)", "np.take(c, [1, 0, 1, 2], axis=0, out=t)",
    "np.concatenate([c[:2], c[1:3]], out=t)", "np.stack([c[0], c[1]], out=t)",
    "np.add.at(t, [0, 0, 1], x)", "np.add.at(t, [0, 0, 1], s[:1])", "np.subtract.at(t, [1], x)",
    "np.multiply.at(t, [0, 0, 1], x)", "np.divide.at(t, [0, 1], x)", "np.sin.at(t, [0, 1])",
    "np.add.at(t, (..., 0), x)", "np.maximum.at(t, [0, 1], 0.7)",
    "np.copyto(t, s)", "np.copyto(t, s, where=m)", "np.copyto(dst=t, src=s)",
    "np.put(t, [0, 1, 0], [x, 2.0, x * x])", "t.put([1], x)", "np.place(t, m, [x, x * x])",
    "np.putmask(t, m, s)", "np.putmask(t, m, [x, 3.0])", "np.fill_diagonal(t, x)",
    "np.fill_diagonal(t, c[0])", "t.fill(x)", "t.fill(t[0])",
    "np.put_along_axis(t, np.argsort(t, axis=-1)[..., :1], x, -1)",
    "t.sort()", "t.sort(axis=0)", "t[::-1].sort(0)", "t.partition(1)", "t.sort(kind='stable')",
    "t.flat[1] = x", "t.flat[::2] = x", "t.flat = s", "t.flat[[0, 1]] = [x, x]",
    "t.flat[0] += x * t.flat[1]", "t.real = s", "t.real += s", "t.real[0] *= x",
    "operator.iadd(t, s)", "operator.setitem(t, 0, x)", "operator.imul(t, t)", "t.__iadd__(s)",
    "t.__imul__(x)", "t.__setitem__(0, x)", "np.ndarray.__setitem__(t, 0, s)",
    "np.ndarray.fill(t, x)", "setter = t.__setitem__; setter(1, x)", "setattr(t, 'flat', x)",
    "functools.reduce(operator.iadd, [t, s, x])", "list(map(t.__setitem__, [0, 1], [x, 2 * x]))",
    "np.nan_to_num(t, copy=False)", "np.round(t, 1, out=t)", "np.rint(t, out=t)",
    "np.modf(s, t, np.empty_like(t))", "np.frexp(s, t, np.empty(t.shape, np.int32))",
    "np.divmod(t, 0.7, out=(np.empty_like(t), t))",
    "[row.__imul__(x) for row in t]",
    "t += np.float64(x)", "t += int(x * 10)", "t -= True", "t *= np.array(x)", "t += np.array([x])",
    "t[0] = np.array(x)",
    "t.shape = (2, -1); t *= x", "t.setflags(write=False); t[0] = x",
    "memoryview(t)[0] = x", "t.data[1] = x",
)  # fmt: skip

BLOCKS = (
    ["for row in t:", "    row *= x"],
    ["for row, other in zip(t, c):", "    row += other[: row.size] * x"],
    ["for i in range(len(t)):", "    t[i] = t[i - 1] * x"],
    ["for i in range(len(t)):", "    t[i] += t[-1 - i]"],
    ["for i, row in enumerate(t):", "    row[i % 2] = x * row[-1]"],
    ["w = t", "for _ in range(3):", "    w *= t", "    w = w[::-1]"],
    ["k = 0", "while t.sum() < 3.0 and k < 3:", "    t += x", "    k += 1"],
    ["u = t.copy()", "t *= x", "t += u * t", "u[...] = t", "t -= u * u"],
    ["for _ in range(2):", "    t, s = s, t", "    t *= 1.5"],
    ["pair = [t, c]", "pair[0] += pair[1]", "pair[0], pair[1] = pair[1], pair[0]", "pair[0] *= x"],
    ["e = b * t.mean()", "t[...] = e.mean()", "e *= t.mean()", "b[0] += e[1]"],
)

COUNT = len(FORMS) + len(BLOCKS)

#: Where the form stands.
PLACES = {
    "plain": ["{form}"],
    "branch": ["if x > 0:", "    {form}", "else:", "    t *= 5.0"],
    "loop": ["for _ in range(2):", "    {form}"],
    "callee": ["def write(t, s, x, m, b, c):", "    {form}", "write(t, s, x, m, b, c)"],
    "closure": ["def write():", "    nonlocal t, s", "    {form}", "write()"],
    "try": ["try:", "    {form}", "finally:", "    z += x"],
    "handled": ["try:", "    {form}", "except (ValueError, TypeError, IndexError):", "    t *= x"],
    "with": ["with np.errstate(all='ignore'):", "    {form}"],
    "lambda": ["for k in range(1):", "    {form}", "    (lambda: t.__imul__(x))()"],
}

#: What is computed before, and is used after.
BEFORE = {
    "nothing": [],
    "number": ["z += (b * b).sum() * x"],
    "saved": ["p = b * b * 0.3"],
    "a view": ["p = b[1:3]"],
    "a copy": ["p = b.copy()", "q = p[0]", "p *= b"],
    "items": ["p = b[0, 1] * b[2]", "z += b[3, 3] * p[0]"],
    "a transpose": ["p = b.T", "q = p * x"],
    "twice": ["z += (t * t * x).sum()", "p = t * s", "t += p"],
}

AFTER = {
    "both": "(b * b * K).sum() + (t * t).sum() * 0.1",
    "nonlinear": "np.sin(b * K).sum() + (c * b).sum()",
    "items": "b[0, 1] * b[1, 0] + b[3, 3] * t.sum() + b.sum() * x",
    "matrix": "(b @ c).sum() * 0.1 + (b[::2] ** 2).sum()",
    "again": "(b.T @ a * K).sum() + np.sum(s)",
}

HEAD = """\
import functools
import operator

import numpy as np

K = np.arange(1.0, 17.0).reshape(4, 4) / 8.0
STATE = [None]


class Holder:
    pass


def f(a, c, x):
"""


def program(seed: int, form: int | None = None, view: str | None = None) -> str:
    """The text of program number `seed`: all parts drawn, but for those that are given."""
    rng = random.Random(f"in place {seed} {form} {view}")
    forms = [[one] for one in FORMS] + list(BLOCKS)
    chosen = rng.choice(forms) if form is None else forms[form]
    view = rng.choice(list(VIEWS)) if view is None else view
    source = rng.choice(list(SOURCES))
    before = rng.choice(list(BEFORE.values()))
    place = rng.choice(list(PLACES.values()))
    lines = [
        "z = 0.0",
        rng.choice(list(ORIGINS.values())),
        f"t = {VIEWS[view]}",
        f"s = {source_text(SOURCES[source], VIEWS[view])}",
        "m = t > 0.55",
        *before,
    ]
    for line in place:
        indent = line[: len(line) - len(line.lstrip())]
        lines += [indent + own for own in chosen] if "{form}" in line else [line]
    after = AFTER[rng.choice(list(AFTER))]
    if any(line.startswith("p = ") for line in before):
        after += " + (p * p).sum()"
    lines.append(f"return z + {after}")
    return HEAD + "".join(f"    {line}\n" for line in lines)


def source_text(source: str, view: str) -> str:
    """The expression of a source, where ``{view:c}`` is the view of ``c``."""
    found = re.search(r"\{view:(.*?)\}", source)
    if found is None:
        return source
    shown = re.sub(r"\bb\b", found.group(1), view)
    return source[: found.start()] + shown + source[found.end() :]


def arguments() -> tuple[np.ndarray, np.ndarray, float]:
    """Numbers that are all different, and whose sums and products mostly are, too."""
    rng = np.random.default_rng(3)
    a = rng.permutation(np.linspace(0.31, 1.17, 16)).reshape(4, 4)
    c = rng.permutation(np.linspace(0.27, 1.31, 16)).reshape(4, 4)
    return a, c, 0.83


def check(text: str, tolerance: float = 1e-7) -> None:
    """The program does with dpy what it does without, and its gradients are right."""
    with loaded(text, "in_place") as module:
        case = corpus.Case(module.f, arguments(), {}, tolerance=tolerance)
        case.leaves = differences(module.f)
        case.check()
        check_repeated(module)


def differences(f: Any) -> list[float | None]:
    """Central differences with Richardson's extrapolation; None where the program has a step."""

    def run(leaf: int, change: float) -> float:
        args, _ = corpus.shifted(arguments(), leaf, change)
        return float(f(*args))

    try:
        f(*arguments())
    except Exception:
        return [None]  # which are not looked at
    slopes: list[float | None] = []
    for leaf in range(33):
        d = [(run(leaf, h) - run(leaf, -h)) / (2 * h) for h in (4e-4, 2e-4, 1e-4)]
        r = [(4 * d[1] - d[0]) / 3, (4 * d[2] - d[1]) / 3]
        is_smooth = abs(r[1] - r[0]) <= 1e-6 * max(1.0, abs(r[1]))
        slopes.append(r[1] if is_smooth else None)
    return slopes


def check_repeated(module: Any) -> None:
    """The sweep leaves the arguments alone, and does not mind what is done to them meanwhile."""
    import dpy

    args = arguments()
    try:
        _, back = dpy.pullback(module.f, *args)
    except Exception:
        return  # the same as that of the plain program
    left = corpus.copy_arguments(args)
    first = back(1.0)
    assert corpus.same(args, left), f"the sweep leaves {args!r} instead of {left!r}"
    for x in args[:2]:
        x.setflags(write=True)
        x[...] = 7.7
    assert corpus.same(back(1.0), first), "the sweep reads what was written after the call"


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--show", type=int)
    parser.add_argument("--seeds", default="0:0")
    options = parser.parse_args()
    if options.show is not None:
        print(program(options.show))
    first, last = map(int, options.seeds.split(":"))
    failures = 0
    for seed in range(first, last):
        try:
            check(program(seed))
        except Exception as error:
            failures += 1
            print(f"seed {seed}: {type(error).__name__}: {str(error).splitlines()[0][:150]}")
    print(f"{failures} of {last - first} programs fail")
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
