"""Reverse calls of functions with an ``@adjoint`` rule.

A rule that becomes straight-line code for the kinds of the operands (see `rule_reader`) is written
in place; any other is called in the forward, and its pullback in the sweep.
"""

from __future__ import annotations

from typing import Any

from dpy.cotangent import filled
from dpy.kinds import Array, is_number, number_type
from dpy.transform import ir, partials, rule_reader
from dpy.transform.adjoint.expressions import RESULT, places_of
from dpy.transform.adjoint.fitting import fitted_rule
from dpy.transform.adjoint.survey import form_of
from dpy.transform.adjoint.sweep import Sweep
from dpy.transform.generic import call
from dpy.transform.infer import Site
from dpy.transform.ir import variables

__all__ = ["reverse_rule"]


def reverse_rule(sweep: Sweep, s: ir.Assign, site: Site) -> None:
    """``y = f(a, b)`` where `f` is known by a rule."""
    sweep.with_cotangent(s, lambda d: _rule(sweep, s, site, d))


def _rule(sweep: Sweep, s: ir.Assign, site: Site, d: Any) -> None:
    found = _read_rule(sweep, s, site)
    if found is not None and _write_in_place(sweep, s, site, d, found):
        return
    _call_pullback(sweep, s, site, d)


def _atoms(site: Site) -> list[Any]:
    return [*site.operands, *(a for _, a in site.kwargs)]


def _slots(site: Site) -> list[Any]:
    """The operand (or None) of each cotangent that the rule's pullback returns."""
    rule, args, named = site.rule, site.operands, dict(site.kwargs)
    slots: list[Any] = []
    position = 0
    for name, parameter in rule.signature.parameters.items():
        if parameter.kind is parameter.VAR_POSITIONAL:
            slots += args[position:]
            position = len(args)
        elif parameter.kind in (parameter.KEYWORD_ONLY, parameter.VAR_KEYWORD):
            continue
        else:
            if name not in rule.static:
                slots.append(args[position] if position < len(args) else named.get(name))
            position += 1
    return slots


# --- rules that are called ------------------------------------------------------------------------


def _call_pullback(sweep: Sweep, s: ir.Assign, site: Site, d: Any) -> None:
    pb = sweep.saved.pullback_of(s, lambda pb: _forward_call(sweep, s, site, pb))
    slots = _slots(site)
    wanted = [a if a is not None and sweep.facts.is_active(a) else None for a in slots]
    targets = [sweep.new("_" if a is None else "d_arg") for a in wanted]
    pulled = call(pb, d)
    if site.rule.primal_is_user:
        rule = ir.Known(site.rule, "rule")
        pulled = call(sweep.runtime.checked, rule, pulled, ir.Lit(len(slots)))
    sweep.emit_tuple(targets, pulled)
    for target, atom in zip(targets, wanted, strict=True):
        if atom is not None:
            held = sweep.saved.object_at(s, atom.name)
            sweep.give(s, atom, call(sweep.runtime.project, target, held), maybe=True)


def _forward_call(sweep: Sweep, s: ir.Assign, site: Site, pb: ir.Var) -> ir.Call:
    forward = ir.Known(site.rule.forward, f"{partials.short_name(site.rule.name)}_rule")
    names = {a.name for a in _atoms(site) if isinstance(a, ir.Var)} | {s.target}
    if names & sweep.facts.written:
        # The rule may have kept arrays that will be written over.
        held = sorted(name for name in names if isinstance(name, str))
        values = ir.Op("tuple", tuple(map(ir.Var, held)))
        protected = ir.Assign(pb.name, call(sweep.runtime.protect, pb, values), s.loc)
        sweep.saved.after.setdefault(id(s), []).append(protected)
    return ir.Call(forward, site.operands, site.kwargs)


# --- rules that are written in place --------------------------------------------------------------


def _read_rule(sweep: Sweep, s: ir.Assign, site: Site) -> rule_reader.Inlined | None:
    """The rule as straight-line code for the kinds at `s`, if it becomes that."""
    if id(s) not in sweep.rules:
        atoms = _atoms(site)
        found = None
        if not any(isinstance(a, ir.Star) for a in atoms) and isinstance(s.target, str):
            places = places_of(atoms)
            n = len(site.operands)
            kwargs = tuple(zip((name for name, _ in site.kwargs), places[n:], strict=True))
            kinds = tuple(sweep.facts.kind(s, a) for a in atoms)
            result = sweep.facts.kinds[id(s)]
            found = rule_reader.read_rule(site.rule, places[:n], kwargs, kinds, result)
        sweep.rules[id(s)] = found
    return sweep.rules[id(s)]


