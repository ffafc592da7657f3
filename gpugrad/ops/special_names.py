"""The names under which ``torch.special`` has functions that stand elsewhere.

Holds:     one line per name.
Must not:  compute.
"""

from __future__ import annotations

from typing import Any

from . import activation, aliases, bessel, elementary, special
from .surface import public

_FUNCTIONS: dict[str, Any] = {
    "digamma": special.digamma,
    "erf": special.erf,
    "erfc": special.erfc,
    "erfinv": special.erfinv,
    "exp2": elementary.exp2,
    "expit": activation.sigmoid,
    "expm1": elementary.expm1,
    "gammaln": special.lgamma,
    "log1p": elementary.log1p,
    "logit": special.logit,
    "modified_bessel_i0": bessel.i0,
    "modified_bessel_i1": bessel.i1,
    "polygamma": special.polygamma,
    "psi": special.digamma,
    "round": aliases.round,
    "sinc": special.sinc,
    "xlogy": elementary.xlogy,
}
for _name, _function in _FUNCTIONS.items():
    public("special out", name=_name)(_function)
