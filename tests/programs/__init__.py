"""Random programs: a generator, an oracle (dual numbers), the comparison with dpy, a shrinker."""
