"""Cases of the rules for `scipy.special`."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special as sc
from scipy.special._lambertw import _lambertw

from tests.adjoints.harness import Case, elementwise_cases, uniform

_UNIT = elementwise_cases(1, 0.1, 0.9)
_POSITIVE = elementwise_cases(1, 0.3, 3.0)
_PAIR = elementwise_cases(2, 0.3, 3.0)

CASES: dict[Any, list[Case]] = {
    **{f: elementwise_cases(1) for f in (sc.erf, sc.erfc, sc.erfcx, sc.ndtr, sc.log_ndtr, sc.expit,
                                         sc.log_expit, sc.exp10, sc.j0, sc.j1, sc.i0, sc.i1,
                                         sc.dawsn)},
    **{f: _UNIT for f in (sc.erfinv, sc.ndtri, sc.logit)},
    **{f: _POSITIVE for f in (sc.erfcinv, sc.gamma, sc.rgamma, sc.gammaln, sc.loggamma, sc.psi,
                              sc.entr, sc.cbrt, sc.y0, sc.y1, sc.k0, sc.k1, sc.exp1, sc.expi)},
    **{f: _PAIR for f in (sc.beta, sc.betaln, sc.xlogy, sc.xlog1py, sc.rel_entr, sc.kl_div)},
    sc.erfcinv: elementwise_cases(1, 0.2, 1.8),
    _lambertw: [
        Case(lambda rng: (*uniform(0.2, 3.0, (4,))(rng), 0, 1e-8), fixed=(1, 2), label="main"),
        Case((np.array([0.0, 1.0 + 0.5j]), 0, 1e-8), fixed=(1, 2), label="complex"),
    ],
}  # fmt: skip
