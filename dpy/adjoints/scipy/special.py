"""Rules for the special functions of SciPy that have a derivative in closed form."""

from __future__ import annotations

import numpy as np
from scipy import special as sc
from scipy.special._lambertw import _lambertw

from dpy.adjoints import safe
from dpy.adjoints.registry import elementwise

__all__: list[str] = []

TWO_OVER_SQRT_PI = 1.1283791670955126
SQRT_2_PI = 2.5066282746310002
LN10 = 2.302585092994046

# --- error functions and the normal distribution ------------------------------------------------

elementwise(sc.erf, lambda x, y: TWO_OVER_SQRT_PI * np.exp(-x * x))
elementwise(sc.erfc, lambda x, y: -TWO_OVER_SQRT_PI * np.exp(-x * x))
elementwise(sc.erfinv, lambda x, y: np.exp(y * y) / TWO_OVER_SQRT_PI)
elementwise(sc.erfcinv, lambda x, y: -np.exp(y * y) / TWO_OVER_SQRT_PI)
elementwise(sc.erfcx, lambda x, y: 2.0 * x * y - TWO_OVER_SQRT_PI)
elementwise(sc.ndtr, lambda x, y: np.exp(-0.5 * x * x) / SQRT_2_PI)
elementwise(sc.ndtri, lambda p, y: SQRT_2_PI * np.exp(0.5 * y * y))
elementwise(sc.log_ndtr, lambda x, y: np.exp(-0.5 * x * x - y) / SQRT_2_PI)

# --- gamma functions ------------------------------------------------------------------------------

elementwise(sc.gamma, lambda x, y: y * sc.psi(x))
elementwise(sc.rgamma, lambda x, y: -y * sc.psi(x))
elementwise(sc.gammaln, lambda x, y: sc.psi(x))
elementwise(sc.loggamma, lambda x, y: sc.psi(x))
elementwise(sc.psi, lambda x, y: sc.zeta(2.0, x))
elementwise(
    sc.beta,
    lambda a, b, y: y * (sc.psi(a) - sc.psi(a + b)),
    lambda a, b, y: y * (sc.psi(b) - sc.psi(a + b)),
)
elementwise(
    sc.betaln,
    lambda a, b, y: sc.psi(a) - sc.psi(a + b),
    lambda a, b, y: sc.psi(b) - sc.psi(a + b),
)

# --- logistic functions and entropies -------------------------------------------------------------

elementwise(sc.expit, lambda x, y: y * (1.0 - y))
elementwise(sc.logit, lambda p, y: safe.divide(1.0, p * (1.0 - p)), singular=True)
elementwise(sc.log_expit, lambda x, y: sc.expit(-x))
elementwise(sc.xlogy, lambda x, z, y: np.log(z), lambda x, z, y: safe.divide(x, z), singular=True)
elementwise(
    sc.xlog1py, lambda x, z, y: np.log1p(z), lambda x, z, y: safe.divide(x, 1.0 + z), singular=True
)
elementwise(sc.entr, lambda x, y: -np.log(x) - 1.0, singular=True)
elementwise(
    sc.rel_entr,
    lambda x, z, y: np.log(safe.divide(x, z)) + 1.0,
    lambda x, z, y: -safe.divide(x, z),
    singular=True,
)
elementwise(
    sc.kl_div,
    lambda x, z, y: np.log(safe.divide(x, z)),
    lambda x, z, y: 1.0 - safe.divide(x, z),
    singular=True,
)

# --- powers ---------------------------------------------------------------------------------------

elementwise(sc.cbrt, lambda x, y: safe.divide(1.0, 3.0 * y * y), singular=True)
elementwise(sc.exp10, lambda x, y: LN10 * y)

# --- Bessel functions of integer order ------------------------------------------------------------

elementwise(sc.j0, lambda x, y: -sc.j1(x))
elementwise(sc.j1, lambda x, y: 0.5 * (sc.j0(x) - sc.jv(2, x)))
elementwise(sc.y0, lambda x, y: -sc.y1(x))
elementwise(sc.y1, lambda x, y: 0.5 * (sc.y0(x) - sc.yv(2, x)))
elementwise(sc.i0, lambda x, y: sc.i1(x))
elementwise(sc.i1, lambda x, y: 0.5 * (sc.i0(x) + sc.iv(2, x)))
elementwise(sc.k0, lambda x, y: -sc.k1(x))
elementwise(sc.k1, lambda x, y: -0.5 * (sc.k0(x) + sc.kv(2, x)))

# --- other functions ------------------------------------------------------------------------------

# z = w * exp(w); of the branch `k`, found to a tolerance
elementwise(_lambertw, lambda z, k, tol, y: np.exp(-y) / (1.0 + y), None, None)

elementwise(sc.dawsn, lambda x, y: 1.0 - 2.0 * x * y)
elementwise(sc.exp1, lambda x, y: -safe.divide(np.exp(-x), x), singular=True)
elementwise(sc.expi, lambda x, y: safe.divide(np.exp(x), x), singular=True)
