"""Stage `lower`: from a ``gast`` tree to three-address statements under structured control flow.

>>> import colorsys
>>> from dpy.transform.lower import lower
>>> from dpy.transform.show import show
>>> from dpy.transform.source import read_source
>>> print(show(lower(read_source(colorsys._v))))
def _v(m1, m2, hue):
    t_1 = hue % 1.0
    hue = t_1
    t_2 = ONE_SIXTH
...
"""

from dpy.transform.lower.function import lower

__all__ = ["lower"]
