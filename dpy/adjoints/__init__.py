"""The library of adjoint rules."""
