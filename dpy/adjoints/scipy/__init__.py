"""Adjoint rules of SciPy, a module for each part; registered when a program meets that part."""
