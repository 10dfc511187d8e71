"""How fast dpy's gradients are, beside the plain program, adjoints by hand, and other systems."""