def _write_in_place(
    sweep: Sweep, s: ir.Assign, site: Site, d: Any, found: rule_reader.Inlined
) -> bool:
    """Emit the expressions of an inlined rule; False if that cannot be."""
    atoms, slots = tuple(_atoms(site)), _slots(site)
    if len(slots) != len(found.cotangents):
        return False
    wanted = [
        i for i, (a, c) in enumerate(zip(slots, found.cotangents, strict=True))
        if c is not None and sweep.facts.is_active(a)
    ]  # fmt: skip
    plan = rule_reader.plan(found, wanted)
    if plan.forward and {a.name for a in atoms if isinstance(a, ir.Var)} & sweep.facts.written:
        return False
    env = _place_forward(sweep, s, atoms, plan)
    env[rule_reader.D_Y] = d if isinstance(d, ir.Var) else sweep.emit_new("d", d)

    def filled_in(value: Any) -> Any:
        return sweep.saved.fill(s, rule_reader.substitute(value, env), atoms)

    for place, value in plan.backward:
        local = sweep.new(_local_name(place))
        sweep.emit(local, filled_in(value))
        env[place] = local
    number = _uniform_value(sweep, s, slots, found, wanted, plan)
    if number is not None:
        var = slots[wanted[0]].name
        sweep.emit(sweep.d(var), filled_in(number))
        sweep.states[var] = "value"
        sweep.uniform.add(var)
        return True
    gives = [
        (slots[i], found.cotangents[i], filled_in(value))
        for i, value in zip(wanted, plan.cotangents, strict=True)
    ]
    _give_all(sweep, s, gives, atoms)
    return True


def _give_all(
    sweep: Sweep,
    s: ir.Assign,
    gives: list[tuple[ir.Var, rule_reader.Cotangent | None, Any]],
    atoms: tuple[Any, ...],
) -> None:
    """Hand on what an inlined rule makes for each operand."""
    if len(gives) > 1 and any(atom.name == s.target for atom, _, _ in gives):
        # One of them is about to overwrite what the others read.
        gives = [(atom, c, sweep.emit_new("d_arg", value)) for atom, c, value in gives]
    for atom, c, value in gives:
        assert c is not None
        fitted = fitted_rule(sweep, s, value, atom, c, atoms)
        sweep.give(s, atom, fitted, maybe=not c.is_certain)


def _place_forward(
    sweep: Sweep, s: ir.Assign, atoms: tuple[Any, ...], plan: rule_reader.Plan
) -> dict[ir.Var, Any]:
    """Put a rule's local variables that the pullback needs into the forward."""
    saved = sweep.saved
    env: dict[ir.Var, Any] = {}
    here: dict[ir.Var, Any] = {ir.Var(f"<{i}>"): a for i, a in enumerate(atoms)}
    here[RESULT] = ir.Var(str(s.target))
    for place, value in plan.forward:
        keep = saved.keep_after if RESULT.name in variables(value) else saved.keep_before
        local = keep(
            s, ("local", id(s), place), _local_name(place), rule_reader.substitute(value, here)
        )
        env[place] = here[place] = local
    if plan.value is not None:
        saved.replaced[id(s)] = ir.Assign(s.target, rule_reader.substitute(plan.value, here), s.loc)
    return env


def _local_name(place: ir.Var) -> str:
    """The name that a local variable has in its rule."""
    return place.name[1:-1].partition(":")[0]


# --- cotangents that are one number ---------------------------------------------------------------


def _uniform_value(
    sweep: Sweep,
    s: ir.Assign,
    slots: list[Any],
    found: rule_reader.Inlined,
    wanted: list[int],
    plan: rule_reader.Plan,
) -> Any:
    """The number that a cotangent array would be filled with, where a number will do.

    It will where the array's cotangent is used once, by the elementwise operation that
    computed it in this block.
    """
    facts = sweep.facts
    result = facts.kinds[id(s)]
    if len(wanted) != 1 or not is_number(result):
        return None
    atom, c, value = slots[wanted[0]], found.cotangents[wanted[0]], plan.cotangents[0]
    if not (isinstance(value, ir.Call) and value.func == ir.Known(filled, "filled")):
        return None
    kind = facts.kind(s, atom)
    made = _made_once_for(sweep, s, atom.name)
    if made is None or not isinstance(kind, Array) or facts.kinds.get(id(made)) != kind:
        return None
    if c is None or not isinstance(c.kind, Array) or c.kind.dtype != kind.dtype:
        return None
    t = number_type(result)
    if kind.dtype.kind != "f" or t is None or t is not kind.dtype.type:
        return None
    return value.args[1] if _is_number(value.args[1]) else None


def _made_once_for(sweep: Sweep, s: ir.Assign, var: str) -> ir.Assign | None:
    """The elementwise statement of the block of `s` whose result only `s` uses, once."""
    facts, reads = sweep.facts, sweep.survey.reads
    if var in facts.identity or var in facts.written or sweep.states.get(var) is not None:
        return None
    if sweep.saved.versions.counts.get(var) != 1 or facts.function.result == ir.Var(var):
        return None
    if variables(s.value).count(var) != 1 or reads.counts.get(var) != 1:
        return None
    made = reads.makers.get(var)
    if made is None or reads.blocks[id(made)] != reads.blocks[id(s)]:
        return None
    return made if form_of(facts, made) == "elementwise" else None


def _is_number(e: Any) -> bool:
    """Whether an expression of an inlined rule reads no array, only ``d_y``, sizes and shapes."""
    if isinstance(e, ir.Var):
        return e == rule_reader.D_Y
    if isinstance(e, ir.Op):
        if e.name == "getattr":
            return e.args[1].value in ("size", "shape")
        return e.name in ("truediv", "mul", "getitem") and all(map(_is_number, e.args))
    if isinstance(e, ir.Call):
        return e.func == ir.Known(max, "max") and all(map(_is_number, e.args))
    return isinstance(e, ir.Lit)
