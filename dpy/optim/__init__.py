"""Optimisers: rules, their states for a model, and steps.

>>> import numpy as np
>>> import dpy
>>> model = {"W": np.ones((1, 2)), "b": np.zeros(1)}
>>> state = setup(Adam(0.1), model)
>>> grads = dpy.gradient(lambda m: np.sum(m["W"] @ np.ones(2) + m["b"]), model)[0]
>>> state, model = update(state, model, grads)
>>> model["b"].round(6)
array([-0.1])
"""

from dpy.optim.minimising import minimise, minimize
from dpy.optim.modifiers import (
    AccumGrad,
    ClipGrad,
    ClipNorm,
    MixedPrecision,
    OptimiserChain,
    SignDecay,
    WeightDecay,
)
from dpy.optim.rule import Rule, rule
from dpy.optim.rules import (
    AdaBelief,
    AdaDelta,
    AdaGrad,
    Adam,
    AdaMax,
    AdamW,
    AMSGrad,
    Descent,
    Lion,
    Momentum,
    NAdam,
    Nesterov,
    OAdam,
    RAdam,
    RMSProp,
    Rprop,
)
from dpy.optim.schedules import Cosine, Exponential, OneCycle, Poly, Sequence, Step, WarmUp
from dpy.optim.states import Leaf, State, adjust, freeze, leaves_of, rate_of, setup, thaw
from dpy.optim.updating import update, update_

# As older code writes them.
ADAM, ADAMW, RADAM, NADAM, OADAM = Adam, AdamW, RAdam, NAdam, OAdam
ADAGrad, ADADelta, Optimiser = AdaGrad, AdaDelta, OptimiserChain

__all__ = [
    "ADAM", "ADADelta", "ADAGrad", "ADAMW", "AMSGrad", "AccumGrad", "AdaBelief", "AdaDelta",
    "AdaGrad", "AdaMax", "Adam", "AdamW", "ClipGrad", "ClipNorm", "Cosine", "Descent",
    "Exponential", "Leaf", "Lion", "MixedPrecision", "Momentum", "NADAM", "NAdam", "Nesterov",
    "OADAM", "OAdam", "OneCycle", "Optimiser", "OptimiserChain", "Poly", "RADAM", "RAdam",
    "RMSProp", "Rprop", "Rule", "Sequence", "SignDecay", "State", "Step", "WarmUp", "WeightDecay",
    "adjust", "freeze", "leaves_of", "minimise", "minimize", "rate_of", "rule", "setup", "thaw",
    "update", "update_",
]  # fmt: skip
