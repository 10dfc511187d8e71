"""Put the two sweeps together.

>>> from dpy.joint_backend import joint_source
>>> def square(x): return x * x
>>> print(joint_source(square, 3.0))
def square_joint(x, d_t_1):
    t_1 = x * x
    y = t_1
    d_x = 2 * x * d_t_1
    return (y, (d_x,))
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dpy.transform import ir
from dpy.transform.infer import Facts
from dpy.transform.ir import variables
from dpy.transform.joint.book import Compiled, helper
from dpy.transform.joint.forward import Forward
from dpy.transform.joint.reverse import Reverse, tape_names
from dpy.transform.joint.tapes import Tape
from dpy.transform.joint.types import Scalar
from dpy.transform.versions import Names

__all__ = ["write_joint"]


def write_joint(
    facts: Facts, generated: ir.Function, compiled: Mapping[Any, Compiled]
) -> ir.Function:
    """The joint function ``(*args, seed) -> (y, cotangents)`` of a generated forward.

    `generated` is what `write_adjoint` gives with a runtime of `Markers`, its loops finished;
    `compiled` says which functions of numbers the back end has.
    """
    *body, definition, last = generated.body
    assert isinstance(definition, ir.Def) and isinstance(last, ir.Return)
    pullback = definition.function
    names = Names(_all_names(generated))
    walked = tape_names(pullback.body)
    tapes = {name: Tape.named(name, names) for name in walked}
    assert len(tapes) == len(walked), "a loop is reversed more than once"

    forward = Forward(facts, compiled, tapes)
    seed = pullback.params[0]
    if not facts.is_active(facts.function.result):
        raise forward.refusal(
            "a function with a constant result", "there is nothing to differentiate"
        )
    forward.infer(tuple(body))
    result, found = forward.convert(facts.function.result)
    if not isinstance(found, Scalar) or found.base != "float":
        raise forward.refusal(
            "a result that is not a float", "gradients are those of a real number"
        )

    forward.env[seed.name] = Scalar("float")
    reverse = Reverse(forward, tapes, names)
    adjoint = reverse.run(pullback.body)
    loc = facts.function.loc
    y = names.fresh("y")
    return ir.Function(
        f"{generated.name.removesuffix('_forward')}_joint",
        (*facts.function.params, seed),
        (
            *(s for tape in tapes.values() for s in tape.start(loc)),
            *forward.write(tuple(body)),
            ir.Assign(y, result, loc),
            *adjoint,
            *_checks(tapes, loc),
            ir.Return(ir.Op("tuple", (ir.Var(y), ir.Op("tuple", tuple(reverse.results)))), loc),
        ),
        None,
        filename=generated.filename,
        loc=loc,
    )


def _checks(tapes: dict[str, Tape], loc: ir.Loc | None) -> list[ir.Stmt]:
    """All that was saved has been used: the sweeps are mirror images."""
    counts: list[Any] = [ir.Var(tape.count) for tape in tapes.values()]
    if not counts:
        return []
    total = counts[0]
    for count in counts[1:]:
        total = ir.Op("add", (total, count))
    return [ir.Assign(None, helper("expect_zero", total), loc)]


def _all_names(generated: ir.Function) -> set[str]:
    """All names that the forward and its pullback use."""
    found = {p.name for p in generated.params}

    def visit(block: ir.Block) -> None:
        for s in ir.walk(block):
            if isinstance(s, (ir.Assign, ir.For)):
                targets = s.target if isinstance(s.target, tuple) else (s.target,)
                found.update(t for t in targets if t is not None)
            if isinstance(s, ir.Assign):
                found.update(variables(s.value))
            elif isinstance(s, ir.Def):
                found.add(s.function.name)
                found.update(p.name for p in s.function.params)
                visit(s.function.body)

    visit(generated.body)
    return found
