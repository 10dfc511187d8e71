"""Stage `infer`: kinds, activity and effects of a lowered function.

One abstract interpretation gives, for every statement, the kinds of its operands and of its
result, and its *site*: how the adjoint will treat it. Alongside, a flow-insensitive alias
analysis finds which objects are written to. Values of a written class have their cotangents kept by
object identity in accumulators, and are copied when saved; all others travel by value.

>>> from dpy.specialise import forward_of
>>> from dpy.transform import ir
>>> def f(x, n):
...     k = n + 1
...     y = x * k
...     return [y]
>>> facts = forward_of(f, (1.5, 2), {}, (True, False), (), protect=False).facts
>>> for s in ir.walk(facts.function.body):
...     print(s.target, facts.kinds[id(s)], facts.sites[id(s)].form)
k Number(type=<class 'int'>) inert
y Number(type=<class 'float'>) elementwise
t_1 List(item=Number(type=<class 'float'>)) build
>>> sorted(facts.active)
['t_1', 'x', 'y']

To read it, begin with `facts` (the outcome), then `state` and `effects` (what is known on the way),
`fixpoint` (the passes) and `statements` (one pass). Each sort of statement then has its module:
`operations`, `attributes`, `items`, `containers`, and `calls` with `primitives`, `callees` and
`construct`. These ask `kinds_of`, `decided`, `lookup` and `layout`. Last come `finish`, `useful`.
"""

from dpy.transform.infer.facts import HEAP, Callee, Facts, RuleBook, Site, Summary
from dpy.transform.infer.fixpoint import infer

__all__ = ["HEAP", "Callee", "Facts", "RuleBook", "Site", "Summary", "infer"]
