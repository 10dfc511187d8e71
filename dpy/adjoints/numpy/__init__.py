"""Adjoint rules of NumPy. Importing this package registers them."""
