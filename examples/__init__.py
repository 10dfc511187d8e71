"""Ordinary programs that dpy differentiates: each module has a ``main()``."""
