"""The library of adjoint rules, registered when they are first needed (`registry.load_library`)."""
