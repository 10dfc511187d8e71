"""Stage `lower`: from a ``gast`` tree to three-address statements under structured control flow.

>>> from dpy.transform.lower import lower
>>> from dpy.transform.show import show
>>> from dpy.transform.source import read_source
>>> def power(x, n):
...     if n < 0:
...         return 1 / power(x, -n)
...     y = 1
...     for _ in range(n):
...         y *= x
...     return y
>>> print(show(lower(read_source(power))))
def power(x, n):
    t_1 = n < 0
    if t_1:
        t_2 = power
        t_3 = -n
        t_4 = t_2(x, t_3)
        result = 1 / t_4
    else:
        y = 1
        t_6 = range
        t_7 = t_6(n)
        for _ in t_7:
            y *= x
        result = y
    return result
"""

from dpy.transform.lower.function import lower

__all__ = ["lower"]
