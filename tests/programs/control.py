"""Random control flow: branches, loops, early exits. A maker that does not fit returns None."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.programs.expressions import Scope, Var
from tests.programs.statements import indent

if TYPE_CHECKING:
    from tests.programs.generator import Generator

Lines = list[str]


def if_block(g: Generator, scope: Scope, size: int) -> Lines:
    lines = [f"if {g.condition(scope)}:"]
    both = g.fresh("v") if g.chance(0.3) else None
    lines += _branch(g, scope, size, both)
    if g.chance(0.3):
        lines.append(f"elif {g.condition(scope)}:")
        lines += _branch(g, scope, max(1, size // 2), both)
    if both or g.chance(0.5):
        lines.append("else:")
        lines += _branch(g, scope, max(1, size // 2), both)
    if both:
        scope.bind(Var(both, "float"))
    return lines


def _branch(g: Generator, scope: Scope, size: int, both: str | None) -> Lines:
    inner = scope.child()
    lines = g.block(inner, size)
    if both:
        text = g.value(inner)
        lines.append(f"{both} = {text}" if g.chance(0.85) else f"{both} = 0")
    return indent(lines)


def early_exit(g: Generator, scope: Scope, size: int) -> Lines:
    words = [g.result(scope)]
    if scope.in_loop:
        words += ["break", "continue", "break", "continue"]
    return [f"if {g.condition(scope)}:", f"    {g.rng.choice(words)}"]


def loop_body(g: Generator, scope: Scope, size: int, keep_length: bool) -> Lines:
    inner = scope.child(in_loop=scope.in_loop + 1)
    if keep_length:
        inner.may_grow = False
    lines = g.block(inner, size)
    if g.chance(0.4):
        at = g.rng.randint(0, 1)
        words = g.rng.choice(["break", "continue", "continue"])
        guard = [f"if {g.condition(scope)}:", f"    {words}"]
        lines = [*guard, *lines] if at else [*lines, *guard]
    return indent(lines)


def for_loop(g: Generator, scope: Scope, size: int) -> Lines | None:
    if scope.in_loop >= 2:
        return None
    inner = scope.child()
    head, keep_length = _iteration(g, inner)
    lines = [head, *loop_body(g, inner, size, keep_length)]
    if g.chance(0.15):
        lines += ["else:", *_branch(g, scope, 1, None)]
    return lines


def _iteration(g: Generator, scope: Scope) -> tuple[str, bool]:
    """The head of a loop, its variables bound, and whether lists must keep their length."""
    vecs, lists, mats = scope.of("vec"), scope.of("list"), scope.of("mat")
    choices: list[tuple[list[tuple[str, str, int]], str, bool]] = []
    i, v, w = g.fresh("i"), g.fresh("v"), g.fresh("v")
    ints = [n.name for n in scope.of("int") if n.name.startswith("n")]
    count = g.rng.choice(["2", "3", "5", "0", *ints])
    choices.append(([(i, "int", 0)], f"range({count})", False))
    choices.append(
        ([(i, "int", 0)], f"range({g.rng.choice(['1, 4', '3, 0, -1', '0, 4, 2'])})", False)
    )
    choices.append(([(v, "acc", 0)], "TABLE", False))
    choices.append(([(v, "acc", 0)], f"({g.value(scope)}, {g.value(scope)})", False))
    if lists:
        xs = g.rng.choice(lists).name
        choices += [
            ([(v, "acc", 0)], xs, True),
            ([(i, "int", 0)], f"range(len({xs}))", True),
            ([(i, "int", 0), (v, "acc", 0)], f"enumerate({xs})", True),
            ([(v, "acc", 0)], f"reversed({xs})", True),
            ([(v, "acc", 0)], f"list({xs})", False),
        ]
        if vecs:
            a = g.rng.choice(vecs).name
            choices.append(([(v, "acc", 0), (w, "acc", 0)], f"zip({xs}, {a})", True))
    if vecs:
        a = g.rng.choice(vecs)
        choices += [
            ([(v, "acc", 0)], a.name, False),
            ([(i, "int", 0), (v, "acc", 0)], f"enumerate({a.name})", False),
            ([(i, "int", 0)], f"range({a.n})", False),
            ([(v, "acc", 0), (w, "acc", 0)], f"zip({a.name}, {g.rng.choice(vecs).name})", False),
        ]
    if mats:
        row = g.fresh("r")
        choices += [([(row, "vec", 3)], g.rng.choice(mats).name, False)] * 2
    for pairs in scope.of("pairs"):
        choices += [([(g.fresh("p"), "pair", 0)], pairs.name, True)] * 2
    for vectors in scope.of("vecs"):
        choices += [([(g.fresh("a"), "vec", 3)], vectors.name, True)] * 2
    for d in scope.of("dict"):
        key = g.fresh("k")
        choices.append(([(key, "key", 0), (v, "acc", 0)], f"list({d.name}.items())", False))
        choices.append(([(v, "acc", 0)], f"{d.name}.values()", True))
    targets, source, keep_length = g.rng.choice(choices)
    for name, kind, n in targets:
        if kind != "key":
            scope.bind(Var(name, kind, n))
    return f"for {', '.join(name for name, _, _ in targets)} in {source}:", keep_length


def while_loop(g: Generator, scope: Scope, size: int) -> Lines | None:
    if scope.in_loop >= 2:
        return None
    k, limit = g.fresh("k"), g.rng.choice(["2", "3", "4"])
    inner = scope.child()
    if g.chance(0.3):
        head = [
            f"{k} = 0",
            "while True:",
            f"    {k} += 1",
            f"    if {k} > {limit}:",
            "        break",
        ]
    else:
        test = f"{k} < {limit}"
        if g.chance(0.5):
            test += f" and {g.condition(scope, 0)}"
        head = [f"{k} = 0", f"while {test}:", f"    {k} += 1"]
    inner.bind(Var(k, "int"))
    return [*head, *loop_body(g, inner, size, False)]


COMPOUND = (if_block, if_block, if_block, early_exit, for_loop, for_loop, for_loop, while_loop)
