"""Cases of the rule in einsum.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.adjoints.harness import Case, complex_normal, normal


def text(subscripts: str, *shapes: tuple[int, ...], **kwargs: Any) -> list[Case]:
    label = f"{subscripts} {kwargs or ''}"
    return [
        Case(lambda rng: (subscripts, *normal(*shapes)(rng)), kwargs, label=label),
        Case(lambda rng: (subscripts, *complex_normal(*shapes)(rng)), kwargs, label=f"C {label}"),
    ]


def lists(*parts: Any, label: str) -> Case:
    """The interleaved form; tuples are shapes, lists are labels."""
    return Case(
        lambda rng: tuple(rng.normal(size=p) if isinstance(p, tuple) else p for p in parts),
        label=label,
    )


CASES: dict[Any, list[Case]] = {
    np.einsum: [
        *text("ij,jk->ik", (2, 3), (3, 2)),
        *text("ij,jk", (2, 3), (3, 2)),
        *text("ji,jk", (3, 2), (3, 2)),
        *text("i,i", (3,), (3,)),
        *text("i,i->", (3,), (3,)),
        *text("i,j->ji", (2,), (3,)),
        *text("ij->", (2, 3)),
        *text("ij->j", (2, 3)),
        *text("ij->ji", (2, 3)),
        *text("ba", (2, 3)),
        *text("ij->ij", (2, 3)),
        *text("ii", (3, 3)),
        *text("ii->i", (3, 3)),
        *text("iij->j", (2, 2, 3)),
        *text("iji->ij", (2, 3, 2)),
        *text("iii->i", (2, 2, 2)),
        *text("ii,i->i", (3, 3), (3,)),
        *text("ij,kl->i", (2, 3), (2, 2)),
        *text("ij,ij->i", (2, 3), (2, 3)),
        *text("bij,bjk->bik", (2, 2, 3), (2, 3, 2)),
        *text("i,ij,j", (2,), (2, 3), (3,)),
        *text("i,ij,jk->k", (2,), (2, 3), (3, 2)),
        *text("...ij,...jk->...ik", (2, 2, 3), (2, 3, 2)),
        *text("...ij,jk->...ik", (2, 2, 3), (3, 2)),
        *text("...i,...i", (2, 3), (3,)),
        *text("...i->...", (2, 2, 3)),
        *text("i...->...i", (2, 3, 2)),
        *text("...,...", (2, 3), (3,)),
        *text("...", (2, 3)),
        *text("...ij,...i->...j", (2, 1, 2, 3), (4, 2)),
        *text("...ii->...i", (2, 3, 3)),
        *text("a...b,b->a...", (2, 2, 3), (3,)),
        *text("ij,ij->ij", (2, 1), (2, 3)),
        *text("ij,ij->i", (2, 1), (2, 3)),
        *text("ij,jk->ik", (2, 1), (3, 2)),
        *text("i,i->", (1,), (3,)),
        *text(" i j , j k -> i k ", (2, 3), (3, 2)),
        *text("ij,jk->ik", (2, 3), (3, 2), optimize=True),
        *text("ij,jk,kl->il", (2, 3), (3, 2), (2, 2), optimize="greedy"),
        *text("ij,jk,kl->il", (2, 3), (3, 2), (2, 2), optimize=["einsum_path", (0, 1), (0, 1)]),
        *text("ij,jk,kl,lm->im", (20, 30), (30, 20), (20, 20), (20, 30), optimize=True),
        *text("ab,bc->ac", (80, 80), (80, 80)),
        *text(",i->i", (), (3,)),
        *text(",", (), ()),
        *text("i,i", (0,), (0,)),
        *text("ij->i", (2, 0)),
        Case(("i,->i", np.array([1.0, 2.0]), 3.0), label="number"),
        Case(("i,i", [1.0, 2.0], [3.0, 4.0]), label="arguments that are lists"),
        Case(("i,i", np.arange(3), np.array([0.5, 1.0, 2.0])), label="integers"),
        lists((2, 3), [0, 1], (3, 2), [1, 2], [0, 2], label="interleaved"),
        lists((2, 3), [0, 1], (3, 2), [1, 2], label="interleaved, implicit"),
        lists((2, 3), [5, 1], label="interleaved transposed"),
        lists((3, 3), [0, 0], [0], label="interleaved diagonal"),
        lists((2, 2, 3), [..., 0, 1], (3,), [1], [..., 0], label="interleaved ellipsis"),
    ],
}
